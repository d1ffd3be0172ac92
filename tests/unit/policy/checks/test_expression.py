"""expression: a condition of the policy's own, in CEL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from policy_builders import ACME, ANNE, PIPELINE, Case, digest, verify

from aibom.lineage.nodes import Kind

EVIL = "pkg:huggingface/acme-evil/reviews@" + "4f0c" * 10
MIRROR = f"{ACME}?repository_url=https://evil.example"


def stated(licence="mit", signed=True, **facts):
    """A dataset of which the record of its step states these facts."""

    def arrange(world):
        data = world.data(licence=licence, **facts)
        if signed:
            world.step("collect", data, signer=PIPELINE)
            again_stated(world, data)
        return data

    return arrange


def again_stated(world, name):
    """The BOM of it says the same, signed."""
    world.bom(name)
    make = world.evidence.pop()

    def statement(whole):
        return replace(make(whole), graph=whole)

    world.evidence.append(statement)


def from_sources(*sources, signed=True):
    def arrange(world):
        data = world.data()
        for source in sources:
            world.data(source=source)
        if signed:
            again_stated(world, data)
        return data

    return arrange


def lineage(recorded=True, licence="mit", parties=True):
    """A model trained on an accepted dataset that somebody labelled."""

    def arrange(world):
        data, model = world.data(licence=licence), world.model()
        again_stated(world, data)
        world.accept("reviews")
        by = [("labeler", ANNE)] if parties else []
        world.step("train", model, {"training-data": data}, by, recorded=recorded)
        return model

    return arrange


def accepted(world):
    data, world.root = world.data(), world.model()
    world.accept("reviews")
    world.step("train", world.root, {"training-data": data})
    return data


def cycle(world):
    one, other = world.data("one", licence="mit"), world.data("other", licence="mit")
    world.step("filter", one, {"training-data": other})
    world.step("filter", other, {"training-data": one})
    return one


def undigested(world):
    return world.build.entity(Kind.DATASET, None, name="reviews")


def both(one, other):
    def arrange(world):
        one(world)
        return other(world)

    return arrange


def case(arrange, status, reason, expression, minimum="attested", **settings):
    return Case(
        arrange, status, reason, {"expression": expression, **settings}, minimum
    )


MIT = '"mit" in node.licence()'
FROM_ACME = 'node.only_sources(["pkg:huggingface/acme"])'
ALL_MIT = 'node.ancestors().all(a, "mit" in a.licence())'

CASES = {
    "true": case(stated(), "pass", "expression-true", MIT),
    "false": case(stated("gpl-3.0"), "fail", "expression-false", MIT),
    "a claim, where that is enough": case(
        stated(signed=False), "pass", "expression-true", MIT, "claimed"
    ),
    "a claim, where it is not": case(
        stated(signed=False), "unknown", "assurance-too-low", MIT
    ),
    "a claim that fails": case(
        stated("gpl-3.0", signed=False), "fail", "expression-false", MIT
    ),
    "more than a signature": case(
        stated(), "unknown", "assurance-too-low", MIT, "verified"
    ),
    "missing is false": case(stated(None), "fail", "expression-false", MIT),
    "missing, when asked to say so": case(
        stated(None), "unknown", "field-missing", MIT, unknown_if_missing=["licence"]
    ),
    "no source, when asked to say so": case(
        stated(), "unknown", "field-missing", MIT, unknown_if_missing=["source"]
    ),
    "not missing": case(
        stated(), "pass", "expression-true", MIT, unknown_if_missing=["licence"]
    ),
    "missing never passes": case(
        stated(None), "unknown", "assurance-too-low", f"!({MIT})", "claimed"
    ),
    "missing never passes beside what holds": case(
        stated(None),
        "unknown",
        "assurance-too-low",
        f'{MIT} || node.kind() == "dataset"',
        "claimed",
    ),
    "what holds first is enough": case(
        stated(None), "pass", "expression-true", f'node.kind() == "dataset" || {MIT}'
    ),
    "two values": case(
        both(stated("gpl-3.0"), stated()),
        "unknown",
        "assurance-too-low",
        MIT,
        "claimed",
    ),
    "the weakest counts": case(
        both(stated(description="ours", signed=False), stated()),
        "pass",
        "expression-true",
        f'{MIT} && "ours" in node.facts("description")',
    ),
    "assurance can be asked for": case(
        stated(signed=False),
        "fail",
        "expression-false",
        'node.assurance("licence") == "attested"',
    ),
    "assurance of what has several": case(
        from_sources(ACME),
        "pass",
        "expression-true",
        'node.assurance("source") == "attested" && node.assurance("digest") != "none"',
    ),
    "source": case(from_sources(ACME), "pass", "expression-true", FROM_ACME),
    "look-alike source": case(
        from_sources(EVIL), "fail", "expression-false", FROM_ACME
    ),
    "one of two sources": case(
        from_sources(ACME, EVIL), "fail", "expression-false", FROM_ACME
    ),
    "source elsewhere": case(
        from_sources(MIRROR), "fail", "expression-false", FROM_ACME
    ),
    "no source": case(from_sources(), "fail", "expression-false", FROM_ACME),
    "not a source": case(
        from_sources("acme/reviews"), "fail", "expression-false", FROM_ACME
    ),
    "has a source among others": case(
        from_sources(ACME, EVIL),
        "pass",
        "expression-true",
        'node.has_source("pkg:huggingface/acme-evil")',
    ),
    "type alone": case(
        from_sources(ACME),
        "pass",
        "expression-true",
        'node.only_sources(["pkg:oci", "pkg:huggingface"])',
    ),
    "revision": case(
        from_sources(ACME), "fail", "expression-false", f'node.has_source("{ACME}1")'
    ),
    "no source cannot pass": case(
        stated(),
        "unknown",
        "assurance-too-low",
        '!node.has_source("pkg:huggingface/acme-evil")',
    ),
    "ancestors": case(lineage(), "pass", "expression-true", ALL_MIT),
    "a bad ancestor": case(
        lineage(licence="gpl-3.0"), "fail", "expression-false", ALL_MIT
    ),
    "open lineage": case(
        lineage(recorded=False), "unknown", "lineage-open", ALL_MIT, "claimed"
    ),
    "nothing upstream is no answer": case(
        stated(signed=False), "unknown", "lineage-open", ALL_MIT, "claimed"
    ),
    "a bad ancestor, lineage open": case(
        lineage(recorded=False, licence="gpl-3.0"), "fail", "expression-false", ALL_MIT
    ),
    "steps": case(
        lineage(),
        "pass",
        "expression-true",
        'node.steps().all(s, "train" in s.facts("step")) && size(node.steps()) == 1',
    ),
    "parties": case(
        lineage(),
        "pass",
        "expression-true",
        f'node.parties("labeler").exists(p, p.id() == "party:{ANNE}" || p == node)',
        "claimed",
    ),
    "parties of a step": case(
        lineage(),
        "pass",
        "expression-true",
        'node.steps().all(s, size(s.parties("labeler")) == 1)',
    ),
    "nobody in that role": case(
        lineage(parties=False),
        "pass",
        "expression-true",
        'size(node.parties("labeler")) == 0',
    ),
    "nobody on record of the node itself": case(
        stated(signed=False),
        "unknown",
        "lineage-open",
        'size(node.parties("labeler")) == 0',
        "claimed",
    ),
    "nobody on record of an accepted root": case(
        accepted,
        "unknown",
        "assurance-too-low",
        'size(node.parties("labeler")) == 0',
        "claimed",
    ),
    "a cycle": case(cycle, "unknown", "lineage-open", ALL_MIT, "claimed"),
    "an error that is swallowed, over what is missing": case(
        stated(None),
        "unknown",
        "assurance-too-low",
        'node.licence()[0] == "mit" || node == node',
        "claimed",
    ),
    "what the content is": case(
        stated(),
        "pass",
        "expression-true",
        f'node.digest() == "{digest("reviews")}" && node.id() != ""',
    ),
    "undigested": case(
        undigested, "unknown", "assurance-too-low", 'node.digest() == ""', "claimed"
    ),
    "names and sources": case(
        from_sources(ACME),
        "pass",
        "expression-true",
        'node.names() == ["reviews"] && node.sources().all(s, s.startsWith("pkg:"))',
    ),
    "artifact": case(stated(), "pass", "expression-true", "node == artifact"),
    "time": case(
        stated(),
        "fail",
        "expression-false",
        'node == artifact && now < timestamp("2026-11-21T00:00:00Z")',
    ),
    "pattern": case(
        stated(),
        "pass",
        "expression-true",
        'node.licence().all(l, l.matches("^(a+)+$|^mit$"))',
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("expression", case)


def test_a_failure_tells_the_expression_and_what_was_found():
    found = verify("expression", CASES["false"])
    assert found.expected == MIT
    assert found.actual == "reviews: licence gpl-3.0"


def test_a_message_stands_for_the_expression():
    words = case(
        stated("gpl-3.0"), "fail", "expression-false", MIT, message="under MIT"
    )
    assert verify("expression", words).expected == "under MIT"


def test_the_weakest_fact_is_named():
    found = verify("expression", CASES["a claim, where that is enough"])
    assert (found.assurance, found.basis) == (
        "claimed",
        "reviews: licence: stated by bom, not attested",
    )


def many(count):
    def arrange(world):
        model = world.model()
        datas = [world.data(f"d{number}") for number in range(count)]
        step = world.step("train", model)
        for data in datas:
            world.build.used(step, data, "training-data")
        return model

    return arrange


BROKEN = {
    "nested loops": (
        many(110),
        "node.ancestors().all(a, node.ancestors().all(b, a == a))",
        "expression-over-budget",
    ),
    "nested loops beside what holds": (
        many(110),
        "node.ancestors().all(a, node.ancestors().all(b, a == a)) || node == node",
        "expression-over-budget",
    ),
    "too many answers beside what holds": (
        many(30),
        "node.ancestors().all(a, artifact.ancestors().map(b, artifact.ancestors())"
        ".size() < 99) || node == node",
        "expression-over-budget",
    ),
    "long texts beside what holds": (
        stated("mit" * 10_000_000, signed=False),
        f"{MIT} || node == node",
        "expression-over-budget",
    ),
    "index": (stated(None), 'node.licence()[0] == "mit"', "expression-broke"),
    "division": (stated(None), "1 / size(node.licence()) == 1", "expression-broke"),
    "conversion": (stated(), "int(node.licence()[0]) == 1", "expression-broke"),
    "key": (stated(), '{"a": node}["b"] == node', "expression-broke"),
    "overflow": (
        stated(),
        "size(node.licence()) + 9223372036854775807 > 0",
        "expression-broke",
    ),
}


@pytest.mark.parametrize(
    ("arrange", "expression", "reason"), BROKEN.values(), ids=BROKEN
)
def test_what_breaks_is_an_error_result(arrange, expression, reason):
    verify("expression", case(arrange, "error", reason, expression))


HOSTILE = {
    "surrogate": "mit\ud800",
    "null": "mit\x00",
    "null and more": "mit\x00gpl-3.0",
    "newline": "mit\n",
    "long": "mit" * 100_000,
    "other script": "m\u0456t",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_texts_of_documents_stay_texts(value):
    verify("expression", case(stated(value), "fail", "expression-false", MIT))
