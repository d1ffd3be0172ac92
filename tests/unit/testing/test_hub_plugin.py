"""The fixture ``local_hub`` as users get it, and the page that tells them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "how-to" / "test-against-a-hub.md"

LIGHT = """
import sys

def test_nothing_is_loaded():
    assert "aibom.testing.plugin" in sys.modules
    assert not {"huggingface_hub", "aibom.testing.hub", "yaml"} & set(sys.modules)
"""

APART = """
def test_first(local_hub):
    local_hub.model("acme/base").commit({"a": b"a"})
    assert local_hub.model("acme/base").resolve("main")

def test_second(local_hub):
    assert local_hub.model("acme/base").resolve("main") is None
"""

FREE = """
import sys
sys.modules["huggingface_hub"] = sys.modules["yaml"] = None
import urllib.request
from aibom.testing.hub import LocalHub

def test_only_the_standard_library():
    with LocalHub() as hub:
        hub.model("acme/base").commit({"config.json": b"{}"})
        with urllib.request.urlopen(f"{hub.url}/api/models/acme/base") as answer:
            assert answer.status == 200
"""


@pytest.fixture
def site(tmp_path):
    """A folder that makes this checkout look installed, for entry points at least."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    info = tmp_path / "site" / "aibom_checkout-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: aibom-checkout\nVersion: 0\n"
    )
    plugins = project["entry-points"]["pytest11"].items()
    lines = [f"{name} = {target}\n" for name, target in plugins]
    (info / "entry_points.txt").write_text("[pytest11]\n" + "".join(lines))
    return info.parent


def run_pytest(tmp_path, site, source, *options):
    test = tmp_path / "test_theirs.py"
    test.write_text(source)
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", *options, test.name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


SOURCES = {
    "who-does-not-use-it-pays-nothing": LIGHT,
    "each-test-has-its-own": APART,
    "it-needs-no-client-and-no-yaml": FREE,
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_run_of_theirs(tmp_path, site, name):
    done = run_pytest(tmp_path, site, SOURCES[name])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_guide_works_as_it_stands(tmp_path, site):
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    use = """
def test_run(local_hub, tmp_path):
    local_hub.model("acme/base").commit({"a": b"a"})
    ask = "from huggingface_hub import HfApi; HfApi().model_info('acme/base')"
    run(local_hub, tmp_path, "%s", "-c", ask)
    assert "/api/models/acme/base" in [path for _, path, _ in local_hub.requests]
"""
    done = run_pytest(tmp_path, site, "\n".join(blocks) + use % sys.executable)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_the_fixture_tells_what_it_is(tmp_path, site):
    done = run_pytest(tmp_path, site, LIGHT, "--fixtures")
    assert re.search(r"^local_hub -- ", done.stdout, re.MULTILINE)


def test_everything_public_is_in_the_guide():
    from aibom.testing.hub import Fault, LocalHub, Repository

    guide = GUIDE.read_text("utf-8")
    names = {field.name for field in fields(Fault)}
    for one in (LocalHub, Repository, Fault):
        names |= {name for name in vars(one) if not name.startswith("_")}
    names -= {"replaces", "replacement", "change"}  # what the server does with it
    assert sorted(name for name in names if name not in guide) == []
