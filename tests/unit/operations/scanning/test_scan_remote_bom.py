"""BOMs that repositories ship: claims, joined by digest, believed by signature."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aibom.attest.signers import AllowedSigner, read_signers
from aibom.digest import BOM_NAME, BUNDLE_NAME
from aibom.lineage.graph import disagreements
from aibom.lineage.nodes import Kind
from aibom.operations.scanning.remote import scan_remote
from aibom.operations.scanning.remote_bom import Believed
from aibom.operations.scanning.scan import scan, scan_bom
from aibom.operations.signing.sign import sign_artifact
from aibom.sources.reference import Reference
from aibom.testing.hub import LocalHub
from tests.remote_world import (
    CONFIG,
    Bucket,
    card,
    comes_from,
    head,
    model,
    require_in_bom,
    run,
    unknown,
    unread,
)
from tests.worlds import key, signers_document, signing

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FOUND = {
    ("acme/tuned", "base-model", "acme/base?"),
    ("acme/base?", "found-at-revision", "acme/base"),
}


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        yield running


@dataclass(frozen=True)
class Shipping:
    """How the BOM of ``acme/models/base`` is shipped, and what comes of it."""

    told: str
    codes: set[str]
    joined: bool
    linked: bool = False
    signed_by: str | None = "base"
    asked: tuple[str, ...] | None = ("base",)
    change: Callable[[dict[str, bytes]], object] = lambda _: None


def other_weights(files: dict[str, bytes]) -> None:
    files["model.safetensors"] = b"other bytes"


def changed_bom(files: dict[str, bytes]) -> None:
    files[BOM_NAME] = files[BOM_NAME].replace(b"acme/older", b"acme/newer")


def changed_bundle(files: dict[str, bytes]) -> None:
    bundle = json.loads(files[BUNDLE_NAME])
    signature = bundle["dsseEnvelope"]["signatures"][0]["sig"]
    flipped = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = flipped
    files[BUNDLE_NAME] = json.dumps(bundle).encode()


def other_bytes(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[name] = data

    return change


SHIPPING: dict[str, Shipping] = {
    "signed by whom we believe": Shipping(
        "verified, signed by acme base", set(), joined=True, linked=True
    ),
    "nobody is believed": Shipping(
        "not verified", {"bom-not-verified"}, joined=True, asked=None
    ),
    "not signed": Shipping(
        "not verified", {"bom-not-verified"}, joined=True, signed_by=None
    ),
    "signed by a stranger": Shipping(
        "not verified", {"signer-not-allowed"}, joined=True, signed_by="nobody"
    ),
    "signed by one of another namespace": Shipping(
        "not verified",
        {"namespace-not-allowed"},
        joined=True,
        signed_by="lab",
        asked=("lab",),
    ),
    "signed by one who signs no BOMs": Shipping(
        "not verified",
        {"predicate-not-allowed"},
        joined=True,
        signed_by="pipeline",
        asked=("pipeline",),
    ),
    "about other bytes": Shipping(
        "not verified", {"bom-not-joined"}, joined=False, change=other_weights
    ),
    "changed after signing": Shipping(
        "not verified", {"bom-digest-mismatch"}, joined=False, change=changed_bom
    ),
    "a broken signature": Shipping(
        "not verified", {"signature-invalid"}, joined=False, change=changed_bundle
    ),
    "no JSON": Shipping(
        "not verified",
        {"document-unreadable"},
        joined=False,
        asked=None,
        change=other_bytes(BOM_NAME, b"{"),
    ),
    "a bundle that is none": Shipping(
        "not verified",
        {"bundle-unsupported"},
        joined=False,
        change=other_bytes(BUNDLE_NAME, b"{}"),
    ),
}


def shipped(folder: Path, role: str | None) -> dict[str, bytes]:
    """A released model: its files, its BOM, and the signature over that."""
    folder.mkdir()
    (folder / "README.md").write_text(card(license="mit", base_model="acme/older"))
    (folder / "config.json").write_text(CONFIG)
    (folder / "model.safetensors").write_text("weights of base")
    done = scan(folder, kind=Kind.MODEL, name="acme/models/base")
    scan_bom(done, spec_version="1.6", output=folder / BOM_NAME)
    if role is not None:
        sign_artifact(folder, signing(role))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def believed(roles: tuple[str, ...]) -> Believed:
    signers: tuple[AllowedSigner, ...] = read_signers(
        signers_document(roles), "signers.yaml", lambda _: b""
    )
    return Believed(signers, NOW)


@pytest.mark.parametrize("case", SHIPPING.values(), ids=SHIPPING)
def test_a_shipped_bom_is_read_verified_and_linked(
    hub: LocalHub, tmp_path: Path, case: Shipping
) -> None:
    files = shipped(tmp_path / "base", case.signed_by)
    tree = scan(tmp_path / "base", kind=Kind.MODEL).root
    case.change(files)
    hub.model("acme/base").commit(files, lfs={"model.safetensors"})
    model(hub, "acme/tuned", base_model="acme/base")
    done = run(
        hub, "hf:acme/tuned", 1, believed=believed(case.asked) if case.asked else None
    )
    assert [visit.bom for visit in done.visited] == ["", case.told]
    codes = {f.code for f in done.findings if f.path.endswith(f"/{BOM_NAME}")}
    codes |= {f.code for f in done.findings if f.path.endswith(f"/{BUNDLE_NAME}")}
    assert codes == case.codes
    assert (tree.id in done.graph.nodes) == case.joined
    if case.joined:
        base = done.visited[1].resolved.commit
        (found,) = (n for n in done.graph.nodes.values() if n.value("revision") == base)
        assert ("acme/base", "claimed-digest", "acme/models/base?") in comes_from(done)
        assert tree.id in done.graph.upstream(found.id).reached
        linked = done.graph.nodes[tree.id].values("upstream-bom")
        assert bool(linked) == case.linked
    assert disagreements(done.graph) == ()
    require_in_bom(done)


def test_the_key_of_a_stranger_is_none_of_ours() -> None:
    assert key("nobody").public.pem != key("base").public.pem


def test_a_bom_is_not_joined_where_digests_are_not_stated(tmp_path: Path) -> None:
    bucket = Bucket(shipped(tmp_path / "base", None))
    done = scan_remote(Reference.parse("s3://b/base"), lambda _: bucket)
    assert ("aibom.cdx.json", "bom-not-joined") in unread(done)


def test_what_a_shipped_bom_names_is_followed(hub: LocalHub, tmp_path: Path) -> None:
    files = shipped(tmp_path / "base", "base")
    files["README.md"] = card(license="mit", base_model="acme/older").encode()
    hub.model("acme/base").commit(files, lfs={"model.safetensors"})
    model(hub, "acme/older")
    done = run(hub, "hf:acme/base", believed=believed(("base",)))
    edges = comes_from(done)
    assert ("acme/models/base?", "base-model", "acme/older?") in edges
    assert ("acme/older?", "found-at-revision", "acme/older") in edges


def test_a_base_cannot_cut_itself_off(hub: LocalHub, tmp_path: Path) -> None:
    """Its BOM says that it comes from what was made of it: that is left out."""
    tuned = {"README.md": card(base_model="acme/base"), "config.json": CONFIG}
    hub.model("acme/tuned").commit(tuned)
    root = run(hub, "hf:acme/tuned", 0).root
    files = shipped(tmp_path / "base", None)
    document = json.loads(files[BOM_NAME])
    component = document["metadata"]["component"]
    stub = {
        "type": "machine-learning-model",
        "name": "tuned",
        "properties": [
            {"name": "aibom:ref", "value": root.id},
            {"name": "aibom:relation", "value": "derived-from"},
            {"name": "aibom:role", "value": "base-model"},
            {"name": "aibom:origins", "value": "0"},
        ],
    }
    component.setdefault("pedigree", {}).setdefault("ancestors", []).append(stub)
    described = {
        "type": "machine-learning-model",
        "name": "tuned",
        "bom-ref": root.id,
        "properties": [
            {"name": "aibom:digest:tree", "value": root.id.rpartition(":")[2]},
            {"name": "aibom:kind", "value": "model"},
            {"name": "aibom:origins", "value": "0"},
        ],
    }
    document.setdefault("components", []).append(described)
    document["dependencies"].append({"ref": root.id})
    for entry in document["dependencies"]:
        if entry["ref"] == component["bom-ref"]:
            entry["dependsOn"] = [*entry.get("dependsOn", []), root.id]
    files[BOM_NAME] = json.dumps(document).encode()
    base = hub.model("acme/base")
    base.commit(files, lfs={"model.safetensors"})
    done = run(hub, "hf:acme/tuned")
    assert (f"hf:acme/base@{head(base)}", "lineage-circular") in unknown(done)
    assert comes_from(done) >= FOUND
    labels = {done.graph.nodes[n].label for n in done.graph.upstream(root.id).reached}
    assert "acme/base" in labels
    require_in_bom(done)


def test_the_time_that_is_asked_about_is_the_callers(
    hub: LocalHub, tmp_path: Path
) -> None:
    """An entry that was not valid yet: its signature is a stranger's."""
    files = shipped(tmp_path / "base", "base")
    hub.model("acme/base").commit(files, lfs={"model.safetensors"})
    document = signers_document(("base",))
    document["signers"][0]["valid_until"] = "2026-01-01T00:00:00Z"
    signers = read_signers(document, "signers.yaml", lambda _: b"")
    done = run(hub, "hf:acme/base", 0, believed=Believed(signers, NOW))
    assert done.visited[0].bom == "not verified"
    early = replace(Believed(signers, NOW), now=datetime(2025, 1, 1, tzinfo=UTC))
    done = run(hub, "hf:acme/base", 0, believed=early)
    assert done.visited[0].bom == "verified, signed by acme base"
