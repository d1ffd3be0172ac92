"""The engine: what is decided, and what can never make a decision milder."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_builders import (
    ACME,
    ANNE,
    BERT,
    CARL,
    NOW,
    RELEASE,
    World,
    digest,
    number,
    policy_of,
    sha,
)

from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Node, Origin, Relation
from aibom.policy.checks import CHECKS
from aibom.policy.context import Context
from aibom.policy.engine import assign_tier, decide, evaluate, rules_in_force
from aibom.verdict import (
    Decision,
    Inputs,
    Mode,
    Result,
    Severity,
    Status,
    Tier,
    Verdict,
    Verification,
)

TIERS = st.sampled_from(list(Tier))


def result(status, mode="deny", rule="a", severity="high", reason=None):
    return Result(
        rule=rule,
        check="c",
        node="n",
        label="n",
        status=Status(status),
        reason=reason or status,
        mode=Mode(mode),
        severity=Severity(severity),
    )


DECISIONS = {
    "nothing in force": ([], 0, ("undecided", "nothing-in-force", 3)),
    "pass": ([result("pass")], 1, ("allowed", "allowed", 0)),
    "fail": ([result("fail")], 1, ("denied", "fail", 10)),
    "unknown": ([result("unknown")], 1, ("undecided", "unknown", 3)),
    "error": ([result("error")], 1, ("error", "error", 1)),
    "not applicable": (
        [result("not-applicable")],
        1,
        ("undecided", "nothing-applicable", 3),
    ),
    "one applicable": (
        [result("not-applicable"), result("pass")],
        2,
        ("allowed", "allowed", 0),
    ),
    "fail goes first": (
        [result("error"), result("unknown"), result("fail")],
        3,
        ("denied", "fail", 10),
    ),
    "error before unknown": (
        [result("unknown"), result("error")],
        2,
        ("error", "error", 1),
    ),
    "unknown before nothing applicable": (
        [result("not-applicable"), result("unknown")],
        2,
        ("undecided", "unknown", 3),
    ),
    "fail that warns": ([result("fail", "warn")], 1, ("allowed", "allowed", 0)),
    "fail that is reported": (
        [result("fail", "report-only")],
        1,
        ("allowed", "allowed", 0),
    ),
    "error that warns": ([result("error", "warn")], 1, ("allowed", "allowed", 0)),
    "warning beside unknown": (
        [result("fail", "warn"), result("unknown")],
        2,
        ("undecided", "unknown", 3),
    ),
    "worst severity names the reason": (
        [
            result("fail", rule="a", severity="low", reason="mild"),
            result("fail", rule="b", severity="critical", reason="grave"),
        ],
        2,
        ("denied", "grave", 10),
    ),
    "then the first rule": (
        [result("fail", rule="b", reason="second"), result("fail", reason="first")],
        2,
        ("denied", "first", 10),
    ),
}


@pytest.mark.parametrize(
    ("results", "in_force", "decided"), DECISIONS.values(), ids=DECISIONS
)
def test_decision(results, in_force, decided):
    decision, reason, code = decide(iter(results), in_force)
    assert (decision.value, reason, code) == decided
    assert (decision is Decision.ALLOWED) == (code == 0)


STATUSES = st.sampled_from(list(Status))
MODES = st.sampled_from([Mode.REPORT_ONLY, Mode.WARN, Mode.DENY])
RESULTS = st.lists(st.builds(result, STATUSES, MODES), min_size=1, max_size=5)


@given(RESULTS, st.data())
def test_tightening_a_mode_never_turns_blocked_into_allowed(results, data):
    index = data.draw(st.integers(0, len(results) - 1))
    tighter = data.draw(MODES)
    order = [Mode.REPORT_ONLY, Mode.WARN, Mode.DENY]
    mode = max(results[index].mode, tighter, key=order.index)
    changed = [*results]
    changed[index] = replace(results[index], mode=mode)
    before, after = decide(results, 1)[2], decide(changed, 1)[2]
    assert before == 0 or after != 0


@given(RESULTS, st.randoms())
def test_the_order_of_results_decides_nothing(results, random):
    shuffled = random.sample(results, len(results))
    assert decide(shuffled, 1) == decide(results, 1)


TIERED = policy_of(
    {"id": "a", "check": "lineage-closed"},
    tiers=[
        {"match": {"name": "acme/lab-*"}, "tier": "low"},
        {"match": {"name": "acme/**"}, "tier": "medium"},
    ],
)
ASSIGNED = {
    "first match": ("acme/lab-7", None, "low"),
    "second match": ("acme/prod", None, "medium"),
    "no match": ("other/lab-7", None, "high"),
    "look-alike": ("acme-evil/lab-7", None, "high"),
    "nobody vouches for the name": (None, None, "high"),
    "flag cannot lower": (None, "low", "high"),
    "flag cannot lower a match": ("acme/prod", "low", "medium"),
    "flag raises": ("acme/lab-7", "medium", "medium"),
    "flag raises to the top": ("acme/lab-7", "high", "high"),
}


@pytest.mark.parametrize(("name", "raised", "tier"), ASSIGNED.values(), ids=ASSIGNED)
def test_tier(name, raised, tier):
    assert assign_tier(TIERED, name, raised and Tier(raised)) is Tier(tier)


@given(st.none() | st.sampled_from(["acme/lab-7", "acme/x", "x"]), TIERS)
def test_a_flag_never_lowers_the_tier(name, raised):
    order = list(Tier)
    found = assign_tier(TIERED, name, raised)
    assert order.index(found) <= order.index(assign_tier(TIERED, name, None))


RULES = (
    {"id": "lineage-open", "check": "lineage-closed", "severity": "critical"},
    {"id": "ancestor-tainted", "check": "tainted-ancestor"},
    {
        "id": "bom-signer-wrong",
        "check": "signed-by",
        "settings": {"roles": ["release"], "statement": "bom"},
    },
    {
        "id": "source-untrusted",
        "check": "trusted-source",
        "select": {"scope": "artifact-and-ancestors"},
        "settings": {"list": "approved"},
    },
    {
        "id": "revision-unpinned",
        "check": "pinned-revision",
        "select": {"scope": "artifact-and-ancestors"},
    },
    {
        "id": "labelers-unknown",
        "check": "labelers-known",
        "select": {"scope": "ancestors"},
    },
    {
        "id": "labels-unaudited",
        "check": "required-audit",
        "select": {"kind": "dataset", "scope": "ancestors"},
        "settings": {
            "type": "label-consistency",
            "only_steps": ["label"],
            "metric": "overlap-disagreement",
            "at_most": 0.2,
            "minimum_sample": 30,
            "cover": "labeler",
            "auditor_roles": ["auditor"],
        },
    },
    {"id": "bytes-changed", "check": "bytes-match"},
    {
        "id": "one-hand",
        "check": "separation-of-duty",
        "settings": {"one": ["bom-signer"], "other": ["step-record-signer"]},
    },
    {
        "id": "builder-unknown",
        "check": "provenance-builder",
        "settings": {"builders": ["https://ci.example"], "signer_roles": ["pipeline"]},
    },
    {
        "id": "change-untested",
        "check": "test-after-change",
        "select": {"kind": "dataset", "scope": "ancestors"},
        "settings": {
            "types": ["label-consistency"],
            "auditor_roles": ["auditor"],
            "steps": ["label"],
        },
    },
    {"id": "steps-do-not-match", "check": "step-match"},
    {"id": "version-substituted", "check": "substitution"},
    {
        "id": "change-unreviewed",
        "check": "change-history",
        "select": {"scope": "ancestors"},
    },
)
ALL = {"scope": "artifact-and-ancestors"}
#: Of checks that ask for more than the clean lineage has.
OTHERS = (
    {"id": "licence", "check": "license", "select": ALL},
    {
        "id": "facts",
        "check": "field-required",
        "select": ALL,
        "settings": {"fields": ["name"]},
    },
    {"id": "age", "check": "source-age", "select": ALL, "settings": {"settle": "14d"}},
    {
        "id": "publisher",
        "check": "publisher-namespace",
        "select": ALL,
        "settings": {"list": "approved"},
    },
    {
        "id": "numbers",
        "check": "metric-threshold",
        "select": ALL,
        "settings": {
            "type": "label-consistency",
            "metric": "overlap-disagreement",
            "at_most": 0.2,
            "minimum_sample": 30,
        },
    },
    {
        "id": "formats",
        "check": "format-allowed",
        "select": ALL,
        "settings": {"allow": ["safetensors"]},
    },
    {
        "id": "rounds",
        "check": "aggregation",
        "select": ALL,
        "settings": {
            "rules": ["median"],
            "participants": [ANNE],
            "signer_roles": ["pipeline"],
            "max_contribution": 10,
        },
    },
    {
        "id": "approved",
        "check": "approvals",
        "select": ALL,
        "settings": {"minimum": 1, "approvers": [CARL], "named_in": ["reviewer"]},
    },
    {
        "id": "corpora",
        "check": "corpus-source",
        "select": ALL,
        "settings": {"list": "approved", "reviewers": [CARL], "writers": [ANNE]},
    },
    {
        "id": "watched",
        "check": "monitoring-fresh",
        "select": {"kind": "dataset", "scope": "ancestors"},
        "settings": {
            "type": "label-consistency",
            "metric": "overlap-disagreement",
            "at_most": 0.2,
            "minimum_sample": 30,
            "max_age": "30d",
            "auditor_roles": ["auditor"],
        },
    },
    {
        "id": "retraining",
        "check": "retraining-control",
        "select": ALL,
        "settings": {
            "may_start": [CARL],
            "may_write": [ANNE, BERT],
            "start_roles": ["reviewer"],
            "steps": ["label"],
        },
    },
    {
        "id": "way-back",
        "check": "rollback-target",
        "settings": {"bom_roles": ["release"]},
    },
    {
        "id": "low-trust",
        "check": "trust-separation",
        "select": ALL,
        "settings": {"reviewers": [CARL], "list": "approved"},
    },
    {
        "id": "others-verdicts",
        "check": "upstream-verdict",
        "select": ALL,
        "settings": {"verifiers": ["https://gate.example"], "max_age": "90d"},
    },
    {"id": "code", "check": "remote-code", "select": ALL},
    {"id": "owned", "check": "ownership", "select": ALL},
    {
        "id": "flagged",
        "check": "scanner-flagged",
        "select": ALL,
        "settings": {"accept": ["caution"]},
    },
    {
        "id": "suppliers",
        "check": "supplier-record",
        "select": ALL,
        "settings": {"max_age": "365d"},
    },
    {
        "id": "own-words",
        "check": "expression",
        "settings": {"expression": "node.names().size() > 0"},
    },
)
POLICY = policy_of(*RULES)


def clean():
    """A lineage that every rule above is content with."""
    world = World()
    pool, data = world.data("pool", source=ACME), world.data()
    world.root = world.model()
    world.accept("pool")
    world.bom(pool)
    by = [("labeler", ANNE), ("labeler", BERT), ("reviewer", CARL)]
    facts = {"finished": "2026-11-01", "parameter.reason": "first labels"}
    world.step("label", data, {"items": pool}, by=by, source=ACME, **facts)
    facts = {"builder": "https://ci.example"}
    world.step("train", world.root, {"training-data": data}, **facts)
    world.audit(data, [number(0.1, labeler=ANNE), number(0.1, labeler=BERT)])
    world.bom(world.root, RELEASE)
    world.recomputed.add(digest("sentiment"))
    world.trust({"match": {"type": "huggingface", "namespace": "acme"}})
    world.advise()
    return world


def answers(context, policy=POLICY):
    return evaluate(context, policy, Tier.HIGH)


def code_of(context, policy=POLICY):
    results = answers(context, policy)
    return decide(results, len(rules_in_force(policy, Tier.HIGH)))[2]


def test_a_clean_lineage_is_allowed():
    results = answers(clean().context())
    assert [r for r in results if r.is_finding] == []
    assert code_of(clean().context()) == 0
    assert {r.rule for r in results} == {rule["id"] for rule in RULES}


def without(context, gone):
    """The same context, with some evidence taken away."""
    kept = tuple(e for i, e in enumerate(context.evidence.items) if i not in gone)
    evidence = EvidenceSet(kept, context.evidence.recomputed, True)
    return Context(context.graph, context.root, evidence, context.data, context.now)


FULL = clean().context()
POSITIONS = range(len(FULL.evidence.items))


@given(st.sets(st.sampled_from(POSITIONS)), st.sets(st.sampled_from(POSITIONS)))
def test_removing_evidence_never_makes_an_answer_a_pass(gone, more):
    before = {(r.rule, r.node): r.status for r in answers(without(FULL, gone))}
    after = {(r.rule, r.node): r.status for r in answers(without(FULL, gone | more))}
    blocked = {Status.FAIL, Status.UNKNOWN}
    assert not [
        key
        for key, status in before.items()
        if status in blocked and after.get(key) is Status.PASS
    ]
    if code_of(without(FULL, gone)) != 0:
        assert code_of(without(FULL, gone | more)) != 0


TARGETS = {
    "digest": {"digests": [str(digest("pool"))]},
    "labeler": {"parties": [ANNE]},
    "source": {"sources": [{"type": "huggingface", "namespace": "acme"}]},
    "step": {"steps": [sha(f"label dataset:tree:{sha('reviews')}")]},
}


@pytest.mark.parametrize("affects", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("gone", [(), *((n,) for n in POSITIONS)], ids=str)
def test_a_blocked_ancestor_never_lets_anything_through(affects, gone):
    world = clean()
    world.advise(**affects)
    tainted = without(world.context(), gone)
    before = {(r.rule, r.node): r.status for r in answers(without(FULL, gone))}
    for found in answers(tainted):
        if before[found.rule, found.node] is Status.FAIL:
            assert found.status is Status.FAIL
    assert code_of(tainted) == 10


@given(st.permutations(RULES), st.randoms())
def test_order_never_matters(rules, random):
    """Rules, nodes, edges and evidence in any order give the same results."""
    graph, items = FULL.graph, FULL.evidence.items
    nodes = random.sample(sorted(graph.nodes.values(), key=str), len(graph.nodes))
    edges = random.sample(graph.edges, len(graph.edges))
    evidence = EvidenceSet(
        tuple(random.sample(items, len(items))), FULL.evidence.recomputed, True
    )
    shuffled = Graph({n.id: n for n in nodes}, tuple(edges))
    context = Context(shuffled, FULL.root, evidence, FULL.data, FULL.now)
    assert answers(context, policy_of(*rules)) == answers(FULL)


def verdict_bytes(context):
    results = answers(context)
    decision, reason, code = decide(results, len(POLICY.rules))
    verdict = Verdict(
        artifact=str(digest("sentiment")),
        artifact_name="sentiment",
        decision=decision,
        reason=reason,
        exit_code=code,
        tier=Tier.HIGH,
        effective_time=NOW.isoformat(),
        verification=Verification("verified"),
        inputs=Inputs(),
        results=results,
    )
    return json.dumps(verdict.to_document()).encode()


def test_same_inputs_same_bytes():
    world = clean()
    assert verdict_bytes(world.context()) == verdict_bytes(clean().context())
    world.advise(parties=[ANNE])
    assert verdict_bytes(world.context()) != verdict_bytes(clean().context())


MODELS_ONLY = {
    "id": "a",
    "check": "pinned-revision",
    "select": {"kind": "model", "scope": "ancestors"},
}


def test_a_rule_that_selects_nothing_is_unknown_while_lineage_is_open():
    world = clean()
    world.roots.clear()
    (found,) = answers(world.context(), policy_of(MODELS_ONLY))
    assert (found.status, found.reason) == (Status.UNKNOWN, "lineage-open")
    assert found.node == world.root
    assert code_of(world.context(), policy_of(MODELS_ONLY)) == 3


def test_a_rule_that_selects_nothing_is_needless_once_lineage_is_closed():
    (found,) = answers(FULL, policy_of(MODELS_ONLY))
    assert (found.status, found.reason) == (Status.NOT_APPLICABLE, "nothing-selected")
    assert code_of(FULL, policy_of(MODELS_ONLY)) == 3


def test_rules_that_are_off_in_a_tier_are_not_in_force():
    policy = policy_of({**RULES[0], "mode": {"low": "off"}})
    assert len(rules_in_force(policy, Tier.HIGH)) == 1
    assert evaluate(FULL, policy, Tier.LOW) == ()


def broken(context, node, settings, minimum):
    raise KeyError("oops")


def test_a_check_that_breaks_is_an_error_and_blocks():
    (rule,) = policy_of(RULES[0]).rules
    policy = replace(
        POLICY,
        rules=(replace(rule, check=replace(rule.check, evaluate=broken)),),
    )
    (found,) = answers(FULL, policy)
    assert (found.status, found.reason) == (Status.ERROR, "check-broke")
    assert found.actual == "KeyError: 'oops'"
    assert (found.blocks, code_of(FULL, policy)) == (True, 1)


def test_a_party_that_nobody_can_read_blocks():
    """A document may hold any id; whatever comes of it is not a pass."""
    origin = frozenset({Origin("bom")})
    party = Node((), origin, id="party:Anne", kind=Kind.PARTY)
    edge = Edge(
        (),
        origin,
        source=FULL.root,
        relation=Relation.ATTRIBUTED_TO,
        target=party.id,
        role="labeler",
    )
    world = clean()
    world.advise(parties=[ANNE])
    known = world.context()
    graph = Graph.of([*known.graph.nodes.values(), party], [*known.graph.edges, edge])
    context = Context(graph, FULL.root, known.evidence, known.data, NOW)
    tainted = [r for r in answers(context) if r.check == "tainted-ancestor"]
    assert [r.blocks for r in tainted] == [True]


def test_findings_carry_why_and_what_to_do_and_passes_do_not():
    rule = {**RULES[1], "why": "It stays.", "remedy": "Retrain.", "maps": {"b": ["2"]}}
    world = clean()
    (good,) = answers(world.context(), policy_of(rule))
    world.advise(parties=[ANNE])
    (bad,) = answers(world.context(), policy_of(rule))
    assert (good.why, good.remedy, dict(good.maps)) == ("", "", {"b": ("2",)})
    assert (bad.why, bad.remedy, dict(bad.maps)) == ("It stays.", "Retrain.", good.maps)


def test_a_pack_that_is_advised_against_by_a_check_gives_way():
    """What a pack says of any reason; what this one asks for; what the user wrote."""
    rule = {**RULES[1], "remedy": "Retrain."}
    world = clean()
    world.advisories = None
    advice = "Put advisories.yaml into the policy's folder, "
    remedies = {}
    for origin in ("builtin:baseline@1", "policy.yaml"):
        policy = policy_of(rule)
        policy = replace(policy, rules=(replace(policy.rules[0], origin=origin),))
        (found,) = answers(world.context(), policy)
        assert found.reason == "advisories-missing"
        assert found.remedy.startswith(advice)
        remedies[origin] = found.remedy.removesuffix(" Retrain.") != found.remedy
    assert remedies == {"builtin:baseline@1": False, "policy.yaml": True}


def test_no_finding_is_without_a_next_step():
    """A rule without a remedy tells what its check advises, or whom to ask."""
    for check in CHECKS.values():
        assert check.what_to_do[:1].isupper(), check.id
    for found in answers(FULL, policy_of(*RULES, *OTHERS)):
        assert bool(found.remedy) == found.is_finding, found
    silent = replace(CHECKS["bytes-match"], evaluate=str.casefold)
    assert silent.what_to_do == ""
    policy = policy_of(RULES[1])
    policy = replace(policy, rules=(replace(policy.rules[0], check=silent),))
    world = clean()
    (found,) = answers(world.context(), policy)
    assert (found.status, found.reason) == (Status.ERROR, "check-broke")
    assert found.remedy.startswith("This is a fault of the check")


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_pass_below_the_minimum_is_no_pass(check):
    """`verified` can only be had by hashing, so only that passes on an assurance."""
    rule = next(r for r in (*RULES, *OTHERS) if r["check"] == check.id)
    for found in answers(FULL, policy_of({**rule, "minimum_assurance": "verified"})):
        if found.status is Status.PASS:
            assert found.assurance in ("", "verified")
