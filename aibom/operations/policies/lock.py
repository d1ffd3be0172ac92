"""``policy.lock``: what of a verifier's folder was reviewed, by digest.

Advisories must be able to grow between two locks, so the lock pins the lowest sequence
that is accepted instead of the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aibom.errors import AibomError, PolicyInvalid
from aibom.operations.files import read_small
from aibom.reading import Reader
from aibom.statement import parse_json, to_json

__all__ = [
    "ADVISORIES",
    "LOCK_NAME",
    "Lock",
    "changes",
    "read_lock",
    "require_locked",
    "require_sequence",
]

LOCK_NAME = "policy.lock"
ADVISORIES = "advisories.yaml"
LOCK_VERSION = "aibom/policy-lock/v1"


@dataclass(frozen=True, slots=True)
class Lock:
    """What ``policy.lock`` pins."""

    files: Mapping[str, str]
    packs: Mapping[str, str]
    minimum_sequence: int | None

    def document(self) -> dict[str, Any]:
        """The lock as JSON-ready values."""
        pinned = {"files": dict(self.files), "packs": dict(self.packs)}
        return {
            "apiVersion": LOCK_VERSION,
            "digest": self.digest,
            "minimumAdvisorySequence": self.minimum_sequence,
            **pinned,
        }

    @property
    def digest(self) -> str:
        """One SHA-256 of all that is pinned: what ``--policy-digest`` compares."""
        pinned = {
            "files": dict(self.files),
            "minimumAdvisorySequence": self.minimum_sequence,
            "packs": dict(self.packs),
        }
        return f"sha256:{hashlib.sha256(to_json(pinned)).hexdigest()}"


def read_lock(path: Path) -> Lock | None:
    """The lock of a folder, None for none; ``policy-lock-unreadable`` otherwise."""
    file = path / LOCK_NAME
    if not file.exists():
        return None
    try:
        value = parse_json(read_small(file), str(file))
    except AibomError as error:
        raise PolicyInvalid(
            f"cannot be read: {error.message}",
            reason="policy-lock-unreadable",
            where=str(file),
            hint=f"review the folder, then: aibom policy lock {path}",
        ) from error
    top = Reader(value, str(file))
    if top.text("apiVersion") not in (None, LOCK_VERSION):
        top.problem(f"is not {LOCK_VERSION!r}", "apiVersion")
    parts = []
    for key in ("files", "packs"):
        reader = top.reader(key)
        parts.append({name: reader.text(name) for name in reader.keys()})  # noqa: SIM118
    digest, sequence = top.text("digest"), top.raw("minimumAdvisorySequence")
    if sequence is not None and (type(sequence) is not int or sequence < 1):
        top.problem("must be 1 or more, or null", "minimumAdvisorySequence")
    top.finish(
        PolicyInvalid,
        "policy-lock-unreadable",
        hint=f"review the folder, then: aibom policy lock {path}",
    )
    lock = Lock(parts[0], parts[1], sequence)
    if digest != lock.digest:
        raise PolicyInvalid(
            "its digest is not that of what it pins",
            reason="policy-lock-unreadable",
            where=str(file),
            hint=f"somebody edited it; review, then: aibom policy lock {path}",
        )
    return lock


def require_locked(path: Path, kept: Lock, now: Lock) -> None:
    """Refuse what differs from the lock: ``policy-lock-mismatch`` and below."""
    for name in changes(kept, now):
        raise PolicyInvalid(
            f"the {name} is not the one that was locked",
            reason="policy-lock-mismatch",
            where=str(path / LOCK_NAME),
            hint=f"review the change, then: aibom policy lock {path}",
        )
    require_sequence(path, kept, now)


def changes(kept: Lock, now: Lock) -> list[str]:
    """``file NAME`` and ``pack NAME`` for all that differs, is new or is gone."""
    return [
        f"{kind} {name}"
        for kind, before, after in (
            ("file", kept.files, now.files),
            ("pack", kept.packs, now.packs),
        )
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def require_sequence(path: Path, kept: Lock, now: Lock) -> None:
    """Refuse older advisories than were accepted: ``advisories-rolled-back``."""
    if kept.minimum_sequence is None:
        return
    if now.minimum_sequence is None or now.minimum_sequence < kept.minimum_sequence:
        raise PolicyInvalid(
            f"the advisories' sequence is {now.minimum_sequence}; "
            f"{kept.minimum_sequence} or later was accepted before",
            reason="advisories-rolled-back",
            where=str(path / ADVISORIES),
            hint="fetch the newest advisories",
        )
