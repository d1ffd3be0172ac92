"""Front matter is found where it is meant, and every oddity of it is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.front_matter import MAX_FRONT_MATTER_BYTES
from aibom.catalogers.places.card import CATALOGER
from tests.catalog_world import read

MIT = ("licence", "mit", "/license")
NORWEGIAN = ("language", "no", "/language")

#: name → the README, what is said, findings
CASES: dict[str, tuple[str | bytes, set[object], set[tuple[str, str]]]] = {
    "plain": ("---\nlicense: mit\n---\n# Hello\n", {MIT}, set()),
    "end of file behind the fence": ("---\nlicense: mit\n---", {MIT}, set()),
    "windows lines": ("---\r\nlicense: mit\r\n---\r\n", {MIT}, set()),
    "old mac lines": ("---\rlicense: mit\r---\r", {MIT}, set()),
    "a rule in the prose": ("---\nlicense: mit\n---\na\n\n---\n\nb\n", {MIT}, set()),
    "dashes in a value": (
        "---\nlicense: mit\ntags: [a---b]\n---\n",
        {MIT, ("tags", "a---b", "/tags")},
        set(),
    ),
    "byte order mark": (
        b"\xef\xbb\xbf---\nlicense: mit\n---\n",
        {MIT},
        {("byte-order-mark", "")},
    ),
    "blanks behind the first fence": (
        "--- \t\nlicense: mit\n---\n",
        {MIT},
        {("front-matter-fence", "line:1")},
    ),
    "blanks behind the second fence": (
        "---\nlicense: mit\n---  \n",
        {MIT},
        {("front-matter-fence", "line:3")},
    ),
    "blank lines above": (
        "\n \r\n---\nlicense: mit\n---\n",
        {MIT},
        {("front-matter-below-blanks", "line:3")},
    ),
    "no second fence": (
        "---\nlicense: mit\n# Hello\n",
        set(),
        {("front-matter-not-closed", "line:1")},
    ),
    "a second fence that is longer": (
        "---\nlicense: mit\n----\n",
        set(),
        {("front-matter-not-closed", "line:1")},
    ),
    "text above": (
        "# Hello\n\n---\nlicense: mit\n---\n",
        set(),
        {("front-matter-below-text", "line:3")},
    ),
    "prose with a rule": (
        "# Hello\n\n---\nNote: a\n---\n",
        set(),
        {("front-matter-none", "")},
    ),
    "prose": ("# Hello\n", set(), {("front-matter-none", "")}),
    "no bytes": ("", set(), {("front-matter-none", "")}),
    "nothing between the fences": ("---\n---\n", set(), {("front-matter-empty", "")}),
    "an empty mapping": ("---\n{}\n---\n", set(), {("front-matter-empty", "")}),
    "a comment only": ("---\n# c\n---\n", set(), {("front-matter-empty", "")}),
    "a list": ("---\n[]\n---\n", set(), {("front-matter-malformed", "")}),
    "a text": ("---\nhello\n---\n", set(), {("front-matter-malformed", "")}),
    "not YAML": ("---\na: [\n---\n", set(), {("yaml-malformed", "")}),
    "a tab": ("---\nlicense:\n\t- mit\n---\n", set(), {("yaml-malformed", "")}),
    "aliases": ("---\na: &a x\nb: *a\n---\n", set(), {("yaml-alias", "")}),
    "a tag": (
        "---\nlicense: !!python/name:os.system mit\n---\n",
        {MIT},
        {("yaml-tag", "")},
    ),
    "deep": (
        f"---\na: {'[' * 65}{']' * 65}\n---\n",
        set(),
        {("document-too-deep", "")},
    ),
    "latin-1": (b"---\nlicense: mit\n---\n\xe9", set(), {("not-utf8", "")}),
    "a key twice": (
        "---\nlicense: apache-2.0\nlicense: mit\n---\n",
        {MIT},
        {("key-twice", "/license")},
    ),
    "a key that is a number": (
        "---\n1: a\nlicense: mit\n---\n",
        {MIT},
        {("key-not-text", ""), ("keys-not-read", "")},
    ),
    "Norwegian": (
        "---\nlanguage: no\n---\n",
        {NORWEGIAN},
        {("value-unquoted", "/language")},
    ),
    "Norwegian, quoted": ("---\nlanguage: 'no'\n---\n", {NORWEGIAN}, set()),
    "no value, in three ways": (
        "---\nlicense:\nlanguage: null\nmodel_name: ~\n---\n",
        set(),
        {
            ("value-missing", "/license"),
            ("value-missing", "/language"),
            ("value-missing", "/model_name"),
        },
    ),
    "a quoted null": (
        "---\nmodel_name: 'null'\n---\n",
        {("name", "null", "/model_name")},
        set(),
    ),
    "a tag that makes nothing of a text": (
        "---\nlicense: !!null mit\n---\n",
        {MIT},
        {("yaml-tag", "")},
    ),
    "a date": (
        "---\nmodel_name: 2024-05-01\n---\n",
        {("name", "2024-05-01", "/model_name")},
        {("value-unquoted", "/model_name")},
    ),
    "a number with a zero at its end": (
        "---\nmodel_name: 1.10\n---\n",
        {("name", "1.10", "/model_name")},
        {("value-unquoted", "/model_name")},
    ),
    "too large": (
        "---\na: " + "x" * MAX_FRONT_MATTER_BYTES + "\n---\n",
        set(),
        {("front-matter-too-large", "")},
    ),
    "a file too large": (
        "---\nlicense: mit\n---\n" + " " * (16 * 1024 * 1024),
        set(),
        {("document-too-large", "")},
    ),
}


@pytest.mark.parametrize(("card", "said", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    card: str | bytes, said: set[object], found: set[object], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {"README.md": card})
    assert (done.said, done.found) == (said, found)


_PIECES = st.sampled_from(
    [
        "---",
        "--- ",
        "\n",
        "\r\n",
        "\ufeff",
        "license",
        ": ",
        "- ",
        "[",
        "{",
        "&a ",
        "*a",
        "no",
        "1.10",
        "'",
        '"',
        "#",
        "|",
        "? ",
        "\t",
        "\u2028",
        "\x85",
        "!!x ",
        "datasets",
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.lists(_PIECES, max_size=60).map(lambda parts: "".join(parts).encode()),
        st.lists(_PIECES, max_size=60).map(
            lambda parts: ("---\n" + "".join(parts) + "\n---\n").encode()
        ),
    )
)
def test_no_bytes_break_it(
    body: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    done = read(CATALOGER, tmp_path_factory.mktemp("card"), {"README.md": body})
    assert done.said or done.edges or done.found


#: name → front matter that would cost more than its bytes
TRAPS = {
    "open brackets": "a: " + "[" * 200_000,
    "open braces": "{" * 200_000,
    "question marks": "? " * 100_000,
    "dashes": "- " * 100_000,
    "one key again and again": "a: b\n" * 40_000,
    "one long word": "a: " + "1" * 250_000,
    "sexagesimal": "a: " + "1:" * 120_000,
    "anchors": "".join(f"k{i}: &a{i} x\n" for i in range(15_000)),
    "indents": "".join(" " * i + "a:\n" for i in range(600)),
    "fences": "--- \n" * 50_000,
    "tags": "tags: [" + ", ".join(f"t{i}" for i in range(30_000)) + "]",
}


@pytest.mark.parametrize("block", TRAPS.values(), ids=TRAPS)
def test_a_trap_is_said(block: str, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"README.md": f"---\n{block}\n---\n"})
    assert done.found
