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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.attest.bundle import parse_bundle
from aibom.attest.signers import AllowedSigner
from aibom.attest.verify import Identified, identify
from aibom.digest import BOM_NAME, BUNDLE_NAME, Progress, hash_path
from aibom.errors import DocumentInvalid, VerificationFailed
from aibom.operations.dossiers.archive import SIGNATURE, SUMS, extract, require_listed
from aibom.operations.dossiers.dossier import DOSSIER_V1
from aibom.operations.files import read_small
from aibom.operations.policies.lock import read_lock
from aibom.operations.verify import Verified, verify_document
from aibom.operations.vouching import require_allowed
from aibom.reading import Reader
from aibom.statement import REFERENCE_V01, parse_json

__all__ = ["Checked", "Lost", "Signed", "check_dossier"]


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
class Lost:
    """A statement that the maker believed, and that cannot be confirmed now."""

    path: str
    signer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What holds. ``lost`` is empty where all that the maker believed still does.

    ``decision`` and ``profile`` are the maker's words; ``compared`` says whether the
    artifact's bytes were there to be hashed.
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
    lost: tuple[Lost, ...]
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
        folder = Path(name)
        found = extract(path, folder)
        sums = require_listed(folder, found, str(path))
        who, said = _signature(folder, sums, signers, when, path)
        bom, verified = _artifact(folder, signers, when)
        _require_same(said, verified, path)
        _require_verdict(folder, found, said, path)
        if artifact is not None:
            _require_bytes(artifact, said["digest"], progress)
        confirmed, lost = _compared(folder, verified)
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
        confirmed=confirmed,
        lost=lost,
        ancestors=verified.ancestors,
        compared=artifact is not None,
        warnings=verified.warnings,
    )


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


def _said(predicate: Mapping[str, Any], where: str) -> dict[str, str]:
    top = Reader(dict(predicate), where)
    artifact = top.reader("artifact")
    said = {key: artifact.text(key) for key in ("name", "digest")}
    for key in ("decision", "effectiveTime", "policyDigest", "profile", "tool"):
        said[key] = top.text(key)
    top.finish(DocumentInvalid, "dossier-malformed")
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
    evidence = [folder / "artifact"]
    if (folder / "evidence").is_dir():
        evidence.append(folder / "evidence")
    verified = verify_document(bom, signers, evidence, when)
    return _signed(found), verified


def _require_same(said: Mapping[str, str], verified: Verified, path: Path) -> None:
    root = verified.graph.nodes[verified.root]
    if str(root.digest) != said["digest"] or said["name"] not in root.values("name"):
        raise _contradicts("the BOM is about another artifact than the dossier", path)


def _require_verdict(
    folder: Path, found: Mapping[str, str], said: Mapping[str, str], path: Path
) -> None:
    """The verdict must be about this artifact, and made of the files that are here."""
    verdict = _document(folder / "verdict.json")
    inputs, lock = verdict["inputs"], read_lock(folder / "policy")
    if verdict["artifact"]["digest"] != said["digest"]:
        raise _contradicts("the verdict is about another artifact", path)
    if verdict["decision"] != said["decision"]:
        raise _contradicts("the verdict decides otherwise than the dossier says", path)
    digest = None if lock is None else lock.digest
    if not digest == inputs["policy_digest"] == said["policyDigest"]:
        raise _contradicts("the policy is not the one that the verdict is by", path)
    here = {f"sha256:{value}" for value in found.values()}
    pinned = dict(lock.packs) if lock else {}
    for name, value in (*inputs["boms"], *inputs["evidence"], *pinned.items()):
        if value not in here:
            raise _contradicts(f"{name!r}, which the verdict is by, is not in it", path)
    for name, value in inputs["data"]:
        place = f"policy/{name}"
        if place in found and f"sha256:{found[place]}" != value:
            raise _contradicts(f"{place} is not the one that was read", path)


def _document(path: Path) -> Any:
    where = path.name
    value = parse_json(read_small(path), where)
    top = Reader(value, where)
    shape = (
        isinstance(top.raw("artifact"), dict),
        isinstance(top.raw("inputs"), dict),
    )
    inputs = value["inputs"] if all(shape) else {}
    pairs = [inputs.get(key) for key in ("boms", "evidence", "data")]
    if not all(shape) or not all(map(_is_pairs, pairs)):
        raise DocumentInvalid("is no verdict", reason="dossier-malformed", where=where)
    return {**value, "inputs": {"policy_digest": None, **inputs}}


def _is_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 for pair in value
    )


def _require_bytes(artifact: Path, digest: str, progress: Progress | None) -> None:
    content = hash_path(artifact, progress=progress)
    if str(content.digest) != digest:
        raise VerificationFailed(
            f"is {content.digest}; the dossier is about {digest}",
            reason="digest-mismatch",
            where=str(artifact),
            hint="the dossier says nothing about these files",
        )


def _compared(folder: Path, verified: Verified) -> tuple[int, tuple[Lost, ...]]:
    """How many statements the reader believes, and which only the maker did."""
    now = {item.location: item for item in verified.evidence.items}
    believed = sum(item.trusted for item in now.values())
    lost = []
    for entry in _document_index(folder / "index.json"):
        path, signer = entry.get("path"), entry.get("signer")
        if not isinstance(path, str) or not isinstance(signer, str):
            continue
        item = now.get(path) or now.get(path.rpartition("/")[0] + f"/{BOM_NAME}")
        if item is None or not item.trusted:
            reason = item.refusal if item is not None and item.refusal else "not-read"
            lost.append(Lost(path, signer, reason))
    return believed, tuple(lost)


def _document_index(path: Path) -> list[dict[str, Any]]:
    value = parse_json(read_small(path), path.name)
    listed = value.get("statements") if isinstance(value, dict) else None
    if not isinstance(listed, list) or not all(isinstance(e, dict) for e in listed):
        raise DocumentInvalid(
            "is no index", reason="dossier-malformed", where=path.name
        )
    return listed


def _contradicts(said: str, path: Path) -> VerificationFailed:
    return VerificationFailed(
        said,
        reason="dossier-contradicts",
        where=str(path),
        hint="whoever made it did not use aibom, or meant to deceive; ask them",
    )
