"""What stands in a BOM and is no part of the lineage that was read from it.

A conversion that goes through the lineage leaves the rest behind. What that is follows
from the lineage, and from no list of members: a leaf of the document counts as read
where the graph has a fact, a digest or an edge that says it and has this place for its
origin. Everything else is lost, whoever wrote it and whatever it means, and is told.

``$schema``, ``bomFormat`` and ``specVersion`` are the format itself, which is what a
conversion changes; they are no loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aibom.bom.claims import Claims, StatedHash
from aibom.bom.leaves import Lost, Path, missing
from aibom.bom.losses import Loss, LossKind
from aibom.lineage.graph import Graph

__all__ = ["Unread", "frame", "unread_of_another", "unread_of_ours"]

_FORMAT = ("$schema", "bomFormat", "specVersion")
_FRAME = ("serialNumber", "version")
_METADATA = ("timestamp", "tools")
_READ = ("metadata", "components", "dependencies")
_OUTSIDE = "no part of the lineage"


@dataclass(frozen=True, slots=True)
class Unread:
    """What the lineage of a document has not.

    ``lost`` are disjoint places; ``shapes`` what is lost of how things stand to each
    other and is no leaf; ``hashes`` those among ``lost`` that an export may still write
    beside the lineage, since nothing contradicts them.
    """

    lost: tuple[Lost, ...]
    shapes: tuple[Loss, ...] = ()
    hashes: tuple[StatedHash, ...] = ()


def frame(document: Mapping[str, Any]) -> Iterator[Lost]:
    """What names a document and its writer, and nothing that it is about."""
    detail = "about the document, and not about what it describes"
    kind = LossKind.NOT_CARRIED
    for key in _FRAME:
        if key in document:
            yield Lost.whole(kind, (key,), detail, document[key])
    metadata = document.get("metadata")
    if isinstance(metadata, dict):
        for key in _METADATA:
            if key in metadata:
                yield Lost.whole(kind, ("metadata", key), detail, metadata[key])


def unread_of_ours(document: Mapping[str, Any], again: Mapping[str, Any]) -> Unread:
    """What others added to a document of our profile.

    ``again`` is its lineage written once more: what that has not was not read.
    """
    found = missing(_framed(document), _framed(again), LossKind.NOT_READ, _OUTSIDE)
    return Unread((*frame(document), *found))


def _framed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without the frame, which :func:`frame` tells."""
    rest = {k: v for k, v in document.items() if k not in (*_FORMAT, *_FRAME)}
    metadata = rest.get("metadata")
    if isinstance(metadata, dict):
        rest["metadata"] = {k: v for k, v in metadata.items() if k not in _METADATA}
    return rest


def unread_of_another(document: Mapping[str, Any], graph: Graph, digest: str) -> Unread:
    """What the lineage of somebody else's document has not.

    ``graph`` is what was read of it (:mod:`aibom.bom.foreign`), ``digest`` the SHA-256
    of its bytes, which is how the origins in the graph name it. Never raises, whatever
    the document is made of, and takes time in proportion to its size.
    """
    claims = Claims(graph, digest)
    lost = [*frame(document)]
    for key, value in document.items():
        if key not in (*_FORMAT, *_FRAME, *_READ):
            lost.append(_outside((key,), value))
    metadata = document.get("metadata")
    if isinstance(metadata, dict):
        for key, value in metadata.items():
            if key == "component":
                claims.component(value, ("metadata", key), None)
            elif key not in _METADATA:
                lost.append(_outside(("metadata", key), value))
    elif metadata is not None:
        lost.append(_outside(("metadata",), metadata))
    if "components" in document:
        claims.components(document["components"], ("components",), None)
    claims.walk()
    if "dependencies" in document:
        claims.dependencies(document["dependencies"])
    hashes = claims.hashes()
    return Unread((*lost, *claims.lost), tuple(claims.shapes()), hashes)


def _outside(path: Path, value: Any) -> Lost:
    return Lost.whole(LossKind.NOT_READ, path, _OUTSIDE, value)
