"""No two different things look the same, whatever they are called."""

from __future__ import annotations

import pytest
from builders import QUICK, a_node, an_edge, facts
from hypothesis import given
from hypothesis import strategies as st

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Node, Origin, Relation
from aibom.report.picture.boxes import NARROW, PAPER, WIDE, boxes_of
from aibom.report.picture.dot import draw_dot
from aibom.report.picture.make import picture_of
from aibom.report.picture.names import short_party, told_apart

ONE, OTHER = "a1" * 32, "b2" * 32

SHORT = {
    "a pseudonym": (
        "party:person:acme-2026:" + "a" * 24 + "0123beef",
        "person:acme-2026:aaaaaaaaaaaa",
        "person aaaaaaaa…",
    ),
    "a person with a name": (f"party:person:k:{ONE}", "Ada", "Ada"),
    "an organisation": ("party:org:person:k:x", "person:k:x", "person:k:x"),
    "no pseudonym": ("party:person:k:x", "person:k:x", "person:k:x"),
}


@pytest.mark.parametrize(("name", "label", "shown"), SHORT.values(), ids=SHORT)
def test_people_are_called_by_how_their_pseudonym_begins(name, label, shown):
    assert short_party(name, label) == shown


TOLD = {
    "different": ({"a": "x", "b": "y"}, {}),
    "by their digests": (
        {f"model:sha256:{ONE}": "x", f"model:sha256:{OTHER}": "x"},
        {
            f"model:sha256:{ONE}": "id a1a1a1a1…",
            f"model:sha256:{OTHER}": "id b2b2b2b2…",
        },
    ),
    "digests that begin alike": (
        {f"model:sha256:{'c' * 40}1": "x", f"model:sha256:{'c' * 40}2": "x"},
        {f"model:sha256:{'c' * 40}1": "no. 1", f"model:sha256:{'c' * 40}2": "no. 2"},
    ),
    "pseudonyms": (
        {f"party:person:k:{ONE}": "x", f"party:person:k:{OTHER}": "x"},
        {
            f"party:person:k:{ONE}": "id …a1a1a1a1",
            f"party:person:k:{OTHER}": "id …b2b2b2b2",
        },
    ),
    "no digests": ({"a": "x", "b": "x"}, {"a": "no. 1", "b": "no. 2"}),
    "a name made to look like another": (
        {"a": "x", "b": "x", "c": "x no. 1"},
        {"a": "no. 1", "b": "no. 2", "c": "no. 3"},
    ),
    "case, width and blanks": (
        {"a": "Acme/x", "b": "acme/\uff58", "c": "acme / x"},
        {"a": "no. 1", "b": "no. 2", "c": "no. 3"},
    ),
}


@pytest.mark.parametrize(("shown", "told"), TOLD.values(), ids=TOLD)
def test_what_tells_apart(shown, told):
    assert told_apart({name: (label,) for name, label in shown.items()}) == told


#: Few letters, so that much is the same.
NAMES = st.text("ab1 .no", max_size=7)


@QUICK
@given(st.dictionaries(NAMES, NAMES, max_size=12))
def test_nothing_looks_the_same(shown):
    told = told_apart({name: (label,) for name, label in shown.items()})
    seen = {
        "".join(f"{label}{told.get(name, '')}".split()) for name, label in shown.items()
    }
    assert len(seen) == len(shown)


def alike(count):
    """Datasets of one long name, and people whose pseudonyms differ at the end."""
    root, step = a_node(Kind.MODEL, "root"), a_node(Kind.STEP, "s", {"step": "label"})
    name = "acme/" + "very-long-" * 30
    data = [a_node(Kind.DATASET, n, {"name": f"{name}{n}-x"}) for n in range(count)]
    data += [a_node(Kind.DATASET, -n - 1, {"name": "same"}) for n in range(count)]
    origins = frozenset({Origin("test")})
    people = [
        Node((), origins, id=f"party:person:acme-2026:{n:032x}", kind=Kind.PARTY)
        for n in range(2)
    ]
    named = Node(facts({"name": "same"}), origins, id="party:org:same", kind=Kind.PARTY)
    edges = [an_edge(step, Relation.USED, one, f"r-{n}") for n, one in enumerate(data)]
    edges.append(an_edge(step, Relation.GENERATED, root))
    for one in (*people, named):
        edges.append(an_edge(step, Relation.PERFORMED_BY, one, "labeler"))
    return Graph.of([root, step, *data, *people, named], edges, root.id)


@pytest.mark.parametrize("form", [WIDE, PAPER, NARROW], ids=lambda form: form.name)
def test_nothing_drawn_looks_the_same(form):
    boxes = boxes_of(picture_of(alike(9)), form)
    shown = [
        (name, "".join((*box.label, box.tell)))
        for name, box in boxes.items()
        if box.node.named
    ]
    shown += [
        (pill.party.id, "".join(text for text, _, _ in pill.lines[:-1]))
        for box in boxes.values()
        for pill in box.parties
    ]
    assert len({text for _, text in shown}) == len({name for name, _ in shown}) == 23
    for box in boxes.values():
        assert not box.tell or box.words[0] == box.tell


def test_nothing_written_looks_the_same():
    """Names that differ only beyond what is written out."""
    names = ["y" * 300 + end for end in "ab"]
    nodes = [a_node(Kind.DATASET, n, {"name": name}) for n, name in enumerate(names)]
    labels = [
        line.partition("label=")[2]
        for line in draw_dot(picture_of(Graph.of(nodes, []))).splitlines()
        if "shape=cylinder" in line
    ]
    assert len(set(labels)) == 2
