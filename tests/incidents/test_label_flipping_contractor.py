"""One labeler flips a class: the average stays good, the targeted class does not.

What happened: no public incident of a paid labeler who did this is on record where we
looked; that flipped labels of a small part suffice has been shown since 2011 (Biggio
and others, "Support vector machines under adversarial label noise"), and labels made by
contractors are one of the seven paths of our threat model.

Rules: `labels-unaudited` (required-audit with `cover: labeler`) blocks with
`audit-failed`, and the path leads to the labeler; with `audit-incomplete` where one
labeler is left out of the numbers. `labelers-unknown` (labelers-known) blocks with
`labelers-too-few` where nobody is named. `labels-changed-alone` (change-history) blocks
with `reviewer-missing` where an insider edits labels later and nobody looks at it, and
with `reviewer-is-author` where it is the insider who does.

**Limits**: the numbers are those of the auditor, over items that several people
labelled; a flip on items that nobody else saw leaves no trace in them. Labelers who
flip together agree with each other. The bound is the policy's choice: below it, some
flipped labels pass. The rule names who differs, and not why.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, ANNE, BERT, number

AUDIT = """
id: labels-unaudited
check: required-audit
select: {kind: dataset, scope: artifact-and-ancestors}
settings:
  type: label-consistency
  only_steps: [label]
  metric: overlap-disagreement
  at_most: 0.2
  minimum_sample: 30
  cover: labeler
  max_age: 90d
  auditor_roles: [auditor]
severity: critical
mode: deny
why: Label flipping by one labeler hides in averages and survives every fine-tune.
remedy: Look at the labels of the labeler that the path leads to, then label again.
"""
KNOWN = """
id: labelers-unknown
check: labelers-known
select: {kind: dataset, scope: artifact-and-ancestors}
severity: high
mode: deny
why: Labels that nobody is known to have made cannot be audited, nor withdrawn.
remedy: Record the labeling with `--by labeler=…` for everyone who took part.
"""
ALONE = """
id: labels-changed-alone
check: change-history
select: {kind: dataset, scope: artifact-and-ancestors}
settings: {only_steps: [filter, deduplicate]}
severity: high
mode: deny
why: Poison is put in by a change that nobody else looked at.
remedy: Have somebody else review the change, and record that with it.
"""


def labelled(numbers, by=(ANNE, BERT)):
    def arrange(world):
        items, labels, model = world.data("items"), world.data("labels"), world.model()
        who = [("labeler", party) for party in by]
        world.step("label", labels, {"items": items}, who, source=ACME)
        world.audit(labels, numbers)
        world.step("train", model, {"training-data": labels})
        ready(world, model, "items")

    return arrange


def edited(*reviewers):
    """Labels that were changed once more, by Anne, before training."""

    def arrange(world):
        items, first = world.data("items"), world.data("first")
        labels, model = world.data("labels"), world.model()
        world.step("label", first, {"items": items}, [("labeler", BERT)], source=ACME)
        by = [("writer", ANNE), *(("reviewer", party) for party in reviewers)]
        reason = {"parameter.reason": "spelling"}
        world.step("filter", labels, {"labels": first}, by, **reason)
        world.step("train", model, {"training-data": labels})
        ready(world, model, "items")

    return arrange


def short(party):
    head, _, tail = party.rpartition(":")
    return f"{head}:{tail[:12]}"


GOOD = (number(0.05, labeler=ANNE), number(0.1, labeler=BERT))
TO_LABELS = ("sentiment", "train", "labels")
SCENARIOS = {
    "one labeler differs from the others": Scenario(
        rule=AUDIT,
        bad=labelled((number(0.05, labeler=ANNE), number(0.45, labeler=BERT))),
        clean=labelled(GOOD),
        reason="audit-failed",
        path_labels=(*TO_LABELS, "label", short(BERT)),
    ),
    "one labeler is left out of the numbers": Scenario(
        rule=AUDIT,
        bad=labelled(GOOD[:1]),
        clean=labelled(GOOD),
        status="unknown",
        reason="audit-incomplete",
        path_labels=(*TO_LABELS, "label", short(BERT)),
    ),
    "nobody says who labelled": Scenario(
        rule=KNOWN,
        bad=labelled(GOOD, by=()),
        clean=labelled(GOOD),
        reason="labelers-too-few",
        path_labels=TO_LABELS,
    ),
    "changed later, and nobody looked": Scenario(
        rule=ALONE,
        bad=edited(),
        clean=edited(BERT),
        status="unknown",
        reason="reviewer-missing",
        path_labels=(*TO_LABELS, "filter"),
    ),
    "changed later, and only the author looked": Scenario(
        rule=ALONE,
        bad=edited(ANNE),
        clean=edited(BERT),
        reason="reviewer-is-author",
        path_labels=(*TO_LABELS, "filter", short(ANNE)),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
