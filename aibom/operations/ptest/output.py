"""What became of policy tests, for machines: JSON, and JUnit for a CI's own pages.

In JUnit a file is a suite and a case a test case; one that is not as expected is a
``failure``. Rules without a case of each kind are a suite of their own, in which each
is a ``failure``, or ``skipped`` where that is not asked for. No durations and no host
names are written: the same tests give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from aibom.operations.ptest.policy_test import CaseOutcome, Report, Uncovered
from aibom.report.markup import xml_text

__all__ = ["FORMATS", "ptest_json", "ptest_junit"]

_WHOLE = 8000
_KINDS = {"pass": "that passes", "finding": "with a finding"}


def ptest_json(report: Report, *, partial: bool) -> bytes:
    """Every case and every rule that lacks one, as ``aibom/ptest-report/v1``."""
    document = {
        "apiVersion": "aibom/ptest-report/v1",
        "asExpected": report.as_expected,
        "complete": not report.uncovered,
        "partial": partial,
        "cases": [_case(case) for case in report.cases],
        "uncovered": [
            {"policy": one.policy, "rule": one.rule, "missing": list(one.missing)}
            for one in report.uncovered
        ],
    }
    return (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode()


def _case(case: CaseOutcome) -> dict[str, Any]:
    return {
        "file": case.file,
        "name": case.name,
        "policy": case.policy,
        "rules": list(case.rules),
        "declared": case.declared,
        "asExpected": not case.differences,
        "differences": [
            {"about": one.about, "expected": one.expected, "found": one.found}
            for one in case.differences
        ],
    }


def ptest_junit(report: Report, *, partial: bool) -> bytes:
    """The document in UTF-8."""
    files: dict[str, list[CaseOutcome]] = {}
    for case in report.cases:
        files.setdefault(case.file, []).append(case)
    child = "skipped" if partial else "failure"
    failed = sum(bool(case.differences) for case in report.cases)
    failed += 0 if partial else len(report.uncovered)
    total = len(report.cases) + len(report.uncovered)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="aibom policy test" tests="{total}" failures="{failed}"'
        ' errors="0">',
    ]
    for file, cases in files.items():
        wrong = sum(bool(case.differences) for case in cases)
        lines.append(_suite(file, len(cases), wrong, 0))
        lines += [line for case in cases for line in _case_lines(case)]
        lines.append("  </testsuite>")
    lines += _coverage(report.uncovered, child)
    return "\n".join([*lines, "</testsuites>", ""]).encode()


def _suite(name: str, tests: int, failures: int, skipped: int) -> str:
    counts = f'tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}"'
    return f'  <testsuite name="{xml_text(name)}" {counts}>'


def _case_lines(case: CaseOutcome) -> Iterator[str]:
    head = f'    <testcase name="{xml_text(case.name)}"'
    head += f' classname="{xml_text(case.policy)}"'
    if not case.differences:
        yield f"{head}/>"
        return
    yield f"{head}>"
    about = ", ".join(one.about for one in case.differences)
    yield f'      <failure message="{xml_text(about, _WHOLE)}" type="differs">' + (
        "\n".join(
            f"{xml_text(one.about)}: expected {xml_text(one.expected, _WHOLE)}, "
            f"found {xml_text(one.found, _WHOLE)}"
            for one in case.differences
        )
        + "</failure>"
    )
    yield "    </testcase>"


def _coverage(uncovered: Sequence[Uncovered], child: str) -> Iterator[str]:
    if not uncovered:
        return
    failed = len(uncovered) if child == "failure" else 0
    count = len(uncovered)
    yield _suite("rules without a case", count, failed, count - failed)
    for one in uncovered:
        told = "no case " + ", none ".join(_KINDS[kind] for kind in one.missing)
        yield f'    <testcase name="{xml_text(one.rule)}"' + (
            f' classname="{xml_text(one.policy)}">'
        )
        mark = ' type="uncovered"' if child == "failure" else ""
        yield f'      <{child} message="{told}"{mark}/>'
        yield "    </testcase>"
    yield "  </testsuite>"


#: Formats beside text.
FORMATS: Mapping[str, Callable[..., bytes]] = {
    "json": ptest_json,
    "junit": ptest_junit,
}
