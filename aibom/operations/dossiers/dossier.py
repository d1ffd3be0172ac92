"""Make a dossier: all that can be shown about one artifact, in one signed archive.

The artifact is verified and decided about now; then BOM, bundles, evidence, policy and
trust roots are collected as they are, with the verdict, the coverage of a profile, and
an index from its points to files. A denied artifact gets its dossier too, which says
so; one that does not verify gets none. The artifact's own bytes are not in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import cast

from aibom.attest.authority import ByIdentity
from aibom.attest.signing import StatementSigner
from aibom.digest import BOM_NAME, BUNDLE_NAME, Progress
from aibom.errors import InputError, VerificationFailed
from aibom.operations.dossiers.archive import (
    SIGNATURE,
    SUMS,
    Part,
    require_fits,
    sums_of,
    write_archive,
)
from aibom.operations.dossiers.index import Given, index_document, index_text
from aibom.operations.dossiers.readme import DOSSIER_V1, readme
from aibom.operations.dossiers.staging import Staged, staged
from aibom.operations.dossiers.supplied import Said, documents, supplied_answers
from aibom.operations.files import MAX_SMALL, read_small, write_named
from aibom.operations.gate import Options, gate, policy_folder
from aibom.operations.place import Place
from aibom.operations.policies.folder import WAIVERS_SIGNATURE, Folder
from aibom.operations.policies.lock import LOCK_NAME
from aibom.operations.reporting.coverage import (
    Measured,
    load_profile,
    measure,
    read_subject,
)
from aibom.operations.reporting.report import load_catalogue
from aibom.operations.suppliers.answers import SuppliedFiles, read_supplied
from aibom.report.completeness.coverage import Coverage
from aibom.report.completeness.machine import coverage_document
from aibom.report.completeness.profile import Profile
from aibom.report.diligence.material import File, Material, Signature
from aibom.report.text import escape
from aibom.resources import policy_path
from aibom.statement import Resource, Statement, to_json
from aibom.verdict import Verdict

__all__ = ["DOSSIER_V1", "Made", "Request", "make_dossier", "profile_named"]

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
    """A dossier that was written.

    ``supplied`` is how many answers and documents of suppliers are in its index,
    ``problems`` are statements of theirs that could not be used.
    """

    verdict: Verdict
    coverage: Coverage
    files: int
    size: int
    digest: str
    supplied: tuple[int, int] = (0, 0)
    problems: tuple[str, ...] = ()


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
    policy_folder(request.policy, request.artifact, request.options)
    request.signer.prepare()
    with staged(request.options.evidence) as evidence, evidence.named_as_given():
        return _made(request, profile, evidence, now, progress)


def _made(
    request: Request,
    profile: Profile,
    evidence: Staged,
    now: datetime,
    progress: Progress | None,
) -> Made:
    options = replace(request.options, evidence=evidence.evidence)
    folder = policy_folder(request.policy, request.artifact, options)
    measured = read_subject(
        request.artifact,
        now,
        evidence=options.evidence,
        signers=request.policy / SIGNERS,
        progress=progress,
    )
    verdict = gate(request.artifact, request.policy, options, now, progress)
    _require_verified(verdict)
    (found,) = measure(measured, (profile,))
    subject = measured.subject
    artifact = _artifact(request.artifact)
    parts = {**evidence.parts, **_parts({**artifact, **_rules(request.policy, folder)})}
    supplied = read_supplied(options.evidence, folder.signers, now)
    given = _given(supplied, measured, verdict, evidence, now)
    paths = {**_sidecars(artifact), **{name: name for name in evidence.parts}}
    index = index_document(found, subject.graph, subject.evidence, paths, given)
    coverage = coverage_document(
        (found,), subject.digest, measured.spec_version, valid=subject.valid
    )
    parts |= _parts(
        {
            "index.json": to_json(index) + b"\n",
            "index.md": index_text(index).encode(),
            "verdict.json": to_json(verdict.to_document()) + b"\n",
            "coverage.json": to_json(coverage) + b"\n",
            "profile.yaml": policy_path(f"profiles/{profile.id}.yaml").read_bytes(),
            "README.txt": _readme(verdict, profile),
        }
    )
    statements = len(given.answers), len(given.documents)
    written = _written(parts, request, verdict, found, evidence.root)
    return replace(written, supplied=statements, problems=given.problems)


def _parts(files: Mapping[str, bytes]) -> dict[str, Part]:
    return {name: Part.of(data) for name, data in files.items()}


def _readme(verdict: Verdict, profile: Profile) -> bytes:
    what = f"{verdict.artifact_name}\n{verdict.artifact}\n{profile.title}"
    lines = "\n".join(escape(line) for line in what.splitlines())
    return readme(lines, verdict.effective_time, verdict.decision.value)


def _given(
    supplied: SuppliedFiles,
    measured: Measured,
    verdict: Verdict,
    evidence: Staged,
    now: datetime,
) -> Given:
    """What suppliers stated, and where the folders came from."""
    files: dict[str, list[str]] = {}
    for name, part in sorted(evidence.parts.items()):
        files.setdefault(part.sha256, []).append(name)
    said = Said(
        supplied,
        _material(measured, verdict, now),
        {one.id: one.asks for one in load_catalogue().questions},
        {digest: tuple(names) for digest, names in files.items()},
    )
    statements = [
        {
            "path": item.location,
            "signer": item.signer.signer.name if item.signer else None,
            "refusal": item.refusal,
        }
        for item in sorted(supplied.items, key=lambda item: item.location)
    ]
    return Given(
        tuple(supplied_answers(said)),
        tuple(documents(said)),
        supplied.problems,
        tuple(statements),
        tuple((one.place, one.name, one.files) for one in evidence.folders),
    )


def _material(measured: Measured, verdict: Verdict, now: datetime) -> Material:
    """What answers are compared with; no report is made of it."""
    subject = measured.subject
    file = File(BOM_NAME, subject.digest)
    return Material(
        subject.graph,
        subject.document,
        subject.evidence,
        verdict,
        {},
        file,
        Signature(),
        now,
    )


def _written(
    parts: dict[str, Part],
    request: Request,
    verdict: Verdict,
    found: Coverage,
    work: Path,
) -> Made:
    for name in ("index.json", "verdict.json"):
        if parts[name].size > MAX_SMALL:
            raise InputError(
                f"its {name} would have {parts[name].size:,} bytes, and no more than "
                f"{MAX_SMALL:,} are read again",
                reason="dossier-too-large",
                hint="leave evidence out that is about something else",
            )
    sums = sums_of(parts)
    parts[SUMS] = Part.of(sums)
    require_fits(parts)  # before anybody is asked for a signature
    statement = _statement(sums, verdict, found)
    parts[SIGNATURE] = Part.of(to_json(request.signer.sign(statement.payload)))
    path = work / "dossier.zip"
    with path.open("wb") as out:
        write_archive(parts, out)
    whole = Part.of(path)
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as view:
        # The pages of a file: a dossier may be larger than what there is of memory.
        write_named(request.output, cast("bytes", view))
    return Made(verdict, found, len(parts), whole.size, f"sha256:{whole.sha256}")


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


def _sidecars(artifact: Mapping[str, bytes]) -> dict[str, str]:
    """Where the artifact's own statements are, by how results name them."""
    return {name.removeprefix("artifact/"): name for name in artifact}


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
