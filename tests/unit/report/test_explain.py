"""Explaining verdicts, of which some are not what they say."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from verdicts import FINDING, VERDICT

from aibom.errors import DocumentInvalid, UsageError
from aibom.report.explain import explain
from aibom.verdict import PathHop

DOCUMENT = replace(VERDICT, results=(FINDING,)).to_document()


def changed(*path, to=None):
    """The document with one value replaced, or left out."""
    document = copy.deepcopy(DOCUMENT)
    place = document
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return document


def test_a_line_per_result():
    lines = explain(DOCUMENT, "v.json").splitlines()
    assert lines[0] == "acme/model: denied (audit-failed), tier high"
    assert lines[1].split() == ["fail", "labels-unaudited", "acme/labels"]


def test_a_rule_in_full():
    text = explain(DOCUMENT, "v.json", "labels-unaudited")
    for part in (
        FINDING.actual,
        FINDING.remedy,
        "labeler",
        "supports  owasp-llm: LLM04",
    ):
        assert part in text


@pytest.mark.parametrize("node", [FINDING.node, FINDING.label])
def test_a_node_by_id_or_name(node):
    assert FINDING.node in explain(DOCUMENT, "v.json", "labels-unaudited", node)


@pytest.mark.parametrize("words", [("other",), ("labels-unaudited", "other")], ids=str)
def test_nothing_of_that_name(words):
    with pytest.raises(UsageError, match="no result matches") as refused:
        explain(DOCUMENT, "v.json", *words)
    assert refused.value.reason == "nothing-to-explain"
    assert "labels-unaudited" in str(refused.value.hint)


MALFORMED = {
    "null": None,
    "a list": [DOCUMENT],
    "another document": {"apiVersion": "aibom/policy/v1"},
    "only its name": {"apiVersion": DOCUMENT["apiVersion"]},
    "no results": changed("results"),
    "results: a number": changed("results", to=1),
    "results: a text": changed("results", to="pass"),
    "a result: a number": changed("results", to=[1]),
    "a result without rule": changed("results", 0, "rule"),
    "a rule: a list": changed("results", 0, "rule", to=[1]),
    "a status: a number": changed("results", 0, "status", to=1),
    "a path: a number": changed("results", 0, "path", to=1),
    "a hop: a text": changed("results", 0, "path", to=["a", "b"]),
    "maps: a list": changed("results", 0, "maps", to=["a"]),
    "verification: a list": changed("verification", to=["a"]),
    "no artifact": changed("artifact"),
}


@pytest.mark.parametrize("document", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_verdict_is_refused(document):
    with pytest.raises(DocumentInvalid) as refused:
        explain(document, "v.json", "labels-unaudited")
    assert (refused.value.reason, refused.value.where) == ("not-a-verdict", "v.json")


PLACES = [
    ("decision",),
    ("reason",),
    ("tier",),
    ("artifact", "name"),
    *(
        ("results", 0, key)
        for key in ("label", "node", "status", "actual", "basis", "why", "check")
    ),
    ("results", 0, "evidence", 0),
    ("results", 0, "path", 1, "via"),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(map(str, place)))
def test_no_part_of_a_verdict_can_paint(place):
    document = changed(*place, to="\x1b[2J\u202e\nALLOWED")
    for rule in (None, "labels-unaudited"):
        text = explain(document, "v.json", rule)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\nALLOWED" not in text


def test_what_is_left_out_of_a_path_is_told_in_its_middle():
    hops = tuple(
        PathHop(f"n{number}", f"hop-{number}", "step") for number in range(150)
    )
    long = replace(VERDICT, results=(replace(FINDING, path=hops),))
    lines = explain(long.to_document(), "v.json", FINDING.rule).splitlines()
    told = [line.split()[-1] if "hop-" in line else line.strip() for line in lines]
    gap = told.index("… 50 hops are left out …")
    assert (told[gap - 1], told[gap + 1]) == ("n49", "n100")
