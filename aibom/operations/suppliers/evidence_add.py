"""Keep a file that somebody handed over, as a claim: content-addressed, never read.

A PDF, a contract, a certificate is stored under its digest, beside a small statement
that says from whom it came and what it is said to be about. What it says is for people;
no gate asks it anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from aibom.attest.answers_statement import MAX_NAME
from aibom.attest.document_statement import (
    SuppliedDocument,
    document_statement,
    media_type,
    read_document,
)
from aibom.bom.parse import read_bytes
from aibom.digest import Digest, Progress
from aibom.errors import InputError
from aibom.operations.files import write_atomic
from aibom.operations.records import STATEMENT_END
from aibom.operations.suppliers.about import (
    require_received,
    resolve_about,
    supplier_party,
)
from aibom.report.text import escape

__all__ = ["MAX_BYTES", "Added", "add_evidence"]

#: A document that people read; data and models are named by digest instead.
MAX_BYTES = 256 * 1024 * 1024
_FOLDER = "documents"
#: No name that evidence folders give a meaning to can come of these.
_ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        "application/pdf": ".pdf",
        "image/png": ".png",
        "image/jpeg": ".jpg",
        "text/plain": ".txt",
    }
)


@dataclass(frozen=True, slots=True)
class Added:
    """What was written: the file under its digest, and the statement about it."""

    file: Path
    statement: Path
    document: SuppliedDocument


def add_evidence(
    path: Path,
    *,
    about: Path | Digest,
    by: str,
    now: datetime,
    output: Path,
    received: datetime | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Added:
    """Store a file in the evidence folder ``output``, with a statement about it.

    ``about`` is the bytes that it is said to be about, ``name`` what the lineage calls
    them. The same call writes the same bytes; what is there already is left alone if it
    is the same.

    Raises :class:`~aibom.errors.InputError`: ``document-empty``, and what
    :func:`~.supplier_about.resolve_about` raises;
    :class:`~aibom.errors.DocumentInvalid` (``document-too-large``);
    :class:`~aibom.errors.UsageError`: ``supplier-not-an-organisation``,
    ``received-in-future``.
    """
    party = supplier_party(by)
    if received is not None:
        require_received(received, now)
    data = read_bytes(path, limit=MAX_BYTES)
    if not data:
        raise InputError(
            "is empty",
            reason="document-empty",
            where=str(path),
            hint="fetch it again, or ask the supplier for the file with its content",
        )
    subject = resolve_about(about, name, progress)
    document = SuppliedDocument(
        party,
        str(subject.digest),
        subject.name,
        escape(path.name, MAX_NAME // 2)[:MAX_NAME],
        media_type(data),
        len(data),
        hashlib.sha256(data).hexdigest(),
        received,
    )
    return _written(document, data, output / _FOLDER)


def _written(document: SuppliedDocument, data: bytes, folder: Path) -> Added:
    statement = document_statement(document)
    read_document(statement, "the statement")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{document.digest}{_ENDINGS.get(document.media_type, '.bin')}"
    write_atomic(file, data)
    written = folder / f"{statement.payload_digest}{STATEMENT_END}"
    write_atomic(written, statement.payload)
    return Added(file, written, document)
