"""The other commands: what each does, and what each refuses."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import sys

import pytest
from cli_world import ADVISORIES, POLICY, environment, snapshot

KEY = f"acme-2026:{'0' * 32}"
REPORT = {
    "apiVersion": "aibom/audit-report/v1",
    "type": "label-consistency",
    "tool": {"name": "compare", "version": "1"},
    "measurements": [{"metric": "disagreement", "count": 1, "samples": 40}],
}
AUDIT = ("audit", "record", "report.json", "--subject", "data")
NAMED = ("--name", "acme/data/tiny", "--kind", "dataset")


# ── keygen ──────────────


@pytest.mark.parametrize("kind", ["p256", "ed25519"])
def test_a_key_pair_that_signs(world, here, kind):
    ran = here("keygen", "mine", "--type", kind, "--no-password")
    assert (ran.code, ran.out) == (0, "mine.pub\n")
    assert "keep it out of repositories" in ran.err
    private = world.folder / "mine.key"
    assert private.stat().st_mode & 0o777 == 0o600
    assert here("sign", "model", "--key", "mine.key").code == 0


def test_a_password_from_the_environment(world, here, monkeypatch):
    monkeypatch.setenv("AIBOM_KEY_PASSWORD", "correct horse")
    assert here("keygen", "mine").code == 0
    assert here("sign", "model", "--key", "mine.key").code == 0
    monkeypatch.setenv("AIBOM_KEY_PASSWORD", "wrong horse")
    ran = here("sign", "model", "--key", "mine.key")
    assert ran.code != 0
    assert "horse" not in ran.err
    assert "Traceback" not in ran.err


def test_no_password_and_nobody_to_ask(world):
    before = snapshot(world.folder)
    ran = world.call("keygen", "mine")
    assert ran.code == 2
    assert "[password-missing]" in ran.err
    assert snapshot(world.folder) == before


def test_a_key_that_needs_no_password_does_not_mind_one(here, monkeypatch):
    monkeypatch.setenv("AIBOM_KEY_PASSWORD", "of another key")
    assert here("sign", "model", "--key", "release.key").code == 0


def test_a_password_and_nobody_to_ask(world):
    assert world.call("keygen", "mine", AIBOM_KEY_PASSWORD="horse").code == 0
    ran = world.call("sign", "model", "--key", "mine.key")
    assert (ran.code, ran.out) == (1, "")
    assert "[key-password]" in ran.err


def at_a_terminal(world, answer, *words):
    """Exit code and screen of a command whose prompt for a password is answered."""
    child, screen = pty.fork()
    if child == 0:  # pragma: no cover
        os.chdir(world.folder)
        settings = {**environment(), "TERM": "dumb"}
        settings.pop("AIBOM_KEY_PASSWORD", None)
        os.execve(sys.executable, [sys.executable, "-m", "aibom", *words], settings)
    shown = b""
    while not shown.endswith(b": "):
        shown += os.read(screen, 1024)
    os.write(screen, answer.encode() + b"\n")
    with contextlib.suppress(OSError):  # the other end is closed: Linux says EIO
        while chunk := os.read(screen, 1024):
            shown += chunk
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


STEP = ("run", "--step", "train", "--output", "new,name=acme/models/new")
TOUCH = ("--", sys.executable, "-c", "open('new', 'w').write('x')")
ASKING = {
    "sign": ("sign", "model", "--key", "mine.key"),
    "run": (*STEP, "--key", "mine.key", *TOUCH),
    "audit": (*AUDIT, *NAMED, "--key", "mine.key", "-o", "audits"),
}


@pytest.mark.parametrize("words", ASKING.values(), ids=ASKING)
def test_a_password_is_asked_for_at_a_terminal(world, here, monkeypatch, words):
    (world.folder / "report.json").write_text(json.dumps(REPORT))
    monkeypatch.setenv("AIBOM_KEY_PASSWORD", "correct horse")
    assert here("keygen", "mine").code == 0
    code, shown = at_a_terminal(world, "correct horse", *words)
    assert code == 0, shown
    assert "Password for mine.key: " in shown
    assert "horse" not in shown


def test_a_wrong_answer_is_refused_and_not_shown(world, here, monkeypatch):
    monkeypatch.setenv("AIBOM_KEY_PASSWORD", "correct horse")
    assert here("keygen", "mine").code == 0
    code, shown = at_a_terminal(world, "wrong horse", *ASKING["sign"])
    assert code == 1
    assert "[key-unreadable]" in shown
    assert "horse" not in shown


def test_the_folder_of_a_key_is_made_for_its_owner_only(world, here):
    ran = here("keygen", "keys/mine", "--no-password")
    assert (ran.code, ran.out) == (0, "keys/mine.pub\n")
    assert (world.folder / "keys").stat().st_mode & 0o777 == 0o700


def test_a_file_in_place_of_the_folder_of_a_key(world, here):
    before = snapshot(world.folder)
    ran = here("keygen", "release.pub/mine", "--no-password")
    assert (ran.code, ran.out) == (1, "")
    assert "[file-not-written]" in ran.err
    assert snapshot(world.folder) == before


@pytest.mark.parametrize("end", ["key", "pub"])
def test_nobody_is_asked_for_the_password_of_a_key_that_is_there(world, here, end):
    (world.folder / f"mine.{end}").symlink_to("nowhere")
    ran = here("keygen", "mine")
    assert (ran.code, ran.out) == (1, "")
    assert "[file-exists]" in ran.err


@pytest.mark.parametrize(
    "words",
    [("sign", "model", "--key", "data"), (*AUDIT, *NAMED, "--key", "data")],
    ids=["sign", "audit"],
)
def test_a_folder_in_place_of_a_key(world, here, words):
    (world.folder / "report.json").write_text(json.dumps(REPORT))
    ran = here(*words)
    assert (ran.code, ran.out) == (1, "")
    assert "data: is a folder [path-unreadable]\n  name the file" in ran.err


def test_a_key_is_never_overwritten(world, here):
    before = snapshot(world.folder)
    ran = here("keygen", "release", "--no-password")
    assert (ran.code, ran.out) == (1, "")
    assert "[file-exists]" in ran.err
    assert snapshot(world.folder) == before


# ── assemble, sign, verify ──────────────


def test_assemble_and_sign_say_where(world, here):
    ran = here("assemble", "model", "--steps", "evidence")
    assert (ran.code, ran.out) == (0, "model/aibom.cdx.json\n")
    assert "not explained: acme/data/tiny [dataset], used by train" in ran.err
    ran = here("sign", "model", "--key", "release.key")
    assert (ran.code, ran.out) == (0, "model/aibom.sigstore.json\n")


def test_assemble_elsewhere(world, here):
    ran = here("assemble", "model", "--steps", "evidence", "-o", "bom.json")
    assert (ran.code, ran.out) == (0, "bom.json\n")
    assert here("validate", "bom.json").code == 0


def test_sign_refuses_other_bytes(world, here):
    (world.model / "weights.bin").write_bytes(b"other\n")
    before = snapshot(world.folder)
    ran = here("sign", "model", "--key", "release.key")
    assert (ran.code, ran.out) == (1, "")
    assert "[digest-mismatch]" in ran.err
    assert snapshot(world.folder) == before


VERIFY = ("verify", "model", "--signers", "verifier/signers.yaml")


def test_verify_says_who_and_what(here):
    ran = here(*VERIFY, "--evidence", "evidence")
    assert ran.code == 0
    assert ran.out.startswith("verified  acme/models/tiny  tree-sha256:")
    assert "signed by acme release (release)" in ran.out
    assert "1 of 1 have a signed record that agrees" in ran.out


def test_verify_without_ancestors_says_so(here):
    ran = here(*VERIFY, "--depth", "0")
    assert ran.code == 0
    assert "ancestors NOT verified" in ran.out


def test_verify_with_the_folder_of_signers(here):
    ran = here("verify", "model", "--signers", "verifier")
    assert (ran.code, ran.out) == (1, "")
    assert "verifier: is a folder [path-unreadable]" in ran.err
    assert "--signers verifier/signers.yaml" in ran.err


def test_only_reading_tells_whether_something_can_be_read(here, monkeypatch):
    """Asked beforehand it would be wrong usage, and not a file that cannot be read."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert here(*VERIFY, "--evidence", "evidence").code == 0


def test_verify_takes_no_other_depth(here):
    assert here(*VERIFY, "--depth", "1").code == 2


TAMPERED = {
    "a byte": ("weights.bin", b"evil\n", "digest-mismatch"),
    "a file more": ("extra.bin", b"", "file-extra"),
    "the BOM": ("aibom.cdx.json", b"{}", "bom-digest-mismatch"),
    "the bundle": ("aibom.sigstore.json", b"{}", "bundle-unsupported"),
}


@pytest.mark.parametrize(("name", "data", "reason"), TAMPERED.values(), ids=TAMPERED)
def test_verify_refuses_what_was_tampered_with(world, here, name, data, reason):
    (world.model / name).write_bytes(data)
    ran = here(*VERIFY)
    assert (ran.code, ran.out) == (11, "")
    assert f"[{reason}]" in ran.err


# ── audits ──────────────


@pytest.fixture
def report(world):
    path = world.folder / "report.json"
    path.write_text(json.dumps(REPORT))
    return path


def test_an_audit_is_recorded_and_signed(world, here, report):
    ran = here(*AUDIT, *NAMED, "--key", "release.key", "-o", "audits")
    assert ran.code == 0
    assert ran.out.startswith("audits/")
    assert ran.out.endswith(".sigstore.json\n")


def test_an_unsigned_audit_is_signed_later(world, here, report):
    path = here(*AUDIT, *NAMED, "-o", "audits").out.strip()
    assert path.endswith(".statement.json")
    ran = here("sign", path, "--key", "release.key")
    assert (ran.code, ran.out.strip()) == (0, path.replace("statement", "sigstore"))
    assert [p.name for p in (world.folder / "audits").iterdir()] == [
        ran.out.strip().removeprefix("audits/")
    ]


REFUSED_AUDITS = {
    "another document": ({"apiVersion": "x"}, NAMED, 12, "report-invalid"),
    "no time": (REPORT, (*NAMED, "--examined-on", "once"), 2, "time-malformed"),
    "no name": (REPORT, ("--kind", "dataset"), 2, "usage"),
    "no such kind": (REPORT, ("--name", "x", "--kind", "step"), 2, "usage"),
    "no such key": (REPORT, (*NAMED, "--key", "no.key"), 1, "path-missing"),
    "a text": ("numbers", NAMED, 12, "report-invalid"),
}


@pytest.mark.parametrize(
    ("document", "words", "code", "reason"), REFUSED_AUDITS.values(), ids=REFUSED_AUDITS
)
def test_an_audit_that_is_refused_leaves_nothing(
    world, here, report, document, words, code, reason
):
    report.write_text(json.dumps(document))
    before = snapshot(world.folder)
    ran = here(*AUDIT, *words)
    assert (ran.code, ran.out) == (code, ""), ran
    assert f"[{reason}]" in ran.err
    assert snapshot(world.folder) == before


# ── parties ──────────────


def test_pseudonyms_are_stable_and_tell_nobody(world):
    one = world.call("party", "id", "Ada Ames", AIBOM_PSEUDONYM_KEY=KEY)
    again = world.call("party", "id", "Ada Ames", AIBOM_PSEUDONYM_KEY=KEY)
    assert one == again
    assert one.out.startswith("person:acme-2026")
    assert "Ada" not in one.out


def test_a_pseudonym_per_line(here, monkeypatch):
    monkeypatch.setenv("AIBOM_PSEUDONYM_KEY", KEY)
    monkeypatch.setattr("sys.stdin", io.StringIO("Ada\nBen\n"))
    lines = here("party", "id").out.splitlines()
    assert len(set(lines)) == 2


@pytest.mark.parametrize("key", ["", "no-secret", "acme:short"])
def test_a_registrar_s_key_that_is_none(here, monkeypatch, key):
    monkeypatch.setenv("AIBOM_PSEUDONYM_KEY", key)
    ran = here("party", "id", "Ada")
    assert (ran.code, ran.out) == (2, "")
    assert "short" not in ran.err.replace("too short", "").replace("shorter", "")


# ── policies, documents ──────────────


def test_lint_lists_rules_and_warns_without_a_lock(world, here):
    locked = here("policy", "lint", "verifier")
    assert (locked.code, locked.err) == (0, "")
    assert "open-lineage" in locked.out
    assert "high=deny medium=deny low=deny" in locked.out
    (world.verifier / "policy.lock").unlink()
    assert "aibom policy lock verifier" in here("policy", "lint", "verifier").err


def test_lint_tells_what_changed_since_the_lock(world, here):
    world.write_policy("policy.yaml", POLICY)
    rules = here("policy", "lint", "verifier").out
    with (world.verifier / "accepted-roots.yaml").open("a") as file:
        file.write("# looked at again\n")
    ran = here("policy", "lint", "verifier")
    assert (ran.code, ran.out) == (0, rules)
    assert ran.err == (
        "aibom: the file accepted-roots.yaml changed since the lock: "
        "aibom policy lock verifier\n"
    )
    gate = here("gate", "model", "--policy", "verifier")
    assert gate.code == 2
    assert "[policy-lock-mismatch]" in gate.err


@pytest.mark.parametrize("text", ["", "{}", "[]"])
def test_lint_refuses_a_lock_that_is_none(world, here, text):
    (world.verifier / "policy.lock").write_text(text)
    ran = here("policy", "lint", "verifier")
    assert (ran.code, ran.out) == (2, "")
    assert "[policy-lock-unreadable]" in ran.err


def test_lint_refuses_advisories_that_were_rolled_back(world, here):
    newer = ADVISORIES.replace("sequence: 1", "sequence: 2")
    world.write_policy("advisories.yaml", newer)
    (world.verifier / "advisories.yaml").write_text(ADVISORIES)
    ran = here("policy", "lint", "verifier")
    assert ran.code == 2
    assert "[advisories-rolled-back]" in ran.err


def test_the_lock_prints_the_digest_that_a_gate_can_demand(here):
    digest = here("policy", "lock", "verifier").out.strip()
    gate = ("gate", "model", "--policy", "verifier", "--evidence", "evidence")
    assert here(*gate, "--policy-digest", digest).code == 0
    other = here(*gate, "--policy-digest", "sha256:" + "0" * 64)
    assert other.code == 2
    assert "[policy-digest-mismatch]" in other.err


def test_the_list_tells_packs_and_checks(here):
    ran = here("policy", "list")
    assert ran.code == 0
    assert "builtin:baseline@1" in ran.out
    assert "check lineage-closed" in ran.out
    for line in ran.out.splitlines():
        assert line == line.rstrip()


def test_show_as_a_document(here):
    ran = here("show", "model", "--format", "json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert {node["id"].split(":")[0] for node in document["nodes"]} >= {"model", "step"}


def test_validate_lists_every_problem_on_stdout(world, here):
    document = json.loads(world.bom.read_text())
    document["components"].append({"name": "x"})
    document["surprise"] = 1
    world.bom.write_text(json.dumps(document))
    ran = here("validate", "model/aibom.cdx.json")
    assert ran.code == 12
    assert len([line for line in ran.out.splitlines() if line.startswith("/")]) >= 2
    assert "invalid at level schema" in ran.err


def test_each_level_goes_further(world, here):
    world.bom.write_text('{"bomFormat": "CycloneDX", "specVersion": "1.6"}')
    for level, code in (("schema", 0), ("references", 0), ("profile", 12)):
        assert here("validate", "model/aibom.cdx.json", "--level", level).code == code


def test_explain_finds_a_node_by_name_and_by_id(world, here):
    here("check", "model/aibom.cdx.json", "--policy", "verifier", "--output", "json=v")
    node = json.loads((world.folder / "v").read_text())["results"][0]["node"]
    for name in ("acme/models/tiny", node):
        ran = here("explain", "v", "open-lineage", name)
        assert ran.code == 0
        assert node in ran.out
