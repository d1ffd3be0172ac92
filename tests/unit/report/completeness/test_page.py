"""The page of a profile has every element, and a table that stays one."""

from __future__ import annotations

import pytest

from aibom.reading import parse_yaml
from aibom.report.completeness.page import profile_page
from aibom.report.completeness.profile import read_profile
from aibom.resources import resource_dir

FILES = sorted((resource_dir("policies") / "profiles").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_page_has_each_element_once(path):
    profile = read_profile(parse_yaml(path.read_bytes(), path.name), path.name)
    page = profile_page(profile)
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(profile.elements)
    for element in profile.elements:
        (row,) = (row for row in rows if row.startswith(f"| `{element.id}` |"))
        assert element.ask in row
        assert row.count(" | ") == 4
    for told in (profile.status_note, profile.dated, profile.url, *profile.notes):
        assert told in page
    assert page == profile_page(profile)
