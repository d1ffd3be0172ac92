"""``aibom sign``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import PATH, load_key, progress_bar

__all__ = ["command"]


@click.command("sign")
@click.argument("path", metavar="DIR|RECORD", type=PATH)
@click.option(
    "--key",
    type=PATH,
    required=True,
    metavar="FILE",
    help="Private key (aibom keygen); its password: AIBOM_KEY_PASSWORD, or asked.",
)
def command(path: Path, key: Path) -> None:
    """Sign DIR/aibom.cdx.json for the bytes in DIR, or an unsigned RECORD.

    DIR is hashed again first: a BOM that describes other bytes is refused. The
    signature goes to DIR/aibom.sigstore.json, or beside RECORD in its place.
    """
    from aibom.operations.sign import sign_artifact, sign_record

    private = load_key(key)
    if not path.is_dir():
        click.echo(str(sign_record(path, private)))
        return
    with progress_bar("hashing") as progress:
        bundle = sign_artifact(path, private, progress)
    click.echo(str(bundle))
