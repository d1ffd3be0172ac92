"""DVC: ``dvc.lock`` (what ran), ``dvc.yaml`` (what would run), ``*.dvc`` (data).

A lock file is a lineage graph: stages with what they read and wrote, each by path and
MD5. A stage in ``dvc.yaml`` that the lock has says nothing more; one that it does not
have is a description of a step that may never have run. Templates (``foreach``,
``matrix``, ``${…}``) are not expanded. Of a command only the SHA-256 is kept, and
``meta`` is not read: names of people stand there.

Sources: iterative/dvc ``dvc/schema.py``, ``dvc/stage/serialize.py``,
``dvc/dependency/repo.py``, ``dvc/datasets.py``; see :mod:`..dvc_entries`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_yaml, text_of
from aibom.catalogers.dvc_entries import ENTRY_FINDINGS, Entity, Entries
from aibom.catalogers.dvc_stages import (
    MAX_NAME,
    OUTPUTS,
    beside,
    command_of,
    flat,
    imported,
    is_template,
    named_dataset,
    stages_of,
)
from aibom.catalogers.notes import SUBJECT, Notes, pointer
from aibom.catalogers.pipelines import (
    INPUT_ROLES,
    PIPELINE_FINDINGS,
    parameter_facts,
    sha256_of,
    step_kind,
)
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_LOCK, _YAML = "dvc.lock", "dvc.yaml"
_SCHEMA = "2.0"
_MAX_STAGES = 2_000
_MAX_ENTRIES = 10_000
_MAX_TEXT = 4_000
_MAX_SOURCES = 20


def _wants(path: str, form: str) -> bool:
    name = posixpath.basename(path)
    return name in (_LOCK, _YAML) or (name.endswith(".dvc") and name != ".dvc")


def _read(notes: Notes) -> None:
    document = read_yaml(notes)
    if document is UNREAD:
        return
    if not isinstance(document, dict):
        notes.skip("dvc-malformed", "", "not a mapping")
        return
    reader = _Reader(notes, document)
    match posixpath.basename(notes.path):
        case "dvc.lock":
            reader.lock()
        case "dvc.yaml":
            reader.pipeline()
        case _:
            reader.single()


class _Reader:
    """Reads one document."""

    def __init__(self, notes: Notes, document: dict[str, Any]) -> None:
        self._notes = notes
        self._document = document
        self._entries = Entries(notes)
        self._left = _MAX_ENTRIES
        self._datasets: dict[str, Entity] = {}

    # dvc.lock

    def lock(self) -> None:
        schema = text_of(self._document.get("schema"))
        if schema != _SCHEMA:
            self._notes.skip("dvc-schema-unknown", "/schema", schema or "none")
            return
        self._read_datasets()
        plan = stages_of(beside(self._notes, _YAML))
        for name, stage, at in self._stages():
            planned = plan.get(name)
            wdir = text_of(planned.get("wdir")) if isinstance(planned, dict) else None
            facts = self._facts(name, stage, at)
            facts |= self._parameters(stage.get("params"), f"{at}/params")
            step = self._notes.step(
                step_kind(name), _identity(self._notes, self._notes.path, at), at, facts
            )
            for key in ("deps", "outs"):
                for value, place in self._list(stage.get(key), f"{at}/{key}"):
                    found = self._dataset(value) or self._entries.entity(
                        value, place, wdir or ""
                    )
                    self._relate(step, found, place, made=key == "outs")

    def _parameters(self, value: Any, at: str) -> dict[str, str | None]:
        """``{file: {name: value}}``; what is nested has its names joined by dots."""
        if value is None:
            return {}
        stated: dict[str, str | None] = {}
        if not isinstance(value, dict):
            self._notes.skip("dvc-malformed", at, "not a mapping")
            return {}
        for inner in value.values():
            stated.update(flat(inner))
        return parameter_facts(self._notes, stated, at)

    # dvc.yaml

    def pipeline(self) -> None:
        locked = beside(self._notes, _LOCK)
        stages = stages_of(locked)
        if not stages:
            self._read_datasets()
        for name, stage, at in self._stages():
            if is_template(name, stage):
                self._notes.skip("dvc-template", at, name)
            elif isinstance(stages.get(name), dict):
                if command_of(stages[name]) != command_of(stage):
                    self._notes.odd("stage-changed", at, name)
            else:
                self._notes.odd("stage-not-locked", at, name)
                self._planned(name, stage, at)
        self._artifacts()

    def _planned(self, name: str, stage: dict[str, Any], at: str) -> None:
        identity = _identity(self._notes, self._notes.path, at)
        facts = self._facts(name, stage, at)
        step = self._notes.step(step_kind(name), identity, at, facts)
        wdir = text_of(stage.get("wdir")) or ""
        for key in ("deps", *OUTPUTS):
            for value, place in self._list(stage.get(key), f"{at}/{key}"):
                is_one = isinstance(value, dict) and len(value) == 1
                entry = {"path": next(iter(value)) if is_one else value}
                found = self._dataset(entry) or self._entries.entity(entry, place, wdir)
                role = "" if key == "outs" else key
                self._relate(step, found, place, made=key != "deps", role=role)

    def _artifacts(self) -> None:
        """Models and data that the project calls by a name (``dvc.yaml`` only)."""
        stated = self._document.get("artifacts")
        if not isinstance(stated, dict):
            if stated is not None:
                self._notes.skip("dvc-malformed", "/artifacts", "not a mapping")
            return
        for name, value in stated.items():
            at = pointer("artifacts", name[:MAX_NAME])
            found = self._entries.entity(value, at) if self._take(at) else None
            if found is None:
                continue
            facts: dict[str, str | None] = {"label": name[:_MAX_TEXT]}
            for key, field in (("type", "artifact-type"), ("desc", "description")):
                if text := text_of(value.get(key)):
                    facts[field] = text[:_MAX_TEXT]
            edge = self._notes.edge
            edge(SUBJECT, Relation.DERIVED_FROM, found.id, "part", at, facts)

    # *.dvc

    def single(self) -> None:
        """Data that was added, or imported from somewhere."""
        notes, document = self._notes, self._document
        wdir = text_of(document.get("wdir")) or ""
        sources = []
        for value, at in self._list(document.get("deps"), "/deps"):
            sources += [(name, at) for name in [self._source(value, at)] if name]
        if len(sources) > _MAX_SOURCES:
            notes.skip("entries-too-many", "/deps", f"more than {_MAX_SOURCES}")
        made = 0
        for value, at in self._list(document.get("outs"), "/outs"):
            found = self._entries.entity(value, at, wdir)
            if found is None:
                continue
            made += 1
            notes.edge(SUBJECT, Relation.DERIVED_FROM, found.id, "part", at)
            for source, where in sources[:_MAX_SOURCES]:
                if source != found.id:
                    relation = Relation.DERIVED_FROM
                    notes.edge(found.id, relation, source, "source-data", where)
        if not made:
            notes.skip("dvc-malformed", "/outs", "no output")

    def _source(self, value: Any, at: str) -> str | None:
        """Where an import came from: another repository, or an address."""
        repo = value.get("repo") if isinstance(value, dict) else None
        if repo is None:
            entity = self._entries.entity(value, at)
            return entity.id if entity else None
        if not isinstance(repo, dict):
            self._notes.skip("dvc-malformed", f"{at}/repo", "not a mapping")
            return None
        found = imported(self._notes, repo, text_of(value.get("path")), at)
        if found is None:
            self._notes.skip("dvc-malformed", at, "a source without an address")
        return found

    # What all have.

    def _stages(self) -> Iterator[tuple[str, dict[str, Any], str]]:
        stages = self._document.get("stages")
        if not isinstance(stages, dict):
            if stages is not None:
                self._notes.skip("dvc-malformed", "/stages", "not a mapping")
            return
        if len(stages) > _MAX_STAGES:
            self._notes.skip("stages-too-many", "/stages", f"{len(stages):,}")
        for name in list(stages)[:_MAX_STAGES]:
            at = pointer("stages", name[:MAX_NAME])
            if isinstance(stages[name], dict) and len(name) <= MAX_NAME:
                yield name, stages[name], at
            else:
                self._notes.skip("dvc-malformed", at, "a stage that is no mapping")

    def _list(self, value: Any, at: str) -> Iterator[tuple[Any, str]]:
        if value is None:
            return
        if not isinstance(value, list):
            self._notes.skip("dvc-malformed", at, "not a list")
            return
        for index, one in enumerate(value):
            if not self._take(at):
                return
            yield one, f"{at}/{index}"

    def _take(self, at: str) -> bool:
        """Whether one more entry is read; the first that is not is told."""
        if self._left == 0:
            self._notes.skip("entries-too-many", at, f"more than {_MAX_ENTRIES:,}")
        self._left -= 1
        return self._left >= 0

    def _facts(
        self, name: str, stage: dict[str, Any], at: str
    ) -> dict[str, str | None]:
        facts: dict[str, str | None] = {"name": name[:_MAX_TEXT]}
        command = command_of(stage)
        if command is None:
            self._notes.odd("dvc-malformed", f"{at}/cmd", "no command")
        else:
            facts["command.sha256"] = sha256_of(command)
        if text := text_of(stage.get("desc")):
            facts["description"] = text[:_MAX_TEXT]
        return facts

    def _relate(
        self, step: str, found: Entity | None, at: str, *, made: bool, role: str = ""
    ) -> None:
        if found is None:
            return
        if not made:
            used = INPUT_ROLES.get(found.kind, "data")
            self._notes.edge(step, Relation.USED, found.id, used, at)
            return
        self._notes.edge(step, Relation.GENERATED, found.id, role, at)
        if found.here:
            self._notes.edge(SUBJECT, Relation.DERIVED_FROM, found.id, "part", at)

    def _read_datasets(self) -> None:
        """What the project calls a dataset, by a name; stages say ``ds://NAME``."""
        for value, at in self._list(self._document.get("datasets"), "/datasets"):
            name = text_of(value.get("name")) if isinstance(value, dict) else None
            found = named_dataset(self._notes, value, name, at) if name else None
            if name and found:
                self._datasets[name] = Entity(found, Kind.DATASET, here=False)
            else:
                self._notes.skip("dvc-malformed", at, "a dataset without name or url")

    def _dataset(self, value: Any) -> Entity | None:
        path = value.get("path") if isinstance(value, dict) else None
        if isinstance(path, str) and path.startswith("ds://"):
            return self._datasets.get(path.removeprefix("ds://"))
        return None


def _identity(notes: Notes, path: str, at: str) -> dict[str, str]:
    return {"file": notes.place.sha256(path), "at": at}


CATALOGER = Cataloger(
    id="dvc",
    title="DVC pipelines and data files (dvc.lock, dvc.yaml, *.dvc)",
    wants=_wants,
    read=_read,
    supplies=(
        "stages as steps, with what each read and wrote, parameters, and the SHA-256 "
        "of its command",
        "files and folders of this place whose MD5 agrees, by SHA-256; others by path "
        "and MD5, which is kept as weak",
        "where data was imported from, and at which commit",
        "named datasets, and artifacts that are part of the project",
    ),
    cannot=(
        "tell that a stage ran as it is written, or what kind of step it is, unless it "
        "is called exactly by that kind's name",
        "tell models from data: what lies here is told by its bytes (weights are a "
        "model, Python and scripts are code), and all else is taken for data",
        "read templates, versions of single files in a cloud, or what is in a remote",
        "show commands: they may hold secrets",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **ENTRY_FINDINGS,
        **PIPELINE_FINDINGS,
        "dvc-malformed": "not what DVC writes; that part is not known",
        "dvc-schema-unknown": "a lock file of another schema than 2.0; nothing is read",
        "dvc-template": "a stage with a template, which is not expanded",
        "entries-too-many": "more inputs and outputs than are read; the rest is not "
        "known",
        "import-not-pinned": "imported from a repository at no stated commit",
        "stage-changed": "the command is another one than when the stage ran",
        "stage-not-locked": "a stage of which no run is recorded: it says what would "
        "be done",
        "stages-too-many": "more stages than are read; the rest is not known",
    },
)
