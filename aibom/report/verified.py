"""What `aibom verify` established, in a few lines."""

from __future__ import annotations

from dataclasses import dataclass

from aibom.report.text import WIDTH, Paint, escape, plain, row, short_digest

__all__ = ["RelyOn", "Summary", "draw_relied_on", "draw_verified"]


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a verification, in words and counts."""

    name: str
    digest: str
    signer: str
    role: str
    ancestors: str
    upstream: tuple[str, ...]
    steps: int
    steps_recorded: int
    housekeeping: tuple[str, ...]
    not_believed: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    signed_as: str = ""
    signed_at: str = ""


@dataclass(frozen=True, slots=True)
class RelyOn:
    """A verdict that was relied upon, in words."""

    name: str
    digest: str
    verifier: str
    tier: str
    policy: str
    policy_digest: str
    verified_at: str
    advisories: str
    left_out: tuple[str, ...] = ()


def draw_relied_on(relied: RelyOn, paint: Paint = plain, width: int = WIDTH) -> str:
    """What was relied upon, as text."""

    def told(name: str, text: str) -> list[str]:
        return row(name, escape(text), width, 2)

    lines = [
        f"{paint('good', 'allowed by verdict')}  {paint('bold', escape(relied.name))}  "
        f"{short_digest(relied.digest)}",
        *told("verifier", relied.verifier),
        *told("tier", relied.tier),
        *told("policy", f"{relied.policy}, {relied.policy_digest}"),
        *told("decided", relied.verified_at),
        *told("advisories", relied.advisories),
        *told("lineage", "NOT verified here: the verifier did"),
        *(told("left out", ", ".join(relied.left_out)) if relied.left_out else ()),
    ]
    return "\n".join(lines) + "\n"


def draw_verified(summary: Summary, paint: Paint = plain, width: int = WIDTH) -> str:
    """The summary as text, in lines of ``width`` columns where words allow it."""

    def told(name: str, text: str) -> list[str]:
        return row(name, escape(text), width, 2)

    lines = [
        f"{paint('good', 'verified')}  {paint('bold', escape(summary.name))}  "
        f"{short_digest(summary.digest)}",
        *told("signed by", f"{summary.signer} ({summary.role})"),
        *(told("as", summary.signed_as) if summary.signed_as else ()),
        *(told("signed at", summary.signed_at) if summary.signed_at else ()),
        *told("ancestors", summary.ancestors),
    ]
    for text in summary.upstream:
        lines += told("upstream", text)
    recorded = f"{summary.steps_recorded} of {summary.steps}"
    lines += told("steps", f"{recorded} have a signed record that agrees")
    if summary.housekeeping:
        lines += told("left out", ", ".join(summary.housekeeping))
    for location, refusal in summary.not_believed:
        lines += told("a claim", f"{location}: {refusal}")
    for text in summary.warnings:
        lines += told("note", text)
    return "\n".join(lines) + "\n"
