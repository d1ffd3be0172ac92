"""The thirteen sections: tables of what was read, and which answers stand where."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from aibom.lineage.closure import ClosureState
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node
from aibom.report.diligence.material import Material
from aibom.report.diligence.method import method_tables
from aibom.report.diligence.model import (
    Answer,
    Cell,
    Request,
    Section,
    Status,
    Subject,
    Table,
)
from aibom.report.diligence.proofs import open_places
from aibom.report.diligence.words import SECTION_TITLES

__all__ = ["sections"]


def sections(
    material: Material,
    subject: Subject,
    answers: Sequence[Answer],
    requests: Sequence[Request],
) -> tuple[Section, ...]:
    """All sections in order; one that has nothing says so by being empty."""
    tables: Mapping[int, Iterable[Table]] = {
        1: _identity(subject),
        2: _lineage(material),
        6: _upstream(material),
        7: _steps(material),
        11: _clauses(material),
        12: _requests(requests),
        13: method_tables(material, answers),
    }
    return tuple(
        Section(
            number,
            title,
            note,
            tuple(tables.get(number, ())),
            tuple(one.id for one in answers if one.section == number),
        )
        for number, (title, note) in SECTION_TITLES.items()
    )


def _exact(text: str) -> Cell:
    return Cell(text, exact=True)


def _identity(subject: Subject) -> list[Table]:
    stated = (
        ("Product", subject.name, False),
        ("Kind", subject.kind, False),
        ("Version", subject.version, False),
        ("Digest", subject.digest, True),
        ("Supplier", subject.supplier, False),
        ("BOM", subject.bom_name, True),
        ("SHA-256 of the BOM", subject.bom_digest, True),
        ("Date of the BOM", subject.bom_date, False),
        ("Format", subject.bom_format, False),
        ("Made with", subject.bom_tool, False),
        ("Serial number", subject.serial, True),
    )
    rows = tuple(
        (Cell(name), Cell(text or "not provided", exact=exact and bool(text)))
        for name, text, exact in stated
    )
    found = [Table("As the BOM states it", ("What", "Stated"), rows)]
    if subject.problems:
        problems = tuple(
            (_exact(pointer or "/"), Cell(message), _exact(reason))
            for pointer, reason, message in subject.problems
        )
        found.append(
            Table(
                f"What is wrong with the document: {len(problems):,}",
                ("Where", "What", "Code"),
                problems,
                "It was read as far as it goes. What is listed here was left out, or "
                "breaks the format; ask for a corrected BOM.",
            )
        )
    return found


def _lineage(material: Material) -> list[Table]:
    rows = []
    for kind in Kind:
        names = [n for n in material.names if material.node(n).kind is kind]
        if not names:
            continue
        digested = sum(1 for n in names if material.node(n).digest is not None)
        vouched = sum(1 for n in names if material.evidence.owning(n))
        is_thing = kind in ENTITY_KINDS
        rows.append(
            (
                Cell(kind.value),
                Cell(f"{len(names):,}"),
                Cell(f"{digested:,}" if is_thing else ""),
                Cell(f"{vouched:,}" if kind is not Kind.PARTY else ""),
                Cell(f"{sum(1 for n in names if not material.is_connected(n)):,}"),
            )
        )
    head = ("Kind", "Named", "With a digest", "Signed for", "Not connected")
    found = [Table("What is in it", head, tuple(rows))]
    found += _where_open(material)
    return found


def _where_open(material: Material) -> list[Table]:
    rows = tuple(
        (
            Cell(material.node(name).label),
            Cell(material.node(name).kind.value),
            _exact(reason),
            Cell(detail),
        )
        for name, reason, detail in open_places(material)
    )
    if not rows:
        return []
    return [
        Table(
            f"Where the lineage is open: {len(rows):,}",
            ("Part", "Kind", "Code", "Why"),
            rows,
            "Behind each of these nobody can tell what went into the product.",
        )
    ]


_CLOSED = {
    ClosureState.CLOSED: (Status.PROVED, "closed"),
    ClosureState.ACCEPTED: (Status.PROVED, "ends where you accept it"),
    ClosureState.OPEN: (Status.MISSING, "open"),
}


def _upstream(material: Material) -> list[Table]:
    rows = []
    for name in material.about("model"):
        node, state = material.node(name), material.closure[name]
        status, words = _CLOSED[state.state]
        owners = material.evidence.owning(name)
        signer = owners[0].signer.name if owners and owners[0].signer else ""
        rows.append(
            (
                Cell(node.label),
                _exact(str(node.digest)) if node.digest else _missing("none"),
                Cell(signer, Status.PROVED) if signer else _missing("nobody"),
                Cell(f"{words}: {state.reason}", status),
            )
        )
    if not rows:
        return []
    head = ("Model", "Digest", "Signed for by", "Its own lineage")
    return [Table("Each model it is built on", head, tuple(rows))]


def _missing(text: str) -> Cell:
    return Cell(text, Status.MISSING)


def _steps(material: Material) -> list[Table]:
    rows = []
    for name in material.names:
        node = material.node(name)
        if node.kind is not Kind.STEP:
            continue
        owners = material.evidence.owning(name)
        signer = owners[0].signer.name if owners and owners[0].signer else ""
        rows.append(
            (
                Cell(node.label),
                Cell(" or ".join(node.values("step"))),
                Cell(" / ".join(node.values("finished")) or "not provided"),
                Cell(_took(node)),
                Cell(_command(node), exact=True),
                Cell(f"signed by {signer}, agrees with the BOM", Status.PROVED)
                if signer
                else _missing("no signed record"),
            )
        )
    if not rows:
        return []
    head = ("Step", "Kind", "Finished", "Took", "Command", "Record")
    return [Table("The steps that are named", head, tuple(rows))]


def _took(node: Node) -> str:
    """How long, where both times are told; the clocks are those of whoever ran it."""
    started, finished = node.value("started"), node.value("finished")
    if not started or not finished:
        return "not provided"
    try:
        took = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
    except (ValueError, TypeError):
        return "not provided"
    seconds = int(took.total_seconds())
    if seconds < 0:
        return "ends before it starts"
    hours, minutes = divmod(seconds // 60, 60)
    if seconds >= 3600:
        return f"{hours:,} h {minutes} min"
    return f"{seconds:,} s" if seconds else "under 1 s"


def _command(node: Node) -> str:
    """The command as it was recorded, with its words apart."""
    told = node.value("command") or ""
    try:
        words = json.loads(told) if told.startswith("[") else None
    except ValueError:
        words = None
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return shlex.join(words)
    return told or "not provided"


def _clauses(material: Material) -> list[Table]:
    """Clauses by the rules that map to them; how those rules came out."""
    found: dict[tuple[str, str], dict[str, set[str]]] = {}
    for result in material.verdict.results:
        for framework, clauses in result.maps.items():
            for clause in clauses:
                rules = found.setdefault((framework, clause), {})
                rules.setdefault(result.rule, set()).add(result.status.value)
    mapped = {rule for rules in found.values() for rule in rules}
    if rest := _without_clause(material, mapped):
        found["none", "rules for which your policy names no clause"] = rest
    rows = tuple(
        (Cell(framework), Cell(clause), _failing(rules), Cell(_outcomes(rules)))
        for (framework, clause), rules in sorted(found.items(), key=_failing_first)
    )
    if not rows:
        return []
    head = ("Framework", "Clause", "Fails", "Rules, and how they came out")
    note = "Supports work on these clauses; says nothing about compliance with them."
    return [Table("What the findings bear on", head, rows, note)]


def _without_clause(material: Material, mapped: set[str]) -> dict[str, set[str]]:
    """Rules with a finding that bear on no clause; they may be what blocks."""
    found: dict[str, set[str]] = {}
    for result in material.verdict.findings:
        if result.rule not in mapped:
            found.setdefault(result.rule, set()).add(result.status.value)
    return found


def _failing_first(
    item: tuple[tuple[str, str], Mapping[str, set[str]]],
) -> tuple[bool, tuple[str, str]]:
    clause, rules = item
    return not any("fail" in outcomes for outcomes in rules.values()), clause


def _failing(rules: Mapping[str, set[str]]) -> Cell:
    failing = sorted(rule for rule, outcomes in rules.items() if "fail" in outcomes)
    if failing:
        return Cell(", ".join(failing), alarm=True)
    return Cell("none")


def _outcomes(rules: Mapping[str, set[str]]) -> str:
    return "; ".join(
        f"{rule}: {', '.join(sorted(found))}" for rule, found in sorted(rules.items())
    )


def _requests(requests: Sequence[Request]) -> list[Table]:
    if not requests:
        return []
    rows = tuple(
        (
            _exact(one.id),
            Cell(one.text),
            Cell(one.why),
            Cell(_about(one.about)),
        )
        for one in requests
    )
    head = ("Question", "Please", "Why", "For")
    return [Table(f"What to ask: {len(rows):,}", head, rows)]


def _about(names: Sequence[str]) -> str:
    shown = ", ".join(names[:10])
    return f"{shown} and {len(names) - 10:,} more" if len(names) > 10 else shown
