"""``aibom resolve``, as somebody would at a terminal, against a hub on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aibom.cli import cli
from aibom.testing.hub import Fault, LocalHub

FILES = {
    "README.md": b"---\nlicense: mit\n---\n",
    "aibom.cdx.json": b"{}",
    "model.safetensors": b"\x02\0\0\0\0\0\0\0{}",
    "model.sig": b"{}",
}


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.model("acme/base").commit(FILES, lfs={"model.safetensors"})
        running.dataset("acme/reviews").commit({"train.parquet": b"PAR1"})
        yield running


def resolve(hub: LocalHub, *words: str) -> Result:
    return CliRunner().invoke(cli, ["resolve", *words, "--endpoint", hub.url])


def rows(done: Result) -> dict[str, str]:
    found = {}
    for line in done.stdout.splitlines():
        if line.startswith("  "):
            found[line[2:14].strip()] = line[14:]
    return found


def test_what_is_told_and_how_it_ends(hub: LocalHub) -> None:
    done = resolve(hub, "hf:acme/base@main")
    head = hub.model("acme/base").branches()["main"]
    assert done.exit_code == 0
    told = rows(done)
    assert told["commit"] == head
    assert told["owner"].startswith(f"organisation, id {hub.owner('acme').id24}, since")
    assert told["owner"].endswith(": acme")
    assert told["repository"] == f"id {hub.model('acme/base').id24}"
    assert told["access"] == "no restriction told"
    assert told["scans"] == "no issue reported, which proves nothing"
    assert told["files"] == "4, 35 bytes"
    assert told["formats"].startswith("by name only: ")
    assert "safetensors 1 (10 bytes)" in told["formats"]
    assert told["signatures"] == "shipped, not verified: 'model.sig'"
    assert told["BOM"] == "shipped, not verified: 'aibom.cdx.json'"
    assert told["asked"] == f"{hub.url} (online)"
    assert done.stdout.splitlines()[-1] == (
        f"aibom fetch hf:acme/base@{head} --endpoint {hub.url} --policy DIR --to DIR"
    )


def test_a_dataset(hub: LocalHub) -> None:
    done = resolve(hub, "hf:datasets/acme/reviews")
    head = hub.dataset("acme/reviews").branches()["main"]
    assert done.stdout.splitlines()[-1].startswith(
        f"aibom fetch hf:datasets/acme/reviews@{head} "
    )
    assert rows(done)["scans"] == "unknown: the source does not tell"


SCANS: dict[str, tuple[object, str]] = {
    "clean": (
        {"scansDone": True, "filesWithIssues": []},
        "no issue reported, which proves nothing",
    ),
    "not-done": (
        {"scansDone": False, "filesWithIssues": []},
        "unknown: scans are not done",
    ),
    "flagged": (
        {"scansDone": True, "filesWithIssues": [{"path": "a.pkl", "level": "unsafe"}]},
        "flagged: unsafe 'a.pkl'",
    ),
    "flagged-so-far": (
        {"scansDone": False, "filesWithIssues": [{"path": "a", "level": "unsafe"}]},
        "flagged: unsafe 'a' (scans not done: the rest is unknown)",
    ),
    "malformed": ({"scansDone": "yes"}, "unknown: the source does not tell"),
    "untold": (None, "unknown: the source does not tell"),
}


@pytest.mark.parametrize(("status", "told"), SCANS.values(), ids=SCANS)
def test_scans(hub: LocalHub, status: object, told: str) -> None:
    hub.model("acme/base").security = status  # type: ignore[assignment]
    assert rows(resolve(hub, "hf:acme/base"))["scans"] == told


def test_a_gated_repository(hub: LocalHub) -> None:
    hub.model("acme/base").gated = "manual"
    done = resolve(hub, "hf:acme/base")
    assert done.exit_code == 0
    assert rows(done)["access"].startswith("gated (manual)")


def test_what_the_hub_did_not_tell(hub: LocalHub) -> None:
    hub.forget_owner("acme")
    done = resolve(hub, "hf:acme/base")
    assert done.exit_code == 0
    assert "  not told    " in done.stdout


def test_names_do_nothing_to_a_terminal(hub: LocalHub) -> None:
    hub.model("acme/base").commit({"x\u202e\u200b.model.sig": b"1"})
    hub.model("acme/base").security = {
        "scansDone": True,
        "filesWithIssues": [{"path": "\x1b[2Jx\n::error::y", "level": "\x1b[31m"}],
    }
    for words in ((), ("--json",)):
        done = resolve(hub, "hf:acme/base", *words)
        assert done.exit_code == 0
        assert all(word not in done.stdout for word in ("\x1b", "\u202e", "\u200b"))
        assert not any(line.startswith("::") for line in done.stdout.splitlines())


def test_json_has_the_same_keys_always(hub: LocalHub, tmp_path: Path) -> None:
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    documents = [
        json.loads(resolve(hub, reference, "--json").stdout)
        for reference in (
            "hf:acme/base@main",
            "hf:datasets/acme/reviews",
            str(tmp_path),
        )
    ]
    assert len({tuple(document) for document in documents}) == 1
    assert documents[0]["commit"] == hub.model("acme/base").branches()["main"]
    assert documents[2]["commit"] is None
    assert documents[2]["files"] == 1


def test_a_folder(hub: LocalHub, tmp_path: Path) -> None:
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    done = resolve(hub, str(tmp_path))
    assert rows(done)["commit"] == "none: only the bytes tell what this is"
    assert "owner" not in rows(done)


REFUSED: dict[str, tuple[int, str, tuple[str, ...], Callable[[LocalHub], object]]] = {
    "missing": (
        *(1, "source-missing-or-private", ("hf:acme/gone",)),
        lambda _: None,
    ),
    "no-such-revision": (
        *(1, "source-revision-missing", ("hf:acme/base@v9",)),
        lambda _: None,
    ),
    "malformed": (2, "reference-malformed", ("hf:a/b/c",), lambda _: None),
    "another-scheme": (2, "reference-malformed", ("oci:x/y",), lambda _: None),
    "not-cached": (
        *(1, "source-not-cached", ("hf:acme/base@main", "--offline")),
        lambda _: None,
    ),
    "renamed": (
        *(11, "source-renamed", ("hf:acme/base",)),
        lambda hub: setattr(hub.model("acme/base"), "renamed_to", "evil/base"),
    ),
    "html": (
        *(1, "source-answer-malformed", ("hf:acme/base",)),
        lambda hub: hub.fail(Fault.html("/api/")),
    ),
    "path-that-leaves": (
        *(11, "source-path-refused", ("hf:acme/base",)),
        lambda hub: hub.model("acme/base").commit({"a/../../x": b""}),
    ),
}


@pytest.mark.parametrize(
    ("code", "reason", "words", "happens"), REFUSED.values(), ids=REFUSED
)
def test_refused(
    hub: LocalHub,
    code: int,
    reason: str,
    words: tuple[str, ...],
    happens: Callable[[LocalHub], object],
) -> None:
    happens(hub)
    done = resolve(hub, *words)
    assert getattr(done.exception, "reason", done.exception) == reason
    assert getattr(done.exception, "exit_code", None) == code
    assert done.stdout == ""
