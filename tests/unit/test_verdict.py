"""Verdicts: which results block, in which order they are told, and what is written."""

from __future__ import annotations

import itertools
import json
import pickle
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import jsonschema_rs
import pytest

from aibom.resources import read_schema
from aibom.statement import to_json
from aibom.verdict import (
    API_VERSION,
    MAX_HOPS,
    Decision,
    Inputs,
    Mode,
    PathHop,
    Result,
    Retold,
    Severity,
    Status,
    Tier,
    Verdict,
    Verification,
)

RESULT = Result(
    rule="untrusted-source",
    check="trusted-source",
    node="dataset:tree:" + "ab" * 32,
    label="reviews",
    status=Status.FAIL,
    reason="source-not-listed",
    mode=Mode.DENY,
    severity=Severity.HIGH,
    path=(
        PathHop("model:x", "model", "model"),
        PathHop("dataset:x", "reviews", "dataset", "used", "training-data"),
    ),
    evidence=("evidence/a",),
    maps=MappingProxyType({"owasp-llm": ("LLM04:2025",)}),
)


def verdict(*results: Result, **changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "artifact": "tree-sha256:" + "cd" * 32,
        "artifact_name": "model",
        "decision": Decision.DENIED,
        "reason": "rules-failed",
        "exit_code": 10,
        "tier": Tier.HIGH,
        "effective_time": "2026-11-21T00:00:00Z",
        "verification": Verification("verified"),
        "inputs": Inputs(boms=(("model/aibom.cdx.json", "sha256:" + "ab" * 32),)),
        "results": results,
        **changes,
    }
    return Verdict(**values)


FINDINGS = {Status.FAIL, Status.UNKNOWN, Status.ERROR}


@pytest.mark.parametrize(("status", "mode"), list(itertools.product(Status, Mode)))
def test_in_deny_mode_everything_but_a_pass_blocks(status: Status, mode: Mode) -> None:
    result = replace(RESULT, status=status, mode=mode)
    assert result.is_finding is (status in FINDINGS)
    assert result.blocks is (status in FINDINGS and mode is Mode.DENY)


def test_a_fingerprint_is_of_rule_and_node_only() -> None:
    same = replace(RESULT, status=Status.UNKNOWN, reason="x", severity=Severity.LOW)
    assert same.fingerprint == RESULT.fingerprint
    assert replace(RESULT, rule="x").fingerprint != RESULT.fingerprint
    assert replace(RESULT, node="x").fingerprint != RESULT.fingerprint


def test_findings_are_told_worst_first_and_in_a_fixed_order() -> None:
    told = [
        replace(RESULT, rule="a", status=Status.FAIL),
        replace(RESULT, rule="b", status=Status.FAIL, node="1"),
        replace(RESULT, rule="b", status=Status.FAIL, node="2"),
        replace(RESULT, rule="a", status=Status.ERROR),
        replace(RESULT, rule="a", status=Status.UNKNOWN),
        replace(RESULT, rule="a", status=Status.FAIL, mode=Mode.WARN),
    ]
    passed = [
        replace(RESULT, status=Status.PASS),
        replace(RESULT, status=Status.NOT_APPLICABLE),
    ]
    for results in (told + passed, list(reversed(told + passed))):
        found = verdict(*results)
        assert list(found.findings) == told
        assert list(found.blocking) == told[:-1]


def test_a_verdict_without_results_has_no_findings() -> None:
    assert verdict().findings == verdict().blocking == ()


def test_a_document_holds_what_json_holds() -> None:
    document = verdict(RESULT).to_document()
    assert json.loads(to_json(document)) == document
    assert document["apiVersion"] == API_VERSION
    (result,) = document["results"]
    assert result["status"] == "fail"
    assert type(result["status"]) is str
    assert result["blocks"] is True
    assert result["fingerprint"] == RESULT.fingerprint
    assert result["maps"] == {"owasp-llm": ["LLM04:2025"]}
    assert [hop["role"] for hop in result["path"]] == ["", "training-data"]
    assert document["inputs"]["boms"] == [
        ["model/aibom.cdx.json", "sha256:" + "ab" * 32]
    ]


def test_the_same_verdict_is_the_same_bytes() -> None:
    one, other = (to_json(verdict(RESULT).to_document()) for _ in range(2))
    assert one == other


MARKS = {
    "dry run": {"dry_run": True},
    "report only": {"report_only": True},
    "allowed": {
        "decision": Decision.ALLOWED,
        "exit_code": 0,
        "reason": "allowed",
        "results": (replace(RESULT, status=Status.PASS),),
    },
    "not verified": {
        "decision": Decision.NOT_VERIFIED,
        "exit_code": 11,
        "reason": "signature-absent",
        "verification": Verification(
            "failed", "signature-absent", "no bundle", "model", "sign it", "not-done"
        ),
    },
    "other inputs": {
        "inputs": Inputs(
            policy="acme",
            policy_version="1",
            policy_digest="sha256:" + "ab" * 32,
            locked=True,
            data=(("signers.yaml", "sha256:" + "ab" * 32),),
            advisories_sequence=7,
            evidence=(("evidence/a", "sha256:" + "ab" * 32),),
            housekeeping=(".git/",),
        )
    },
}


@pytest.mark.parametrize("changes", MARKS.values(), ids=MARKS)
def test_verdicts_are_valid_under_their_schema(changes: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(read_schema("verdict-1.json"))
    changes = {"results": (RESULT,), **changes}
    document = verdict(**changes).to_document()
    assert [error.message for error in validator.iter_errors(document)] == []


# ── paths that are told again ──────────────

HOPS = tuple(PathHop(f"n{number}", f"hop {number}", "step") for number in range(7))


def retold(hops: tuple[PathHop, ...] = HOPS) -> Retold[PathHop]:
    return Retold(len(hops), lambda: iter(hops))


def test_what_is_retold_is_as_good_as_its_tuple() -> None:
    path = retold()
    assert (len(path), tuple(path), list(reversed(path))) == (7, HOPS, [*HOPS[::-1]])
    assert (path[0], path[-1], path[2:4], HOPS[3] in path) == (
        *(HOPS[0], HOPS[-1], HOPS[2:4], True),
    )
    assert path == HOPS
    assert HOPS == path == retold()
    assert path != HOPS[:-1]
    assert path != HOPS[::-1]
    assert path != list(HOPS)
    assert {path: 1} == {HOPS: 1}
    assert repr(path) == repr(HOPS)
    assert not retold(())
    with pytest.raises(IndexError):
        path[7]


def test_what_is_retold_is_pickled_as_its_tuple() -> None:
    kept = pickle.loads(pickle.dumps(retold()))
    assert (type(kept), kept) == (tuple, HOPS)


def test_results_do_not_tell_how_their_path_is_held() -> None:
    one, other = replace(RESULT, path=HOPS), replace(RESULT, path=retold())
    assert one == other
    assert to_json(one.to_document()) == to_json(other.to_document())


@pytest.mark.parametrize("length", [1, MAX_HOPS, MAX_HOPS + 1, 10 * MAX_HOPS])
def test_the_middle_of_a_long_path_is_left_out_and_counted(length: int) -> None:
    hops = tuple(PathHop(f"n{number}", "", "step") for number in range(length))
    document = replace(RESULT, path=retold(hops)).to_document()
    names = [hop["node"] for hop in document["path"]]
    left_out = document.get("hopsLeftOut", 0)
    assert left_out == max(0, length - MAX_HOPS)
    assert len(names) == min(length, MAX_HOPS)
    half = MAX_HOPS // 2
    every = [hop.node for hop in hops]
    assert names == (every[:half] + every[-half:] if left_out else every)
    schema = jsonschema_rs.validator_for(read_schema("verdict-1.json"))
    whole = verdict(replace(RESULT, path=retold(hops))).to_document()
    assert [
        error.message for error in schema.iter_errors(json.loads(to_json(whole)))
    ] == []
