"""The signature beside a BOM, described for a report: nothing here refuses anything."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from aibom.attest.bom_statement import read_bom_statement
from aibom.attest.bundle import parse_bundle
from aibom.attest.signers import AllowedSigner
from aibom.attest.verify import identify
from aibom.errors import AibomError
from aibom.operations.files import read_small
from aibom.operations.not_before import require_not_before
from aibom.operations.place import bundle_beside, is_bom_name
from aibom.report.diligence.material import Signature

__all__ = ["bom_signature"]


def bom_signature(
    bom: Path,
    digest: str,
    names: tuple[str, ...],
    signers: tuple[AllowedSigner, ...],
    now: datetime,
) -> Signature:
    """What the bundle beside the BOM is worth; ``none`` where there is none.

    ``digest`` is the hex SHA-256 of the BOM's bytes: a bundle over other bytes is
    ``broken``. ``names`` are those that the BOM gives its product; who may not speak of
    the name that is signed, or signs another one, is a ``stranger``.
    """
    if not is_bom_name(bom.name) or not bundle_beside(bom).exists():
        return Signature()
    location = bundle_beside(bom).name
    try:
        bundle = parse_bundle(read_small(bundle_beside(bom)), location)
        found = identify(bundle, signers, now)
        require_not_before(found, now, location)
        subject = read_bom_statement(found.statement, location)
    except AibomError as error:
        return Signature(
            "broken", refusal=error.reason, told=error.message, location=location
        )
    if subject.bom.value != digest:
        told = f"it is over {subject.bom}, and this BOM is sha256:{digest}"
        return Signature(
            "broken", refusal="bom-digest-mismatch", told=told, location=location
        )
    date = f"{found.signed_at:%Y-%m-%d}" if found.signed_at else ""
    who = found.who
    refusal = found.refusal
    if found.signer is not None and not found.signer.may_name(subject.name):
        refusal = "namespace-not-allowed"
    elif names and subject.name not in names:
        refusal = "subject-mismatch"
    if refusal is not None or found.signer is None:
        return Signature("stranger", "", who, refusal or "", "", location, date)
    name = found.signer.signer.name
    return Signature(
        "allowed", name, who, "", "", location, date, signed_at=found.signed_at
    )
