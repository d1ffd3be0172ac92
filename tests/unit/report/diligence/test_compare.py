"""An earlier report is told of by its name and digest: never where it lay."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from worlds import NOW, World, make_world

from aibom.operations.reporting.report import Asked, make_report
from aibom.report.diligence.html import report_html
from aibom.report.diligence.machine import report_json
from aibom.report.diligence.markdown import report_markdown

WRITERS = {"json": report_json, "html": report_html, "markdown": report_markdown}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path / "world")


def compared(world: World, folder: Path) -> tuple[Path, dict[str, str]]:
    """A report compared with one of the same product, which lies in a folder."""
    folder.mkdir(parents=True)
    old = folder / "old.json"
    old.write_text(_text(report_json(make_report(world.bom, Asked(), NOW))), "utf-8")
    report = make_report(world.bom, Asked(compare=old), NOW)
    return old, {name: _text(write(report)) for name, write in WRITERS.items()}


def _text(made: str | bytes) -> str:
    return made if isinstance(made, str) else made.decode()


@pytest.mark.parametrize("form", WRITERS)
def test_no_place_of_this_machine_is_in_a_report(
    world: World, tmp_path: Path, form: str
) -> None:
    folder = tmp_path / "zw17" / "home"
    _, told = compared(world, folder)
    assert str(tmp_path) not in told[form]
    assert "zw17" not in told[form]


def test_the_earlier_one_is_known_by_name_and_digest(
    world: World, tmp_path: Path
) -> None:
    old, told = compared(world, tmp_path / "a")
    digest = hashlib.sha256(old.read_bytes()).hexdigest()
    found = json.loads(told["json"])["changes"]
    assert found["against"] == f"old.json (sha256:{digest})"
    assert found["changes"] == []


def test_the_same_report_from_wherever_it_is_compared(
    world: World, tmp_path: Path
) -> None:
    assert (
        compared(world, tmp_path / "a")[1] == compared(world, tmp_path / "b" / "c")[1]
    )
