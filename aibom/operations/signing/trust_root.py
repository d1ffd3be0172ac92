"""Look at a trust root, pin one in the verifier's folder, and bring it up to date.

A trust root is a file of the verifier's (:mod:`aibom.attest.keyless_root`). Only
:func:`fetch_update` uses the network, and only because somebody asked for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aibom.attest.keyless_root import TrustRoot
from aibom.attest.trust_update import TufSource, fetch_trust_root
from aibom.errors import AibomError, InputError, UsageError, VerificationFailed
from aibom.operations.files import read_small, write_atomic
from aibom.statement import parse_json

__all__ = [
    "PUBLIC",
    "Anchor",
    "Change",
    "Update",
    "anchors_of",
    "changes_between",
    "compare",
    "fetch_update",
    "load_trust_root",
    "pin",
    "source_of",
    "to_document",
    "write_update",
]

#: The word for the root that sigstore-python carries; a file of that name is ./public.
PUBLIC = "public"

_KINDS = {
    "certificateAuthorities": "certificate-authority",
    "ctlogs": "ct-log",
    "tlogs": "transparency-log",
    "timestampAuthorities": "timestamp-authority",
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """One key that a trust root trusts.

    ``holder`` is its operator, or the subject of an authority; ``fingerprint`` the
    SHA-256 of the log's key or of the authority's whole chain, as they stand there.
    """

    kind: str
    url: str
    holder: str
    key: str
    fingerprint: str
    start: datetime | None
    end: datetime | None

    def state(self, now: datetime) -> str:
        """``valid``, ``ended`` or ``not-yet``; an ended key still checks old things."""
        if self.end is not None and self.end < now:
            return "ended"
        return "not-yet" if self.start is not None and now < self.start else "valid"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one key between two roots.

    ``what`` is ``added``, ``removed``, ``ended`` (or ends earlier), ``reopened`` (an
    end is gone, or later) or ``renamed`` (another URL or holder). ``anchor`` is the key
    as it is in the newer root that has it.
    """

    what: str
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Update:
    """A fetched root beside the one in use; ``before`` is None where there is none."""

    before: TrustRoot | None
    after: TrustRoot
    changes: tuple[Change, ...]

    @property
    def same(self) -> bool:
        """Whether both say the same; white space and order of members do not count."""
        return self.before is not None and (
            _document(self.before) == _document(self.after)
        )

    def require_successor(self) -> None:
        """Refuse what does not follow the file in use, as far as that can be told.

        TUF cannot tell, because it remembers nothing here. Looked for: no key in
        common (another instance), an older newest key, an end of a key that is gone or
        later. What has none of these passes, such as an older root that lacks a key
        which was not the newest.

        Raises :class:`~aibom.errors.VerificationFailed`: ``trust-root-unrelated``,
        ``trust-root-rolled-back``.
        """
        if self.before is None:
            return
        if not _keys(self.before) & _keys(self.after):
            raise VerificationFailed(
                f"the fetched trust root has no key in common with {self.before.name}",
                reason="trust-root-unrelated",
                where=self.after.name,
                hint="name the file's instance with --url; if it is meant: --replace",
            )
        if sign := self._sign_of_age(self.before):
            raise VerificationFailed(
                f"the fetched trust root looks older than the file: {sign}",
                reason="trust-root-rolled-back",
                where=self.after.name,
                hint="ask whoever runs the instance; if it is meant: --replace",
            )

    def _sign_of_age(self, before: TrustRoot) -> str | None:
        if self.after.newest_key < before.newest_key:
            return (
                f"its newest key is of {self.after.newest_key.isoformat()}, that of "
                f"{before.name} of {before.newest_key.isoformat()}"
            )
        for change in self.changes:
            if change.what == "reopened":
                return f"the end of the {_name(change.anchor)} is gone, or later"
        return None


def _keys(root: TrustRoot) -> set[tuple[str, str]]:
    return {(anchor.kind, anchor.fingerprint) for anchor in anchors_of(root)}


def _name(anchor: Anchor) -> str:
    return f"{anchor.kind} {anchor.url} ({anchor.fingerprint[:12]})"


def load_trust_root(path: Path | None) -> TrustRoot:
    """The trust root in a file, or the embedded one; checked that it can be used.

    Raises :class:`~aibom.errors.DocumentInvalid` (``trust-root-invalid``), and as
    :func:`~aibom.operations.files.read_small` does.
    """
    if path is None:
        root = TrustRoot.embedded()
    else:
        root = TrustRoot.parse(read_small(path), str(path))
    root.load()
    return root


def anchors_of(root: TrustRoot) -> tuple[Anchor, ...]:
    """Every key of a root, by kind, in the order of the document.

    A key of a kind that cannot be read here is listed by the name the document gives
    it. Raises :class:`~aibom.errors.DocumentInvalid` (``trust-root-invalid``).
    """
    root.load()  # first: it refuses what has not the form that is relied on below
    document = _document(root)
    return tuple(
        _anchor(_KINDS[member], item)
        for member in _KINDS
        for item in document.get(member, [])
    )


def _document(root: TrustRoot) -> dict[str, Any]:
    """The root in its one JSON form, out of a ClientTrustConfig if it is in one."""
    from sigstore.models import trustroot_v1  # type: ignore[attr-defined]

    document = parse_json(root.data, root.name)
    inner = document.get("trustedRoot", document)
    model = trustroot_v1.TrustedRoot.from_json(json.dumps(inner))
    normal: dict[str, Any] = model.to_dict()
    return normal


def _anchor(kind: str, item: Mapping[str, Any]) -> Anchor:
    import base64

    if "certChain" in item:
        chain = item["certChain"].get("certificates", [])
        parts = [base64.b64decode(c["rawBytes"]) for c in chain]
        url, valid = item.get("uri", ""), item.get("validFor", {})
        subject = item.get("subject", {})
        names = (subject.get(n) for n in ("organization", "commonName"))
        holder = ", ".join(filter(None, (*names, item.get("operator"))))
        key = _certificate_key(parts)
    else:
        public = item["publicKey"]
        parts = [base64.b64decode(public.get("rawBytes", ""))]
        url, valid = item.get("baseUrl", ""), public.get("validFor", {})
        holder = item.get("operator", "")
        key = _public_key(parts[0], str(public.get("keyDetails", "")))
    start, end = _time(valid.get("start")), _time(valid.get("end"))
    fingerprint = hashlib.sha256(b"".join(parts)).hexdigest()
    return Anchor(kind, url, holder, key, fingerprint, start, end)


def _time(value: str | None) -> datetime | None:
    if value is None:
        return None
    time = datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _certificate_key(chain: list[bytes]) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import load_der_x509_certificate

    try:
        return _key_type(load_der_x509_certificate(chain[0]).public_key())
    except (IndexError, ValueError, UnsupportedAlgorithm):
        return "unreadable"


def _public_key(data: bytes, told: str) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        return _key_type(load_der_public_key(data))
    except (ValueError, UnsupportedAlgorithm):
        return f"unreadable {told}".strip()


def _key_type(key: Any) -> str:
    """What people call it: the curve, or the algorithm with its size."""
    curve = getattr(key, "curve", None)
    if curve is not None:
        return f"ECDSA {curve.name}"
    name = type(key).__name__.lstrip("_").removesuffix("PublicKey")
    size = getattr(key, "key_size", None)
    return f"{name} {size}" if size else name


def to_document(root: TrustRoot, now: datetime) -> dict[str, Any]:
    """What ``aibom trust-root show`` tells, as JSON-ready values."""
    return {
        "apiVersion": "aibom/trust-root/v1",
        "name": root.name,
        "sha256": root.digest,
        "newestKey": root.newest_key.isoformat(),
        "ageDays": root.age(now).days,
        "keys": [
            {
                "kind": anchor.kind,
                "url": anchor.url,
                "holder": anchor.holder,
                "key": anchor.key,
                "fingerprint": anchor.fingerprint,
                "start": anchor.start.isoformat() if anchor.start else None,
                "end": anchor.end.isoformat() if anchor.end else None,
                "state": anchor.state(now),
            }
            for anchor in anchors_of(root)
        ],
    }


def changes_between(before: TrustRoot | None, after: TrustRoot) -> tuple[Change, ...]:
    """What became of each key, in the order of the newer root, removed ones last."""
    old = _by_key(anchors_of(before) if before else ())
    new = _by_key(anchors_of(after))
    found = [
        Change(what, anchor)
        for key, anchor in new.items()
        for what in _became(old.get(key), anchor)
    ]
    gone = [Change("removed", anchor) for key, anchor in old.items() if key not in new]
    return (*found, *gone)


def _by_key(anchors: Iterable[Anchor]) -> dict[Any, Anchor]:
    # With its beginning: one key may be there twice, for two times.
    return {(a.kind, a.fingerprint, a.start): a for a in anchors}


def _became(old: Anchor | None, new: Anchor) -> Iterator[str]:
    if old is None:
        yield "added"
        return
    if old.end != new.end:
        shorter = new.end is not None and (old.end is None or new.end < old.end)
        yield "ended" if shorter else "reopened"
    if (old.url, old.holder) != (new.url, new.holder):
        yield "renamed"


def pin(root: TrustRoot, output: Path, *, replace: bool) -> TrustRoot:
    """Copy a trust root to a file; returns it as it now is there.

    The bytes are copied as they are; of a ClientTrustConfig only the root inside is
    written, in JSON of our own making. The same bytes again are fine.

    Raises :class:`~aibom.errors.InputError`: ``file-exists`` when something else is
    there and ``replace`` is False, ``file-not-written``. And as :meth:`TrustRoot.load`.
    """
    data = _bare(root)
    pinned = TrustRoot.parse(data, str(output))
    pinned.load()
    try:
        write_atomic(output, data, replace=replace)
    except InputError as error:
        if error.reason != "file-exists":
            raise
        if read_small(output) != data:
            raise InputError(
                "is already there with other bytes, and is not overwritten",
                reason="file-exists",
                where=str(output),
                hint=f"compare: aibom trust-root show {output}; then --replace",
            ) from None
    return pinned


def _bare(root: TrustRoot) -> bytes:
    document = parse_json(root.data, root.name)
    if "trustedRoot" not in document:
        return root.data
    inner = document["trustedRoot"]
    return (json.dumps(inner, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def source_of(url: str | None, bootstrap: Path | None) -> TufSource:
    """The public instance, or a private one by its URL and the root to start from.

    Raises :class:`~aibom.errors.UsageError`: ``tuf-source-incomplete`` for one without
    the other, ``tuf-url-unusable``. And as :func:`read_small`.
    """
    if url is None and bootstrap is None:
        return TufSource.public()
    if url is None or bootstrap is None:
        raise UsageError(
            "another instance is named by its URL and the root to start from",
            reason="tuf-source-incomplete",
            hint="give both: --url TUF_URL --bootstrap-root ROOT.json",
        )
    return TufSource(url, read_small(bootstrap), str(bootstrap))


def fetch_update(
    path: Path,
    source: TufSource,
    deadline_seconds: float,
    *,
    offline: bool,
    required: bool = False,
    replace: bool = False,
) -> Update:
    """Fetch the newest root, and compare it with the file; writes nothing.

    The file is read first, and no server is asked if that fails: one that is not there
    is ``path-missing`` if ``required``, and one that is no trust root is refused unless
    ``replace``. ``offline`` refuses as well (:class:`~aibom.errors.AibomError`,
    ``offline``). Raises as :func:`~aibom.attest.trust_update.fetch_trust_root` does.
    """
    if offline:
        raise AibomError(
            f"AIBOM_OFFLINE is set; {source.url} was not asked",
            reason="offline",
            hint="fetch it where there is a network, carry the file here, and pin it",
        )
    before = _before(path, required=required, replace=replace)
    after = fetch_trust_root(source, deadline_seconds)
    return Update(before, after, changes_between(before, after))


def compare(path: Path, after: TrustRoot, *, replace: bool) -> Update:
    """Compare a root that is at hand with the file, as :func:`fetch_update` does."""
    before = _before(path, required=False, replace=replace)
    return Update(before, after, changes_between(before, after))


def _before(path: Path, *, required: bool, replace: bool) -> TrustRoot | None:
    try:
        return load_trust_root(path)
    except AibomError as error:
        if error.reason == "path-missing" and not required:
            return None
        if error.reason == "trust-root-invalid" and replace:
            return None
        raise


def write_update(update: Update, path: Path, *, replace: bool) -> bool:
    """Write the fetched bytes, unless the file says the same; whether it was written.

    Raises as :meth:`Update.require_successor` does unless ``replace``, and
    :class:`~aibom.errors.InputError` (``file-not-written``).
    """
    if update.same:
        return False
    if not replace:
        update.require_successor()
    write_atomic(path, update.after.data)
    return True
