"""Dossiers of the small world: made, checked, taken apart, and put together again."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from worlds import NOW, World, signing

from aibom.attest.bundle import parse_bundle
from aibom.attest.keys import generate, load_private
from aibom.attest.signing import KeySigner
from aibom.operations.dossiers.archive import (
    SIGNATURE,
    SUMS,
    Part,
    sums_of,
    write_archive,
)
from aibom.operations.dossiers.check import Checked, check_dossier
from aibom.operations.dossiers.dossier import Made, Request, make_dossier
from aibom.operations.gate import Options
from aibom.statement import Resource, Statement, to_json

BOM = "artifact/aibom.cdx.json"


def make(
    world: World, now: datetime = NOW, evidence: tuple[Path, ...] = (), **change: Any
) -> tuple[Path, Made]:
    """A dossier of the world's model, signed by its releaser."""
    request = Request(
        artifact=world.model,
        policy=world.verifier,
        profile="aiact-annex-iv-2",
        options=Options(evidence=evidence or (world.evidence,)),
        signer=signing("release"),
        output=world.root / "dossier.zip",
    )
    request = replace(request, **change)
    return request.output, make_dossier(request, now)


def same_signer() -> KeySigner:
    """One whose signatures are the same each time."""
    return KeySigner(load_private(generate("ed25519", None)[0], None, "key"))


def check(world: World, path: Path, now: datetime = NOW, **how: Any) -> Checked:
    """Check it by the signers that the world's verifier believes."""
    signers = how.pop("signers", None) or world.signers()
    return check_dossier(path, signers, now, **how)


def read(path: Path) -> dict[str, bytes]:
    """Every file of a dossier."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def parts_of(files: Mapping[str, bytes]) -> dict[str, Part]:
    return {name: Part.of(data) for name, data in files.items()}


def archived(files: Mapping[str, bytes]) -> bytes:
    """The files as a dossier has them, whatever is in them."""
    out = BytesIO()
    write_archive(parts_of(files), out)
    return out.getvalue()


def listed(files: Mapping[str, bytes]) -> bytes:
    """Their list."""
    return sums_of(parts_of(files))


def resigned(world: World, files: dict[str, bytes], role: str = "release") -> Path:
    """The files as a dossier that somebody signs anew, with the same statement."""
    files = {k: v for k, v in files.items() if k != SUMS}
    old = Statement.parse(parse_bundle(files.pop(SIGNATURE), "").payload, "")
    files[SUMS] = listed(files)
    digest = hashlib.sha256(files[SUMS]).hexdigest()
    new = Statement.build(
        [Resource(name=SUMS, digest={"sha256": digest})],
        old.predicate_type,
        old.predicate,
    )
    files[SIGNATURE] = to_json(signing(role).sign(new.payload))
    path = world.root / "resigned.zip"
    path.write_bytes(archived(files))
    return path
