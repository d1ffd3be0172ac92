"""The formats a verdict can be written in, by name.

Every renderer is a pure function of the verdict and of where the BOM lies, and says the
same as the JSON in another form: none decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aibom.report.parts import Where
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


# Each renderer is loaded where it is asked for: a run writes one or two of them.


def _text(verdict: Verdict, where: Where) -> bytes:
    """The terminal's rendering, without colours and in the usual width."""
    from aibom.report.terminal import draw_verdict

    return draw_verdict(verdict).encode()


def _json(verdict: Verdict, where: Where) -> bytes:
    from aibom.report.machine import verdict_json

    return verdict_json(verdict)


def _declarations(verdict: Verdict, where: Where) -> bytes:
    from aibom.report.declarations import declarations

    return declarations(verdict, where)


def _github(verdict: Verdict, where: Where) -> bytes:
    from aibom.report.github import github

    return github(verdict, where)


def _github_summary(verdict: Verdict, where: Where) -> bytes:
    from aibom.report.github import github_summary

    return github_summary(verdict, where)


def _gitlab(verdict: Verdict, where: Where) -> bytes:
    from aibom.report.gitlab import gitlab

    return gitlab(verdict, where)


def _junit(verdict: Verdict, where: Where) -> bytes:
    from aibom.report.junit import junit

    return junit(verdict, where)


def _markdown(verdict: Verdict, where: Where) -> bytes:
    from aibom.report.markdown import markdown

    return markdown(verdict, where)


def _sarif(verdict: Verdict, where: Where) -> bytes:
    from aibom.report.sarif import sarif

    return sarif(verdict, where)


#: In the order in which they are offered.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "text": Format(_text, ".txt", "What blocks, why, and what to do."),
        "json": Format(_json, ".json", "The verdict document, which the others show."),
        "sarif": Format(_sarif, ".sarif", "SARIF 2.1.0, for code scanning."),
        "junit": Format(_junit, ".xml", "JUnit XML: a suite a rule, a case a node."),
        "github": Format(_github, ".txt", "GitHub Actions: annotations, to stdout."),
        "github-summary": Format(
            _github_summary, ".md", "Markdown of at most 1 MiB, for a step summary."
        ),
        "gitlab": Format(_gitlab, ".json", "GitLab Code Quality report."),
        "markdown": Format(_markdown, ".md", "A report for people."),
        "declarations": Format(
            _declarations, ".cdx.json", "CycloneDX 1.6 declarations: claims, evidence."
        ),
    }
)
