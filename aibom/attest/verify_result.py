"""What each way of recognising a signer answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aibom.attest.signers import AllowedSigner

__all__ = ["Recognised"]


@dataclass(frozen=True, slots=True)
class Recognised:
    """The signers whose signature this is, in the order of ``signers.yaml``.

    There is none where ``refusal`` says why. Several can match one identity. A refusal
    beside a signer says that the signature is theirs and lacks something.
    ``signed_at`` and ``who`` are as in :class:`~aibom.attest.verify.Identified`.
    """

    signers: tuple[AllowedSigner, ...]
    refusal: str | None
    signed_at: datetime | None = None
    who: str = ""
