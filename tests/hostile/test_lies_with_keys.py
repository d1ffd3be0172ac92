"""Somebody with a key of their own tries to get a yes for a wrong artifact.

Each signer here is allowed something; none may make the gate say yes about what is not
theirs to vouch for. ``lab`` may say everything, about ``acme/lab-*``. A wrong answer is
exit 0; which refusal it is matters less, and is told so that it does not change unseen.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from worlds import (
    COMMIT,
    MODEL,
    NOW,
    World,
    an_edge,
    audit,
    fine_tune,
    key,
    named,
    signing,
    step_options,
    subject,
    with_fact,
    with_parts,
    without_edges,
)

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.bom.encode import encode, to_bytes
from aibom.catalogers.artifact import artifact_node
from aibom.digest import BOM_NAME, BUNDLE_NAME, hash_path
from aibom.errors import AibomError, VerificationFailed
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import ENTITY_KINDS, ROOT_KINDS, Edge, Kind, Relation
from aibom.lineage.step_record import step_fragment
from aibom.operations.assemble import assemble
from aibom.operations.policies.folder import load_folder
from aibom.operations.signing.sign import sign_artifact
from aibom.operations.verify import verify
from aibom.recording import record
from aibom.statement import Statement, to_json
from aibom.verdict import Result, Status, Tier, Verdict

LAB_LABELS = "acme/lab-labels"


def refusals(world: World) -> set[str]:
    return {item.refusal for item in world.verify().evidence.items if item.refusal}


def open_ends(verdict: Verdict) -> list[Result]:
    """The blocking answers of the rule that lineage must be closed."""
    return [r for r in verdict.blocking if r.rule == "lineage-open"]


def without_audit_of_labels(world: World) -> Path:
    """Take the auditor's audit of the labels away, and return its report."""
    for path in (world.evidence / "audits").iterdir():
        if b"label-consistency" in parse_bundle(path.read_bytes(), "").payload:
            path.unlink()
    return world.root / "reports/labels.json"


# Names are chosen by signers.


def test_audit_under_a_name_of_the_auditors_own(world: World) -> None:
    report = without_audit_of_labels(world)
    audit(world, report, world.root / "labels", LAB_LABELS, Kind.DATASET, "lab")
    assert refusals(world) == {"subject-name-differs"}
    assert world.gate().exit_code == 3


def test_audit_under_a_name_that_a_bom_has_added(world: World) -> None:
    report = without_audit_of_labels(world)
    audit(world, report, world.root / "labels", LAB_LABELS, Kind.DATASET, "lab")
    labels = world.node("acme/data/labels").id
    world.rewrite(lambda graph: with_fact(graph, labels, "name", LAB_LABELS))
    assert "namespace-not-allowed" in refusals(world)
    assert world.gate().exit_code == 3


def test_second_subject_that_calls_itself_nothing(world: World) -> None:
    """Without its kind it would not be taken for an entity, but be believed about."""
    path = audit(
        world,
        without_audit_of_labels(world),
        world.root / "labels",
        "acme/data/labels",
        Kind.DATASET,
    )
    document = json.loads(parse_bundle(path.read_bytes(), "").payload)
    path.unlink()
    real = document["subject"][0]
    own = subject("acme/lab-1", world.root / "guideline.md", "guideline")
    del real["annotations"]["aibom:kind"]
    document["subject"] = [own, real]
    world.add_statement(to_json(document), "lab")
    assert refusals(world) == {"namespace-not-allowed"}
    assert world.gate().exit_code == 3


@pytest.mark.parametrize(
    "signer", ["data", "lab", "release", "auditor", "nobody", None]
)
def test_record_signed_by_whom_the_output_is_not_of(
    world: World, signer: str | None
) -> None:
    path = world.record_of("fine-tune")
    payload = parse_bundle(path.read_bytes(), "").payload
    path.unlink()
    world.add_statement(payload, signer)
    verdict = world.gate()
    assert verdict.exit_code == 3
    assert [r.reason for r in open_ends(verdict)] == ["step-record-untrusted"]


# Upstream BOMs and what they say of things that are not theirs.


def edit_base(world: World, edit: Callable[[Graph], Graph]) -> None:
    """The owner of the base edits its BOM; whoever releases the model links that."""
    bom = world.evidence / "base" / BOM_NAME
    graph = edit(world.graph(bom))
    (world.root / "base" / BOM_NAME).write_bytes(to_bytes(encode(graph)))
    sign_artifact(world.root / "base", signing("base"))
    for name in (BOM_NAME, BUNDLE_NAME):
        shutil.copy(world.root / "base" / name, world.evidence / "base" / name)
    linked = [world.root / "base" / BOM_NAME]
    assemble(world.model, [world.evidence / "records"], boms=linked)
    sign_artifact(world.model, signing("release"))


def test_world_can_be_linked_again(world: World) -> None:
    edit_base(world, lambda graph: graph)
    assert world.gate().exit_code == 0


def forged_origin(world: World) -> Callable[[Graph], Graph]:
    """A step of the base's owner that is said to have made acme's labels."""
    options = step_options(world, "forged", "base")
    with record("collect", **options) as step:
        step.input("items", world.root / "raw/corpus.txt")
        step.output(world.root / "copy", name="acme/models/base", kind="dataset")
        shutil.copytree(world.root / "labels", world.root / "copy")
    assert step.record is not None
    shutil.copy(step.record, world.evidence)
    payload = parse_bundle(step.record.read_bytes(), "").payload
    made = step_fragment(Statement.parse(payload, ""), "").graph

    def edit(graph: Graph) -> Graph:
        labels = named(made, "acme/models/base").id
        used = an_edge(str(graph.root), Relation.DERIVED_FROM, labels)
        return with_parts(graph, made.nodes.values(), [*made.edges, used])

    return edit


def test_absent_record_leaves_lineage_open(world: World) -> None:
    world.record_of("label").unlink()
    assert [r.reason for r in open_ends(world.gate())] == ["step-record-absent"]


def test_upstream_origin_for_a_thing_that_is_not_its_own(world: World) -> None:
    edit = forged_origin(world)
    record_of_labels = world.record_of("label")
    edit_base(world, edit)
    assert "namespace-not-allowed" in refusals(world)
    assert open_ends(world.gate())
    record_of_labels.unlink()
    assert open_ends(world.gate())


def test_upstream_name_for_a_thing_takes_trust_away_only(world: World) -> None:
    labels = world.node("acme/data/labels")

    def edit(graph: Graph) -> Graph:
        other = with_fact(
            Graph.of([replace(labels, facts=(), files=())], [], labels.id),
            labels.id,
            "name",
            "acme/models/base",
        )
        edge = an_edge(str(graph.root), Relation.DERIVED_FROM, labels.id)
        return with_parts(graph, other.nodes.values(), [edge])

    edit_base(world, edit)
    assert refusals(world) == {"namespace-not-allowed"}
    assert world.gate().exit_code == 3


# The same BOM, several times.


@pytest.mark.parametrize("place", ["a-first", "z-last"])
@pytest.mark.parametrize("signer", ["nobody", "lab", "auditor"])
def test_another_bundle_of_the_same_bom_changes_nothing(
    world: World, place: str, signer: str
) -> None:
    before = world.gate()
    shutil.copytree(world.evidence / "base", world.evidence / place)
    world.resign(world.evidence / place / BUNDLE_NAME, signer)
    after = world.gate()
    assert (after.exit_code, after.results) == (0, before.results)


@pytest.mark.parametrize("signer", ["nobody", "lab"])
def test_only_bundles_that_do_not_hold(world: World, signer: str) -> None:
    shutil.copytree(world.evidence / "base", world.evidence / "again")
    for place in ("base", "again"):
        world.resign(world.evidence / place / BUNDLE_NAME, signer)
    assert world.gate().exit_code == 11


# Between hashing and use.


def test_weights_that_change_while_they_are_hashed(world: World) -> None:
    def change(done: int, total: int) -> None:
        if done == 0:
            (world.model / "weights.bin").write_text("evil!!")

    with pytest.raises(AibomError) as caught:
        verify(world.model, world.signers(), [world.evidence], NOW, progress=change)
    assert caught.value.reason in ("changed-while-hashing", "digest-mismatch")


def test_bom_that_changes_after_it_was_read(world: World) -> None:
    signed = dict(world.verify().boms)

    def change(done: int, total: int) -> None:
        world.bom.write_bytes((world.evidence / "base" / BOM_NAME).read_bytes())

    verified = verify(
        world.model, world.signers(), [world.evidence], NOW, progress=change
    )
    assert dict(verified.boms) == signed
    assert verified.graph.nodes[verified.root].values("name") == (MODEL,)


# A release signer who cuts lineage.


def generated(graph: Graph, name: str) -> Callable[[Edge], bool]:
    target = named(graph, name).id
    return lambda e: e.relation is Relation.GENERATED and e.target == target


def cut(name: str) -> Callable[[Graph], Graph]:
    return lambda graph: without_edges(graph, generated(graph, name))


def derived_instead(name: str, origin: str) -> Callable[[Graph], Graph]:
    def edit(graph: Graph) -> Graph:
        ends = (named(graph, name).id, Relation.DERIVED_FROM, named(graph, origin).id)
        return without_edges(
            with_parts(graph, [], [an_edge(*ends)]), generated(graph, name)
        )

    return edit


CUTS = {
    "the-artifacts-own-step": (cut(MODEL), "root-not-accepted"),
    "the-step-of-a-dataset": (cut("acme/data/labels"), "root-not-accepted"),
    "derived-from-in-its-place": (
        derived_instead(MODEL, "acme/models/base"),
        "derived-without-step",
    ),
    "a-dataset-derived-from-an-accepted-root": (
        derived_instead("acme/data/labels", "acme/data/items"),
        "derived-without-step",
    ),
}


@pytest.mark.parametrize(("edit", "reason"), CUTS.values(), ids=CUTS)
def test_cutting_lineage_leaves_it_open(
    world: World, edit: Callable[[Graph], Graph], reason: str
) -> None:
    world.rewrite(edit)
    verdict = world.gate()
    assert verdict.exit_code == 3
    assert [result.reason for result in open_ends(verdict)] == [reason]


def test_cutting_a_step_with_its_record(world: World) -> None:
    """Without the step in the BOM nothing is left that the record could contradict."""
    path = world.record_of("label")
    world.rewrite(cut("acme/data/labels"))
    path.unlink()
    assert open_ends(world.gate())


def test_other_weights_with_the_lineage_of_the_good_ones(world: World) -> None:
    """The pipeline's record names the bytes; a release key alone makes none."""
    good = world.graph()
    (world.model / "weights.bin").write_text("evil")
    evil = artifact_node(Kind.MODEL, hash_path(world.model))
    old = good.nodes[str(good.root)]
    nodes = [n for n in good.nodes.values() if n.id != old.id]
    edges = [
        replace(e, target=evil.id) if e.target == old.id else e for e in good.edges
    ]
    graph = Graph.of([*nodes, replace(evil, facts=old.facts)], edges, evil.id)
    world.bom.write_bytes(to_bytes(encode(graph)))
    sign_artifact(world.model, signing("release"))
    with pytest.raises(VerificationFailed) as caught:
        world.verify()
    assert caught.value.reason == "step-record-mismatch"


# What a BOM says about how far it is to be believed.


def judgement(document: dict[str, Any], name: str, value: str) -> None:
    for element in (document["metadata"], document["metadata"]["component"]):
        element.setdefault("properties", []).append({"name": name, "value": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("aibom:assurance", "verified"), ("aibom:tier", "low"), ("vendor:tier", "low")],
)
def test_judgement_in_a_bom_changes_nothing(
    world: World, name: str, value: str
) -> None:
    (world.evidence / "audits").rename(world.root / "hidden")
    before = world.gate()
    document = json.loads(world.bom.read_bytes())
    judgement(document, name, value)
    world.bom.write_bytes(to_bytes(document))
    sign_artifact(world.model, signing("release"))
    after = world.gate()
    assert (after.results, after.tier) == (before.results, before.tier)
    assert after.exit_code == before.exit_code == 3


def test_evidence_for_the_parent_is_none_for_the_child(world: World) -> None:
    """Fine-tuned again: everything that was examined was another model."""
    fine_tune(world, "next", "tuned again")
    linked = [world.root / "base" / BOM_NAME]
    assemble(world.root / "next", [world.evidence / "records"], boms=linked)
    sign_artifact(world.root / "next", signing("release"))
    shutil.rmtree(world.model)
    (world.root / "next").rename(world.model)
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (3, "audit-missing")
    assert COMMIT in str(world.graph().edges)


def test_stranger_cannot_frame_an_allowed_signer(world: World) -> None:
    """A hint is where to look; a statement of one's own under it ends the run."""
    payload = parse_bundle(world.bundle.read_bytes(), "").payload
    bundle = make_bundle(payload, key("nobody"))
    bundle["verificationMaterial"]["publicKey"]["hint"] = key("release").public.hint
    world.bundle.write_bytes(to_json(bundle))
    assert world.gate().reason == "signature-invalid"


# Kinds are words too: rules go by them, so nobody may choose one.


@pytest.mark.parametrize("kind", sorted(ENTITY_KINDS - {Kind.MODEL}))
def test_weights_called_something_else(world: World, kind: Kind) -> None:
    """The release key alone, and a BOM about the same bytes under another kind."""
    content = hash_path(world.model)
    node = replace(artifact_node(kind, content), facts=world.node(MODEL).facts)
    graph = Graph.of([node], [], node.id)
    if kind not in ROOT_KINDS:
        with pytest.raises(AibomError) as caught:
            encode(graph)
        assert caught.value.reason == "root-kind-unsupported"
        return
    world.bom.write_bytes(to_bytes(encode(graph)))
    sign_artifact(world.model, signing("release"))
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (11, "kind-contradicted")


@pytest.mark.parametrize("kind", ["code", "guideline", "report", "model"])
def test_training_data_is_not_recorded_under_another_kind(
    tmp_path: Path, kind: str
) -> None:
    (tmp_path / "data").write_text("poison")
    with (
        pytest.raises(AibomError) as caught,
        record("train", steps=tmp_path / "steps", code=None) as step,
    ):
        step.input("training-data", tmp_path / "data", kind=kind)
    assert caught.value.reason == "kind-contradicts-role"


@pytest.mark.parametrize("role", ["training-data", "notes"])
@pytest.mark.parametrize("kind", ["code", "guideline"])
def test_record_that_calls_its_data_code_is_not_read(
    world: World, kind: str, role: str
) -> None:
    path = world.record_of("fine-tune")
    document = json.loads(parse_bundle(path.read_bytes(), "").payload)
    path.unlink()
    inputs = document["predicate"]["buildDefinition"]["resolvedDependencies"]
    data = next(i for i in inputs if i["annotations"]["aibom:role"] == "training-data")
    data["annotations"] |= {"aibom:kind": kind, "aibom:role": role}
    world.add_statement(to_json(document), "pipeline")
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (12, "step-record-malformed")


def test_release_does_not_choose_the_tier_by_another_name(world: World) -> None:
    """Another tier would only warn; what the record protects is the pipeline's name."""
    toy = "acme/models/toy-1"
    world.edit_yaml(
        "policy.yaml",
        lambda policy: policy.update(
            tiers=[{"match": {"name": "acme/models/toy-*"}, "tier": "low"}]
        ),
    )
    world.lock()

    def rename(graph: Graph) -> Graph:
        root = graph.nodes[str(graph.root)]
        kept = tuple(fact for fact in root.facts if fact.field != "name")
        (called,) = (fact for fact in root.facts if fact.field == "name")
        node = replace(root, facts=(*kept, replace(called, value=toy)))
        return Graph.of({**graph.nodes, root.id: node}.values(), graph.edges, root.id)

    world.rewrite(rename)
    assert world.verify().name is None
    assert world.gate().tier is Tier.HIGH


def test_what_joined_boms_disagree_on_is_told(world: World) -> None:
    base = world.node("acme/models/base").id
    world.rewrite(lambda graph: with_fact(graph, base, "licence", "MIT"))
    edit_base(world, lambda graph: with_fact(graph, base, "licence", "other"))
    world.rewrite(lambda graph: without_licence(graph, base))
    assert any("disagree on licence" in text for text in world.gate().warnings)


def without_licence(graph: Graph, name: str) -> Graph:
    """The model's BOM has its own word on the base's licence."""
    node = graph.nodes[name]
    kept = tuple(fact for fact in node.facts if fact.field != "licence")
    bare = Graph.of(
        {**graph.nodes, name: replace(node, facts=kept)}.values(),
        graph.edges,
        graph.root,
    )
    return with_fact(bare, name, "licence", "MIT")


def test_housekeeping_that_came_after_signing_is_told(world: World) -> None:
    (world.model / ".git").mkdir()
    (world.model / ".git/hook.py").write_text("evil")
    verdict = world.gate()
    assert verdict.inputs.housekeeping == (".git/",)
    assert any("added after signing" in text for text in verdict.warnings)


def test_accepting_the_artifact_does_not_excuse_its_signer(world: World) -> None:
    digest = str(hash_path(world.model).digest)
    world.edit_yaml(
        "accepted-roots.yaml",
        lambda roots: roots["roots"].append(
            {
                "digest": digest,
                "reason": "trial",
                "approved_by": "org:Acme",
                "expires": "2999-01-01",
            }
        ),
    )
    world.lock()
    (found,) = (r for r in world.gate().results if r.rule == "bom-signer-wrong")
    assert found.status is Status.PASS


def test_lowering_the_advisories_changes_the_policy_digest(world: World) -> None:
    pinned = load_folder(world.verifier, require_lock=True).digest
    newer = {"sequence": 9}
    world.edit_yaml("advisories.yaml", lambda found: found.update(newer), lock=False)
    assert load_folder(world.verifier, require_lock=True).digest == pinned
    world.lock()
    assert load_folder(world.verifier, require_lock=True).digest != pinned
