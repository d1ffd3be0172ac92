"""Builders that test modules share: trees on disk, digests, and lineage graphs.

``from builders import graphs`` gives a hypothesis strategy of arbitrary valid graphs;
the small functions beside it make one value each, from a number, so that a test says
only what it is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from aibom.digest import Digest, File, Form, manifest_digest
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id, step_id, undigested_id
from aibom.lineage.nodes import (
    ENTITY_KINDS,
    ROOT_KINDS,
    Edge,
    Fact,
    Kind,
    Node,
    Origin,
    Relation,
    merge_facts,
)


def write_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below ``folder``, parents included, and return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


# ── one value each ──────────────


def sha256(seed: object) -> str:
    """Hex of a SHA-256 that differs for every seed."""
    return hashlib.sha256(repr(seed).encode("utf-8", "surrogatepass")).hexdigest()


def a_digest(seed: object, form: Form = "tree") -> Digest:
    """A digest that differs for every seed."""
    return Digest(form, sha256(seed))


def facts(
    values: Mapping[str, str | None] | None = None, *origins: Origin
) -> tuple[Fact, ...]:
    """One fact per entry, from the origins given, or from one called ``test``."""
    said_by = frozenset(origins or {Origin("test")})
    return merge_facts(Fact(k, v, said_by) for k, v in (values or {}).items())


def a_node(
    kind: Kind, seed: object, values: Mapping[str, str | None] | None = None
) -> Node:
    """A node of any kind but a party, identified by a digest made from ``seed``."""
    name = (
        step_id(sha256(seed)) if kind is Kind.STEP else entity_id(kind, a_digest(seed))
    )
    return Node(facts(values), frozenset({Origin("test")}), id=name, kind=kind)


def an_edge(
    source: Node,
    relation: Relation,
    target: Node,
    role: str = "",
    values: Mapping[str, str | None] | None = None,
) -> Edge:
    """An edge between two nodes."""
    return Edge(
        facts(values),
        frozenset({Origin("test")}),
        source=source.id,
        relation=relation,
        target=target.id,
        role=role,
    )


# ── arbitrary graphs ──────────────

#: For properties over graphs: machines are shared, so no deadline; few, as each is big.
QUICK = settings(max_examples=60, deadline=None)

TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\t"),
    max_size=20,
)
_ODD_NAMES = st.sampled_from(
    ("seed", "learning-rate", "naïve", "größe", "学習率", "a.b.c", "🙂", "PATH", "__x")
)
_COMMIT = "4f0c" * 10
_ROLES = ("", "base-model", "training-data", "labeler", "auditor", "owner", "x-y")
_PARTIES = (
    f"person:acme-0123abcd:{'ab' * 16}",
    f"person:acme-0123abcd:{'cd' * 16}",
    f"person:lab.7:{'ab' * 16}",
    "org:Acme",
    "org:Ünïcode & Söhne",
    "software:labeltool@1.2",
    "software:noname",
)
_FIELDS = {
    "entity": (
        *("name", "source", "location", "upstream-bom", "revision", "licence"),
        *("description", "label", "commit", "dirty", "role"),
    ),
    "step": (
        *("step", "label", "inputs", "command", "started", "finished", "builder"),
        *("name", "description", "recheck"),
    ),
    "party": ("type", "name", "key-id", "label"),
    "edge": ("source", "revision", "changed-while-running", "digest-after", "name"),
}
_VALUES = st.sampled_from(
    (
        "",
        " ",
        "acme/base",
        "train",
        "evaluate",
        "declared",
        "true",
        "Apache-2.0",
        "pkg:huggingface/acme/base@" + _COMMIT,
        "pkg:nothing",
        _COMMIT,
        "https://acme.example/models/base",
        "https://acme.example/a b?c=[d]",
        "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1@sha256:" + "ab" * 32,
        "2026-01-31T08:00:00Z",
        "2026-02-30T08:00:00Z",
        "2026-01-31",
    )
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=5,
)
_EXTRAS = st.dictionaries(
    st.sampled_from(("x-note", "vendor:Extension", "ünïcode", "a b", "level")),
    _JSON,
    max_size=2,
)
_ORIGINS = st.builds(
    Origin,
    st.sampled_from(("step-record", "hub", "label export", "naïve")),
    st.sampled_from(("", sha256("origin"), sha256("other origin"))),
    st.sampled_from(("", "/a/0", "#/ü~1b")),
    st.sampled_from(("online", "cached", "offline")),
)
_PATHS = st.sampled_from(
    (
        *("model.safetensors", "config.json", "a/b.bin", "a.b", "a-b", "nested/x/y"),
        *("ünïcode/ß.txt", "学習.jsonl", "🙂", "with space", "'quote\"", "a:b"),
    )
)


@st.composite
def _described(draw: DrawFn, sort: str, table: Sequence[Origin]) -> dict[str, Any]:
    """The keyword arguments that nodes and edges share."""
    some = st.frozensets(st.sampled_from(table), min_size=1)
    names = st.sampled_from(_FIELDS[sort])
    if sort == "step":
        names |= st.builds("parameter.{}".format, _ODD_NAMES)
        names |= st.builds("env.{}".format, _ODD_NAMES)
    said = draw(
        st.lists(st.builds(Fact, names, st.none() | _VALUES | TEXT, some), max_size=5)
    )
    return {
        "facts": merge_facts(said),
        "origins": draw(st.frozensets(st.sampled_from(table))),
        "extra": draw(st.just({}) | _EXTRAS),
    }


@st.composite
def _entity(
    draw: DrawFn, number: int, kind: Kind, table: Sequence[Origin], digested: bool
) -> Node:
    described = draw(_described("entity", table))
    if not digested:
        known = {f.field: f.value for f in described["facts"] if f.value is not None}
        name = undigested_id(kind, {**known, "number": str(number)})
        return Node(**described, id=name, kind=kind)
    salt = (number, draw(st.integers(0, 255)))
    listed = draw(st.lists(_PATHS, unique=True, max_size=4))
    if not listed:
        form: Form = draw(st.sampled_from(("file", "tree")))
        return Node(**described, id=entity_id(kind, a_digest(salt, form)), kind=kind)
    files = tuple(
        File(path, draw(st.integers(0, 2**40)), a_digest((salt, path), "file"))
        for path in sorted(listed)
    )
    tree = manifest_digest((file.path, file.digest.value) for file in files)
    return Node(**described, id=entity_id(kind, tree), kind=kind, files=files)


@st.composite
def _step(draw: DrawFn, number: int, table: Sequence[Origin]) -> Node:
    described = draw(_described("step", table))
    salt = (number, draw(st.integers(0, 255)))
    name = draw(
        st.sampled_from(
            (step_id(sha256(salt)), undigested_id(Kind.STEP, {"step": str(salt)}))
        )
    )
    return Node(**described, id=name, kind=Kind.STEP)


@st.composite
def _party(draw: DrawFn, text: str, table: Sequence[Origin]) -> Node:
    described = draw(_described("party", table))
    return Node(**described, id=f"party:{text}", kind=Kind.PARTY)


@st.composite
def _nodes(draw: DrawFn, table: Sequence[Origin]) -> list[Node]:
    kinds = st.sampled_from(sorted(ENTITY_KINDS))
    wanted = draw(st.lists(st.tuples(kinds, st.booleans()), max_size=5))
    found = [
        draw(_entity(number, kind, table, digested))
        for number, (kind, digested) in enumerate(wanted, 1)
    ]
    steps = draw(st.integers(0, 3))
    found += [draw(_step(number, table)) for number in range(steps)]
    parties = draw(st.lists(st.sampled_from(_PARTIES), unique=True, max_size=3))
    return found + [draw(_party(text, table)) for text in parties]


def _possible(nodes: Sequence[Node]) -> list[list[tuple[Node, Relation, Node]]]:
    """Every triple that may be an edge, by relation."""
    entities = [node for node in nodes if node.kind in ENTITY_KINDS]
    steps = [node for node in nodes if node.kind is Kind.STEP]
    parties = [node for node in nodes if node.kind is Kind.PARTY]
    ends = {
        Relation.USED: (steps, entities),
        Relation.GENERATED: (steps, entities),
        Relation.PERFORMED_BY: (steps, parties),
        Relation.ATTRIBUTED_TO: (entities, parties),
        Relation.DERIVED_FROM: (entities, entities),
        Relation.REVISION_OF: (entities, entities),
        Relation.REQUIRES: (entities, entities),
    }
    by_relation = [
        [(a, relation, b) for a in sources for b in targets if a.id != b.id]
        for relation, (sources, targets) in ends.items()
    ]
    return [triples for triples in by_relation if triples]


@st.composite
def _edges(draw: DrawFn, nodes: Sequence[Node], table: Sequence[Origin]) -> list[Edge]:
    possible = _possible(nodes)
    if not possible:
        return []
    triple = st.sampled_from(possible).flatmap(st.sampled_from)
    edges = []
    for source, relation, target in draw(st.lists(triple, max_size=8)):
        described = draw(_described("edge", table))
        ends: dict[str, Any] = {
            "source": source.id,
            "relation": relation,
            "target": target.id,
        }
        edges.append(Edge(**described, **ends, role=draw(st.sampled_from(_ROLES))))
    return edges


@st.composite
def _graphs(draw: DrawFn, rooted: bool) -> Graph:
    table = draw(st.lists(_ORIGINS, min_size=1, max_size=4, unique=True))
    nodes = draw(_nodes(table))
    root = None
    if rooted:
        kinds = st.sampled_from(sorted(ROOT_KINDS))
        nodes.append(draw(_entity(0, draw(kinds), table, True)))
        root = nodes[-1].id
    edges = draw(_edges(nodes, table))
    return Graph.of(nodes, edges, root, draw(st.just({}) | _EXTRAS))


def graphs(rooted: bool = True) -> SearchStrategy[Graph]:
    """Arbitrary valid graphs, cyclic ones included.

    They hold every kind of node and relation, empty and named roles, facts that are
    known, unknown, contradicted and of several values, odd Unicode, several origins,
    members that nobody knows, folders with their files, and undigested nodes. With
    ``rooted`` the root is a model, dataset or system with a digest; else there is none.
    """
    return _graphs(rooted)
