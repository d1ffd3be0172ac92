"""A verifier's folder to start from: complete, valid, and saying no to everything."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from aibom.errors import InputError, UsageError
from aibom.operations.files import write_atomic
from aibom.operations.policies.folder import builtin_packs
from aibom.reading import suggest
from aibom.resources import policy_path

__all__ = ["fresh_until", "init_folder"]

_FILES = (
    "policy.yaml",
    "signers.yaml",
    "trusted-sources.yaml",
    "accepted-roots.yaml",
    "advisories.yaml",
    "suppliers.yaml",
    "waivers.yaml",
)
_FRESH = timedelta(days=30)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def fresh_until(now: datetime) -> str:
    """The day on which the advisories of a folder that is made now expire."""
    return f"{now + _FRESH:%Y-%m-%d}"


def init_folder(folder: Path, pack: str, name: str, now: datetime) -> tuple[Path, ...]:
    """Write the files of a verifier's folder; none that is there is overwritten.

    ``pack`` is a built-in one, with or without ``builtin:`` and version. Raises
    :class:`~aibom.errors.UsageError` (``pack-missing``, ``name-unusable``) and
    :class:`~aibom.errors.InputError` (``file-exists``, ``file-not-written``); then
    nothing was written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a policy",
            reason="name-unusable",
            where="--name",
            hint="letters, digits, dots, dashes: acme-models",
        )
    reference = _reference(pack)
    paths = [folder / file for file in _FILES]
    for path in paths:
        if path.exists():
            raise InputError(
                "is already there, and is not overwritten",
                reason="file-exists",
                where=str(path),
                hint="name a folder without a policy in it",
            )
    _make(folder)
    values = {
        "{name}": name,
        "{pack}": reference,
        "{expires}": fresh_until(now),
    }
    for path in paths:
        text = policy_path(f"templates/{path.name}").read_text(encoding="utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        write_atomic(path, text.encode("utf-8"), replace=False)
    return tuple(paths)


def _reference(pack: str) -> str:
    known = {p.name: f"builtin:{p.name}@{p.version}" for p in builtin_packs()}
    stem = pack.removeprefix("builtin:").partition("@")[0]
    if stem not in known or pack not in (stem, known[stem]):
        raise UsageError(
            f"there is no pack {pack!r}{suggest(stem, known)}",
            reason="pack-missing",
            where="--pack",
            hint="aibom policy list shows the packs",
        )
    return known[stem]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot be made: {error.strerror}",
            reason="file-not-written",
            where=str(folder),
            hint="name a folder where you may write",
        ) from error
