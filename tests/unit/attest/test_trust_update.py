"""The newest trusted root by TUF: what is accepted, and every way it is refused."""

from __future__ import annotations

import json
import socket
import tempfile
from datetime import timedelta

import pytest
from securesystemslib.signer import CryptoSigner
from tuf_repository import TARGET, TufRepository

from aibom.attest.trust_update import PUBLIC_INSTANCE, TufSource, fetch_trust_root
from aibom.errors import AibomError, UsageError

#: Long enough for a busy machine; only the tests of a hung server wait for their own.
PATIENCE = 60.0


@pytest.fixture
def root(local_sigstore):
    return local_sigstore.trusted_root().encode()


@pytest.fixture
def repository(root):
    with TufRepository(root) as served:
        yield served


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The only place for temporary files, and a home that is not there."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    return folder


def source(repository, bootstrap=None):
    return TufSource(
        repository.url, bootstrap or repository.bootstrap, "bootstrap.json"
    )


def refused(given, seconds=PATIENCE):
    with pytest.raises(AibomError) as refusal:
        fetch_trust_root(given, seconds)
    return refusal.value


def test_the_bytes_that_are_signed_for(repository, root, scratch, tmp_path):
    fetched = fetch_trust_root(source(repository), PATIENCE)
    assert (fetched.data, fetched.name) == (root, repository.url)
    assert repository.asked[0] == "/tuf/2.root.json"
    assert repository.asked[-1] == repository.target_path
    assert sorted(tmp_path.rglob("*")) == [scratch]


def test_a_slash_at_the_end_of_the_url_does_not_matter(repository, root):
    given = TufSource(f"{repository.url}/", repository.bootstrap, "b")
    assert fetch_trust_root(given, PATIENCE).data == root
    assert not [path for path in repository.asked if "//" in path]


def test_keys_of_the_repository_may_be_replaced(repository, local_sigstore):
    newer = json.dumps(json.loads(local_sigstore.trusted_root()), indent=4).encode()
    repository.rotate(newer)
    assert fetch_trust_root(source(repository), PATIENCE).data == newer


def expired(repository):
    repository.publish(b"{}", lifetime=timedelta(days=-1))


def signed_by_another(repository):
    repository.publish(b"{}", signer=CryptoSigner.generate_ecdsa())


def changed_target(repository):
    body = json.dumps({"mediaType": "x"}).encode()
    repository.answers[repository.target_path] = (200, body)


def longer_target(repository):
    repository.answers[repository.target_path] = (200, b"{" * 1_000_000)


def cut_target(repository):
    repository.answers[repository.target_path] = (200, b"{")


def no_target(repository):
    repository.publish(None)


def huge_target(repository):
    repository.publish(b"{" + b" " * 5_000_000 + b"}")


def metadata_of_another_form(repository):
    repository.answers["/tuf/timestamp.json"] = (200, b'{"signed": []}')


def older_snapshot(repository):
    old = repository.files["/tuf/1.snapshot.json"]
    repository.publish(b"{}")
    repository.answers["/tuf/2.snapshot.json"] = (200, old)


UNTRUSTED = {
    "expired": (expired, "timestamp.json is expired (ExpiredMetadataError)"),
    "bad-signature": (signed_by_another, "UnsignedMetadataError"),
    "changed-target": (changed_target, "LengthOrHashMismatchError"),
    "longer-target": (longer_target, "DownloadLengthMismatchError"),
    "cut-target": (cut_target, "LengthOrHashMismatchError"),
    "no-target": (no_target, TARGET),
    "huge-target": (huge_target, "5,000,002 bytes"),
    "other-form": (metadata_of_another_form, "DeserializationError"),
    "rollback": (older_snapshot, "BadVersionNumberError"),
}


@pytest.mark.parametrize(("damage", "words"), UNTRUSTED.values(), ids=UNTRUSTED)
def test_what_tuf_refuses(repository, scratch, damage, words):
    damage(repository)
    error = refused(source(repository))
    assert (error.reason, error.exit_code) == ("tuf-invalid", 11)
    assert error.where == repository.url
    assert words in error.message
    assert list(scratch.iterdir()) == []


def test_a_root_of_other_keys(repository):
    error = refused(source(repository, TufRepository().bootstrap))
    assert error.reason == "tuf-invalid"
    assert "UnsignedMetadataError" in error.message


NO_ROOTS = {
    "empty": b"",
    "not-json": b"\xff\x00",
    "a-list": b"[]",
    "other-json": b'{"mediaType": "x"}',
}


@pytest.mark.parametrize("bootstrap", NO_ROOTS.values(), ids=NO_ROOTS)
def test_a_bootstrap_that_is_no_root(repository, bootstrap):
    given = TufSource(repository.url, bootstrap, "bootstrap.json")
    error = refused(given)
    assert (error.reason, error.exit_code) == ("bootstrap-root-invalid", 12)
    assert error.where == "bootstrap.json"
    assert repository.asked == []


def test_a_bootstrap_that_is_another_role(repository):
    timestamp = repository.files["/tuf/timestamp.json"]
    assert refused(source(repository, timestamp)).reason == "bootstrap-root-invalid"


def test_what_is_signed_for_and_no_trust_root(repository):
    repository.publish(b'{"mediaType": "text/plain"}')
    error = refused(source(repository))
    assert (error.reason, error.where) == ("trust-root-invalid", repository.url)


def busy(repository):
    repository.answers["/tuf/2.root.json"] = (503, b"closed for \x1b[31m repairs")


def portal(repository):
    repository.page = b"<html>Welcome to the hotel</html>"


def gone(repository):
    repository.answers["/tuf/timestamp.json"] = (404, b"nothing here")


def target_gone(repository):
    repository.answers[repository.target_path] = (404, b"no target here")


def breaking_off(repository):
    repository.cut.add("/tuf/timestamp.json")


FAILURES = {
    "busy": (busy, ("2.root.json answered 503", "closed for \x1b[31m repairs")),
    "html": (portal, ("2.root.json", "Welcome to the hotel")),
    "cut": (breaking_off, ("timestamp.json", "breaks off")),
    "no-repository": (gone, ("timestamp.json answered 404", "nothing here")),
    "no-target": (target_gone, (f".{TARGET} answered 404", "no target here")),
}


@pytest.mark.parametrize(("damage", "words"), FAILURES.values(), ids=FAILURES)
def test_what_is_no_answer_of_a_repository(repository, damage, words):
    damage(repository)
    error = refused(source(repository))
    assert (error.reason, error.exit_code) == ("fetch-failed", 1)
    assert error.where == repository.url
    for word in words:
        assert word in error.message


def test_a_hung_server(repository, scratch):
    repository.silent = True
    error = refused(source(repository), 4.0)
    assert error.reason == "fetch-failed"
    assert "not fetched within 4 seconds" in error.message
    assert list(scratch.iterdir()) == []


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = refused(TufSource(url, TufRepository().bootstrap, "b"))
    assert error.reason == "fetch-failed"
    assert f"{url}/2.root.json gave no answer" in error.message


def test_no_redirect_leads_to_a_file(repository, tmp_path, root):
    (tmp_path / "2.root.json").write_bytes(root)
    repository.redirects["/tuf/2.root.json"] = f"file://{tmp_path}/2.root.json"
    assert refused(source(repository)).reason == "fetch-failed"


def test_no_temporary_folder(repository, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    error = refused(source(repository))
    assert error.reason == "file-not-written"
    assert repository.asked == []


def test_a_worker_that_cannot_start(repository, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    error = refused(source(repository))
    assert error.reason == "fetch-failed"
    assert "cannot start a process" in error.message


def test_a_worker_that_dies(repository, monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    error = refused(source(repository))
    assert error.reason == "fetch-failed"
    assert "ended with 1" in error.message


def test_the_public_instance_is_asked_when_nothing_else_is_said():
    """The proxy of the tests refuses every connection, so that nothing leaves here."""
    error = refused(TufSource.public())
    assert error.reason == "fetch-failed"
    assert error.where == PUBLIC_INSTANCE
    assert ".root.json gave no answer" in error.message


URLS = {
    "no-scheme": "tuf.example.org",
    "file": "file:///etc/passwd",
    "no-host": "https:///path",
    "password": "https://alice:secret@tuf.example.org",
    "query": "https://tuf.example.org/?a=b",
    "fragment": "https://tuf.example.org/#a",
    "port": "https://tuf.example.org:x",
    "bracket": "https://[::1",
    "space": "https://tuf.example.org/a b",
    "line": "https://tuf.example.org/\nHost: x",
    "not-ascii": "https://tüf.example.org/",
    "empty": "",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_urls_that_name_no_repository(url):
    with pytest.raises(UsageError) as refusal:
        TufSource(url, b"", "b")
    assert refusal.value.reason == "tuf-url-unusable"
