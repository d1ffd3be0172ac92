"""The files of a dossier that a check compares: verdict, lock, and index.

They are signed by whoever made the dossier, and hostile all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aibom.errors import DocumentInvalid, PolicyInvalid
from aibom.operations.files import MAX_SMALL, read_small
from aibom.operations.policies.lock import LOCK_NAME, Lock, read_lock
from aibom.reading import Reader
from aibom.statement import parse_json

__all__ = [
    "ComparedVerdict",
    "malformed",
    "read_policy_lock",
    "read_verdict",
    "statements_of",
]


def read_policy_lock(folder: Path) -> Lock:
    """The lock in a folder; ``dossier-malformed`` without, or for a broken one."""
    try:
        lock = read_lock(folder)
    except PolicyInvalid as error:
        raise malformed(error.message, f"policy/{LOCK_NAME}") from error
    if lock is None:
        raise malformed("is not there", f"policy/{LOCK_NAME}")
    return lock


@dataclass(frozen=True, slots=True)
class ComparedVerdict:
    """What is compared of a verdict; pairs are of a name and a digest."""

    artifact: str
    decision: str
    policy_digest: str
    read: tuple[tuple[str, str], ...]
    data: tuple[tuple[str, str], ...]


def read_verdict(path: Path) -> ComparedVerdict:
    """What there is to compare of a verdict; ``dossier-malformed`` for another."""
    top = Reader(parse_json(read_small(path), path.name, limit=MAX_SMALL), path.name)
    artifact, inputs = top.reader("artifact"), top.reader("inputs")
    digest, decision = artifact.text("digest"), top.text("decision")
    policy = inputs.text("policy_digest")
    read = (*_pairs(inputs, "boms"), *_pairs(inputs, "evidence"))
    data = _pairs(inputs, "data")
    top.keys()  # what else a verdict says is not compared
    top.finish(
        DocumentInvalid,
        "dossier-malformed",
        hint="fetch the archive again, or ask who made it for another",
    )
    return ComparedVerdict(digest, decision, policy, read, data)


def _pairs(inputs: Reader, key: str) -> tuple[tuple[str, str], ...]:
    value = inputs.raw(key)
    if isinstance(value, list) and all(map(_is_pair, value)):
        return tuple((name, digest) for name, digest in value)
    inputs.problem("is no list of names with digests", key)
    return ()


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(text, str) for text in value)
    )


def statements_of(path: Path) -> list[dict[str, Any]]:
    """The statements that an index names; ``dossier-malformed`` for another file."""
    value = parse_json(read_small(path), path.name, limit=MAX_SMALL)
    listed = value.get("statements") if isinstance(value, dict) else None
    if not isinstance(listed, list) or not all(isinstance(e, dict) for e in listed):
        raise malformed("is no index", path.name)
    return listed


def malformed(said: str, where: str) -> DocumentInvalid:
    """The error for a file that is not as we write it."""
    return DocumentInvalid(
        said,
        reason="dossier-malformed",
        where=where,
        hint="aibom dossier did not write this; ask its maker how it was made",
    )
