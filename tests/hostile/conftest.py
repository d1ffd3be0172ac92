"""One world is made for all tests here; each changes a copy of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import World, make_world


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def world(pristine: World, tmp_path: Path) -> World:
    return pristine.copy(tmp_path / "world")
