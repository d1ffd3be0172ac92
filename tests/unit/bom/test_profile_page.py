"""``docs/bom-profile.md`` names everything that a BOM of ours may hold."""

from __future__ import annotations

import re

import pytest
from bom_graphs import everything, written

from aibom.bom import native, properties
from aibom.bom.walk import walk
from aibom.lineage.nodes import Kind, Relation

NAMES = {
    constant: value
    for constant, value in vars(properties).items()
    if constant.isupper()
    and isinstance(value, str)
    and re.match("(aibom|cdx):.", value)
}


@pytest.fixture(scope="module")
def page(checkout):
    return (checkout / "docs" / "bom-profile.md").read_text("utf-8")


def section(page, title):
    (_, found) = page.split(f"{title}\n", 1)
    return found.split("\n## ", 1)[0]


def test_there_are_names_to_look_for():
    assert {"PROFILE", "EDGE", "JUDGEMENTS"} - NAMES.keys() == {"JUDGEMENTS"}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_name_of_a_property_is_in_the_table(page, name):
    rows = section(page, "## 5. Properties").splitlines()
    assert any(re.match(rf"\| `{re.escape(name)}[`:<]", row) for row in rows)


@pytest.mark.parametrize("name", properties.JUDGEMENTS)
def test_every_judgement_is_told_to_be_ignored(page, name):
    assert f"`{name}`" in section(page, "## 8. What a reader must ignore")


def test_every_kind_and_relation_has_a_row(page):
    nodes = section(page, "## 1. Nodes")
    edges = section(page, "## 2. Edges")
    assert [kind for kind in Kind if f"| {kind.value}" not in nodes] == []
    assert [word for word in Relation if word.value not in edges] == []


def test_every_task_type_is_told(page):
    views = section(page, "## 6. Derived views")
    kinds = {**native.TASK_TYPES}
    assert [
        k for k, v in kinds.items() if k not in views or f"`{v}`" not in views
    ] == []


def test_version_is_that_of_the_code(page):
    assert page.startswith(f"# The BOM profile, version {properties.PROFILE_VERSION}\n")


def test_nothing_is_written_that_has_no_row(page):
    table = section(page, "## 5. Properties")
    known = tuple(re.findall(r"^\| `([a-z:-]+)", table, re.MULTILINE))
    found = {
        members["name"]
        for members, owner, _ in walk(written(everything()))
        if owner == "properties"
    }
    assert [name for name in found if not name.startswith(known)] == []
