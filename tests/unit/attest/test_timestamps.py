"""Timestamps: asked for within a deadline, and believed only from a pinned authority.

Whatever a server does, asking ends by the deadline with an error that names its URL.
"""

from __future__ import annotations

import hashlib
import ipaddress
import random
import socket
import ssl
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

import pytest
from certificates import DAY, NOW, key_usage, pem, root
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from aibom.attest.timestamps import (
    TimestampRoots,
    request_timestamp,
    verified_time,
)
from aibom.errors import AibomError, PolicyInvalid, VerificationFailed
from aibom.testing.sigstore import der
from aibom.testing.sigstore.ca import Authority
from aibom.testing.sigstore.timestamps import TimestampAuthority
from aibom.testing.sigstore.wire import Request

SIGNATURE = b"a signature"
#: Enough for a loaded machine; nothing waits for it.
PLENTY = 60.0
SHORT = 0.5
#: What a stalled machine may add to a deadline; a server that keeps one waiting does so
#: for longer, and then there is another reason, or no end.
SLACK, WAIT = 30.0, 60.0
PATH = "/api/v1/timestamp"

# ── an authority of our own ────────────────────

ROOT = root("Time Root")


def stamping(*usages, critical=True, issuer=ROOT, **how):
    usage = x509.ExtendedKeyUsage(usages or (Usage.TIME_STAMPING,))
    change = {
        x509.ExtendedKeyUsage: (usage, critical),
        x509.SubjectAlternativeName: None,
    }
    return issuer.leaf(name="stamps", change={**change, **how.pop("change", {})}, **how)


STAMPER = stamping()


def query(signature=SIGNATURE, algorithm=HashAlgorithm.SHA256, **how):
    builder = TimestampRequestBuilder().data(signature).hash_algorithm(algorithm)
    for option, value in how.items():
        builder = getattr(builder, option)(**{option: value})
    return builder.build().as_bytes()


def answer(body, signer=STAMPER, *, at=NOW, extra=()):
    """What an authority with that key says at that time; ``extra`` certificates."""
    chain = [signer.certificate]
    above = signer.issuer
    while above is not None:
        chain.append(above.certificate)
        above = above.issuer
    authority = Authority(signer.key, (*chain, *extra))
    service = TimestampAuthority(authority, lambda: at)
    return service.stamp(Request("POST", PATH, {}, {}, body)).body


def stamp(signer=STAMPER, *, at=NOW, signature=SIGNATURE, extra=(), **how):
    return answer(query(signature, **how), signer, at=at, extra=extra)


def pinned(*issued):
    return TimestampRoots.parse(pem(*(issued or (ROOT,))), "tsa.pem")


def refusal(*stamps, roots=None, signature=SIGNATURE):
    with pytest.raises(VerificationFailed) as refused:
        verified_time(stamps, signature, roots or pinned(), "b.json")
    error = refused.value
    assert (error.exit_code, error.where) == (11, "b.json")
    assert error.hint
    assert len(error.message) < 500
    return error.reason, error.message


# ── verifying: what holds ────────────────────

INTERMEDIATE = ROOT.intermediate("Time Issuer")
BELOW = stamping(issuer=INTERMEDIATE)

GOOD = {
    "sha256": lambda: (stamp(), pinned()),
    "sha512": lambda: (stamp(algorithm=HashAlgorithm.SHA512), pinned()),
    "sha384": lambda: (answer(imprint("sha384", "2.16.840.1.101.3.4.2.2")), pinned()),
    "among-others": lambda: (stamp(), pinned(root("Other"), ROOT)),
    "with-an-intermediate": lambda: (stamp(BELOW), pinned()),
    "intermediate-pinned-too": lambda: (stamp(BELOW), pinned(INTERMEDIATE, ROOT)),
    "without-a-nonce": lambda: (stamp(nonce=False), pinned()),
    "listing-sha512-as-well": lambda: (listing("2.16.840.1.101.3.4.2.3"), pinned()),
}


def imprint(name, oid):
    """A request with a digest that the library cannot ask for."""
    digest = hashlib.new(name, SIGNATURE).digest()
    told = der.sequence(der.sequence(der.oid(oid)), der.octets(digest))
    return der.sequence(der.integer(1), told, der.tlv(der.BOOLEAN, b"\xff"))


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
def test_a_stamp_that_holds(case):
    given, roots = case()
    assert verified_time([given], SIGNATURE, roots, "b.json") == NOW


def test_the_earliest_counts():
    times = [NOW + DAY, NOW - DAY, NOW]
    stamps = [stamp(at=at) for at in times]
    found = verified_time(stamps, SIGNATURE, pinned(), "b.json")
    assert found == NOW - DAY
    assert found.utcoffset() == timedelta(0)


def test_an_authority_that_has_expired_since():
    """Valid when it stamped is enough: that is what timestamps are for."""
    while_ago = {"begin": NOW - 900 * DAY, "end": NOW - 800 * DAY}
    above = root("Old", **while_ago)
    old = stamping(issuer=above, **while_ago)
    then = NOW - 850 * DAY
    found = verified_time([stamp(old, at=then)], SIGNATURE, pinned(above), "b.json")
    assert found == then


# ── verifying: what does not ────────────────────


def rejected():
    return der.sequence(der.sequence(der.integer(2)))


def with_status(number, given):
    """The same token under another status; only the token is signed."""
    (whole,) = der.elements(given)
    _, token = der.elements(whole.content)
    return der.sequence(der.sequence(der.integer(number)), token.raw)


def twin(issuer, *subject):
    """Another's certificate with the serial number of ours."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n) for n in name])
        for name in ([issuer], subject)
    ]
    usage = x509.ExtendedKeyUsage([Usage.TIME_STAMPING])
    return (
        x509.CertificateBuilder()
        .serial_number(STAMPER.certificate.serial_number)
        .issuer_name(names[0])
        .subject_name(names[1])
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .public_key(key.public_key())
        .add_extension(usage, True)
        .sign(key, hashes.SHA256())
    )


def listing(oid):
    """A stamp that lists one more digest as used for signing; the list is unsigned."""
    (whole,) = der.elements(stamp())
    status, token = der.elements(whole.content)
    kind, tagged = der.elements(token.content)
    (signed,) = der.elements(tagged.content)
    version, used, *rest = der.elements(signed.content)
    digests = der.set_of([used.content, der.sequence(der.oid(oid))])
    signed_data = der.sequence(version.raw, digests, *(part.raw for part in rest))
    content = der.sequence(kind.raw, der.tagged(0, signed_data))
    return der.sequence(status.raw, content)


FOREIGN = root("Time Root")
EARLY = {"begin": NOW - 20 * DAY, "end": NOW - DAY}

BAD = {
    "nothing": (lambda: b"", "ASN.1"),
    "garbage": (lambda: b"\x30\x03garbage", "ASN.1"),
    "cut-off": (lambda: stamp()[:-1], "ASN.1"),
    "more-behind-it": (lambda: stamp() + b"\0", "ASN.1"),
    "rejected": (rejected, "not granted"),
    "granted-without-a-token": (
        lambda: der.sequence(der.sequence(der.integer(0))),
        "",
    ),
    "not-granted-with-a-token": (lambda: with_status(2, stamp()), "not granted"),
    "granted-with-modifications": (lambda: with_status(1, stamp()), "not granted"),
    "of-something-else": (lambda: stamp(signature=b"else"), "Mismatch"),
    "of-its-digest": (
        lambda: stamp(signature=hashlib.sha256(SIGNATURE).digest()),
        "Mismatch",
    ),
    "another-root-of-that-name": (lambda: stamp(stamping(issuer=FOREIGN)), "self-sig"),
    "self-signed": (
        lambda: stamp(root("stamps", change=STAMPING)),
        "self-signed",
    ),
    "not-yet-valid": (lambda: stamp(at=NOW - 40 * DAY), "not yet valid"),
    "expired": (lambda: stamp(stamping(**EARLY)), "expired"),
    "expired-intermediate": (
        lambda: stamp(stamping(issuer=ROOT.intermediate("i", **EARLY))),
        "expired",
    ),
    "for-code": (lambda: stamp(stamping(Usage.CODE_SIGNING)), "purpose"),
    "for-code-as-well": (
        lambda: stamp(stamping(Usage.TIME_STAMPING, Usage.CODE_SIGNING)),
        "purpose",
    ),
    "usage-not-critical": (lambda: stamp(stamping(critical=False)), "purpose"),
    "no-usage": (
        lambda: stamp(stamping(change={x509.ExtendedKeyUsage: None})),
        "purpose",
    ),
    "key-not-for-signing": (
        lambda: stamp(
            stamping(change={x509.KeyUsage: (key_usage(issuing=True), True)})
        ),
        "purpose",
    ),
    "issuer-is-no-authority": (lambda: stamp(stamping(issuer=STAMPER)), "CA"),
    "without-its-certificate": (lambda: stamp(cert_request=False), ""),
    "another-of-its-number": (
        lambda: stamp(extra=[twin("Else", "stamps")]),
        "several",
    ),
    # OpenSSL does not tell capitals from small letters, and takes what comes first;
    # a certificate comes before those that are longer.
    "another-of-its-name": (
        lambda: stamp(extra=[twin("TIME ROOT", *["stamps"] * 50)]),
        "several",
    ),
    "another-of-its-name-first": (
        lambda: stamp(extra=[twin("TIME ROOT", "s")]),
        "",
    ),
    "sha1": (lambda: listing("1.3.14.3.2.26"), "not SHA-2"),
}

STAMPING = {
    type(extension.value): (extension.value, extension.critical)
    for extension in STAMPER.certificate.extensions
    if isinstance(extension.value, (x509.ExtendedKeyUsage, x509.KeyUsage))
} | {x509.BasicConstraints: None}


@pytest.mark.parametrize(("given", "says"), BAD.values(), ids=BAD)
def test_a_stamp_that_does_not_hold(given, says):
    reason, message = refusal(given())
    assert reason == "timestamp-invalid"
    assert says in message
    assert "tsa.pem" in message


def test_every_stamp_has_to_hold():
    for bad in (stamp(signature=b"else"), stamp(stamping(issuer=FOREIGN)), b""):
        for stamps in ([stamp(), bad], [bad, stamp()]):
            assert refusal(*stamps)[0] == "timestamp-invalid"


def test_no_stamp():
    assert refusal()[0] == "no-trusted-time"


def test_an_intermediate_alone_is_no_root():
    with pytest.raises(PolicyInvalid, match="root"):
        pinned(INTERMEDIATE)


def test_bytes_changed_at_random_never_give_another_time():
    """What is not signed may be changed (a certificate too many, its own status)."""
    given, choice, seen = stamp(), random.Random(3161), Counter()
    for _ in range(1500):
        changed = bytearray(given)
        changed[choice.randrange(len(given))] ^= 1 << choice.randrange(8)
        try:
            at = verified_time([bytes(changed)], SIGNATURE, pinned(), "b.json")
        except VerificationFailed as error:
            seen[error.reason] += 1
        else:
            assert at == NOW
            seen["same"] += 1
    assert seen.keys() == {"timestamp-invalid", "same"}
    assert seen["timestamp-invalid"] > seen["same"]


# ── what is pinned ────────────────────


def test_roots():
    data = pem(INTERMEDIATE, ROOT)
    found = TimestampRoots.parse(data, "tsa.pem")
    assert found.certificates == (INTERMEDIATE.der, ROOT.der)
    assert found.digest == hashlib.sha256(data).hexdigest()
    assert "BEGIN" not in repr(found)


UNREADABLE = {
    "empty": b"",
    "text": b"hello",
    "der": ROOT.der,
    "cut-off": ROOT.pem[:-30],
    "no-root": STAMPER.pem,
    "too-many": ROOT.pem * 65,
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_no_roots(data):
    with pytest.raises(PolicyInvalid) as refused:
        TimestampRoots.parse(data, "tsa.pem")
    assert refused.value.reason == "certificate-unreadable"
    assert refused.value.where == "tsa.pem"
    assert refused.value.hint


# ── asking: what works ────────────────────


@pytest.fixture
def faulty(local_sigstore):
    yield local_sigstore
    local_sigstore.recover()


def roots_of(sigstore):
    """The root of the loopback authority, as its certificate comes with a stamp."""
    from rfc3161_client import decode_timestamp_response

    given = request_timestamp(sigstore.url + PATH, b"any", PLENTY)
    for found in decode_timestamp_response(given).signed_data.certificates:
        one = x509.load_der_x509_certificate(found)
        if one.subject == one.issuer:
            return TimestampRoots.parse(one.public_bytes(Encoding.PEM), "tsa.pem")
    raise AssertionError("no root")


def test_asked_for_and_verified(local_sigstore):
    first = request_timestamp(local_sigstore.url + PATH, SIGNATURE, PLENTY)
    second = request_timestamp(local_sigstore.url + PATH, SIGNATURE, PLENTY)
    assert first != second
    roots = roots_of(local_sigstore)
    at = verified_time([first, second], SIGNATURE, roots, "b.json")
    assert at.utcoffset() == timedelta(0)
    assert refusal(first, roots=roots, signature=b"else")[0] == "timestamp-invalid"
    assert refusal(first, roots=pinned())[0] == "timestamp-invalid"


# ── asking: faults of a real authority ────────────────────


def failure(url, deadline=PLENTY):
    """The error of a request that must fail, and does so in time."""
    began = time.monotonic()
    with pytest.raises(AibomError) as refused:
        request_timestamp(url, SIGNATURE, deadline)
    assert time.monotonic() - began < deadline + SLACK
    error = refused.value
    assert error.exit_code == 1
    assert error.hint
    assert len(error.message) < 600
    return error


FAULTS = {
    "refused": ("status", {"status": 403}, "service-refused", "planned by the test"),
    "not-found": ("status", {"status": 404}, "service-refused", "404"),
    "busy": ("status", {"status": 429}, "service-failed", "429"),
    "unavailable": ("status", {}, "service-failed", "planned by the test"),
    "html": ("html", {}, "service-failed", "Sign in"),
    "html-error": ("html", {"status": 502}, "service-failed", "Sign in"),
    "dropped": ("drop", {}, "service-unreachable", "no answer"),
    "truncated": ("truncated", {}, "service-unreachable", "broke off"),
}


@pytest.mark.parametrize(("kind", "how", "reason", "says"), FAULTS.values(), ids=FAULTS)
def test_an_answer_that_is_none(faulty, kind, how, reason, says):
    faulty.fail(PATH, kind, **how)
    error = failure(faulty.url + PATH)
    assert error.reason == reason
    assert f"{faulty.url}{PATH}" in error.message
    assert says in error.message


@pytest.mark.parametrize("kind", ["slow", "trickle", "hang"])
def test_the_deadline_is_for_all_of_it(faulty, kind):
    faulty.fail(PATH, kind, delay=WAIT)
    error = failure(faulty.url + PATH, SHORT)
    assert error.reason == "signing-timed-out"
    assert faulty.url in error.message
    assert "0.5 seconds" in error.message


@pytest.mark.parametrize("kind", ["slow", "trickle"])
def test_slow_but_in_time(faulty, kind):
    faulty.fail(PATH, kind, delay=0.2)
    assert request_timestamp(faulty.url + PATH, SIGNATURE, PLENTY)


# ── asking: servers that are hostile ────────────────────


@contextmanager
def served(talk, wrap=None):
    """A server on loopback that reads a request and then talks as it likes."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve():
        try:
            peer, _ = listener.accept()
            with peer if wrap is None else wrap(peer) as line:
                line.settimeout(WAIT)
                talk(line, over)
        except OSError:
            return  # the client went away, as it should

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()
        # A server that nobody has called still waits.
        thread.join(10)


def request_in(line):
    """The body of a request."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(4096)
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [h for h in head.lower().split(b"\r\n") if h.startswith(b"content-len")]
    while len(body) < int(lengths[0].split(b":")[1]):
        body += line.recv(4096)
    return body


def saying(data):
    def talk(line, over):
        request_in(line)
        line.sendall(data)

    return talk


def answering(make):
    """Answers 201, as Sigstore's authority does, with what ``make`` makes of it."""

    def talk(line, over):
        body = make(request_in(line))
        head = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body)
        line.sendall(head + body)

    return talk


def repeating(start, piece, pause):
    def talk(line, over):
        request_in(line)
        line.sendall(start)
        while not over.wait(pause):
            line.sendall(piece)

    return talk


def repeating_at_once(start, piece):
    """As ``repeating``, to who has not asked for anything in plain text."""

    def talk(line, over):
        line.sendall(start)
        while not over.wait(0.05):
            line.sendall(piece)

    return talk


def silent(line, over):
    over.wait(WAIT)


HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS = {
    "silent": silent,
    "a-byte-at-a-time": repeating(HEAD + b"Content-Length: 9999\r\n\r\n", b"0", 0.01),
    "status-line": repeating(b"HTTP/1.1 200 ", b"O", 0.01),
    "header": repeating(HEAD + b"X: ", b"x", 0.01),
    "continues": repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
    "chunks": repeating(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n0\r\n", 0.01
    ),
    "trailers": repeating(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: x\r\n", 0.01
    ),
}


@pytest.mark.parametrize("talk", ENDLESS.values(), ids=ENDLESS)
def test_a_server_that_never_ends(talk):
    with served(talk) as address:
        error = failure(f"http://{address}/tsa", SHORT)
    assert error.reason == "signing-timed-out"
    assert address in error.message


WRONG = {
    "endless-body": (repeating(HEAD + b"\r\n", b"0" * 4096, 0), "more than 65536"),
    "announced-too-long": (
        repeating(HEAD + b"Content-Length: 99999999\r\n\r\n", b"0" * 4096, 0),
        "more than 65536",
    ),
    "no-http": (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "HTTP"),
    "long-header": (saying(HEAD + b"X: " + b"x" * 70000 + b"\r\n\r\n"), "HTTP"),
    "many-headers": (saying(HEAD + b"X: x\r\n" * 200 + b"\r\n"), "HTTP"),
    "bad-chunk": (
        saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        "HTTP",
    ),
    "empty": (saying(HEAD + b"Content-Length: 0\r\n\r\n"), "something else"),
    "redirect": (
        saying(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"),
        "file:///etc/passwd",
    ),
    "not-utf-8": (
        saying(HEAD + b"Content-Length: 2\r\n\r\n\xff\xfe"),
        "something else",
    ),
    "without-a-token": (
        answering(lambda _: der.sequence(der.sequence(der.integer(0)))),
        "no timestamp",
    ),
    "of-something-else": (answering(lambda _: stamp(signature=b"else")), "else"),
    "another-digest": (
        answering(lambda _: stamp(algorithm=HashAlgorithm.SHA512)),
        "something else",
    ),
    "an-old-one": (answering(lambda _: stamp()), "nonce"),
    "without-a-nonce": (answering(lambda _: stamp(nonce=False)), "nonce"),
    "without-a-certificate": (
        answering(lambda body: answer(body.replace(b"\x01\x01\xff", b"\x01\x01\x00"))),
        "without a certificate",
    ),
}


@pytest.mark.parametrize(("talk", "says"), WRONG.values(), ids=WRONG)
def test_an_answer_to_nothing(talk, says):
    with served(talk) as address:
        error = failure(f"http://{address}/tsa")
    assert error.reason == "service-failed"
    assert f"http://{address}/tsa" in error.message
    assert says in error.message


def test_a_rejection_in_the_authoritys_words():
    words = der.sequence(der.utf8("unknown algorithm"), der.utf8("see our terms"))
    body = der.sequence(der.sequence(der.integer(2), words))
    with served(answering(lambda _: body)) as address:
        error = failure(f"http://{address}/tsa")
    assert error.reason == "service-refused"
    assert "status 2" in error.message
    assert "unknown algorithm; see our terms" in error.message


def test_a_right_answer():
    """From the same server, so that the ones above fail for what they show."""
    with served(answering(answer)) as address:
        given = request_timestamp(f"http://{address}/tsa?x=1", SIGNATURE, PLENTY)
    assert verified_time([given], SIGNATURE, pinned(), "b.json") == NOW


def test_what_is_sent():
    seen = []

    def talk(line, over):
        seen.append(line.recv(65536))
        line.sendall(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")

    with served(talk) as address:
        assert failure(f"http://{address}/tsa?x=1").reason == "service-refused"
    head = seen[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head[0] == "POST /tsa?x=1 HTTP/1.1"
    assert [line for line in head if line.startswith("Host:")] == [f"Host: {address}"]
    assert "Content-Type: application/timestamp-query" in head
    assert SIGNATURE not in seen[0]


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    assert failure(f"http://{address}/").reason == "service-unreachable"


def test_a_server_that_takes_no_calls():
    """The queue of connections is full, so that connecting takes forever."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        callers = [socket.socket() for _ in range(8)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(address)
        error = failure(f"http://127.0.0.1:{address[1]}/", SHORT)
        for caller in callers:
            caller.close()
    assert error.reason == "signing-timed-out"


def test_a_name_that_is_never_resolved(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(WAIT) and [])
    error = failure("http://tsa.example/", SHORT)
    over.set()
    assert error.reason == "signing-timed-out"


def test_no_time_at_all(local_sigstore):
    error = failure(local_sigstore.url + PATH, 0.0)
    assert error.reason == "signing-timed-out"


URLS = {
    "file": "file:///etc/passwd",
    "ftp": "ftp://tsa.example/",
    "no-scheme": "tsa.example/path",
    "no-host": "http:///path",
    "empty": "",
    "port": "http://127.0.0.1:99999/",
    "bracket": "http://[::1/",
    "newline": "http://127.0.0.1/\r\nX: y",
    "space": "http://127.0.0.1/a b",
    "not-ascii": "http://tsä.example/",
    "label": f"http://{'a' * 70}.example/",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_no_address(url):
    assert failure(url).reason == "service-unreachable"


def test_passwords_are_not_shown():
    error = failure("http://user:secret@127.0.0.1/")
    assert error.reason == "service-unreachable"
    assert "user name" in error.message
    assert "secret" not in error.message + (error.hint or "")


# ── over TLS ────────────────────

ALWAYS = {"begin": NOW - 3000 * DAY, "end": NOW + 3000 * DAY}
WEB = root("Web Root", **ALWAYS)


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A server's side of TLS, with a certificate from ``WEB``, and the file of that."""
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    usage = x509.ExtendedKeyUsage([Usage.SERVER_AUTH])
    server = WEB.leaf(address, change={x509.ExtendedKeyUsage: (usage, False)}, **ALWAYS)
    folder = tmp_path_factory.mktemp("tls")
    (folder / "root.pem").write_bytes(WEB.pem)
    (folder / "server.pem").write_bytes(
        server.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + server.pem
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")

    def wrap(peer):
        return context.wrap_socket(peer, server_side=True)

    return wrap, folder / "root.pem"


def test_tls(tls, monkeypatch):
    wrap, trusted = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with served(answering(answer), wrap) as address:
        given = request_timestamp(f"https://{address}/", SIGNATURE, PLENTY)
    assert verified_time([given], SIGNATURE, pinned(), "b.json") == NOW


def test_tls_with_a_stranger(tls, monkeypatch, tmp_path):
    wrap, _ = tls
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    with served(answering(answer), wrap) as address:
        error = failure(f"https://{address}/")
    assert error.reason == "service-unreachable"
    assert "certificate verify failed" in error.message


@pytest.mark.parametrize("talk", ["silent", "a-byte-at-a-time"])
def test_tls_that_never_ends(tls, monkeypatch, talk):
    wrap, trusted = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with served(ENDLESS[talk], wrap) as address:
        error = failure(f"https://{address}/", SHORT)
    assert error.reason == "signing-timed-out"


HANDSHAKES = {
    "silent": silent,
    "record-by-record": repeating_at_once(b"\x16\x03\x03\x00\x40", b"\x02"),
}


@pytest.mark.parametrize("talk", HANDSHAKES.values(), ids=HANDSHAKES)
def test_a_handshake_that_never_ends(talk):
    with served(talk) as address:
        error = failure(f"https://{address}/", SHORT)
    assert error.reason == "signing-timed-out"
