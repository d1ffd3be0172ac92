"""Rekor v1 and v2: check what is submitted, log it, prove that it is there.

Both verify the submitted signature first, as the real ones do, so that a client that
uploads the wrong thing is told so here and not by its users. The DSSE encoding below is
written a second time on purpose: sharing it with the signer would hide its errors.

v1 takes ``dsse/0.0.1`` and ``hashedrekord/0.0.1`` and promises an entry with a signed
time; v2 takes ``hashedrekord/0.0.2`` only, and knows no time. A second submission of
one entry is a second entry here, where Rekor v1 would answer 409.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from aibom.merkle import leaf_hash
from aibom.testing.sigstore.keys import LogKey
from aibom.testing.sigstore.translog import Inclusion, TransparencyLog
from aibom.testing.sigstore.wire import (
    Clock,
    Refused,
    Request,
    Response,
    b64,
    grpc_refusal,
    json_response,
    read_json,
    unb64,
)

__all__ = ["RekorV1", "RekorV2"]

_TREE_ID = 0x10CA15160000

#: What a malformed entry can raise while it is taken apart.
_MALFORMED = (
    *(AttributeError, KeyError, TypeError, ValueError),
    UnsupportedAlgorithm,
)


class RekorV1:
    """The log with promises: an entry comes back with a signed time (SET)."""

    def __init__(self, name: str, now: Clock) -> None:
        self.log = TransparencyLog(name, f"{name} - {_TREE_ID}", LogKey.ecdsa())
        self._now = now

    def create(self, request: Request) -> Response:
        """``POST /api/v1/log/entries``."""
        try:
            body = rfc8785.dumps(_canonical_v1(read_json(request.body)))
        except _MALFORMED as error:
            message = f"error processing entry: {error}"
            raise Refused(
                json_response({"code": 400, "message": message}, 400)
            ) from error
        included = self.log.append(body)
        uuid = f"{_TREE_ID:016x}{leaf_hash(body).hex()}"
        return json_response({uuid: self._entry(body, included)}, 201)

    def _entry(self, body: bytes, included: Inclusion) -> dict[str, Any]:
        promised: dict[str, int | str] = {
            "body": b64(body),
            "integratedTime": int(self._now().timestamp()),
            "logID": self.log.key.log_id.hex(),
            "logIndex": included.index,
        }
        verification = {
            "signedEntryTimestamp": b64(self.log.key.sign(rfc8785.dumps(promised))),
            "inclusionProof": {
                "logIndex": included.index,
                "treeSize": included.size,
                "rootHash": included.root.hex(),
                "hashes": [sibling.hex() for sibling in included.hashes],
                "checkpoint": included.checkpoint,
            },
        }
        return {**promised, "verification": verification}


class RekorV2:
    """The log on tiles: a proof and a checkpoint, and no time of its own."""

    def __init__(self, name: str) -> None:
        self.log = TransparencyLog(name, name, LogKey.ed25519(name))

    def create(self, request: Request) -> Response:
        """``POST /api/v2/log/entries``."""
        try:
            body = rfc8785.dumps(_canonical_v2(read_json(request.body)))
        except _MALFORMED as error:
            raise grpc_refusal(f"invalid entry: {error}") from error
        included = self.log.append(body)
        return json_response(
            {
                "logIndex": str(included.index),
                "logId": {"keyId": b64(self.log.key.log_id)},
                "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
                "integratedTime": "0",
                "inclusionProof": {
                    "logIndex": str(included.index),
                    "rootHash": b64(included.root),
                    "treeSize": str(included.size),
                    # Present even when empty: sigstore-python insists.
                    "hashes": [b64(sibling) for sibling in included.hashes],
                    "checkpoint": {"envelope": included.checkpoint},
                },
                "canonicalizedBody": b64(body),
            },
            201,
        )


def _canonical_v1(entry: Any) -> dict[str, Any]:
    kind, version = entry["kind"], entry["apiVersion"]
    canonical = _V1_KINDS.get(kind)
    if canonical is None or version != "0.0.1":
        raise ValueError(f"entry of kind {kind!r} version {version!r} is not supported")
    return {"apiVersion": version, "kind": kind, "spec": canonical(entry["spec"])}


def _dsse(spec: Any) -> dict[str, Any]:
    """Digests of the envelope and its payload; neither is itself logged."""
    proposed = spec["proposedContent"]
    text = proposed["envelope"]
    envelope = read_json(text.encode())
    payload, kind = unb64(envelope["payload"]), envelope["payloadType"].encode()
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    (signature,), (verifier,) = envelope["signatures"], proposed["verifiers"]
    certificate = x509.load_pem_x509_certificate(unb64(verifier))
    _check(certificate, unb64(signature["sig"]), hashlib.sha256(pae).digest())
    return {
        "envelopeHash": _sha256(text.encode()),
        "payloadHash": _sha256(payload),
        "signatures": [{"signature": signature["sig"], "verifier": verifier}],
    }


def _hashedrekord(spec: Any) -> dict[str, Any]:
    digest, signature = spec["data"]["hash"], spec["signature"]
    if digest["algorithm"] != "sha256":
        raise ValueError(f"unsupported hash algorithm {digest['algorithm']!r}")
    verifier = signature["publicKey"]["content"]
    certificate = x509.load_pem_x509_certificate(unb64(verifier))
    _check(certificate, unb64(signature["content"]), bytes.fromhex(digest["value"]))
    return {
        "data": {"hash": {"algorithm": "sha256", "value": digest["value"]}},
        "signature": {
            "content": signature["content"],
            "publicKey": {"content": verifier},
        },
    }


_V1_KINDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "dsse": _dsse,
    "hashedrekord": _hashedrekord,
}


def _canonical_v2(submitted: Any) -> dict[str, Any]:
    entry = submitted["hashedRekordRequestV002"]
    digest, signature = entry["digest"], entry["signature"]
    details = signature["verifier"]["keyDetails"]
    if details != "PKIX_ECDSA_P256_SHA_256":
        raise ValueError(f"unsupported algorithm {details!r}")
    encoded = signature["verifier"]["x509Certificate"]["rawBytes"]
    certificate = x509.load_der_x509_certificate(unb64(encoded))
    _check(certificate, unb64(signature["content"]), unb64(digest))
    verifier = {"x509Certificate": {"rawBytes": encoded}, "keyDetails": details}
    spec = {
        "data": {"algorithm": "SHA2_256", "digest": digest},
        "signature": {"content": signature["content"], "verifier": verifier},
    }
    return {
        "apiVersion": "0.0.2",
        "kind": "hashedrekord",
        "spec": {"hashedRekordV002": spec},
    }


def _check(certificate: x509.Certificate, signature: bytes, digest: bytes) -> None:
    """Verify an ECDSA signature over a SHA-256 digest; raises ``ValueError``."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("the verifier has no ECDSA key")
    try:
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        raise ValueError("verifying signature: invalid signature") from None


def _sha256(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}
