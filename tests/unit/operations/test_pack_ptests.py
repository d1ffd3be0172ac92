"""The tests of our own packs: all hold, and leave out no rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from aibom.operations.policies.folder import builtin_packs
from aibom.operations.ptest.document import PtestFile, read_ptest
from aibom.operations.ptest.policy_test import run_ptests
from aibom.operations.ptest.tested import pack_names
from aibom.reading import parse_yaml
from aibom.resources import policy_path, read_schema
from aibom.verdict import Status

PACKS = {f"builtin:{pack.name}@{pack.version}": pack for pack in builtin_packs()}
FILES = {path.name: path for path in sorted(policy_path("tests").iterdir())}
FINDINGS = (Status.FAIL, Status.UNKNOWN, Status.ERROR)


def read(path: Path) -> PtestFile:
    problems: list[str] = []
    found = read_ptest(path, problems)
    assert problems == []
    return found


@pytest.mark.parametrize("name", PACKS)
def test_all_cases_hold_and_leave_out_no_rule(name: str) -> None:
    """Also on a pack that extends others, with the tests of those."""
    report = run_ptests([Path(name)])
    assert [case for case in report.cases if case.differences] == []
    assert report.uncovered == ()
    assert {case.policy for case in report.cases} == {name}


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_tests_its_own_rules_itself(name: str) -> None:
    (file,) = [read(path) for path in FILES.values() if read(path).policy == name]
    assert file.path.name == f"{PACKS[name].name}.ptest.yaml"
    wanted = [rule for case in file.cases for rule in case.expect.rules]
    own = {rule.id for rule in PACKS[name].rules}
    assert own <= {rule.rule for rule in wanted if rule.status is Status.PASS}
    assert own <= {rule.rule for rule in wanted if rule.status in FINDINGS}


@pytest.mark.parametrize("name", FILES)
def test_every_finding_has_a_path(name: str) -> None:
    wanted = [rule for case in read(FILES[name]).cases for rule in case.expect.rules]
    found = [rule for rule in wanted if rule.status in FINDINGS]
    assert [rule for rule in found if not rule.path] == []


@pytest.mark.parametrize("name", FILES)
def test_cases_hold_for_packs_that_extend_this_one(name: str) -> None:
    """Only rules are expected, not a decision, on which other rules have a say."""
    for case in read(FILES[name]).cases:
        assert not case.expect.on_the_whole, case.name


@pytest.mark.parametrize("name", FILES)
def test_they_are_as_the_schema_says(name: str) -> None:
    document = parse_yaml(FILES[name].read_bytes(), name)
    Draft202012Validator(read_schema("ptest-1.json")).validate(document)


def test_packs_that_are_extended_are_tested_with_it() -> None:
    assert pack_names("builtin:tier-low@1") == (
        "builtin:tier-low@1",
        "builtin:baseline@1",
    )
    files = {case.file for case in run_ptests([Path("builtin:tier-low@1")]).cases}
    assert files == {
        "builtin:tier-low@1 tier-low.ptest.yaml",
        "builtin:tier-low@1 baseline.ptest.yaml",
    }


def write_policy(folder: Path, **top: object) -> Path:
    folder.mkdir()
    head = {"apiVersion": "aibom/policy/v1", "name": "own", "version": "1"}
    data = ["trusted-sources.yaml", "accepted-roots.yaml", "advisories.yaml"]
    policy = {**head, "extends": ["builtin:baseline@1"], "data": data, **top}
    (folder / "policy.yaml").write_text(json.dumps(policy))
    lists = {"trusted-sources": {"lists": {"approved": []}}, "accepted-roots": {}}
    lists["accepted-roots"] = {"roots": []}
    lists["advisories"] = {"sequence": 1, "expires": "2027-01-01", "advisories": []}
    for name, value in lists.items():
        document = {"apiVersion": f"aibom/{name}/v1", **value}
        (folder / f"{name}.yaml").write_text(json.dumps(document))
    (folder / "signers.yaml").write_text(
        json.dumps({"apiVersion": "aibom/signers/v1", "signers": []})
    )
    return folder


def test_a_folder_that_extends_a_pack_can_use_its_tests(tmp_path: Path) -> None:
    """The folder's own data, which know none of it, are not what is used."""
    data = ["trusted-sources.yaml", "accepted-roots.yaml", "advisories.yaml"]
    folder = write_policy(tmp_path / "own", data=[*data, "signers.yaml"])
    report = run_ptests([Path("builtin:baseline@1")], folder)
    assert report.as_expected
    assert report.uncovered == ()


def test_the_tests_of_a_pack_fail_where_a_rule_is_off(tmp_path: Path) -> None:
    """They would notice: the same rules, one of which no longer looks."""
    rules = parse_yaml(policy_path("baseline.yaml").read_bytes(), "baseline")["rules"]
    off = next(rule for rule in rules if rule["id"] == "ancestor-tainted")
    off["check"] = "bytes-match"
    data = ["trusted-sources.yaml", "accepted-roots.yaml", "advisories.yaml"]
    more = {"extends": [], "rules": rules, "data": [*data, "signers.yaml"]}
    folder = write_policy(tmp_path / "own", **more)
    report = run_ptests([Path("builtin:baseline@1")], folder)
    told = {one.about for case in report.cases for one in case.differences}
    assert told == {"ancestor-tainted"}
