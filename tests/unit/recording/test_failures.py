"""Nothing that looks like success after a failure, wherever it comes from."""

from __future__ import annotations

import base64
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aibom.errors import AibomError, RecordingFailed
from aibom.statement import Statement

if TYPE_CHECKING:
    from unit.recording.conftest import Project

    from aibom.recording import Step

Work = Callable[[], None]


def bundle_of(payload: bytes) -> dict[str, Any]:
    """What a signer returns, in outline; nothing here checks the signature."""
    return {
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"sig": "c2ln"}],
        }
    }


class Crash(BaseException):
    """Nothing that anybody expects."""


@pytest.mark.parametrize(
    "problem",
    [
        RuntimeError("CUDA out of memory"),
        KeyboardInterrupt(),
        SystemExit(0),
        StopIteration("odd"),
        Crash("x"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_a_body_that_raises_has_no_record_and_its_exception_goes_on(
    project: Project, train: Work, problem: BaseException
) -> None:
    def body(step: Step) -> None:
        step.input("base-model", "base")
        step.output("out")
        train()
        raise problem

    with pytest.raises(type(problem)) as raised, project.record(label="x") as step:
        body(step)
    assert raised.value is problem
    assert (step.record, step.id, project.written()) == (None, None, [])
    (failure,) = project.failures()
    assert failure["error"] == {"type": type(problem).__name__, "message": str(problem)}
    assert failure["step"] == "fine-tune"
    assert failure["used"][0]["name"] == "base"


def test_a_failure_that_cannot_be_logged_is_still_the_failure(project: Project) -> None:
    def body(step: Step) -> None:
        (project.root / ".aibom" / "failed").write_text("in the way")
        raise RuntimeError("the real one")

    with pytest.raises(RuntimeError, match="the real one"):
        project.run(body)
    assert "could not be logged" in project.warnings[0]
    assert project.has_nothing


class TestSigner:
    def test_a_signed_record_is_the_bundle(self, project: Project, train: Work) -> None:
        with project.record(signer=bundle_of) as step:
            step.output("out")
            train()
        assert project.written() == [f"{step.id}.sigstore.json"]
        assert step.record is not None
        bundle = json.loads(step.record.read_bytes())
        payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
        assert Statement.parse(payload, "bundle").payload_digest == step.id

    @pytest.mark.parametrize(
        "problem", [OSError("no network"), KeyboardInterrupt(), AibomError("refused")]
    )
    def test_a_signer_that_fails_leaves_the_record_unsigned(
        self, project: Project, problem: BaseException
    ) -> None:
        def fail(payload: bytes) -> dict[str, Any]:
            raise problem

        with pytest.raises(type(problem)) as raised:
            project.run(project.makes("out"), signer=fail)
        assert raised.value is problem
        self.require_unsigned(project)

    def require_unsigned(self, project: Project) -> None:
        """One record, unsigned; nothing in ``failed``; and a word about it."""
        (name,) = project.written()
        path = project.steps / name
        statement = Statement.parse(path.read_bytes(), name)
        assert name == f"{statement.payload_digest}.statement.json"
        assert f"aibom sign {path}" in project.warnings[-1]
        assert not path.parent.with_name("failed").exists()

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            None,
            {"dsseEnvelope": None},
            {"dsseEnvelope": {"payload": "!"}},
            {"dsseEnvelope": {"payload": 7}},
            bundle_of(b"another record"),
        ],
    )
    def test_a_bundle_over_something_else_is_refused(
        self, project: Project, answer: Any
    ) -> None:
        with pytest.raises(RecordingFailed) as refused:
            project.run(project.makes("out"), signer=lambda payload: answer)
        assert refused.value.reason == "signer-failed"
        self.require_unsigned(project)


class TestTheFolderOfRecords:
    def test_one_that_cannot_be_is_refused_before_the_work(
        self, project: Project
    ) -> None:
        entered: list[Step] = []
        with pytest.raises(RecordingFailed) as refused:
            project.run(entered.append, steps="train.jsonl/steps")
        assert refused.value.reason == "record-not-written"
        assert entered == []

    def test_one_that_goes_away_while_the_step_runs_is_no_success(
        self, project: Project, train: Work
    ) -> None:
        def body(step: Step) -> None:
            step.output("out")
            train()
            shutil.rmtree(project.steps)

        with pytest.raises(RecordingFailed) as refused:
            project.run(body)
        assert refused.value.reason == "record-not-written"
        assert project.has_nothing
        assert len(project.failures()) == 1

    def test_a_crash_while_writing_leaves_nothing_that_looks_like_a_record(
        self, project: Project, train: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def crash(*arguments: object) -> None:
            raise Crash

        def body(step: Step) -> None:
            step.output("out")
            train()
            monkeypatch.setattr(os, "link", crash)
            monkeypatch.setattr(os, "replace", crash)

        with pytest.raises(Crash):
            project.run(body)
        assert project.has_nothing

    def test_another_file_in_its_place_is_left_alone(
        self, project: Project, train: Work
    ) -> None:
        def body(step: Step) -> None:
            step.output("out")
            train()

        path = project.run(body).record
        assert path is not None
        path.write_text("tampered")
        shutil.rmtree("out")
        with pytest.raises(RecordingFailed) as refused:
            project.run(body)
        assert refused.value.reason == "record-exists"
        assert project.step is not None
        assert project.step.record is None
        assert path.read_text() == "tampered"
        assert project.written() == [path.name]

    def test_recorders_at_the_same_time_do_not_meet(self, project: Project) -> None:
        problems: list[BaseException] = []

        def work(number: int) -> None:
            try:
                with project.record(label=str(number % 4)) as step:
                    step.input("base-model", "base")
                    step.output(f"out{number % 4}-{number}", name="out")
                    Path(f"out{number % 4}-{number}").write_text(str(number % 4))
            except (AibomError, OSError) as problem:
                problems.append(problem)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        # Eight recorders, of which two each said exactly the same.
        assert len(project.written()) == 4
        for name in project.written():
            statement = Statement.parse((project.steps / name).read_bytes(), name)
            assert name == f"{statement.payload_digest}.statement.json"
