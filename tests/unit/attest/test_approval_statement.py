"""Approvals as statements: there and back, and what of others' is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aibom.attest.approval_statement import (
    MAX_REASON,
    MAX_TICKET,
    approval_id,
    approval_statement,
    read_approval,
)
from aibom.digest import Digest, Form
from aibom.errors import DocumentInvalid
from aibom.lineage.evidence import Approval
from aibom.resources import read_schema
from aibom.statement import APPROVAL_V1, BASE_URI, Resource, Statement
from aibom.verdict import Tier

SCHEMA = Draft202012Validator(read_schema("approval-1.json"))
WHEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
YES = Approval(Tier.MEDIUM, WHEN + timedelta(days=30), WHEN, "ACME-12")
NONCE = "0123456789abcdef" * 2


def made(
    approval: Approval = YES, form: Form = "tree", nonce: str = NONCE
) -> Statement:
    return approval_statement("acme/m", Digest(form, "a" * 64), approval, nonce)


def test_the_schema_is_one_under_its_name() -> None:
    Draft202012Validator.check_schema(SCHEMA.schema)
    assert SCHEMA.schema["$id"] == f"{BASE_URI}schemas/approval-1.json"


@pytest.mark.parametrize("why", [None, "Both of us looked at it."])
@pytest.mark.parametrize("form", ["file", "tree"])
@pytest.mark.parametrize("tier", Tier)
def test_round_trip(form: Form, tier: Tier, why: str | None) -> None:
    approval = replace(YES, tier=tier, why=why)
    statement = Statement.parse(made(approval, form).payload, "there")
    assert statement.predicate_type == APPROVAL_V1
    (subject,) = statement.subjects
    assert (subject.name, subject.content()) == ("acme/m", Digest(form, "a" * 64))
    assert read_approval(statement, "there") == approval
    assert SCHEMA.is_valid(statement.predicate)


def test_times_are_written_in_utc() -> None:
    east = timezone(timedelta(hours=5))
    approval = replace(
        YES,
        approved_at=YES.approved_at.astimezone(east),
        expires=YES.expires.astimezone(east),
    )
    assert made(approval).payload == made().payload


@pytest.mark.parametrize("field", ["approved_at", "expires"])
def test_a_time_without_a_zone_is_refused(field: str) -> None:
    naive: Any = {field: WHEN.replace(tzinfo=None)}
    with pytest.raises(ValueError, match="zone"):
        made(replace(YES, **naive))


def test_two_who_say_the_same_have_two_approvals() -> None:
    one, other = made(), made(nonce="f" * 32)
    assert approval_id(one) != approval_id(other)
    assert approval_id(one) == f"sha256:{one.payload_digest}"


Change = Callable[[dict[str, Any]], object]

#: What is told, the change, and whether the schema finds it as well.
INVALID: dict[str, tuple[str, Change, bool]] = {
    "no-tier": ("tier: is missing", lambda p: p.pop("tier"), True),
    "unknown-tier": ("not one of", lambda p: p.update(tier="highest"), True),
    "tier-in-capitals": ("not one of", lambda p: p.update(tier="High"), True),
    "tiers": ("must be a text", lambda p: p.update(tier=["low"]), True),
    "no-end": ("expires: is missing", lambda p: p.pop("expires"), True),
    "never-ends": ("not a date", lambda p: p.update(expires="never"), True),
    "ends-nowhere": (
        "no zone",
        lambda p: p.update(expires="2027-01-01T00:00:00"),
        True,
    ),
    "ends-before-it-begins": (
        "not after approvedAt",
        lambda p: p.update(expires="2026-11-21"),
        False,
    ),
    "ends-as-it-begins": (
        "not after approvedAt",
        lambda p: p.update(expires=p["approvedAt"]),
        False,
    ),
    "no-begin": ("approvedAt: is missing", lambda p: p.pop("approvedAt"), True),
    "no-ticket": ("ticket: is missing", lambda p: p.pop("ticket"), True),
    "blank-ticket": ("ticket: is empty", lambda p: p.update(ticket=" "), True),
    "long-ticket": (
        "longer than 200",
        lambda p: p.update(ticket="x" * (MAX_TICKET + 1)),
        True,
    ),
    "blank-reason": ("reason: is empty", lambda p: p.update(reason=""), True),
    "no-reason-as-null": ("must be a text", lambda p: p.update(reason=None), True),
    "long-reason": (
        "longer than 2,000",
        lambda p: p.update(reason="x" * (MAX_REASON + 1)),
        True,
    ),
    "no-nonce": ("nonce: is missing", lambda p: p.pop("nonce"), True),
    "short-nonce": ("32 hex digits", lambda p: p.update(nonce="ab"), True),
    "revoked-by-itself": ("unknown key", lambda p: p.update(revoked=False), True),
}


@pytest.mark.parametrize("case", INVALID)
def test_malformed_approvals_are_refused(case: str) -> None:
    message, change, in_schema = INVALID[case]
    predicate = json.loads(made().payload)["predicate"]
    change(predicate)
    (subject,) = made().subjects
    statement = Statement.build([subject], APPROVAL_V1, predicate)
    with pytest.raises(DocumentInvalid) as caught:
        read_approval(statement, "there")
    assert caught.value.reason == "approval-malformed"
    assert message in caught.value.message
    assert SCHEMA.is_valid(predicate) != in_schema


SHA = {"sha256": "a" * 64}
SUBJECTS = {
    "two": [Resource("a/b", SHA), Resource("a/c", {"sha256": "b" * 64})],
    "without a name": [Resource(None, SHA)],
    "as two digests": [Resource("a/b", {**SHA, "dirHash": "b" * 64})],
    "as a folder in another way": [Resource("a/b", {"dirHash": "b" * 64})],
    "by another algorithm": [Resource("a/b", {"sha512": "b" * 128})],
    "of no form": [Resource("a/b", SHA, annotations={"aibom:form": "image"})],
}


@pytest.mark.parametrize("subjects", SUBJECTS.values(), ids=SUBJECTS)
def test_an_approval_is_of_exactly_one_thing(subjects: list[Resource]) -> None:
    statement = Statement.build(subjects, APPROVAL_V1, made().predicate)
    with pytest.raises(DocumentInvalid, match="exactly one") as caught:
        read_approval(statement, "there")
    assert caught.value.reason == "approval-malformed"
