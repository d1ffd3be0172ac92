"""Days that cannot be: to come, after the signature, not begun, beyond the calendar."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from supplier_world import SUPPLIER, allowing, answering, filled, imported, material_of
from worlds import MODEL, NOW, World, key, signing

from aibom.attest.authority import ByKey
from aibom.attest.signers import AllowedSigner
from aibom.attest.signing import KeySigner
from aibom.attest.timestamps import TimestampRoots, request_timestamp
from aibom.operations.signing.sign import sign_record
from aibom.operations.suppliers.answers import SuppliedFiles, read_supplied
from aibom.operations.suppliers.compare import document_notes, supplied_entries
from aibom.operations.suppliers.evidence_add import add_evidence
from aibom.report.diligence.model import Entry, Status
from aibom.testing.sigstore import LocalSigstore

PLENTY = 60.0


def statement(world: World, **predicate: Any) -> Path:
    """An imported statement of which somebody changed the predicate."""
    edit = answering("identity.version", answer="It is 1.2.", exact="1.2")
    path = imported(world, filled(world, edit), output=world.evidence / "a").path
    return changed(path, **predicate)


def changed(path: Path, **predicate: Any) -> Path:
    document = json.loads(path.read_bytes())
    document["predicate"].update(predicate)
    path.write_text(json.dumps(document), "utf-8")
    return path


def read(world: World, signers: tuple[AllowedSigner, ...] = ()) -> SuppliedFiles:
    return read_supplied([world.evidence], signers, NOW)


def entry(world: World, signers: tuple[AllowedSigner, ...] = ()) -> Entry:
    found = read(world, signers)
    assert found.problems == ()
    entries = supplied_entries(found, material_of(world))
    (one,) = entries["identity.version", world.node(MODEL).id]
    return one


# ── received ──────────────────────

TO_COME = {
    "in 2099": "2099-01-01",
    "in two days": f"{NOW + timedelta(days=2):%Y-%m-%d}",
    "the last day there is": "9999-12-31",
}


@pytest.mark.parametrize("role", [None, "release"])
@pytest.mark.parametrize("day", TO_COME.values(), ids=TO_COME)
def test_received_on_a_day_to_come_counts_for_nothing(
    world: World, day: str, role: str | None
) -> None:
    path = statement(world, received=day)
    if role:
        sign_record(path, signing(role))
    found = read(world, allowing(world.signers(), "release"))
    assert found.items == ()
    (problem,) = found.problems
    assert f"received on {day}, which is still to come" in problem
    assert "[received-in-future]" in problem
    assert "left out" in document_notes(found)[0]


def test_tomorrow_is_today_somewhere(world: World) -> None:
    statement(world, received=f"{NOW + timedelta(days=1):%Y-%m-%d}")
    assert entry(world).status is Status.STATED


def test_a_document_of_a_day_to_come(world: World) -> None:
    file = world.root / "report.pdf"
    file.write_bytes(b"%PDF-1.7")
    done = add_evidence(
        file,
        about=world.bom,
        by=SUPPLIER,
        now=NOW,
        received=NOW,
        output=world.evidence / "papers",
    )
    assert len(read(world).items) == 1
    changed(done.statement, received="2099-01-01")
    found = read(world)
    assert (found.items, len(found.problems)) == ((), 1)
    assert "[received-in-future]" in found.problems[0]


@pytest.mark.parametrize(("days", "is_possible"), [(0, True), (1, True), (3, False)])
def test_received_after_it_was_signed(
    world: World, days: int, is_possible: bool
) -> None:
    """The time is that of an authority, ten days ago; the day is the signer's."""
    signed = NOW - timedelta(days=10)
    path = statement(world, received=f"{signed + timedelta(days=days):%Y-%m-%d}")
    with LocalSigstore(now=lambda: signed) as sigstore:
        url = f"{sigstore.url}/api/v1/timestamp"
        stamps = _stamped(url)
        sign_record(path, KeySigner(key("release"), stamp=stamps))
        roots = _roots(url)
    signers = tuple(
        replace(one, authority=replace(one.authority, timestamp_roots=roots))
        if one.signer.role == "release" and isinstance(one.authority, ByKey)
        else one
        for one in allowing(world.signers(), "release")
    )
    if is_possible:
        assert entry(world, signers).status is Status.SIGNED
        return
    found = read(world, signers)
    assert (found.items, len(found.problems)) == ((), 1)
    assert "[received-after-signing]" in found.problems[0]
    assert f"but was signed on {signed:%Y-%m-%d}" in found.problems[0]


def _stamped(url: str) -> Any:
    return lambda signature: request_timestamp(url, signature, PLENTY)


def _roots(url: str) -> TimestampRoots:
    from rfc3161_client import decode_timestamp_response

    given = request_timestamp(url, b"any", PLENTY)
    found = decode_timestamp_response(given).signed_data.certificates
    listed = [x509.load_der_x509_certificate(one) for one in found]
    (root,) = (one for one in listed if one.subject == one.issuer)
    return TimestampRoots.parse(root.public_bytes(Encoding.PEM), "tsa.pem")


# ── since, and until ──────────────────────


def test_what_does_not_hold_yet_is_no_answer(world: World) -> None:
    edit = answering("identity.version", exact="2.0", since="2099-01-01")
    imported(world, filled(world, edit), output=world.evidence / "a")
    one = entry(world)
    assert one.status is Status.MISSING
    assert one.basis == "holds from 2099-01-01 on only"


def test_what_does_not_hold_yet_contradicts_nobody(world: World) -> None:
    later = answering("identity.version", exact="2.0", since="2099-01-01")
    imported(world, filled(world, later), output=world.evidence / "a", by="org:Emca")
    now = answering("identity.version", exact="1.2")
    imported(world, filled(world, now), output=world.evidence / "a")
    entries = supplied_entries(read(world), material_of(world))
    found = entries["identity.version", world.node(MODEL).id]
    assert {one.status for one in found} == {Status.MISSING, Status.STATED}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar(world: World, day: str) -> None:
    edit = answering("identity.version", exact="1.2", valid_until=day)
    imported(world, filled(world, edit), output=world.evidence / "a")
    expected = Status.MISSING if day < "2026" else Status.STATED
    assert entry(world).status is expected


def test_received_in_year_one(world: World) -> None:
    edit = answering("identity.version", exact="1.2")
    when = datetime(1, 1, 1, tzinfo=NOW.tzinfo)
    done = imported(world, filled(world, edit), received=when)
    assert json.loads(done.path.read_bytes())["predicate"]["received"] == "0001-01-01"
