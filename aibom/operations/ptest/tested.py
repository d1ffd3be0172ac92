"""A policy to be tested or compared: a verifier's folder, or a built-in pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aibom.attest.signers import AllowedSigner
from aibom.errors import AibomError, PolicyInvalid
from aibom.operations.files import read_small
from aibom.operations.policies.folder import (
    POLICY_NAME,
    Folder,
    builtin_packs,
    lint_folder,
)
from aibom.operations.policies.lock import LOCK_NAME, read_lock
from aibom.operations.policies.plugins import named_plugins, require_pinned
from aibom.policy.data import PolicyData
from aibom.policy.document import Policy, combine
from aibom.reading import parse_yaml, suggest

__all__ = ["Tested", "load_tested", "pack_names"]


@dataclass(frozen=True, slots=True)
class Tested:
    """A policy with its data and signers; ``folder`` is None for a built-in pack."""

    policy: Policy
    data: PolicyData
    signers: tuple[AllowedSigner, ...] = ()
    folder: Folder | None = None


def load_tested(reference: str | Path) -> Tested:
    """A verifier's folder as it is now (its lock may be older), or a built-in pack.

    Of a pack there are only rules: data and signers are empty. What runs in a test may
    have been proposed a minute ago, so plugins, which are code, have to be as they were
    locked, and a folder that names one needs a lock.

    Raises :class:`~aibom.errors.PolicyInvalid`.
    """
    text = str(reference)
    if not text.startswith("builtin:"):
        _require_reviewed_plugins(Path(text))
        folder, _ = lint_folder(Path(text))
        return Tested(folder.policy, folder.data, folder.signers, folder)
    packs = _packs()
    return Tested(combine(_pack(text, packs), packs), PolicyData())


def _require_reviewed_plugins(path: Path) -> None:
    where = path / POLICY_NAME
    try:
        policy = parse_yaml(read_small(where), str(where))
    except AibomError:
        return  # which is told when the folder is read
    if not named_plugins(policy):
        return
    kept = read_lock(path)
    if kept is None:
        raise PolicyInvalid(
            f"names plugins, which are code, and has no {LOCK_NAME}",
            reason="policy-not-locked",
            where=str(path),
            hint=f"review the folder and its plugins, then: aibom policy lock {path}",
        )
    require_pinned(policy, str(where), kept.files)


def pack_names(reference: str) -> tuple[str, ...]:
    """The pack of this name and every one that it extends, each once, it first.

    Raises :class:`~aibom.errors.PolicyInvalid` (``pack-missing``).
    """
    packs = _packs()
    found: dict[str, None] = {}
    ahead = [reference]
    while ahead:
        name = ahead.pop(0)
        if name not in found:
            found[name] = None
            ahead += _pack(name, packs).extends
    return tuple(found)


def _packs() -> Mapping[str, Policy]:
    return {f"builtin:{p.name}@{p.version}": p for p in builtin_packs()}


def _pack(name: str, packs: Mapping[str, Policy]) -> Policy:
    if name not in packs:
        raise PolicyInvalid(
            f"there is no pack {name!r}{suggest(name, packs)}",
            reason="pack-missing",
            hint="aibom policy list shows the packs",
        )
    return packs[name]
