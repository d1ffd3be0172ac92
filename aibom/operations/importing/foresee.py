"""What of a policy can be decided before any bytes are fetched.

The artifact is evaluated as if all that its source claims held. Only a *fail* of a
check that goes by such claims decides: bytes can add reasons to refuse it, and take
none away. Everything else, above all a yes, waits for the bytes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from aibom.catalogers.remote_code import read_remote_code
from aibom.digest import Content, hash_around_pointers, manifest_digest
from aibom.errors import AibomError
from aibom.operations.gate import Options, decided
from aibom.operations.naming import only_name
from aibom.operations.policies.folder import Folder
from aibom.operations.scanning.snapshot import Snapshot
from aibom.operations.validate import load_bom
from aibom.operations.verify import verify_claims
from aibom.policy.engine import decide
from aibom.verdict import Result, Status, Verdict

__all__ = ["foresee"]

#: Checks whose fails rest on where a thing is from, or on files that were read.
_CERTAIN = frozenset(
    {
        "trusted-source",
        "license",
        "source-age",
        "tainted-ancestor",
        "pinned-revision",
        "remote-code",
        "scanner-flagged",
    }
)


def foresee(
    bom: bytes,
    snapshot: Snapshot,
    folder: Folder,
    options: Options,
    now: datetime,
) -> Verdict | None:
    """The verdict that is certain already, a denial; None where the bytes decide.

    Nothing is certain of an
    artifact whose digest nobody claims, nor of a rule that an exception is about:
    evidence and exceptions go by digest, and by all that is found.

    The verdict is marked as a dry run: nothing of the artifact was verified. What goes
    wrong here is left for the gate to find.
    """
    if snapshot.tree is None:
        return None
    try:
        where = str(snapshot.resolved.reference)
        verified = verify_claims(
            load_bom(bom, where), folder.signers, options.evidence, now
        )
        code = read_remote_code(snapshot.folder, _read_files(snapshot))
    except AibomError:
        return None
    root = verified.graph.nodes[verified.root]
    if root.digest != snapshot.tree:
        return None
    # As far as what remote-code asks for goes, the bytes were looked at.
    evidence = replace(verified.evidence, remote_code=code, bytes_checked=True)
    called = only_name(verified.graph, root, evidence.items)
    verified = replace(verified, name=called, evidence=evidence)
    verdict = decided(folder, verified, options, now, dry_run=True)
    certain = _certain(verdict, folder)
    if not certain:
        return None
    decision, reason, exit_code = decide(certain, len(certain))
    return replace(
        verdict,
        decision=decision,
        reason=reason,
        exit_code=exit_code,
        results=certain,
        verification=replace(verdict.verification, reason="before-bytes"),
    )


def _certain(verdict: Verdict, folder: Folder) -> tuple[Result, ...]:
    """The fails that bytes cannot take away, nor an exception that they bring in."""
    excepted = {entry.rule for entry in folder.waivers or ()}
    return tuple(
        result
        for result in verdict.results
        if result.blocks
        and result.status is Status.FAIL
        and result.check in _CERTAIN
        and result.rule not in excepted
    )


def _read_files(snapshot: Snapshot) -> Content:
    """What was read of it, as a content of its own."""
    found = hash_around_pointers(snapshot.folder)
    digest = manifest_digest((f.path, f.digest.value) for f in found.files)
    return Content(digest, found.files, found.housekeeping, found.locations)
