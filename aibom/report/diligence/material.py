"""Everything that a report is made from, indexed: already read, already checked.

A :class:`Material` holds values only. What it says of a signature was found out by who
made it, in this run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aibom.lineage.closure import Closure
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph, Walk
from aibom.lineage.nodes import Kind, Node, Origin
from aibom.report.diligence.model import Entry
from aibom.report.diligence.pointers import resolve
from aibom.verdict import Result, Verdict

__all__ = ["File", "Material", "Signature"]


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


@dataclass(frozen=True, slots=True)
class Material:
    """The input of a report.

    ``listed`` are the ids that the BOM itself names, those of upstream BOMs left out.
    ``evidence_given`` and ``signers_given`` say what the reader brought, ``not_asked``
    are rules that could not be asked without data of the reader's, ``conflicts`` what
    verification found to disagree, ``notes`` what else the reader should know.
    ``supplied`` is what suppliers answered, by question and node.
    ``names`` are the product, what is upstream of it, nearest first, and what the BOM
    lists without saying how it belongs to the product.
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
    conflicts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    supplied: Mapping[tuple[str, str], tuple[Entry, ...]] = field(
        default_factory=dict, hash=False
    )
    root: str = field(init=False)
    walk: Walk = field(init=False, repr=False)
    names: tuple[str, ...] = field(init=False, repr=False)
    results: Mapping[tuple[str, str], tuple[Result, ...]] = field(
        init=False, repr=False
    )
    elements: Mapping[str, tuple[str, Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        root = str(self.graph.root)
        walk = self.graph.upstream(root)
        joined = _joined(self.graph, root)
        rest = [name for name in sorted(self.graph.nodes) if name not in joined]
        object.__setattr__(self, "root", root)
        object.__setattr__(self, "walk", walk)
        object.__setattr__(self, "names", (root, *walk.reached, *rest))
        object.__setattr__(self, "results", _indexed(self.verdict))
        object.__setattr__(self, "elements", dict(_elements(self)))

    def node(self, name: str) -> Node:
        """The node with this id."""
        return self.graph.nodes[name]

    def about(self, whom: str) -> tuple[str, ...]:
        """Ids of what a question is asked of, nearest first."""
        if whom == "artifact":
            return (self.root,)
        kinds = {
            "dataset": (Kind.DATASET,),
            "model": (Kind.MODEL,),
            "entity": (Kind.MODEL, Kind.DATASET),
        }[whom]
        return tuple(
            name
            for name in self.names
            if (name == self.root and whom == "entity")
            or (
                self.graph.nodes[name].kind in kinds
                and not (whom == "model" and name == self.root)
            )
        )

    def is_connected(self, name: str) -> bool:
        """Whether the BOM says how this thing belongs to the product."""
        return name == self.root or name in self.walk.parents


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
                for _, element in resolve(material.document, origin.pointer):
                    yield name, (origin.pointer, element)
                break


def _is_place(origin: Origin, digest: str) -> bool:
    return bool(origin.pointer) and origin.digest == digest
