"""The level ``profile``: a document shows what its own lineage says, and no more."""

from __future__ import annotations

import copy
import json

import pytest
from bom_graphs import (
    ALICE,
    BASE,
    CODE,
    GUIDE,
    LABELS,
    MODEL,
    OLDER,
    RAW,
    REVIEWS,
    SERVER,
    SYSTEM,
    TOOL,
    TRAINING,
    add_property,
    around,
    element,
    entry,
    everything,
    files,
    inputs,
    metadata_property,
    named,
    set_property,
    stubs,
    undigested,
    written,
)
from builders import a_node, an_edge, sha256
from cyclonedx_documents import bom

from aibom.bom.decode import decode
from aibom.bom.profile import notices, profile_problems
from aibom.bom.references import reference_problems
from aibom.bom.schema import schema_problems
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Relation

DIGEST = "0" * 64


def reasons(document):
    return [problem.reason for problem in profile_problems(document, DIGEST)]


def rename_everywhere(document, old, new):
    return json.loads(json.dumps(document).replace(old, new))


# ── mutants: name → (change, reason) ──────────────


VIEWS = {
    "dependency-removed": (
        lambda d: entry(d, MODEL.id)["dependsOn"].remove(BASE.id),
        "dependencies-view-mismatch",
    ),
    "dependency-added": (
        lambda d: entry(d, MODEL.id)["dependsOn"].append(RAW.id),
        "dependencies-view-mismatch",
    ),
    "dependencies-of-one-removed": (
        lambda d: d["dependencies"].remove(entry(d, MODEL.id)),
        "dependencies-view-mismatch",
    ),
    "dependencies-where-there-are-none": (
        lambda d: entry(d, RAW.id).update(dependsOn=[BASE.id]),
        "dependencies-view-mismatch",
    ),
    "all-dependencies-removed": (
        lambda d: d.pop("dependencies"),
        "dependencies-view-mismatch",
    ),
    "derived-ancestor-removed": (
        lambda d: stubs(d, MODEL).clear(),
        "view-mismatch",
    ),
    "derived-ancestor-renamed": (
        lambda d: stubs(d, MODEL)[0].update(name="trusted/base"),
        "view-mismatch",
    ),
    "derived-ancestor-with-another-purl": (
        lambda d: stubs(d, MODEL)[0].update(purl="pkg:huggingface/trusted/base"),
        "view-mismatch",
    ),
    "ancestor-added-as-derived": (
        lambda d: stubs(d, MODEL).append(copy.deepcopy(stubs(d, MODEL)[0])),
        "view-mismatch",
    ),
    "ancestor-hidden-as-derived": (
        lambda d: add_property(stubs(d, BASE)[0], "aibom:view", "derived"),
        "view-mismatch",
    ),
    "ancestor-of-one-that-has-none": (
        lambda d: element(d, CODE.id).update(
            pedigree={
                "ancestors": [
                    {
                        "type": "application",
                        "name": "x",
                        "properties": [{"name": "aibom:view", "value": "derived"}],
                    }
                ]
            }
        ),
        "view-mismatch",
    ),
    "descendants": (
        lambda d: element(d, CODE.id).update(
            pedigree={"descendants": [{"type": "application", "name": "x"}]}
        ),
        "view-mismatch",
    ),
    "dataset-removed-from-model-card": (
        lambda d: element(d, MODEL.id)["modelCard"]["modelParameters"].pop("datasets"),
        "view-mismatch",
    ),
    "dataset-added-to-model-card": (
        lambda d: element(d, MODEL.id)["modelCard"]["modelParameters"][
            "datasets"
        ].append({"ref": RAW.id}),
        "view-mismatch",
    ),
    "model-card-with-datasets-added": (
        lambda d: element(d, BASE.id).update(
            modelCard={"modelParameters": {"datasets": [{"ref": RAW.id}]}}
        ),
        "view-mismatch",
    ),
    "model-card-removed": (
        lambda d: element(d, MODEL.id).pop("modelCard"),
        "view-mismatch",
    ),
    "gap-removed": (
        lambda d: d["compositions"][0]["dependencies"].pop(),
        "view-mismatch",
    ),
    "gaps-called-complete": (
        lambda d: d["compositions"][0].update(aggregate="complete"),
        "view-mismatch",
    ),
    "organisation-renamed": (
        lambda d: named(
            d["declarations"]["targets"]["organizations"][:1], "Acme"
        ).update(name="Trusted Inc"),
        "view-mismatch",
    ),
    "organisations-removed": (lambda d: d.pop("declarations"), "view-mismatch"),
    "component-type-changed": (
        lambda d: element(d, RAW.id).update(type="file"),
        "view-mismatch",
    ),
    "task-type-changed": (
        lambda d: element(d, TRAINING.id).update(taskTypes=["test"]),
        "view-mismatch",
    ),
    "task-with-inputs-of-its-own": (
        lambda d: element(d, TRAINING.id).update(
            tasks=[{"bom-ref": "t", "uid": "t", "taskTypes": ["build"]}]
        ),
        "view-mismatch",
    ),
    "second-formula": (
        lambda d: d["formulation"].append({"workflows": []}),
        "view-mismatch",
    ),
    "data-type-changed": (
        lambda d: element(d, GUIDE.id)["data"][0].update(type="dataset"),
        "view-mismatch",
    ),
    "hash-on-a-distribution": (
        lambda d: element(d, BASE.id)["externalReferences"][0].update(
            hashes=[{"alg": "SHA-256", "content": "a" * 64}]
        ),
        "view-mismatch",
    ),
    "property-of-ours-that-means-nothing": (
        lambda d: add_property(element(d, MODEL.id), "aibom:licence", "MIT"),
        "view-mismatch",
    ),
    "origins-of-no-fact": (
        lambda d: add_property(element(d, MODEL.id), "aibom:origins:x", "0"),
        "view-mismatch",
    ),
    "unused-origin": (
        lambda d: add_property(
            d["metadata"],
            "aibom:origin:2",
            '{"cataloger":"z","digest":"","mode":"offline","pointer":""}',
        ),
        "view-mismatch",
    ),
}
CONTENT = {
    "hash-of-a-file-changed": (
        lambda d: files(d)[0]["hashes"][0].update(content="a" * 64),
        "manifest-mismatch",
    ),
    "file-removed": (lambda d: files(d).pop(), "manifest-mismatch"),
    "file-renamed": (lambda d: files(d)[0].update(name="b"), "manifest-mismatch"),
    "file-renamed-outside": (
        lambda d: files(d)[0].update(name="../b"),
        "manifest-mismatch",
    ),
    "file-twice": (
        lambda d: files(d).append({**files(d)[0], "description": "again"}),
        "manifest-mismatch",
    ),
    "file-of-another-component-changed": (
        lambda d: named(element(d, SERVER.id)["components"], "server.py")["hashes"][
            0
        ].update(content="a" * 64),
        "manifest-mismatch",
    ),
    "part-that-is-no-file": (
        lambda d: files(d).append({"type": "library", "name": "x"}),
        "file-invalid",
    ),
    "file-without-hash": (lambda d: files(d)[0].pop("hashes"), "file-invalid"),
    "file-without-size": (lambda d: files(d)[0].pop("properties"), "file-invalid"),
    "size-superscript": (
        lambda d: set_property(files(d)[0], "aibom:size", "²"),
        "file-invalid",
    ),
    "size-of-a-thousand-digits": (
        lambda d: set_property(files(d)[0], "aibom:size", "9" * 5000),
        "file-invalid",
    ),
    "size-negative": (
        lambda d: set_property(files(d)[0], "aibom:size", "-1"),
        "file-invalid",
    ),
    "tree-digest-changed": (
        lambda d: set_property(element(d, RAW.id), "aibom:digest:tree", "a" * 64),
        "digest-contradicted",
    ),
    "tree-digest-removed": (
        lambda d: set_property(element(d, RAW.id), "aibom:digest:tree", None),
        "digest-contradicted",
    ),
    "hash-changed": (
        lambda d: element(d, LABELS.id)["hashes"][0].update(content="a" * 64),
        "digest-contradicted",
    ),
    "hash-removed": (
        lambda d: element(d, LABELS.id).pop("hashes"),
        "digest-contradicted",
    ),
    "hash-given-to-the-undigested": (
        lambda d: element(d, OLDER.id).update(
            hashes=[{"alg": "SHA-256", "content": "a" * 64}]
        ),
        "digest-contradicted",
    ),
}


def test_everything_is_valid_to_begin_with():
    assert reasons(written(everything())) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    (VIEWS | CONTENT).values(),
    ids=VIEWS | CONTENT,
)
def test_edited_document_is_found_out(change, reason):
    document = written(everything())
    change(document)
    found = profile_problems(document, DIGEST)
    assert reason in {problem.reason for problem in found}
    assert all(problem.level == "profile" for problem in found)
    assert all(problem.pointer[:1] in ("", "/") for problem in found)
    assert all(len(problem.message) < 1000 for problem in found)


# ── the lineage itself ──────────────


def test_document_of_somebody_else_is_not_in_our_profile():
    (problem,) = profile_problems(bom(), DIGEST)
    assert problem.reason == "profile-missing"
    assert "assemble" in str(problem.hint)


def test_cycle_is_named():
    one, other = (
        a_node(Kind.MODEL, "1", {"name": "hen"}),
        a_node(Kind.MODEL, "2", {"name": "egg"}),
    )
    edges = [
        an_edge(one, Relation.DERIVED_FROM, other),
        an_edge(other, Relation.DERIVED_FROM, one),
    ]
    (problem,) = profile_problems(
        written(Graph.of([one, other], edges, one.id)), DIGEST
    )
    assert problem.reason == "lineage-cycle"
    assert "hen" in problem.message
    assert "egg" in problem.message


def test_root_without_a_digest_is_a_problem():
    root = undigested(Kind.MODEL, name="somewhere")
    (problem,) = profile_problems(written(around(root)), DIGEST)
    assert (problem.reason, problem.pointer) == (
        "root-undigested",
        "/metadata/component",
    )


def test_one_digest_of_two_kinds_is_a_problem():
    document = rename_everywhere(written(everything()), "code:tree:", "system:tree:")
    assert reasons(document) == ["kind-contradicted"]


def test_pointer_leads_to_the_entry_where_it_stands():
    document = written(everything())
    document["components"].reverse()
    element(document, GUIDE.id)["data"][0]["type"] = "dataset"
    (problem,) = profile_problems(document, DIGEST)
    index = document["components"].index(element(document, GUIDE.id))
    assert problem.pointer == f"/components/{index}/data/0/type"


def test_at_most_fifty_problems_are_listed():
    nodes = [a_node(Kind.DATASET, n) for n in range(60)]
    document = written(Graph.of([MODEL, *nodes], [], MODEL.id))
    for component in document["components"]:
        component["data"][0]["type"] = "other"
    found = profile_problems(document, DIGEST)
    assert len(found) == 51
    assert found[-1].reason == "problems-not-shown"


# ── what makes nothing invalid ──────────────


def reorder(document):
    for key in ("components", "dependencies"):
        document[key].reverse()
    for owner in (*document["components"], document["metadata"]["component"]):
        owner["properties"].reverse()
        owner.get("components", []).reverse()
    for workflow in document["formulation"][0]["workflows"]:
        for key in ("inputs", "outputs", "properties"):
            workflow.get(key, []).reverse()
    document["formulation"][0]["workflows"].reverse()
    document["declarations"]["targets"]["organizations"].reverse()


HARMLESS = {
    "annotation": lambda d: d.update(
        annotations=[
            {
                "subjects": [RAW.id],
                "annotator": {"individual": {"name": "p-1"}},
                "timestamp": "2026-11-20T08:00:00Z",
                "text": "seen",
            }
        ]
    ),
    "vulnerability": lambda d: d.update(
        vulnerabilities=[{"id": "ADV-1", "affects": [{"ref": MODEL.id}]}]
    ),
    "timestamp": lambda d: d["metadata"].update(timestamp="2026-11-20T08:00:00Z"),
    "tool-version": lambda d: d["metadata"]["tools"]["components"][0].update(
        version="99"
    ),
    "tool-added": lambda d: d["metadata"]["tools"]["components"].append(
        {"type": "application", "name": "merger"}
    ),
    "author": lambda d: d["metadata"].update(authors=[{"name": "A."}]),
    "serial-number": lambda d: d.update(
        serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", version=2
    ),
    "not-called-reproducible": lambda d: metadata_property(d, "cdx:reproducible", None),
    "order": reorder,
    "property-of-another": lambda d: add_property(
        element(d, MODEL.id), "acme:reviewed", "yes"
    ),
    "property-of-another-on-an-input": lambda d: add_property(
        inputs(d, TRAINING)[0], "aaa:note", "x"
    ),
    "metrics-in-the-model-card": lambda d: element(d, MODEL.id)["modelCard"].update(
        quantitativeAnalysis={"performanceMetrics": [{"type": "a", "value": "1"}]}
    ),
    "model-card-without-datasets": lambda d: element(d, BASE.id).update(
        modelCard={"modelParameters": {"task": "classification"}}
    ),
    "pedigree-notes": lambda d: element(d, CODE.id).update(pedigree={"notes": "x"}),
    "external-reference": lambda d: element(d, BASE.id)["externalReferences"].insert(
        0, {"type": "website", "url": "https://acme.example"}
    ),
    "first-external-reference": lambda d: element(d, CODE.id).update(
        externalReferences=[{"type": "website", "url": "https://acme.example"}]
    ),
    "endpoints-of-a-service": lambda d: element(d, TOOL.id).update(
        endpoints=["https://acme.example"], authenticated=True
    ),
    "claims": lambda d: d["declarations"].update(claims=[{"bom-ref": "c"}]),
    "copyright": lambda d: element(d, SYSTEM.id).update(copyright="Acme"),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_harmless_edit_stays_valid_and_changes_no_lineage(change):
    document = written(everything())
    change(document)
    assert schema_problems(document) == ()
    assert reference_problems(document) == ()
    assert profile_problems(document, DIGEST) == ()
    assert decode(document, DIGEST) == everything()


def owners(document):
    return {
        "metadata": document["metadata"],
        "main-component": element(document, MODEL.id),
        "component": element(document, RAW.id),
        "file": files(document)[0],
        "service": element(document, TOOL.id),
        "ancestor": stubs(document, BASE)[0],
        "derived-ancestor": stubs(document, MODEL)[0],
        "model-card": element(document, MODEL.id)["modelCard"],
        "step": element(document, TRAINING.id),
        "input": inputs(document, TRAINING)[0],
        "output": element(document, TRAINING.id)["outputs"][0],
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aibom:assurance", "verified"),
        ("aibom:assurance:licence", "attested"),
        ("aibom:tier", "low"),
        ("aibom:level", "verified"),
        ("aibom:verified", "true"),
        ("aibom:trust", "full"),
        ("aibom:verdict", "allowed"),
    ],
)
@pytest.mark.parametrize("place", owners(written(everything())))
def test_judgement_is_a_notice_and_counts_for_nothing(place, name, value):
    document = written(everything())
    before = notices(document, DIGEST)
    add_property(owners(document)[place], name, value)
    (notice,) = set(notices(document, DIGEST)) - set(before)
    assert notice.startswith(name)
    assert profile_problems(document, DIGEST) == ()
    assert decode(document, DIGEST) == everything()


def test_notices_of_an_unreadable_document_are_its_judgements():
    document = written(everything())
    add_property(element(document, RAW.id), "aibom:tier", "low")
    metadata_property(document, "aibom:profile", "2")
    (notice,) = notices(document, DIGEST)
    assert notice.startswith("aibom:tier")


# ── facts are not views ──────────────


def test_edited_fact_is_another_graph_and_no_problem_by_itself():
    """Only a signature can tell who wrote a fact; no other place repeats it."""
    document = written(around(RAW))
    element(document, RAW.id)["name"] = "trusted"
    assert profile_problems(document, DIGEST) == ()
    assert decode(document, DIGEST).nodes[RAW.id].values("name") == ("trusted",)


def test_edited_name_of_an_ancestor_is_found_out_by_its_stubs():
    document = written(everything())
    element(document, BASE.id)["name"] = "trusted/base"
    assert set(reasons(document)) == {"view-mismatch"}


def test_person_keeps_the_pseudonym_as_a_name():
    document = written(everything())
    organizations = document["declarations"]["targets"]["organizations"]
    (person,) = [item for item in organizations if "contact" in item]
    assert person["contact"][0]["bom-ref"] == ALICE.id
    person["contact"][0]["name"] = "Alice"
    assert set(reasons(document)) == {"view-mismatch"}


def test_digest_of_a_bom_ref_must_be_one():
    old, new = REVIEWS.id.rpartition(":")[2], sha256("x").upper()
    document = rename_everywhere(written(everything()), old, new)
    assert reasons(document) == ["digest-malformed"]
