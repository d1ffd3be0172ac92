"""signers.yaml: whatever is wrong in it is found, all of it, with a suggestion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aibom.attest.keys import generate
from aibom.attest.signers import PREDICATES, AllowedSigner, read_signers
from aibom.errors import PolicyInvalid
from aibom.resources import read_schema

PEM = generate("p256", None)[1].decode()
OTHER_PEM = generate("ed25519", None)[1].decode()
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
Change = Callable[[dict[str, Any]], object]


def entry(**members: Any) -> dict[str, Any]:
    return {
        "name": "release",
        "role": "release",
        "public_key": PEM,
        "predicates": ["bom"],
        "namespaces": ["acme/*"],
        **members,
    }


def document(*entries: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {"apiVersion": "aibom/signers/v1", "signers": list(entries), **top}


def one(**members: Any) -> AllowedSigner:
    (signer,) = read_signers(document(entry(**members)), "signers.yaml")
    return signer


def left_out(name: str) -> dict[str, Any]:
    found = entry()
    del found[name]
    return found


#: name → document, what the message must hold, whether the schema sees it too
INVALID: dict[str, tuple[Any, str, bool]] = {
    "no-mapping": ([], "must be a mapping", True),
    "nothing": (None, "must be a mapping", True),
    "no-version": ({"signers": []}, "apiVersion", True),
    "other-version": (document(apiVersion="v2"), "aibom/signers/v1", True),
    "no-signers": ({"apiVersion": "aibom/signers/v1"}, "signers: is missing", True),
    "signers-misspelt": (document(signer=[]), "did you mean 'signers'?", True),
    "no-name": (document(left_out("name")), "name: is missing", True),
    "no-role": (document(left_out("role")), "role: is missing", True),
    "no-key": (document(left_out("public_key")), "public_key: is missing", True),
    "no-predicates": (document(left_out("predicates")), "predicates: is missing", True),
    "no-namespaces": (document(left_out("namespaces")), "namespaces: is missing", True),
    "predicates-empty": (document(entry(predicates=[])), "could say nothing", True),
    "namespaces-empty": (document(entry(namespaces=[])), "could say nothing", True),
    "namespace-is-text": (document(entry(namespaces="a/*")), "must be a list", True),
    "predicate-misspelt": (
        document(entry(predicates=["audits"])),
        "did you mean 'audit'?",
        True,
    ),
    "key-misspelt": (
        document(entry(pubic_key=PEM)),
        "did you mean 'public_key'?",
        True,
    ),
    "not-a-key": (document(entry(public_key="key")), "not a public key", True),
    "broken-key": (
        document(entry(public_key=PEM.replace("M", "A"))),
        "not a public key",
        False,
    ),
    "party-with-a-name": (document(entry(party="Ada Ames")), "party", True),
    "time-without-a-zone": (
        document(entry(valid_until="2026-11-21T00:00:00")),
        "zone",
        True,
    ),
    "time-is-no-time": (document(entry(valid_from="soon")), "not a date", True),
    "two-of-a-name": (
        document(entry(), entry(public_key=OTHER_PEM)),
        "two signers have one name",
        False,
    ),
    "two-of-a-key": (
        document(entry(), entry(name="other")),
        "two signers have one public_key",
        False,
    ),
    "one-key-laid-out-twice": (
        document(entry(), entry(name="other", public_key=PEM.replace("\n", "\r\n"))),
        "two signers have one public_key",
        False,
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_load_errors(case: str) -> None:
    value, message, in_schema = INVALID[case]
    with pytest.raises(PolicyInvalid) as caught:
        read_signers(value, "signers.yaml")
    assert message in caught.value.message
    assert "signers.yaml" in caught.value.message
    schema = Draft202012Validator(read_schema("signers-1.json"))
    assert schema.is_valid(value) != in_schema


def test_every_problem_is_told_at_once() -> None:
    wrong = document(entry(predicates=["x"], namespaces=[]), left_out("role"))
    with pytest.raises(PolicyInvalid) as caught:
        read_signers(wrong, "signers.yaml")
    assert len(caught.value.message.splitlines()) == 3
    assert "signers[0]" in caught.value.message
    assert "signers[1]" in caught.value.message


def test_what_is_read() -> None:
    signer = one(party="org:Acme", predicates=["bom", "audit"])
    assert (signer.signer.name, signer.signer.role) == ("release", "release")
    assert signer.signer.party == "org:Acme"
    assert signer.predicates == {PREDICATES["bom"], PREDICATES["audit"]}
    assert signer.key.pem == PEM
    assert one().signer.party is None


def test_nobody_may_sign_when_nobody_is_listed() -> None:
    assert read_signers(document(), "signers.yaml") == ()


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("members", "at", "valid"),
    [
        ({}, NOW, True),
        ({"valid_from": "2026-11-21T12:00:00Z"}, NOW, True),
        ({"valid_from": "2026-11-21T12:00:00Z"}, NOW - SECOND, False),
        ({"valid_until": "2026-11-21T12:00:00Z"}, NOW, False),
        ({"valid_until": "2026-11-21T12:00:00Z"}, NOW - SECOND, True),
        ({"valid_until": "2026-11-21T14:00:00+02:00"}, NOW - SECOND, True),
        ({"valid_until": "2026-11-21T14:00:00+02:00"}, NOW, False),
        ({"valid_from": "2026-11-21", "valid_until": "2026-11-22"}, NOW, True),
    ],
)
def test_validity_has_its_start_and_not_its_end(
    members: dict[str, Any], at: datetime, valid: bool
) -> None:
    assert one(**members).is_valid_at(at) == valid


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("acme/reviews", True),
        ("acme", False),
        ("acme/", False),
        ("acme/a/b", False),
        ("acme-evil/reviews", False),
        ("Acme/reviews", False),
        ("acme/../reviews", False),
        ("", False),
    ],
)
def test_names_in_a_namespace(name: str, may: bool) -> None:
    assert one().may_name(name) == may


def test_any_of_the_namespaces_is_enough() -> None:
    signer = one(namespaces=["acme/a", "acme/b/**"])
    assert signer.may_name("acme/a")
    assert signer.may_name("acme/b/c/d")
    assert not signer.may_name("acme/c")
