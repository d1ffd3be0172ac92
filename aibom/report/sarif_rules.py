"""Rules of a policy as SARIF rules: help, tags, level and score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aibom.report.markup import markdown_text, sarif_text
from aibom.report.parts import LONG, Stop, worst
from aibom.report.text import escape
from aibom.verdict import Mode, Result, Severity

__all__ = ["LEVELS", "MAX_TAGS", "described", "text_of", "verification"]

#: GitHub takes 20 tags of a rule and shows 10.
MAX_TAGS = 10
#: Different next steps that a rule's help tells.
_STEPS = 5
#: A message of several parts, each of which was cut already.
_WHOLE = 4 * LONG

LEVELS = {Mode.DENY: "error", Mode.WARN: "warning"}
#: Scores in the middle of GitHub's ranges: critical is above 9, high from 7, medium
#: from 4.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
_PROBLEMS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "recommendation",
}


def text_of(text: str) -> str:
    """The text of a message."""
    return sarif_text(text, _WHOLE)


def described(group: Sequence[Result]) -> dict[str, Any]:
    """A rule, told from its results, of which there is at least one."""
    first = group[0]
    severity = worst(group)
    # Each reason may have a next step of its own.
    remedies = list(dict.fromkeys(one.remedy for one in group if one.remedy))
    rows = [("Why", first.why)]
    rows += [("What to do", remedy) for remedy in remedies[:_STEPS]]
    rows += [("Check", first.check)]
    rows += [
        ("Supports", f"{k}: {', '.join(v)}") for k, v in sorted(first.maps.items())
    ]
    told = [(name, text) for name, text in rows if text]
    return {
        "id": escape(first.rule),
        "shortDescription": {"text": text_of(first.rule)},
        "fullDescription": {"text": text_of(first.why or first.check or first.rule)},
        "help": {
            "text": "\n".join(f"{name}: {text_of(text)}" for name, text in told),
            "markdown": "\n\n".join(
                f"**{name}:** {markdown_text(text)}" for name, text in told
            ),
        },
        "defaultConfiguration": {"level": LEVELS.get(first.mode, "note")},
        "properties": {
            "tags": _tags(first),
            "security-severity": _SCORES[severity],
            "problem.severity": _PROBLEMS[severity],
        },
    }


def _tags(result: Result) -> list[str]:
    """GitHub reads a score only from rules with the tag ``security``."""
    tags = ["security", "supply-chain"]
    for framework in sorted(result.maps):
        tags += [escape(f"{framework}/{one}") for one in sorted(result.maps[framework])]
    return list(dict.fromkeys(tags))[:MAX_TAGS]


def verification(stopped: Stop) -> dict[str, Any]:
    """The rule that stands for verification, which comes before all others."""
    help_text = "The artifact or its evidence did not verify; no rule was evaluated."
    return {
        "id": stopped.rule,
        "shortDescription": {"text": "verification failed"},
        "fullDescription": {"text": help_text},
        "help": {"text": help_text, "markdown": help_text},
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", "supply-chain"],
            "security-severity": _SCORES[Severity.CRITICAL],
            "problem.severity": "error",
        },
    }
