"""A policy test as it is written: ``*.ptest.yaml`` (``schemas/ptest-1.json``).

A file holds cases. Each names what is judged (a BOM with evidence, or a lineage that it
describes), the time, the tier and the data, and says what is expected of the rules.
Reading notes every problem of every file; a case that expects nothing is one of them,
because it could not fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.errors import AibomError, UsageError
from aibom.lineage.evidence import Signer
from aibom.lineage.identity import parse_party
from aibom.operations.files import read_small
from aibom.operations.ptest.changes import resolved
from aibom.operations.ptest.data import CaseData, read_data
from aibom.operations.ptest.expect import Expectation, read_expectation
from aibom.operations.ptest.lineages import Lineages, read_lineages
from aibom.operations.ptest.places import Places
from aibom.operations.ptest.world import InlineWorld
from aibom.reading import Reader, parse_yaml
from aibom.verdict import Tier

__all__ = ["Case", "PtestFile", "check_ptest", "read_ptest"]

API_VERSION = "aibom/ptest/v1"


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Either ``bom`` is set, or ``world``.

    Without a ``tier`` it is evaluated in the tier that the policy assigns.
    """

    name: str
    where: str
    time: datetime
    tier: Tier | None
    bom: Path | None
    evidence: tuple[Path, ...]
    world: InlineWorld | None
    data: CaseData
    expect: Expectation

    @property
    def declared(self) -> bool:
        """Whether anything that a gate would verify is only declared here."""
        return self.world is not None or "waivers" in self.data.replaced


@dataclass(frozen=True, slots=True)
class PtestFile:
    """All cases of a file; ``policy`` is the pack or the folder that it is for."""

    path: Path
    policy: str | None
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What a file says once for all of its cases."""

    path: Path
    places: Places
    time: datetime | None
    data: CaseData
    signers: Mapping[str, Signer]
    lineages: Lineages


def read_ptest(
    path: Path, problems: list[str], within: tuple[Path, ...] = ()
) -> PtestFile:
    """Read a file; every problem is added to ``problems``, and nothing is raised.

    What it names has to lie in its own folder, or in one of those ``within``.
    """
    try:
        value = parse_yaml(read_small(path), str(path))
    except AibomError as error:
        problems.append(f"{path}: {error.message}")
        return PtestFile(path, None, ())
    return _file(value, path, problems, within)


def check_ptest(value: Any, where: str) -> PtestFile:
    """The same from a parsed document, whose paths are relative to that of ``where``.

    Raises :class:`~aibom.errors.UsageError` (``ptest-invalid``) with every problem.
    """
    problems: list[str] = []
    found = _file(value, Path(where), problems, ())
    if problems:
        raise UsageError(
            "\n  ".join(problems),
            reason="ptest-invalid",
            hint="correct each of these; docs/how-to/test-a-policy.md has examples",
        )
    return found


def _file(
    value: Any, path: Path, problems: list[str], within: tuple[Path, ...]
) -> PtestFile:
    top = Reader(value, str(path), problems)
    if not isinstance(value, dict):
        return PtestFile(path, None, ())
    if top.text("apiVersion") not in (None, API_VERSION):
        top.problem(f"is not {API_VERSION!r}", "apiVersion")
    shared = _shared(top, path, Places(path.parent, (path.parent, *within)))
    policy = _policy(top, shared.places)
    found = [_case(entry, shared) for entry in top.readers("cases")]
    if top.has("cases") and not found:
        top.problem("holds no case: nothing would be tested", "cases")
    names = Counter(entry.name for entry in found if entry is not None)
    for twice in sorted(name for name, count in names.items() if count > 1):
        top.problem(f"two cases are called {twice!r}", "cases")
    top.close()
    return PtestFile(path, policy, tuple(case for case in found if case is not None))


def _policy(top: Reader, places: Places) -> str | None:
    """The pack that is named, or the path of the folder."""
    stated = top.text("policy", None)
    if not isinstance(stated, str) or stated.startswith("builtin:"):
        return stated if isinstance(stated, str) else None
    path = _place(top, "policy", stated, places)
    return None if path is None else str(path)


def _shared(top: Reader, path: Path, places: Places) -> _Shared:
    signers = _signers(top)
    data = read_data(top, places, signers, CaseData())
    lineages = read_lineages(top, signers)
    time = top.time("time", None)
    return _Shared(path, places, time, data, signers, lineages)


def _signers(top: Reader) -> Mapping[str, Signer]:
    if not top.has("signers"):
        top.raw("signers", None)
        return {}
    section = top.reader("signers")
    found = {}
    for name in section.keys():  # noqa: SIM118
        entry = section.reader(name)
        party = entry.text("party", None)
        try:
            if isinstance(party, str):
                parse_party(party)
        except AibomError as error:
            entry.problem(error.message, "party")
        found[name] = Signer(name, str(entry.text("role")), party)
        entry.close()
    return found


def _case(entry: Reader, shared: _Shared) -> Case | None:
    before = len(entry.problems)
    name = entry.text("name")
    time = entry.time("time", shared.time)
    if time is None and not entry.has("time"):
        entry.problem("is missing, here and for the whole file", "time")
    tier = entry.choice("tier", list(Tier), None)
    bom, evidence = _documents(entry, shared)
    world = shared.lineages.of_case(entry)
    if entry.has("bom") == entry.has("lineage"):
        entry.problem("name either a bom or a lineage: one of them is judged")
    data = read_data(entry, shared.places, shared.signers, shared.data)
    data = replace(data, replaced=resolved(data.replaced, world, entry))
    known = None if world is None else world.names
    expect = read_expectation(entry, known)
    entry.close()
    if len(entry.problems) > before or expect is None or time is None:
        return None
    return Case(
        name=name,
        where=f"{shared.path}: {name}",
        time=time,
        tier=Tier(tier) if tier else None,
        bom=bom,
        evidence=evidence,
        world=world,
        data=data,
        expect=expect,
    )


def _documents(entry: Reader, shared: _Shared) -> tuple[Path | None, tuple[Path, ...]]:
    bom = entry.text("bom", None)
    evidence = entry.texts("evidence", ()) or ()
    if evidence and not entry.has("bom"):
        entry.problem("belongs to a bom; a lineage says what is signed", "evidence")
    found = _place(entry, "bom", bom, shared.places) if bom else None
    if found is not None and not found.is_file():
        entry.problem(f"{found} is not a file", "bom")
    places = [_place(entry, "evidence", place, shared.places) for place in evidence]
    for place in places:
        if place is not None and not place.exists():
            entry.problem(f"{place} is not there", "evidence")
    return found, tuple(place for place in places if place is not None)


def _place(entry: Reader, key: str, stated: str, places: Places) -> Path | None:
    path, problem = places.find(stated)
    if path is None:
        entry.problem(problem, key)
    return path
