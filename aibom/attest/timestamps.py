"""When a signature was there already, by the word of a timestamp authority (RFC 3161).

An authority is sent a digest of the signature, and signs it with the time. Whoever has
pinned the authority's root knows then that the signature existed by that time, also
long after the signer's certificate has expired.

The library ``rfc3161_client`` lets OpenSSL verify the signature, the path to a root and
the validity of certificates at the time that is stated, with the usage of a timestamp
authority. It finds the authority's certificate once more by itself, to look at its
usage; that both mean the same one is ours to see to.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from aibom.attest.bounded_http import Answer, Target, post
from aibom.attest.certificates import (
    MAX_ROOTS,
    extension_of,
    extensions_of,
    from_pem,
    read_certificate,
    to_der,
)
from aibom.errors import AibomError, PolicyInvalid, VerificationFailed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest, TimeStampResponse

__all__ = ["TimestampRoots", "request_timestamp", "verified_time"]

# Those of public authorities have 1 to 7 KiB.
_MAX_ANSWER = 64 * 1024
_MAX_QUOTED = 300
#: Refusals that pass by themselves: the server is busy, not the request wrong.
_BUSY = frozenset({408, 429})
_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "User-Agent": "aibom",
    "Connection": "close",
}
_SHA2 = frozenset(f"2.16.840.1.101.3.4.2.{last}" for last in (1, 2, 3))
_OPENSSL_WORDS = re.compile(r'data: "Verify error: ([^"]+)"')

_HINTS = {
    "service-failed": "the service is in trouble, or the URL is not that of a "
    "timestamp authority",
    "service-refused": "the message is the server's own; ask whoever runs it",
    "service-unreachable": "check the network and the URL of the timestamp authority",
    "signing-timed-out": "try again, or allow more time; there is no timestamp",
}


@dataclass(frozen=True, slots=True)
class TimestampRoots:
    """Pinned certificates of timestamp authorities, in DER: roots, and issuers below.

    An issuer that is no root only helps to find a path to one.
    """

    name: str
    data: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def parse(cls, data: bytes, where: str) -> TimestampRoots:
        """Read PEM with one certificate or more, at least one of them a root.

        Raises :class:`~aibom.errors.PolicyInvalid`, ``certificate-unreadable``.
        Whether they have expired is not looked at.
        """
        try:
            found = from_pem(data, MAX_ROOTS)
            if not any(c.subject == c.issuer for c in found):
                raise ValueError("none of the certificates is a root")
        except ValueError as error:
            raise PolicyInvalid(
                str(error),
                reason="certificate-unreadable",
                where=where,
                hint="pin the timestamp authority's root certificate, in PEM form",
            ) from error
        return cls(where, data, tuple(map(to_der, found)))

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hex."""
        return hashlib.sha256(self.data).hexdigest()


# ── asking ────────────────────


def request_timestamp(url: str, signature: bytes, deadline_seconds: float) -> bytes:
    """Have a signature stamped; returns the authority's response in DER.

    Only its digest is sent. The response is for this request (granted, imprint and
    nonce as asked for, with a certificate); that it is signed by somebody trusted is
    for :func:`verified_time` to say. Everything is over by the deadline.

    Raises :class:`~aibom.errors.AibomError` (exit 1): ``service-unreachable``,
    ``service-refused``, ``service-failed`` or ``signing-timed-out``.
    """
    from http.client import HTTPException

    until = time.monotonic() + deadline_seconds
    query = _query(signature)
    # Plain http will do: the answer is signed, and what is asked is no secret.
    try:
        target = Target.parse(url)
    except ValueError as error:
        text = f"the timestamp authority cannot be asked: {error}"
        raise _failure("service-unreachable", text) from error
    who = f"the timestamp authority at {url}"
    try:
        answer = post(target, query.as_bytes(), _HEADERS, until, _MAX_ANSWER + 1)
    except OSError as error:
        if isinstance(error, TimeoutError) and time.monotonic() >= until:
            text = f"{who} did not answer within {deadline_seconds:g} seconds"
            raise _failure("signing-timed-out", text) from error
        text = f"{who} gave no answer: {error}"
        raise _failure("service-unreachable", text) from error
    except HTTPException as error:
        text = f"{who} does not speak HTTP: {_quoted(repr(error))}"
        raise _failure("service-failed", text) from error
    _require_success(answer, who)
    _require_stamp(answer.body, query, who)
    return answer.body


def _query(signature: bytes) -> TimeStampRequest:
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    return (
        TimestampRequestBuilder()
        .data(signature)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )


def _require_success(answer: Answer, who: str) -> None:
    status = answer.status
    if 300 <= status < 400:
        text = f"{who} answered {status}, and names {_quoted(answer.location)} instead"
        raise AibomError(
            text,
            reason="service-failed",
            hint="redirects are not followed; give the address that is meant",
        )
    if not 200 <= status < 300:
        busy = status >= 500 or status in _BUSY
        words = _quoted(answer.body.decode("utf-8", "replace"))
        raise _failure(
            "service-failed" if busy else "service-refused",
            f"{who} answered {status}: {words}",
        )
    if len(answer.body) > _MAX_ANSWER:
        text = f"{who} sent more than {_MAX_ANSWER} bytes"
        raise _failure("service-failed", text)


def _require_stamp(body: bytes, query: TimeStampRequest, who: str) -> None:
    from rfc3161_client import decode_timestamp_response
    from rfc3161_client.tsp import PKIStatus

    try:
        response = decode_timestamp_response(body)
        status, words = response.status, "; ".join(response.status_string)
    except ValueError as error:
        words = _quoted(body.decode("utf-8", "replace"))
        text = f"{who} sent something else than an answer: {words}"
        raise _failure("service-failed", text) from error
    if status != PKIStatus.GRANTED:
        text = f"{who} refused (status {status}): {_quoted(words) or 'no words'}"
        raise _failure("service-refused", text)
    try:
        told = _mismatch(response, query)
    except ValueError as error:
        told = f"no timestamp that can be read: {error}"
    if told:
        raise _failure("service-failed", f"{who} sent {told}")


def _mismatch(response: TimeStampResponse, query: TimeStampRequest) -> str:
    info, asked = response.tst_info, query.message_imprint
    told = info.message_imprint
    if told.message != asked.message or told.hash_algorithm != asked.hash_algorithm:
        return "a timestamp of something else"
    if info.nonce != query.nonce:
        return "a timestamp that was not made for this request (nonce)"
    if not response.signed_data.certificates:
        return "a timestamp without a certificate"
    return ""


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _MAX_QUOTED else f"{words[:_MAX_QUOTED]}…"


def _failure(reason: str, message: str) -> AibomError:
    return AibomError(message, reason=reason, hint=_HINTS[reason])


# ── verifying ────────────────────


def verified_time(
    stamps: Sequence[bytes], signature: bytes, roots: TimestampRoots, where: str
) -> datetime:
    """When the signature existed for certain: the earliest time, in UTC.

    Every stamp (a response in DER) has to verify: it is over this signature with SHA-2,
    and signed by an authority whose certificate was valid, is for timestamps only, and
    leads to a pinned root. Revocation is not checked, nor is the authority's accuracy
    taken into account; fractions of a second are dropped.

    Raises :class:`~aibom.errors.VerificationFailed`: ``no-trusted-time`` without any
    stamp, ``timestamp-invalid``.
    """
    if not stamps:
        raise VerificationFailed(
            "there is no timestamp, so nobody says when it was signed",
            reason="no-trusted-time",
            where=where,
            hint="have it signed with a timestamp",
        )
    return min(_verified(stamp, signature, roots, where) for stamp in stamps)


def _verified(
    stamp: bytes, signature: bytes, roots: TimestampRoots, where: str
) -> datetime:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import InvalidVersion
    from rfc3161_client import VerificationError, decode_timestamp_response

    try:
        response = decode_timestamp_response(stamp)
        _require_verified(response, signature, roots)
        return response.tst_info.gen_time
    except (VerificationError, ValueError, InvalidVersion, UnsupportedAlgorithm) as e:
        found = _OPENSSL_WORDS.search(str(e))
        raise VerificationFailed(
            f"a timestamp does not verify with {roots.name}: "
            f"{_quoted(found[1] if found else str(e))}",
            reason="timestamp-invalid",
            where=where,
            hint="fetch the bundle again, or pin the authority that has stamped it",
        ) from e


def _require_verified(
    response: TimeStampResponse, signature: bytes, roots: TimestampRoots
) -> None:
    from rfc3161_client import VerifierBuilder
    from rfc3161_client.tsp import PKIStatus

    if response.status != PKIStatus.GRANTED:
        raise ValueError(f"it was not granted (status {response.status})")
    pinned = [read_certificate(der) for der in roots.certificates]
    # Path, usage, and an imprint with SHA-2; it raises, and never returns False.
    VerifierBuilder(roots=pinned).build().verify_message(response, signature)
    weak = {oid.dotted_string for oid in response.signed_data.digest_algorithms} - _SHA2
    if weak:
        raise ValueError(f"it is signed with a digest that is not SHA-2: {weak}")
    authority = _authority(response)
    at = response.tst_info.gen_time
    if not authority.not_valid_before_utc <= at <= authority.not_valid_after_utc:
        raise ValueError("the authority's certificate was not valid at that time")


def _authority(response: TimeStampResponse) -> Certificate:
    """The one certificate that may have signed, with the usage that it needs.

    OpenSSL compares names of issuers in a looser way than the library. With two
    certificates that only differ so, one could have signed and the other been looked
    at; that their number is the same is enough to refuse them.
    """
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    (signer,) = response.signed_data.signer_infos
    sent = map(read_certificate, response.signed_data.certificates)
    fitting = [one for one in sent if one.serial_number == signer.serial_number]
    if len(fitting) != 1:
        raise ValueError("it holds several certificates that may have signed it")
    extensions = extensions_of(fitting[0])
    usage = extension_of(extensions, x509.ExtendedKeyUsage)
    # RFC 3161 section 2.3: this usage alone, and critical.
    if usage is None or list(usage) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("the authority's certificate is not for timestamps only")
    if not extensions.get_extension_for_class(x509.ExtendedKeyUsage).critical:
        raise ValueError("the usage of the authority's certificate is not critical")
    return fitting[0]
