"""bytes-match: only bytes that were hashed in this run are known."""

from __future__ import annotations

import pytest
from policy_builders import Case, digest, verify


def hashed(world):
    world.recomputed.add(digest("sentiment"))
    return world.model()


def hashed_but_only_by_its_parent(world):
    world.recomputed.add(digest("base"))
    return world.model()


def signed_but_not_hashed(world):
    model = world.model()
    world.bom(model)
    return model


def dry_run(world):
    world.bytes_checked = False
    return world.model()


def an_ancestor(world):
    data = world.data()
    world.root = hashed(world)
    world.step("train", world.root, {"training-data": data})
    return data


CASES = {
    "hashed": Case(hashed, "pass", "bytes-match"),
    "hashed, verified asked": Case(hashed, "pass", "bytes-match", {}, "verified"),
    "parent hashed": Case(hashed_but_only_by_its_parent, "unknown", "bytes-not-hashed"),
    "signed only": Case(signed_but_not_hashed, "unknown", "bytes-not-hashed"),
    "dry run": Case(dry_run, "not-applicable", "bytes-not-read"),
    "ancestor": Case(an_ancestor, "not-applicable", "not-the-artifact"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("bytes-match", case)


def test_a_pass_names_the_digest():
    result = verify("bytes-match", CASES["hashed"])
    assert (result.actual, result.assurance) == (str(digest("sentiment")), "verified")


ADVICE = {
    "bytes-not-hashed": "Gate the artifact itself",
}


@pytest.mark.parametrize(("reason", "advice"), ADVICE.items(), ids=ADVICE)
def test_the_next_step_is_for_the_reason(reason, advice):
    case = next(case for case in CASES.values() if case.reason == reason)
    assert advice in verify("bytes-match", case).remedy
