"""``aibom run``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import EXISTING, password, progress_bar

__all__ = ["command"]


@click.command("run", context_settings={"ignore_unknown_options": False})
@click.option("--step", "kind", required=True, help="Kind of step: train, label, …")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="ROLE=PATH[,source=PURL@REV][,name=N][,kind=K]",
    help="What the command uses. Hashed before it starts, and checked after. Repeatable.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    required=True,
    metavar="PATH[,name=N][,kind=K]",
    help="What the command makes. Repeatable.",
)
@click.option(
    "--by",
    "parties",
    multiple=True,
    metavar="ROLE=PARTY",
    help="Who took part: labeler=person:… (see aibom party id). Repeatable.",
)
@click.option(
    "--param", "parameters", multiple=True, metavar="NAME=VALUE", help="Repeatable."
)
@click.option("--label", help="What people call this step.")
@click.option("--key", type=EXISTING, help="Sign the record with this key.")
@click.option(
    "--steps",
    type=EXISTING,
    default=Path(".aibom/steps"),
    show_default=True,
    help="Folder that the record is written to.",
)
@click.option(
    "--recheck",
    type=click.Choice(["stat", "full"]),
    default="stat",
    show_default=True,
    help="How inputs are checked after the run: those that look touched, or all.",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="VALUE|env:NAME",
    help="Never write this value down. Repeatable.",
)
@click.option("--code", type=EXISTING, default=Path("."), help="Where the code lives.")
@click.argument("argv", metavar="-- CMD...", nargs=-1, type=click.UNPROCESSED)
def command(
    kind: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    parties: tuple[str, ...],
    parameters: tuple[str, ...],
    label: str | None,
    key: Path | None,
    steps: Path,
    recheck: str,
    secrets: tuple[str, ...],
    code: Path,
    argv: tuple[str, ...],
) -> int:
    """Run CMD as a step and write down what it used and made.

    The record goes to .aibom/steps/ only when CMD succeeds; the exit code is CMD's own, and
    125 when the recording itself failed.
    """
    from aibom.recording import InputRef, OutputRef, PartyRef, run

    signer = None
    if key is not None:
        from aibom.operations.run import record_signer
        from aibom.operations.sign import load_key

        signer = record_signer(load_key(key, password()))
    with progress_bar("hashing") as progress:
        outcome = run(
            list(argv),
            kind=kind,
            inputs=[InputRef.parse(text) for text in inputs],
            outputs=[OutputRef.parse(text) for text in outputs],
            parties=[PartyRef.parse(text) for text in parties],
            parameters=dict(_parameter(text) for text in parameters),
            label=label,
            steps=steps,
            recheck=recheck,
            signer=signer,
            secrets=secrets,
            code=code,
            on_warning=lambda text: click.echo(f"aibom: {text}", err=True),
            progress=progress,
        )
    if outcome.record_path is not None:
        click.echo(f"aibom: recorded {kind}: {outcome.record_path}", err=True)
    else:
        click.echo(
            f"aibom: the command ended with {outcome.exit_code}; nothing was recorded as "
            f"done (log in {steps.parent / 'failed'})",
            err=True,
        )
    return outcome.exit_code


def _parameter(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--param")
    return name, value
