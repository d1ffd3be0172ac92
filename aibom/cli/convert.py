"""``aibom convert``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, now, parse_when, refuse_folder, warn

if TYPE_CHECKING:
    from aibom.bom.losses import Loss
    from aibom.operations.convert import Converted
    from aibom.operations.verdicts.declared import Believed

__all__ = ["command"]

_SHOWN = 8
_TARGETS = ("spdx-3.0.1", "cyclonedx-1.6", "cyclonedx-1.7", "csv")
_MEANING = {
    "not-read": "in the BOM, and not read",
    "not-carried": "no place for it there",
    "extension-only": "there under our names only",
    "approximated": "written as the nearest thing",
    "changed": "written differently",
    "mandatory-unknown": "demanded there, not known here",
}


@click.command(
    "convert",
    epilog="""\b
Examples:
  aibom convert model/aibom.cdx.json --to cyclonedx-1.7 -o model.1.7.cdx.json
  aibom convert supplier.cdx.json --to csv -o things.csv --edges edges.csv
  aibom convert model/ --to spdx-3.0.1 --created 2026-11-21 -o model.spdx.json
""",
)
@click.argument("path", metavar="BOM|DIR", type=PATH)
@click.option(
    "--to",
    "target",
    type=click.Choice(_TARGETS),
    help="What to write.  [required]",
)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="FILE",
    help="Write it here, not over BOM nor in its artifact.  [stdout]",
)
@click.option(
    "--losses", type=PATH, metavar="FILE", help="List everything lost here, as JSON."
)
@click.option(
    "--created",
    metavar="TIME",
    help="The time of the new document.  [default: that of the BOM]",
)
@click.option(
    "--edges",
    type=PATH,
    metavar="FILE",
    help="With csv: write the second table here, one row for each edge.",
)
@click.option(
    "--declarations",
    type=PATH,
    metavar="FILE",
    help="With CycloneDX: put in the claims of a verdict, as `aibom check --output "
    "declarations=FILE` wrote them; with --signers also `aibom gate --attest`.",
)
@click.option(
    "--signers",
    type=PATH,
    metavar="FILE",
    help="A signers.yaml: whose signed verdict to put in.",
)
def command(
    path: Path,
    target: str | None,
    output: Path | None,
    losses: Path | None,
    created: str | None,
    edges: Path | None,
    declarations: Path | None,
    signers: Path | None,
) -> None:
    """Write a BOM in another format, and say what does not arrive there.

    Nothing is verified but a signed verdict (--signers). A BOM of somebody else, or
    an invalid one, is read as far as it goes. SPDX needs the extra `spdx`, and the
    time of the document: no clock is read.
    """
    from aibom.errors import UsageError
    from aibom.operations.convert import convert
    from aibom.operations.files import write_named

    if target is None:
        # Not `required`, for which click names the choices with tabs and in lines.
        raise click.UsageError(
            f"Missing option '--to'. Choose from: {', '.join(_TARGETS)}."
        )
    if edges is not None and target != "csv":
        raise UsageError(
            f"--edges says nothing to {target}",
            reason="option-not-for-format",
            where="--edges",
            hint="leave it out, or as in: --to csv -o things.csv --edges edges.csv",
        )
    _require_places(path, (output, edges, losses), (declarations, signers))
    done = convert(
        path,
        target,
        created=parse_when(created, "--created"),
        declarations=declarations,
        believed=None if signers is None else _believed(signers),
    )
    if losses is not None:
        write_named(losses, done.losses_json())
    if edges is not None and done.edges is not None:
        write_named(edges, done.edges)
    if output is None:
        click.echo(done.data, nl=False)
    else:
        write_named(output, done.data)
        click.echo(str(output))
    _tell(done, listed=losses is not None, edges=edges is not None)


def _require_places(
    path: Path, outputs: tuple[Path | None, ...], others: tuple[Path | None, ...]
) -> None:
    """Each output is a file of its own, and nothing that is read."""
    from aibom.digest import BOM_NAME
    from aibom.errors import UsageError
    from aibom.operations.files import artifact_folder, is_same, require_apart

    bom = path / BOM_NAME if path.is_dir() else path
    folder = artifact_folder(path)
    given = [one for one in outputs if one is not None and one != Path("/dev/null")]
    for at, output in enumerate(given):
        require_apart(output, (bom, *others), folder)
        if any(is_same(output, other) for other in given[:at]):
            raise UsageError(
                "two tables or lists would be written here",
                reason="output-place-twice",
                where=str(output),
                hint="give each a file of its own",
            )


def _believed(signers: Path) -> Believed:
    from aibom.operations.verdicts.declared import Believed

    refuse_folder(signers, f"name the file, as in: --signers {signers}/signers.yaml")
    # Who may sign is asked as of now; nothing of the time is written.
    return Believed(signers, now())


def _tell(done: Converted, *, listed: bool, edges: bool) -> None:
    if done.problems:
        warn(f"note: the BOM has {done.problems:,} problems: aibom validate lists them")
    if done.edges is not None and not edges:
        warn("note: the edges are a second table: --edges FILE")
    if done.declared_by:
        warn(
            f"note: the declarations are the signed word of {done.declared_by}, with "
            "the bundle as evidence; aibom verify --verdict says whether to rely on it"
        )
    elif done.declared_by is not None:
        warn("note: nobody signed the declarations: they are the word of a program")
    for line in _lines(done.losses):
        warn(line)
    if done.losses and not listed:
        warn("note: --losses FILE lists where")
    if not done.losses:
        warn("nothing was lost")


def _lines(losses: tuple[Loss, ...]) -> Iterator[str]:
    """A line for each kind of loss: how many, and of which fields the most."""
    found: dict[str, Counter[str]] = {}
    for loss in losses:
        found.setdefault(loss.kind.value, Counter())[loss.field] += loss.count
    for kind, fields in sorted(found.items()):
        ordered = sorted(fields.items(), key=lambda item: (-item[1], item[0]))
        shown = ", ".join(f"{field} {n:,}" for field, n in ordered[:_SHOWN])
        more = f", {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
        total = sum(fields.values())
        yield f"lost: {total:,} {kind} ({_MEANING[kind]}): {shown}{more}"
