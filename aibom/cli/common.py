"""Options and output that commands share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.digest import Progress
    from aibom.report.text import Paint

__all__ = [
    "PATH",
    "evidence_option",
    "now",
    "painter",
    "parse_when",
    "password",
    "progress_bar",
    "terminal_width",
    "warn",
]

#: A path as the user gave it; whether it exists is the operation's question, which has
#: a better answer than "does not exist".
PATH = click.Path(path_type=Path)

_STYLES: dict[str, dict[str, Any]] = {
    "good": {"fg": "green", "bold": True},
    "bad": {"fg": "red", "bold": True},
    "warn": {"fg": "yellow"},
    "dim": {"dim": True},
    "bold": {"bold": True},
}
_NARROWEST = 40


def painter(stream: TextIO | None = None) -> Paint:
    """Colours where ``stream`` (stdout unless told) is a terminal that has them.

    ``NO_COLOR`` (https://no-color.org) and ``TERM=dumb`` are respected.
    """
    out = sys.stdout if stream is None else stream
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or not out.isatty():
        return lambda _style, text: text
    return lambda style, text: click.style(text, **_STYLES[style])


def terminal_width() -> int:
    """Columns of the terminal on stdout; 100 where it is none."""
    if not sys.stdout.isatty():
        return 100
    import shutil

    return max(shutil.get_terminal_size((100, 24)).columns, _NARROWEST)


def warn(text: str) -> None:
    """A line on stderr, whatever the text is made of."""
    from aibom.report.text import escape

    click.echo(f"aibom: {escape(text, 2000)}", err=True)


def now() -> datetime:
    """The clock, read here and passed down as a value."""
    return datetime.now(UTC)


def parse_when(text: str | None, option: str = "--effective-time") -> datetime | None:
    """A date or time from an option."""
    if text is None:
        return None
    from aibom.reading import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r}: {error}",
            reason="time-malformed",
            where=option,
            hint="for example 2026-11-21, or 2026-11-21T12:00:00Z",
        ) from None


def password() -> bytes | None:
    """The key's password, from AIBOM_KEY_PASSWORD; never from the command line."""
    text = os.environ.get("AIBOM_KEY_PASSWORD")
    return text.encode() if text else None


@contextmanager
def progress_bar(label: str) -> Iterator[Progress | None]:
    """A progress bar on stderr while bytes are hashed, where that is a terminal."""
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
        type=PATH,
        multiple=True,
        metavar="DIR",
        help="Step records, audits and upstream BOMs, at any depth. Repeatable.",
    )(command)
