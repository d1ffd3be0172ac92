"""What a record says of a step that went well."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aibom import __version__, record
from aibom.digest import hash_path
from aibom.lineage.step_record import is_step_record, step_fragment

if TYPE_CHECKING:
    from unit.recording.conftest import Project


SOURCE = "pkg:huggingface/acme/base@4f0c?x=1"
Work = Callable[[], None]


def test_a_whole_record(
    project: Project, train: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = "person:acme-0a1b2c3d:" + "0f" * 16
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("PRIVATE_THING", "not on the list")
    with project.record(label="run 7") as step:
        step.party("labeler", "org:Acme Labels")
        step.party("labeler", person)
        step.party("collector", "software:scraper@1.2")
        step.party("labeler", "org:Acme Labels")
        step.parameter("learning-rate", 2e-5)
        step.parameter("optimizer", "adam")
        step.parameter("bf16", True)
        step.input("training-data", "train.jsonl")
        step.input("base-model", Path("base"), source=SOURCE)
        step.output("out", name="acme/tuned")
        step.command(["python", "train.py"])
        train()

    assert project.written() == [f"{step.id}.statement.json"]
    assert step.record == project.steps / f"{step.id}.statement.json"
    assert step.record is not None
    assert step.id == hashlib.sha256(step.record.read_bytes()).hexdigest()
    assert json.loads(step.record.read_bytes()) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {
                "name": "acme/tuned",
                "digest": {"sha256": hash_path("out").digest.value},
                "annotations": {"aibom:kind": "model", "aibom:form": "tree"},
            }
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://w3id.org/aibom/step/v1",
                "externalParameters": {
                    "step": "fine-tune",
                    "label": "run 7",
                    "command": ["python", "train.py"],
                    "parameters": {
                        "learning-rate": 2e-5,
                        "optimizer": "adam",
                        "bf16": True,
                    },
                    "parties": [
                        {"role": "collector", "id": "software:scraper@1.2"},
                        {"role": "labeler", "id": "org:Acme Labels"},
                        {"role": "labeler", "id": person},
                    ],
                    "inputs": "declared",
                    "recheck": "stat",
                },
                "internalParameters": {"environment": {"PYTHONHASHSEED": "7"}},
                "resolvedDependencies": [
                    {
                        "name": "base",
                        "uri": SOURCE,
                        "digest": {"dirHash": hash_path("base").digest.value},
                        "annotations": {
                            "aibom:role": "base-model",
                            "aibom:kind": "model",
                            "aibom:revision": "4f0c",
                        },
                    },
                    {
                        "name": "train.jsonl",
                        "digest": {"sha256": hash_path("train.jsonl").digest.value},
                        "annotations": {
                            "aibom:role": "training-data",
                            "aibom:kind": "dataset",
                        },
                    },
                ],
            },
            "runDetails": {
                "builder": {
                    "id": "https://w3id.org/aibom/builder/local/v1",
                    "version": {"aibom": __version__},
                },
                "metadata": {
                    "startedOn": "2023-11-14T22:13:20Z",
                    "finishedOn": "2023-11-14T22:13:21Z",
                },
            },
        },
    }
    assert project.warnings == []
    assert project.failures() == []


def test_the_lineage_reads_what_we_write(project: Project, train: Work) -> None:
    with project.record() as step:
        step.input("base-model", "base", source=SOURCE)
        step.party("labeler", "org:Acme")
        step.output("out")
        train()
    statement = project.only_statement()
    assert is_step_record(statement)
    fragment = step_fragment(statement, "record")
    assert fragment.step == f"step:{step.id}"
    assert fragment.inputs == (f"model:tree:{hash_path('base').digest.value}",)
    assert fragment.outputs == (f"model:tree:{hash_path('out').digest.value}",)


def test_the_order_of_declarations_does_not_matter(
    project: Project, train: Work
) -> None:
    ids = set()
    for order in ([0, 1, 2], [2, 1, 0]):
        with project.record() as step:
            declare = [
                lambda: step.input("base-model", "base"),
                lambda: step.input("labels", "train.jsonl"),
                lambda: step.input("data", "train.jsonl"),
            ]
            for index in order:
                declare[index]()
            for name in ("b.bin", "a.bin")[:: 1 if order[0] else -1]:
                step.output(name)
            for name in ("a.bin", "b.bin"):
                Path(name).write_text(f"weights {name}")
        ids.add(step.id)
        Path("a.bin").unlink()
        Path("b.bin").unlink()
    assert len(ids) == 1
    assert len(project.written()) == 1


def test_nothing_of_this_machine_is_in_a_record(project: Project, train: Work) -> None:
    with project.record(environment=["LANG"]) as step:
        step.input("base-model", project.root / "base")
        step.output(project.root / "out")
        train()
    payload = project.only_statement().payload
    assert str(project.root).encode() not in payload
    assert os.uname().nodename.encode() not in payload


def test_a_change_of_folder_in_the_body_does_not_confuse(
    project: Project, train: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project.record() as step:
        step.input("base-model", "base")
        step.output("out")
        train()
        monkeypatch.chdir("base")
    assert step.record == project.steps / f"{step.id}.statement.json"
    assert project.warnings == []


def test_the_public_name_is_the_function() -> None:
    from aibom import recording

    assert record is recording.record


def test_a_name_tells_two_outputs_apart(project: Project) -> None:
    with project.record() as step:
        step.output("a/o", name="first")
        step.output("b/o", name="second")
        for folder in "ab":
            Path(folder).mkdir()
            Path(folder, "o").write_text(folder)
    names = [subject.name for subject in project.only_statement().subjects]
    assert sorted(map(str, names)) == ["first", "second"]


class TestCode:
    @pytest.fixture
    def repository(self, project: Project) -> Project:
        for arguments in (
            ["init", "-q"],
            ["remote", "add", "origin", "https://u:pw12345@example.com/a.git"],
            ["add", "base"],
            ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "first"],
        ):
            subprocess.run(["git", *arguments], check=True, cwd=project.root)
        return project

    def code_of(self, project: Project) -> dict[str, Any]:
        (code,) = (
            item
            for item in project.dependencies()
            if item["annotations"]["aibom:role"] == "code"
        )
        return code

    def test_the_commit_is_an_input(self, repository: Project, train: Work) -> None:
        with repository.record(code=".") as step:
            step.input("training-data", "train.jsonl")
            step.output("out")
            train()
        head = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
        assert self.code_of(repository) == {
            "uri": "git+https://example.com/a.git",
            "digest": {"gitCommit": head},
            "annotations": {
                "aibom:role": "code",
                "aibom:kind": "code",
                "aibom:dirty": False,
            },
        }
        step_fragment(repository.only_statement(), "record")

    def test_records_inputs_and_outputs_are_no_dirt(
        self, repository: Project, train: Work
    ) -> None:
        train()
        repository.steps.mkdir(parents=True)
        (repository.steps / "earlier.statement.json").write_text("{}")
        (repository.steps.parent / "failed").mkdir()
        (repository.steps.parent / "failed" / "log.json").write_text("{}")
        with repository.record("train", code=".") as step:
            step.input("training-data", "train.jsonl")
            step.output("out")
            Path("out/weights.bin").write_text("better")
        (repository.steps / "earlier.statement.json").unlink()
        assert self.code_of(repository)["annotations"]["aibom:dirty"] is False

    def test_anything_else_is(self, repository: Project, train: Work) -> None:
        Path("helper.py").write_text("x")
        with repository.record(code=".") as step:
            step.input("training-data", "train.jsonl")
            step.output("out")
            train()
        assert self.code_of(repository)["annotations"]["aibom:dirty"] is True

    def test_outside_a_repository_there_is_none(
        self, project: Project, train: Work
    ) -> None:
        with project.record(code=".") as step:
            step.output("out")
            train()
        assert project.dependencies() == []
