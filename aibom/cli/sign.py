"""``aibom sign``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, progress_bar
from aibom.cli.signing import SigningOptions, signing_options
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.operations.signing.sign import Description

__all__ = ["command"]


@click.command(
    "sign",
    epilog="""\b
Examples:
  aibom sign model/ --key release.key
  aibom sign model/ --sigstore public              (in CI: as the job itself)
  aibom sign data/ --name acme/data/reviews --kind dataset --key supplier.key
""",
)
@click.argument("path", metavar="DIR|FILE|RECORD", type=PATH)
@click.option(
    "--name",
    metavar="NAMESPACE/NAME",
    help="Make a BOM that says no more than this name: for data as it is delivered.",
)
@click.option(
    "--kind",
    type=click.Choice(["dataset", "model", "system"]),
    help="What it is, with --name.",
)
@click.option(
    "--inline",
    is_flag=True,
    help="Put the BOM itself into the statement, and so into a log that keeps it.",
)
@click.option("--oms", is_flag=True, help="Also write an OpenSSF model.sig.")
@signing_options
def command(
    path: Path,
    name: str | None,
    kind: str | None,
    inline: bool,
    oms: bool,
    signing: SigningOptions,
) -> None:
    """Sign the BOM of DIR or FILE for the bytes that are there, or an unsigned RECORD.

    The bytes are hashed again first: a BOM that describes others is refused. The
    signature goes to DIR/aibom.sigstore.json, to FILE.aibom.sigstore.json, or beside
    RECORD in its place. A transparency log learns digests, and never the BOM unless
    --inline is given.
    """
    from aibom.operations.policies.exceptions import is_waivers, sign_waivers
    from aibom.operations.signing.sign import is_record, sign_artifact, sign_record

    described = _described(name, kind)
    signer = signing.signer()
    others = name is not None or inline or oms
    if others and (is_record(path) or is_waivers(path)):
        raise UsageError(
            "--name, --inline and --oms are for an artifact, and this is a statement",
            reason="usage",
            where=str(path),
            hint="leave them out: a statement is signed as it is",
        )
    if is_record(path):
        click.echo(str(sign_record(path, signer)))
        return
    if is_waivers(path):
        click.echo(str(sign_waivers(path, signer)))
        return
    with progress_bar("hashing") as progress:
        written = sign_artifact(
            path, signer, progress, described=described, inline=inline, oms=oms
        )
    for one in written:
        click.echo(str(one))


def _described(name: str | None, kind: str | None) -> Description | None:
    from aibom.lineage.nodes import Kind
    from aibom.operations.signing.sign import Description

    if (name is None) != (kind is None):
        raise UsageError(
            "--name and --kind go together",
            reason="usage",
            where="--name",
            hint="for example: --name acme/models/reviews --kind model",
        )
    return Description(name, Kind(kind)) if name and kind else None
