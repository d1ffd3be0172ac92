"""Run a command as a recorded step, signed when there is a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aibom.attest.bundle import make_bundle
from aibom.attest.keys import PrivateKey

__all__ = ["record_signer"]


def record_signer(key: PrivateKey) -> Callable[[bytes], Mapping[str, Any]]:
    """A signer for :func:`aibom.record`: payload bytes → bundle document."""
    return lambda payload: make_bundle(payload, key)
