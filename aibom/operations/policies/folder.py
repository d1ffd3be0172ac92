"""The verifier's folder: policy, signers, the other data files, and their lock.

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
from aibom.operations.policies.lock import (
    ADVISORIES,
    LOCK_NAME,
    Lock,
    changes,
    read_lock,
    require_locked,
    require_sequence,
)
from aibom.operations.policies.plugins import extra_checks, load_plugins, named_plugins
from aibom.policy.data import (
    PolicyData,
    read_accepted_roots,
    read_advisories,
    read_trusted_sources,
)
from aibom.policy.document import Policy, combine, read_policy
from aibom.policy.suppliers import read_suppliers
from aibom.policy.waivers import ExceptionEntry, read_waivers
from aibom.reading import parse_yaml
from aibom.resources import policy_path, resource_dir

__all__ = [
    "Folder",
    "builtin_packs",
    "lint_folder",
    "load_folder",
    "lock_folder",
    "require_outside",
]

POLICY_NAME = "policy.yaml"
WAIVERS = "waivers.yaml"
WAIVERS_SIGNATURE = "waivers.sigstore.json"
_MISSING = "put it there; aibom policy init DIR writes all that a folder needs"


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
        return (*self.policy.warnings, *signer_warnings(self.signers))

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
    kept = read_lock(path)
    if kept is None and require_lock and _names_plugins(path):
        # Before anything is loaded: an organisation's checks are code.
        raise _not_locked(path)
    folder = _load(path, kept, pinned=kept)
    if kept is None and require_lock:
        raise _not_locked(path)
    if kept is None:
        return folder
    require_locked(path, kept, folder.lock)
    # The digest is that of the lock: newer advisories do not change it, a lower
    # sequence that is accepted does.
    return replace(folder, lock=kept)


def _names_plugins(path: Path) -> bool:
    return bool(named_plugins(_Reads(path).yaml(POLICY_NAME)))


def _not_locked(path: Path) -> PolicyInvalid:
    return PolicyInvalid(
        f"has no {LOCK_NAME}; a gate demands one",
        reason="policy-not-locked",
        where=str(path),
        hint=f"review the folder, then: aibom policy lock {path}",
    )


def _load(path: Path, kept: Lock | None, *, pinned: Lock | None = None) -> Folder:
    """Read everything but the lock; ``pinned`` says which plugins may be loaded."""
    reads = _Reads(path)
    value, where = reads.yaml(POLICY_NAME), str(path / POLICY_NAME)
    plugins = load_plugins(value, where, pinned.files if pinned else None)
    reads.digests.update(plugin.pin for plugin in plugins)
    policy = read_policy(value, where, extra_checks=extra_checks(plugins))
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
        kept is not None,
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
                hint="aibom policy init DIR writes one to start from",
            )
        try:
            data = read_small(self.path / name)
        except AibomError as error:
            raise PolicyInvalid(
                error.message,
                reason="policy-unreadable",
                where=where,
                hint=_MISSING if error.reason == "path-missing" else error.hint,
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
                f"{' → '.join((*above, name))} extends itself",
                reason="pack-cycle",
                hint="take one of them out of the extends of another",
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
        suppliers=read("suppliers.yaml", read_suppliers),
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
    without ``require_lock``, except that ``policy-lock-mismatch`` is only said of
    plugins: their code is run, so it is run as it was locked or not at all.
    """
    kept = read_lock(path)
    if kept is None and _names_plugins(path):
        raise _not_locked(path)
    folder = _load(path, kept, pinned=kept)
    if kept is None:
        return folder, ()
    require_sequence(path, kept, folder.lock)
    return folder, tuple(changes(kept, folder.lock))


def lock_folder(path: Path) -> Lock:
    """Pin the folder as it is now; writes ``policy.lock``.

    Refuses to lower the advisory sequence of a lock that is there.
    """
    kept = read_lock(path)
    folder = _load(path, kept)
    if kept is not None:
        require_sequence(path, kept, folder.lock)
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
