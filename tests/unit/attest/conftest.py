"""The fixture as users get it; imported, so that an installed aibom is not needed."""

from __future__ import annotations

from aibom.testing.plugin import local_sigstore

__all__ = ["local_sigstore"]
