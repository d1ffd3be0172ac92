"""``aibom.fetched``: an artifact in a ``with`` block, only if the policy allows it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from aibom.attest.signing import KeySigner, StatementSigner
from aibom.errors import Denied, UsageError
from aibom.operations.gate import Options, make_options
from aibom.operations.importing.artifact_lock import LockedArtifact, read_artifact_lock
from aibom.operations.importing.fetch import fetch
from aibom.operations.importing.request import Request
from aibom.operations.signing.sign import load_key
from aibom.sources.opening import open_source
from aibom.sources.reference import Reference

__all__ = ["fetched", "locked_entry"]


@contextmanager
def fetched(
    reference: str,
    *,
    policy: str | Path,
    to: str | Path | None = None,
    key: str | Path | StatementSigner | None = None,
    password: bytes | None = None,
    lock: str | Path | None = None,
    evidence: Iterable[str | Path] = (),
    name: str | None = None,
    offline: bool = False,
    endpoint: str | None = None,
) -> Iterator[Path]:
    """Fetch an artifact through a policy, and give the folder it lies in.

    ::

        with aibom.fetched("hf:org/name@COMMIT", policy="verifier/", key="i.key") as at:
            model = load(at)

    It is what ``aibom fetch`` does. Without ``to`` the folder is a temporary one, which
    is gone when the block ends; with it, it stays, and what is there already is decided
    about again. ``key`` is the importer's: a file (with ``password``, else that in
    AIBOM_KEY_PASSWORD), or a signer.
    ``lock`` is an ``aibom.lock`` in which the reference must stand.

    Raises :class:`~aibom.errors.Denied`, with the verdict, unless the policy says yes,
    and what :func:`~aibom.operations.importing.fetch.fetch` raises.
    """
    asked = Reference.parse(reference)
    options, now = _options(evidence)
    with TemporaryDirectory(prefix="aibom-") as temporary:
        request = Request(
            asked,
            Path(policy),
            Path(temporary, "artifact") if to is None else Path(to),
            options,
            signer=_signer(key, password),
            locked=None if lock is None else locked_entry(Path(lock), asked),
            name=name,
            pseudonym_key=os.environ.get("AIBOM_PSEUDONYM_KEY"),
        )
        source = open_source(asked, offline=offline, endpoint=endpoint)
        done = fetch(request, source, now)
        if done.path is None:
            raise Denied(done.verdict, where=reference)
        yield done.path


def _options(evidence: Iterable[str | Path]) -> tuple[Options, datetime]:
    return make_options(
        tuple(Path(folder) for folder in evidence),
        asked=None,
        clock=datetime.now(UTC),
        allow_past=False,
        tier=None,
        report_only=False,
        policy_digest=None,
    )


def _signer(
    key: str | Path | StatementSigner | None, password: bytes | None
) -> StatementSigner | None:
    if isinstance(key, str | Path):
        known = password or os.environb.get(b"AIBOM_KEY_PASSWORD")
        return KeySigner(load_key(Path(key), known))
    return key


def locked_entry(path: Path, reference: Reference) -> LockedArtifact:
    """What a lock says of a reference; ``UsageError`` (``not-locked``) for nothing."""
    if not os.path.lexists(path):
        raise UsageError(
            "there is no such lock",
            reason="not-locked",
            where=str(path),
            hint=f"aibom lock {reference} writes aibom.lock, to be reviewed; another "
            "place: --lock-file FILE",
        )
    lock = read_artifact_lock(path)
    found = lock.find(reference)
    if found is None:
        near = [key for key in lock.artifacts if _is_same(key, reference)]
        others = f"locked is {', '.join(near)}; " if near else ""
        raise UsageError(
            f"is not in {path}",
            reason="not-locked",
            where=str(reference),
            hint=f"{others}aibom lock {reference} writes it down, to be reviewed",
        )
    return found


def _is_same(key: str, reference: Reference) -> bool:
    """Whether a lock's entry is of the same artifact, at whatever revision."""
    return Reference.parse(key).at(None) == reference.at(None)
