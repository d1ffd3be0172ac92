"""Files that somebody handed over: kept under their digest, and never believed."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from supplier_world import SUPPLIER
from worlds import MODEL, NOW, World

from aibom.attest.document_statement import DOCUMENT_V1, read_document
from aibom.digest import Digest, hash_path
from aibom.errors import AibomError
from aibom.operations.evidence import collect
from aibom.operations.suppliers.evidence_add import MAX_BYTES, Added, add_evidence
from aibom.statement import Statement

PDF = b"%PDF-1.7 we are certified"


def added(world: World, data: bytes = PDF, **options: Any) -> Added:
    name = options.pop("file", "certificate.pdf")
    path = world.root / name
    path.write_bytes(data)
    given = {
        "about": world.bom,
        "by": SUPPLIER,
        "now": NOW,
        "output": world.root / "kept",
    }
    return add_evidence(path, **{**given, **options})


def refused(call: Any, *args: Any, **options: Any) -> AibomError:
    with pytest.raises(AibomError) as caught:
        call(*args, **options)
    return caught.value


def test_it_is_kept_under_its_digest_beside_a_statement(world: World) -> None:
    done = added(world, received=NOW)
    digest = hashlib.sha256(PDF).hexdigest()
    assert done.file == world.root / "kept/documents" / f"{digest}.pdf"
    assert done.file.read_bytes() == PDF
    statement = Statement.parse(done.statement.read_bytes(), "")
    assert statement.predicate_type == DOCUMENT_V1
    assert done.statement.name == f"{statement.payload_digest}.statement.json"
    told = read_document(statement, "")
    assert (told.name, told.size, told.digest) == ("certificate.pdf", len(PDF), digest)
    assert (told.by, told.media_type) == (SUPPLIER, "application/pdf")
    assert told.received is not None
    assert told.received.date() == NOW.date()


def test_when_is_not_made_up(world: World) -> None:
    assert added(world).document.received is None


def test_the_same_call_writes_the_same_bytes(world: World) -> None:
    first, again = added(world), added(world)
    assert first.statement == again.statement
    assert len(list(first.file.parent.iterdir())) == 2


ENDINGS = {
    "pdf": (PDF, ".pdf"),
    "png": (b"\x89PNG\r\n\x1a\n", ".png"),
    "jpeg": (b"\xff\xd8\xff", ".jpg"),
    "text": (b"We promise.", ".txt"),
    "html is no page here": (b"<script>alert(1)</script>", ".txt"),
    "a statement is no statement here": (b'{"_type":1}', ".txt"),
    "anything": (b"\x00\x01", ".bin"),
    "zip": (b"PK\x03\x04", ".bin"),
}


@pytest.mark.parametrize(("data", "ending"), ENDINGS.values(), ids=ENDINGS)
def test_the_ending_is_that_of_the_bytes(
    world: World, data: bytes, ending: str
) -> None:
    done = added(world, data, file="x.sigstore.json")
    assert done.file.suffix == ending
    items = collect([world.root / "kept"], (), NOW).items
    assert {item.predicate_type for item in items} <= {DOCUMENT_V1}


# ── what it is about ──────────────────────


def test_about_what_a_bom_describes(world: World) -> None:
    document = added(world).document
    assert document.subject == str(hash_path(world.model).digest)
    assert document.subject_name == MODEL


def test_about_a_folder_with_its_bom(world: World) -> None:
    assert added(world, about=world.model).document == added(world).document


def test_about_a_folder_or_file_without_one(world: World) -> None:
    items = world.root / "raw/items.jsonl"
    document = added(world, about=items).document
    assert document.subject == str(hash_path(items).digest)
    assert document.subject_name == "items.jsonl"
    assert added(world, about=items, name="acme/d").document.subject_name == "acme/d"


@pytest.mark.parametrize("form", ["file", "tree"])
def test_about_a_digest(world: World, form: Any) -> None:
    digest = Digest(form, "c" * 64)
    document = added(world, about=digest).document
    assert (document.subject, document.subject_name) == (str(digest), str(digest))
    assert added(world, about=digest, name="acme/m").document.subject_name == "acme/m"


def test_about_a_poor_bom(world: World) -> None:
    path = world.root / "poor.cdx.json"
    poor = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"type": "data", "name": "x"}},
    }
    path.write_text(json.dumps(poor), "utf-8")
    error = refused(added, world, about=path)
    assert (error.reason, error.exit_code) == ("about-undigested", 1)


def test_about_an_invalid_bom_with_a_digest(world: World) -> None:
    path = world.root / "invalid.cdx.json"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "component": {
                "type": "machine-learning-model",
                "name": "x",
                "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
            }
        },
        "components": [{"type": "data"}],
    }
    path.write_text(json.dumps(document), "utf-8")
    assert added(world, about=path).document.subject == f"sha256:{'a' * 64}"


def test_a_folder_that_is_not_what_its_bom_describes(world: World) -> None:
    (world.model / "weights.bin").write_bytes(b"others")
    error = refused(added, world, about=world.model)
    assert (error.reason, error.exit_code) == ("digest-mismatch", 1)


# ── what is refused ──────────────────────

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a person": ({"by": f"person:k:{'a' * 32}"}, "supplier-not-an-organisation"),
    "nobody": ({"by": "  "}, "supplier-not-an-organisation"),
    "to come": ({"received": NOW + timedelta(days=3)}, "received-in-future"),
    "about nothing": ({"about": Path("nowhere")}, "path-missing"),
    "nothing": ({"data": b""}, "document-empty"),
}


@pytest.mark.parametrize(("options", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(world: World, options: dict[str, Any], reason: str) -> None:
    assert refused(added, world, **options).reason == reason
    assert not (world.root / "kept").exists()


def test_too_large_a_file(world: World) -> None:
    path = world.root / "zeros"
    path.touch()
    os.truncate(path, MAX_BYTES + 1)
    options = {"about": world.bom, "by": SUPPLIER, "now": NOW, "output": world.root}
    assert refused(add_evidence, path, **options).reason == "document-too-large"


def test_a_folder_is_no_file(world: World) -> None:
    error = refused(
        add_evidence,
        world.model,
        about=world.bom,
        by=SUPPLIER,
        now=NOW,
        output=world.root / "kept",
    )
    assert error.reason == "path-unreadable"


@pytest.mark.parametrize("name", ["a\nb.pdf", "\u202efdp.exe", "x" * 200, "<b>.pdf"])
def test_its_name_is_kept_as_visible_text(world: World, name: str) -> None:
    told = added(world, file=name).document.name
    assert told.isprintable()
    assert len(told) <= 300
