"""Which policy tests are meant: files, folders, and the tests of our own packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aibom.errors import AibomError, UsageError
from aibom.operations.ptest.tested import pack_names
from aibom.resources import policy_path

__all__ = ["Found", "find_ptests"]

_SUFFIX = ".ptest.yaml"


@dataclass(frozen=True, slots=True)
class Found:
    """A file of tests. ``policy`` is what it was named with, where that is a pack.

    ``shown`` is what reports call it; ``within`` is where what it names may lie.
    """

    path: Path
    shown: str
    policy: str | None = None
    within: tuple[Path, ...] = ()


def find_ptests(paths: Iterable[Path]) -> tuple[Found, ...]:
    """The files themselves, every ``*.ptest.yaml`` below folders, and tests of packs.

    ``builtin:PACK@N`` stands for the tests of this pack and of those that it extends,
    all of them on this pack. Raises :class:`~aibom.errors.UsageError` (``ptest-none``)
    for a path with none, and :class:`~aibom.errors.PolicyInvalid` (``pack-missing``).
    """
    found: dict[tuple[Path, str | None], Found] = {}
    for path in paths:
        here = list(_below(path))
        if not here:
            raise UsageError(
                f"has no *{_SUFFIX}: nothing would be tested",
                reason="ptest-none",
                where=str(path),
                hint="name a file, or a folder with such files at any depth",
            )
        for one in here:
            found.setdefault((one.path, one.policy), one)
    return tuple(found.values())


def _below(path: Path) -> Iterator[Found]:
    if str(path).startswith("builtin:"):
        yield from _of_packs(str(path))
    elif path.is_file():
        yield Found(path, str(path))
    else:
        for file in sorted(path.rglob(f"*{_SUFFIX}")):
            yield Found(file, str(file), within=(path,))


def _of_packs(reference: str) -> Iterator[Found]:
    for name in pack_names(reference):
        stem = name.removeprefix("builtin:").partition("@")[0]
        try:
            path = policy_path(f"tests/{stem}{_SUFFIX}")
        except AibomError:
            continue  # its rules are told to be without a case
        yield Found(path, f"{reference} {path.name}", reference)
