"""Ids: content where there is any, pseudonyms for people, and who is the same."""

from __future__ import annotations

import pytest
from builders import a_digest, sha256
from hypothesis import given
from hypothesis import strategies as st

from aibom.errors import DocumentInvalid, UsageError
from aibom.lineage.identity import (
    entity_id,
    may_be_same_party,
    parse_party,
    party_key,
    person_pseudonym,
    same_person,
    step_id,
    undigested_id,
)
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node
from aibom.recording.roles import check_party

KEY = "acme-2026:" + "s3cret" * 6
OTHER_SECRET = "acme-2026:" + "0ther!" * 6


@pytest.mark.parametrize("kind", sorted(ENTITY_KINDS))
@pytest.mark.parametrize("form", ["file", "tree"])
def test_an_id_gives_its_digest_back(kind: Kind, form: str) -> None:
    digest = a_digest("x", "file" if form == "file" else "tree")
    name = entity_id(kind, digest)
    assert name == f"{kind.value}:{form}:{sha256('x')}"
    assert Node(id=name, kind=kind).digest == digest


def test_ids_without_bytes_have_no_digest() -> None:
    for name, kind in {
        undigested_id(Kind.SERVICE, {"name": "x"}): Kind.SERVICE,
        step_id(sha256("x")): Kind.STEP,
        "party:org:file:" + sha256("x"): Kind.PARTY,
    }.items():
        assert Node(id=name, kind=kind).digest is None


def test_an_undigested_id_depends_on_facts_and_kind_only() -> None:
    one = undigested_id(Kind.SERVICE, {"name": "x", "source": "y"})
    assert one == undigested_id(Kind.SERVICE, {"source": "y", "name": "x"})
    others = {
        undigested_id(Kind.SYSTEM, {"name": "x", "source": "y"}),
        undigested_id(Kind.SERVICE, {"name": "x"}),
        undigested_id(Kind.SERVICE, {"name": "y", "source": "x"}),
    }
    assert len(others) == 3
    assert one not in others


@pytest.mark.parametrize("text", ["", "ab", "AB" * 32, "ab" * 32 + "\n", "step:x"])
def test_a_step_id_is_a_digest(text: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        step_id(text)
    assert caught.value.reason == "digest-malformed"


# ── parties ──────────────

PERSON = f"person:acme-0123abcd:{'ab' * 16}"
PARTIES = {
    PERSON: ("person", "acme-0123abcd", "ab" * 16),
    "org:Acme": ("org", None, "Acme"),
    "org:Acme Labels & Söhne": ("org", None, "Acme Labels & Söhne"),
    "org:a:b": ("org", None, "a:b"),
    "software:tool@1.2": ("software", None, "tool@1.2"),
    "org:" + "x" * 200: ("org", None, "x" * 200),
}


@pytest.mark.parametrize(("text", "parts"), PARTIES.items(), ids=lambda x: str(x)[:30])
def test_party_ids(text: str, parts: tuple[str, str | None, str]) -> None:
    party = parse_party(text)
    assert (party.type, party.key, party.name) == parts
    assert party.text == text
    check_party("labeler", text)  # recording accepts the same


NO_PARTIES = {
    "nothing": "",
    "a name": "Alice",
    "no type": ":Acme",
    "an empty organisation": "org:",
    "white space only": "org:  ",
    "white space at the end": "org:Acme ",
    "two lines": "org:Acme\nInc",
    "too long": "org:" + "x" * 201,
    "a person by name": "person:Alice",
    "a short pseudonym": "person:acme:abcd",
    "a pseudonym in capitals": f"person:acme:{'AB' * 16}",
    "a key in capitals": f"person:Acme:{'ab' * 16}",
    "a pseudonym and more": f"{PERSON}0",
    "a newline at the end": f"{PERSON}\n",
    "another type": "robot:x",
}


@pytest.mark.parametrize("text", NO_PARTIES.values(), ids=NO_PARTIES)
def test_what_is_no_party(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_party(text)
    assert caught.value.reason == "party-malformed"
    assert caught.value.hint


# ── pseudonyms ──────────────


def test_a_pseudonym_depends_on_name_and_secret() -> None:
    one = person_pseudonym("Alice Example", KEY)
    assert parse_party(one).type == "person"
    assert parse_party(one).key == "acme-2026-" + one.split(":")[1][-8:]
    assert one == person_pseudonym("Alice Example", KEY)
    assert one != person_pseudonym("Bob Example", KEY)
    assert one != person_pseudonym("Alice Example", OTHER_SECRET)
    assert "alice" not in one.lower()


SPELLINGS = {
    "white space": "  Zoë   Example\t",
    "case": "ZOË EXAMPLE",
    "composed otherwise": "Zoe\u0308 Example",
}


@pytest.mark.parametrize("name", SPELLINGS.values(), ids=SPELLINGS)
def test_one_person_spelt_in_several_ways(name: str) -> None:
    assert person_pseudonym(name, KEY) == person_pseudonym("Zoë Example", KEY)


def test_what_is_not_utf8_has_a_pseudonym_as_well() -> None:
    assert person_pseudonym("Al\udcffce", KEY) != person_pseudonym("Alce", KEY)
    person_pseudonym("Alice", KEY + "\udcff")


BAD_KEYS = ["", "acme", "acme:", "acme:short", ":" + "s" * 32, "Acme:" + "s" * 32]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_has_a_name_and_a_long_secret(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        person_pseudonym("Alice", key)
    assert caught.value.reason == "pseudonym-key-malformed"
    assert caught.value.where == "AIBOM_PSEUDONYM_KEY"
    assert key == "" or key.partition(":")[2] == "" or key not in str(caught.value)


@pytest.mark.parametrize("name", ["", "  ", "\n"])
def test_nobody_has_no_pseudonym(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        person_pseudonym(name, KEY)
    assert caught.value.reason == "party-malformed"


@given(st.text(min_size=1).filter(str.strip))
def test_every_pseudonym_is_a_party_id(name: str) -> None:
    party = parse_party(person_pseudonym(name, KEY))
    assert party.type == "person"


# ── who is the same ──────────────

SAME = {
    "one id": (PERSON, PERSON, True),
    "two persons of one registrar": (PERSON, PERSON[:-2] + "cd", False),
    "two registrars": (PERSON, PERSON.replace("acme", "lab"), None),
    "one registrar's name, another secret": (
        person_pseudonym("Alice", KEY),
        person_pseudonym("Alice", OTHER_SECRET),
        None,
    ),
    "one person, one registrar": (
        person_pseudonym("Alice", KEY),
        person_pseudonym("alice ", KEY),
        True,
    ),
    "a person and an organisation": (PERSON, "org:Acme", None),
    "two organisations": ("org:Acme", "org:Umbrella", False),
    "a person and a program": (PERSON, "software:x", False),
    "an organisation and a program": ("org:x", "software:x", False),
    "two versions": ("software:x@1", "software:x@2", False),
}


@pytest.mark.parametrize(("one", "other", "expected"), SAME.values(), ids=SAME)
def test_who_is_the_same(one: str, other: str, expected: bool | None) -> None:
    assert same_person(one, other) is expected
    assert same_person(other, one) is expected


LOOSE = {
    **SAME,
    "case": ("org:Evil Labs", "org:evil LABS", True),
    "white space": ("org:Evil Labs", "org:Evil \t Labs", True),
    "a space that does not break": ("org:Evil Labs", "org:Evil\u00a0Labs", True),
    "wide letters": ("org:Evil Labs", "org:\uff25vil Labs", True),
    "composed otherwise": ("org:Zoë", "org:Zoe\u0308", True),
    "sharp s": ("org:Groß", "org:GROSS", True),
    "a longer name": ("org:Evil Labs", "org:Evil Labs 2", False),
    "joined words": ("org:Evil Labs", "org:EvilLabs", False),
    "an organisation has no version": ("org:x@1", "org:x", False),
    "a version left out": ("software:autolabel", "software:AutoLabel@1.2", True),
    "a version left empty": ("software:autolabel@", "software:autolabel@1.2", True),
    "the same version": ("software:Tool@1.2-RC", "software:tool@1.2-rc", True),
    "a longer version": ("software:x@1.2", "software:x@1.2.3", False),
    "a scope is no version": ("software:@acme/x@1", "software:@acme/x", True),
    "a scope alone": ("software:@acme", "software:@evil", False),
    "programs of two names": ("software:x", "software:y@1", False),
    "another type, same name": ("org:Tool", "software:tool", False),
}


@pytest.mark.parametrize(("one", "other", "expected"), LOOSE.values(), ids=LOOSE)
def test_who_may_be_the_same(one: str, other: str, expected: bool | None) -> None:
    assert may_be_same_party(one, other) is expected
    assert may_be_same_party(other, one) is expected
    assert not expected or party_key(one) == party_key(other)


_names = st.text("aAßẞ ﬁİı\u0345Σς@1", min_size=1, max_size=6).filter(
    lambda text: text == text.strip()
)
_parties = st.builds("{}:{}".format, st.sampled_from(["org", "software"]), _names)


@given(_parties, _parties)
def test_what_is_the_same_may_be_the_same(one: str, other: str) -> None:
    assert may_be_same_party(one, one.replace(" ", "  ")) is True
    assert may_be_same_party(one, other) is may_be_same_party(other, one)
    assert may_be_same_party(one, other) in (True, same_person(one, other))
    assert not may_be_same_party(one, other) or party_key(one) == party_key(other)
