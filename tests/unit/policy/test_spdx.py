"""SPDX expressions: what is read, what is not, and what lists say about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.policy.spdx import (
    MAX_DEPTH,
    MAX_LENGTH,
    All,
    AnyOf,
    Licence,
    Verdict,
    judge,
    parse_expression,
    parse_licence,
)

MIT, APACHE, GPL = Licence("mit"), Licence("apache-2.0"), Licence("gpl-2.0-only")

READ = {
    "id": ("MIT", MIT),
    "another case": ("mIt", MIT),
    "or later": ("Apache-2.0+", Licence("apache-2.0", True)),
    "with": (
        "GPL-2.0-only WITH Classpath-exception-2.0",
        Licence("gpl-2.0-only", False, "classpath-exception-2.0"),
    ),
    "reference": ("LicenseRef-Acme-1", Licence("licenseref-acme-1")),
    "reference elsewhere": (
        "DocumentRef-a:LicenseRef-b",
        Licence("documentref-a:licenseref-b"),
    ),
    "and before or": (
        "MIT OR Apache-2.0 AND GPL-2.0-only",
        AnyOf((MIT, All((APACHE, GPL)))),
    ),
    "parentheses": (
        "(MIT OR Apache-2.0) AND GPL-2.0-only",
        All((AnyOf((MIT, APACHE)), GPL)),
    ),
    "no spaces at parentheses": ("(MIT)AND(Apache-2.0)", All((MIT, APACHE))),
    "lower-case operators": ("MIT or Apache-2.0", AnyOf((MIT, APACHE))),
    "space around": ("  MIT\n", MIT),
    "three": ("MIT AND MIT AND MIT", All((MIT, MIT, MIT))),
    "deep enough": ("(" * MAX_DEPTH + "MIT" + ")" * MAX_DEPTH, MIT),
}
NOT_READ = {
    "nothing": "",
    "blank": "   ",
    "prose": "Apache License 2.0",
    "mixed-case operator": "MIT Or Apache-2.0",
    "only an operator": "AND",
    "operator first": "AND MIT",
    "operator last": "MIT OR",
    "two operators": "MIT OR AND MIT",
    "operator as exception": "MIT WITH OR",
    "plus alone": "+",
    "plus apart": "MIT +",
    "plus twice": "MIT++",
    "plus after parentheses": "(MIT)+",
    "plus at a reference": "LicenseRef-a+",
    "with of a group": "(MIT) WITH x",
    "open": "(MIT",
    "closed": "MIT)",
    "empty parentheses": "()",
    "too deep": "(" * (MAX_DEPTH + 1) + "MIT" + ")" * (MAX_DEPTH + 1),
    "much too deep": "(" * 4000,
    "too long": "M" * (MAX_LENGTH + 1),
    "comma": "MIT, Apache-2.0",
    "slash": "MIT/Apache-2.0",
    "url": "https://example.org/licence",
    "cyrillic": "МIT",  # noqa: RUF001
    "full-width": "ＭIT",  # noqa: RUF001
    "zero-width": "MIT\u200b",
    "nul": "MIT\x00",
    "lone surrogate": "MIT\ud800",
    "empty reference": "LicenseRef-",
    "empty document": "DocumentRef-:LicenseRef-a",
    "reference to nothing": "DocumentRef-a:LicenseRef-",
    "colon elsewhere": "a:b",
    "two colons": "DocumentRef-a:LicenseRef-b:c",
    "colon in an exception": "MIT WITH a:b",
    "punctuation only": "-.-",
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_read(text, expected):
    assert parse_expression(text) == expected


@pytest.mark.parametrize("text", NOT_READ.values(), ids=NOT_READ)
def test_not_read(text):
    assert parse_expression(text) is None


@given(st.text(alphabet="MITandorwhANDORWTH-+.:() \t", max_size=80))
def test_any_text_is_read_or_not(text):
    found = parse_expression(text)
    assert found is None or judge(found, None) is Verdict.ALLOWED


def test_one_licence_is_no_group():
    assert parse_licence("MIT") == MIT
    assert parse_licence("(MIT)") is None
    assert parse_licence("MIT OR MIT") is None


JUDGED = {
    "listed": ("MIT", ["MIT"], [], Verdict.ALLOWED),
    "another case": ("mit", ["MIT"], [], Verdict.ALLOWED),
    "no list": ("Whatever-1", None, [], Verdict.ALLOWED),
    "empty list": ("MIT", [], [], Verdict.NOT_ALLOWED),
    "or needs one": ("MIT OR GPL-2.0-only", ["MIT"], ["GPL-2.0-only"], Verdict.ALLOWED),
    "and needs all": ("MIT AND GPL-2.0-only", ["MIT"], [], Verdict.NOT_ALLOWED),
    "and with one denied": ("MIT AND X", None, ["X"], Verdict.DENIED),
    "all choices denied": ("X OR Y", None, ["X", "Y"], Verdict.DENIED),
    "group": ("(MIT OR X) AND MIT", ["MIT"], ["X"], Verdict.ALLOWED),
    "deny wins": ("MIT", ["MIT"], ["MIT"], Verdict.DENIED),
    "prefix is no match": ("MIT-0", ["MIT"], [], Verdict.NOT_ALLOWED),
    "later leaves the choice": ("Apache-2.0+", ["Apache-2.0"], [], Verdict.ALLOWED),
    "later is more": ("Apache-2.0", ["Apache-2.0+"], [], Verdict.NOT_ALLOWED),
    "addition is not the licence": ("MIT WITH x", ["MIT"], [], Verdict.NOT_ALLOWED),
    "addition that is listed": ("MIT WITH X", ["MIT WITH x"], [], Verdict.ALLOWED),
    "denied with any addition": ("X WITH y", None, ["X"], Verdict.DENIED),
    "denied with this addition": ("X WITH z", None, ["X WITH y"], Verdict.ALLOWED),
    "denied, later": ("X+", None, ["X"], Verdict.DENIED),
    "only later denied": ("X", None, ["X+"], Verdict.ALLOWED),
}


@pytest.mark.parametrize(
    ("text", "allow", "deny", "expected"), JUDGED.values(), ids=JUDGED
)
def test_lists(text, allow, deny, expected):
    def listed(words):
        return [parse_licence(word) for word in words]

    allowed = None if allow is None else listed(allow)
    assert judge(parse_expression(text), allowed, listed(deny)) is expected
