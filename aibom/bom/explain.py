"""Why a document is invalid: the errors of the deciding engine, made readable.

Two costs are kept in bounds here, both under the control of whoever wrote the document:

* The engine makes all errors at once. A large document is therefore asked about in
  portions of its top-level arrays, and an item that is itself too large is only named.
* For a failing ``oneOf`` or ``anyOf`` the engine says only that nothing fits. Python's
  ``jsonschema`` knows which form came nearest, but is slow and in places quadratic: it
  sees only the failing part, only where that is small, and never checks
  ``uniqueItems``.

Whether a document is valid is never decided here (:mod:`aibom.bom.schema` does).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aibom.bom.problem import Problem, pointer_to, shorten

if TYPE_CHECKING:
    import jsonschema
    import jsonschema_rs
    import referencing

__all__ = ["Explainer", "Violation", "errors_of"]

#: Values; some 20 microseconds and 500 bytes for each that is wrong.
_MAX_LISTED = 50_000
_PORTION = 200

#: Values that Python's jsonschema may look at, for all explanations of one document.
_MAX_EXPLAINED = 20_000

_FORMATS = ("date", "date-time", "idn-email", "iri-reference", "uri")


@dataclass(frozen=True, slots=True)
class Violation:
    """An error that the engine found: where in the document, and in its own words.

    ``keyword`` is that of the schema (``required``); ``schema`` the URL of the place in
    the schemas that holds the keyword, or ``None`` where the engine does not say.
    """

    path: tuple[str | int, ...]
    keyword: str
    message: str
    schema: str | None


def errors_of(
    validator: jsonschema_rs.Draft7Validator, document: dict[str, Any]
) -> Iterator[Violation]:
    """The errors of an invalid document, top-level member by member; at least one.

    All of them where the document has up to 50,000 values. Beyond, its members are
    checked one by one, arrays 200 items at a time; a member or item that is beyond
    50,000 values itself yields one error that says no more than that.
    """
    if _is_small(document):
        yield from (_readable(error, 0) for error in validator.iter_errors(document))
        return
    none = True
    for error in _errors_by_portion(validator, document):
        none = False
        yield error
    if none:
        # Two items far apart can break `uniqueItems` without any portion being wrong.
        yield from (_readable(error, 0) for error in _first_error(validator, document))


def _errors_by_portion(
    validator: jsonschema_rs.Draft7Validator, document: dict[str, Any]
) -> Iterator[Violation]:
    required = {key: document[key] for key in ("bomFormat", "specVersion")}
    for key, value in document.items():
        items = value if isinstance(value, list) else ()
        starts = range(0, len(items), _PORTION)
        portions = [(start, items[start : start + _PORTION]) for start in starts]
        for start, member in portions or [(0, value)]:
            if not validator.is_valid({**required, key: member}):
                yield from _errors_of_member(validator, required, key, member, start)


def _errors_of_member(
    validator: jsonschema_rs.Draft7Validator,
    required: Mapping[str, Any],
    key: str,
    member: Any,
    start: int,
) -> Iterator[Violation]:
    if _is_small(member):
        for error in validator.iter_errors({**required, key: member}):
            yield _readable(error, start)
    elif isinstance(member, list) and len(member) > 1:
        for index, item in enumerate(member, start):
            if not validator.is_valid({**required, key: [item]}):
                yield from _errors_of_member(validator, required, key, [item], index)
    else:
        path = (key, start) if isinstance(member, list) else (key,)
        yield Violation(
            path, "", f"not valid; over {_MAX_LISTED:,} values, so no details", None
        )


def _first_error(
    validator: jsonschema_rs.Draft7Validator, document: dict[str, Any]
) -> list[jsonschema_rs.ValidationError]:
    import jsonschema_rs

    try:
        validator.validate(document)
    except jsonschema_rs.ValidationError as error:
        return [error]
    return []


def _readable(error: jsonschema_rs.ValidationError, shift: int) -> Violation:
    path = list(error.instance_path)
    if shift and len(path) > 1 and isinstance(path[1], int):
        path[1] += shift
    keyword = str(error.schema_path[-1]) if error.schema_path else ""
    return Violation(
        tuple(path), keyword, error.message, error.absolute_keyword_location
    )


def _is_small(value: Any) -> bool:
    if not isinstance(value, dict | list):
        return True
    return _count_values(value, _MAX_LISTED) <= _MAX_LISTED


def _count_values(value: Any, enough: int) -> int:
    """Values in a document, itself included; stops soon after ``enough``."""
    count = 1
    stack = [value]
    while stack and count <= enough:
        container = stack.pop()
        count += len(container)
        members = container.values() if isinstance(container, dict) else container
        stack.extend(member for member in members if isinstance(member, dict | list))
    return count


class Explainer:
    """Turns errors of one document into problems, within one allowance of work.

    ``load_schemas`` gives the schemas by URL. It is called, and ``jsonschema``
    imported, only for the first ``oneOf`` or ``anyOf`` that is to be explained.
    """

    def __init__(
        self,
        document: dict[str, Any],
        load_schemas: Callable[[], Mapping[str, Mapping[str, Any]]],
    ) -> None:
        self._document = document
        self._load_schemas = load_schemas
        self._registry: referencing.Registry[Any] | None = None
        self._allowance = _MAX_EXPLAINED

    def problem(self, error: Violation) -> Problem:
        """The problem that ``error`` is, at the deepest place that explains it.

        The reason is ``schema-`` and the keyword of the schema, as ``schema-one-of``.
        """
        value = _value_at(self._document, error.path)
        path, message = error.path, error.message
        nearest = self._nearest(error, value)
        if nearest is not None:
            path = (*path, *nearest.absolute_path)
            message = _in_words(nearest)
        elif not isinstance(value, dict | list):
            message = f"{message}: {shorten(repr(value), 80)}"
        keyword = re.sub("([A-Z])", r"-\1", error.keyword).lower()
        return Problem(
            "schema",
            f"schema-{keyword or 'violated'}",
            pointer_to(path),
            shorten(message),
        )

    def _nearest(
        self, error: Violation, value: Any
    ) -> jsonschema.ValidationError | None:
        if error.keyword not in ("oneOf", "anyOf") or error.schema is None:
            return None
        cost = 1
        if isinstance(value, dict | list):
            cost = _count_values(value, self._allowance)
        if cost > self._allowance:
            return None
        self._allowance -= cost
        if self._registry is None:
            self._registry = _registry(self._load_schemas())
        return _best_match(error, value, self._registry)


def _in_words(nearest: jsonschema.ValidationError) -> str:
    """What the nearest form misses, or each of them where none is nearer."""
    forms: dict[Any, str] = {}
    if nearest.validator in ("oneOf", "anyOf"):
        for error in nearest.context or ():
            forms.setdefault(error.relative_schema_path[0], shorten(error.message, 80))
    if not forms:
        return f"fits none of the forms allowed here: {nearest.message}"
    return f"fits none of the forms allowed here: {'; or: '.join(forms.values())}"


def _value_at(document: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        document = document[step]
    return document


def _registry(schemas: Mapping[str, Mapping[str, Any]]) -> referencing.Registry[Any]:
    import referencing
    from referencing.jsonschema import DRAFT7

    resources = [
        (url, referencing.Resource.from_contents(schema, default_specification=DRAFT7))
        for url, schema in schemas.items()
    ]
    return referencing.Registry[Any]().with_resources(resources).crawl()


def _best_match(
    violation: Violation, value: Any, registry: referencing.Registry[Any]
) -> jsonschema.ValidationError | None:
    import jsonschema

    extend: Any = jsonschema.validators.extend  # its stub has no types
    explaining = extend(jsonschema.Draft7Validator, {"uniqueItems": _not_checked})
    owner = str(violation.schema).rpartition("/")[0]
    validator = explaining(
        {"$ref": owner}, registry=registry, format_checker=_format_checker()
    )
    # The owner of a failing `oneOf` may have other errors; those are told on their own.
    same = (
        error
        for error in validator.iter_errors(value)
        if error.validator == violation.keyword and not error.path
    )
    best: jsonschema.ValidationError | None = jsonschema.exceptions.best_match(same)
    return best


def _not_checked(*_: Any) -> Iterator[jsonschema.ValidationError]:
    yield from ()


def _format_checker() -> jsonschema.FormatChecker:
    """The formats as the deciding engine sees them, so that the two cannot disagree."""
    import jsonschema
    import jsonschema_rs

    checker = jsonschema.FormatChecker(formats=())
    for name in _FORMATS:
        engine = jsonschema_rs.Draft7Validator({"format": name}, validate_formats=True)
        checker.checks(name)(engine.is_valid)
    return checker
