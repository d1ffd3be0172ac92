"""A signed world on disk, for the incidents in which bytes decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from incidents.on_disk import Judged
from worlds import make_world


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("pristine")).root


@pytest.fixture
def on_disk(pristine: Path, tmp_path: Path) -> Judged:
    return Judged(pristine, tmp_path)
