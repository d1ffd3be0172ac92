"""Exceptions from the verifier's folder: signed by whom, and what each is worth now.

``waivers.yaml`` counts only together with ``waivers.sigstore.json``, the signature of
an allowed signer in a role that the policy's ``exceptions`` lists. Both are pinned by
the lock, like everything else in the folder.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aibom.attest.bundle import parse_bundle
from aibom.attest.signers import AllowedSigner
from aibom.attest.verify import identify
from aibom.digest import Digest
from aibom.errors import PolicyInvalid, VerificationFailed
from aibom.operations.files import read_small, write_atomic
from aibom.operations.policies.folder import WAIVERS, WAIVERS_SIGNATURE, Folder
from aibom.policy.context import Context
from aibom.policy.engine import rules_in_force
from aibom.policy.exceptions import Subject, apply, digests_of, judge
from aibom.policy.waivers import Waivers, read_waivers
from aibom.reading import parse_yaml
from aibom.statement import WAIVERS_V1, Resource, Statement, to_json
from aibom.verdict import ExceptionNote, Result, Tier

if TYPE_CHECKING:
    from aibom.attest.signing import StatementSigner

__all__ = ["excepted", "is_waivers", "sign_waivers"]


def is_waivers(path: Path) -> bool:
    """Whether a path is that of a verifier's exceptions, by its name."""
    return path.name == WAIVERS and path.is_file()


def sign_waivers(path: Path, signer: StatementSigner) -> Path:
    """Sign a ``waivers.yaml`` that can be read; returns the signature beside it."""
    signer.prepare()
    data = read_small(path)
    read_waivers(parse_yaml(data, str(path)), str(path))
    digest = Digest("file", hashlib.sha256(data).hexdigest())
    statement = Statement.build([Resource.subject(WAIVERS, digest)], WAIVERS_V1, {})
    bundle = path.with_name(WAIVERS_SIGNATURE)
    write_atomic(bundle, to_json(signer.sign(statement.payload)))
    return bundle


def excepted(
    folder: Folder, context: Context, results: tuple[Result, ...], tier: Tier
) -> tuple[tuple[Result, ...], tuple[ExceptionNote, ...]]:
    """The results with the exceptions that are in force, and what each is worth.

    Raises :class:`~aibom.errors.PolicyInvalid` (``waivers-signature-invalid``) for a
    signature that is there and does not hold.
    """
    if folder.waivers is None:
        return results, ()
    signer = _signed_by(folder, context.now)
    exceptable = {
        rule.id: rule.exceptable for rule in rules_in_force(folder.policy, tier)
    }
    subject = Subject(context, results, exceptable, tier, folder.policy.exceptions)
    waivers = Waivers(folder.waivers)
    if signer is not None:
        who = signer.signer
        waivers = Waivers(folder.waivers, who.role, who.party, signer.namespaces)
    notes = judge(waivers, subject)
    return apply(results, notes, digests_of(context)), notes


def _signed_by(folder: Folder, now: datetime) -> AllowedSigner | None:
    """Whoever signed the exceptions; None where nobody allowed did."""
    if folder.waivers_signature is None:
        return None
    where = str(folder.path / WAIVERS_SIGNATURE)
    try:
        found = identify(
            parse_bundle(folder.waivers_signature, where), folder.signers, now
        )
    except VerificationFailed as error:
        raise PolicyInvalid(
            f"the signature of the exceptions does not hold: {error.message}",
            reason="waivers-signature-invalid",
            where=where,
            hint=f"sign them again: aibom sign {folder.path / WAIVERS}",
        ) from error
    named = {s.content() for s in found.statement.subjects if s.name == WAIVERS}
    if named != {folder.waivers_digest}:
        raise PolicyInvalid(
            "the signature is over another waivers.yaml",
            reason="waivers-signature-invalid",
            where=where,
            hint=f"sign it again: aibom sign {folder.path / WAIVERS}",
        )
    if found.refusal is not None or found.signer is None:
        return None
    return found.signer
