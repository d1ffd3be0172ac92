"""Whose own a statement is: names of signers, and nobody else's signature."""

from __future__ import annotations

import pytest

from aibom.digest import Digest
from aibom.lineage.evidence import Evidence, EvidenceSet, Signer
from aibom.report.own import document_signer, is_named, is_party

PERSON = "person:acme-2026:" + "a" * 32
ACME = Signer("acme release", "release", "org:Acme Corp")
#: name → signer, stated, whether it is that one
NAMES = {
    "organisation": (ACME, "Acme Corp", True),
    "case and space": (ACME, " ACME  corp\n", True),
    "full width": (ACME, "\uff21cme Corp", True),
    "name of the signer": (ACME, "Acme Release", True),
    "shorter": (ACME, "Acme", False),
    "longer": (ACME, "Acme Corp Inc.", False),
    "party id": (ACME, "org:Acme Corp", False),
    "role": (ACME, "release", False),
    "empty": (ACME, "", False),
    "blank for a blank": (Signer(" ", "r"), " ", False),
    "pseudonym": (Signer("anne", "maker", PERSON), "a" * 32, False),
    "no party": (Signer("acme", "maker"), "acme", True),
}
PARTIES = {
    "same": (ACME, "org:Acme Corp", True),
    "as a node": (ACME, "party:org:Acme Corp", True),
    "another case": (ACME, "org:acme corp", False),
    "another type": (ACME, "software:Acme Corp", False),
    "none": (Signer("org:acme", "maker"), "org:acme", False),
    "person": (Signer("anne", "maker", PERSON), PERSON, True),
}


@pytest.mark.parametrize(("signer", "stated", "is_it"), NAMES.values(), ids=NAMES)
def test_names_of_a_signer(signer, stated, is_it):
    assert is_named(signer, stated) is is_it


@pytest.mark.parametrize(("signer", "party", "is_it"), PARTIES.values(), ids=PARTIES)
def test_parties_are_the_same_letter_by_letter(signer, party, is_it):
    assert is_party(signer, party) is is_it


def owning(number: int, signer: Signer | None, own: str = "root") -> Evidence:
    about = (("it", Digest("file", "ab" * 32)),)
    return Evidence(f"{number:064x}", "x", about, "e", signer, own=frozenset({own}))


BUILDER = Signer("builder", "pipeline", "software:builder")


def test_the_signer_of_a_document_is_not_whoever_else_signed_for_the_thing():
    evidence = EvidenceSet((owning(1, BUILDER), owning(2, ACME)))
    assert document_signer(evidence, "root", ACME.name) is ACME
    assert document_signer(evidence, "root", "") is None
    assert document_signer(evidence, "root", "Famous Lab") is None


def test_a_signer_of_another_thing_did_not_sign_the_document():
    evidence = EvidenceSet((owning(1, ACME, "base"), owning(2, None)))
    assert document_signer(evidence, "root", ACME.name) is None
