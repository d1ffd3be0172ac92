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

from aibom.errors import InputError, UsageError

if TYPE_CHECKING:
    from aibom.attest.keys import PrivateKey
    from aibom.digest import Progress
    from aibom.report.text import Paint

__all__ = [
    "PATH",
    "evidence_option",
    "load_key",
    "now",
    "painter",
    "parse_when",
    "password",
    "progress_bar",
    "refuse_folder",
    "terminal_width",
    "warn",
]

#: A path as the user gave it; whether it exists and can be read is the operation's
#: question, which has a better answer than "does not exist".
PATH = click.Path(path_type=Path, readable=False)

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


def load_key(path: Path) -> PrivateKey:
    """A private key from a file, with its password if it has one.

    The password is that of AIBOM_KEY_PASSWORD, which a key without one does not need;
    else it is asked for, where there is a terminal to ask on. Raises
    :class:`~aibom.errors.InputError` as the operation of that name does.
    """
    from aibom.operations.signing.sign import load_key as load

    refuse_folder(path, "name the file of the private key, as in: --key NAME.key")
    secret = password()
    try:
        return load(path, secret)
    except InputError as error:
        if error.reason != "key-password":
            raise
        if secret is None and not _can_ask():
            raise
    if secret is not None:
        # The variable is for another key; this one is not encrypted.
        return load(path, None)
    answer: str = click.prompt(f"Password for {path}", hide_input=True, err=True)
    return load(path, answer.encode())


def _can_ask() -> bool:
    streams = (sys.stdin, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


def refuse_folder(path: Path, hint: str) -> None:
    """Refuse a folder where a file is to be named; what is not there passes."""
    if path.is_dir():
        raise InputError(
            "is a folder", reason="path-unreadable", where=str(path), hint=hint
        )


@contextmanager
def progress_bar(label: str) -> Iterator[Progress | None]:
    """A progress bar on stderr while bytes are hashed, where that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
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
