"""A BOM of one node: it says a name and bytes, and takes nobody's BOM away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from worlds import World

from aibom.bom.encode import encode, to_bytes
from aibom.digest import hash_path
from aibom.errors import AibomError, DocumentInvalid, InputError, UsageError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Fact, Kind, Origin
from aibom.operations.describe import describe, require_describable
from aibom.operations.place import Place
from aibom.operations.validate import load_bom

NAME = "acme/data/reviews"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews/a.txt").write_text("a\n")
    return Place.of(tmp_path / "reviews")


def described(place: Place, kind: Kind = Kind.DATASET, name: str = NAME) -> bytes:
    return describe(place, hash_path(place.path), name, kind)


@pytest.mark.parametrize("kind", [Kind.DATASET, Kind.MODEL, Kind.SYSTEM])
def test_it_says_a_name_and_bytes_and_no_more(place: Place, kind: Kind) -> None:
    graph = load_bom(described(place, kind), "").graph
    content = hash_path(place.path)
    (node,) = graph.nodes.values()
    assert (node.id, node.kind, node.digest) == (graph.root, kind, content.digest)
    assert [(fact.field, fact.value) for fact in node.facts] == [("name", NAME)]
    assert node.files == content.files
    assert graph.edges == ()


def test_a_file_is_its_digest_whatever_it_is_called(tmp_path: Path) -> None:
    boms = set()
    for name in ("labels.jsonl", "other.jsonl"):
        (tmp_path / name).write_text("x")
        boms.add(described(Place.of(tmp_path / name)))
    (data,) = boms
    (node,) = load_bom(data, "").graph.nodes.values()
    assert node.digest is not None
    assert node.digest.form == "file"
    assert node.files == ()


def test_same_input_same_bytes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first = described(place)
    assert described(place) == first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert b"1970-01-01T00:00:00Z" in described(place)


def test_nothing_is_written(place: Place) -> None:
    described(place)
    assert not place.bom.exists()


REFUSED: dict[str, tuple[str, Kind, str]] = {
    "no namespace": ("reviews", Kind.DATASET, "name-without-namespace"),
    "empty": ("", Kind.DATASET, "name-without-namespace"),
    "only a slash": ("/", Kind.DATASET, "name-without-namespace"),
    "from the top": ("/acme/data", Kind.DATASET, "name-without-namespace"),
    "ends in a slash": ("acme/", Kind.DATASET, "name-without-namespace"),
    "empty part": ("acme//data", Kind.DATASET, "name-without-namespace"),
    "out of its namespace": ("acme/../x", Kind.DATASET, "name-without-namespace"),
    "here": ("./reviews", Kind.DATASET, "name-without-namespace"),
    "newline": ("acme/\ndata", Kind.DATASET, "name-without-namespace"),
    "bidi": ("acme/\u202edata", Kind.DATASET, "name-without-namespace"),
    "code": (NAME, Kind.CODE, "kind-not-root"),
    "guideline": (NAME, Kind.GUIDELINE, "kind-not-root"),
    "step": (NAME, Kind.STEP, "kind-not-root"),
    "party": (NAME, Kind.PARTY, "kind-not-root"),
}


@pytest.mark.parametrize(("name", "kind", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_nobody_could_be_allowed_to_say(
    place: Place, name: str, kind: Kind, reason: str
) -> None:
    with pytest.raises(UsageError) as caught:
        require_describable(place, name, kind)
    assert caught.value.reason == reason


def test_its_own_bom_may_be_replaced(place: Place) -> None:
    place.bom.write_bytes(described(place))
    (place.path / "a.txt").write_text("b\n")
    require_describable(place, "acme/data/renamed", Kind.DATASET)


def with_licence(place: Place) -> bytes:
    graph = load_bom(described(place), "").graph
    node = graph.nodes[str(graph.root)]
    facts = (*node.facts, Fact("license", "MIT", frozenset({Origin("editor")})))
    return to_bytes(encode(Graph.of([replace(node, facts=facts)], [], graph.root)))


KEPT: dict[str, tuple[Callable[[Place], bytes], type[AibomError], str]] = {
    "a fact": (with_licence, InputError, "bom-has-lineage"),
    "not ours": (lambda _: b"{}", DocumentInvalid, ""),
    "not JSON": (lambda _: b"?", DocumentInvalid, ""),
}


@pytest.mark.parametrize(("make", "error", "reason"), KEPT.values(), ids=KEPT)
def test_what_says_more_is_not_replaced(
    place: Place,
    make: Callable[[Place], bytes],
    error: type[AibomError],
    reason: str,
) -> None:
    place.bom.write_bytes(make(place))
    with pytest.raises(error) as caught:
        require_describable(place, NAME, Kind.DATASET)
    assert caught.value.where == str(place.bom)
    assert reason in ("", caught.value.reason)


def test_a_lineage_is_not_replaced(world: World) -> None:
    with pytest.raises(InputError) as caught:
        require_describable(Place.of(world.model), "acme/models/reader", Kind.MODEL)
    assert caught.value.reason == "bom-has-lineage"


def test_a_link_that_leads_nowhere_is_not_replaced(place: Place) -> None:
    place.bom.symlink_to("nowhere")
    with pytest.raises(InputError) as caught:
        require_describable(place, NAME, Kind.DATASET)
    assert caught.value.reason == "path-missing"
