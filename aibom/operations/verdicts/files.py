"""Verdicts on disk: signed after a gate, and relied upon in place of one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from aibom.attest.bundle import parse_bundle
from aibom.attest.signers import AllowedSigner
from aibom.attest.signing import StatementSigner
from aibom.attest.summary_statement import Summary
from aibom.attest.verify import identify
from aibom.digest import Digest, Progress, hash_path
from aibom.errors import UsageError, VerificationFailed
from aibom.operations.files import is_inside, read_small, write_named
from aibom.operations.not_before import require_not_before
from aibom.operations.place import Place
from aibom.operations.verdicts.verdicts import Demand, accept_verdict, make_summary
from aibom.policy.data import read_advisories
from aibom.reading import parse_yaml
from aibom.statement import to_json
from aibom.verdict import Decision, Verdict

__all__ = ["newest_sequence", "verify_verdict", "write_attested"]


def write_attested(
    verdict: Verdict,
    artifact: Path,
    output: Path,
    signer: StatementSigner,
    *,
    verifier_id: str,
    verified_at: datetime,
    valid_for: timedelta | None = None,
) -> None:
    """Sign a gate's verdict, whatever it says, and write the bundle to ``output``.

    A verdict that came before the artifact was known is made about the bytes that are
    there, under the name of the path. Raises what
    :func:`~aibom.operations.verdicts.verdicts.make_summary` and the signer raise; then
    nothing is written.
    """
    if verdict.decision is Decision.ALLOWED and not verdict.verification.name:
        raise VerificationFailed(
            f"nobody vouches that {verdict.artifact_name!r} is its one name",
            reason="verdict-name-unvouched",
            where=str(artifact),
            hint="BOM, records and statements must call it the same",
        )
    if verdict.artifact:
        digest = Digest.parse(verdict.artifact)
    else:
        digest = hash_path(artifact).digest
    statement = make_summary(
        verdict,
        name=verdict.artifact_name or artifact.resolve().name,
        artifact=digest,
        verifier_id=verifier_id,
        verified_at=verified_at,
        expires=None if valid_for is None else verified_at + valid_for,
    )
    write_named(output, to_json(signer.sign(statement.payload)))


def newest_sequence(advisories: Path) -> int:
    """The sequence of an ``advisories.yaml``: the newest that its owner knows of."""
    data = read_small(advisories)
    value = parse_yaml(data, str(advisories))
    return read_advisories(value, str(advisories)).sequence


def verify_verdict(
    path: Path,
    verdict: Path,
    signers: tuple[AllowedSigner, ...],
    demand: Demand,
    now: datetime,
    progress: Progress | None = None,
) -> tuple[Summary, tuple[str, ...]]:
    """Rely on a signed verdict for the bytes that are there now.

    Returns with it what lies there and is not covered, as no digest covers it.

    Reads neither BOM nor evidence: what they said was judged by the verifier. Raises
    :class:`~aibom.errors.UsageError` (``verdict-inside-artifact``,
    ``effective-time-before-evidence``), and what
    :func:`~aibom.operations.verdicts.verdicts.accept_verdict` raises.
    """
    Place.of(path)
    if is_inside(verdict, path):
        raise UsageError(
            "the verdict lies inside the artifact, and so is part of it",
            reason="verdict-inside-artifact",
            where=str(verdict),
            hint="keep verdicts beside the artifact",
        )
    # The cheap refusals first; hashing can take hours.
    identified = identify(parse_bundle(read_small(verdict), str(verdict)), signers, now)
    require_not_before(identified, now, str(verdict))
    claimed = _claimed_digest(identified.statement.subjects[0].content())
    accept_verdict(identified, claimed, demand, now, str(verdict))
    content = hash_path(path, progress=progress)
    summary = accept_verdict(identified, content.digest, demand, now, str(verdict))
    return summary, content.housekeeping


def _claimed_digest(digest: Digest | None) -> Digest:
    return digest or Digest("file", "0" * 64)
