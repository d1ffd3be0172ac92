"""Wrapped commands: when they start, how they end, what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aibom.errors import InputError, RecordingFailed, UsageError
from aibom.recording import InputRef, OutputRef, PartyRef, RunOutcome, run, run_command

if TYPE_CHECKING:
    from unit.recording.conftest import Project

CHECKOUT = Path(__file__).parents[3]
MAKE = "import pathlib; pathlib.Path('out').write_text('made')"


def run_python(project: Project, code: str, **more: Any) -> RunOutcome:
    given: dict[str, Any] = {
        "kind": "train",
        "inputs": [InputRef("training-data", Path("train.jsonl"))],
        "outputs": [OutputRef(Path("out"))],
        **more,
    }
    return run([sys.executable, "-c", code], **project.options(**given))


def test_a_command_that_succeeds_is_recorded(project: Project) -> None:
    outcome = run_python(
        project,
        MAKE,
        parties=[PartyRef("labeler", "org:Acme")],
        parameters={"epochs": 3},
        label="first",
    )
    assert outcome.exit_code == 0
    assert outcome.record_path == project.steps / f"{outcome.step_id}.statement.json"
    assert outcome.warnings == ()
    external = project.only_statement().predicate["buildDefinition"][
        "externalParameters"
    ]
    assert external["command"] == [sys.executable, "-c", MAKE]
    assert external["parameters"] == {"epochs": 3}
    assert external["parties"] == [{"role": "labeler", "id": "org:Acme"}]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit(255)", 255),
        (f"{MAKE}; raise SystemExit('written, then failed')", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137),
        ("import os; os.abort()", 134),
    ],
    ids=["3", "255", "after-writing", "killed", "aborted"],
)
def test_a_command_that_fails_leaves_a_log_and_no_record(
    project: Project, code: str, expected: int
) -> None:
    assert run_python(project, code) == RunOutcome(expected, None, None, ())
    assert project.written() == []
    (failure,) = project.failures()
    assert failure["exitCode"] == expected
    assert failure["command"][1:] == ["-c", code]


@pytest.mark.parametrize(
    ("argv", "expected", "warning"),
    [
        (["./no-such-command"], 127, "not found"),
        (["train.jsonl/x"], 127, "not found"),
        (["./train.jsonl"], 126, "cannot be executed"),
        (["./base"], 126, "cannot be executed"),
        (["./garbage"], 126, "cannot be executed"),
    ],
)
def test_a_command_that_cannot_start(
    project: Project, argv: list[str], expected: int, warning: str
) -> None:
    Path("garbage").write_bytes(b"\x00\x01")
    Path("garbage").chmod(0o755)
    options = project.options(outputs=[OutputRef(Path("out"))])
    outcome = run(argv, kind="train", **options)
    assert outcome.exit_code == expected
    assert warning in outcome.warnings[0]
    assert project.written() == []
    assert project.failures()[0]["exitCode"] == expected


def test_the_command_starts_when_the_inputs_are_hashed(project: Project) -> None:
    """It changes its input at once, and the record has what was there before."""
    change = "open('train.jsonl', 'a').write('poison')"
    before = Path("train.jsonl").read_bytes()
    outcome = run_python(project, f"{change}; {MAKE}")
    assert outcome.exit_code == 0
    assert "'train.jsonl' changed" in outcome.warnings[0]
    (used,) = project.only_statement().predicate["buildDefinition"][
        "resolvedDependencies"
    ]
    import hashlib

    assert used["digest"] == {"sha256": hashlib.sha256(before).hexdigest()}
    assert used["annotations"]["aibom:changed-while-running"] is True


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"inputs": [InputRef("data", Path("nowhere"))]}, InputError),
        ({"inputs": [InputRef("dta", Path("train.jsonl"))]}, UsageError),
        ({"parties": [PartyRef("labeler", "Ann")]}, UsageError),
        ({"kind": "trian"}, UsageError),
        ({"outputs": [OutputRef(Path("train.jsonl"))]}, UsageError),
        ({"steps": "train.jsonl/steps"}, RecordingFailed),
    ],
    ids=["input", "role", "party", "kind", "overlap", "steps"],
)
def test_nothing_is_run_when_it_cannot_be_recorded(
    project: Project, more: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run_python(project, MAKE, **more)
    assert not Path("out").exists()
    assert project.written() == []


@pytest.mark.parametrize("argv", [[], [""], ["a\0b"], ["a", "b\0"]])
def test_no_command(project: Project, argv: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        run(argv, kind="train", **project.options())
    assert refused.value.reason == "command-malformed"


def test_a_command_that_succeeds_without_its_output_is_no_success(
    project: Project,
) -> None:
    with pytest.raises(RecordingFailed) as refused:
        run_python(project, "pass")
    assert refused.value.reason == "output-missing"
    assert project.written() == []
    assert project.failures()[0]["exitCode"] == 0


def test_a_secret_in_the_command_reaches_it_and_nothing_else(project: Project) -> None:
    secret = "plain-words-here"
    code = "import sys; open('out', 'w').write(sys.argv[2][:5])"
    options = project.options(outputs=[OutputRef(Path("out"))])
    argv = [sys.executable, "-c", code, "--token", secret]
    assert run(argv, kind="train", **options).exit_code == 0
    assert Path("out").read_text() == "plain"
    assert secret.encode() not in project.everything()


@pytest.mark.parametrize("name", ["AIBOM_KEY_PASSWORD", "AIBOM_PSEUDONYM_KEY"])
def test_our_own_secrets_are_not_handed_on(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "acme:not-for-the-command")
    monkeypatch.setenv("ORDINARY", "kept")
    code = "import os, json; json.dump(dict(os.environ), open('out', 'w'))"
    assert run_python(project, code).exit_code == 0
    seen = json.loads(Path("out").read_text())
    assert name not in seen
    assert seen["ORDINARY"] == "kept"
    assert os.environ[name] == "acme:not-for-the-command"


def test_inside_a_step_of_ones_own(project: Project) -> None:
    with project.record("train") as step:
        step.output("out")
        assert run_command([sys.executable, "-c", "raise SystemExit(4)"], step) == 4
    assert (step.exit_code, step.record, project.written()) == (4, None, [])


def test_in_another_thread(project: Project) -> None:
    """Where signals cannot be handled, commands can be run."""
    outcomes: list[RunOutcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(run_python(project, MAKE)))
    thread.start()
    thread.join()
    assert outcomes[0].exit_code == 0
    assert len(project.written()) == 1


def test_handlers_are_as_before(project: Project) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    run_python(project, MAKE)
    assert [signal.getsignal(number) for number in numbers] == before


WRAPPER = """
import sys
from pathlib import Path
from aibom.recording import OutputRef, run
outcome = run(
    [sys.executable, "-c", sys.argv[1]], kind="train", code=None,
    outputs=[OutputRef(Path("out"))], on_warning=print,
)
print("recorded", outcome.record_path is not None, flush=True)
sys.exit(outcome.exit_code)
"""
READY = "import signal, sys, time; "
# Many short sleeps: a long one would not see a signal that came right before it.
WAIT = "print('ready', flush=True); [time.sleep(0.05) for _ in range(4800)]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    ("handling", "expected", "recorded"),
    [
        ("signal.signal({n}, signal.SIG_DFL); ", None, False),
        ("signal.signal({n}, lambda n, f: sys.exit(9)); ", 9, False),
        (
            "signal.signal({n}, lambda n, f: (open('out', 'w').write('saved'),"
            " sys.exit(0))); ",
            0,
            True,
        ),
    ],
    ids=["dies", "exits-9", "saves-and-exits-0"],
)
def test_a_signal_to_us_is_a_signal_to_the_command(
    project: Project,
    number: signal.Signals,
    handling: str,
    expected: int | None,
    recorded: bool,
) -> None:
    code = READY + handling.format(n=int(number)) + WAIT
    process = subprocess.Popen(
        [sys.executable, "-c", WRAPPER, code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == (128 + number if expected is None else expected)
    assert printed == f"recorded {recorded}\n"
    assert len(project.written()) == recorded
    assert len(project.failures()) == (not recorded)


COUNT = """
import os, signal, sys, time
count = 0
def interrupted(number, frame):
    global count
    count += 1
    os.write(1, b"interrupted\\n")  # print is not reentrant
def ended(number, frame):
    open("out", "w").write(str(count))
    sys.exit(0)
signal.signal(signal.SIGINT, interrupted)
signal.signal(signal.SIGTERM, ended)
os.write(1, b"ready\\n")
while True:
    time.sleep(0.05)  # one long sleep would not see a signal that came right before it
"""


def test_a_signal_that_we_ignore_is_ignored_by_the_command(project: Project) -> None:
    """As under nohup, where the end of a terminal must not end the training."""
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    process = subprocess.Popen(
        [sys.executable, "-c", ignore + WRAPPER, COUNT],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert Path("out").read_text() == "0"


TERMINAL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"


def test_a_key_press_interrupts_the_command_once(project: Project) -> None:
    """A terminal sends SIGINT to both; a second one would mean "give up at once"."""
    keyboard, terminal = os.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", TERMINAL + WRAPPER, COUNT],
            stdin=terminal,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.write(keyboard, b"\x03")
        assert process.stdout.readline() == "interrupted\n"
        # Sent on after whatever was made of the key press, so the count is complete.
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=120)
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert process.returncode == 0
    assert "recorded True" in printed
    assert Path("out").read_text() == "1"
