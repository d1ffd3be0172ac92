"""Help, and what somebody is told who misspelt something."""

from __future__ import annotations

import pytest

from aibom.cli import COMMANDS

SUBCOMMANDS = {
    "audit": ("record",),
    "policy": ("lint", "lock", "list"),
    "party": ("id",),
}
PAGES = [
    *((name,) for name in COMMANDS),
    *((group, name) for group, names in SUBCOMMANDS.items() for name in names),
]


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_every_command_has_help_without_holes(here, words):
    ran = here(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: aibom {' '.join(words)}" in ran.out
    for line in ran.out.splitlines():
        # An option without a text beside it: the next line would be another option.
        assert not (line.startswith("  --") and len(line.split()) == 1)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_first_page_lists_every_command_and_exit_code(here, flag):
    ran = here(flag)
    assert ran.code == 0
    for name, (_, line) in COMMANDS.items():
        assert f"  {name} " in ran.out
        assert line in ran.out
    for code in (0, 1, 2, 3, 10, 11, 12, 125, 130):
        assert f"\n  {code:>5}  " in ran.out
    assert "--debug" in ran.out


@pytest.mark.parametrize("words", [(), ("policy",), ("audit",), ("party",)], ids=str)
def test_no_command_is_help_but_no_success(here, words):
    """Exit 0 is a gate's yes: a script that lost its command must not get it."""
    ran = here(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(" ".join(("Usage: aibom", *words)))


MISSPELT = {
    "command": (("gaet", "model"), "did you mean 'gate'?"),
    "subcommand": (("policy", "locl"), "did you mean 'lock'?"),
    "option": (("gate", "--polcy"), "--policy"),
    "choice": (("keygen", "k", "--type", "p255"), "'p256', 'ed25519'"),
    "output": (
        ("gate", "m", "--policy", "p", "--output", "jason"),
        "did you mean 'json'?",
    ),
}


@pytest.mark.parametrize(("words", "told"), MISSPELT.values(), ids=MISSPELT)
def test_who_misspells_is_helped(here, words, told):
    ran = here(*words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_a_wrong_call_names_the_page_to_read(here):
    assert "see: aibom gate --help" in here("gate").err


def test_the_version(here):
    ran = here("--version")
    assert ran.code == 0
    assert ran.out.startswith("aibom, version ")
