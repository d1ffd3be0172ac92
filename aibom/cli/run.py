"""``aibom run``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aibom.cli.common import PATH, load_key, progress_bar, warn

if TYPE_CHECKING:
    from aibom.recording import RunOutcome

__all__ = ["command"]


@click.command(
    "run",
    epilog="""\b
Example:
  aibom run --step fine-tune --key pipeline.key \\
      --input base-model=base/,source=pkg:huggingface/acme/base@COMMIT \\
      --input training-data=data/,name=acme/data/reviews \\
      --by labeler=person:acme-2026:4711… \\
      --output model/,name=acme/models/reviews \\
      -- python train.py --data data/ --out model/

Everything after -- belongs to CMD, its own --help included.
""",
)
@click.option(
    "--step",
    "kind",
    required=True,
    metavar="KIND",
    help="Kind of step: collect, label, train, fine-tune, merge, evaluate, …",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="ROLE=PATH[,source=PURL@REV][,name=N][,kind=K]",
    help="What CMD uses; hashed before it starts, checked afterwards. Repeatable.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    required=True,
    metavar="PATH[,name=N][,kind=K]",
    help="What CMD makes. Repeatable.",
)
@click.option(
    "--by",
    "parties",
    multiple=True,
    metavar="ROLE=PARTY",
    help="Who took part: labeler=person:… (see aibom party id). Repeatable.",
)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting to write down. Repeatable.",
)
@click.option("--label", metavar="TEXT", help="What people call this step.")
@click.option("--key", type=PATH, metavar="FILE", help="Sign the record with this key.")
@click.option(
    "--steps",
    type=PATH,
    metavar="DIR",
    default=Path(".aibom/steps"),
    show_default=True,
    help="Folder that the record is written to.",
)
@click.option(
    "--recheck",
    type=click.Choice(["stat", "full"]),
    default="stat",
    show_default=True,
    help="Inputs to hash again after the run: those that look touched, or all.",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="VALUE|env:NAME",
    help="Never write this value down. Repeatable.",
)
@click.option(
    "--code",
    type=PATH,
    metavar="DIR",
    default=Path("."),
    help="Where the code lives; its commit is recorded.  [default: here]",
)
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
    """Run CMD as a step, and write down what it used and what it made.

    It ends with CMD's own exit code, and with 125 when the recording itself failed.
    There is a record only when CMD succeeds; else a log lies in .aibom/failed/.
    """
    from aibom.recording import InputRef, OutputRef, PartyRef, run

    signer = _signer(key)
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
            on_warning=warn,
            progress=progress,
        )
    _tell(outcome, kind, steps)
    return outcome.exit_code


def _signer(key: Path | None) -> Callable[[bytes], Mapping[str, Any]] | None:
    if key is None:
        return None
    from aibom.operations.run import record_signer

    return record_signer(load_key(key))


def _tell(outcome: RunOutcome, kind: str, steps: Path) -> None:
    if outcome.record_path is not None:
        warn(f"recorded {kind}: {outcome.record_path}")
        return
    warn(
        f"the command ended with {outcome.exit_code}; nothing was recorded as done "
        f"(log in {steps.parent / 'failed'})"
    )


def _parameter(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--param")
    return name, value
