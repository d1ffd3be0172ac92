"""A small project on disk, and a recorder with a fixed clock and no surroundings."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aibom.recording import Step, record
from aibom.statement import Statement

STARTED = 1_700_000_000  # 2023-11-14T22:13:20Z


@dataclass
class Project:
    """A folder with a model and data, and everything that was recorded in it."""

    root: Path
    warnings: list[str] = field(default_factory=list)
    step: Step | None = None

    @property
    def has_nothing(self) -> bool:
        """Whether the last step looks like no success, from inside and on disk."""
        inside = self.step is None or (self.step.record, self.step.id) == (None, None)
        return inside and self.written() == []

    @property
    def steps(self) -> Path:
        return self.root / ".aibom" / "steps"

    def options(self, **more: Any) -> dict[str, Any]:
        ticks = itertools.count(STARTED)
        return {
            "code": None,
            "clock": lambda: float(next(ticks)),
            "on_warning": self.warnings.append,
            **more,
        }

    def record(
        self, kind: str = "fine-tune", **options: Any
    ) -> AbstractContextManager[Step]:
        return record(kind, **self.options(**options))

    def run(self, body: Callable[[Step], object], **options: Any) -> Step:
        """Record ``body``; the step is kept here for when this raises."""
        with self.record(**options) as step:
            self.step = step
            body(step)
        return step

    @staticmethod
    def makes(path: str) -> Callable[[Step], None]:
        """The body of a step that works."""

        def body(step: Step) -> None:
            step.output(path)
            Path(path).write_text("made")

        return body

    def dependencies(self) -> list[dict[str, Any]]:
        definition = self.only_statement().predicate["buildDefinition"]
        listed = definition["resolvedDependencies"]
        assert isinstance(listed, list)
        return listed

    def written(self) -> list[str]:
        """Names of what lies among the records, left-overs included."""
        return sorted(os.listdir(self.steps)) if self.steps.is_dir() else []

    def failures(self) -> list[dict[str, Any]]:
        folder = self.steps.parent / "failed"
        return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*"))]

    def only_statement(self) -> Statement:
        (name,) = self.written()
        return Statement.parse((self.steps / name).read_bytes(), name)

    def everything(self) -> bytes:
        """Every byte and name that recording left behind."""
        paths = [path for path in (self.root / ".aibom").rglob("*") if path.is_file()]
        return b"\n".join(os.fsencode(path) + path.read_bytes() for path in paths)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in list(os.environ):
        if name not in ("PATH", "HOME", "LANG", "TMPDIR"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "weights.bin").write_bytes(b"base weights")
    (tmp_path / "train.jsonl").write_text('{"text": "good", "label": 1}\n')
    return Project(tmp_path)


@pytest.fixture
def train(project: Project) -> Callable[[], None]:
    """What a training script does: write a folder that was not there."""

    def work() -> None:
        (project.root / "out").mkdir(exist_ok=True)
        (project.root / "out" / "weights.bin").write_bytes(b"tuned weights")

    return work
