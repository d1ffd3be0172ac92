"""What a command must not load: starting is most of what a short command costs.

The ratios of CPU time are measured in ``benchmarks/startup.py``; here only the cause is
tested, exactly: which packages are in ``sys.modules`` when a command is done.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_world import environment, make_world

ROOT = Path(__file__).resolve().parents[2]

HEAVY = (
    *("sigstore", "pydantic", "requests", "huggingface_hub", "networkx", "numpy"),
    *("cyclonedx", "jsonschema", "jsonschema_rs", "yaml", "cryptography", "rich"),
)

#: Runs a command as `python -m aibom` does, then writes down what it loaded.
RUN_COMMAND = """
import json, runpy, sys
report, sys.argv = sys.argv[1], ["aibom", *sys.argv[2:]]
code = 0
try:
    runpy.run_module("aibom", run_name="__main__", alter_sys=True)
except SystemExit as done:
    code = done.code or 0
with open(report, "w") as file:
    json.dump({"code": code, "modules": sorted(sys.modules)}, file)
"""

RUN_CODE = """
import json, sys
report, code = sys.argv[1:]
before = set(sys.modules)
exec(code)
with open(report, "w") as file:
    json.dump({"code": 0, "modules": sorted(set(sys.modules) - before)}, file)
"""


def run(tmp_path, harness, *args, cwd=ROOT):
    """The exit code and the loaded modules of one fresh interpreter."""
    report = tmp_path / "loaded.json"
    command = [sys.executable, "-c", harness, str(report), *args]
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(report.read_text())
    return loaded["code"], loaded["modules"]


def tops(modules):
    return {name.partition(".")[0] for name in modules}


#: name → arguments, exit code, what may not be loaded
COMMANDS = {
    "help": (["--help"], 0, HEAVY),
    "version": (["--version"], 0, HEAVY),
}


@pytest.mark.parametrize(
    ("arguments", "code", "unloaded"), COMMANDS.values(), ids=COMMANDS
)
def test_a_command_leaves_heavy_packages_unloaded(tmp_path, arguments, code, unloaded):
    found, modules = run(tmp_path, RUN_COMMAND, *arguments)
    assert found == code
    assert tops(modules) & set(unloaded) == set()


#: What a dry run with key evidence has no use for: certificates, the hub, drawing.
UNUSED_BY_CHECK = (
    *("sigstore", "pydantic", "requests", "huggingface_hub", "networkx", "numpy"),
    *("cyclonedx", "jsonschema", "rich", "rfc3161_client", "tuf", "email_validator"),
)


def test_a_dry_run_leaves_heavy_packages_unloaded(tmp_path):
    folder = tmp_path / "world"
    folder.mkdir()
    world = make_world(folder)
    arguments = ("check", "model/aibom.cdx.json", "--policy", "verifier")
    found, modules = run(
        *(tmp_path, RUN_COMMAND, *arguments, "--evidence", "evidence"), cwd=world.folder
    )
    assert found == 0
    assert tops(modules) & set(UNUSED_BY_CHECK) == set()


def test_the_package_alone_loads_nothing_of_ours(tmp_path):
    _, modules = run(tmp_path, RUN_CODE, "import aibom; dir(aibom); aibom.__version__")
    assert [name for name in modules if name.startswith("aibom")] == ["aibom"]


#: Parts that must work where only the standard library is installed.
STDLIB_ONLY = ["aibom.recording", "aibom.digest", "aibom.statement", "aibom.verdict"]


@pytest.mark.parametrize("name", STDLIB_ONLY)
def test_the_standard_library_is_enough(tmp_path, name):
    _, modules = run(tmp_path, RUN_CODE, f"import {name}")
    assert name in modules
    assert tops(modules) - {"aibom"} <= sys.stdlib_module_names


def test_record_is_found_lazily(tmp_path):
    code = "import aibom, aibom.recording as r; assert aibom.record is r.record"
    _, modules = run(tmp_path, RUN_CODE, code)
    assert "aibom.recording" in modules


def test_an_unknown_name_is_an_attribute_error(tmp_path):
    code = (
        "import aibom\n"
        "assert {'record', '__version__'} <= set(dir(aibom))\n"
        "try: aibom.recrod\n"
        "except AttributeError as error: assert 'recrod' in str(error)\n"
        "else: raise AssertionError"
    )
    found, _ = run(tmp_path, RUN_CODE, code)
    assert found == 0


def test_the_harness_sees_what_is_loaded(tmp_path):
    _, modules = run(tmp_path, RUN_CODE, "import yaml")
    assert "yaml" in tops(modules)
