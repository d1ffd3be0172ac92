"""Who stands behind a bundle: every answer, and the one that ends the run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from aibom.attest.bundle import Bundle, make_bundle, parse_bundle
from aibom.attest.keys import PrivateKey, generate, load_private
from aibom.attest.signers import AllowedSigner, read_signers
from aibom.attest.verify import Identified, identify, namespace_refusal
from aibom.digest import Digest
from aibom.errors import DocumentInvalid, VerificationFailed
from aibom.statement import AUDIT_V1, PROVENANCE_V1, Resource, Statement, to_json

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEYS = {
    name: load_private(generate(kind, None)[0], None, name)
    for name, kind in (("anne", "p256"), ("bert", "ed25519"), ("nobody", "p256"))
}
THING = Digest("tree", "a" * 64)


def signers(**members: Any) -> tuple[AllowedSigner, ...]:
    entries = [
        {
            "name": name,
            "role": name,
            "public_key": KEYS[name].public.pem,
            "predicates": ["audit"],
            "namespaces": ["acme/data/*"],
            **members,
        }
        for name in ("anne", "bert")
    ]
    return read_signers(
        {"apiVersion": "aibom/signers/v1", "signers": entries}, "signers.yaml"
    )


def statement(*names: str | None, predicate_type: str = AUDIT_V1) -> Statement:
    subjects = [Resource(name=n, digest={"sha256": THING.value}) for n in names]
    return Statement.build(subjects, predicate_type, {})


def bundle(
    signed: bytes, key: PrivateKey, hint: str | None = None, **envelope: Any
) -> Bundle:
    document = make_bundle(signed, key)
    if hint is not None:
        document["verificationMaterial"]["publicKey"]["hint"] = hint
    document["dsseEnvelope"].update(envelope)
    return parse_bundle(to_json(document), "there")


@dataclass(frozen=True)
class Case:
    signer: str = "anne"
    predicate_type: str = AUDIT_V1
    members: tuple[tuple[str, str], ...] = ()
    refusal: str | None = None
    hint: str | None = None


CASES = {
    "allowed": Case(),
    "allowed-with-the-other-type-of-key": Case("bert"),
    "hint-of-another": Case(hint=KEYS["bert"].public.hint),
    "hint-of-nobody": Case(hint="0" * 64),
    "no-hint": Case(hint=""),
    "stranger": Case("nobody", refusal="signer-not-allowed"),
    "stranger-without-a-hint": Case("nobody", hint="", refusal="signer-not-allowed"),
    "predicate": Case(predicate_type=PROVENANCE_V1, refusal="predicate-not-allowed"),
    "predicate-look-alike": Case(
        predicate_type=AUDIT_V1 + "/", refusal="predicate-not-allowed"
    ),
    "expired": Case(members=(("valid_until", "2026-11-21"),), refusal="signer-expired"),
    "not-yet": Case(members=(("valid_from", "2026-11-22"),), refusal="signer-expired"),
    "expired-and-predicate": Case(
        predicate_type=PROVENANCE_V1,
        members=(("valid_until", "2026-11-21"),),
        refusal="signer-expired",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answers(case: Case) -> None:
    said = statement("acme/data/x", predicate_type=case.predicate_type)
    signed = bundle(said.payload, KEYS[case.signer], case.hint)
    found = identify(signed, signers(**dict(case.members)), NOW)
    assert found.refusal == case.refusal
    assert found.statement == said
    who = found.signer.signer.name if found.signer else "nobody"
    assert who == case.signer


def test_changed_payload_under_an_allowed_hint_ends_the_run() -> None:
    signed = bundle(statement("acme/data/x").payload, KEYS["anne"], payload="e30=")
    with pytest.raises(VerificationFailed) as caught:
        identify(signed, signers(), NOW)
    assert (caught.value.reason, caught.value.where) == ("signature-invalid", "there")
    assert "anne" in caught.value.message


@pytest.mark.parametrize("form", [0, 1])
def test_either_form_of_hint_names_a_key(form: int) -> None:
    hint = sorted(KEYS["anne"].public.hints)[form]
    signed = bundle(statement("acme/data/x").payload, KEYS["nobody"], hint)
    with pytest.raises(VerificationFailed) as caught:
        identify(signed, signers(), NOW)
    assert caught.value.reason == "signature-invalid"


@pytest.mark.parametrize("who", ["anne", "nobody"])
@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"_type":"x"}'])
def test_payload_that_is_no_statement(who: str, payload: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        identify(bundle(payload, KEYS[who]), signers(), NOW)


def test_nobody_is_allowed_by_an_empty_list() -> None:
    signed = bundle(statement("acme/data/x").payload, KEYS["anne"])
    assert identify(signed, (), NOW).refusal == "signer-not-allowed"


def test_order_of_signers_changes_nothing() -> None:
    signed = bundle(statement("acme/data/x").payload, KEYS["bert"])
    listed = signers()
    one, other = (identify(signed, s, NOW) for s in (listed, tuple(reversed(listed))))
    assert one == other


NAMES: dict[str, tuple[tuple[str | None, ...], bool]] = {
    "in": (("acme/data/x",), True),
    "both-in": (("acme/data/x", "acme/data/y"), True),
    "one-out": (("acme/data/x", "acme/models/y"), False),
    "out": (("acme/models/x",), False),
    "look-alike": (("acme/data-x/y",), False),
    "deeper": (("acme/data/x/y",), False),
    "case": (("acme/Data/x",), False),
    "cyrillic": (("\u0430cme/data/x",), False),
    "bidi": (("acme/data/x\u202e",), False),
    "empty": (("",), False),
    "none": ((None,), False),
}


@pytest.mark.parametrize(("names", "allowed"), NAMES.values(), ids=NAMES)
def test_namespaces_hold_for_every_subject(
    names: tuple[str | None, ...], allowed: bool
) -> None:
    found = Identified(statement(*names), signers()[0], None)
    assert namespace_refusal(found) == (None if allowed else "namespace-not-allowed")


def test_subject_without_a_kind_counts_too() -> None:
    """Annotations are the signer's own words, and excuse nothing."""
    kind = {"aibom:kind": "dataset"}
    subjects = [
        Resource.subject("acme/data/x", THING, **kind),
        Resource.subject("acme/models/y", THING),
    ]
    said = Statement.build(subjects, AUDIT_V1, {})
    found = Identified(said, signers()[0], None)
    assert namespace_refusal(found) == "namespace-not-allowed"


def test_without_a_signer_no_name_is_allowed() -> None:
    found = Identified(statement("acme/data/x"), None, "signer-not-allowed")
    assert namespace_refusal(found) == "namespace-not-allowed"
