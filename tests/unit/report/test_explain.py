"""Explaining verdicts, of which some are not what they say."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from verdicts import FINDING, VERDICT

from aibom.errors import DocumentInvalid, UsageError
from aibom.report.explain import explain
from aibom.report.terminal import draw_verdict
from aibom.verdict import Decision, PathHop, Verification

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
    assert lines[0] == "DENIED  acme/model (audit-failed), tier high"
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


NODES = (
    FINDING.node,
    FINDING.label,
    FINDING.node[:-20],
    f"{FINDING.node[:25]}…",
    "tree:aaaa",
    "aaaaaaaa",
    "tree-sha256:aaaa…",
    "tree-sha256:" + "a" * 64,
)


@pytest.mark.parametrize("node", NODES)
def test_a_node_by_id_or_name_or_how_it_begins(node):
    assert FINDING.node in explain(DOCUMENT, "v.json", "labels-unaudited", node)


@pytest.mark.parametrize("node", ["…", "", "sha256:aaaa", "b", "acme/lab"])
def test_what_is_no_beginning_matches_nothing(node):
    with pytest.raises(UsageError) as refused:
        explain(DOCUMENT, "v.json", "labels-unaudited", node)
    assert refused.value.reason == "nothing-to-explain"


def test_a_beginning_of_several_is_refused_and_they_are_named():
    nodes = [f"dataset:tree:{'a' * 60}{number:04}" for number in range(20)]
    results = tuple(replace(FINDING, node=node) for node in nodes)
    document = replace(VERDICT, results=results).to_document()
    with pytest.raises(UsageError, match="20 nodes begin so") as refused:
        explain(document, "v.json", "labels-unaudited", "tree-sha256:aaaa…")
    assert refused.value.reason == "node-ambiguous"
    assert nodes[0] in str(refused.value.hint)
    assert "and 15 more" in str(refused.value.hint)
    assert nodes[7] in explain(document, "v.json", "labels-unaudited", nodes[7])


def test_a_reason_code_stands_for_the_rule():
    text = explain(DOCUMENT, "v.json", "audit-failed")
    assert text == explain(DOCUMENT, "v.json", "labels-unaudited")


def test_the_names_of_rows_are_those_of_the_gate():
    text = explain(DOCUMENT, "v.json", "labels-unaudited")
    for name in ("about", "found", "expected", "why", "proof", "do"):
        assert f"\n  {name:<9} " in text
    assert "attested: signed by the auditor" in text
    for word in ("actual", "remedy", "basis"):
        assert word not in text


@pytest.mark.parametrize("decision", Decision)
def test_the_decision_is_called_what_the_gate_calls_it(decision):
    verdict = replace(VERDICT, decision=decision)
    told = explain(verdict.to_document(), "v.json").splitlines()[0]
    assert told.startswith(draw_verdict(verdict).splitlines()[0])


def test_what_did_not_verify_says_what_to_do():
    found = Verification("failed", "digest-mismatch", "is other", "m/w.bin", "fetch it")
    text = explain(replace(VERDICT, verification=found).to_document(), "v.json")
    for told in ("m/w.bin", "is other", "do        fetch it", "no rule was evaluated"):
        assert told in text


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
