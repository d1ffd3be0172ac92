"""The command line: options in, operation, output out.

The only part of aibom that prints or exits. Each command is a file of its own and is
imported when it is called, so that ``--help`` and quick commands stay quick. stdout is data;
everything else goes to stderr. One place turns errors into messages and exit codes.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

import aibom
from aibom.errors import AibomError

__all__ = ["COMMANDS", "LazyGroup", "cli", "main"]

#: command → (module, one line for --help); modules have a click command called `command`.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("aibom.cli.run", "Run a command as a step and record it."),
    "assemble": ("aibom.cli.assemble", "Join step records into the artifact's BOM."),
    "show": ("aibom.cli.show", "Draw the lineage of a BOM as a tree."),
    "validate": ("aibom.cli.validate", "Check a BOM: schema, references, our profile."),
    "keygen": ("aibom.cli.keygen", "Make a signing key."),
    "sign": ("aibom.cli.sign", "Sign an artifact's BOM, or a step record."),
    "verify": ("aibom.cli.verify", "Verify an artifact to the roots of its lineage."),
    "audit": ("aibom.cli.audit", "Record an examination of exact bytes."),
    "check": ("aibom.cli.check", "Dry run of a policy on what documents say."),
    "gate": ("aibom.cli.gate", "Verify, hash, evaluate, decide."),
    "explain": ("aibom.cli.explain", "Tell the story behind a verdict."),
    "policy": ("aibom.cli.policy", "Lint, lock and list policies."),
    "party": ("aibom.cli.party", "Pseudonyms for the people behind data."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, and not for ``--help``."""

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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, suggesting the nearest one for a misspelt name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from aibom.reading import suggest

            ctx.fail(f"no such command {args[0]!r}{suggest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(aibom.__version__, prog_name="aibom")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    """Answer four questions about an AI model, with proof.

    What did it learn from, all the way up? Who says so? Are these still the same bytes? May
    it be deployed?

    Exit codes: 0 done, allowed · 1 could not do it · 2 wrong usage or invalid policy ·
    3 cannot be told, blocks · 10 denied · 11 verification failed · 12 invalid document ·
    125 `run` itself failed.
    """
    context.obj = {"debug": debug}


def main() -> None:
    """Run the command line; the only place where errors become exit codes."""
    code = _run(sys.argv[1:])
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    debug = "--debug" in arguments[:1]
    try:
        result = cli.main(arguments, prog_name="aibom", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return 125 if arguments[:1] == ["run"] else error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("aibom: interrupted", err=True)
        return 130
    except AibomError as error:
        if debug:
            raise
        _show(error)
        return _exit_code(error, arguments)
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001  the boundary: a crash is never a decision
        if debug:
            raise
        click.echo(
            f"aibom: internal error: {type(error).__name__}: {error}\n"
            "  this is a fault of aibom; --debug before the command shows where",
            err=True,
        )
        return 125 if arguments[:1] == ["run"] else 1


def _exit_code(error: AibomError, arguments: list[str]) -> int:
    """`run` keeps the command's exit code, so that its own failures are all 125."""
    return 125 if arguments[:1] == ["run"] else error.exit_code


def _show(error: AibomError) -> None:
    from aibom.report.text import escape

    lines = "\n  ".join(escape(line, 2000) for line in error.message.split("\n"))
    where = f"{escape(error.where)}: " if error.where else ""
    click.echo(f"aibom: {where}{lines} [{error.reason}]", err=True)
    if error.hint:
        click.echo(f"  {escape(error.hint, 2000)}", err=True)
