"""The bundle beside a BOM, counted as evidence: for reports and coverage alike."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from aibom.attest.signers import AllowedSigner
from aibom.bom.parse import read_bytes
from aibom.digest import BOM_NAME, BUNDLE_NAME
from aibom.operations.files import read_small
from aibom.operations.place import bundle_beside, is_bom_name
from aibom.operations.verify import Verified, verify_document

__all__ = ["verify_with_beside"]


def verify_with_beside(
    bom: Path,
    signers: tuple[AllowedSigner, ...],
    evidence: tuple[Path, ...],
    now: datetime,
) -> Verified:
    """Verify a BOM alone, with its own bundle among the evidence; reads no artifact.

    For a BOM whose bundle was found to be by an allowed signer. Raises what
    :func:`~aibom.operations.verify.verify_document` raises.
    """
    with tempfile.TemporaryDirectory(prefix="aibom-") as scratch:
        # Nothing else of the artifact's folder is evidence, so these two alone.
        beside = Path(scratch, "beside-the-bom")
        beside.mkdir()
        Path(beside, BOM_NAME).write_bytes(read_bytes(bom))
        Path(beside, BUNDLE_NAME).write_bytes(read_small(_bundle(bom)))
        return verify_document(bom, signers, (*evidence, beside), now)


def _bundle(bom: Path) -> Path:
    return bundle_beside(bom) if is_bom_name(bom.name) else bom
