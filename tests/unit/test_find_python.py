"""The one script that runs before anything is installed says what is missing.

Interpreters are played by shell scripts, since no machine has all the broken ones.
"""

from __future__ import annotations

import subprocess

import pytest

#: what the script asks → the exit code of an interpreter that answers so
PLAYED = """#!/bin/sh
case "$2" in
  *version_info*3,*11*) exit {recent} ;;
  *ensurepip*) exit {venv} ;;
  *) echo 3.11 ;;
esac
"""
GOOD, OLD, BARE = (0, 0), (1, 0), (0, 1)


@pytest.fixture
def find(tmp_path, checkout):
    def run(pythons, chosen=""):
        for name, (recent, venv) in pythons.items():
            path = tmp_path / name
            path.write_text(PLAYED.format(recent=recent, venv=venv))
            path.chmod(0o755)
        return subprocess.run(
            ["/bin/bash", checkout / ".ci" / "find-python"],
            env={"PATH": str(tmp_path), "PYTHON": chosen},
            capture_output=True,
            text=True,
        )

    return run


FOUND = {
    "newest-first": ({"python3.11": GOOD, "python3.13": GOOD}, "python3.13"),
    "plain-name": ({"python3": GOOD}, "python3"),
    "old-one-passed-over": ({"python3.12": OLD, "python3": GOOD}, "python3"),
    "without-venv-passed-over": ({"python3.13": BARE, "python3": GOOD}, "python3"),
}


@pytest.mark.parametrize(("pythons", "expected"), FOUND.values(), ids=FOUND)
def test_the_newest_that_will_do(find, tmp_path, pythons, expected):
    done = find(pythons)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / expected}\n"


def test_a_chosen_one_wins(find, tmp_path):
    chosen = str(tmp_path / "mine")
    assert find({"python3": GOOD, "mine": GOOD}, chosen).stdout == f"{chosen}\n"


NOT_FOUND = {
    "none": ({}, "", "no Python 3.11 or newer"),
    "old": ({"python3": OLD}, "", "no Python 3.11 or newer"),
    "no-ensurepip": ({"python3": BARE}, "", "apt install python3-venv"),
    "chosen-is-old": ({"python3": GOOD, "mine": OLD}, "mine", "among: mine"),
    "chosen-is-absent": ({"python3": GOOD}, "nowhere", "among: nowhere"),
}


@pytest.mark.parametrize(
    ("pythons", "chosen", "says"), NOT_FOUND.values(), ids=NOT_FOUND
)
def test_what_is_missing_is_said(find, pythons, chosen, says):
    done = find(pythons, chosen)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
