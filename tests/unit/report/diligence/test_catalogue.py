"""The catalogue of questions: the one that comes with aibom, and what is refused."""

from __future__ import annotations

import copy

import pytest

from aibom.errors import PolicyInvalid
from aibom.policy.checks import CHECKS
from aibom.reading import parse_yaml
from aibom.report.diligence.catalogue import read_catalogue
from aibom.resources import policy_path

SEVEN = (
    *("data-provenance", "labelling-governance", "retraining-control"),
    *("model-supply-chain", "anomaly-detection", "rollback", "incident-evidence"),
)


def document():
    path = policy_path("report/supplier-questions.yaml")
    return parse_yaml(path.read_bytes(), path.name)


def test_the_seven_questions_stand_in_the_readers_order():
    catalogue = read_catalogue(document(), "x")
    assert tuple(area.id for area in catalogue.areas) == SEVEN
    for area in catalogue.areas:
        own = [q for q in catalogue.questions if q.area == area.id]
        assert len(own) >= 3
        assert own[0].id == area.lead or area.lead in {q.id for q in own}


def test_every_question_says_what_to_ask_and_names_checks_that_exist():
    for question in read_catalogue(document(), "x").questions:
        assert question.request.endswith(".") or question.request.endswith(")")
        assert question.asks.endswith("?")
        assert set(question.checks) | set(question.conflicts) <= set(CHECKS)


def change(edit):
    found = copy.deepcopy(document())
    edit(found)
    return found


def first(found):
    return found["questions"][0]


REFUSED = {
    "version": lambda d: d.update(apiVersion="aibom/policy/v1"),
    "unknown-key": lambda d: first(d).update(sections=1),
    "no-way": lambda d: first(d).update({"from": [{}]}),
    "two-ways": lambda d: first(d).update(
        {"from": [{"facts": ["a"], "audits": ["b"]}]}
    ),
    "unknown-proof": lambda d: first(d).update({"from": [{"proof": "digets"}]}),
    "twice": lambda d: d["questions"].append(copy.deepcopy(first(d))),
    "no-area": lambda d: first(d).update(area="data"),
    "no-section": lambda d: first(d).update(section=14),
    "no-lead": lambda d: d["areas"][0].update(lead="data-provenance.source"),
    "need": lambda d: first(d).update(need="all"),
}


@pytest.mark.parametrize("edit", REFUSED.values(), ids=REFUSED)
def test_what_is_misspelt_is_refused(edit):
    with pytest.raises(PolicyInvalid) as caught:
        read_catalogue(change(edit), "x")
    assert caught.value.reason == "policy-invalid"
