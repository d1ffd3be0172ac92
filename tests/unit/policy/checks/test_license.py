"""license: what is stated, read as SPDX; what is not said is never allowed."""

from __future__ import annotations

import pytest
from policy_builders import ACME, RELEASE, Case, policy_of, verify

from aibom.errors import PolicyInvalid
from aibom.lineage.build import GraphBuilder
from aibom.lineage.evidence import Signer
from aibom.lineage.nodes import Origin
from aibom.statement import REFERENCE_V01

LISTS = {"allow": ["MIT", "Apache-2.0"], "deny": ["AGPL-3.0-only"]}


def stating(*texts, signer=RELEASE):
    """A dataset whose own BOM states these licences; None is "unknown"."""

    def arrange(world):
        data = world.data()
        for text in texts:
            world.data(licence=text)
        world.bom(data, signer)
        return data

    return arrange


def signed_otherwise(world):
    """The graph says MIT; what the owner signed says something else."""
    data = world.data(licence="MIT")
    signed = GraphBuilder(Origin("bom"))
    signed._add(data, world.build.graph().nodes[data].kind, {"licence": "X"})
    world.say(REFERENCE_V01, data, RELEASE, signed.graph(), frozenset({data}))
    return data


def made(of=None, root="sentiment", facts=(), **how):
    """A dataset that a step generated, on the way to a model or the artifact itself."""

    def arrange(world):
        raw = world.data("raw", licence="MIT")
        data = world.data(**dict(facts))
        world.step("filter", data, {"data": raw}, **how)
        world.root = data
        if root:
            world.root = world.model(root)
            world.step("train", world.root, {"training-data": data}, source=of)
        return data

    return arrange


def case(arrange, status, reason, minimum="attested", **settings):
    return Case(arrange, status, reason, {**LISTS, **settings}, minimum)


def says(text, status, reason, **settings):
    return case(stating(text), status, reason, **settings)


def is_not_spdx(text):
    return says(text, "unknown", "licence-not-spdx")


CASES = {
    "id": says("MIT", "pass", "licence-accepted"),
    "another case": says("apache-2.0", "pass", "licence-accepted"),
    "one choice": says("MIT OR AGPL-3.0-only", "pass", "licence-accepted"),
    "all of them": says("MIT AND Apache-2.0", "pass", "licence-accepted"),
    "any licence": Case(stating("X"), "pass", "licence-accepted"),
    "only a deny list": says("X", "pass", "licence-accepted", allow=[]),
    "claimed is enough": case(
        stating("MIT", signer=None), "pass", "licence-accepted", "claimed"
    ),
    "made here, still judged": case(
        made(facts={"licence": "X"}.items(), signer=None),
        "fail",
        "licence-not-allowed",
    ),
    "denied": says("AGPL-3.0-only", "fail", "licence-denied"),
    "denied and allowed": says("MIT AND AGPL-3.0-only", "fail", "licence-denied"),
    "denied with exception": says("AGPL-3.0-only WITH x", "fail", "licence-denied"),
    "denied by a stranger's word": case(
        stating("AGPL-3.0-only", signer=None), "fail", "licence-denied"
    ),
    "not listed": says("CC-BY-NC-4.0", "fail", "licence-not-allowed"),
    "listed and not": says("MIT AND X", "fail", "licence-not-allowed"),
    "exception not listed": says("MIT WITH x", "fail", "licence-not-allowed"),
    "longer id": says("MIT-0", "fail", "licence-not-allowed"),
    "none": says("NONE", "fail", "licence-none"),
    "unknown, strict": case(stating(None), "fail", "licence-unknown", unknown="fail"),
    "nothing said": case(stating(), "unknown", "licence-missing"),
    "declared unknown": case(stating(None), "unknown", "licence-unknown"),
    "no assertion": says("NOASSERTION", "unknown", "licence-unknown"),
    "word of a hub": says("other", "unknown", "licence-unknown"),
    "prose": is_not_spdx("Apache License 2.0"),
    "look-alike": is_not_spdx("МIT"),  # noqa: RUF001
    "nested without end": is_not_spdx("(" * 100_000 + "MIT"),
    "long": is_not_spdx("MIT OR " * 100_000 + "MIT"),
    "control characters": is_not_spdx("MIT\x1b[2J"),
    "blank": is_not_spdx("  "),
    "surrogate": is_not_spdx("\udcff"),
    "two licences": case(stating("MIT", "Apache-2.0"), "unknown", "contradicted"),
    "known and unknown": case(stating("MIT", None), "unknown", "contradicted"),
    "signed otherwise": case(signed_otherwise, "unknown", "contradicted"),
    "stranger says so": case(
        stating("MIT", signer=None), "unknown", "assurance-too-low"
    ),
    "made, only claimed": case(made(signer=None), "unknown", "licence-missing"),
    "made, but taken from elsewhere": case(made(of=ACME), "unknown", "licence-missing"),
    "made, and asked": case(made(), "unknown", "licence-missing", generated=True),
    "the artifact": case(made(root=None), "unknown", "licence-missing"),
    "made here": case(made(), "not-applicable", "generated-by-a-step"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("license", case)


@pytest.mark.parametrize("name", ["MIT OR X", "Apache 2", "(MIT)", "MIT*"])
@pytest.mark.parametrize("setting", ["allow", "deny"])
def test_a_list_holds_licences(setting, name):
    rule = {"id": "rule", "check": "license", "settings": {setting: [name]}}
    with pytest.raises(PolicyInvalid, match="is not one SPDX licence"):
        policy_of(rule)


def test_a_long_text_is_cut_in_the_answer():
    result = CASES["nested without end"].answer("license")
    assert len(result.actual) < 300


def test_other_signers_do_not_matter():
    other = Signer("acme-pipeline", "pipeline", "software:builder")
    verify("license", case(stating("MIT", signer=other), "pass", "licence-accepted"))
