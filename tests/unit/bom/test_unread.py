"""What stands in a BOM and is no part of its lineage is told by place, with a count."""

from __future__ import annotations

from typing import Any

import pytest
from bom_graphs import SMALL, everything, written
from builders import QUICK, graphs
from cyclonedx_documents import bom
from hypothesis import given
from hypothesis import strategies as st

from aibom.bom.losses import LossKind, counts, losses_document, sorted_losses
from aibom.bom.unread import unread
from aibom.lineage.graph import Graph


def told(losses: Any) -> dict[str, int]:
    """Places and counts."""
    return {loss.where: loss.count for loss in losses}


COMPONENT = {"type": "application", "name": "a"}
#: name → a document of somebody else, and the places that are passed over
FOREIGN: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "nothing": ({"metadata": {"component": COMPONENT}}, {}),
    "frame": (
        {"$schema": "x", "specVersion": "1.6", "metadata": {"timestamp": "x"}},
        {},
    ),
    "top": (
        {"services": [{}, {}], "vulnerabilities": []},
        {
            "/services": 1,
            "/vulnerabilities": 1,
        },
    ),
    "inside": (
        {"components": [{**COMPONENT, "group": "x"}, {**COMPONENT, "group": "y"}]},
        {"/components/group": 2},
    ),
    "deep": (
        {"components": [{"components": [{"pedigree": {"notes": "x"}}]}]},
        {"/components/components/pedigree/notes": 1},
    ),
    "reference-of-another-type": (
        {"components": [{"externalReferences": [{"type": "vcs", "url": "x"}]}]},
        {"/components/externalReferences": 1},
    ),
    "file": ({"components": [{"type": "file", "name": "x"}]}, {"/components": 1}),
    "no-shape": ({"components": "x", "metadata": [1]}, {}),
}


@pytest.mark.parametrize(("document", "places"), FOREIGN.values(), ids=FOREIGN)
def test_a_document_of_somebody_else(
    document: dict[str, Any], places: dict[str, int]
) -> None:
    found = unread(document)
    assert told(found) == places
    assert all(loss.kind is LossKind.NOT_READ for loss in found)


def test_an_ordinary_one_of_somebody_else() -> None:
    places = told(unread(bom("1.6")))
    assert "/components/modelCard/quantitativeAnalysis" in places
    assert not [place for place in places if place.endswith("/name")]


@QUICK
@given(graph=graphs())
def test_nothing_of_ours_is_passed_over(graph: Graph) -> None:
    assert unread(written(graph), written(graph)) == ()


def test_what_others_added_to_ours() -> None:
    document = written(everything())
    document["annotations"] = [{"text": "a", "subjects": ["x", "y"]}]
    document["metadata"]["component"]["author"] = "somebody"
    assert told(unread(document, written(everything()))) == {
        "/annotations/subjects": 2,
        "/annotations/text": 1,
        "/metadata/component/author": 1,
    }


def test_a_flood_of_places_is_counted() -> None:
    document = {f"x{number:04}": 1 for number in range(500)}
    found = unread(document)
    assert len(found) == 201
    assert counts(found) == {"not-read": 500}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@QUICK
@given(document=st.dictionaries(st.text() | st.just("components"), JSON))
def test_never_raises(document: dict[str, Any]) -> None:
    unread(document)
    unread(document, written(SMALL["root-alone"]))


def test_losses_are_listed_once_and_counted() -> None:
    (loss,) = unread({"services": []})
    assert sorted_losses([loss, loss]) == (loss,)
    found = losses_document([loss, loss], source="a", target="csv", output="b")
    assert found == {
        "apiVersion": "aibom/losses/v1",
        "input": {"sha256": "a"},
        "output": {"sha256": "b", "format": "csv"},
        "counts": {"not-read": 1},
        "losses": [
            {
                "kind": "not-read",
                "field": "services",
                "where": "/services",
                "count": 1,
                "detail": "no part of the lineage",
            }
        ],
    }
