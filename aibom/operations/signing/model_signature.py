"""OpenSSF model signatures as evidence: who signed exactly these files.

A ``model.sig`` lists files with their digests. The same list makes our tree digest, so
that it speaks of a folder without looking into it: if it lists more, fewer or other
files than the folder has, the digests differ and it says nothing of that folder. Its
root digest does not cover names and is not used; what it calls the model is a base name
that anybody may have, and is not used either: its signer must be allowed every name
that the lineage has for those bytes.

A signer may leave files out (``ignore_paths``; ``.github/`` always is). Then the list
is not that of the folder, and the signature is worth nothing here: it does not cover
what else is there.
"""

from __future__ import annotations

from datetime import datetime

from aibom.attest.bundle import parse_bundle
from aibom.attest.oms_manifest import (
    SINGLE_FILE,
    OmsManifest,
    check_predicate_type,
    is_at_or_below,
    read,
)
from aibom.attest.signers import AllowedSigner
from aibom.attest.verify import identify
from aibom.digest import Content, Digest, manifest_digest
from aibom.errors import VerificationFailed
from aibom.lineage.evidence import Evidence
from aibom.listing import HOUSEKEEPING
from aibom.operations.not_before import require_not_before
from aibom.statement import OMS_V1, Statement

__all__ = ["listed_digest", "model_signature"]


def model_signature(
    data: bytes,
    location: str,
    signers: tuple[AllowedSigner, ...],
    now: datetime,
    content: Content | None = None,
) -> Evidence:
    """The evidence in the bytes of a ``model.sig``.

    Its subject has no name. One that cannot speak of a folder as we digest it (other
    hashes than SHA-256, shards) names no digest, and so counts for nothing; its refusal
    is ``model-signature-incomparable``.

    ``content`` is what it came with and lies beside. Then an allowed signer must have
    signed these files, or all but those that the signature ignores, for which the
    refusal is ``model-signature-partial``. Raises
    :class:`~aibom.errors.VerificationFailed` (``model-signature-mismatch``) for others,
    and what :func:`~aibom.attest.verify.identify` and
    :func:`~aibom.attest.oms_manifest.read` raise.
    """
    bundle = parse_bundle(data, location)
    # First: what model-signing 0.2 signed cannot verify, and nobody tampered with it.
    check_predicate_type(Statement.parse(bundle.payload, location), location)
    found = identify(bundle, signers, now)
    require_not_before(found, now, location)
    manifest = read(found.statement, location)
    digest = listed_digest(manifest)
    refusal = found.refusal
    if refusal is None and digest is None:
        refusal = "model-signature-incomparable"
    elif refusal is None and content is not None and digest != content.digest:
        _require_part(manifest, content, location)
        digest = content.digest
        refusal = "model-signature-partial"
    trusted = found.signer.signer if found.signer and refusal is None else None
    return Evidence(
        found.statement.payload_digest,
        OMS_V1,
        (("", digest),) if digest is not None else (),
        location,
        signer=trusted,
        refusal=refusal,
    )


def _require_part(manifest: OmsManifest, content: Content, location: str) -> None:
    there = {file.path: file.digest.value for file in content.files}
    signed = {
        path: parts[0].digest
        for path, parts in manifest.files.items()
        if not _is_housekeeping(path)
    }
    more = there.keys() - signed.keys()
    ignored = all(is_at_or_below(path, manifest.ignore_paths) for path in more)
    if not (ignored and signed.items() <= there.items()):
        raise VerificationFailed(
            "the OpenSSF model signature lists other files than are there",
            reason="model-signature-mismatch",
            where=location,
            hint="fetch the artifact again, or have it signed again",
        )


def listed_digest(manifest: OmsManifest) -> Digest | None:
    """Our digest of the files that an OMS statement lists; None where it has none.

    What we leave out of a folder as housekeeping is left out here too.
    """
    if manifest.hash_type != "sha256" or manifest.shard_size is not None:
        return None
    files = {path: parts[0].digest for path, parts in manifest.files.items()}
    if set(files) == {SINGLE_FILE}:
        return Digest("file", files[SINGLE_FILE])
    counted = {p: d for p, d in files.items() if not _is_housekeeping(p)}
    return manifest_digest(counted.items()) if counted else None


def _is_housekeeping(path: str) -> bool:
    return any(
        path.startswith(name) if name.endswith("/") else path == name
        for name in HOUSEKEEPING
    )
