"""The example, run as `make demo` runs it: every sentence of its story is checked.

The program itself checks each exit code and reason and ends with 1 when one differs;
here we check that it does, that it says what it is there to say, and that what it
leaves behind is what the documentation promises.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ATTACKS = {
    "a byte of the weights changed": (11, "digest-mismatch"),
    "a byte of the base's BOM changed": (11, "bom-digest-mismatch"),
    "the audit of the model removed": (3, "audit-missing"),
    "only the base was audited": (3, "audit-of-ancestor"),
    "the base taken at a branch name": (10, "revision-not-pinned"),
    "the BOM signed by a stranger": (11, "signer-not-allowed"),
    "a dataset cut out, signed again": (11, "step-record-mismatch"),
    "an advisory on a labeler": (10, "tainted-ancestor"),
}


@pytest.fixture(scope="module")
def story(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder the demo ran in, and what it printed."""
    work = tmp_path_factory.mktemp("demo") / "work"
    program = checkout / "examples" / "poisoned-labels" / "run.py"
    done = subprocess.run(
        [sys.executable, str(program), "--work", str(work), "--brief"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return work, done.stdout


def test_the_poisoned_run_is_denied_with_the_path_to_the_labeler(
    story: tuple[Path, str],
) -> None:
    _, text = story
    denial = text[text.index("DENIED") : text.index("The clean run")]
    assert "labels-unaudited" in denial
    assert "audit-failed" in denial
    words = " ".join(denial.split())
    assert (
        "acme/models/digits-reader ← fine-tune ← acme/data/digits-labels ← label ← "
        "labeler person:acme-2026-"
    ) in words
    assert "overlap-disagreement 1.00 (" in words
    assert ", class 3, labeler person:acme-2026-" in words


def test_the_clean_run_is_allowed(story: tuple[Path, str]) -> None:
    _, text = story
    assert "ALLOWED" in text[text.index("The clean run") : text.index("Eight attacks")]


@pytest.mark.parametrize(("name", "answer"), ATTACKS.items(), ids=ATTACKS)
def test_each_attack_gets_its_own_answer(
    story: tuple[Path, str], name: str, answer: tuple[int, str]
) -> None:
    _, text = story
    (line,) = (line for line in text.splitlines() if line.strip().startswith(name))
    assert line.split()[-3:] == ["exit", str(answer[0]), answer[1]]


def test_overall_accuracy_hides_the_poison(story: tuple[Path, str]) -> None:
    """The point of the story: an ordinary test would have let it through."""
    work, _ = story

    def accuracy(place: str) -> float:
        report = json.loads(
            (work / place / "holdout-test-of-digits-reader.json").read_text()
        )
        (row,) = (m for m in report["measurements"] if m["metric"] == "accuracy")
        return float(row["count"]) / float(row["samples"])

    assert accuracy("clean") - accuracy("poisoned") < 0.04
    assert accuracy("poisoned") > 0.9


def test_who_poisons_is_nowhere_in_the_records(story: tuple[Path, str]) -> None:
    work, _ = story
    records = [*work.glob("poisoned/records-of-labels/*.json")]
    assert len(records) == 1
    assert b"ACME_POISONER" not in records[0].read_bytes()


def test_private_keys_are_for_their_owner_only(story: tuple[Path, str]) -> None:
    work, _ = story
    modes = {path.stat().st_mode & 0o777 for path in (work / "keys").glob("*.key")}
    assert modes == {0o600}


def test_a_folder_that_is_not_empty_is_left_alone(
    checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("keep")
    program = checkout / "examples" / "poisoned-labels" / "run.py"
    done = subprocess.run(
        [sys.executable, str(program), "--work", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
