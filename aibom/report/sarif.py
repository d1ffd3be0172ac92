"""The verdict as SARIF 2.1.0 (OASIS, errata 01), for code scanning.

========================  ======================================================
a finding                 in SARIF
========================  ======================================================
fail                      result, kind ``fail``; level error, warning or note
unknown                   result, kind ``open`` (3.27.9: not enough to decide);
                          the level is then ``none`` (3.27.10)
error                     a notification of the tool: the rule was not evaluated
excepted                  left out and told; with ``waived`` a suppressed result
verification failed       result of the rule ``aibom/verification``
no decision               notification
========================  ======================================================

The lineage path is the code flow. There are no line numbers in a BOM that was not read
for them: then every result is at line 1, and the logical location says what it is
about. Limits are those of GitHub: what is more is left out, least severe first, and a
notification says how much. What passes is not listed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from aibom.report.parts import (
    LONG,
    Stop,
    Where,
    by_severity,
    exception_of,
    exception_reason,
    fingerprint,
    json_bytes,
    left_standing,
    message,
    rules,
    stop,
)
from aibom.report.sarif_rules import LEVELS, described, text_of, verification
from aibom.report.text import escape
from aibom.verdict import Decision, PathHop, Result, Status, Verdict

__all__ = ["MAX_FLOW", "MAX_RESULTS", "MAX_RULES", "sarif"]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json"
)

#: GitHub takes 25,000 results of a run and shows 5,000; it takes 10,000 locations of a
#: code flow, and 25,000 rules.
MAX_RESULTS = 5_000
MAX_FLOW = 10_000
MAX_RULES = 25_000

_KINDS = {Status.FAIL: "fail", Status.UNKNOWN: "open"}


def sarif(verdict: Verdict, where: Where, *, waived: bool = False) -> bytes:
    """One run with the findings; the same verdict gives the same bytes.

    With ``waived`` findings under an exception are results too, with a suppression.
    GitHub shows suppressed results like any other, so by default they are left out.
    """
    standing = left_standing(verdict)
    excepted = by_severity(one for one in verdict.findings if exception_of(one))
    listed = [
        one
        for one in [*standing, *(excepted if waived else ())]
        if one.status in _KINDS
    ]
    broken = [one for one in standing if one.status is Status.ERROR]
    shown = (listed[:MAX_RESULTS], broken[:MAX_RESULTS])
    stopped = stop(verdict)
    refused = stopped if stopped and _is_result(stopped) else None
    results = [_result(verdict, one, where) for one in shown[0]]
    notes = [_notification(text, level) for text, level in _told(verdict, stopped)]
    notes += [
        _notification(text, "note") for text in _left_out(excepted, waived=waived)
    ]
    notes += [_notification(text, "warning") for text in _cut(len(listed), len(broken))]
    notes += [_broken(one, where) for one in shown[1]]
    driver = _driver(verdict, [*shown[0], *shown[1]], refused)
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(verdict, notes)],
        "results": [*([_unverified(refused, where)] if refused else ()), *results],
        "columnKind": "unicodeCodePoints",
        "properties": _about(verdict),
    }
    return json_bytes({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _is_result(stopped: Stop) -> bool:
    """What does not verify is a finding about a file; what broke is the tool's."""
    return stopped.rule == "aibom/verification" and not stopped.broke


# ── the tool and its rules ────────────────────


def _driver(
    verdict: Verdict, needed: Sequence[Result], refused: Stop | None
) -> dict[str, Any]:
    grouped = rules(verdict.results)
    if len(grouped) >= MAX_RULES:
        grouped = rules(needed)
    listed = [described(group) for group in grouped.values()]
    if refused:
        listed.insert(0, verification(refused))
    name, _, version = escape(verdict.tool).partition(" ")
    driver = {"name": name or "aibom", "rules": listed}
    return {**driver, "version": version} if version else driver


# ── results ────────────────────


def _result(verdict: Verdict, result: Result, where: Where) -> dict[str, Any]:
    failed = result.status is Status.FAIL
    document: dict[str, Any] = {
        "ruleId": escape(result.rule),
        "kind": _KINDS[result.status],
        "level": LEVELS.get(result.mode, "note") if failed else "none",
        "message": {"text": text_of(message(result))},
        "locations": [_location(where, result.node, result.label, _kind(result))],
        "partialFingerprints": _fingerprints(fingerprint(result)),
        "properties": {
            "blocks": result.blocks,
            "status": result.status.value,
            "reason": escape(result.reason),
            "mode": result.mode.value,
            "severity": result.severity.value,
            "evidence": [escape(name, LONG) for name in result.evidence],
            **({"assurance": escape(result.assurance)} if result.assurance else {}),
        },
    }
    if len(result.path) > 1:
        document["codeFlows"] = [_flow(result.path, where)]
    if exception_of(result):
        document["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": exception_reason(verdict, result),
            }
        ]
    return document


def _unverified(stopped: Stop, where: Where) -> dict[str, Any]:
    told = f"{stopped.where}: {stopped.message}" if stopped.where else stopped.message
    if stopped.hint:
        told += f"; {stopped.hint}"
    return {
        "ruleId": stopped.rule,
        "kind": "fail",
        "level": "error",
        "message": {"text": text_of(f"{stopped.reason}: {told}")},
        "locations": [{"physicalLocation": _physical(where, "")}],
        "partialFingerprints": _fingerprints(
            hashlib.sha256(stopped.rule.encode()).hexdigest()
        ),
    }


def _fingerprints(value: str) -> dict[str, str]:
    """Ours, and the one that GitHub would otherwise compute from the line."""
    return {"aibomRuleNode/v1": value, "primaryLocationLineHash": f"{value}:1"}


def _flow(path: Sequence[PathHop], where: Where) -> dict[str, Any]:
    """The path from the artifact; the far end is kept where it is too long."""
    cut = len(path) > MAX_FLOW
    hops = [*path[: MAX_FLOW - 1], path[-1]] if cut else path
    text = "lineage path, from the artifact upwards"
    if cut:
        text += f"; {len(path) - len(hops):,} hops before the last are left out"
    steps = [{"location": _hop(hop, where)} for hop in hops]
    return {"message": {"text": text}, "threadFlows": [{"locations": steps}]}


def _hop(hop: PathHop, where: Where) -> dict[str, Any]:
    via = f"{hop.via} " if hop.via else ""
    role = f"as {hop.role} " if hop.role else ""
    text = text_of(f"{via}{role}{hop.kind} {hop.label}")
    return {
        **_location(where, hop.node, hop.label, hop.kind),
        "message": {"text": text},
    }


def _location(where: Where, node: str, label: str, kind: str) -> dict[str, Any]:
    logical = {"name": escape(label), "fullyQualifiedName": escape(node, LONG)}
    if kind:
        logical["kind"] = escape(kind)
    return {
        "physicalLocation": _physical(where, node),
        "logicalLocations": [logical],
    }


def _physical(where: Where, node: str) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": where.uri},
        "region": {"startLine": where.line(node)},
    }


def _kind(result: Result) -> str:
    return next((hop.kind for hop in result.path if hop.node == result.node), "")


# ── what the run says of itself ────────────────────


def _invocation(verdict: Verdict, notes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "executionSuccessful": verdict.decision is not Decision.ERROR,
        "exitCode": verdict.exit_code,
        "toolExecutionNotifications": notes,
    }


def _told(verdict: Verdict, stopped: Stop | None) -> Iterator[tuple[str, str]]:
    if stopped and not _is_result(stopped):
        hint = f"; {stopped.hint}" if stopped.hint else ""
        place = f"{stopped.where}: " if stopped.where else ""
        yield f"{stopped.reason}: {place}{stopped.message}{hint}", "error"
    if verdict.dry_run:
        yield "dry run: the bytes of the artifact were not read", "note"
    if verdict.report_only:
        yield "report only: findings did not change the exit code", "note"
    for text in (*verdict.overrides, *verdict.warnings):
        yield text, "note"


def _left_out(excepted: Sequence[Result], *, waived: bool) -> Iterator[str]:
    if excepted and not waived:
        names = sorted({exception_of(one) for one in excepted})
        yield f"excepted and not listed: {len(excepted):,} ({', '.join(names)})"


def _cut(results: int, broken: int) -> Iterator[str]:
    for count, what in ((results, "findings"), (broken, "rules that broke")):
        if count > MAX_RESULTS:
            yield (
                f"{MAX_RESULTS:,} of {count:,} {what} are listed, blocking ones first, "
                "then by severity; the JSON verdict has all"
            )


def _broken(result: Result, where: Where) -> dict[str, Any]:
    return {
        **_notification(message(result), "error" if result.blocks else "warning"),
        "associatedRule": {"id": escape(result.rule)},
        "locations": [_location(where, result.node, result.label, _kind(result))],
    }


def _notification(text: str, level: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text_of(text)}}


def _about(verdict: Verdict) -> dict[str, Any]:
    return {
        "artifact": escape(verdict.artifact),
        "artifactName": escape(verdict.artifact_name),
        "decision": verdict.decision.value,
        "reason": escape(verdict.reason),
        "tier": verdict.tier.value,
        "effectiveTime": escape(verdict.effective_time),
        "dryRun": verdict.dry_run,
        "reportOnly": verdict.report_only,
        "policy": escape(verdict.inputs.policy),
        "policyVersion": escape(verdict.inputs.policy_version),
        "policyDigest": escape(verdict.inputs.policy_digest),
    }
