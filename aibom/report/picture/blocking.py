"""What a verdict found: blocking paths, and words for what failed at which thing.

Nothing here says that the verdict is genuine: it is a file named by who draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aibom.errors import DocumentInvalid, UsageError
from aibom.lineage.graph import Graph
from aibom.verdict import API_VERSION, Result

__all__ = [
    "MOST_PATHS",
    "alarms_of_results",
    "blocking_alarms",
    "blocking_paths",
    "paths_of_results",
]

#: More than anybody could tell apart in one drawing.
MOST_PATHS = 200
#: Lines that one thing has for what failed there.
_MOST_WORDS = 3
#: Checks whose failures are told whether they block or not, and in which words.
_TOLD = {
    "required-audit": {
        "fail": "audit failed",
        "unknown": "audit not known",
        "error": "audit not read",
    },
    "tainted-ancestor": {
        "fail": "advisory against this",
        "unknown": "advisories not compared",
        "error": "advisories not read",
    },
}


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


def alarms_of_results(results: Iterable[Result]) -> Mapping[str, tuple[str, ...]]:
    """Words for what failed, by the node that it is about: the end of its path.

    Everything that blocks has one, and failed audits and advisories also where they
    block nothing.
    """
    return _alarms(
        _Found(
            result.path[-1].node if result.path else result.node,
            result.rule,
            result.check,
            result.status.value,
            result.blocks,
        )
        for result in results
        if result.is_finding
    )


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
            f"is not a whole verdict: {error}",
            reason="not-a-verdict",
            where=where,
            hint="write it again: aibom gate DIR --policy POLICY --output json=FILE",
        ) from error
    _require_same(about, graph, where)
    return _in_order(found)[:MOST_PATHS]


def blocking_alarms(document: Any, where: str) -> Mapping[str, tuple[str, ...]]:
    """As :func:`alarms_of_results`, from a verdict document.

    Raises :class:`~aibom.errors.DocumentInvalid` (``not-a-verdict``). Which artifact it
    is about is the question of :func:`blocking_paths`.
    """
    try:
        return _alarms(_found(result) for result in document["results"])
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise DocumentInvalid(
            f"is not a whole verdict: {error}",
            reason="not-a-verdict",
            where=where,
            hint="write it again: aibom gate DIR --policy POLICY --output json=FILE",
        ) from error


@dataclass(frozen=True, slots=True)
class _Found:
    about: str
    rule: str
    check: str
    status: str
    blocks: bool


def _found(result: Mapping[str, Any]) -> _Found:
    return _Found(
        _path(result)[-1],
        str(result["rule"]),
        str(result["check"]),
        str(result["status"]),
        _blocks(result),
    )


def _alarms(found: Iterable[_Found]) -> Mapping[str, tuple[str, ...]]:
    """What blocks first; many of one thing are counted."""
    told: dict[str, set[tuple[bool, str]]] = {}
    for one in found:
        word = _word(one)
        if word:
            told.setdefault(one.about, set()).add((not one.blocks, word))
    return {name: _few(sorted(words)) for name, words in sorted(told.items())}


def _word(found: _Found) -> str:
    known = _TOLD.get(found.check, {}).get(found.status, "")
    if found.blocks:
        return f"✖ {known}: {found.rule}" if known else f"✖ blocks: {found.rule}"
    # Only what is known to be wrong: a verdict has many findings that stop nothing.
    return f"✖ {known}, blocks nothing" if known and found.status == "fail" else ""


def _few(words: Sequence[tuple[bool, str]]) -> tuple[str, ...]:
    shown = [word for _, word in words[:_MOST_WORDS]]
    left = len(words) - len(shown)
    return (
        (*shown, f"✖ {left:,} more finding{'s' if left > 1 else ''}")
        if left
        else tuple(shown)
    )


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
