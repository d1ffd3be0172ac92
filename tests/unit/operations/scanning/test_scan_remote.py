"""Scan of what lies elsewhere: one commit each, recursively, and nothing by name.

In expectations ``acme/base?`` is the thing that somebody names, ``acme/base`` what was
found in the repository of that name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aibom.errors import AibomError
from aibom.lineage.nodes import Kind, State
from aibom.operations.scanning.remote import scan_remote
from aibom.operations.scanning.scan import scan, scan_bom
from aibom.sources.cache import CachedHub
from aibom.sources.reference import Reference
from aibom.testing.hub import Fault, LocalHub, Repository
from tests.remote_world import (
    CONFIG,
    Bucket,
    card,
    comes_from,
    dataset,
    head,
    here,
    model,
    require_in_bom,
    run,
    unknown,
    unread,
    visited,
)

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        yield running


# ── worlds ────────────────────


@dataclass(frozen=True)
class World:
    """What lies on the hub, and what a scan of ``acme/tuned`` makes of it."""

    build: Callable[[LocalHub], object]
    edges: set[tuple[str, str, str]]
    visited: list[str]
    unknown: set[tuple[str, str]] = field(default_factory=set)
    depth: int = 9


def chain(hub: LocalHub) -> None:
    dataset(hub, "acme/books", license="mit")
    model(hub, "acme/base", datasets=["acme/books"])
    dataset(hub, "acme/chat")
    model(hub, "acme/middle", base_model="acme/base", datasets=["acme/chat"])
    model(hub, "acme/tuned", base_model="acme/middle")


CHAIN = {
    ("acme/tuned", "base-model", "acme/middle?"),
    ("acme/middle?", "found-at-revision", "acme/middle"),
    ("acme/middle", "base-model", "acme/base?"),
    ("acme/base?", "found-at-revision", "acme/base"),
    ("acme/middle", "training-data", "acme/chat?"),
    ("acme/chat?", "found-at-revision", "acme/chat"),
    ("acme/base", "training-data", "acme/books?"),
    ("acme/books?", "found-at-revision", "acme/books"),
}


def diamond(hub: LocalHub) -> None:
    model(hub, "acme/base")
    model(hub, "acme/left", base_model="acme/base")
    model(hub, "acme/right", base_model="acme/base")
    model(hub, "acme/tuned", base_model=["acme/left", "acme/right"])


def circle(hub: LocalHub) -> None:
    model(hub, "acme/base", base_model="acme/tuned")
    model(hub, "acme/tuned", base_model="acme/base")


def base_that(change: Callable[[LocalHub, Repository], object]) -> Callable[..., None]:
    def build(hub: LocalHub) -> None:
        base = model(hub, "acme/base", base_model="acme/older")
        model(hub, "acme/tuned", base_model="acme/base")
        change(hub, base)

    return build


def put(name: str, value: Any) -> Callable[[LocalHub, Repository], None]:
    return lambda _, repository: setattr(repository, name, value)


def failing(fault: Fault) -> Callable[[LocalHub, Repository], None]:
    return lambda hub, _: hub.fail(fault)


ONLY_NAMED = {("acme/tuned", "base-model", "acme/base?")}
FOUND = {*ONLY_NAMED, ("acme/base?", "found-at-revision", "acme/base")}


def stopped(
    build: Callable[[LocalHub], object], reason: str, name: str = "hf:acme/base"
) -> World:
    """A base that cannot be followed: named, told, and nothing else is lost."""
    return World(build, ONLY_NAMED, ["acme/tuned"], {(name, reason)})


def _adapter(hub: LocalHub, **config: Any) -> None:
    files = {"adapter_config.json": json.dumps(config), "a.safetensors": "weights"}
    hub.model("acme/tuned").commit(files, lfs={"a.safetensors"})


def branch(hub: LocalHub) -> None:
    base = model(hub, "acme/base", weights="of the branch")
    base.ref("V1.0-RC", head(base))
    base.commit({"README.md": card(datasets=["acme/later"])})
    _adapter(hub, base_model_name_or_path="acme/base", revision="V1.0-RC")


def empty(hub: LocalHub) -> None:
    hub.model("acme/base").commit({".gitattributes": "* text\n"})
    model(hub, "acme/tuned", base_model="acme/base")


def without_the_tag(hub: LocalHub) -> None:
    model(hub, "acme/base")
    _adapter(hub, base_model_name_or_path="acme/base", revision="v9")


WORLDS: dict[str, World] = {
    "a chain with datasets": World(
        chain,
        CHAIN,
        ["acme/tuned", "acme/middle", "acme/base", "acme/chat", "acme/books"],
    ),
    "as deep as asked": World(
        chain,
        {
            ("acme/tuned", "base-model", "acme/middle?"),
            ("acme/middle?", "found-at-revision", "acme/middle"),
            ("acme/middle", "base-model", "acme/base?"),
            ("acme/middle", "training-data", "acme/chat?"),
        },
        ["acme/tuned", "acme/middle"],
        depth=1,
    ),
    "depth 0": World(
        chain,
        {("acme/tuned", "base-model", "acme/middle?")},
        ["acme/tuned"],
        depth=0,
    ),
    "a diamond is read once": World(
        diamond,
        {
            ("acme/tuned", "base-model", "acme/left?"),
            ("acme/tuned", "base-model", "acme/right?"),
            ("acme/left?", "found-at-revision", "acme/left"),
            ("acme/right?", "found-at-revision", "acme/right"),
            ("acme/left", "base-model", "acme/base?"),
            ("acme/right", "base-model", "acme/base?"),
            ("acme/base?", "found-at-revision", "acme/base"),
        },
        ["acme/tuned", "acme/left", "acme/right", "acme/base"],
    ),
    "a circle": World(
        circle,
        {*FOUND, ("acme/base", "base-model", "acme/tuned?")},
        ["acme/tuned", "acme/base"],
        {("hf:acme/tuned", "lineage-circular")},
    ),
    "itself": World(
        lambda hub: model(hub, "acme/tuned", base_model="acme/tuned"),
        {("acme/tuned", "base-model", "acme/tuned?")},
        ["acme/tuned"],
        {("hf:acme/tuned", "lineage-circular")},
    ),
    "a branch is no commit, and keeps its capitals": World(
        branch, FOUND, ["acme/tuned", "acme/base"]
    ),
    "gated": stopped(base_that(put("gated", "manual")), "source-gated"),
    "private": stopped(base_that(put("private", True)), "source-missing-or-private"),
    "missing": stopped(
        lambda hub: model(hub, "acme/tuned", base_model="acme/base"),
        "source-missing-or-private",
    ),
    "renamed": stopped(base_that(put("renamed_to", "evil/base")), "source-renamed"),
    "disabled": stopped(base_that(put("disabled", True)), "source-disabled"),
    "unreachable": stopped(
        base_that(failing(Fault.dropped("models/acme/base"))), "source-unreachable"
    ),
    "broken": stopped(
        base_that(failing(Fault.html("models/acme/base"))), "source-answer-malformed"
    ),
    "limited": stopped(
        base_that(failing(Fault.rate_limited("models/acme/base", times=None))),
        "source-rate-limited",
    ),
    "lying about the commit": stopped(
        base_that(failing(Fault.lying_commit(SHA, "acme/base/resolve/"))),
        "commit-contradicted",
    ),
    "tampered": stopped(
        base_that(failing(Fault.tampered("acme/base/resolve/"))),
        "source-digest-mismatch",
    ),
    "nothing in it": stopped(empty, "folder-empty"),
    "revision missing": stopped(
        without_the_tag,
        "source-revision-missing",
        "hf:acme/base@v9",
    ),
    "revision malformed": stopped(
        lambda hub: _adapter(
            hub, base_model_name_or_path="acme/base", revision="../main"
        ),
        "reference-malformed",
        "pkg:huggingface/acme/base@../main",
    ),
}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_what_is_named_is_found_or_a_stated_unknown(
    hub: LocalHub, world: World
) -> None:
    world.build(hub)
    done = run(hub, "hf:acme/tuned", world.depth)
    assert [name for name, _, _ in visited(done)] == world.visited
    assert unknown(done) == world.unknown
    found = {e for e in comes_from(done) if "older" not in e[2] and "later" not in e[2]}
    assert found == world.edges
    require_in_bom(done)


REFUSED = {
    name: (world, text, reason)
    for name, world in WORLDS.items()
    for text, reason in world.unknown
    if not reason.startswith("lineage-")
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_the_first_reference_fails_where_a_base_is_an_unknown(
    hub: LocalHub, case: tuple[World, str, str]
) -> None:
    world, text, reason = case
    world.build(hub)
    with pytest.raises(AibomError) as caught:
        run(hub, text.replace("pkg:huggingface/", "hf:"))
    assert caught.value.reason == reason
    assert "/tmp" not in f"{caught.value} {caught.value.hint}"


# ── one commit each ────────────────────


def test_a_pinned_base_is_read_at_its_commit_and_not_at_main(hub: LocalHub) -> None:
    base = model(hub, "acme/base", datasets=["acme/first"])
    first = head(base)
    base.commit({"README.md": card(datasets=["acme/second"])})
    _adapter(hub, base_model_name_or_path="acme/base", revision=first)
    done = run(hub, "hf:acme/tuned")
    assert (("acme/base", first, 1)) in visited(done)
    assert ("acme/base?", "pinned-revision", "acme/base") in comes_from(done)
    assert ("acme/base", "training-data", "acme/first?") in comes_from(done)
    assert not any("second" in target for _, _, target in comes_from(done))


def test_two_revisions_of_one_base_are_two_things(hub: LocalHub) -> None:
    base = model(hub, "acme/base", license="mit")
    first = head(base)
    base.commit({"README.md": card(license="apache-2.0")})
    _adapter(hub, base_model_name_or_path="acme/base", revision=first)
    hub.model("acme/tuned").commit({"README.md": card(base_model="acme/base")})
    done = run(hub, "hf:acme/tuned")
    commits = [commit for name, commit, _ in visited(done) if name == "acme/base"]
    assert sorted(map(str, commits)) == sorted([first, head(base)])
    found = [n for n in done.graph.nodes.values() if n.value("revision") in commits]
    licences = {n.value("licence") for n in found if n.value("repository-id")}
    assert licences == {"mit", "apache-2.0"}


@pytest.mark.parametrize("at", range(6))
def test_a_branch_that_moves_meanwhile_never_mixes_two_commits(
    hub: LocalHub, at: int
) -> None:
    """Whichever request it moves before, weights, card and commit are of one commit."""
    repository = model(hub, "acme/tuned", weights="first", license="mit")
    first = head(repository)

    def move() -> None:
        files = {"README.md": card(license="gpl-3.0"), "model.safetensors": "second"}
        repository.commit(files, lfs={"model.safetensors"})

    hub.fail(Fault.moving("acme/tuned", move, skip=at))
    root = run(hub, "hf:acme/tuned").root
    commit = str(root.value("revision"))
    hub.recover()
    again = run(hub, f"hf:acme/tuned@{commit}").root
    assert (root.id, root.value("licence")) == (again.id, again.value("licence"))
    assert (commit == first) == (root.value("licence") == "mit")


def test_a_name_means_one_commit_for_the_whole_scan(hub: LocalHub) -> None:
    """Two that name one base mean the same one, though it moves in between."""
    base = model(hub, "acme/base")
    before = head(base)
    model(hub, "acme/left", base_model="acme/base")
    model(hub, "acme/middle", base_model="acme/base")
    model(hub, "acme/right", base_model="acme/middle")
    model(hub, "acme/tuned", base_model=["acme/left", "acme/right"])
    change = {"README.md": card(license="other")}
    hub.fail(Fault.moving("models/acme/middle", lambda: base.commit(change)))
    done = run(hub, "hf:acme/tuned")
    assert head(base) != before
    assert [c for n, c, _ in visited(done) if n == "acme/base"] == [before]
    named = [e for e in comes_from(done) if e[2] == "acme/base?"]
    assert {source for source, _, _ in named} == {"acme/left", "acme/middle"}


def test_equal_input_gives_equal_bytes(hub: LocalHub) -> None:
    chain(hub)
    first, second = (
        scan_bom(run(hub, "hf:acme/tuned"), spec_version="1.7", output=None)
        for _ in range(2)
    )
    assert first == second


def test_at_most_so_many_repositories_are_asked_for(hub: LocalHub) -> None:
    names = [f"acme/base-{number}" for number in range(9)]
    for name in names:
        model(hub, name)
    model(hub, "acme/tuned", base_model=names)
    done = run(hub, "hf:acme/tuned", most=4)
    assert [name for name, _, _ in visited(done)] == ["acme/tuned", *names[:3]]
    assert unknown(done) == {(here(done), "too-many-repositories")}
    assert [f.detail for f in done.findings if f.code == "too-many-repositories"] == [
        "4 were asked for; 6 more are named"
    ]
    require_in_bom(done)


# ── what is known of what was found ────────────────────


def test_the_root_is_only_claimed_and_says_what_was_not_read(hub: LocalHub) -> None:
    repository = model(hub, "acme/tuned", license="mit")
    root = run(hub, "hf:acme/tuned").root
    assert root.digest is None
    assert root.values("claimed-digest") != ()
    assert root.values("unread.model.safetensors") == ("pointer-not-pulled",)
    assert root.values("revision") == (head(repository),)
    assert root.values("name") == ("acme/tuned",)
    (revision,) = (f for f in root.facts if f.field == "revision")
    assert {(o.cataloger, o.mode) for o in revision.origins} == {("hub", "online")}
    (licence,) = (f for f in root.facts if f.field == "licence")
    assert {(o.cataloger, o.mode) for o in licence.origins} == {("card", "online")}


def test_a_mirror_is_not_taken_for_the_registry(hub: LocalHub) -> None:
    repository = model(hub, "acme/tuned")
    source = run(hub, "hf:acme/tuned").root.values("source")
    assert source == (
        f"pkg:huggingface/acme/tuned@{head(repository)}?repository_url={hub.url}",
    )


def test_flagged_files_are_facts_and_clean_ones_are_not(hub: LocalHub) -> None:
    base = model(hub, "acme/base")
    base.security = {
        "scansDone": True,
        "filesWithIssues": [{"path": "model.safetensors", "level": "unsafe"}],
    }
    model(hub, "acme/other").security = None
    model(hub, "acme/tuned", base_model=["acme/base", "acme/other"])
    done = run(hub, "hf:acme/tuned")
    found = {n.label: n for n in done.graph.nodes.values() if n.value("repository-id")}
    flagged = {name: node.values("scanner-flagged") for name, node in found.items()}
    assert flagged["acme/base"] == ("model.safetensors: unsafe",)
    assert found["acme/tuned"].state("scanner-flagged") is State.MISSING
    assert found["acme/other"].state("scanner-flagged") is State.UNKNOWN


def test_offline_says_the_same_and_that_nobody_was_asked(
    hub: LocalHub, tmp_path: Path
) -> None:
    from huggingface_hub import snapshot_download

    model(hub, "acme/base", license="mit")
    model(hub, "acme/tuned", base_model="acme/base")
    cache = tmp_path / "cache"
    snapshot_download("acme/tuned", endpoint=hub.url, cache_dir=cache)
    online = run(hub, "hf:acme/tuned", 0)
    asked = len(hub.requests)
    done = scan_remote(
        Reference.parse("hf:acme/tuned"), lambda _: CachedHub(cache), depth=3
    )
    assert len(hub.requests) == asked
    assert done.root.value("licence") == online.root.value("licence")
    assert done.root.value("revision") == online.root.value("revision")
    assert {o.mode for f in done.root.facts for o in f.origins} == {"offline"}
    assert ("hf:acme/base", "source-not-cached") in unknown(done)
    assert [visit.resolved.mode for visit in done.visited] == ["offline"]


def test_a_dataset_is_one_by_its_reference(hub: LocalHub) -> None:
    dataset(hub, "acme/books")
    assert run(hub, "hf:datasets/acme/books").root.kind is Kind.DATASET


def test_the_callers_word_is_the_callers(hub: LocalHub) -> None:
    model(hub, "acme/tuned")
    root = run(hub, "hf:acme/tuned", name="ours", kind=Kind.SYSTEM).root
    assert root.kind is Kind.SYSTEM
    assert root.values("name") == ("acme/tuned", "ours")
    (name,) = (f for f in root.facts if (f.field, f.value) == ("name", "ours"))
    assert {(o.cataloger, o.mode) for o in name.origins} == {("user", "offline")}


def test_a_model_and_a_dataset_of_the_same_bytes_are_one_thing(hub: LocalHub) -> None:
    files = {"README.md": card(license="mit"), "a.jsonl": '{"a": 1}\n'}
    hub.dataset("acme/twin").commit(files)
    hub.model("acme/twin").commit(files)
    _adapter(hub, base_model_name_or_path="acme/twin")
    hub.model("acme/tuned").commit({"README.md": card(datasets=["acme/twin"])})
    done = run(hub, "hf:acme/tuned")
    assert (here(done), "kind-contradicted") in unknown(done)
    assert len(visited(done)) == 3
    require_in_bom(done)


HOSTILE: dict[str, str] = {
    "thousands of names": card(base_model=[f"evil/m{n}" for n in range(3000)]),
    "names that are none": card(base_model=["a/b/c", "../..", "hf:x", "a\nb", ""]),
    "no mapping": "---\n- 1\n---\n",
    "control characters": card(base_model="evil/\u202ebase\u0000"),
    "a number": card(base_model=7, datasets=[None, {"a": 1}]),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_cards_of_a_base_are_findings(hub: LocalHub, text: str) -> None:
    model(hub, "acme/base").commit({"README.md": text})
    model(hub, "acme/tuned", base_model="acme/base")
    done = run(hub, "hf:acme/tuned", most=5)
    assert [name for name, _, _ in visited(done)] == ["acme/tuned", "acme/base"]
    require_in_bom(done)


# ── sources without digests ────────────────────


def test_a_folder_with_files_of_unknown_bytes_has_no_digest() -> None:
    files = {"config.json": CONFIG.encode(), "sub/w.bin": b"1", "README.md": b"# a\n"}
    bucket = Bucket(files)
    done = scan_remote(
        Reference.parse("s3://b/model"), lambda _: bucket, kind=Kind.MODEL
    )
    assert done.root.digest is None
    assert done.root.values("claimed-digest") == ()
    assert unread(done) == {("sub/w.bin", "digest-not-stated")}
    assert done.root.values("unread.sub/w.bin") == ("digest-not-stated",)
    assert done.root.values("location") == ("s3://b/model",)
    (visit,) = done.visited
    assert (visit.read, visit.claimed, visit.unknown) == (2, 0, 1)


def test_what_signs_in_at_a_store_is_kept_nowhere() -> None:
    bucket = Bucket({"config.json": CONFIG.encode(), "w.bin": b"1"}, ("no dates",))
    url = Reference("url", "s3://anne:secret@b/model?token=secret")
    done = scan_remote(url, lambda _: bucket, kind=Kind.MODEL)
    assert ("s3://b/model", "source-not-told") in unread(done)
    assert "secret" not in repr((done.graph, done.findings))
    assert b"secret" not in scan_bom(done, spec_version="1.6", output=None)


def test_a_folder_of_which_everything_was_read_has_its_digest(tmp_path: Path) -> None:
    files = {"config.json": CONFIG, "README.md": card(license="mit")}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    bucket = Bucket({name: text.encode() for name, text in files.items()})
    done = scan_remote(Reference.parse("s3://b/model"), lambda _: bucket)
    assert done.root.id == scan(tmp_path).root.id
