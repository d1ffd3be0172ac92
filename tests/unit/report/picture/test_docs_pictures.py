"""The pictures in the docs are what the code draws, and small enough to be read."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from picture_world import DOCS, drawn_for_docs

FOLDER = Path(__file__).resolve().parents[4] / "docs" / "pictures"


@pytest.mark.parametrize("name", DOCS)
def test_the_docs_show_what_is_drawn(name):
    """Else: ``python tests/picture_world.py`` draws them again; look at them."""
    stored = (FOLDER / f"{name}.svg").read_text("utf-8")
    assert stored == drawn_for_docs(name)
    assert len(stored) <= 102_400
    ET.fromstring(stored)
