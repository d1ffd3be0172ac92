"""SPDX licence expressions: a small, bounded parser, and what a list of ids allows.

Grammar: SPDX 2.3 annex D and SPDX 3.0.1 annex B: ids, ``+``, ``LicenseRef-``,
``DocumentRef-…:LicenseRef-``, ``AdditionRef-``, ``WITH``, ``AND``, ``OR``, parentheses;
``WITH`` binds strongest, then ``AND``, then ``OR``. Ids are compared without regard to
case. Operators are ``AND`` (2.3) or ``and`` (3.0), never mixed case.

Whether an id stands on SPDX's list is not looked at: the list grows, and a policy names
the ids that it means.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "All",
    "AnyOf",
    "Expression",
    "Licence",
    "Verdict",
    "judge",
    "parse_expression",
    "parse_licence",
]

#: Characters of an expression; longer texts are not read.
MAX_LENGTH = 4096
#: Parentheses inside one another.
MAX_DEPTH = 20

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")
_OPERATORS = {"AND": "AND", "and": "AND", "OR": "OR", "or": "OR"}
_OPERATORS |= {"WITH": "WITH", "with": "WITH"}


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence, in lower case: id, ``or_later`` for ``+``, and the addition."""

    id: str
    or_later: bool = False
    addition: str = ""


@dataclass(frozen=True, slots=True)
class All:
    """``AND``: every part holds at once."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """``OR``: whoever takes the thing may choose."""

    parts: tuple[Expression, ...]


Expression = Licence | All | AnyOf


class Verdict(IntEnum):
    """What lists say about an expression, the best first."""

    ALLOWED = 0
    NOT_ALLOWED = 1
    DENIED = 2


def parse_expression(text: str) -> Expression | None:
    """Parse an expression; None when it is none, or beyond the limits."""
    tokens = _tokens(text) if len(text) <= MAX_LENGTH else None
    if not tokens:
        return None
    parser = _Parser(tokens)
    try:
        found = parser.choice(0)
    except ValueError:
        return None
    return found if parser.at_end else None


def parse_licence(text: str) -> Licence | None:
    """Parse one licence, with ``+`` or ``WITH`` if need be; None for anything else."""
    found = parse_expression(text)
    return found if isinstance(found, Licence) and "(" not in text else None


def judge(
    expression: Expression,
    allow: Iterable[Licence] | None,
    deny: Iterable[Licence] = (),
) -> Verdict:
    """What the two lists say; ``allow`` None means that whatever is not denied is fine.

    Of ``AND`` the worst part decides, of ``OR`` the best. What allows is compared
    strictly: an entry does not allow itself with an addition. What forbids is compared
    loosely: an entry also denies its later versions, and itself with any addition.
    """
    allowed = None if allow is None else frozenset(allow)
    return _judge(expression, allowed, frozenset(deny))


def _judge(
    expression: Expression, allow: frozenset[Licence] | None, deny: frozenset[Licence]
) -> Verdict:
    if isinstance(expression, All):
        return max(_judge(part, allow, deny) for part in expression.parts)
    if isinstance(expression, AnyOf):
        return min(_judge(part, allow, deny) for part in expression.parts)
    if any(_forbids(entry, expression) for entry in deny):
        return Verdict.DENIED
    if allow is None or expression in allow:
        return Verdict.ALLOWED
    # "Or later" leaves the choice of this very version.
    plain = Licence(expression.id, False, expression.addition)
    return Verdict.ALLOWED if plain in allow else Verdict.NOT_ALLOWED


def _forbids(entry: Licence, found: Licence) -> bool:
    if entry.id != found.id or (entry.or_later and not found.or_later):
        return False
    return entry.addition in ("", found.addition)


def _tokens(text: str) -> list[str] | None:
    """Words, parentheses and plus signs; None where a character is none of them."""
    tokens: list[str] = []
    start = 0
    for place, sign in enumerate((*text, " ")):
        if sign in _LETTERS or sign == ":":
            continue
        if place > start:
            tokens.append(text[start:place])
        start = place + 1
        if sign == "+":
            # It belongs to the id right before it.
            if place == 0 or text[place - 1] not in _LETTERS:
                return None
            tokens.append("+")
        elif sign in "()":
            tokens.append(sign)
        elif sign not in " \t\r\n":
            return None
    return tokens


class _Parser:
    """Recursive descent; it recurses into parentheses only, and counts them."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def at_end(self) -> bool:
        """Whether every token has been read."""
        return self._next == len(self._tokens)

    def choice(self, depth: int) -> Expression:
        """``all OR all OR …``."""
        parts = [self._all(depth)]
        while self._take_operator("OR"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._take_operator("AND"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Expression:
        word = self._take()
        if word == "(":
            if depth >= MAX_DEPTH:
                raise ValueError("too deep")
            inner = self.choice(depth + 1)
            if self._take() != ")":
                raise ValueError("no closing parenthesis")
            return inner
        name = _licence_id(word)
        later = self._peek() == "+"
        if later:
            if ":" in word or name.startswith("licenseref-"):
                raise ValueError("a reference has no later versions")
            self._take()
        addition = ""
        if self._take_operator("WITH"):
            addition = _plain_id(self._take())
        return Licence(name, later, addition)

    def _peek(self) -> str:
        return self._tokens[self._next] if not self.at_end else ""

    def _take(self) -> str:
        word = self._peek()
        self._next += 1
        if not word:
            raise ValueError("ends too early")
        return word

    def _take_operator(self, operator: str) -> bool:
        if _OPERATORS.get(self._peek()) != operator:
            return False
        self._next += 1
        return True


def _licence_id(word: str) -> str:
    """An id, or ``DocumentRef-x:LicenseRef-y``, in lower case."""
    document, colon, name = word.lower().partition(":")
    if not colon:
        return _plain_id(word)
    if not document.removeprefix("documentref-") or not name.removeprefix(
        "licenseref-"
    ):
        raise ValueError("an empty reference")
    if not document.startswith("documentref-") or not name.startswith("licenseref-"):
        raise ValueError("a colon outside a reference")
    return f"{document}:{_plain_id(name)}"


def _plain_id(word: str) -> str:
    name = word.lower()
    if word in ("(", ")", "+") or ":" in word or word.upper() in ("AND", "OR", "WITH"):
        raise ValueError("not an id")
    if name == "licenseref-" or not any(sign.isalnum() for sign in name):
        raise ValueError("an empty id")
    return name
