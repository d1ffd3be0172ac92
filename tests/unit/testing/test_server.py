"""The server itself: where it listens, what it answers, what it writes for clients."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta, timezone

import pytest
import requests
from cryptography import x509
from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response
from sigstore.models import ClientTrustConfig
from sigstore_clients import MODES, sign

from aibom.errors import UsageError
from aibom.testing.sigstore import LocalSigstore

ELSEWHERE = [
    *("0.0.0.0", "::", "::1", "192.0.2.1", "10.0.0.1", "169.254.1.1"),
    *("", "localhost", "example.org", "127.1", "0177.0.0.1", "127.0.0.1.example.org"),
    "127.0.0.1\n",
]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_it_listens_on_loopback_only(monkeypatch, host):
    def bind(*_):
        raise AssertionError("bound")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(UsageError) as caught:
        LocalSigstore(host=host)
    assert caught.value.reason == "not-loopback"
    assert "127.0.0.1" in caught.value.hint


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10"])
def test_any_loopback_address_will_do(host):
    with LocalSigstore(host=host) as sigstore, requests.Session() as session:
        session.trust_env = False  # the proxy of conftest.py is not for this address
        assert sigstore.url.startswith(f"http://{host}:")
        assert session.get(f"{sigstore.url}/keys", timeout=60).status_code == 200


def test_a_port_that_is_taken(local_sigstore):
    port = int(local_sigstore.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        LocalSigstore(port=port)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/api/v2/signingCert"), ("POST", "/keys"), ("GET", "/../")],
)
def test_what_is_not_there(local_sigstore, method, path):
    answer = requests.request(method, local_sigstore.url + path, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (404, 404)


@pytest.mark.parametrize("length", ["999999999999", "-1", "x"])
def test_a_body_without_a_sane_length(local_sigstore, length):
    with connected(local_sigstore) as client:
        client.sendall(
            f"POST /token HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")


def connected(sigstore):
    host, port = sigstore.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), 10)


def test_one_connection_is_for_one_request(local_sigstore):
    # Else a client's idle connection would be answered after the server has stopped.
    twice = b"GET /keys HTTP/1.1\r\nHost: x\r\n\r\n" * 2
    with connected(local_sigstore) as client:
        client.sendall(twice)
        answer = client.makefile("rb").read()
    assert answer.count(b"HTTP/1.1 200 ") == 1
    assert b"Connection: close" in answer


BROKEN = {
    "nothing": b"",
    "half-a-line": b"GET /ke",
    "no-http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    "half-a-body": b"POST /token HTTP/1.1\r\nContent-Length: 9\r\n\r\ncode",
    "other-method": b"DELETE /keys HTTP/1.1\r\n\r\n",
    "long-line": b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN)
def test_a_broken_client_breaks_nothing(local_sigstore, capfd, sent):
    with connected(local_sigstore) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = client.makefile("rb").read()
    assert b"HTTP/1.1 200 " not in answer
    answer = requests.get(f"{local_sigstore.url}/keys", timeout=60)
    assert answer.status_code == 200
    assert capfd.readouterr().err == ""


def test_a_client_that_left_is_not_spoken_of(capfd):
    with LocalSigstore() as sigstore:
        sigstore.fail("GET /keys", "slow", delay=30)
        with connected(sigstore) as client:
            client.sendall(b"GET /keys HTTP/1.1\r\n\r\n")
            while not sigstore.requests:
                pass
    assert capfd.readouterr().err == ""


def test_requests_are_kept_in_order():
    with LocalSigstore() as sigstore:
        sign(sigstore, "v2-tsa")
    assert sigstore.requests == (
        "POST /api/v2/signingCert",
        "POST /api/v1/timestamp",
        "POST /api/v2/log/entries",
    )


def test_the_trust_bundle_is_the_trusted_root(local_sigstore):
    url = f"{local_sigstore.url}/api/v2/trustBundle"
    (chain,) = requests.get(url, timeout=60).json()["chains"]
    (authority,) = json.loads(local_sigstore.trusted_root())["certificateAuthorities"]
    assert len(chain["certificates"]) == len(authority["certChain"]["certificates"])


@pytest.mark.parametrize("mode", MODES)
def test_the_trust_config_is_read_as_meant(local_sigstore, mode):
    text = local_sigstore.trust_config(**MODES[mode])
    config = ClientTrustConfig.from_json(text).signing_config
    versions = {"v1": "RekorClient", "v2": "RekorV2Client"}
    assert type(config.get_tlogs()[0]).__name__ == versions[mode[:2]]
    assert len(config.get_tsas()) == MODES[mode]["timestamps"]
    assert config.get_oidc_url() == local_sigstore.url
    assert json.loads(text)["trustedRoot"] == json.loads(local_sigstore.trusted_root())


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"rekor": 2, "timestamps": False}, "no-time"),
        ({"rekor": 3}, "rekor-version"),
        ({"rekor": 0}, "rekor-version"),
    ],
)
def test_a_trust_config_nobody_could_use(local_sigstore, options, reason):
    with pytest.raises(UsageError) as caught:
        local_sigstore.trust_config(**options)
    assert caught.value.reason == reason


def test_checkpoints_are_signed_with_a_name_from_the_logs_url(local_sigstore):
    # What @sigstore/verify demands and sigstore-python does not look at.
    urls = [
        log["baseUrl"] for log in json.loads(local_sigstore.trusted_root())["tlogs"]
    ]
    for mode in ("v1", "v2-tsa"):
        material = json.loads(sign(local_sigstore, mode).to_json())
        (entry,) = material["verificationMaterial"]["tlogEntries"]
        note = entry["inclusionProof"]["checkpoint"]["envelope"]
        name = note.rpartition("\N{EM DASH} ")[2].split()[0]
        assert all(name in url for url in urls)


def stamp(sigstore):
    request = TimestampRequestBuilder().data(b"signature").build().as_bytes()
    url = f"{sigstore.url}/api/v1/timestamp"
    return decode_timestamp_response(requests.post(url, request, timeout=60).content)


#: The same moment, said in three ways.
THEN = datetime(2030, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
ZONES = [UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-3.5))]


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_services_go_by_the_given_clock(zone):
    then = THEN.astimezone(zone)
    with LocalSigstore(now=lambda: then) as sigstore:
        url = f"{sigstore.url}/api/v2/trustBundle"
        (chain,) = requests.get(url, timeout=60).json()["chains"]
        root = json.loads(sigstore.trusted_root())
        stamped = stamp(sigstore)
    assert stamped.tst_info.gen_time == THEN.replace(microsecond=0)
    certificate = x509.load_pem_x509_certificate(chain["certificates"][0].encode())
    assert certificate.not_valid_before_utc == datetime(2030, 1, 1, 3, 4, 5, tzinfo=UTC)
    assert root["tlogs"][0]["publicKey"]["validFor"]["start"] == "2030-01-01T03:04:05Z"
