"""A trust root that is looked at, pinned, compared and brought up to date."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from tuf_repository import TufRepository

from aibom.attest.keyless_root import TrustRoot
from aibom.attest.trust_update import PUBLIC_INSTANCE, TufSource
from aibom.errors import AibomError
from aibom.operations.signing.trust_root import (
    Update,
    anchors_of,
    changes_between,
    fetch_update,
    load_trust_root,
    pin,
    source_of,
    to_document,
    write_update,
)
from aibom.testing.sigstore import LocalSigstore

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PATIENCE = 60.0


@pytest.fixture(scope="module")
def sigstore():
    with LocalSigstore() as served:
        yield served


@pytest.fixture
def document(sigstore):
    """The trusted root of a local Sigstore; every test gets one to change."""
    return json.loads(sigstore.trusted_root())


@pytest.fixture
def repository():
    with TufRepository() as served:
        yield served


def root_of(document, name="root.json"):
    return TrustRoot.parse(json.dumps(document).encode(), name)


def refused(call, *args, **options):
    with pytest.raises(AibomError) as refusal:
        call(*args, **options)
    return refusal.value


# ── looking ────────────────────


def test_the_keys_of_the_embedded_root():
    root = load_trust_root(None)
    told = {(a.kind, a.url, a.key, a.state(NOW)) for a in anchors_of(root)}
    assert told >= {
        (
            "certificate-authority",
            "https://fulcio.sigstore.dev",
            "ECDSA secp384r1",
            "ended",
        ),
        (
            "certificate-authority",
            "https://fulcio.sigstore.dev",
            "ECDSA secp384r1",
            "valid",
        ),
        ("ct-log", "https://ctfe.sigstore.dev/2022", "ECDSA secp256r1", "valid"),
        (
            "transparency-log",
            "https://rekor.sigstore.dev",
            "ECDSA secp256r1",
            "valid",
        ),
        (
            "transparency-log",
            "https://log2025-1.rekor.sigstore.dev",
            "Ed25519",
            "valid",
        ),
    }
    holders = {a.holder for a in anchors_of(root)}
    assert "sigstore.dev, sigstore" in holders


def test_a_fingerprint_of_a_log_is_the_one_its_entries_carry():
    """RFC 6962, section 3.2: the id of a log is the SHA-256 of its key."""
    root = load_trust_root(None)
    listed = json.loads(root.data)["ctlogs"]
    ids = [a.fingerprint for a in anchors_of(root) if a.kind == "ct-log"]
    assert ids == [base64.b64decode(log["logId"]["keyId"]).hex() for log in listed]


def test_windows_of_validity(document):
    window = {"start": "2026-01-01T00:00:00Z", "end": "2026-12-31T23:59:59Z"}
    document["ctlogs"][0]["publicKey"]["validFor"] = window
    (log,) = (a for a in anchors_of(root_of(document)) if a.kind == "ct-log")
    assert (log.start, log.end) == (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
    )
    states = {
        "not-yet": datetime(2025, 12, 31, tzinfo=UTC),
        "valid": datetime(2026, 12, 31, tzinfo=UTC),
        "ended": datetime(2027, 1, 1, tzinfo=UTC),
    }
    assert {log.state(when): when for when in states.values()} == states


def test_keys_that_cannot_be_read_are_listed(document):
    document["tlogs"][0]["publicKey"]["rawBytes"] = "AAAA"
    document["certificateAuthorities"][0]["certChain"]["certificates"] = []
    keys = {a.key for a in anchors_of(root_of(document))}
    told = document["tlogs"][0]["publicKey"]["keyDetails"]
    assert {f"unreadable {told}", "unreadable"} <= keys


def test_an_operator_is_told(document):
    document["tlogs"][0]["operator"] = "acme.example"
    holders = [a.holder for a in anchors_of(root_of(document))]
    assert "acme.example" in holders


def test_names_of_members_as_in_the_protocol_buffer(document):
    """The model takes both spellings, so that a key could hide in one of them."""
    document["certificate_authorities"] = document.pop("certificateAuthorities")
    kinds = {a.kind for a in anchors_of(root_of(document))}
    assert "certificate-authority" in kinds


def test_the_document_for_programs(document):
    root = root_of(document)
    told = to_document(root, NOW)
    assert told["sha256"] == root.digest
    assert told["ageDays"] == root.age(NOW).days
    assert [k["kind"] for k in told["keys"]] == [a.kind for a in anchors_of(root)]
    assert json.loads(json.dumps(told)) == told


def bad_key(document):
    document["tlogs"][0]["publicKey"]["rawBytes"] = 5


def unknown_member(document):
    document["backdoors"] = []


def bad_end(document):
    document["tlogs"][0]["publicKey"]["validFor"]["end"] = "never"


UNUSABLE = {"bad-key": bad_key, "unknown-member": unknown_member, "bad-end": bad_end}


@pytest.mark.parametrize("damage", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_usable_trust_root(document, tmp_path, damage):
    damage(document)
    (tmp_path / "r.json").write_text(json.dumps(document))
    error = refused(load_trust_root, tmp_path / "r.json")
    assert (error.reason, error.exit_code) == ("trust-root-invalid", 12)
    assert refused(anchors_of, root_of(document)).reason == "trust-root-invalid"
    output = tmp_path / "pinned.json"
    refusal = refused(pin, root_of(document), output, replace=True)
    assert refusal.reason == "trust-root-invalid"
    assert not output.exists()


# ── pinning ────────────────────


def test_pinned_bytes_are_those_of_the_file(document, tmp_path):
    root = root_of(document)
    pinned = pin(root, tmp_path / "r.json", replace=False)
    assert (tmp_path / "r.json").read_bytes() == root.data
    assert (pinned.digest, pinned.name) == (root.digest, str(tmp_path / "r.json"))


def test_of_a_trust_config_only_the_root_is_pinned(sigstore, tmp_path):
    config = TrustRoot.parse(sigstore.trust_config().encode(), "config.json")
    pinned = pin(config, tmp_path / "r.json", replace=False)
    written = json.loads((tmp_path / "r.json").read_bytes())
    assert written == json.loads(sigstore.trusted_root())
    assert pinned.digest != config.digest
    assert load_trust_root(tmp_path / "r.json").digest == pinned.digest


def test_the_same_again_is_fine_and_another_is_not(document, tmp_path):
    path = tmp_path / "r.json"
    first = pin(root_of(document), path, replace=False)
    assert pin(root_of(document), path, replace=False) == first
    other = load_trust_root(None)
    error = refused(pin, other, path, replace=False)
    assert (error.reason, error.where) == ("file-exists", str(path))
    assert "--replace" in error.hint
    assert load_trust_root(path).digest == first.digest
    pin(other, path, replace=True)
    assert path.read_bytes() == other.data
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written(document, tmp_path):
    error = refused(pin, root_of(document), tmp_path / "no" / "r.json", replace=False)
    assert error.reason == "file-not-written"


# ── what changed ────────────────────


def ended(document):
    valid = document["tlogs"][0]["publicKey"]["validFor"]
    valid["end"] = "2026-11-01T00:00:00Z"


def removed(document):
    del document["tlogs"][0]


def renamed(document):
    document["tlogs"][0]["baseUrl"] = "https://elsewhere.example"


def operated(document):
    document["tlogs"][0]["operator"] = "elsewhere.example"


def restarted(document):
    valid = document["tlogs"][0]["publicKey"]["validFor"]
    valid["start"] = "2020-01-01T00:00:00Z"


def reordered(document):
    document["tlogs"].reverse()


CHANGES = {
    "nothing": (lambda document: None, []),
    "ended": (ended, ["ended"]),
    "removed": (removed, ["removed"]),
    "renamed": (renamed, ["renamed"]),
    "operator": (operated, ["renamed"]),
    "another-beginning": (restarted, ["added", "removed"]),
    "another-order": (reordered, []),
}


@pytest.mark.parametrize(("edit", "expected"), CHANGES.values(), ids=CHANGES)
def test_changes_of_keys(sigstore, document, edit, expected):
    edit(document)
    before = root_of(json.loads(sigstore.trusted_root()))
    changes = changes_between(before, root_of(document))
    assert [c.what for c in changes] == expected


BACK = {"ended": ["reopened"], "removed": ["added"]}


@pytest.mark.parametrize("name", BACK)
def test_changes_the_other_way(sigstore, document, name):
    CHANGES[name][0](document)
    newer = root_of(json.loads(sigstore.trusted_root()))
    assert [c.what for c in changes_between(root_of(document), newer)] == BACK[name]


def test_without_an_earlier_one_all_keys_are_new(document):
    changes = changes_between(None, root_of(document))
    assert [c.anchor for c in changes] == list(anchors_of(root_of(document)))
    assert {c.what for c in changes} == {"added"}


# ── bringing up to date ────────────────────


def updated(repository, path, document, **options):
    repository.publish(json.dumps(document).encode())
    source = TufSource(repository.url, repository.bootstrap, "bootstrap.json")
    return fetch_update(path, source, PATIENCE, offline=False, **options)


def test_a_first_fetch(repository, document, tmp_path):
    path = tmp_path / "r.json"
    update = updated(repository, path, document)
    assert (update.before, update.same, path.exists()) == (None, False, False)
    assert write_update(update, path, replace=False)
    assert path.read_bytes() == json.dumps(document).encode()


def test_a_newer_one(repository, sigstore, document, tmp_path):
    path = tmp_path / "r.json"
    path.write_text(sigstore.trusted_root())
    ended(document)
    update = updated(repository, path, document)
    assert [c.what for c in update.changes] == ["ended"]
    assert path.read_text() == sigstore.trusted_root()
    assert write_update(update, path, replace=False)
    assert json.loads(path.read_bytes()) == document


def test_the_same_written_otherwise_is_left_alone(
    repository, sigstore, document, tmp_path
):
    path = tmp_path / "r.json"
    path.write_text(sigstore.trust_config())
    update = updated(repository, path, document)
    assert (update.same, update.changes) == (True, ())
    assert not write_update(update, path, replace=False)
    assert path.read_text() == sigstore.trust_config()


def older(old, new):
    old["ctlogs"][0]["publicKey"]["validFor"]["start"] = "2030-01-01T00:00:00Z"


def reopened(old, new):
    ended(old)


def ends_later(old, new):
    ended(old)
    ended(new)
    valid = new["tlogs"][0]["publicKey"]["validFor"]
    valid["end"] = "2027-11-01T00:00:00Z"


ROLLED_BACK = {"older": older, "reopened": reopened, "ends-later": ends_later}


@pytest.mark.parametrize("edit", ROLLED_BACK.values(), ids=ROLLED_BACK)
def test_an_older_root_is_refused(repository, sigstore, document, tmp_path, edit):
    path, old = tmp_path / "r.json", json.loads(sigstore.trusted_root())
    edit(old, document)
    path.write_text(json.dumps(old))
    update = updated(repository, path, document)
    error = refused(write_update, update, path, replace=False)
    assert (error.reason, error.exit_code) == ("trust-root-rolled-back", 11)
    assert json.loads(path.read_bytes()) == old
    assert write_update(update, path, replace=True)
    assert json.loads(path.read_bytes()) == document


def test_another_instance_is_refused(document, tmp_path):
    path = tmp_path / "r.json"
    pin(root_of(document), path, replace=False)
    before, after = load_trust_root(path), load_trust_root(None)
    update = Update(before, after, changes_between(before, after))
    error = refused(write_update, update, path, replace=False)
    assert (error.reason, error.exit_code) == ("trust-root-unrelated", 11)
    assert path.read_bytes() == before.data


def test_nothing_is_asked_when_offline(repository, tmp_path):
    source = TufSource(repository.url, repository.bootstrap, "b")
    error = refused(fetch_update, tmp_path / "r", source, PATIENCE, offline=True)
    assert (error.reason, error.exit_code) == ("offline", 1)
    assert repository.url in error.message
    assert repository.asked == []


def test_nothing_is_asked_for_a_file_that_is_no_trust_root(
    repository, document, tmp_path
):
    path = tmp_path / "r.json"
    path.write_text("{}")
    error = refused(updated, repository, path, document)
    assert (error.reason, error.where) == ("trust-root-invalid", str(path))
    assert repository.asked == []
    update = updated(repository, path, document, replace=True)
    assert write_update(update, path, replace=True)
    assert json.loads(path.read_bytes()) == document


def test_a_file_that_is_required(repository, document, tmp_path):
    error = refused(updated, repository, tmp_path / "r", document, required=True)
    assert error.reason == "path-missing"
    assert repository.asked == []


# ── whom to ask ────────────────────


def test_the_public_instance_unless_another_is_named(tmp_path):
    assert source_of(None, None).url == PUBLIC_INSTANCE
    (tmp_path / "root.json").write_bytes(b"{}")
    source = source_of("https://tuf.example.org", tmp_path / "root.json")
    assert (source.url, source.bootstrap) == ("https://tuf.example.org", b"{}")


def test_half_a_source(tmp_path):
    (tmp_path / "root.json").write_bytes(b"{}")
    for url, bootstrap in (
        ("https://tuf.example.org", None),
        (None, tmp_path / "root.json"),
    ):
        error = refused(source_of, url, bootstrap)
        assert (error.reason, error.exit_code) == ("tuf-source-incomplete", 2)
