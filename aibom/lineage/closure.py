"""Where lineage is closed, where it ends by decision, and where it is open.

A node is closed when every step that generated it has a trusted record that agrees with
the graph, and everything the step used is closed, or is a root somebody accepted. Code
and guidelines are closed when pinned, unless they look like weights or data.
``derived-from`` alone never closes anything.

The answer is computed for all nodes in one pass over the graph in upstream-first order;
what cannot be ordered is part of, or learned from, a cycle, and stays open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aibom.digest import Digest
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph, upstream_first
from aibom.lineage.nodes import Facts, Kind, Node, Relation, State

__all__ = ["AcceptedRoot", "Closure", "ClosureState", "close", "is_full_commit"]

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
#: What a step makes data or weights from; code and guidelines alone make neither.
_LEARNED_FROM = frozenset({Kind.MODEL, Kind.DATASET, Kind.SERVICE, Kind.SYSTEM})
_HUB = re.compile(r"(?i)pkg:/*huggingface/.*")
_WEIGHTS = re.compile(
    r"(?i).*\.(bin|ckpt|ggml|gguf|h5|keras|npz|onnx|pickle|pkl|pth?|safetensors|tflite)"
)
_DATA = re.compile(r"(?i).*\.(arrow|csv|jsonl|npy|parquet|tfrecord|tsv)(\.[a-z0-9]+)?")
_INPUTS_KNOWN = ("declared", "observed", "isolated")


def is_full_commit(text: str | None) -> bool:
    """Whether this is a whole git commit id (40 or 64 lower-case hex), not a name."""
    return bool(text and _COMMIT.fullmatch(text))


class ClosureState(StrEnum):
    """Closed by evidence, ended by decision, or open."""

    CLOSED = "closed"
    ACCEPTED = "accepted"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Closure:
    """The answer for one node. ``reason`` is a code; for an open node it says why.

    ``cause`` is False where a node is open only because something upstream of it is.
    """

    state: ClosureState
    reason: str
    detail: str = ""
    cause: bool = True


@dataclass(frozen=True, slots=True)
class AcceptedRoot:
    """A decision that lineage may end at this digest: who decided, why, until when.

    ``kind`` is what the verifier says it is, where that was written down.
    """

    digest: Digest
    reason: str
    approved_by: str
    expires: datetime
    kind: str | None = None


def close(
    graph: Graph,
    evidence: EvidenceSet,
    accepted: Mapping[Digest, AcceptedRoot],
    now: datetime,
    inputs_known: str = "declared",
) -> Mapping[str, Closure]:
    """Closure of every node. ``inputs_known`` is the least a step record must say.

    A trusted record that *disagrees* with the graph is not handled here: that is a
    verification failure and must have stopped the run (``aibom.lineage.step_record``).
    """
    found = {
        name: end
        for name, node in graph.nodes.items()
        if (end := _ending(graph, node, accepted, now)) is not None
    }
    ends = frozenset(found)
    for name in upstream_first(graph, ends):
        node = graph.nodes[name]
        if name in ends:
            continue
        if node.kind is Kind.STEP:
            found[name] = _step(graph, node, evidence, inputs_known, found)
        else:
            found[name] = _entity(graph, node, evidence, accepted, found)
    for name in graph.nodes:
        if name not in found:
            found[name] = _open("lineage-cycle", "is, or comes from, its own ancestor")
    return found


def _open(reason: str, detail: str = "", *, cause: bool = True) -> Closure:
    return Closure(ClosureState.OPEN, reason, detail, cause)


def _ending(
    graph: Graph,
    node: Node,
    accepted: Mapping[Digest, AcceptedRoot],
    now: datetime,
) -> Closure | None:
    """The answer where lineage ends at a node, whatever stands upstream of it.

    Parties, accepted roots, and what is judged by its pin alone; None elsewhere.
    """
    if node.kind is Kind.PARTY:
        return Closure(ClosureState.CLOSED, "party")
    root = accepted.get(node.digest) if node.digest else None
    if root and now < root.expires:
        return Closure(ClosureState.ACCEPTED, "accepted-root", f"by {root.approved_by}")
    return _pinned(node) if _is_judged_by_pin(graph, node) else None


def _is_judged_by_pin(graph: Graph, node: Node) -> bool:
    """Whether it is code or a guideline, and nothing but that to everyone.

    A kind is a word that a document chose. So it exempts only what steps used as code
    or as a guideline, and of which nothing says where it comes from: weights that are
    called code, or data that is called a guideline, are judged like everything else.
    The role is a word too, of whoever recorded the step; so neither does it exempt what
    goes by a name that weights or data have, or comes from where those are published.
    """
    if node.kind not in (Kind.CODE, Kind.GUIDELINE) or graph.up(node.id):
        return False
    if _may_be_learned_from(graph, node):
        return False
    used = graph.edges_into(node.id, Relation.USED)
    return bool(used) and {edge.role for edge in used} == {node.kind.value}


def _may_be_learned_from(graph: Graph, node: Node) -> bool:
    """Whether it looks like weights or data; that it does not proves nothing.

    One file of weights among those of a folder is enough; tables of data lie beside
    much code, so those count where there is nothing else.
    """
    told: tuple[Facts, ...] = (node, *graph.edges_into(node.id, Relation.USED))
    sources = {value for facts in told for value in facts.values("source")}
    named = {value for facts in told for value in facts.values("name")}
    bare = {text.partition("?")[0].partition("@")[0] for text in sources} | named
    paths = [file.path for file in node.files]
    return (
        any(_HUB.fullmatch(text) for text in sources)
        or any(_WEIGHTS.fullmatch(text) for text in (*paths, *bare))
        or any(_DATA.fullmatch(text) for text in bare)
        or (bool(paths) and all(_DATA.fullmatch(path) for path in paths))
    )


def _entity(
    graph: Graph,
    node: Node,
    evidence: EvidenceSet,
    accepted: Mapping[Digest, AcceptedRoot],
    found: Mapping[str, Closure],
) -> Closure:
    if node.id in evidence.unresolved:
        return _open("upstream-bom-missing", "the BOM it links is not in the evidence")
    steps = graph.generating_steps(node.id)
    upstream = [
        hop for hop in graph.up(node.id) if graph.nodes[hop.to].kind is not Kind.PARTY
    ]
    if any(found[hop.to].state is ClosureState.OPEN for hop in upstream):
        return _open("upstream-open", cause=not steps)
    if steps:
        return Closure(ClosureState.CLOSED, "steps-recorded")
    root = accepted.get(node.digest) if node.digest else None
    if root:
        return _open("accepted-root-expired", f"on {root.expires.date()}")
    if any(hop.edge.relation is Relation.DERIVED_FROM for hop in upstream):
        return _open("derived-without-step", "how it was derived is not recorded")
    return _open("root-not-accepted", "nothing says where it comes from")


def _raised(facts: Facts, flag: str) -> bool:
    """Whether anything but a plain "false" is said; what is unknown may be true."""
    said = facts.state(flag) is not State.MISSING
    return said and (facts.state(flag), facts.value(flag)) != (State.KNOWN, "false")


def _pinned(node: Node) -> Closure:
    if _raised(node, "dirty"):
        return _open("code-not-pinned", "uncommitted changes")
    if node.digest is not None:
        return Closure(ClosureState.CLOSED, "pinned-by-digest")
    if is_full_commit(node.value("commit")):
        return Closure(ClosureState.CLOSED, "pinned-by-commit")
    return _open("code-not-pinned", "neither a digest nor a full commit id")


def _step(
    graph: Graph,
    node: Node,
    evidence: EvidenceSet,
    inputs_known: str,
    found: Mapping[str, Closure],
) -> Closure:
    records = evidence.records_of(node.id)
    if not any(record.trusted for record in records):
        refusals = ", ".join(
            sorted({record.refusal or "unsigned" for record in records})
        )
        if records:
            return _open("step-record-untrusted", refusals)
        return _open("step-record-absent", "no signed record of this step was found")
    stated = node.value("inputs") or "declared"
    if stated not in _INPUTS_KNOWN or (
        _INPUTS_KNOWN.index(stated) < _INPUTS_KNOWN.index(inputs_known)
    ):
        return _open("inputs-only-declared", f"inputs are {stated}, not {inputs_known}")
    used = graph.edges_from(node.id, Relation.USED)
    if not any(graph.nodes[edge.target].kind in _LEARNED_FROM for edge in used):
        return _open("step-without-inputs", "it says it learned from nothing")
    for edge in used:
        if _raised(edge, "changed-while-running"):
            label = graph.nodes[edge.target].label
            return _open("input-changed-while-running", label)
        if found[edge.target].state is ClosureState.OPEN:
            return _open("input-open", graph.nodes[edge.target].label, cause=False)
    return Closure(ClosureState.CLOSED, "step-recorded")
