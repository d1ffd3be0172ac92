"""The keys that keyless signatures are checked against, as one named document.

A trust root is a file that the verifier names, or the one that comes with
sigstore-python for the public instance. It is never fetched, and never taken from a
cache that somebody else could have written; nothing here needs a network or a home.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aibom.errors import AibomError, DocumentInvalid
from aibom.statement import parse_json

if TYPE_CHECKING:
    from sigstore.models import TrustedRoot

__all__ = ["TrustRoot"]

_MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
_PUBLIC_INSTANCE = "https://tuf-repo-cdn.sigstore.dev"
_AUTHORITIES = ("certificateAuthorities", "timestampAuthorities")
_LOGS = ("tlogs", "ctlogs")


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """A trusted root document (``dev.sigstore.trustroot`` v0.1) and where it is from.

    ``newest_key`` is when the newest key in it came into use. The document carries no
    date of its own, so this is the closest thing to one.
    """

    name: str
    data: bytes = field(repr=False)
    newest_key: datetime

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, lower-case hex; for showing and pinning."""
        return hashlib.sha256(self.data).hexdigest()

    def age(self, now: datetime) -> timedelta:
        """How long ago the newest key came into use; the caller says what is stale."""
        return now - self.newest_key

    @classmethod
    def parse(cls, data: bytes, where: str) -> TrustRoot:
        """Read a file's bytes; a ClientTrustConfig is read for the root inside.

        Raises :class:`~aibom.errors.DocumentInvalid` with ``trust-root-invalid``.
        """
        document = _object(_parsed(data, where), where)
        root = _object(document.get("trustedRoot", document), where)
        if root.get("mediaType") != _MEDIA_TYPE:
            raise _invalid(f"is no trusted root of type {_MEDIA_TYPE}", where)
        starts = list(_starts(root, where))
        if not starts:
            raise _invalid("holds no key with a beginning of its validity", where)
        return cls(where, data, max(starts))

    @classmethod
    def embedded(cls) -> TrustRoot:
        """The public instance's root, as this version of sigstore-python carries it."""
        import sigstore
        from sigstore._utils import read_embedded

        # The public way to it copies into the user's cache and trusts what is there.
        data = read_embedded("trusted_root.json", _PUBLIC_INSTANCE)
        return cls.parse(data, f"embedded in sigstore {sigstore.__version__}")

    def load(self) -> TrustedRoot:
        """The form that sigstore-python verifies with.

        Raises :class:`~aibom.errors.DocumentInvalid` with ``trust-root-invalid``.
        """
        import json

        from sigstore.errors import Error
        from sigstore.models import (  # type: ignore[attr-defined]
            TrustedRoot,
            trustroot_v1,
        )

        document = json.loads(self.data)
        root = json.dumps(document.get("trustedRoot", document))
        try:
            # Its public constructor takes a path; this is what that does with the file.
            return TrustedRoot(trustroot_v1.TrustedRoot.from_json(root))
        except (Error, ValueError) as error:
            raise _invalid(f"cannot be read: {error}", self.name) from error


def _parsed(data: bytes, where: str) -> Any:
    try:
        return parse_json(data, where)
    except AibomError as error:
        raise _invalid(
            f"is not JSON that can be trusted: {error.message}", where
        ) from (error)


def _starts(root: dict[str, Any], where: str) -> Iterator[datetime]:
    for name in (*_LOGS, *_AUTHORITIES):
        listed = root.get(name, [])
        if not isinstance(listed, list):
            raise _invalid(f"{name} is not a list", where)
        for item in listed:
            holder = _object(item, where)
            if name in _LOGS:
                holder = _object(holder.get("publicKey"), where)
            valid = _object(holder.get("validFor", {}), where)
            if "start" in valid:
                yield _time(valid["start"], where)


def _time(value: Any, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _invalid(f"{value!r} is not a time", where) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid("an object is missing where a trusted root has one", where)
    return value


def _invalid(message: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(
        f"the trust root {message}",
        reason="trust-root-invalid",
        where=where,
        hint="get the trusted_root.json of your Sigstore instance again",
    )
