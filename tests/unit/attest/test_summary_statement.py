"""Verdicts as SLSA Verification Summaries: there and back, and what is not read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL
from verdicts import VERDICT

from aibom.attest.summary_statement import (
    EXTENSION,
    FAILED,
    SUMMARY_V1,
    Summary,
    read_summary,
    summary_statement,
    tier_level,
)
from aibom.digest import Digest
from aibom.errors import AibomError, DocumentInvalid, UsageError, VerificationFailed
from aibom.namespaces import name_matches
from aibom.statement import AUDIT_V1, Resource, Statement, to_json
from aibom.verdict import Decision, Inputs, Tier, Verdict

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
THING = Digest("tree", "b" * 64)
NAME = "acme/model"
VERIFIER = "https://acme.example/gate"


def sha(character: str) -> str:
    return f"sha256:{character * 64}"


DENIED = replace(
    VERDICT,
    tool="aibom 1.2.0",
    inputs=Inputs(
        policy="acme",
        policy_version="1",
        policy_digest=sha("1"),
        locked=True,
        advisories_sequence=3,
        boms=(("aibom.cdx.json", sha("2")), ("evidence/a b.json", sha("3"))),
        evidence=(("evidence/a b.json", sha("3")), ("evidence/\udcff:x", sha("4"))),
    ),
)
ALLOWED = replace(DENIED, decision=Decision.ALLOWED, reason="allowed", exit_code=0)
ARGUMENTS: dict[str, Any] = {
    "name": NAME,
    "artifact": THING,
    "verifier_id": VERIFIER,
    "verified_at": NOW,
    "expires": NOW + timedelta(days=7),
    "verdict_digest": sha("5"),
    "dependency_levels": {tier_level(Tier.HIGH): 3, FAILED: 1},
}


def made(verdict: Verdict = ALLOWED, **changes: Any) -> Statement:
    return summary_statement(verdict, **{**ARGUMENTS, **changes})


def again(statement: Statement) -> Summary:
    return read_summary(Statement.parse(statement.payload, "there"), "there")


def test_what_is_written_is_what_the_specification_asks_for() -> None:
    document = json.loads(made().payload)
    predicate = document["predicate"]
    assert document["predicateType"] == "https://slsa.dev/verification_summary/v1"
    assert document["subject"] == [
        {
            "name": NAME,
            "digest": {"sha256": THING.value},
            "annotations": {"aibom:form": "tree"},
        }
    ]
    ours = {key: value for key, value in predicate.items() if ":" in key}
    assert {key: v for key, v in predicate.items() if key not in ours} == {
        "verifier": {"id": VERIFIER, "version": {"aibom": "1.2.0"}},
        "timeVerified": "2026-11-21T12:00:00Z",
        "resourceUri": f"pkg:generic/acme/model?checksum=tree-sha256:{THING.value}",
        "policy": {"uri": "pkg:generic/acme@1", "digest": {"sha256": "1" * 64}},
        "inputAttestations": [
            {"uri": "aibom.cdx.json", "digest": {"sha256": "2" * 64}},
            {"uri": "evidence/%FF%3Ax", "digest": {"sha256": "4" * 64}},
            {"uri": "evidence/a%20b.json", "digest": {"sha256": "3" * 64}},
        ],
        "verificationResult": "PASSED",
        "verifiedLevels": ["AIBOM_TIER_HIGH_PASSED"],
        "dependencyLevels": {"AIBOM_TIER_HIGH_PASSED": 3, "FAILED": 1},
    }
    assert ours == {
        "https://w3id.org/aibom/verdict/v1#tier": "high",
        "https://w3id.org/aibom/verdict/v1#decision": "allowed",
        "https://w3id.org/aibom/verdict/v1#reason": "allowed",
        "https://w3id.org/aibom/verdict/v1#exitCode": 0,
        "https://w3id.org/aibom/verdict/v1#effectiveTime": "2026-11-21T12:00:00Z",
        "https://w3id.org/aibom/verdict/v1#reportOnly": False,
        "https://w3id.org/aibom/verdict/v1#advisoriesSequence": 3,
        "https://w3id.org/aibom/verdict/v1#expires": "2026-11-28T12:00:00Z",
        "https://w3id.org/aibom/verdict/v1#verdictDigest": {"sha256": "5" * 64},
    }


def test_no_slsa_level_is_claimed() -> None:
    assert "slsaVersion" not in made().predicate
    assert b"SLSA_" not in made().payload


def test_nothing_said_of_dependencies_is_absent_not_empty() -> None:
    """An empty object would say that there are none."""
    statement = made(dependency_levels=None)
    assert "dependencyLevels" not in statement.predicate
    assert again(statement).dependency_levels is None


def test_statement_is_the_same_every_time() -> None:
    assert made().payload == made().payload
    there = timezone(timedelta(hours=5))
    assert made(verified_at=NOW.astimezone(there)).payload == made().payload


DECISIONS = {
    decision.value: (decision, replace(DENIED, decision=decision))
    for decision in Decision
    if decision is not Decision.ALLOWED
}


@pytest.mark.parametrize(("decision", "verdict"), DECISIONS.values(), ids=DECISIONS)
def test_only_allowed_is_passed(decision: Decision, verdict: Verdict) -> None:
    summary = again(made(verdict))
    assert (summary.passed, summary.levels) == (False, (FAILED,))
    assert (summary.decision, summary.exit_code) == (decision, 10)


def test_report_only_is_marked_whatever_was_decided() -> None:
    no = again(made(replace(DENIED, report_only=True, exit_code=0)))
    yes = again(made(replace(ALLOWED, report_only=True)))
    assert (no.passed, no.report_only, no.exit_code) == (False, True, 0)
    assert (yes.passed, yes.report_only) == (True, True)


def test_verdict_of_failed_verification_is_about_what_the_caller_hashed() -> None:
    verdict = replace(
        DENIED,
        artifact="",
        artifact_name="",
        decision=Decision.NOT_VERIFIED,
        reason="digest-mismatch",
        exit_code=11,
    )
    summary = again(made(verdict))
    assert (summary.artifact, summary.name) == (THING, NAME)
    assert (summary.passed, summary.reason) == (False, "digest-mismatch")


#: name → what is wrong with the verdict, with the arguments, and what is raised
NOT_MADE: dict[str, tuple[Verdict, dict[str, Any], type[AibomError], str]] = {
    "dry-run": (replace(ALLOWED, dry_run=True), {}, UsageError, "verdict-dry-run"),
    "dry-run-that-denies": (
        replace(DENIED, dry_run=True),
        {},
        UsageError,
        "verdict-dry-run",
    ),
    "other-digest": (
        ALLOWED,
        {"artifact": Digest("tree", "c" * 64)},
        VerificationFailed,
        "verdict-other-artifact",
    ),
    "other-form": (
        ALLOWED,
        {"artifact": Digest("file", THING.value)},
        VerificationFailed,
        "verdict-other-artifact",
    ),
    "other-name": (
        ALLOWED,
        {"name": "acme/other"},
        VerificationFailed,
        "verdict-other-artifact",
    ),
    "allowed-without-artifact": (
        replace(ALLOWED, artifact=""),
        {},
        VerificationFailed,
        "verdict-other-artifact",
    ),
    "no-name": (
        replace(DENIED, artifact_name=""),
        {"name": ""},
        UsageError,
        "verdict-name-unusable",
    ),
    "name-that-climbs": (
        replace(DENIED, artifact_name=""),
        {"name": "acme/../x"},
        UsageError,
        "verdict-name-unusable",
    ),
    "name-with-control": (
        replace(DENIED, artifact_name=""),
        {"name": "acme/\u202ex"},
        UsageError,
        "verdict-name-unusable",
    ),
    "verifier-no-uri": (
        ALLOWED,
        {"verifier_id": "acme gate"},
        UsageError,
        "verifier-id-unusable",
    ),
    "verifier-empty": (
        ALLOWED,
        {"verifier_id": ""},
        UsageError,
        "verifier-id-unusable",
    ),
    "expired-at-once": (ALLOWED, {"expires": NOW}, UsageError, "verdict-expired"),
    "verdict-digest-none": (
        ALLOWED,
        {"verdict_digest": ""},
        DocumentInvalid,
        "digest-malformed",
    ),
    "verdict-digest-of-a-tree": (
        ALLOWED,
        {"verdict_digest": str(THING)},
        DocumentInvalid,
        "digest-malformed",
    ),
    "policy-digest-missing": (
        replace(ALLOWED, inputs=Inputs()),
        {},
        DocumentInvalid,
        "digest-malformed",
    ),
}


@pytest.mark.parametrize(
    ("verdict", "changes", "error", "reason"), NOT_MADE.values(), ids=NOT_MADE
)
def test_what_is_not_attested(
    verdict: Verdict, changes: dict[str, Any], error: type[AibomError], reason: str
) -> None:
    with pytest.raises(error) as caught:
        made(verdict, **changes)
    assert caught.value.reason == reason


def test_time_without_a_zone_is_a_fault_of_the_caller() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="zone"):
        made(verified_at=naive, expires=None)


# ── there and back ─────────────────────────────

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
SHAS = HEX.map("sha256:{}".format)
NAMES = st.text(min_size=1, max_size=30).filter(lambda n: name_matches("**", n))
WORDS = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8}){0,2}", fullmatch=True)
TIMES = st.datetimes(timezones=st.just(UTC))
COUNTS = st.integers(0, 10**20)
PLACES = st.lists(st.tuples(st.text(min_size=1), SHAS), max_size=4).map(tuple)
LEVELS = st.dictionaries(st.text("ABC_", min_size=1), COUNTS, max_size=3)


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    decision = draw(st.sampled_from(list(Decision)))
    allowed, report_only = decision is Decision.ALLOWED, draw(st.booleans())
    codes = [0] if allowed else [1, 3, 10, 11, *([0] if report_only else [])]
    return replace(
        ALLOWED,
        artifact=str(Digest(draw(st.sampled_from(["file", "tree"])), draw(HEX))),
        artifact_name=draw(NAMES),
        decision=decision,
        reason="allowed" if allowed else draw(WORDS),
        exit_code=draw(st.sampled_from(codes)),
        tier=draw(st.sampled_from(list(Tier))),
        effective_time=draw(TIMES).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0"),
        report_only=report_only,
        inputs=Inputs(
            policy=draw(st.text(min_size=1, max_size=9)),
            policy_version=draw(st.text(min_size=1, max_size=9)),
            policy_digest=draw(SHAS),
            advisories_sequence=draw(st.none() | st.integers(1, 10**20)),
            boms=draw(PLACES),
            evidence=draw(PLACES),
        ),
        tool=draw(st.sampled_from(["", "aibom 0.1.0", "aibom 1.0 (a fork)"])),
    )


@given(
    verdict=verdicts(),
    verified_at=TIMES,
    lasts=st.none() | st.timedeltas(timedelta(microseconds=1), timedelta(days=9)),
    digest=SHAS,
    levels=st.none() | LEVELS,
)
def test_what_is_made_is_read_back(
    verdict: Verdict,
    verified_at: datetime,
    lasts: timedelta | None,
    digest: str,
    levels: dict[str, int] | None,
) -> None:
    verified_at = min(verified_at, datetime(9999, 12, 1, tzinfo=UTC))
    arguments: dict[str, Any] = {
        "name": verdict.artifact_name,
        "artifact": Digest.parse(verdict.artifact),
        "verifier_id": VERIFIER,
        "verified_at": verified_at,
        "expires": None if lasts is None else verified_at + lasts,
        "verdict_digest": digest,
        "dependency_levels": levels,
    }
    found = again(summary_statement(verdict, **arguments))
    told = {key: getattr(found, key) for key in arguments}
    assert told == arguments
    for key in ("decision", "reason", "exit_code", "tier", "report_only", "tool"):
        assert getattr(found, key) == getattr(verdict, key)
    assert found.policy_digest == verdict.inputs.policy_digest
    assert found.advisories_sequence == verdict.inputs.advisories_sequence
    assert found.effective_time.isoformat()[:19] == verdict.effective_time[:19]
    assert found.passed == (verdict.decision is Decision.ALLOWED)
    used = {*verdict.inputs.boms, *verdict.inputs.evidence}
    assert len(found.inputs) == len(used)
    assert {digest for _, digest in found.inputs} == {digest for _, digest in used}


ORDINARY = st.from_regex(r"[A-Za-z0-9üß@#?%+:& ._~-]{0,8}[a-z]", fullmatch=True)


@given(st.lists(ORDINARY.map(str.strip), min_size=1, max_size=4).map("/".join))
def test_resource_is_the_purl_that_the_library_writes(name: str) -> None:
    verdict = replace(ALLOWED, artifact_name=name)
    uri = again(made(verdict, name=name)).resource_uri
    purl = PackageURL.from_string(uri)
    assert purl.to_string() == uri
    assert "/".join(filter(None, (purl.namespace, purl.name))) == name
    assert purl.qualifiers == {"checksum": str(THING)}


# ── what is not read ───────────────────────────

Change = Callable[[dict[str, Any]], object]


def ours(key: str, value: Any) -> Change:
    return lambda d: d["predicate"].update({EXTENSION + key: value})


def member(document: dict[str, Any], path: str) -> tuple[Any, str]:
    """What holds a member of the predicate, and its key there."""
    *parents, last = path.split("/")
    at: Any = document["predicate"]
    for key in parents:
        at = at[int(key)] if isinstance(at, list) else at[key]
    return at, last


def field(path: str, value: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        at, key = member(document, path)
        at[key] = value

    return change


def gone(path: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        at, key = member(document, path)
        del at[key]

    return change


def subject(**members: Any) -> Change:
    return lambda d: d["subject"][0].update(members)


def named(name: str) -> Change:
    """Another name, in both places."""

    def change(document: dict[str, Any]) -> None:
        subject(name=name)(document)
        uri = f"pkg:generic/{name}?checksum={THING}"
        field("resourceUri", uri)(document)

    return change


def lacks(key: str) -> Change:
    return lambda d: d["predicate"].pop(EXTENSION + key)


def no_longer_ours(document: dict[str, Any]) -> None:
    predicate = document["predicate"]
    for key in [key for key in predicate if key.startswith(EXTENSION)]:
        del predicate[key]


FIELDS = {
    "verifier": [None, "x", []],
    "verifier/id": [None, 1, "", "acme gate", "acme"],
    "verifier/version": [None, "1", ["1"], {"aibom": 1}],
    "timeVerified": [None, 1, "", "2026-11-21", "2026-11-21T12:00:00", "soon"],
    "resourceUri": [None, 1, "", "pkg:generic/acme/model"],
    "policy": [None, "x", []],
    "policy/uri": [None, 1, "", "acme"],
    "policy/digest": [None, "1" * 64, {}, {"sha1": "1" * 40}, {"sha256": "1" * 63}],
    "inputAttestations": [None, "x", {}, ["x"]],
    "inputAttestations/0/uri": [None, 1, ""],
    "inputAttestations/0/digest": [None, "x", {}, {"sha256": "A" * 64}],
    "verificationResult": [None, 1, True, "", "passed", "WARNED", "PASSED "],
    "verifiedLevels": [None, "AIBOM_TIER_HIGH_PASSED", [1], [], {}],
    "dependencyLevels": ["x", [], {"A": "1"}, {"A": True}, {"A": -1}, {"A": 1.5}],
}
EXTENSIONS = {
    "tier": [None, 1, "", "HIGH", "highest", ["high"]],
    "decision": [None, 1, "", "ALLOWED", "passed"],
    "reason": [None, 1, "", []],
    "exitCode": [None, "0", False, 0.0],
    "effectiveTime": [None, 1, "", "2026-11-21", "2026-11-21T12:00:00+00:00", "x Z"],
    "reportOnly": [None, 0, "false", ""],
    "advisoriesSequence": ["3", True, 0, -1, 3.0],
    "expires": [1, "", "never", "2026-11-28", "2026-11-28T12:00:00"],
    "verdictDigest": [None, "5" * 64, {}, {"sha256": 5}],
}
WRONG: dict[str, Change] = {
    **{
        f"{path}={value!r}"[:60]: field(path, value)
        for path, values in FIELDS.items()
        for value in values
    },
    **{
        f"#{key}={value!r}": ours(key, value)
        for key, values in EXTENSIONS.items()
        for value in values
    },
    **{
        f"without-{path}": gone(path)
        for path in FIELDS
        if path not in ("dependencyLevels", "verifier/version")
    },
    **{f"without-#{key}": lacks(key) for key in EXTENSIONS},
    "of-another-tool": no_longer_ours,
    "no-predicate": lambda d: d.pop("predicate"),
    "two-subjects": lambda d: d["subject"].append(d["subject"][0]),
    "two-digests": subject(digest={"sha256": "b" * 64, "dirHash": "c" * 64}),
    "two-algorithms": subject(digest={"sha256": "b" * 64, "sha512": "c" * 128}),
    "other-algorithm": subject(digest={"sha512": "b" * 128}),
    "unknown-form": subject(annotations={"aibom:form": "file"}),
    "form-is-no-text": subject(annotations={"aibom:form": ["tree"]}),
    "form-dropped": lambda d: d["subject"][0].pop("annotations"),
    "no-name": lambda d: d["subject"][0].pop("name"),
    "unusable-name": named("acme//model"),
    "name-that-climbs": named("acme/../model"),
    "name-swapped": subject(name="acme/other"),
    "digest-swapped": subject(digest={"sha256": "c" * 64}),
    "failed-with-passed-level": field("verificationResult", FAILED),
    "allowed-but-failed": lambda d: d["predicate"].update(
        verificationResult=FAILED, verifiedLevels=[FAILED]
    ),
    "denied-but-passed": ours("decision", "denied"),
    "allowed-with-exit-10": ours("exitCode", 10),
    "level-of-another-tier": ours("tier", "low"),
    "levels-of-two-tiers": field(
        "verifiedLevels", ["AIBOM_TIER_HIGH_PASSED", "AIBOM_TIER_LOW_PASSED"]
    ),
    "level-and-failed": field("verifiedLevels", ["AIBOM_TIER_HIGH_PASSED", FAILED]),
    "only-a-level-of-slsa": field("verifiedLevels", ["SLSA_BUILD_LEVEL_3"]),
}


def changed(change: Change, verdict: Verdict = ALLOWED) -> Statement:
    document = json.loads(made(verdict).payload)
    change(document)
    return Statement.parse(to_json(document), "there")


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_is_not_ours_is_not_read(change: Change) -> None:
    with pytest.raises(VerificationFailed) as caught:
        read_summary(changed(change), "there")
    assert (caught.value.reason, caught.value.where) == ("verdict-malformed", "there")
    assert caught.value.hint


def test_refusal_to_deploy_with_exit_0_is_not_read() -> None:
    """Only report-only runs say no and exit 0."""
    with pytest.raises(VerificationFailed, match="exitCode"):
        read_summary(changed(ours("exitCode", 0), DENIED), "there")


def test_summary_of_another_tool_is_called_that() -> None:
    with pytest.raises(VerificationFailed, match="another tool made it"):
        read_summary(changed(no_longer_ours), "there")


def test_every_problem_is_told() -> None:
    def change(document: dict[str, Any]) -> None:
        ours("tier", "x")(document)
        gone("policy/digest")(document)

    with pytest.raises(VerificationFailed) as caught:
        read_summary(changed(change), "there")
    assert "verdict/v1#tier: 'x'" in caught.value.message
    assert "predicate.policy.digest: is missing" in caught.value.message


TOLERATED: dict[str, Change] = {
    "unknown-field": field("later", {"x": 1}),
    "unknown-extension": ours("later", 1),
    "slsa-level-beside": field(
        "verifiedLevels", ["AIBOM_TIER_HIGH_PASSED", "SLSA_BUILD_LEVEL_3"]
    ),
    "dependencies-null": field("dependencyLevels", None),
    "no-version": gone("verifier/version"),
    "other-name-in-both-places": named("acme/other"),
    "never-expires": ours("expires", None),
    "no-advisories": ours("advisoriesSequence", None),
    "annotation": subject(annotations={"aibom:form": "tree", "note": 1}),
}


@pytest.mark.parametrize("change", TOLERATED.values(), ids=TOLERATED)
def test_what_nobody_asked_for_is_ignored(change: Change) -> None:
    """The specification: consumers MUST ignore unrecognized fields."""
    assert read_summary(changed(change), "there").passed


def test_no_subject_at_all() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        changed(lambda d: d["subject"].clear())
    assert caught.value.reason == "subject-missing"
    with pytest.raises(VerificationFailed) as refused:
        read_summary(replace(made(), subjects=()), "there")
    assert refused.value.reason == "verdict-malformed"


def test_key_that_stands_twice() -> None:
    """Two readers would read two tiers."""
    key = f'"{EXTENSION}tier":'.encode()
    payload = made().payload.replace(key, key + b'"low",' + key)
    with pytest.raises(DocumentInvalid) as caught:
        Statement.parse(payload, "there")
    assert caught.value.reason == "duplicate-key"


@pytest.mark.parametrize("other", [AUDIT_V1, SUMMARY_V1 + "/", SUMMARY_V1[:-1] + "2"])
def test_other_predicate_is_refused(other: str) -> None:
    statement = Statement.build([Resource.subject(NAME, THING)], other, {})
    with pytest.raises(VerificationFailed) as caught:
        read_summary(statement, "there")
    assert caught.value.reason == "predicate-not-allowed"
