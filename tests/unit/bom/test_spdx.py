"""Lineage in SPDX 3.0.1: what each thing becomes, and what is told as lost."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from bom_graphs import (
    ACME,
    ALICE,
    BASE,
    CODE,
    EVALUATION,
    GUIDE,
    LABELS,
    LABELTOOL,
    MODEL,
    RAW,
    REPORT,
    REVIEWS,
    SMALL,
    SYSTEM,
    TOOL,
    TRAINING,
    everything,
    party,
    single_file,
)
from builders import QUICK, a_node, an_edge, facts, graphs
from hypothesis import given

from aibom.bom.losses import LossKind
from aibom.bom.spdx.check import checked_bytes
from aibom.bom.spdx.document import to_spdx
from aibom.errors import AibomError, DocumentInvalid, InputError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Node, Relation

NOW = "2026-01-31T08:00:00Z"


class Spdx:
    """A document, and what a test asks it."""

    def __init__(self, graph: Graph, created: str = NOW) -> None:
        self.document, self.losses = to_spdx(graph, created=created, source="a" * 64)
        self.data = checked_bytes(self.document, "out.json")
        self.elements = self.document["@graph"]
        self.lost = {(loss.kind.value, loss.field, loss.where) for loss in self.losses}

    def of(self, node: Node) -> dict[str, Any]:
        """The element of a node."""
        ending = node.id.replace("@", "%40").replace(" ", "%20")
        (found,) = [
            one
            for one in self.elements
            if one.get("spdxId", "").partition("#")[2] == ending
        ]
        return found

    def relations(self, source: Node | None = None) -> set[tuple[str, str, str]]:
        """Every relationship: its type, the end of its target's id, its role."""
        iri = None if source is None else self.of(source)["spdxId"]
        return {
            (
                one["relationshipType"],
                target.partition("#")[2] or target,
                " ".join(self.properties(one, "aibom:role")),
            )
            for one in self.elements
            if "relationshipType" in one and iri in (None, one["from"])
            for target in one["to"]
        }

    def properties(self, element: dict[str, Any], name: str) -> list[str]:
        """The values of one of our names in an element's extension."""
        return [
            entry["extension_cdxPropValue"]
            for part in element.get("extension", ())
            for entry in part["extension_cdxProperty"]
            if entry["extension_cdxPropName"] == name
        ]


#: name → node, its class, and its primary purpose
KINDS = {
    "model": (MODEL, "ai_AIPackage", "model"),
    "dataset": (REVIEWS, "dataset_DatasetPackage", "data"),
    "code": (CODE, "software_Package", None),
    "guideline": (GUIDE, "software_Package", "documentation"),
    "report": (REPORT, "software_Package", "evidence"),
    "service": (TOOL, "software_Package", None),
    "system": (SYSTEM, "software_Package", "application"),
    "step": (TRAINING, "build_Build", None),
    "person": (ALICE, "Person", None),
    "organisation": (ACME, "Organization", None),
    "software": (LABELTOOL, "SoftwareAgent", None),
}


@pytest.mark.parametrize(("node", "kind", "purpose"), KINDS.values(), ids=KINDS)
def test_a_node_is_an_element_of_its_class(
    node: Node, kind: str, purpose: str | None
) -> None:
    found = Spdx(everything()).of(node)
    assert found["type"] == kind
    assert found.get("software_primaryPurpose") == purpose


#: name → source, and one relationship of it
RELATIONS = {
    "used": (TRAINING, "hasInput", BASE, "base-model"),
    "used-twice": (TRAINING, "hasInput", LABELS, "test-data"),
    "generated": (TRAINING, "hasOutput", MODEL, ""),
    "trained-on, from the step": (MODEL, "trainedOn", LABELS, ""),
    "base, from the step": (MODEL, "descendantOf", BASE, ""),
    "derived": (BASE, "descendantOf", None, "fine-tune"),
    "revision": (REVIEWS, "descendantOf", RAW, ""),
    "requires": (SYSTEM, "dependsOn", TOOL, "tool"),
    "owner": (MODEL, "other", ACME, "owner"),
}


@pytest.mark.parametrize(
    ("source", "kind", "target", "role"), RELATIONS.values(), ids=RELATIONS
)
def test_an_edge_is_a_relationship(
    source: Node, kind: str, target: Node | None, role: str
) -> None:
    found = Spdx(everything()).relations(source)
    wanted = {(k, r) for k, t, r in found if target is None or t == target.id}
    assert (kind, role) in wanted


PARTIES = {
    "labeler": ("labeler", "invokedBy"),
    "nobody-says": ("", "invokedBy"),
    "reviewer": ("reviewer", "other"),
    "approver": ("approver", "other"),
}


@pytest.mark.parametrize(("role", "kind"), PARTIES.values(), ids=PARTIES)
def test_who_only_looked_invoked_nothing(role: str, kind: str) -> None:
    edge = an_edge(TRAINING, Relation.PERFORMED_BY, ACME, role)
    made = an_edge(TRAINING, Relation.GENERATED, MODEL)
    found = Spdx(Graph.of([MODEL, TRAINING, ACME], [edge, made], MODEL.id))
    assert (kind, ACME.id, role) in found.relations(TRAINING)
    assert any(lost[:2] == ("approximated", "relation") for lost in found.lost)


DERIVED = {
    "training": (MODEL, LABELS, "training-data", "trainedOn"),
    "pretraining": (MODEL, LABELS, "pretraining-data", "trainedOn"),
    "test": (MODEL, LABELS, "test-data", "testedOn"),
    "evaluation": (MODEL, LABELS, "evaluation-data", "testedOn"),
    "another-role": (MODEL, LABELS, "corpus", "descendantOf"),
    "model-of-model": (MODEL, BASE, "training-data", "descendantOf"),
    "data-of-data": (LABELS, RAW, "training-data", "descendantOf"),
}


@pytest.mark.parametrize(
    ("source", "target", "role", "kind"), DERIVED.values(), ids=DERIVED
)
def test_what_a_thing_derives_from(
    source: Node, target: Node, role: str, kind: str
) -> None:
    edge = an_edge(source, Relation.DERIVED_FROM, target, role)
    found = Spdx(Graph.of([source, target], [edge], source.id))
    assert (kind, target.id, role) in found.relations(source)


def test_an_evaluation_tests_the_model_on_its_data() -> None:
    edges = [
        an_edge(EVALUATION, Relation.USED, MODEL, "subject"),
        an_edge(EVALUATION, Relation.USED, LABELS, "evaluation-data"),
        an_edge(EVALUATION, Relation.GENERATED, REPORT),
    ]
    nodes = [MODEL, LABELS, REPORT, EVALUATION]
    found = Spdx(Graph.of(nodes, edges, MODEL.id))
    assert ("testedOn", LABELS.id, "") in found.relations(MODEL)
    assert not {one for one in found.relations(MODEL) if one[0] == "trainedOn"}


def test_what_nothing_is_known_behind_is_said_to_have_something_behind() -> None:
    found = Spdx(SMALL["root-alone"])
    assert ("descendantOf", "NoAssertionElement", "") in found.relations(MODEL)
    (gap,) = [one for one in found.elements if one.get("to") == ["NoAssertionElement"]]
    assert gap["completeness"] == "noAssertion"


def test_facts_stand_in_properties_of_spdx() -> None:
    found = Spdx(everything())
    base, training = found.of(BASE), found.of(TRAINING)
    assert base["name"] == "acme/base"
    assert base["software_packageVersion"] == BASE.value("revision")
    assert base["software_packageUrl"] == BASE.value("source")
    assert base["software_downloadLocation"] == "https://hub.example/acme/base"
    assert found.properties(base, "aibom:fact:upstream-bom")
    assert training["name"] == "third try"
    assert training["build_buildStartTime"] == "2026-01-31T08:00:00Z"
    assert training["build_parameter"] == [
        {"type": "DictionaryEntry", "key": "lr.warmup", "value": "0.1"},
        {"type": "DictionaryEntry", "key": "seed", "value": "7"},
    ]
    assert found.properties(training, "aibom:unknown") == ["builder"]
    assert found.of(MODEL)["builtTime"] == "2026-01-31T09:00:00Z"


def test_bytes_of_a_file_are_a_hash_and_those_of_a_folder_are_files() -> None:
    found = Spdx(everything())
    assert LABELS.digest is not None
    assert MODEL.digest is not None
    (digest,) = found.of(LABELS)["verifiedUsing"]
    assert (digest["algorithm"], digest["hashValue"]) == ("sha256", LABELS.digest.value)
    assert "verifiedUsing" not in found.of(MODEL)
    assert found.properties(found.of(MODEL), "aibom:digest:tree") == [
        MODEL.digest.value
    ]
    contained = [t for kind, t, _ in found.relations(MODEL) if kind == "contains"]
    files = {
        one["spdxId"].partition("#")[2]: one
        for one in found.elements
        if one["type"] == "software_File"
    }
    assert {files[name]["name"] for name in contained} == {
        "config.json",
        "weights/model.safetensors",
    }
    assert ("not-carried", "file-size", MODEL.id) in found.lost


LICENCES = {
    "listed": ("Apache-2.0", "Apache-2.0", False),
    "expression": ("MIT OR Apache-2.0", "MIT OR Apache-2.0", False),
    "other-spelling": ("apache-2.0", "Apache-2.0", True),
    "a-name": ("Llama community licence", None, True),
    "broken": ("MIT AND (", None, True),
    "empty-expression": ("()", None, True),
    "very-long": ("MIT AND " * 100 + "MIT", None, True),
    "unknown": (None, None, True),
    "unsaid": ("", None, False),
}


@pytest.mark.parametrize(("stated", "written", "kept"), LICENCES.values(), ids=LICENCES)
def test_a_licence_is_declared_where_it_is_one_expression(
    stated: str | None, written: str | None, kept: bool
) -> None:
    said = {} if stated == "" else {"licence": stated}
    node = a_node(Kind.MODEL, "licensed", said)
    found = Spdx(Graph.of([node], [], node.id))
    expressions = [
        one["simplelicensing_licenseExpression"]
        for one in found.elements
        if one["type"] == "simplelicensing_LicenseExpression"
    ]
    assert expressions == ([written] if written else [])
    names = ["aibom:fact:licence", "aibom:unknown"]
    shown = [v for n in names for v in found.properties(found.of(node), n)]
    assert bool(shown) is kept
    none = "expandedlicensing_NoAssertionLicense"
    assert ("hasConcludedLicense", none, "") in found.relations(node)
    assert (("hasDeclaredLicense", none, "") in found.relations(node)) is not written


def test_sources_that_disagree_are_not_settled() -> None:
    found = Spdx(SMALL["disagreement"])
    raw = found.of(RAW)
    assert found.properties(raw, "aibom:fact:licence") == ["CC0-1.0"]
    assert found.properties(raw, "aibom:unknown") == ["licence"]
    told = [loss for loss in found.losses if loss.field == "licence"]
    assert [loss.detail for loss in told] == [
        "sources disagree, and SPDX has a place for one value only"
    ]


def test_one_supplier_is_a_property_and_two_are_relationships() -> None:
    other = party("org:Other")
    one = an_edge(RAW, Relation.ATTRIBUTED_TO, ACME, "supplier", {"since": "1"})
    two = an_edge(RAW, Relation.ATTRIBUTED_TO, other, "supplier")
    alone = Spdx(Graph.of([RAW, ACME], [one], RAW.id))
    assert alone.of(RAW)["suppliedBy"].endswith("#party:org:Acme")
    where = f"{RAW.id} attributed-to {ACME.id}"
    assert ("not-carried", "since", where) in alone.lost
    both = Spdx(Graph.of([RAW, ACME, other], [one, two], RAW.id))
    assert "suppliedBy" not in both.of(RAW)
    assert {("other", ACME.id, "supplier"), ("other", other.id, "supplier")} <= (
        both.relations(RAW)
    )


def test_a_dataset_of_two_origins_has_none_in_spdx() -> None:
    other = party("org:Other")
    edges = [
        an_edge(RAW, Relation.ATTRIBUTED_TO, who, "collector") for who in (ACME, other)
    ]
    both = Spdx(Graph.of([RAW, ACME, other], edges, RAW.id))
    assert ("mandatory-unknown", "originatedBy", RAW.id) in both.lost
    one = Spdx(Graph.of([RAW, ACME], edges[:1], RAW.id))
    assert len(one.of(RAW)["originatedBy"]) == 1
    assert ("approximated", "role", f"{RAW.id} attributed-to {ACME.id}") in one.lost


def test_of_people_nothing_but_the_pseudonym_leaves() -> None:
    named = Node(
        facts({"name": "Alice Example", "label": "Alice", "type": "person"}),
        ALICE.origins,
        id=ALICE.id,
        kind=Kind.PARTY,
    )
    step = TRAINING
    edges = [
        an_edge(step, Relation.PERFORMED_BY, named, "labeler"),
        an_edge(step, Relation.GENERATED, MODEL),
    ]
    found = Spdx(Graph.of([MODEL, step, named], edges, MODEL.id))
    assert found.of(named)["name"] == ALICE.id.removeprefix("party:person:")
    assert b"Alice" not in found.data
    lost = {field for _, field, where in found.lost if where == named.id}
    assert {"name", "label"} <= lost


MANDATORY = {
    "ai": (
        MODEL,
        {
            *("releaseTime", "suppliedBy", "software_downloadLocation"),
            *("software_packageVersion", "hasConcludedLicense", "hasDeclaredLicense"),
        },
    ),
    "dataset": (
        RAW,
        {
            *("builtTime", "originatedBy", "releaseTime", "software_downloadLocation"),
            *("dataset_datasetType", "hasConcludedLicense", "hasDeclaredLicense"),
        },
    ),
}


@pytest.mark.parametrize(("node", "fields"), MANDATORY.values(), ids=MANDATORY)
def test_what_spdx_demands_and_nobody_said_is_told(
    node: Node, fields: set[str]
) -> None:
    found = Spdx(Graph.of([node], [], node.id))
    kind = LossKind.MANDATORY_UNKNOWN
    assert {loss.field for loss in found.losses if loss.kind is kind} == fields
    profile = "ai" if node is MODEL else "dataset"
    for one in found.elements:
        assert profile not in one.get("profileConformance", ())
        assert "releaseTime" not in one


def test_the_document_is_about_the_root_and_names_its_writer_and_time() -> None:
    found = Spdx(everything())
    info, document, sbom, *_ = found.elements
    assert (info["created"], info["specVersion"]) == (NOW, "3.0.1")
    assert document["rootElement"] == [sbom["spdxId"]]
    assert sbom["rootElement"] == [found.of(MODEL)["spdxId"]]
    assert document["profileConformance"] == [
        *("build", "core", "extension", "simpleLicensing", "software")
    ]
    every = {one["spdxId"] for one in found.elements if "spdxId" in one}
    assert set(document["element"]) == every - {document["spdxId"]}


def test_nothing_of_the_lineage_is_lost_without_a_word() -> None:
    """Each fact is in the document or in the list; each origin and member is told."""
    graph = everything()
    found = Spdx(graph)
    text = found.data.decode()
    told = {(loss.field, loss.where) for loss in found.losses}
    for node in graph.nodes.values():
        for fact in node.facts:
            if fact.value is None:
                assert (fact.field, node.id) in told
            elif node.kind is not Kind.PARTY and fact.field != "step":
                assert json.dumps(fact.value, ensure_ascii=False) in text
        assert ("origins", node.id) in told
    assert ("extra.x-note", "") in told


@QUICK
@given(graph=graphs())
def test_any_graph_is_written_the_same_twice_and_read_by_the_bindings(
    graph: Graph,
) -> None:
    one, two = Spdx(graph), Spdx(graph)
    assert one.data == two.data
    assert one.losses == two.losses


def test_another_time_or_input_is_another_document() -> None:
    one, two = Spdx(SMALL["root-alone"]), Spdx(SMALL["root-alone"], NOW[:-2] + "1Z")
    assert one.of(MODEL)["spdxId"] != two.of(MODEL)["spdxId"]


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "bidi": "\u202egnp.exe",
    "long": "x" * 10_000,
    "json-ld": '","@id":"_:creationinfo',
    "iri": "https://evil.example/#aibom:document",
    "blank": "_:creationinfo",
    "individual": "NoAssertionElement",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_a_text(text: str) -> None:
    model = single_file(Kind.MODEL, "m", name=text, odd=text)
    maker = party(f"org:{text[:150]}")
    edge = an_edge(model, Relation.ATTRIBUTED_TO, maker, "supplier")
    found = Spdx(Graph.of([model, maker], [edge], model.id))
    assert found.of(model)["name"] == text
    assert found.properties(found.of(model), "aibom:fact:odd") == [text]
    supplier = found.of(model)["suppliedBy"]
    named = [one for one in found.elements if one.get("spdxId") == supplier]
    assert [one["name"] for one in named] == [text[:150]]


def test_a_graph_about_nothing_is_refused() -> None:
    with pytest.raises(DocumentInvalid) as refused:
        to_spdx(Graph.of([MODEL], []), created=NOW)
    assert refused.value.reason == "root-missing"


BROKEN = {
    "unknown-member": lambda d: d["@graph"][-1].update(colour="red"),
    "unknown-type": lambda d: d["@graph"][-1].update(type="Colour"),
    "no-vocabulary": lambda d: d["@graph"][1].update(profileConformance=["x"]),
    "missing": lambda d: d["@graph"][0].pop("created"),
    "no-time": lambda d: d["@graph"][0].update(created="yesterday"),
    "dangling": lambda d: d["@graph"][1].update(rootElement=["urn:nobody"]),
    "wrong-class": lambda d: d["@graph"][0].update(
        createdBy=[d["@graph"][1]["spdxId"]]
    ),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_what_breaks_the_model_is_not_written(change: Any) -> None:
    document, _ = to_spdx(SMALL["root-alone"], created=NOW)
    change(document)
    with pytest.raises(AibomError) as refused:
        checked_bytes(document, "out.json")
    assert refused.value.reason == "spdx-not-written"


def test_without_the_extra_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    document, _ = to_spdx(SMALL["root-alone"], created=NOW)
    monkeypatch.setitem(sys.modules, "spdx_python_model", None)
    with pytest.raises(InputError) as refused:
        checked_bytes(document, "out.json")
    assert refused.value.reason == "extra-missing"
    assert "aibom[spdx]" in str(refused.value.hint)
