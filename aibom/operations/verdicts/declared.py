"""The declarations of a check, or of a signed verdict, from a file.

``aibom check --output declarations=FILE`` writes the first, unsigned: they are taken as
they are, the word of a program. ``aibom gate --attest FILE`` writes the second; it is
taken from a signer that the caller allows, and from nobody else. One that has expired
is taken as a counter claim. Whether such a verdict is new enough and asked enough to be
relied upon is not asked here: that is
:func:`aibom.operations.verdicts.files.verify_verdict`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.attest.bundle import parse_bundle
from aibom.attest.signers import AllowedSigner
from aibom.attest.summary_statement import Summary, read_summary
from aibom.attest.verify import Identified, identify, namespace_refusal
from aibom.bom.parse import parse, read_bytes
from aibom.errors import DocumentInvalid, UsageError, VerificationFailed
from aibom.lineage.graph import Graph
from aibom.operations.files import read_small
from aibom.operations.validate import problems_of
from aibom.operations.verify import load_signers
from aibom.operations.vouching import require_allowed
from aibom.report.attested import SignedVerdict, attested_declarations

__all__ = ["Believed", "Declarations", "read_declarations"]

#: Members that a Sigstore bundle has and no CycloneDX document.
_SIGNED = frozenset({"dsseEnvelope", "verificationMaterial", "messageSignature"})


@dataclass(frozen=True, slots=True)
class Believed:
    """Whose signed verdicts to take: a ``signers.yaml``, as of a time."""

    signers: Path
    now: datetime


@dataclass(frozen=True, slots=True)
class Declarations:
    """A document with declarations, and who signed what it says; nobody, if empty."""

    document: Mapping[str, Any]
    signer: str = ""


def read_declarations(
    path: Path, graph: Graph, artifact: Path, believed: Believed | None
) -> Declarations:
    """Read a file of either sort, for the BOM that ``graph`` was read from.

    ``artifact`` is where that BOM lies: the signers may not lie in it.

    Raises :class:`~aibom.errors.UsageError` (``signers-missing`` for a signed verdict
    when nobody is believed, ``option-not-for-format`` for signers beside a file that
    nobody signed), :class:`~aibom.errors.VerificationFailed` for a signed verdict that
    does not hold (what :func:`~aibom.attest.verify.identify`,
    :func:`~aibom.attest.summary_statement.read_summary` and
    :func:`~aibom.operations.vouching.require_allowed` raise,
    ``namespace-not-allowed``, ``verdict-other-verifier``), and
    :class:`~aibom.errors.DocumentInvalid` for what cannot be read.
    """
    if not _is_signed(path):
        if believed is not None:
            raise UsageError(
                "nobody signed these declarations, so there is no signer to believe",
                reason="option-not-for-format",
                where="--signers",
                hint="leave --signers out, or give the signed verdict of: aibom gate "
                "--attest FILE",
            )
        return Declarations(_unsigned(path))
    if believed is None:
        raise UsageError(
            "is a signed verdict, and nothing says whose to believe",
            reason="signers-missing",
            where=str(path),
            hint="--signers FILE; or the unsigned declarations of: aibom check "
            "--output declarations=FILE",
        )
    signers = load_signers(believed.signers, artifact)
    verdict = _verified(path, signers, believed.now)
    document = attested_declarations(verdict, str(graph.root), believed.now)
    return Declarations(document, verdict.signer)


def _is_signed(path: Path) -> bool:
    document = parse(read_bytes(path), str(path)).document
    return bool(_SIGNED & document.keys())


def _unsigned(path: Path) -> dict[str, Any]:
    """The declarations of a verdict, as a valid document."""
    data = read_bytes(path)
    parsed = parse(data, str(path))
    digest = hashlib.sha256(data).hexdigest()
    problems = problems_of(parsed.document, digest, "references", parsed.duplicate_keys)
    if problems:
        raise DocumentInvalid(
            f"{problems[0].pointer or '/'}: {problems[0].message}",
            reason=problems[0].reason,
            where=str(path),
            hint="aibom check … --output declarations=FILE writes them",
        )
    return parsed.document


def _verified(
    path: Path, signers: tuple[AllowedSigner, ...], now: datetime
) -> SignedVerdict:
    """What an allowed signer signed, as the verifier that it may speak as."""
    data, where = read_small(path), str(path)
    identified = identify(parse_bundle(data, where), signers, now)
    require_allowed(identified, where)
    summary = read_summary(identified.statement, where)
    _require_speaker(identified, summary, where)
    signer = identified.signer
    return SignedVerdict(
        name=summary.name,
        artifact=str(summary.artifact),
        verifier=summary.verifier_id,
        signer="" if signer is None else signer.signer.name,
        decision=summary.decision,
        reason=summary.reason,
        tier=summary.tier.value,
        policy_uri=summary.policy_uri,
        policy_digest=summary.policy_digest,
        report_only=summary.report_only,
        verified_at=summary.verified_at,
        expires=summary.expires,
        bundle=data,
    )


def _require_speaker(identified: Identified, summary: Summary, where: str) -> None:
    refusal = namespace_refusal(identified)
    if refusal is not None:
        raise VerificationFailed(
            f"was signed by a signer who may not speak of {summary.name}",
            reason=refusal,
            where=where,
            hint="namespaces stand in signers.yaml",
        )
    signer = identified.signer
    if signer is None or signer.verifier_id != summary.verifier_id:
        raise VerificationFailed(
            f"speaks as {summary.verifier_id}, which its signer is not",
            reason="verdict-other-verifier",
            where=where,
            hint="signers.yaml has the verifier_id of each signer of verdicts",
        )
