"""The verifier's keys: a file's bytes or the embedded ones, with their age."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from aibom.attest.keyless_root import TrustRoot
from aibom.errors import DocumentInvalid

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_the_embedded_root_is_that_of_the_public_instance():
    root = TrustRoot.embedded()
    assert root.name.startswith("embedded in sigstore ")
    assert timedelta(0) < root.age(NOW) < timedelta(days=3650)
    assert "rekor.sigstore.dev" in root.data.decode()
    assert root.load().get_fulcio_certs()


def test_a_file_is_kept_as_it_is(local_sigstore):
    data = local_sigstore.trusted_root().encode()
    root = TrustRoot.parse(data, "root.json")
    assert (root.name, root.data) == ("root.json", data)
    assert root.digest == hashlib.sha256(data).hexdigest()
    # A day, and as long as the tests have been running since it was started.
    assert timedelta(hours=23) < root.age(datetime.now(UTC)) < timedelta(hours=48)


def test_a_trust_config_holds_the_same_root(local_sigstore):
    alone = TrustRoot.parse(local_sigstore.trusted_root().encode(), "a")
    within = TrustRoot.parse(local_sigstore.trust_config().encode(), "b")
    assert within.newest_key == alone.newest_key
    assert within.load().get_fulcio_certs() == alone.load().get_fulcio_certs()


def test_the_newest_key_is_the_age(local_sigstore):
    document = json.loads(local_sigstore.trusted_root())
    document["ctlogs"][0]["publicKey"]["validFor"]["start"] = "2030-01-02T03:04:05.678Z"
    root = TrustRoot.parse(json.dumps(document).encode(), "r")
    assert root.newest_key == datetime(2030, 1, 2, 3, 4, 5, 678000, UTC)


MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"


def root(**members):
    return json.dumps({"mediaType": MEDIA_TYPE, **members}).encode()


NO_ROOT = {
    "empty": b"",
    "not-json": b"{",
    "not-an-object": b"[]",
    "other-type": b'{"mediaType": "text/plain"}',
    "twice": b'{"mediaType": "a", "mediaType": "b"}',
    "root-not-an-object": b'{"trustedRoot": []}',
    "no-keys": root(),
    "not-a-list": root(tlogs={}),
    "no-key": root(tlogs=[{}]),
    "not-a-time": root(tlogs=[{"publicKey": {"validFor": {"start": "soon"}}}]),
    "a-number": root(tlogs=[{"publicKey": {"validFor": {"start": 5}}}]),
    "authority": root(certificateAuthorities=["x"]),
}


@pytest.mark.parametrize("data", NO_ROOT.values(), ids=NO_ROOT)
def test_what_is_no_trust_root(data):
    with pytest.raises(DocumentInvalid) as refused:
        TrustRoot.parse(data, "root.json")
    assert (refused.value.reason, refused.value.where) == (
        "trust-root-invalid",
        "root.json",
    )


def test_a_key_that_cannot_be_read():
    since = {"start": "2026-01-01T00:00:00Z"}
    broken = root(tlogs=[{"publicKey": {"rawBytes": 5, "validFor": since}}])
    with pytest.raises(DocumentInvalid) as refused:
        TrustRoot.parse(broken, "root.json").load()
    assert refused.value.reason == "trust-root-invalid"
