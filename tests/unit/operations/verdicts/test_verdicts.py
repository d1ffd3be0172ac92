"""Signed verdicts: what a consumer may rely on, and every way to replay one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from verdicts import FINDING
from worlds import MODEL, NOW, World, key

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.attest.signers import read_signers
from aibom.attest.summary_statement import EXTENSION, read_summary
from aibom.attest.verify import Identified, identify
from aibom.digest import Digest
from aibom.errors import AibomError, UsageError, VerificationFailed
from aibom.operations.verdicts.verdicts import (
    CLOCK_SKEW,
    Demand,
    accept_verdict,
    dependency_levels,
    make_summary,
    require_acceptable,
)
from aibom.report.machine import verdict_json
from aibom.statement import AUDIT_V1, Statement, to_json
from aibom.verdict import Decision, Mode, Result, Status, Tier, Verdict

VERIFIER = "https://acme.example/gate"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def allowed(pristine: World) -> Verdict:
    """What the gate really says of the small signed world."""
    verdict = pristine.gate()
    assert (verdict.decision, verdict.exit_code) == (Decision.ALLOWED, 0)
    return verdict


def sign(
    statement: Statement | bytes,
    now: datetime = NOW,
    signer: str = "verifier",
    **members: Any,
) -> Identified:
    """Sign a statement and identify its signer, as a consumer would."""
    entry = {
        "name": "acme gate",
        "role": "verifier",
        "public_key": key("verifier").public.pem,
        "predicates": ["verdict"],
        "namespaces": ["acme/models/*"],
        "verifier_id": VERIFIER,
        **members,
    }
    entry = {member: value for member, value in entry.items() if value is not None}
    document = {"apiVersion": "aibom/signers/v1", "signers": [entry]}
    payload = statement if isinstance(statement, bytes) else statement.payload
    bundle = parse_bundle(to_json(make_bundle(payload, key(signer))), "there")
    return identify(bundle, read_signers(document, "signers.yaml"), now)


def thing(verdict: Verdict) -> Digest:
    return Digest.parse(verdict.artifact)


def summary_of(verdict: Verdict, **changes: Any) -> Statement:
    arguments: dict[str, Any] = {
        "name": verdict.artifact_name or MODEL,
        "artifact": thing(verdict) if verdict.artifact else Digest("tree", "a" * 64),
        "verifier_id": VERIFIER,
        "verified_at": NOW,
        **changes,
    }
    return make_summary(verdict, **arguments)


def demand_for(verdict: Verdict, **changes: Any) -> Demand:
    demand = Demand(
        policy_digest=verdict.inputs.policy_digest,
        tier=Tier.HIGH,
        max_age=DAY,
        minimum_sequence=3,
        name=MODEL,
    )
    return replace(demand, **changes)


def test_real_verdict_is_accepted(allowed: Verdict) -> None:
    identified = sign(summary_of(allowed))
    found = accept_verdict(
        identified, thing(allowed), demand_for(allowed), NOW, "there"
    )
    assert (found.name, found.artifact) == (MODEL, thing(allowed))
    assert (found.passed, found.levels) == (True, ("AIBOM_TIER_HIGH_PASSED",))
    assert found.policy_digest == allowed.inputs.policy_digest
    assert found.advisories_sequence == 3
    assert set(found.inputs) == {*allowed.inputs.boms, *allowed.inputs.evidence}


def test_digest_is_that_of_the_json_file(allowed: Verdict) -> None:
    summary = read_summary(summary_of(allowed), "there")
    digest = hashlib.sha256(verdict_json(allowed)).hexdigest()
    assert summary.verdict_digest == f"sha256:{digest}"


@dataclass(frozen=True)
class Replay:
    """A verdict that would be accepted, but for one thing."""

    reason: str | None
    verdict: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    demand: dict[str, Any] = field(default_factory=dict)
    signed: dict[str, Any] = field(default_factory=dict)
    artifact: Callable[[Digest], Digest] = lambda digest: digest
    now: datetime = NOW
    says: str = ""


def denied(decision: Decision, reason: str, code: int, says: str) -> Replay:
    members = {"decision": decision, "reason": reason, "exit_code": code}
    return Replay("verdict-not-passed", verdict=members, says=says)


def evaluated(when: str) -> dict[str, Any]:
    return {"effective_time": when}


REPLAYS: dict[str, Replay] = {
    # who
    "stranger": Replay("signer-not-allowed", signed={"signer": "stranger"}),
    "signer-expired": Replay("signer-expired", signed={"valid_until": "2026-11-21"}),
    "signer-of-audits": Replay(
        "predicate-not-allowed", signed={"predicates": ["audit"], "verifier_id": None}
    ),
    "signer-of-other-names": Replay(
        "namespace-not-allowed", signed={"namespaces": ["acme/lab-*"]}
    ),
    "other-verifier": Replay(
        "verdict-other-verifier",
        made={"verifier_id": "https://other.example/gate"},
        says=VERIFIER,
    ),
    "verifier-look-alike": Replay(
        "verdict-other-verifier", made={"verifier_id": VERIFIER + "/"}
    ),
    # about what
    "other-artifact": Replay(
        "verdict-other-artifact", artifact=lambda d: Digest("tree", "c" * 64)
    ),
    "other-form": Replay(
        "verdict-other-artifact",
        artifact=lambda d: Digest("file", d.value),
        says=f"not {MODEL} (sha256:",
    ),
    "other-name": Replay(
        "verdict-other-artifact", demand={"name": "acme/models/other"}
    ),
    "any-name": Replay(None, demand={"name": None}),
    "other-policy": Replay(
        "verdict-other-policy", demand={"policy_digest": "sha256:" + "c" * 64}
    ),
    "policy-of-another-verdict": Replay(
        "verdict-other-policy", inputs={"policy_digest": "sha256:" + "c" * 64}
    ),
    # a yes
    "report-only": Replay("verdict-report-only", verdict={"report_only": True}),
    "report-only-that-denies": Replay(
        "verdict-report-only",
        verdict={
            "report_only": True,
            "decision": Decision.DENIED,
            "reason": "tainted-ancestor",
        },
    ),
    "denied": denied(
        Decision.DENIED, "tainted-ancestor", 10, "says denied: tainted-ancestor"
    ),
    "undecided": denied(
        Decision.UNDECIDED, "lineage-open", 3, "says undecided: lineage-open"
    ),
    "broke": denied(Decision.ERROR, "check-broke", 1, "says error: check-broke"),
    "not-verified": denied(
        Decision.NOT_VERIFIED,
        "digest-mismatch",
        11,
        "says not-verified: digest-mismatch",
    ),
    "medium-for-high": Replay("verdict-tier-too-low", verdict={"tier": Tier.MEDIUM}),
    "low-for-high": Replay("verdict-tier-too-low", verdict={"tier": Tier.LOW}),
    "low-for-medium": Replay(
        "verdict-tier-too-low",
        verdict={"tier": Tier.LOW},
        demand={"tier": Tier.MEDIUM},
    ),
    "high-for-medium": Replay(None, demand={"tier": Tier.MEDIUM}),
    "high-for-low": Replay(None, demand={"tier": Tier.LOW}),
    "medium-for-medium": Replay(
        None, verdict={"tier": Tier.MEDIUM}, demand={"tier": Tier.MEDIUM}
    ),
    # now
    "as-old-as-allowed": Replay(None, now=NOW + DAY),
    "too-old": Replay("verdict-too-old", now=NOW + DAY + SECOND),
    "no-age-allowed": Replay(
        "verdict-too-old", now=NOW + SECOND, demand={"max_age": timedelta()}
    ),
    "evaluated-as-of-the-past": Replay(
        "verdict-too-old", verdict=evaluated("2026-11-20T11:59:59Z")
    ),
    "made-long-ago-as-of-today": Replay(
        "verdict-too-old", made={"verified_at": NOW - DAY - SECOND}
    ),
    "year-1": Replay("verdict-too-old", verdict=evaluated("0001-01-01T00:00:00Z")),
    "clocks-differ-a-little": Replay(None, made={"verified_at": NOW + CLOCK_SKEW}),
    "from-the-future": Replay(
        "verdict-from-the-future", made={"verified_at": NOW + CLOCK_SKEW + SECOND}
    ),
    "evaluated-as-of-the-future": Replay(
        "verdict-from-the-future", verdict=evaluated("2026-11-22T12:00:00Z")
    ),
    "year-9999": Replay(
        "verdict-from-the-future", verdict=evaluated("9999-12-31T23:59:59Z")
    ),
    "future-is-now": Replay(
        None, verdict=evaluated("2026-11-21T18:00:00Z"), now=NOW + DAY / 4
    ),
    "old-by-its-making-not-its-effective-time": Replay(
        "verdict-too-old",
        verdict=evaluated("2026-11-22T12:00:00Z"),
        now=NOW + DAY + SECOND,
    ),
    "valid-for-a-moment": Replay(None, made={"expires": NOW + SECOND}),
    "expired": Replay(
        "verdict-expired", made={"expires": NOW + SECOND}, now=NOW + SECOND
    ),
    "advisory-newer": Replay(
        "verdict-before-advisory", demand={"minimum_sequence": 4}, says="4 is known"
    ),
    "without-advisories": Replay(
        "verdict-before-advisory", inputs={"advisories_sequence": None}
    ),
    "none-known-here": Replay(
        None,
        inputs={"advisories_sequence": None},
        demand={"minimum_sequence": None},
    ),
    "older-known-here": Replay(None, demand={"minimum_sequence": 2}),
}


@pytest.mark.parametrize("replay", REPLAYS.values(), ids=REPLAYS)
def test_replays(allowed: Verdict, replay: Replay) -> None:
    inputs = replace(allowed.inputs, **replay.inputs)
    verdict = replace(allowed, inputs=inputs, **replay.verdict)
    identified = sign(summary_of(verdict, **replay.made), replay.now, **replay.signed)
    demand = demand_for(allowed, **replay.demand)
    artifact = replay.artifact(thing(allowed))

    def accept() -> object:
        return accept_verdict(identified, artifact, demand, replay.now, "there")

    if replay.reason is None:
        assert accept()
        return
    with pytest.raises(VerificationFailed) as caught:
        accept()
    assert replay.says in caught.value.message
    assert (caught.value.reason, caught.value.where) == (replay.reason, "there")
    assert caught.value.hint


#: In the documented order: what is wrong, each beside all that come after it.
IN_ORDER: dict[str, dict[str, Any]] = {
    "verdict-other-verifier": {"verifier_id": "https://other.example"},
    "verdict-other-artifact": {"artifact": Digest("tree", "c" * 64)},
    "verdict-other-policy": {"policy_digest": "sha256:" + "c" * 64},
    "verdict-report-only": {"report_only": True},
    "verdict-not-passed": {"passed": False},
    "verdict-tier-too-low": {"tier": Tier.LOW},
    "verdict-too-old": {"verified_at": NOW - DAY - SECOND},
    "verdict-from-the-future": {"effective_time": NOW + CLOCK_SKEW + SECOND},
    "verdict-expired": {"expires": NOW},
    "verdict-before-advisory": {"advisories_sequence": 2},
}


@pytest.mark.parametrize("reason", IN_ORDER)
def test_first_in_the_documented_order_is_raised(allowed: Verdict, reason: str) -> None:
    good = read_summary(summary_of(allowed), "there")
    left = list(IN_ORDER)[list(IN_ORDER).index(reason) :]
    wrong = {name: v for late in left for name, v in IN_ORDER[late].items()}
    with pytest.raises(VerificationFailed) as caught:
        require_acceptable(
            replace(good, **wrong),
            thing(allowed),
            VERIFIER,
            demand_for(allowed),
            NOW,
            "there",
        )
    assert caught.value.reason == reason


def test_signer_without_a_verifier_speaks_as_none(allowed: Verdict) -> None:
    good = read_summary(summary_of(allowed), "there")
    with pytest.raises(VerificationFailed, match="may speak as none") as caught:
        require_acceptable(
            good, thing(allowed), None, demand_for(allowed), NOW, "there"
        )
    assert caught.value.reason == "verdict-other-verifier"


def tampered(change: Callable[[dict[str, Any]], object], verdict: Verdict) -> bytes:
    document = json.loads(summary_of(verdict).payload)
    change(document)
    return to_json(document)


#: What an allowed verifier might sign all the same, and which refusal meets it.
STATEMENTS: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "of-another-tool": (
        "verdict-malformed",
        lambda d: [
            d["predicate"].pop(name)
            for name in list(d["predicate"])
            if name.startswith(EXTENSION)
        ],
    ),
    "two-subjects": (
        "verdict-malformed",
        lambda d: d["subject"].append(d["subject"][0]),
    ),
    "no-subject": ("subject-missing", lambda d: d["subject"].clear()),
    "an-audit": ("predicate-not-allowed", lambda d: d.update(predicateType=AUDIT_V1)),
    "passed-though-denied": (
        "verdict-malformed",
        lambda d: d["predicate"].update({EXTENSION + "decision": "denied"}),
    ),
}


@pytest.mark.parametrize(("reason", "change"), STATEMENTS.values(), ids=STATEMENTS)
def test_statement_that_is_no_verdict_of_ours(
    allowed: Verdict, reason: str, change: Callable[[dict[str, Any]], object]
) -> None:
    payload = tampered(change, allowed)
    with pytest.raises(AibomError) as caught:
        accept_verdict(sign(payload), thing(allowed), demand_for(allowed), NOW, "there")
    assert caught.value.reason == reason


def test_predicate_is_checked_even_if_the_signer_may_make_others(
    allowed: Verdict,
) -> None:
    payload = tampered(lambda d: d.update(predicateType=AUDIT_V1), allowed)
    identified = sign(payload, predicates=["audit", "verdict"])
    assert identified.refusal is None
    with pytest.raises(VerificationFailed, match=AUDIT_V1) as caught:
        accept_verdict(identified, thing(allowed), demand_for(allowed), NOW, "there")
    assert caught.value.reason == "predicate-not-allowed"


def test_dry_run_gets_no_statement(pristine: World) -> None:
    verdict = pristine.check()
    assert verdict.dry_run
    with pytest.raises(UsageError) as caught:
        summary_of(verdict)
    assert caught.value.reason == "verdict-dry-run"


def test_changed_artifact_gets_a_no_that_nobody_accepts(world: World) -> None:
    """The gate's real verdict when verification fails, signed and shown as a yes."""
    (world.model / "weights.bin").write_text("evil")
    verdict = world.gate()
    statement = summary_of(verdict)
    assert statement.predicate["verificationResult"] == "FAILED"
    assert "dependencyLevels" not in statement.predicate
    with pytest.raises(VerificationFailed, match="digest-mismatch") as caught:
        accept_verdict(
            sign(statement), Digest("tree", "a" * 64), demand_for(verdict), NOW, "x"
        )
    assert caught.value.reason == "verdict-not-passed"


def test_report_only_gate_is_not_accepted(world: World) -> None:
    verdict = world.gate(report_only=True)
    with pytest.raises(VerificationFailed) as caught:
        accept_verdict(
            sign(summary_of(verdict)),
            thing(verdict),
            demand_for(verdict),
            NOW,
            "there",
        )
    assert caught.value.reason == "verdict-report-only"


# ── levels of what is upstream ─────────────────


def test_levels_of_the_real_world(allowed: Verdict) -> None:
    """Items, corpus, labels and base; no step, no party, and not the model itself."""
    assert dependency_levels(allowed) == {"AIBOM_TIER_HIGH_PASSED": 4}
    assert summary_of(allowed).predicate["dependencyLevels"] == {
        "AIBOM_TIER_HIGH_PASSED": 4
    }


def test_ancestors_from_a_source_nobody_trusts_are_counted_as_failed(
    world: World,
) -> None:
    world.edit_yaml("trusted-sources.yaml", lambda d: d["lists"].update(approved=[]))
    verdict = world.gate()
    assert {result.label for result in verdict.blocking} == {
        "acme/data/items",
        "acme/data/corpus",
        "acme/models/base",
    }
    predicate = summary_of(verdict).predicate
    assert predicate["verifiedLevels"] == ["FAILED"]
    assert predicate["dependencyLevels"] == {"AIBOM_TIER_HIGH_PASSED": 1, "FAILED": 3}


ITEMS, STEP = "dataset:file:" + "1" * 64, "step:" + "2" * 64


def answer(node: str, status: Status, mode: Mode = Mode.DENY) -> Result:
    return replace(FINDING, node=node, status=status, mode=mode)


#: name → answers as (node, status, mode), and the counts
LEVELS: dict[str, tuple[list[Result], dict[str, int] | None]] = {
    "nobody-asked": ([], None),
    "passed": ([answer(ITEMS, Status.PASS)], {"AIBOM_TIER_LOW_PASSED": 1}),
    "failed": ([answer(ITEMS, Status.FAIL)], {"FAILED": 1}),
    "unknown": ([answer(ITEMS, Status.UNKNOWN)], {"FAILED": 1}),
    "broke": ([answer(ITEMS, Status.ERROR)], {"FAILED": 1}),
    "one-of-two-failed": (
        [answer(ITEMS, Status.PASS), answer(ITEMS, Status.FAIL)],
        {"FAILED": 1},
    ),
    "only-warns": (
        [answer(ITEMS, Status.FAIL, Mode.WARN)],
        {"AIBOM_TIER_LOW_PASSED": 1},
    ),
    "nothing-applies": (
        [answer(ITEMS, Status.NOT_APPLICABLE)],
        {"AIBOM_TIER_LOW_UNEVALUATED": 1},
    ),
    "some-applies": (
        [answer(ITEMS, Status.NOT_APPLICABLE), answer(ITEMS, Status.PASS)],
        {"AIBOM_TIER_LOW_PASSED": 1},
    ),
    "steps-and-parties": (
        [answer(STEP, Status.FAIL), answer("party:org:x", Status.FAIL)],
        None,
    ),
    "undigested": (
        [answer("dataset:undigested:" + "1" * 64, Status.PASS)],
        {"AIBOM_TIER_LOW_PASSED": 1},
    ),
    "other-form-of-the-same-hex": (
        [answer("model:file:" + "b" * 64, Status.PASS)],
        {"AIBOM_TIER_LOW_PASSED": 1},
    ),
    "itself": ([answer("model:tree:" + "b" * 64, Status.FAIL)], None),
}


@pytest.mark.parametrize(("results", "counts"), LEVELS.values(), ids=LEVELS)
def test_levels(
    allowed: Verdict, results: list[Result], counts: dict[str, int] | None
) -> None:
    verdict = replace(
        allowed,
        artifact="tree-sha256:" + "b" * 64,
        tier=Tier.LOW,
        results=tuple(results),
    )
    assert dependency_levels(verdict) == counts
    backwards = replace(verdict, results=tuple(reversed(results)))
    assert dependency_levels(backwards) == counts
