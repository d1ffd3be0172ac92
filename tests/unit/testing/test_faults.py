"""Planned faults: each kind as a client sees it, counted, and bounded in time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from sigstore._internal.rekor import RekorClientError
from sigstore_clients import STATEMENT, alice, sign, verify

from aibom.errors import UsageError
from aibom.testing.sigstore import LocalSigstore


@pytest.fixture
def sigstore():
    with LocalSigstore() as running:
        yield running


def get_keys(sigstore, timeout=60.0):
    return requests.get(f"{sigstore.url}/keys", timeout=timeout)


def test_an_error(sigstore):
    sigstore.fail("GET /keys")
    answer = get_keys(sigstore)
    assert (answer.status_code, answer.json()["code"]) == (503, 503)
    sigstore.fail("GET /keys", status=429)
    assert get_keys(sigstore).status_code == 429


@pytest.mark.parametrize("status", [None, 502])
def test_a_page_instead_of_json(sigstore, status):
    sigstore.fail("GET /keys", "html", status=status)
    answer = get_keys(sigstore)
    assert answer.status_code == (status or 200)
    assert answer.text.startswith("<!doctype html>")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_half_an_answer(sigstore):
    sigstore.fail("GET /keys", "truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get_keys(sigstore)


def test_no_answer(sigstore):
    sigstore.fail("GET /keys", "drop")
    with pytest.raises(requests.ConnectionError):
        get_keys(sigstore)


def test_no_answer_for_long(sigstore):
    sigstore.fail("GET /keys", "hang")
    with pytest.raises(requests.ReadTimeout):
        get_keys(sigstore, timeout=0.2)


def test_no_answer_after_a_while(sigstore):
    sigstore.fail("GET /keys", "hang", delay=0.05)
    with pytest.raises(requests.ConnectionError):
        get_keys(sigstore)


def test_a_late_answer(sigstore):
    truth = get_keys(sigstore).json()
    sigstore.fail("GET /keys", "slow", delay=0.05)
    assert get_keys(sigstore).json() == truth


def test_a_late_answer_is_too_late(sigstore):
    sigstore.fail("GET /keys", "slow", delay=60)
    with pytest.raises(requests.ReadTimeout):
        get_keys(sigstore, timeout=0.2)


def test_a_trickle_outlasts_a_read_timeout(sigstore):
    # Each byte is in time, all of them are not: why a client needs its own deadline.
    truth = get_keys(sigstore).json()
    sigstore.fail("GET /keys", "trickle", delay=6.0)
    started = time.monotonic()
    assert get_keys(sigstore, timeout=5.0).json() == truth
    assert time.monotonic() - started > 5.0


def test_faults_are_used_up_in_their_order(sigstore):
    sigstore.fail("GET /keys", status=500, times=2)
    sigstore.fail("GET /keys", status=502)
    found = [get_keys(sigstore).status_code for _ in range(4)]
    assert found == [500, 500, 502, 200]


def test_a_fault_is_used_up_by_as_many_as_planned(sigstore):
    sigstore.fail("GET /keys", times=7)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: get_keys(sigstore).status_code, range(24)))
    assert sorted(found) == [200] * 17 + [503] * 7


def test_a_fault_without_end_ends_with_recovery(sigstore):
    sigstore.fail("GET /keys", times=None)
    assert [get_keys(sigstore).status_code for _ in range(5)] == [503] * 5
    sigstore.recover()
    assert get_keys(sigstore).status_code == 200


def test_a_fault_is_for_what_matches(sigstore):
    sigstore.fail("POST ")
    sigstore.fail("/api/v9/")
    assert get_keys(sigstore).status_code == 200


def hanging(sigstore):
    """A client in a thread that hangs, and the list its error will be in."""
    errors = []
    arrived = len(sigstore.requests)

    def ask():
        try:
            get_keys(sigstore, timeout=60)
        except requests.RequestException as error:
            errors.append(type(error))

    sigstore.fail("GET /keys", "hang")
    thread = threading.Thread(target=ask)
    thread.start()
    while len(sigstore.requests) == arrived:
        thread.join(0.001)
    return thread, errors


def test_recovery_lets_go_of_who_waits(sigstore):
    thread, errors = hanging(sigstore)
    sigstore.recover()
    thread.join(120)
    assert errors == [requests.ConnectionError]


def test_stopping_lets_go_of_who_waits():
    with LocalSigstore() as sigstore:
        thread, errors = hanging(sigstore)
    thread.join(120)
    assert errors == [requests.ConnectionError]


IMPOSSIBLE = {
    "kind": (("x", "explode"), {}, "fault-unknown"),
    "too-long": (("x", "hang"), {"delay": 61}, "fault-delay"),
    "back-in-time": (("x", "slow"), {"delay": -1}, "fault-delay"),
    "forever": (("x", "hang"), {"delay": float("inf")}, "fault-delay"),
    "not-a-number": (("x", "hang"), {"delay": float("nan")}, "fault-delay"),
    "never": (("x",), {"times": 0}, "fault-times"),
    "pattern": (("(",), {}, "fault-pattern"),
}


@pytest.mark.parametrize(
    ("args", "options", "reason"), IMPOSSIBLE.values(), ids=IMPOSSIBLE
)
def test_a_fault_that_cannot_be(sigstore, args, options, reason):
    with pytest.raises(UsageError) as caught:
        sigstore.fail(*args, **options)
    assert caught.value.reason == reason


#: mode → the call that fails, and how sigstore-python takes it
SIGNING = {
    "rekor-v1": ("v1", "POST /api/v1/log", "status", RekorClientError),
    "rekor-v2": ("v2-tsa", "POST /api/v2/log", "status", RekorClientError),
    "rekor-html": ("v1", "POST /api/v1/log", "html", requests.JSONDecodeError),
    "fulcio-html": ("v1", "POST .*/signingCert", "html", requests.JSONDecodeError),
    "fulcio-gone": ("v1", "POST .*/signingCert", "drop", requests.ConnectionError),
}


@pytest.mark.parametrize(
    ("mode", "call", "kind", "error"), SIGNING.values(), ids=SIGNING
)
def test_signing_fails_and_then_recovers(sigstore, mode, call, kind, error):
    sigstore.fail(call, kind)
    with pytest.raises(error):
        sign(sigstore, mode)
    assert verify(sigstore, sign(sigstore, mode), alice(sigstore)) == STATEMENT


def test_rekor_says_what_was_planned(sigstore):
    sigstore.fail("POST /api/v1/log", status=500)
    with pytest.raises(RekorClientError, match="500: planned by the test"):
        sign(sigstore, "v1")
