"""``aibom approve``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, now, parse_when, progress_bar, warn
from aibom.cli.signing import SigningOptions, signing_options
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.digest import Digest
    from aibom.lineage.evidence import Approval

__all__ = ["command"]


@click.command(
    "approve",
    epilog="""\b
Examples:
  aibom approve model/ --tier high --expires 2027-01-31 --ticket ACME-12 \\
      --key anne.key -o evidence/approvals
  aibom approve --revoke evidence/approvals/3f….sigstore.json --reason "Wrong file."
""",
)
@click.argument("ref")
@click.option(
    "--tier",
    type=click.Choice(["high", "medium", "low"]),
    help="The strictest tier it is for.",
)
@click.option("--expires", metavar="TIME", help="When it ends: 2027-01-31.")
@click.option("--ticket", metavar="TEXT", help="Where the decision can be looked up.")
@click.option("--reason", metavar="TEXT", help="Why; needed with --revoke.")
@click.option(
    "--name",
    metavar="NAME",
    help="The name the lineage has for it.  [default: what its BOM says]",
)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="DIR",
    default=Path("evidence"),
    show_default=True,
    help="Folder the approval is written to.",
)
@click.option(
    "--revoke",
    is_flag=True,
    help="REF is an approval: print the entry for advisories.yaml that withdraws it.",
)
@signing_options
def command(
    ref: str,
    tier: str | None,
    expires: str | None,
    ticket: str | None,
    reason: str | None,
    name: str | None,
    output: Path,
    revoke: bool,
    signing: SigningOptions,
) -> None:
    """Approve REF: a file, a folder, or a digest (sha256:…, tree-sha256:…).

    The approval is signed, ends, and is of exactly these bytes: nothing that is made
    from them is approved by it. Where it counts, and for how much, each verifier says
    (check `approvals`). It is withdrawn in a verifier's advisories.yaml.
    """
    from aibom.operations.approve import approve, parse_ref

    target = parse_ref(ref)
    if revoke:
        given = {"tier": tier, "expires": expires, "ticket": ticket, "name": name}
        _require_unused(given, signing)
        _revoke(target, reason)
        return
    approval = _approval(tier, expires, ticket, reason)
    signer = signing.signer()
    with progress_bar("hashing") as progress:
        done = approve(
            target,
            approval,
            signer=signer,
            output=output,
            name=name,
            progress=progress,
        )
    click.echo(str(done.path))
    click.echo(f"approval {done.id}", err=True)
    again = shlex.quote(str(done.path))
    click.echo(f"withdraw it: aibom approve --revoke {again} --reason WHY", err=True)


def _approval(
    tier: str | None, expires: str | None, ticket: str | None, reason: str | None
) -> Approval:
    """What the options say; `--revoke` needs none of them, so Click asks for none."""
    from aibom.lineage.evidence import Approval
    from aibom.verdict import Tier

    for option, value in (("tier", tier), ("expires", expires), ("ticket", ticket)):
        if value is None:
            raise click.UsageError(f"Missing option '--{option}'.")
    until = parse_when(expires, "--expires")
    assert until is not None
    return Approval(Tier(str(tier)), until, now(), str(ticket), reason)


def _require_unused(given: dict[str, str | None], signing: SigningOptions) -> None:
    """Nothing is signed with `--revoke`, and nothing of an approval is changed."""
    for option, value in given.items():
        if value is not None:
            raise click.UsageError(f"'--{option}' does not go with '--revoke'.")
    try:
        signing.require_unused()
    except UsageError as error:
        raise UsageError(
            error.message,
            reason=error.reason,
            where=error.where,
            hint="what --revoke prints is for the verifier to review and to lock",
        ) from None


def _revoke(ref: Path | Digest, reason: str | None) -> None:
    from aibom.operations.approve import revocation

    if reason is None:
        raise click.UsageError("Missing option '--reason'.")
    click.echo(revocation(ref, reason=reason, now=now()), nl=False)
    told = "put it under `advisories:` in advisories.yaml, raise `sequence` there"
    click.echo(f"{told}; then: aibom policy lock", err=True)
    if not isinstance(ref, Path):
        warn("note: a digest is not checked to be the id of an approval")
