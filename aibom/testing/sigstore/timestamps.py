"""The timestamp authority (RFC 3161, with ESSCertIDv2 of RFC 5816).

A request names the digest of a signature; the answer is a CMS SignedData that says when
this authority has seen it. SHA-256, SHA-384 and SHA-512 imprints are stamped; anything
else is answered with a rejection, which is a well-formed response without a token.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import random_serial_number

from aibom.testing.sigstore import der
from aibom.testing.sigstore.ca import Authority
from aibom.testing.sigstore.wire import Clock, Request, Response

__all__ = ["TimestampAuthority"]

_SHA256_OID = "2.16.840.1.101.3.4.2.1"
#: OID in DER → length of the digest
_IMPRINTS = {
    der.oid(_SHA256_OID): 32,
    der.oid("2.16.840.1.101.3.4.2.2"): 48,
    der.oid("2.16.840.1.101.3.4.2.3"): 64,
}
_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
#: Our policy: under the arc that is set aside for examples (2.999).
_POLICY = "2.999.1"
_GRANTED, _REJECTION = 0, 2


@dataclass(frozen=True, slots=True)
class _Query:
    """A request's parts, as they go back into the answer."""

    imprint: bytes
    nonce: bytes
    wants_certificate: bool


class TimestampAuthority:
    """Stamps digests with the key of ``authority``."""

    def __init__(self, authority: Authority, now: Clock) -> None:
        self.authority = authority
        self._now = now

    def stamp(self, request: Request) -> Response:
        """``POST /api/v1/timestamp``, DER in and out."""
        try:
            query = _parse(request.body)
        except ValueError:
            return _reply(_REJECTION)
        return _reply(_GRANTED, self._token(query, self._now()))

    def _token(self, query: _Query, at: datetime) -> bytes:
        info = der.sequence(
            der.integer(1),
            der.oid(_POLICY),
            query.imprint,
            der.integer(random_serial_number()),
            der.generalized_time(f"{at:%Y%m%d%H%M%S}"),
            query.nonce,
        )
        chain = self.authority.chain if query.wants_certificate else ()
        certificates = [c.public_bytes(Encoding.DER) for c in chain]
        signed_data = der.sequence(
            der.integer(3),
            der.set_of([_algorithm(_SHA256_OID)]),
            der.sequence(der.oid(_TST_INFO), der.tagged(0, der.octets(info))),
            der.tagged(0, *sorted(certificates)) if certificates else b"",
            der.set_of([self._signer_info(info, at)]),
        )
        return der.sequence(der.oid(_SIGNED_DATA), der.tagged(0, signed_data))

    def _signer_info(self, info: bytes, at: datetime) -> bytes:
        certificate = self.authority.certificate
        digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
        attributes = sorted(
            [
                _attribute(_CONTENT_TYPE, der.oid(_TST_INFO)),
                _attribute(_SIGNING_TIME, der.utc_time(f"{at:%y%m%d%H%M%S}")),
                _attribute(_MESSAGE_DIGEST, der.octets(hashlib.sha256(info).digest())),
                _attribute(
                    _SIGNING_CERTIFICATE_V2,
                    der.sequence(der.sequence(der.sequence(der.octets(digest)))),
                ),
            ]
        )
        # Signed as a SET OF, sent under an implicit tag (RFC 5652 section 5.4).
        signature = self.authority.key.sign(der.set_of(attributes), ec.ECDSA(SHA256()))
        return der.sequence(
            der.integer(1),
            der.sequence(
                certificate.issuer.public_bytes(),
                der.integer(certificate.serial_number),
            ),
            _algorithm(_SHA256_OID),
            der.tagged(0, *attributes),
            _algorithm(_ECDSA_SHA256),
            der.octets(signature),
        )


def _parse(body: bytes) -> _Query:
    """Take a TimeStampReq apart; raises ``ValueError`` for what cannot be stamped."""
    outer = der.elements(body)
    if [e.tag for e in outer] != [der.SEQUENCE]:
        raise ValueError("not a TimeStampReq")
    version, imprint, *optional = _at_least(der.elements(outer[0].content), 2)
    if version.raw != der.integer(1):
        raise ValueError("not version 1")
    algorithm, digest = _at_least(der.elements(imprint.content), 2)
    kind = _at_least(der.elements(algorithm.content), 1)[0]
    if _IMPRINTS.get(kind.raw) != len(digest.content):
        raise ValueError("unsupported imprint")
    given = {element.tag: element for element in optional}
    nonce = given.get(der.INTEGER)
    wanted = given.get(der.BOOLEAN)
    return _Query(
        imprint.raw,
        nonce.raw if nonce else b"",
        wanted is not None and wanted.content != b"\x00",
    )


def _at_least(found: list[der.Element], count: int) -> list[der.Element]:
    if len(found) < count:
        raise ValueError("fields are missing")
    return found


def _algorithm(dotted: str) -> bytes:
    return der.sequence(der.oid(dotted))


def _attribute(dotted: str, value: bytes) -> bytes:
    return der.sequence(der.oid(dotted), der.set_of([value]))


def _reply(status: int, token: bytes = b"") -> Response:
    body = der.sequence(der.sequence(der.integer(status)), token)
    return Response(200, body, "application/timestamp-reply")
