"""Every exit code that is documented, each from the situations that lead to it."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import time

import pytest
from cli_world import ADVISORIES, POLICY, Ran, environment

from aibom.policy.checks import CHECKS

GATE = (
    *("gate", "model", "--policy", "verifier", "--evidence", "evidence"),
    *("--output", "json=verdict.json", "--output", "text"),
)
BLOCKED_SOURCE = """\
  - id: A-1
    summary: a line was flipped
    published: "2026-01-01"
    affects:
      sources: [{type: generic, namespace: acme, name: two-lines}]
"""


def poison(world):
    text = ADVISORIES.replace("advisories: []", f"advisories:\n{BLOCKED_SOURCE}")
    world.write_policy("advisories.yaml", text)


def lose_the_record(world):
    for path in (world.folder / "evidence").iterdir():
        path.unlink()


def turn_all_off(world):
    world.write_policy("policy.yaml", POLICY.replace("mode: deny", 'mode: "off"'))


def change_a_byte(world):
    (world.model / "weights.bin").write_bytes(b"evil\n")


def unsign(world):
    (world.model / "aibom.sigstore.json").unlink()


def forget_to_lock(world):
    (world.verifier / "policy.lock").unlink()


def remove_the_model(world):
    for path in world.model.iterdir():
        path.unlink()
    world.model.rmdir()


def nothing(world):
    """Leave the world as it is."""


#: What happened → the exit code, the reason.
DECISIONS = {
    "as it should be": (nothing, 0, "allowed"),
    "an advisory on a source": (poison, 10, "tainted-ancestor"),
    "the step's record lost": (lose_the_record, 3, "step-record-absent"),
    "every rule off": (turn_all_off, 3, "nothing-in-force"),
    "a byte changed": (change_a_byte, 11, "digest-mismatch"),
    "nobody signed": (unsign, 11, "signature-absent"),
    "no such folder": (remove_the_model, 1, "path-missing"),
}


@pytest.mark.parametrize(
    ("happens", "code", "reason"), DECISIONS.values(), ids=DECISIONS
)
def test_a_verdict_and_its_exit_code_agree(world, happens, code, reason):
    happens(world)
    ran = world.call(*GATE)
    assert ran.code == code, ran
    assert "Traceback" not in ran.err
    text = (world.folder / "verdict.json").read_text()
    assert f'"reason": "{reason}"' in text
    assert f'"exitCode": {code}' in text
    first = ran.out.split("\n", 1)[0]
    assert ("ALLOWED" in first) == (code == 0)


def test_an_unlocked_policy_is_no_policy(world):
    forget_to_lock(world)
    ran = world.call(*GATE)
    assert (ran.code, ran.out) == (2, "")
    assert "[policy-not-locked]" in ran.err
    assert "aibom policy lock verifier" in ran.err
    assert not (world.folder / "verdict.json").exists()


def test_the_dry_run_takes_an_unlocked_policy(world):
    forget_to_lock(world)
    assert world.check().code == 0


def test_a_document_that_breaks_its_format(world):
    world.bom.write_text('{"bomFormat": "CycloneDX"}')
    ran = world.check()
    assert ran.code == 12
    assert "Traceback" not in ran.err


@pytest.fixture
def broken_check(monkeypatch):
    """A check with a fault in it."""

    def broken(*_args):
        raise ZeroDivisionError("of the check's own")

    check = dataclasses.replace(CHECKS["lineage-closed"], evaluate=broken)
    known = {**CHECKS, "lineage-closed": check}
    monkeypatch.setattr("aibom.policy.document.CHECKS", known)


def test_a_check_that_breaks_decides_nothing(broken_check, here):
    ran = here(*GATE)
    assert ran.code == 1
    assert "COULD NOT DECIDE" in ran.out
    assert "check-broke" in ran.out
    assert "ZeroDivisionError" in ran.out


WRONG_CALLS = {
    "no command": (),
    "unknown command": ("gaet",),
    "unknown option": ("gate", "--polcy", "x"),
    "an argument missing": ("gate",),
    "an option missing": ("gate", "model"),
    "not one of the choices": (*GATE, "--tier", "hi"),
    "no number": ("validate", "--max-bytes", "many", "model/aibom.cdx.json"),
    "unknown output": (*GATE, "--output", "jsn"),
    "an output twice": (*GATE, "--output", "json"),
    "output without a file": ("check", "x", "--policy", "p", "--output", "json="),
    "the same file twice": (*GATE, "--output", "text=verdict.json"),
    "not a time": (*GATE, "--effective-time", "soon"),
    "in the past": (*GATE, "--effective-time", "2020-01-01"),
    "another policy": (*GATE, "--policy-digest", "sha256:" + "0" * 64),
    "no such policy": ("gate", "model", "--policy", "nowhere"),
    "check of a folder": ("check", "model", "--policy", "verifier"),
    "no subcommand": ("policy",),
    "unknown subcommand": ("policy", "lnt", "verifier"),
    "no rule of that name": ("explain", "verdict.json", "no-such-rule"),
    "no pseudonym key": ("party", "id", "Ada"),
    "sign with nothing": ("sign", "model"),
    "sign with two": ("sign", "model", "--key", "release.key", "--sigstore", "public"),
    "verify by nobody": ("verify", "model"),
}


@pytest.mark.parametrize("words", WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_2_and_prints_no_data(world, here, words):
    if "explain" in words:
        world.done(*GATE)
    ran = here(*words)
    assert ran.code == 2, ran
    assert ran.out == ""
    assert ran.err
    assert "Traceback" not in ran.err


UNUSABLE = {
    "show": ("show", "nowhere"),
    "validate": ("validate", "data"),
    "explain": ("explain", "nowhere.json"),
    "sign": ("sign", "model", "--key", "nowhere.key"),
    "assemble": ("assemble", "nowhere"),
    "verify": ("verify", "nowhere", "--signers", "verifier/signers.yaml"),
    "keygen over a key": ("keygen", "release", "--no-password"),
    "assemble unexplained": ("assemble", "data", "--steps", "evidence"),
}


@pytest.mark.parametrize("words", UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_done_is_1(here, words):
    ran = here(*words)
    assert ran.code == 1, ran
    assert ran.out == ""
    assert ran.err.rstrip().splitlines()[0].startswith("aibom: ")
    assert "[" in ran.err


def test_report_only_is_0_and_marked(world):
    poison(world)
    ran = world.call(*GATE, "--report-only")
    assert ran.code == 0
    assert "DENIED" in ran.out
    assert "[report only]" in ran.out
    assert '"reportOnly": true' in (world.folder / "verdict.json").read_text()


def test_report_only_forgives_no_broken_signature(world):
    unsign(world)
    assert world.call(*GATE, "--report-only").code == 11


def test_interrupted_is_130(world):
    """Ctrl-C while `party id` waits for its input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "aibom", "party", "id"],
        cwd=world.folder,
        env=environment(AIBOM_PSEUDONYM_KEY=f"acme:{'0' * 32}"),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until_it_reads(process.pid)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err.strip()) == (130, "aibom: interrupted")


def wait_until_it_reads(pid):
    """Until the process waits in a read of its stdin (Linux tells what it waits in)."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/syscall") as file:
            if file.read().startswith("0 0x0 "):
                return
        time.sleep(0.01)
    raise AssertionError("it never read its stdin")


def crash(monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("a fault \x1b[31mof ours")

    monkeypatch.setattr("aibom.operations.gate.gate", broken)
    monkeypatch.setattr("aibom.recording.run", broken)


RUN = ("run", "--step", "train", "--output", "new", "--", "true")


@pytest.mark.parametrize(
    ("words", "code"), [(GATE, 1), (RUN, 125)], ids=["gate", "run"]
)
def test_a_crash_is_neither_allowed_nor_denied(here, monkeypatch, words, code):
    crash(monkeypatch)
    ran = here(*words)
    assert ran == Ran(
        code,
        "",
        "aibom: RuntimeError: a fault \\x1b[31mof ours [internal-error]\n"
        "  this is a fault of aibom; `aibom --debug …` shows where\n",
    )


@pytest.mark.parametrize(
    ("words", "code"), [(GATE, 1), (RUN, 125)], ids=["gate", "run"]
)
def test_debug_shows_where_and_keeps_the_code(here, monkeypatch, words, code):
    crash(monkeypatch)
    ran = here("--debug", *words)
    assert ran.code == code
    assert "Traceback (most recent call last)" in ran.err
    assert "[internal-error]" in ran.err


def test_debug_shows_where_a_refusal_comes_from(here):
    ran = here("--debug", "show", "nowhere")
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert "[path-missing]" in ran.err
