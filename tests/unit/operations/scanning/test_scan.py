"""Scan: what a place says of itself becomes one graph; nothing is joined or hidden."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from aibom.bom.parse import read_bytes
from aibom.catalogers.notes import Notes
from aibom.digest import hash_path
from aibom.errors import AibomError
from aibom.lineage.graph import contradictions, find_cycles
from aibom.lineage.identity import undigested_id
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation
from aibom.operations.scanning.circles import told, without_circles
from aibom.operations.scanning.scan import Scanned, scan, scan_bom
from aibom.operations.validate import load_bom
from aibom.recording.reference import InputRef
from tests.catalog_world import put

BERT = "google-bert/bert-base-uncased"
ADAPTER = json.dumps({"base_model_name_or_path": BERT, "revision": None})
OTHER = json.dumps({"base_model_name_or_path": "acme/other"})
KEY = "tests:0123456789abcdef0123456789abcdef"


def edges(done: Scanned) -> set[tuple[str, str, str, str]]:
    """(source, relation, target, role) by labels."""
    nodes = done.graph.nodes
    return {
        (
            "root" if e.source == done.graph.root else nodes[e.source].label,
            e.relation.value,
            nodes[e.target].label,
            e.role,
        )
        for e in done.graph.edges
    }


def test_files_speak_about_the_folder_that_they_lie_in(tmp_path: Path) -> None:
    done = scan(
        put(
            tmp_path,
            {"adapter_config.json": ADAPTER, "old/adapter_config.json": OTHER},
        )
    )
    root = done.graph.nodes[str(done.graph.root)]
    assert root.kind is Kind.MODEL
    assert root.digest == hash_path(tmp_path).digest
    assert root.values("base-model") == (BERT,)
    assert edges(done) == {
        ("root", "derived-from", BERT, "base-model"),
        ("root", "requires", BERT, "base"),
        ("root", "derived-from", "old", "part"),
        ("old", "derived-from", "acme/other", "base-model"),
        ("old", "requires", "acme/other", "base"),
    }
    part = next(n for n in done.graph.nodes.values() if n.label == "old")
    assert part.digest == hash_path(tmp_path / "old").digest


def test_a_folder_that_says_nothing_is_not_a_thing(tmp_path: Path) -> None:
    done = scan(
        put(tmp_path, {"adapter_config.json": ADAPTER, "docs/notes.txt": "hello"})
    )
    assert {node.kind for node in done.graph.nodes.values()} == {Kind.MODEL}
    assert len(done.graph.nodes) == 2
    assert done.unclaimed == ("docs/notes.txt",)


#: name → files, kind given, what comes out: a kind, or a reason
KINDS: dict[str, tuple[Mapping[str, str], Kind | None, str]] = {
    "files tell": ({"adapter_config.json": ADAPTER}, None, "model"),
    "a part tells": ({"x/adapter_config.json": ADAPTER}, None, "model"),
    "nothing tells": ({"notes.txt": "hello"}, None, "kind-undecided"),
    "the caller tells": ({"notes.txt": "hello"}, Kind.DATASET, "dataset"),
    "the caller knows better": (
        {"adapter_config.json": ADAPTER},
        Kind.SYSTEM,
        "system",
    ),
}


@pytest.mark.parametrize(("files", "told", "expected"), KINDS.values(), ids=KINDS)
def test_what_it_is(
    files: Mapping[str, str], told: Kind | None, expected: str, tmp_path: Path
) -> None:
    try:
        done = scan(put(tmp_path, files), kind=told)
        came = done.graph.nodes[str(done.graph.root)].kind.value
    except AibomError as error:
        came = error.reason
    assert came == expected


def test_what_was_odd_or_unread_stands_in_the_bom(tmp_path: Path) -> None:
    local = json.dumps({"base_model_name_or_path": "/home/me/base"})
    done = scan(
        put(
            tmp_path,
            {"adapter_config.json": local, "b\x01d/adapter_config.json": "{"},
        )
    )
    data = scan_bom(done, spec_version="1.6", output=None)
    root = load_bom(data, "x", "profile").graph.nodes[str(done.graph.root)]
    assert {
        (fact.field, fact.value)
        for fact in root.facts
        if fact.field.startswith(("odd.", "unread."))
    } == {
        ("odd.adapter_config.json#/base_model_name_or_path", "reference-local-path"),
        ("unread.b\\x01d/adapter_config.json", "json-malformed"),
    }


def test_more_findings_than_fit_are_counted(tmp_path: Path) -> None:
    files = {f"{n:04}/adapter_config.json": "{" for n in range(2_003)}
    done = scan(put(tmp_path, files), kind=Kind.MODEL)
    root = done.graph.nodes[str(done.graph.root)]
    assert root.values("findings-left-out") == ("3",)
    assert len(done.findings) == 2_003


def test_what_the_caller_says_is_marked_as_the_callers_word(tmp_path: Path) -> None:
    model = put(tmp_path / "m", {"adapter_config.json": ADAPTER})
    data = put(tmp_path / "d", {"data.txt": "x"})
    done = scan(
        model,
        name="acme/reviews",
        source=f"pkg:huggingface/acme/reviews@{'a' * 40}",
        inputs=[InputRef("training-data", data, None, "acme/data", "dataset")],
    )
    root = done.graph.nodes[str(done.graph.root)]
    named = next(fact for fact in root.facts if fact.field == "name")
    assert named.value == "acme/reviews"
    assert {origin.cataloger for origin in named.origins} == {"user"}
    assert root.values("revision") == ("a" * 40,)
    assert ("root", "derived-from", "acme/data", "training-data") in edges(done)


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_the_bom_says_all_of_the_graph_and_the_same_bytes_twice(
    version: str, tmp_path: Path
) -> None:
    files = {"adapter_config.json": ADAPTER, "old/adapter_config.json": OTHER}
    one = scan(put(tmp_path / "one", files))
    other = scan(put(tmp_path / "elsewhere" / "one", files))
    output = tmp_path / "x.cdx.json"
    data = scan_bom(one, spec_version=version, output=output)
    assert data == scan_bom(other, spec_version=version, output=None)
    assert load_bom(read_bytes(output), "x", "profile").graph == one.graph


REFUSED = {
    "no such place": ({}, {}, "path-missing", 1),
    "a short secret": ({"a": "x"}, {"pseudonym_key": "k:short"}, None, 2),
    "a source that is none": (
        {"adapter_config.json": ADAPTER},
        {"source": "acme/x"},
        "source-not-purl",
        2,
    ),
}


@pytest.mark.parametrize(
    ("files", "options", "reason", "code"), REFUSED.values(), ids=REFUSED
)
def test_refusals(
    files: Mapping[str, str],
    options: dict[str, str],
    reason: str | None,
    code: int,
    tmp_path: Path,
) -> None:
    with pytest.raises(AibomError) as caught:
        scan(put(tmp_path / "x", files), **options)  # type: ignore[arg-type]
    assert caught.value.exit_code == code
    assert caught.value.reason == (reason or "pseudonym-key-malformed")


#: What somebody does to the place right after it was hashed.
CHANGES = {
    "other bytes": lambda p: (p / "adapter_config.json").write_text(OTHER),
    "a file more": lambda p: (p / "new").write_text("x"),
    "a file less": lambda p: (p / "other.txt").unlink(),
    "a link in its place": lambda p: (
        (p / "other.txt").unlink(),
        (p / "other.txt").symlink_to("adapter_config.json"),
    ),
    "the place is gone": lambda p: p.rename(p.with_name("gone")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_place_that_changes_is_an_error_and_not_a_mix(
    change: object, tmp_path: Path
) -> None:
    folder = put(tmp_path / "m", {"adapter_config.json": ADAPTER, "other.txt": "x"})
    done = False

    def meanwhile(so_far: int, total: int) -> None:
        nonlocal done
        if so_far == total and not done:
            done = True
            change(folder)  # type: ignore[operator]

    with pytest.raises(AibomError) as caught:
        scan(folder, progress=meanwhile)
    assert caught.value.reason in ("changed-while-scanning", "changed-while-hashing")
    assert caught.value.exit_code == 1


def test_a_single_file_is_a_thing_of_its_own(tmp_path: Path) -> None:
    put(tmp_path, {"adapter_config.json": ADAPTER})
    done = scan(tmp_path / "adapter_config.json")
    root = done.graph.nodes[str(done.graph.root)]
    assert root.digest == hash_path(tmp_path / "adapter_config.json").digest
    assert contradictions(done.graph) == ()


def test_a_cataloger_without_a_key_names_nobody(tmp_path: Path) -> None:
    from aibom.catalogers.place import Place

    place = Place.of(put(tmp_path, {"a.txt": "x"}))
    assert Notes("x", place, "a.txt").person("Ada") is None


POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    f"oid sha256:{'b' * 64}\nsize 5000000000\n"
)


@pytest.mark.parametrize(
    ("pointer", "field"),
    [(POINTER, "claimed-digest"), (POINTER.replace("b" * 64, "zz"), "files-here")],
    ids=["sound", "malformed"],
)
def test_weights_that_are_elsewhere_are_not_hashed_as_the_model(
    pointer: str, field: str, tmp_path: Path
) -> None:
    files = {"adapter_config.json": ADAPTER, "model.safetensors": pointer}
    done = scan(put(tmp_path, files))
    assert done.root.digest is None
    assert done.root.values(field)
    assert done.root.values("base-model") == (BERT,)
    claimed = {node.digest.value for node in done.graph.nodes.values() if node.digest}
    assert claimed == ({"b" * 64} if field == "claimed-digest" else set())
    assert load_bom(scan_bom(done, spec_version="1.6", output=None), "x", "references")


def _model(letter: str) -> Node:
    origins = frozenset({Origin("x")})
    name = Fact("name", letter, origins)
    identity = undigested_id(Kind.MODEL, {"name": letter})
    return Node((name,), origins, id=identity, kind=Kind.MODEL)


def _from(pair: str) -> Edge:
    below, above = (_model(letter).id for letter in pair)
    relation = Relation.DERIVED_FROM
    origins = frozenset({Origin("x")})
    return Edge((), origins, source=below, relation=relation, target=above)


#: Who is said to come from whom, and how many of these claims have to go.
CIRCLES = {
    "none": (("ab", "bc", "ac"), 0),
    "two": (("ab", "ba"), 1),
    "three, and one beside": (("ab", "bc", "ca", "ad"), 1),
    "two circles": (("ab", "ba", "cd", "dc"), 2),
    "a knot": (("ab", "bc", "ca", "ac", "cb", "ba"), 3),
}


@pytest.mark.parametrize(("claims", "count"), CIRCLES.values(), ids=CIRCLES)
def test_claims_that_go_in_a_circle_are_cut_and_told(
    claims: tuple[str, ...], count: int
) -> None:
    nodes = [_model(letter) for letter in "abcd"]
    edges = [_from(pair) for pair in claims]
    for order in (edges, edges[::-1]):
        graph, dropped = without_circles(nodes, order, nodes[0].id)
        assert find_cycles(graph) == ()
        assert len(dropped) == count
        assert {e.key for e in (*graph.edges, *dropped)} == {e.key for e in edges}
        assert all(" from " in told(graph, edge) for edge in dropped)
