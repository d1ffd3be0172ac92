"""``aibom resolve``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aibom.operations.importing.resolve import NamedFormat, Resolution
    from aibom.sources.remote import Owner, ScanStatus

__all__ = ["command"]

_SHOWN = 8
_COLUMN = 12


@click.command(
    "resolve",
    epilog="""\b
Examples:
  aibom resolve hf:acme/base@main
  aibom resolve hf:datasets/acme/reviews --json
""",
)
@click.argument("reference", metavar="REF")
@click.option(
    "--endpoint", metavar="URL", help="Of the hub to ask.  [default: HF_ENDPOINT]"
)
@click.option("--offline", is_flag=True, help="Ask the cache on this disk only.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(reference: str, endpoint: str | None, offline: bool, as_json: bool) -> None:
    """Tell what REF means now, and end with the line that fetches exactly that.

    No file is fetched. All that is shown is the word of the source: formats go by the
    names of files, and signatures that are shipped are not verified.
    """
    from aibom.operations.importing.resolve import resolve
    from aibom.sources.opening import open_source
    from aibom.sources.reference import Reference

    asked = Reference.parse(reference)
    found = resolve(asked, open_source(asked, offline=offline, endpoint=endpoint))
    if as_json:
        # ASCII only: a name cannot do anything to the terminal that shows it.
        click.echo(json.dumps(found.document(), indent=2))
        return
    for line in _lines(found):
        click.echo(line)


def _lines(found: Resolution) -> Iterator[str]:
    from aibom.report.text import escape

    resolved = found.resolved
    yield escape(str(resolved.reference))
    for name, text in _rows(found):
        yield f"  {name:<{_COLUMN}}{escape(text, 2000)}"
    for text in resolved.unsure:
        yield f"  {'not told':<{_COLUMN}}{escape(text, 2000)}"
    yield ""
    yield escape(found.fetch_line, 5000)


def _rows(found: Resolution) -> Iterator[tuple[str, str]]:
    resolved = found.resolved
    yield "commit", resolved.commit or "none: only the bytes tell what this is"
    if resolved.committed:
        yield "committed", resolved.committed
    if resolved.reference.scheme == "hf":
        yield "owner", _owner(resolved.owner)
        yield "repository", f"id {resolved.repository or 'not told'}"
        yield "access", _access(resolved.gated)
        yield "scans", _scans(resolved.scan)
    size = "size not told" if resolved.size is None else f"{resolved.size:,} bytes"
    yield "files", f"{len(resolved.files):,}, {size}"
    yield "formats", f"by name only: {_formats(found.formats)}"
    yield "signatures", _shipped(found.signatures)
    yield "BOM", _shipped(found.boms)
    yield "asked", f"{resolved.where} ({resolved.mode})"


def _owner(owner: Owner | None) -> str:
    if owner is None:
        return "not told"
    parts = [owner.kind, owner.id and f"id {owner.id}"]
    parts.append(owner.created and f"since {owner.created}")
    told = ", ".join(part for part in parts if part)
    # In this order, and the name last: whoever chose it could write more into it.
    return f"{told}: {owner.name}" if told else owner.name


def _access(gated: str | None) -> str:
    if gated is None:
        return "no restriction told"
    return f"gated ({gated}): its owner asks people to accept terms first"


def _scans(scan: ScanStatus | None) -> str:
    if scan is None or (scan.done is None and not scan.flagged):
        return "unknown: the source does not tell"
    unfinished = "" if scan.done else " (scans not done: the rest is unknown)"
    if scan.flagged:
        told = [f"{level} {path!r}" for path, level in scan.flagged]
        return f"flagged: {_some(told)}{unfinished}"
    if not scan.done:
        return "unknown: scans are not done"
    return "no issue reported, which proves nothing"


def _formats(formats: Iterable[NamedFormat]) -> str:
    return "; ".join(
        f"{one.name} {one.files:,}"
        + ("" if one.bytes is None else f" ({one.bytes:,} bytes)")
        for one in formats
    )


def _shipped(paths: tuple[str, ...]) -> str:
    if not paths:
        return "none shipped"
    return f"shipped, not verified: {_some([repr(path) for path in paths])}"


def _some(words: list[str]) -> str:
    shown = words[:_SHOWN]
    if len(words) > _SHOWN:
        shown.append(f"and {len(words) - _SHOWN:,} more")
    return ", ".join(shown)
