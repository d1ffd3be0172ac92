"""Both Rekors from below sigstore-python: what does not fit together is not logged."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding
from sigstore_clients import sign

from aibom.merkle import leaf_hash
from aibom.testing.sigstore import LocalSigstore


def encoded(data):
    return base64.b64encode(data).decode()


def v1_entry(bundle):
    """What sigstore-python sent to Rekor v1 for a bundle."""
    envelope = json.dumps(json.loads(bundle.to_json())["dsseEnvelope"])
    verifier = encoded(bundle.signing_certificate.public_bytes(Encoding.PEM))
    proposed = {"envelope": envelope, "verifiers": [verifier]}
    return {
        "kind": "dsse",
        "apiVersion": "0.0.1",
        "spec": {"proposedContent": proposed},
    }


def v2_entry(bundle):
    signed = json.loads(bundle.to_json())["verificationMaterial"]["tlogEntries"][0]
    body = json.loads(base64.b64decode(signed["canonicalizedBody"]))
    spec = body["spec"]["hashedRekordV002"]
    digest, signature = spec["data"]["digest"], spec["signature"]
    return {"hashedRekordRequestV002": {"digest": digest, "signature": signature}}


def other_payload(entry):
    proposed = entry["spec"]["proposedContent"]
    envelope = json.loads(proposed["envelope"])
    envelope["payload"] = encoded(b"{}")
    proposed["envelope"] = json.dumps(envelope)


def other_kind(entry):
    entry["kind"] = "intoto"


def other_version(entry):
    entry["apiVersion"] = "0.0.2"


def no_verifier(entry):
    entry["spec"]["proposedContent"]["verifiers"] = []


def bad_verifier(entry):
    entry["spec"]["proposedContent"]["verifiers"] = [encoded(b"nobody")]


def number_for_text(entry):
    entry["spec"]["proposedContent"]["envelope"] = 7


def no_spec(entry):
    entry["spec"] = None


V1_ENTRIES = {
    "number": (number_for_text, "error processing entry"),
    "no-spec": (no_spec, "error processing entry"),
    "payload": (other_payload, "invalid signature"),
    "kind": (other_kind, "'intoto'"),
    "version": (other_version, "'0.0.2'"),
    "no-verifier": (no_verifier, "error processing entry"),
    "bad-verifier": (bad_verifier, "error processing entry"),
}


def submit(sigstore, version, entry):
    url = f"{sigstore.url}/api/{version}/log/entries"
    return requests.post(url, json=entry, timeout=60)


def test_rekor_v1_takes_what_sigstore_python_sends(local_sigstore):
    entry = v1_entry(sign(local_sigstore, "v1"))
    answer = submit(local_sigstore, "v1", entry)
    assert answer.status_code == 201
    ((uuid, logged),) = answer.json().items()
    assert uuid[16:] == leaf_hash(base64.b64decode(logged["body"])).hex()


@pytest.mark.parametrize(("change", "says"), V1_ENTRIES.values(), ids=V1_ENTRIES)
def test_rekor_v1_refuses(local_sigstore, change, says):
    entry = v1_entry(sign(local_sigstore, "v1"))
    change(entry)
    refused = submit(local_sigstore, "v1", entry)
    assert refused.status_code == 400
    assert refused.json()["code"] == 400
    assert says in refused.json()["message"]


def test_what_is_refused_is_not_logged():
    with LocalSigstore() as fresh:
        entry = v1_entry(sign(fresh, "v1"))
        other_payload(entry)
        submit(fresh, "v1", entry)
        bundle = json.loads(sign(fresh, "v1").to_json())
    (logged,) = bundle["verificationMaterial"]["tlogEntries"]
    assert logged["inclusionProof"]["treeSize"] == "2"


def other_digest(entry):
    digest = hashlib.sha256(b"other").digest()
    entry["hashedRekordRequestV002"]["digest"] = encoded(digest)


def short_digest(entry):
    entry["hashedRekordRequestV002"]["digest"] = encoded(b"short")


def other_algorithm(entry):
    signature = entry["hashedRekordRequestV002"]["signature"]
    signature["verifier"]["keyDetails"] = "PKIX_ED25519"


def older_request(entry):
    entry["dsseRequestV002"] = entry.pop("hashedRekordRequestV002")


def no_signature(entry):
    entry["hashedRekordRequestV002"]["signature"] = "none"


V2_ENTRIES = {
    "no-signature": (no_signature, "invalid entry"),
    "digest": (other_digest, "invalid signature"),
    "short": (short_digest, "invalid entry"),
    "algorithm": (other_algorithm, "PKIX_ED25519"),
    "older-dsse": (older_request, "invalid entry"),
}


@pytest.mark.parametrize(("change", "says"), V2_ENTRIES.values(), ids=V2_ENTRIES)
def test_rekor_v2_refuses(local_sigstore, change, says):
    entry = v2_entry(sign(local_sigstore, "v2-tsa"))
    assert submit(local_sigstore, "v2", entry).status_code == 201
    change(entry)
    refused = submit(local_sigstore, "v2", entry)
    assert refused.status_code == 400
    assert says in refused.json()["message"]


def test_rekor_v2_logs_no_more_than_it_knows(local_sigstore):
    entry = v2_entry(sign(local_sigstore, "v2-tsa"))
    signature = entry["hashedRekordRequestV002"]["signature"]
    signature["verifier"]["note"] = "left out"
    logged = submit(local_sigstore, "v2", entry).json()["canonicalizedBody"]
    assert b"left out" not in base64.b64decode(logged)


def test_an_empty_proof_is_sent_as_one():
    with LocalSigstore() as fresh:
        entry = v2_entry(sign(fresh, "v2-tsa"))
    with LocalSigstore() as other:
        proof = submit(other, "v2", entry).json()["inclusionProof"]
    assert (proof["hashes"], proof["treeSize"]) == ([], "1")
