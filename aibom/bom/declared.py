"""The declarations of a verdict in the BOM that the verdict is about.

``aibom check`` and ``aibom gate`` write their verdict as a CycloneDX document of its
own (``--output declarations=FILE``), and of a signed one :mod:`aibom.report.attested`
makes the like. Here its claims, evidence and attestations are put into the BOM, and
point to its components instead of copies of them. They stay what they were: the word of
a program about the documents it was given, or of a verifier with its signature beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aibom.bom.losses import Loss, LossKind
from aibom.bom.properties import values_of
from aibom.errors import DocumentInvalid, InputError
from aibom.lineage.graph import Graph

__all__ = ["with_declarations"]

_PREFIX = "aibom:verdict:"
#: The members in which the verdict's document refers to itself.
_REFERENCES = frozenset(
    {
        *("bom-ref", "assessor", "requirement", "claims", "counterClaims", "target"),
        *("evidence", "counterEvidence"),
    }
)
_PROOFS = ("evidence", "counterEvidence")
_PARTS = ("assessors", "attestations", "claims", "evidence")


def with_declarations(
    document: dict[str, Any], declared: Mapping[str, Any], graph: Graph, where: str
) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """``document`` with the claims of ``declared``, a valid document of a verdict.

    ``graph`` is what ``document`` tells, with its bom-refs for ids. A verdict may be
    about more than one BOM tells; a claim about something else is left out, and told.

    Raises :class:`~aibom.errors.DocumentInvalid` (``declarations-malformed``) for a
    document that is not a verdict's, and :class:`~aibom.errors.InputError`
    (``declarations-of-another``) for one about other bytes, ``declarations-there`` for
    a BOM that has claims already, or an affirmation or signature of such.
    """
    own = document.get("declarations", {})
    # An affirmation or a signature would read as if made of these claims too.
    if any(key in own for key in (*_PARTS, "affirmation", "signature")):
        raise InputError(
            "the BOM has declarations already; two assessments are not mixed",
            reason="declarations-there",
            where=where,
            hint="leave --declarations out, or name the BOM as it was assembled",
        )
    _require_about(declared, graph, where)
    block = declared.get("declarations")
    if not isinstance(block, dict):
        raise _malformed("has no declarations", where)
    nodes = {ref: n for ref, n in _targets(block).items() if n in graph.nodes}
    kept, losses = _about_nodes(block, nodes)
    renamed = _Renamer(nodes)
    parts = {key: renamed.of(kept[key]) for key in _PARTS if key in kept}
    definitions = dict(document.get("definitions", {}))
    definitions["standards"] = [
        *definitions.get("standards", ()),
        *renamed.of(declared.get("definitions", {}).get("standards", [])),
    ]
    merged = {**parts, **own}
    return {**document, "definitions": definitions, "declarations": merged}, losses


def _about_nodes(
    block: Mapping[str, Any], nodes: Mapping[str, str]
) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """The claims about these targets, and what refers to nothing else."""
    claims = [one for one in block.get("claims", ()) if one.get("target") in nodes]
    names = {one.get("bom-ref") for one in claims}
    used = {ref for one in claims for key in _PROOFS for ref in one.get(key, ())}
    kept = {
        **block,
        "claims": claims,
        "evidence": [e for e in block.get("evidence", ()) if e.get("bom-ref") in used],
        "attestations": [
            {**one, "map": [_mapped(entry, names) for entry in one.get("map", ())]}
            for one in block.get("attestations", ())
        ],
    }
    beyond = len(block.get("claims", ())) - len(claims)
    detail = "about things that this BOM does not have"
    loss = Loss(LossKind.NOT_CARRIED, "declarations.claims", "", detail, beyond)
    return kept, (loss,) if beyond else ()


def _mapped(entry: Mapping[str, Any], names: set[Any]) -> dict[str, Any]:
    lists = {
        key: [ref for ref in entry[key] if ref in names]
        for key in ("claims", "counterClaims")
        if key in entry
    }
    return {**entry, **lists}


def _require_about(declared: Mapping[str, Any], graph: Graph, where: str) -> None:
    component = declared.get("metadata", {}).get("component", {})
    named = values_of(component, f"{_PREFIX}artifact")
    if len(named) != 1:
        raise _malformed("does not say which artifact it is about", where)
    root = graph.nodes[str(graph.root)].digest
    if root is None or named[0] != str(root):
        raise InputError(
            f"is about {named[0]}, and the BOM about {root or 'unknown bytes'}",
            reason="declarations-of-another",
            where=where,
            hint="write it for this one: aibom check BOM --output declarations=FILE",
        )


def _targets(block: Mapping[str, Any]) -> dict[str, str]:
    """The nodes that the verdict's copies of components stand for."""
    found = {}
    for item in block.get("targets", {}).get("components", ()):
        nodes = values_of(item, "aibom:node")
        if len(nodes) == 1 and "bom-ref" in item:
            found[item["bom-ref"]] = nodes[0]
    return found


class _Renamer:
    """Gives references of the verdict's document a prefix of their own."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = known

    def of(self, value: Any, member: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self.of(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.of(item, member) for item in value]
        if member in _REFERENCES and isinstance(value, str):
            return self.known.get(value, f"{_PREFIX}{value}")
        return value


def _malformed(what: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(
        f"not the declarations of a verdict: {what}",
        reason="declarations-malformed",
        where=where,
        hint="aibom check … --output declarations=FILE writes them",
    )
