"""The pytest plugin: fixtures for whoever installs ``aibom[testing]``.

pytest finds it by its entry point, in every run in that environment, so importing it
must cost next to nothing: what is heavy is imported when a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aibom.testing.hub import LocalHub
    from aibom.testing.sigstore import LocalSigstore

__all__ = ["local_hub", "local_sigstore"]


@pytest.fixture
def local_hub() -> Iterator[LocalHub]:
    """A running, empty :class:`~aibom.testing.hub.LocalHub` for one test."""
    from aibom.testing.hub import LocalHub

    with LocalHub() as hub:
        yield hub


@pytest.fixture(scope="session")
def local_sigstore() -> Iterator[LocalSigstore]:
    """One running :class:`~aibom.testing.sigstore.LocalSigstore` for the session.

    Tests share its keys and its logs, so none may assume the index of an entry. A test
    that plans faults calls ``recover()`` when done, or starts an instance of its own.
    """
    from aibom.testing.sigstore import LocalSigstore

    with LocalSigstore() as sigstore:
        yield sigstore
