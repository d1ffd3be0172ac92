"""What is written beside a target: the verdict, the receipt, the supplier's own BOM."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from aibom.digest import Content, Snapshot
from aibom.errors import AibomError
from aibom.operations.importing.quarantine import Quarantine
from aibom.operations.scanning.source_facts import source_urls
from aibom.recording.fetched import API_VERSION, receipt_of
from aibom.sources.remote import Resolved
from aibom.verdict import Verdict

__all__ = ["as_json", "leave_verdict", "shipped_of", "verdict_of", "write_beside"]


def verdict_of(target: Path) -> Path:
    """Where the verdict about a target lies: beside it."""
    return target.with_name(f"{target.name}.verdict.json")


def shipped_of(target: Path) -> Path:
    """Where the supplier's own BOM is kept if the importer signed another."""
    return target.with_name(f"{target.name}.shipped")


def write_beside(
    quarantine: Quarantine,
    target: Path,
    verdict: Verdict,
    resolved: Resolved,
    content: Content,
    snapshot: Snapshot,
) -> None:
    """Write all of it, each whole or not at all, for a target that is in its place.

    ``snapshot`` is what the file system said of the files when they were hashed. Raises
    :class:`~aibom.errors.InputError` (``file-not-written``).
    """
    if quarantine.aside.exists() and not os.path.lexists(shipped_of(target)):
        os.rename(quarantine.aside, shipped_of(target))
    quarantine.put(verdict_of(target), as_json(verdict.to_document()))
    receipt = _receipt(resolved, content, snapshot)
    quarantine.put(receipt_of(target), as_json(receipt))


def leave_verdict(
    quarantine: Quarantine, target: Path, verdict: Verdict
) -> Path | None:
    """Keep the verdict that refused a target, where one that allows it would lie.

    Returns where it is; None where it could not be written: a refusal holds without.
    """
    path = verdict_of(target)
    try:
        quarantine.put(path, as_json(verdict.to_document()))
    except AibomError:
        return None
    return path


def _receipt(
    resolved: Resolved, content: Content, snapshot: Snapshot
) -> dict[str, Any]:
    """What was fetched, and what the file system said of each file when hashed."""
    owner = resolved.owner
    hashed = {file.path: file.digest.value for file in content.files}
    return {
        "apiVersion": API_VERSION,
        "reference": str(resolved.pinned),
        "source": next(iter(source_urls(resolved)), None),
        "digest": str(content.digest),
        "mode": resolved.mode,
        "where": resolved.where,
        "owner": None if owner is None else {"name": owner.name, "id": owner.id},
        "repository": resolved.repository,
        "files": [[*entry, hashed[entry[0]]] for entry in snapshot],
    }


def as_json(document: Any) -> bytes:
    """A document as it is written beside a target: for people to read, too."""
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
    return text.encode() + b"\n"
