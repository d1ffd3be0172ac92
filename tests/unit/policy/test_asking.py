"""Which of several answers counts."""

from __future__ import annotations

import pytest

from aibom.lineage.assurance import Assurance, Level
from aibom.policy.asking import worst
from aibom.policy.context import fails, passes, unknown


def assured(level):
    return passes(level.word, assurance=Assurance(level, "said so"))


ORDERS = {
    "a fail before all": ([passes("a"), unknown("b"), fails("c")], "c"),
    "an unknown before a pass": ([passes("a"), unknown("b")], "b"),
    "the first of equals": ([fails("a"), fails("b")], "a"),
    "the least assured pass": (
        [assured(Level.VERIFIED), assured(Level.CLAIMED), assured(Level.ATTESTED)],
        "claimed",
    ),
    "one that says nothing of it": ([assured(Level.CLAIMED), passes("a")], "a"),
}


@pytest.mark.parametrize(("answers", "reason"), ORDERS.values(), ids=ORDERS)
def test_the_worst_answer_counts(answers, reason):
    assert worst(answers).reason == reason
