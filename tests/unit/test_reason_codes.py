"""Reason codes are promises: each stands in docs/exit-codes.md, and no other does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reason_codes import codes_of, reason_codes

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "exit-codes.md").read_text("utf-8")
FOUND = reason_codes(ROOT / "aibom")

_SHAPE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(-…)?")


def codes_on(page: str) -> list[str]:
    """The first cell of each row under a heading about reason codes."""
    about = page.partition("\n## Reason codes")[2]
    return re.findall(r"^\| `([^`]+)` \|", about, re.MULTILINE)


def test_every_code_can_be_followed_to_its_text():
    assert FOUND.lost == []


def test_every_code_is_on_the_page():
    missing = {c: at for c, at in FOUND.codes.items() if c not in codes_on(PAGE)}
    assert missing == {}


def test_nothing_on_the_page_is_made_up():
    assert [code for code in codes_on(PAGE) if code not in FOUND.codes] == []


def test_no_code_stands_twice_on_the_page():
    listed = codes_on(PAGE)
    assert sorted(listed) == sorted(set(listed))


def test_codes_are_kebab_case():
    assert [code for code in FOUND.codes if not _SHAPE.fullmatch(code)] == []


#: name → source, the codes that must be found in it
SOURCES = {
    "keyword": ("raise E('x', reason='a-b')", {"a-b"}),
    "either": ("raise E('x', reason='a' if y else 'b')", {"a", "b"}),
    "class-attribute": ("class E:\n    default_reason: str = 'a'", {"a"}),
    "position": ("def fails(reason): ...\nfails('a')", {"a"}),
    "field": ("class P:\n    level: str\n    reason: str\nP('x', 'a')", {"a"}),
    "method": ("class R:\n  def end(self, reason='a'): ...", {"a"}),
    "second-name": (
        "def f(reason): ...\ndef g(reason): ...\n"
        "def h():\n    answer = f if x else g\n    answer('a')",
        {"a"},
    ),
    "variable": (
        "def f():\n    reason = 'a'\n    if y:\n        reason = 'b'\n"
        "    raise E(reason=reason)",
        {"a", "b"},
    ),
    "loop": (
        "def f():\n  for r in ('a', 'b'):\n    raise E(reason=r)",
        {"a", "b"},
    ),
    "loop-over-pairs": (
        "def f():\n    for x, r in ((1, 'a'), (2, 'b')):\n        raise E(reason=r)",
        {"a", "b"},
    ),
    "loop-over-constant": (
        "T = (('x', 'a'),)\ndef f():\n    for x, r in T:\n        raise E(reason=r)",
        {"a"},
    ),
    "built-from-a-word": (
        "def f(what):\n    raise E(reason=f'{what}-twice')\nf('input')\nf('output')",
        {"input-twice", "output-twice"},
    ),
    "family": ("raise E(reason=f'schema-{x}')", {"schema-…"}),
    "refusal": ("def name_refusal(x):\n    return 'a' if x else None", {"a"}),
    "table": ("_REFUSALS = {'a': 'words', 'b': 'words'}", {"a", "b"}),
    "decision": ("def f():\n    return Decision.ERROR, 'a', 1", {"a"}),
    "peoples-words": ("class AcceptedRoot:\n    reason: str\nAcceptedRoot('x')", set()),
    "handed-on": ("raise E(reason=error.reason)", set()),
}


@pytest.mark.parametrize(("source", "codes"), SOURCES.values(), ids=SOURCES)
def test_a_code_is_found_wherever_it_can_stand(source, codes):
    found = codes_of({"a.py": source})
    assert set(found.codes) == codes
    assert found.lost == []


#: name → source with a code that no reading of the source can tell
LOST = {
    "made-elsewhere": "raise E(reason=make())",
    "unbound": "raise E(reason=x)",
    "looked-up": "raise E(reason=table[key])",
    "added-up": "raise E(reason='a' + x)",
    "built-from-a-local": "def f():\n    x = g()\n    raise E(reason=f'{x}-twice')",
}


@pytest.mark.parametrize("source", LOST.values(), ids=LOST)
def test_what_cannot_be_followed_is_told(source):
    found = codes_of({"a.py": source})
    assert len(found.lost) == 1
    assert found.lost[0].startswith("a.py:")


def test_a_position_is_that_of_the_function_in_the_same_module():
    found = codes_of(
        {
            "a.py": "def _refused(reason, message): ...\n_refused('a', 'words')",
            "b.py": "def _refused(message, reason): ...\n_refused('words', 'b')",
        }
    )
    assert set(found.codes) == {"a", "b"}
