"""Properties of an element, of documents that need not be valid."""

from __future__ import annotations

from typing import Any

import pytest

from aibom.bom.properties import by_name, value_of, values_of

GOOD = {"name": "a", "value": "1"}
#: name → what stands where the properties should, and the values of ``a`` in it
LISTS: dict[str, tuple[Any, list[str]]] = {
    "none": ([], []),
    "one": ([GOOD], ["1"]),
    "two": ([GOOD, {"name": "b"}, {"name": "a", "value": "2"}], ["1", "2"]),
    "no value": ([{"name": "a"}], [""]),
    "a list in it": ([[], GOOD], ["1"]),
    "texts and numbers in it": (["name", 1, None, GOOD], ["1"]),
    "null": (None, []),
    "an object": ({"name": "a", "value": "1"}, []),
    "a text": ("name", []),
    "a number": (7, []),
    "a name that is none": ([{"name": ["a"], "value": "1"}, GOOD], ["1"]),
}


@pytest.mark.parametrize(("listed", "values"), LISTS.values(), ids=LISTS)
def test_only_objects_in_a_list_are_properties(listed: Any, values: list[str]) -> None:
    element = {"properties": listed}
    assert values_of(element, "a") == values
    assert by_name(element).get("a", []) == values
    if len(values) < 2:
        assert value_of(element, "a", "here") == (values[0] if values else None)


def test_without_properties() -> None:
    assert (values_of({}, "a"), by_name({})) == ([], {})
