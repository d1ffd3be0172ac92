"""Documents that others wrote: what they claim becomes a graph, and nothing more."""

from __future__ import annotations

import copy
import json

import pytest
from bom_graphs import everything, set_property, written
from cyclonedx_documents import bom, changed

from aibom.bom.decode import decode, is_profiled
from aibom.bom.parse import parse
from aibom.bom.schema import schema_problems
from aibom.errors import DocumentInvalid
from aibom.lineage.graph import Graph, find_cycles
from aibom.lineage.nodes import Kind, Origin, Relation, State

DIGEST = "d" * 64
SHA = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BASE = {
    "type": "machine-learning-model",
    "name": "acme/base",
    "purl": f"pkg:huggingface/acme/base@{COMMIT}",
}


def document(main, *components, **members):
    """A small valid document about ``main``."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": main},
        "components": list(components),
        **members,
    }


def model(**members):
    return {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": "acme/lab-7",
        "hashes": [{"alg": "SHA-256", "content": SHA}],
        **members,
    }


def dataset(**members):
    return {"type": "data", "bom-ref": "data", "name": "reviews", **members}


def card(*datasets):
    return {"modelParameters": {"datasets": list(datasets)}}


def read(value) -> Graph:
    assert schema_problems(value) == ()
    return decode(value, DIGEST)


def names(graph, *pairs):
    """Edges as (name of source, relation, name of target, role)."""
    return {
        (
            graph.nodes[edge.source].label,
            edge.relation.value,
            graph.nodes[edge.target].label,
            edge.role,
        )
        for edge in graph.edges
    }


# ── components ──────────────


@pytest.mark.parametrize(
    ("kind_of_component", "kind"),
    [
        ("machine-learning-model", Kind.MODEL),
        ("data", Kind.DATASET),
        ("application", Kind.SYSTEM),
        ("library", Kind.CODE),
        ("container", Kind.CODE),
    ],
)
def test_type_gives_the_kind(kind_of_component, kind):
    graph = read(document({"type": kind_of_component, "name": "x"}))
    assert graph.nodes[graph.root].kind is kind


def test_fields_become_facts_from_this_place_of_this_file():
    main = model(
        version=COMMIT,
        purl=BASE["purl"],
        description="d",
        licenses=[{"license": {"id": "MIT"}}],
        externalReferences=[
            {"type": "distribution", "url": "https://acme.example/x?y"},
            {"type": "website", "url": "https://acme.example"},
        ],
    )
    graph = read(document(main))
    root = graph.nodes[graph.root]
    assert {(fact.field, fact.value) for fact in root.facts} == {
        ("name", "acme/lab-7"),
        ("revision", COMMIT),
        ("source", BASE["purl"]),
        ("description", "d"),
        ("licence", "MIT"),
        ("location", "https://acme.example/x?y"),
    }
    here = Origin("bom", DIGEST, "/metadata/component")
    assert root.origins == {here}
    assert all(fact.origins == {here} for fact in root.facts)


@pytest.mark.parametrize(
    "licence",
    [{"expression": "MIT"}, {"license": {"id": "MIT"}}, {"license": {"name": "MIT"}}],
)
def test_licence_is_read_in_each_form(licence):
    graph = read(document(model(licenses=[licence])))
    assert graph.nodes[graph.root].value("licence") == "MIT"


def test_two_licences_are_a_disagreement_and_neither_is_chosen():
    both = [{"license": {"id": "MIT"}}, {"license": {"name": "ours"}}]
    graph = read(document(model(licenses=both)))
    assert graph.nodes[graph.root].state("licence") is State.CONTRADICTED


@pytest.mark.parametrize(
    ("hashes", "digested"),
    [
        ([{"alg": "SHA-256", "content": SHA}], True),
        ([{"alg": "SHA-256", "content": SHA.upper()}], True),
        ([], False),
        ([{"alg": "SHA-512", "content": "a" * 128}], False),
        ([{"alg": "SHA-256", "content": "a" * 40}], False),
        ([{"alg": "SHA-256", "content": c * 64} for c in "ab"], False),
    ],
    ids=["one", "capitals", "none", "another", "too-short", "two"],
)
def test_identity_is_the_one_sha256(hashes, digested):
    graph = read(document(model(hashes=hashes)))
    digest = graph.nodes[graph.root].digest
    assert (digest is not None) == digested
    if digested:
        assert str(digest) == f"sha256:{SHA}"


def test_one_name_does_not_join_two_components():
    one, other = dataset(), dataset(**{"bom-ref": "other"})
    assert len(read(document(model(), one, other)).nodes) == 3


def test_one_digest_joins_two_components():
    hashes = [{"alg": "SHA-256", "content": "b" * 64}]
    one = dataset(hashes=hashes)
    other = dataset(hashes=hashes, **{"bom-ref": "other", "name": "again"})
    graph = read(document(model(), one, other))
    (found,) = [n for n in graph.nodes.values() if n.kind is Kind.DATASET]
    assert found.values("name") == ("again", "reviews")
    assert len(found.origins) == 2


def test_one_digest_of_two_kinds_is_refused():
    hashes = [{"alg": "SHA-256", "content": SHA}]
    with pytest.raises(DocumentInvalid) as caught:
        read(document(model(), dataset(hashes=hashes)))
    assert caught.value.reason == "kind-contradicted"


def test_files_are_left_out_and_nested_components_are_not():
    inner = {"type": "library", "bom-ref": "in", "name": "inner"}
    outer = {"type": "library", "bom-ref": "out", "name": "o", "components": [inner]}
    file = {"type": "file", "name": "weights", "components": [dataset()]}
    graph = read(document(model(components=[file]), outer))
    origins = {o.pointer for node in graph.nodes.values() for o in node.origins}
    assert origins == {
        "/metadata/component",
        "/components/0",
        "/components/0/components/0",
    }


# ── claims about lineage ──────────────


def test_ancestors_and_theirs_are_derived_from():
    older = {"type": "machine-learning-model", "name": "acme/older"}
    base = {**BASE, "pedigree": {"ancestors": [older]}}
    graph = read(document(model(pedigree={"ancestors": [base]})))
    assert names(graph) == {
        ("acme/lab-7", "derived-from", "acme/base", "ancestor"),
        ("acme/base", "derived-from", "acme/older", "ancestor"),
    }
    place = "/metadata/component/pedigree/ancestors/0"
    (edge,) = graph.edges_from(str(graph.root), Relation.DERIVED_FROM)
    assert edge.origins == {Origin("bom", DIGEST, place)}


def test_ancestor_of_a_component_without_a_bom_ref_is_read():
    main = {**BASE, "pedigree": {"ancestors": [{**BASE, "name": "acme/older"}]}}
    assert names(read(document(main))) == {
        ("acme/base", "derived-from", "acme/older", "ancestor")
    }


def test_datasets_by_reference_and_inline_are_training_data():
    inline = {
        "type": "dataset",
        "name": "inline",
        "contents": {"url": "https://acme.example/data"},
    }
    other = {"type": "configuration", "name": "not data"}
    main = model(modelCard=card({"ref": "data"}, inline, other, {"ref": "nowhere"}))
    graph = read(document(main, dataset()))
    assert names(graph) == {
        ("acme/lab-7", "derived-from", "reviews", "training-data"),
        ("acme/lab-7", "derived-from", "inline", "training-data"),
    }
    (found,) = [n for n in graph.nodes.values() if n.label == "inline"]
    assert found.digest is None
    assert found.value("location") == "https://acme.example/data"


def test_a_dataset_that_says_nothing_is_none():
    """Valid: an object with a reference, and without it."""
    main = model(modelCard=card({}, {"ref": "data"}))
    assert names(read(document(main, dataset()))) == {
        ("acme/lab-7", "derived-from", "reviews", "training-data")
    }


def test_dependencies_between_components_are_requirements():
    app = {"type": "application", "bom-ref": "app", "name": "app"}
    members = {
        "services": [{"bom-ref": "service", "name": "s"}],
        "dependencies": [
            {"ref": "app", "dependsOn": ["model", "service"]},
            {"ref": "service", "dependsOn": ["model"]},
        ],
    }
    graph = read(document(app, model(), **members))
    assert names(graph) == {("app", "requires", "acme/lab-7", "depends-on")}


def test_same_bytes_as_its_own_ancestor_is_no_edge():
    same = {**BASE, "hashes": [{"alg": "SHA-256", "content": SHA}]}
    graph = read(document(model(pedigree={"ancestors": [same]})))
    assert graph.edges == ()


def test_cycle_of_claims_is_kept_for_others_to_find():
    main = model(modelCard=card())
    other = {**model(), "bom-ref": "other", "hashes": []}
    loop = [
        {"ref": "model", "dependsOn": ["other"]},
        {"ref": "other", "dependsOn": ["model"]},
    ]
    assert len(find_cycles(read(document(main, other, dependencies=loop)))) == 1


def test_steps_and_properties_of_others_close_nothing():
    value = bom("1.6")
    graph = read(value)
    kinds = {node.kind for node in graph.nodes.values()}
    assert kinds.isdisjoint({Kind.STEP, Kind.PARTY})
    assert {e.relation for e in graph.edges} == {
        Relation.DERIVED_FROM,
        Relation.REQUIRES,
    }


# ── whole documents ──────────────

#: In the shape of the examples of the CycloneDX guide to ML-BOMs.
GUIDE_STYLE = document(
    model(
        version=COMMIT,
        purl=f"pkg:huggingface/acme/lab-7@{COMMIT}",
        pedigree={"ancestors": [BASE]},
        modelCard={
            **card({"ref": "data"}),
            "properties": [{"name": "cdx:ai-ml:model:modality", "value": "text"}],
        },
        components=[
            {
                "type": "file",
                "name": "model.safetensors",
                "hashes": [{"alg": "SHA-256", "content": "c" * 64}],
            }
        ],
    ),
    dataset(data=[{"type": "dataset", "contents": {"url": "https://acme.example"}}]),
    {"type": "library", "bom-ref": "torch", "name": "torch", "version": "2.9.0"},
    dependencies=[{"ref": "model", "dependsOn": ["torch"]}],
    compositions=[{"aggregate": "incomplete", "assemblies": ["model"]}],
)


def test_guide_style_document_is_read():
    graph = read(GUIDE_STYLE)
    assert names(graph) == {
        ("acme/lab-7", "derived-from", "acme/base", "ancestor"),
        ("acme/lab-7", "derived-from", "reviews", "training-data"),
        ("acme/lab-7", "requires", "torch", "depends-on"),
    }
    assert graph.nodes[graph.root].id == f"model:file:{SHA}"
    assert not is_profiled(GUIDE_STYLE)


@pytest.mark.parametrize("version", ["1.5", "1.6", "1.7"])
def test_document_with_every_part_is_read(version):
    graph = read(bom(version))
    assert graph.nodes[graph.root].label == "app"
    assert ("app", "requires", "acme/classifier", "depends-on") in names(graph)


def test_bytes_of_the_file_do_not_change_identities_only_origins():
    one, other = decode(GUIDE_STYLE, "1" * 64), decode(GUIDE_STYLE, "2" * 64)
    assert set(one.nodes) == set(other.nodes)
    assert one != other


def test_reading_changes_nothing_in_the_document():
    value = copy.deepcopy(GUIDE_STYLE)
    decode(value, DIGEST)
    assert value == GUIDE_STYLE


@pytest.mark.parametrize(
    "metadata", [{}, {"timestamp": "2026-11-20T08:00:00Z"}, {"component": None}]
)
def test_document_about_nothing_is_refused(metadata):
    value = document(model())
    if metadata.get("component", 0) is None:
        value["metadata"] = {"component": {"type": "file", "name": "x"}}
    else:
        value["metadata"] = metadata
    with pytest.raises(DocumentInvalid) as caught:
        read(value)
    assert caught.value.reason == "root-missing"


def test_document_without_metadata_is_refused():
    value = document(model())
    del value["metadata"]
    with pytest.raises(DocumentInvalid) as caught:
        read(value)
    assert caught.value.reason == "root-missing"


def test_our_own_document_without_its_profile_is_only_claims():
    value = written(everything())
    set_property(value["metadata"], "aibom:profile", None)
    kinds = {node.kind for node in read(value).nodes.values()}
    assert kinds.isdisjoint({Kind.STEP, Kind.PARTY})


def test_ancestors_of_ancestors_need_no_stack():
    stub: dict = dict(BASE)
    for number in range(60):
        stub = {**BASE, "name": f"n{number}", "pedigree": {"ancestors": [stub]}}
    value = document(model(pedigree={"ancestors": [stub]}))
    data = json.dumps(value).encode()
    assert len(decode(parse(data, "bom").document, DIGEST).nodes) == 62


def test_dangling_references_are_no_edges():
    value = changed(document(model()), "/dependencies", [{"ref": "a", "dependsOn": []}])
    value["dependencies"].append({"ref": "model", "dependsOn": ["b"]})
    assert read(value).edges == ()
