"""What it costs to evaluate a policy, against one plain pass over rules and nodes.

``python benchmarks/policy.py [--smoke]``

A made-up lineage of 1,000 to 100,000 nodes (data, models, code, steps, parties), a
third of it in each of three shapes: chains of revisions, models trained on many
labelled data sets, and diamonds of filters and merges. Every step has a signed record,
data and models have audits, a tenth of the sources are merely claimed. Forty
different rules over twenty checks are put to it.

* *plain*, the yardstick, is what somebody would write who has no engine: for each rule,
  for each node of a kind it selects, one call of a function that reads the node's kind,
  digest and one fact, and makes a :class:`~aibom.verdict.Result` of the members that
  have no default. It looks at no edge, evidence or settings, and draws no path.
* *evaluate* is :func:`aibom.policy.engine.evaluate`: as many results, on the same
  nodes.
* *context* is what is made once for all rules: the walk that gives every path, closure.

The ratio is of context and evaluate together. Not among the twenty is ``expression``:
what it costs is the cost of the expression engine.

Two more things are measured on a chain of revisions, as deep as a lineage gets:

* *room*, the most memory that context and evaluate take (by ``tracemalloc``), when the
  chain has twice as many hops: each of its results has a path of its own.
* *every ancestor*, the time of the checks that look at all ancestors by themselves,
  when they are asked about every node, with nothing to find and with something to find
  at the far end. Among the forty rules they are asked about the artifact only, as in
  our packs.

CPU time of one process with the collector on, in turns, the least of three; each turn
has evidence and a context that remember nothing. Exit code 1 if a bound is broken: at
10,000 nodes and more the ratio is at most three; evaluate grows with an exponent of at
most 1.15 (slope of log time over log nodes), every ancestor with one of at most 1.2;
and twice the chain takes at most 2.3 times the room.
"""

from __future__ import annotations

import argparse
import gc
import math
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from _policy_lineage import BUILDER, HOLDOUT, LABELS, NOW, lineage, revisions

from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Node
from aibom.policy.context import Context
from aibom.policy.data import PolicyData
from aibom.policy.document import Policy, Rule, read_policy
from aibom.policy.engine import evaluate
from aibom.verdict import Mode, Result, Severity, Status, Tier

ROUNDS = 3
RULES = 40
MAX_RATIO = 3.0
MAX_EXPONENT = 1.15
#: Over sizes this small, on a busy machine, cache effects alone are a tenth.
SMOKE_MAX_RATIO = 3.6
SMOKE_MAX_EXPONENT = 1.3
MAX_ROOM = 2.3
MAX_EVERY_EXPONENT = 1.2
SMOKE_MAX_EVERY_EXPONENT = 1.4
#: Below so many nodes, what is done once per run shows.
BOUND_FROM = 10_000
SIZES = {"smoke": (1_000, 4_000), "default": (1_000, 10_000, 100_000)}
#: Hops of the chains: of two that are compared for room, and for time.
ROOM_HOPS = {"smoke": (1_000, 2_000), "default": (5_000, 10_000)}
EVERY_HOPS = {"smoke": (1_000, 4_000), "default": (2_000, 4_000, 8_000)}


# ── the rules ──────────────

_AUDIT = {"minimum_sample": 30, "auditor_roles": ["auditor"]}
_DISAGREEMENT = {"type": LABELS, "metric": "overlap-disagreement", **_AUDIT}
_ACCURACY = {"type": HOLDOUT, "metric": "accuracy", **_AUDIT}
_CHANGES = {"types": [HOLDOUT], "auditor_roles": ["auditor"]}
_BUILDER = {"builders": [BUILDER], "signer_roles": ["pipeline"]}

#: Settings of rules about the artifact and all its ancestors.
EVERYWHERE: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "bytes-match": ({},),
    "change-history": ({"only_steps": ["label"]}, {"only_steps": ["label", "merge"]}),
    "format-allowed": ({"allow": ["safetensors", "gguf", "onnx"]},),
    "field-required": (
        {"fields": ["name"]},
        {"fields": ["name", "licence"]},
        {"fields": ["source"]},
    ),
    "labelers-known": ({}, {"minimum": 2}, {"minimum": 3}),
    "license": (
        {"allow": ["Apache-2.0", "MIT"]},
        {"deny": ["GPL-3.0-only"]},
        {"allow": ["Apache-2.0"], "generated": True},
    ),
    "lineage-closed": ({}, {"inputs_known": "observed"}),
    "metric-threshold": (
        {**_DISAGREEMENT, "at_most": 0.2},
        {**_ACCURACY, "at_least": 0.9, "max_age": "90d"},
    ),
    "pinned-revision": ({},),
    "provenance-builder": (
        _BUILDER,
        {**_BUILDER, "inputs": "observed"},
        {**_BUILDER, "only_steps": ["train"]},
    ),
    "publisher-namespace": ({"list": "approved"},),
    "required-audit": (
        {
            **_DISAGREEMENT,
            "only_steps": ["label"],
            "at_most": 0.2,
            "cover": "labeler",
            "max_age": "90d",
        },
        {**_DISAGREEMENT, "only_steps": ["label"], "at_most": 0.3},
        {**_ACCURACY, "only_steps": ["train"], "at_least": 0.9},
        {**_ACCURACY, "only_steps": ["train", "fine-tune"], "at_least": 0.8},
    ),
    "separation-of-duty": (
        {"one": ["labeler"], "other": ["audit-signer"]},
        {"one": ["step-record-signer"], "other": ["audit-signer"]},
        {"one": ["step-record-signer"], "other": ["labeler"]},
    ),
    "signed-by": (
        {"roles": ["pipeline"], "statement": "step-record"},
        {"roles": ["pipeline", "release"]},
        {"roles": ["data"], "statement": "bom"},
    ),
    "source-age": ({"settle": "14d", "list": "approved"}, {"max_age": "90d"}),
    "test-after-change": (_CHANGES, {**_CHANGES, "steps": ["train"]}),
    "trusted-source": ({"list": "approved"},),
}
#: Of checks that look at all ancestors themselves: about the artifact.
ARTIFACT: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "step-match": ({},),
    "substitution": ({},),
    "tainted-ancestor": ({},),
}


def rule_documents() -> Iterator[dict[str, Any]]:
    """One rule for each settings: no question is put twice."""
    listed = [(check, each) for check, rows in EVERYWHERE.items() for each in rows]
    listed += [(check, each) for check, rows in ARTIFACT.items() for each in rows]
    for number, (check, settings) in enumerate(listed):
        scope = "artifact" if check in ARTIFACT else "artifact-and-ancestors"
        # Every fourth rule settles for claims, as rules of a lower tier do.
        minimum = "claimed" if number % 4 == 3 else "attested"
        yield {
            "id": f"rule-{number:02}",
            "check": check,
            "select": {"scope": scope},
            "settings": dict(settings),
            "minimum_assurance": minimum,
            "severity": "high",
            "mode": "deny",
            "why": "It is asked for.",
            "remedy": "Record what is missing.",
            "maps": {"mitre-atlas": ["AML.M0013"], "owasp-llm": ["LLM03:2025"]},
        }


def forty_rules() -> Policy:
    """The policy that is evaluated."""
    rules = list(rule_documents())
    if len(rules) != RULES:
        raise SystemExit(f"{len(rules)} rules instead of {RULES}")
    return policy_of(*rules)


def policy_of(*rules: Mapping[str, Any]) -> Policy:
    """A policy of these rules."""
    head = {"apiVersion": "aibom/policy/v1", "name": "benchmark", "version": "1"}
    return read_policy({**head, "rules": list(rules)}, "policy.yaml")


# ── the yardstick ──────────────


def plain(context: Context, policy: Policy) -> list[Result]:
    """One plain pass over rules and nodes."""
    found = []
    for rule in policy.rules:
        if rule.select.scope == "artifact":
            nodes: Iterable[Node] = [context.graph.nodes[context.root]]
        else:
            nodes = context.graph.nodes.values()
        for node in nodes:
            if node.kind in rule.select.kinds:
                found.append(plain_check(rule, node))
    return found


def plain_check(rule: Rule, node: Node) -> Result:
    """Kind, digest and one fact, and a result."""
    named = node.kind is Kind.MODEL or node.value("name") is not None
    good = named and node.digest is not None
    return Result(
        rule=rule.id,
        check=rule.check.id,
        node=node.id,
        label=node.label,
        status=Status.PASS if good else Status.FAIL,
        reason="good" if good else "bad",
        mode=Mode.DENY,
        severity=Severity.HIGH,
    )


# ── the measurement ──────────────


def timed(job: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of one call, and what it gave."""
    gc.collect()
    before = time.process_time()
    found = job()
    return time.process_time() - before, found


def measure(size: int, policy: Policy) -> dict[str, float]:
    """The least CPU seconds of each part at one size, taken in turns."""
    graph, root, evidence, data = lineage(size)
    least = dict.fromkeys(("plain", "context", "evaluate"), math.inf)
    for _ in range(ROUNDS):
        # Both remember what they were asked, so each round has its own.
        parts = (graph, root, replace(evidence), data)
        seconds, context = timed(partial(fresh, *parts))
        least["context"] = min(least["context"], seconds)
        seconds, wanted = timed(partial(plain, context, policy))
        least["plain"] = min(least["plain"], seconds)
        expected = sorted((result.rule, result.node) for result in wanted)
        del wanted
        seconds, results = timed(partial(evaluate, context, policy, Tier.HIGH))
        least["evaluate"] = min(least["evaluate"], seconds)
        check_results(results, expected)
        del results, expected, context
    return least


def fresh(graph: Graph, root: str, evidence: EvidenceSet, data: PolicyData) -> Context:
    """A context that has not been asked anything."""
    return Context(graph, root, evidence, data, NOW)


def check_results(
    results: Sequence[Result], expected: Sequence[tuple[str, str]]
) -> None:
    """Refuse to time what answers other questions, breaks, or only says one thing."""
    if [(result.rule, result.node) for result in results] != expected:
        raise SystemExit("plain and evaluate did not look at the same rules and nodes")
    statuses = {result.status for result in results}
    if Status.ERROR in statuses:
        broken = next(r for r in results if r.status is Status.ERROR)
        raise SystemExit(f"{broken.check} broke: {broken.actual}")
    if not {Status.PASS, Status.UNKNOWN, Status.NOT_APPLICABLE} <= statuses:
        raise SystemExit(f"too few kinds of answers: {sorted(statuses)}")


def ratio(times: Mapping[str, float]) -> float:
    """Context and evaluate over plain."""
    return (times["context"] + times["evaluate"]) / times["plain"]


def exponent(points: Mapping[int, float]) -> float:
    """Slope of log time over log nodes, by least squares."""
    xs = [math.log(count) for count in points]
    ys = [math.log(seconds) for seconds in points.values()]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    rise = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return rise / sum((x - middle_x) ** 2 for x in xs)


def room(hops: int, policy: Policy) -> int:
    """The most memory that evaluating a chain takes, its results included."""
    graph, root, evidence, data = revisions(hops // 2, flawed=False)
    gc.collect()
    tracemalloc.start()
    context = fresh(graph, root, evidence, data)
    results = evaluate(context, policy, Tier.HIGH)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    longest = max(len(result.path) for result in results)
    if longest < hops:
        raise SystemExit(f"the longest path has {longest} hops instead of {hops}")
    return peak


def every_ancestor(check: str, hops: int, *, flawed: bool) -> float:
    """The least CPU seconds of one check that is asked about every node of a chain."""
    graph, root, evidence, data = revisions(hops // 2, flawed=flawed)
    scope = {"scope": "artifact-and-ancestors"}
    row = next(row for row in rule_documents() if row["check"] == check)
    policy = policy_of({**row, "select": scope})
    least = math.inf
    for _ in range(ROUNDS):
        context = fresh(graph, root, replace(evidence), data)
        seconds, results = timed(partial(evaluate, context, policy, Tier.HIGH))
        least = min(least, seconds)
        last = next(result for result in results if result.node == root)
        if (last.status is Status.FAIL) is not flawed:
            raise SystemExit(f"{check}, flawed {flawed}: {last.status} {last.reason}")
    return least


def deep(kind: str, policy: Policy) -> list[str]:
    """Measure and print what chains cost; what exceeds its bound, in words."""
    broken = []
    rooms = [room(hops, policy) for hops in ROOM_HOPS[kind]]
    grown = rooms[1] / rooms[0]
    print(
        f"room of {ROOM_HOPS[kind][1]:,} hops: {rooms[1] / 1e6:.0f} MB, {grown:.2f} x"
    )
    if grown > MAX_ROOM:
        broken.append(f"twice the chain takes {grown:.2f} x the room, over {MAX_ROOM}")
    most = SMOKE_MAX_EVERY_EXPONENT if kind == "smoke" else MAX_EVERY_EXPONENT
    for check, flawed in product(ARTIFACT, (False, True)):
        sizes = EVERY_HOPS[kind]
        points = {n: every_ancestor(check, n, flawed=flawed) for n in sizes}
        growth = exponent(points)
        told = f"{check} of every ancestor, {'one flaw' if flawed else 'no flaw'}"
        print(f"{told}: {points[sizes[-1]] * 1000:.0f} ms, exponent {growth:.2f}")
        if growth > most:
            broken.append(f"{told} grows with exponent {growth:.2f}, over {most}")
    return broken


def report(times: Mapping[int, Mapping[str, float]]) -> None:
    """Print one line for each size."""
    heads = ("plain ms", "context ms", "evaluate ms")
    print(f"{'nodes':>10}" + "".join(f"{head:>14}" for head in heads) + f"{'ratio':>8}")
    for size, parts in times.items():
        line = "".join(f"{seconds * 1000:14.1f}" for seconds in parts.values())
        print(f"{size:10,}{line}{ratio(parts):8.2f}")
    for part in ("plain", "context", "evaluate"):
        points = {size: parts[part] for size, parts in times.items()}
        print(f"growth exponent of {part}: {exponent(points):.2f}")


def broken_bounds(
    times: Mapping[int, Mapping[str, float]], max_ratio: float, max_exponent: float
) -> list[str]:
    """What exceeds its bound, in words."""
    broken = [
        f"{size:,} nodes cost {ratio(parts):.2f} x plain, over {max_ratio}"
        for size, parts in times.items()
        if size >= BOUND_FROM and ratio(parts) > max_ratio
    ]
    growth = exponent({size: parts["evaluate"] for size, parts in times.items()})
    if growth > max_exponent:
        broken.append(f"evaluate grows with exponent {growth:.2f}, over {max_exponent}")
    return broken


def main() -> int:
    """Run the benchmark; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--smoke", action="store_true", help="small sizes")
    smoke = parser.parse_args().smoke
    policy = forty_rules()
    sizes = SIZES["smoke" if smoke else "default"]
    times = {size: measure(size, policy) for size in sizes}
    report(times)
    bounds = (
        (SMOKE_MAX_RATIO, SMOKE_MAX_EXPONENT) if smoke else (MAX_RATIO, MAX_EXPONENT)
    )
    broken = broken_bounds(times, *bounds)
    broken += deep("smoke" if smoke else "default", policy)
    for bound in broken:
        print(f"BROKEN: {bound}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
