"""Audits as statements: there and back, and what of others' is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aibom.audits.predicate import audit_statement, read_audit
from aibom.audits.report import read_report
from aibom.digest import Digest, Form
from aibom.errors import DocumentInvalid
from aibom.lineage.evidence import Measurement
from aibom.resources import read_schema
from aibom.statement import AUDIT_V1, Resource, Statement

SCHEMA = Draft202012Validator(read_schema("audit-1.json"))
WHEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
REPORT = read_report(
    {
        "apiVersion": "aibom/audit-report/v1",
        "type": "label-consistency",
        "tool": {"name": "ruler", "version": "1"},
        "measurements": [
            {"metric": "m", "samples": 4, "count": 1, "slice": {"class": "3"}},
            {"metric": "m", "samples": 4, "value": 0.5},
        ],
    },
    "report.json",
)


def made(when: datetime = WHEN, form: Form = "tree") -> Statement:
    digest = Digest(form, "a" * 64)
    return audit_statement(REPORT, "b" * 64, "acme/x", "dataset", digest, when)


@pytest.mark.parametrize("form", ["file", "tree"])
def test_round_trip(form: Form) -> None:
    statement = Statement.parse(made(form=form).payload, "there")
    assert statement.predicate_type == AUDIT_V1
    (subject,) = statement.subjects
    assert (subject.name, subject.content()) == ("acme/x", Digest(form, "a" * 64))
    audit = read_audit(statement, "there")
    assert (audit.type, audit.tool) == ("label-consistency", "ruler 1")
    assert (audit.examined_on, audit.report_digest) == (WHEN, "b" * 64)
    assert audit.measurements == REPORT.measurements
    assert audit.measurements[0] == Measurement("m", 0.25, 4, 1, (("class", "3"),))
    assert SCHEMA.is_valid(statement.predicate)


def test_time_is_written_in_utc() -> None:
    east = timezone(timedelta(hours=5))
    written = made(WHEN.astimezone(east)).predicate["examinedOn"]
    assert written == "2026-11-21T12:00:00Z"


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        made(WHEN.replace(tzinfo=None))


Change = Callable[[dict[str, Any]], object]

INVALID: dict[str, tuple[str, Change, bool]] = {
    "no-type": ("type: is missing", lambda p: p.pop("type"), True),
    "no-time": ("examinedOn: is missing", lambda p: p.pop("examinedOn"), True),
    "time-without-zone": (
        "zone",
        lambda p: p.update(examinedOn="2026-11-21T12:00:00"),
        True,
    ),
    "time-is-no-day": (
        "out of range",
        lambda p: p.update(examinedOn="2026-02-30"),
        False,
    ),
    "no-tool": ("tool: is missing", lambda p: p.pop("tool"), True),
    "no-report": ("report: is missing", lambda p: p.pop("report"), True),
    "report-digest-short": (
        "sha256",
        lambda p: p.update(report={"digest": {"sha256": "b" * 63}}),
        True,
    ),
    "report-digest-large": (
        "sha256",
        lambda p: p.update(report={"digest": {"sha256": "B" * 64}}),
        True,
    ),
    "report-further": (
        "unknown key 'url'",
        lambda p: p["report"].update(url="x"),
        True,
    ),
    "no-numbers": ("holds none", lambda p: p.update(measurements=[]), True),
    "verdict": ("unknown key 'passed'", lambda p: p.update(passed=True), True),
    "value-that-is-not-count": (
        "is not 1/4",
        lambda p: p["measurements"][0].update(value=0.0),
        False,
    ),
    "count-above-samples": (
        "between 0 and samples",
        lambda p: p["measurements"][0].update(count=5),
        False,
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_malformed_audits_are_refused(case: str) -> None:
    message, change, in_schema = INVALID[case]
    predicate = json.loads(made().payload)["predicate"]
    change(predicate)
    subject = Resource.subject("x", Digest("file", "a" * 64))
    statement = Statement.build([subject], AUDIT_V1, predicate)
    with pytest.raises(DocumentInvalid) as caught:
        read_audit(statement, "there")
    assert caught.value.reason == "audit-malformed"
    assert message in caught.value.message
    assert SCHEMA.is_valid(predicate) != in_schema


def test_date_alone_is_its_first_moment() -> None:
    predicate = {**made().predicate, "examinedOn": "2026-11-21"}
    subject = Resource.subject("x", Digest("file", "a" * 64))
    audit = read_audit(Statement.build([subject], AUDIT_V1, predicate), "there")
    assert audit.examined_on == datetime(2026, 11, 21, tzinfo=UTC)
    assert SCHEMA.is_valid(predicate)
