"""Signing: what is signed is what is there now, and keys are never overwritten."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from worlds import (
    MODEL,
    NOW,
    World,
    audit,
    payload_of,
    signing,
    step_options,
    write_report,
)

from aibom.attest.bom_statement import read_bom_statement
from aibom.bom.encode import encode, to_bytes
from aibom.digest import hash_path
from aibom.errors import AibomError, DocumentInvalid, InputError, UsageError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind
from aibom.operations.audit import record_audit
from aibom.operations.signing.sign import (
    load_key,
    make_key_pair,
    sign_artifact,
    sign_record,
)
from aibom.recording import record
from aibom.statement import Statement


def test_statement_names_bom_folder_and_files(pristine: World) -> None:
    statement = Statement.parse(payload_of(pristine.bundle), "")
    subject = read_bom_statement(statement, "")
    assert subject.bom.value == hashlib.sha256(pristine.bom.read_bytes()).hexdigest()
    content = hash_path(pristine.model)
    assert (subject.artifact, subject.name) == (content.digest, MODEL)
    assert subject.files == tuple(
        (file.path, file.digest.value) for file in content.files
    )


def refused(world: World) -> AibomError:
    before = world.files()
    with pytest.raises(AibomError) as caught:
        sign_artifact(world.model, signing("release"))
    assert world.files() == before
    return caught.value


def test_other_bytes_are_not_signed(world: World) -> None:
    (world.model / "weights.bin").write_text("other")
    assert refused(world).reason == "digest-mismatch"


def test_bom_that_is_invalid_is_not_signed(world: World) -> None:
    world.bom.write_text("{}")
    assert isinstance(refused(world), DocumentInvalid)


def test_bom_that_is_not_there_is_not_signed(world: World) -> None:
    world.bom.unlink()
    assert refused(world).reason == "bom-missing"


def test_nameless_artifact_is_not_signed(world: World) -> None:
    graph = world.graph()
    root = graph.nodes[str(graph.root)]
    bare = replace(root, facts=tuple(f for f in root.facts if f.field != "name"))
    nodes = [bare if node.id == root.id else node for node in graph.nodes.values()]
    edges = [replace(edge, facts=()) for edge in graph.edges]
    world.bom.write_bytes(to_bytes(encode(Graph.of(nodes, edges, root.id))))
    assert refused(world).reason == "name-missing"


@pytest.mark.parametrize("kind", ["p256", "ed25519"])
@pytest.mark.parametrize("password", [None, b"secret"])
def test_key_pair_on_disk(tmp_path: Path, kind: str, password: bytes | None) -> None:
    private, public = make_key_pair(tmp_path / "k", kind, password)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    loaded = load_key(private, password)
    assert loaded.public.pem == public.read_text()
    assert (b"ENCRYPTED" in private.read_bytes()) == (password is not None)


@pytest.mark.parametrize("name", ["k.key", "k.pub"])
def test_key_is_never_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError) as caught:
        make_key_pair(tmp_path / "k", "p256", None)
    assert caught.value.reason == "file-exists"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_key_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    private, _ = make_key_pair(tmp_path / "none" / "k", "p256", None)
    assert stat.S_IMODE(private.parent.stat().st_mode) == 0o700


def test_key_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError) as caught:
        make_key_pair(tmp_path / "file" / "k", "p256", None)
    assert caught.value.reason == "file-not-written"
    assert caught.value.where == str(tmp_path / "file")


def unsigned(world: World) -> Path:
    with record("collect", **step_options(world, "unsigned", None)) as step:
        step.output(world.root / "found", name="acme/data/found")
        (world.root / "found").write_text("x")
    assert step.record is not None
    return step.record


def test_record_is_signed_over_the_same_payload(world: World) -> None:
    path = unsigned(world)
    payload = path.read_bytes()
    bundle = sign_record(path, signing("data"))
    assert payload_of(bundle) == payload
    assert not path.exists()
    assert bundle.name == f"{hashlib.sha256(payload).hexdigest()}.sigstore.json"


def test_record_is_not_signed_over_another_bundle(world: World) -> None:
    path = unsigned(world)
    bundle = path.with_name(path.name.replace(".statement.", ".sigstore."))
    bundle.write_text("there")
    with pytest.raises(InputError) as caught:
        sign_record(path, signing("data"))
    assert caught.value.reason == "file-exists"
    assert path.exists()
    assert bundle.read_text() == "there"


def test_only_statements_are_signed(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as usage:
        sign_record(world.bom, signing("data"))
    assert usage.value.reason == "not-signable"
    path = tmp_path / "x.statement.json"
    path.write_text("{}")
    with pytest.raises(DocumentInvalid):
        sign_record(path, signing("data"))
    assert list(tmp_path.glob("x.*")) == [path]


def test_unsigned_audit_is_worth_a_claim_and_a_signature_more(world: World) -> None:
    (world.evidence / "audits").rename(world.root / "kept")
    paths = [
        record_audit(
            world.root / f"reports/{report}.json",
            world.root / subject,
            name=name,
            kind=kind,
            examined_on=NOW,
            output=world.evidence / "audits",
        )
        for report, subject, name, kind in (
            ("labels", "labels", "acme/data/labels", Kind.DATASET),
            ("model", "model", MODEL, Kind.MODEL),
        )
    ]
    assert world.gate().exit_code == 3
    assert all(path.name.endswith(".statement.json") for path in paths)
    for path in paths:
        sign_record(path, signing("auditor"))
    assert world.gate().exit_code == 0


def test_report_that_is_none_makes_no_audit(world: World) -> None:
    path = write_report(world.root / "reports/empty.json", "holdout-test", [])
    before = world.files()
    with pytest.raises(DocumentInvalid) as caught:
        audit(world, path, world.model, MODEL, Kind.MODEL)
    assert caught.value.reason == "report-invalid"
    assert world.files() == before


def test_audit_names_the_report_by_digest(world: World) -> None:
    report = world.root / "reports/model.json"
    path = audit(world, report, world.model, MODEL, Kind.MODEL)
    stated = json.loads(payload_of(path))["predicate"]["report"]["digest"]["sha256"]
    assert stated == hashlib.sha256(report.read_bytes()).hexdigest()
