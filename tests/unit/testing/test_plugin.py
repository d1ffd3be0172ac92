"""The plugin as pytest loads it for users: by its entry point, in a run of theirs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "how-to" / "test-your-pipeline.md"

LIGHT = """
import sys

def test_nothing_heavy_is_loaded():
    assert "aibom.testing.plugin" in sys.modules
    heavy = {"cryptography", "jwt", "aibom.testing.sigstore", "sigstore"}
    assert not heavy & set(sys.modules)
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
    lines = [
        f"{name} = {target}\n"
        for name, target in project["entry-points"]["pytest11"].items()
    ]
    (info / "entry_points.txt").write_text("[pytest11]\n" + "".join(lines))
    return info.parent


def run_pytest(tmp_path, site, source, *options):
    test = tmp_path / "test_theirs.py"
    test.write_text(source)
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, test.name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_guide_works_as_it_stands(tmp_path, site):
    example = re.search(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    done = run_pytest(tmp_path, site, example[1])
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("options", [[], ["-p", "aibom.testing.plugin"]])
def test_whoever_does_not_use_it_pays_nothing(tmp_path, site, options):
    done = run_pytest(tmp_path, site, LIGHT, *options)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_fixture_tells_what_it_is(tmp_path, site):
    done = run_pytest(tmp_path, site, LIGHT, "--fixtures")
    assert "local_sigstore [session scope]" in done.stdout


def test_every_call_is_in_the_guide():
    from aibom.testing.sigstore import LocalSigstore

    guide = GUIDE.read_text("utf-8")
    public = [name for name in vars(LocalSigstore) if not name.startswith("_")]
    assert [name for name in public if name not in guide] == []
