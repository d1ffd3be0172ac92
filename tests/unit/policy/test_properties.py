"""What no lineage, evidence, advisory, exception, mode or tier can do to a decision.

Each property is asked of arbitrary worlds (:mod:`policy_worlds`) with every check in
play. The chance is fixed, so a run in CI is the same run each time.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_builders import policy_of
from policy_changes import (
    EXITS,
    advised,
    an_advisory,
    answers_by_key,
    disowned,
    exceptions_for,
    fingerprints_of_worlds,
    judged,
    shuffled,
    some_rules,
    with_ancestor,
    with_sources,
    without,
)
from policy_worlds import a_world

from aibom.lineage.evidence import Evidence
from aibom.policy.checks import CHECKS
from aibom.policy.context import Context
from aibom.policy.engine import evaluate
from aibom.verdict import Mode, Status, Tier
from tests.unit.policy.test_engine import OTHERS, RULES

POLICY = policy_of(*RULES, *OTHERS)
HELD = settings(max_examples=100, deadline=None, derandomize=True, database=None)
CHANCE = st.integers(0, 2**32).map(Random)
NOT_GOOD = (Status.FAIL, Status.UNKNOWN, Status.ERROR)
#: Where a policy has nothing to say, a gate says no; more rules may well say yes.
SILENT = ("nothing-in-force", "nothing-applicable")


def strictness(code: int) -> int:
    return EXITS.index(code)


def with_advisories(random: Random, context: Context) -> Context:
    count = random.randint(0, 3)
    return advised(
        context, [an_advisory(random, context, f"A-{n}") for n in range(count)]
    )


def speaks_against(item: Evidence) -> bool:
    """Whether a statement is the bad news itself, and no support for anything."""
    numbers = item.audit.measurements if item.audit else ()
    said = item.verdict
    return any(n.value > 0.2 for n in numbers) or (
        said is not None and (not said.passed or said.report_only)
    )


def test_every_check_is_in_play_and_can_be_content() -> None:
    """Otherwise a property of all rules would be one of some."""
    assert {rule.check.id for rule in POLICY.rules} == set(CHECKS)
    found: dict[Status, set[str]] = {status: set() for status in Status}
    for seed in range(400):
        for result in evaluate(a_world(Random(seed)).context(), POLICY, Tier.HIGH):
            found[result.status].add(result.check)
    assert not found[Status.ERROR]
    assert found[Status.UNKNOWN] | found[Status.FAIL] == set(CHECKS)
    assert found[Status.PASS] == set(CHECKS)


@HELD
@given(CHANCE)
def test_a_blocked_ancestor_never_makes_a_fail_a_pass(random: Random) -> None:
    """One more ancestor, which an advisory names, wherever in the lineage it is.

    What blocked still blocks as a whole. Where the artifact itself comes from it, it is
    denied for that.
    """
    context = a_world(random).context()
    places = [
        name
        for name in (context.root, *context.walk.reached)
        if not name.startswith("party:")
    ]
    place = random.choice(places)
    grown, digest = with_ancestor(context, place)
    affects = {"digests": [digest]}
    item = {"id": "P", "summary": "poison", "published": "2026-11-01"}
    before = judged(context, POLICY)
    after = judged(advised(grown, [{**item, "affects": affects}]), POLICY)
    new = answers_by_key(after.results)
    for key, result in answers_by_key(before.results).items():
        if result.status is Status.FAIL:
            assert new[key].status is not Status.PASS, (key, result.reason)
    assert before.code == 0 or after.code != 0
    if place == context.root:
        assert new["ancestor-tainted", place].reason == "tainted-ancestor"
        assert after.code == 10


@HELD
@given(CHANCE)
def test_a_blocked_source_never_makes_anything_pass(random: Random) -> None:
    context = a_world(random).context()
    trusted = {
        "match": {"type": "huggingface", "namespace": "acme"},
        "trust": "trusted",
    }
    where = random.choice(("acme", "forum"))
    blocked = {"match": {"type": "huggingface", "namespace": where}, "trust": "blocked"}
    listed = random.sample([trusted, blocked], 2)
    before = judged(with_sources(context, [trusted]), POLICY)
    after = judged(with_sources(context, listed), POLICY)
    new = answers_by_key(after.results)
    for key, result in answers_by_key(before.results).items():
        if result.status in NOT_GOOD:
            assert new[key].status is not Status.PASS, (key, result.reason)
    assert strictness(after.code) >= strictness(before.code)


@HELD
@given(CHANCE)
def test_taking_support_away_never_makes_anything_pass(random: Random) -> None:
    """Neither a rule nor the whole; also beside exceptions, advisories and tiers.

    Support is all evidence but audits with numbers beyond the bounds, and verdicts that
    did not let something through: those are the finding itself, and where the finding
    goes, another audit may well be content.
    """
    context = with_advisories(random, a_world(random).context())
    policy, tier = some_rules(random, POLICY), random.choice(list(Tier))
    entries = exceptions_for(random, context, evaluate(context, policy, tier))
    support = [
        place
        for place, item in enumerate(context.evidence.items)
        if not speaks_against(item)
    ]
    gone = random.sample(support, random.randint(0, len(support)))
    before = judged(context, policy, tier, entries)
    after = judged(without(context, gone), policy, tier, entries)
    new = answers_by_key(after.results)
    for key, result in answers_by_key(before.results).items():
        if result.status in NOT_GOOD:
            assert key not in new or new[key].status is not Status.PASS, key
    assert before.code == 0 or after.code != 0 or before.reason in SILENT


@HELD
@given(CHANCE)
def test_what_strangers_say_never_makes_anything_pass(random: Random) -> None:
    """Whoever may put files into the evidence, without being an allowed signer.

    What they say is as good as not said, be it what an allowed signer would say.
    """
    context = a_world(random).context()
    items = context.evidence.items
    theirs = {place for place, item in enumerate(items) if not item.trusted}
    theirs |= set(random.sample(range(len(items)), min(len(items), 2)))
    before = judged(without(context, theirs), POLICY)
    after = judged(disowned(context, theirs), POLICY)
    new = answers_by_key(after.results)
    for key, result in answers_by_key(before.results).items():
        if result.status in NOT_GOOD:
            assert new[key].status in NOT_GOOD, (key, result.reason)
    assert strictness(after.code) >= strictness(before.code)


@HELD
@given(CHANCE)
def test_an_advisory_never_makes_anything_milder(random: Random) -> None:
    context = a_world(random).context()
    policy, tier = some_rules(random, POLICY), random.choice(list(Tier))
    items = [
        an_advisory(random, context, f"A-{n}") for n in range(random.randint(1, 4))
    ]
    fewer = advised(context, items[:-1])
    entries = exceptions_for(random, fewer, evaluate(fewer, policy, tier))
    before = judged(fewer, policy, tier, entries)
    after = judged(advised(context, items), policy, tier, entries)
    new = answers_by_key(after.results)
    for key, result in answers_by_key(before.results).items():
        if result.status in NOT_GOOD:
            assert new[key].status in NOT_GOOD, (key, result.reason)
    assert strictness(after.code) >= strictness(before.code)


@HELD
@given(CHANCE)
def test_a_stricter_mode_never_lowers_the_exit(random: Random) -> None:
    """One rule in a stricter mode; but a policy that said nothing may begin to."""
    context = with_advisories(random, a_world(random).context())
    policy, tier = some_rules(random, POLICY), random.choice(list(Tier))
    place = random.randrange(len(policy.rules))
    rule = policy.rules[place]
    stricter = list(Mode)[: list(Mode).index(rule.mode[tier]) + 1]
    changed = replace(rule, mode={**rule.mode, tier: random.choice(stricter)})
    rules = (*policy.rules[:place], changed, *policy.rules[place + 1 :])
    tightened = replace(policy, rules=rules)
    entries = exceptions_for(random, context, evaluate(context, tightened, tier))
    before = judged(context, policy, tier, entries)
    after = judged(context, tightened, tier, entries)
    assert before.reason in SILENT or strictness(after.code) >= strictness(before.code)


@HELD
@given(CHANCE)
def test_a_higher_tier_never_lowers_the_exit(random: Random) -> None:
    """Also with exceptions; but a policy that said nothing may begin to."""
    context = with_advisories(random, a_world(random).context())
    policy = some_rules(random, POLICY)
    higher, tier = sorted(random.choices(list(Tier), k=2), key=list(Tier).index)
    entries = exceptions_for(random, context, evaluate(context, policy, tier))
    before = judged(context, policy, tier, entries)
    after = judged(context, policy, higher, entries)
    assert before.reason in SILENT or strictness(after.code) >= strictness(before.code)


@HELD
@given(CHANCE)
def test_order_never_matters(random: Random) -> None:
    """Nodes, edges, evidence, data, rules, advisories and exceptions in any order."""
    plain = a_world(random).context()
    items = [an_advisory(random, plain, f"A-{n}") for n in range(3)]
    context = advised(plain, items)
    other = advised(plain, random.sample(items, 3))
    entries = exceptions_for(random, context, evaluate(context, POLICY, Tier.HIGH))
    turned = replace(
        POLICY, rules=tuple(random.sample(POLICY.rules, len(POLICY.rules)))
    )
    told = random.sample(entries, len(entries))
    again = judged(shuffled(other, random), turned, exceptions=told)
    assert again == judged(context, POLICY, exceptions=entries)


NEEDLESS = {"select": {"kind": "system", "scope": "ancestors"}}
NOWHERE = policy_of(
    *({**rule, **NEEDLESS} for rule in OTHERS if rule["id"] in ("licence", "facts"))
)


@HELD
@given(CHANCE)
def test_a_rule_that_matches_nothing_needs_closed_lineage(random: Random) -> None:
    context = a_world(random).context()
    found = {
        (result.node, result.status, result.reason)
        for result in evaluate(context, NOWHERE, Tier.HIGH)
    }
    told = (
        (Status.NOT_APPLICABLE, "nothing-selected")
        if context.lineage_is_closed
        else (Status.UNKNOWN, "lineage-open")
    )
    assert found == {(context.root, *told)}
    assert judged(context, NOWHERE).code == 3


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_the_same_bytes_in_every_process(checkout: Path, seed: str) -> None:
    """Sets are walked in another order in each process that hashes otherwise."""
    program = (
        "from policy_builders import policy_of\n"
        "from policy_changes import fingerprints_of_worlds\n"
        "from tests.unit.policy.test_engine import OTHERS, RULES\n"
        "policy = policy_of(*RULES, *OTHERS)\n"
        "print(*fingerprints_of_worlds(policy, 60), sep='\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=checkout,
        env={"PYTHONPATH": f"{checkout}:{checkout / 'tests'}", "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    told = done.stdout.split()
    assert told == fingerprints_of_worlds(POLICY, 60)
    assert len(set(told)) > 50
