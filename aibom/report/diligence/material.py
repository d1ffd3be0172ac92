"""Everything that a report is made from, indexed: already read, already checked.

A :class:`Material` holds values only. What it says of a signature was found out by who
made it, in this run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aibom.lineage.closure import Closure
from aibom.lineage.evidence import EvidenceSet, Signer
from aibom.lineage.graph import Graph, Walk
from aibom.lineage.nodes import Kind, Node, Origin, Relation
from aibom.report.diligence.model import Entry, Status
from aibom.report.diligence.pointers import resolve
from aibom.report.own import document_signer
from aibom.verdict import Result, Verdict

__all__ = ["Artifact", "File", "Material", "Signature"]

_INDEX = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class File:
    """The BOM as a file: ``problems`` are (pointer, reason, message).

    ``digest`` is the SHA-256 of its bytes. ``readable`` is False for a document that
    is no CycloneDX at all: then nothing in it counts as an answer.
    """

    name: str
    digest: str
    problems: tuple[tuple[str, str, str], ...] = ()
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Artifact:
    """The artifact's bytes, as they were read and hashed in this run.

    ``digest`` is that of all of them, over ``files`` files of ``size`` bytes.
    ``agrees`` is whether they are what the BOM is about; None where it names no digest.
    ``differences`` say in words what is there and what the BOM says.
    """

    name: str
    digest: str
    files: int
    size: int
    agrees: bool | None
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """What was found of a signature over the BOM's bytes.

    ``state`` is ``none``, ``allowed`` (by a signer the reader listed), ``stranger``
    (by somebody else; ``refusal`` says why) or ``broken`` (it is there and does not
    hold: ``refusal`` and ``told`` say how).
    """

    state: str = "none"
    signer: str = ""
    who: str = ""
    refusal: str = ""
    told: str = ""
    location: str = ""
    date: str = ""
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """The input of a report.

    ``listed`` are the ids that the BOM itself names, those of upstream BOMs left out.
    ``evidence_given`` and ``signers_given`` say what the reader brought, ``not_asked``
    are rules that could not be asked without data of the reader's, ``audit_types`` what
    audits a rule asks for, ``conflicts`` what verification found to disagree, ``notes``
    what else the reader should know.
    ``artifact`` is set where its bytes were read. ``supplied`` is what is known beside
    the BOM, by question and node: what suppliers answered, what bytes contradict.
    ``names`` are the product, what is upstream of it, nearest first, and what the BOM
    lists without saying how it belongs to the product. Of each node ``labels`` has
    what it is called, ``fields`` what facts it has, and ``blanks`` the entry that
    stands where nobody says anything of it: every question asks for these. ``stated``
    are the fields that any node has, ``relations`` those that any edge has.
    """

    graph: Graph
    document: Mapping[str, Any]
    evidence: EvidenceSet
    verdict: Verdict
    closure: Mapping[str, Closure]
    file: File
    signature: Signature
    now: datetime
    listed: tuple[str, ...] = ()
    evidence_given: bool = False
    signers_given: bool = False
    not_asked: tuple[str, ...] = ()
    audit_types: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    conflicts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    artifact: Artifact | None = None
    supplied: Mapping[tuple[str, str], tuple[Entry, ...]] = field(
        default_factory=dict, hash=False
    )
    root: str = field(init=False)
    walk: Walk = field(init=False, repr=False)
    names: tuple[str, ...] = field(init=False, repr=False)
    labels: Mapping[str, str] = field(init=False, repr=False)
    fields: Mapping[str, frozenset[str]] = field(init=False, repr=False)
    blanks: Mapping[str, Entry] = field(init=False, repr=False)
    stated: frozenset[str] = field(init=False, repr=False)
    relations: frozenset[Relation] = field(init=False, repr=False)
    _about: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    results: Mapping[tuple[str, str], tuple[Result, ...]] = field(
        init=False, repr=False
    )
    checked: frozenset[str] = field(init=False, repr=False)
    elements: Mapping[str, tuple[str, Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        root = str(self.graph.root)
        walk = self.graph.upstream(root)
        joined = _joined(self.graph, root)
        rest = [name for name in sorted(self.graph.nodes) if name not in joined]
        object.__setattr__(self, "root", root)
        object.__setattr__(self, "walk", walk)
        object.__setattr__(self, "names", (root, *walk.reached, *rest))
        nodes = self.graph.nodes
        labels = {name: node.label for name, node in nodes.items()}
        fields = {n: frozenset([f.field for f in o.facts]) for n, o in nodes.items()}
        blanks = {name: _blank(node, labels[name]) for name, node in nodes.items()}
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "blanks", blanks)
        object.__setattr__(self, "stated", _union(fields.values()))
        relations = frozenset([edge.relation for edge in self.graph.edges])
        object.__setattr__(self, "relations", relations)
        object.__setattr__(self, "_about", dict(_asked(self)))
        object.__setattr__(self, "results", _indexed(self.verdict))
        checked = frozenset(check for check, _ in self.results)
        object.__setattr__(self, "checked", checked)
        object.__setattr__(self, "elements", dict(_elements(self)))

    @property
    def signer(self) -> Signer | None:
        """Who signed exactly this BOM, if you listed that one as a signer of it."""
        name = self.signature.signer if self.signature.state == "allowed" else ""
        return document_signer(self.evidence, self.root, name)

    def node(self, name: str) -> Node:
        """The node with this id."""
        return self.graph.nodes[name]

    def about(self, whom: str) -> tuple[str, ...]:
        """Ids of what a question is asked of, nearest first."""
        return self._about[whom]

    def is_connected(self, name: str) -> bool:
        """Whether the BOM says how this thing belongs to the product."""
        return name == self.root or name in self.walk.parents


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)


def _blank(node: Node, label: str) -> Entry:
    """What stands in the place of an answer where there is none."""
    digest = str(node.digest) if node.digest else ""
    return Entry(
        node.id, label, Status.MISSING, "", basis="nobody says it", digest=digest
    )


def _asked(material: Material) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Whom each kind of question is asked of, nearest first."""
    nodes, root = material.graph.nodes, material.root
    models = [name for name in material.names if nodes[name].kind is Kind.MODEL]
    yield "artifact", (root,)
    yield "model", tuple(name for name in models if name != root)
    kinds = frozenset({Kind.MODEL, Kind.DATASET})
    data = [name for name in material.names if nodes[name].kind is Kind.DATASET]
    yield "dataset", tuple(data)
    asked = [n for n in material.names if n == root or nodes[n].kind in kinds]
    yield "entity", tuple(asked)


def _joined(graph: Graph, root: str) -> set[str]:
    """Everything that is connected with the product, in whatever direction.

    What is, and is not upstream, is a sibling that nothing was learned from, such as
    the test set that one step split from the training data.
    """
    seen, waiting = {root}, [root]
    while waiting:
        name = waiting.pop()
        for hop in (*graph.up(name), *graph.down(name)):
            if hop.to not in seen:
                seen.add(hop.to)
                waiting.append(hop.to)
    return seen


def _indexed(verdict: Verdict) -> dict[tuple[str, str], tuple[Result, ...]]:
    found: dict[tuple[str, str], list[Result]] = {}
    for result in verdict.results:
        found.setdefault((result.check, result.node), []).append(result)
    return {key: tuple(results) for key, results in found.items()}


def _elements(material: Material) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Of each node the component of the BOM that describes it, and its pointer."""
    by_ref: dict[str, tuple[str, Any]] = {}
    for pointer in ("/metadata/component", "/components/*", "/services/*"):
        for where, element in resolve(material.document, pointer):
            if isinstance(element, dict) and isinstance(element.get("bom-ref"), str):
                by_ref.setdefault(element["bom-ref"], (where, element))
    for name, node in material.graph.nodes.items():
        if name in by_ref:
            yield name, by_ref[name]
            continue
        for origin in sorted(node.origins):
            if _is_place(origin, material.file.digest):
                yield from _element_at(material.document, name, origin.pointer)
                break


def _element_at(
    document: Mapping[str, Any], name: str, pointer: str
) -> Iterator[tuple[str, tuple[str, Any]]]:
    """What a plain pointer leads to; any other is looked up with care."""
    value: Any = document
    for step in pointer.split("/")[1:]:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif (
            isinstance(value, list)
            and step.isdecimal()
            and _INDEX.fullmatch(step)
            and int(step) < len(value)
        ):
            value = value[int(step)]
        else:
            found = resolve(document, pointer)
            yield from ((name, (pointer, element)) for _, element in found)
            return
    yield name, (pointer, value)


def _is_place(origin: Origin, digest: str) -> bool:
    return bool(origin.pointer) and origin.digest == digest
