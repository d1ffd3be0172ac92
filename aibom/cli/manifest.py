"""``aibom manifest``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, progress_bar, warn
from aibom.cli.group import Group
from aibom.errors import VerificationFailed

if TYPE_CHECKING:
    from aibom.catalogers.records import Manifest
    from aibom.operations.manifest import Comparison

__all__ = ["command"]

_TOLD = 20
_HEADERS = {"csv": "first row", "parquet": "schema"}


class _Manifest(Group):
    """``aibom manifest DATA`` is ``aibom manifest make DATA``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """What is no command is data to make a manifest of."""
        known = self.list_commands(ctx)
        if args and args[0] not in known:
            args = ["make", *args]
        return super().resolve_command(ctx, args)


@click.group(
    "manifest",
    cls=_Manifest,
    context_settings={"ignore_unknown_options": True},
    epilog="""\b
Examples:
  aibom manifest train.jsonl -o train.manifest.json
  aibom manifest check train.manifest.json train.jsonl
  aibom manifest prove train.manifest.json train.jsonl --record 41 -o 41.proof.json
""",
)
def command() -> None:
    """Name every record of a dataset by one hash; find and prove single records.

    The root is that of an RFC 6962 Merkle tree over the records. `aibom manifest DATA`
    is short for `aibom manifest make DATA`.
    """


@command.command("make")
@click.argument("data", metavar="DATA", type=PATH)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["jsonl", "csv", "parquet", "files"]),
    help="How records are told apart.  [default: by the name; a folder: files]",
)
@click.option(
    "--header/--no-header",
    default=None,
    help="Whether the first row of a CSV is a header.  [default: it is]",
)
@click.option(
    "-o", "--output", type=PATH, metavar="FILE", help="Write it here.  [stdout]"
)
def make(
    data: Path, format_: str | None, header: bool | None, output: Path | None
) -> None:
    """Write the manifest of DATA: a JSONL, CSV or Parquet file, or a folder."""
    from aibom.catalogers.record_documents import manifest_document
    from aibom.operations.manifest import make_manifest
    from aibom.statement import to_json

    with progress_bar("reading") as progress:
        found = make_manifest(data, format_=format_, header=header, progress=progress)
    _write(to_json(manifest_document(found)), output)
    warn(f"{found.count} records, root {found.root}")


@command.command("check")
@click.argument("manifest", metavar="MANIFEST", type=PATH)
@click.argument("data", metavar="DATA", type=PATH)
@click.option(
    "--proof",
    type=PATH,
    metavar="FILE",
    help="DATA is one record, and this its proof: check that it is in the dataset.",
)
@click.option(
    "--records-only",
    is_flag=True,
    help="Be content with the same records, whatever file they are written in.",
)
def check(manifest: Path, data: Path, proof: Path | None, records_only: bool) -> None:
    """Say whether DATA still has the records of MANIFEST, or which differ (exit 11).

    A file that was written again with the same records is told apart: it ends with 11
    as well, as its bytes are others, unless --records-only asks for no more.
    """
    from aibom.bom.parse import read_bytes
    from aibom.catalogers.records import MAX_RECORD_BYTES
    from aibom.operations.manifest import check_manifest, check_proof, load_manifest

    known = load_manifest(manifest)
    if proof is not None:
        record = read_bytes(data, limit=MAX_RECORD_BYTES)
        done = check_proof(proof, record, known.root)
        click.echo(f"record {done.index} of {done.count}")
        return
    with progress_bar("reading") as progress:
        found = check_manifest(known, data, progress=progress)
    _tell(known, found, data, records_only)


def _tell(known: Manifest, found: Comparison, data: Path, records_only: bool) -> None:
    for item in found.differences[:_TOLD]:
        click.echo(f"records {item.first} to {item.last}: some differ")
    if len(found.differences) > _TOLD:
        click.echo(f"{len(found.differences) - _TOLD} more ranges")
    if not found.header:
        click.echo(f"the {_HEADERS.get(known.format, 'header')}: differs")
    if not found.has_same_records:
        raise VerificationFailed(
            "not the records of the manifest",
            reason="records-differ",
            where=str(data),
            hint="compare those records with a copy that you trust",
        )
    click.echo(f"{known.count} records, all as in the manifest")
    if not found.bytes and not records_only:
        raise VerificationFailed(
            "the same records, but not the same bytes: the file was written again",
            reason="records-rewritten",
            where=str(data),
            hint="--records-only, if the records are all that matters; or make a "
            "manifest of this file",
        )


@command.command("prove")
@click.argument("manifest", metavar="MANIFEST", type=PATH)
@click.argument("data", metavar="DATA", type=PATH)
@click.option(
    "--record", "index", type=int, required=True, metavar="N", help="Which, from 0."
)
@click.option(
    "--record-out", type=PATH, metavar="FILE", help="Write the record itself here."
)
@click.option(
    "-o", "--output", type=PATH, metavar="FILE", help="Write the proof here.  [stdout]"
)
def prove(
    manifest: Path,
    data: Path,
    index: int,
    record_out: Path | None,
    output: Path | None,
) -> None:
    """Prove that record N is in the dataset, without showing any other record."""
    from aibom.catalogers.record_documents import proof_document
    from aibom.operations.files import write_atomic
    from aibom.operations.manifest import load_manifest
    from aibom.operations.manifest import prove as prove_record
    from aibom.statement import to_json

    proof, record = prove_record(load_manifest(manifest), data, index)
    if record_out is not None:
        write_atomic(record_out, record)
    _write(to_json(proof_document(proof)), output)


def _write(data: bytes, output: Path | None) -> None:
    from aibom.operations.files import write_atomic

    if output is None:
        click.echo(data)
    else:
        write_atomic(output, data + b"\n")
        click.echo(str(output))
