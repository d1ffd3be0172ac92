"""A policy to be tested or compared: a verifier's folder, or a built-in pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aibom.attest.signers import AllowedSigner
from aibom.errors import PolicyInvalid
from aibom.operations.folder import Folder, builtin_packs, lint_folder
from aibom.policy.data import PolicyData
from aibom.policy.document import Policy, combine
from aibom.reading import suggest

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

    Of a pack there are only rules: data and signers are empty. Raises
    :class:`~aibom.errors.PolicyInvalid`.
    """
    text = str(reference)
    if not text.startswith("builtin:"):
        folder, _ = lint_folder(Path(text))
        return Tested(folder.policy, folder.data, folder.signers, folder)
    packs = _packs()
    return Tested(combine(_pack(text, packs), packs), PolicyData())


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
