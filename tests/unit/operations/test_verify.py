"""Verification: every way in which it must fail, each with its own reason code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from worlds import (
    ANNE,
    MODEL,
    NOW,
    World,
    an_edge,
    map_edges,
    signers_document,
    signing,
    step_options,
    with_fact,
    with_parts,
    without_edges,
)

from aibom.attest.bundle import parse_bundle
from aibom.digest import BOM_NAME, BUNDLE_NAME, Digest
from aibom.errors import AibomError, InputError, PolicyInvalid, VerificationFailed
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation
from aibom.operations.assemble import assemble
from aibom.operations.signing.sign import sign_artifact
from aibom.operations.verdicts.summary import summary_of
from aibom.operations.verify import load_signers, verify
from aibom.recording import record
from aibom.report.verified import draw_verified
from aibom.statement import to_json

Change = Callable[[World], object]


@dataclass(frozen=True)
class Case:
    """What is done to the world, and what verification must answer."""

    reason: str
    change: Change
    error: type[AibomError] = VerificationFailed


def refused(world: World, error: type[AibomError] = VerificationFailed) -> AibomError:
    with pytest.raises(error) as caught:
        world.verify()
    return caught.value


def write(name: str, text: str) -> Change:
    return lambda world: (world.model / name).write_text(text)


def delete(name: str) -> Change:
    return lambda world: (world.model / name).unlink()


def swap_files(world: World) -> None:
    one, other = world.model / "weights.bin", world.model / "config/config.json"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def edit(change: Callable[[dict[str, Any]], object], signer: str = "release") -> Change:
    return lambda world: world.sign_statement(change, signer)


def subject_of(document: dict[str, Any], number: int) -> dict[str, Any]:
    found: dict[str, Any] = document["subject"][number]
    return found


def in_bundle(change: Callable[[dict[str, Any]], object]) -> Change:
    def apply(world: World) -> None:
        document = json.loads(world.bundle.read_bytes())
        change(document)
        world.bundle.write_bytes(to_json(document))

    return apply


def bundle_of_base(world: World) -> None:
    shutil.copy(world.evidence / "base" / BUNDLE_NAME, world.bundle)


def pair_of_base(world: World) -> None:
    for name in (BOM_NAME, BUNDLE_NAME):
        shutil.copy(world.evidence / "base" / name, world.model / name)


def other_predicate(document: dict[str, Any]) -> None:
    document["predicateType"] = "https://slsa.dev/provenance/v1"


def name_it(name: str) -> Change:
    """Call the model so, in the BOM and in its statement; signed by release."""

    def rename(graph: Graph) -> Graph:
        node = graph.nodes[str(graph.root)]
        facts = tuple(f for f in node.facts if f.field != "name")
        named = replace(node, facts=facts)
        others = [other for other in graph.nodes.values() if other.id != node.id]
        bare = Graph.of((*others, named), graph.edges, graph.root)
        return with_fact(bare, node.id, "name", name)

    return lambda world: world.rewrite(rename)


def expire(field: str, value: str) -> Change:
    def apply(document: dict[str, Any]) -> None:
        for entry in document["signers"]:
            if entry["role"] == "release":
                entry[field] = value

    return lambda world: world.edit_yaml("signers.yaml", apply)


def signed_by(role: str) -> Change:
    """Signed once more, with the key of a role."""
    return lambda world: sign_artifact(world.model, signing(role))


ARTIFACT = {
    "weights-changed": Case("digest-mismatch", write("weights.bin", "tunes")),
    "files-swapped": Case("digest-mismatch", swap_files),
    "file-missing": Case("file-missing", delete("config/config.json")),
    "file-extra": Case("file-extra", write("extra.py", "import os")),
    "bom-changed": Case(
        "bom-digest-mismatch",
        lambda world: world.bom.write_bytes(world.bom.read_bytes() + b"\n"),
    ),
    "bom-missing": Case("bom-missing", delete(BOM_NAME)),
    "bundle-missing": Case("signature-absent", delete(BUNDLE_NAME)),
    "bundle-dangling": Case(
        "signature-absent",
        lambda world: (world.bundle.unlink(), world.bundle.symlink_to("gone")),
    ),
    "bundle-not-json": Case("bundle-malformed", write(BUNDLE_NAME, "{")),
    "bundle-of-the-base": Case("bom-digest-mismatch", bundle_of_base),
    "bom-and-bundle-of-the-base": Case("file-extra", pair_of_base),
    "stranger": Case("signer-not-allowed", signed_by("nobody")),
    "signer-of-data": Case("predicate-not-allowed", signed_by("data")),
    "signer-of-another-namespace": Case("namespace-not-allowed", signed_by("base")),
    "expired": Case("signer-expired", expire("valid_until", "2026-11-21")),
    "not-yet-valid": Case("signer-expired", expire("valid_from", "2026-11-22")),
    "signature-of-others": Case(
        "signature-invalid",
        in_bundle(
            lambda bundle: bundle["dsseEnvelope"]["signatures"][0].update(sig="AAAA")
        ),
    ),
    "other-payload": Case(
        "signature-invalid",
        in_bundle(lambda bundle: bundle["dsseEnvelope"].update(payload="e30=")),
    ),
    "other-predicate": Case("predicate-not-allowed", edit(other_predicate)),
    "folder-named-otherwise": Case(
        "subject-mismatch",
        edit(lambda d: subject_of(d, 1).update(name="acme/models/x")),
    ),
    "folder-of-another-digest": Case(
        "subject-mismatch",
        edit(lambda d: subject_of(d, 1).update(digest={"sha256": "a" * 64})),
    ),
    "folder-is-a-dataset": Case(
        "subject-mismatch",
        edit(
            lambda d: subject_of(d, 1)["annotations"].update({"aibom:kind": "dataset"})
        ),
    ),
    "folder-is-a-file": Case(
        "subject-mismatch",
        edit(lambda d: subject_of(d, 1)["annotations"].pop("aibom:form")),
    ),
    "file-left-out": Case("subject-mismatch", edit(lambda d: d["subject"].pop())),
    "files-left-out": Case(
        "subject-mismatch", edit(lambda d: d.update(subject=d["subject"][:2]))
    ),
    "file-added": Case(
        "subject-mismatch",
        edit(
            lambda d: d["subject"].append({"name": "x", "digest": {"sha256": "a" * 64}})
        ),
    ),
    "file-twice": Case(
        "subject-mismatch",
        edit(
            lambda d: d["subject"].append(
                {**subject_of(d, 2), "digest": {"sha256": "0" * 64}}
            )
        ),
    ),
    "two-boms": Case(
        "subject-mismatch", edit(lambda d: d["subject"].append(subject_of(d, 0)))
    ),
    "two-artifacts": Case(
        "subject-mismatch", edit(lambda d: d["subject"].append(subject_of(d, 1)))
    ),
    "reference-to-another-bom": Case(
        "subject-mismatch", edit(lambda d: d["predicate"].update(references=[]))
    ),
    "name-of-another-namespace": Case(
        "namespace-not-allowed", name_it("acme/production/reader")
    ),
    "look-alike-namespace": Case(
        "namespace-not-allowed", name_it("acme/models-evil/x")
    ),
    "name-that-climbs": Case("namespace-not-allowed", name_it("acme/models/..")),
}


@pytest.mark.parametrize("case", ARTIFACT.values(), ids=ARTIFACT)
def test_artifact_is_refused(world: World, case: Case) -> None:
    case.change(world)
    error = refused(world, case.error)
    assert error.reason == case.reason
    assert world.gate().exit_code == error.exit_code


def base_file(name: str) -> Callable[[World], Path]:
    return lambda world: world.evidence / "base" / name


def resign_base(signer: str) -> Change:
    """Another's signature on the base's BOM, in place of the owner's."""
    return lambda world: world.resign(world.evidence / "base" / BUNDLE_NAME, signer)


def link_elsewhere(graph: Graph) -> Graph:
    """The base's BOM linked from the labels, which it does not describe."""
    base = next(n for n in graph.nodes.values() if n.values("upstream-bom"))
    labels = next(
        n for n in graph.nodes.values() if "acme/data/labels" in n.values("name")
    )
    return with_fact(graph, labels.id, "upstream-bom", base.values("upstream-bom")[0])


def other_link(graph: Graph) -> Graph:
    """The base linked to the right bytes, under another serial number."""
    base = next(n for n in graph.nodes.values() if n.values("upstream-bom"))
    digest = base.values("upstream-bom")[0].rpartition("@")[2]
    link = f"urn:cdx:{'0' * 8}-0000-0000-0000-{'0' * 12}/1@{digest}"
    return with_fact(graph, base.id, "upstream-bom", link)


def call_base_production(graph: Graph) -> Graph:
    base = next(n for n in graph.nodes.values() if n.values("upstream-bom"))
    return with_fact(graph, base.id, "name", "acme/production/base")


UPSTREAM = {
    "unsigned": Case(
        "signature-absent", lambda world: base_file(BUNDLE_NAME)(world).unlink()
    ),
    "changed": Case(
        "bom-digest-mismatch",
        lambda world: base_file(BOM_NAME)(world).write_bytes(b"{}"),
    ),
    "stranger": Case("signer-not-allowed", resign_base("nobody")),
    "other-predicate": Case("predicate-not-allowed", resign_base("auditor")),
    "other-namespace": Case("namespace-not-allowed", resign_base("lab")),
    "root-is-another": Case(
        "upstream-root-mismatch", lambda world: world.rewrite(link_elsewhere)
    ),
    "link-is-another": Case(
        "upstream-root-mismatch", lambda world: world.rewrite(other_link)
    ),
    "called-otherwise-below": Case(
        "namespace-not-allowed", lambda world: world.rewrite(call_base_production)
    ),
}


@pytest.mark.parametrize("case", UPSTREAM.values(), ids=UPSTREAM)
def test_upstream_is_refused(world: World, case: Case) -> None:
    case.change(world)
    assert refused(world).reason == case.reason
    assert world.gate().exit_code == 11


def of_tuning(edge: Edge, relation: Relation, role: str) -> bool:
    return edge.relation is relation and edge.role == role


def drop_edge(relation: Relation, role: str) -> Callable[[Graph], Graph]:
    return lambda graph: without_edges(graph, lambda e: of_tuning(e, relation, role))


def change_role(graph: Graph) -> Graph:
    return map_edges(
        graph,
        lambda e: replace(e, role="answer-sheet") if e.role == "base-model" else e,
    )


def change_source(graph: Graph) -> Graph:
    def other(edge: Edge) -> Edge:
        if edge.role != "base-model":
            return edge
        facts = [
            replace(f, value="pkg:generic/acme/other@1") if f.field == "source" else f
            for f in edge.facts
        ]
        return replace(edge, facts=tuple(facts))

    return map_edges(graph, other)


def step_called(graph: Graph, kind: str) -> str:
    return next(n.id for n in graph.nodes.values() if kind in n.values("step"))


def add_input(graph: Graph) -> Graph:
    digest = Digest("file", "a" * 64)
    node = Node(
        (),
        frozenset({Origin("editor")}),
        id=entity_id(Kind.DATASET, digest),
        kind=Kind.DATASET,
    )
    step = step_called(graph, "fine-tune")
    edge = an_edge(step, Relation.USED, node.id, "training-data")
    return with_parts(graph, [node], [edge])


def add_output(graph: Graph) -> Graph:
    """The labelling is said to have made the base too."""
    base = next(n for n in graph.nodes.values() if n.values("upstream-bom"))
    step = step_called(graph, "label")
    return with_parts(graph, [], [an_edge(step, Relation.GENERATED, base.id)])


def change_parameter(graph: Graph) -> Graph:
    step = graph.nodes[step_called(graph, "fine-tune")]
    facts = tuple(
        Fact(f.field, "0.1", f.origins) if f.field == "parameter.learning-rate" else f
        for f in step.facts
    )
    others = [node for node in graph.nodes.values() if node.id != step.id]
    return Graph.of((*others, replace(step, facts=facts)), graph.edges, graph.root)


def drop_anne(graph: Graph) -> Graph:
    return without_edges(graph, lambda edge: edge.target == f"party:{ANNE}")


def add_fact(graph: Graph) -> Graph:
    return with_fact(graph, step_called(graph, "label"), "recheck", "full")


MISMATCHES: dict[str, Callable[[Graph], Graph]] = {
    "input-removed": drop_edge(Relation.USED, "training-data"),
    "input-added": add_input,
    "role-changed": change_role,
    "source-changed": change_source,
    "party-removed": drop_anne,
    "parameter-changed": change_parameter,
    "output-added": add_output,
    "fact-added": add_fact,
}


@pytest.mark.parametrize("change", MISMATCHES.values(), ids=MISMATCHES)
def test_bom_that_disagrees_with_a_record_is_refused(
    world: World, change: Callable[[Graph], Graph]
) -> None:
    world.rewrite(change)
    error = refused(world)
    assert error.reason == "step-record-mismatch"
    assert str(world.evidence.name) in str(error.where)
    assert world.gate().exit_code == 11


def test_record_of_a_stranger_must_agree_all_the_same(world: World) -> None:
    world.resign(world.record_of("fine-tune"), "nobody")
    assert world.gate().reason == "step-record-untrusted"
    world.rewrite(change_source)
    assert refused(world).reason == "step-record-mismatch"


def test_untouched_world_is_verified(pristine: World) -> None:
    verified = pristine.verify()
    assert (verified.name, verified.ancestors) == (MODEL, "linked BOMs verified: 1")
    assert verified.signer is not None
    assert verified.signer.name == "acme release"
    assert verified.upstream == ("acme/models/base, signed by acme base",)
    assert all(item.trusted for item in verified.evidence.items)
    summary = summary_of(verified)
    assert (summary.steps, summary.steps_recorded) == (3, 3)
    assert {place for place, _ in verified.boms} == {
        BOM_NAME,
        f"evidence/base/{BOM_NAME}",
    }
    text = draw_verified(summary)
    assert "3 of 3" in text
    assert MODEL in text


def test_an_upstream_bom_that_is_missing_leaves_the_lineage_open(world: World) -> None:
    """Unknown, and not a failure: nothing that is there is wrong."""
    shutil.rmtree(world.evidence / "base")
    verified = world.verify()
    assert "INCOMPLETE" in verified.ancestors
    (unresolved,) = verified.evidence.unresolved
    assert verified.graph.nodes[unresolved].values("upstream-bom")
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (3, "upstream-bom-missing")
    found = {
        r.rule: r.path[-1].node
        for r in verdict.findings
        if r.reason == "upstream-bom-missing"
    }
    assert found == {"lineage-open": unresolved, "ancestor-tainted": unresolved}


def test_depth_0_says_that_ancestors_are_not_verified(world: World) -> None:
    shutil.rmtree(world.evidence / "base")
    verified = world.verify(depth=0)
    assert verified.ancestors == "NOT verified (--depth 0)"
    assert verified.upstream == ()
    assert "NOT verified" in draw_verified(summary_of(verified))


def test_housekeeping_is_reported_and_does_not_count(world: World) -> None:
    (world.model / ".git").mkdir()
    (world.model / ".git/config").write_text("[core]\n")
    assert ".git/" in " ".join(world.verify().housekeeping)
    assert ".git/" in " ".join(world.gate().inputs.housekeeping)


def test_every_difference_is_told(world: World) -> None:
    """Changed, not in the BOM, missing; the first few of each, and both ways out."""
    (world.model / "weights.bin").write_text("other")
    (world.model / "config/config.json").unlink()
    for number in range(15):
        (world.model / f"extra-{number:02}.py").write_text("import os")
    error = refused(world)
    place = str(world.model / "config/config.json")
    assert (error.reason, error.where) == ("file-missing", place)
    # All are told; the first of them is the place.
    missing, extra, changed = error.message.split("; ")
    assert missing == "missing: config/config.json"
    assert extra.startswith("not in the BOM: extra-00.py, extra-01.py, ")
    assert extra.endswith("extra-09.py, and 5 more")
    assert changed == "changed: weights.bin"
    for way in ("record the change as a step", "Else fetch the signed bytes again"):
        assert way in str(error.hint)


def test_a_single_difference_is_told_with_its_place(world: World) -> None:
    (world.model / "extra.py").write_text("import os")
    error = refused(world)
    assert error.where == str(world.model / "extra.py")
    assert error.message == "is not in the BOM"


def test_sidecar_names_count_only_at_the_top(world: World) -> None:
    (world.model / "config" / BOM_NAME).write_text("{}")
    assert refused(world).reason == "file-extra"


def test_warnings_are_the_same_on_every_machine(world: World, tmp_path: Path) -> None:
    world.rewrite(lambda graph: with_fact(graph, str(graph.root), "licence", "MIT"))
    world.rewrite(lambda graph: with_fact(graph, str(graph.root), "licence", "BSD"))
    other = world.copy(tmp_path / "elsewhere")
    assert world.verify().warnings
    assert world.verify().warnings == other.verify().warnings
    assert world.gate().to_document() == other.gate().to_document()


def test_label_is_no_name(world: World) -> None:
    """Tiers go by the name that is signed, whatever else the BOM calls the artifact."""
    world.rewrite(
        lambda graph: with_fact(graph, str(graph.root), "label", "acme/models/toy-1")
    )
    assert world.verify().name == MODEL
    assert summary_of(world.verify()).name == MODEL
    assert (world.gate().tier.value, world.gate().artifact_name) == ("high", MODEL)


def test_artifact_with_two_names_has_the_strictest_tier(world: World) -> None:
    world.rewrite(
        lambda graph: with_fact(graph, str(graph.root), "name", "acme/models/a-toy")
    )
    assert world.verify().name is None
    assert world.gate().tier.value == "high"


def test_more_than_a_hundred_files_are_checked_by_the_bom(world: World) -> None:
    shutil.rmtree(world.model)
    with record("train", **step_options(world, "more", "pipeline")) as step:
        step.input("training-data", world.root / "labels")
        step.output(world.model, name=MODEL)
        world.model.mkdir()
        for number in range(101):
            (world.model / f"shard-{number:03}.bin").write_text(str(number))
    assemble(world.model, [world.root / "more", world.evidence / "records"])
    sign_artifact(world.model, signing("release"))
    assert len(parse_bundle(world.bundle.read_bytes(), "").payload) < 1000
    assert world.verify().name == MODEL
    (world.model / "shard-007.bin").write_text("8")
    assert refused(world).reason == "digest-mismatch"


def test_what_is_not_there_is_an_input_error(world: World) -> None:
    signers = world.signers()
    shutil.rmtree(world.model)
    with pytest.raises(InputError) as caught:
        verify(world.model, signers, [], NOW)
    assert caught.value.reason == "path-missing"


def test_signers_inside_the_artifact_are_refused(world: World) -> None:
    path = world.model / "signers.yaml"
    path.write_text(json.dumps(signers_document()))
    with pytest.raises(PolicyInvalid) as caught:
        load_signers(path, world.model)
    assert caught.value.reason == "policy-inside-artifact"


def test_signers_inside_the_artifact_are_refused_through_a_link(world: World) -> None:
    (world.model / "signers.yaml").write_text(json.dumps(signers_document()))
    link = world.root / "looks-outside.yaml"
    link.symlink_to(world.model / "signers.yaml")
    with pytest.raises(PolicyInvalid) as caught:
        load_signers(link, world.model)
    assert caught.value.reason == "policy-inside-artifact"
