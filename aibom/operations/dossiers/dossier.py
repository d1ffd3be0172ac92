"""Make a dossier: all that can be shown about one artifact, in one signed archive.

The artifact is verified and decided about now; then BOM, bundles, evidence, policy and
trust roots are collected as they are, with the verdict, the coverage of a profile, and
an index from its points to files. A denied artifact gets its dossier too, which says
so; one that does not verify gets none. The artifact's own bytes are not in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aibom.attest.authority import ByIdentity
from aibom.attest.signing import StatementSigner
from aibom.digest import BOM_NAME, BUNDLE_NAME, Progress
from aibom.errors import InputError, VerificationFailed
from aibom.operations.dossiers.archive import (
    MAX_BYTES,
    SIGNATURE,
    SUMS,
    sums_of,
    write_archive,
)
from aibom.operations.dossiers.index import index_document, index_text
from aibom.operations.dossiers.readme import readme
from aibom.operations.files import read_small, shown, write_named
from aibom.operations.gate import Options, gate, policy_folder
from aibom.operations.place import Place
from aibom.operations.policies.folder import WAIVERS_SIGNATURE, Folder
from aibom.operations.policies.lock import LOCK_NAME
from aibom.operations.reporting.coverage import load_profile, measure, read_subject
from aibom.report.completeness.coverage import Coverage
from aibom.report.completeness.machine import coverage_document
from aibom.report.text import escape
from aibom.resources import policy_path
from aibom.statement import BASE_URI, Resource, Statement, to_json
from aibom.verdict import Verdict

__all__ = ["DOSSIER_V1", "Made", "Request", "make_dossier", "profile_named"]

#: The predicate type of the statement about a dossier's list of files.
DOSSIER_V1 = BASE_URI + "dossier/v1"
SIGNERS = "signers.yaml"
#: What people call a profile when they ask for a dossier.
_ALSO = {"eu-annex-iv": "aiact-annex-iv-2"}


@dataclass(frozen=True, slots=True)
class Request:
    """What to make a dossier of, by which policy and profile, and who signs it."""

    artifact: Path
    policy: Path
    profile: str
    options: Options
    signer: StatementSigner
    output: Path


@dataclass(frozen=True, slots=True)
class Made:
    """A dossier that was written."""

    verdict: Verdict
    coverage: Coverage
    files: int
    size: int
    digest: str


def profile_named(name: str) -> str:
    """The id of a profile, for a word that people use for it."""
    return _ALSO.get(name, name)


def make_dossier(
    request: Request, now: datetime, progress: Progress | None = None
) -> Made:
    """Verify, decide, collect, sign, and write the archive.

    The same input at the same time makes the same archive, as far as the signer makes
    the same signature (Ed25519 without timestamp does).

    Raises what :func:`~aibom.operations.verify.verify` and the policy folder raise,
    :class:`~aibom.errors.VerificationFailed` for an artifact that does not verify, and
    :class:`~aibom.errors.InputError` (``dossier-too-large``, ``name-unusable``). Then
    nothing is written.
    """
    profile = load_profile(profile_named(request.profile))
    folder = policy_folder(request.policy, request.artifact, request.options)
    request.signer.prepare()
    measured = read_subject(
        request.artifact,
        now,
        evidence=request.options.evidence,
        signers=request.policy / SIGNERS,
        progress=progress,
    )
    verdict = gate(request.artifact, request.policy, request.options, now, progress)
    _require_verified(verdict)
    (found,) = measure(measured, (profile,))
    subject = measured.subject
    evidence, paths = _evidence(request.options.evidence)
    parts = {
        **_artifact(request.artifact),
        **evidence,
        **_rules(request.policy, folder),
    }
    paths = {**_sidecars(parts), **paths}
    index = index_document(found, subject.graph, subject.evidence, paths)
    parts["index.json"] = to_json(index) + b"\n"
    parts["index.md"] = index_text(index).encode()
    parts["verdict.json"] = to_json(verdict.to_document()) + b"\n"
    coverage = coverage_document(
        (found,), subject.digest, measured.spec_version, valid=subject.valid
    )
    parts["coverage.json"] = to_json(coverage) + b"\n"
    parts["profile.yaml"] = policy_path(f"profiles/{profile.id}.yaml").read_bytes()
    what = f"{verdict.artifact_name}\n{verdict.artifact}\n{profile.title}"
    lines = "\n".join(escape(line) for line in what.splitlines())
    parts["README.txt"] = readme(lines, verdict.effective_time, verdict.decision.value)
    return _written(parts, request, verdict, found)


def _written(
    parts: dict[str, bytes], request: Request, verdict: Verdict, found: Coverage
) -> Made:
    parts[SUMS] = sums_of(parts)
    write_archive(parts)  # refuses before anybody is asked for a signature
    statement = _statement(parts[SUMS], verdict, found)
    parts[SIGNATURE] = to_json(request.signer.sign(statement.payload))
    data = write_archive(parts)
    write_named(request.output, data)
    digest = hashlib.sha256(data).hexdigest()
    return Made(verdict, found, len(parts), len(data), f"sha256:{digest}")


def _require_verified(verdict: Verdict) -> None:
    found = verdict.verification
    if found.state != "verified":
        raise VerificationFailed(
            found.message or "could not be verified",
            reason=verdict.reason,
            where=found.where or None,
            hint=found.hint or "a dossier is made of what verifies",
        )


def _statement(sums: bytes, verdict: Verdict, found: Coverage) -> Statement:
    digest = {"sha256": hashlib.sha256(sums).hexdigest()}
    return Statement.build(
        [Resource(name=SUMS, digest=digest)],
        DOSSIER_V1,
        {
            "artifact": {"name": verdict.artifact_name, "digest": verdict.artifact},
            "decision": verdict.decision.value,
            "effectiveTime": verdict.effective_time,
            "policyDigest": verdict.inputs.policy_digest,
            "profile": found.profile.id,
            "tool": verdict.tool,
        },
    )


def _artifact(path: Path) -> dict[str, bytes]:
    """BOM and signatures, under the names that they have in a folder."""
    place = Place.of(path)
    parts = {
        f"artifact/{BOM_NAME}": read_small(place.bom),
        f"artifact/{BUNDLE_NAME}": read_small(place.bundle),
    }
    if place.oms.exists():
        parts["artifact/model.sig"] = read_small(place.oms)
    return parts


def _sidecars(parts: dict[str, bytes]) -> dict[str, str]:
    """Where the artifact's own statements are, by how results name them."""
    names = (BUNDLE_NAME, "model.sig")
    return {n: f"artifact/{n}" for n in names if f"artifact/{n}" in parts}


def _evidence(
    folders: tuple[Path, ...],
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Every file of the evidence, and its path in the dossier by its location."""
    parts: dict[str, bytes] = {}
    paths: dict[str, str] = {}
    total = 0
    for number, folder in enumerate(folders, start=1):
        for file in _files(folder):
            name = f"evidence/{number}/{file.relative_to(folder).as_posix()}"
            parts[name] = read_small(file)
            paths[shown(file, folder)] = name
            total += len(parts[name])
            if total > MAX_BYTES:
                raise InputError(
                    f"holds more than {MAX_BYTES:,} bytes",
                    reason="dossier-too-large",
                    where=str(folder),
                    hint="name folders with statements, not with the data itself",
                )
    return parts, paths


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder; hidden ones are not for others to see."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_symlink():
            raise InputError(
                "is a link, and a dossier holds files: it could lead to anything",
                reason="evidence-link",
                where=str(path),
                hint="put the file itself there, or take the link out",
            )
        if not hidden and path.is_file():
            yield path


def _rules(policy: Path, folder: Folder) -> dict[str, bytes]:
    """What was decided by: the files that were read, the packs, the trust roots."""
    names = {name for name, _ in folder.digests if (policy / name).is_file()}
    if folder.waivers_signature is not None:
        names.add(WAIVERS_SIGNATURE)
    parts = {f"policy/{n}": read_small(policy / n) for n in {*names, LOCK_NAME}}
    for pack in folder.lock.packs:
        stem = pack.removeprefix("builtin:")
        file = policy_path(f"{stem.partition('@')[0]}.yaml")
        parts[f"packs/{stem}.yaml"] = read_small(file)
    for signer in folder.signers:
        if isinstance(signer.authority, ByIdentity):
            root = signer.authority.trust_root
            if root.embedded:
                parts[f"trust/{root.name}.json"] = root.root.data
    return parts
