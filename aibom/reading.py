"""Typed reading of mappings that people write: every problem at once, with its place.

A :class:`Reader` walks a parsed YAML or JSON mapping, hands out typed values, and
collects problems instead of stopping at the first. Keys that nobody asked for are
problems too, with the nearest known key as a suggestion: a misspelt key must never
switch something off.

YAML itself is read by :func:`parse_yaml`, which refuses what two readers could read
differently: duplicate keys, aliases, tags, several documents, and unbounded nesting.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from aibom.errors import AibomError, PolicyInvalid

__all__ = [
    "MAX_YAML_BYTES",
    "MAX_YAML_DEPTH",
    "MISSING",
    "Reader",
    "parse_time",
    "parse_yaml",
    "suggest",
]

#: Beyond this a file that people write is refused unread.
MAX_YAML_BYTES = 4 * 1024 * 1024
#: Levels of mappings and lists; no file of ours has ten.
MAX_YAML_DEPTH = 40

_TEXT_TAG = "tag:yaml.org,2002:str"
#: What to do about YAML that is refused, by reason code.
_REFUSED = {
    "yaml-alias": "copy what &name marks to where *name stands",
    "yaml-tag": "write the value without its !tag; a text goes in quotes",
    "document-too-deep": "look whether this file is meant; ours are not as deep",
    "duplicate-key": "keep the one that is meant, and take the other out",
    "policy-unreadable": 'for example "on": or "1":',
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_TIME = "not a date, nor a time with a zone (2026-11-21, 2026-11-21T08:00:00Z)"
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


class _Missing:
    """The default of a key that has none."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


def suggest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` or, when nothing is near, the list of what is known."""
    import difflib

    listed = sorted(known)
    near = difflib.get_close_matches(word, listed, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(listed)}" if listed else ""


def parse_time(value: Any) -> datetime:
    """A date or RFC 3339 time with a zone, as an aware datetime; ValueError otherwise.

    A date alone is its first moment in UTC. What YAML has already read as a date or a
    time is taken as well.
    """
    if isinstance(value, str):
        value = _parsed_time(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("the time has no zone; write Z or an offset")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise ValueError("the time is out of range in UTC") from None
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise ValueError(_NO_TIME)


def _parsed_time(text: str) -> date | datetime:
    if _DATE.fullmatch(text):
        return date.fromisoformat(text)
    if _TIME.fullmatch(text):
        return datetime.fromisoformat(text.upper())
    raise ValueError(_NO_TIME)


class Reader:
    """Reads one mapping. Nested readers share the list of problems of the first."""

    def __init__(
        self, value: Any, where: str, problems: list[str] | None = None
    ) -> None:
        self.where = where
        self.problems: list[str] = [] if problems is None else problems
        self._asked: set[str] = set()
        self._value: dict[str, Any] = {}
        if not isinstance(value, dict):
            self.problem(f"must be a mapping, not {_kind(value)}")
        elif any(not isinstance(key, str) for key in value):
            self.problem("has a key that is not a text")
        else:
            self._value = value

    def problem(self, message: str, key: str | None = None) -> None:
        """Note a problem at this mapping, or at one of its keys."""
        self.problems.append(f"{self.where}{'.' + key if key else ''}: {message}")

    def has(self, key: str) -> bool:
        """Whether the key is there (which does not count as having asked for it)."""
        return key in self._value

    def raw(self, key: str, default: Any = MISSING) -> Any:
        """The value as it is; missing without a default is a problem."""
        self._asked.add(key)
        if key in self._value:
            return self._value[key]
        if default is MISSING:
            self.problem("is missing", key)
            return None
        return default

    def _typed(
        self, key: str, default: Any, wanted: tuple[type, ...], words: str
    ) -> Any:
        value = self.raw(key, default)
        if key not in self._value:
            return value
        if not isinstance(value, wanted) or (
            bool not in wanted and isinstance(value, bool)
        ):
            self.problem(f"must be {words}, not {_kind(value)}", key)
            return None
        return value

    def text(self, key: str, default: Any = MISSING) -> Any:
        """A text that is not empty."""
        value = self._typed(key, default, (str,), "a text")
        if isinstance(value, str) and not value.strip() and key in self._value:
            self.problem("is empty", key)
        return value

    def number(self, key: str, default: Any = MISSING) -> Any:
        """An integer or a float that is finite: nothing compares with ``.nan``."""
        value = self._typed(key, default, (int, float), "a number")
        if isinstance(value, float) and not math.isfinite(value):
            self.problem("must be a finite number", key)
            return None
        return value

    def integer(self, key: str, default: Any = MISSING) -> Any:
        """An integer."""
        return self._typed(key, default, (int,), "a whole number")

    def flag(self, key: str, default: Any = MISSING) -> Any:
        """True or false."""
        return self._typed(key, default, (bool,), "true or false")

    def choice(self, key: str, choices: Iterable[str], default: Any = MISSING) -> Any:
        """One of the given words."""
        value = self.text(key, default)
        listed = tuple(choices)
        if key in self._value and isinstance(value, str) and value not in listed:
            self.problem(f"{value!r} is not one of: {', '.join(listed)}", key)
            return None
        return value

    def texts(self, key: str, default: Any = MISSING) -> Any:
        """A list of texts, as a tuple; a single text is not taken for a list."""
        value = self._typed(key, default, (list, tuple), "a list")
        if value is None or key not in self._value:
            return value
        if any(not isinstance(item, str) or not item.strip() for item in value):
            self.problem("must hold texts only", key)
            return None
        return tuple(value)

    def time(self, key: str, default: Any = MISSING) -> Any:
        """A date, or a time with a zone, as an aware datetime."""
        value = self.raw(key, default)
        if key not in self._value:
            return value
        try:
            return parse_time(value)
        except ValueError as error:
            self.problem(str(error), key)
            return None

    def reader(self, key: str) -> Reader:
        """A reader of the mapping under ``key``."""
        return Reader(self.raw(key), f"{self.where}.{key}", self.problems)

    def readers(self, key: str, default: Any = MISSING) -> list[Reader]:
        """A reader for each mapping of the list under ``key``."""
        value = self._typed(key, default, (list, tuple), "a list")
        return [
            Reader(item, f"{self.where}.{key}[{number}]", self.problems)
            for number, item in enumerate(value or ())
        ]

    def keys(self) -> tuple[str, ...]:
        """All keys, for mappings whose keys are data; they count as asked for."""
        self._asked.update(self._value)
        return tuple(self._value)

    def close(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._value:
            if key not in self._asked:
                self.problem(f"unknown key {key!r}{suggest(key, self._asked)}")

    def finish(
        self,
        error: Callable[..., AibomError] = PolicyInvalid,
        reason: str = "policy-invalid",
        hint: str = "correct what each line names, then run the same command again",
    ) -> None:
        """Close, and raise one error that lists every problem, if there is any."""
        self.close()
        if self.problems:
            raise error("\n  ".join(self.problems), reason=reason, hint=hint)


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false"}
    if value is None:
        return "nothing"
    return names.get(type(value), f"a {type(value).__name__}")


def parse_yaml(data: bytes, where: str) -> Any:
    """Parse one YAML document with the C loader; an empty one is None.

    Raises :class:`~aibom.errors.PolicyInvalid`: ``document-too-large``,
    ``document-too-deep``, ``duplicate-key``, ``yaml-alias``, ``yaml-tag``, and
    ``policy-unreadable`` for text that is not UTF-8, not YAML, several documents, or
    has a key that is not a text (``on``, ``1`` and ``<<`` are none unless quoted).
    """
    import yaml

    if len(data) > MAX_YAML_BYTES:
        raise PolicyInvalid(
            f"{len(data):,} bytes, over the limit of {MAX_YAML_BYTES:,}",
            reason="document-too-large",
            where=where,
            hint="name the file that is meant; if it is this one, write less into it",
        )
    try:
        text = data.decode("utf-8")
        _check_events(text, where)
        _check_keys(yaml.compose(text, Loader=yaml.CSafeLoader), where)
        # The C form of SafeLoader, which makes plain values only.
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as error:
        raise PolicyInvalid(
            f"not UTF-8: {error}",
            reason="policy-unreadable",
            where=where,
            hint="save it as UTF-8, in any editor",
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise PolicyInvalid(
            f"not YAML: {error}",
            reason="policy-unreadable",
            where=where,
            hint="look at that line and the one before: indents, quotes, colons",
        ) from None


def _check_events(text: str, where: str) -> None:
    """Refuse aliases, tags and deep nesting before anything recurses.

    A tag would let a document choose how its text is turned into a value.
    """
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _refused(
                "aliases are not read; write it out", "yaml-alias", event, where
            )
        if getattr(event, "tag", None) is not None:
            raise _refused("tags are not read; leave it out", "yaml-tag", event, where)
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAX_YAML_DEPTH:
                message = f"nested deeper than {MAX_YAML_DEPTH} levels"
                raise _refused(message, "document-too-deep", event, where)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


def _check_keys(node: Any, where: str) -> None:
    import yaml

    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.tag != _TEXT_TAG:
                message = "a key must be a text; put it in quotes"
                raise _refused(message, "policy-unreadable", key, where)
            if key.value in seen:
                message = f"the key {key.value!r} stands twice"
                raise _refused(message, "duplicate-key", key, where)
            seen.add(key.value)
            _check_keys(value, where)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item, where)


def _refused(message: str, reason: str, at: Any, where: str) -> PolicyInvalid:
    """The error for a YAML event or node, with its line."""
    return PolicyInvalid(
        f"line {at.start_mark.line + 1}: {message}",
        reason=reason,
        where=where,
        hint=_REFUSED[reason],
    )
