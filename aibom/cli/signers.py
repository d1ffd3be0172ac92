"""``aibom signers``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, now, refuse_folder
from aibom.cli.group import Group
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.operations.signing.signers_file import Addition, SignedBy

__all__ = ["command"]


@click.group("signers", cls=Group)
def command() -> None:
    """The verifier's signers.yaml: whose signatures count, and for what."""


@command.command("add")
@click.option(
    "--from",
    "source",
    type=PATH,
    metavar="BUNDLE",
    help="A signature by whoever is to be added.",
)
@click.option(
    "--to",
    type=PATH,
    required=True,
    metavar="FILE",
    help="The signers.yaml; it is made if it is not there.",
)
@click.option(
    "--public-key",
    type=PATH,
    metavar="FILE",
    help="For a signature by a key, which is not in the bundle; or, without --from, "
    "the key (PEM) to add.",
)
@click.option(
    "--trust-root",
    metavar="public|FILE",
    help="For a keyless one: the keys of its Sigstore. FILE lies beside signers.yaml.",
)
@click.option(
    "--roots",
    type=PATH,
    metavar="FILE",
    help="For one with a certificate: its authorities. FILE lies beside signers.yaml.",
)
@click.option(
    "--timestamp-roots",
    type=PATH,
    metavar="FILE",
    help="Who vouches for the time of signing. FILE lies beside signers.yaml.",
)
@click.option("--role", required=True, metavar="ROLE", help="What rules ask for.")
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    metavar="PATTERN",
    help="Names the signer may speak of. Needed; repeatable.",
)
@click.option(
    "--predicate",
    "predicates",
    multiple=True,
    metavar="WORD",
    help="What the signer may sign; needed without --from. Repeatable.  [default: what "
    "BUNDLE holds]",
)
@click.option(
    "--name",
    metavar="NAME",
    help="What messages call the signer.  [default: who it is]",
)
@click.option("--party", metavar="PARTY", help="Who is behind it, as in org:Acme.")
@click.option("--yes", is_flag=True, help="Add it without a question.")
def add(
    source: Path | None,
    to: Path,
    public_key: Path | None,
    trust_root: str | None,
    roots: Path | None,
    timestamp_roots: Path | None,
    role: str,
    namespaces: tuple[str, ...],
    predicates: tuple[str, ...],
    name: str | None,
    party: str | None,
    yes: bool,
) -> None:
    """Add whoever signed BUNDLE to FILE, after the signature was verified.

    Without --from the key of --public-key is added as it is, without a question: as if
    the entry were typed. Its fingerprint is shown, to be compared.

    Shows who it is, and the entry, and asks. The entry accepts exactly this identity,
    key or certificate name. Comments and order of FILE stay as they are. A signature
    that holds does not say whether to believe its maker: that is yours to decide.
    """
    from aibom.operations.signing.signers_file import (
        Proof,
        Wanted,
        key_given,
        plan_addition,
        who_signed,
        write_addition,
    )

    if source is not None:
        refuse_folder(source, "name the file of the bundle")
    refuse_folder(to, f"name the file, as in: --to {to}/signers.yaml")
    proof = Proof(public_key, trust_root, roots, timestamp_roots)
    signed = who_signed(source, proof, to, now()) if source else key_given(proof)
    _show(signed)
    wanted = Wanted(role, namespaces, name, party, predicates)
    addition = plan_addition(signed, wanted, to)
    _show_entry(addition)
    if not yes and source is not None:
        _confirm(to)
    write_addition(addition)
    folder = to.parent
    _tell(f"added; review, then: aibom policy lock {shlex.quote(str(folder))}")


def _show(signed: SignedBy) -> None:
    from aibom.report.text import escape

    for word, text in signed.told:
        click.echo(f"{word:<11} {escape(text, 1000)}", err=True)


def _show_entry(addition: Addition) -> None:
    _tell("")
    for line in addition.entry.splitlines():
        _tell(f"  {line}")
    _tell("")
    if addition.unsaid:
        names = ", ".join(addition.unsaid[:3])
        _tell(f"what the bundle says is not believed of names like: {names}")


def _confirm(to: Path) -> None:
    from aibom.report.text import escape

    streams = (sys.stdin, sys.stderr)
    if not all(stream is not None and stream.isatty() for stream in streams):
        raise UsageError(
            "nobody is there to ask, and nothing was added",
            reason="confirmation-missing",
            where="--yes",
            hint="read what stands above; if it is right, add --yes",
        )
    if not click.confirm(f"Add this to {escape(str(to))}?", err=True):
        raise UsageError(
            "not confirmed; nothing was added",
            reason="confirmation-missing",
            hint="ask the signer whether this is theirs; if so, run it again",
        )


def _tell(text: str) -> None:
    from aibom.report.text import escape

    click.echo(escape(text, 2000), err=True)
