"""Where lineage is closed, where it ends by decision, where it is open, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builders import QUICK, a_digest, a_node, an_edge, facts, graphs
from hypothesis import given
from hypothesis import strategies as st

from aibom.digest import Digest, File
from aibom.lineage.closure import (
    AcceptedRoot,
    Closure,
    ClosureState,
    close,
    is_full_commit,
)
from aibom.lineage.evidence import Evidence, EvidenceSet, Signer
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import ENTITY_KINDS, Edge, Kind, Node, Relation
from aibom.statement import PROVENANCE_V1

NOW = datetime(2026, 11, 21, tzinfo=UTC)
USED, GENERATED = Relation.USED, Relation.GENERATED
CLOSED, ACCEPTED, OPEN = ClosureState.CLOSED, ClosureState.ACCEPTED, ClosureState.OPEN

ROOT = a_node(Kind.DATASET, "root", {"name": "root"})
MODEL = a_node(Kind.MODEL, "model", {"name": "model"})
CODE = a_node(Kind.CODE, "code")
COMMIT = "4f0c" * 10


def step(**values: str | None) -> Node:
    return a_node(Kind.STEP, "step", {"step": "train", **values})


def record(node: Node, *, trusted: bool = True) -> Evidence:
    return Evidence(
        id=node.id,
        predicate_type=PROVENANCE_V1,
        subjects=(),
        location=f"evidence/{node.id}",
        signer=Signer("acme", "builder") if trusted else None,
        refusal=None if trusted else "signer-not-allowed",
        own=frozenset({node.id}),
    )


def accepted(
    *nodes: Node, expires: datetime = NOW + timedelta(days=1)
) -> Mapping[Digest, AcceptedRoot]:
    digests = [node.digest for node in nodes if node.digest]
    return {d: AcceptedRoot(d, "no data card", "org:Acme", expires) for d in digests}


def trained(step_node: Node, *more: Edge, flag: str | None = None) -> Graph:
    """A model trained from the root, by a step."""
    values = {} if flag is None else {"changed-while-running": flag}
    edges = [
        an_edge(step_node, USED, ROOT, "training-data", values),
        an_edge(step_node, GENERATED, MODEL),
        *more,
    ]
    return Graph.of([ROOT, MODEL, CODE, step_node], edges, MODEL.id)


def model_of(
    graph: Graph,
    evidence: Iterable[Evidence] = (),
    roots: Mapping[Digest, AcceptedRoot] | None = None,
    inputs_known: str = "declared",
) -> dict[str, Closure]:
    """Closure by short name: ``model``, ``root``, ``step``."""
    found = close(graph, EvidenceSet(tuple(evidence)), roots or {}, NOW, inputs_known)
    assert set(found) == set(graph.nodes)
    names = {MODEL.id: "model", ROOT.id: "root", CODE.id: "code", step().id: "step"}
    return {names[name]: closure for name, closure in found.items() if name in names}


# ── steps ──────────────

RECORDED = (record(step()),)
STRANGER = (record(step(), trusted=False),)
ROOTS = accepted(ROOT)
STEPS = {
    "recorded, root accepted": (step(), None, RECORDED, ROOTS, "", CLOSED),
    "no record": (step(), None, (), ROOTS, "step-record-absent", OPEN),
    "a stranger's record": (
        step(),
        None,
        STRANGER,
        ROOTS,
        "step-record-untrusted",
        OPEN,
    ),
    "a stranger's and a trusted one": (
        step(),
        None,
        STRANGER + RECORDED,
        ROOTS,
        "",
        CLOSED,
    ),
    "root not accepted": (step(), None, RECORDED, {}, "input-open", OPEN),
    "another root accepted": (
        step(),
        None,
        RECORDED,
        accepted(CODE),
        "input-open",
        OPEN,
    ),
    "input changed": (
        step(),
        "true",
        RECORDED,
        ROOTS,
        "input-changed-while-running",
        OPEN,
    ),
    "input changed, oddly written": (
        step(),
        "True",
        RECORDED,
        ROOTS,
        "input-changed-while-running",
        OPEN,
    ),
    "input did not change": (step(), "false", RECORDED, ROOTS, "", CLOSED),
    "inputs known by magic": (
        step(inputs="magic"),
        None,
        RECORDED,
        ROOTS,
        "inputs-only-declared",
        OPEN,
    ),
}


@pytest.mark.parametrize(
    ("node", "flag", "items", "roots", "reason", "state"), STEPS.values(), ids=STEPS
)
def test_a_step_is_closed_by_a_trusted_record_and_closed_inputs(
    node: Node,
    flag: str | None,
    items: tuple[Evidence, ...],
    roots: Mapping[Digest, AcceptedRoot],
    reason: str,
    state: ClosureState,
) -> None:
    found = model_of(trained(node, flag=flag), items, roots)
    assert found["step"].state is state
    assert found["step"].reason == (reason or "step-recorded")
    assert found["model"].state is state
    assert found["model"].reason == ("upstream-open" if reason else "steps-recorded")


def test_whether_an_input_changed_may_be_unknown() -> None:
    said = an_edge(step(), USED, CODE, "code", {"changed-while-running": None})
    found = model_of(trained(step(), said), RECORDED, ROOTS)
    assert found["step"].reason == "input-changed-while-running"


LEVELS = ("declared", "observed", "isolated")


@pytest.mark.parametrize("stated", [None, *LEVELS])
@pytest.mark.parametrize("wanted", LEVELS)
def test_a_record_must_know_its_inputs_well_enough(
    stated: str | None, wanted: str
) -> None:
    node = step() if stated is None else step(inputs=stated)
    found = model_of(trained(node), RECORDED, ROOTS, wanted)
    enough = LEVELS.index(stated or "declared") >= LEVELS.index(wanted)
    assert found["step"].state is (CLOSED if enough else OPEN)
    assert enough or found["step"].reason == "inputs-only-declared"


def test_two_answers_to_how_inputs_are_known_are_the_lesser() -> None:
    node = step(inputs="isolated").merged(step(inputs="observed"))
    found = model_of(trained(node), RECORDED, ROOTS, "observed")
    assert found["step"].reason == "inputs-only-declared"


@pytest.mark.parametrize("used", [(), (an_edge(step(), USED, CODE, "code"),)])
def test_a_step_that_learned_from_nothing_closes_nothing(
    used: tuple[Edge, ...],
) -> None:
    edges = (*used, an_edge(step(), GENERATED, MODEL))
    found = model_of(Graph.of([MODEL, CODE, step()], edges), RECORDED, ROOTS)
    assert (found["step"].state, found["step"].reason) == (OPEN, "step-without-inputs")
    assert found["model"].state is OPEN


def test_every_generating_step_must_be_closed() -> None:
    other = a_node(Kind.STEP, "other", {"step": "train"})
    graph = trained(step())
    edges = (
        *graph.edges,
        an_edge(other, GENERATED, MODEL),
        an_edge(other, USED, ROOT, "training-data"),
    )
    graph = Graph.of([*graph.nodes.values(), other], edges)
    assert model_of(graph, RECORDED, ROOTS)["model"].state is OPEN
    both = (*RECORDED, record(other))
    assert model_of(graph, both, ROOTS)["model"].state is CLOSED


# ── roots ──────────────

EXPIRY = {
    "a second left": (NOW + timedelta(seconds=1), ACCEPTED, "accepted-root"),
    "expires now": (NOW, OPEN, "accepted-root-expired"),
    "expired": (NOW - timedelta(days=1), OPEN, "accepted-root-expired"),
}


@pytest.mark.parametrize(("expires", "state", "reason"), EXPIRY.values(), ids=EXPIRY)
def test_an_accepted_root_has_a_date(
    expires: datetime, state: ClosureState, reason: str
) -> None:
    found = model_of(Graph.of([ROOT], []), (), accepted(ROOT, expires=expires))
    assert (found["root"].state, found["root"].reason) == (state, reason)


def test_who_accepted_is_told() -> None:
    found = model_of(Graph.of([ROOT], []), (), accepted(ROOT))
    assert found["root"].detail == "by org:Acme"


def test_a_decision_is_about_a_form_and_a_digest() -> None:
    file = a_digest("root", "file")
    wrong_form = {file: AcceptedRoot(file, "x", "x", NOW + timedelta(days=1))}
    found = model_of(Graph.of([ROOT], []), (), wrong_form)
    assert found["root"].reason == "root-not-accepted"


def test_an_accepted_root_needs_no_upstream() -> None:
    graph = trained(step())
    assert model_of(graph, (), accepted(MODEL))["model"].state is ACCEPTED


def test_an_expired_decision_does_not_open_what_is_recorded() -> None:
    roots = {**ROOTS, **accepted(MODEL, expires=NOW)}
    assert model_of(trained(step()), RECORDED, roots)["model"].state is CLOSED


LOOSE = {
    "nothing above": ((), "root-not-accepted", True),
    "derived": (
        (an_edge(MODEL, Relation.DERIVED_FROM, ROOT),),
        "derived-without-step",
        True,
    ),
    "a revision": (
        (an_edge(MODEL, Relation.REVISION_OF, ROOT),),
        "root-not-accepted",
        True,
    ),
    "only a party": (
        (
            an_edge(
                MODEL, Relation.ATTRIBUTED_TO, Node(id="party:org:A", kind=Kind.PARTY)
            ),
        ),
        "root-not-accepted",
        True,
    ),
}


@pytest.mark.parametrize(("edges", "reason", "cause"), LOOSE.values(), ids=LOOSE)
def test_without_a_step_nothing_is_closed(
    edges: tuple[Edge, ...], reason: str, cause: bool
) -> None:
    party = Node(id="party:org:A", kind=Kind.PARTY)
    found = model_of(Graph.of([ROOT, MODEL, party], edges), (), ROOTS)
    assert found["model"].state is OPEN
    assert (found["model"].reason, found["model"].cause) == (reason, cause)


def test_a_derivation_beside_a_recorded_step_must_be_closed_too() -> None:
    other = a_node(Kind.MODEL, "other")
    graph = trained(step())
    edge = an_edge(MODEL, Relation.REQUIRES, other)
    graph = Graph.of([*graph.nodes.values(), other], [*graph.edges, edge])
    found = model_of(graph, RECORDED, ROOTS)["model"]
    assert (found.state, found.reason, found.cause) == (OPEN, "upstream-open", False)
    assert model_of(graph, RECORDED, accepted(ROOT, other))["model"].state is CLOSED


def test_only_the_first_open_node_of_a_path_is_a_cause() -> None:
    found = model_of(trained(step()), RECORDED)
    causes = {name for name, closure in found.items() if closure.cause}
    assert causes == {"root", "code"}
    assert found["step"].detail == "root"


# ── code and guidelines ──────────────


def undigested(kind: Kind, values: Mapping[str, str | None]) -> Node:
    return Node(facts(values), id=f"{kind}:undigested:{'ab' * 32}", kind=kind)


PINS = {
    "a digest": (CODE, CLOSED, "pinned-by-digest"),
    "a guideline's digest": (a_node(Kind.GUIDELINE, 1), CLOSED, "pinned-by-digest"),
    "a commit": (undigested(Kind.CODE, {"commit": COMMIT}), CLOSED, "pinned-by-commit"),
    "a SHA-256 commit": (
        undigested(Kind.CODE, {"commit": "ab" * 32}),
        CLOSED,
        "pinned-by-commit",
    ),
    "a clean commit": (
        undigested(Kind.CODE, {"commit": COMMIT, "dirty": "false"}),
        CLOSED,
        "pinned-by-commit",
    ),
    "a dirty commit": (
        undigested(Kind.CODE, {"commit": COMMIT, "dirty": "true"}),
        OPEN,
        "code-not-pinned",
    ),
    "whether dirty is unknown": (
        undigested(Kind.CODE, {"commit": COMMIT, "dirty": None}),
        OPEN,
        "code-not-pinned",
    ),
    "clean and dirty": (
        undigested(Kind.CODE, {"commit": COMMIT, "dirty": "true"}).merged(
            undigested(Kind.CODE, {"commit": COMMIT, "dirty": "false"})
        ),
        OPEN,
        "code-not-pinned",
    ),
    "a short commit": (
        undigested(Kind.CODE, {"commit": COMMIT[:12]}),
        OPEN,
        "code-not-pinned",
    ),
    "a branch": (undigested(Kind.CODE, {"commit": "main"}), OPEN, "code-not-pinned"),
    "nothing": (undigested(Kind.GUIDELINE, {}), OPEN, "code-not-pinned"),
    "another kind with a commit": (
        undigested(Kind.SERVICE, {"commit": COMMIT}),
        OPEN,
        "root-not-accepted",
    ),
}


@pytest.mark.parametrize(("node", "state", "reason"), PINS.values(), ids=PINS)
def test_code_and_guidelines_are_closed_when_pinned(
    node: Node, state: ClosureState, reason: str
) -> None:
    step = a_node(Kind.STEP, "train")
    edge = an_edge(step, Relation.USED, node, node.kind.value)
    found = close(Graph.of([step, node], [edge]), EvidenceSet(), {}, NOW)[node.id]
    assert (found.state, found.reason) == (state, reason)


def step_using(node: Node, *roles: str) -> Graph:
    step = a_node(Kind.STEP, "train")
    used = [an_edge(step, Relation.USED, node, role) for role in roles]
    return Graph.of([step, node], used)


def made_by_a_step(node: Node) -> Graph:
    graph, step = step_using(node, node.kind.value), a_node(Kind.STEP, "build")
    made = an_edge(step, Relation.GENERATED, node)
    return Graph.of([*graph.nodes.values(), step], [*graph.edges, made])


SO_CALLED = {
    "nobody uses it": lambda node: Graph.of([node], []),
    "used as training data": lambda node: step_using(node, "training-data"),
    "used as both": lambda node: step_using(node, node.kind.value, "training-data"),
    "made by a step": made_by_a_step,
}


@pytest.mark.parametrize("kind", [Kind.CODE, Kind.GUIDELINE])
@pytest.mark.parametrize("arrange", SO_CALLED.values(), ids=SO_CALLED)
def test_what_is_only_called_code_is_not_closed_by_its_pin(
    arrange: Callable[[Node], Graph], kind: Kind
) -> None:
    """A kind is a word in a document; weights and data must not hide behind it."""
    node = a_node(kind, "weights")
    assert close(arrange(node), EvidenceSet(), {}, NOW)[node.id].state is OPEN


def files(*paths: str) -> tuple[File, ...]:
    return tuple(File(path, 1, a_digest(path, "file")) for path in sorted(paths))


HUB = f"pkg:huggingface/acme/tools@{COMMIT}"
#: what stands on a thing that a step used as code, what on that use, its files → closed
LOOKS: dict[str, tuple[dict[str, str], dict[str, str], tuple[File, ...], bool]] = {
    "a script": ({"name": "train.py"}, {}, (), True),
    "a folder of scripts": ({}, {}, files("a.py", "b/c.sh"), True),
    "tables beside scripts": ({}, {}, files("a.py", "test/cases.csv"), True),
    "from a forge": ({"source": f"pkg:github/acme/tools@{COMMIT}"}, {}, (), True),
    "weights by name": ({"name": "acme/w.safetensors"}, {}, (), False),
    "weights, in capitals": ({"name": "W.GGUF"}, {}, (), False),
    "weights by the step's word": ({}, {"name": "w.pt"}, (), False),
    "weights among scripts": ({}, {}, files("a.py", "b/model.bin"), False),
    "data by name": ({"name": "train.jsonl"}, {}, (), False),
    "packed data": ({"name": "train.csv.gz"}, {}, (), False),
    "nothing but data": ({}, {}, files("a.parquet", "b.parquet"), False),
    "data by source": ({"source": "pkg:generic/a/d.csv@1?x=y"}, {}, (), False),
    "from a hub of models": ({"source": HUB}, {}, (), False),
    "fetched from there": ({}, {"source": HUB}, (), False),
    "of another spelling": ({"source": HUB.replace("pkg:h", "PKG://H")}, {}, (), False),
}


@pytest.mark.parametrize("kind", [Kind.CODE, Kind.GUIDELINE])
@pytest.mark.parametrize("name", LOOKS)
def test_what_looks_like_weights_or_data_is_not_closed_by_its_pin(
    name: str, kind: Kind
) -> None:
    stated, of_use, listed, closed = LOOKS[name]
    node = replace(a_node(kind, "tool", stated), files=listed)
    train = a_node(Kind.STEP, "train")
    edge = an_edge(train, Relation.USED, node, kind.value, of_use)
    found = close(Graph.of([train, node], [edge]), EvidenceSet(), {}, NOW)[node.id]
    told = (CLOSED, "pinned-by-digest") if closed else (OPEN, "root-not-accepted")
    assert (found.state, found.reason) == told
    decided = close(Graph.of([train, node], [edge]), EvidenceSet(), accepted(node), NOW)
    assert decided[node.id].state is ACCEPTED


COMMITS = {
    COMMIT: True,
    "ab" * 32: True,
    COMMIT.upper(): False,
    COMMIT + "\n": False,
    COMMIT[:-1]: False,
    "v1.0": False,
    "": False,
    None: False,
}


@pytest.mark.parametrize(("text", "expected"), COMMITS.items(), ids=repr)
def test_a_full_commit_id_is_no_name(text: str | None, expected: bool) -> None:
    assert is_full_commit(text) is expected


# ── cycles and size ──────────────


def test_a_cycle_and_what_comes_from_it_stay_open() -> None:
    other = a_node(Kind.STEP, "other", {"step": "filter"})
    graph = trained(step())
    # The root is said to be made from the model that was trained on it.
    edges = [
        *graph.edges,
        an_edge(other, USED, MODEL, "model"),
        an_edge(other, GENERATED, ROOT),
    ]
    below = a_node(Kind.MODEL, "below")
    edges.append(an_edge(below, Relation.DERIVED_FROM, MODEL))
    graph = Graph.of([*graph.nodes.values(), other, below], edges)
    evidence = EvidenceSet((*RECORDED, record(other)))
    found = close(graph, evidence, {}, NOW)
    assert {c.reason for n, c in found.items() if n != CODE.id} == {"lineage-cycle"}
    assert {c.state for n, c in found.items() if n != CODE.id} == {OPEN}


def test_twenty_thousand_steps_are_closed_in_one_pass() -> None:
    number = 20_000
    data = [a_node(Kind.DATASET, n) for n in range(number + 1)]
    steps = [a_node(Kind.STEP, n, {"step": "filter"}) for n in range(number)]
    edges = [
        edge
        for n, node in enumerate(steps)
        for edge in (
            an_edge(node, USED, data[n], "data"),
            an_edge(node, GENERATED, data[n + 1]),
        )
    ]
    graph = Graph.of([*data, *steps], edges)
    evidence = EvidenceSet(tuple(record(node) for node in steps))
    found = close(graph, evidence, accepted(data[0]), NOW)
    assert found[data[-1].id].state is CLOSED
    assert close(graph, evidence, {}, NOW)[data[-1].id].state is OPEN


# ── properties ──────────────


def everything(graph: Graph) -> tuple[Evidence, ...]:
    """A trusted record of every step."""
    return tuple(record(n) for n in graph.nodes.values() if n.kind is Kind.STEP)


def sources(graph: Graph) -> Mapping[Digest, AcceptedRoot]:
    """Every digested entity that nothing leads to, accepted."""
    return accepted(
        *(
            node
            for name, node in graph.nodes.items()
            if node.kind in ENTITY_KINDS and not graph.up(name)
        )
    )


def closed_nodes(found: Mapping[str, Closure]) -> set[str]:
    return {name for name, closure in found.items() if closure.state is not OPEN}


@QUICK
@given(graphs(), st.data())
def test_removing_evidence_never_closes_anything(
    graph: Graph, data: st.DataObject
) -> None:
    items, roots = everything(graph), sources(graph)
    kept = data.draw(
        st.lists(st.sampled_from(items), unique=True) if items else st.just([])
    )
    left = data.draw(
        st.sets(st.sampled_from(sorted(roots))) if roots else st.just(set())
    )
    more = close(graph, EvidenceSet(items), roots, NOW)
    less = close(graph, EvidenceSet(tuple(kept)), {d: roots[d] for d in left}, NOW)
    assert closed_nodes(less) <= closed_nodes(more)


@QUICK
@given(graphs())
def test_a_stricter_demand_on_inputs_never_closes_anything(graph: Graph) -> None:
    evidence, roots = EvidenceSet(everything(graph)), sources(graph)
    found = [close(graph, evidence, roots, NOW, level) for level in LEVELS]
    declared, observed, isolated = map(closed_nodes, found)
    assert isolated <= observed <= declared


@QUICK
@given(graphs(), st.data())
def test_a_derivation_in_place_of_a_step_closes_nothing(
    graph: Graph, data: st.DataObject
) -> None:
    steps = [name for name, node in graph.nodes.items() if node.kind is Kind.STEP]
    if not steps:
        return
    replaced = data.draw(st.sampled_from(steps))
    bare = without_step(graph, replaced)
    evidence, roots = EvidenceSet(everything(graph)), sources(graph)
    before, after = (close(g, evidence, roots, NOW) for g in (graph, bare))
    assert closed_nodes(after) <= closed_nodes(before)


def without_step(graph: Graph, step_name: str) -> Graph:
    """The same, but each output is only said to be derived from each input."""
    used = [edge.target for edge in graph.edges_from(step_name, USED)]
    made = [edge.target for edge in graph.edges_from(step_name, GENERATED)]
    derived = [
        Edge(source=out, relation=Relation.DERIVED_FROM, target=data)
        for out in made
        for data in used
        if out != data
    ]
    edges = [
        edge for edge in graph.edges if step_name not in (edge.source, edge.target)
    ]
    nodes = [node for name, node in graph.nodes.items() if name != step_name]
    return Graph.of(nodes, [*edges, *derived], graph.root)


def chain(kinds: list[str]) -> tuple[Graph, list[Node], list[Node]]:
    """Datasets, each made from the one before by a recorded step."""
    data = [a_node(Kind.DATASET, n) for n in range(len(kinds) + 1)]
    steps = [a_node(Kind.STEP, n, {"step": kind}) for n, kind in enumerate(kinds)]
    edges = []
    for n, node in enumerate(steps):
        edges.append(an_edge(node, USED, data[n], "data"))
        edges.append(an_edge(node, GENERATED, data[n + 1]))
    return Graph.of([*data, *steps], edges, data[-1].id), data, steps


@QUICK
@given(
    st.lists(st.sampled_from(["filter", "split"]), min_size=1, max_size=6), st.data()
)
def test_one_step_replaced_by_a_derivation_opens_the_root(
    kinds: list[str], data: st.DataObject
) -> None:
    graph, entities, steps = chain(kinds)
    evidence, roots = EvidenceSet(everything(graph)), accepted(entities[0])
    assert graph.root is not None
    assert close(graph, evidence, roots, NOW)[graph.root].state is CLOSED
    replaced = data.draw(st.sampled_from(steps))
    bare = without_step(graph, replaced.id)
    assert close(bare, evidence, roots, NOW)[graph.root].state is OPEN
