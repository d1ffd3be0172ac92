"""The certificate transparency log that Fulcio asks before it issues.

It signs a promise over the certificate to be (RFC 6962 section 3.2), which Fulcio then
embeds. There is no tree behind the promise: see the package's docstring.
"""

from __future__ import annotations

import hashlib
import struct
from datetime import datetime

from aibom.testing.sigstore import der
from aibom.testing.sigstore.keys import LogKey

__all__ = ["SCT_LIST_OID", "CertificateLog"]

SCT_LIST_OID = "1.3.6.1.4.1.11129.2.4.2"

_V1, _CERTIFICATE_TIMESTAMP, _PRECERT_ENTRY = 0, 0, 1
_SHA256, _ECDSA = 4, 3
_NO_EXTENSIONS = b"\x00\x00"


class CertificateLog:
    """A CT log with one ECDSA key."""

    def __init__(self) -> None:
        self.key = LogKey.ecdsa()

    def promise(self, precertificate: bytes, issuer_spki: bytes, at: datetime) -> bytes:
        """The value of the SCT list extension, for a certificate without it (TBS)."""
        milliseconds = int(at.timestamp() * 1000)
        signed = (
            struct.pack(
                "!BBQH", _V1, _CERTIFICATE_TIMESTAMP, milliseconds, _PRECERT_ENTRY
            )
            + hashlib.sha256(issuer_spki).digest()
            + len(precertificate).to_bytes(3, "big")
            + precertificate
            + _NO_EXTENSIONS
        )
        signature = self.key.sign(signed)
        sct = (
            struct.pack("!B32sQ", _V1, self.key.log_id, milliseconds)
            + _NO_EXTENSIONS
            + struct.pack("!BBH", _SHA256, _ECDSA, len(signature))
            + signature
        )
        return der.octets(struct.pack("!HH", len(sct) + 2, len(sct)) + sct)
