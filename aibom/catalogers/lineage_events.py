"""Events of OpenLineage, gathered by run: what a run read, wrote, and how it ended.

What is held is one entry for each run and each data set of it, however many events
there are. A name is a name space and a name; a data set without a version is the same
one before and after, which a lineage cannot have: :func:`in_cycles` finds those.

Source: OpenLineage ``spec/OpenLineage.json`` (2-0-2) and ``spec/facets/``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aibom.catalogers.documents import text_of

__all__ = [
    "MAX_DATASETS",
    "MAX_RUNS",
    "Named",
    "Run",
    "Runs",
    "clean",
    "facet",
    "in_cycles",
]

MAX_RUNS = 10_000
#: Data sets, owners and places of code, counted for each run.
MAX_DATASETS = 100_000
_MAX_NAME = 2_000

#: Name space, name and version of a data set; the version may be empty.
Named = tuple[str, str, str]


@dataclass(slots=True)
class Run:
    """What all events of one run say together; places are of the first that says so."""

    at: str
    jobs: set[tuple[str, str]] = field(default_factory=set)
    states: set[str] = field(default_factory=set)
    facts: dict[str, str] = field(default_factory=dict)
    inputs: dict[Named, tuple[str, dict[str, str | None]]] = field(default_factory=dict)
    outputs: dict[Named, tuple[str, dict[str, str | None]]] = field(
        default_factory=dict
    )
    #: Owners of the job (None) or of a data set: (of what, name) → type, place.
    owners: dict[tuple[Named | None, str], tuple[str, str]] = field(
        default_factory=dict
    )
    code: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)


def clean(value: Any, limit: int = _MAX_NAME) -> str:
    """A text in one line that can be encoded; empty where there is none, or no end."""
    text = text_of(value) or ""
    if len(text) > limit:
        return ""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def facet(value: Any, name: str, of: str = "facets") -> Mapping[str, Any]:
    """A facet of a run, job or data set; empty where there is none."""
    facets = value.get(of) if isinstance(value, dict) else None
    found = facets.get(name) if isinstance(facets, dict) else None
    return found if isinstance(found, dict) else {}


class Runs:
    """Gathers events; what is too much is left out, and told."""

    def __init__(self) -> None:
        self.by_id: dict[str, Run] = {}
        self.too_many_runs = False
        self.too_many_datasets = False
        self._count = 0

    def add(self, event: Mapping[str, Any], at: str) -> bool:
        """Gather one event; False for one that is of no run."""
        run, job = event.get("run"), event.get("job")
        if not isinstance(run, dict) or not isinstance(job, dict):
            return False
        name = clean(run.get("runId"), 200)
        if not name:
            return False
        if name not in self.by_id and len(self.by_id) >= MAX_RUNS:
            self.too_many_runs = True
            return True
        found = self.by_id.setdefault(name, Run(at))
        found.jobs.add((clean(job.get("namespace")), clean(job.get("name"))))
        found.states.add(clean(event.get("eventType"), 20).upper())
        self._job(found, run, job, at)
        for key, kept in (("inputs", found.inputs), ("outputs", found.outputs)):
            for dataset, place in _listed(event.get(key), f"{at}/{key}"):
                self._dataset(found, kept, dataset, place, key)
        return True

    def _room(self) -> bool:
        self._count += 1
        self.too_many_datasets = self.too_many_datasets or self._count > MAX_DATASETS
        return self._count <= MAX_DATASETS

    def _job(
        self, found: Run, run: Mapping[str, Any], job: Mapping[str, Any], at: str
    ) -> None:
        self._owners(found, None, facet(job, "ownership"), f"{at}/job")
        code = facet(job, "sourceCodeLocation")
        told = {
            key: clean(code.get(key))
            for key in ("url", "repoUrl", "path", "version", "tag", "branch")
        }
        stated = tuple((key, text) for key, text in told.items() if text)
        if stated and stated not in found.code and self._room():
            found.code[stated] = f"{at}/job/facets/sourceCodeLocation"
        parent = facet(run, "parent").get("run")
        for name, value in (
            ("job-type", facet(job, "jobType").get("jobType")),
            ("description", facet(job, "documentation").get("description")),
            ("parent-run", parent.get("runId") if isinstance(parent, dict) else None),
        ):
            if text := clean(value):
                found.facts.setdefault(name, text)
        query = facet(job, "sql").get("query")
        if isinstance(query, str):
            found.facts.setdefault("query", query)

    def _dataset(
        self,
        run: Run,
        kept: dict[Named, tuple[str, dict[str, str | None]]],
        value: Any,
        at: str,
        key: str,
    ) -> None:
        named = _named(value, facet(value, "version").get("datasetVersion"))
        if named is None:
            run.facts.setdefault("malformed", at)
            return
        facts = _facts(value, key)
        if named in kept:
            kept[named][1].update(facts)
        elif self._room():
            kept[named] = (at, facts)
        self._owners(run, named, facet(value, "ownership"), at)
        for source in _column_sources(value) if key == "outputs" else ():
            if source not in run.inputs and self._room():
                run.inputs[source] = (f"{at}/facets/columnLineage", {})

    def _owners(
        self, run: Run, of: Named | None, value: Mapping[str, Any], at: str
    ) -> None:
        for owner, _ in _listed(value.get("owners"), ""):
            name = clean(owner.get("name"), 200) if isinstance(owner, dict) else ""
            if (of, name) not in run.owners and self._room():
                kind = clean(owner.get("type"), 100) if isinstance(owner, dict) else ""
                run.owners[of, name] = (kind, f"{at}/facets/ownership")


def _listed(value: Any, at: str) -> Iterator[tuple[Any, str]]:
    for index, one in enumerate(value if isinstance(value, list) else ()):
        yield one, f"{at}/{index}"


def _named(value: Any, version: Any = None) -> Named | None:
    if not isinstance(value, dict):
        return None
    space, name = clean(value.get("namespace")), clean(value.get("name"))
    return (space, name, clean(version)) if space and name else None


def _facts(value: Mapping[str, Any], key: str) -> dict[str, str | None]:
    """What an event says of one use of a data set."""
    change = facet(value, "lifecycleStateChange").get("lifecycleStateChange")
    of, counted = (
        ("inputFacets", "dataQualityMetrics")
        if key == "inputs"
        else ("outputFacets", "outputStatistics")
    )
    rows = facet(value, counted, of).get("rowCount")
    told = {"lifecycle": clean(change, 40), "rows": clean(rows, 40)}
    return {name: text for name, text in told.items() if text}


def _column_sources(value: Any) -> Iterator[Named]:
    """Data sets that the columns of an output come from (``columnLineage``)."""
    told = facet(value, "columnLineage")
    columns = told.get("fields")
    listed = [told.get("dataset")]
    for column in columns.values() if isinstance(columns, dict) else ():
        listed.append(column.get("inputFields") if isinstance(column, dict) else None)
    for fields in listed:
        for one, _ in _listed(fields, ""):
            if (named := _named(one)) is not None:
                yield named


def in_cycles(edges: Iterable[tuple[object, object]]) -> set[object]:
    """What is left of a graph when all that nothing leads to, or from, is taken off.

    That is everything in a cycle, and what lies between two of them.
    """
    after: dict[object, set[object]] = {}
    before: dict[object, set[object]] = {}
    for one, other in edges:
        for table, key, value in ((after, one, other), (before, other, one)):
            table.setdefault(key, set()).add(value)
            (before if table is after else after).setdefault(key, set())
    pending = deque(n for n in after if not after[n] or not before[n])
    gone: set[object] = set()
    while pending:
        node = pending.popleft()
        if node in gone:
            continue
        gone.add(node)
        for table, back in ((after, before), (before, after)):
            for near in table[node]:
                back[near].discard(node)
                if not back[near]:
                    pending.append(near)
    return after.keys() - gone
