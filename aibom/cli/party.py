"""``aibom party id``."""

from __future__ import annotations

import os
import sys

import click

from aibom.cli.group import Group
from aibom.errors import UsageError

__all__ = ["command"]


@click.group("party", cls=Group)
def command() -> None:
    """Ids for the people behind data: pseudonyms that can be followed up."""


@command.command("id")
@click.argument("person", required=False)
def party_id(person: str | None) -> None:
    """Print the pseudonym of PERSON, or of each line on stdin.

    It is an HMAC under the registrar's key AIBOM_PSEUDONYM_KEY=NAME:SECRET. Ids can be
    compared only under one key; whoever holds the key can tell who is meant.
    """
    from aibom.lineage.identity import person_pseudonym

    key = os.environ.get("AIBOM_PSEUDONYM_KEY")
    if not key:
        raise UsageError(
            "is not set",
            reason="pseudonym-key-missing",
            where="AIBOM_PSEUDONYM_KEY",
            hint="for example: "
            "export AIBOM_PSEUDONYM_KEY=acme-2026:$(openssl rand -hex 32)",
        )
    names = [person] if person is not None else sys.stdin.read().splitlines()
    for pseudonym in [person_pseudonym(name, key) for name in names]:
        click.echo(pseudonym)
