"""Who said something about which bytes: the words that suppliers' papers share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aibom.attest.answers_statement import MAX_NAME, require_party
from aibom.bom.parse import parse, read_bytes
from aibom.digest import Digest, Progress, hash_path
from aibom.errors import DocumentInvalid, InputError, UsageError
from aibom.lineage.nodes import Node
from aibom.operations.place import Place, is_bom_name
from aibom.operations.scanning.bom import scan_document
from aibom.operations.validate import load_bom
from aibom.report.text import escape

__all__ = ["About", "require_received", "resolve_about", "supplier_party"]


@dataclass(frozen=True, slots=True)
class About:
    """Exact bytes, and what they are called."""

    digest: Digest
    name: str


def supplier_party(text: str) -> str:
    """The organisation of an option: ``org:NAME``, or its name alone.

    It must be written as in ``suppliers.yaml`` and ``signers.yaml``, letter by letter.
    Raises :class:`~aibom.errors.UsageError` (``supplier-not-an-organisation``).
    """
    known = text.startswith(("org:", "person:", "software:"))
    try:
        return require_party(text if known else f"org:{text}")
    except ValueError as error:
        raise UsageError(
            str(error),
            reason="supplier-not-an-organisation",
            where="--from",
            hint="write it as in suppliers.yaml: --from org:NAME",
        ) from None


def require_received(received: datetime, now: datetime) -> None:
    """Refuse a day to come: ``received-in-future``. A day is one anywhere on Earth."""
    if received > now + timedelta(days=1):
        raise UsageError(
            f"{received:%Y-%m-%d} is still to come",
            reason="received-in-future",
            where="--received",
            hint="the day on which you got it, as in 2026-11-21",
        )


def resolve_about(
    ref: Path | Digest, name: str | None = None, progress: Progress | None = None
) -> About:
    """The bytes that somebody means: a digest, a file, a folder, or a BOM's product.

    A file or folder is hashed; its name is that in its BOM, where that is of the same
    bytes. A BOM is not verified. Raises :class:`~aibom.errors.InputError`:
    ``about-undigested`` for a BOM without a digest of its product, ``digest-mismatch``
    where a folder is not what its BOM describes; and what reading raises.
    """
    if isinstance(ref, Digest):
        return About(ref, name or str(ref))
    if ref.is_file() and (is_bom_name(ref.name) or ref.name.endswith(".cdx.json")):
        return _of_bom(ref, name)
    place = Place.of(ref)
    digest = hash_path(ref, progress=progress).digest
    if not place.bom.is_file():
        return About(digest, name or escape(ref.resolve().name, MAX_NAME))
    root = _root(place.bom)
    if root.digest is not None and root.digest != digest:
        raise InputError(
            f"the BOM describes {root.digest}, but what is there is {digest}",
            reason="digest-mismatch",
            where=str(ref),
            hint="name the one of the two that is meant, by its digest",
        )
    return About(digest, name or _called(root))


def _of_bom(path: Path, name: str | None) -> About:
    root = _root(path)
    if root.digest is None:
        raise InputError(
            "has no digest of what it describes",
            reason="about-undigested",
            where=str(path),
            hint="name the bytes themselves: a folder, a file, or sha256:…; answers "
            "say what they are about, and need no --about",
        )
    return About(root.digest, name or _called(root))


def _root(path: Path) -> Node:
    """What a BOM is about, as far as it can be read."""
    data = read_bytes(path)
    try:
        graph = load_bom(data, str(path), "references").graph
    except DocumentInvalid:
        parse(data, str(path))
        graph, _ = scan_document(path)
    return graph.nodes[str(graph.root)]


def _called(root: Node) -> str:
    names = root.values("name")
    return names[0] if len(names) == 1 and len(names[0]) <= MAX_NAME else root.label
