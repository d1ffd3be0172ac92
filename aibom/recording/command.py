"""Run a command as a step: hash what goes in, run it, hash what came out.

The command has our standard streams and our environment, without the secrets that are
aibom's own; nothing it prints is kept. It starts only when all inputs are hashed.
Signals that ask us to stop are passed on to it, so that it can end in its own way; what
it then returns is what we return.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Unpack

from aibom.errors import UsageError
from aibom.recording.predicate import Scalar
from aibom.recording.reference import InputRef, OutputRef, PartyRef
from aibom.recording.roles import check_party, input_kind
from aibom.recording.settings import RecordOptions
from aibom.recording.step import Step, record

__all__ = ["RunOutcome", "run", "run_command"]

NOT_FOUND = 127
NOT_EXECUTABLE = 126
#: They unlock keys, and whoever has them can sign or name people in our place.
_OWN_SECRETS = ("AIBOM_KEY_PASSWORD", "AIBOM_PSEUDONYM_KEY")
_SIGNALS_WAIT_AT_MOST = 0.5  # seconds
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a recorded command ended.

    ``exit_code`` is the command's own. ``record_path`` and ``step_id`` are ``None``
    unless it is 0.
    """

    exit_code: int
    record_path: Path | None
    step_id: str | None
    warnings: tuple[str, ...]


def run(
    argv: Sequence[str],
    *,
    kind: str,
    inputs: Iterable[InputRef] = (),
    outputs: Iterable[OutputRef] = (),
    parties: Iterable[PartyRef] = (),
    parameters: Mapping[str, Scalar] | None = None,
    label: str | None = None,
    **options: Unpack[RecordOptions],
) -> RunOutcome:
    """Run ``argv`` as one recorded step.

    A command that fails is no error here: the outcome has its exit code, the log lies
    in ``failed``, and there is no record. Raises what :func:`aibom.record` raises,
    before the command starts where that is possible.
    """
    inputs, parties = list(inputs), list(parties)
    # Before hours of hashing: what can be seen to be wrong without reading a byte.
    _require_command(argv)
    for ref in inputs:
        input_kind(ref.role, ref.kind)
    for who in parties:
        check_party(who.role, who.party)
    with record(kind, label=label, **options) as step:
        for who in parties:
            step.party(who.role, who.party)
        for name, value in (parameters or {}).items():
            step.parameter(name, value)
        for out in outputs:
            step.output(out.path, name=out.name, kind=out.kind)
        for ref in inputs:
            step.input(
                ref.role, ref.path, source=ref.source, name=ref.name, kind=ref.kind
            )
        code = run_command(argv, step)
    return RunOutcome(code, step.record, step.id, tuple(step.warnings))


def run_command(argv: Sequence[str], step: Step) -> int:
    """Run ``argv`` inside ``step`` and return its exit code.

    As in a shell: 128 + N for a command that signal N ended, 127 for one that is not
    found, 126 for one that cannot be executed. Any code but 0 makes the step a failed
    one. Declare inputs and outputs before. SIGINT, SIGTERM and SIGHUP are passed on
    while the command runs, if this is the main thread.

    Raises :class:`~aibom.errors.UsageError` (``command-malformed``).
    """
    _require_command(argv)
    step.command(argv)
    step.warn_of_code()
    step.exit_code = _run(argv, step.warn)
    return step.exit_code


def _require_command(argv: Sequence[str]) -> None:
    if not argv or not argv[0] or any("\0" in argument for argument in argv):
        raise UsageError(
            "there is no command that could be run",
            reason="command-malformed",
            hint="write it after --, as in: aibom run … -- python train.py",
        )


def _run(argv: Sequence[str], warn: Callable[[str], None]) -> int:
    with _Forwarder() as forwarder:
        try:
            # The caller's own command, with nothing of ours in it; no shell.
            child = subprocess.Popen(list(argv), env=_environment())
        except (FileNotFoundError, NotADirectoryError):
            warn("the command was not found")
            return NOT_FOUND
        except OSError as error:
            warn(f"the command cannot be executed: {error.strerror}")
            return NOT_EXECUTABLE
        forwarder.attach(child)
        code = _wait(child)
    return code if code >= 0 else 128 - code


def _environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if name not in _OWN_SECRETS
    }


def _wait(child: subprocess.Popen[bytes]) -> int:
    try:
        while True:
            # Python runs a handler between two of its instructions, so a signal that
            # comes right before an endless wait would be passed on only after it.
            with contextlib.suppress(subprocess.TimeoutExpired):
                return child.wait(timeout=_SIGNALS_WAIT_AT_MOST)
    except BaseException:
        # Not main thread, or a signal that we do not forward: leave no orphan behind.
        child.terminate()
        child.wait()
        raise


class _Forwarder:
    """Passes signals on to a child; those that come before there is one wait for it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._waiting: list[int] = []
        self._restore = contextlib.ExitStack()

    def __enter__(self) -> _Forwarder:
        if threading.current_thread() is threading.main_thread():
            for number in _FORWARDED:
                self._restore.enter_context(_handled(number, self._handle))
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore.close()

    def attach(self, child: subprocess.Popen[bytes]) -> None:
        """Send what came in so far, and from now on everything at once."""
        self._child = child
        while self._waiting:
            child.send_signal(self._waiting.pop(0))

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and _in_foreground():
            # The terminal sent it to the whole group; a second one would mean "at
            # once".
            return
        if self._child is None:
            self._waiting.append(number)
        else:
            self._child.send_signal(number)


@contextlib.contextmanager
def _handled(
    number: signal.Signals, handler: Callable[[int, FrameType | None], None]
) -> Iterator[None]:
    before = signal.getsignal(number)
    if before is signal.SIG_IGN:
        # As under nohup: the child ignores it as well, and so it shall be.
        yield
        return
    signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL if before is None else before)


def _in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
