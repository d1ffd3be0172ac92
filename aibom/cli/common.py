"""Options and output that commands share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.digest import Progress
    from aibom.verdict import Verdict

__all__ = [
    "EXISTING",
    "evidence_option",
    "gate_options",
    "now",
    "paint",
    "parse_when",
    "password",
    "progress_bar",
    "write_verdict",
]

#: A path as the user gave it; whether it exists is the operation's question, which has a
#: better answer than "does not exist".
EXISTING = click.Path(path_type=Path)

_STYLES: dict[str, dict[str, Any]] = {
    "good": {"fg": "green", "bold": True},
    "bad": {"fg": "red", "bold": True},
    "warn": {"fg": "yellow"},
    "dim": {"dim": True},
    "bold": {"bold": True},
}


def paint(style: str, text: str) -> str:
    """Colour for a terminal; click strips it where stdout is none. NO_COLOR is respected."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return click.style(text, **_STYLES[style])


def now() -> datetime:
    """The clock, read here and passed down as a value."""
    return datetime.now(UTC)


def parse_when(text: str | None) -> datetime | None:
    """A date or time from an option."""
    if text is None:
        return None
    from aibom.reading import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise UsageError(f"{text!r} {error}", reason="time-malformed") from None


def password() -> bytes | None:
    """The password of the key, from AIBOM_KEY_PASSWORD; never from the command line."""
    text = os.environ.get("AIBOM_KEY_PASSWORD")
    return text.encode() if text else None


@contextmanager
def progress_bar(label: str) -> Iterator[Progress | None]:
    """A progress bar on stderr while bytes are hashed; nothing unless it is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=0, label=label, file=sys.stderr) as bar:
        done = 0

        def report(count: int, total: int) -> None:
            nonlocal done
            if bar.length != total:
                bar.length = total
            bar.update(count - done)
            done = count

        yield report


def evidence_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--evidence DIR``, repeatable."""
    return click.option(
        "--evidence",
        type=EXISTING,
        multiple=True,
        help="Folder with step records, audits and upstream BOMs. Repeatable.",
    )(command)


def gate_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What ``check`` and ``gate`` share."""
    options = (
        click.option(
            "--policy", type=EXISTING, required=True, help="The verifier's folder."
        ),
        evidence_option,
        click.option("--effective-time", help="Evaluate at this time; it is recorded."),
        click.option("--allow-past", is_flag=True, help="Let that time be in the past."),
        click.option(
            "--tier",
            type=click.Choice(["high", "medium", "low"]),
            help="Assurance tier; may only raise what the policy assigns.",
        ),
        click.option(
            "--report-only", is_flag=True, help="Exit 0 after findings; marked as such."
        ),
        click.option("--policy-digest", help="Refuse any other policy than this digest."),
        click.option(
            "--output",
            "outputs",
            multiple=True,
            metavar="FORMAT[=FILE]",
            help="text or json, to stdout or FILE. Repeatable; default text.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def write_verdict(verdict: Verdict, outputs: tuple[str, ...]) -> int:
    """Write a verdict in every format asked for, and return its exit code."""
    from aibom.operations.files import write_atomic
    from aibom.report.machine import verdict_json
    from aibom.report.terminal import draw_verdict
    from aibom.report.text import plain

    wanted = [_format(text) for text in outputs] or [("text", None)]
    to_stdout = [name for name, file in wanted if file is None]
    if len(to_stdout) > 1:
        raise UsageError(
            f"{' and '.join(to_stdout)} would both go to stdout",
            reason="output-twice",
            where="--output",
            hint="give all but one a file: --output json=verdict.json",
        )
    files = {name: file for name, file in wanted if file is not None}
    json_file = files.get("json")
    for name, file in wanted:
        brush = paint if file is None else plain
        text = (
            verdict_json(verdict)
            if name == "json"
            else draw_verdict(verdict, brush, json_file)
        )
        if file is None:
            click.echo(text, nl=False)
        else:
            write_atomic(Path(file), text.encode())
    if "text" not in dict(wanted) and to_stdout == []:
        click.echo(f"{verdict.decision.value}: {verdict.reason}", err=True)
    return verdict.exit_code


def _format(text: str) -> tuple[str, str | None]:
    name, mark, file = text.partition("=")
    if name not in ("text", "json") or (mark and not file):
        from aibom.reading import suggest

        raise UsageError(
            f"unknown format {name!r}{suggest(name, ('text', 'json'))}",
            reason="output-unknown",
            where="--output",
        )
    return name, file or None
