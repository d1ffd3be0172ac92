"""What clients have to know: a root to verify with, a config to sign with.

Media types and shapes are those of sigstore's protobuf-specs; both together are a
ClientTrustConfig, the file that ``sigstore --trust-config`` takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from aibom.testing.sigstore.keys import LogKey
from aibom.testing.sigstore.wire import b64

__all__ = ["Anchors", "client_trust_config", "signing_config", "trusted_root"]

_MEDIA_TYPE = "application/vnd.dev.sigstore."
_OPERATOR = "loopback"


@dataclass(frozen=True, slots=True)
class Anchors:
    """Everything that this instance is trusted by; ``since`` opens every validity."""

    url: str
    since: datetime
    rekor: Sequence[LogKey]
    ctlog: LogKey
    fulcio: Sequence[x509.Certificate]
    timestamps: Sequence[x509.Certificate]

    @property
    def valid_for(self) -> dict[str, str]:
        """From ``since`` on, without an end."""
        return {"start": f"{self.since:%Y-%m-%dT%H:%M:%SZ}"}


def client_trust_config(
    anchors: Anchors, rekor: int, timestamps: bool
) -> dict[str, Any]:
    """The trusted root and the signing config in one document."""
    return {
        "mediaType": f"{_MEDIA_TYPE}clienttrustconfig.v0.1+json",
        "trustedRoot": trusted_root(anchors),
        "signingConfig": signing_config(anchors, rekor, timestamps),
    }


def trusted_root(anchors: Anchors) -> dict[str, Any]:
    """All keys, whatever a signer uses: one root verifies every way of signing."""
    return {
        "mediaType": f"{_MEDIA_TYPE}trustedroot+json;version=0.1",
        "tlogs": [_log(anchors, key, anchors.url) for key in anchors.rekor],
        "certificateAuthorities": [_authority(anchors, anchors.fulcio)],
        "ctlogs": [_log(anchors, anchors.ctlog, f"{anchors.url}/ct")],
        "timestampAuthorities": [_authority(anchors, anchors.timestamps)],
    }


def signing_config(anchors: Anchors, rekor: int, timestamps: bool) -> dict[str, Any]:
    """Where to sign (v0.2): one Fulcio, one Rekor of that version, one TSA or none."""
    stamping = [_service(anchors, "/api/v1/timestamp")] if timestamps else []
    return {
        "mediaType": f"{_MEDIA_TYPE}signingconfig.v0.2+json",
        "caUrls": [_service(anchors)],
        "oidcUrls": [_service(anchors)],
        "rekorTlogUrls": [_service(anchors, version=rekor)],
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaUrls": stamping,
        "tsaConfig": {"selector": "ANY"},
    }


def _service(anchors: Anchors, path: str = "", version: int = 1) -> dict[str, Any]:
    return {
        "url": anchors.url + path,
        "majorApiVersion": version,
        "validFor": anchors.valid_for,
        "operator": _OPERATOR,
    }


def _log(anchors: Anchors, key: LogKey, url: str) -> dict[str, Any]:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": b64(key.public_bytes),
            "keyDetails": key.details,
            "validFor": anchors.valid_for,
        },
        "logId": {"keyId": b64(key.log_id)},
    }


def _authority(anchors: Anchors, chain: Sequence[x509.Certificate]) -> dict[str, Any]:
    return {
        "subject": {
            "organization": _attribute(chain[-1], NameOID.ORGANIZATION_NAME),
            "commonName": _attribute(chain[-1], NameOID.COMMON_NAME),
        },
        "uri": anchors.url,
        "certChain": {
            "certificates": [
                {"rawBytes": b64(certificate.public_bytes(Encoding.DER))}
                for certificate in chain
            ]
        },
        "validFor": anchors.valid_for,
    }


def _attribute(certificate: x509.Certificate, kind: x509.ObjectIdentifier) -> str:
    return str(certificate.subject.get_attributes_for_oid(kind)[0].value)
