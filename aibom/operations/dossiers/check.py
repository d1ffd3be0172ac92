"""Check a dossier, offline, by the signers that the reader believes.

In this order: the archive has the form that we write → every file is as listed → the
list was signed by somebody whom the reader believes, who may speak of this artifact →
BOM, records, audits and upstream BOMs are verified again, by the reader's signers →
verdict, policy and lock are those of the files that are there.

A signature with a timestamp can be checked for as long as its algorithms hold: it is
judged as of the time of signing. One without is judged as of the time that is asked
about. The rules are not asked again, and the index is its maker's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.attest.authority import ByKey
from aibom.attest.bundle import (
    Bundle,
    ChainMaterial,
    KeyMaterial,
    bundle_document,
    parse_bundle,
)
from aibom.attest.keys import PublicKey
from aibom.attest.signers import AllowedSigner
from aibom.attest.signing import certificate_key, in_low_form
from aibom.attest.verify import Identified, identify
from aibom.digest import BOM_NAME, BUNDLE_NAME, OMS_NAME, Progress, hash_path
from aibom.errors import AibomError, DocumentInvalid, VerificationFailed
from aibom.lineage.evidence import Evidence
from aibom.operations.dossiers.archive import SIGNATURE, SUMS, extract, require_listed
from aibom.operations.dossiers.contents import (
    malformed,
    read_policy_lock,
    read_verdict,
    statements_of,
)
from aibom.operations.dossiers.readme import DOSSIER_V1
from aibom.operations.dossiers.staging import FOLDER
from aibom.operations.files import read_small
from aibom.operations.place import is_bom_name
from aibom.operations.policies.lock import LOCK_NAME
from aibom.operations.records import BUNDLE_END, STATEMENT_END
from aibom.operations.suppliers.answers import (
    Supplied,
    SuppliedFiles,
    read_supplied,
)
from aibom.operations.verify import Verified, verify_document
from aibom.operations.vouching import require_allowed
from aibom.reading import Reader
from aibom.statement import REFERENCE_V01, parse_json, to_json

__all__ = ["Checked", "Signed", "Unconfirmed", "check_dossier"]

_NEEDED = (
    *(f"artifact/{BOM_NAME}", f"artifact/{BUNDLE_NAME}"),
    *(f"policy/{LOCK_NAME}", "verdict.json", "index.json"),
)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed: the name and role of the reader's entry, and what the signature says.

    ``at`` is None where nobody vouches for the time.
    """

    name: str
    role: str
    who: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A statement that the maker believed, and that cannot be confirmed now."""

    path: str
    signer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What holds. ``lost`` is empty where all that the maker believed still does.

    ``decision`` and ``profile`` are the maker's words; ``compared`` says whether the
    artifact's bytes were there to be hashed. ``confirmed`` counts signed statements,
    those of suppliers included; ``claims`` what suppliers are said to have stated.
    """

    files: int
    artifact: str
    name: str
    profile: str
    decision: str
    effective_time: str
    policy: str
    dossier: Signed
    bom: Signed
    confirmed: int
    lost: tuple[Unconfirmed, ...]
    claims: int
    ancestors: str
    compared: bool
    warnings: tuple[str, ...]


def check_dossier(
    path: Path,
    signers: tuple[AllowedSigner, ...],
    when: datetime,
    *,
    artifact: Path | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Check a dossier as of a time; with ``artifact`` its bytes are hashed as well.

    Raises :class:`~aibom.errors.DocumentInvalid` (``dossier-malformed``),
    :class:`~aibom.errors.VerificationFailed` (``dossier-changed``,
    ``dossier-signature-mismatch``, ``dossier-contradicts``, ``digest-mismatch``, and
    why a signature does not count), and what verifying evidence raises.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="aibom-") as name:
        folder = Path(name).resolve()
        try:
            return _checked(path, folder, signers, when, artifact, progress)
        except AibomError as error:
            if error.where is not None:  # a folder that is gone when this is read
                error.where = error.where.replace(f"{folder}{os.sep}", "")
            raise


def _checked(
    path: Path,
    folder: Path,
    signers: tuple[AllowedSigner, ...],
    when: datetime,
    artifact: Path | None,
    progress: Progress | None,
) -> Checked:
    found = extract(path, folder, _is_read)
    sums = require_listed(folder, found, str(path))
    for name in _NEEDED:
        if name not in found:
            raise malformed(f"has no {name}", str(path))
    who, said = _signature(folder, sums, signers, when, path)
    bom, verified = _artifact(folder, signers, when)
    _require_same(said, verified, path)
    _require_verdict(folder, found, said, path)
    if artifact is not None:
        _require_bytes(artifact, said["digest"], progress)
    supplied = read_supplied(_evidence(folder), signers, when)
    believed = sum(item.trusted for item in verified.evidence.items)
    signed = sum(item.signer is not None for item in supplied.items)
    return Checked(
        files=len(found),
        artifact=said["digest"],
        name=said["name"],
        profile=said["profile"],
        decision=said["decision"],
        effective_time=said["effectiveTime"],
        policy=said["policyDigest"],
        dossier=who,
        bom=bom,
        confirmed=believed + signed,
        lost=_lost(folder, verified, supplied),
        claims=len(supplied.items) - signed,
        ancestors=verified.ancestors,
        compared=artifact is not None,
        warnings=(*verified.warnings, *supplied.problems),
    )


def _is_read(name: str) -> bool:
    """Whether a file is opened here; of others, such as documents, the sum is enough.

    Whatever evidence folders give a meaning to must be among these.
    """
    file = name.rpartition("/")[2]
    return not name.startswith(f"{FOLDER}/") or (
        is_bom_name(file)
        or file.endswith((BUNDLE_END, STATEMENT_END))
        or file == OMS_NAME
        or file.endswith(f".{OMS_NAME}")
    )


def _evidence(folder: Path) -> list[Path]:
    """The evidence folder; none where a dossier has no evidence."""
    return [folder / FOLDER] if (folder / FOLDER).is_dir() else []


def _signature(
    folder: Path,
    sums: str,
    signers: Iterable[AllowedSigner],
    when: datetime,
    path: Path,
) -> tuple[Signed, dict[str, str]]:
    """Who signed the list, and what the statement about it says.

    Who may sign the BOM of an artifact may sign its dossier: the decision in it is its
    signer's word, and is not made again here.
    """
    where = f"{path}: {SIGNATURE}"
    allowed = [
        replace(s, predicates=s.predicates | {DOSSIER_V1})
        for s in signers
        if REFERENCE_V01 in s.predicates
    ]
    bundle = parse_bundle(read_small(folder / SIGNATURE), where)
    found = identify(bundle, allowed, when)
    require_allowed(found, where)
    _require_own_form(bundle, found, where)
    subjects = found.statement.subjects
    if (
        found.statement.predicate_type != DOSSIER_V1
        or len(subjects) != 1
        or subjects[0].name != SUMS
        or subjects[0].digest.get("sha256") != sums
    ):
        raise VerificationFailed(
            f"this signature is of something else than the {SUMS} in it",
            reason="dossier-signature-mismatch",
            where=where,
            hint="it was put together from parts of others; ask its maker for it again",
        )
    said = _said(found.statement.predicate, where)
    if found.signer is None or not found.signer.may_name(said["name"]):
        refused = replace(found, refusal="namespace-not-allowed")
        require_allowed(refused, where)
    return _signed(found), said


def _require_own_form(bundle: Bundle, found: Identified, where: str) -> None:
    """Refuse a signature file with room for something that nobody signed.

    A key's is written again from its parts. In others, what a log or an authority
    added is held to one way to write JSON. Of the two forms that each ECDSA signature
    has, ours is the lower; through Sigstore, the log holds which of them it was.
    """
    key = _key_of(bundle, found)
    if key is not None and not _is_low(bundle.signature, key):
        raise malformed("has the other form of an ECDSA signature", where)
    own: Any = parse_json(bundle.data, where)
    if isinstance(bundle.material, KeyMaterial):
        hints = frozenset() if key is None else key.hints
        hint = bundle.hint if bundle.hint in hints else ""
        material = {"publicKey": {"hint": hint}}
        own = bundle_document(
            bundle.payload, bundle.signature, material, bundle.timestamps
        )
    if to_json(own) != bundle.data:
        raise malformed("is not as aibom dossier writes a signature", where)


def _is_low(signature: bytes, key: PublicKey) -> bool:
    try:
        return in_low_form(signature, key) == signature
    except ValueError:
        return False


def _key_of(bundle: Bundle, found: Identified) -> PublicKey | None:
    """The key that made a signature which has been verified; None through Sigstore."""
    if isinstance(bundle.material, ChainMaterial):
        return certificate_key(bundle.material.certificates[0])
    authority = found.signer.authority if found.signer else None
    is_key = isinstance(bundle.material, KeyMaterial)
    return authority.key if is_key and isinstance(authority, ByKey) else None


def _said(predicate: Mapping[str, Any], where: str) -> dict[str, str]:
    top = Reader(dict(predicate), where)
    artifact = top.reader("artifact")
    said = {key: artifact.text(key) for key in ("name", "digest")}
    for key in ("decision", "effectiveTime", "policyDigest", "profile", "tool"):
        said[key] = top.text(key)
    top.finish(
        DocumentInvalid,
        "dossier-malformed",
        hint="fetch the archive again, or ask who made it for another",
    )
    return {key: str(value) for key, value in said.items()}


def _signed(found: Identified) -> Signed:
    signer = found.signer
    if signer is None:
        raise AssertionError("only what an allowed signer signed gets here")
    return Signed(signer.signer.name, signer.signer.role, found.who, found.signed_at)


def _artifact(
    folder: Path, signers: tuple[AllowedSigner, ...], when: datetime
) -> tuple[Signed, Verified]:
    bom, bundle = folder / "artifact" / BOM_NAME, folder / "artifact" / BUNDLE_NAME
    where = f"artifact/{BUNDLE_NAME}"
    found = identify(parse_bundle(read_small(bundle), where), signers, when)
    require_allowed(found, where)
    evidence = [folder / "artifact", *_evidence(folder)]
    return _signed(found), verify_document(bom, signers, evidence, when)


def _require_same(said: Mapping[str, str], verified: Verified, path: Path) -> None:
    root = verified.graph.nodes[verified.root]
    if str(root.digest) != said["digest"] or said["name"] not in root.values("name"):
        raise _contradicts("the BOM is about another artifact than the dossier", path)


def _require_verdict(
    folder: Path, found: Mapping[str, str], said: Mapping[str, str], path: Path
) -> None:
    """The verdict must be about this artifact, and made of the files that are here."""
    verdict, lock = (
        read_verdict(folder / "verdict.json"),
        read_policy_lock(folder / "policy"),
    )
    if verdict.artifact != said["digest"]:
        raise _contradicts("the verdict is about another artifact", path)
    if verdict.decision != said["decision"]:
        raise _contradicts("the verdict decides otherwise than the dossier says", path)
    if not lock.digest == verdict.policy_digest == said["policyDigest"]:
        raise _contradicts("the policy is not the one that the verdict is by", path)
    here = {f"sha256:{value}" for value in found.values()}
    for name, value in (*verdict.read, *lock.packs.items()):
        if value not in here:
            raise _contradicts(f"{name!r}, which the verdict is by, is not in it", path)
    for name, value in verdict.data:
        place = f"policy/{name}"
        if place in found and f"sha256:{found[place]}" != value:
            raise _contradicts(f"{place} is not the one that was read", path)


def _require_bytes(artifact: Path, digest: str, progress: Progress | None) -> None:
    content = hash_path(artifact, progress=progress)
    if str(content.digest) != digest:
        raise VerificationFailed(
            f"is {content.digest}; the dossier is about {digest}",
            reason="digest-mismatch",
            where=str(artifact),
            hint="the dossier says nothing about these files",
        )


def _lost(
    folder: Path, verified: Verified, supplied: SuppliedFiles
) -> tuple[Unconfirmed, ...]:
    """The statements that the maker believed, and the reader does not."""
    now: dict[str, Evidence | Supplied] = {}
    every: list[Evidence | Supplied] = [*verified.evidence.items, *supplied.items]
    for one in every:
        if one.signer is not None or one.location not in now:
            now[one.location] = one
    lost = []
    for entry in statements_of(folder / "index.json"):
        path, signer = entry.get("path"), entry.get("signer")
        if not isinstance(path, str) or not isinstance(signer, str):
            continue
        item = now.get(path) or now.get(f"{path.rpartition('/')[0]}/{BOM_NAME}")
        if item is None or item.signer is None:
            reason = item.refusal if item is not None and item.refusal else "not-read"
            lost.append(Unconfirmed(path, signer, reason))
    return tuple(lost)


def _contradicts(said: str, path: Path) -> VerificationFailed:
    return VerificationFailed(
        said,
        reason="dossier-contradicts",
        where=str(path),
        hint="whoever made it did not use aibom, or meant to deceive; ask them",
    )
