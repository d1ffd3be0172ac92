"""The verifier's folder: policy, signers, sources, roots, advisories, and their lock.

``policy.lock`` pins the digest of every file and pack; a gate refuses to run without it
or when anything differs. Advisories are the exception: they must be able to grow
between two locks, so the lock pins the lowest sequence that is accepted instead of the
bytes.

Nothing beside an artifact is ever read as configuration, and a policy folder inside the
artifact is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aibom.attest.authority import ByIdentity
from aibom.attest.signers import AllowedSigner, read_signers, signer_warnings
from aibom.digest import Digest
from aibom.errors import AibomError, PolicyInvalid
from aibom.operations.files import is_inside, read_small, write_atomic
from aibom.policy.data import (
    PolicyData,
    read_accepted_roots,
    read_advisories,
    read_trusted_sources,
)
from aibom.policy.document import Policy, combine, read_policy
from aibom.policy.waivers import ExceptionEntry, read_waivers
from aibom.reading import Reader, parse_yaml
from aibom.resources import policy_path, resource_dir
from aibom.statement import parse_json, to_json

__all__ = [
    "Folder",
    "builtin_packs",
    "lint_folder",
    "load_folder",
    "lock_folder",
    "require_outside",
]

POLICY_NAME = "policy.yaml"
LOCK_NAME = "policy.lock"
ADVISORIES = "advisories.yaml"
WAIVERS = "waivers.yaml"
WAIVERS_SIGNATURE = "waivers.sigstore.json"
LOCK_VERSION = "aibom/policy-lock/v1"


@dataclass(frozen=True, slots=True)
class Lock:
    """What ``policy.lock`` pins."""

    files: Mapping[str, str]
    packs: Mapping[str, str]
    minimum_sequence: int | None

    def document(self) -> dict[str, Any]:
        """The lock as JSON-ready values."""
        pinned = {"files": dict(self.files), "packs": dict(self.packs)}
        return {
            "apiVersion": LOCK_VERSION,
            "digest": self.digest,
            "minimumAdvisorySequence": self.minimum_sequence,
            **pinned,
        }

    @property
    def digest(self) -> str:
        """One SHA-256 of all that is pinned: what ``--policy-digest`` compares."""
        pinned = {
            "files": dict(self.files),
            "minimumAdvisorySequence": self.minimum_sequence,
            "packs": dict(self.packs),
        }
        return f"sha256:{hashlib.sha256(to_json(pinned)).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Folder:
    """A verifier's folder that was read: nothing in it is malformed."""

    path: Path
    policy: Policy
    data: PolicyData
    signers: tuple[AllowedSigner, ...]
    lock: Lock
    locked: bool
    digests: tuple[tuple[str, str], ...]
    advisories_sequence: int | None
    waivers: tuple[ExceptionEntry, ...] | None = None
    waivers_digest: Digest | None = None
    waivers_signature: bytes | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What whoever relies on the folder should know."""
        return signer_warnings(self.signers)

    @property
    def digest(self) -> str:
        """The digest of policy, data and packs as they are now."""
        return self.lock.digest


def require_outside(policy: Path, artifact: Path) -> None:
    """Refuse a policy folder inside the artifact: trust starts outside of it."""
    if is_inside(policy, artifact):
        raise PolicyInvalid(
            "lies inside the artifact, which would then decide about itself",
            reason="policy-inside-artifact",
            where=str(policy),
            hint="keep the policy in a folder of the verifier's",
        )


def load_folder(path: Path, *, require_lock: bool) -> Folder:
    """Read a verifier's folder; raises :class:`~aibom.errors.PolicyInvalid` (exit 2).

    With ``require_lock`` a missing lock is ``policy-not-locked``. A lock that is there
    must match in any case: ``policy-lock-mismatch``, ``advisories-rolled-back``.
    """
    kept = _read_lock(path)
    folder = _load(path, kept is not None)
    if kept is not None:
        _compare(path, kept, folder.lock)
        # The digest is that of the lock: newer advisories do not change it, a lower
        # sequence that is accepted does.
        folder = replace(folder, lock=kept)
    elif require_lock:
        raise PolicyInvalid(
            f"has no {LOCK_NAME}; a gate demands one",
            reason="policy-not-locked",
            where=str(path),
            hint=f"review the folder, then: aibom policy lock {path}",
        )
    return folder


def _load(path: Path, locked: bool) -> Folder:
    """Read everything but the lock."""
    reads = _Reads(path)
    policy = read_policy(reads.yaml(POLICY_NAME), str(path / POLICY_NAME))
    packs: dict[str, Policy] = {}
    digests: dict[str, str] = {}
    _load_packs(policy.extends, packs, digests, ())
    policy = combine(policy, packs)
    values = {name: reads.yaml(name) for name in policy.data}
    data, signers = _data(reads, values)
    reads.digests.update(_embedded_roots(signers))
    exceptions = _waivers(reads, values)
    _require_data(policy)
    sequence = data.advisories.sequence if data.advisories else None
    now = Lock(
        {name: d for name, d in sorted(reads.digests.items()) if name != ADVISORIES},
        dict(sorted(digests.items())),
        sequence,
    )
    return Folder(
        path,
        policy,
        data,
        signers,
        now,
        locked,
        tuple(sorted(reads.digests.items())),
        sequence,
        *exceptions,
    )


class _Reads:
    """Reads files of one folder, and remembers the digests of the bytes it parsed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digests: dict[str, str] = {}

    def yaml(self, name: str) -> Any:
        """A parsed file."""
        return parse_yaml(self.bytes(name), str(self.path / name))

    def bytes(self, name: str) -> bytes:
        """The bytes of a file, which the lock will pin."""
        where = str(self.path / name)
        if not self.path.is_dir():
            raise PolicyInvalid(
                "is not a folder with a policy.yaml",
                reason="policy-unreadable",
                where=str(self.path),
            )
        try:
            data = read_small(self.path / name)
        except AibomError as error:
            raise PolicyInvalid(
                error.message, reason="policy-unreadable", where=where
            ) from error
        self.digests[name] = f"sha256:{hashlib.sha256(data).hexdigest()}"
        return data


def _load_packs(
    names: tuple[str, ...],
    packs: dict[str, Policy],
    digests: dict[str, str],
    above: tuple[str, ...],
) -> None:
    for name in names:
        if name in above:
            raise PolicyInvalid(
                f"{' → '.join((*above, name))} extends itself", reason="pack-cycle"
            )
        if name in packs:
            continue
        packs[name], digests[name] = _load_pack(name)
        _load_packs(packs[name].extends, packs, digests, (*above, name))


def _load_pack(name: str) -> tuple[Policy, str]:
    stem, _, version = name.removeprefix("builtin:").partition("@")
    try:
        path = policy_path(f"{stem}.yaml")
        data = read_small(path)
    except AibomError as error:
        raise PolicyInvalid(
            f"there is no pack {name!r}",
            reason="pack-missing",
            hint="aibom policy list shows the packs",
        ) from error
    pack = read_policy(parse_yaml(data, name), name, origin=name)
    if pack.version != version:
        raise PolicyInvalid(
            f"{name!r} is not here; this program has version {pack.version}",
            reason="pack-missing",
            hint=f"extend builtin:{stem}@{pack.version}, after reading what changed",
        )
    return pack, f"sha256:{hashlib.sha256(data).hexdigest()}"


def _data(
    reads: _Reads, values: Mapping[str, Any]
) -> tuple[PolicyData, tuple[AllowedSigner, ...]]:
    def read(name: str, reader: Any) -> Any:
        if name not in values:
            return None
        return reader(values[name], str(reads.path / name))

    def signers(value: Any, where: str) -> tuple[AllowedSigner, ...]:
        return read_signers(value, where, reads.bytes)

    data = PolicyData(
        sources=read("trusted-sources.yaml", read_trusted_sources),
        roots=read("accepted-roots.yaml", read_accepted_roots),
        advisories=read(ADVISORIES, read_advisories),
    )
    return data, read("signers.yaml", signers) or ()


def _waivers(
    reads: _Reads, values: Mapping[str, Any]
) -> tuple[tuple[ExceptionEntry, ...] | None, Digest | None, bytes | None]:
    """The exceptions, the digest of their file, and its signature if there is one."""
    if WAIVERS not in values:
        return None, None, None
    entries = read_waivers(values[WAIVERS], str(reads.path / WAIVERS))
    digest = Digest("file", reads.digests[WAIVERS].removeprefix("sha256:"))
    signed = (reads.path / WAIVERS_SIGNATURE).is_file()
    return entries, digest, reads.bytes(WAIVERS_SIGNATURE) if signed else None


def _embedded_roots(signers: tuple[AllowedSigner, ...]) -> dict[str, str]:
    """Trust roots that are no file of the folder: a new program may bring new ones."""
    roots = [
        s.authority.trust_root for s in signers if isinstance(s.authority, ByIdentity)
    ]
    return {
        f"trust root {root.name} (embedded)": f"sha256:{root.root.digest}"
        for root in roots
        if root.embedded
    }


def _require_data(policy: Policy) -> None:
    for rule in policy.rules:
        for name in rule.check.needs:
            if name not in policy.data:
                raise PolicyInvalid(
                    f"the rule {rule.id!r} needs {name}, which data: does not list",
                    reason="policy-data-missing",
                    where=POLICY_NAME,
                    hint=f"write {name} and add it to data: in {POLICY_NAME}",
                )


def lint_folder(path: Path) -> tuple[Folder, tuple[str, ...]]:
    """Read a folder that is being edited, and what changed in it since its lock.

    The changes are ``file NAME`` and ``pack NAME``. Raises as :func:`load_folder`
    without ``require_lock``, except that it never raises ``policy-lock-mismatch``.
    """
    kept = _read_lock(path)
    folder = _load(path, kept is not None)
    if kept is None:
        return folder, ()
    _require_sequence(path, kept, folder.lock)
    return folder, tuple(_changes(kept, folder.lock))


def lock_folder(path: Path) -> Lock:
    """Pin the folder as it is now; writes ``policy.lock``.

    Refuses to lower the advisory sequence of a lock that is there.
    """
    kept = _read_lock(path)
    folder = _load(path, kept is not None)
    if kept is not None:
        _require_sequence(path, kept, folder.lock)
    text = json.dumps(folder.lock.document(), indent=2, sort_keys=True) + "\n"
    write_atomic(path / LOCK_NAME, text.encode())
    return folder.lock


def builtin_packs() -> tuple[Policy, ...]:
    """The packs that came with this program, by name."""
    names = sorted(path.stem for path in resource_dir("policies").glob("*.yaml"))
    return tuple(
        read_policy(parse_yaml(read_small(policy_path(f"{name}.yaml")), name), name)
        for name in names
    )


def _read_lock(path: Path) -> Lock | None:
    file = path / LOCK_NAME
    if not file.exists():
        return None
    try:
        value = parse_json(read_small(file), str(file))
    except AibomError as error:
        raise PolicyInvalid(
            f"cannot be read: {error.message}",
            reason="policy-lock-unreadable",
            where=str(file),
        ) from error
    top = Reader(value, str(file))
    if top.text("apiVersion") not in (None, LOCK_VERSION):
        top.problem(f"is not {LOCK_VERSION!r}", "apiVersion")
    parts = []
    for key in ("files", "packs"):
        reader = top.reader(key)
        parts.append({name: reader.text(name) for name in reader.keys()})  # noqa: SIM118
    digest, sequence = top.text("digest"), top.raw("minimumAdvisorySequence")
    if sequence is not None and (type(sequence) is not int or sequence < 1):
        top.problem("must be 1 or more, or null", "minimumAdvisorySequence")
    top.finish(PolicyInvalid, "policy-lock-unreadable")
    lock = Lock(parts[0], parts[1], sequence)
    if digest != lock.digest:
        raise PolicyInvalid(
            "its digest is not that of what it pins",
            reason="policy-lock-unreadable",
            where=str(file),
            hint=f"somebody edited it; review, then: aibom policy lock {path}",
        )
    return lock


def _compare(path: Path, kept: Lock, now: Lock) -> None:
    for name in _changes(kept, now):
        raise PolicyInvalid(
            f"the {name} is not the one that was locked",
            reason="policy-lock-mismatch",
            where=str(path / LOCK_NAME),
            hint=f"review the change, then: aibom policy lock {path}",
        )
    _require_sequence(path, kept, now)


def _changes(kept: Lock, now: Lock) -> list[str]:
    """``file NAME`` and ``pack NAME`` for all that differs, is new or is gone."""
    return [
        f"{kind} {name}"
        for kind, before, after in (
            ("file", kept.files, now.files),
            ("pack", kept.packs, now.packs),
        )
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _require_sequence(path: Path, kept: Lock, now: Lock) -> None:
    if kept.minimum_sequence is None:
        return
    if now.minimum_sequence is None or now.minimum_sequence < kept.minimum_sequence:
        raise PolicyInvalid(
            f"the advisories' sequence is {now.minimum_sequence}; "
            f"{kept.minimum_sequence} or later was accepted before",
            reason="advisories-rolled-back",
            where=str(path / ADVISORIES),
            hint="fetch the newest advisories",
        )
