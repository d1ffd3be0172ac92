"""``aibom keygen``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aibom.cli.common import PATH, password, warn
from aibom.errors import UsageError

__all__ = ["command"]


@click.command("keygen")
@click.argument("name", type=PATH)
@click.option(
    "--type",
    "kind",
    type=click.Choice(["p256", "ed25519"]),
    default="p256",
    show_default=True,
    help="Kind of key.",
)
@click.option("--no-password", is_flag=True, help="Leave the private key unencrypted.")
def command(name: Path, kind: str, no_password: bool) -> None:
    """Make NAME.key (private, mode 600) and NAME.pub; neither is overwritten.

    The folder they lie in is made if it is missing.

    The private key is encrypted with AIBOM_KEY_PASSWORD, or with a password asked for.
    Who checks signatures needs NAME.pub, in their signers.yaml.
    """
    from aibom.operations.signing.sign import key_pair_paths, make_key_pair

    # Before anybody thinks of a password.
    key_pair_paths(name)
    secret = None if no_password else password() or _ask()
    private, public = make_key_pair(name, kind, secret)
    click.echo(str(public))
    warn(f"the private key is {private}; keep it out of repositories")


def _ask() -> bytes:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "no password for the private key, and no terminal to ask for one",
            reason="password-missing",
            where="AIBOM_KEY_PASSWORD",
            hint="set it, or leave the key unencrypted with --no-password",
        )
    answer: str = click.prompt(
        "Password for the private key",
        hide_input=True,
        confirmation_prompt=True,
        err=True,
    )
    return answer.encode()
