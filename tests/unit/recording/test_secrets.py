"""No secret in anything that recording leaves behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from aibom.errors import RecordingFailed
from aibom.lineage.step_record import step_fragment

if TYPE_CHECKING:
    from unit.recording.conftest import Project

    from aibom.recording import Step

SECRET = "hunter2-Zx9"
Work = Callable[[], None]


class TestSecrets:
    def everywhere(self, project: Project, step: Step) -> None:
        """Puts the secret wherever a user or a script could put it."""
        step.command(["train", SECRET, f"--x={SECRET}", f"u://a:{SECRET}@h/{SECRET}"])
        step.parameter(f"p-{SECRET}", f"v-{SECRET}")
        step.parameter("number", 12345678)
        step.party("labeler", f"org:A {SECRET}")
        (project.root / f"data-{SECRET}").write_text("data")
        step.input(
            "data",
            f"data-{SECRET}",
            source=f"pkg:generic/a@{SECRET}?download_url=https://h/{SECRET}",
        )
        step.input("base-model", "base", name=f"n-{SECRET}", revision=SECRET)
        step.output(f"out-{SECRET}")
        (project.root / f"out-{SECRET}").write_text("made")

    def test_never_in_a_record(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RANK", SECRET)
        secrets = [SECRET, "12345678"]
        with project.record(
            secrets=secrets, label=f"l {SECRET}", builder=f"https://b/{SECRET}"
        ) as step:
            self.everywhere(project, step)
        assert len(project.written()) == 1
        assert SECRET.encode() not in project.everything()
        assert b"12345678" not in project.everything()
        step_fragment(project.only_statement(), "record")

    def test_never_in_the_log_of_a_failure(self, project: Project) -> None:
        def body(step: Step) -> None:
            self.everywhere(project, step)
            raise RuntimeError(f"401 for {SECRET}: Bearer abcdef123456")

        with pytest.raises(RuntimeError):
            project.run(body, secrets=[SECRET], label=f"l {SECRET}")
        assert len(project.failures()) == 1
        assert SECRET.encode() not in project.everything()
        assert b"abcdef123456" not in project.everything()

    def test_never_in_the_log_of_our_own_failure(self, project: Project) -> None:
        with pytest.raises(RecordingFailed) as refused:
            project.run(lambda step: step.output(f"out-{SECRET}"), secrets=SECRET)
        assert refused.value.reason == "output-missing"
        assert len(project.failures()) == 1
        assert SECRET.encode() not in project.everything()

    def test_a_token_of_the_environment_is_kept_out_unasked(
        self, project: Project, train: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_TOKEN", "plain-words-here")
        with project.record(environment=["HF_TOKEN"]) as step:
            step.output("out")
            step.command(["train", "plain-words-here"])
            train()
        assert b"plain-words-here" not in project.everything()
        definition = project.only_statement().predicate["buildDefinition"]
        environment = definition["internalParameters"]["environment"]
        assert environment == {"HF_TOKEN": "[redacted]"}

    def test_an_argument_that_is_not_text_can_be_written(
        self, project: Project, train: Work
    ) -> None:
        with project.record() as step:
            step.output("out")
            step.command(["train", os.fsdecode(b"caf\xe9")])
            train()
        external = project.only_statement().predicate["buildDefinition"]
        assert external["externalParameters"]["command"] == ["train", "caf\\udce9"]
