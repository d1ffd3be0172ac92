"""What a probe finds, and where it looks: values that all probes share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from aibom.lineage.evidence import Evidence, Signer
from aibom.lineage.nodes import Node
from aibom.report.completeness.places import Said, said
from aibom.report.completeness.subject import Element, Subject
from aibom.report.own import is_named

__all__ = ["Found", "Place", "Worth", "best", "named", "signer_of", "written"]


class Worth(IntEnum):
    """What an answer is worth, the better the higher."""

    ABSENT = 0
    UNKNOWN = 1
    CLAIM = 2
    SIGNED = 3
    SIGNATURE = 4
    BYTES = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What one probe found: its worth, why, and what disagrees with it, if anything."""

    worth: Worth = Worth.ABSENT
    basis: str = ""
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where probes look: a node with its elements and steps, or the document alone."""

    subject: Subject
    node: Node | None
    elements: tuple[Element, ...]
    steps: tuple[Node, ...] = ()

    @classmethod
    def of(cls, subject: Subject, node: Node | None) -> Place:
        """The place of a node; of the document, where there is none."""
        if node is None:
            return cls(subject, None, ())
        graph = subject.graph
        steps = tuple(graph.nodes[name] for name in graph.generating_steps(node.id))
        return cls(subject, node, subject.elements(node), steps)

    @property
    def signed(self) -> bool:
        """Whether the signer of this document is believed about what it says here.

        That is the document itself and what it is about, and never an ancestor.
        """
        if self.subject.signer is None:
            return False
        return self.node is None or self.node == self.subject.root

    @property
    def signers(self) -> tuple[Signer, ...]:
        """Who signed for the node, or for the document, as their own."""
        owners = () if self.node is None else self.subject.evidence.owning(self.node.id)
        found = [item.signer for item in owners]
        found += [self.subject.signer] if self.signed else []
        return tuple(one for one in found if one is not None)


def best(found: Iterable[Found]) -> Found:
    """The best of several; the first disagreement of any is kept."""
    listed = list(found)
    if len(listed) < 2:
        return listed[0] if listed else Found()
    top = max(listed, key=lambda one: one.worth)
    conflict = next((one.conflict for one in listed if one.conflict), "")
    return Found(top.worth, top.basis, conflict)


def written(place: Place, what: Said, where: str) -> Found:
    """What stands in the document, which its signer stands behind if anybody does."""
    if what is Said.NOTHING:
        return Found()
    if what is Said.UNKNOWN:
        return Found(Worth.UNKNOWN, f"{where} says it is not known")
    signer = place.subject.signer if place.signed else None
    if signer is None:
        return Found(Worth.CLAIM, where)
    return Found(Worth.SIGNED, f"{where}, signed by {signer.name}")


def named(place: Place, names: Iterable[Any], where: str) -> Found:
    """Who is named in the document: verified if that one signed, else as written.

    A signature of anybody else says only who names them.
    """
    told = [name for name in names if said(name) is not Said.NOTHING]
    for signer in place.signers:
        if any(isinstance(one, str) and is_named(signer, one) for one in told):
            text = f"{where}, and it is {signer.name} who signed"
            return Found(Worth.SIGNATURE, text)
    best_said = max((said(name) for name in told), default=Said.NOTHING)
    return written(place, best_said, where)


def signer_of(item: Evidence) -> str:
    """The name of who signed; empty where nobody did who is allowed to."""
    return item.signer.name if item.signer else ""
