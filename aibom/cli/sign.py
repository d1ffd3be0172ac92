"""``aibom sign``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import EXISTING, password, progress_bar

__all__ = ["command"]


@click.command("sign")
@click.argument("path", metavar="DIR|RECORD", type=EXISTING)
@click.option("--key", type=EXISTING, required=True, help="Private key (aibom keygen).")
def command(path: Path, key: Path) -> None:
    """Sign DIR/aibom.cdx.json for the bytes in DIR, or an unsigned RECORD.

    DIR is hashed again first: a BOM that describes other bytes is refused.
    """
    from aibom.operations.sign import load_key, sign_artifact, sign_record

    private = load_key(key, password())
    if not path.is_dir():
        click.echo(str(sign_record(path, private)))
        return
    with progress_bar("hashing") as progress:
        click.echo(str(sign_artifact(path, private, progress)))
