"""What a fact is worth: every level, and who is believed about what."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from builders import QUICK, a_digest, a_node, an_edge, graphs
from hypothesis import given

from aibom.digest import Digest
from aibom.lineage.assurance import (
    Level,
    edge_assurance,
    existence_assurance,
    fact_assurance,
)
from aibom.lineage.evidence import Evidence, EvidenceSet, Signer
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Node, Relation
from aibom.statement import PROVENANCE_V1

SIGNER = Signer("acme-release", "publisher")
Facts = Mapping[str, str | None]


def dataset(values: Facts | None = None) -> Node:
    return a_node(Kind.DATASET, "data", values)


def statement(
    *nodes: Node,
    edges: tuple[Edge, ...] = (),
    signer: Signer | None = SIGNER,
    own: tuple[Node, ...] | None = None,
    location: str = "evidence/a",
) -> Evidence:
    """A statement with a graph; it owns its first node unless said otherwise."""
    owned = nodes[:1] if own is None else own
    return Evidence(
        id=location,
        predicate_type=PROVENANCE_V1,
        subjects=tuple(("x", node.digest) for node in owned if node.digest),
        location=location,
        signer=signer,
        refusal=None if signer else "signer-not-allowed",
        graph=Graph.of(nodes, edges),
        own=frozenset(node.id for node in owned),
    )


def both(*values: Facts) -> Node:
    merged = dataset(values[0])
    for more in values[1:]:
        merged = merged.merged(dataset(more))
    return merged


MIT: Facts = {"licence": "MIT"}
FACTS = {
    "nobody says anything": (dataset(), "licence", (), Level.MISSING),
    "declared unknown": (dataset({"licence": None}), "licence", (), Level.UNKNOWN),
    "two origins disagree": (
        both(MIT, {"licence": "BSD"}),
        "licence",
        (),
        Level.CONTRADICTED,
    ),
    "one says unknown": (both(MIT, {"licence": None}), "licence", (), 0),
    "a BOM says so": (dataset(MIT), "licence", (), Level.CLAIMED),
    "its own signer says so": (
        dataset(MIT),
        "licence",
        (statement(dataset(MIT)),),
        Level.ATTESTED,
    ),
    "a stranger signs it": (
        dataset(MIT),
        "licence",
        (statement(dataset(MIT), signer=None),),
        Level.CLAIMED,
    ),
    "a signer of something else mentions it": (
        dataset(MIT),
        "licence",
        (statement(a_node(Kind.MODEL, "m"), dataset(MIT)),),
        Level.CLAIMED,
    ),
    "its own signer says something else": (
        dataset(MIT),
        "licence",
        (statement(dataset({"licence": "BSD"})),),
        Level.CONTRADICTED,
    ),
    "a stranger says something else": (
        dataset(MIT),
        "licence",
        (statement(dataset({"licence": "BSD"}), signer=None),),
        Level.CLAIMED,
    ),
    "its own signer contradicts itself": (
        dataset(MIT),
        "licence",
        (statement(both(MIT, {"licence": "BSD"})),),
        Level.CONTRADICTED,
    ),
    "its own signer does not say": (
        dataset(MIT),
        "licence",
        (statement(dataset({"name": "x"})),),
        Level.CLAIMED,
    ),
    "its own signer says: unknown": (
        dataset(MIT),
        "licence",
        (statement(dataset({"licence": None})),),
        Level.CLAIMED,
    ),
    "one signer says so, another the opposite": (
        dataset(MIT),
        "licence",
        (
            statement(dataset(MIT), location="a"),
            statement(dataset({"licence": "BSD"}), location="b"),
        ),
        Level.CONTRADICTED,
    ),
    "of two names one is attested": (
        both({"name": "a"}, {"name": "b"}),
        "name",
        (statement(dataset({"name": "a"})),),
        Level.CLAIMED,
    ),
    "all names are attested, and more": (
        both({"name": "a"}, {"name": "b"}),
        "name",
        (statement(both({"name": "a"}, {"name": "b"}, {"name": "c"})),),
        Level.ATTESTED,
    ),
}


@pytest.mark.parametrize(("node", "field", "items", "level"), FACTS.values(), ids=FACTS)
def test_what_a_fact_is_worth(
    node: Node, field: str, items: tuple[Evidence, ...], level: int
) -> None:
    found = fact_assurance(node, field, EvidenceSet(items))
    assert found.level == level
    assert found.basis


def test_one_of_several_values_can_be_attested_by_itself() -> None:
    node = both({"source": "a"}, {"source": "b"})
    evidence = EvidenceSet((statement(dataset({"source": "a"})),))
    assert fact_assurance(node, "source", evidence, "a").level is Level.ATTESTED
    assert fact_assurance(node, "source", evidence, "b").level is Level.CLAIMED


def test_the_basis_names_signer_file_and_source() -> None:
    evidence = EvidenceSet((statement(dataset(MIT)),))
    attested = fact_assurance(dataset(MIT), "licence", evidence)
    assert attested.basis == "signed by acme-release (evidence/a)"
    claimed = fact_assurance(dataset(MIT), "licence", EvidenceSet())
    assert claimed.basis == "stated by test, not attested"
    bare = Node(dataset(MIT).facts, id=dataset().id, kind=Kind.DATASET)
    assert fact_assurance(bare, "licence", EvidenceSet()).basis == "not attested"


def test_levels_are_ordered_and_have_words() -> None:
    words = [level.word for level in sorted(Level)]
    assert words == [
        *("contradicted", "missing", "unknown"),
        *("claimed", "attested", "verified"),
    ]


# ── edges ──────────────

STEP = a_node(Kind.STEP, "s", {"step": "train"})
FROM_HUB = an_edge(STEP, Relation.USED, dataset(), "training-data", {"source": "hub"})


def record(*edges: Edge, signer: Signer | None = SIGNER) -> Evidence:
    return statement(STEP, dataset(), edges=edges, signer=signer)


def changed(role: str = "training-data", **values: str) -> Edge:
    return an_edge(STEP, Relation.USED, dataset(), role, values)


DERIVED = an_edge(dataset(), Relation.DERIVED_FROM, a_node(Kind.MODEL, "m"))
EDGES = {
    "the record has it": (FROM_HUB, (record(FROM_HUB),), Level.ATTESTED),
    "no record": (FROM_HUB, (), Level.CLAIMED),
    "a stranger's record has it": (
        FROM_HUB,
        (record(FROM_HUB, signer=None),),
        Level.CLAIMED,
    ),
    "the record has other facts": (
        FROM_HUB,
        (record(changed(source="elsewhere")),),
        Level.CLAIMED,
    ),
    "the record has more facts": (
        FROM_HUB,
        (record(changed(source="hub", revision="1")),),
        Level.CLAIMED,
    ),
    "the record has fewer facts": (FROM_HUB, (record(changed()),), Level.CLAIMED),
    "the record has another role": (
        FROM_HUB,
        (record(changed("evaluation-data", source="hub")),),
        Level.CLAIMED,
    ),
    "the record does not have it": (FROM_HUB, (record(),), Level.CLAIMED),
    "two revisions are stated": (
        changed(revision="1").merged(changed(revision="2")),
        (record(FROM_HUB),),
        Level.CONTRADICTED,
    ),
    "two sources are stated, the record has one": (
        FROM_HUB.merged(changed(source="elsewhere")),
        (record(FROM_HUB),),
        Level.CLAIMED,
    ),
    "the entity's own signer has it": (
        DERIVED,
        (statement(dataset(), a_node(Kind.MODEL, "m"), edges=(DERIVED,)),),
        Level.ATTESTED,
    ),
    "only the ancestor's signer has it": (
        DERIVED,
        (statement(a_node(Kind.MODEL, "m"), dataset(), edges=(DERIVED,)),),
        Level.CLAIMED,
    ),
    "the owner's statement has no such node": (
        DERIVED,
        (statement(a_node(Kind.MODEL, "m"), own=(dataset(),)),),
        Level.CLAIMED,
    ),
}


@pytest.mark.parametrize(("edge", "items", "level"), EDGES.values(), ids=EDGES)
def test_what_an_edge_is_worth(
    edge: Edge, items: tuple[Evidence, ...], level: Level
) -> None:
    assert edge_assurance(edge, EvidenceSet(items)).level is level


# ── existence ──────────────

UNDIGESTED = Node(id="service:undigested:" + "ab" * 32, kind=Kind.SERVICE)
PARTY = Node(id="party:org:Acme", kind=Kind.PARTY)
HASHED = frozenset({a_digest("data")})
OTHER_FORM = frozenset({a_digest("data", "file")})
EXISTENCE = {
    "hashed here": (dataset(), (), HASHED, Level.VERIFIED),
    "hashed here as another form": (dataset(), (), OTHER_FORM, Level.CLAIMED),
    "signed": (dataset(), (statement(dataset()),), frozenset(), Level.ATTESTED),
    "signed and hashed": (dataset(), (statement(dataset()),), HASHED, Level.VERIFIED),
    "signed by a stranger": (
        dataset(),
        (statement(dataset(), signer=None),),
        frozenset(),
        Level.CLAIMED,
    ),
    "only mentioned": (dataset(), (), frozenset(), Level.CLAIMED),
    "without a digest": (UNDIGESTED, (), HASHED, Level.MISSING),
    "a step without a record": (STEP, (), frozenset(), Level.CLAIMED),
    "a step with its record": (STEP, (record(),), frozenset(), Level.ATTESTED),
    "a party": (PARTY, (), frozenset(), Level.CLAIMED),
}


@pytest.mark.parametrize(
    ("node", "items", "hashed", "level"), EXISTENCE.values(), ids=EXISTENCE
)
def test_what_it_is_worth_that_a_thing_exists(
    node: Node, items: tuple[Evidence, ...], hashed: frozenset[Digest], level: Level
) -> None:
    evidence = EvidenceSet(items, recomputed=hashed)
    assert existence_assurance(node, evidence).level is level


@QUICK
@given(graphs())
def test_without_evidence_nothing_is_attested(graph: Graph) -> None:
    stranger = Evidence(
        "x",
        PROVENANCE_V1,
        tuple(("x", node.digest) for node in graph.nodes.values() if node.digest),
        "x",
        refusal="signer-not-allowed",
        graph=graph,
        own=frozenset(graph.nodes),
    )
    for evidence in (EvidenceSet(), EvidenceSet((stranger,))):
        for edge in graph.edges:
            assert edge_assurance(edge, evidence).level <= Level.CLAIMED
        for node in graph.nodes.values():
            assert existence_assurance(node, evidence).level <= Level.CLAIMED
            for field in node.fields():
                assert fact_assurance(node, field, evidence).level <= Level.CLAIMED


# ── the set itself ──────────────


def test_evidence_is_found_by_exact_digest_and_by_own_node() -> None:
    trusted = statement(dataset(), location="b")
    stranger = statement(dataset(), signer=None, location="a")
    evidence = EvidenceSet((trusted, stranger))
    assert evidence.items == (stranger, trusted)
    assert evidence.about(a_digest("data")) == (stranger, trusted)
    assert evidence.about(a_digest("data", "file")) == ()
    assert evidence.about(None) == ()
    assert evidence.owning(dataset().id) == (trusted,)
    assert evidence.records_of(dataset().id) == (stranger, trusted)
    assert evidence.records_of("step:x") == ()


def test_order_of_evidence_does_not_matter() -> None:
    items = [statement(dataset(), location=name) for name in "abc"]
    assert EvidenceSet(tuple(items)) == EvidenceSet(tuple(reversed(items)))
