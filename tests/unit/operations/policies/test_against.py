"""What an old verdict has already does not block; everything else does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from worlds import World

from aibom.attest.bundle import parse_bundle
from aibom.errors import UsageError
from aibom.operations.policies.against import (
    never_known,
    only_new_block,
    read_old_verdict,
)
from aibom.operations.verdicts.diff import verdict_changes
from aibom.report.machine import verdict_json
from aibom.resources import read_schema
from aibom.verdict import Decision, Mode, Result, Status, Verdict

RULE = "labels-unaudited"


def lose_audits(world: World, kind: bytes = b"label-consistency") -> None:
    for path in (world.evidence / "audits").iterdir():
        if kind in parse_bundle(path.read_bytes(), "").payload:
            path.unlink()


def saved(world: World, verdict: Verdict, name: str = "old.json") -> Path:
    path = world.root / name
    path.write_bytes(verdict_json(verdict))
    return path


def against(world: World, verdict: Verdict, old: Path) -> Verdict:
    never = never_known(world.verifier, verdict)
    return only_new_block(verdict, read_old_verdict(old), never)


@pytest.fixture
def unaudited(world: World) -> tuple[World, Path]:
    """A world that is undecided, with the verdict that says so."""
    lose_audits(world)
    verdict = world.gate()
    assert verdict.decision is Decision.UNDECIDED
    return world, saved(world, verdict)


def test_what_was_known_does_not_block_and_is_marked(
    unaudited: tuple[World, Path],
) -> None:
    world, old = unaudited
    verdict = against(world, world.gate(), old)
    assert (verdict.decision, verdict.exit_code) == (Decision.ALLOWED, 0)
    (known,) = [result for result in verdict.results if result.known]
    assert (known.rule, known.status, known.mode) == (
        RULE,
        Status.UNKNOWN,
        Mode.DENY,
    )
    assert known in verdict.findings
    sha = hashlib.sha256(old.read_bytes()).hexdigest()
    assert verdict.overrides[-1] == f"against=sha256:{sha}"
    document = json.loads(verdict_json(verdict))
    Draft202012Validator(read_schema("verdict-1.json")).validate(document)
    assert [r["rule"] for r in document["results"] if r["known"]] == [RULE]


def test_what_is_new_blocks(unaudited: tuple[World, Path]) -> None:
    world, old = unaudited
    lose_audits(world, b"holdout-test")
    verdict = against(world, world.gate(), old)
    assert verdict.decision is Decision.UNDECIDED
    assert [result.rule for result in verdict.blocking] == ["model-untested"]


def test_the_override_stands_there_even_where_nothing_was_known(world: World) -> None:
    old = saved(world, world.gate())
    verdict = against(world, world.gate(), old)
    assert verdict.decision is Decision.ALLOWED
    assert verdict.overrides[-1].startswith("against=sha256:")
    assert not any(result.known for result in verdict.results)


def test_the_next_verdict_can_be_compared_with_this_one(
    unaudited: tuple[World, Path],
) -> None:
    world, old = unaudited
    first = saved(world, against(world, world.gate(), old), "first.json")
    assert against(world, world.gate(), first).decision is Decision.ALLOWED


def test_a_rule_that_takes_no_exception_is_never_known(
    unaudited: tuple[World, Path],
) -> None:
    world, _ = unaudited

    def strict(policy: dict[str, Any]) -> None:
        next(r for r in policy["rules"] if r["id"] == RULE)["exceptable"] = False

    world.edit_yaml("policy.yaml", strict)
    old = saved(world, world.gate())
    assert against(world, world.gate(), old).decision is Decision.UNDECIDED


def test_what_does_not_verify_stays_so(unaudited: tuple[World, Path]) -> None:
    world, old = unaudited
    (world.model / "weights.bin").write_text("evil")
    verdict = against(world, world.gate(), old)
    assert (verdict.decision, verdict.exit_code) == (Decision.NOT_VERIFIED, 11)


def test_report_only_keeps_its_exit_code(unaudited: tuple[World, Path]) -> None:
    world, old = unaudited
    lose_audits(world, b"holdout-test")
    verdict = against(world, world.gate(report_only=True), old)
    assert (verdict.decision, verdict.exit_code) == (Decision.UNDECIDED, 0)


def test_a_policy_that_changes_meanwhile_is_refused(
    unaudited: tuple[World, Path],
) -> None:
    world, old = unaudited
    verdict = world.gate()
    world.edit_yaml("policy.yaml", lambda d: d.update(version="9"))
    with pytest.raises(UsageError) as caught:
        against(world, verdict, old)
    assert caught.value.reason == "against-other-policy"


def test_a_dry_run_can_be_compared(unaudited: tuple[World, Path]) -> None:
    """Where nobody vouches for a name, the BOM's is taken; it stays a dry run."""
    world, old = unaudited
    verdict = against(world, world.check(), old)
    assert verdict.dry_run
    assert [result.rule for result in verdict.results if result.known] == [RULE]


def changed(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.update(values)


def inside(part: str, **values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda document: document[part].update(values)


def forged(document: dict[str, Any]) -> None:
    for result in document["results"]:
        result["path"] = "x"


#: What may not be compared with, and the reason.
REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a dry run": (changed(dryRun=True), "against-dry-run"),
    "report-only": (changed(reportOnly=True), "against-report-only"),
    "not verified": (changed(decision="not-verified"), "against-not-evaluated"),
    "an error": (changed(decision="error"), "against-not-evaluated"),
    "another policy": (inside("inputs", policy="b"), "against-other-policy"),
    "another tier": (changed(tier="low"), "against-other-tier"),
    "another name": (inside("verification", name="b"), "against-other-artifact"),
    "no name": (inside("verification", name=""), "against-other-artifact"),
    "another form": (changed(apiVersion="aibom/verdict/v2"), "against-unreadable"),
    "no decision": (lambda d: d.pop("decision"), "against-unreadable"),
    "no results": (lambda d: d.pop("results"), "against-unreadable"),
    "a path that is none": (forged, "against-unreadable"),
    "no such tier": (changed(tier="none"), "against-unreadable"),
    "no inputs": (changed(inputs=[]), "against-unreadable"),
    "flags as texts": (changed(dryRun="no"), "against-unreadable"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(unaudited: tuple[World, Path], name: str) -> None:
    world, old = unaudited
    edit, reason = REFUSED[name]
    document = json.loads(old.read_bytes())
    edit(document)
    old.write_text(json.dumps(document))
    with pytest.raises(UsageError) as caught:
        against(world, world.gate(), old)
    assert caught.value.reason == reason


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"a": 1, "a": 2}', b"\xff"])
def test_what_is_no_verdict_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "old.json").write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_old_verdict(tmp_path / "old.json")
    assert caught.value.reason == "against-unreadable"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_old_verdict(tmp_path / "old.json")
    assert caught.value.reason == "against-unreadable"


def of(verdict: Verdict, rule: str = RULE) -> Result:
    return next(r for r in verdict.results if r.rule == rule and r.is_finding)


#: A finding that is nearly the known one. Upstream a thing is its digest, not its name.
NEARLY: dict[str, Callable[[Result], Result]] = {
    "of another rule": lambda r: replace(r, rule="other"),
    "about another digest of the same name": lambda r: replace(
        r, node="dataset:tree:" + "0" * 64
    ),
    "for another reason": lambda r: replace(r, reason="audit-stale"),
    "now a fail": lambda r: replace(r, status=Status.FAIL),
    "now broken": lambda r: replace(r, status=Status.ERROR),
    "of another term": lambda r: replace(r, term="A-2"),
    "with another number": lambda r: replace(r, actual="0.5"),
    "about somebody else": lambda r: replace(
        r, path=(*r.path, replace(r.path[-1], node="party:org:other"))
    ),
}


@pytest.mark.parametrize("name", NEARLY)
def test_what_is_nearly_known_blocks(unaudited: tuple[World, Path], name: str) -> None:
    world, old = unaudited
    verdict = world.gate()
    other = NEARLY[name](of(verdict))
    results = tuple(other if r is of(verdict) else r for r in verdict.results)
    compared = against(world, replace(verdict, results=results), old)
    assert [result.blocks for result in compared.results if result == other] == [True]
    assert compared.exit_code != 0


def test_a_rule_that_broke_is_never_known(unaudited: tuple[World, Path]) -> None:
    world, _ = unaudited
    verdict = world.gate()
    broken = replace(of(verdict), status=Status.ERROR, reason="check-broke")
    verdict = replace(
        verdict,
        results=tuple(broken if r is of(verdict) else r for r in verdict.results),
    )
    old = saved(world, verdict)
    compared = against(world, verdict, old)
    assert [r.known for r in compared.results if r.reason == "check-broke"] == [False]


def test_the_artifact_goes_by_its_name_from_release_to_release(world: World) -> None:
    """Other bytes, the same finding about the artifact itself: known."""
    lose_audits(world, b"holdout-test")
    verdict = world.gate()
    old = saved(world, verdict)
    finding = of(verdict, "model-untested")
    before = finding.node
    renamed = before[:-4] + "0000"
    results = tuple(
        replace(
            r,
            node=renamed if r.node == before else r.node,
            path=tuple(
                replace(hop, node=renamed) if hop.node == before else hop
                for hop in r.path
            ),
        )
        for r in verdict.results
    )
    compared = against(world, replace(verdict, results=results), old)
    assert compared.decision is Decision.ALLOWED


def test_two_verdicts_are_compared_finding_by_finding(world: World) -> None:
    clean = read_old_verdict(saved(world, world.gate(), "clean.json"))
    lose_audits(world)
    one = read_old_verdict(saved(world, world.gate(), "one.json"))
    (new,) = verdict_changes(clean, one)
    assert (new.what, new.rule, new.old, new.worse) == ("new", RULE, "", True)
    (gone,) = verdict_changes(one, clean)
    assert (gone.what, gone.rule, gone.new, gone.worse) == ("gone", RULE, "", False)
    assert verdict_changes(one, one) == ()


def test_a_finding_that_begins_to_block_is_worse(world: World) -> None:
    lose_audits(world)
    verdict = world.gate()
    mild = replace(of(verdict), mode=Mode.WARN)
    results = tuple(mild if r is of(verdict) else r for r in verdict.results)
    old = saved(world, replace(verdict, results=results), "mild.json")
    new = saved(world, verdict, "deny.json")
    (change,) = verdict_changes(read_old_verdict(old), read_old_verdict(new))
    assert (change.what, change.worse) == ("changed", True)
    (back,) = verdict_changes(read_old_verdict(new), read_old_verdict(old))
    assert (back.what, back.worse) == ("changed", False)
