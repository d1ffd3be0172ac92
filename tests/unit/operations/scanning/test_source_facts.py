"""What a source says becomes facts with its name and mode; none of them says "safe"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aibom.lineage.identity import undigested_id
from aibom.lineage.nodes import Fact, Kind, Node, Origin, State
from aibom.operations.scanning.source_facts import (
    source_node,
    source_origin,
    source_urls,
)
from aibom.sources.reference import Reference
from aibom.sources.remote import Owner, Resolved, ScanStatus

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = "https://huggingface.co"
CLEAN = ScanStatus(True)
BERT = Resolved(
    Reference.parse("hf:acme/bert@main"),
    (),
    "online",
    HUB,
    "acme/bert",
    commit=COMMIT,
    scan=CLEAN,
)
NODE = Node(
    (Fact("licence", "mit", frozenset({Origin("card", "0" * 64)})),),
    id=undigested_id(Kind.MODEL, {"claimed-digest": "tree:0"}),
    kind=Kind.MODEL,
)
FOLDER = Resolved(Reference.parse("mirror/bert"), (), "offline", "mirror/bert", "bert")


def at(text: str, where: str = HUB, name: str | None = None) -> Resolved:
    reference = Reference.parse(text)
    return replace(BERT, reference=reference, name=name or reference.name, where=where)


def said(resolved: Resolved) -> dict[str, str | None]:
    facts = source_node(NODE, resolved).facts
    return {fact.field: fact.value for fact in facts if fact.field != "licence"}


def test_the_node_stays_what_it_is_and_keeps_what_it_said() -> None:
    node = source_node(NODE, BERT)
    assert (node.id, node.kind, node.value("licence")) == (NODE.id, Kind.MODEL, "mit")


STATED: dict[str, tuple[Resolved, dict[str, str | None]]] = {
    "commit": (
        BERT,
        {"source": f"pkg:huggingface/acme/bert@{COMMIT}", "revision": COMMIT},
    ),
    "everything": (
        replace(
            BERT,
            committed="2026-01-02T03:04:05Z",
            repository="r1",
            gated="manual",
            owner=Owner("acme", "organisation", "o1", "2020-01-01T00:00:00Z"),
        ),
        {
            "source": f"pkg:huggingface/acme/bert@{COMMIT}",
            "revision": COMMIT,
            "committed": "2026-01-02T03:04:05Z",
            "repository-id": "r1",
            "gated": "manual",
            "owner": "acme",
            "owner-type": "organisation",
            "owner-id": "o1",
            "owner-created": "2020-01-01T00:00:00Z",
        },
    ),
    "an owner of whom nothing more is told": (
        replace(BERT, owner=Owner("acme")),
        {
            "source": f"pkg:huggingface/acme/bert@{COMMIT}",
            "revision": COMMIT,
            "owner": "acme",
        },
    ),
    "folder": (FOLDER, {}),
    "object store": (
        replace(FOLDER, reference=Reference("url", "s3://user:secret@b/p?token=x#y")),
        {"location": "s3://b/p"},
    ),
}


@pytest.mark.parametrize("case", STATED.values(), ids=STATED)
def test_what_the_source_tells_is_stated_and_nothing_else(
    case: tuple[Resolved, dict[str, str | None]],
) -> None:
    resolved, expected = case
    assert said(resolved) == expected


FLAGGED: dict[str, tuple[ScanStatus | None, tuple[str, ...], State]] = {
    "flagged": (
        ScanStatus(True, (("z.pkl", "caution"), ("a.bin", "unsafe"))),
        ("a.bin: unsafe, z.pkl: caution",),
        State.KNOWN,
    ),
    "flagged, and not finished": (
        ScanStatus(False, (("a.bin", "unsafe"),)),
        ("a.bin: unsafe",),
        State.KNOWN,
    ),
    "nothing flagged says nothing": (CLEAN, (), State.MISSING),
    "not finished": (ScanStatus(False), (), State.UNKNOWN),
    "not told whether finished": (ScanStatus(None), (), State.UNKNOWN),
    "not told at all": (None, (), State.UNKNOWN),
}


@pytest.mark.parametrize("case", FLAGGED.values(), ids=FLAGGED)
def test_scanners_of_the_hub_are_believed_only_when_they_warn(
    case: tuple[ScanStatus | None, tuple[str, ...], State],
) -> None:
    scan, values, state = case
    node = source_node(NODE, replace(BERT, scan=scan))
    assert node.values("scanner-flagged") == values
    assert node.state("scanner-flagged") is state


def test_thousands_of_flagged_files_are_counted() -> None:
    flagged = tuple((f"{number:04}.bin", "unsafe") for number in range(2000))
    told = said(replace(BERT, scan=ScanStatus(True, flagged)))["scanner-flagged"]
    assert told is not None
    assert told.startswith("0000.bin: unsafe, 0001.bin: unsafe")
    assert told.endswith("0099.bin: unsafe, 1900 more")


URLS: dict[str, tuple[Resolved, tuple[str, ...]]] = {
    "the registry": (BERT, (f"pkg:huggingface/acme/bert@{COMMIT}",)),
    "the registry, written otherwise": (
        at("hf:acme/bert", "https://HuggingFace.co/"),
        (f"pkg:huggingface/acme/bert@{COMMIT}",),
    ),
    "a dataset": (
        at("hf:datasets/acme/reviews"),
        (f"pkg:huggingface/datasets/acme/reviews@{COMMIT}",),
    ),
    "moved: both names have to be trusted": (
        at("hf:acme/bert", name="acme-ai/bert"),
        (
            f"pkg:huggingface/acme-ai/bert@{COMMIT}",
            f"pkg:huggingface/acme/bert@{COMMIT}",
        ),
    ),
    "a mirror is not the registry": (
        at("hf:acme/bert", "https://user:secret@mirror.acme.example/hub/?x=y"),
        (
            f"pkg:huggingface/acme/bert@{COMMIT}"
            "?repository_url=https://mirror.acme.example/hub",
        ),
    ),
    "a look-alike is not the registry": (
        at("hf:acme/bert", "https://huggingface.co.evil.example"),
        (
            f"pkg:huggingface/acme/bert@{COMMIT}"
            "?repository_url=https://huggingface.co.evil.example",
        ),
    ),
    "a cache does not know whose it is": (
        at("hf:acme/bert", "/home/anne/.cache/huggingface/hub"),
        (f"pkg:huggingface/acme/bert@{COMMIT}",),
    ),
    "no address": (
        at("hf:acme/bert", "http://[half"),
        (f"pkg:huggingface/acme/bert@{COMMIT}",),
    ),
    "a folder": (FOLDER, ()),
}


@pytest.mark.parametrize("case", URLS.values(), ids=URLS)
def test_package_urls_say_which_place_answered(
    case: tuple[Resolved, tuple[str, ...]],
) -> None:
    resolved, urls = case
    assert source_urls(resolved) == urls


ORIGINS: dict[str, tuple[Resolved, Origin]] = {
    "hub": (BERT, Origin("hub", mode="online")),
    "cached": (replace(BERT, mode="cached"), Origin("cache", mode="cached")),
    "offline": (replace(BERT, mode="offline"), Origin("cache", mode="offline")),
    "folder": (FOLDER, Origin("folder", mode="offline")),
    "objects": (
        replace(FOLDER, reference=Reference.parse("s3://b/p"), mode="online"),
        Origin("objects", mode="online"),
    ),
}


@pytest.mark.parametrize("case", ORIGINS.values(), ids=ORIGINS)
def test_origins_say_who_was_asked_and_whether_now(
    case: tuple[Resolved, Origin],
) -> None:
    resolved, origin = case
    assert source_origin(resolved) == origin
    facts = source_node(NODE, resolved).facts
    assert {o for f in facts if f.field != "licence" for o in f.origins} <= {origin}
