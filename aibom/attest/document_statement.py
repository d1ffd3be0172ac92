"""A file that somebody handed over, as a claim: ``https://w3id.org/aibom/document/v1``.

A contract, a certificate, a report in PDF: the predicate
(``schemas/document-1.json``) names the file by digest, from whom it came, and when. The
subject is what it is said to be about. The file is never read for what it says; nothing
that it holds is believed.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from dataclasses import dataclass
from datetime import UTC, datetime

from aibom.attest.answers_statement import MAX_NAME, require_party
from aibom.digest import Digest
from aibom.errors import DocumentInvalid
from aibom.reading import Reader
from aibom.statement import DOCUMENT_V1, Resource, Statement

__all__ = [
    "DOCUMENT_V1",
    "SuppliedDocument",
    "document_statement",
    "media_type",
    "read_document",
]


_HEX = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,98}")
_LOOKED_AT = 64 * 1024
_OTHER = "application/octet-stream"
#: First bytes → media type. A type says how the file begins, and nothing about it.
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)


@dataclass(frozen=True, slots=True)
class SuppliedDocument:
    """A file as it was handed over; ``received`` is None where nobody said when."""

    by: str
    subject: str
    subject_name: str
    name: str
    media_type: str
    size: int
    digest: str
    received: datetime | None = None


def media_type(data: bytes) -> str:
    """The media type of a file by its first bytes; text where it begins as UTF-8."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    try:
        # What is cut through at the end is no error yet.
        text = getincrementaldecoder("utf-8")().decode(data[:_LOOKED_AT])
    except UnicodeDecodeError:
        return _OTHER
    return _OTHER if "\x00" in text or not text else "text/plain"


def document_statement(given: SuppliedDocument) -> Statement:
    """Make the statement; the same claim gives the same bytes."""
    predicate = {
        "from": given.by,
        "document": {
            "name": given.name,
            "mediaType": given.media_type,
            "size": given.size,
            "digest": {"sha256": given.digest},
        },
    }
    if given.received is not None:
        predicate["received"] = given.received.astimezone(UTC).date().isoformat()
    subject = Resource.subject(given.subject_name, Digest.parse(given.subject))
    return Statement.build([subject], DOCUMENT_V1, predicate)


def read_document(statement: Statement, where: str) -> SuppliedDocument:
    """Read it back, strictly.

    Raises :class:`~aibom.errors.DocumentInvalid` (``document-claim-malformed``) with
    every problem: also for more than one subject.
    """
    top = Reader(dict(statement.predicate), where)
    by, received = top.text("from"), top.time("received", None)
    if isinstance(by, str):
        try:
            require_party(by)
        except ValueError as error:
            top.problem(str(error), "from")
    about = top.reader("document")
    name, kind = about.text("name"), about.text("mediaType")
    size, digest = about.integer("size"), about.reader("digest")
    value = digest.text("sha256")
    if isinstance(name, str) and len(name) > MAX_NAME:
        about.problem(f"is longer than {MAX_NAME} characters", "name")
    if isinstance(kind, str) and not _MEDIA_TYPE.fullmatch(kind):
        about.problem("is not a media type", "mediaType")
    if isinstance(size, int) and size < 0:
        about.problem("is less than nothing", "size")
    if isinstance(value, str) and not _HEX.fullmatch(value):
        digest.problem("is not a SHA-256 in 64 lower-case hex digits", "sha256")
    digest.close()
    about.close()
    subject = statement.subjects[0]
    content = subject.content()
    if len(statement.subjects) != 1 or content is None:
        top.problem("a document is about exactly one sha256")
    top.finish(
        DocumentInvalid,
        "document-claim-malformed",
        hint="make it again: aibom evidence add FILE",
    )
    return SuppliedDocument(
        by, str(content), subject.name or "", name, kind, size, value, received
    )
