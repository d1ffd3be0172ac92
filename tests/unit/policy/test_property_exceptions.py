"""What exceptions and old verdicts can do to a decision, and all that they cannot.

Asked of arbitrary worlds (:mod:`policy_worlds`) with every check in play, as in
``test_properties.py``; the chance is fixed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_builders import policy_of
from policy_changes import (
    EXITS,
    Judged,
    advised,
    an_advisory,
    exceptions_for,
    judged,
    some_rules,
    verdict_of,
    without,
)
from policy_worlds import a_world

from aibom.operations.policies.against import (
    OldVerdict,
    only_new_block,
    read_old_verdict,
)
from aibom.policy.context import Context
from aibom.policy.document import Policy
from aibom.policy.engine import evaluate
from aibom.policy.exceptions import digests_of
from aibom.report.machine import verdict_json
from aibom.verdict import Decision, Result, Status, Tier, Verdict
from tests.unit.policy.test_engine import OTHERS, RULES

POLICY = policy_of(*RULES, *OTHERS)
HELD = settings(max_examples=100, deadline=None, derandomize=True, database=None)
CHANCE = st.integers(0, 2**32).map(Random)


def lineage(random: Random) -> Context:
    context = a_world(random).context()
    count = random.randint(0, 2)
    return advised(
        context, [an_advisory(random, context, f"A-{n}") for n in range(count)]
    )


def at_another_time(random: Random, context: Context) -> Context:
    days = random.choice((-12, -11, -1, 0, 13, 14, 15, 60))
    # At noon, or at the very moment at which days begin and end.
    now = context.now + timedelta(days=days, hours=random.choice((0, -12)))
    return Context(context.graph, context.root, context.evidence, context.data, now)


def asked(random: Random) -> tuple[Context, Policy, Tier, list[dict[str, Any]]]:
    """A question, and exceptions for some findings that are the answer to it."""
    context = at_another_time(random, lineage(random))
    policy, tier = some_rules(random, POLICY), random.choice(list(Tier))
    entries = exceptions_for(random, context, evaluate(context, policy, tier))
    return context, policy, tier, entries


def test_exceptions_are_in_force_and_are_not() -> None:
    """Otherwise what follows would be of nothing."""
    states: set[str] = set()
    excepted = 0
    for seed in range(200):
        context, policy, tier, entries = asked(Random(seed))
        found = judged(context, policy, tier, entries)
        states.update(note.state for note in found.notes)
        excepted += judged(context, policy, tier).code != 0 and found.code == 0
    assert states == {"active", "expiring", "expired", "pending", "orphan", "invalid"}
    assert excepted


@HELD
@given(CHANCE)
def test_taking_exceptions_away_never_lowers_the_exit(random: Random) -> None:
    context, policy, tier, entries = asked(random)
    kept = random.sample(entries, random.randint(0, len(entries)))
    more = judged(context, policy, tier, entries)
    fewer = judged(context, policy, tier, kept)
    assert EXITS.index(fewer.code) >= EXITS.index(more.code)


@HELD
@given(CHANCE)
def test_an_exception_touches_its_own_rule_digest_and_finding(random: Random) -> None:
    context, policy, tier, entries = asked(random)
    digests = digests_of(context)
    by_id = {entry["id"]: entry for entry in entries}
    plain = evaluate(context, policy, tier)
    marked = judged(context, policy, tier, entries).results
    for before, after in zip(plain, marked, strict=True):
        assert replace(after, exception="") == before
        if after.exception:
            entry = by_id[after.exception]
            assert (entry["rule"], entry["subject"], entry["reason_code"]) == (
                *(after.rule, digests[after.node], after.reason),
            )
            assert entry.get("term", "") == after.term
            assert after.is_finding


@HELD
@given(CHANCE)
def test_what_is_not_in_force_decides_like_nothing(random: Random) -> None:
    """Expired, pending, invalid or for nothing: as if it did not stand there."""
    context, policy, tier, entries = asked(random)
    found = judged(context, policy, tier, entries)
    now = context.now.isoformat()
    for note in found.notes:
        (entry,) = [entry for entry in entries if entry["id"] == note.id]
        if not entry["approved_on"] <= now[:10] < entry["expires"]:
            assert note.state not in ("active", "expiring")
    useless = {n.id for n in found.notes if n.state not in ("active", "expiring")}
    kept = [entry for entry in entries if entry["id"] not in useless]
    again = judged(context, policy, tier, kept)
    assert (again.results, again.code) == (found.results, found.code)


@HELD
@given(CHANCE, st.sampled_from([None, "release", "auditor"]))
def test_nobody_else_signs_exceptions(random: Random, role: str | None) -> None:
    context, policy, tier, entries = asked(random)
    signed = judged(context, policy, tier, entries, signed_by=role)
    assert signed.results == evaluate(context, policy, tier)
    assert {note.state for note in signed.notes} <= {"invalid"}


@HELD
@given(CHANCE)
def test_what_may_not_be_excepted_is_not(random: Random) -> None:
    context, policy, tier, entries = asked(random)
    rules = tuple(replace(rule, exceptable=False) for rule in policy.rules)
    found = judged(context, replace(policy, rules=rules), tier, entries)
    assert [(r.exception, r.status) for r in found.results] == [
        ("", r.status) for r in evaluate(context, policy, tier)
    ]


# ── old verdicts ──────────────


def told(context: Context, policy: Policy, tier: Tier, found: Judged) -> Verdict:
    return verdict_of(context, policy, found, tier)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("old")


def old_verdict(folder: Path, verdict: Verdict) -> OldVerdict:
    path = folder / "old.json"
    path.write_bytes(verdict_json(verdict))
    return read_old_verdict(path)


def same_finding(one: Result, other: Result) -> bool:
    def told(result: Result) -> tuple[object, ...]:
        last = result.path[-1].node
        return (result.rule, result.node, result.status, result.reason, last)

    return told(one) == told(other) and (one.term, one.actual) == (
        *(other.term, other.actual),
    )


def changed(random: Random, context: Context) -> Context:
    """Later: one more advisory, some evidence gone, or nothing new."""
    if random.random() < 0.4:
        items = [an_advisory(random, context, f"B-{n}") for n in range(2)]
        context = advised(context, items)
    count = len(context.evidence.items)
    return without(context, random.sample(range(count), random.randint(0, count // 2)))


@HELD
@given(CHANCE)
def test_only_what_the_old_verdict_found_is_known(folder: Path, random: Random) -> None:
    """What is new blocks as ever; so does what broke, and what takes no exception."""
    context, policy, tier, entries = asked(random)
    before = told(context, policy, tier, judged(context, policy, tier, entries))
    later = changed(random, context)
    now = told(later, policy, tier, judged(later, policy, tier, entries))
    rules = sorted({rule.id for rule in policy.rules})
    never = frozenset(random.sample(rules, random.randint(0, len(rules))))
    found = only_new_block(now, old_verdict(folder, before), never)
    for plain, marked in zip(now.results, found.results, strict=True):
        assert replace(marked, known=False) == plain
        seen = any(same_finding(plain, each) for each in before.results)
        if marked.known:
            assert seen
            assert plain.status in (Status.FAIL, Status.UNKNOWN)
            assert plain.rule not in never
        elif plain.blocks:
            assert marked.blocks
    assert EXITS.index(found.exit_code) <= EXITS.index(now.exit_code)
    new = [
        result
        for result in now.results
        if result.blocks
        and not any(same_finding(result, each) for each in before.results)
    ]
    if new:
        assert found.decision is not Decision.ALLOWED
        assert found.exit_code != 0


@HELD
@given(CHANCE)
def test_an_old_verdict_without_findings_changes_nothing(
    folder: Path, random: Random
) -> None:
    context, policy, tier, entries = asked(random)
    now = told(context, policy, tier, judged(context, policy, tier, entries))
    good = tuple(result for result in now.results if not result.is_finding)
    before = replace(now, results=good, decision=Decision.ALLOWED, exit_code=0)
    found = only_new_block(now, old_verdict(folder, before), ())
    assert replace(found, overrides=now.overrides) == now


@HELD
@given(CHANCE)
def test_a_verdict_beside_itself_has_nothing_new(folder: Path, random: Random) -> None:
    context, policy, tier, entries = asked(random)
    now = told(context, policy, tier, judged(context, policy, tier, entries))
    found = only_new_block(now, old_verdict(folder, now), ())
    assert not [result for result in found.results if result.blocks]
    if any(result.is_finding for result in now.results):
        assert found.exit_code == 0
