"""What is wrong with an expression before it ever runs, in words for its author.

An expression that silently never holds, or always does, is a rule that is not in force;
so whatever can be told at load is a load error, with a suggestion.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from itertools import accumulate

from aibom.lineage.carry import CARRYING_ROLES, EXEMPT_ROLES
from aibom.policy.expression_methods import FIELDS, METHODS
from aibom.policy.expression_places import Under
from aibom.policy.expression_tree import Call, calls, names
from aibom.reading import suggest

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "check_field",
    "check_size",
    "explain",
    "find_problems",
    "find_warnings",
    "patterns",
]

MAX_LENGTH = 2000
#: Brackets in brackets. cel-cpp itself gives up at 32, in words that help nobody.
MAX_DEPTH = 16

_VARIABLES = ("node", "artifact", "now")
_HIDING = frozenset(f"loop:{name}" for name in _VARIABLES)
_ROLES = sorted(CARRYING_ROLES | EXEMPT_ROLES)
_FIELD = re.compile(r"[a-z][a-z0-9-]*(\.[^\x00-\x1f\x7f]+)?")
_TEXTS = re.compile(r"""[rR]"[^"]*"|[rR]'[^']*'|"(\\.|[^"\\])*"|'(\\.|[^'\\])*'""")
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
#: What is an error at run time for some values, and so is swallowed by ``||``.
_FALLIBLE = frozenset(
    ("_[_]", "_/_", "_%_", "int", "uint", "double", "timestamp", "duration")
)
#: Joining grows without any loop turning, so no budget would end it.
_JOINING = frozenset(("add_string", "add_bytes", "add_list"))
_OPTIONAL = frozenset(("facts", "licence", "names", "sources", "has_source"))


def check_size(text: str) -> None:
    """Refuse what is too long or too deep to be parsed; ValueError says so."""
    if _NO_TEXT.search(text):
        raise ValueError("the expression holds a control character or half a character")
    if len(text) > MAX_LENGTH:
        raise ValueError(
            f"the expression has {len(text):,} characters, at most {MAX_LENGTH:,}"
        )
    moves = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
    depth = accumulate(moves.get(letter, 0) for letter in _TEXTS.sub("", text))
    if max(depth, default=0) > MAX_DEPTH:
        raise ValueError(f"the expression is nested deeper than {MAX_DEPTH} brackets")


def check_field(name: str) -> str | None:
    """What is wrong with the name of a fact, if something is.

    Facts may have any name, so only a near miss of a usual one is taken for a mistake.
    """
    if not _FIELD.fullmatch(name):
        return f"{name!r} is not the name of a fact (kebab-case)"
    if name in FIELDS:
        return None
    near = difflib.get_close_matches(name, FIELDS, n=1, cutoff=0.8)
    return f"unknown fact {name!r}; did you mean {near[0]!r}?" if near else None


def explain(text: str, error: str) -> str:
    """An error of the engine in one line, with suggestions for what is not known."""
    told: list[str] = []
    for line, column, message in _ERROR.findall(error):
        hint = _hint(text, int(line), int(column), message)
        at = f" (line {line}, column {column})" if int(line) > 0 else ""
        if hint is not None:
            message = message.removesuffix(" [INVALID_ARGUMENT]")
            message = message.replace(" (in container '')", "")
            told.append(f"{message}{at}{hint}")
    if not told:
        wrong = [name for name in _UNDECLARED.findall(error) if name in METHODS]
        told = [f"{_usage(name)} is what one can ask" for name in wrong]
    if not told:
        told = [" ".join(error.split())]
    return f"the expression is not understood: {'; '.join(dict.fromkeys(told))}"


def _usage(name: str) -> str:
    return f"node.{name}({', '.join(METHODS[name].takes)})"


def _hint(text: str, line: int, column: int, message: str) -> str | None:
    """A suggestion; None for an error that only follows from another one."""
    if "'*error*'" in message:
        return None
    undeclared = _UNDECLARED.search(message)
    if undeclared:
        name = undeclared[1]
        if name in METHODS:
            return None  # known: only what it is asked of is not
        return suggest(name, (*METHODS, *_VARIABLES))
    if "'node' cannot be the operand of a select" in message:
        rest = text.splitlines()[line - 1][column - 1 :]
        word = re.match(r"\W*(\w+)", rest)
        asked = word[1] if word else ""
        if asked in METHODS:
            return f"; write .{asked}() with brackets"
        return suggest(asked, METHODS)
    return ""


def find_problems(tree: Call) -> Iterator[str]:
    """What the engine does not mind, but can only be a mistake."""
    if not names(tree) & {"node", "artifact"}:
        yield "the expression looks at nothing: it names neither node nor artifact"
    for call in calls(tree):
        given = call.arguments[1:]
        if call.function in _HIDING:
            yield f"a loop hides {call.function[5:]!r}; give its own name another word"
        elif call.function == "dyn":
            yield "dyn() hides what type a thing has; leave it out"
        elif call.overloads & _JOINING and not _is_of_a_macro(call):
            yield "texts and lists are not joined with +; compare them one by one"
        elif call.function in (
            "facts",
            "assurance",
            "parties",
            "has_source",
            "matches",
        ):
            (argument,) = given
            if argument.literal is None:
                yield f"{call.function}() takes a text that is written out"
            else:
                yield from _wrong_word(call.function, argument.literal)
        elif call.function == "only_sources":
            for place in given[0].arguments or given:
                if given[0].function != "part:" or place.literal is None:
                    yield "only_sources() takes a list of texts that is written out"
                    break
                yield from _wrong_word(call.function, place.literal)


def _is_of_a_macro(call: Call) -> bool:
    """Whether it is how ``map`` and ``filter`` collect; nobody can write that name."""
    return call.arguments[0].function == "name:@result"


def _wrong_word(function: str, text: str) -> Iterator[str]:
    if function in ("facts", "assurance"):
        wrong = None if text == "digest" else check_field(text)
        if function == "facts" and text == "digest":
            wrong = "a digest is not a fact; write .digest()"
        if wrong:
            yield wrong
    elif function == "parties" and text not in _ROLES:
        yield f"unknown role {text!r}{suggest(text, _ROLES)}"
    elif function in ("has_source", "only_sources"):
        try:
            Under.parse(text)
        except ValueError as error:
            yield str(error)


def patterns(tree: Call) -> tuple[str, ...]:
    """Every pattern of ``matches`` that is written out."""
    found = (c.arguments[1].literal for c in calls(tree) if c.function == "matches")
    return tuple(pattern for pattern in found if pattern is not None)


def find_warnings(tree: Call) -> tuple[str, ...]:
    """What works, but perhaps not as its author thinks."""
    told = []
    if tree.function == "_||_" and _has(tree, _OPTIONAL):
        told.append(
            "|| over facts that may be missing: what was asked and is not on record "
            "makes it unknown, even where the other side holds; put the surer side "
            "first, or list the fact under unknown_if_missing"
        )
    if any(c.function == "_||_" and _has(c, _FALLIBLE) for c in calls(tree)):
        told.append(
            "|| (and exists) swallow errors: where an index, a division or a "
            "conversion breaks on one side, the other side decides; ask for size() "
            "first"
        )
    return tuple(told)


def _has(tree: Call, functions: frozenset[str]) -> bool:
    return any(call.function in functions for call in calls(tree))
