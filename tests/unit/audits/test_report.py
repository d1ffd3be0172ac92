"""Reports of examining tools: read, recomputed, and as their schema says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from aibom.audits.report import measurement_document, read_report
from aibom.errors import DocumentInvalid
from aibom.lineage.evidence import Measurement
from aibom.resources import read_schema

SCHEMA = Draft202012Validator(read_schema("audit-report-1.json"))


def measured(**members: Any) -> dict[str, Any]:
    return {"metric": "accuracy", "samples": 10, "count": 9, **members}


def report(*measurements: Any, **members: Any) -> dict[str, Any]:
    return {
        "apiVersion": "aibom/audit-report/v1",
        "type": "holdout-test",
        "tool": {"name": "ruler", "version": "1"},
        "measurements": list(measurements) or [measured()],
        **members,
    }


def valued(value: Any, **members: Any) -> dict[str, Any]:
    return {"metric": "auc", "samples": 10, "value": value, **members}


VALID = {
    "count": report(),
    "value": report(valued(0.5)),
    "whole-number": report(valued(1)),
    "negative": report(valued(-3.5)),
    "no-samples-needed": report(valued(0.5, samples=0)),
    "count-with-its-value": report(measured(value=0.9)),
    "slices": report(measured(slice={"labeler": "person:a", "class": "3"})),
    "no-slice": report(measured(slice={})),
    "count-and-value-of-one-slice": report(valued(0.9, metric="accuracy"), measured()),
}


@pytest.mark.parametrize("value", VALID.values(), ids=VALID)
def test_valid_reports(value: dict[str, Any]) -> None:
    assert SCHEMA.is_valid(value)
    assert len(read_report(value, "r").measurements) == len(value["measurements"])


#: name → report, what the message must hold, whether the schema sees it too
INVALID: dict[str, tuple[Any, str, bool]] = {
    "list": ([], "must be a mapping", True),
    "no-version": ({**report(), "apiVersion": "v2"}, "audit-report/v1", True),
    "no-type": (report(type=""), "type: is empty", True),
    "tool-is-text": (report(tool="ruler"), "must be a mapping", True),
    "tool-without-version": (report(tool={"name": "r"}), "version: is missing", True),
    "tool-further": (
        report(tool={"name": "r", "version": "1", "x": 1}),
        "unknown key 'x'",
        True,
    ),
    "no-measurement": (report(measurements=[]), "holds none", True),
    "measurement-is-text": (report("x"), "must be a mapping", True),
    "verdict": (report(passed=True), "unknown key 'passed'", True),
    "misspelt": (report(measured(sample=1)), "did you mean 'samples'?", True),
    "no-metric": (report({"samples": 1, "count": 1}), "metric: is missing", True),
    "neither": (
        report({"metric": "m", "samples": 1}),
        "needs a count, or a value",
        True,
    ),
    "samples-negative": (report(valued(1, samples=-1)), "more than 0", True),
    "count-of-nothing": (report(measured(samples=0, count=0)), "more than 0", True),
    "count-negative": (report(measured(count=-1)), "between 0 and samples", True),
    "count-above": (report(measured(count=11)), "between 0 and samples", False),
    "count-is-true": (report(measured(count=True)), "whole number", True),
    "count-fraction": (report(measured(count=1.5)), "whole number", True),
    "value-is-text": (report(valued("1")), "must be a number", True),
    "value-is-nothing": (report(valued(None)), "must be a number", True),
    "value-beyond-a-double": (report(valued(10**400)), "beyond a double", False),
    "value-is-nan": (report(valued(float("nan"))), "finite", False),
    "value-not-that-of-the-count": (report(measured(value=1.0)), "is not 9/10", False),
    "slice-is-text": (report(measured(slice="3")), "must be a mapping", True),
    "slice-number": (report(measured(slice={"class": 3})), "must be a text", True),
}


@pytest.mark.parametrize("case", INVALID)
def test_invalid_reports(case: str) -> None:
    value, message, in_schema = INVALID[case]
    with pytest.raises(DocumentInvalid) as caught:
        read_report(value, "report.json")
    assert caught.value.reason == "report-invalid"
    assert message in caught.value.message
    assert SCHEMA.is_valid(value) != in_schema


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        read_report(report(measured(count=-1), valued("x"), type=""), "r")
    assert len(caught.value.message.splitlines()) >= 3


def test_value_is_computed_from_the_count() -> None:
    (found,) = read_report(report(measured(count=3, samples=4)), "r").measurements
    assert found == Measurement("accuracy", 0.75, 4, 3)


NUMBERS = st.fixed_dictionaries(
    {
        "metric": st.sampled_from(["a", "b"]),
        "samples": st.integers(1, 4),
        "slice": st.dictionaries(
            st.sampled_from(["class", "labeler"]), st.sampled_from(["x", "y"])
        ),
    }
)
COUNTED = NUMBERS.flatmap(
    lambda m: st.integers(0, m["samples"]).map(lambda count: {**m, "count": count})
)
VALUED = NUMBERS.flatmap(
    lambda m: st.sampled_from([0, 0.5, 1]).map(lambda value: {**m, "value": value})
)


@given(st.lists(COUNTED | VALUED, min_size=1, max_size=6), st.randoms())
def test_order_does_not_matter_and_nothing_is_lost(
    entries: list[dict[str, Any]], random: Any
) -> None:
    found = read_report(report(*entries), "r").measurements
    shuffled = random.sample(entries, len(entries))
    assert read_report(report(*shuffled), "r").measurements == found
    written = [measurement_document(item) for item in found]
    assert SCHEMA.is_valid(report(*written))
    assert read_report(report(*written), "r").measurements == found
