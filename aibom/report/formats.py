"""The formats a verdict can be written in, by name.

Every renderer is a pure function of the verdict and of where the BOM lies, and says the
same as the JSON in another form: none decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aibom.report.declarations import declarations
from aibom.report.github import github, github_summary
from aibom.report.gitlab import gitlab
from aibom.report.junit import junit
from aibom.report.machine import verdict_json
from aibom.report.markdown import markdown
from aibom.report.parts import Where
from aibom.report.sarif import sarif
from aibom.report.terminal import draw_verdict
from aibom.verdict import Verdict

__all__ = ["FORMATS", "Format", "Renderer", "Where"]

#: The verdict, and where the BOM lies, as bytes to write.
Renderer = Callable[[Verdict, Where], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """How a verdict is written, the usual ending of such a file, and what it is."""

    render: Renderer
    extension: str
    line: str


def _text(verdict: Verdict, where: Where) -> bytes:
    """The terminal's rendering, without colours and in the usual width."""
    return draw_verdict(verdict).encode()


def _json(verdict: Verdict, where: Where) -> bytes:
    return verdict_json(verdict)


#: In the order in which they are offered.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "text": Format(_text, ".txt", "What blocks, why, and what to do."),
        "json": Format(_json, ".json", "The verdict document, which the others show."),
        "sarif": Format(sarif, ".sarif", "SARIF 2.1.0, for code scanning."),
        "junit": Format(junit, ".xml", "JUnit XML: a suite a rule, a case a node."),
        "github": Format(github, ".txt", "GitHub Actions: annotations, to stdout."),
        "github-summary": Format(
            github_summary, ".md", "Markdown of at most 1 MiB, for a step summary."
        ),
        "gitlab": Format(gitlab, ".json", "GitLab Code Quality report."),
        "markdown": Format(markdown, ".md", "A report for people."),
        "declarations": Format(
            declarations, ".cdx.json", "CycloneDX 1.6 declarations: claims, evidence."
        ),
    }
)
