"""The blocking paths of a verdict, to be drawn into a lineage.

Nothing here says that the verdict is genuine: it is a file named by who draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aibom.errors import DocumentInvalid, UsageError
from aibom.lineage.graph import Graph
from aibom.verdict import API_VERSION, Result

__all__ = ["MOST_PATHS", "blocking_paths", "paths_of_results"]

#: More than anybody could tell apart in one drawing.
MOST_PATHS = 200


def paths_of_results(results: Iterable[Result]) -> tuple[tuple[str, ...], ...]:
    """The ids along the path of each blocking result, each path once, longest last.

    A finding about the artifact itself has a path of one. Of many, the shortest
    :data:`MOST_PATHS` are taken: of a long chain with a finding at each hop, all of
    them would be its square.
    """
    blocking = sorted(
        (result for result in results if result.blocks),
        key=lambda result: (len(result.path), result.node, result.rule),
    )
    found: set[tuple[str, ...]] = set()
    for result in blocking:
        found.add(tuple(hop.node for hop in result.path) or (result.node,))
        if len(found) == MOST_PATHS:
            break
    return _in_order(found)


def blocking_paths(
    document: Any, graph: Graph, where: str
) -> tuple[tuple[str, ...], ...]:
    """The same from a verdict document about the root of ``graph``.

    Raises :class:`~aibom.errors.DocumentInvalid` (``not-a-verdict``), and
    :class:`~aibom.errors.UsageError` (``verdict-other-artifact``) where its artifact is
    not the graph's root, or where neither has a digest to compare.
    """
    if not isinstance(document, dict) or document.get("apiVersion") != API_VERSION:
        raise DocumentInvalid(
            f"is not a verdict ({API_VERSION})",
            reason="not-a-verdict",
            where=where,
            hint="make one: aibom gate DIR --policy POLICY --output json=verdict.json",
        )
    try:
        about = str(document["artifact"]["digest"])
        found = {_path(result) for result in document["results"] if _blocks(result)}
    except (KeyError, TypeError, AttributeError) as error:
        raise DocumentInvalid(
            f"is not a whole verdict: {error}", reason="not-a-verdict", where=where
        ) from error
    _require_same(about, graph, where)
    return _in_order(found)[:MOST_PATHS]


def _in_order(found: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted(found, key=lambda path: (len(path), path)))


def _blocks(result: Mapping[str, Any]) -> bool:
    return result["blocks"] is True


def _path(result: Mapping[str, Any]) -> tuple[str, ...]:
    hops: Sequence[Mapping[str, Any]] = result["path"]
    return tuple(str(hop["node"]) for hop in hops) or (str(result["node"]),)


def _require_same(about: str, graph: Graph, where: str) -> None:
    digest = graph.nodes[graph.root].digest if graph.root else None
    if digest is not None and str(digest) == about:
        return
    raise UsageError(
        f"the verdict is about {about or 'an artifact without a digest'}, and the BOM "
        f"about {digest or 'one without a digest'}",
        reason="verdict-other-artifact",
        where=where,
        hint="name a verdict about this artifact",
    )
