"""ownership: who answers for it, by the word of whoever may say so."""

from __future__ import annotations

import pytest
from policy_builders import (
    ACME,
    ANNE,
    BERT,
    STRANGER,
    Case,
    policy_of,
    verify,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.nodes import Relation

ORG = "org:Acme data"


def made(*parties, role="owner", **details):
    """Data filtered by a step that names these parties."""

    def arrange(world):
        raw, data = world.data("raw"), world.data()
        world.accept("raw")
        by = [(role, party) for party in parties]
        world.step("filter", data, {"data": raw}, by=by, **details)
        return data

    return arrange


def said(*parties, signed=True):
    """Data whose BOM names the owners, without any step."""

    def arrange(world):
        data = world.data(source=ACME)
        for party in parties:
            node = world.build.party(party)
            world.build.edge(data, Relation.ATTRIBUTED_TO, node, "owner")
        if signed:
            world.bom(data)
        return data

    return arrange


def root(world):
    raw = world.data("raw")
    world.accept("raw")
    world.root = world.data()
    world.step("filter", world.root, {"data": raw})
    return raw


def accepted_artifact(world):
    node = world.data()
    world.accept("reviews")
    return node


def two_steps(world):
    data = world.data()
    for nth, owner in enumerate((ANNE, ORG), 1):
        world.step("filter", data, by=[("owner", owner)], nth=nth)
    return data


def case(arrange, status, reason, minimum="attested", **settings):
    return Case(arrange, status, reason, settings, minimum)


def good(arrange, **settings):
    return case(arrange, "pass", "owner-known", **settings)


CASES = {
    "person": good(made(ANNE)),
    "organisation": good(made(ORG)),
    "by its own BOM": good(said(ORG)),
    "listed": good(made(ANNE), owners=[ANNE, ORG]),
    "two, both listed": good(made(ANNE, ORG), owners=[ANNE, ORG]),
    "one, when one may be": good(made(ANNE), at_most=1),
    "one twice": good(two_steps, at_most=2),
    "software, when it may be": good(made("software:bot"), types=["software"]),
    "claimed, when that will do": good(said(ORG, signed=False), minimum="claimed"),
    "one more is only claimed": good(
        lambda world: _with_claim(world, made(ANNE), BERT), owners=[ANNE, BERT]
    ),
    "not listed": case(made(BERT), "fail", "owner-not-listed", owners=[ANNE]),
    "one of two not listed": case(
        made(ANNE, BERT), "fail", "owner-not-listed", owners=[ANNE]
    ),
    "look-alike": case(made("org:acme data"), "fail", "owner-not-listed", owners=[ORG]),
    "another registrar's person": case(
        made(STRANGER), "fail", "owner-not-listed", owners=[ANNE]
    ),
    "not listed, only claimed": case(
        said(BERT, signed=False), "fail", "owner-not-listed", owners=[ANNE]
    ),
    "software": case(made("software:bot@1"), "fail", "owner-not-answerable"),
    "software beside a person": case(
        made(ANNE, "software:bot"), "fail", "owner-not-answerable"
    ),
    "person, when only organisations count": case(
        made(ANNE), "fail", "owner-not-answerable", types=["org"]
    ),
    "nobody": case(made(), "unknown", "owner-missing"),
    "in another role": case(made(ANNE, role="writer"), "unknown", "owner-missing"),
    "accepted, but it is the artifact": case(
        accepted_artifact, "unknown", "owner-missing"
    ),
    "claimed": case(said(ORG, signed=False), "unknown", "assurance-too-low"),
    "record not signed": case(made(ANNE, signer=None), "unknown", "assurance-too-low"),
    "no record": case(made(ANNE, recorded=False), "unknown", "assurance-too-low"),
    "too many": case(made(ANNE, ORG), "unknown", "owners-too-many", at_most=1),
    "two steps, two owners": case(two_steps, "unknown", "owners-too-many", at_most=1),
    "accepted root": case(root, "not-applicable", "accepted-root"),
}


def _with_claim(world, arrange, party):
    node = arrange(world)
    world.build.edge(node, Relation.ATTRIBUTED_TO, world.build.party(party), "owner")
    return node


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("ownership", case)


def test_an_exception_for_one_owner_is_not_one_for_another():
    terms = {
        case(made(*parties), "fail", "", owners=[ANNE]).answer("ownership").term
        for parties in ((BERT,), (STRANGER,), (BERT, STRANGER), (ANNE, BERT))
    }
    assert terms == {BERT, STRANGER, f"{BERT} {STRANGER}"}


def test_the_path_leads_to_who_may_not_own_it():
    found = CASES["one of two not listed"].answer("ownership")
    assert found.path[-1].node == f"party:{BERT}"


REFUSED = {
    "no party": {"owners": ["Ada"]},
    "of a type that does not count": {"owners": ["software:bot"]},
    "nobody could own it": {"types": []},
    "unknown type": {"types": ["team"]},
    "none at all": {"at_most": 0},
}


@pytest.mark.parametrize("settings", REFUSED.values(), ids=REFUSED)
def test_settings_that_ask_nothing_are_refused(settings):
    with pytest.raises(PolicyInvalid):
        policy_of({"id": "r", "check": "ownership", "settings": settings})
