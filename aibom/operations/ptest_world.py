"""A small lineage that a policy test describes, as what a gate would have verified.

Nothing here is signed: who signed what is *declared* by the test, which is why the
result says so wherever it is shown. Digests are made from the ids of nodes. What a
statement is believed about is what it is in a gate: a step record about the step, its
edges and the names of its outputs; a BOM about the thing that it is for; nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aibom.attest.summary_statement import SUMMARY_V1
from aibom.digest import Digest, File
from aibom.errors import AibomError
from aibom.lineage.evidence import Audit, EvidenceSet, Signer
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
from aibom.operations import ptest_parts as parts
from aibom.operations.ptest_said import Item, Said, Step
from aibom.reading import MISSING, Reader, suggest
from aibom.statement import AUDIT_V1, OMS_V1, PROVENANCE_V1, REFERENCE_V01

__all__ = ["InlineWorld", "read_world"]

_PREDICATES = {
    "bom": REFERENCE_V01,
    "model-signature": OMS_V1,
    "verdict": SUMMARY_V1,
}
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

    def reference(self, name: str) -> str | None:
        """What ``@NAME`` stands for in data: the digest of a node, or of a record."""
        node = self.names.get(name)
        if node is None:
            return None
        if node.startswith("step:"):
            return node.removeprefix("step:")
        digest = self.graph.nodes[node].digest
        return None if digest is None else str(digest)


def read_world(top: Reader, signers: Mapping[str, Signer]) -> InlineWorld | None:
    """Read a lineage; problems go to the reader, and then the answer is None."""
    before = len(top.problems)
    making = _Making(signers)
    for name, entry in _entries(top, "nodes", required=True):
        making.add_node(name, entry)
    for name, entry in _entries(top, "steps"):
        making.add_step(name, entry)
    for entry in top.readers("edges", ()):
        making.add_edge(entry)
    for name, entry in _entries(top, "statements"):
        making.add_statement(name, entry)
    for name, entry in _entries(top, "audits"):
        making.add_audit(name, entry)
    root = making.node(top, top.text("root"), "root")
    hashed = top.texts("hashed", None)
    recomputed = {making.node(top, name, "hashed") for name in hashed or ()}
    open_ends = top.texts("unresolved", ()) or ()
    missing = {making.node(top, name, "unresolved") for name in open_ends}
    top.close()
    if len(top.problems) > before or root is None:
        return None
    try:
        graph = making.graph(root)
    except AibomError as error:
        top.problem(str(error))
        return None
    digests = {graph.nodes[name].digest for name in recomputed if name is not None}
    return InlineWorld(
        graph,
        root,
        EvidenceSet(
            tuple(item.evidence(graph) for item in making.items),
            frozenset(digest for digest in digests if digest is not None),
            hashed is not None,
            frozenset(name for name in missing if name is not None),
        ),
        making.names,
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

    signers: Mapping[str, Signer]
    names: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    said: Said = field(default_factory=lambda: Said(parts.ORIGIN))

    def graph(self, root: str) -> Graph:
        return self.said.graph(self.nodes.values(), root)

    def add_node(self, name: str, entry: Reader) -> None:
        kind = Kind(entry.choice("kind", sorted(ENTITY_KINDS)) or Kind.MODEL)
        digest = parts.digest(entry, name)
        stated = {"name": (name,), **parts.facts(entry, "facts")}
        files = tuple(
            File(path, 1, Digest("file", parts.sha(f"file {path}")))
            for path in sorted(set(entry.texts("files", ()) or ()))
        )
        entry.close()
        known = {key: v[0] for key, v in stated.items() if v[0] is not None}
        node = entity_id(kind, digest) if digest else undigested_id(kind, known)
        if node in self.nodes:
            entry.problem("has the digest, or is as little known, as another node")
        facts, origins = parts.checked(entry, stated), frozenset({parts.ORIGIN})
        self.names[name] = node
        self.nodes[node] = Node(facts, origins, id=node, kind=kind, files=files)

    def add_step(self, name: str, entry: Reader) -> None:
        if name in self.names:
            entry.problem("a node has this id as well")
            return
        before = len(entry.problems)
        step = self._step(name, entry)
        recorded = entry.flag("recorded", True)
        signer = self._signer(entry)
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
        found = [self.node(entry, output, "output") for output in outputs]
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
            called = {"name": self.nodes[node].label}
            said.edge(name, Relation.GENERATED, node, facts=called)

    def _add_record(
        self, name: str, step: Step, record: Said, signer: Signer | None
    ) -> None:
        """What a record says of its step, and of its outputs by no more than a name."""
        self.names[name] = f"step:{step.id}"
        inputs = (node for _, node, _ in step.uses)
        mentioned = [
            self._mention(node, record.origin, named=node in step.outputs)
            for node in dict.fromkeys((*step.outputs, *inputs))
        ]
        own = frozenset({self.names[name], *step.outputs})
        subjects = tuple(s for node in step.outputs for s in self._subject(node))
        graph = record.graph(mentioned)
        self.items.append(
            Item(f"steps/{name}", PROVENANCE_V1, subjects, signer, own, graph)
        )

    def _mention(self, node: str, origin: Origin, *, named: bool) -> Node:
        it, origins = self.nodes[node], frozenset({origin})
        values = it.values("name") if named else ()
        facts = merge_facts(Fact("name", value, origins) for value in values)
        return Node(facts, origins, id=node, kind=it.kind)

    def add_edge(self, entry: Reader) -> None:
        source = self.node(entry, entry.text("from"), "from")
        word = entry.choice("relation", [str(r) for r in _RELATIONS])
        role, facts = entry.text("role", "") or "", parts.single(entry, "facts")
        to = entry.text("to")
        try:
            if word == Relation.ATTRIBUTED_TO and isinstance(to, str):
                target: str | None = self.said.build.party(to)
            else:
                target = self.node(entry, to, "to")
            if source and target and word:
                self.said.edge(source, Relation(word), target, role, facts)
        except AibomError as error:
            entry.problem(str(error))
        entry.close()

    def add_statement(self, name: str, entry: Reader) -> None:
        word = entry.text("predicate")
        about = self.node(entry, entry.text("about"), "about")
        signer = self._signer(entry)
        entry.close()
        if isinstance(word, str) and word not in _PREDICATES and "://" not in word:
            entry.problem(f"unknown {word!r}{suggest(word, _PREDICATES)}", "predicate")
        elif about is not None and isinstance(word, str):
            own = frozenset({about}) if word == "bom" else frozenset[str]()
            place, kind = f"statements/{name}", _PREDICATES.get(word, word)
            self.items.append(Item(place, kind, self._subject(about), signer, own))

    def add_audit(self, name: str, entry: Reader) -> None:
        about = self.node(entry, entry.text("about"), "about")
        kind, on = entry.text("type"), entry.time("examined_on")
        tool = entry.text("tool", "a tool")
        numbers = [parts.measurement(m) for m in entry.readers("measurements")]
        signer = self._signer(entry)
        entry.close()
        if about is None or kind is None or on is None:
            return
        found = Audit(kind, on, tool, tuple(n for n in numbers if n is not None))
        place, subject = f"audits/{name}", self._subject(about)
        self.items.append(Item(place, AUDIT_V1, subject, signer, audit=found))

    def node(self, entry: Reader, name: Any, key: str) -> str | None:
        """The node (not the step) of this id; another is a problem."""
        found = self.names.get(name) if isinstance(name, str) else None
        if found in self.nodes:
            return found
        if isinstance(name, str):
            known = [n for n, node in self.names.items() if node in self.nodes]
            entry.problem(f"no node {name!r}{suggest(name, known)}", key)
        return None

    def _subject(self, node: str) -> tuple[tuple[str, Digest], ...]:
        digest = self.nodes[node].digest
        return () if digest is None else ((self.nodes[node].label, digest),)

    def _signer(self, entry: Reader) -> Signer | None:
        """Whoever is declared to have signed; without one, nobody who is allowed."""
        name = entry.text("signer", None)
        if name is not None and name not in self.signers:
            entry.problem(f"no signer {name!r}{suggest(name, self.signers)}", "signer")
        return self.signers.get(name) if isinstance(name, str) else None

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
                    node, facts = self.node(uses, one, role), {}
                else:
                    each = Reader(one, f"{uses.where}.{role}", uses.problems)
                    node = self.node(each, each.text("node"), "node")
                    facts = parts.single(each, "facts")
                    each.close()
                if node is not None:
                    yield role, node, facts
