"""Who made a signature that holds, and how ``signers.yaml`` recognises them.

The signature is verified first, and the entry that is made of it must recognise it
again: values are exact, and patterns are never written. That a signature holds says who
made it, and not whether to believe them.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.attest.authority_reading import ReadFile
from aibom.attest.bundle import (
    Bundle,
    ChainMaterial,
    KeylessMaterial,
    KeyMaterial,
    parse_bundle,
)
from aibom.attest.chain import CertificateRoots, verify_chain
from aibom.attest.keyless_identity import KeylessIdentity
from aibom.attest.keyless_root import TrustRoot
from aibom.attest.keyless_rules import GITHUB_ISSUER
from aibom.attest.keyless_verify import verify_keyless
from aibom.attest.keys import load_public
from aibom.attest.signers import PREDICATES, AllowedSigner, read_signers
from aibom.attest.summary_statement import SUMMARY_V1, read_summary
from aibom.attest.timestamps import TimestampRoots, verified_time
from aibom.attest.verify import Identified, identify
from aibom.errors import InputError, UsageError, VerificationFailed
from aibom.operations.files import read_small
from aibom.reading import parse_yaml
from aibom.statement import Statement

__all__ = [
    "PUBLIC",
    "VERSION",
    "Proof",
    "SignedBy",
    "beside",
    "current_bytes",
    "identity_members",
    "read_entry",
    "who_signed",
]

#: What the trust root of the public instance is called, as this program carries it.
PUBLIC = "public"
VERSION = "aibom/signers/v1"

_JOB = ("source_repository", "source_ref", "runner_environment")
_SHOWN_NAMES = 10


@dataclass(frozen=True, slots=True)
class Proof:
    """What to verify the bundle with; which of it is needed depends on the bundle.

    ``trust_root`` is :data:`PUBLIC` or a path. All but the public key's are files that
    lie beside ``signers.yaml`` already, since the entry names them.
    """

    public_key: Path | None = None
    trust_root: str | None = None
    roots: Path | None = None
    timestamp_roots: Path | None = None


@dataclass(frozen=True, slots=True)
class SignedBy:
    """Who made a signature that holds, and how ``signers.yaml`` says so.

    ``told`` is for people: pairs of a word and a text, which is not escaped. ``names``
    are those the statement gives to what it is about. ``trust_root`` is the entry of
    ``trust_roots`` that an identity hangs on.
    """

    told: tuple[tuple[str, str], ...]
    name: str
    authority: Mapping[str, Any]
    trust_root: Mapping[str, Any] | None = None
    predicate: str | None = None
    names: tuple[str, ...] = ()
    verifier_id: str | None = None


def who_signed(source: Path, proof: Proof, to: Path, now: datetime) -> SignedBy:
    """Verify a bundle, and say how ``to`` would recognise its signer.

    Raises :class:`~aibom.errors.UsageError`: ``proof-missing`` where nothing is given
    to verify it with, or something for another kind of bundle;
    :class:`~aibom.errors.InputError`: ``file-not-beside``;
    :class:`~aibom.errors.VerificationFailed`: ``identity-not-exact`` where an entry
    would accept others as well, and every refusal of
    :func:`~aibom.attest.verify.identify`. And as reading the files does.
    """
    bundle = parse_bundle(read_small(source), str(source))
    match bundle.material:
        case KeyMaterial():
            _require_fitting(proof, "public_key", "timestamp_roots")
            found = _by_key(proof, to)
        case KeylessMaterial():
            _require_fitting(proof, "trust_root")
            found = _by_identity(bundle, str(proof.trust_root), to)
        case ChainMaterial():
            _require_fitting(proof, "roots", "timestamp_roots")
            found = _by_certificate(bundle, bundle.material, proof, to, now)
    return _described(found, _recognised(bundle, found, to, now), bundle.where)


def _require_fitting(proof: Proof, needed: str, *also: str) -> None:
    given = {
        name for name in Proof.__dataclass_fields__ if getattr(proof, name) is not None
    }
    option = f"--{needed.replace('_', '-')}"
    if needed not in given:
        raise UsageError(
            f"a signature of this kind is verified with {option}",
            reason="proof-missing",
            where=option,
            hint="get it from the signer over another way than the bundle came",
        )
    for name in sorted(given - {needed, *also}):
        other = f"--{name.replace('_', '-')}"
        raise UsageError(
            f"the bundle is verified with {option}, and {other} says nothing about it",
            reason="proof-missing",
            where=other,
            hint=f"leave {other} out",
        )


def _by_key(proof: Proof, to: Path) -> SignedBy:
    path = Path(str(proof.public_key))
    key = load_public(read_small(path).decode("utf-8", "replace"), str(path))
    members = {"public_key": key.pem, **_timestamp_member(proof, to)}
    told = (("signed by", f"whoever has the key of {path}"), ("key", key.hint))
    return SignedBy(told, f"key {key.hint[:16]}", members)


def _by_identity(bundle: Bundle, named: str, to: Path) -> SignedBy:
    entry = _trust_root_entry(named, to)
    if "file" in entry:
        root = TrustRoot.parse(beside(to)(entry["file"]), entry["file"])
    else:
        root = TrustRoot.embedded()
    found = verify_keyless(bundle.data, root, bundle.where)
    identity = found.identity
    told = [
        ("signed by", identity.san),
        ("vouched by", identity.issuer),
        *((word, value) for word, value in _job(identity) if value),
        ("trust root", f"{entry['name']}: {root.name}, sha256:{root.digest}"),
    ]
    members = {"identity": identity_members(identity, entry["name"], bundle.where)}
    return SignedBy(tuple(told), identity.san, members, entry)


def _job(identity: KeylessIdentity) -> tuple[tuple[str, str | None], ...]:
    return (
        ("repository", identity.source_repository),
        ("ref", identity.source_ref),
        ("runner", identity.runner_environment),
    )


def identity_members(
    identity: KeylessIdentity, trust_root: str, where: str
) -> dict[str, str]:
    """The members of an entry that accept this identity, and no other one.

    Raises :class:`~aibom.errors.VerificationFailed` (``identity-not-exact``): for a
    GitHub job that does not say where it ran, and for ``*`` in what is read as a
    pattern.
    """
    job = {name: getattr(identity, name) for name in _JOB}
    missing = [name for name, value in job.items() if not value]
    if identity.issuer == GITHUB_ISSUER and missing:
        raise _inexact(f"the certificate names no {', '.join(missing)}", where)
    for name, value in job.items():
        if value and "*" in value:
            raise _inexact(f"{name} would be read as a pattern: {value}", where)
    return {
        "issuer": identity.issuer,
        "identity": identity.san,
        **{name: value for name, value in job.items() if value},
        "trust_root": trust_root,
    }


def _by_certificate(
    bundle: Bundle, material: ChainMaterial, proof: Proof, to: Path, now: datetime
) -> SignedBy:
    name = _beside(Path(str(proof.roots)), to)
    read = beside(to)
    roots = CertificateRoots.parse(read(name), name)
    stamps, at = _timestamp_member(proof, to), now
    if stamps:
        stamper = stamps["timestamp_roots"]
        trusted = TimestampRoots.parse(read(stamper), stamper)
        at = verified_time(bundle.timestamps, bundle.signature, trusted, bundle.where)
    holder = verify_chain(material.certificates, roots, at, bundle.where)
    names = [value for _, value in holder.names]
    if "*" in names[0]:
        raise _inexact(f"name would be read as a pattern: {names[0]}", bundle.where)
    members = {"roots": name, "name": names[0], **stamps}
    told = (
        ("signed by", f"the certificate of {', '.join(names)}"),
        ("vouched by", f"an authority below {', '.join(roots.names)}"),
    )
    return SignedBy(told, names[0], {"certificate": members})


def _timestamp_member(proof: Proof, to: Path) -> dict[str, str]:
    if proof.timestamp_roots is None:
        return {}
    return {"timestamp_roots": _beside(proof.timestamp_roots, to)}


def _recognised(bundle: Bundle, found: SignedBy, to: Path, now: datetime) -> Identified:
    """Have the entry itself recognise the bundle, as a gate will."""
    words = [word for word in PREDICATES if word != "verdict"]
    probe = {"name": found.name, "role": "asked", "predicates": words}
    entry = {**probe, "namespaces": ["**"], **found.authority}
    identified = identify(bundle, (read_entry(entry, found, to),), now)
    # What it may say is asked later, of whoever adds it.
    if identified.refusal not in (None, "predicate-not-allowed"):
        raise VerificationFailed(
            "the signature cannot be relied on with what was given to verify it: "
            f"{identified.who or found.name}",
            reason=identified.refusal,
            where=bundle.where,
            hint="see docs/exit-codes.md; nothing was added",
        )
    return identified


def _described(found: SignedBy, identified: Identified, where: str) -> SignedBy:
    statement = identified.statement
    kind = statement.predicate_type
    word = next((w for w, types in PREDICATES.items() if kind in types), None)
    names = _names(statement)
    more = len(names) - _SHOWN_NAMES
    about = ", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
    when = identified.signed_at
    told = (
        *found.told,
        ("signed at", f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else "nobody vouches"),
        ("says", f"{word} ({kind})" if word else kind),
        ("about", about or "nothing with a name"),
    )
    verifier = None
    if kind == SUMMARY_V1:
        verifier = read_summary(statement, where).verifier_id
        told = (*told, ("verifier", verifier))
    return SignedBy(
        told, found.name, found.authority, found.trust_root, word, names, verifier
    )


def _names(statement: Statement) -> tuple[str, ...]:
    """What the statement is about, without files that are only listed with it."""
    subjects = statement.subjects
    things = [s for s in subjects if "aibom:kind" in s.annotations] or subjects
    return tuple(dict.fromkeys(s.name for s in things if s.name))


def read_entry(entry: Mapping[str, Any], signed: SignedBy, to: Path) -> AllowedSigner:
    """The signer of one entry; raises ``PolicyInvalid`` with every problem in it."""
    roots = [dict(signed.trust_root)] if signed.trust_root else []
    document = {"apiVersion": VERSION, "trust_roots": roots, "signers": [dict(entry)]}
    (found,) = read_signers(document, "the entry", beside(to))
    return found


# ── files beside signers.yaml ────────────────────


def current_bytes(to: Path) -> bytes | None:
    """The bytes of ``to``; None where there is no such file yet."""
    try:
        return read_small(to)
    except InputError as error:
        if error.reason != "path-missing" or to.is_symlink():
            raise
        return None


def beside(to: Path) -> ReadFile:
    """Reads the files beside ``to``, by name."""
    return lambda name: read_small(to.with_name(name))


def _beside(path: Path, to: Path, hint: str | None = None) -> str:
    """The name of a file that lies in the folder of ``to``, as the entry gives it."""
    if path.parent.resolve() != to.parent.resolve():
        target = shlex.quote(str(to.with_name(path.name)))
        raise InputError(
            f"does not lie beside {to}, which names its files without a folder",
            reason="file-not-beside",
            where=str(path),
            hint=hint or f"compare it, then: cp {shlex.quote(str(path))} {target}",
        )
    return path.name


def _trust_root_entry(named: str, to: Path) -> dict[str, Any]:
    """The entry for a trust root: one that is there already, or a new one."""
    before = current_bytes(to)
    listed = []
    if before is not None:
        value = parse_yaml(before, str(to))
        read_signers(value, str(to), beside(to))
        listed = value.get("trust_roots", [])
    if named == PUBLIC:
        name, source = PUBLIC, dict[str, Any](embedded=True)
    else:
        path = Path(named)
        quoted = [shlex.quote(str(p)) for p in (path, to.with_name(path.name))]
        hint = f"aibom trust-root pin {quoted[0]} -o {quoted[1]}"
        name, source = path.stem, {"file": _beside(path, to, hint)}
    for entry in listed:
        if source.items() <= entry.items():
            return dict(entry)
    taken = {entry["name"] for entry in listed}
    while name in taken:
        name += "-2"
    return {"name": name, **source}


def _inexact(message: str, where: str) -> VerificationFailed:
    return VerificationFailed(
        f"no entry can be written that accepts this signer only: {message}",
        reason="identity-not-exact",
        where=where,
        hint="write the entry by hand, knowing whom else it accepts",
    )
