"""What a pickle would import and call, told from its opcodes and never by loading it.

A pickle is a program. It is walked opcode by opcode (CPython ``pickletools``) over a
stack of *kinds* of values: texts, names that would be imported, everything else. The
verdict is fail-closed:

* ``safe``: every name that it imports stands in a short list of builders of tensors,
  arrays and containers, and only those are called;
* ``dangerous``: it imports something that runs programs, opens files or connections,
  imports by name or reaches into other objects;
* ``unknown``: everything else. A name that is in no list, one that is computed, a
  pickle that is broken, too long, or followed by what is none.

Which names are which says :mod:`.pickle_names`. ``safe`` means that loading runs no
code but theirs. It says nothing about the model.
"""

from __future__ import annotations

import pickletools
import struct
import warnings
from dataclasses import dataclass, field
from typing import Any, Protocol

from aibom.catalogers.pickle_names import Verdict, verdict_of_name, worst

__all__ = ["Judged", "Reader", "judge"]

MAX_OPCODES = 1_000_000
MAX_BYTES = 256 * 1024 * 1024
#: One argument may be this long (an array in a plain pickle is one argument).
MAX_ARGUMENT = 32 * 1024 * 1024
_MAX_LINE = 64 * 1024
_MAX_NAME = 500
MAX_NAMES = 500
_MAX_PICKLES = 1_000

#: The first pickle of a file that torch wrote before 1.6; storages follow the fifth.
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_TORCH_PICKLES = 5

_TEXTS = frozenset(
    {
        *("STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    }
)
_KEEPS_FIRST = frozenset(
    {"APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD"}
)
_CALLS = frozenset({"REDUCE", "NEWOBJ", "NEWOBJ_EX", "OBJ"})
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})


class Reader(Protocol):
    """What is read of: a stream that was opened elsewhere."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""

    def readline(self, size: int, /) -> bytes:
        """A line, or so many bytes of one."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, every name that would be imported, and what kept it from ``safe``."""

    verdict: Verdict
    names: tuple[str, ...]
    doubts: tuple[str, ...]


def judge(stream: Reader, *, torch: bool = False) -> Judged:
    """Judge all pickles from here to the end of a stream.

    ``torch`` says that a loader of torch reads it, which gives references to storages
    (persistent ids) a harmless meaning. Raises nothing for content; what reading raises
    is passed on.
    """
    walk = _Walk(_Bounded(stream), torch)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that are none, in a text
            walk.all()
    except _TooMuch as error:
        walk.doubts.add(str(error))
    # pickletools raises these for what is no pickle; so does a stack that is empty.
    except (ValueError, IndexError, KeyError, struct.error, OverflowError):
        walk.doubts.add("broken, or followed by what is no pickle")
    names = sorted(walk.names)
    verdicts = [verdict_of_name(name) for name in names]
    verdict = worst([*verdicts, "unknown" if walk.doubts else "safe"])
    return Judged(verdict, tuple(names), tuple(sorted(walk.doubts)))


class _TooMuch(Exception):
    """More than is read."""


class _Bounded:
    """A stream of which no argument, no line and no sum of them is too long."""

    def __init__(self, stream: Reader) -> None:
        self._stream = stream
        self._left = MAX_BYTES
        self._next = b""
        #: Whether the last line had a backslash, which pickletools takes for an escape.
        self.escaped = False

    def read(self, count: int) -> bytes:
        if count > MAX_ARGUMENT:
            raise _TooMuch("an argument longer than is read")
        self._spend(count)
        first, self._next = self._next[:count], self._next[count:]
        return first + self._stream.read(count - len(first))

    def readline(self) -> bytes:
        first, self._next = self._next, b""
        line = first
        if not first.endswith(b"\n"):
            line += self._stream.readline(_MAX_LINE + 1)
        if len(line) > _MAX_LINE:
            raise _TooMuch("a line longer than is read")
        self._spend(len(line))
        self.escaped = b"\\" in line or self.escaped
        return line

    def at_end(self) -> bool:
        if not self._next:
            self._next = self._stream.read(1)
        return not self._next

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise _TooMuch("longer than is read")


@dataclass(frozen=True, slots=True)
class _Name:
    """A value that was imported."""

    text: str


_MARK, _DATA, _MADE = "mark", "data", "made"


class _Kind:
    """A value of which only the kind is known."""

    __slots__ = ("word",)

    def __init__(self, word: str) -> None:
        self.word = word


_THE_MARK, _SOME_DATA, _SOMETHING_MADE = _Kind(_MARK), _Kind(_DATA), _Kind(_MADE)


@dataclass
class _Walk:
    """Walks the opcodes of one stream; collects names and doubts."""

    stream: _Bounded
    torch: bool
    names: set[str] = field(default_factory=set)
    doubts: set[str] = field(default_factory=set)
    count: int = 0
    first: Any = None
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def all(self) -> None:
        """Every pickle of the stream; of an old torch file its five."""
        for number in range(_MAX_PICKLES):
            self.one()
            legacy = self.first == _TORCH_MAGIC
            self.torch = self.torch or legacy
            if legacy and number + 1 == _TORCH_PICKLES:
                return
            if self.stream.at_end():
                return
        raise _TooMuch("more pickles than are read")

    def one(self) -> None:
        """One pickle, to its STOP."""
        self.stack, self.memo = [], {}
        for opcode, argument, _ in pickletools.genops(self.stream):  # type: ignore[arg-type]
            self.count += 1
            if self.count > MAX_OPCODES:
                raise _TooMuch("more opcodes than are read")
            if self.first is None and isinstance(argument, int) and self.count == 2:
                self.first = argument
            self.step(opcode, argument)
            self.stream.escaped = False

    def step(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        """Do to the stack what an opcode would do to it."""
        name = opcode.name
        if name in _TEXTS:
            short = isinstance(argument, str) and len(argument) <= _MAX_NAME
            self.stack.append(argument if short else _SOME_DATA)
        elif name == "GLOBAL":
            self.stack.append(self.imported(*_parts(argument)))
        elif name == "STACK_GLOBAL":
            last, module = self.stack.pop(), self.stack.pop()
            self.stack.append(self.imported(module, last))
        elif name in _PUTS:
            self.memo[int(argument)] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in _GETS:
            self.stack.append(self.memo[int(argument)])
        elif name == "MARK":
            self.stack.append(_THE_MARK)
        elif name == "DUP":
            self.stack.append(self.stack[-1])
        elif name == "POP":
            self.stack.pop()
        else:
            self.other(opcode, argument)

    def other(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        """An opcode that builds: pop what it takes, push what it leaves."""
        name = opcode.name
        taken = self.taken(opcode)
        if name == "INST":
            self.imported(*_parts(argument))
        elif name in _CALLS and not isinstance(taken[0], _Name):
            self.doubts.add("calls what is not imported by name")
        elif name == "BUILD" and not isinstance(taken[0], _Kind):
            self.doubts.add("changes what it imports")
        elif name in ("PERSID", "BINPERSID") and not self.torch:
            self.doubts.add("refers to what its loader holds (persistent id)")
        elif name.startswith("EXT"):
            self.doubts.add("imports by a number (extension registry)")
        elif name in ("NEXT_BUFFER", "READONLY_BUFFER"):
            self.doubts.add("refers to buffers that are not in the file")
        left = _SOMETHING_MADE if name in _CALLS or name == "INST" else _SOME_DATA
        if name in _KEEPS_FIRST:
            self.stack.append(taken[0])
        elif name != "STOP":
            self.stack.extend(left for _ in opcode.stack_after)

    def taken(self, opcode: pickletools.OpcodeInfo) -> list[Any]:
        """What an opcode takes off the stack, the lowest first, without the mark."""
        before = opcode.stack_before
        taken: list[Any] = []
        if pickletools.markobject in before:
            while (value := self.stack.pop()) is not _THE_MARK:
                taken.append(value)
            before = before[: before.index(pickletools.markobject)]
        taken += [self.stack.pop() for _ in before]
        return taken[::-1] or [None]

    def imported(self, module: Any, name: Any) -> Any:
        """Note a name that would be imported, or that it cannot be told."""
        if not (isinstance(module, str) and isinstance(name, str) and module and name):
            self.doubts.add("imports a name that is computed")
            return _SOME_DATA
        if len(self.names) >= MAX_NAMES:
            raise _TooMuch("more names than are read")
        if self.stream.escaped:
            # Unpicklers import it as it is written, which pickletools does not tell.
            self.doubts.add("imports a name with a backslash")
        full = f"{module}.{name}".encode("utf-8", "replace").decode()
        self.names.add(full)
        return _Name(full)


def _parts(argument: Any) -> tuple[str | None, str | None]:
    """Module and name, as pickletools joins them; neither where it is not clear."""
    parts = str(argument).split(" ")
    return (parts[0], parts[1]) if len(parts) == 2 else (None, None)
