"""Approving: what is signed, what is refused, and what withdraws it again."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from worlds import MODEL, NOW, World, key, signing

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.digest import Digest, hash_path
from aibom.errors import AibomError
from aibom.lineage.evidence import Approval
from aibom.operations.approve import approve, parse_ref, revocation
from aibom.operations.evidence import collect
from aibom.policy.data import read_advisories
from aibom.reading import parse_yaml
from aibom.statement import APPROVAL_V1, Resource, Statement, to_json
from aibom.verdict import Tier

YES = Approval(Tier.HIGH, NOW + timedelta(days=30), NOW, "ACME-12", "Looked at it.")


def approved(world: World, ref: Path | Digest | None = None, **options: Any) -> Any:
    asked = {"signer": signing("auditor"), "output": world.evidence / "approvals"}
    given = options.pop("approval", YES)
    return approve(ref or world.model, given, **{**asked, **options})


def refused(call: Any, *args: Any, **options: Any) -> AibomError:
    with pytest.raises(AibomError) as caught:
        call(*args, **options)
    return caught.value


def statement_in(path: Path) -> Statement:
    return Statement.parse(parse_bundle(path.read_bytes(), "").payload, "")


def may_approve(world: World) -> None:
    def edit(document: dict[str, Any]) -> None:
        for entry in document["signers"]:
            if entry["role"] == "auditor":
                entry["predicates"] = ["audit", "approval"]

    world.edit_yaml("signers.yaml", edit)


# ── what is written ────────────────────


def test_it_is_of_what_is_there_under_the_name_in_its_bom(world: World) -> None:
    done = approved(world)
    statement = statement_in(done.path)
    assert done.path.name == f"{statement.payload_digest}.sigstore.json"
    assert done.id == f"sha256:{statement.payload_digest}"
    (subject,) = statement.subjects
    assert subject.name == MODEL
    assert subject.content() == hash_path(world.model).digest


def test_of_a_file(world: World) -> None:
    path = world.root / "raw/items.jsonl"
    done = approved(world, path, name="acme/data/items")
    (subject,) = statement_in(done.path).subjects
    assert subject.content() == hash_path(path).digest
    assert subject.annotations == {}


@pytest.mark.parametrize("prefix", ["sha256", "tree-sha256"])
def test_of_a_thing_that_is_elsewhere(world: World, prefix: str) -> None:
    ref = parse_ref(f"{prefix}:{'c' * 64}")
    assert isinstance(ref, Digest)
    done = approved(world, ref, name="acme/models/far")
    (subject,) = statement_in(done.path).subjects
    assert str(subject.content()) == f"{prefix}:{'c' * 64}"


def test_saying_the_same_twice_is_two_approvals(world: World) -> None:
    assert approved(world).id != approved(world).id


def test_a_gate_reads_what_was_signed(world: World) -> None:
    may_approve(world)
    done = approved(world)
    items = collect([world.evidence], world.signers(), NOW).items
    (item,) = [item for item in items if item.approval]
    assert (item.predicate_type, item.approval) == (APPROVAL_V1, YES)
    assert (f"sha256:{item.id}", item.signer.name) == (done.id, "acme auditor")


def test_whoever_may_not_approve_is_not_believed(world: World) -> None:
    approved(world)
    items = collect([world.evidence], world.signers(), NOW).items
    (item,) = [item for item in items if item.approval]
    assert (item.signer, item.refusal) == (None, "predicate-not-allowed")


# ── what is refused ────────────────────

UNUSABLE = {
    "ends now": {"expires": NOW},
    "ended long ago": {"expires": NOW - timedelta(days=400)},
    "no ticket": {"ticket": " "},
    "a novel as ticket": {"ticket": "x" * 201},
    "no reason": {"why": ""},
    "a novel as reason": {"why": "x" * 2001},
}


@pytest.mark.parametrize("change", UNUSABLE.values(), ids=UNUSABLE)
def test_an_approval_that_could_not_be_one(world: World, change: Any) -> None:
    before = world.files()
    error = refused(approved, world, approval=replace(YES, **change))
    assert (error.reason, error.exit_code) == ("approval-unusable", 2)
    assert world.files() == before


FAR = Digest("tree", "c" * 64)
REFS: dict[str, tuple[Any, str | None, str]] = {
    "a digest without a name": (FAR, None, "name-missing"),
    "no BOM, no name": ("raw/items.jsonl", None, "name-missing"),
    "not there": ("nothing", None, "path-missing"),
    "not there, named": ("nothing", "acme/x", "path-missing"),
    "no namespace": (FAR, "model", "name-without-namespace"),
    "a name that is a path": (FAR, "acme/../model", "name-without-namespace"),
}


@pytest.mark.parametrize(("ref", "name", "reason"), REFS.values(), ids=REFS)
def test_what_cannot_be_approved(
    world: World, ref: Any, name: str | None, reason: str
) -> None:
    before = world.files()
    target = world.root / ref if isinstance(ref, str) else ref
    assert refused(approved, world, target, name=name).reason == reason
    assert world.files() == before


def test_bytes_that_the_bom_does_not_describe(world: World) -> None:
    (world.model / "weights.bin").write_text("others")
    before = world.files()
    assert refused(approved, world).reason == "digest-mismatch"
    assert world.files() == before


def test_a_signer_that_fails_leaves_nothing(world: World) -> None:
    class Broken:
        def prepare(self) -> None:
            pass

        def sign(self, payload: bytes) -> dict[str, Any]:
            raise AibomError("no", reason="sign-failed")

    before = world.files()
    assert refused(approved, world, signer=Broken()).reason == "sign-failed"
    assert world.files() == before
    assert not (world.evidence / "approvals").exists()


@pytest.mark.parametrize("text", ["sha256:abc", "tree-sha256:" + "A" * 64, "sha256:"])
def test_what_begins_as_a_digest_is_no_path(text: str) -> None:
    error = refused(parse_ref, text)
    assert (error.reason, error.exit_code) == ("digest-malformed", 2)


@pytest.mark.parametrize("text", ["model", "./sha256:abc", "sha512:abc", ""])
def test_anything_else_is_a_path(text: str) -> None:
    assert parse_ref(text) == Path(text)


# ── what a gate refuses ────────────────────


def test_one_that_was_tampered_with_ends_the_run(world: World) -> None:
    may_approve(world)
    done = approved(world)
    document = json.loads(done.path.read_bytes())
    other = statement_in(done.path).payload.replace(b"high", b"lows")
    document["dsseEnvelope"]["payload"] = b64encode(other).decode()
    done.path.write_text(json.dumps(document))
    error = refused(collect, [world.evidence], world.signers(), NOW)
    assert error.reason == "signature-invalid"


def test_one_that_is_malformed_ends_the_run(world: World) -> None:
    may_approve(world)
    subject = Resource.subject(MODEL, FAR)
    statement = Statement.build([subject], APPROVAL_V1, {"tier": "high"})
    world.add_statement(statement.payload, "auditor")
    error = refused(collect, [world.evidence], world.signers(), NOW)
    assert (error.reason, error.exit_code) == ("approval-malformed", 12)


def test_a_huge_one_is_refused_unread(world: World) -> None:
    may_approve(world)
    predicate = {**statement_in(approved(world).path).predicate}
    predicate["reason"] = "x" * 40_000_000
    subject = Resource.subject(MODEL, FAR)
    payload = Statement.build([subject], APPROVAL_V1, predicate).payload
    path = world.evidence / "huge.sigstore.json"
    path.write_bytes(to_json(make_bundle(payload, key("auditor"))))
    error = refused(collect, [world.evidence], world.signers(), NOW)
    assert error.reason in ("file-too-large", "document-too-large")


# ── taking it back ────────────────────


def entries(text: str) -> Any:
    head = "apiVersion: aibom/advisories/v1\nsequence: 2\nexpires: 2027-01-01\n"
    value = parse_yaml(f"{head}advisories:\n{text}".encode(), "advisories.yaml")
    return read_advisories(value, "advisories.yaml").items


REASONS = ["Wrong file.", 'She said: "no"', "zwei\nZeilen: - x", "# no comment"]


@pytest.mark.parametrize("reason", REASONS)
def test_the_entry_withdraws_this_approval(world: World, reason: str) -> None:
    done = approved(world)
    (item,) = entries(revocation(done.path, reason=reason, now=NOW))
    assert item.approvals == {done.id}
    assert (item.summary, item.published) == (reason, NOW)


def test_by_its_id_where_the_file_is_gone(world: World) -> None:
    done = approved(world)
    told = revocation(done.path, reason="Lost.", now=NOW)
    done.path.unlink()
    assert revocation(parse_ref(done.id), reason="Lost.", now=NOW) == told


def test_two_stand_in_one_file(world: World) -> None:
    texts = [revocation(approved(world).path, reason="x", now=NOW) for _ in "ab"]
    assert len(entries("".join(texts))) == 2


def test_one_that_nobody_signed_is_withdrawn_as_well(world: World) -> None:
    payload = statement_in(approved(world).path).payload
    path = world.add_statement(payload, None)
    (item,) = entries(revocation(path, reason="x", now=NOW))
    assert len(item.approvals) == 1


NO_APPROVALS = {
    "a tree": lambda world: FAR,
    "an audit": lambda world: next((world.evidence / "audits").iterdir()),
    "a bundle of a BOM": lambda world: world.bundle,
}


@pytest.mark.parametrize("make", NO_APPROVALS.values(), ids=NO_APPROVALS)
def test_what_is_no_approval(world: World, make: Any) -> None:
    error = refused(revocation, make(world), reason="x", now=NOW)
    assert (error.reason, error.exit_code) == ("not-an-approval", 2)


def test_a_file_that_is_not_there(world: World) -> None:
    path = world.root / "nothing.sigstore.json"
    assert refused(revocation, path, reason="x", now=NOW).reason == "path-missing"


@pytest.mark.parametrize("reason", ["", " ", "x" * 2001])
def test_nobody_withdraws_without_a_reason(world: World, reason: str) -> None:
    error = refused(revocation, approved(world).path, reason=reason, now=NOW)
    assert error.reason == "approval-unusable"
