"""What must hold at the command line, whatever somebody hands over.

Each case has a message of its own with a reason code, the designed exit code, and no
traceback; and it leaves nothing behind: the folder is the same before and after.
"""

from __future__ import annotations

import json
import os
import shutil

import pytest
from cli_world import POLICY, snapshot

RULES = POLICY.index("rules:")
#: policy.yaml → the reason
POLICIES = {
    "empty": ("", "policy-empty"),
    "only a comment": ("# nothing\n", "policy-empty"),
    "no rules": (POLICY[:RULES], "policy-empty"),
    "an empty list of rules": (f"{POLICY[:RULES]}rules: []\n", "policy-empty"),
    "a misspelt key": (POLICY.replace("severity", "sevrity"), "policy-invalid"),
    "an unknown check": (POLICY.replace("e-closed", "e-clsed"), "policy-invalid"),
    "a key twice": (f"{POLICY}name: other\n", "duplicate-key"),
    "a list for a mapping": ("- a\n- b\n", "policy-invalid"),
    "a mapping for a list": (f"{POLICY[:RULES]}rules: {{a: b}}\n", "policy-invalid"),
    "not YAML": ("a: [\n", "policy-unreadable"),
    "control characters": ("a: \0\n", "policy-unreadable"),
    "10,000 levels": ("[" * 10_000, "document-too-deep"),
    "off without quotes": (POLICY.replace("mode: deny", "mode: off"), "policy-invalid"),
    "a pack that is none": (
        POLICY.replace("data:", "extends: [builtin:none@1]\ndata:"),
        "pack-missing",
    ),
    "data that is missing": (
        POLICY.replace("signers.yaml", "trusted-sources.yaml"),
        "policy-unreadable",
    ),
}
COMMANDS = {
    "gate": ("gate", "model", "--policy", "verifier", "--evidence", "evidence"),
    "check": ("check", "model/aibom.cdx.json", "--policy", "verifier"),
    "lint": ("policy", "lint", "verifier"),
    "lock": ("policy", "lock", "verifier"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("text", "reason"), POLICIES.values(), ids=POLICIES)
def test_a_policy_that_cannot_be_used_is_2(world, here, command, text, reason):
    world.write_policy("policy.yaml", text, lock=False)
    before = snapshot(world.folder)
    ran = here(*command)
    assert ran.code == 2, ran
    assert f"[{reason}]" in ran.err
    assert "verifier/" in ran.err or "builtin:none@1" in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""
    assert snapshot(world.folder) == before


def test_a_misspelt_key_gets_a_suggestion(world, here):
    world.write_policy("policy.yaml", POLICIES["a misspelt key"][0], lock=False)
    assert "did you mean 'severity'?" in here("policy", "lint", "verifier").err


def test_a_policy_inside_the_artifact_is_refused(world, here):
    shutil.copytree(world.verifier, world.model / "verifier")
    before = snapshot(world.folder)
    ran = here("gate", "model", "--policy", "model/verifier")
    assert (ran.code, ran.out) == (2, "")
    assert "[policy-inside-artifact]" in ran.err
    assert snapshot(world.folder) == before


def test_a_link_to_a_policy_inside_the_artifact_is_refused(world, here):
    shutil.copytree(world.verifier, world.model / "verifier")
    (world.folder / "link").symlink_to("model/verifier")
    assert "[policy-inside-artifact]" in here("gate", "model", "--policy", "link").err


def test_signers_inside_the_artifact_are_refused(world, here):
    shutil.copy(world.verifier / "signers.yaml", world.model)
    ran = here("verify", "model", "--signers", "model/signers.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert "[policy-inside-artifact]" in ran.err


def test_a_policy_changed_after_the_lock(world, here):
    with open(world.verifier / "policy.yaml", "a") as file:
        file.write("# a remark\n")
    for command in ("gate", "check"):
        ran = here(*COMMANDS[command])
        assert ran.code == 2
        assert "[policy-lock-mismatch]" in ran.err
    assert "policy.yaml changed since the lock" in here(*COMMANDS["lint"]).err


# ── documents ──────────────

BOM = "model/aibom.cdx.json"
READERS = {
    "show": ("show", "model"),
    "validate": ("validate", BOM),
    "check": ("check", BOM, "--policy", "verifier"),
}


def sparse(world):
    """A file of which nothing is on the disk but its size."""
    os.truncate(world.bom, 192 * 1024 * 1024 + 1)


def deep(world):
    world.bom.write_text('{"a": ' + "[" * 10_000 + "]" * 10_000 + "}")


def a_loop(world):
    world.bom.unlink()
    world.bom.symlink_to(world.bom.name)


def a_pipe(world):
    world.bom.unlink()
    os.mkfifo(world.bom)


def latin(world):
    world.bom.write_bytes(b'{"name": "caf\xe9"}')


def marked(world):
    world.bom.write_bytes(b"\xef\xbb\xbf" + world.bom.read_bytes())


def not_json(world):
    world.bom.write_text("{'a': 1}")


def a_list(world):
    world.bom.write_text("[]")


def empty(world):
    world.bom.write_text("")


def a_huge_number(world):
    world.bom.write_text('{"version": 1' + "0" * 5_000 + "}")


DOCUMENTS = {
    "over the limit": (sparse, 12, "document-too-large"),
    "10,000 levels": (deep, 12, "document-too-deep"),
    "a link to itself": (a_loop, 1, "path-unreadable"),
    "a named pipe": (a_pipe, 1, "path-unreadable"),
    "not UTF-8": (latin, 12, "document-unreadable"),
    "a byte order mark": (marked, 12, "document-unreadable"),
    "not JSON": (not_json, 12, "document-unreadable"),
    "not an object": (a_list, 12, "document-unreadable"),
    "empty": (empty, 12, "document-unreadable"),
    "a number of 5,000 digits": (a_huge_number, 12, "document-unreadable"),
}


@pytest.mark.parametrize("command", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    ("break_it", "code", "reason"), DOCUMENTS.values(), ids=DOCUMENTS
)
def test_a_document_that_cannot_be_read(world, here, command, break_it, code, reason):
    break_it(world)
    before = snapshot(world.folder)
    ran = here(*command)
    assert ran.code == code, ran
    if command[0] == "check":
        # A policy was read, so the answer is a verdict, and a verdict is data.
        assert "COULD NOT DECIDE" in ran.out
        assert reason in ran.out
        assert BOM in ran.out
    else:
        assert f"[{reason}]" in ran.err
        assert BOM in ran.err
        assert ran.out == ""
    assert "Traceback" not in ran.err
    assert snapshot(world.folder) == before


@pytest.mark.parametrize(
    ("break_it", "code"),
    {
        "over the limit": (sparse, 12),
        "10,000 levels": (deep, 11),
        "a link to itself": (a_loop, 1),
        "a named pipe": (a_pipe, 1),
    }.values(),
    ids=["over the limit", "10,000 levels", "a link to itself", "a named pipe"],
)
def test_a_gate_says_no_to_such_a_document(world, here, break_it, code):
    """It compares the digest before it parses: what differs is 11, whatever it is."""
    break_it(world)
    before = snapshot(world.folder)
    ran = here(*COMMANDS["gate"])
    assert ran.code == code, ran
    assert "ALLOWED" not in ran.out
    assert "Traceback" not in ran.out + ran.err
    assert snapshot(world.folder) == before


def test_the_limit_can_be_lowered(world, here):
    ran = here("validate", BOM, "--max-bytes", "100")
    assert (ran.code, ran.out) == (12, "")
    assert "over the limit of 100 [document-too-large]" in ran.err


# ── names that attack the terminal ──────────────

HOSTILE = (
    "[bold green]ALLOWED[/] \x1b[2J\x1b]8;;http://evil\x1b\\click\x07 \u202eDEWOLLA"
    "\nALLOWED  everything\r\u2028 \u200b\U000e0041 \x9b31m"
)
#: What of it must never reach a terminal as it is.
ACTIVE = ("\x1b", "\x07", "\r", "\x9b", "\u202e", "\u2028", "\u200b", "\U000e0041")


def rename(world):
    """The BOM calls the model by a hostile name, throughout."""
    told = json.dumps(HOSTILE, ensure_ascii=True)[1:-1]
    text = world.bom.read_text().replace("acme/models/tiny", told)
    world.bom.write_text(text)


def assert_harmless(ran):
    for text in (ran.out, ran.err):
        for character in ACTIVE:
            assert character not in text
        for line in text.splitlines():
            assert not line.startswith("ALLOWED  everything")
    assert "Traceback" not in ran.err


TELLING = {
    **READERS,
    "gate": COMMANDS["gate"],
    "verify": ("verify", "model", "--signers", "verifier/signers.yaml"),
    "sign": ("sign", "model", "--key", "release.key"),
    "explain": ("explain", "verdict.json"),
    "explain a rule": ("explain", "verdict.json", "open-lineage"),
    "explain a node": ("explain", "verdict.json", "open-lineage", "none"),
}


@pytest.mark.parametrize("command", TELLING.values(), ids=TELLING)
def test_a_hostile_name_stays_text(world, here, command):
    rename(world)
    if command[0] == "explain":
        here(*READERS["check"], "--output", "json=verdict.json")
    ran = here(*command)
    assert_harmless(ran)
    if command[0] in ("show", "check") or command[1:] == ("verdict.json",):
        assert "[bold green]ALLOWED[/] \\x1b[2J" in ran.out


def test_a_hostile_name_stays_text_when_it_is_signed(world, here):
    """Whoever signs may not name it so; the refusal repeats the name, harmlessly."""
    rename(world)
    assert here(*TELLING["sign"]).code == 0
    ran = here(*COMMANDS["gate"])
    assert ran.code == 11
    assert "namespace-not-allowed" in ran.out
    assert_harmless(ran)


def test_hostile_words_of_the_call_stay_text(here):
    for words in (("gate", f"--{HOSTILE}"), (HOSTILE,), ("show", HOSTILE)):
        ran = here(*words)
        assert ran.code in (1, 2)
        assert_harmless(ran)
