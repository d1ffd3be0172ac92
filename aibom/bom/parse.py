"""From the bytes of a supplier's BOM to a document, or a refusal that names its reason.

The bytes are hostile until shown otherwise. In this order, each step linear in time::

    size ──> UTF-8 ──> depth of nesting ──> surrogates ──> JSON ──> an object at the top

Depth is measured on the bytes before the parser sees them, so that a document of ten
thousand brackets costs a scan and not a stack. Whatever two JSON readers could read
differently is refused (NaN, numbers beyond a double, lone surrogates, a byte order
mark), except duplicate keys: they are reported to :mod:`aibom.bom.references`, because
a document with one still deserves a full report.

Nothing here knows CycloneDX.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from array import array
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NoReturn

from aibom.bom.collector import collector_paused
from aibom.bom.problem import pointer_to, shorten
from aibom.errors import DocumentInvalid, InputError

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Parsed", "parse", "read_bytes"]

#: Some 150,000 components; as Python objects they take about seven times the memory.
MAX_BYTES = 192 * 1024 * 1024

#: Levels of arrays and objects; far below where a recursive reader runs out of stack.
MAX_DEPTH = 200

_MAX_DUPLICATES = 20

_NOT_STRUCTURE = bytes(set(range(256)) - set(b'"[]{}'))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# Possessive, so that a text of any length is one scan without backtracking.
_PAIRED_SURROGATES = re.compile(
    rb"(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F])*+"
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A JSON object as it stands in the file.

    ``duplicate_keys`` are the JSON pointers, sorted and at most 20, of members whose
    key stands twice in one object; ``document`` has the last of them, as most readers
    do.
    """

    document: dict[str, Any]
    duplicate_keys: tuple[str, ...] = ()


def read_bytes(path: str | os.PathLike[str], *, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file that is no larger than ``limit`` bytes.

    The size is read from the open file before its content. Raises
    :class:`~aibom.errors.InputError` with ``path-missing`` or ``path-unreadable`` (a
    folder, a pipe or a device included), and :class:`~aibom.errors.DocumentInvalid`
    with ``document-too-large``.
    """
    where = os.fspath(path)
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(
                    "not a regular file",
                    reason="path-unreadable",
                    where=where,
                    hint="save what it gives to a file, and name that one",
                )
            _check_size(status.st_size, limit, where)
            data = file.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            "no such file",
            reason="path-missing",
            where=where,
            hint="look for it with ls: paths count from the folder you are in",
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {error}",
            reason="path-unreadable",
            where=where,
            hint="name the file in it that is meant"
            if isinstance(error, IsADirectoryError)
            else "look at its owner and permissions, and at those of its folder",
        ) from error
    _check_size(len(data), limit, where)
    return data


def parse(
    data: bytes, where: str, *, limit: int = MAX_BYTES, max_depth: int = MAX_DEPTH
) -> Parsed:
    """Parse JSON of which the top level is an object; ``where`` names it in messages.

    The garbage collector of the process is off meanwhile (parsing makes no cycles, and
    collecting costs up to three quarters of the time), and is put back as it was.

    Raises :class:`~aibom.errors.DocumentInvalid` and nothing else:
    ``document-too-large``, ``document-too-deep``, or ``document-unreadable`` for what
    is not UTF-8, not JSON, not an object, or could be read in two ways.
    """
    _check_size(len(data), limit, where)
    text = _decode(data, where)
    depth = _depth(data, max_depth)
    if depth > max_depth:
        _refuse_depth(f"{depth:,} levels deep, over the limit of {max_depth:,}", where)
    if _SURROGATE.search(data) and not _PAIRED_SURROGATES.fullmatch(data):
        _refuse("a lone surrogate escape (\\ud800 to \\udfff) is no character", where)
    duplicates: list[tuple[dict[str, Any], str]] = []
    with collector_paused():
        document = _load(text, duplicates, where)
        if not isinstance(document, dict):
            _refuse("the top level is not a JSON object", where)
        return Parsed(document, _pointers(document, duplicates) if duplicates else ())


def _open_at_once(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_size(size: int, limit: int, where: str) -> None:
    if size > limit:
        raise DocumentInvalid(
            f"{size:,} bytes, over the limit of {limit:,}",
            reason="document-too-large",
            where=where,
            hint="split the BOM, and link its parts with BOM-Link",
        )


def _decode(data: bytes, where: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(f"not UTF-8 at byte {error.start:,}", where)
    if text.startswith("\ufeff"):
        _refuse("starts with a byte order mark; JSON has none", where)
    return text


def _depth(data: bytes, enough: int) -> int:
    """Levels of nesting, or 0 where there are too few brackets to reach ``enough``.

    Right for every prefix that is JSON, which is as far as a parser would get. Texts
    are taken out first. Once escapes are gone, two quotes side by side can go too: that
    leaves everything that follows inside or outside of a text as it was.
    """
    if data.count(b"[") + data.count(b"{") <= enough:
        return 0
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = data.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])
    return max(accumulate(array("b", brackets.translate(_STEPS))), default=0)


def _load(text: str, duplicates: list[tuple[dict[str, Any], str]], where: str) -> Any:
    def keep_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            duplicates.append((members, _first_duplicate(pairs)))
        return members

    try:
        return json.loads(
            text,
            object_pairs_hook=keep_order,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except RecursionError:
        _refuse_depth("nested too deep to read", where)
    except ValueError as error:
        _refuse(f"not JSON: {shorten(str(error))}", where)


def _first_duplicate(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key
        seen.add(key)
    raise AssertionError("called without a duplicate")


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {shorten(text, 40)} is too large")
    return number


def _pointers(
    document: dict[str, Any], duplicates: list[tuple[dict[str, Any], str]]
) -> tuple[str, ...]:
    """Where the objects with a duplicate key stand, found by identity.

    One that was itself the loser of a duplicate is not in the document any more; then
    the object that lost it is reported.
    """
    wanted = {id(members): key for members, key in duplicates}
    found: list[str] = []
    stack: list[tuple[Any, tuple[str | int, ...]]] = [(document, ())]
    while stack and len(found) < _MAX_DUPLICATES:
        value, path = stack.pop()
        if isinstance(value, dict):
            if id(value) in wanted:
                found.append(pointer_to((*path, wanted[id(value)])))
            steps: list[tuple[str | int, Any]] = list(value.items())
        else:
            steps = list(enumerate(value))
        stack.extend(
            (child, (*path, step))
            for step, child in reversed(steps)
            if isinstance(child, dict | list)
        )
    return tuple(sorted(found))


def _refuse(message: str, where: str) -> NoReturn:
    raise DocumentInvalid(
        message,
        reason="document-unreadable",
        where=where,
        hint="name a BOM in CycloneDX JSON, such as DIR/aibom.cdx.json",
    )


def _refuse_depth(message: str, where: str) -> NoReturn:
    raise DocumentInvalid(message, reason="document-too-deep", where=where)
