"""The carry table, row by row."""

from __future__ import annotations

import pytest
from builders import QUICK, a_node, an_edge, graphs
from hypothesis import given

from aibom.lineage.carry import (
    CARRYING_ROLES,
    EXEMPT_ROLES,
    carries,
    is_pure_evaluation,
)
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Node, Relation
from aibom.recording.roles import PARTY_ROLES, ROLE_KINDS, STEP_OUTPUT_KINDS

DATA = a_node(Kind.DATASET, "data")
MODEL = a_node(Kind.MODEL, "model")
REPORT = a_node(Kind.REPORT, "report")
PARTY = Node(id="party:org:Acme", kind=Kind.PARTY)


def step(kind: str | None = "train", seed: str = "s") -> Node:
    return a_node(Kind.STEP, seed, {} if kind is None else {"step": kind})


def graph_of(*edges: Edge, nodes: tuple[Node, ...] = ()) -> Graph:
    known = (DATA, MODEL, REPORT, PARTY, step(), *nodes)
    return Graph.of({node.id: node for node in known}.values(), edges)


BETWEEN_ENTITIES = [Relation.DERIVED_FROM, Relation.REVISION_OF, Relation.REQUIRES]


@pytest.mark.parametrize("relation", BETWEEN_ENTITIES)
@pytest.mark.parametrize("role", ["", "quantized", "anything-else"])
def test_relations_between_entities_carry(relation: Relation, role: str) -> None:
    edge = an_edge(MODEL, relation, DATA, role)
    assert carries(graph_of(edge), edge)


def test_what_went_into_a_step_is_in_its_output() -> None:
    edge = an_edge(step(), Relation.GENERATED, MODEL)
    assert carries(graph_of(edge), edge)


@pytest.mark.parametrize("kind", sorted({*STEP_OUTPUT_KINDS} - {"evaluate"} | {"x"}))
def test_every_input_of_a_step_carries(kind: str) -> None:
    used = an_edge(step(kind), Relation.USED, DATA, "evaluation-data")
    made = an_edge(step(kind), Relation.GENERATED, REPORT)
    assert carries(graph_of(used, made, nodes=(step(kind),)), used)


@pytest.mark.parametrize("role", ["", *sorted(ROLE_KINDS), "harmless"])
def test_no_role_of_an_input_is_a_way_around(role: str) -> None:
    used = an_edge(step(), Relation.USED, DATA, role)
    assert carries(graph_of(used), used)


PARTY_EDGES = [Relation.PERFORMED_BY, Relation.ATTRIBUTED_TO]


@pytest.mark.parametrize("relation", PARTY_EDGES)
@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("labeler", True),
        ("collector", True),
        ("supplier", True),
        ("writer", True),
        ("participant", True),
        ("publisher", True),
        ("auditor", False),
        ("reviewer", False),
        ("approver", False),
        ("owner", False),
        ("", True),
        ("auditors", True),
        ("made-up", True),
    ],
)
def test_parties_carry_unless_they_only_looked(
    relation: Relation, role: str, expected: bool
) -> None:
    source = step() if relation is Relation.PERFORMED_BY else DATA
    edge = an_edge(source, relation, PARTY, role)
    assert carries(graph_of(edge), edge) is expected


def test_the_table_decides_every_role_that_can_be_recorded() -> None:
    assert not CARRYING_ROLES & EXEMPT_ROLES
    assert CARRYING_ROLES | EXEMPT_ROLES == PARTY_ROLES


# ── evaluations ──────────────

EVALUATE = step("evaluate", "e")
USED_DATA = an_edge(EVALUATE, Relation.USED, DATA, "evaluation-data")
MADE_REPORT = an_edge(EVALUATE, Relation.GENERATED, REPORT)
ABOUT_BOTH = a_node(Kind.STEP, "e", {"step": "evaluate"}).merged(
    a_node(Kind.STEP, "e", {"step": "train"})
)
PERHAPS = EVALUATE.merged(a_node(Kind.STEP, "e", {"step": None}))

EVALUATIONS = {
    "makes a report": ((USED_DATA, MADE_REPORT), EVALUATE, True),
    "makes nothing": ((USED_DATA,), EVALUATE, False),
    "makes a model": (
        (USED_DATA, an_edge(EVALUATE, Relation.GENERATED, MODEL)),
        EVALUATE,
        False,
    ),
    "makes a report and a model": (
        (USED_DATA, MADE_REPORT, an_edge(EVALUATE, Relation.GENERATED, MODEL)),
        EVALUATE,
        False,
    ),
    "its report is an input later": (
        (USED_DATA, MADE_REPORT, an_edge(step(), Relation.USED, REPORT, "notes")),
        EVALUATE,
        False,
    ),
    "a model is derived from its report": (
        (USED_DATA, MADE_REPORT, an_edge(MODEL, Relation.DERIVED_FROM, REPORT)),
        EVALUATE,
        False,
    ),
    "a dataset is a revision of its report": (
        (USED_DATA, MADE_REPORT, an_edge(DATA, Relation.REVISION_OF, REPORT)),
        EVALUATE,
        False,
    ),
    "a model requires its report": (
        (USED_DATA, MADE_REPORT, an_edge(MODEL, Relation.REQUIRES, REPORT)),
        EVALUATE,
        False,
    ),
    "its report has a publisher": (
        (
            USED_DATA,
            MADE_REPORT,
            an_edge(REPORT, Relation.ATTRIBUTED_TO, PARTY, "publisher"),
        ),
        EVALUATE,
        True,
    ),
    "somebody says that it trained": ((USED_DATA, MADE_REPORT), ABOUT_BOTH, False),
    "somebody says: unknown": ((USED_DATA, MADE_REPORT), PERHAPS, False),
    "says nothing": ((USED_DATA, MADE_REPORT), step(None, "e"), False),
}


@pytest.mark.parametrize(
    ("edges", "node", "pure"), EVALUATIONS.values(), ids=EVALUATIONS
)
def test_inputs_of_a_pure_evaluation_alone_do_not_carry(
    edges: tuple[Edge, ...], node: Node, pure: bool
) -> None:
    graph = graph_of(*edges, nodes=(node,))
    assert is_pure_evaluation(graph, node.id) is pure
    assert carries(graph, USED_DATA) is not pure


@QUICK
@given(graphs())
def test_only_two_kinds_of_edge_ever_hold_taint_back(graph: Graph) -> None:
    for edge in graph.edges:
        if not carries(graph, edge):
            exempt = edge.role in EXEMPT_ROLES and edge.relation in PARTY_EDGES
            measured = edge.relation is Relation.USED and is_pure_evaluation(
                graph, edge.source
            )
            assert exempt or measured
