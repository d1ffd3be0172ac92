"""``aibom lock``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, progress_bar, warn

if TYPE_CHECKING:
    from aibom.operations.importing.lock_artifacts import EntryChange
    from aibom.operations.importing.locked import LockedArtifact

__all__ = ["command"]

_SHOWN = 40


@click.command(
    "lock",
    epilog="""\b
Examples:
  aibom lock hf:acme/base@main hf:datasets/acme/reviews
  aibom lock                      is the lock still what the sources have?
  aibom lock --update             lock what they have now
""",
)
@click.argument("references", metavar="[REF...]", nargs=-1)
@click.option(
    "-f",
    "--file",
    "path",
    type=PATH,
    default="aibom.lock",
    show_default=True,
    metavar="FILE",
    help="The lock.",
)
@click.option(
    "--update", is_flag=True, help="Rewrite entries that differ, and say what differed."
)
@click.option(
    "--accept-owner",
    multiple=True,
    metavar="REF",
    help="You found out why REF belongs to another account or repository, and it is "
    "right. Repeatable.",
)
@click.option(
    "--endpoint", metavar="URL", help="Of the hub to ask.  [default: HF_ENDPOINT]"
)
@click.option("--offline", is_flag=True, help="Ask the cache on this disk only.")
def command(
    references: tuple[str, ...],
    path: Path,
    update: bool,
    accept_owner: tuple[str, ...],
    endpoint: str | None,
    offline: bool,
) -> None:
    """Pin each REF by commit, owner and the SHA-256 of every file; check what is there.

    An entry that is there is compared with what its source has now, and nothing is
    written where one differs, unless --update is given. Without REF all entries are
    meant. Small files are hashed here, large ones go by the hub's word (`by`) until
    `aibom fetch` hashes them.
    """
    from aibom.operations.importing.lock_artifacts import plan_lock, write_lock
    from aibom.sources.opening import open_source
    from aibom.sources.reference import Reference

    with progress_bar("hashing") as told:
        plan = plan_lock(
            path,
            [Reference.parse(text) for text in references],
            lambda asked: open_source(asked, offline=offline, endpoint=endpoint),
            update=update,
            accept_owner=[Reference.parse(text) for text in accept_owner],
            told=told,
        )
    for change in plan.changes:
        for line in _lines(change):
            click.echo(line)
        for text in change.unsure:
            warn(f"{change.after.reference}: {text}")
    if write_lock(plan):
        warn(f"written: {path}")


def _lines(change: EntryChange) -> Iterator[str]:
    from aibom.report.text import escape

    name = escape(change.after.reference)
    if change.is_new:
        yield f"+ {name}"
        yield from (f"    {escape(line)}" for line in _summary(change.after))
        return
    yield f"{'~' if change.lines else '='} {name}"
    # A path is up to 4,096 bytes, and the longest line has two digests beside it.
    yield from (f"    {escape(line, 5000)}" for line in change.lines[:_SHOWN])
    if len(change.lines) > _SHOWN:
        yield f"    {len(change.lines) - _SHOWN:,} more; the file's own diff has all"


def _summary(entry: LockedArtifact) -> Iterator[str]:
    if entry.commit:
        yield f"commit  {entry.commit}"
        owner = entry.owner
        told = f"id {owner.id or 'not told'}: {owner.name}" if owner else "not told"
        yield f"owner   {told}"
    size = sum(file.size for file in entry.files)
    claimed = sum(file.by == "source" for file in entry.files)
    by = f", {claimed:,} by the source's word" if claimed else ", all hashed here"
    yield f"files   {len(entry.files):,}, {size:,} bytes{by}"
    yield f"tree    {entry.tree}"
