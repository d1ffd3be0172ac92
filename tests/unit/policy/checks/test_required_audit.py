"""required-audit: the policy judges the numbers, and only numbers about this digest."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from policy_builders import (
    ANNE,
    AUDITOR,
    BERT,
    CARL,
    NOW,
    PIPELINE,
    STRANGER,
    Case,
    number,
    verify,
)

from aibom.lineage.evidence import Signer
from aibom.lineage.nodes import Relation

SETTINGS = {
    "type": "label-consistency",
    "metric": "overlap-disagreement",
    "at_most": 0.2,
    "minimum_sample": 30,
    "max_age": "90d",
    "auditor_roles": ["auditor"],
}
COVER = {**SETTINGS, "cover": "labeler"}
LABELS = {**SETTINGS, "only_steps": ["label"]}
ACCURACY = {
    "type": "holdout-test",
    "metric": "accuracy",
    "at_least": 0.9,
    "minimum_sample": 500,
    "auditor_roles": ["auditor"],
}
EACH = (number(0.1, labeler=ANNE), number(0.05, labeler=BERT))
DAY = timedelta(days=1)


def labelled(world, by=(ANNE, BERT), kind="label", **how):
    data = world.data()
    world.step(kind, data, by=[("labeler", party) for party in by], **how)
    return data


def audited(*numbers, by=(ANNE, BERT), **audit):
    """A dataset labelled by two, with one audit."""

    def arrange(world):
        data = labelled(world, by)
        world.audit(data, numbers or (number(0.1),), **audit)
        return data

    return arrange


def both(*arrangements):
    """Several audits of one dataset, told one after the other."""

    def arrange(world):
        return [one(world) for one in arrangements][-1]

    return arrange


def not_audited(**how):
    def arrange(world):
        return labelled(world, **how)

    return arrange


def parent_audited(world):
    data = labelled(world)
    child = world.data("filtered")
    world.step("filter", child, {"data": data})
    world.audit(data, EACH)
    return child


def child_audited(world):
    data = labelled(world)
    child = world.data("filtered")
    world.step("filter", child, {"data": data})
    world.audit(child, EACH)
    return data


def other_form_audited(world):
    data = labelled(world)
    world.audit(data.replace(":tree:", ":file:"), EACH)
    return data


def attributed_to_the_auditor(world):
    data = world.data()
    party = world.build.party(AUDITOR.party)
    world.build.edge(data, Relation.ATTRIBUTED_TO, party, "labeler")
    world.audit(data, [number(0.1)])
    return data


def measured(*numbers):
    def arrange(world):
        model = world.model()
        world.step("train", model)
        world.audit(model, numbers, type="holdout-test")
        return model

    return arrange


def accepted_root(world):
    world.accept("reviews")
    return world.data()


def auditor(party, role="auditor"):
    return Signer("dora", role, party)


def case(arrange, status, reason, settings=SETTINGS, minimum="attested"):
    return Case(arrange, status, reason, settings, minimum)


def passing(arrange, settings=SETTINGS):
    return case(arrange, "pass", "audit-passed", settings)


def failing(arrange, settings=SETTINGS):
    return case(arrange, "fail", "audit-failed", settings)


def unknown(reason, arrange, settings=SETTINGS, minimum="attested"):
    return case(arrange, "unknown", reason, settings, minimum)


def accuracy(value, samples=500):
    return measured(number(value, samples, "accuracy"))


BAD = number(0.9, labeler=ANNE)
CASES = {
    "good": passing(audited()),
    "exactly at most": passing(audited(number(0.2))),
    "exactly enough": passing(audited(number(0.1, 30))),
    "negative": passing(audited(number(-0.1))),
    "90 days old": passing(audited(on=NOW - 90 * DAY)),
    "other metrics are not asked": passing(
        audited(number(0.1), number(0.9, 1, "speed"))
    ),
    "covered": passing(audited(*EACH), COVER),
    "organisation audits software": passing(
        audited(by=["software:llm@2"], signer=auditor("org:auditors"))
    ),
    "another organisation": passing(
        audited(by=["org:Acme Labs"], signer=auditor("org:Acme Laboratories"))
    ),
    "independence not asked": passing(
        audited(signer=auditor(ANNE)), {**SETTINGS, "independent_of": []}
    ),
    "a good one beside a useless one": passing(
        both(audited(signer=None), audited(on=NOW - 900 * DAY), audited())
    ),
    "accuracy": passing(accuracy(0.9), ACCURACY),
    "of labels only, and it is good": passing(audited(), LABELS),
    "above": failing(audited(number(0.2000001))),
    "one slice above": failing(audited(number(0.01), BAD)),
    "a class of one labeler": failing(
        audited(*EACH, number(0.9, 30, labeler=ANNE, **{"class": "3"})), COVER
    ),
    "not a number": failing(audited(number(math.nan))),
    "infinite": failing(audited(number(math.inf))),
    "accuracy below": failing(accuracy(0.8999), ACCURACY),
    "accuracy not a number": failing(accuracy(math.nan), ACCURACY),
    "accuracy infinite": failing(accuracy(math.inf), ACCURACY),
    "outside of both bounds": failing(audited(), {**SETTINGS, "at_least": 0.15}),
    "one good, one bad": failing(both(audited(), audited(BAD))),
    "bad though old": failing(both(audited(BAD, on=NOW - 900 * DAY), audited())),
    "bad, and of nobody asked": failing(audited(BAD), LABELS),
    "labeler audits": case(
        audited(signer=auditor(ANNE)), "fail", "auditor-not-independent"
    ),
    "its own organisation, spelt otherwise": case(
        audited(by=["org:Acme Labs"], signer=auditor("org:acme  labs")),
        "fail",
        "auditor-not-independent",
    ),
    "the program that labelled, of some version": case(
        audited(by=["software:llm@2"], signer=auditor("software:LLM")),
        "fail",
        "auditor-not-independent",
    ),
    "attributed, no step": case(
        attributed_to_the_auditor, "fail", "auditor-not-independent"
    ),
    "collector audits": case(
        audited(signer=auditor(ANNE)),
        "fail",
        "auditor-not-independent",
        {**SETTINGS, "independent_of": ["labeler", "collector"]},
    ),
    "no audit": unknown("audit-missing", not_audited()),
    "another type": unknown("audit-missing", audited(type="label-consistency-2")),
    "another form": unknown("audit-missing", other_form_audited),
    "the child's": unknown("audit-missing", child_audited),
    "the parent's": unknown("audit-of-ancestor", parent_audited),
    "stranger": unknown("auditor-not-allowed", audited(signer=None)),
    "bad, by a stranger": unknown("auditor-not-allowed", audited(BAD, signer=None)),
    "pipeline": unknown("auditor-not-allowed", audited(signer=PIPELINE)),
    "role look-alike": unknown(
        "auditor-not-allowed", audited(signer=auditor(STRANGER, "Auditor"))
    ),
    "nobody behind the key": unknown(
        "auditor-unidentified", audited(signer=auditor(None))
    ),
    "another registrar": unknown(
        "auditor-not-comparable", audited(signer=auditor(STRANGER))
    ),
    "organisation audits people": unknown(
        "auditor-not-comparable", audited(signer=auditor("org:auditors"))
    ),
    "91 days old": unknown(
        "audit-stale", audited(on=NOW - 90 * DAY - timedelta(seconds=1))
    ),
    "of tomorrow": unknown("audit-from-the-future", audited(on=NOW + DAY)),
    "another metric": unknown(
        "metric-missing", audited(number(0.1, metric="overlap-disagreement-2"))
    ),
    "no numbers": unknown("metric-missing", accuracy(1), {**ACCURACY, "metric": "f1"}),
    "29 samples": unknown("sample-too-small", audited(number(0.1, 29))),
    "bad, but 29 samples": unknown("sample-too-small", audited(number(0.9, 29))),
    "no samples": unknown("sample-too-small", audited(number(0.0, 0))),
    "negative samples": unknown("sample-too-small", audited(number(0.0, -1))),
    "one small slice": unknown(
        "sample-too-small", audited(*EACH, number(0.1, 5, labeler=ANNE, day="1"))
    ),
    "poisoned labeler left out": unknown(
        "audit-incomplete", audited(*EACH, by=(ANNE, BERT, CARL)), COVER
    ),
    "only a class of one labeler": unknown(
        "audit-incomplete",
        audited(EACH[0], number(0.1, labeler=BERT, **{"class": "3"})),
        COVER,
    ),
    "somebody else in the slice": unknown(
        "audit-incomplete", audited(EACH[0], number(0.1, reviewer=BERT)), COVER
    ),
    "average only": unknown("audit-incomplete", audited(number(0.1)), COVER),
    "nobody on record to cover": unknown(
        "audit-incomplete", audited(*EACH, by=()), COVER
    ),
    "more than a signature": unknown(
        "assurance-too-low", audited(), minimum="verified"
    ),
    "labels only, step unknown": unknown("lineage-open", lambda w: w.data(), LABELS),
    "labels only, step claimed": unknown(
        "lineage-open", not_audited(kind="collect", signer=None), LABELS
    ),
    "labels only, label claimed": unknown(
        "audit-missing", not_audited(signer=None), LABELS
    ),
    "labels only, labelled": unknown("audit-missing", not_audited(), LABELS),
    "labels only, collected": case(
        not_audited(kind="collect"), "not-applicable", "no-such-step", LABELS
    ),
    "labels only, accepted": case(
        accepted_root, "not-applicable", "accepted-root", LABELS
    ),
    "accepted, but every node": unknown("audit-missing", accepted_root),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("required-audit", case)


PATHS = {
    "to the labeler": ("one slice above", ANNE),
    "to the labeler who audits": ("labeler audits", ANNE),
    "to whoever was left out": ("poisoned labeler left out", CARL),
    "to who it is attributed to": ("attributed, no step", AUDITOR.party),
}


@pytest.mark.parametrize(("name", "party"), PATHS.values(), ids=PATHS)
def test_the_path_leads_on_to_the_party(name, party):
    result = verify("required-audit", CASES[name])
    assert result.path[-1].node == f"party:{party}"
    assert result.path[0].label == "reviews"


def test_the_worst_of_all_is_told():
    numbers = (number(0.3, labeler=BERT), number(0.7, labeler=ANNE), number(0.99))
    result = verify("required-audit", failing(audited(*numbers)))
    assert result.actual.startswith("overlap-disagreement 0.7 (over 100, labeler ")
    assert result.actual.endswith("; 2 more")


def test_a_parents_audit_is_shown_where_it_is():
    result = verify("required-audit", CASES["the parent's"])
    assert [hop.label for hop in result.path][-1] == "reviews"
    assert "never inherited" in result.actual


def test_what_is_expected_names_the_policys_bounds():
    result = verify("required-audit", CASES["no audit"])
    assert result.expected == (
        "an audit 'label-consistency' of this digest by auditor: overlap-disagreement "
        "at most 0.2 on 30 samples or more, not older than 90 days"
    )
