"""The command line: options in, operation, output out.

The only part of aibom that prints or exits. Each command is a file of its own and is
imported when it is called, so that ``--help`` and quick commands stay quick. stdout is
data; everything else goes to stderr. One place turns errors into messages and exit
codes: :func:`main`.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, TextIO

import click

import aibom
from aibom.cli.group import Group
from aibom.errors import AibomError, InputError

__all__ = ["COMMANDS", "LazyGroup", "cli", "main"]

#: command → (module, one line for --help); modules have a click command `command`.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("aibom.cli.run", "Run a command as a step and record it."),
    "assemble": ("aibom.cli.assemble", "Join step records into the artifact's BOM."),
    "scan": ("aibom.cli.scan", "Catalog what a place says of itself into a BOM."),
    "resolve": ("aibom.cli.resolve", "Tell what a reference means now."),
    "lock": ("aibom.cli.lock", "Pin artifacts from elsewhere, to the byte."),
    "manifest": ("aibom.cli.manifest", "Name every record of a dataset by one hash."),
    "show": ("aibom.cli.show", "Draw the lineage of a BOM: a tree, or a picture."),
    "validate": ("aibom.cli.validate", "Check a BOM: schema, references, our profile."),
    "convert": ("aibom.cli.convert", "Write a BOM as SPDX, CSV or other CycloneDX."),
    "report": ("aibom.cli.report", "Due diligence: proved, stated, missing."),
    "coverage": ("aibom.cli.coverage", "Measure what a BOM answers; no gate."),
    "keygen": ("aibom.cli.keygen", "Make a signing key."),
    "sign": ("aibom.cli.sign", "Sign an artifact's BOM, or a step record."),
    "verify": ("aibom.cli.verify", "Verify an artifact to the roots of its lineage."),
    "audit": ("aibom.cli.audit", "Record an examination of exact bytes."),
    "supplier": ("aibom.cli.supplier", "Ask a supplier; keep the answers."),
    "evidence": ("aibom.cli.evidence", "Keep what others handed over, as a claim."),
    "approve": ("aibom.cli.approve", "Approve exact bytes, signed, until a day."),
    "check": ("aibom.cli.check", "Dry run of a policy on what documents say."),
    "gate": ("aibom.cli.gate", "Verify, hash, evaluate, decide."),
    "fetch": ("aibom.cli.fetch", "Fetch, decide, and only then put it in its place."),
    "explain": ("aibom.cli.explain", "Tell the story behind a verdict."),
    "dossier": ("aibom.cli.dossier", "Collect what can be shown in one archive."),
    "policy": ("aibom.cli.policy", "Start, lint, show and lock policies."),
    "signers": ("aibom.cli.signers", "Add to the signers that the verifier believes."),
    "trust-root": (
        "aibom.cli.trust_root",
        "Show, pin and update the roots of Sigstore.",
    ),
    "party": ("aibom.cli.party", "Pseudonyms for the people behind data."),
}

#: What `aibom run` itself ends with: other codes are those of the command it ran.
RUN_FAILED = 125
INTERRUPTED = 130


class LazyGroup(Group):
    """A group whose commands are imported when called, and not for ``--help``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the module of one command."""
        if name not in COMMANDS:
            return None
        command: Any = importlib.import_module(COMMANDS[name][0]).command
        return command if isinstance(command, click.Command) else None

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the table of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Whoever makes models:    run → assemble → sign
Whoever gets models:     resolve → lock → fetch → scan
Whoever examines them:   audit record → approve
Whoever deploys them:    policy lock → gate → explain

\b
Exit codes:
    0  done; allowed
    1  could not do it, or could not decide
    2  wrong usage, or a policy that cannot be used
    3  it cannot be told whether it is allowed, which blocks
   10  denied
   11  verification failed
   12  invalid document
  125  `aibom run` itself failed; else it ends as the command it ran
  130  interrupted
""",
)
@click.version_option(aibom.__version__, prog_name="aibom")
@click.option("--debug", is_flag=True, help="Show the traceback of an error as well.")
def cli(debug: bool) -> None:
    """Answer four questions about an AI model, with proof.

    What did it learn from, all the way up? Who says so? Are these still the same bytes?
    May it be deployed?
    """
    # --debug is read where errors end up, in `_run`: it must work for all of them.


def main() -> None:
    """Run the command line; the only place where errors become exit codes."""
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_encode(stream)
    sys.exit(_run(sys.argv[1:]))


def _never_fail_to_encode(stream: TextIO | Any) -> None:
    """A terminal that knows no ``←`` gets an escape, and not a crash of ours."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _run(arguments: list[str]) -> int:
    try:
        if sys.stdout is None and _command(arguments) != "run":
            # What is printed would be lost without a word; `run` prints nothing there.
            raise _unwritable("it is closed")
        result = cli.main(arguments, prog_name="aibom", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except (click.Abort, KeyboardInterrupt):
        click.echo("aibom: interrupted", err=True)
        return INTERRUPTED
    except Exception as crash:  # noqa: BLE001  a crash is never a decision
        error = _lost_output(crash) or crash
        if "--debug" in _before_command(arguments):
            _show_traceback()
        code = _show(error)
        # `run` keeps the command's code, so that its own failures all have one.
        return RUN_FAILED if _command(arguments) == "run" else code


def _lost_output(crash: Exception) -> InputError | None:
    """The error to show where ``crash`` says that stdout takes nothing any more.

    All that commands print goes through ``click.echo``; an OSError from anywhere else
    is another's. What waits in the stream is thrown away, before the interpreter tries
    to write it once more at its end.
    """
    trace = crash.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if not isinstance(crash, OSError) or trace is None:
        return None
    if trace.tb_frame.f_code is not click.echo.__code__:
        return None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return _unwritable(crash.strerror or str(crash))


def _unwritable(why: str) -> InputError:
    return InputError(
        f"cannot write to stdout: {why}",
        reason="output-unwritable",
        hint="look at where it goes: a full disk, or a program that ended too soon",
    )


def _before_command(arguments: list[str]) -> list[str]:
    """The options of `aibom` itself; none of them takes a value."""
    command = _command(arguments)
    return arguments if command is None else arguments[: arguments.index(command)]


def _command(arguments: list[str]) -> str | None:
    return next((word for word in arguments if not word.startswith("-")), None)


def _show_traceback() -> None:
    import traceback

    click.echo(traceback.format_exc(), err=True, nl=False)


def _show(error: Exception) -> int:
    """Print what is wrong, where, and what to do next; returns the exit code."""
    if isinstance(error, click.ClickException):
        _show_usage(error)
        return error.exit_code
    if isinstance(error, AibomError):
        _tell(error.message, error.where, reason=error.reason, hint=error.hint)
        return error.exit_code
    _tell(
        f"{type(error).__name__}: {error}",
        reason="internal-error",
        hint="this is a fault of aibom; `aibom --debug …` shows where",
    )
    return 1


def _show_usage(error: click.ClickException) -> None:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "aibom"
    _tell(error.format_message(), reason="usage", hint=f"see: {path} --help")


def _tell(
    message: str, where: str | None = None, *, reason: str, hint: str | None = None
) -> None:
    from aibom.report.text import escape

    lines = "\n  ".join(escape(line, 2000) for line in message.split("\n"))
    place = f"{escape(where)}: " if where else ""
    click.echo(f"aibom: {place}{lines} [{reason}]", err=True)
    if hint:
        click.echo(f"  {escape(hint, 2000)}", err=True)
