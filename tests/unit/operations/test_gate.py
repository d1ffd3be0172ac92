"""Gate and its dry run: what they refuse before, and what they say when they decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from worlds import ANNE, NOW, World, signing

from aibom.errors import AibomError, PolicyInvalid, UsageError
from aibom.operations.gate import Options, check, effective_time, gate, make_options
from aibom.operations.policies.folder import load_folder
from aibom.operations.signing.sign import sign_artifact
from aibom.resources import read_schema
from aibom.verdict import Decision, Tier

Change = Callable[[World], object]


def valid(document: dict[str, Any]) -> dict[str, Any]:
    Draft202012Validator(read_schema("verdict-1.json")).validate(document)
    return document


def test_untouched_world_is_allowed(pristine: World) -> None:
    verdict = pristine.gate()
    assert (verdict.decision, verdict.exit_code) == (Decision.ALLOWED, 0)
    assert (verdict.dry_run, verdict.report_only, verdict.overrides) == (
        False,
        False,
        (),
    )
    assert verdict.verification.state == "verified"
    assert verdict.inputs.locked
    assert verdict.inputs.advisories_sequence == 3
    assert len(verdict.inputs.evidence) == 8  # with the bundle of the artifact
    valid(verdict.to_document())


def test_verdict_is_the_same_every_time(world: World, tmp_path: Path) -> None:
    other = world.copy(tmp_path / "other")
    first = json.dumps(world.gate().to_document())
    assert json.dumps(world.gate().to_document()) == first
    assert json.dumps(other.gate().to_document()) == first


def test_gate_writes_nothing(world: World) -> None:
    before = world.files()
    world.gate()
    world.check()
    sign_artifact(world.model, signing("nobody"))
    before["model/aibom.sigstore.json"] = world.bundle.read_bytes()
    world.gate()
    assert world.files() == before


def test_failed_verification_is_a_verdict_without_results(world: World) -> None:
    (world.model / "weights.bin").write_text("evil")
    verdict = world.gate()
    assert (verdict.decision, verdict.exit_code) == (Decision.NOT_VERIFIED, 11)
    assert (verdict.results, verdict.artifact) == ((), "")
    assert verdict.verification.state == "failed"
    assert verdict.verification.reason == verdict.reason == "digest-mismatch"
    assert verdict.verification.hint
    valid(verdict.to_document())


UNREADABLE: dict[str, tuple[str, int, Change]] = {
    "no-artifact": ("path-missing", 1, lambda w: w.model.rename(w.root / "away")),
    "no-evidence": ("path-missing", 1, lambda w: w.evidence.rename(w.root / "away")),
    "link-out-of-the-artifact": (
        "symlink-escapes",
        1,
        lambda w: (w.model / "x").symlink_to("/etc/hostname"),
    ),
    "bom-signed-but-invalid": (
        "document-unreadable",
        12,
        lambda w: (
            w.bom.write_bytes(b"[]"),
            w.sign_statement(lambda d: _point_to(d, b"[]")),
        ),
    ),
}


def _point_to(document: dict[str, Any], data: bytes) -> None:
    digest = {"sha256": hashlib.sha256(data).hexdigest()}
    document["subject"][0]["digest"] = digest
    document["predicate"]["references"][0]["digest"] = digest


@pytest.mark.parametrize(
    ("reason", "code", "change"), UNREADABLE.values(), ids=UNREADABLE
)
def test_what_cannot_be_read_is_an_error_and_no_answer(
    world: World, reason: str, code: int, change: Change
) -> None:
    change(world)
    verdict = world.gate()
    assert (verdict.reason, verdict.exit_code) == (reason, code)
    assert (verdict.decision, verdict.verification.state) == (
        Decision.ERROR,
        "not-done",
    )


def edit_lock(**members: Any) -> Change:
    def apply(world: World) -> None:
        path = world.verifier / "policy.lock"
        path.write_text(json.dumps({**json.loads(path.read_text()), **members}))

    return apply


def policy_in_artifact(world: World) -> None:
    world.verifier.rename(world.model / "policy")
    (world.root / "verifier").symlink_to(world.model / "policy")


def advisories(sequence: int) -> Change:
    return lambda world: world.edit_yaml(
        "advisories.yaml", lambda d: d.update(sequence=sequence), lock=False
    )


def policy_edited(world: World) -> None:
    world.edit_yaml("policy.yaml", lambda d: d.update(version="2"), lock=False)


REFUSED: dict[str, tuple[str, Change]] = {
    "inside-the-artifact": ("policy-inside-artifact", policy_in_artifact),
    "no-lock": (
        "policy-not-locked",
        lambda world: (world.verifier / "policy.lock").unlink(),
    ),
    "edited": ("policy-lock-mismatch", policy_edited),
    "advisories-older": ("advisories-rolled-back", advisories(2)),
    "lock-edited": ("policy-lock-unreadable", edit_lock(packs={})),
    "lock-not-json": (
        "policy-lock-unreadable",
        lambda world: (world.verifier / "policy.lock").write_text("{"),
    ),
}


@pytest.mark.parametrize(("reason", "change"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("report_only", [False, True])
def test_policy_that_cannot_be_trusted_is_refused(
    world: World, reason: str, change: Change, report_only: bool
) -> None:
    change(world)
    with pytest.raises(PolicyInvalid) as caught:
        world.gate(report_only=report_only)
    assert (caught.value.reason, caught.value.exit_code) == (reason, 2)


def test_newer_advisories_need_no_new_lock(world: World) -> None:
    advisories(4)(world)
    verdict = world.gate()
    assert (verdict.exit_code, verdict.inputs.advisories_sequence) == (0, 4)


def test_advisory_on_a_labeler_denies(world: World) -> None:
    entry = {
        "id": "A-1",
        "summary": "sold flipped labels",
        "published": "2026-11-20",
        "affects": {"parties": [ANNE]},
    }
    world.edit_yaml(
        "advisories.yaml",
        lambda d: d.update(sequence=4, advisories=[entry]),
        lock=False,
    )
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (10, "tainted-ancestor")
    kinds = [hop.kind for hop in verdict.blocking[0].path]
    assert (kinds[0], kinds[-1]) == ("model", "party")


def test_policy_digest(world: World) -> None:
    digest = load_folder(world.verifier, require_lock=True).digest
    assert world.gate(policy_digest=digest).exit_code == 0
    with pytest.raises(PolicyInvalid) as caught:
        world.gate(policy_digest="sha256:" + "0" * 64)
    assert caught.value.reason == "policy-digest-mismatch"


def test_report_only_lets_a_denial_pass_and_is_marked(world: World) -> None:
    world.record_of("fine-tune").unlink()
    assert world.gate().exit_code == 3
    verdict = world.gate(report_only=True)
    assert (verdict.exit_code, verdict.report_only) == (0, True)
    assert verdict.decision is Decision.UNDECIDED


def test_report_only_never_hides_a_failed_verification(world: World) -> None:
    (world.model / "weights.bin").write_text("evil")
    assert world.gate(report_only=True).exit_code == 11
    (world.model / "x").symlink_to("/etc/hostname")
    assert world.gate(report_only=True).exit_code == 1


def test_tier_is_high_and_can_only_be_raised(world: World) -> None:
    tiers = [{"match": {"name": "acme/models/*"}, "tier": "low"}]
    world.edit_yaml("policy.yaml", lambda d: d.update(tiers=tiers))
    assert world.gate().tier is Tier.LOW
    assert world.gate(tier=Tier.HIGH).tier is Tier.HIGH
    world.edit_yaml("policy.yaml", lambda d: d.update(tiers=[]))
    assert world.gate(tier=Tier.LOW).tier is Tier.HIGH


def test_name_of_a_bom_that_nobody_signed_gives_no_tier(world: World) -> None:
    tiers = [{"match": {"name": "acme/models/*"}, "tier": "low"}]
    world.edit_yaml("policy.yaml", lambda d: d.update(tiers=tiers))
    assert world.check().tier is Tier.HIGH


def test_check_is_marked_as_a_dry_run(world: World) -> None:
    (world.model / "weights.bin").write_text("evil")
    verdict = world.check()
    assert verdict.dry_run
    assert verdict.verification.state == "not-done"
    assert verdict.verification.reason == "dry-run"
    bytes_rule = [r for r in verdict.results if r.rule == "bytes-changed"]
    assert [r.status.value for r in bytes_rule] == ["not-applicable"]
    valid(verdict.to_document())


def test_check_counts_a_signed_pair_in_the_evidence(world: World) -> None:
    assert world.check().exit_code == 3
    verdict = world.check(evidence=(world.evidence, world.model))
    assert verdict.exit_code == 0
    assert verdict.verification.signer == "acme release"


def test_check_of_a_changed_pair_is_not_verified(world: World) -> None:
    (world.evidence / "base/aibom.cdx.json").write_text("{}")
    verdict = world.check()
    assert (verdict.exit_code, verdict.reason) == (11, "bom-digest-mismatch")
    assert verdict.dry_run


def test_check_needs_no_lock_but_one_that_is_there_must_match(world: World) -> None:
    policy_edited(world)
    with pytest.raises(PolicyInvalid):
        world.check()
    (world.verifier / "policy.lock").unlink()
    assert not world.check().inputs.locked


def test_check_of_a_folder_is_wrong_usage(world: World) -> None:
    with pytest.raises(UsageError) as caught:
        check(world.model, world.verifier, Options(), NOW)
    assert "aibom gate" in str(caught.value.hint)


DAY = timedelta(days=1)


def test_effective_time_is_the_clock_unless_told() -> None:
    assert effective_time(None, NOW, allow_past=False) == NOW
    assert effective_time(NOW + DAY, NOW, allow_past=False) == NOW + DAY
    assert effective_time(NOW - DAY, NOW, allow_past=True) == NOW - DAY
    with pytest.raises(UsageError) as caught:
        effective_time(NOW - DAY, NOW, allow_past=False)
    assert caught.value.reason == "effective-time-past"


def options(**asked: Any) -> tuple[Options, Any]:
    plain = {
        "asked": None,
        "clock": NOW,
        "allow_past": False,
        "tier": None,
        "report_only": False,
        "policy_digest": None,
    }
    return make_options((), **{**plain, **asked})


OVERRIDES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "none": ({}, []),
    "past": (
        {"asked": NOW - DAY, "allow_past": True},
        ["effective-time", "allow-past"],
    ),
    "future": ({"asked": NOW + DAY}, ["effective-time"]),
    "flag-without-a-past": ({"allow_past": True}, []),
    "tier": ({"tier": "high"}, ["tier"]),
    "report-only": ({"report_only": True}, ["report-only"]),
}


@pytest.mark.parametrize(("asked", "names"), OVERRIDES.values(), ids=OVERRIDES)
def test_overrides_are_recorded(
    pristine: World, asked: dict[str, Any], names: list[str]
) -> None:
    chosen, when = options(**asked)
    assert [text.partition("=")[0] for text in chosen.overrides] == names
    chosen = replace(chosen, evidence=(pristine.evidence,))
    verdict = gate(pristine.model, pristine.verifier, chosen, when)
    assert verdict.overrides == chosen.overrides
    assert verdict.effective_time == when.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_evidence_grows_old(world: World) -> None:
    assert world.gate(now=NOW + 100 * DAY).reason == "audit-stale"
    assert world.gate(now=NOW + 400 * DAY).exit_code != 0


def test_decision_never_rests_on_a_broken_policy_file(world: World) -> None:
    (world.verifier / "signers.yaml").write_text("signers: [}")
    with pytest.raises(AibomError) as caught:
        world.gate()
    assert caught.value.exit_code == 2
