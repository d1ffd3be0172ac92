"""Step records: read back from what recording wrote, compared with a graph, refused."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from builders import a_digest, a_node, an_edge, facts, sha256, write_tree

from aibom.digest import hash_path
from aibom.errors import DocumentInvalid
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id
from aibom.lineage.nodes import Edge, Kind, Node, Origin, Relation, State
from aibom.lineage.step_record import (
    Fragment,
    is_step_record,
    step_fragment,
    step_mismatches,
)
from aibom.recording import record
from aibom.recording.predicate import (
    CodeUse,
    MadeOutput,
    StepFacts,
    UsedInput,
    build_statement,
)
from aibom.recording.redact import Redactor
from aibom.resources import read_schema
from aibom.statement import PROVENANCE_V1, Resource, Statement

COMMIT = "4f0c" * 10
SOURCE = f"pkg:huggingface/acme/base@{COMMIT}"
PERSON = f"person:acme-0123abcd:{'ab' * 16}"
SCHEMA = jsonschema_rs.validator_for(read_schema("step-1.json"))

FULL = StepFacts(
    kind="fine-tune",
    recheck="full",
    started=0.0,
    finished=61.0,
    inputs=(
        UsedInput("base-model", "model", "base", a_digest("base"), SOURCE, COMMIT),
        UsedInput("training-data", "dataset", "train.jsonl", a_digest("data", "file")),
        UsedInput(
            "labels",
            "dataset",
            "labels",
            a_digest("labels"),
            changed=True,
            after=a_digest("labels, later"),
        ),
    ),
    outputs=(
        MadeOutput("model", "out", a_digest("out")),
        MadeOutput("report", "log.json", a_digest("log", "file")),
    ),
    label="reviews, run 7",
    command=("python", "train.py", "--lr", "2e-5"),
    parameters={"learning rate": 2e-5, "optim:name": "adam", "fp16": True, "n": 3},
    parties=(("labeler", PERSON), ("supplier", "org:Acme Labels")),
    environment={"CUDA_VISIBLE_DEVICES": "0"},
    code=CodeUse(COMMIT, "https://git.example/acme/train", True),
    builder="https://builder.example/v1",
)


def written(said: StepFacts = FULL) -> Statement:
    """A record, through its bytes."""
    statement = build_statement(said, Redactor())
    return Statement.parse(statement.payload, "record")


def edges_of(fragment: Fragment, relation: Relation) -> dict[str, Edge]:
    """The step's edges by what it called the thing, or else by the thing's label."""
    graph = fragment.graph
    found = graph.edges_from(fragment.step, relation)
    return {
        edge.value("name") or graph.nodes[edge.target].label: edge for edge in found
    }


# ── round trip ──────────────


def test_a_record_is_read_as_a_graph_of_one_step() -> None:
    statement = written()
    fragment = step_fragment(statement, "record")
    assert is_step_record(statement)
    assert fragment.step == f"step:{statement.payload_digest}"
    assert fragment.outputs == (
        f"model:tree:{sha256('out')}",
        f"report:file:{sha256('log')}",
    )
    assert fragment.own == {fragment.step, *fragment.outputs}
    assert len(fragment.inputs) == 4
    assert not fragment.own & set(fragment.inputs)


def test_the_steps_own_facts() -> None:
    fragment = step_fragment(written(), "record")
    node = fragment.graph.nodes[fragment.step]
    assert {fact.field: fact.value for fact in node.facts} == {
        "step": "fine-tune",
        "label": "reviews, run 7",
        "inputs": "declared",
        "recheck": "full",
        "command": '["python", "train.py", "--lr", "2e-5"]',
        "started": "1970-01-01T00:00:00Z",
        "finished": "1970-01-01T00:01:01Z",
        "builder": "https://builder.example/v1",
        "parameter.learning rate": "2e-05",
        "parameter.optim:name": "adam",
        "parameter.fp16": "true",
        "parameter.n": "3",
        "env.CUDA_VISIBLE_DEVICES": "0",
    }
    origin = Origin("step-record", written().payload_digest)
    assert node.origins == {origin}
    assert {fact.origins for fact in node.facts} == {frozenset({origin})}


def test_inputs_say_in_which_role_and_from_where() -> None:
    used = edges_of(step_fragment(written(), "record"), Relation.USED)
    assert {name: edge.role for name, edge in used.items() if edge.role != "code"} == {
        "base": "base-model",
        "train.jsonl": "training-data",
        "labels": "labels",
    }
    assert used["base"].value("source") == SOURCE
    assert used["base"].value("revision") == COMMIT
    assert used["labels"].value("changed-while-running") == "true"
    assert used["labels"].value("digest-after") == str(a_digest("labels, later"))
    assert used["train.jsonl"].fields() == ("name",)


def test_what_a_consumer_calls_its_input_is_no_name_of_the_thing() -> None:
    fragment = step_fragment(written(), "record")
    inputs = [fragment.graph.nodes[name] for name in fragment.inputs]
    assert [node.values("name") for node in inputs if node.digest] == [(), (), ()]


def test_what_the_maker_calls_its_output_is_a_name_that_the_record_protects() -> None:
    fragment = step_fragment(written(), "record")
    for edge in fragment.graph.edges_from(fragment.step, Relation.GENERATED):
        assert fragment.graph.nodes[edge.target].values("name") == edge.values("name")


def test_code_is_known_by_its_commit() -> None:
    fragment = step_fragment(written(), "record")
    (code,) = (n for n in fragment.graph.nodes.values() if n.kind is Kind.CODE)
    assert code.digest is None
    assert code.value("commit") == COMMIT
    assert code.value("dirty") == "true"
    assert code.values("source") == ("git+https://git.example/acme/train",)


@pytest.mark.parametrize(
    ("dirty", "known"),
    [(True, ("true",)), (False, ("false",)), (None, ())],
    ids=["changed", "clean", "git did not tell"],
)
def test_code_is_clean_only_where_git_said_so(
    dirty: bool | None, known: tuple[str, ...]
) -> None:
    said = replace(BARE, code=CodeUse(COMMIT, None, dirty))
    fragment = step_fragment(written(said), "record")
    (code,) = (n for n in fragment.graph.nodes.values() if n.kind is Kind.CODE)
    assert code.values("dirty") == known
    assert code.state("dirty") is not State.MISSING


def test_parties_and_their_roles() -> None:
    fragment = step_fragment(written(), "record")
    found = fragment.graph.edges_from(fragment.step, Relation.PERFORMED_BY)
    assert {(edge.target, edge.role) for edge in found} == {
        (f"party:{PERSON}", "labeler"),
        ("party:org:Acme Labels", "supplier"),
    }


def test_what_recording_writes_on_disk_can_be_read(tmp_path: Path) -> None:
    write_tree(tmp_path, {"base/w.bin": "weights", "train.jsonl": "{}"})
    ticks = itertools.count(1_700_000_000)
    with record(
        "fine-tune",
        label="run",
        steps=tmp_path / "steps",
        code=None,
        clock=lambda: float(next(ticks)),
    ) as step:
        step.input("base-model", tmp_path / "base", source=SOURCE)
        step.input("training-data", tmp_path / "train.jsonl")
        step.party("labeler", "org:Acme")
        step.parameter("learning rate", 0.1)
        step.output(tmp_path / "out")
        write_tree(tmp_path, {"out/w.bin": "tuned"})
    assert step.record is not None
    statement = Statement.parse(step.record.read_bytes(), "record")
    assert [e.message for e in SCHEMA.iter_errors(statement.predicate)] == []
    fragment = step_fragment(statement, "record")
    assert fragment.step == f"step:{step.id}"
    (output,) = fragment.outputs
    assert fragment.graph.nodes[output].digest == hash_path(tmp_path / "out").digest
    assert set(edges_of(fragment, Relation.USED)) == {"base", "train.jsonl"}
    assert step_mismatches(fragment.graph, fragment) == ()


BARE = StepFacts(
    kind="train",
    recheck="stat",
    started=0.0,
    finished=0.0,
    inputs=(),
    outputs=(MadeOutput("model", "m", a_digest("m")),),
)
RECORDED = {
    "everything": FULL,
    "next to nothing": BARE,
    "clean code": replace(BARE, code=CodeUse(COMMIT, None, False)),
    "code of which git did not tell": replace(BARE, code=CodeUse(COMMIT, None, None)),
    "an input that cannot be read any more": replace(
        BARE,
        inputs=(UsedInput("data", "dataset", "d", a_digest("d"), changed=True),),
    ),
}


@pytest.mark.parametrize("said", RECORDED.values(), ids=RECORDED)
def test_records_are_valid_under_the_schema_and_readable(said: StepFacts) -> None:
    statement = written(said)
    assert [e.message for e in SCHEMA.iter_errors(statement.predicate)] == []
    fragment = step_fragment(statement, "record")
    assert step_mismatches(fragment.graph, fragment) == ()


def test_the_schema_is_valid_itself() -> None:
    jsonschema_rs.meta.validate(read_schema("step-1.json"))


# ── mismatches ──────────────

Edit = Callable[[Fragment], Graph]


def edited(
    fragment: Fragment,
    *,
    drop: Callable[[Edge], bool] = lambda edge: False,
    change: Callable[[Edge], Edge] = lambda edge: edge,
    more: tuple[Edge, ...] = (),
    nodes: tuple[Node, ...] = (),
) -> Graph:
    graph = fragment.graph
    edges = [change(edge) for edge in graph.edges if not drop(edge)]
    return Graph.of([*graph.nodes.values(), *nodes], [*edges, *more])


def is_base(edge: Edge) -> bool:
    return edge.role == "base-model"


def extra(relation: Relation, kind: Kind, role: str = "") -> Edit:
    def edit(fragment: Fragment) -> Graph:
        node = a_node(kind, "extra")
        edge = an_edge(fragment.graph.nodes[fragment.step], relation, node, role)
        return edited(fragment, more=(edge,), nodes=(node,))

    return edit


def step_says(field: str, *values: str | None) -> Edit:
    """The BOM's step has these facts, in place of what the record says."""

    def edit(fragment: Fragment) -> Graph:
        node = fragment.graph.nodes[fragment.step]
        kept = tuple(fact for fact in node.facts if fact.field != field)
        said = tuple(fact for value in values for fact in facts({field: value}))
        nodes = {**fragment.graph.nodes, node.id: replace(node, facts=kept + said)}
        return Graph.of(nodes.values(), fragment.graph.edges)

    return edit


def without(role: str) -> Edit:
    return lambda fragment: edited(fragment, drop=lambda edge: edge.role == role)


def with_role(old: str, new: str) -> Edit:
    return lambda fragment: edited(
        fragment,
        change=lambda edge: replace(edge, role=new) if edge.role == old else edge,
    )


def without_facts(fragment: Fragment) -> Graph:
    return edited(fragment, change=lambda e: replace(e, facts=()) if is_base(e) else e)


def facts_run_together(fragment: Fragment) -> Graph:
    """One value that reads like two facts, were they compared as text."""

    def change(edge: Edge) -> Edge:
        if not is_base(edge):
            return edge
        (name, revision, source) = edge.facts
        joined = replace(revision, value=f"{revision.value} source={source.value}")
        return replace(edge, facts=(name, joined))

    return edited(fragment, change=change)


def another_form(fragment: Fragment) -> Graph:
    """The same hex, as a file's digest instead of a folder's."""
    name = entity_id(Kind.MODEL, a_digest("base", "file"))
    return edited(
        fragment,
        change=lambda e: replace(e, target=name) if is_base(e) else e,
        nodes=(Node(id=name, kind=Kind.MODEL),),
    )


def renamed_output(fragment: Fragment) -> Graph:
    """An output moved into another namespace."""

    def change(edge: Edge) -> Edge:
        if edge.relation is not Relation.GENERATED:
            return edge
        return replace(edge, facts=facts({"name": "acme/lab-1"}))

    return edited(fragment, change=change)


EDITS: dict[str, tuple[Edit, list[str]]] = {
    "nothing": (lambda fragment: fragment.graph, []),
    "an output renamed": (renamed_output, ["leaves out: generated", "acme/lab-1"]),
    "an input left out": (without("labels"), ["leaves out: used dataset:tree:"]),
    "a party left out": (without("labeler"), ["leaves out: performed-by party:person"]),
    "an output left out": (
        lambda fragment: edited(
            fragment, drop=lambda e: e.target.startswith("report:")
        ),
        ["leaves out: generated report:file:"],
    ),
    "an input added": (
        extra(Relation.USED, Kind.DATASET, "training-data"),
        ["record does not have: used dataset:tree:"],
    ),
    "an output added": (
        extra(Relation.GENERATED, Kind.MODEL),
        ["record does not have: generated model:tree:"],
    ),
    "another role": (
        with_role("training-data", "evaluation-data"),
        ["as training-data", "as evaluation-data"],
    ),
    "a labeler turned auditor": (
        with_role("labeler", "auditor"),
        ["as labeler", "as auditor"],
    ),
    "another form of digest": (another_form, ["used model:tree:", "used model:file:"]),
    "where it came from left out": (
        without_facts,
        [f"revision='{COMMIT}' source='{SOURCE}'", "as base-model"],
    ),
    "two facts run together": (facts_run_together, ["leaves out", "does not have"]),
    "another kind of step": (
        step_says("step", "evaluate"),
        ["the step's step differs"],
    ),
    "how inputs are known": (
        step_says("inputs", "isolated"),
        ["the step's inputs differs"],
    ),
    "a parameter": (step_says("parameter.n", "4"), ["the step's parameter.n differs"]),
    "a parameter left out": (
        step_says("parameter.n"),
        ["the step's parameter.n differs"],
    ),
    "declared unknown": (step_says("label", None), ["the step's label differs"]),
    "a fact added": (step_says("note", "x"), ["the step's note differs"]),
}


@pytest.mark.parametrize(("edit", "texts"), EDITS.values(), ids=EDITS)
def test_how_a_graph_differs_from_a_record(edit: Edit, texts: list[str]) -> None:
    fragment = step_fragment(written(), "record")
    found = step_mismatches(edit(fragment), fragment)
    assert bool(found) == bool(texts)
    for text in texts:
        assert any(text in difference for difference in found), found


def test_a_graph_may_say_more_of_everything_but_the_step() -> None:
    fragment = step_fragment(written(), "record")
    base = a_node(Kind.MODEL, "base", {"name": "another name", "licence": "MIT"})
    older = a_node(Kind.MODEL, "older")
    edge = an_edge(base, Relation.DERIVED_FROM, older, "quantized")
    graph = edited(fragment, more=(edge,), nodes=(base, older))
    assert step_mismatches(graph, fragment) == ()


def test_a_step_that_is_not_there_cannot_be_compared() -> None:
    fragment = step_fragment(written(), "record")
    with pytest.raises(KeyError):
        step_mismatches(Graph.of([], []), fragment)


# ── malformed ──────────────


def set_at(document: Any, path: str, value: Any) -> None:
    """Set, or delete where the value is ``...``, what is at a path of keys."""
    *steps, last = [int(p) if p.isdigit() else p for p in path.split("/")]
    for key in steps:
        document = document[key]
    if value is ...:
        del document[last]
    else:
        document[last] = value


DEFINITION = "predicate/buildDefinition"
EXTERNAL = f"{DEFINITION}/externalParameters"
INPUT = f"{DEFINITION}/resolvedDependencies/0"
HOSTILE = (None, 5, True, "text", [], ["x"], {}, {"a": {"b": None}})


def malformed(path: str, value: Any) -> Statement:
    document = json.loads(written().payload)
    set_at(document, path, value)
    return Statement.parse(json.dumps(document).encode(), "record")


MISSING = [
    "predicate/buildDefinition",
    "predicate/runDetails",
    "predicate/runDetails/builder",
    "predicate/runDetails/builder/id",
    EXTERNAL,
    f"{EXTERNAL}/step",
    f"{EXTERNAL}/parties/0/role",
    f"{EXTERNAL}/parties/0/id",
    f"{INPUT}/annotations",
    f"{INPUT}/annotations/aibom:kind",
    f"{INPUT}/annotations/aibom:role",
    f"{INPUT}/digest",
    "subject/0/annotations/aibom:kind",
]


@pytest.mark.parametrize("path", MISSING)
def test_a_record_without_a_part_is_refused(path: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        step_fragment(malformed(path, ...), "the record")
    assert caught.value.reason == "step-record-malformed"
    assert caught.value.where == "the record"


WRONG = {
    "step is a number": (f"{EXTERNAL}/step", 5),
    "step is empty": (f"{EXTERNAL}/step", ""),
    "parties is an object": (f"{EXTERNAL}/parties", {"role": "x"}),
    "a party is a text": (f"{EXTERNAL}/parties/0", "org:Acme"),
    "a role is nothing": (f"{EXTERNAL}/parties/0/role", None),
    "a role is empty": (f"{EXTERNAL}/parties/0/role", ""),
    "a role is no word": (f"{EXTERNAL}/parties/0/role", "A B"),
    "a party by name": (f"{EXTERNAL}/parties/0/id", "Alice"),
    "parameters is a list": (f"{EXTERNAL}/parameters", ["a"]),
    "a parameter without a name": (f"{EXTERNAL}/parameters", {"": 1}),
    "a parameter with a newline": (f"{EXTERNAL}/parameters", {"a\nb": 1}),
    "environment is a text": (
        f"{DEFINITION}/internalParameters",
        {"environment": "PATH"},
    ),
    "inputs is nothing": (f"{DEFINITION}/resolvedDependencies", None),
    "an input is a text": (INPUT, "x"),
    "an input is of no kind": (f"{INPUT}/annotations/aibom:kind", "thing"),
    "an input is a step": (f"{INPUT}/annotations/aibom:kind", "step"),
    "an input is a party": (f"{INPUT}/annotations/aibom:kind", "party"),
    "a role of an input is empty": (f"{INPUT}/annotations/aibom:role", ""),
    "a role of an input is a list": (f"{INPUT}/annotations/aibom:role", ["data"]),
    "an input with another digest": (f"{INPUT}/digest", {"md5": "ab"}),
    "a dataset known by its commit": (
        f"{INPUT}",
        {
            "digest": {"gitCommit": COMMIT},
            "annotations": {"aibom:kind": "dataset", "aibom:role": "data"},
        },
    ),
    "an input with a malformed digest": (f"{INPUT}/digest", {"sha256": "AB" * 32}),
    "an output is a step": ("subject/0/annotations/aibom:kind", "step"),
    "an output with another digest": ("subject/0/digest", {"sha512": "ab" * 64}),
    "one digest, two kinds": (
        "subject/1",
        {
            "name": "x",
            "digest": {"sha256": sha256("base")},
            "annotations": {"aibom:kind": "dataset", "aibom:form": "tree"},
        },
    ),
}


@pytest.mark.parametrize(("path", "value"), WRONG.values(), ids=WRONG)
def test_a_record_of_a_wrong_shape_is_refused(path: str, value: Any) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        step_fragment(malformed(path, value), "record")
    assert caught.value.reason == "step-record-malformed"


def paths_of(value: Any, prefix: str = "predicate") -> list[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in items:
        here = f"{prefix}/{key}"
        found.append(here)
        if isinstance(inner, (dict, list)):
            found += paths_of(inner, here)
    return found


def test_no_type_in_any_place_is_a_crash() -> None:
    predicate = json.loads(written().payload)["predicate"]
    outcomes = []
    for path, value in itertools.product(paths_of(predicate), HOSTILE):
        document = {"predicate": copy.deepcopy(predicate)}
        set_at(document, path, value)
        subjects = written().subjects
        statement = Statement.build(subjects, PROVENANCE_V1, document["predicate"])
        is_step_record(statement)
        outcomes.append(outcome(statement))
    assert len(outcomes) > 200
    assert set(outcomes) == {"read", "step-record-malformed"}


def outcome(statement: Statement) -> str:
    try:
        fragment = step_fragment(statement, "record")
    except DocumentInvalid as error:
        return error.reason
    return "read" if not step_mismatches(fragment.graph, fragment) else "not itself"


OTHERS = {
    "another predicate": ("https://example.com/x", {"buildDefinition": {}}),
    "another build type": (PROVENANCE_V1, {"buildDefinition": {"buildType": "x"}}),
    "no build definition": (PROVENANCE_V1, {}),
    "a list": (PROVENANCE_V1, {"buildDefinition": ["buildType"]}),
}


@pytest.mark.parametrize(("kind", "predicate"), OTHERS.values(), ids=OTHERS)
def test_other_statements_are_no_step_records(kind: str, predicate: Any) -> None:
    subject = Resource.subject("x", a_digest("x"))
    assert not is_step_record(Statement.build([subject], kind, predicate))
