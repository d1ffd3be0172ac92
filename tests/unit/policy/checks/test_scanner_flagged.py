"""scanner-flagged: what a hub's scanners say counts against, and never for."""

from __future__ import annotations

import pytest
from policy_builders import Case, verify

FIELD = "scanner-flagged"


def flagged(*texts, signed=True):
    """A model of which a hub says this; None is declared unknown."""

    def arrange(world):
        model = world.model()
        for text in texts:
            world.model(**{FIELD: text})
        if signed:
            world.bom(model)
        world.root = model
        return model

    return arrange


def case(arrange, status, reason, minimum="attested", **settings):
    return Case(arrange, status, reason, settings, minimum)


CAUTION = {"accept": ["caution"]}
CASES = {
    "unsafe": case(flagged("model.bin: unsafe"), "fail", "scanner-flagged"),
    "only-claimed": case(
        flagged("model.bin: unsafe", signed=False), "fail", "scanner-flagged"
    ),
    "a-word-nobody-knows": case(
        flagged("model.bin: infected"), "fail", "scanner-flagged", **CAUTION
    ),
    "no-level": case(flagged("model.bin"), "fail", "scanner-flagged", **CAUTION),
    "accepted": case(
        flagged("a.bin: caution, b.bin: caution"), "pass", "flags-accepted", **CAUTION
    ),
    "one-of-two": case(
        flagged("a.bin: caution, b.bin: unsafe"), "fail", "scanner-flagged", **CAUTION
    ),
    "path-with-a-level-in-it": case(
        flagged("x: caution, evil.bin: unsafe"), "fail", "scanner-flagged", **CAUTION
    ),
    "path-that-ends-in-one": case(
        flagged("x: caution: unsafe"), "fail", "scanner-flagged", **CAUTION
    ),
    "more-than-are-named": case(
        flagged("a.bin: caution, 100 more"), "fail", "scanner-flagged", **CAUTION
    ),
    "accepted-and-claimed": case(
        flagged("a.bin: caution", signed=False),
        "unknown",
        "assurance-too-low",
        **CAUTION,
    ),
    "accepted-by-one-of-two-readers": case(
        flagged("a.bin: caution", "a.bin: unsafe"), "fail", "scanner-flagged", **CAUTION
    ),
    "scanners-not-done": case(
        flagged(None), "unknown", "scan-not-done", unscanned="unknown"
    ),
    "scanners-not-done-ignored": case(flagged(None), "not-applicable", "not-scanned"),
    "nothing-said": case(flagged(), "not-applicable", "nothing-flagged"),
    "unknown-and-flagged": case(
        flagged(None, "a.bin: unsafe"), "fail", "scanner-flagged"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_case(case):
    verify("scanner-flagged", case)
