"""Documents as claims: there and back, what their bytes look like, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aibom.attest.document_statement import (
    DOCUMENT_V1,
    SuppliedDocument,
    document_statement,
    media_type,
    read_document,
)
from aibom.errors import DocumentInvalid
from aibom.resources import read_schema
from aibom.statement import BASE_URI, Statement, to_json

SCHEMA = Draft202012Validator(read_schema("document-1.json"))
GIVEN = SuppliedDocument(
    "org:Acme",
    f"sha256:{'a' * 64}",
    "acme/m",
    "report.pdf",
    "application/pdf",
    12,
    "b" * 64,
    datetime(2026, 11, 20, tzinfo=UTC),
)


def test_the_schema_is_one_under_its_name() -> None:
    Draft202012Validator.check_schema(SCHEMA.schema)
    assert SCHEMA.schema["$id"] == f"{BASE_URI}schemas/document-1.json"


@pytest.mark.parametrize("received", [None, GIVEN.received])
@pytest.mark.parametrize("form", ["sha256", "tree-sha256"])
def test_round_trip(form: str, received: datetime | None) -> None:
    given = replace(GIVEN, received=received, subject=f"{form}:{'a' * 64}")
    statement = Statement.parse(document_statement(given).payload, "there")
    assert statement.predicate_type == DOCUMENT_V1
    assert read_document(statement, "there") == given
    assert list(SCHEMA.iter_errors(statement.predicate)) == []


TYPES = {
    "pdf": (b"%PDF-1.7 whatever", "application/pdf"),
    "png": (b"\x89PNG\r\n\x1a\n0", "image/png"),
    "jpeg": (b"\xff\xd8\xff\xe0", "image/jpeg"),
    "zip": (b"PK\x03\x04", "application/zip"),
    "gzip": (b"\x1f\x8b\x08", "application/gzip"),
    "old office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    "text": ("Wir bürgen.".encode(), "text/plain"),
    "text cut through": (b"x" * (64 * 1024 - 1) + "ü".encode(), "text/plain"),
    "html is text to us": (b"<script>", "text/plain"),
    "bytes": (b"\x00\x01", "application/octet-stream"),
    "latin": (b"\xe9\xe8", "application/octet-stream"),
    "nothing": (b"", "application/octet-stream"),
}


@pytest.mark.parametrize(("data", "kind"), TYPES.values(), ids=TYPES)
def test_the_type_is_that_of_the_bytes(data: bytes, kind: str) -> None:
    assert media_type(data) == kind


Edit = Callable[[dict[str, Any]], object]
REFUSED: dict[str, Edit] = {
    "no party": lambda d: d["predicate"].update({"from": "Acme"}),
    "no day": lambda d: d["predicate"].update(received="soon"),
    "no type": lambda d: d["predicate"]["document"].update(mediaType="PDF"),
    "an endless name": lambda d: d["predicate"]["document"].update(name="x" * 301),
    "less than nothing": lambda d: d["predicate"]["document"].update(size=-1),
    "half a digest": lambda d: d["predicate"]["document"].update(
        digest={"sha256": "00"}
    ),
    "an unknown key": lambda d: d["predicate"].update(trusted=True),
    "two subjects": lambda d: d["subject"].append(d["subject"][0]),
}


@pytest.mark.parametrize("edit", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(edit: Edit) -> None:
    document = json.loads(document_statement(GIVEN).payload)
    edit(document)
    with pytest.raises(DocumentInvalid) as caught:
        read_document(Statement.parse(to_json(document), "there"), "there")
    assert caught.value.reason == "document-claim-malformed"
