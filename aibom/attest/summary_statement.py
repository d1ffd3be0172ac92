"""A verdict as a SLSA Verification Summary (VSA), there and back.

Follows https://slsa.dev/verification_summary/v1. One subject: the artifact, with its
form. ``verificationResult`` is PASSED for the decision ``allowed`` and nothing else,
and ``verifiedLevels`` then names the tier (``AIBOM_TIER_HIGH_PASSED``); else both say
FAILED. No SLSA level is claimed, so there is no ``slsaVersion``.

What a VSA has no word for (tier, decision, effective time, end of validity, …) stands
in extension fields, named by URIs under :data:`EXTENSION`. Reading asks for every one
of them: a summary of another tool cannot be judged by our demands. As the specification
says, fields that nobody knows are ignored.

Nothing here signs, checks a signature, or says whether a summary may be relied upon:
that is :mod:`aibom.operations.verdicts.verdicts`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from aibom.digest import Digest
from aibom.errors import DocumentInvalid, UsageError, VerificationFailed
from aibom.namespaces import name_matches
from aibom.reading import Reader, parse_time
from aibom.statement import BASE_URI, FORM, SUMMARY_V1, Resource, Statement
from aibom.verdict import Decision, Tier, Verdict

__all__ = [
    "EXTENSION",
    "FAILED",
    "SUMMARY_V1",
    "Summary",
    "check_verifier_id",
    "read_summary",
    "summary_statement",
    "tier_level",
]

#: What the names of our extension fields begin with.
EXTENSION = BASE_URI + "verdict/v1#"
#: The level of whatever did not pass; the specification's own word.
FAILED = "FAILED"

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a verification summary says, typed.

    Digests of policy, verdict and inputs are texts ``sha256:…``; ``inputs`` are pairs
    of URI reference and digest. ``verdict_digest`` is that of the verdict's JSON, which
    has the results. ``tier`` of a verdict that came to no evaluation is ``high``.
    ``dependency_levels`` is None where nothing is said about dependencies.
    """

    name: str
    artifact: Digest
    verifier_id: str
    verified_at: datetime
    resource_uri: str
    policy_uri: str
    policy_digest: str
    passed: bool
    levels: tuple[str, ...]
    tier: Tier
    decision: Decision
    reason: str
    exit_code: int
    effective_time: datetime
    report_only: bool
    advisories_sequence: int | None
    expires: datetime | None
    inputs: tuple[tuple[str, str], ...]
    dependency_levels: Mapping[str, int] | None
    tool: str
    verdict_digest: str


def tier_level(tier: Tier, word: str = "PASSED") -> str:
    """A level of ours: ``AIBOM_TIER_HIGH_PASSED``."""
    return f"AIBOM_TIER_{tier.name}_{word}"


def summary_statement(
    verdict: Verdict,
    *,
    name: str,
    artifact: Digest,
    verifier_id: str,
    verified_at: datetime,
    expires: datetime | None,
    verdict_digest: str,
    dependency_levels: Mapping[str, int] | None,
) -> Statement:
    """Make the statement that sums up a gate's verdict, whatever it decided.

    ``name`` and ``artifact`` are the verdict's own; it has none where verification
    failed, and then whoever hashed the folder gives them. ``verdict_digest`` is
    ``sha256:…``; times have a zone.

    Raises :class:`~aibom.errors.UsageError` (``verdict-dry-run``,
    ``verdict-name-unusable``, ``verifier-id-unusable``, ``verdict-expired`` for one
    that would be from the start), :class:`~aibom.errors.VerificationFailed`
    (``verdict-other-artifact``) and, for a text that is no digest,
    :class:`~aibom.errors.DocumentInvalid` (``digest-malformed``).
    """
    _require_attestable(verdict, verifier_id, verified_at, expires)
    _require_same(verdict, name, artifact)
    summary = Summary(
        name=name,
        artifact=artifact,
        verifier_id=verifier_id,
        verified_at=verified_at,
        resource_uri=_resource_uri(name, artifact),
        expires=expires,
        dependency_levels=dependency_levels,
        verdict_digest=verdict_digest,
        **_decided(verdict),
    )
    subject = Resource.subject(name, artifact)
    return Statement.build([subject], SUMMARY_V1, _predicate(summary))


def _decided(verdict: Verdict) -> dict[str, Any]:
    """The fields of a summary that are the verdict's own."""
    passed = verdict.decision is Decision.ALLOWED
    return {
        "policy_uri": _policy_uri(verdict),
        "policy_digest": verdict.inputs.policy_digest,
        "passed": passed,
        "levels": (tier_level(verdict.tier) if passed else FAILED,),
        "tier": verdict.tier,
        "decision": verdict.decision,
        "reason": verdict.reason,
        "exit_code": verdict.exit_code,
        "effective_time": parse_time(verdict.effective_time),
        "report_only": verdict.report_only,
        "advisories_sequence": verdict.inputs.advisories_sequence,
        "inputs": _inputs(verdict),
        "tool": verdict.tool,
    }


def check_verifier_id(verifier_id: str) -> None:
    """Refuse what is no URI: ``UsageError``, ``verifier-id-unusable``."""
    if not _URI.fullmatch(verifier_id):
        raise UsageError(
            f"{verifier_id!r} is not a URI",
            reason="verifier-id-unusable",
            hint="name the verifier as signers.yaml does, as https://example.com/gate",
        )


def _require_attestable(
    verdict: Verdict,
    verifier_id: str,
    verified_at: datetime,
    expires: datetime | None,
) -> None:
    if verdict.dry_run:
        raise UsageError(
            "is the verdict of a dry run, which read no bytes of the artifact",
            reason="verdict-dry-run",
            where=verdict.artifact_name or None,
            hint="decide with: aibom gate DIR --policy DIR",
        )
    check_verifier_id(verifier_id)
    if expires is not None and expires <= verified_at:
        raise UsageError(
            f"would have expired at {expires.isoformat()}, before it was made",
            reason="verdict-expired",
            where=verdict.artifact_name or None,
            hint="give it an end in the future",
        )


def _require_same(verdict: Verdict, name: str, artifact: Digest) -> None:
    said = (verdict.artifact or str(artifact), verdict.artifact_name or name)
    unnamed = verdict.decision is Decision.ALLOWED and not verdict.artifact
    if unnamed or said != (str(artifact), name):
        raise VerificationFailed(
            f"the verdict is about {verdict.artifact_name or 'nothing'} "
            f"({verdict.artifact or 'no digest'}), not {name} ({artifact})",
            reason="verdict-other-artifact",
            where=name,
            hint="a verdict is signed for the artifact that was decided about",
        )
    if not _is_name(name):
        raise UsageError(
            f"{name!r} cannot be in any namespace",
            reason="verdict-name-unusable",
            hint="a name is printable, without empty, . or .. segments",
        )


def _is_name(name: str) -> bool:
    return name_matches("**", name)


def _resource_uri(name: str, artifact: Digest) -> str:
    """The purl of these bytes under this name; the form is part of the checksum.

    Written here, as packageurl refuses names that we allow: read back, nothing raises.
    """
    path = "/".join(quote(segment, safe=":") for segment in name.split("/"))
    return f"pkg:generic/{path}?checksum={artifact}"


def _policy_uri(verdict: Verdict) -> str:
    """Which policy, by name and version; only its digest says what is in it."""
    name = quote(verdict.inputs.policy, safe="")
    return f"pkg:generic/{name}@{quote(verdict.inputs.policy_version, safe='')}"


def _inputs(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """All BOMs and evidence; one that is both stands once. Locations as references."""
    used = {*verdict.inputs.boms, *verdict.inputs.evidence}
    return tuple(
        sorted(
            # File names need not be Unicode; percent signs carry their bytes.
            (quote(location, errors="surrogateescape"), digest)
            for location, digest in used
        )
    )


def _digest_set(text: str) -> dict[str, str]:
    return {"sha256": Digest("file", text.removeprefix("sha256:")).value}


def _predicate(summary: Summary) -> dict[str, Any]:
    verifier: dict[str, Any] = {"id": summary.verifier_id}
    tool, _, version = summary.tool.partition(" ")
    if tool and version:
        verifier["version"] = {tool: version}
    policy = _digest_set(summary.policy_digest)
    document = {
        "verifier": verifier,
        "timeVerified": _time_text(summary.verified_at),
        "resourceUri": summary.resource_uri,
        "policy": {"uri": summary.policy_uri, "digest": policy},
        "inputAttestations": [
            {"uri": uri, "digest": _digest_set(digest)}
            for uri, digest in summary.inputs
        ],
        "verificationResult": "PASSED" if summary.passed else FAILED,
        "verifiedLevels": list(summary.levels),
        **_extension(summary),
    }
    if summary.dependency_levels is not None:
        document["dependencyLevels"] = dict(summary.dependency_levels)
    return document


def _extension(summary: Summary) -> dict[str, Any]:
    expires = summary.expires
    members = {
        "tier": summary.tier.value,
        "decision": summary.decision.value,
        "reason": summary.reason,
        "exitCode": summary.exit_code,
        "effectiveTime": _time_text(summary.effective_time),
        "reportOnly": summary.report_only,
        "advisoriesSequence": summary.advisories_sequence,
        "expires": None if expires is None else _time_text(expires),
        "verdictDigest": _digest_set(summary.verdict_digest),
    }
    return {EXTENSION + key: value for key, value in members.items()}


def _time_text(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError("the times of a verdict have a zone")
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_summary(statement: Statement, where: str) -> Summary:
    """Read a summary back, believing nothing that contradicts itself.

    Raises :class:`~aibom.errors.VerificationFailed`: ``predicate-not-allowed`` for a
    statement of another type, ``verdict-malformed`` with every problem for a summary
    that is not one of ours, or is one that our own code cannot have made.
    """
    if statement.predicate_type != SUMMARY_V1:
        raise VerificationFailed(
            f"is a {statement.predicate_type}, not a verification summary",
            reason="predicate-not-allowed",
            where=where,
            hint=f"a verdict is a {SUMMARY_V1}",
        )
    top = Reader(dict(statement.predicate), "predicate")
    values = {
        **_read_subject(statement, top),
        **_read_standard(top),
        **_read_extension(top),
    }
    if not top.problems:
        summary = Summary(**values)
        _contradictions(summary, top)
        if not top.problems:
            return summary
    raise VerificationFailed(
        "\n  ".join(["cannot be read as a verdict of aibom:", *_problems(top)]),
        reason="verdict-malformed",
        where=where,
        hint="verdicts are made by: aibom gate; those of other tools are not taken",
    )


def _problems(top: Reader) -> list[str]:
    if any(key.startswith(EXTENSION) for key in top.keys()):  # noqa: SIM118
        return top.problems
    return [f"none of its fields is called {EXTENSION}…: another tool made it"]


def _read_subject(statement: Statement, top: Reader) -> dict[str, Any]:
    if len(statement.subjects) != 1:
        top.problem(f"the statement has {len(statement.subjects)} subjects, not one")
        return {}
    (subject,) = statement.subjects
    # One digest only: a second one could be that of something else.
    if set(subject.digest) != {"sha256"}:
        top.problem("the subject must have one digest, a sha256")
    if subject.annotations.get(FORM, "tree") != "tree":
        top.problem(f"the subject's {FORM} can only be 'tree'")
    if subject.name is None or not _is_name(subject.name):
        top.problem("the subject has no name that could be in a namespace")
    return {"name": subject.name, "artifact": subject.content()}


def _read_standard(top: Reader) -> dict[str, Any]:
    verifier, policy = top.reader("verifier"), top.reader("policy")
    result = top.choice("verificationResult", ("PASSED", FAILED))
    return {
        "verifier_id": _uri(verifier, "id"),
        "tool": _read_tool(verifier),
        "verified_at": _time(top, "timeVerified"),
        "resource_uri": top.text("resourceUri"),
        "policy_uri": _uri(policy, "uri"),
        "policy_digest": _digest(policy, "digest"),
        "passed": result == "PASSED",
        "levels": top.texts("verifiedLevels"),
        "inputs": tuple(
            (entry.text("uri"), _digest(entry, "digest"))
            for entry in top.readers("inputAttestations")
        ),
        "dependency_levels": _read_levels(top),
    }


def _read_extension(top: Reader) -> dict[str, Any]:
    tier = top.choice(EXTENSION + "tier", list(Tier))
    decision = top.choice(EXTENSION + "decision", list(Decision))
    return {
        "tier": Tier(tier) if tier else None,
        "decision": Decision(decision) if decision else None,
        "reason": top.text(EXTENSION + "reason"),
        "exit_code": top.integer(EXTENSION + "exitCode"),
        "effective_time": _time(top, EXTENSION + "effectiveTime"),
        "report_only": top.flag(EXTENSION + "reportOnly"),
        "advisories_sequence": _read_sequence(top),
        "expires": _time(top, EXTENSION + "expires", nullable=True),
        "verdict_digest": _digest(top, EXTENSION + "verdictDigest"),
    }


def _read_tool(verifier: Reader) -> str:
    if not verifier.has("version"):
        return ""
    version = verifier.reader("version")
    parts = [f"{key} {version.text(key)}" for key in version.keys()]  # noqa: SIM118
    return ", ".join(sorted(parts))


def _read_levels(top: Reader) -> dict[str, int] | None:
    """Counts by level; absent and null both mean that nothing is said."""
    if top.raw("dependencyLevels", None) is None:
        return None
    levels = top.reader("dependencyLevels")
    counts = {key: levels.integer(key) for key in levels.keys()}  # noqa: SIM118
    for key, count in counts.items():
        if count is not None and count < 0:
            levels.problem("must be 0 or more", key)
    return counts


def _read_sequence(top: Reader) -> int | None:
    key = EXTENSION + "advisoriesSequence"
    if top.raw(key) is None:
        return None
    sequence: int | None = top.integer(key)
    if sequence is not None and sequence < 1:
        top.problem("must be 1 or more, or null", key)
    return sequence


def _uri(reader: Reader, key: str) -> str | None:
    text: str | None = reader.text(key)
    if text is not None and not _URI.fullmatch(text):
        reader.problem(f"{text!r} is not a URI", key)
    return text


def _digest(reader: Reader, key: str) -> str:
    digests = reader.reader(key)
    value = digests.text("sha256")
    try:
        return str(Digest("file", str(value)))
    except DocumentInvalid as error:
        digests.problem(error.message, "sha256")
        return ""


def _time(reader: Reader, key: str, *, nullable: bool = False) -> datetime | None:
    """A timestamp as in-toto has them: RFC 3339 in UTC, ending in Z."""
    if nullable and reader.has(key) and reader.raw(key) is None:
        return None
    text = reader.text(key)
    try:
        if isinstance(text, str) and text.endswith("Z"):
            return parse_time(text)
    except ValueError as error:
        reader.problem(str(error), key)
        return None
    if text is not None:
        reader.problem("is not a time in UTC such as 2026-11-21T08:00:00Z", key)
    return None


def _contradictions(summary: Summary, top: Reader) -> None:
    """Note what no verdict of ours can say at once: somebody else wrote it."""
    allowed = summary.decision is Decision.ALLOWED
    if summary.passed != allowed:
        top.problem(
            f"contradicts the decision {summary.decision}", "verificationResult"
        )
    # Only a report-only run turns a refusal into exit 0.
    zero = summary.exit_code == 0
    if (allowed and not zero) or (zero and not allowed and not summary.report_only):
        top.problem(f"contradicts the decision {summary.decision}", "exitCode")
    ours = [x for x in summary.levels if x == FAILED or x.startswith("AIBOM_TIER_")]
    expected = tier_level(summary.tier) if summary.passed else FAILED
    if ours != [expected]:
        top.problem(f"must say {expected}, and nothing else of ours", "verifiedLevels")
    if summary.resource_uri != _resource_uri(summary.name, summary.artifact):
        top.problem("is not that of the subject", "resourceUri")
