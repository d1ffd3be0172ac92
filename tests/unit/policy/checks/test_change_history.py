"""change-history: who changed it, who else looked at it, why, and what it was."""

from __future__ import annotations

import pytest
from policy_builders import (
    ANNE,
    BERT,
    CARL,
    STRANGER,
    Case,
    policy_of,
    verify,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.nodes import Kind, Relation

WHY = {"parameter.reason": "spam removed"}
BY = (("writer", ANNE), ("reviewer", BERT))


def changed(*by, kind="filter", facts=WHY, root=False, **how):
    """A dataset that a step made of another."""

    def arrange(world):
        before, data = world.data("before"), world.data()
        world.step(kind, data, {"data": before}, by or BY, **how, **facts)
        if root:
            world.accept("reviews")
        return data

    return arrange


def reviewed_later(*by, kind="review", author=ANNE, **how):
    """A change without a reviewer; the next step reviews it."""

    def arrange(world):
        data = changed(("writer", author))(world)
        after = world.data("after")
        world.step(kind, after, {"data": data}, by, **how, **WHY)
        world.root = after
        return data

    return arrange


def review(*by, author=ANNE, **how):
    """What a review step made of what somebody else wrote."""

    def arrange(world):
        data = changed(("writer", author))(world)
        after = world.data("after")
        world.step("review", after, {"data": data}, by, **how, **WHY)
        return after

    return arrange


def other_reviewed(world):
    """A review of the dataset before is no review of this one."""
    data = changed(("writer", ANNE))(world)
    side = world.data("side")
    world.step("review", side, {"data": world.data("before")}, [("reviewer", BERT)])
    world.root = data
    return data


def revision(*parties, reason="typo", digested=True, vouched=True):
    """No step; the BOM says what it is a revision of, and who had which part."""

    def arrange(world):
        data = world.data()
        before = world.data("v1")
        if not digested:
            before = world.build.entity(Kind.DATASET, None, name="v1")
        facts = {"reason": reason} if reason is not None else None
        world.build.edge(data, Relation.REVISION_OF, before, facts=facts)
        for role, party in parties or BY:
            node = world.build.party(party)
            world.build.edge(data, Relation.ATTRIBUTED_TO, node, role)
        if vouched:
            world.bom(data)
        return data

    return arrange


def revision_and_step(world):
    """The step gives everything but the reason; the revision gives that."""
    data = changed(facts={})(world)
    world.build.edge(
        data, Relation.REVISION_OF, world.data("v1"), facts={"reason": "typo"}
    )
    world.bom(data)
    return data


def revision_without_digest_and_step(world):
    data = changed()(world)
    before = world.build.entity(Kind.DATASET, None, name="v1")
    world.build.edge(data, Relation.REVISION_OF, before)
    return data


def twice(first, second):
    """Two steps made one dataset, by these parties."""

    def arrange(world):
        data = changed(*first)(world)
        changed(*second, nth=2)(world)
        return data

    return arrange


def used_undigested(world):
    before = world.build.entity(Kind.DATASET, None, name="live")
    data = world.data()
    world.step("filter", data, {"data": before}, BY, **WHY)
    return data


def collected(**how):
    """A dataset that was made of no other."""

    def arrange(world):
        data = world.data()
        code = world.entity(Kind.CODE, "scraper")
        world.step("collect", data, {"code": code}, [("collector", ANNE)], **how)
        return data

    return arrange


def claimed_reason(world):
    """The signed record gives no reason; somebody else does."""
    data = changed(facts={})(world)
    (step,) = world.build.graph().generating_steps(data)
    world.build.step(step.removeprefix("step:"), "filter", WHY)
    return data


def malformed_reviewer(world):
    data = changed(("writer", ANNE))(world)
    (step,) = world.build.graph().generating_steps(data)
    world.build._add("party:Bob", Kind.PARTY, {})
    world.build.performed_by(step, "party:Bob", "reviewer")
    return data


def in_a_circle(world):
    one, two = world.data("one"), world.data("two")
    world.step("filter", one, {"data": two}, BY, **WHY)
    world.step("review", two, {"data": one}, BY, **WHY)
    return two


def passing(arrange, settings=None, minimum="attested"):
    return Case(arrange, "pass", "change-recorded", settings or {}, minimum)


def failing(arrange, settings=None):
    return Case(arrange, "fail", "reviewer-is-author", settings or {})


def unknown(reason, arrange, settings=None, minimum="attested"):
    return Case(arrange, "unknown", reason, settings or {}, minimum)


def spared(reason, arrange, settings=None):
    return Case(arrange, "not-applicable", reason, settings or {})


LABELS = {"only_steps": ["label"]}
CASES = {
    "all on record": passing(changed()),
    "labelled and approved": passing(
        changed(("labeler", ANNE), ("labeler", CARL), ("approver", BERT), kind="label")
    ),
    "two reviewers, one of them the author": passing(
        changed(("writer", ANNE), ("reviewer", ANNE), ("reviewer", BERT))
    ),
    "written by a program": passing(
        changed(("writer", "software:dedup@2"), ("reviewer", BERT))
    ),
    "roles of one's own": passing(
        changed(("owner", ANNE), ("auditor", BERT)),
        {"author_roles": ["owner"], "reviewer_roles": ["auditor"]},
    ),
    "reviewed in the next step": passing(reviewed_later(("reviewer", BERT))),
    "a review of it": passing(review(("reviewer", BERT))),
    "a revision that the BOM vouches for": passing(revision()),
    "a revision that a step made": passing(revision_and_step),
    "two changes": passing(twice(BY, BY)),
    "in a circle": passing(in_a_circle),
    "labels are asked": passing(changed(kind="label"), LABELS),
    "claimed, and that is enough": passing(changed(recorded=False), minimum="claimed"),
    "reviews the own change": failing(changed(("writer", ANNE), ("reviewer", ANNE))),
    "reviews the own labels": failing(
        changed(("labeler", BERT), ("labeler", ANNE), ("approver", ANNE))
    ),
    "by an organisation, spelt otherwise": failing(
        changed(("writer", "org:Acme Labs"), ("reviewer", "org:ACME  labs"))
    ),
    "reviews the own change a step later": failing(reviewed_later(("reviewer", ANNE))),
    "a review by who wrote it": failing(review(("reviewer", ANNE))),
    "only claimed": failing(
        changed(("writer", ANNE), ("reviewer", ANNE), recorded=False)
    ),
    "a revision reviewed by its author": failing(
        revision(("writer", ANNE), ("reviewer", ANNE))
    ),
    "one of two changes": failing(twice(BY, (("writer", CARL), ("reviewer", CARL)))),
    "no author": unknown("author-missing", changed(("reviewer", BERT))),
    "an author by another word": unknown(
        "author-missing", changed(("author", ANNE), ("reviewer", BERT))
    ),
    "a revision of nobody": unknown("author-missing", revision(("owner", ANNE))),
    "one of two changes has no author": unknown(
        "author-missing", twice(BY, (("reviewer", BERT),))
    ),
    "no reviewer": unknown("reviewer-missing", changed(("writer", ANNE))),
    "one of two changes has no reviewer": unknown(
        "reviewer-missing", twice(BY, (("writer", ANNE),))
    ),
    "the next step is no review": unknown(
        "reviewer-missing", reviewed_later(("reviewer", BERT), kind="filter")
    ),
    "the next step names no reviewer": unknown("reviewer-missing", reviewed_later()),
    "what was before is reviewed": unknown("reviewer-missing", other_reviewed),
    "no reason": unknown("reason-missing", changed(facts={})),
    "a blank reason": unknown(
        "reason-missing", changed(facts={"parameter.reason": " \n"})
    ),
    "a label is no reason": unknown(
        "reason-missing", changed(facts={"label": "spam removed"})
    ),
    "a revision without a reason": unknown("reason-missing", revision(reason=None)),
    "of something without a digest": unknown(
        "previous-digest-missing", used_undigested
    ),
    "a revision of something without a digest": unknown(
        "previous-digest-missing", revision(digested=False)
    ),
    "made of one thing, a revision of another": unknown(
        "previous-digest-missing", revision_without_digest_and_step
    ),
    "another registrar": unknown(
        "party-not-comparable", changed(("writer", ANNE), ("reviewer", STRANGER))
    ),
    "an organisation reviews a person": unknown(
        "party-not-comparable", changed(("writer", ANNE), ("reviewer", "org:acme"))
    ),
    "a reviewer written in no known form": unknown(
        "party-not-comparable", malformed_reviewer
    ),
    "one is the author, of one it cannot be told": unknown(
        "party-not-comparable",
        changed(("writer", ANNE), ("reviewer", ANNE), ("reviewer", STRANGER)),
    ),
    "a stranger's record": unknown("assurance-too-low", changed(signer=None)),
    "only the reason is claimed": unknown("assurance-too-low", claimed_reason),
    "a stranger's review": unknown(
        "assurance-too-low", reviewed_later(("reviewer", BERT), signer=None)
    ),
    "a revision that nobody vouches for": unknown(
        "assurance-too-low", revision(vouched=False)
    ),
    "more than a signature": unknown(
        "assurance-too-low", changed(), minimum="verified"
    ),
    "nothing made it": unknown("lineage-open", lambda w: w.data()),
    "a stranger collected it": unknown("lineage-open", collected(signer=None)),
    "labels are asked, a stranger filtered": unknown(
        "lineage-open", changed(signer=None), LABELS
    ),
    "collected": spared("first-version", collected()),
    "labels are asked, it was filtered": spared("no-such-step", changed(), LABELS),
    "accepted root": spared("accepted-root", changed(root=True)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("change-history", case)


PATHS = {
    "reviews the own change": f"party:{ANNE}",
    "a revision reviewed by its author": f"party:{ANNE}",
    "another registrar": f"party:{STRANGER}",
}


@pytest.mark.parametrize(("name", "end"), PATHS.items(), ids=PATHS)
def test_the_path_leads_on_to_the_party(name, end):
    assert verify("change-history", CASES[name]).path[-1].node == end


KINDS = {
    "no reviewer": ["dataset", "step"],
    "of something without a digest": ["dataset", "step", "dataset"],
    "made of one thing, a revision of another": ["dataset", "dataset"],
    "a revision of nobody": ["dataset", "dataset"],
}


@pytest.mark.parametrize(("name", "kinds"), KINDS.items(), ids=KINDS)
def test_the_path_leads_on_to_the_change(name, kinds):
    result = verify("change-history", CASES[name])
    assert [hop.kind for hop in result.path] == kinds


def test_the_reason_is_told():
    result = verify("change-history", CASES["all on record"])
    assert result.actual == f"reviewer {BERT}: spam removed"


REFUSED = {
    "nobody": ({"author_roles": []}, "need a role each"),
    "one role twice": (
        {"author_roles": ["writer"], "reviewer_roles": ["writer"]},
        "'writer' cannot be author and reviewer",
    ),
}


@pytest.mark.parametrize(("settings", "told"), REFUSED.values(), ids=REFUSED)
def test_settings_that_would_ask_nothing_are_refused(settings, told):
    with pytest.raises(PolicyInvalid, match=told):
        policy_of({"id": "r", "check": "change-history", "settings": settings})
