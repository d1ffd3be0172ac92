"""Which listings of files may become a folder on this disk; all others are refused.

What somebody else lists is about to be written below a folder of ours. So every path is
checked before the first one is used, and a listing with a bad one is refused whole:
nobody publishes such a path by accident, and what is left without it is not what its
publisher meant.

Names of two files that some disk takes for one are refused as well, by the rule of
:mod:`aibom.listing` and, beyond it, where they differ in nothing that is seen.

This looks at names only, and touches no disk.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from aibom.errors import InputError, VerificationFailed
from aibom.listing import HOUSEKEEPING
from aibom.sources.remote import RemoteFile

__all__ = [
    "MAX_FILES",
    "MAX_PATH_BYTES",
    "MAX_SEGMENT_BYTES",
    "require_safe_paths",
]

#: Files of one listing, and also the folders that they lie in.
MAX_FILES = 100_000
#: What Linux takes at most (``PATH_MAX``, ``NAME_MAX``).
MAX_PATH_BYTES = 4096
MAX_SEGMENT_BYTES = 255

#: Git obeys what lies in a ``.git`` anywhere; ``.cache`` at the top is where clients
#: of the Hub keep notes that are not hashed.
_GIT = ".git"
_CACHE = ".cache"


def require_safe_paths(
    files: Iterable[RemoteFile], where: str
) -> tuple[RemoteFile, ...]:
    """The files sorted by path as UTF-8 bytes, if each can be written below a folder.

    ``where`` says whose listing it is, for messages. Sizes and digests are not looked
    at. Files that a digest leaves out (``.gitattributes``, our side-cars) are allowed
    under their exact names.

    Raises :class:`~aibom.errors.VerificationFailed` with ``source-path-refused`` for a
    path that is absolute, has an empty, ``.`` or ``..`` segment, a backslash or control
    character, is not UTF-8 or longer than a disk takes, lies in ``.git`` or at the top
    in ``.cache``, is listed twice, is a file and a folder, or cannot be told from
    another one on some disk. Raises :class:`~aibom.errors.InputError` with
    ``source-too-large`` for more than :data:`MAX_FILES` files or folders.
    """
    checked: list[RemoteFile] = []
    names = _Names(where)
    for file in files:
        if len(checked) == MAX_FILES:
            raise _too_many("files", where)
        problem = _problem(file.path)
        if problem:
            raise _refused(file.path, problem, where)
        names.add(file.path)
        checked.append(file)
    # Text sorts by code point, which is how its UTF-8 sorts; none has surrogates.
    return tuple(sorted(checked, key=lambda file: file.path))


def _problem(path: str) -> str | None:
    """Why a path by itself is refused; None where it is not."""
    try:
        encoded = path.encode("utf-8")
    except UnicodeEncodeError:
        return "it cannot be written as UTF-8"
    if len(encoded) > MAX_PATH_BYTES:
        return f"it has more than {MAX_PATH_BYTES} bytes"
    if "\\" in path:
        return "it has a backslash, which divides folders on some systems"
    if _has_control(path):
        return "it has a control character"
    if path.startswith("/"):
        return "it is absolute"
    segments = path.split("/")
    return next(filter(None, map(_segment_problem, segments)), None) or _taken(segments)


def _has_control(path: str) -> bool:
    # All printable text is without, and nearly every path is printable.
    return not path.isprintable() and any(
        unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in path
    )


def _segment_problem(segment: str) -> str | None:
    if _folded(segment) in ("", ".", ".."):
        return f"it has the segment {segment!r}"
    if len(segment.encode("utf-8")) > MAX_SEGMENT_BYTES:
        return f"a name in it has more than {MAX_SEGMENT_BYTES} bytes"
    if _folded(segment) == _GIT:
        return "it lies where git keeps its own files, and would be obeyed by git"
    return None


def _taken(segments: list[str]) -> str | None:
    """Whether the first segment is a name that something else uses in such folders."""
    first = segments[0]
    folded = _folded(first)
    if folded == _CACHE:
        return "it lies where clients keep files that are no part of the artifact"
    if folded not in HOUSEKEEPING:
        return None
    if first != folded:
        return f"it cannot be told from {folded!r} on some disks"
    if len(segments) > 1:
        return f"{folded!r} is the name of a file that is no part of the artifact"
    return None


class _Names:
    """The names seen so far, as a tree: so a path costs its length and no more."""

    def __init__(self, where: str) -> None:
        self._where = where
        #: (number of the folder, folded name) → (its number, name as spelt, is a file)
        self._seen: dict[tuple[int, str], tuple[int, str, bool]] = {}
        self._folders = 0

    def add(self, path: str) -> None:
        parent = 0
        for name, is_file in _steps(path):
            key = (parent, _folded(name))
            known = self._seen.get(key)
            if known is None:
                known = self._new(name, is_file)
                self._seen[key] = known
            elif problem := _clash(known, name, is_file):
                raise _refused(path, problem, self._where)
            parent = known[0]

    def _new(self, name: str, is_file: bool) -> tuple[int, str, bool]:
        if is_file:
            return -1, name, True
        self._folders += 1
        # Few files can lie in very many folders: that is a bomb of another shape.
        if self._folders > MAX_FILES:
            raise _too_many("folders", self._where)
        return self._folders, name, False


def _steps(path: str) -> Iterator[tuple[str, bool]]:
    """Each name on the way, and whether it is the file itself."""
    *folders, last = path.split("/")
    for folder in folders:
        yield folder, False
    yield last, True


def _clash(known: tuple[int, str, bool], name: str, is_file: bool) -> str | None:
    _, spelt, was_file = known
    if spelt != name:
        return f"{name!r} and {spelt!r} are one name on some disks"
    if is_file and was_file:
        return "it is listed twice"
    if is_file or was_file:
        return f"{name!r} is a file and a folder"
    return None


def _folded(name: str) -> str:
    """What two names share where they are one on some disk, or look like one.

    As in :mod:`aibom.listing`, but without characters that format and are not seen,
    which HFS+ passes over too.
    """
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFC", name).casefold()
    seen = (mark for mark in folded if unicodedata.category(mark) != "Cf")
    return unicodedata.normalize("NFC", "".join(seen))


def _refused(path: str, problem: str, where: str) -> VerificationFailed:
    shown = repr(path if len(path) <= 200 else path[:200] + "…")
    return VerificationFailed(
        f"it lists {shown}: {problem}",
        reason="source-path-refused",
        where=where,
        hint="do not use it: none of its files was fetched",
    )


def _too_many(what: str, where: str) -> InputError:
    return InputError(
        f"it lists more than {MAX_FILES} {what}",
        reason="source-too-large",
        where=where,
        hint="name a folder with less in it: a model or dataset has fewer",
    )
