"""``aibom coverage``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import (
    PATH,
    evidence_option,
    now,
    painter,
    progress_bar,
    terminal_width,
    warn,
)

if TYPE_CHECKING:
    from aibom.operations.reporting.coverage import Measured
    from aibom.report.completeness.coverage import Coverage

__all__ = ["command"]


@click.command(
    "coverage",
    epilog="""\b
Examples:
  aibom coverage supplier.cdx.json
  aibom coverage supplier.cdx.json --profile bsi-tr-03183-2-v2.1.0 --profile ntia-2021
  aibom coverage model/ --signers verifier/signers.yaml --evidence evidence/
  aibom coverage --list
""",
)
@click.argument("path", metavar="BOM|DIR", type=PATH, required=False)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="ID",
    help="What to measure by; `all` for every one. Repeatable.  [default: g7-2026]",
)
@click.option("--list", "listing", is_flag=True, help="List the profiles and end.")
@evidence_option
@click.option(
    "--signers",
    type=PATH,
    metavar="FILE",
    help="Whose signatures count (signers.yaml). Without it none does.",
)
@click.option(
    "--missing/--no-missing",
    default=True,
    show_default=True,
    help="Tell what to ask for each element that is missing.",
)
@click.option("--json", "as_json", is_flag=True, help="Every answer, for programs.")
def command(
    path: Path | None,
    profiles: tuple[str, ...],
    listing: bool,
    evidence: tuple[Path, ...],
    signers: Path | None,
    missing: bool,
    as_json: bool,
) -> int:
    """Measure what a BOM answers of a list of elements. It decides nothing.

    Two ratios: answered, and verified in this run (by bytes, by signature); no weights
    and no score. The BOM may be anybody's, and invalid. Of a folder the bytes are
    hashed. Nothing here says that a standard or a law is met.
    """
    from aibom.operations.reporting.coverage import load_profile, measure, read_subject

    if listing:
        _list()
        return 0
    if path is None:
        raise click.UsageError("Missing argument 'BOM|DIR'.")
    chosen = tuple(load_profile(name) for name in _asked(profiles))
    with progress_bar("hashing") as progress:
        measured = read_subject(
            path, now(), evidence=evidence, signers=signers, progress=progress
        )
    found = measure(measured, chosen)
    for text in measured.warnings:
        warn(f"note: {text}")
    if as_json:
        _write_json(measured, found)
    else:
        _write_text(measured, found, asks=missing)
    return 0


def _asked(profiles: tuple[str, ...]) -> tuple[str, ...]:
    """Each profile once, in the order in which they were named."""
    from aibom.operations.reporting.coverage import DEFAULT_PROFILE, profile_ids

    if "all" in profiles:
        return profile_ids()
    return tuple(dict.fromkeys(profiles)) or (DEFAULT_PROFILE,)


def _list() -> None:
    from aibom.operations.reporting.coverage import load_profile, profile_ids
    from aibom.report.completeness.text import draw_profiles

    every = [load_profile(name) for name in profile_ids()]
    click.echo(draw_profiles(every, terminal_width()), nl=False)


def _write_json(measured: Measured, found: tuple[Coverage, ...]) -> None:
    from aibom.report.completeness.machine import coverage_document
    from aibom.statement import to_json

    subject = measured.subject
    document = coverage_document(
        found, subject.digest, measured.spec_version, valid=subject.valid
    )
    click.echo(to_json(document))


def _write_text(measured: Measured, found: tuple[Coverage, ...], *, asks: bool) -> None:
    from aibom.report.completeness.text import draw_coverage
    from aibom.report.text import escape

    count = measured.problems
    state = "valid" if count == 0 else f"invalid: {count} problem{'s'[: count > 1]}"
    version = escape(measured.spec_version) or "of no stated version"
    paint, width = painter(), terminal_width()
    click.echo(f"{escape(measured.where)}  CycloneDX {version}, {state}")
    for one in found:
        click.echo()
        click.echo(draw_coverage(one, paint, width, asks=asks), nl=False)
    click.echo("\nNothing here says that a standard or a law is met, or applies.")
