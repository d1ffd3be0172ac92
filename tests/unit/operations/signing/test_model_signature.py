"""A ``model.sig``: what one with the artifact, or in the evidence, is worth.

The bundles under ``data/oms`` were made by the reference tool.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from certificates import email
from certificates import root as authority
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from oms_vectors import (
    DATA,
    VERSIONS,
    copy_of_the_model,
    oms_key,
    predicate_of,
    statement_of,
)
from oms_vectors import MODEL as SIGNED_MODEL
from sigstore_clients import ALICE, sign
from worlds import NOW, World, key, payload_of, signing, step_options

from aibom.attest.bundle import parse_bundle
from aibom.attest.keys import load_private
from aibom.attest.oms import emit
from aibom.attest.oms_bundle import verify_with_key
from aibom.attest.oms_folder import verify_folder
from aibom.attest.oms_manifest import read
from aibom.attest.signers import AllowedSigner, read_signers
from aibom.attest.signing import CertificateSigner, StatementSigner
from aibom.digest import Content, hash_path
from aibom.errors import DocumentInvalid, InputError, VerificationFailed
from aibom.lineage.evidence import Evidence
from aibom.lineage.nodes import Kind
from aibom.operations.assemble import assemble
from aibom.operations.signing.model_signature import listed_digest, model_signature
from aibom.operations.signing.sign import Description, sign_artifact
from aibom.operations.verify import verify
from aibom.recording import record
from aibom.statement import OMS_V1, to_json
from aibom.testing.plugin import local_sigstore
from aibom.testing.sigstore import LocalSigstore
from aibom.verdict import Decision

__all__ = ["local_sigstore"]

BASE = "acme/models/base"
REVIEWS = Description("acme/data/reviews", Kind.DATASET)


def entry(
    name: str, namespaces: Iterable[str] = ("**",), **more: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "role": "supplier",
        "predicates": ["bom", "model-signature"],
        "namespaces": list(namespaces),
        **more,
    }


def allowed(*entries: dict[str, Any], **more: Any) -> tuple[AllowedSigner, ...]:
    document = {"apiVersion": "aibom/signers/v1", "signers": list(entries), **more}
    return read_signers(
        document, "signers.yaml", lambda name: (DATA / "keys" / name).read_bytes()
    )


def with_keys(*names: str) -> tuple[AllowedSigner, ...]:
    return allowed(*(entry(n, public_key=oms_key(n).pem) for n in names))


def bytes_of(version: str, name: str) -> bytes:
    return (DATA / version / f"{name}.sig").read_bytes()


def asked(
    version: str,
    name: str,
    signers: tuple[AllowedSigner, ...] | None = None,
    content: Content | None = None,
) -> Evidence:
    listed = with_keys("p256", "p384", "p521") if signers is None else signers
    data = bytes_of(version, name)
    return model_signature(data, "model.sig", listed, NOW, content)


# ── what the reference tool made ────────────────────

WHOLE = [(v, n) for v in VERSIONS for n in ("key", "p384")] + [("1.1.1", "p521")]


@pytest.mark.parametrize(("version", "name"), WHOLE)
def test_a_signature_by_files_speaks_of_exactly_them(version: str, name: str) -> None:
    found = asked(version, name)
    assert found.refusal is None
    assert found.signer is not None
    assert found.predicate_type == OMS_V1
    assert found.subjects == (("", hash_path(SIGNED_MODEL).digest),)
    assert asked(version, name, content=hash_path(SIGNED_MODEL)) == found


@pytest.mark.parametrize("version", VERSIONS)
def test_a_signature_of_one_file_speaks_of_that_file(version: str) -> None:
    content = hash_path(SIGNED_MODEL / "weights.bin")
    found = asked(version, "single-file", content=content)
    assert found.refusal is None
    assert found.digests == {content.digest}


@pytest.mark.parametrize("version", VERSIONS)
def test_one_that_leaves_files_out_is_not_about_the_folder(version: str) -> None:
    content = hash_path(SIGNED_MODEL)
    assert content.digest not in asked(version, "ignoring").digests


INCOMPARABLE = [(version, "shards") for version in VERSIONS]
INCOMPARABLE += [("1.1.1", "blake2b"), ("1.1.1", "blake2b-shards")]


@pytest.mark.parametrize(("version", "name"), INCOMPARABLE)
@pytest.mark.parametrize("beside", [False, True], ids=["evidence", "own"])
def test_other_digests_than_ours_speak_of_nothing(
    version: str, name: str, beside: bool
) -> None:
    content = hash_path(SIGNED_MODEL) if beside else None
    found = asked(version, name, content=content)
    assert found.refusal == "model-signature-incomparable"
    assert (found.signer, found.subjects) == (None, ())


@pytest.mark.parametrize("name", ["key", "shards", "ignoring"])
def test_a_stranger_s_is_a_claim(name: str) -> None:
    other = hash_path(SIGNED_MODEL / "config.json")
    found = asked("1.1.1", name, with_keys("p521"), content=other)
    assert (found.signer, found.refusal) == (None, "signer-not-allowed")


def certified(name: str) -> tuple[AllowedSigner, ...]:
    return allowed(entry("ca", certificate={"roots": "root.crt", "name": name}))


UNNAMED: dict[str, tuple[str, tuple[AllowedSigner, ...], str]] = {
    "certificate, and its very key": (
        "certificate",
        with_keys("p256"),
        "signer-not-allowed",
    ),
    "keyless, and only keys are known": (
        "keyless",
        with_keys("p256"),
        "signer-not-allowed",
    ),
    "keyless, of a Sigstore that is gone": (
        "keyless",
        allowed(
            entry(
                "alice",
                identity={
                    "identity": ALICE,
                    "issuer": "https://issuer.example",
                    "trust_root": "public",
                },
            ),
            trust_roots=[{"name": "public", "embedded": True}],
        ),
        "wrong-trust-root",
    ),
}


@pytest.mark.parametrize(("name", "signers", "refusal"), UNNAMED.values(), ids=UNNAMED)
def test_certificates_that_nobody_allowed_are_claims(
    name: str, signers: tuple[AllowedSigner, ...], refusal: str
) -> None:
    found = asked("1.1.1", name, signers)
    assert (found.signer, found.refusal) == (None, refusal)
    assert found.digests == {hash_path(SIGNED_MODEL).digest}


def test_a_certificate_of_a_known_root_must_name_somebody() -> None:
    """The tool's own certificates have a common name only: nobody's identity."""
    with pytest.raises(VerificationFailed) as caught:
        asked("1.1.1", "certificate", certified("https://acme.example/release"))
    assert caught.value.reason == "certificate-invalid"


UNREAD = {
    "0.2, which cannot verify": ("0.2.0", "key", "oms-version-unsupported"),
    "BLAKE3": ("1.1.1", "blake3", "oms-hash-unsupported"),
}


@pytest.mark.parametrize(("version", "name", "reason"), UNREAD.values(), ids=UNREAD)
def test_what_is_not_read_is_refused(version: str, name: str, reason: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        asked(version, name)
    assert caught.value.reason == reason


# ── beside what it came with ────────────────────


def changed(model: Path) -> None:
    (model / "weights.bin").write_bytes(b"other")


def renamed(model: Path) -> None:
    (model / "a.b.txt").rename(model / "a.c.txt")


def more(model: Path) -> None:
    (model / "extra.bin").write_bytes(b"x")


def fewer(model: Path) -> None:
    (model / "naïve.txt").unlink()


def ignored_changed(model: Path) -> None:
    (model / "config.json").write_text("{}")


def github(model: Path) -> None:
    (model / ".github").mkdir()
    (model / ".github/a.yml").write_text("x")


def housekeeping(model: Path) -> None:
    for name in ("aibom.cdx.json", "aibom.sigstore.json", "model.sig", ".gitignore"):
        (model / name).write_text("x")
    (model / ".cache/huggingface").mkdir(parents=True)
    (model / ".cache/huggingface/x").write_text("x")


MISMATCH = "model-signature-mismatch"
PARTIAL = "model-signature-partial"
BESIDE: dict[str, tuple[str, Callable[[Path], None], str | None]] = {
    "housekeeping": ("key", housekeeping, None),
    "changed": ("key", changed, MISMATCH),
    "renamed": ("key", renamed, MISMATCH),
    "one more": ("key", more, MISMATCH),
    "one fewer": ("key", fewer, MISMATCH),
    "the tool always ignores .github": ("key", github, PARTIAL),
    "ignoring": ("ignoring", lambda model: None, PARTIAL),
    "ignoring, and that changed": ("ignoring", ignored_changed, PARTIAL),
    "ignoring, and another changed": ("ignoring", changed, MISMATCH),
    "ignoring, and one more": ("ignoring", more, MISMATCH),
    "ignoring, and one fewer": ("ignoring", fewer, MISMATCH),
    "of one of the files": ("single-file", lambda model: None, MISMATCH),
}


@pytest.mark.parametrize(("name", "change", "reason"), BESIDE.values(), ids=BESIDE)
def test_what_lies_beside_it_is_what_was_signed(
    tmp_path: Path,
    name: str,
    change: Callable[[Path], None],
    reason: str | None,
) -> None:
    model = copy_of_the_model(tmp_path)
    change(model)
    content = hash_path(model)
    if reason == MISMATCH:
        with pytest.raises(VerificationFailed) as caught:
            asked("1.1.1", name, content=content)
        assert caught.value.reason == reason
        return
    found = asked("1.1.1", name, content=content)
    assert found.refusal == reason
    assert found.digests == {content.digest}
    assert (found.signer is None) == (reason is not None)


def test_nothing_but_housekeeping_is_no_folder() -> None:
    files = {"aibom.cdx.json": "x", ".cache/huggingface/y": "y", ".git/config": "z"}
    assert listed_digest(read(statement_of(predicate_of(files)), "")) is None
    kept = {**files, ".gitmodules": "m", "deep/.git/config": "c", ".git": "file"}
    assert listed_digest(read(statement_of(predicate_of(kept)), "")) is not None


# ── made and verified by us ────────────────────


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews/a.txt").write_text("good\n")
    (tmp_path / "reviews/b.txt").write_text("bad\n")
    return tmp_path / "reviews"


def both(path: Path, signer: StatementSigner | None = None) -> tuple[Path, ...]:
    """Sign with our bundle and an OMS one."""
    return sign_artifact(path, signer or signing("data"), described=REVIEWS, oms=True)


def believing(
    *roles: str, predicates: Iterable[str] = ("bom", "model-signature")
) -> tuple[AllowedSigner, ...]:
    return allowed(
        *(
            entry(r, public_key=key(r).public.pem, predicates=list(predicates))
            for r in roles
        )
    )


def own(path: Path, signers: tuple[AllowedSigner, ...] | None = None) -> Evidence:
    """What verification made of the model.sig that came with the artifact."""
    found = verify(path, signers or believing("data"), [], NOW)
    (item,) = [i for i in found.evidence.items if i.predicate_type == OMS_V1]
    return item


@pytest.mark.parametrize("name", ["reviews", "reviews/a.txt"])
def test_ours_is_made_in_one_pass_and_verified(data: Path, name: str) -> None:
    path = data.parent / name
    written = both(path)
    expected = "model.sig" if path.is_dir() else "a.txt.model.sig"
    assert [one.name for one in written][1] == expected
    item = own(path)
    assert item.trusted
    assert item.digests == {hash_path(path).digest}


def test_an_oms_verifier_finds_nothing_that_differs(data: Path) -> None:
    _, oms = both(data)
    manifest = verify_with_key(
        parse_bundle(oms.read_bytes(), "model.sig"), key("data").public
    )
    found = verify_folder(manifest, data)
    assert found.differences == ()
    assert found.uncovered == ("aibom.cdx.json", "aibom.sigstore.json", "model.sig")


def test_what_only_oms_leaves_out_is_told(data: Path) -> None:
    github(data)
    both(data)
    item = own(data)
    assert (item.signer, item.refusal) == (None, PARTIAL)


def test_data_that_changed_needs_both_again(data: Path) -> None:
    both(data)
    (data / "a.txt").write_text("changed\n")
    sign_artifact(data, signing("data"), described=REVIEWS)
    with pytest.raises(VerificationFailed) as caught:
        own(data)
    assert caught.value.reason == MISMATCH
    both(data)
    assert own(data).trusted


UNSIGNABLE: dict[str, tuple[str, str, str]] = {
    "a key that OMS does not know": ("reviews", "auditor", "key-type-unsupported"),
    "a name that OMS does not know": ("re\\views", "data", "name-unusable"),
}


@pytest.mark.parametrize(
    ("name", "role", "reason"), UNSIGNABLE.values(), ids=UNSIGNABLE
)
def test_what_no_oms_verifier_takes_is_not_made(
    data: Path, name: str, role: str, reason: str
) -> None:
    folder = data.rename(data.with_name(name))
    with pytest.raises(InputError) as caught:
        both(folder, signing(role))
    assert caught.value.reason == reason
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt"]


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.write_bytes(to_json(document))


def forge(data: Path) -> None:
    """The same envelope around a list of other digests."""
    (data / "b.txt").write_text("worse\n")
    payload = emit(hash_path(data), data.name).payload
    (data / "b.txt").write_text("bad\n")
    other = signing("stranger").sign(payload)["dsseEnvelope"]["payload"]
    rewrite(data / "model.sig", lambda d: d["dsseEnvelope"].update(payload=other))


def other_folder(data: Path) -> None:
    other = data.with_name("other")
    other.mkdir()
    (other / "a.txt").write_text("other\n")
    shutil.copy(both(other)[1], data / "model.sig")


def of_a_stranger(data: Path) -> None:
    payload = payload_of(data / "model.sig")
    (data / "model.sig").write_bytes(to_json(signing("stranger").sign(payload)))


def of_a_stranger_about_others(data: Path) -> None:
    other_folder(data)
    of_a_stranger(data)


def bundle_of_bom(data: Path) -> None:
    shutil.copy(data / "aibom.sigstore.json", data / "model.sig")


def no_json(data: Path) -> None:
    (data / "model.sig").write_text("?")


def wrong_root(data: Path) -> None:
    document = json.loads(payload_of(data / "model.sig"))
    document["subject"][0]["digest"]["sha256"] = "0" * 64
    (data / "model.sig").write_bytes(to_json(signing("data").sign(to_json(document))))


OWN: dict[str, tuple[Callable[[Path], None], str]] = {
    "payload forged": (forge, "signature-invalid"),
    "of another folder": (other_folder, MISMATCH),
    "another statement": (bundle_of_bom, "predicate-not-allowed"),
    "no JSON": (no_json, "bundle-malformed"),
    "root of other digests": (wrong_root, "oms-root-mismatch"),
}


@pytest.mark.parametrize(("change", "reason"), OWN.values(), ids=OWN)
def test_one_that_does_not_hold_ends_the_run(
    data: Path, change: Callable[[Path], None], reason: str
) -> None:
    both(data)
    change(data)
    with pytest.raises(VerificationFailed) as caught:
        own(data)
    assert caught.value.reason == reason
    (data / "model.sig").unlink()
    assert verify(data, believing("data"), [], NOW).name == REVIEWS.name


CLAIMS: dict[str, Callable[[Path], None]] = {
    "the same files": of_a_stranger,
    "other files": of_a_stranger_about_others,
}


@pytest.mark.parametrize("change", CLAIMS.values(), ids=CLAIMS)
def test_a_stranger_s_beside_the_artifact_changes_nothing(
    data: Path, change: Callable[[Path], None]
) -> None:
    both(data)
    change(data)
    item = own(data)
    assert (item.signer, item.refusal) == (None, "signer-not-allowed")


def test_who_may_sign_boms_may_not_sign_models_for_it(data: Path) -> None:
    both(data)
    item = own(data, believing("data", predicates=["bom"]))
    assert (item.signer, item.refusal) == (None, "predicate-not-allowed")


def test_it_does_not_stand_in_for_the_bom_s_signature(data: Path) -> None:
    both(data)
    (data / "aibom.sigstore.json").unlink()
    with pytest.raises(VerificationFailed) as caught:
        own(data)
    assert caught.value.reason == "signature-absent"


# ── with certificates and identities ────────────────────


def test_a_certificate_chain_is_as_good_as_a_key(data: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    window = {"begin": NOW - timedelta(days=1), "end": NOW + timedelta(days=1)}
    top = authority(**window)
    leaf = top.leaf(email("dev@acme.example"), key=private, **window)
    both(data, CertificateSigner(load_private(pem, None, ""), tuple(leaf.chain)))
    rule = {"roots": "top.crt", "name": "dev@acme.example"}
    document = {
        "apiVersion": "aibom/signers/v1",
        "signers": [entry("ca", certificate=rule)],
    }
    signers = read_signers(document, "signers.yaml", lambda name: top.pem)
    assert own(data, signers).trusted
    (data / "b.txt").write_text("worse\n")
    with pytest.raises(VerificationFailed) as caught:
        own(data, signers)
    assert caught.value.reason == "digest-mismatch"


def test_an_identity_is_as_good_as_a_key(
    data: Path, local_sigstore: LocalSigstore
) -> None:
    both(data)
    payload = payload_of(data / "model.sig")
    (data / "model.sig").write_text(sign(local_sigstore, statement=payload).to_json())
    document = {
        "apiVersion": "aibom/signers/v1",
        "trust_roots": [{"name": "local", "file": "root.json"}],
        "signers": [
            entry("data", public_key=key("data").public.pem),
            entry(
                "alice",
                identity={
                    "identity": ALICE,
                    "issuer": local_sigstore.url,
                    "trust_root": "local",
                },
            ),
        ],
    }
    root = local_sigstore.trusted_root().encode()
    signers = read_signers(document, "signers.yaml", lambda name: root)
    # The real clock: nobody's certificate can be made in the past.
    now = datetime.now(UTC)
    found = model_signature(
        (data / "model.sig").read_bytes(), "model.sig", signers, now, hash_path(data)
    )
    assert found.signer is not None
    assert found.signer.name == "alice"
    verify(data, signers, [], now)


# ── about an ancestor, in the evidence ────────────────────


def supply(
    world: World,
    namespaces: Iterable[str] = (BASE,),
    predicates: Iterable[str] = ("model-signature",),
) -> None:
    """The supplier of the base signs it for OMS; a rule asks for that."""
    signer = entry(
        "base supplier",
        namespaces,
        public_key=key("supplier").public.pem,
        predicates=list(predicates),
    )
    world.edit_yaml("signers.yaml", lambda d: d["signers"].append(signer), lock=False)
    rule = {
        "id": "base-unsigned",
        "check": "signed-by",
        "select": {"kind": "model", "scope": "ancestors"},
        "settings": {"roles": ["supplier"], "statement": "model-signature"},
        "minimum_assurance": "attested",
        "severity": "high",
        "mode": "deny",
        "why": "w",
        "remedy": "r",
    }
    world.edit_yaml("policy.yaml", lambda d: d.setdefault("rules", []).append(rule))
    put(world)


def put(world: World, role: str = "supplier", name: str = "model.sig") -> Path:
    payload = emit(hash_path(world.root / "base"), "anything").payload
    path = world.evidence / "from-supplier" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(to_json(signing(role).sign(payload)))
    return path


def answer(world: World) -> tuple[str, str, str]:
    """What the rule says, and what the gate."""
    verdict = world.gate()
    (found,) = [r for r in verdict.results if r.rule == "base-unsigned"]
    return found.status.value, found.reason, verdict.decision.value


def test_the_supplier_s_signature_for_its_model_counts(world: World) -> None:
    supply(world)
    assert answer(world) == ("pass", "signed", Decision.ALLOWED)


@pytest.mark.parametrize("name", ["base.model.sig", "model.sig"])
def test_it_may_have_a_name_of_its_own(world: World, name: str) -> None:
    supply(world)
    put(world).unlink()
    put(world, name=name)
    assert answer(world)[:2] == ("pass", "signed")


def test_the_bytes_need_not_be_there_for_it(world: World) -> None:
    supply(world)
    shutil.rmtree(world.root / "base")
    assert answer(world)[:2] == ("pass", "signed")


def other_files(world: World) -> None:
    (world.root / "base/weights.bin").write_text("others")
    put(world)


def without_it(world: World) -> None:
    put(world).unlink()


def misnamed(world: World) -> None:
    path = put(world)
    path.rename(path.with_name("base.sigstore.json"))


def in_shards(world: World) -> None:
    """The same bytes, as the tool lists a file in shards."""
    weights = world.root / "base/weights.bin"
    size = weights.stat().st_size
    document = predicate_of({}, method="shards", shard_size=64)
    digest = hash_path(weights).digest.value
    document["resources"] = [
        {
            "name": f"weights.bin:0:{size}",
            "algorithm": "sha256-sharded-64",
            "digest": digest,
        }
    ]
    payload = statement_of(document).payload
    put(world).write_bytes(to_json(signing("supplier").sign(payload)))


NO_EFFECT: dict[str, Callable[[World], object]] = {
    "none": without_it,
    "other files": other_files,
    "by a stranger": lambda world: put(world, "stranger"),
    "as an ordinary bundle": misnamed,
    "in shards": in_shards,
}


@pytest.mark.parametrize("change", NO_EFFECT.values(), ids=NO_EFFECT)
def test_what_is_no_signature_for_it_leaves_the_question_open(
    world: World, change: Callable[[World], object]
) -> None:
    supply(world)
    change(world)
    assert answer(world) == ("unknown", "signature-missing", Decision.UNDECIDED)


NAMESPACES: dict[str, tuple[list[str], list[str]]] = {
    "another name": (["acme/models/other"], ["model-signature"]),
    "another's": (["supplier/*"], ["model-signature"]),
    "one level up": (["acme/*"], ["model-signature"]),
    "other statements": ([BASE], ["bom"]),
}


@pytest.mark.parametrize(
    ("namespaces", "predicates"), NAMESPACES.values(), ids=NAMESPACES
)
def test_who_may_not_speak_of_it_does_not_count(
    world: World, namespaces: list[str], predicates: list[str]
) -> None:
    supply(world, namespaces, predicates)
    assert answer(world)[:2] == ("unknown", "signature-missing")
    items = world.verify().evidence.about(hash_path(world.root / "base").digest)
    (item,) = [one for one in items if one.predicate_type == OMS_V1]
    expected = "namespace-not-allowed" if BASE not in namespaces else None
    assert item.refusal == (expected or "predicate-not-allowed")


@pytest.mark.parametrize(
    ("namespaces", "refusal"),
    [(["acme/**"], "namespace-not-allowed"), (["acme/**", "base"], None)],
    ids=["nobody's name", "allowed"],
)
def test_a_base_that_has_no_namespace_is_nobody_s_by_default(
    world: World, namespaces: list[str], refusal: str | None
) -> None:
    supply(world, namespaces)
    options = step_options(world, "evidence/more", "pipeline")
    with record("fine-tune", **options) as step:
        step.input("base-model", world.root / "base")
        step.output(world.root / "tuned", name="acme/models/tuned")
        (world.root / "tuned").mkdir()
        (world.root / "tuned/weights.bin").write_text("t")
    assemble(world.root / "tuned", [world.evidence / "more"])
    sign_artifact(world.root / "tuned", signing("release"))
    folders = [world.evidence / "more", world.evidence / "from-supplier"]
    found = verify(world.root / "tuned", world.signers(), folders, NOW)
    (item,) = [i for i in found.evidence.items if i.predicate_type == OMS_V1]
    assert item.refusal == refusal
    assert item.trusted == (refusal is None)


def test_one_that_was_changed_ends_the_run(world: World) -> None:
    supply(world)
    other = signing("supplier").sign(emit(hash_path(world.model), "x").payload)
    payload = other["dsseEnvelope"]["payload"]
    path = put(world)
    rewrite(
        path,
        lambda d: d["dsseEnvelope"].update(payload=payload),
    )
    with pytest.raises(VerificationFailed) as caught:
        world.verify()
    assert caught.value.reason == "signature-invalid"


def test_it_names_nothing(world: World) -> None:
    """What it calls the model is a base name that anybody may have."""
    supply(world)
    found = world.verify()
    (item,) = [i for i in found.evidence.items if i.predicate_type == OMS_V1]
    assert {name for name, _ in item.subjects} == {""}
    assert found.name == "acme/models/reader"
