"""Where output goes: data to stdout or whole files, everything else to stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from cli_world import environment, snapshot
from jsonschema import Draft202012Validator

GATE = ("gate", "model", "--policy", "verifier", "--evidence", "evidence")
CHECK = ("check", "model/aibom.cdx.json", *GATE[2:])


@pytest.fixture(scope="module")
def schema(checkout):
    return Draft202012Validator(
        json.loads((checkout / "schemas" / "verdict-1.json").read_text())
    )


def lose_the_record(world):
    for path in (world.folder / "evidence").iterdir():
        path.unlink()


def change_a_byte(world):
    (world.model / "weights.bin").write_bytes(b"evil\n")


CASES = {
    "allowed": (lambda _world: None, 0),
    "undecided": (lose_the_record, 3),
    "not verified": (change_a_byte, 11),
}


@pytest.mark.parametrize(("happens", "code"), CASES.values(), ids=CASES)
def test_json_on_stdout_is_a_verdict_and_nothing_else(
    world, here, schema, happens, code
):
    happens(world)
    ran = here(*GATE, "--output", "json")
    document = json.loads(ran.out)
    schema.validate(document)
    assert (ran.code, document["exitCode"], ran.err) == (code, code, "")


def test_the_dry_run_is_marked(here, schema):
    document = json.loads(here(*CHECK, "--output", "json").out)
    schema.validate(document)
    assert document["dryRun"] is True
    assert document["verification"]["state"] == "not-done"


def test_what_was_proved_stands_in_the_verdict(here):
    proved = json.loads(here(*GATE, "--output", "json").out)["verification"]
    assert proved["state"] == "verified"
    assert proved["signer"] == "acme release"
    assert (proved["steps_recorded"], proved["steps"]) == (1, 1)
    assert proved["lineage_closed"] is True
    assert proved["accepted_roots"] == ["acme/data/tiny"]


FORMATS = {
    "sarif": '"version": "2.1.0"',
    "junit": '<testsuites name="aibom ',
    "github": "::error ",
    "github-summary": "# BLOCKED: cannot be told: acme/models/tiny",
    "gitlab": '"check_name": "open-lineage"',
    "markdown": "## What blocks: ",
    "declarations": '"bomFormat": "CycloneDX"',
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_to_stdout_and_to_a_file(world, here, name):
    lose_the_record(world)
    words = (*CHECK, "--effective-time", "2998-01-01", "--output")
    shown = here(*words, name)
    assert FORMATS[name] in shown.out
    assert (shown.code, shown.err) == (3, "")
    written = here(*words, f"{name}=verdict.out")
    assert (written.code, written.out) == (3, "")
    assert (world.folder / "verdict.out").read_text() == shown.out


def test_all_formats_come_from_one_evaluation(world, here):
    outputs = [word for name in FORMATS for word in ("--output", f"{name}=v.{name}")]
    ran = here(*GATE, *outputs, "--output", "text")
    assert (ran.code, ran.err) == (0, "")
    assert all((world.folder / f"v.{name}").stat().st_size for name in FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_failed_verification_is_no_clean_report(world, here, name):
    change_a_byte(world)
    ran = here(*GATE, "--output", name)
    assert ran.code == 11
    assert "weights.bin" in ran.out


def test_an_unknown_format_names_the_known_ones(here):
    ran = here(*GATE, "--output", "html")
    assert ran.code == 2
    assert "sarif, junit, github, github-summary, gitlab, markdown" in ran.err


def test_several_outputs_come_from_one_evaluation(world, here):
    ran = here(*GATE, "--output", "text", "--output", "json=v.json")
    document = json.loads((world.folder / "v.json").read_text())
    assert document["effectiveTime"] in ran.out


def test_a_denial_prints_the_line_to_paste(world, here):
    lose_the_record(world)
    ran = here(*GATE, "--output", "text", "--output", "json=v.json")
    line = next(line for line in ran.out.splitlines() if line.startswith("    more "))
    told = here(*line.split()[2:])
    assert told.code == 0
    assert "open-lineage: unknown (step-record-absent)" in told.out


def test_only_files_leaves_stdout_empty_and_says_so(world, here):
    ran = here(*GATE, "--output", "text=v.txt", "--output", "json=v.json")
    assert (ran.code, ran.out, ran.err) == (0, "", "aibom: allowed [allowed]\n")
    assert "ALLOWED" in (world.folder / "v.txt").read_text()


def test_a_file_that_cannot_be_written_is_1_and_says_nothing_else(world, here):
    before = snapshot(world.folder)
    ran = here(*GATE, "--output", "text", "--output", "json=nowhere/v.json")
    assert (ran.code, ran.out) == (1, "")
    assert "nowhere/v.json: cannot be written" in ran.err
    assert "[file-not-written]" in ran.err
    assert snapshot(world.folder) == before


def test_a_folder_in_the_way_of_a_file(world, here):
    before = snapshot(world.folder)
    ran = here(*GATE, "--output", "json=data")
    assert (ran.code, ran.out) == (1, "")
    assert snapshot(world.folder) == before


def test_a_verdict_replaces_the_old_one_whole(world, here):
    (world.folder / "v.json").write_text("x" * 1_000_000)
    here(*GATE, "--output", "json=v.json")
    json.loads((world.folder / "v.json").read_text())


def test_a_wrong_format_is_refused_before_anything_is_read(here):
    ran = here("gate", "nowhere", "--policy", "nowhere", "--output", "jsn")
    assert "did you mean 'json'? [output-unknown]" in ran.err


def test_a_verdict_is_not_written_into_the_artifact(world, here):
    before = snapshot(world.folder)
    ran = here(*GATE, "--output", "json=model/verdict.json")
    assert ran.code == 2
    assert "[output-inside-artifact]" in ran.err
    assert snapshot(world.folder) == before


@pytest.mark.parametrize("words", [GATE, CHECK], ids=["gate", "check"])
@pytest.mark.parametrize("place", ["verifier/v.json", "verifier/policy.yaml"])
def test_a_verdict_is_not_written_into_the_policy_folder(world, here, words, place):
    before = snapshot(world.folder)
    ran = here(*words, "--output", f"json={place}")
    assert (ran.code, ran.out) == (2, "")
    assert "[output-inside-policy]" in ran.err
    assert snapshot(world.folder) == before


def test_a_verdict_does_not_take_the_place_of_the_bom(world, here):
    before = snapshot(world.folder)
    ran = here(*CHECK, "--output", "json=model/aibom.cdx.json")
    assert ran.code == 2
    assert snapshot(world.folder) == before


@pytest.mark.parametrize("words", [GATE, CHECK], ids=["gate", "check"])
def test_no_old_verdict_is_left_where_there_is_no_new_one(world, here, words):
    assert here(*words, "--output", "json=v.json").code == 0
    assert (world.folder / "v.json").exists()
    ran = here(*words, "--output", "json=v.json", "--effective-time", "1999-01-01")
    assert ran.code == 2
    assert not (world.folder / "v.json").exists()


def test_an_old_verdict_stays_where_the_place_of_another_is_refused(world, here):
    assert here(*GATE, "--output", "json=v.json").code == 0
    before = snapshot(world.folder)
    files = ("--output", "json=v.json", "--output", "text=verifier/v.txt")
    assert here(*GATE, *files).code == 2
    assert snapshot(world.folder) == before


def test_a_verdict_follows_a_link(world, here):
    (world.folder / "latest.json").symlink_to("v.json")
    assert here(*GATE, "--output", "json=latest.json").code == 0
    assert (world.folder / "latest.json").is_symlink()
    json.loads((world.folder / "v.json").read_text())


def test_a_file_called_stdout_is_stdout(world):
    ran = world.gate("--output", "json=/dev/stdout")
    assert (ran.code, json.loads(ran.out)["exitCode"]) == (0, 0)


def test_the_same_input_and_time_give_the_same_bytes(here):
    words = (*CHECK, "--effective-time", "2998-01-01", "--output", "json")
    assert here(*words) == here(*words)


def test_a_broken_pipe_is_no_crash_and_no_yes(world):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "aibom", *GATE],
        cwd=world.folder,
        env=environment(),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == ""


PRINTING = {
    "gate": GATE,
    "json": (*GATE, "--output", "json"),
    "show": ("show", "model"),
    "help": ("--help",),
    "version": ("--version",),
}


def into(world, target, words):
    """Code and stderr of a command of which the shell sends stdout elsewhere."""
    done = subprocess.run(
        [
            "sh",
            "-c",
            f'exec "$@" {target}',
            "sh",
            sys.executable,
            "-m",
            "aibom",
            *words,
        ],
        cwd=world.folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", PRINTING.values(), ids=PRINTING)
@pytest.mark.parametrize(
    ("target", "why"),
    [(">/dev/full", "No space left on device"), (">&-", "it is closed")],
    ids=["full", "closed"],
)
def test_output_that_cannot_be_written_is_no_yes(world, words, target, why):
    told = (
        f"aibom: cannot write to stdout: {why} [output-unwritable]\n"
        "  look at where it goes: a full disk, or a program that ended too soon\n"
    )
    assert into(world, target, words) == (1, told)


def test_run_needs_no_stdout(world):
    words = ("run", "--step", "train", "--output", "new,name=acme/models/new")
    make = "open('new', 'w').write('x')"
    code, told = into(world, ">&-", (*words, "--", sys.executable, "-c", make))
    assert code == 0, told
    assert "recorded train" in told


def test_a_terminal_that_knows_no_arrows(world):
    lose_the_record(world)
    ran = world.gate(PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert ran.code == 3
    assert "Traceback" not in ran.err
    assert "open-lineage" in ran.out


def test_no_colour_and_no_progress_without_a_terminal(world):
    ran = world.gate(TERM="xterm-256color")
    assert "\x1b" not in ran.out
    assert ran.err == ""


def in_a_terminal(world, **settings):
    """What a gate writes to a terminal on its stdout."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "aibom", *GATE],
        cwd=world.folder,
        env=environment(**{"TERM": "xterm", **settings}),
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    written = b""
    while chunk := _read(ours):
        written += chunk
    os.close(ours)
    process.wait()
    return written.decode()


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed: Linux says EIO
        return b""


def test_colours_in_a_terminal(world):
    assert "\x1b[32m\x1b[1mALLOWED\x1b[0m" in in_a_terminal(world)


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_no_colours_where_they_are_not_wanted(world, setting):
    text = in_a_terminal(world, **setting)
    assert "\x1b" not in text
    assert "ALLOWED" in text


def test_a_narrow_terminal_is_respected(world):
    text = in_a_terminal(world, COLUMNS="60", NO_COLOR="1")
    # But for the digest, which is never broken.
    wide = [line for line in text.splitlines() if len(line) > 60]
    assert [line for line in wide if not line.startswith("tree-sha256:")] == []
