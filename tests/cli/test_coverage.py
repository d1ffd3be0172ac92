"""``aibom coverage``: what is printed, and that it is no gate."""

from __future__ import annotations

import json

import pytest

BOM = "model/aibom.cdx.json"
EVIDENCE = ("--signers", "verifier/signers.yaml", "--evidence", "evidence")


def test_it_prints_ratios_groups_and_questions(here):
    ran = here("coverage", BOM)
    assert (ran.code, ran.err) == (0, "")
    for told in (
        "CycloneDX 1.6, valid",
        "g7-2026  SBOM for AI, minimum elements (G7), 2026-05-12",
        "voluntary: Voluntary guidance",
        "answered  ",
        "verified  2 of ",
        "(2 by bytes, 0 by signature)",
        "Missing, and what to ask",
        "    ask: ",
        "Nothing here says that a standard or a law is met, or applies.",
    ):
        assert told in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_questions_can_be_left_out(here):
    ran = here("coverage", BOM, "--no-missing")
    assert ran.code == 0
    assert "ask:" not in ran.out
    assert "elements missing: --missing tells what to ask" in ran.out


def test_evidence_makes_claims_signed_and_signatures_verified(here):
    alone = json.loads(here("coverage", BOM, "--json").out)
    ran = here("coverage", "model", *EVIDENCE, "--json")
    assert ran.code == 0
    (before,), (after,) = (d["profiles"] for d in (alone, json.loads(ran.out)))
    assert before["verified"]["bySignature"] == 0
    assert after["verified"]["bySignature"] > 0
    assert after["verified"]["byBytes"] > before["verified"]["byBytes"]
    assert after["answered"]["part"] > before["answered"]["part"]


def test_several_profiles_each_once_in_their_order(here):
    names = ("ntia-2021", "g7-2026", "ntia-2021")
    words = [word for name in names for word in ("--profile", name)]
    found = json.loads(here("coverage", BOM, "--json", *words).out)
    assert [p["profile"]["id"] for p in found["profiles"]] == ["ntia-2021", "g7-2026"]


def test_all_profiles(here):
    every = json.loads(here("coverage", BOM, "--profile", "all", "--json").out)
    listed = here("coverage", "--list").out
    assert len(every["profiles"]) == 12
    assert all(p["profile"]["id"] in listed for p in every["profiles"])


def test_the_list_says_what_each_is(here):
    ran = here("coverage", "--list")
    assert ran.code == 0
    for told in ("cisa-2025-draft          draft      11 elements", "law", "community"):
        assert told in ran.out


def test_an_invalid_document_is_measured(here, world):
    path = world.folder / "poor.json"
    path.write_text('{"bomFormat": "CycloneDX", "metadata": {"authors": 7}}')
    ran = here("coverage", "poor.json")
    assert ran.code == 0
    assert "CycloneDX of no stated version, invalid: " in ran.out
    assert "answered  1 of 50" in ran.out


def test_hostile_names_are_printed_as_text(here, world):
    component = {"type": "machine-learning-model", "name": "\x1b[31m\u202eevil"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "\x1b[1m",
        "metadata": {"component": component},
        "components": [component],
    }
    (world.folder / "evil.json").write_text(json.dumps(document))
    out = here("coverage", "evil.json").out
    assert "evil" in out
    assert not {"\x1b", "\u202e"} & set(out)


def test_a_note_where_the_bytes_are_others(here, world):
    (world.model / "more.bin").write_bytes(b"x")
    ran = here("coverage", "model")
    assert ran.code == 0
    assert "the files are not those that the BOM names" in ran.err


#: name → words, exit code, reason
REFUSED = {
    "unknown profile": (
        ("coverage", BOM, "--profile", "g7-2062"),
        2,
        "profile-unknown",
    ),
    "no BOM": (("coverage",), 2, "usage"),
    "evidence alone": (
        ("coverage", BOM, "--evidence", "evidence"),
        2,
        "signers-missing",
    ),
    "not there": (("coverage", "none.json"), 1, "path-missing"),
    "not JSON": (("coverage", "data/a.txt"), 12, "document-unreadable"),
}


@pytest.mark.parametrize(("words", "code", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(here, words, code, reason):
    ran = here(*words)
    assert (ran.code, ran.out) == (code, "")
    assert f"[{reason}]" in ran.err


def test_the_nearest_profile_is_told(here):
    assert "did you mean 'g7-2026'" in here("coverage", BOM, "--profile", "g7-2062").err


def test_tampered_bytes_are_a_verification_failure_where_one_asks_for_it(here, world):
    (world.model / "weights.bin").write_bytes(b"other")
    ran = here("coverage", "model", *EVIDENCE)
    assert (ran.code, ran.out) == (11, "")
