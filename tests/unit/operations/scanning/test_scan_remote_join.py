"""Claims of several repositories: what was met first stays, whatever others say."""

from __future__ import annotations

import pytest

from aibom.lineage.graph import find_cycles
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation
from aibom.operations.scanning.remote_join import Said, joined
from aibom.operations.scanning.remote_names import named_on_hub
from tests.builders import sha256

ORIGINS = frozenset({Origin("hub")})
DERIVED, GENERATED, USED = (
    Relation.DERIVED_FROM,
    Relation.GENERATED,
    Relation.USED,
)


def node(name: str) -> Node:
    kind = Kind.STEP if name.startswith("step") else Kind.MODEL
    form = "undigested" if kind is Kind.STEP else "tree"
    return Node((), ORIGINS, id=f"{kind}:{form}:{sha256(name)}", kind=kind)


def edge(source: str, target: str, relation: Relation = DERIVED) -> Edge:
    ends = node(source).id, node(target).id
    return Edge((), ORIGINS, source=ends[0], relation=relation, target=ends[1])


def said(by: str, *edges: Edge) -> Said:
    return Said(by, edges)


FIRST = edge("root", "base")
#: What is said, in order; what is left out, and by whom that was said.
KNOTS: dict[str, tuple[list[Said], list[Edge], set[str]]] = {
    "nothing": ([said("a", FIRST)], [], set()),
    "later turns it around": (
        [said("a", FIRST), said("b", edge("base", "root"))],
        [edge("base", "root")],
        {"b"},
    ),
    "later, over others": (
        [
            said("a", FIRST),
            said("b", edge("base", "x"), edge("x", "y")),
            said("c", edge("y", "root"), edge("y", "z")),
        ],
        [edge("y", "root")],
        {"c"},
    ),
    "all of a knot that one says at once": (
        [said("a", FIRST), said("b", edge("base", "x"), edge("x", "root"))],
        [edge("base", "x"), edge("x", "root")],
        {"b"},
    ),
    "said again is no new claim": (
        [said("a", FIRST), said("b", FIRST, edge("base", "root"))],
        [edge("base", "root")],
        {"b"},
    ),
    "over a step": (
        [
            said("a", edge("step", "root", GENERATED), edge("step", "base", USED)),
            said("b", edge("base", "root")),
        ],
        [edge("base", "root")],
        {"b"},
    ),
    "a step that makes its own input": (
        [said("a", edge("step", "root", GENERATED), edge("step", "root", USED))],
        [edge("step", "root", GENERATED), edge("step", "root", USED)],
        {"a"},
    ),
}


@pytest.mark.parametrize("case", KNOTS.values(), ids=KNOTS)
def test_what_was_met_first_stays(
    case: tuple[list[Said], list[Edge], set[str]],
) -> None:
    groups, dropped, by = case
    nodes = [node(name) for name in ("root", "base", "x", "y", "z", "step")]
    graph, findings = joined(nodes, groups, node("root").id, "all")
    every = {edge.key for group in groups for edge in group.edges}
    assert every - {e.key for e in graph.edges} == {e.key for e in dropped}
    assert find_cycles(graph) == ()
    assert {(f.path, f.code, f.unread) for f in findings} == {
        (name, "lineage-circular", True) for name in by
    }


def test_one_digest_of_two_kinds_is_one_thing_and_comes_not_from_itself() -> None:
    data = Node((), ORIGINS, id=node("x").id.replace("model", "dataset"))
    data = Node((), ORIGINS, id=data.id, kind=Kind.DATASET)
    claims = (
        FIRST,
        Edge((), ORIGINS, source=node("x").id, relation=DERIVED, target=data.id),
        Edge((), ORIGINS, source=node("base").id, relation=DERIVED, target=data.id),
    )
    nodes = [node("root"), node("base"), node("x"), node("x"), data]
    graph, findings = joined(nodes, [said("a", *claims)], node("root").id, "all")
    assert {e.key for e in graph.edges} == {FIRST.key, edge("base", "x").key}
    assert [(f.path, f.code) for f in findings] == [("all", "kind-contradicted")]


def stands_for(source: str, **facts: str) -> Node:
    stated = {"source": source, **facts}
    told = tuple(Fact(field, value, ORIGINS) for field, value in stated.items())
    return Node(told, ORIGINS, id=f"model:undigested:{sha256(source)}")


NAMES: dict[str, tuple[Node, str | None, str | None]] = {
    "a model": (stands_for("pkg:huggingface/acme/base"), "hf:acme/base", None),
    "one part": (stands_for("pkg:huggingface/gpt2"), "hf:gpt2", None),
    "a dataset": (
        stands_for("pkg:huggingface/datasets/acme/chat@v1"),
        "hf:datasets/acme/chat@v1",
        None,
    ),
    "a branch has its own capitals": (
        stands_for("pkg:huggingface/acme/base@v1-rc", revision="V1-RC"),
        "hf:acme/base@V1-RC",
        None,
    ),
    "something else": (stands_for("pkg:pypi/torch@2.0"), None, None),
    "a URL": (stands_for("https://hub.example/acme/base"), None, None),
    "on another registry": (
        stands_for("pkg:huggingface/acme/base?repository_url=https://hub.example"),
        None,
        "reference-malformed",
    ),
    "a part of one": (
        stands_for("pkg:huggingface/acme/base#config"),
        None,
        "reference-malformed",
    ),
    "too many parts": (
        stands_for("pkg:huggingface/a/b/c"),
        None,
        "reference-malformed",
    ),
    "no revision that there is": (
        stands_for("pkg:huggingface/acme/base@a%20b"),
        None,
        "reference-malformed",
    ),
}


@pytest.mark.parametrize("case", NAMES.values(), ids=NAMES)
def test_nodes_that_name_a_repository(
    case: tuple[Node, str | None, str | None],
) -> None:
    one, reference, code = case
    named, findings = named_on_hub([one], ())
    assert [str(found.reference) for found in named] == [reference] * bool(reference)
    assert [found.code for found in findings] == [code] * bool(code)
    assert named_on_hub([one], {one.id}) == ((), ())


def test_what_has_a_digest_is_not_looked_for_under_a_name() -> None:
    fact = Fact("source", "pkg:huggingface/acme/base", ORIGINS)
    assert named_on_hub([Node((fact,), ORIGINS, id=node("base").id)], ()) == ((), ())


def test_only_a_full_commit_is_pinned() -> None:
    texts = ("pkg:huggingface/a/b", "pkg:huggingface/a/b@v1", "pkg:huggingface/a/b@")
    named, _ = named_on_hub(
        [stands_for(text) for text in (*texts[:2], f"{texts[2]}{'a' * 40}")], ()
    )
    roles = {str(one.reference): one.role for one in named}
    assert roles == {
        "hf:a/b": "found-at-revision",
        "hf:a/b@v1": "found-at-revision",
        f"hf:a/b@{'a' * 40}": "pinned-revision",
    }
