"""What people see, kept as files in ``tests/golden/``.

Digests and dates are replaced by words. ``UPDATE_GOLDEN=1`` writes the files
anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
import re

import pytest
from cli_world import ADVISORIES, POLICY

GATE = ("gate", "model", "--policy", "verifier", "--evidence", "evidence")
SAVED = ("--output", "json=verdict.json", "--output", "text")
ADVISORY = """\
advisories:
  - id: A-1
    summary: a line was flipped
    published: "2026-01-01"
    affects:
      sources: [{type: generic, namespace: acme, name: two-lines}]
"""
SCRUBBED = (
    (re.compile(r"key [0-9a-f]{16}…"), "key <hint>…"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"\b[0-9a-f]{12}…"), "<digest>…"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
)


def poison(world):
    text = ADVISORIES.replace("advisories: []\n", ADVISORY)
    world.write_policy("advisories.yaml", text)


def only_warn(world):
    poison(world)
    world.write_policy("policy.yaml", POLICY.replace("mode: deny", "mode: warn"))


def lose_the_record(world):
    for path in (world.folder / "evidence").iterdir():
        path.unlink()


def change_a_byte(world):
    (world.model / "weights.bin").write_bytes(b"evil\n")


def turn_all_off(world):
    world.write_policy("policy.yaml", POLICY.replace("mode: deny", 'mode: "off"'))


def break_the_bom(world):
    document = json.loads(world.bom.read_text())
    document["components"].append({"name": "x", "type": "datum"})
    document["surprise"] = 1
    world.bom.write_text(json.dumps(document))


def nothing(world):
    """Leave the world as it is."""


CHECK = ("check", "model/aibom.cdx.json", *GATE[2:])
#: name of the file → what happens first, and the commands, of which the last is shown
CASES = {
    "allowed": (nothing, [GATE]),
    "allowed-dry-run": (nothing, [CHECK]),
    "allowed-with-warnings": (only_warn, [GATE]),
    "denied": (poison, [(*GATE, *SAVED)]),
    "undecided": (lose_the_record, [GATE]),
    "nothing-in-force": (turn_all_off, [GATE]),
    "not-verified": (change_a_byte, [GATE]),
    "explain": (poison, [(*GATE, *SAVED), ("explain", "verdict.json")]),
    "explain-rule": (
        poison,
        [(*GATE, *SAVED), ("explain", "verdict.json", "known-bad-ancestor")],
    ),
    "show": (nothing, [("show", "model")]),
    "verify": (nothing, [("verify", "model", "--signers", "verifier/signers.yaml")]),
    "validate": (break_the_bom, [("validate", "model/aibom.cdx.json")]),
    "policy-lint": (nothing, [("policy", "lint", "verifier")]),
}


@pytest.mark.parametrize("name", CASES)
def test_it_looks_as_it_did(world, here, checkout, name):
    prepare, commands = CASES[name]
    prepare(world)
    for words in commands:
        ran = here(*words)
    shown = f"$ aibom {' '.join(words)}\n{ran.out}{ran.err}exit {ran.code}\n"
    for pattern, word in SCRUBBED:
        shown = pattern.sub(word, shown)
    file = checkout / "tests" / "golden" / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


def test_every_file_is_still_compared(checkout):
    kept = {path.stem for path in (checkout / "tests" / "golden").glob("*.txt")}
    assert kept == set(CASES)
