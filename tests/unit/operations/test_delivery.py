"""Data as a supplier delivers it: signed without a step, and verified by who gets it.

A folder has its BOM and signature inside, a single file beside it. Whatever is put in
the place of something else must be noticed, and a signing that fails leaves nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from worlds import NOW, World, key, payload_of, signing, step_options

from aibom.attest.signers import AllowedSigner, read_signers
from aibom.bom.encode import encode, to_bytes
from aibom.digest import hash_path
from aibom.errors import AibomError, InputError, VerificationFailed
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Fact, Kind, Origin
from aibom.operations.assemble import assemble
from aibom.operations.gate import Options, gate
from aibom.operations.place import Place
from aibom.operations.policies.folder import lock_folder
from aibom.operations.signing.sign import Description, sign_artifact
from aibom.operations.validate import load_bom
from aibom.operations.verify import Verified, verify
from aibom.recording import record
from aibom.statement import CYCLONEDX_BOM, to_json
from aibom.verdict import Decision

Change = Callable[[Path], object]
LABELS = Description("acme/data/labels", Kind.DATASET)
REVIEWS = Description("acme/data/reviews", Kind.DATASET)
MODEL = "acme/models/small"


def entry(name: str, *namespaces: str) -> dict[str, Any]:
    return {
        "name": f"acme {name}",
        "role": name,
        "public_key": key(name).public.pem,
        "predicates": ["bom", "model-signature", "step-record"],
        "namespaces": list(namespaces),
    }


def signers_document() -> dict[str, Any]:
    entries = [entry("data", "acme/data/*"), entry("release", "acme/models/*")]
    return {"apiVersion": "aibom/signers/v1", "signers": entries}


def signers() -> tuple[AllowedSigner, ...]:
    return read_signers(signers_document(), "signers.yaml")


def verified(path: Path, *evidence: Path) -> Verified:
    return verify(path, signers(), evidence, NOW)


def refused(path: Path, *evidence: Path) -> VerificationFailed:
    with pytest.raises(VerificationFailed) as caught:
        verified(path, *evidence)
    return caught.value


def files_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """What a supplier has: a folder and two files, signed, each with its sidecars."""
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews/a.txt").write_text("good\n")
    (tmp_path / "labels.jsonl").write_text('{"label": 1}\n')
    (tmp_path / "other.jsonl").write_text('{"label": 0}\n')
    sign(tmp_path / "reviews", REVIEWS)
    sign(tmp_path / "labels.jsonl", LABELS)
    sign(tmp_path / "other.jsonl", replace(LABELS, name="acme/data/other"))
    return tmp_path


def sign(path: Path, described: Description | None, **options: bool) -> None:
    sign_artifact(path, signing("data"), described=described, **options)


def sidecars(path: Path) -> tuple[Path, Path]:
    place = Place.of(path)
    return place.bom, place.bundle


def copy_sidecars(source: Path, target: Path) -> None:
    for one, other in zip(sidecars(source), sidecars(target), strict=True):
        shutil.copy(one, other)


# ── what is as it was signed ────────────────────


@pytest.mark.parametrize(
    ("name", "called"),
    [("reviews", REVIEWS.name), ("labels.jsonl", LABELS.name)],
    ids=["folder", "file"],
)
def test_it_is_verified_as_signed(shop: Path, name: str, called: str) -> None:
    found = verified(shop / name)
    assert found.name == called
    assert found.signer is not None
    assert found.signer.role == "data"
    digest = hash_path(shop / name).digest
    assert found.graph.nodes[found.root].digest == digest
    assert digest in found.evidence.recomputed
    assert found.steps() == (0, 0)


def test_a_file_may_be_renamed_with_its_sidecars(shop: Path) -> None:
    # The name of a file is no part of its digest; what it is called is signed.
    for path in (shop / "labels.jsonl", *sidecars(shop / "labels.jsonl")):
        path.rename(path.with_name(path.name.replace("labels", "renamed")))
    assert verified(shop / "renamed.jsonl").name == LABELS.name


def test_a_link_to_the_file_is_as_good_as_the_file(shop: Path) -> None:
    (shop / "latest").symlink_to("labels.jsonl")
    copy_sidecars(shop / "labels.jsonl", shop / "latest")
    assert verified(shop / "latest").name == LABELS.name
    (shop / "latest").unlink()
    (shop / "latest").symlink_to("other.jsonl")
    assert refused(shop / "latest").reason == "digest-mismatch"


# ── what is not ────────────────────


def swap(name: str, text: str) -> Change:
    return lambda shop: (shop / name).write_text(text)


def become_a_folder(shop: Path) -> None:
    (shop / "labels.jsonl").unlink()
    (shop / "labels.jsonl").mkdir()
    (shop / "labels.jsonl/labels.jsonl").write_text('{"label": 1}\n')


def sidecars_inside(shop: Path) -> None:
    bom, bundle = sidecars(shop / "labels.jsonl")
    become_a_folder(shop)
    shutil.copy(bom, shop / "labels.jsonl/aibom.cdx.json")
    shutil.copy(bundle, shop / "labels.jsonl/aibom.sigstore.json")


def sign_as(role: str, name: str) -> Change:
    def apply(shop: Path) -> None:
        called = Description(name, Kind.DATASET)
        sign_artifact(shop / "labels.jsonl", signing(role), described=called)

    return apply


def edit_bom(shop: Path) -> None:
    bom, _ = sidecars(shop / "labels.jsonl")
    bom.write_bytes(bom.read_bytes().replace(b"acme/data/labels", b"acme/data/others"))


def copied(source: str, target: str) -> Change:
    return lambda shop: copy_sidecars(shop / source, shop / target)


def drop(number: int) -> Change:
    return lambda shop: sidecars(shop / "labels.jsonl")[number].unlink()


def bundle_of_other(shop: Path) -> None:
    one, other = sidecars(shop / "other.jsonl"), sidecars(shop / "labels.jsonl")
    shutil.copy(one[1], other[1])


HOSTILE: dict[str, tuple[str, Change, str]] = {
    "file swapped": ("labels.jsonl", swap("labels.jsonl", "x"), "digest-mismatch"),
    "sidecars of another file": (
        "labels.jsonl",
        copied("other.jsonl", "labels.jsonl"),
        "digest-mismatch",
    ),
    "only the bundle of another": (
        "labels.jsonl",
        bundle_of_other,
        "bom-digest-mismatch",
    ),
    "BOM of a folder for a file": (
        "labels.jsonl",
        copied("reviews", "labels.jsonl"),
        "digest-mismatch",
    ),
    "BOM of a file for a folder": (
        "reviews",
        copied("labels.jsonl", "reviews"),
        "file-extra",
    ),
    "a folder in place of the file": (
        "labels.jsonl",
        become_a_folder,
        "signature-absent",
    ),
    "a folder with the file in it": ("labels.jsonl", sidecars_inside, "file-extra"),
    "BOM edited": ("labels.jsonl", edit_bom, "bom-digest-mismatch"),
    "BOM gone": ("labels.jsonl", drop(0), "bom-missing"),
    "bundle gone": ("labels.jsonl", drop(1), "signature-absent"),
    "signed by a stranger": (
        "labels.jsonl",
        sign_as("stranger", LABELS.name),
        "signer-not-allowed",
    ),
    "signed under another's name": (
        "labels.jsonl",
        sign_as("data", "acme/models/labels"),
        "namespace-not-allowed",
    ),
    "signed by another's key": (
        "labels.jsonl",
        sign_as("release", LABELS.name),
        "namespace-not-allowed",
    ),
    "folder changed": ("reviews", swap("reviews/a.txt", "bad\n"), "digest-mismatch"),
    "folder has more": ("reviews", swap("reviews/b.txt", "x"), "file-extra"),
    "sidecar that is no top one": (
        "reviews",
        swap("reviews/a.txt.aibom.cdx.json", "x"),
        "file-extra",
    ),
}


@pytest.mark.parametrize(("name", "change", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_as_signed(
    shop: Path, name: str, change: Change, reason: str
) -> None:
    change(shop)
    assert refused(shop / name).reason == reason


# ── signing ────────────────────


@dataclass
class Failing:
    """Signs as somebody does, until it fails."""

    signatures: int = 0
    unprepared: bool = False
    asked: int = 0

    def prepare(self) -> None:
        if self.unprepared:
            raise AibomError("no token", reason="token-unavailable")

    def sign(self, payload: bytes) -> dict[str, Any]:
        self.asked += 1
        if self.asked > self.signatures:
            raise AibomError("the log is down", reason="signer-failed")
        return signing("data").sign(payload)


@pytest.mark.parametrize("name", ["reviews", "labels.jsonl"])
@pytest.mark.parametrize("oms", [False, True], ids=["", "oms"])
@pytest.mark.parametrize("again", [False, True], ids=["new", "again"])
def test_a_signer_that_fails_leaves_what_was_there(
    shop: Path, name: str, oms: bool, again: bool
) -> None:
    if again:
        target = shop / name if name.endswith("l") else shop / name / "a.txt"
        target.write_text("changed")
    else:
        for path in sidecars(shop / name):
            path.unlink()
    before = files_of(shop)
    signer = Failing(signatures=int(oms))
    with pytest.raises(AibomError) as caught:
        sign_artifact(shop / name, signer, described=LABELS, oms=oms)
    assert caught.value.reason == "signer-failed"
    assert signer.asked == 1 + oms
    assert files_of(shop) == before


def test_a_signer_that_cannot_sign_is_told_before_anything_is_hashed(
    shop: Path,
) -> None:
    told: list[tuple[int, int]] = []
    with pytest.raises(AibomError) as caught:
        sign_artifact(
            shop / "reviews",
            Failing(unprepared=True),
            lambda done, total: told.append((done, total)),
            described=REVIEWS,
        )
    assert caught.value.reason == "token-unavailable"
    assert told == []


@pytest.mark.parametrize("oms", [False, True], ids=["", "oms"])
def test_bytes_are_hashed_once(shop: Path, oms: bool) -> None:
    told: list[tuple[int, int]] = []
    sign_artifact(
        shop / "reviews",
        signing("data"),
        lambda done, total: told.append((done, total)),
        described=REVIEWS,
        oms=oms,
    )
    assert told == [(0, 5), (5, 5)]


CHANGED = {"folder": ("reviews", "reviews/a.txt"), "file": ("labels.jsonl",) * 2}


@pytest.mark.parametrize(("name", "changed"), CHANGED.values(), ids=CHANGED)
def test_changed_data_is_signed_again_by_name_only(
    shop: Path, name: str, changed: str
) -> None:
    (shop / changed).write_text("a new revision\n")
    before = files_of(shop)
    with pytest.raises(InputError) as caught:
        sign(shop / name, None)
    assert caught.value.reason == "digest-mismatch"
    assert files_of(shop) == before
    sign(shop / name, LABELS)
    assert verified(shop / name).name == LABELS.name


def test_what_is_unchanged_is_signed_again_as_it_is(shop: Path) -> None:
    bom, _ = sidecars(shop / "labels.jsonl")
    before = bom.read_bytes()
    sign(shop / "labels.jsonl", None)
    assert bom.read_bytes() == before
    assert verified(shop / "labels.jsonl").name == LABELS.name


def test_without_a_name_or_a_bom_there_is_nothing_to_sign(tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text("x")
    with pytest.raises(InputError) as caught:
        sign(tmp_path / "labels.jsonl", None)
    assert caught.value.reason == "bom-missing"
    assert "--name" in str(caught.value.hint)
    assert list(files_of(tmp_path)) == ["labels.jsonl"]


def test_a_lineage_is_not_overwritten(world: World) -> None:
    before = world.files()
    called = Description("acme/models/reader", Kind.MODEL)
    with pytest.raises(InputError) as caught:
        sign_artifact(world.model, signing("release"), described=called)
    assert caught.value.reason == "bom-has-lineage"
    assert world.files() == before


def test_a_link_in_place_of_a_sidecar_is_replaced_and_not_followed(
    shop: Path,
) -> None:
    _, bundle = sidecars(shop / "labels.jsonl")
    kept = shop / "kept"
    kept.write_text("mine")
    bundle.unlink()
    bundle.symlink_to(kept)
    sign(shop / "labels.jsonl", LABELS)
    assert kept.read_text() == "mine"
    assert not bundle.is_symlink()
    assert verified(shop / "labels.jsonl").name == LABELS.name


# ── the BOM inside the statement ────────────────────


@pytest.mark.parametrize("name", ["reviews", "labels.jsonl"])
def test_inline_puts_the_bom_into_the_statement(shop: Path, name: str) -> None:
    sign(shop / name, REVIEWS, inline=True)
    bom, bundle = sidecars(shop / name)
    document = json.loads(payload_of(bundle))
    assert document["predicateType"] == CYCLONEDX_BOM
    assert document["predicate"] == json.loads(bom.read_bytes())
    assert verified(shop / name).name == REVIEWS.name


def test_without_it_a_log_learns_no_more_than_digests(shop: Path) -> None:
    document = json.loads(payload_of(sidecars(shop / "reviews")[1]))
    assert "components" not in json.dumps(document["predicate"])


def again_with(edit: Callable[[dict[str, Any]], Any], sort: bool = True) -> Change:
    """The signer signs another BOM than the one it names by digest."""

    def apply(shop: Path) -> None:
        _, bundle = sidecars(shop / "labels.jsonl")
        document = json.loads(payload_of(bundle))
        document["predicate"] = edit(document["predicate"])
        payload = to_json(document) if sort else json.dumps(document).encode()
        bundle.write_bytes(to_json(signing("data").sign(payload)))

    return apply


def version(value: object) -> Change:
    return again_with(lambda bom: {**bom, "version": value})


def reformat(shop: Path) -> None:
    bom, _ = sidecars(shop / "labels.jsonl")
    bom.write_text(json.dumps(json.loads(bom.read_bytes()), indent=3))


INLINE: dict[str, tuple[Change, str | None]] = {
    "the same": (again_with(lambda bom: bom), None),
    "other order": (
        again_with(lambda bom: dict(reversed(bom.items())), sort=False),
        None,
    ),
    "1.0 for 1": (version(1.0), "bom-digest-mismatch"),
    "true for 1": (version(True), "bom-digest-mismatch"),
    "text for 1": (version("1"), "bom-digest-mismatch"),
    "2 for 1": (version(2), "bom-digest-mismatch"),
    "one member more": (
        again_with(lambda bom: {**bom, "x": 1}),
        "bom-digest-mismatch",
    ),
    "none": (again_with(lambda _: {}), "bom-digest-mismatch"),
    "beside it in another form": (reformat, "bom-digest-mismatch"),
}


@pytest.mark.parametrize(("change", "reason"), INLINE.values(), ids=INLINE)
def test_the_bom_inside_is_the_one_beside(
    shop: Path, change: Change, reason: str | None
) -> None:
    sign(shop / "labels.jsonl", LABELS, inline=True)
    change(shop)
    if reason is None:
        assert verified(shop / "labels.jsonl").name == LABELS.name
    else:
        assert refused(shop / "labels.jsonl").reason == reason


def test_the_same_holds_in_evidence(shop: Path) -> None:
    sign(shop / "labels.jsonl", LABELS, inline=True)
    version(1.0)(shop)
    evidence = shop / "evidence"
    evidence.mkdir()
    for path in sidecars(shop / "labels.jsonl"):
        shutil.copy(path, evidence)
    assert refused(shop / "reviews", evidence).reason == "bom-digest-mismatch"


def test_a_bom_that_does_not_fit_is_signed_by_reference_only(shop: Path) -> None:
    bom, _ = sidecars(shop / "labels.jsonl")
    graph = load_bom(bom.read_bytes(), "").graph
    node = graph.nodes[str(graph.root)]
    long = Fact("label", "x" * (17 * 2**20), frozenset({Origin("editor")}))
    large = replace(node, facts=(*node.facts, long))
    bom.write_bytes(to_bytes(encode(Graph.of([large], [], graph.root))))
    before = files_of(shop)
    with pytest.raises(InputError) as caught:
        sign(shop / "labels.jsonl", None, inline=True)
    assert caught.value.reason == "bom-too-large"
    assert files_of(shop) == before
    sign(shop / "labels.jsonl", None)
    assert verified(shop / "labels.jsonl").name == LABELS.name


# ── in evidence, and in the lineage of what was made of it ────────────────────


@pytest.fixture
def factory(shop: Path) -> Path:
    """A model trained on the signed file; its BOM links the file's own."""
    options = step_options(World(shop), "evidence/records", "release")
    with record("train", **options) as step:
        step.input("training-data", shop / "labels.jsonl", name=LABELS.name)
        step.output(shop / "model", name=MODEL)
        (shop / "model").mkdir()
        (shop / "model/weights.bin").write_text("w")
    for name in ("labels.jsonl", "other.jsonl"):
        for path in sidecars(shop / name):
            target = shop / "evidence/supplier" / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    bom, _ = sidecars(shop / "labels.jsonl")
    assemble(shop / "model", [shop / "evidence/records"], boms=[bom])
    sign_artifact(shop / "model", signing("release"))
    return shop


def test_a_file_s_bom_is_linked_and_verified(factory: Path) -> None:
    found = verified(factory / "model", factory / "evidence")
    assert found.upstream == ("acme/data/labels, signed by acme data",)
    assert found.ancestors == "linked BOMs verified: 1"
    assert found.evidence.unresolved == frozenset()


def test_a_bom_that_nothing_used_is_not_joined(factory: Path) -> None:
    bom, _ = sidecars(factory / "other.jsonl")
    with pytest.raises(InputError) as caught:
        assemble(factory / "model", [factory / "evidence/records"], boms=[bom])
    assert caught.value.reason == "bom-unrelated"


def in_evidence(change: Callable[[Path, Path], object]) -> Change:
    def apply(factory: Path) -> None:
        stem = factory / "evidence/supplier/labels.jsonl"
        change(
            stem.with_name(f"{stem.name}.aibom.cdx.json"),
            stem.with_name(f"{stem.name}.aibom.sigstore.json"),
        )

    return apply


def tampered(bom: Path, bundle: Path) -> None:
    document = json.loads(bundle.read_bytes())
    document["dsseEnvelope"]["signatures"][0]["sig"] = "AAAA"
    bundle.write_bytes(to_json(document))


def by_a_stranger(bom: Path, bundle: Path) -> None:
    bundle.write_bytes(to_json(signing("stranger").sign(payload_of(bundle))))


def other_bundle(bom: Path, bundle: Path) -> None:
    shutil.copy(bundle.with_name("other.jsonl.aibom.sigstore.json"), bundle)


UPSTREAM: dict[str, tuple[Change, str]] = {
    "no bundle": (in_evidence(lambda bom, bundle: bundle.unlink()), "signature-absent"),
    "bundle under another name": (
        in_evidence(
            lambda bom, bundle: bundle.rename(
                bundle.with_name("x.jsonl.aibom.sigstore.json")
            )
        ),
        "signature-absent",
    ),
    "BOM changed": (
        in_evidence(lambda bom, bundle: bom.write_bytes(bom.read_bytes() + b"\n")),
        "bom-digest-mismatch",
    ),
    "bundle of the other file": (in_evidence(other_bundle), "bom-digest-mismatch"),
    "signature changed": (in_evidence(tampered), "signature-invalid"),
    "stranger": (in_evidence(by_a_stranger), "signer-not-allowed"),
}


@pytest.mark.parametrize(("change", "reason"), UPSTREAM.values(), ids=UPSTREAM)
def test_a_pair_that_does_not_hold(factory: Path, change: Change, reason: str) -> None:
    change(factory)
    assert refused(factory / "model", factory / "evidence").reason == reason


def test_a_pair_that_is_not_there_leaves_the_lineage_open(factory: Path) -> None:
    shutil.rmtree(factory / "evidence/supplier")
    found = verified(factory / "model", factory / "evidence")
    digest = hash_path(factory / "labels.jsonl").digest
    (node,) = [found.graph.nodes[name] for name in found.evidence.unresolved]
    assert node.digest == digest


# ── the gate ────────────────────


@pytest.fixture
def policy(shop: Path) -> Path:
    rule = {"severity": "high", "mode": "deny", "why": "w", "remedy": "r"}
    policy = {
        "apiVersion": "aibom/policy/v1",
        "name": "data",
        "version": "1",
        "data": ["signers.yaml", "advisories.yaml"],
        "rules": [
            {
                "id": "unsigned-data",
                "check": "signed-by",
                "settings": {"roles": ["data"]},
                **rule,
            },
            {"id": "known-bad", "check": "tainted-ancestor", **rule},
        ],
    }
    folder = shop / "verifier"
    folder.mkdir()
    (folder / "policy.yaml").write_text(json.dumps(policy))
    (folder / "signers.yaml").write_text(json.dumps(signers_document()))
    advise(folder)
    return folder


def advise(folder: Path, *digests: str) -> None:
    told = {"id": "A-1", "summary": "poisoned", "published": "2026-11-01"}
    document = {
        "apiVersion": "aibom/advisories/v1",
        "sequence": 1,
        "expires": "2999-01-01",
        "advisories": [{**told, "affects": {"digests": list(digests)}}]
        if digests
        else [],
    }
    (folder / "advisories.yaml").write_text(json.dumps(document))
    lock_folder(folder)


@pytest.mark.parametrize("name", ["reviews", "labels.jsonl"])
@pytest.mark.parametrize("inline", [False, True], ids=["", "inline"])
def test_the_gate_decides_about_data(
    shop: Path, policy: Path, name: str, inline: bool
) -> None:
    sign(shop / name, REVIEWS, inline=inline)
    asked = (shop / name, policy, Options(), NOW)
    assert gate(*asked).decision is Decision.ALLOWED
    advise(policy, str(hash_path(shop / name).digest))
    assert gate(*asked).decision is Decision.DENIED
    sidecars(shop / name)[1].unlink()
    verdict = gate(*asked)
    assert (verdict.exit_code, verdict.reason) == (11, "signature-absent")


def test_what_is_signed_is_what_the_bom_file_has(shop: Path) -> None:
    bom, bundle = sidecars(shop / "labels.jsonl")
    document = json.loads(payload_of(bundle))
    listed = {one["name"]: one["digest"]["sha256"] for one in document["subject"]}
    assert listed == {
        "aibom.cdx.json": hashlib.sha256(bom.read_bytes()).hexdigest(),
        LABELS.name: hashlib.sha256((shop / "labels.jsonl").read_bytes()).hexdigest(),
    }
