"""``aibom run``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aibom.cli.common import PATH, evidence_option, now, progress_bar, warn
from aibom.cli.signing import SigningOptions, signing_options
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.recording import RunOutcome
    from aibom.recording.content import Approve
    from aibom.verdict import Verdict

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
@click.option(
    "--builder",
    metavar="URI",
    help="Who runs the step, if that is a builder others know (CI).",
)
@click.option(
    "--gate",
    "policy",
    type=PATH,
    metavar="DIR",
    help="Policy that must allow every input before CMD starts.",
)
@evidence_option
@signing_options
@click.argument("argv", metavar="-- CMD...", nargs=-1, type=click.UNPROCESSED)
def command(
    kind: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    parties: tuple[str, ...],
    parameters: tuple[str, ...],
    label: str | None,
    steps: Path,
    recheck: str,
    secrets: tuple[str, ...],
    code: Path,
    builder: str | None,
    policy: Path | None,
    evidence: tuple[Path, ...],
    argv: tuple[str, ...],
    signing: SigningOptions,
) -> int:
    """Run CMD as a step, and write down what it used and what it made.

    It ends with CMD's own exit code, and with 125 when the recording itself failed.
    There is a record only when CMD succeeds; else a log lies in .aibom/failed/.

    With --gate each model and dataset that goes in is verified and judged first, as
    `aibom gate` does: CMD does not start on data that was swapped, that nobody
    answers for, or that an advisory names.
    """
    from aibom.recording import InputRef, OutputRef, PartyRef, run

    signer = _signer(signing)
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
            approve=_approval(policy, evidence),
            secrets=secrets,
            code=code,
            builder=builder,
            on_warning=warn,
            progress=progress,
        )
    _tell(outcome, kind, steps)
    return outcome.exit_code


def _signer(asked: SigningOptions) -> Callable[[bytes], Mapping[str, Any]] | None:
    signer = asked.optional_signer()
    if signer is None:
        return None
    from aibom.operations.run import record_signer

    return record_signer(signer)


def _approval(policy: Path | None, evidence: tuple[Path, ...]) -> Approve | None:
    if policy is None:
        if evidence:
            raise UsageError(
                "evidence is for a gate, and there is none",
                reason="usage",
                where="--evidence",
                hint="add --gate DIR, the folder of the policy",
            )
        return None
    from aibom.operations.run import gate_inputs

    def tell(name: str, verdict: Verdict | None) -> None:
        if verdict is None:
            warn(f"gate: {name}: code and guidelines are pinned, not gated")
            return
        warn(f"gate: {name}: {verdict.decision.value} [{verdict.reason}]")
        for finding in verdict.blocking:
            warn(f"gate: {name}: {finding.rule}: {finding.label}: {finding.actual}")
        if verdict.verification.message:
            warn(f"gate: {name}: {verdict.verification.message}")

    return gate_inputs(policy, evidence, now(), tell)


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
