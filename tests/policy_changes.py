"""Changes of an arbitrary world, each of one thing, and what a gate makes of it.

For properties: what is evaluated before and after a change. Worlds are made in
:mod:`policy_worlds`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from policy_builders import COMMIT, NOW, again, digest
from policy_worlds import PEOPLE, a_world

from aibom.lineage.build import GraphBuilder
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Origin, Relation
from aibom.policy.context import Context
from aibom.policy.data import PolicyData, read_advisories, read_trusted_sources
from aibom.policy.document import Policy
from aibom.policy.engine import decide, evaluate, rules_in_force
from aibom.policy.exceptions import Subject, apply, digests_of, judge
from aibom.policy.waivers import ExceptionRules, Waivers, read_waivers
from aibom.report.machine import verdict_json
from aibom.verdict import (
    ExceptionNote,
    Inputs,
    Mode,
    Result,
    Tier,
    Verdict,
    Verification,
)

__all__ = [
    "EXITS",
    "LIMITS",
    "Judged",
    "advised",
    "an_advisory",
    "answers_by_key",
    "disowned",
    "exceptions_for",
    "fingerprints_of_worlds",
    "judged",
    "shuffled",
    "some_rules",
    "verdict_of",
    "with_ancestor",
    "with_sources",
    "without",
]

#: Exit codes, from the mildest answer to the strictest.
EXITS = (0, 3, 1, 10)
RISK = "risk-owner"
LIMITS = ExceptionRules((RISK,), {Tier.HIGH: 30, Tier.MEDIUM: 90, Tier.LOW: 180})


def without(context: Context, gone: Iterable[int]) -> Context:
    """The same context, with the evidence at these places taken away."""
    left = set(gone)
    old = context.evidence
    kept = tuple(item for place, item in enumerate(old.items) if place not in left)
    evidence = replace(old, items=kept)
    return Context(context.graph, context.root, evidence, context.data, context.now)


def disowned(context: Context, places: Iterable[int]) -> Context:
    """The same context, with the evidence at these places signed by strangers."""
    left, old = set(places), context.evidence
    items = tuple(
        replace(item, signer=None, refusal="signer-not-allowed")
        if place in left
        else item
        for place, item in enumerate(old.items)
    )
    evidence = replace(old, items=items)
    return Context(context.graph, context.root, evidence, context.data, context.now)


def shuffled(context: Context, random: Random) -> Context:
    """The same context, told in another order; advisories have theirs when read."""
    graph, old, data = context.graph, context.evidence, context.data
    nodes = random.sample(sorted(graph.nodes), len(graph.nodes))
    evidence = replace(
        old,
        items=tuple(random.sample(old.items, len(old.items))),
        recomputed=frozenset(
            random.sample(sorted(old.recomputed, key=str), len(old.recomputed))
        ),
    )
    told = Graph(
        {name: graph.nodes[name] for name in nodes},
        tuple(random.sample(graph.edges, len(graph.edges))),
        graph.root,
    )
    return Context(told, context.root, evidence, _turned(data, random), context.now)


def _turned(data: PolicyData, random: Random) -> PolicyData:
    roots, sources = data.roots or {}, data.sources or {}
    keys = random.sample(sorted(roots, key=str), len(roots))
    turned = {
        name: tuple(random.sample(entries, len(entries)))
        for name, entries in sources.items()
    }
    return replace(
        data,
        sources=turned if data.sources is not None else None,
        roots={key: roots[key] for key in keys} if data.roots is not None else None,
    )


def an_advisory(random: Random, context: Context, name: str) -> dict[str, Any]:
    """An advisory about something in the lineage, or about nothing in it."""
    digests = sorted(digests_of(context).values())
    steps = [n.removeprefix("step:") for n in context.graph.nodes if "step:" in n[:5]]
    targets: list[dict[str, Any]] = [
        {"digests": [random.choice([*digests, str(digest("elsewhere"))])]},
        {"parties": [random.choice(PEOPLE)]},
        {"revisions": [COMMIT]},
        {"sources": [{"type": "huggingface", "namespace": "forum"}]},
    ]
    if steps:
        targets.append({"steps": [random.choice(sorted(steps))]})
    window: dict[str, Any] = {}
    if random.random() < 0.3:
        window = {"since": "2026-03-01", "until": "2026-09-01"}
    return {
        "id": name,
        "summary": "labels flipped",
        "published": "2026-11-01",
        **window,
        "affects": random.choice(targets),
    }


def advised(
    context: Context, items: Sequence[Mapping[str, Any]], expires: str = "2027-01-01"
) -> Context:
    """The same context with these advisories, and no other."""
    document = {
        "apiVersion": "aibom/advisories/v1",
        "sequence": 1,
        "expires": expires,
        "advisories": list(items),
    }
    data = replace(context.data, advisories=read_advisories(document, "advisories"))
    return Context(context.graph, context.root, context.evidence, data, context.now)


def with_sources(context: Context, entries: Sequence[Mapping[str, Any]]) -> Context:
    """The same context with this list of sources, and no other."""
    common = {"reason": "known", "approved_by": "Ada", "expires": "2027-01-01"}
    listed = [{**common, **entry} for entry in entries]
    document = {"apiVersion": "aibom/trusted-sources/v1", "lists": {"approved": listed}}
    data = replace(context.data, sources=read_trusted_sources(document, "sources"))
    return Context(context.graph, context.root, context.evidence, data, context.now)


def with_ancestor(context: Context, above: str) -> tuple[Context, str]:
    """The same context with one more thing that ``above`` comes from, and its digest.

    A step used it; a thing is said to be derived from it.
    """
    build = GraphBuilder(Origin("bom"))
    value = digest("poison")
    poison = build.entity(Kind.DATASET, value, name="poison")
    again(build, above)
    if above.startswith("step:"):
        build.used(above, poison, "items")
    else:
        build.edge(above, Relation.DERIVED_FROM, poison)
    more, old = build.graph(), context.graph
    nodes = (*old.nodes.values(), *more.nodes.values())
    graph = Graph.of(nodes, (*old.edges, *more.edges), old.root)
    told = Context(graph, context.root, context.evidence, context.data, context.now)
    return told, str(value)


def some_rules(random: Random, policy: Policy, most: int = 6) -> Policy:
    """Some rules of a policy, each in modes that are no milder in a higher tier."""
    rules = random.sample(policy.rules, random.randint(1, most))
    modes = list(Mode)
    chosen = [sorted(random.choices(modes, _ODDS, k=3), key=modes.index) for _ in rules]
    strict = [
        replace(rule, mode=dict(zip(Tier, mode, strict=True)))
        for rule, mode in zip(rules, chosen, strict=True)
    ]
    return replace(policy, rules=tuple(strict))


#: How often a rule denies, warns, reports, or is off.
_ODDS = (6, 2, 1, 2)


# What a gate makes of a context.


@dataclass(frozen=True)
class Judged:
    """Results with what exceptions make of them, and the exit code of all of it."""

    results: tuple[Result, ...]
    notes: tuple[ExceptionNote, ...]
    reason: str
    code: int


def judged(
    context: Context,
    policy: Policy,
    tier: Tier = Tier.HIGH,
    exceptions: Iterable[Mapping[str, Any]] = (),
    signed_by: str | None = RISK,
) -> Judged:
    """Evaluate, apply the exceptions, decide: in the order in which the gate does."""
    results = evaluate(context, policy, tier)
    in_force = rules_in_force(policy, tier)
    document = {"apiVersion": "aibom/waivers/v1", "waivers": list(exceptions)}
    waivers = Waivers(
        read_waivers(document, "waivers.yaml"), signed_by, "org:risk office", ("*",)
    )
    exceptable = {rule.id: rule.exceptable for rule in in_force}
    notes = judge(waivers, Subject(context, results, exceptable, tier, LIMITS))
    results = apply(results, notes, digests_of(context))
    _, reason, code = decide(results, len(in_force))
    return Judged(results, notes, reason, code)


def exceptions_for(
    random: Random, context: Context, results: Sequence[Result], most: int = 4
) -> list[dict[str, Any]]:
    """Exceptions for findings of these results; some of them miss in one respect."""
    digests = digests_of(context)
    findings = [r for r in results if r.is_finding and r.node in digests]
    chosen = random.sample(findings, min(len(findings), random.randint(0, most)))
    entries, keys = [], set()
    for place, result in enumerate(chosen):
        entry = {
            "id": f"E-{place}",
            "rule": result.rule,
            "subject": digests[result.node],
            "reason_code": result.reason,
            "term": result.term,
            "reason": "it is known",
            "ticket": "RISK-1",
            "requested_by": "org:the team",
            "approved_by": "org:the board",
            "approved_on": "2026-11-10",
            "expires": random.choice(("2026-12-05", "2026-11-20", "2027-01-20")),
        }
        entry.update(random.choice(_MISSES))
        key = tuple(entry[part] for part in ("rule", "subject", "reason_code", "term"))
        if key not in keys:
            entries.append({k: v for k, v in entry.items() if v != ""})
            keys.add(key)
    return entries


#: An exception as it should be, four times of ten, and ones that miss.
_MISSES: tuple[dict[str, str], ...] = (
    {},
    {},
    {},
    {},
    {"rule": "ancestor-tainted"},
    {"subject": str(digest("elsewhere"))},
    {"reason_code": "another-reason"},
    {"term": "another"},
    {"approved_on": "2026-11-22", "expires": "2026-12-05"},
    {"approved_by": "org:the team"},
)


def answers_by_key(results: Iterable[Result]) -> dict[tuple[str, str], Result]:
    """The one result of each rule and node."""
    return {(result.rule, result.node): result for result in results}


def verdict_of(context: Context, policy: Policy, found: Judged, tier: Tier) -> Verdict:
    """A verdict as the gate writes it, of what was judged."""
    decision, reason, code = decide(found.results, len(rules_in_force(policy, tier)))
    root = context.graph.nodes[context.root]
    return Verdict(
        artifact=str(root.digest),
        artifact_name="acme/it",
        decision=decision,
        reason=reason,
        exit_code=code,
        tier=tier,
        effective_time=NOW.isoformat(),
        verification=Verification("verified", name="acme/it"),
        inputs=Inputs(policy=policy.name, policy_digest="sha256:" + "0" * 64),
        results=found.results,
        exceptions=found.notes,
    )


def fingerprints_of_worlds(policy: Policy, count: int) -> list[str]:
    """SHA-256 of the verdict's bytes for some worlds; the same in every process."""
    found = []
    for seed in range(count):
        random = Random(seed)
        context = a_world(random).context()
        listed = [an_advisory(random, context, f"A-{n}") for n in range(3)]
        context = advised(context, listed)
        plain = evaluate(context, policy, Tier.HIGH)
        entries = exceptions_for(random, context, plain)
        told = judged(context, policy, exceptions=entries)
        written = verdict_json(verdict_of(context, policy, told, Tier.HIGH))
        found.append(hashlib.sha256(written).hexdigest())
    return found
