"""A BOM for something that is delivered as it is: what it is called, and its bytes.

A supplier of data or labels has bytes and a name for them, and often no recorded step.
Such a BOM claims nothing beyond that: where the data came from stays open, until
whoever receives it records a source or accepts it as a root.
"""

from __future__ import annotations

import os
from dataclasses import replace

from aibom.bom.encode import encode
from aibom.bom.parse import read_bytes
from aibom.catalogers.artifact import artifact_node
from aibom.digest import Content
from aibom.errors import InputError, UsageError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import ROOT_KINDS, Fact, Kind
from aibom.namespaces import name_matches
from aibom.operations.assemble import source_date
from aibom.operations.place import Place
from aibom.operations.validate import bom_bytes, load_bom

__all__ = ["describe", "require_describable"]


def require_describable(place: Place, name: str, kind: Kind) -> None:
    """Refuse what :func:`describe` would refuse, before anything is hashed.

    :class:`~aibom.errors.UsageError` for a kind that no BOM is about
    (``kind-not-root``), or a name that no namespace can hold
    (``name-without-namespace``); :class:`~aibom.errors.InputError`
    (``bom-has-lineage``) where there is a BOM that says more than this one would, and
    what reading it raises.
    """
    if kind not in ROOT_KINDS:
        raise UsageError(
            f"a {kind} is not delivered with a BOM of its own",
            reason="kind-not-root",
            where="--kind",
            hint=f"one of: {', '.join(sorted(ROOT_KINDS))}",
        )
    if "/" not in name or not name_matches("**", name):
        raise UsageError(
            f"{name!r} is not NAMESPACE/NAME, so no verifier could say whose it is",
            reason="name-without-namespace",
            where="--name",
            hint="for example acme/data/reviews",
        )
    if not os.path.lexists(place.bom):
        return
    graph = load_bom(read_bytes(place.bom), str(place.bom)).graph
    said = {fact.field for node in graph.nodes.values() for fact in node.facts}
    if len(graph.nodes) > 1 or said - {"name"}:
        raise InputError(
            "there is a BOM that says more already, which would be lost",
            reason="bom-has-lineage",
            where=str(place.bom),
            hint="sign it as it is, without --name; or assemble it again",
        )


def describe(place: Place, content: Content, name: str, kind: Kind) -> bytes:
    """The bytes of a BOM of one node, for what was hashed; nothing is written."""
    node = artifact_node(kind, content)
    facts = (Fact("name", name, node.origins),)
    graph = Graph.of([replace(node, facts=facts)], [], node.id)
    return bom_bytes(encode(graph, timestamp=source_date()), str(place.bom))
