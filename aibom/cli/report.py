"""``aibom report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, evidence_option, now, parse_when, progress_bar, warn

if TYPE_CHECKING:
    from datetime import datetime

    from aibom.report.diligence.model import Report

__all__ = ["command"]

_ENDS = {"html": "html", "markdown": "md", "json": "json"}
_SHOWN = 8


@click.command(
    "report",
    epilog="""\b
Examples:
  aibom report supplier.cdx.json
  aibom report supplier.cdx.json --signers verifier/signers.yaml --evidence evidence/
  aibom report model/aibom.cdx.json --policy verifier/ --evidence evidence/
  aibom report supplier.cdx.json --artifact model/
  aibom report new.cdx.json --compare old.report.json

A report is no gate: it ends with 0 whatever it says, 1 for what cannot be read, 2 for a
wrong call or policy, 12 for what is no JSON object.
""",
)
@click.argument("bom", metavar="BOM", type=PATH)
@click.option(
    "--output",
    "-o",
    type=PATH,
    metavar="FILE",
    help="Where to write it.  [default: beside the BOM, or beside its artifact]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(_ENDS)),
    help="A page for people, text, or JSON for programs and for --compare.  "
    "[default: by the ending of --output (.html, .md, .json), else html]",
)
@evidence_option
@click.option(
    "--policy",
    type=PATH,
    metavar="DIR",
    help="Your folder.  [default: the pack `supplier`, without lists of yours]",
)
@click.option(
    "--signers",
    type=PATH,
    metavar="FILE",
    help="Whose signatures count (signers.yaml), where not those of --policy.",
)
@click.option(
    "--artifact",
    type=PATH,
    metavar="PATH",
    help="The folder or file that the BOM is about: read and hash its bytes. If they "
    "match as a whole, its digest is proved; what differs is told as a conflict.",
)
@click.option(
    "--compare",
    type=PATH,
    metavar="OLD.json",
    help="An earlier report of the same product: tell what changed.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="ID",
    help="Count completeness by it (aibom coverage --list). Repeatable.  "
    "[default: g7-2026]",
)
@click.option(
    "--effective-time",
    metavar="TIME",
    help="Report as of this time, and not now; the report says so.",
)
@click.option(
    "--allow-past", is_flag=True, help="Let --effective-time lie in the past."
)
def command(
    bom: Path,
    output: Path | None,
    form: str | None,
    evidence: tuple[Path, ...],
    policy: Path | None,
    signers: Path | None,
    artifact: Path | None,
    compare: Path | None,
    profiles: tuple[str, ...],
    effective_time: str | None,
    allow_past: bool,
) -> None:
    """Write a due-diligence report on what one BOM says.

    What is proved, what is stated and by whom it is signed, what is missing, what
    conflicts, and what to ask the supplier next. It works on a poor or invalid BOM as
    well, and on those of other tools; with evidence, signers and a policy it says more.
    Nothing is decided, and no artifact bytes are read but those of --artifact.
    """
    from aibom.operations.files import require_apart, write_named
    from aibom.operations.reporting.artifact import require_outside_artifact
    from aibom.operations.reporting.completeness import PROFILES
    from aibom.operations.reporting.output import place_for
    from aibom.operations.reporting.report import Asked, written_report

    when, overrides = _time(effective_time, allow_past)
    form = form or _form_of(output)
    place = place_for(bom, output, _ENDS[form])
    require_apart(place, (bom, compare, signers))
    if artifact is not None:
        require_outside_artifact(place, artifact)
    asked = Asked(
        evidence, policy, signers, compare, overrides, profiles or PROFILES, artifact
    )
    with progress_bar("hashing") as progress:
        report, data = written_report(bom, asked, when, form, progress=progress)
    write_named(place, data)
    _tell(report, place)


def _form_of(output: Path | None) -> str:
    end = "" if output is None else output.suffix.lower().removeprefix(".")
    return next((form for form, usual in _ENDS.items() if end == usual), "html")


def _time(asked: str | None, allow_past: bool) -> tuple[datetime, tuple[str, ...]]:
    from aibom.operations.gate import effective_time

    clock = now()
    chosen = parse_when(asked)
    when = effective_time(chosen, clock, allow_past=allow_past)
    return when, () if chosen is None else (f"effective-time={when.isoformat()}",)


def _tell(report: Report, place: Path) -> None:
    counts = [f"{count} {status.words}" for status, count in report.counts.items()]
    warn(f"{place}: {', '.join(counts)}")
    _tell_blocking([one.rule for one in report.findings if one.blocks])
    if report.changes is not None:
        count = len(report.changes.changes)
        warn(f"{count:,} answer{'' if count == 1 else 's'} changed")
    if report.subject.problems:
        count = len(report.subject.problems)
        told = "1 problem" if count == 1 else f"{count:,} problems"
        warn(f"note: the BOM has {told}; it was read as far as it goes")
    for text in report.conflicts[:5]:
        warn(f"conflict: {text}")


def _tell_blocking(rules: list[str]) -> None:
    """How many findings block, and those of which rules."""
    if not rules:
        return
    names = list(dict.fromkeys(rules))
    told = "1 finding blocks" if len(rules) == 1 else f"{len(rules):,} findings block"
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    warn(f"{told}: {', '.join(names[:_SHOWN])}{more}")
