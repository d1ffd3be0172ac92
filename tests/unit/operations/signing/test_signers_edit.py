"""Items of lists as text; what becomes of whole files is told by adding signers."""

from __future__ import annotations

import pytest

from aibom.operations.signing.signers_edit import appended, as_block
from aibom.reading import parse_yaml

PEM = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"
ITEM = {"a": "x", "k": PEM, "m": {"n": "y", "o": ["1", "no"]}, "t": True}


def test_an_item_as_a_block() -> None:
    text = as_block(ITEM, 2)
    assert text == (
        '  - a: "x"\n    k: |\n      -----BEGIN PUBLIC KEY-----\n      AA==\n'
        "      -----END PUBLIC KEY-----\n"
        '    m:\n      n: "y"\n      o: ["1", "no"]\n    t: true\n'
    )
    assert parse_yaml(text.encode(), "x") == [ITEM]


def test_an_item_in_braces() -> None:
    text = appended('{"v": 1, "l": []}', "l", ITEM, "v")
    assert parse_yaml(text.encode(), "x") == {"v": 1, "l": [ITEM]}


BEHIND = {
    "block": ("# c\nv: 1  # v\nw: 2\n", '# c\nv: 1  # v\nl:\n  - a: "x"\nw: 2\n'),
    "at-the-end": ("w: 2\nv: 1", 'w: 2\nv: 1\nl:\n  - a: "x"\n'),
    "braces": ("{v: 1, w: 2}", '{v: 1, "l": [{"a": "x"}], w: 2}'),
}


@pytest.mark.parametrize(("text", "wanted"), BEHIND.values(), ids=BEHIND)
def test_a_list_that_is_not_there_is_made_behind_a_key(text: str, wanted: str) -> None:
    assert appended(text, "l", {"a": "x"}, "v") == wanted


UNUSABLE = {
    "not-yaml": "a: [",
    "empty": "",
    "a-list": "- v",
    "a-text": "v",
    "no-such-key": "w: 1",
    "no-list": "v: 1\nl: {a: b}\n",
    "nothing": "v: 1\nl:\n",
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_what_holds_no_list(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        appended(text, "l", {"a": "x"}, "v")
