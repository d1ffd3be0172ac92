"""Lineage → CycloneDX → lineage: nothing is lost, nothing is bent to fit."""

from __future__ import annotations

import json

import pytest
from bom_graphs import (
    ACME,
    ALICE,
    BASE,
    CODE,
    EDGES,
    GUIDE,
    HUB,
    LABELS,
    LABELTOOL,
    MODEL,
    PURL,
    REPORT,
    SERVER,
    SMALL,
    SYSTEM,
    TEST,
    TOOL,
    TRAINING,
    around,
    everything,
    written,
)
from builders import QUICK, a_node, an_edge, facts, graphs
from hypothesis import given
from hypothesis import strategies as st

from aibom.bom.decode import decode, is_profiled
from aibom.bom.encode import SPEC_VERSIONS, encode, to_bytes
from aibom.bom.parse import parse
from aibom.bom.profile import notices, profile_problems
from aibom.bom.references import reference_problems
from aibom.bom.schema import schema_problems
from aibom.errors import DocumentInvalid, UsageError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation

DIGEST = "0" * 64
VERSIONS = st.sampled_from(SPEC_VERSIONS)


def component(document, ref):
    every = [document["metadata"]["component"], *document.get("components", ())]
    (found,) = [item for item in every if item["bom-ref"] == ref]
    return found


def read(document) -> Graph:
    return decode(document, DIGEST)


# ── for every graph ──────────────


@QUICK
@given(graphs(), VERSIONS)
def test_graph_comes_back_as_it_was(graph, version):
    data = to_bytes(encode(graph, spec_version=version))
    assert decode(json.loads(data), DIGEST) == graph


@QUICK
@given(graphs(), VERSIONS)
def test_what_is_written_is_valid_at_every_level(graph, version):
    document = written(graph, version)
    assert schema_problems(document) == ()
    assert reference_problems(document) == ()
    # A claimed cycle is a graph that can be written, and a problem by design.
    reasons = {problem.reason for problem in profile_problems(document, DIGEST)}
    assert reasons <= {"lineage-cycle"}


@QUICK
@given(graphs(), st.randoms(use_true_random=False))
def test_order_of_nodes_edges_and_facts_does_not_matter(graph, order):
    def shuffled(values):
        values = list(values)
        order.shuffle(values)
        return values

    nodes, edges = shuffled(graph.nodes.values()), shuffled(graph.edges)
    other = Graph.of(nodes, edges, graph.root, dict(shuffled(graph.extra.items())))
    assert to_bytes(encode(other)) == to_bytes(encode(graph))


@QUICK
@given(graphs())
def test_writing_again_what_was_read_gives_the_same_bytes(graph):
    data = to_bytes(encode(graph))
    assert to_bytes(encode(read(parse(data, "bom").document))) == data


@pytest.mark.parametrize("graph", SMALL.values(), ids=SMALL)
@pytest.mark.parametrize("version", SPEC_VERSIONS)
def test_small_graph_comes_back_without_a_problem(graph, version):
    document = written(graph, version)
    assert read(document) == graph
    assert schema_problems(document) == ()
    assert reference_problems(document) == ()
    assert profile_problems(document, DIGEST) == ()


def test_facts_given_out_of_order_keep_their_own_origins():
    said = (
        Fact("name", "b", frozenset({HUB})),
        Fact("name", "a", frozenset({TEST})),
        Fact("licence", "MIT", frozenset({HUB})),
    )
    node = Node(said, frozenset({TEST}), id=MODEL.id, kind=Kind.MODEL)
    found = read(written(Graph({node.id: node}, (), node.id))).nodes[node.id]
    assert set(found.facts) == set(said)


# ── what stands where ──────────────


def test_things_processes_and_agents_have_their_own_places():
    document = written(everything())
    workflows = document["formulation"][0]["workflows"]
    organizations = document["declarations"]["targets"]["organizations"]
    refs = {item["bom-ref"] for item in document["components"]}
    assert document["metadata"]["component"]["bom-ref"] == MODEL.id
    assert {BASE.id, SYSTEM.id, LABELTOOL.id, SERVER.id} <= refs
    assert [item["bom-ref"] for item in document["services"]] == [TOOL.id]
    assert TRAINING.id in {item["bom-ref"] for item in workflows}
    assert {"bom-ref": ACME.id, "name": "Acme"} in organizations
    assert ALICE.id in {
        c["bom-ref"] for o in organizations for c in o.get("contact", ())
    }
    assert is_profiled(document)


@pytest.mark.parametrize(
    ("seed", "kind"),
    [
        (kind.value, kind)
        for kind in sorted(set(Kind) - {Kind.STEP, Kind.PARTY, Kind.SERVICE})
    ],
)
def test_kind_is_in_the_bom_ref_and_in_a_property(seed, kind):
    node = a_node(kind, seed)
    found = component(written(around(MODEL, more=(node,))), node.id)
    assert found["bom-ref"].startswith(f"{kind}:")
    assert {"name": "aibom:kind", "value": kind.value} in found["properties"]


def test_digest_of_a_file_is_a_hash_and_that_of_a_folder_a_property():
    document = written(around(MODEL, "trained-on", "model"))
    main = document["metadata"]["component"]
    assert component(document, LABELS.id)["hashes"] == [
        {"alg": "SHA-256", "content": LABELS.id.rpartition(":")[2]}
    ]
    assert "hashes" not in main
    tree = {"name": "aibom:digest:tree", "value": MODEL.id.rpartition(":")[2]}
    assert tree in main["properties"]
    assert [item["name"] for item in main["components"]] == [
        "config.json",
        "weights/model.safetensors",
    ]


def test_edge_in_two_roles_is_two_inputs():
    document = written(SMALL["fine-tune"])
    (workflow,) = document["formulation"][0]["workflows"]
    roles = [
        item["value"]
        for entry in workflow["inputs"]
        if entry.get("resource", {}).get("ref") == LABELS.id
        for item in entry["properties"]
        if item["name"] == "aibom:role"
    ]
    assert sorted(roles) == ["test-data", "training-data"]


def test_derived_views_say_what_the_steps_say():
    document = written(SMALL["fine-tune"])
    main = document["metadata"]["component"]
    datasets = main["modelCard"]["modelParameters"]["datasets"]
    (ancestor,) = main["pedigree"]["ancestors"]
    (entry,) = [e for e in document["dependencies"] if e["ref"] == MODEL.id]
    assert datasets == [{"ref": LABELS.id}]
    assert ancestor["purl"] == PURL
    assert {"name": "aibom:view", "value": "derived"} in ancestor["properties"]
    assert set(entry["dependsOn"]) == {
        *(BASE.id, LABELS.id),
        *(e.target for e in [EDGES["code"]]),
    }


def test_entities_without_a_past_are_listed_as_known_gaps():
    (gaps,) = written(SMALL["fine-tune"])["compositions"]
    assert gaps["aggregate"] == "unknown"
    assert BASE.id in gaps["dependencies"]
    assert MODEL.id not in gaps["dependencies"]


def test_service_with_bytes_is_a_component_and_keeps_its_files():
    document = written(SMALL["services"])
    shown = component(document, SERVER.id)
    assert shown["type"] == "application"
    assert [item["name"] for item in shown["components"]] == ["server.py"]


def test_ancestor_of_a_service_stands_in_a_property():
    (service,) = written(SMALL["services"])["services"]
    expected = {"name": "aibom:derived-from:deployment", "value": SERVER.id}
    assert expected in service["properties"]
    assert "purl" not in service
    assert {"name": "aibom:fact:source", "value": PURL} in service["properties"]


# ── odd values ──────────────

ODD_TEXTS = {
    "empty": "",
    "space": " ",
    "separators": "0;1 2;",
    "index": "0",
    "line-separator": "a\u2028b\u2029",
    "nul": "a\x00b",
    "bidi": "a\u202eb",
    "beyond-the-bmp": "🙂\U0001d518",
    "noncharacter": "\uffff",
    "own-property": "aibom:fact:licence",
    "json": '{"name":"aibom:origin:0"}',
    "very-long": "x" * 100_000,
    "id-of-itself": MODEL.id,
    "backslash": "\\ud800",
}
PLACES = {
    "name": "name",
    "revision": "revision",
    "licence": "licence",
    "source": "source",
    "location": "location",
    "upstream-bom": "upstream-bom",
    "description": "description",
    "of-our-own": "x.y",
}
STEP_PLACES = {
    "label": "label",
    "started": "started",
    "finished": "finished",
    "parameter": "parameter.a.b",
    "variable": "env.A",
    "kind-of-step": "step",
}


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
@pytest.mark.parametrize("field", PLACES.values(), ids=PLACES)
def test_odd_text_in_a_fact_of_an_entity_survives(field, text):
    assert_survives(with_fact(MODEL, field, text))


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
@pytest.mark.parametrize("field", STEP_PLACES.values(), ids=STEP_PLACES)
def test_odd_text_in_a_fact_of_a_step_survives(field, text):
    assert_survives(with_fact(a_node(Kind.STEP, "s"), field, text))


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_odd_text_elsewhere_survives(text):
    strange = Origin(text or "empty", "", text)
    node = Node(
        (Fact("name", text, frozenset({strange})),),
        frozenset({strange}),
        {text: {text: [text]}},
        id=MODEL.id,
        kind=Kind.MODEL,
    )
    someone = Node(
        facts({"name": text}), frozenset({strange}), id="party:org:x", kind=Kind.PARTY
    )
    edge = Edge(
        facts({"name": text}),
        frozenset({strange}),
        {text: text},
        source=node.id,
        relation=Relation.ATTRIBUTED_TO,
        target=someone.id,
    )
    assert_survives(Graph.of([node, someone], [edge], node.id, {text: text}))


def with_fact(node, field, text):
    """A root with this node beside it (or being it), and a second, sane value."""
    said = (
        Fact(field, text, frozenset({TEST})),
        Fact("name", "sane", frozenset({HUB, TEST})),
        Fact("of-two", "a", frozenset({HUB})),
        Fact("of-two", None, frozenset({TEST})),
    )
    origins = frozenset({TEST})
    described = Node(facts(), origins, id=node.id, kind=node.kind)
    more = Node(said, origins, id=node.id, kind=node.kind)
    return Graph.of([MODEL, described, more], [], MODEL.id)


def assert_survives(graph):
    document = parse(to_bytes(encode(graph)), "bom").document
    assert read(document) == graph
    assert schema_problems(document) == ()
    assert reference_problems(document) == ()
    assert profile_problems(document, DIGEST) == ()


# ── what cannot be written ──────────────


def test_graph_without_a_root_is_refused():
    with pytest.raises(DocumentInvalid) as caught:
        encode(Graph.of([MODEL], []))
    assert caught.value.reason == "root-missing"


@pytest.mark.parametrize("node", [TOOL, CODE, GUIDE, REPORT], ids=lambda n: n.kind)
def test_graph_about_what_no_rule_asks_for_is_refused(node):
    """Rules go by kinds: weights that are called code would be asked nothing."""
    with pytest.raises(DocumentInvalid) as caught:
        encode(around(node))
    assert caught.value.reason == "root-kind-unsupported"


@pytest.mark.parametrize("version", ["1.5", "1.8", "2.0", ""])
def test_other_version_is_refused(version):
    with pytest.raises(UsageError) as caught:
        encode(around(MODEL), spec_version=version)
    assert caught.value.reason == "spec-version-unsupported"


def test_lone_surrogate_is_refused():
    node = Node(facts({"name": "\ud800"}), id=MODEL.id, kind=Kind.MODEL)
    with pytest.raises(DocumentInvalid) as caught:
        encode(around(node))
    assert caught.value.reason == "text-not-unicode"


# ── what disagrees is told ──────────────


def test_disagreeing_sources_are_a_notice():
    (notice,) = notices(written(SMALL["disagreement"]), DIGEST)
    assert notice == "raw: sources disagree on licence: unknown / CC0-1.0"


def test_twenty_thousand_facts_of_one_node_are_one_pass_not_one_each():
    many = {f"parameter.p{n}": str(n) for n in range(20_000)}
    step = a_node(Kind.STEP, "many", many)
    other = {"name": "x", **{f"x.f{n}": str(n) for n in range(20_000)}}
    root = a_node(Kind.MODEL, "root", other)
    graph = Graph.of([root, step], [an_edge(step, Relation.GENERATED, root)], root.id)
    assert read(written(graph)) == graph
