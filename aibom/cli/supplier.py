"""``aibom supplier request`` and ``aibom supplier import``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, evidence_option, now, parse_when
from aibom.cli.group import Group
from aibom.report.text import escape

if TYPE_CHECKING:
    from aibom.digest import Digest

__all__ = ["command"]

_SHOWN = 10


@click.group("supplier", cls=Group)
def command() -> None:
    """Ask a supplier what a BOM leaves open, and keep the answers."""


@command.command(
    "request",
    epilog="""\b
Examples:
  aibom supplier request model.cdx.json -o questions.xlsx
  aibom supplier request model.cdx.json --evidence evidence --policy verifier \\
      -o questions.html
""",
)
@click.argument("bom", type=PATH)
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    metavar="FILE",
    help="Where to: .xlsx, .yaml or .html; never over a file that is there.",
)
@click.option(
    "--all", "everything", is_flag=True, help="Ask what is answered well already, too."
)
@evidence_option
@click.option(
    "--policy", type=PATH, metavar="DIR", help="The verifier's folder: whom to believe."
)
@click.option("--signers", type=PATH, metavar="FILE", help="Or only its signers.yaml.")
def request(
    bom: Path,
    output: Path,
    everything: bool,
    evidence: tuple[Path, ...],
    policy: Path | None,
    signers: Path | None,
) -> None:
    """Write down what to ask the supplier of BOM: what its report leaves open.

    That is what is not provided, only stated, or conflicting, of the product and of
    each dataset and model. Send the file; the answers come back in it.
    """
    from aibom.operations.files import artifact_folder, require_apart, require_new
    from aibom.operations.reporting.report import Asked
    from aibom.operations.suppliers.request import request_answers

    require_apart(output, (bom, signers), artifact_folder(bom))
    require_new(output)
    asked = Asked(evidence=evidence, policy=policy, signers=signers)
    done = request_answers(bom, output, asked, now(), everything=everything)
    if done.path is None:
        click.echo("nothing is left to ask; --all asks everything", err=True)
        return
    click.echo(str(done.path))
    click.echo(f"questions: {done.questions:,}, about {done.things:,} things", err=True)


@command.command(
    "import",
    epilog="""\b
Examples:
  aibom supplier import answers.xlsx --from org:Acme --received 2026-11-20
  aibom supplier import answers.json --from org:Acme --received 2026-11-20 \\
      --about tree-sha256:… -o evidence/acme
""",
)
@click.argument("answers", type=PATH)
@click.option(
    "--from", "by", required=True, metavar="ORG", help="Who answered: org:NAME."
)
@click.option("--received", required=True, metavar="DATE", help="When it was received.")
@click.option(
    "--about",
    metavar="REF",
    help="The product that they must be about: a BOM, a folder, a file, a digest.",
)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="DIR",
    default=Path("evidence"),
    show_default=True,
    help="Evidence folder it is written to.",
)
def import_(
    answers: Path, by: str, received: str, about: str | None, output: Path
) -> None:
    """Turn ANSWERS (.xlsx, .yaml, or the .json that the page saves) into a statement.

    Unsigned it is a claim of ORG. Whoever answered makes it their word by signing:
    `aibom sign` the file that this writes. Files that the answers name are compared
    with their digests where they lie beside ANSWERS.
    """
    from aibom.operations.files import require_no_artifact
    from aibom.operations.suppliers.imported import import_answers
    from aibom.operations.suppliers.request import known_questions

    when = parse_when(received, "--received")
    assert when is not None
    require_no_artifact(output)
    done = import_answers(
        answers,
        by=by,
        received=when,
        now=now(),
        output=output,
        known=known_questions(),
        about=_digest(about),
    )
    click.echo(str(done.path))
    told = (
        f"answers: {len(done.given.answers):,} of {done.asked:,}, from {done.given.by}"
    )
    click.echo(told, err=True)
    _tell_files(done.checked, done.absent)
    _tell_odd(done.unread, done.pointing)
    again = shlex.quote(str(done.path))
    click.echo(f"unsigned, so a claim; sign it: aibom sign {again} --key KEY", err=True)


def _digest(about: str | None) -> Digest | None:
    from aibom.operations.approve import parse_ref
    from aibom.operations.suppliers.about import resolve_about

    return None if about is None else resolve_about(parse_ref(about)).digest


def _tell_files(checked: tuple[str, ...], absent: tuple[str, ...]) -> None:
    for name in checked:
        click.echo(f"compared with its digest: {name}", err=True)
    for name in absent:
        click.echo(f"not here, only its digest: {name}", err=True)


def _tell_odd(unread: tuple[str, ...], pointing: tuple[str, ...]) -> None:
    """What somebody meant to say, and did not say where it is read."""
    for place in unread:
        click.echo(f"not read: {escape(place)}", err=True)
    for name in pointing[:_SHOWN]:
        click.echo(
            f"points to a file that it does not name: {name}; ask which one, and put "
            "its name and SHA-256 under evidence",
            err=True,
        )
    if len(pointing) > _SHOWN:
        click.echo(f"and {len(pointing) - _SHOWN:,} more that do", err=True)
