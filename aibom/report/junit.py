"""The verdict as JUnit XML: a test suite for every rule, a test case for every node.

=========================  =====================================================
a result                   in JUnit
=========================  =====================================================
pass                       a case without children
fail, unknown, blocking    ``failure`` with the type ``fail`` or ``unknown``
error, blocking            ``error``: the rule could not be evaluated
excepted                   ``skipped``, with the exception and its reason
does not block             ``skipped``, saying so: JUnit knows no warnings
not applicable             ``skipped``
=========================  =====================================================

The first suite, ``aibom decision``, has one case, the artifact, and fails whenever the
decision is not ``allowed``: a verdict without a single rule is never a green report. No
durations and no host names are written, as they are not in the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aibom.report.markup import xml_text
from aibom.report.parts import (
    LONG,
    Where,
    exception_of,
    exception_reason,
    message,
    rules,
    shown_path,
    stop,
)
from aibom.report.terminal import draw_path
from aibom.verdict import Decision, Result, Status, Verdict

__all__ = ["junit"]

_WHOLE = 4 * LONG


def junit(verdict: Verdict, where: Where) -> bytes:
    """The document in UTF-8; the same verdict gives the same bytes."""
    decision = _Suite("aibom decision", [_decision(verdict)], _about(verdict, where))
    suites = [decision]
    for rule, group in rules(verdict.results).items():
        suites.append(_Suite(rule, [_case(verdict, one) for one in group]))
    every = [case.child for suite in suites for case in suite.cases]
    name = f"aibom {verdict.inputs.policy} {verdict.inputs.policy_version}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="{xml_text(name)}" {_counts(every)}>',
    ]
    for suite in suites:
        children = [case.child for case in suite.cases]
        counts = f'{_counts(children)} skipped="{children.count("skipped")}"'
        lines.append(f'  <testsuite name="{xml_text(suite.name)}" {counts}>')
        lines += [*suite.head, *(line for case in suite.cases for line in case.lines)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""]).encode()


@dataclass(frozen=True, slots=True)
class _Case:
    """The child that says how a case went, and the lines of the whole case."""

    child: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Suite:
    """A suite: its cases, and lines that come before them."""

    name: str
    cases: Sequence[_Case]
    head: Sequence[str] = ()


def _about(verdict: Verdict, where: Where) -> list[str]:
    """What was decided about, under which policy and when, as properties."""
    rows = {
        "artifact": verdict.artifact,
        "bom": where.path,
        "decision": verdict.decision.value,
        "dry-run": str(verdict.dry_run).lower(),
        "effective-time": verdict.effective_time,
        "policy-digest": verdict.inputs.policy_digest,
        "report-only": str(verdict.report_only).lower(),
        "tier": verdict.tier.value,
    }
    lines = [
        f'      <property name="{name}" value="{xml_text(value)}"/>'
        for name, value in rows.items()
    ]
    return ["    <properties>", *lines, "    </properties>"]


def _counts(children: Sequence[str]) -> str:
    failures, errors = children.count("failure"), children.count("error")
    return f'tests="{len(children)}" failures="{failures}" errors="{errors}"'


def _decision(verdict: Verdict) -> _Case:
    name = verdict.artifact_name or "the artifact"
    if verdict.decision is Decision.ALLOWED:
        return _element(name, "aibom.decision", "", "", "", [])
    stopped = stop(verdict)
    blocking = f"blocking findings: {len(verdict.blocking):,}"
    told = stopped.message if stopped else blocking
    body = []
    if stopped:
        body = [("where", stopped.where), ("do", stopped.hint)]
    child = "error" if verdict.decision is Decision.ERROR else "failure"
    text = f"{verdict.reason}: {told}"
    kind = verdict.decision.value
    return _element(name, "aibom.decision", child, kind, text, body)


def _case(verdict: Verdict, result: Result) -> _Case:
    name = f"{result.label} {result.node}" if result.label else result.node
    child, kind, text = _outcome(verdict, result)
    body: list[tuple[str, str]] = []
    if result.is_finding:
        body = [
            ("path", draw_path(shown_path(result.path)) if result.path else ""),
            ("why", result.why),
            ("do", result.remedy),
            ("evidence", ", ".join(result.evidence)),
        ]
    return _element(name, f"aibom.{result.rule}", child, kind, text, body)


def _outcome(verdict: Verdict, result: Result) -> tuple[str, str, str]:
    """Child, type and message of a case."""
    if result.status is Status.NOT_APPLICABLE:
        return "skipped", "", f"not applicable: {result.reason}"
    if not result.is_finding:
        return "", "", ""
    told = message(result)
    if exception_of(result):
        return "skipped", "", f"{exception_reason(verdict, result)}; {told}"
    if not result.blocks:
        return (
            "skipped",
            "",
            f"{result.status.value}, does not block ({result.mode.value}): {told}",
        )
    if result.status is Status.ERROR:
        return "error", "error", told
    return "failure", result.status.value, told


def _element(
    name: str,
    group: str,
    child: str,
    kind: str,
    told: str,
    body: Sequence[tuple[str, str]],
) -> _Case:
    head = f'    <testcase name="{xml_text(name)}" classname="{xml_text(group)}"'
    if not child:
        return _Case("", [f"{head}/>"])
    mark = f' type="{xml_text(kind)}"' if kind else ""
    text = f'      <{child} message="{xml_text(told, _WHOLE)}"{mark}'
    rows = [f"{key}: {xml_text(value, _WHOLE)}" for key, value in body if value]
    if not rows:
        return _Case(child, [f"{head}>", f"{text}/>", "    </testcase>"])
    rows[-1] += f"</{child}>"
    lines = [f"{head}>", f"{text}>{rows[0]}", *rows[1:], "    </testcase>"]
    return _Case(child, lines)
