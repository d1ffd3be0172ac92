"""A small lineage that a policy test describes, as what a gate would have verified.

Nothing here is signed: who signed what is *declared* by the test, which is why the
result says so wherever it is shown. Digests are made from the ids of nodes. What a
statement is believed about is what it is in a gate: a step record about the step, its
edges and the names of its outputs; a BOM about the thing that it is for; nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aibom.errors import AibomError
from aibom.lineage.evidence import EvidenceSet, Signer
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id, undigested_id
from aibom.lineage.nodes import (
    ENTITY_KINDS,
    Fact,
    Kind,
    Node,
    Origin,
    Relation,
    merge_facts,
)
from aibom.operations.ptest import parts
from aibom.operations.ptest.bytes import read_bytes
from aibom.operations.ptest.names import Names
from aibom.operations.ptest.said import Item, Said, Step
from aibom.operations.ptest.statements import SECTIONS
from aibom.reading import MISSING, Reader
from aibom.statement import PROVENANCE_V1

__all__ = ["InlineWorld", "read_world"]

#: What may be written between two things beside steps; who acts stands in steps.
_RELATIONS = (
    Relation.DERIVED_FROM,
    Relation.REVISION_OF,
    Relation.REQUIRES,
    Relation.ATTRIBUTED_TO,
)


@dataclass(frozen=True, slots=True)
class InlineWorld:
    """The lineage, what is said to be signed, and what the ids of the test mean."""

    graph: Graph
    root: str
    evidence: EvidenceSet
    #: id in the test → id of the node or step
    names: Mapping[str, str]
    #: name of an approval → what it is withdrawn by
    approvals: Mapping[str, str]

    def reference(self, name: str) -> str | None:
        """What ``@NAME`` stands for in data: a digest, or the id of an approval."""
        node = self.names.get(name)
        if node is None:
            return self.approvals.get(name)
        if node.startswith("step:"):
            return node.removeprefix("step:")
        digest = self.graph.nodes[node].digest
        return None if digest is None else str(digest)


def read_world(top: Reader, signers: Mapping[str, Signer]) -> InlineWorld | None:
    """Read a lineage; problems go to the reader, and then the answer is None."""
    before = len(top.problems)
    making = _Making(Names(signers))
    for name, entry in _entries(top, "nodes", required=True):
        making.add_node(name, entry)
    for name, entry in _entries(top, "steps"):
        making.add_step(name, entry)
    for entry in top.readers("edges", ()):
        making.add_edge(entry)
    for section, read in SECTIONS.items():
        for name, entry in _entries(top, section):
            item = read(name, entry, making.names)
            making.items += [item] if item is not None else []
    root = making.names.node(top, top.text("root"), "root")
    looked = read_bytes(top, making.names, root)
    open_ends = top.texts("unresolved", ()) or ()
    missing = {making.names.node(top, name, "unresolved") for name in open_ends}
    top.close()
    if len(top.problems) > before or root is None:
        return None
    try:
        graph = making.graph(root)
    except AibomError as error:
        top.problem(str(error))
        return None
    return InlineWorld(
        graph,
        root,
        EvidenceSet(
            tuple(item.evidence(graph) for item in making.items),
            looked.recomputed,
            looked.checked,
            frozenset(name for name in missing if name is not None),
            looked.formats,
            looked.code,
        ),
        making.names.ids,
        making.names.approvals,
    )


def _entries(
    top: Reader, key: str, *, required: bool = False
) -> list[tuple[str, Reader]]:
    """The mappings under a key whose own keys are ids."""
    if not required and not top.has(key):
        top.raw(key, None)
        return []
    section = top.reader(key)
    return [(name, section.reader(name)) for name in section.keys()]  # noqa: SIM118


@dataclass
class _Making:
    """The lineage in the making."""

    names: Names
    items: list[Item] = field(default_factory=list)
    said: Said = field(default_factory=lambda: Said(parts.ORIGIN))

    def graph(self, root: str) -> Graph:
        return self.said.graph(self.names.nodes.values(), root)

    def add_node(self, name: str, entry: Reader) -> None:
        kind = Kind(entry.choice("kind", sorted(ENTITY_KINDS)) or Kind.MODEL)
        digest = parts.digest(entry, name)
        stated = {"name": (name,), **parts.facts(entry, "facts")}
        files = parts.files(entry)
        entry.close()
        known = {key: v[0] for key, v in stated.items() if v and v[0] is not None}
        node = entity_id(kind, digest) if digest else undigested_id(kind, known)
        if node in self.names.nodes:
            entry.problem("has the digest, or is as little known, as another node")
        facts, origins = parts.checked(entry, stated), frozenset({parts.ORIGIN})
        self.names.ids[name] = node
        self.names.nodes[node] = Node(facts, origins, id=node, kind=kind, files=files)

    def add_step(self, name: str, entry: Reader) -> None:
        if name in self.names.ids:
            entry.problem("a node has this id as well")
            return
        before = len(entry.problems)
        step = self._step(name, entry)
        recorded = entry.flag("recorded", True)
        signer = self.names.signer(entry)
        entry.close()
        parts.checked(entry, {key: (value,) for key, value in step.facts.items()})
        if len(entry.problems) > before:
            return
        record = Said(Origin("step-record", parts.sha(f"step {name}")))
        try:
            for said in (self.said, record):
                self._tell(said, step)
            if recorded:
                self._add_record(name, step, record, signer)
        except AibomError as error:
            entry.problem(str(error))

    def _step(self, name: str, entry: Reader) -> Step:
        outputs = parts.texts(entry, "output", MISSING)
        found = [self.names.node(entry, output, "output") for output in outputs]
        return Step(
            parts.sha(f"step {name}"),
            str(entry.text("kind")),
            parts.single(entry, "facts"),
            tuple(self._uses(entry)),
            tuple(parts.parties(entry)),
            tuple(node for node in found if node is not None),
        )

    def _tell(self, said: Said, step: Step) -> None:
        name = said.build.step(step.id, step.kind, step.facts)
        for role, node, facts in step.uses:
            said.edge(name, Relation.USED, node, role, facts)
        for role, party in step.by:
            said.edge(name, Relation.PERFORMED_BY, said.build.party(party), role)
        for node in step.outputs:
            # As in a record: whose namespace an output is in stands on the edge.
            called = {"name": self.names.nodes[node].label}
            said.edge(name, Relation.GENERATED, node, facts=called)

    def _add_record(
        self, name: str, step: Step, record: Said, signer: Signer | None
    ) -> None:
        """What a record says of its step, and of its outputs by no more than a name."""
        self.names.ids[name] = f"step:{step.id}"
        inputs = (node for _, node, _ in step.uses)
        mentioned = [
            self._mention(node, record.origin, named=node in step.outputs)
            for node in dict.fromkeys((*step.outputs, *inputs))
        ]
        own = frozenset({self.names.ids[name], *step.outputs})
        subjects = tuple(s for node in step.outputs for s in self.names.subject(node))
        graph = record.graph(mentioned)
        self.items.append(
            Item(f"steps/{name}", PROVENANCE_V1, subjects, signer, own, graph)
        )

    def _mention(self, node: str, origin: Origin, *, named: bool) -> Node:
        it, origins = self.names.nodes[node], frozenset({origin})
        values = it.values("name") if named else ()
        facts = merge_facts(Fact("name", value, origins) for value in values)
        return Node(facts, origins, id=node, kind=it.kind)

    def add_edge(self, entry: Reader) -> None:
        source = self.names.node(entry, entry.text("from"), "from")
        word = entry.choice("relation", [str(r) for r in _RELATIONS])
        role, facts = entry.text("role", "") or "", parts.single(entry, "facts")
        to = entry.text("to")
        try:
            if word == Relation.ATTRIBUTED_TO and isinstance(to, str):
                target: str | None = self.said.build.party(to)
            else:
                target = self.names.node(entry, to, "to")
            if source and target and word:
                self.said.edge(source, Relation(word), target, role, facts)
        except AibomError as error:
            entry.problem(str(error))
        entry.close()

    def _uses(
        self, entry: Reader
    ) -> Iterator[tuple[str, str, Mapping[str, str | None]]]:
        """Role, node and facts of each input."""
        if not entry.has("uses"):
            entry.raw("uses", None)
            return
        uses = entry.reader("uses")
        for role in uses.keys():  # noqa: SIM118  a Reader is not a dict
            stated = uses.raw(role)
            for one in stated if isinstance(stated, list) else [stated]:
                if isinstance(one, str):
                    node, facts = self.names.node(uses, one, role), {}
                else:
                    each = Reader(one, f"{uses.where}.{role}", uses.problems)
                    node = self.names.node(each, each.text("node"), "node")
                    facts = parts.single(each, "facts")
                    each.close()
                if node is not None:
                    yield role, node, facts
