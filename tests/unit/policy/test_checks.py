"""What holds for every check: one name everywhere, told in full, tested in full."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from pathlib import Path

import pytest

import aibom.policy.checks
from aibom.policy.checks import CHECKS
from aibom.policy.context import STEP_KINDS
from aibom.recording.roles import STEP_OUTPUT_KINDS

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(aibom.policy.checks.__file__).parent
STATUSES = {
    "Passes": "pass",
    "Fails": "fail",
    "Unknown": "unknown",
    "Not applicable": "not-applicable",
}


def load(path):
    spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def generate():
    return importlib.import_module("docs.generate")


@pytest.fixture(scope="session")
def cases_of():
    folder = Path(__file__).parent / "checks"
    return {
        name: load(folder / f"test_{name.replace('-', '_')}.py").CASES
        for name in CHECKS
    }


def test_every_file_is_a_check_and_every_check_a_file():
    files = {path.stem.replace("_", "-") for path in FOLDER.glob("[!_]*.py")}
    assert files == set(CHECKS)


def test_kinds_of_steps_are_those_that_are_recorded():
    assert set(STEP_KINDS) == set(STEP_OUTPUT_KINDS)


@pytest.mark.parametrize("name", CHECKS)
def test_the_module_tells_all_of_it(name, generate):
    told = generate.story(CHECKS[name])
    needed = {"What it checks", "Why it matters", "Passes", "Fails", "Unknown"}
    assert needed | {"What to do"} <= set(told.sections)
    assert CHECKS[name].evaluate.__module__.endswith(name.replace("-", "_"))


@pytest.mark.parametrize("name", CHECKS)
def test_every_reason_code_that_is_told_is_tested_and_the_reverse(
    name, generate, cases_of
):
    told = {
        (STATUSES[answer], reason)
        for answer, reasons in generate.story(CHECKS[name]).reasons().items()
        for reason in reasons
    }
    tested = {(case.status, case.reason) for case in cases_of[name].values()}
    assert told == tested


@pytest.mark.parametrize("name", CHECKS)
def test_there_is_data_that_passes_and_data_that_does_not(name, cases_of):
    statuses = {case.status for case in cases_of[name].values()}
    assert "pass" in statuses
    assert statuses & {"fail", "unknown"}


@pytest.mark.parametrize("name", CHECKS)
def test_every_setting_is_told(name):
    for setting in dataclasses.fields(CHECKS[name].settings):
        assert setting.metadata["doc"].endswith("."), setting.name


def test_generated_pages_of_checks_are_up_to_date(generate):
    pages = generate.check_pages()
    assert generate.find_drift(ROOT / "docs", pages) == []
    assert set(pages) == {"checks/README.md", *(f"checks/{name}.md" for name in CHECKS)}


def test_drift_is_found(generate, tmp_path):
    pages = {"checks/a.md": "a", "checks/b.md": "b", "checks/c.md": "c"}
    for name, text in {**pages, "checks/gone.md": "x"}.items():
        generate.apply(tmp_path / name, text)
    generate.apply(tmp_path / "checks/b.md", "edited")
    generate.apply(tmp_path / "checks/c.md", None)
    drifted = ["checks/b.md", "checks/c.md", "checks/gone.md"]
    assert generate.find_drift(tmp_path, pages) == drifted
