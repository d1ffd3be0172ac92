"""``policy test``, ``policy diff`` and ``--against``, as people call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_world import ADVISORIES, POLICY

PTEST = """\
apiVersion: aibom/ptest/v1
policy: ../verifier
time: 2026-11-21T12:00:00Z
signers:
  pipeline: {role: pipeline}
cases:
  - name: the model, by its BOM
    bom: ../model/aibom.cdx.json
    evidence: [../evidence]
    expect:
      decision: allowed
      rules:
        - {rule: open-lineage, status: pass, path: [acme/models/tiny]}
  - name: nobody tells where a dataset is from
    lineage:
      root: model
      nodes:
        model: {kind: model}
        data: {kind: dataset}
      steps:
        train:
          kind: train
          uses: {training-data: data}
          output: model
          signer: pipeline
    expect:
      exit_code: 3
      rules:
        - rule: open-lineage
          status: unknown
          reason: upstream-open
          path: [model, train, data]
"""
HIT = """\
  - name: a known bad ancestor
    lineage: {root: m, nodes: {m: {kind: model}}}
    data:
      advisories:
        apiVersion: aibom/advisories/v1
        sequence: 1
        expires: "2999-01-01"
        advisories:
          - id: A-1
            summary: flipped
            published: "2026-01-01"
            affects: {digests: ["@m"]}
    expect:
      rules:
        - {rule: known-bad-ancestor, status: fail, reason: tainted-ancestor}
  - name: no bad ancestor
    lineage: {root: m, nodes: {m: {kind: model}}}
    expect:
      rules:
        - {rule: known-bad-ancestor, status: pass}
"""
BAD = """\
  - id: A-1
    summary: a line was flipped
    published: "2026-01-01"
    affects:
      sources: [{type: generic, namespace: acme, name: two-lines}]
"""


@pytest.fixture
def ptest(world):
    """A file of two cases that are as expected, once its reason is the real one."""
    path = world.folder / "tests" / "tiny.ptest.yaml"
    path.parent.mkdir()
    path.write_text(PTEST.replace("upstream-open", "root-not-accepted"))
    return path


def test_all_as_expected(here, ptest):
    ran = here("policy", "test", "--partial", "tests")
    assert (ran.code, ran.err) == (0, "")
    first, second, count, declared, *_ = ran.out.splitlines()
    assert first == "ok      tests/tiny.ptest.yaml: the model, by its BOM"
    assert second.endswith("nobody tells where a dataset is from (declared)")
    assert count == "2 cases: 2 as expected, 0 not"
    assert declared == "1 with signers that are declared, not verified"


def test_a_difference_says_what_was_expected_and_found(here, ptest):
    ptest.write_text(PTEST)
    ran = here("policy", "test", "--partial", ptest)
    assert ran.code == 10
    assert "DIFFERS" in ran.out
    assert "expected  unknown [upstream-open] by model > train > data" in ran.out
    found = "found     unknown [root-not-accepted] on model by model > train > data"
    assert found in ran.out


def test_a_rule_without_a_case_of_each_kind_is_a_difference(here, ptest):
    ran = here("policy", "test", ptest)
    assert ran.code == 10
    assert "rules without a case that passes: known-bad-ancestor" in ran.out
    assert "2 cases: 2 as expected, 0 not" in ran.out
    ptest.write_text(ptest.read_text() + HIT)
    ran = here("policy", "test", ptest)
    assert (ran.code, "rules without" in ran.out) == (0, False)


def test_the_tests_of_a_pack(here):
    ran = here("policy", "test", "builtin:baseline@1")
    assert ran.code == 0
    assert "ok      builtin:baseline@1 baseline.ptest.yaml: " in ran.out
    ran = here("policy", "test", "builtin:basline@1")
    assert (ran.code, "[pack-missing]" in ran.err) == (2, True)


def test_reports_for_machines(here, ptest, world):
    ptest.write_text(PTEST)
    files = ("--output", "json=t.json", "--output", "junit=t.xml")
    ran = here("policy", "test", "--partial", ptest, *files)
    assert ran.code == 10
    assert "DIFFERS" in ran.out
    found = json.loads((world.folder / "t.json").read_text())
    assert [case["asExpected"] for case in found["cases"]] == [True, False]
    assert found["cases"][1]["file"] == str(ptest)
    assert "<failure " in (world.folder / "t.xml").read_text()


def test_no_report_is_left_of_an_older_run(here, ptest, world):
    report = world.folder / "t.json"
    report.write_text("old")
    ptest.write_text("[")
    assert here("policy", "test", ptest, "--output", f"json={report}").code == 2
    assert not report.exists()


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        (["sarif=a"], "output-unknown"),
        (["json"], "output-unknown"),
        (["json=a", "junit=a"], "output-place-twice"),
    ],
)
def test_outputs_that_are_refused(here, ptest, outputs, reason):
    words = [word for output in outputs for word in ("--output", output)]
    ran = here("policy", "test", ptest, *words)
    assert (ran.code, f"[{reason}]" in ran.err) == (2, True)


def test_nothing_outside_is_read(here, ptest, world, tmp_path_factory):
    """What a file names lies below the folder of the run, or of what is tested."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("hunter2: [")
    ptest.write_text(ptest.read_text() + f"data: {{advisories: {secret}}}\n")
    ran = here("policy", "test", ptest)
    assert (ran.code, "hunter2" in ran.err) == (2, False)
    assert "is not relative to this file" in ran.err


def test_another_policy_than_the_file_names(here, ptest):
    ran = here("policy", "test", ptest, "--policy", "builtin:baseline@1")
    assert ran.code == 2
    assert "no rule 'open-lineage'" in ran.err
    assert "[ptest-invalid]" in ran.err


def test_a_malformed_test_is_told_whole(here, ptest):
    text = ptest.read_text().replace("status: pass", "staus: pass")
    ptest.write_text(text.replace("exit_code: 3", "exitcode: 3"))
    ran = here("policy", "test", ptest)
    assert ran.code == 2
    assert "did you mean 'status'?" in ran.err
    assert "did you mean 'exit_code'?" in ran.err


def test_a_folder_without_a_test_is_no_yes(here, world):
    ran = here("policy", "test", "evidence")
    assert (ran.code, "[ptest-none]" in ran.err) == (2, True)


def test_hostile_names_stay_text(here, ptest):
    text = ptest.read_text().replace("nobody tells", '"\\e[31m\\nok      x')
    ptest.write_text(text.replace("dataset is from", 'dataset is from"'))
    ran = here("policy", "test", "--partial", ptest)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert r"\x1b[31m\x0aok" in ran.out


def copied(world, **edits):
    """A second folder of the verifier's, with other files."""
    folder = world.folder / "next"
    folder.mkdir()
    for path in world.verifier.iterdir():
        if path.name != "policy.lock":
            (folder / path.name).write_bytes(path.read_bytes())
    for name, text in edits.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_diff_of_the_same(here, world):
    copied(world)
    ran = here("policy", "diff", "verifier", "next")
    assert (ran.code, ran.out) == (0, "0 changes, 0 looser or not to be compared\n")


def test_diff_of_a_looser_policy(here, world):
    copied(world, policy=POLICY.replace("mode: deny", "mode: {low: warn}", 1))
    ran = here("policy", "diff", "verifier", "next")
    assert ran.code == 3
    assert "looser             rule open-lineage: mode, tier low" in ran.out
    assert "deny → warn" in ran.out
    back = here("policy", "diff", "next", "verifier")
    assert (back.code, "stricter" in back.out) == (0, True)


def test_diff_of_what_is_no_policy(here):
    ran = here("policy", "diff", "verifier", "evidence")
    assert (ran.code, "[policy-unreadable]" in ran.err) == (2, True)


def poison(world):
    text = ADVISORIES.replace("advisories: []", f"advisories:\n{BAD}")
    world.write_policy("advisories.yaml", text.replace("sequence: 1", "sequence: 2"))


@pytest.fixture
def old(here, world):
    """The verdict of a gate that denies: the model has a tainted ancestor."""
    poison(world)
    evidence = ("--policy", "verifier", "--evidence", "evidence")
    ran = here("gate", "model", *evidence, "--output", "json=old.json")
    assert ran.code == 10
    return ("gate", "model", *evidence)


def test_against_lets_known_findings_pass_and_says_so(here, old):
    ran = here(*old, "--against", "old.json", "--output", "json=new.json")
    assert ran.code == 0
    new = json.loads(Path("new.json").read_text())
    assert new["overrides"][0].startswith("against=sha256:")
    assert [r["rule"] for r in new["results"] if r["known"]] == ["known-bad-ancestor"]


def test_against_does_not_hide_what_is_new(here, old, world):
    (world.verifier / "accepted-roots.yaml").write_text(
        "apiVersion: aibom/accepted-roots/v1\nroots: []\n"
    )
    world.done("policy", "lock", "verifier")
    assert here(*old, "--against", "old.json").code == 3


def test_the_file_that_is_compared_with_may_be_written_anew(here, old):
    again = (*old, "--against", "old.json", "--output", "json=old.json")
    assert [here(*again).code for _ in range(2)] == [0, 0]


def test_a_dry_run_is_compared_as_well(here, old):
    words = ("check", "model/aibom.cdx.json", *old[2:], "--against", "old.json")
    assert here(*words).code == 0


@pytest.mark.parametrize(
    ("output", "extra", "reason"),
    [
        ("old.json", ("--report-only",), "against-report-only"),
        ("gone.json", (), "against-unreadable"),
    ],
)
def test_what_is_not_compared_with(here, old, output, extra, reason):
    here(*old, *extra, "--output", "json=old.json")
    ran = here(*old, "--against", output)
    assert (ran.code, f"[{reason}]" in ran.err) == (2, True)


def test_a_dry_run_is_no_old_verdict(here, old):
    here("check", "model/aibom.cdx.json", *old[2:], "--output", "json=dry.json")
    ran = here(*old, "--against", "dry.json")
    assert (ran.code, "[against-dry-run]" in ran.err) == (2, True)


def test_what_lets_known_findings_pass_is_not_signed(here, old, world):
    signed = ("--attest", "new.vsa", "--verifier-id", "https://acme.example/gate")
    ran = here(*old, "--against", "old.json", *signed, "--key", "release.key")
    assert (ran.code, "--against" in ran.err) == (2, True)
    assert not (world.folder / "new.vsa").exists()


def test_two_verdicts(here, old, world):
    here(*old, "--against", "old.json", "--output", "json=known.json")
    ran = here("policy", "diff", "--verdicts", "known.json", "old.json")
    assert ran.code == 10
    assert "changed  known-bad-ancestor on acme/models/tiny" in ran.out
    back = here("policy", "diff", "--verdicts", "old.json", "known.json")
    assert back.code == 0
    assert back.out.endswith("1 findings differ, 0 that now block\n")
