"""Evidence folders: what counts, what is a claim, and what ends the run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from worlds import MODEL, NOW, World, key, payload_of

from aibom.attest.bundle import make_bundle
from aibom.attest.signers import read_signers
from aibom.attest.summary_statement import SUMMARY_V1
from aibom.digest import BOM_NAME, BUNDLE_NAME, hash_path
from aibom.errors import AibomError
from aibom.operations.evidence import Found, collect
from aibom.operations.files import MAX_SMALL
from aibom.operations.verdicts.summary import summary_of
from aibom.operations.verdicts.verdicts import make_summary
from aibom.statement import Resource, Statement, to_json

Change = Callable[[World], object]


def read(world: World) -> Found:
    return collect([world.evidence], world.signers(), NOW)


def put(name: str, data: bytes) -> Change:
    def apply(world: World) -> None:
        path = world.evidence / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    return apply


def link(name: str, target: str) -> Change:
    return lambda world: (world.evidence / name).symlink_to(target)


def huge(world: World) -> None:
    with (world.evidence / "huge.sigstore.json").open("wb") as file:
        file.truncate(MAX_SMALL + 1)


def signed(payload: bytes, role: str) -> bytes:
    return to_json(make_bundle(payload, key(role)))


def audit_without_numbers(world: World) -> None:
    path = next((world.evidence / "audits").iterdir())
    document = json.loads(payload_of(path))
    document["predicate"]["measurements"] = []
    put("x.sigstore.json", signed(to_json(document), "nobody"))(world)


def bom_changed(world: World) -> None:
    path = world.evidence / "base" / BOM_NAME
    path.write_bytes(path.read_bytes() + b" ")


def two_boms_in_a_bundle(world: World) -> None:
    path = world.evidence / "base" / BUNDLE_NAME
    document = json.loads(payload_of(path))
    document["subject"].append(document["subject"][0])
    path.write_bytes(signed(to_json(document), "nobody"))


ENDS: dict[str, tuple[str, Change]] = {
    "bundle-malformed": ("bundle-malformed", put("x.sigstore.json", b"[]")),
    "bundle-empty": ("bundle-malformed", put("deep/er/x.sigstore.json", b"")),
    "bundle-of-no-statement": (
        "document-invalid",
        put("x.sigstore.json", signed(b"[]", "nobody")),
    ),
    "statement-malformed": ("document-unreadable", put("x.statement.json", b"no")),
    "audit-without-numbers": ("audit-malformed", audit_without_numbers),
    "pair-that-disagrees": ("bom-digest-mismatch", bom_changed),
    "pair-with-two-boms": ("subject-mismatch", two_boms_in_a_bundle),
    "too-large": ("document-too-large", huge),
    "dangling-link": ("path-missing", link("x.sigstore.json", "nowhere")),
    "link-to-itself": ("path-unreadable", link("x.sigstore.json", "x.sigstore.json")),
    "pipe": (
        "path-unreadable",
        lambda world: os.mkfifo(world.evidence / "x.sigstore.json"),
    ),
    "no-folder": ("path-missing", lambda world: shutil.rmtree(world.evidence)),
}


@pytest.mark.parametrize(("reason", "change"), ENDS.values(), ids=ENDS)
def test_what_cannot_be_read_ends_the_run(
    world: World, reason: str, change: Change
) -> None:
    change(world)
    with pytest.raises(AibomError) as caught:
        read(world)
    assert caught.value.reason == reason
    assert world.gate().exit_code not in (0, 10)


def link_to_a_folder(world: World) -> None:
    (world.root / "elsewhere").mkdir()
    (world.root / "elsewhere/x.sigstore.json").write_text("{}")
    (world.evidence / "linked").symlink_to(world.root / "elsewhere")


PASSED_OVER: dict[str, Change] = {
    "other-names": put("README.md", b"{"),
    "hidden": put(".x.sigstore.json", b"{"),
    "folder-that-links-up": link("loop", "."),
    "folder-that-links-away": link_to_a_folder,
    "bom-without-a-bundle": put(f"alone/{BOM_NAME}", b"{}"),
    "bundle-without-its-bom": lambda world: (
        (world.evidence / "alone").mkdir(),
        shutil.copy(world.bundle, world.evidence / "alone" / BUNDLE_NAME),
    ),
}


@pytest.mark.parametrize("change", PASSED_OVER.values(), ids=PASSED_OVER)
def test_what_is_no_evidence_changes_no_answer(world: World, change: Change) -> None:
    before = world.gate().results
    change(world)
    assert world.gate().results == before


def test_linked_file_counts(world: World) -> None:
    path = next((world.evidence / "audits").iterdir())
    path.rename(world.root / "kept.json")
    path.symlink_to(world.root / "kept.json")
    assert world.gate().exit_code == 0


def test_every_file_that_was_read_is_recorded(world: World) -> None:
    put(f"alone/{BOM_NAME}", b"{}")(world)
    places = [place for place, _ in read(world).digests]
    assert len(places) == 8
    assert f"evidence/alone/{BOM_NAME}" in places
    assert places == sorted(places)


def test_two_folders_of_one_name_are_both_recorded(world: World) -> None:
    other = world.root / "more/evidence"
    shutil.copytree(world.evidence, other)
    bundle = other / "base" / BUNDLE_NAME
    bundle.write_bytes(bundle.read_bytes() + b"\n")
    found = collect([world.evidence, other], world.signers(), NOW)
    assert len(found.digests) == 8


def test_order_of_folders_changes_nothing(world: World) -> None:
    parts = [world.evidence / name for name in ("records", "base", "audits")]
    one = world.gate(evidence=tuple(parts)).to_document()
    other = world.gate(evidence=tuple(reversed(parts))).to_document()
    assert one == other
    assert one["exitCode"] == 0


def a_statement(name: str, predicate_type: str) -> bytes:
    subject = Resource(name=name, digest={"sha256": "a" * 64})
    return Statement.build([subject], predicate_type, {}).payload


REFUSALS: dict[str, tuple[str, str | None, str]] = {
    "unsigned": ("acme/data/x", None, "signature-absent"),
    "stranger": ("acme/data/x", "nobody", "signer-not-allowed"),
    "predicate": ("acme/data/x", "release", "predicate-not-allowed"),
    "namespace": ("acme/models/x", "data", "namespace-not-allowed"),
    "look-alike": ("acme/data-evil/x", "data", "namespace-not-allowed"),
    "deeper": ("acme/data/x/y", "data", "namespace-not-allowed"),
    "shallower": ("acme/data", "data", "namespace-not-allowed"),
    "climbing": ("acme/data/..", "data", "namespace-not-allowed"),
    "other-case": ("ACME/data/x", "data", "namespace-not-allowed"),
    "invisible": ("acme/data/x\u200b", "data", "namespace-not-allowed"),
    "empty": ("", "data", "namespace-not-allowed"),
    "none": ("acme/data/x", "data", ""),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_who_may_say_what(world: World, case: str) -> None:
    name, signer, refusal = REFUSALS[case]
    payload = a_statement(name, "https://slsa.dev/provenance/v1")
    world.add_statement(payload, signer)
    (item,) = [item for item in read(world).items if not item.own and not item.audit]
    assert (item.refusal or "") == refusal
    assert item.trusted == (not refusal)


def test_claims_are_listed(world: World) -> None:
    world.resign(world.record_of("label"), "nobody")
    assert [why for _, why in summary_of(world.verify()).not_believed] == [
        "signer-not-allowed"
    ]


# ── verdicts of other verifiers ────────────────────

GATE = "https://acme.example/gate"


def verifier(**members: Any) -> dict[str, Any]:
    return {
        "name": "acme gate",
        "role": "verifier",
        "public_key": key("verifier").public.pem,
        "predicates": ["verdict"],
        "namespaces": ["acme/models/*"],
        "verifier_id": GATE,
        **members,
    }


def verdict_of(world: World, **changes: Any) -> bytes:
    options: dict[str, Any] = {
        "name": MODEL,
        "artifact": hash_path(world.model).digest,
        "verifier_id": GATE,
        "verified_at": NOW,
    }
    return make_summary(world.gate(), **{**options, **changes}).payload


def other_tools(world: World) -> bytes:
    """A summary as SLSA's own tools make them: none of our fields."""
    artifact = hash_path(world.model).digest
    subject = Resource(name=MODEL, digest={"sha256": artifact.value})
    predicate = {"verifier": {"id": GATE}, "verificationResult": "PASSED"}
    return Statement.build([subject], SUMMARY_V1, predicate).payload


#: name → the entry of its signer, what is signed, by whom, and the refusal
VERDICTS: dict[str, tuple[dict[str, Any], Callable[[World], bytes], str | None, str]]
VERDICTS = {
    "its own": (verifier(), verdict_of, "verifier", ""),
    "speaks as another": (
        verifier(verifier_id=GATE + "2"),
        verdict_of,
        "verifier",
        "verdict-other-verifier",
    ),
    "may speak as another, and says another": (
        verifier(),
        lambda world: verdict_of(world, verifier_id=GATE + "2"),
        "verifier",
        "verdict-other-verifier",
    ),
    "may not speak of it": (
        verifier(namespaces=["acme/data/*"]),
        verdict_of,
        "verifier",
        "namespace-not-allowed",
    ),
    "a stranger": (verifier(), verdict_of, "nobody", "signer-not-allowed"),
    "nobody": (verifier(), verdict_of, None, "signature-absent"),
    "another tool": (verifier(), other_tools, "verifier", "verdict-malformed"),
    "another tool, unsigned": (verifier(), other_tools, None, "signature-absent"),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_who_may_speak_as_a_verifier(world: World, case: str) -> None:
    entry, payload, signer, refusal = VERDICTS[case]
    world.add_statement(payload(world), signer)
    document = {"apiVersion": "aibom/signers/v1", "signers": [entry]}
    signers = read_signers(document, "signers.yaml")
    found = collect([world.evidence], signers, NOW).items
    (item,) = [item for item in found if item.predicate_type == SUMMARY_V1]
    assert (item.refusal or "", item.trusted) == (refusal, not refusal)
    assert (item.verdict is None) == case.startswith("another tool")


def test_a_verdict_says_what_its_verifier_decided(world: World) -> None:
    for path in (world.evidence / "audits").iterdir():
        path.unlink()
    expires = NOW.replace(year=NOW.year + 1)
    world.add_statement(verdict_of(world, expires=expires), None)
    (said,) = [item.verdict for item in read(world).items if item.verdict]
    denied = world.gate()
    assert (said.verifier_id, said.passed, said.reason) == (GATE, False, denied.reason)
    assert (said.tier, said.report_only) == (denied.tier, False)
    assert said.policy_digest == denied.inputs.policy_digest
    assert said.advisories_sequence == 3
    assert (said.verified_at, said.effective_time, said.expires) == (NOW, NOW, expires)
