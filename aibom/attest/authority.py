"""What makes a signature that of an allowed signer: a key, an identity, a certificate.

Each is what a verifier wrote down in ``signers.yaml``, with the roots it hangs on as
files of the same folder. One never stands in for another: a key that happens to be that
of a certificate does not satisfy an identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from aibom.attest.keyless_rules import IdentityRule, pattern_matches
from aibom.attest.keys import PublicKey

if TYPE_CHECKING:
    from aibom.attest.certificates import CertificateRoots
    from aibom.attest.keyless_root import TrustRoot
    from aibom.attest.timestamps import TimestampRoots

__all__ = [
    "Authority",
    "ByCertificate",
    "ByIdentity",
    "ByKey",
    "NamedTrustRoot",
    "name_kind",
]

NameKind = Literal["uri", "email", "dns"]


@dataclass(frozen=True, slots=True)
class NamedTrustRoot:
    """A trust root under the name that identities call it by.

    ``checked_on`` is when somebody last compared it with the instance; with ``max_age``
    it says until when it is relied on. Without both it is relied on for ever.
    """

    name: str
    root: TrustRoot
    embedded: bool = False
    checked_on: datetime | None = None
    max_age: timedelta | None = None

    def is_stale(self, now: datetime) -> bool:
        """Whether it has not been compared with its instance for too long."""
        if self.checked_on is None or self.max_age is None:
            return False
        return now - self.checked_on > self.max_age


@dataclass(frozen=True, slots=True)
class ByKey:
    """A key. With ``timestamp_roots``, signatures must carry a time of theirs."""

    key: PublicKey
    timestamp_roots: TimestampRoots | None = None


@dataclass(frozen=True, slots=True)
class ByIdentity:
    """An identity that a Sigstore vouches for, and which Sigstore that is."""

    rule: IdentityRule
    trust_root: NamedTrustRoot


@dataclass(frozen=True, slots=True)
class ByCertificate:
    """A certificate with this name, issued below one of the pinned roots.

    ``name`` is a URI, an e-mail address or a DNS name, and may hold ``*`` as identity
    patterns do. Without ``timestamp_roots`` the certificate must be valid now.
    """

    roots: CertificateRoots
    name: str
    timestamp_roots: TimestampRoots | None = None

    def names_one_of(self, names: tuple[tuple[str, str], ...]) -> bool:
        """Whether one of a certificate's names, as (kind, value), is this one."""
        kind = name_kind(self.name)
        return any(k == kind and pattern_matches(self.name, v) for k, v in names)


Authority = ByKey | ByIdentity | ByCertificate


def name_kind(name: str) -> NameKind:
    """What kind of name a text is: names of two kinds are never equal."""
    if "://" in name:
        return "uri"
    return "email" if "@" in name else "dns"
