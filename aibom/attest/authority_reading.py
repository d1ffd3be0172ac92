"""Reading the part of ``signers.yaml`` that says how a signer is recognised."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from aibom.attest.authority import (
    Authority,
    ByCertificate,
    ByIdentity,
    ByKey,
    NamedTrustRoot,
)
from aibom.attest.keyless_rules import IdentityRule
from aibom.attest.keys import load_public
from aibom.errors import AibomError
from aibom.reading import Reader, suggest

if TYPE_CHECKING:
    from aibom.attest.keyless_root import TrustRoot
    from aibom.attest.timestamps import TimestampRoots

__all__ = ["ReadFile", "read_authority", "read_trust_roots"]

#: The bytes of a file beside ``signers.yaml``, by its name.
ReadFile = Callable[[str], bytes]

T = TypeVar("T")

_KINDS = ("public_key", "identity", "certificate")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
#: Files with a meaning of their own; of advisories the lock does not pin the bytes.
_OWN_NAMES = (".yaml", ".lock")
_DAYS = re.compile(r"([1-9][0-9]{0,3})d")


def read_trust_roots(
    top: Reader, read_file: ReadFile
) -> Mapping[str, NamedTrustRoot | None]:
    """The list ``trust_roots``, by name; None stands for one that has problems."""
    roots: dict[str, NamedTrustRoot | None] = {}
    for entry in top.readers("trust_roots", ()):
        before = len(entry.problems)
        name = entry.text("name")
        root = _trust_root(entry, read_file)
        embedded = bool(entry.flag("embedded", False))
        window = (entry.time("checked_on", None), _days(entry, "max_age"))
        if entry.has("checked_on") != entry.has("max_age"):
            entry.problem("go together: checked_on and max_age")
        entry.close()
        if name in roots:
            top.problem(f"two of them are called {name!r}", "trust_roots")
        sound = len(entry.problems) == before
        if isinstance(name, str):
            roots[name] = (
                NamedTrustRoot(name, root, embedded, *window)
                if sound and root
                else None
            )
    return roots


def _trust_root(entry: Reader, read_file: ReadFile) -> TrustRoot | None:
    from aibom.attest.keyless_root import TrustRoot

    if entry.has("file") == entry.has("embedded"):
        entry.problem("is either a file or 'embedded: true'")
        entry.raw("file", None)
        return None
    if entry.has("file"):
        return _from_file(entry, "file", read_file, TrustRoot.parse)
    if entry.flag("embedded") is not True:
        entry.problem("is true, or left out for a file", "embedded")
        return None
    return TrustRoot.embedded()


def _days(entry: Reader, key: str) -> timedelta | None:
    text = entry.text(key, None)
    match = _DAYS.fullmatch(text) if isinstance(text, str) else None
    if isinstance(text, str) and match is None:
        entry.problem("is not a number of days such as 180d", key)
    return timedelta(days=int(match[1])) if match else None


def read_authority(
    entry: Reader, roots: Mapping[str, NamedTrustRoot | None], read_file: ReadFile
) -> Authority | None:
    """The one of ``public_key``, ``identity`` and ``certificate`` that is there."""
    present = [kind for kind in _KINDS if entry.has(kind)]
    if len(present) != 1:
        entry.problem(f"has one of {', '.join(_KINDS)}, not {len(present)} of them")
        # Asked for, so that a misspelt one is told what it is near to.
        for key in (*_KINDS, "timestamp_roots"):
            entry.raw(key, None)
        return None
    if present == ["public_key"]:
        return _by_key(entry, read_file)
    inner = entry.reader(present[0])
    found: Authority | None
    if present == ["identity"]:
        found = _by_identity(inner, roots)
    else:
        found = _by_certificate(inner, read_file)
    inner.close()
    return found


def _by_key(entry: Reader, read_file: ReadFile) -> ByKey | None:
    pem = entry.text("public_key")
    stamps = _timestamp_roots(entry, read_file)
    if not isinstance(pem, str):
        return None
    try:
        return ByKey(load_public(pem, entry.where), stamps)
    except AibomError as error:
        entry.problem(error.message, "public_key")
        return None


def _by_identity(
    entry: Reader, roots: Mapping[str, NamedTrustRoot | None]
) -> ByIdentity | None:
    texts = {
        name: entry.text(name, None)
        for name in (
            *("identity", "identity_pattern", "source_repository"),
            *("source_ref", "runner_environment"),
        )
    }
    issuer, name = entry.text("issuer"), entry.text("trust_root")
    if isinstance(name, str) and name not in roots:
        entry.problem(
            f"no trust root is called {name!r}{suggest(name, roots)}", "trust_root"
        )
    root = roots.get(name) if isinstance(name, str) else None
    if not isinstance(issuer, str):
        return None
    try:
        rule = IdentityRule(issuer, **texts)
    except AibomError as error:
        entry.problem(error.message)
        return None
    return ByIdentity(rule, root) if root is not None else None


def _by_certificate(entry: Reader, read_file: ReadFile) -> ByCertificate | None:
    from aibom.attest.certificates import CertificateRoots

    roots = _from_file(entry, "roots", read_file, CertificateRoots.parse)
    stamps = _timestamp_roots(entry, read_file)
    name = entry.text("name")
    if roots is None or not isinstance(name, str):
        return None
    return ByCertificate(roots, name, stamps)


def _timestamp_roots(entry: Reader, read_file: ReadFile) -> TimestampRoots | None:
    if not entry.has("timestamp_roots"):
        return None
    from aibom.attest.timestamps import TimestampRoots

    return _from_file(entry, "timestamp_roots", read_file, TimestampRoots.parse)


def _from_file(
    entry: Reader, key: str, read_file: ReadFile, parse: Callable[[bytes, str], T]
) -> T | None:
    name: Any = entry.text(key)
    if not isinstance(name, str):
        return None
    if not _FILE_NAME.fullmatch(name):
        entry.problem("is the name of a file beside signers.yaml, and no path", key)
        return None
    if name.endswith(_OWN_NAMES):
        entry.problem(f"{name} is a file of the policy, and holds no root", key)
        return None
    try:
        return parse(read_file(name), name)
    except AibomError as error:
        entry.problem(f"{name}: {error.message}", key)
        return None
