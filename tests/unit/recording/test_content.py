"""Inputs that change while a step runs, and outputs that a step did not make."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aibom.digest import hash_path
from aibom.errors import RecordingFailed
from aibom.lineage.step_record import step_fragment

if TYPE_CHECKING:
    from unit.recording.conftest import Project

    from aibom.recording import Step

Work = Callable[[], None]


def void(_: object) -> None:
    """A statement of an expression, for lambdas."""


class TestChangedInputs:
    @pytest.fixture(params=["stat", "full"])
    def mode(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    def run(self, project: Project, mode: str, change: Work) -> dict[str, Any]:
        with project.record(recheck=mode) as step:
            step.input("base-model", "base")
            step.output("out.bin")
            Path("out.bin").write_text("made")
            change()
        (used,) = project.dependencies()
        notes = used["annotations"]
        assert isinstance(notes, dict)
        return notes

    def test_a_changed_input_is_recorded_as_such(
        self, project: Project, mode: str
    ) -> None:
        before = hash_path("base").digest
        weights = Path("base/weights.bin")
        notes = self.run(project, mode, lambda: void(weights.write_text("evil")))
        assert notes["aibom:changed-while-running"] is True
        assert notes["aibom:digest-after"] == str(hash_path("base").digest)
        (used,) = project.dependencies()
        assert used["digest"] == {"dirHash": before.value}
        assert "'base' changed while the step ran" in project.warnings[0]
        step_fragment(project.only_statement(), "record")

    def test_a_new_file_is_a_change(self, project: Project, mode: str) -> None:
        notes = self.run(
            project, mode, lambda: void(Path("base/extra.bin").write_text("x"))
        )
        assert notes["aibom:changed-while-running"] is True

    def test_an_input_that_is_gone_is_changed(
        self, project: Project, mode: str
    ) -> None:
        notes = self.run(project, mode, lambda: shutil.rmtree("base"))
        assert notes["aibom:changed-while-running"] is True
        assert "aibom:digest-after" not in notes

    def test_touched_is_not_changed(self, project: Project, mode: str) -> None:
        def rewrite() -> None:
            data = Path("base/weights.bin").read_bytes()
            Path("base/weights.bin").unlink()
            Path("base/weights.bin").write_bytes(data)
            os.utime("base/weights.bin", (1, 1))

        notes = self.run(project, mode, rewrite)
        assert set(notes) == {"aibom:role", "aibom:kind"}
        assert project.warnings == []

    def test_a_link_pointed_elsewhere_is_a_change(
        self, project: Project, mode: str
    ) -> None:
        shutil.copytree("base", "v1")
        Path("v2").mkdir()
        Path("v2/weights.bin").write_text("other")
        shutil.rmtree("base")
        Path("base").symlink_to("v1")

        def repoint() -> None:
            Path("base").unlink()
            Path("base").symlink_to("v2")

        assert self.run(project, mode, repoint)["aibom:changed-while-running"] is True

    def test_a_change_while_the_input_is_being_hashed_is_seen(
        self, project: Project, mode: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever was read of it, it is not what the step will find there."""
        from aibom.recording import content

        calls: list[object] = []

        def slow_hash(path: object, **options: Any) -> object:
            result = hash_path(str(path), **options)
            if not calls:
                Path("base/weights.bin").write_text("evil")
            calls.append(path)
            return result

        monkeypatch.setattr(content, "hash_path", slow_hash)
        notes = self.run(project, mode, lambda: None)
        assert notes["aibom:changed-while-running"] is True

    def test_stat_trusts_the_file_system_full_does_not(
        self, project: Project, mode: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A change that stat cannot see: only reading the bytes finds it."""
        from aibom.recording import content

        monkeypatch.setattr(content, "stat_snapshot", lambda path: ())
        notes = self.run(
            project, mode, lambda: void(Path("base/weights.bin").write_text("evil"))
        )
        assert ("aibom:changed-while-running" in notes) is (mode == "full")


REFUSED_AT_THE_END: dict[str, tuple[str, Callable[[Step], None]]] = {}


def ending(reason: str) -> Callable[[Callable[[Step], None]], None]:
    def note(body: Callable[[Step], None]) -> None:
        REFUSED_AT_THE_END[body.__name__] = (reason, body)

    return note


@ending("output-none")
def no_output(step: Step) -> None:
    step.input("base-model", "base")


@ending("output-missing")
def output_not_written(step: Step) -> None:
    step.output("out")


@ending("output-missing")
def output_removed(step: Step) -> None:
    Path("old").write_text("x")
    step.output("old")
    Path("old").unlink()


@ending("folder-empty")
def output_empty_folder(step: Step) -> None:
    step.output("out")
    Path("out").mkdir()


@ending("output-unchanged")
def output_was_there(step: Step) -> None:
    Path("old").write_text("x")
    step.output("old")


@ending("output-unchanged")
def output_rewritten_the_same(step: Step) -> None:
    Path("old").mkdir()
    Path("old/f").write_text("x")
    step.output("old")
    Path("old/f").unlink()
    Path("old/f").write_text("x")


@ending("output-is-an-input")
def output_is_a_copy_of_an_input(step: Step) -> None:
    step.input("base-model", "base")
    step.output("out")
    shutil.copytree("base", "out")


@ending("output-is-an-input")
def output_is_a_link_to_an_input(step: Step) -> None:
    step.input("base-model", "base")
    step.output("out")
    Path("out").symlink_to("base")


@ending("output-is-an-input")
def output_is_what_the_input_became(step: Step) -> None:
    step.input("data", "train.jsonl")
    step.output("out")
    Path("train.jsonl").write_text("made")
    Path("out").write_text("made")


@ending("output-is-an-input")
def two_outputs_are_one(step: Step) -> None:
    step.output("one")
    step.output("two")
    Path("one").write_text("x")
    Path("two").write_text("x")


@pytest.mark.parametrize(
    ("reason", "body"), REFUSED_AT_THE_END.values(), ids=REFUSED_AT_THE_END
)
def test_a_step_that_made_nothing_has_no_record(
    project: Project, reason: str, body: Callable[[Step], None]
) -> None:
    with pytest.raises(RecordingFailed) as refused:
        project.run(body)
    assert refused.value.reason == reason
    assert refused.value.hint
    assert refused.value.exit_code == 125
    assert project.has_nothing
    (failure,) = project.failures()
    assert failure["error"]["reason"] == reason
