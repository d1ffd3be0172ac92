"""An old verdict to compare with: what is new since then, and what was known.

``--against OLD`` lets a team turn a gate on without repairing everything first: what
the old verdict already found is marked as known and does not block, what is new does.
An old verdict is a file that nobody signed, named by whoever runs the gate, so all of
this is kept narrow. A finding is known only when the old verdict has the same rule,
status, reason, term and found text for the same thing: for the artifact that is its
name, because each release has other bytes; for everything upstream it is the id, that
is the digest. What replaced an ancestor was never looked at before.

Never known: a rule that broke, and a rule that takes no exception.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aibom.errors import AibomError, UsageError
from aibom.operations.files import read_small
from aibom.operations.policies.folder import load_folder
from aibom.policy.engine import decide
from aibom.reading import Reader
from aibom.statement import parse_json
from aibom.verdict import (
    API_VERSION,
    Decision,
    Result,
    Status,
    Tier,
    Verdict,
)

__all__ = [
    "Finding",
    "OldVerdict",
    "never_known",
    "only_new_block",
    "read_old_verdict",
    "require_comparable",
]

_FINDINGS = (Status.FAIL, Status.UNKNOWN, Status.ERROR)
_EVALUATED = frozenset({Decision.ALLOWED, Decision.DENIED, Decision.UNDECIDED})


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of an old verdict. ``subject`` is the node, or ``artifact``."""

    rule: str
    subject: str
    label: str
    status: Status
    code: str
    term: str
    actual: str
    beyond: str
    blocks: bool

    @property
    def key(self) -> tuple[object, ...]:
        """What must be the same for a finding to be known."""
        return (
            *(self.rule, self.subject, self.status, self.code),
            *(self.term, self.actual, self.beyond),
        )


@dataclass(frozen=True, slots=True)
class OldVerdict:
    """What of an old verdict is compared. ``digest`` is the SHA-256 of its bytes."""

    where: str
    digest: str
    decision: Decision
    dry_run: bool
    report_only: bool
    tier: Tier
    policy: str
    artifact: str
    name: str
    findings: tuple[Finding, ...]


def read_old_verdict(path: Path) -> OldVerdict:
    """Read a verdict that ``--output json`` wrote.

    Raises :class:`~aibom.errors.UsageError` (``against-unreadable``) for anything else.
    """
    try:
        data = read_small(path)
        top = Reader(parse_json(data, str(path)), str(path))
    except AibomError as error:
        raise _unreadable(path, error.message) from error
    if top.text("apiVersion") not in (None, API_VERSION):
        top.problem(f"is not {API_VERSION!r}", "apiVersion")
    verification, artifact = top.reader("verification"), top.reader("artifact")
    results = top.readers("results")
    root = _root(artifact, results)
    try:
        found = OldVerdict(
            where=str(path),
            digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
            decision=Decision(top.choice("decision", list(Decision))),
            dry_run=top.flag("dryRun"),
            report_only=top.flag("reportOnly"),
            tier=Tier(top.choice("tier", list(Tier))),
            policy=top.reader("inputs").raw("policy"),
            artifact=str(artifact.raw("name")),
            name=str(verification.raw("name")),
            findings=tuple(_findings(results, root)),
        )
    except (ValueError, TypeError) as error:
        raise _unreadable(path, "; ".join(top.problems) or str(error)) from error
    if top.problems:
        raise _unreadable(path, "\n  ".join(top.problems))
    return found


def _unreadable(path: Path, why: str) -> UsageError:
    return UsageError(
        f"is not a verdict that can be read: {why}",
        reason="against-unreadable",
        where=str(path),
        hint="name what `aibom gate --output json=FILE` wrote",
    )


def _root(artifact: Reader, results: list[Reader]) -> str:
    """The id of the artifact: where every path begins."""
    artifact.text("digest", "")
    for result in results:
        path = result.raw("path", ())
        if isinstance(path, list) and path and isinstance(path[0], dict):
            return str(path[0].get("node"))
    return ""


def _findings(results: list[Reader], root: str) -> list[Finding]:
    found = []
    for entry in results:
        status = Status(entry.choice("status", list(Status)))
        if status not in _FINDINGS:
            continue
        hops = [hop.raw("node") for hop in entry.readers("path")]
        node = entry.text("node")
        finding = Finding(
            rule=entry.text("rule"),
            subject=_subject(node, root),
            label=str(entry.raw("label")),
            status=status,
            code=entry.text("reason"),
            term=str(entry.raw("term", "")),
            actual=str(entry.raw("actual", "")),
            beyond=_beyond(node, hops),
            blocks=entry.flag("blocks"),
        )
        found.append(finding)
    return found


def _subject(node: str, root: str) -> str:
    """Names of the artifact are compared once, for the whole verdict."""
    return "artifact" if node == root else node


def _beyond(node: str, hops: list[Any]) -> str:
    """What a finding is really about where its path leads on; empty where it does not.

    The way there is not compared: each release is made by another step.
    """
    return str(hops[-1]) if hops and hops[-1] != node else ""


def never_known(policy: Path, verdict: Verdict) -> frozenset[str]:
    """The ids of the rules in a verifier's folder that take no exception.

    Raises :class:`~aibom.errors.UsageError` (``against-other-policy``) when the folder
    is no longer the one that the verdict was made with.
    """
    folder = load_folder(policy, require_lock=not verdict.dry_run)
    if folder.digest != verdict.inputs.policy_digest:
        raise UsageError(
            "the policy folder changed while the artifact was evaluated",
            reason="against-other-policy",
            where=str(policy),
            hint="run it again",
        )
    return frozenset(rule.id for rule in folder.policy.rules if not rule.exceptable)


def only_new_block(
    verdict: Verdict, old: OldVerdict, never: Collection[str]
) -> Verdict:
    """The verdict in which what ``old`` already found is known, and decides nothing.

    ``never`` are rules of which nothing is ever known. The override and the digest of
    the old verdict are recorded. A verdict for which no rule was evaluated stays as it
    is. Raises :class:`~aibom.errors.UsageError`: ``against-dry-run``,
    ``against-report-only``, ``against-not-evaluated``, ``against-other-policy``,
    ``against-other-tier``, ``against-other-artifact``.
    """
    require_comparable(old)
    noted = f"against={old.digest}"
    verdict = replace(verdict, overrides=(*verdict.overrides, noted))
    if verdict.decision not in _EVALUATED | {Decision.ERROR} or not verdict.results:
        return verdict
    _require_same_thing(verdict, old)
    known = {finding.key for finding in old.findings}
    results = tuple(
        replace(result, known=_may_be_known(result, never) and _key(result) in known)
        for result in verdict.results
    )
    if not any(result.known for result in results):
        return verdict
    decision, reason, code = decide(results, in_force=1)
    waived = verdict.report_only and code in (10, 3)
    return replace(
        verdict,
        results=results,
        decision=decision,
        reason=reason,
        exit_code=0 if waived else code,
    )


def _may_be_known(result: Result, never: Collection[str]) -> bool:
    return result.status in (Status.FAIL, Status.UNKNOWN) and result.rule not in never


def _key(result: Result) -> tuple[object, ...]:
    hops = [hop.node for hop in result.path]
    root = hops[0] if hops else ""
    return (
        *(result.rule, _subject(result.node, root), result.status, result.reason),
        *(result.term, result.actual, _beyond(result.node, hops)),
    )


def require_comparable(old: OldVerdict) -> None:
    """Refuse an old verdict by which nobody decided, or not about every rule.

    Raises :class:`~aibom.errors.UsageError`: ``against-dry-run``,
    ``against-report-only``, ``against-not-evaluated``.
    """
    if old.dry_run:
        raise _refused(old, "is a dry run, by which nobody decided", "against-dry-run")
    if old.report_only:
        raise _refused(old, "is of a run with --report-only", "against-report-only")
    if old.decision not in _EVALUATED:
        told = f"is {old.decision}: not every rule was evaluated"
        raise _refused(old, told, "against-not-evaluated")


def _refused(old: OldVerdict, message: str, reason: str) -> UsageError:
    return UsageError(
        message,
        reason=reason,
        where=old.where,
        hint="compare with the verdict of a whole `aibom gate`",
    )


def _require_same_thing(verdict: Verdict, old: OldVerdict) -> None:
    """The same policy by name, the same tier, and the same artifact by name.

    The name must be vouched for; only a dry run, which lets nothing through, takes the
    name that the BOM has.
    """
    name, before = verdict.verification.name, old.name
    if verdict.dry_run and not name:
        name, before = verdict.artifact_name, old.artifact
    inputs = verdict.inputs
    if inputs.policy != old.policy:
        raise _other(old, "policy", inputs.policy, old.policy, "against-other-policy")
    if verdict.tier is not old.tier:
        raise _other(old, "tier", verdict.tier, old.tier, "against-other-tier")
    if not name or name != before:
        raise _other(old, "artifact", name, before, "against-other-artifact")


def _other(old: OldVerdict, what: str, now: str, then: str, reason: str) -> UsageError:
    return UsageError(
        f"is about the {what} {then or 'without a name'}, "
        f"not {now or 'one that nobody vouches for'}",
        reason=reason,
        where=old.where,
        hint=f"compare with a verdict about the same {what}",
    )
