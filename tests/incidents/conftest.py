"""A signed world on disk, for the incidents in which bytes decide."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from incidents.on_disk import Judged
from incidents.through_fetch import Importing, importer
from worlds import make_world


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("pristine")).root


@pytest.fixture
def on_disk(pristine: Path, tmp_path: Path) -> Judged:
    return Judged(pristine, tmp_path)


@pytest.fixture
def importing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Importing:
    """A hub and somebody who imports from it, one for each twin."""
    numbers = itertools.count()
    return lambda: importer(tmp_path / str(next(numbers)), monkeypatch, capfd)
