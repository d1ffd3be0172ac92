"""Folders of step records: find them, read them, index them by what they generated.

Files end in ``.statement.json`` (the payload itself) or ``.sigstore.json`` (a bundle
around it). Signatures are not checked here; assembling a BOM makes claims, and
verification checks them later against signers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aibom.attest.bundle import parse_bundle
from aibom.digest import Digest
from aibom.errors import InputError
from aibom.lineage.step_record import Fragment, is_step_record, step_fragment
from aibom.operations.files import read_small
from aibom.statement import Statement

__all__ = ["BUNDLE_END", "STATEMENT_END", "Record", "RecordIndex", "read_records"]

BUNDLE_END = ".sigstore.json"
STATEMENT_END = ".statement.json"


@dataclass(frozen=True, slots=True)
class Record:
    """A step record that was read: what it says, and the file it stands in."""

    fragment: Fragment
    location: Path

    @property
    def id(self) -> str:
        """The digest of its payload: the step's id."""
        return self.fragment.step.removeprefix("step:")

    @property
    def outputs(self) -> frozenset[Digest]:
        """The digests it says the step generated."""
        nodes = self.fragment.graph.nodes
        digests = (nodes[name].digest for name in self.fragment.outputs)
        return frozenset(digest for digest in digests if digest is not None)


@dataclass(frozen=True, slots=True)
class RecordIndex:
    """Records by the content digest of their outputs, each record once."""

    by_output: dict[Digest, tuple[Record, ...]]

    def generating(self, digest: Digest) -> tuple[Record, ...]:
        """The records that say they generated exactly these bytes."""
        return self.by_output.get(digest, ())

    def records(self) -> Iterator[Record]:
        """Every record; one with several outputs several times."""
        return (record for found in self.by_output.values() for record in found)


def _statement(path: Path) -> Statement:
    """The statement in a file, signed or not; its signature is not checked."""
    data = read_small(path)
    if path.name.endswith(BUNDLE_END):
        return Statement.parse(parse_bundle(data, str(path)).payload, str(path))
    return Statement.parse(data, str(path))


def read_records(folders: Iterable[Path]) -> RecordIndex:
    """Read every step record in these folders (not below them).

    A file in there that cannot be read is an error, never skipped: what it would have
    said is unknown. Other statements (audits, BOMs) are left out.
    """
    records: dict[str, Record] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(
                "no such folder of step records",
                reason="path-missing",
                where=str(folder),
                hint="aibom run writes records to .aibom/steps",
            )
        for path in sorted(folder.iterdir()):
            if not path.name.endswith((BUNDLE_END, STATEMENT_END)):
                continue
            if path.name.startswith("."):
                continue
            statement = _statement(path)
            if is_step_record(statement):
                record = Record(step_fragment(statement, str(path)), path)
                records.setdefault(record.id, record)
    index: dict[Digest, list[Record]] = {}
    for record in records.values():
        for digest in record.outputs:
            index.setdefault(digest, []).append(record)
    return RecordIndex(
        {d: tuple(sorted(found, key=lambda r: r.id)) for d, found in index.items()}
    )
