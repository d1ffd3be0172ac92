"""``aibom dossier`` as people call it: made, looked at, and checked."""

from __future__ import annotations

import os
import zipfile

import pytest
from cli_world import snapshot

MAKE = ("--policy", "verifier", "--evidence", "evidence", "--key", "release.key")
WHOM = ("--signers", "verifier/signers.yaml")


def make(here, *more):
    return here("dossier", "model", *MAKE, "-o", "d.zip", *more)


def test_made_and_checked(world, here):
    before = snapshot(world.folder)
    ran = make(here)
    assert ran.code == 0
    assert ran.out.startswith("sha256:")
    assert "aibom: decision: allowed, as of 20" in ran.err
    assert "nothing here says that a duty is met" in ran.err
    after = snapshot(world.folder)
    assert after.pop("d.zip")
    assert after == before
    ran = here("dossier", "check", "d.zip", *WHOM, "--artifact", "model")
    assert (ran.code, ran.err) == (0, "")
    for text in (
        "d.zip: 16 files, all as listed and signed\n",
        "  signed      acme release (release), key ",
        "  artifact    acme/models/tiny\n",
        "  statements  2 confirmed, 0 not\n",
        "  decided     allowed, as of 20",
        "  bytes       compared\n",
    ):
        assert text in ran.out
    assert snapshot(world.folder) == {**after, "d.zip": snapshot(world.folder)["d.zip"]}


def test_make_may_be_written_out(world, here):
    ran = here("dossier", "make", "model", *MAKE, "-o", "d.zip")
    assert ran.code == 0
    with zipfile.ZipFile(world.folder / "d.zip") as archive:
        assert "SHA256SUMS.sigstore.json" in archive.namelist()


def test_a_statement_that_nobody_confirms_is_told(world, here):
    assert make(here).code == 0
    text = (world.verifier / "signers.yaml").read_text()
    head, pipeline, release = text.partition("  - name: acme release")
    assert pipeline
    keep = head[: head.index("  - name: acme pipeline")] + pipeline + release
    (world.folder / "mine.yaml").write_text(keep)
    ran = here("dossier", "check", "d.zip", "--signers", "mine.yaml")
    assert (ran.code, "  statements  1 confirmed, 1 not\n" in ran.out) == (3, True)
    assert "not confirmed: evidence/1/" in ran.err
    assert ".sigstore.json, by acme pipeline: signer-not-allowed\n" in ran.err


def test_another_byte_in_it_is_exit_11(world, here):
    assert make(here).code == 0
    path = world.folder / "d.zip"
    data = path.read_bytes()
    at = data.index(b"DOSSIER\n===")
    path.write_bytes(data[:at] + b"x" + data[at + 1 :])
    ran = here("dossier", "check", "d.zip", *WHOM)
    assert (ran.code, ran.out) == (11, "")
    assert "[dossier-changed]" in ran.err


def test_another_byte_around_it_is_exit_12(world, here):
    assert make(here).code == 0
    path = world.folder / "d.zip"
    path.write_bytes(path.read_bytes() + b"\0")
    ran = here("dossier", "check", "d.zip", *WHOM)
    assert (ran.code, ran.out) == (12, "")
    assert "[dossier-malformed]" in ran.err


def test_a_fifo_is_not_waited_for(world, here):
    os.mkfifo(world.folder / "d.zip")
    ran = here("dossier", "check", "d.zip", *WHOM)
    assert (ran.code, ran.out) == (1, "")
    assert "[path-unreadable]" in ran.err


def test_what_suppliers_stated_is_told(world, here):
    (world.folder / "paper.pdf").write_bytes(b"%PDF-1.7")
    ran = here(
        *("evidence", "add", "paper.pdf", "--about", "model", "--from", "org:Acme"),
        *("--received", "2026-01-02", "-o", "evidence"),
    )
    assert ran.code == 0
    ran = make(here)
    assert ran.code == 0
    assert "aibom: from suppliers: 0 answers, 1 documents, as they are\n" in ran.err
    ran = here("dossier", "check", "d.zip", *WHOM)
    assert ran.code == 0
    assert "  suppliers   1 statements of suppliers that are claims" in ran.out


#: name → words, exit code, text on stderr
REFUSED = {
    "nothing": ((), 2, "Usage: aibom dossier"),
    "no policy": (("model", "--key", "release.key", "-o", "d.zip"), 2, "--policy"),
    "nobody signs": (
        ("model", "--policy", "verifier", "-o", "d.zip"),
        2,
        "[signer-missing]",
    ),
    "no profile of that name": (
        ("model", *MAKE, "-o", "d.zip", "--profile", "eu"),
        2,
        "[profile-unknown]",
    ),
    "the past": (
        ("model", *MAKE, "-o", "d.zip", "--effective-time", "2026-01-01"),
        2,
        "[effective-time-past]",
    ),
    "nobody is believed": (("check", "d.zip"), 2, "--signers"),
    "no dossier": (("check", "verifier/policy.lock", *WHOM), 12, "[dossier-malformed]"),
    "not there": (("check", "d.zip", *WHOM), 1, "[path-missing]"),
}


@pytest.mark.parametrize(("words", "code", "said"), REFUSED.values(), ids=REFUSED)
def test_refused(world, here, words, code, said):
    ran = here("dossier", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert not (world.folder / "d.zip").exists()


#: name → where to, exit code and reason
PLACES = {
    "in the artifact": ("model/d.zip", 2, "output-inside-artifact"),
    "the artifact": ("model", 2, "output-is-input"),
    "in the policy": ("verifier/d.zip", 2, "output-inside-policy"),
    "in the evidence": ("evidence/d.zip", 2, "output-inside-evidence"),
    "by a link": ("link/d.zip", 2, "output-inside-evidence"),
    "over another": ("old.zip", 1, "file-exists"),
}


@pytest.mark.parametrize(("place", "code", "reason"), PLACES.values(), ids=PLACES)
def test_where_none_is_written(world, here, place, code, reason):
    (world.folder / "link").symlink_to("evidence")
    (world.folder / "old.zip").write_text("signed once")
    before = snapshot(world.folder)
    ran = here("dossier", "make", "model", *MAKE, "-o", place)
    assert (ran.code, ran.out) == (code, "")
    assert f"[{reason}]" in ran.err
    assert snapshot(world.folder) == before


def test_what_does_not_verify_has_no_dossier(world, here):
    (world.model / "weights.bin").write_text("other")
    ran = make(here)
    assert (ran.code, ran.out) == (11, "")
    assert "[digest-mismatch]" in ran.err
    assert not (world.folder / "d.zip").exists()


def test_what_is_denied_has_one(world, here):
    world.write_policy(
        "accepted-roots.yaml", "apiVersion: aibom/accepted-roots/v1\nroots: []\n"
    )
    ran = make(here)
    assert ran.code == 0
    assert "aibom: decision: allowed" not in ran.err
    ran = here("dossier", "check", "d.zip", *WHOM)
    assert (ran.code, "  decided     allowed" in ran.out) == (0, False)
