"""What `aibom verify` established, in a few lines."""

from __future__ import annotations

from dataclasses import dataclass

from aibom.report.text import Paint, escape, plain, short_digest

__all__ = ["Summary", "draw_verified"]


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


def draw_verified(summary: Summary, paint: Paint = plain) -> str:
    """The summary as text."""
    lines = [
        f"{paint('good', 'verified')}  {paint('bold', escape(summary.name))}  "
        f"{short_digest(summary.digest)}",
        f"  signed by   {escape(summary.signer)} ({escape(summary.role)})",
        f"  ancestors   {summary.ancestors}",
    ]
    lines += [f"  upstream    {escape(text)}" for text in summary.upstream]
    lines.append(
        f"  steps       {summary.steps_recorded} of {summary.steps} have a signed record "
        "that agrees"
    )
    if summary.housekeeping:
        lines.append(f"  left out    {escape(', '.join(summary.housekeeping))}")
    for location, refusal in summary.not_believed:
        lines.append(f"  {paint('warn', 'a claim')}     {escape(location)}: {refusal}")
    lines += [f"  {paint('warn', 'note')}        {escape(text)}" for text in summary.warnings]
    return "\n".join(lines) + "\n"
