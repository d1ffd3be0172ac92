"""schemas/ and policies/ are found in both layouts; what is missing is said clearly."""

from __future__ import annotations

import pytest
from builders import write_tree

from aibom import resources
from aibom.errors import InputError

SCHEMA = "a-v1.schema.json"


def install(tmp_path, monkeypatch, files):
    """Pretend that aibom lives in ``tmp_path/aibom``."""
    package = write_tree(tmp_path, files) / "aibom"
    package.mkdir(exist_ok=True)
    find = resources.resource_dir
    monkeypatch.setattr(resources, "resource_dir", lambda kind: find(kind, package))
    return package


LAYOUTS = {"wheel": "aibom/_{}/", "checkout": "{}/"}


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS)
def layout(request, tmp_path, monkeypatch):
    schemas, policies = (request.param.format(k) for k in ("schemas", "policies"))
    files = {
        f"{schemas}{SCHEMA}": '{"type": "object"}',
        f"{schemas}broken.json": '{"type": ',
        f"{schemas}list.json": "[]",
        f"{schemas}latin.json": b'{"a": "\xe9"}',
        f"{policies}baseline/policy.yaml": "rules: []\n",
    }
    install(tmp_path, monkeypatch, files)
    return tmp_path / schemas, tmp_path / policies


def test_paths_in_either_layout(layout):
    schemas, policies = layout
    assert resources.schema_path(SCHEMA) == schemas / SCHEMA
    assert resources.policy_path("baseline") == policies / "baseline"
    assert resources.policy_path("baseline/policy.yaml").read_text() == "rules: []\n"


def test_each_caller_gets_its_own_schema(layout):
    resources.read_schema(SCHEMA)["type"] = "edited"
    assert resources.read_schema(SCHEMA) == {"type": "object"}


def test_the_wheel_layout_wins_over_a_folder_beside_the_package(tmp_path, monkeypatch):
    files = {f"aibom/_schemas/{SCHEMA}": "{}", f"schemas/{SCHEMA}": '{"planted": 1}'}
    install(tmp_path, monkeypatch, files)
    assert resources.read_schema(SCHEMA) == {}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.json", "resource-missing"),
        ("../aibom/errors.py", "resource-name"),
        ("/etc/passwd", "resource-name"),
        ("a//b", "resource-name"),
        ("./a.json", "resource-name"),
        ("", "resource-name"),
        ("a\\b", "resource-name"),
        ("a\0b", "resource-name"),
    ],
)
@pytest.mark.parametrize("find", [resources.schema_path, resources.policy_path])
def test_bad_names(layout, find, name, reason):
    with pytest.raises(InputError) as caught:
        find(name)
    assert caught.value.reason == reason


def test_what_is_known_is_named(layout):
    with pytest.raises(InputError) as caught:
        resources.schema_path("a-v2.schema.json")
    assert SCHEMA in str(caught.value.hint)


def test_a_folder_is_no_schema(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, {"schemas/folder/x.json": "{}"})
    with pytest.raises(InputError, match="no 'folder'"):
        resources.schema_path("folder")


@pytest.mark.parametrize("name", ["broken.json", "list.json", "latin.json"])
def test_damaged_schemas(layout, name):
    with pytest.raises(InputError) as caught:
        resources.read_schema(name)
    assert caught.value.reason == "resource-broken"
    assert name in str(caught.value.where)


@pytest.mark.parametrize("kind", ["schemas", "policies"])
def test_an_installation_without_the_folder(tmp_path, kind):
    with pytest.raises(InputError, match=f"has no {kind}") as caught:
        resources.resource_dir(kind, tmp_path / "aibom")
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["schemas", "policies"])
def test_this_very_checkout_has_them(kind, checkout):
    assert resources.resource_dir(kind) == checkout / kind
