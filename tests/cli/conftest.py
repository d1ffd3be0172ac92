"""One world for all tests of the command line; each gets a copy of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from cli_world import Ran, World, make_world

from aibom.cli import main


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A world that nobody may change."""
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(built, tmp_path):
    """A world of the test's own, in which it also stands."""
    folder = tmp_path / "world"
    shutil.copytree(built.folder, folder, symlinks=True)
    return World(folder)


@pytest.fixture
def here(world, monkeypatch, capfd):
    """Calls the command line in this process, standing in the world's folder.

    For what needs no process of its own; it is ten times as fast.
    """
    monkeypatch.chdir(world.folder)

    def call(*words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["aibom", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Ran(ended.value.code, out, err)

    return call
