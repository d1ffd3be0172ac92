"""Node ids: identity is content, and a name never joins two things.

* an entity with bytes: ``<kind>:<file|tree>:<sha256>``
* an entity without: ``<kind>:undigested:<sha256 of its identifying facts>``; such ids
  never join what two documents say, unless both state exactly the same facts
* a step: ``step:<sha256 of its record's payload>``, or ``step:undigested:…``
* a party: ``party:person:<key id>:<pseudonym>``, ``party:org:<name>``,
  ``party:software:<name>[@<version>]``

Pseudonyms of people are HMACs under a registrar's named key, so that two ids can be
compared only under one key id; across key ids nothing can be told.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping

from aibom.digest import Digest
from aibom.errors import DocumentInvalid, UsageError
from aibom.lineage.nodes import Kind

__all__ = [
    "PartyId",
    "entity_id",
    "may_be_same_party",
    "parse_party",
    "party_key",
    "person_pseudonym",
    "same_person",
    "step_id",
    "undigested_id",
]

_HEX = re.compile(r"[0-9a-f]{64}")
_PERSON = re.compile(
    r"person:(?P<key>[a-z0-9][a-z0-9._-]*):(?P<pseudonym>[0-9a-f]{32})"
)
_NAMED = re.compile(r"(?P<type>org|software):(?P<name>\S(?:.{0,198}\S)?)")
_KEY_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_MINIMUM_SECRET = 16


def entity_id(kind: Kind, digest: Digest) -> str:
    """The id of an entity whose bytes are known."""
    return f"{kind.value}:{digest.form}:{digest.value}"


def undigested_id(kind: Kind, facts: Mapping[str, str]) -> str:
    """An id from facts alone (SHA-256 of their RFC 8785 text), marked as undigested."""
    import rfc8785

    text = rfc8785.dumps({"kind": kind.value, "facts": dict(facts)})
    return f"{kind.value}:undigested:{hashlib.sha256(text).hexdigest()}"


def step_id(payload_digest: str) -> str:
    """The id of a step with a record: the SHA-256 of the record's payload."""
    if not _HEX.fullmatch(payload_digest):
        raise DocumentInvalid(
            f"{payload_digest!r} is not a SHA-256 in lower-case hex",
            reason="digest-malformed",
        )
    return f"step:{payload_digest}"


class PartyId:
    """A parsed party id. ``key`` is the registrar's key id, for persons only."""

    __slots__ = ("key", "name", "text", "type")

    def __init__(self, text: str) -> None:
        self.text = text
        self.key: str | None = None
        if person := _PERSON.fullmatch(text):
            self.type, self.key, self.name = (
                "person",
                person["key"],
                person["pseudonym"],
            )
        elif named := _NAMED.fullmatch(text):
            self.type, self.name = named["type"], named["name"]
        else:
            raise UsageError(
                f"{text!r} is not a party: person:KEYID:HEX, org:NAME or "
                "software:NAME[@VERSION]",
                reason="party-malformed",
                hint="people are written as pseudonyms: aibom party id",
            )


def parse_party(text: str) -> PartyId:
    """Read a party id; :class:`~aibom.errors.UsageError` says which forms exist."""
    return PartyId(text)


def person_pseudonym(person: str, key: str) -> str:
    """The party id of a person: HMAC-SHA-256 of the name; ``key`` is ``NAME:SECRET``.

    The name is compared without surrounding white space and without regard to case or
    to how Unicode composes its letters. The key id is the key's name plus eight hex
    digits that only the same secret gives, so that two registrars who chose one name
    are not mistaken for each other. The pseudonym is the first 128 bits of the HMAC. It
    hides the name only from those who do not hold the key.
    """
    name, _, secret = key.partition(":")
    if not _KEY_NAME.fullmatch(name) or len(secret) < _MINIMUM_SECRET:
        raise UsageError(
            "the pseudonym key is not NAME:SECRET with a kebab-case name and a secret "
            f"of at least {_MINIMUM_SECRET} characters",
            reason="pseudonym-key-malformed",
            where="AIBOM_PSEUDONYM_KEY",
            hint="export AIBOM_PSEUDONYM_KEY=acme-2026:$(openssl rand -hex 32)",
        )
    text = unicodedata.normalize("NFC", " ".join(person.split()).casefold())
    if not text:
        raise UsageError(
            "the person's name is empty",
            reason="party-malformed",
            hint="for example: aibom party id 'Anne Example'",
        )
    check = _hmac(secret, "aibom key id")[:8]
    return f"person:{name}-{check}:{_hmac(secret, 'aibom person ' + text)[:32]}"


def _hmac(secret: str, text: str) -> str:
    # An environment variable or argument that is not UTF-8 arrives with surrogates.
    key, message = (part.encode("utf-8", "surrogatepass") for part in (secret, text))
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def same_person(one: str, other: str) -> bool | None:
    """Whether two party ids are the same party; None when it cannot be told.

    It cannot be told for two persons under different registrar keys, nor for a person
    and an organisation (the person may work there).
    """
    if one == other:
        return True
    left, right = parse_party(one), parse_party(other)
    if left.type == right.type == "person":
        return False if left.key == right.key else None
    if left.type == right.type:
        return False
    return False if "software" in (left.type, right.type) else None


def may_be_same_party(one: str, other: str) -> bool | None:
    """Whether two party ids may mean the same party; None as in :func:`same_person`.

    For what forbids: names are compared without regard to case, to the width and form
    of letters (Unicode NFKC) or to white space, and a version of software that is left
    out on either side matches any. Look-alike letters of another script, and characters
    that cannot be seen, still tell two names apart.
    """
    same = same_person(one, other)
    if same is not False:
        return same
    left, right = _compared(parse_party(one)), _compared(parse_party(other))
    return left[:2] == right[:2] and (left[2] == right[2] or not (left[2] and right[2]))


def party_key(text: str) -> tuple[str, str]:
    """What to index parties by: one key for all who may be the same party.

    That is, wherever :func:`may_be_same_party` is True. The reverse does not hold: two
    versions of one program share their key.
    """
    return _compared(parse_party(text))[:2]


def _compared(party: PartyId) -> tuple[str, str, str]:
    """Type, name and version in the form that is compared; an @ may begin a name."""
    if party.type == "person":
        return (party.type, party.text, "")
    name, _, version = party.name.rpartition("@")
    if party.type == "org" or not name:
        return (party.type, _loose(party.name), "")
    return (party.type, _loose(name), _loose(version))


def _loose(text: str) -> str:
    # Case folding can take letters apart that NFKC composes, so it comes in between.
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())
