"""``aibom trust-root``: what it shows, what it writes, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from cli_world import Ran, environment, snapshot
from tuf_repository import TufRepository

from aibom.attest.authority_reading import read_trust_roots
from aibom.attest.keyless_root import TrustRoot
from aibom.cli import COMMANDS, main
from aibom.reading import Reader, parse_yaml
from aibom.testing.sigstore import LocalSigstore

ENTRY = ("aibom.cli.trust_root", "Show, pin and update the roots of Sigstore.")


@pytest.fixture(scope="module")
def sigstore():
    with LocalSigstore() as served:
        yield served


@pytest.fixture
def repository(sigstore):
    with TufRepository(sigstore.trusted_root().encode()) as served:
        yield served


@pytest.fixture
def aibom(tmp_path, monkeypatch, capfd):
    """Calls the command line in this process, standing in the test's folder."""
    monkeypatch.setitem(COMMANDS, "trust-root", ENTRY)
    monkeypatch.chdir(tmp_path)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["aibom", "trust-root", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Ran(ended.value.code, out, err)

    return call


@pytest.fixture
def private(repository, tmp_path):
    """The options that name the private instance."""
    (tmp_path / "bootstrap.json").write_bytes(repository.bootstrap)
    return ("--url", repository.url, "--bootstrap-root", "bootstrap.json")


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A home that is not there, and no proxy: who asks for anything is refused."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    return tmp_path / "nobody"


# ── show ────────────────────


def test_show_the_embedded_root(aibom, nowhere, tmp_path):
    root = TrustRoot.embedded()
    before = root.age(datetime.now(UTC)).days
    ran = aibom("show")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{root.name}\n  sha256:{root.digest}\n")
    days = {before, root.age(datetime.now(UTC)).days}
    ages = [f"from {root.newest_key:%Y-%m-%d}, {day} days ago" for day in days]
    assert any(age in ran.out for age in ages)
    for line in (
        "certificate-authority https://fulcio.sigstore.dev (sigstore.dev, sigstore)  "
        "NOT VALID NOW: ended\n  ECDSA secp384r1, from 2021-03-07 to 2022-12-31, ",
        "transparency-log      https://log2025-1.rekor.sigstore.dev\n"
        "  Ed25519, from 2025-09-23, without an end, sha256:",
    ):
        assert line in ran.out
    assert list(tmp_path.iterdir()) == []


def test_show_a_file_for_programs(aibom, sigstore, tmp_path):
    document = json.loads(sigstore.trusted_root())
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    valid = {"start": tomorrow.isoformat()}
    document["ctlogs"][0]["publicKey"]["validFor"] = valid
    (tmp_path / "r.json").write_text(json.dumps(document))
    ran = aibom("show", "r.json", "--output", "json")
    told = json.loads(ran.out)
    assert (ran.code, told["name"], told["ageDays"]) == (0, "r.json", -1)
    states = {key["kind"]: key["state"] for key in told["keys"]}
    assert (states["ct-log"], states["transparency-log"]) == ("not-yet", "valid")
    text = aibom("show", "r.json").out
    assert "in the future" in text
    assert "NOT VALID NOW: not yet" in text


def test_what_a_file_says_cannot_paint_the_screen(aibom, sigstore, tmp_path):
    document = json.loads(sigstore.trusted_root())
    document["tlogs"][0]["baseUrl"] = "https://a\x1b[2J\nvalid"
    document["tlogs"][0]["operator"] = "acme\u202e"
    (tmp_path / "r.json").write_text(json.dumps(document))
    out = aibom("show", "r.json").out
    assert "https://a\\x1b[2J\\x0avalid (acme\\u{202e})" in out


def test_show_needs_a_trust_root(aibom, tmp_path):
    (tmp_path / "r.json").write_text("{}")
    for words, code, reason in (
        (("r.json",), 12, "trust-root-invalid"),
        (("gone.json",), 1, "path-missing"),
        ((".",), 1, "path-unreadable"),
    ):
        ran = aibom("show", *words)
        assert (ran.code, ran.out) == (code, "")
        assert f"[{reason}]" in ran.err


# ── pin ────────────────────


def test_pin_the_public_root(aibom, nowhere, tmp_path):
    (tmp_path / "policy").mkdir()
    before = datetime.now(UTC)
    ran = aibom("pin", "public", "-o", "policy/trusted_root.json")
    today = {f"{at:%Y-%m-%d}" for at in (before, datetime.now(UTC))}
    assert ran.code == 0
    root = TrustRoot.embedded()
    assert (tmp_path / "policy" / "trusted_root.json").read_bytes() == root.data
    assert ran.out.startswith(f"# sha256:{root.digest}\n")
    printed = yaml.safe_load(ran.out)
    checked_on = printed["trust_roots"][0]["checked_on"]
    assert checked_on in today
    assert printed == {
        "trust_roots": [
            {
                "name": "public",
                "file": "trusted_root.json",
                "checked_on": checked_on,
                "max_age": "180d",
            }
        ]
    }
    assert "checked_on: when somebody compared it with its instance" in ran.err
    assert "aibom policy lock policy\n" in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["policy"]


def test_what_is_printed_is_an_entry_of_signers_yaml(aibom, tmp_path):
    ran = aibom("pin", "public", "-o", "trusted_root.json")
    top = Reader(parse_yaml(ran.out.encode(), "signers.yaml"), "signers.yaml")
    roots = read_trust_roots(top, lambda name: (tmp_path / name).read_bytes())
    top.finish()
    assert roots["public"].root.digest == TrustRoot.embedded().digest
    assert not roots["public"].is_stale(datetime.now(UTC) + timedelta(days=178))
    assert roots["public"].is_stale(datetime.now(UTC) + timedelta(days=182))


NAMES = {
    "of-the-file": ((), "acme roots"),
    "given": (("--name", "acme"), "acme"),
    "a-yaml-trap": (("--name", "no: {x}"), "no: {x}"),
    "quotes": (("--name", 'a"b'), 'a"b'),
}


@pytest.mark.parametrize(("words", "name"), NAMES.values(), ids=NAMES)
def test_pin_a_trust_config_under_a_name(aibom, sigstore, tmp_path, words, name):
    (tmp_path / "acme roots.json").write_text(sigstore.trust_config())
    ran = aibom("pin", "acme roots.json", "-o", "r.json", *words)
    assert ran.code == 0
    assert yaml.safe_load(ran.out)["trust_roots"][0]["name"] == name
    written = json.loads((tmp_path / "r.json").read_bytes())
    assert written == json.loads(sigstore.trusted_root())


def test_pin_overwrites_only_when_told(aibom, sigstore, tmp_path):
    (tmp_path / "r.json").write_text(sigstore.trusted_root())
    ran = aibom("pin", "public", "-o", "r.json")
    assert (ran.code, ran.out) == (1, "")
    assert "[file-exists]" in ran.err
    assert (tmp_path / "r.json").read_text() == sigstore.trusted_root()
    replaced = aibom("pin", "public", "-o", "r.json", "--replace")
    assert replaced.code == 0
    assert "added    transparency-log      https://rekor.sigstore.dev" in replaced.err
    assert "removed  transparency-log      http://127.0.0.1:" in replaced.err
    assert (tmp_path / "r.json").read_bytes() == TrustRoot.embedded().data
    assert aibom("pin", "public", "-o", "r.json").code == 0
    again = aibom("pin", "public", "-o", "r.json", "--replace")
    assert "the keys are the same as before" in again.err


def test_pin_replaces_what_is_no_trust_root_when_told(aibom, tmp_path):
    (tmp_path / "r.json").write_text("{}")
    assert aibom("pin", "public", "-o", "r.json").code == 1
    assert aibom("pin", "public", "-o", "r.json", "--replace").code == 0
    assert (tmp_path / "r.json").read_bytes() == TrustRoot.embedded().data


# ── update ────────────────────


def test_update_from_nothing_then_again(aibom, private, sigstore, tmp_path):
    ran = aibom("update", "-o", "r.json", *private)
    assert ran.code == 0
    kinds = [line.split()[1] for line in ran.out.splitlines() if "added" in line]
    assert set(kinds) == {
        "certificate-authority",
        "ct-log",
        "transparency-log",
        "timestamp-authority",
    }
    assert "r.json holds no trust root yet" in ran.err
    assert (tmp_path / "r.json").read_text() == sigstore.trusted_root()
    for more in ((), ("--check",)):
        again = aibom("update", "-o", "r.json", *private, *more)
        assert again.code == 0
        assert "the same keys" in again.out


def test_update_shows_what_changed(aibom, private, repository, sigstore, tmp_path):
    (tmp_path / "r.json").write_text(sigstore.trusted_root())
    newer = json.loads(sigstore.trusted_root())
    newer["tlogs"][0]["publicKey"]["validFor"]["end"] = "2026-11-01T00:00:00Z"
    repository.publish(json.dumps(newer).encode())
    checked = aibom("update", "-o", "r.json", *private, "--check")
    assert checked.code == 1
    assert "[trust-root-changed]" in checked.err
    assert "ended    transparency-log" in checked.out
    assert "to 2026-11-01" in checked.out
    assert (tmp_path / "r.json").read_text() == sigstore.trusted_root()
    ran = aibom("update", "-o", "r.json", *private)
    assert (ran.code, ran.out) == (0, checked.out)
    assert "aibom policy lock .\n" in ran.err
    assert json.loads((tmp_path / "r.json").read_bytes()) == newer


@pytest.mark.parametrize("more", [(), ("--check",)], ids=["write", "check"])
def test_update_does_not_go_back(aibom, private, sigstore, tmp_path, more):
    newer = json.loads(sigstore.trusted_root())
    newer["tlogs"][0]["publicKey"]["validFor"]["start"] = "2031-01-01T00:00:00Z"
    (tmp_path / "r.json").write_text(json.dumps(newer))
    ran = aibom("update", "-o", "r.json", *private, *more)
    assert ran.code == 11
    assert "[trust-root-rolled-back]" in ran.err
    assert json.loads((tmp_path / "r.json").read_bytes()) == newer


def test_update_goes_back_when_told(aibom, private, sigstore, tmp_path):
    newer = json.loads(sigstore.trusted_root())
    newer["tlogs"][0]["publicKey"]["validFor"]["start"] = "2031-01-01T00:00:00Z"
    (tmp_path / "r.json").write_text(json.dumps(newer))
    assert aibom("update", "-o", "r.json", *private, "--replace").code == 0
    assert (tmp_path / "r.json").read_text() == sigstore.trusted_root()


def test_update_does_not_swap_the_instance(aibom, private, tmp_path):
    """Who forgets --url would have the public root written over their own."""
    data = TrustRoot.embedded().data
    (tmp_path / "r.json").write_bytes(data)
    ran = aibom("update", "-o", "r.json", *private)
    assert ran.code == 11
    assert "[trust-root-unrelated]" in ran.err
    assert (tmp_path / "r.json").read_bytes() == data


def test_check_needs_a_file(aibom, private, repository):
    ran = aibom("update", "-o", "r.json", *private, "--check")
    assert ran.code == 1
    assert "[path-missing]" in ran.err
    assert repository.asked == []


def test_offline_nothing_is_asked(aibom, private, repository, monkeypatch, tmp_path):
    monkeypatch.setenv("AIBOM_OFFLINE", "1")
    before = snapshot(tmp_path)
    ran = aibom("update", "-o", "r.json", *private)
    assert ran.code == 1
    assert "[offline]" in ran.err
    assert repository.asked == []
    assert snapshot(tmp_path) == before


def expired(repository):
    repository.publish(b"{}", lifetime=timedelta(days=-1))


def portal(repository):
    repository.page = b"<html>Welcome\x1b[2J</html>"


REFUSED = {
    "expired": (expired, 11, "tuf-invalid"),
    "portal": (portal, 1, "fetch-failed"),
}


@pytest.mark.parametrize(("damage", "code", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_failed_update_changes_nothing(
    aibom, private, repository, sigstore, tmp_path, damage, code, reason
):
    (tmp_path / "r.json").write_text(sigstore.trusted_root())
    damage(repository)
    before = snapshot(tmp_path)
    ran = aibom("update", "-o", "r.json", *private)
    assert (ran.code, ran.out) == (code, "")
    assert f"[{reason}]" in ran.err
    assert repository.url in ran.err
    assert "\x1b" not in ran.err
    assert snapshot(tmp_path) == before


def test_a_hung_server_is_given_up(aibom, private, repository):
    repository.silent = True
    ran = aibom("update", "-o", "r.json", *private, "--timeout", "3")
    assert ran.code == 1
    assert "not fetched within 3 seconds" in ran.err
    assert "[fetch-failed]" in ran.err


def test_the_public_instance_is_the_default(aibom):
    """The proxy of the tests refuses every connection."""
    ran = aibom("update", "-o", "r.json")
    assert ran.code == 1
    assert "https://tuf-repo-cdn.sigstore.dev: " in ran.err
    assert "[fetch-failed]" in ran.err


WRONG = {
    "url-alone": (("--url", "https://tuf.example.org"), "tuf-source-incomplete"),
    "root-alone": (("--bootstrap-root", "bootstrap.json"), "tuf-source-incomplete"),
    "password": (
        ("--url", "https://a:b@tuf.example.org", "--bootstrap-root", "bootstrap.json"),
        "tuf-url-unusable",
    ),
    "no-time": (("--timeout", "0"), "usage"),
    "for-ever": (("--timeout", "inf"), "usage"),
    "not-a-number": (("--timeout", "nan"), "usage"),
}


@pytest.mark.parametrize(("words", "reason"), WRONG.values(), ids=WRONG)
def test_wrong_calls(aibom, private, words, reason):
    ran = aibom("update", "-o", "r.json", *words)
    assert (ran.code, ran.out) == (2, "")
    assert f"[{reason}]" in ran.err


# ── in a process of its own ────────────────────

#: As `python -m aibom`, also while the command is not in the table of commands.
START = (
    "from aibom.cli import COMMANDS, main\n"
    f"COMMANDS['trust-root'] = {ENTRY!r}\n"
    "main()\n"
)


def test_a_home_that_cannot_be_written_is_not_missed(private, repository, tmp_path):
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir(mode=0o555)
    scratch.mkdir()
    settings = {
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for words in (
        ("show",),
        ("pin", "public", "-o", "public.json"),
        ("update", "-o", "r.json", *private),
    ):
        done = subprocess.run(
            [sys.executable, "-c", START, "trust-root", *words],
            cwd=tmp_path,
            env=environment(**settings),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []
    assert list(scratch.iterdir()) == []
