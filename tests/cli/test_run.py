"""``aibom run``: the command's own code, streams and signals, and what is written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from cli_world import call, environment, snapshot

MAKE = "import pathlib; pathlib.Path('new').write_text('x')"
STEP = ("run", "--step", "train", "--output", "new,name=acme/models/new")


@pytest.fixture
def place(tmp_path):
    """A folder with one input in it."""
    (tmp_path / "in.txt").write_text("in\n")
    return tmp_path


def records(place):
    return sorted((place / ".aibom" / "steps").glob("*"))


def python(code):
    return ("--", sys.executable, "-c", code)


def test_a_step_is_recorded(place):
    given = ("--input", "training-data=in.txt")
    ran = call(*STEP, *given, *python(MAKE), cwd=place)
    assert (ran.code, ran.out) == (0, "")
    [record] = records(place)
    assert f"recorded train: {record}" in ran.err


def test_who_runs_it_stands_in_the_record(place):
    given = ("--input", "training-data=in.txt", "--builder", "https://ci.example/b")
    assert call(*STEP, *given, *python(MAKE), cwd=place).code == 0
    [record] = records(place)
    predicate = json.loads(record.read_bytes())["predicate"]
    assert predicate["runDetails"]["builder"]["id"] == "https://ci.example/b"


def test_a_builder_that_is_no_uri_is_refused(place):
    ran = call(*STEP, "--builder", "our ci", *python(MAKE), cwd=place)
    assert (ran.code, "[builder-not-uri]" in ran.err) == (125, True)


@pytest.mark.parametrize("code", [1, 2, 10, 11, 77, 125, 255])
def test_the_code_of_the_command_is_kept(place, code):
    ran = call(*STEP, *python(f"raise SystemExit({code})"), cwd=place)
    assert ran.code == code
    assert records(place) == []
    assert f"the command ended with {code}" in ran.err
    assert list((place / ".aibom" / "failed").iterdir())


@pytest.mark.parametrize(
    ("argv", "code"),
    [(("no-such-program",), 127), (("./in.txt",), 126)],
    ids=["not found", "not executable"],
)
def test_a_command_that_cannot_start_ends_as_in_a_shell(place, argv, code):
    assert call(*STEP, "--", *argv, cwd=place).code == code
    assert records(place) == []


OWN_FAULTS = {
    "no command": STEP,
    "no step": ("run", "--output", "new", *python(MAKE)),
    "no output": ("run", "--step", "train", *python(MAKE)),
    "unknown step": ("run", "--step", "trian", "--output", "new", *python(MAKE)),
    "unknown role": (*STEP, "--input", "trainingdata=in.txt", *python(MAKE)),
    "unknown option": (*STEP, "--ouput", "x", *python(MAKE)),
    "input missing": (*STEP, "--input", "training-data=nowhere", *python(MAKE)),
    "output not made": (*STEP, *python("pass")),
    "a name for a person": (*STEP, "--by", "labeler=Ada", *python(MAKE)),
    "parameter without value": (*STEP, "--param", "lr", *python(MAKE)),
    "no such key": (*STEP, "--key", "nowhere.key", *python(MAKE)),
    "secret not set": (*STEP, "--secret", "env:NOT_SET", *python(MAKE)),
}


@pytest.mark.parametrize("words", OWN_FAULTS.values(), ids=OWN_FAULTS)
@pytest.mark.parametrize("before", [(), ("--debug",)], ids=["", "debug"])
def test_its_own_failures_are_125(place, before, words):
    ran = call(*before, *words, cwd=place)
    assert ran.code == 125, ran
    assert records(place) == []
    assert "aibom: " in ran.err
    assert ("Traceback" in ran.err) == bool(before)


def test_a_wrong_call_starts_nothing(place):
    before = snapshot(place)
    call(*OWN_FAULTS["unknown role"], cwd=place)
    assert snapshot(place) == before


@pytest.fixture
def repository(place):
    """The place as a git repository in which everything is committed."""
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "first")):
        git(place, *words)
    return place


def git(folder, *words):
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_clean_code_is_nothing_to_tell(repository):
    ran = call(*STEP, *python(MAKE), cwd=repository)
    assert ran.code == 0
    [line] = ran.err.splitlines()
    assert line.startswith("aibom: recorded train")


DIRTY = {
    "one": (["b.py"], "no commit holds b.py\n"),
    "tracked": (["in.txt", "b.py"], "no commit holds b.py, in.txt\n"),
    "many": ([f"{n}.py" for n in range(8)], "0.py, 1.py, 2.py, 3.py, 4.py and 3 more"),
}


@pytest.mark.parametrize(("names", "told"), DIRTY.values(), ids=DIRTY)
def test_changed_code_is_told_of_before_the_command_starts(repository, names, told):
    for name in names:
        (repository / name).write_text("changed")
    speak = "import sys; print('started', file=sys.stderr); "
    ran = call(*STEP, *python(speak + MAKE), cwd=repository)
    assert ran.code == 0
    before, _, _ = ran.err.partition("started")
    assert "aibom: the code is recorded as changed; " in before
    assert told in before


def test_what_is_declared_is_no_changed_code(repository):
    (repository / "data.txt").write_text("new")
    words = (*STEP, "--input", "training-data=data.txt", *python(MAKE))
    assert "recorded as changed" not in call(*words, cwd=repository).err


@pytest.mark.parametrize("words", [(), ("--code", "elsewhere")], ids=["here", "named"])
def test_code_that_git_knows_nothing_of_is_told_of(place, words):
    (place / "elsewhere").mkdir()
    ran = call(*STEP, *words, *python(MAKE), cwd=place)
    assert ran.code == 0
    assert "aibom: no code is recorded: git knows of no commit in " in ran.err


def test_a_folder_of_code_that_is_not_there_starts_nothing(place):
    before = snapshot(place)
    ran = call(*STEP, "--code", "nowhere", *python(MAKE), cwd=place)
    assert ran.code == 125
    assert "nowhere: there is no such folder of code [code-missing]" in ran.err
    assert snapshot(place) == before


def test_secrets_are_never_written(place):
    secret = "hunter2-hunter2"
    words = (*STEP, "--secret", "env:TOKEN", "--param", f"token={secret}")
    argv = python(f"{MAKE}; password = '{secret}'")
    ran = call(*words, *argv, cwd=place, env={"TOKEN": secret})
    assert ran.code == 0
    assert secret not in ran.err
    [record] = records(place)
    assert secret not in record.read_text()


def test_everything_after_the_dashes_belongs_to_the_command(place):
    code = f"{MAKE}; import sys; print(sys.argv[1:])"
    ran = call(*STEP, *python(code), "--help", "--output", "--", "-x", cwd=place)
    assert ran.code == 0
    assert ran.out == "['--help', '--output', '--', '-x']\n"


def test_stdin_and_stdout_are_the_command_s(place):
    code = f"{MAKE}; import sys; sys.stdout.write(sys.stdin.read().upper())"
    ran = call(*STEP, *python(code), cwd=place, stdin="hello\n")
    assert (ran.code, ran.out) == (0, "HELLO\n")


CAUGHT = """
import signal, sys, time
def stop(number, frame):
    print("stopped", flush=True)
    sys.exit(42)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while True:
    time.sleep(0.05)  # a pause would not see a signal that came right before it
"""


@pytest.mark.parametrize(
    ("code", "ended"),
    [(CAUGHT, 42), (CAUGHT.replace("SIGTERM, stop", "SIGTERM, signal.SIG_DFL"), 143)],
    ids=["caught", "not caught"],
)
def test_sigterm_is_passed_on(place, code, ended):
    process = subprocess.Popen(
        [sys.executable, "-m", "aibom", *STEP, *python(code)],
        cwd=place,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == ended
    assert out == ("stopped\n" if ended == 42 else "")
    assert records(place) == []
