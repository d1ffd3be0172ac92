"""CycloneDX 1.7 says by which reader each field was supplied, and when that is said."""

from __future__ import annotations

from typing import Any

from bom_graphs import BASE, HUB, MODEL, SMALL, TRAINING, everything, written
from builders import QUICK, facts, graphs, sha256
from hypothesis import given

from aibom.bom.citations import with_citations
from aibom.bom.encode import encode
from aibom.bom.profile import profile_problems
from aibom.bom.references import reference_problems
from aibom.bom.schema import schema_problems
from aibom.lineage.graph import Graph
from aibom.lineage.identity import step_id
from aibom.lineage.nodes import Kind, Node, Origin

WHEN = "2026-01-31T08:00:00Z"


def cited(graph: Graph) -> dict[str, Any]:
    """The graph in 1.7, with a time and so with citations."""
    document = encode(graph, spec_version="1.7", timestamp=WHEN)
    found, losses = with_citations(document, graph)
    assert losses == ()
    return found


def at(document: dict[str, Any], pointer: str) -> Any:
    """What a JSON pointer leads to."""
    value: Any = document
    for token in pointer.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


def shown(document: dict[str, Any], cataloger: str) -> set[str]:
    """The texts of all fields that one cataloger is said to have supplied."""
    found: set[str] = set()
    for citation in document["citations"]:
        if citation["attributedTo"] == f"aibom:cataloger:{cataloger}":
            for pointer in citation["pointers"]:
                found |= texts(at(document, pointer))
    return found


def texts(value: Any) -> set[str]:
    """A text, or those of an object."""
    if isinstance(value, str):
        return {value}
    inner = value.values() if isinstance(value, dict) else value
    return {text for item in inner for text in texts(item)}


def test_every_fact_of_every_node_is_attributed_to_who_read_it() -> None:
    graph = everything()
    document = cited(graph)
    by_test, by_hub = shown(document, "test"), shown(document, "hub")
    for node in (MODEL, BASE, TRAINING):
        for fact in node.facts:
            parts = (fact.value or fact.field).split("@sha256:")
            assert set(parts) <= by_test, fact
    assert by_hub == {"aibom:fact:licence", "CC0-1.0"}


def test_the_time_is_that_of_the_document_and_the_reader_a_tool_of_it() -> None:
    document = cited(SMALL["disagreement"])
    assert {one["timestamp"] for one in document["citations"]} == {WHEN}
    tools = document["metadata"]["tools"]["components"]
    named = {tool.get("bom-ref") for tool in tools}
    assert {one["attributedTo"] for one in document["citations"]} <= named
    (hub,) = [one for one in document["citations"] if "hub" in one["attributedTo"]]
    assert hub["note"] == f"read online from sha256:{HUB.digest}/sha"


def test_what_the_record_of_a_step_says_is_attributed_to_the_step() -> None:
    record = sha256("record")
    origins = frozenset({Origin("step-record", record)})
    step = Node(
        facts({"step": "label"}, *origins),
        origins,
        id=step_id(record),
        kind=Kind.STEP,
    )
    document = cited(Graph.of([MODEL, step], [], MODEL.id))
    found = {one.get("process") for one in document["citations"]}
    assert found == {None, step.id}
    assert schema_problems(document) == ()
    assert reference_problems(document) == ()


def test_without_a_time_there_are_none_and_that_is_told() -> None:
    document = written(SMALL["root-alone"], "1.7")
    found, losses = with_citations(document, SMALL["root-alone"])
    assert found == document
    (loss,) = losses
    assert (loss.kind.value, loss.field) == (
        "mandatory-unknown",
        "citations.timestamp",
    )


@QUICK
@given(graph=graphs())
def test_any_graph_is_cited_and_still_ours(graph: Graph) -> None:
    document = cited(graph)
    assert cited(graph) == document
    assert schema_problems(document) == ()
    assert reference_problems(document) == ()
    plain = encode(graph, spec_version="1.7")
    assert profile_problems(document, "") == profile_problems(plain, "")
    for citation in document.get("citations", ()):
        for pointer in citation["pointers"]:
            assert at(document, pointer)
