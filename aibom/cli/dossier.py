"""``aibom dossier``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import (
    PATH,
    evidence_option,
    now,
    parse_when,
    progress_bar,
    warn,
)
from aibom.cli.group import Group
from aibom.cli.signing import SigningOptions, signing_options

if TYPE_CHECKING:
    from aibom.operations.dossiers.check import Checked, Signed

__all__ = ["command"]

_TOLD = 20


class _Dossier(Group):
    """``aibom dossier DIR`` is ``aibom dossier make DIR``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """What is no command is an artifact to make a dossier of."""
        if args and args[0] not in self.list_commands(ctx):
            args = ["make", *args]
        return super().resolve_command(ctx, args)


@click.group(
    "dossier",
    cls=_Dossier,
    context_settings={"ignore_unknown_options": True},
    epilog="""\b
Examples:
  aibom dossier model/ --policy verifier/ --evidence evidence/ \\
      --profile aiact-annex-iv-2 --key release.key -o dossier.zip
  aibom dossier check dossier.zip --signers my-signers.yaml
""",
)
def command() -> None:
    """Collect all that can be shown about an artifact in one signed archive.

    For authorities, auditors and customers. It can be checked without network, without
    aibom, and in years. `aibom dossier DIR` is short for `aibom dossier make DIR`.
    """


@command.command("make")
@click.argument("path", metavar="DIR|FILE", type=PATH)
@click.option(
    "--policy",
    type=PATH,
    required=True,
    metavar="DIR",
    help="The verifier's folder, with policy.yaml and policy.lock.",
)
@evidence_option
@click.option(
    "--profile",
    default="aiact-annex-iv-2",
    show_default=True,
    metavar="ID",
    help="What to index by (aibom coverage --list).",
)
@click.option(
    "--effective-time", metavar="TIME", help="Evaluate as of this time; it is told."
)
@click.option(
    "--allow-past", is_flag=True, help="Let that time be in the past; it is told."
)
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    metavar="FILE",
    help="The archive; never over a file that is there.",
)
@signing_options
def make(
    path: Path,
    policy: Path,
    evidence: tuple[Path, ...],
    profile: str,
    effective_time: str | None,
    allow_past: bool,
    output: Path,
    signing: SigningOptions,
) -> int:
    """Verify an artifact, decide about it, and write its dossier, signed as you.

    BOM, signatures, evidence, policy and trust roots are put in as they are; hidden
    files are left out, and so is the artifact itself. Look at what lies in your
    evidence folders first: all of it goes in. A denied artifact gets a dossier that
    says so; one that does not verify gets none (exit 11).
    """
    from aibom.operations.dossiers.dossier import Request, make_dossier
    from aibom.operations.gate import make_options
    from aibom.report.text import escape

    _require_place(output, path, policy, evidence)
    options, when = make_options(
        evidence,
        asked=parse_when(effective_time),
        clock=now(),
        allow_past=allow_past,
        tier=None,
        report_only=False,
        policy_digest=None,
    )
    request = Request(path, policy, profile, options, signing.signer(), output)
    with progress_bar("hashing") as progress:
        made = make_dossier(request, when, progress)
    found = made.coverage
    warn(f"{output}: {made.files} files, {made.size:,} bytes")
    warn(
        f"decision: {made.verdict.decision.value}, as of {made.verdict.effective_time}"
    )
    answers, papers = made.supplied
    if answers or papers:
        warn(f"from suppliers: {answers} answers, {papers} documents, as they are")
    for text in made.problems:
        warn(f"note: a supplier's statement counts for nothing: {escape(text, 2000)}")
    warn(
        f"{found.profile.id}: {found.answered} answered, {found.verified} checked; "
        "nothing here says that a duty is met"
    )
    click.echo(made.digest)
    return 0


def _require_place(
    output: Path, artifact: Path, policy: Path, evidence: tuple[Path, ...]
) -> None:
    """Refuse an archive in what it is made of, and over a file that is there."""
    from aibom.errors import UsageError
    from aibom.operations.files import is_inside, require_apart, require_new

    require_apart(output, (artifact,), artifact if artifact.is_dir() else None)
    if is_inside(output, policy):
        raise UsageError(
            "lies inside the policy folder",
            reason="output-inside-policy",
            where=str(output),
            hint="write it beside the folder",
        )
    if any(is_inside(output, folder) for folder in evidence):
        raise UsageError(
            "lies inside a folder of evidence, all of which goes into a dossier",
            reason="output-inside-evidence",
            where=str(output),
            hint="write it beside the folder",
        )
    require_new(output)


@command.command("check")
@click.argument("path", metavar="DOSSIER", type=PATH)
@click.option(
    "--signers",
    type=PATH,
    required=True,
    metavar="FILE",
    help="Whom you believe (signers.yaml); not the one in the dossier.",
)
@click.option(
    "--artifact", type=PATH, metavar="DIR|FILE", help="Compare its bytes as well."
)
@click.option(
    "--effective-time",
    metavar="TIME",
    help="Judge signatures that have no timestamp as of this time.  [default: now]",
)
def check(
    path: Path, signers: Path, artifact: Path | None, effective_time: str | None
) -> int:
    """Check a dossier: every file, its signature, and all signatures in it.

    No network is asked. The rules are not asked again. Exit 11 if something does not
    hold, 12 if it is no dossier, 3 if it holds and some statements that its maker
    believed cannot be confirmed.
    """
    from aibom.operations.dossiers.check import check_dossier
    from aibom.operations.verify import load_signers

    when = parse_when(effective_time) or now()
    allowed = load_signers(signers, artifact or path)
    with progress_bar("hashing") as progress:
        found = check_dossier(path, allowed, when, artifact=artifact, progress=progress)
    _tell(path, found)
    return 3 if found.lost else 0


def _tell(path: Path, found: Checked) -> None:
    from aibom.report.text import escape

    rows = [
        ("signed", _signed(found.dossier)),
        ("artifact", found.name),
        ("", found.artifact),
        ("BOM", _signed(found.bom)),
        ("ancestors", found.ancestors),
        ("statements", f"{found.confirmed} confirmed, {len(found.lost)} not"),
        *([("suppliers", _claims(found.claims))] if found.claims else []),
        ("policy", found.policy),
        ("decided", f"{found.decision}, as of {found.effective_time}, by its maker"),
        ("profile", found.profile),
        ("bytes", "compared" if found.compared else "not compared (--artifact)"),
    ]
    click.echo(f"{escape(str(path))}: {found.files} files, all as listed and signed")
    for name, text in rows:
        click.echo(f"  {name:<11} {escape(text)}")
    for one in found.lost[:_TOLD]:
        warn(
            f"not confirmed: {escape(one.path)}, by {escape(one.signer)}: {one.reason}"
        )
    if len(found.lost) > _TOLD:
        warn(f"and {len(found.lost) - _TOLD} more")
    for text in found.warnings:
        warn(f"note: {escape(text, 2000)}")


def _claims(number: int) -> str:
    return (
        f"{number} statements of suppliers that are claims: unsigned, or not believed"
    )


def _signed(who: Signed) -> str:
    at = "at a time that nobody vouches for"
    if who.at is not None:
        at = f"at {who.at:%Y-%m-%d %H:%M:%S} UTC, by an authority of the reader's"
    return f"{who.name} ({who.role}), {who.who}, {at}"
