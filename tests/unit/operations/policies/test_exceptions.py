"""Exceptions end to end: the folder's file, its signature, the lock and the gate."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from worlds import World, key, signing

from aibom.attest.bundle import parse_bundle
from aibom.errors import PolicyInvalid
from aibom.operations.policies.exceptions import is_waivers, sign_waivers
from aibom.report.machine import verdict_json
from aibom.resources import read_schema
from aibom.verdict import Decision

RISK = "org:Acme model risk"
RULE = "labels-unaudited"


def labels_digest(world: World) -> str:
    results = world.gate().results
    return next(
        r.node.replace("dataset:tree:", "tree-sha256:")
        for r in results
        if r.rule == RULE and r.label == "acme/data/labels"
    )


def with_exception(
    world: World, *, signer: str | None = "risk", **changes: Any
) -> World:
    """A world whose labels nobody audited, and an exception for that."""
    digest = labels_digest(world)
    for path in (world.evidence / "audits").iterdir():
        if b"label-consistency" in parse_bundle(path.read_bytes(), "").payload:
            path.unlink()
    entry = {
        "id": "E-1",
        "rule": RULE,
        "subject": digest,
        "reason_code": "audit-missing",
        "reason": "the auditor is back next week",
        "ticket": "RISK-1",
        "requested_by": "org:Acme product",
        "approved_by": RISK,
        "approved_on": "2026-11-20",
        "expires": "2026-12-18",
        **changes,
    }
    path = world.verifier / "waivers.yaml"
    document = {"apiVersion": "aibom/waivers/v1", "waivers": [entry]}
    path.write_text(json.dumps(document))
    risk = {
        "name": "acme risk",
        "role": "risk-owner",
        "party": RISK,
        "public_key": key("risk").public.pem,
        "predicates": ["waivers"],
        "namespaces": ["acme/**"],
    }
    world.edit_yaml("signers.yaml", lambda d: d["signers"].append(risk), lock=False)

    def allow(policy: dict[str, Any]) -> None:
        policy["data"].append("waivers.yaml")
        days = {"high": 30, "medium": 90, "low": 180}
        policy["exceptions"] = {"roles": ["risk-owner"], "max_days": days}

    world.edit_yaml("policy.yaml", allow, lock=False)
    if signer is not None:
        sign_waivers(path, signing(signer))
    world.lock()
    return world


def test_an_exception_lets_one_finding_through_and_says_so(world: World) -> None:
    verdict = with_exception(world).gate()
    assert (verdict.decision, verdict.exit_code) == (Decision.ALLOWED, 0)
    (excepted,) = [r for r in verdict.results if r.exception]
    assert (excepted.rule, excepted.reason) == (RULE, "audit-missing")
    assert excepted in verdict.findings
    (note,) = verdict.exceptions
    assert (note.id, note.state, note.approved_by) == ("E-1", "active", RISK)
    document = json.loads(verdict_json(verdict))
    Draft202012Validator(read_schema("verdict-1.json")).validate(document)
    assert document["exceptions"][0]["state"] == "active"


def test_without_it_the_same_world_is_undecided(world: World) -> None:
    with_exception(world)
    world.edit_yaml("waivers.yaml", lambda d: d["waivers"].clear(), lock=False)
    sign_waivers(world.verifier / "waivers.yaml", signing("risk"))
    world.lock()
    verdict = world.gate()
    assert (verdict.decision, verdict.reason) == (Decision.UNDECIDED, "audit-missing")
    assert verdict.exceptions == ()


NOT_IN_FORCE: dict[str, tuple[dict[str, Any], str]] = {
    "nobody signed it": ({"signer": None}, "invalid"),
    "a stranger signed it": ({"signer": "nobody"}, "invalid"),
    "a signer of models signed it": ({"signer": "release"}, "invalid"),
    "approved by who signs the labels": ({"approved_by": "org:Acme data"}, "invalid"),
    "for longer than the tier allows": ({"expires": "2027-01-20"}, "invalid"),
    "expired": ({"approved_on": "2026-11-01", "expires": "2026-11-20"}, "expired"),
    "for the model": ({"subject": "tree-sha256:" + "0" * 64}, "orphan"),
}


@pytest.mark.parametrize("name", NOT_IN_FORCE)
def test_what_is_not_in_force_changes_nothing(world: World, name: str) -> None:
    changes, state = NOT_IN_FORCE[name]
    verdict = with_exception(world, **changes).gate()
    assert (verdict.exit_code, verdict.exceptions[0].state) == (3, state)
    assert not any(r.exception for r in verdict.results)


def edited(world: World) -> None:
    world.edit_yaml("waivers.yaml", lambda d: d["waivers"][0].update(ticket="R-2"))


def broken(world: World) -> None:
    path = world.verifier / "waivers.sigstore.json"
    text = path.read_text()
    start = text.index('"sig":"') + 7
    path.write_text(
        text[:start] + ("B" if text[start] == "A" else "A") + text[start + 1 :]
    )
    world.lock()


@pytest.mark.parametrize("change", [edited, broken])
def test_a_signature_that_does_not_hold_stops_everything(
    world: World, change: Callable[[World], None]
) -> None:
    with_exception(world)
    change(world)
    with pytest.raises(PolicyInvalid) as caught:
        world.gate()
    assert caught.value.reason == "waivers-signature-invalid"


def test_the_signature_is_pinned_by_the_lock(world: World) -> None:
    with_exception(world)
    sign_waivers(world.verifier / "waivers.yaml", signing("risk"))
    with pytest.raises(PolicyInvalid) as caught:
        world.gate()
    assert caught.value.reason == "policy-lock-mismatch"


def test_only_what_can_be_read_is_signed(world: World) -> None:
    with_exception(world)
    path = world.verifier / "waivers.yaml"
    assert is_waivers(path)
    before = (world.verifier / "waivers.sigstore.json").read_bytes()
    path.write_text("waivers: [")
    with pytest.raises(PolicyInvalid):
        sign_waivers(path, signing("risk"))
    assert (world.verifier / "waivers.sigstore.json").read_bytes() == before
