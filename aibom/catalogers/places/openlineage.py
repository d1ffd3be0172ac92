"""OpenLineage: events of runs, in JSON or JSON Lines.

All events of one run together are one step. What it wrote is said only where an event
says that it completed. A data set is known by name space, name and version; the format
has no digest.

Source: OpenLineage ``spec/OpenLineage.json`` (2-0-2) and ``spec/facets/``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.data_records import (
    MAX_RECORD_BYTES,
    RECORD_FINDINGS,
    Troubles,
    json_records,
)
from aibom.catalogers.documents import DOCUMENT_FINDINGS, read_json
from aibom.catalogers.label_kinds import MAY_BE_JSON
from aibom.catalogers.label_texts import utc_text
from aibom.catalogers.lineage_events import Named, Run, Runs, clean, in_cycles
from aibom.catalogers.notes import Notes
from aibom.catalogers.pipelines import (
    OTHER_STEP,
    PIPELINE_FINDINGS,
    performed_by_person,
    public_address,
    sha256_of,
)
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_SNIFF_BYTES = 64 * 1024
_SIGNS = (b'"runId"', b'"run"', b'"job"', b'"eventTime"')
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_OWNERS = {
    **dict.fromkeys(("application", "service", "software"), "software"),
    **dict.fromkeys(("group", "org", "organization", "team"), "org"),
}


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith(MAY_BE_JSON)


def _read(notes: Notes) -> None:
    with notes.place.open(notes.path) as stream:
        head = stream.read(_SNIFF_BYTES)
    if not all(sign in head for sign in _SIGNS):
        return
    troubles, runs = Troubles(), Runs()
    for at, event in _events(notes, troubles):
        if not runs.add(event, at):
            troubles.add("event-without-run", at)
            continue
        run = runs.by_id.get(clean(event["run"].get("runId"), 200))
        if run is not None:
            _times(run, event, at, troubles)
    if not runs.by_id:
        return  # somebody else's records
    troubles.tell(notes)
    if runs.too_many_runs:
        notes.skip("runs-too-many")
    if runs.too_many_datasets:
        notes.skip("datasets-too-many")
    _write(notes, runs)


def _events(notes: Notes, troubles: Troubles) -> Iterator[tuple[str, dict[str, Any]]]:
    """Events of lines or of an array; else the one that the whole file is."""
    if _is_one_document(notes):
        document = read_json(notes)
        if isinstance(document, dict):
            yield "", document
        return
    yield from json_records(notes, troubles)


def _is_one_document(notes: Notes) -> bool:
    """Whether an object begins on the first line, and does not end there."""
    if not notes.path.lower().endswith(".json"):
        return False
    with notes.place.open(notes.path) as stream:
        line = stream.readline(MAX_RECORD_BYTES).removeprefix(b"\xef\xbb\xbf").strip()
    if line and not line.startswith(b"{"):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def _times(run: Run, event: dict[str, Any], at: str, troubles: Troubles) -> None:
    state = clean(event.get("eventType"), 20).upper()
    name = "started" if state == "START" else "finished"
    if state in ("START", "COMPLETE", "FAIL", "ABORT"):
        when = event.get("eventTime")
        told = utc_text(when) if isinstance(when, str) else None
        if told is None:
            troubles.add("date-unclear", f"{at}/eventTime", unread=False)
        else:
            run.facts[name] = told
    if producer := clean(event.get("producer")):
        run.facts.setdefault("producer", producer)


def _write(notes: Notes, runs: Runs) -> None:
    kept = {name: _Kept(notes, run) for name, run in runs.by_id.items()}
    edges: list[tuple[object, object]] = []
    for name, one in kept.items():
        edges += [(dataset, name) for dataset in one.inputs]
        edges += [(name, dataset) for dataset in one.outputs]
    circular = in_cycles(edges)
    for name, one in kept.items():
        one.write(name, circular)


class _Kept:
    """One run, with what of it can be kept."""

    def __init__(self, notes: Notes, run: Run) -> None:
        self._notes = notes
        self._run = run
        self.inputs = _versioned(run.inputs)
        completed = "COMPLETE" in run.states
        self.outputs = _versioned(run.outputs) if completed else {}

    def write(self, name: str, circular: set[object]) -> None:
        """Write it down; what would be made from itself is left out, and told."""
        notes, run = self._notes, self._run
        self._tell()
        step = notes.step(OTHER_STEP, {"openlineage-run": name}, run.at, self._facts())
        for dataset, (at, facts) in self.inputs.items():
            if name in circular and dataset in circular:
                notes.skip("dataset-circular", at, dataset[1])
                continue
            used = self._dataset(dataset, at)
            notes.edge(step, Relation.USED, used, "data", at, facts)
        for dataset, (at, facts) in self.outputs.items():
            made = self._dataset(dataset, at)
            notes.edge(step, Relation.GENERATED, made, "", at, facts)
        for stated, at in run.code.items():
            self._code(step, dict(stated), at)
        for (of, owner), (kind, at) in run.owners.items():
            if of is None or of in self.inputs or of in self.outputs:
                self._owner(step, of, owner, kind, at)

    def _tell(self) -> None:
        notes, run = self._notes, self._run
        if "malformed" in run.facts:
            notes.skip("dataset-malformed", run.facts["malformed"])
        if len(run.jobs) > 1:
            notes.odd("run-contradicts-itself", run.at, "several jobs")
        if run.states & {"FAIL", "ABORT"}:
            code = (
                "run-contradicts-itself" if "COMPLETE" in run.states else "run-failed"
            )
            notes.odd(code, run.at)
        elif "COMPLETE" not in run.states:
            notes.odd("run-not-completed", run.at)

    def _facts(self) -> dict[str, str | None]:
        run = self._run
        facts: dict[str, str | None] = {
            name: text
            for name, text in run.facts.items()
            if name not in ("malformed", "producer", "query")
        }
        if query := run.facts.get("query"):
            facts["command.sha256"] = sha256_of(query)
        if producer := run.facts.get("producer"):
            facts["producer"] = public_address(self._notes, producer, run.at)
        if len(run.jobs) == 1:
            ((space, name),) = run.jobs
            if space:
                facts["namespace"] = public_address(self._notes, space, run.at)
            if name:
                facts["name"] = name
        return facts

    def _dataset(self, named: Named, at: str) -> str:
        space, name, version = named
        identity = {
            "namespace": public_address(self._notes, space, at),
            "name": public_address(self._notes, name, at),
        }
        if version:
            identity["version"] = version
        return self._notes.entity(Kind.DATASET, identity, at)

    def _code(self, step: str, stated: dict[str, str], at: str) -> None:
        identity, facts = {}, {}
        for key, text in stated.items():
            if key in ("url", "repoUrl"):
                identity["source"] = public_address(self._notes, text, at)
            elif key == "version" and _COMMIT.fullmatch(text):
                identity["commit"] = text
            elif key in ("version", "path"):
                identity[key] = text
            else:
                facts[key] = text
        if not identity:
            return
        code = self._notes.entity(Kind.CODE, identity, at)
        self._notes.edge(step, Relation.USED, code, "code", at, facts)

    def _owner(
        self, step: str, of: Named | None, owner: str, kind: str, at: str
    ) -> None:
        """``user:jane``, ``team:data``; a bare name may be a person's."""
        word, _, name = owner.partition(":")
        name = name.strip()
        party: str | None = None
        if word.lower() == "user" and name:
            party = performed_by_person(self._notes, name, at)
        elif word.lower() in _OWNERS and name:
            party = self._notes.party(f"{_OWNERS[word.lower()]}:{name}", at)
        else:
            self._notes.skip("owner-not-named", at)
        if party is None:
            return
        facts: dict[str, str | None] = {"owner-type": kind} if kind else {}
        if of is None:
            self._notes.edge(step, Relation.PERFORMED_BY, party, "owner", at, facts)
            return
        dataset = self._dataset(of, at)
        self._notes.edge(dataset, Relation.ATTRIBUTED_TO, party, "owner", at, facts)


def _versioned(
    found: dict[Named, tuple[str, dict[str, str | None]]],
) -> dict[Named, tuple[str, dict[str, str | None]]]:
    """Without those that another event of the run names with a version."""
    known = {(space, name) for space, name, version in found if version}
    return {n: told for n, told in found.items() if n[2] or n[:2] not in known}


CATALOGER = Cataloger(
    id="openlineage",
    title="OpenLineage events (JSON)",
    wants=_wants,
    read=_read,
    supplies=(
        "each run as a step, with job, times and producer, and the SHA-256 of its "
        "query",
        "the data sets that it read and wrote, by name space, name and version; also "
        "those that only its column lineage names",
        "where the code of the job is, and at which commit",
        "owners: teams and programs by name, people by pseudonym",
    ),
    cannot=(
        "tell any bytes: the format has no digests",
        "tell what kind of step a run was",
        "tell a data set before from one after, where it has no version",
        "read events that are of no run (jobs, data sets), or show queries",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **RECORD_FINDINGS,
        **PIPELINE_FINDINGS,
        "dataset-circular": "a data set that was made, over some runs, from itself, "
        "or stands between two such; that it was read is left out",
        "dataset-malformed": "a data set without name space and name; it is not known",
        "datasets-too-many": "more data sets, owners or places of code than are read; "
        "the rest is not known",
        "date-unclear": "a time that is none, or that names no time zone; it is left "
        "out",
        "event-without-run": "an event that is of no run; it is not read",
        "owner-not-named": "an owner that is not said to be a user, a team or an "
        "application; it is left out, because the name may be a person's",
        "persons-not-named": "persons are named, but cannot be here: set "
        "AIBOM_PSEUDONYM_KEY, and they get pseudonyms",
        "run-contradicts-itself": "a run that both completed and failed, or that is of "
        "several jobs",
        "run-failed": "a run that failed; what it wrote is not said",
        "run-not-completed": "a run of which no end is told; what it wrote is not said",
        "runs-too-many": "more runs than are read; the rest is not known",
    },
)
