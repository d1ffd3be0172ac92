"""field-required: present means a value, and a value means more than a word."""

from __future__ import annotations

import pytest
from policy_builders import ACME, RELEASE, Case, policy_of, verify

from aibom.errors import PolicyInvalid
from aibom.lineage.build import GraphBuilder
from aibom.lineage.nodes import Kind, Origin
from aibom.policy.checks.field_required import FIELDS
from aibom.statement import REFERENCE_V01

BOTH = {"licence": "MIT", "source": ACME}


def stating(signer=RELEASE, **facts):
    """A dataset whose own BOM states these facts; a tuple states several values."""

    def arrange(world):
        data = world.data()
        for name, values in facts.items():
            for value in values if isinstance(values, tuple) else (values,):
                world.data(**{name: value})
        world.bom(data, signer)
        return data

    return arrange


def signed(said, **facts):
    """The graph states ``facts``; what the owner signed states ``said``."""

    def arrange(world):
        data = world.data(**facts)
        bom = GraphBuilder(Origin("bom"))
        bom._add(data, Kind.DATASET, said)
        world.say(REFERENCE_V01, data, RELEASE, bom.graph(), frozenset({data}))
        return data

    return arrange


def used_from(source, **how):
    def arrange(world):
        data = world.data(licence="MIT")
        world.bom(data)
        world.root = world.model()
        world.step("train", world.root, {"training-data": data}, source=source, **how)
        return data

    return arrange


def undigested(world):
    return world.build.entity(Kind.DATASET, None, name="x", licence="MIT", source=ACME)


def case(arrange, status, reason, minimum="attested", **settings):
    given = {"fields": ["licence", "source"], **settings}
    return Case(arrange, status, reason, given, minimum)


def missing(arrange, **settings):
    return case(arrange, "unknown", "field-missing", **settings)


ACCEPT = {"unknown": "accept"}
FAIL = {"unknown": "fail"}
CASES = {
    "both stated": case(stating(**BOTH), "pass", "fields-present"),
    "source on the edge": case(used_from(ACME), "pass", "fields-present"),
    "two sources, one unknown": case(
        stating(licence="MIT", source=(ACME, None)), "pass", "fields-present"
    ),
    "own field": case(
        stating(**BOTH, collected_on="2026-01-01"),
        "pass",
        "fields-present",
        own_fields=["collected-on"],
    ),
    "claimed is enough": case(
        stating(None, **BOTH), "pass", "fields-present", "claimed"
    ),
    "honest answer": case(
        stating(licence=None, source=ACME), "pass", "fields-present", **ACCEPT
    ),
    "honest answer, in a word": case(
        stating(licence="NOASSERTION", source=ACME), "pass", "fields-present", **ACCEPT
    ),
    "admitted, strict": case(
        stating(licence=None, source=ACME), "fail", "field-unknown", **FAIL
    ),
    "admitted and missing, strict": case(
        stating(licence=None), "fail", "field-unknown", **FAIL
    ),
    "nothing": missing(stating()),
    "one of two": missing(stating(licence="MIT")),
    "missing is not an answer": missing(stating(source=ACME), **ACCEPT),
    "empty": missing(stating(licence="", source=ACME)),
    "blank": missing(stating(licence=" \t", source=ACME)),
    "placeholder": missing(stating(licence="TBD", source=ACME)),
    "placeholder is not an answer": missing(
        stating(licence="n/a", source=ACME), **ACCEPT
    ),
    "own field missing": missing(stating(**BOTH), own_fields=["collected-on"]),
    "declared unknown": case(
        stating(licence=None, source=ACME), "unknown", "field-unknown"
    ),
    "said to be unknown": case(
        stating(licence="Unknown", source=ACME), "unknown", "field-unknown"
    ),
    "source declared unknown": case(
        stating(licence="MIT", source=None), "unknown", "field-unknown"
    ),
    "two licences": case(
        stating(licence=("MIT", "X"), source=ACME), "unknown", "contradicted"
    ),
    "known and unknown": case(
        stating(licence=("MIT", None), source=ACME), "unknown", "contradicted", **ACCEPT
    ),
    "placeholder beside a value": case(
        stating(licence=("MIT", "TBD"), source=ACME), "unknown", "contradicted"
    ),
    "two placeholders": case(
        stating(licence=("TBD", "todo"), source=ACME), "unknown", "contradicted"
    ),
    "owner signed another": case(
        signed({"licence": "X", "source": ACME}, **BOTH), "unknown", "contradicted"
    ),
    "owner knows what is called unknown": case(
        signed({"licence": "X"}, licence=None, source=ACME),
        "unknown",
        "contradicted",
        **ACCEPT,
    ),
    "stranger says so": case(stating(None, **BOTH), "unknown", "assurance-too-low"),
    "owner signed less": case(
        signed({"source": ACME}, **BOTH), "unknown", "assurance-too-low"
    ),
    "unsigned edge": case(
        used_from(ACME, recorded=False), "unknown", "assurance-too-low"
    ),
    "admitted by nobody": case(
        stating(None, licence=None, source=ACME),
        "unknown",
        "assurance-too-low",
        **ACCEPT,
    ),
    "without a digest": case(undigested, "unknown", "assurance-too-low"),
    "hashing is not stating": case(
        stating(**BOTH), "unknown", "assurance-too-low", "verified"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("field-required", case)


REFUSED = {
    "misspelt": ({"fields": ["licens"]}, "did you mean 'licence'"),
    "american": ({"fields": ["license"]}, "did you mean 'licence'"),
    "of a step": ({"fields": ["parameter.seed"]}, "unknown field"),
    "none": ({"fields": []}, "is an empty list"),
    "left out": ({}, "is missing"),
    "own, no name": ({"fields": ["name"], "own_fields": ["A b"]}, "is not a field"),
    "another word": ({"fields": ["name"], "unknown": "pass"}, "is not one of"),
}


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=REFUSED)
def test_a_rule_that_asks_for_nothing_that_exists_is_refused(settings, message):
    rule = {"id": "rule", "check": "field-required", "settings": settings}
    with pytest.raises(PolicyInvalid, match=message):
        policy_of(rule)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_that_may_be_asked_for_can_be_carried(name):
    value = ACME if name == "source" else "abc"
    given = {name.replace("-", "_"): value}
    verify(
        "field-required",
        Case(stating(**given), "pass", "fields-present", {"fields": [name]}),
    )


def test_it_is_told_what_is_lacking():
    result = CASES["nothing"].answer("field-required")
    assert result.actual == "nothing states: licence, source"
