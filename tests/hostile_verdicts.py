"""Verdicts out of hostile strings, and what must hold of every rendering of them."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace

from hypothesis import strategies as st
from verdicts import FINDING, VERDICT

from aibom.report.parts import Where
from aibom.verdict import (
    Decision,
    ExceptionNote,
    Inputs,
    Mode,
    PathHop,
    Severity,
    Status,
    Verification,
)

#: What each format, a terminal or a CI log would take for something else than text.
NASTY = (
    "\x1b[31mred\x1b[0m",
    "a\x00b\x0bc\x1fd\x7f\ufffe\uffff",
    "safe\u202etxt.exe\u2066\u2069\u200b",
    "\ud800 \udc80 \udfff",
    "line\n::error file=x::pwned",
    "\r\n::set-output name=x::y",
    "\n##[add-path]/evil",
    "##[error]x",
    "a%0A::warning::b%25,file=c:d",
    "]]><!--</failure></testcase><testcase name='x'><![CDATA[",
    '"/><testsuite name="evil"',
    "&lt;&#0;&evil;",
    "[click](https://evil.example) ![x](javascript:alert(1)) <https://evil.example>",
    "\\[a\\](https://evil.example) {0} {1}",
    "| a | b |\n| --- | --- |\n# heading",
    "``` \n```js\n` `` ```",
    "@security-team #1 www.evil.example me@evil.example https://evil.example",
    "<script>alert(1)</script><img src=x onerror=y><!-- -->",
    "*bold* _it_ ~~no~~ $x$ &nbsp; a\\",
    "- item\n1. item\n> quote\n---\n===",
    "",
    " ",
    "x" * 5_000,
)
TEXTS = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=()), max_size=20),
)
_WORDS = st.one_of(st.just("labels-unaudited"), TEXTS)
_HOPS = st.builds(PathHop, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
RESULTS = st.builds(
    lambda **changes: replace(FINDING, **changes),
    rule=_WORDS,
    check=TEXTS,
    node=TEXTS,
    label=TEXTS,
    status=st.sampled_from(Status),
    reason=TEXTS,
    mode=st.sampled_from(Mode),
    severity=st.sampled_from(Severity),
    expected=TEXTS,
    actual=TEXTS,
    assurance=st.sampled_from(["", "claimed", "attested", "verified", "missing"]),
    basis=TEXTS,
    path=st.lists(_HOPS, max_size=3).map(tuple),
    evidence=st.lists(TEXTS, max_size=2).map(tuple),
    why=TEXTS,
    remedy=TEXTS,
    maps=st.dictionaries(TEXTS, st.lists(TEXTS, max_size=2).map(tuple), max_size=2),
    term=TEXTS,
    exception=st.one_of(st.just(""), st.just("EX-1"), TEXTS),
)
_NOTES = st.builds(
    ExceptionNote,
    id=st.one_of(st.just("EX-1"), TEXTS),
    **dict.fromkeys(
        (
            *("state", "why", "rule", "subject", "reason_code", "term", "reason"),
            *("ticket", "requested_by", "approved_by", "expires"),
        ),
        TEXTS,
    ),
)
_FOUND = st.builds(
    Verification,
    state=st.sampled_from(["verified", "failed", "not-done"]),
    reason=TEXTS,
    message=TEXTS,
    where=TEXTS,
    hint=TEXTS,
    signer=TEXTS,
    upstream=st.lists(TEXTS, max_size=2).map(tuple),
    accepted_roots=st.lists(TEXTS, max_size=2).map(tuple),
)
_PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple)
_INPUTS = st.builds(
    Inputs,
    policy=TEXTS,
    policy_version=TEXTS,
    policy_digest=TEXTS,
    data=_PAIRS,
    boms=_PAIRS,
    evidence=_PAIRS,
    housekeeping=st.lists(TEXTS, max_size=2).map(tuple),
)
VERDICTS = st.builds(
    lambda **changes: replace(VERDICT, **changes),
    artifact=TEXTS,
    artifact_name=TEXTS,
    decision=st.sampled_from(Decision),
    reason=TEXTS,
    verification=_FOUND,
    inputs=_INPUTS,
    results=st.lists(RESULTS, max_size=4).map(tuple),
    dry_run=st.booleans(),
    report_only=st.booleans(),
    overrides=st.lists(TEXTS, max_size=1).map(tuple),
    warnings=st.lists(TEXTS, max_size=2).map(tuple),
    tool=TEXTS,
    exceptions=st.lists(_NOTES, max_size=2).map(tuple),
)
PLACES = st.builds(Where, TEXTS)

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def require_visible(text):
    """No control, format, bidi or unassigned character, but for our line breaks."""
    hidden = [c for c in text if c != "\n" and unicodedata.category(c) in _HIDDEN]
    assert hidden == []


def require_no_command(text):
    """Nothing a runner of GitHub Actions would take for an order (but for ours)."""
    assert "##[" not in text
    assert [line for line in text.split("\n") if line.lstrip().startswith("::")] == []


def strings(value):
    """Every key and every string of a JSON document."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def json_of(data):
    """The document, after the raw text and what it says are found visible."""
    text = data.decode()
    require_visible(text)
    require_no_command(text)
    document = json.loads(text)
    for one in strings(document):
        require_visible(one)
    return document
