"""Section 13: how the report was made, from what, and until when it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Answer, Cell, Table

__all__ = ["method_tables"]

_SOON = timedelta(days=90)


def method_tables(material: Material, answers: Sequence[Answer]) -> list[Table]:
    """Inputs by digest, signers, rules, what was not asked, what ends, exceptions."""
    return [
        *_made(material),
        *_read(material),
        *_signers(material),
        *_rules(material),
        *_left_out(material),
        *_expiring(material, answers),
        *_exceptions(material),
    ]


def _exact(text: str) -> Cell:
    return Cell(text, exact=True)


def _made(material: Material) -> list[Table]:
    verdict = material.verdict
    inputs = verdict.inputs
    signers = "given" if material.signers_given else "none given: nobody is believed"
    evidence = "given" if material.evidence_given else "none given: the BOM alone"
    rows = [
        ("Made as of", verdict.effective_time),
        ("By", verdict.tool),
        ("Policy", f"{inputs.policy} {inputs.policy_version}".strip()),
        ("Digest of the policy", inputs.policy_digest),
        ("Signers", signers),
        ("Evidence", evidence),
        ("Bytes of the artifact", _bytes(material)),
    ]
    rows += [("Set by the caller", text) for text in verdict.overrides]
    rows += [("Note", text) for text in (*material.notes, *verdict.warnings)]
    told = tuple((Cell(name), Cell(text)) for name, text in rows if text)
    return [Table("How it was made", ("What", "Value"), told)]


def _bytes(material: Material) -> str:
    read = material.artifact
    if read is None:
        return "not read: this is a report on documents"
    told = {
        True: "they are what the BOM is about",
        False: "the BOM names other bytes",
        None: "the BOM names no digest to compare them with",
    }
    return f"read, {read.digest}: {told[read.agrees]}"


def _read(material: Material) -> list[Table]:
    inputs = material.verdict.inputs
    pairs = [
        ("BOM", material.file.name, f"sha256:{material.file.digest}"),
        *(("upstream BOM", name, digest) for name, digest in inputs.boms),
        *(("evidence", name, digest) for name, digest in inputs.evidence),
        *(("your data", name, digest) for name, digest in inputs.data),
    ]
    seen = set()
    rows = []
    for kind, name, digest in pairs:
        if (name, digest) in seen or (
            kind != "BOM" and digest == f"sha256:{material.file.digest}"
        ):
            continue
        seen.add((name, digest))
        rows.append((Cell(kind), Cell(name), _exact(digest)))
    head = ("Input", "File", "Digest")
    return [Table("What was read", head, tuple(rows))]


def _signers(material: Material) -> list[Table]:
    """Those on the reader's list whose signatures were found to hold, and on what."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for item in material.evidence.items:
        who = item.signer
        if who is not None and item.trusted:
            sort = item.predicate_type.partition("://")[2]
            counts[who.name, who.role, who.party or "", sort] += 1
    rows = tuple(
        (Cell(name), Cell(role), Cell(party or "not told"), Cell(sort), Cell(f"{n:,}"))
        for (name, role, party, sort), n in sorted(counts.items())
    )
    if not rows:
        return []
    head = ("Signer", "Role", "Party, by your list", "Statements", "Count")
    return [Table("Whose signatures hold and count", head, rows)]


def _rules(material: Material) -> list[Table]:
    """Every rule that was asked, what it asks for, and how often it came out how."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    asks: dict[tuple[str, str], str] = {}
    for result in material.verdict.results:
        key = (result.rule, result.check)
        counts.setdefault(key, Counter())[result.status.value] += 1
        asks[key] = asks.get(key) or result.expected
    rows = tuple(
        (
            _exact(rule),
            _exact(check),
            Cell(asks[rule, check] or "see the check"),
            Cell(", ".join(f"{n:,} {word}" for word, n in sorted(found.items()))),
        )
        for (rule, check), found in sorted(counts.items())
    )
    if not rows:
        return []
    head = ("Rule", "Check", "Asks for", "Came out")
    return [Table("The rules that were asked", head, rows)]


def _left_out(material: Material) -> list[Table]:
    if not material.not_asked:
        return []
    rows = tuple((Cell(text),) for text in material.not_asked)
    note = "These need lists of your own: see the how-to `write-a-supplier-report`."
    return [Table("What could not be asked", ("Rule",), rows, note)]


def _expiring(material: Material, answers: Sequence[Answer]) -> list[Table]:
    until = f"{material.now + _SOON:%Y-%m-%d}"
    found = {
        (entry.expires, one.id, entry.name, entry.text)
        for one in answers
        for entry in one.entries
        if entry.expires and entry.expires <= until
    }
    found |= {
        (note.expires, note.rule, note.subject, f"exception {note.id}")
        for note in material.verdict.exceptions
        if note.expires and note.expires <= until
    }
    rows = tuple(tuple(Cell(text) for text in row) for row in sorted(found))
    if not rows:
        return []
    head = ("Until", "Question or rule", "About", "What")
    return [Table("What expires within 90 days", head, rows)]


def _exceptions(material: Material) -> list[Table]:
    rows = tuple(
        (
            Cell(n.id),
            Cell(n.state),
            Cell(n.rule),
            Cell(n.approved_by),
            Cell(n.expires),
            Cell(n.why or n.reason),
        )
        for n in sorted(material.verdict.exceptions, key=lambda n: (n.id, n.rule))
    )
    if not rows:
        return []
    head = ("Exception", "State", "Rule", "Approved by", "Expires", "Reason")
    return [Table("Exceptions (risk acceptances)", head, rows)]
