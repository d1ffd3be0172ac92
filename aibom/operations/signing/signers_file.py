"""Adding an entry to ``signers.yaml`` for whoever made a signature.

Somebody has to decide whom to believe: role and namespaces are theirs to give. The file
is edited as text and then read again; it has to say what it said before, and the new
entry, and nothing else.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aibom.attest.authority import Authority, ByCertificate, ByIdentity, ByKey
from aibom.attest.keys import load_public
from aibom.attest.signers import PREDICATES, AllowedSigner, read_signers
from aibom.errors import AibomError, InputError, PolicyInvalid, UsageError
from aibom.operations.files import read_small, write_atomic
from aibom.operations.signing.signer_of import (
    VERSION,
    Proof,
    SignedBy,
    beside,
    current_bytes,
    read_entry,
    who_signed,
)
from aibom.operations.signing.signers_edit import appended, as_block
from aibom.reading import parse_yaml

__all__ = [
    "Addition",
    "Proof",
    "SignedBy",
    "Wanted",
    "key_given",
    "plan_addition",
    "who_signed",
    "write_addition",
]

_EMPTY = f"apiVersion: {VERSION}\nsigners: []\n"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What whoever adds the entry decides; what is left out comes from the bundle."""

    role: str
    namespaces: tuple[str, ...]
    name: str | None = None
    party: str | None = None
    predicates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Addition:
    """An entry that can be added; ``before`` is None where there is no file yet.

    ``unsaid`` are names the bundle speaks of, of which the signer still may not.
    """

    path: Path
    entry: str
    unsaid: tuple[str, ...]
    before: bytes | None = field(repr=False)
    after: bytes = field(repr=False)


def key_given(proof: Proof) -> SignedBy:
    """A public key as the signer of an entry, without any signature by it.

    What an entry by hand would be: nobody has shown that they have the private key, and
    nothing says what it may sign. Raises :class:`~aibom.errors.UsageError`
    (``proof-missing``) where there is no key, or something else beside it, and as
    reading a key does.
    """
    others = [
        f"--{name.replace('_', '-')}"
        for name in ("trust_root", "roots", "timestamp_roots")
        if getattr(proof, name) is not None
    ]
    if proof.public_key is None or others:
        raise UsageError(
            f"{others[0]} says something of a signature only"
            if others
            else "whom to add? There is neither a signature nor a key",
            reason="proof-missing",
            where="--from",
            hint="give a signature of theirs (--from BUNDLE), or their key alone "
            "(--public-key FILE)",
        )
    path = proof.public_key
    key = load_public(read_small(path).decode("utf-8", "replace"), str(path))
    told = (
        ("key of", str(path)),
        ("fingerprint", f"sha256:{key.hint} of its PEM"),
        *(("or", f"sha256:{of_der} of its DER") for of_der in key.hints - {key.hint}),
        ("shown by", "nobody: no signature was looked at"),
    )
    return SignedBy(told, f"key {key.hint[:16]}", {"public_key": key.pem})


def plan_addition(signed: SignedBy, wanted: Wanted, to: Path) -> Addition:
    """The entry for a signer, and the file with it; nothing is written.

    Raises :class:`~aibom.errors.UsageError`: ``namespace-missing``,
    ``predicate-missing``, ``signer-unusable``; :class:`~aibom.errors.InputError`:
    ``signer-exists``, ``signers-not-editable``. A file that is there and cannot be read
    raises :class:`~aibom.errors.PolicyInvalid` as for a gate.
    """
    entry = _entry(signed, wanted, to)
    try:
        added = read_entry(entry, signed, to)
    except PolicyInvalid as error:
        raise UsageError(
            error.message, reason="signer-unusable", hint=error.hint
        ) from error
    before = current_bytes(to)
    text = _EMPTY.encode() if before is None else before
    _require_new(added, read_signers(parse_yaml(text, str(to)), str(to), beside(to)))
    after = _edited(text, entry, added, signed.trust_root, to)
    unsaid = tuple(name for name in signed.names if not added.may_name(name))
    return Addition(to, as_block(entry), unsaid, before, after)


def write_addition(addition: Addition) -> None:
    """Write the file with the entry; readers see the old file or the new one.

    Raises :class:`~aibom.errors.InputError`: ``signers-changed`` when somebody changed
    it since the addition was planned, and as
    :func:`~aibom.operations.files.write_atomic` does.
    """
    path = addition.path
    if current_bytes(path) != addition.before:
        raise InputError(
            "was changed in the meantime; nothing was added",
            reason="signers-changed",
            where=str(path),
            hint="run the command again",
        )
    new = addition.before is None
    mode = 0o644 if new else stat.S_IMODE(path.stat().st_mode)
    real = Path(os.path.realpath(path))
    write_atomic(real, addition.after, mode=mode, replace=not new)


def _entry(signed: SignedBy, wanted: Wanted, to: Path) -> dict[str, Any]:
    if not wanted.namespaces:
        names = " ".join(f"--namespace {shlex.quote(n)}" for n in signed.names[:3])
        raise UsageError(
            "which names may the signer speak of? That is yours to say",
            reason="namespace-missing",
            where="--namespace",
            hint=f"this bundle speaks of: {names}"
            if names
            else 'give a pattern: --namespace "acme/*"',
        )
    predicates = wanted.predicates or ((signed.predicate,) if signed.predicate else ())
    if not predicates:
        raise UsageError(
            "nothing tells what the signer may sign: there is no bundle, or it holds a "
            "statement that no word of signers.yaml stands for",
            reason="predicate-missing",
            where="--predicate",
            hint=f"say what the signer may sign: {', '.join(PREDICATES)}",
        )
    entry: dict[str, Any] = {"name": wanted.name or signed.name, "role": wanted.role}
    if wanted.party is not None:
        entry["party"] = wanted.party
    entry.update(signed.authority)
    entry["predicates"] = list(dict.fromkeys(predicates))
    entry["namespaces"] = list(wanted.namespaces)
    if "verdict" in predicates and signed.verifier_id is not None:
        entry["verifier_id"] = signed.verifier_id
    return entry


def _require_new(added: AllowedSigner, listed: tuple[AllowedSigner, ...]) -> None:
    for other in listed:
        same_name = other.signer.name == added.signer.name
        if same_name or _core(other.authority) == _core(added.authority):
            what = "has this name" if same_name else "is recognised in this way"
            raise InputError(
                f"a signer {what} already: {other.signer.name}",
                reason="signer-exists",
                hint="give another --name"
                if same_name
                else "edit that entry if the signer may say more",
            )


def _core(authority: Authority) -> tuple[object, ...]:
    """What two entries for one and the same signer have in common."""
    match authority:
        case ByKey():
            return ("key", authority.key.pem)
        case ByIdentity():
            return ("identity", authority.rule, authority.trust_root.root.digest)
        case ByCertificate():
            return ("certificate", authority.name, authority.roots.digest)


def _edited(
    text: bytes,
    entry: Mapping[str, Any],
    added: AllowedSigner,
    root: Mapping[str, Any] | None,
    to: Path,
) -> bytes:
    """The text with the entry, having read it again: old and new differ in no more."""
    old = parse_yaml(text, str(to))
    wanted = {**old, "signers": [*old["signers"], dict(entry)]}
    try:
        after = appended(text.decode("utf-8"), "signers", entry, "apiVersion")
        if root is not None and dict(root) not in old.get("trust_roots", []):
            after = appended(after, "trust_roots", root, "apiVersion")
            wanted["trust_roots"] = [*old.get("trust_roots", []), dict(root)]
        new = parse_yaml(after.encode("utf-8"), str(to))
        listed = read_signers(old, str(to), beside(to))
        same = new == wanted and read_signers(new, str(to), beside(to)) == (
            *listed,
            added,
        )
    except (AibomError, ValueError) as error:
        raise _uneditable(entry, root, to) from error
    if not same:
        raise _uneditable(entry, root, to)
    return after.encode("utf-8")


def _uneditable(
    entry: Mapping[str, Any], root: Mapping[str, Any] | None, to: Path
) -> InputError:
    parts = [("signers", entry), *([("trust_roots", root)] if root else [])]
    lines = "\n".join(f"{key}:\n{as_block(item, 2).rstrip()}" for key, item in parts)
    return InputError(
        f"cannot be edited without a risk to what else it says; paste this:\n{lines}",
        reason="signers-not-editable",
        where=str(to),
        hint=f"then: aibom policy lock {shlex.quote(str(to.parent))}",
    )
