"""Other bytes, other names and other ancestors under genuine keyless signatures.

Everything that is signed here was signed by whom it says, through a Sigstore that is
trusted; what is wrong is what lies beside it. Each case has its exact reason, and the
gate says the same as ``verify``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli_world import Ran, call
from keyless_worlds import MODEL, KeylessWorld, opened_world
from worlds import key, with_fact

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.catalogers.artifact import artifact_node
from aibom.digest import BOM_NAME, BUNDLE_NAME, hash_path
from aibom.errors import AibomError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind
from aibom.operations.signing.sign import sign_artifact
from aibom.statement import to_json
from aibom.testing.sigstore import LocalSigstore

Change = Callable[[KeylessWorld], object]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeylessWorld]:
    yield from opened_world(tmp_path_factory.mktemp("keyless"))


@pytest.fixture
def world(pristine: KeylessWorld, tmp_path: Path) -> KeylessWorld:
    return pristine.copy(tmp_path / "world")


def refused(world: KeylessWorld) -> AibomError:
    """The error of a world that must not verify; the gate agrees with it."""
    with pytest.raises(AibomError) as caught:
        world.verify()
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (
        caught.value.exit_code,
        caught.value.reason,
    )
    assert verdict.verification.where == caught.value.where
    assert caught.value.hint or caught.value.message
    return caught.value


def verify_cli(world: KeylessWorld) -> Ran:
    """``aibom verify`` as people call it."""
    return call(
        *("verify", "model", "--signers", "verifier/signers.yaml"),
        *("--evidence", "evidence"),
        cwd=world.root,
    )


def gate_cli(world: KeylessWorld) -> Ran:
    """``aibom gate`` as people call it."""
    return call(
        *("gate", "model", "--policy", "verifier", "--evidence", "evidence"),
        cwd=world.root,
    )


def test_untouched_world_is_allowed(pristine: KeylessWorld) -> None:
    verified = pristine.verify()
    assert (verified.name, verified.ancestors) == (MODEL, "linked BOMs verified: 2")
    assert verified.steps() == (4, 4)
    assert all(item.trusted for item in verified.evidence.items)
    assert pristine.gate().exit_code == 0
    assert (verify_cli(pristine).code, gate_cli(pristine).code) == (0, 0)


# ── the files ────────────────────


def swap(world: KeylessWorld) -> None:
    one, other = world.model / "weights.bin", world.model / "config/config.json"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def rename(old: str, new: str) -> Change:
    def change(world: KeylessWorld) -> None:
        (world.model / new).parent.mkdir(parents=True, exist_ok=True)
        (world.model / old).rename(world.model / new)

    return change


def write(name: str, data: bytes = b"evil") -> Change:
    def change(world: KeylessWorld) -> None:
        (world.model / name).parent.mkdir(parents=True, exist_ok=True)
        (world.model / name).write_bytes(data)

    return change


def flip(world: KeylessWorld) -> None:
    path = world.model / "weights.bin"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def weights_of_base(world: KeylessWorld) -> None:
    shutil.copy(world.root / "base/weights.bin", world.model / "weights.bin")


def escape(world: KeylessWorld) -> None:
    (world.model / "weights.bin").unlink()
    (world.model / "weights.bin").symlink_to("../base/weights.bin")


#: what is done to the files → reason, exit code, what the error points at
FILES: dict[str, tuple[Change, str, int, str]] = {
    "bit-flipped": (flip, "digest-mismatch", 11, "weights.bin"),
    "swapped": (swap, "digest-mismatch", 11, "config/config.json"),
    "emptied": (write("weights.bin", b""), "digest-mismatch", 11, "weights.bin"),
    "removed": (
        lambda w: (w.model / "weights.bin").unlink(),
        "file-missing",
        11,
        "weights.bin",
    ),
    "folder-removed": (
        lambda w: shutil.rmtree(w.model / "config"),
        "file-missing",
        11,
        "config/config.json",
    ),
    "added": (write("modeling.py"), "file-extra", 11, "modeling.py"),
    "added-below": (write("config/x/y.py"), "file-extra", 11, "config/x/y.py"),
    "added-hidden": (write(".pth"), "file-extra", 11, ".pth"),
    "renamed": (rename("weights.bin", "w.bin"), "file-missing", 11, "weights.bin"),
    "moved": (
        rename("weights.bin", "config/weights.bin"),
        "file-missing",
        11,
        "weights.bin",
    ),
    "case-changed": (
        rename("weights.bin", "Weights.bin"),
        "file-missing",
        11,
        "weights.bin",
    ),
    "case-of-the-folder": (
        lambda w: (w.model / "config").rename(w.model / "Config"),
        "file-missing",
        11,
        "config/config.json",
    ),
    "case-twice": (write("WEIGHTS.BIN"), "case-collision", 1, "model"),
    "cyrillic": (
        rename("weights.bin", "w\u0435ights.bin"),
        "file-missing",
        11,
        "weights.bin",
    ),
    "cyrillic-beside": (
        write("w\u0435ights.bin"),
        "file-extra",
        11,
        "w\u0435ights.bin",
    ),
    "zero-width-beside": (
        write("weights\u200b.bin"),
        "file-extra",
        11,
        "weights\u200b.bin",
    ),
    "another-models-weights": (weights_of_base, "digest-mismatch", 11, "weights.bin"),
    "link-out-of-the-folder": (escape, "symlink-escapes", 1, "weights.bin"),
}


@pytest.mark.parametrize(
    ("change", "reason", "code", "where"), FILES.values(), ids=FILES
)
def test_files_that_were_not_signed(
    world: KeylessWorld, change: Change, reason: str, code: int, where: str
) -> None:
    change(world)
    error = refused(world)
    assert (error.reason, error.exit_code) == (reason, code)
    assert where in str(error.where)


def test_composed_and_decomposed_names_are_two(world: KeylessWorld) -> None:
    """One name on some file systems, two files here: both would have to be signed."""
    write("\u00e9.bin", b"one")(world)
    write("e\u0301.bin", b"one")(world)
    assert refused(world).reason in {"case-collision", "file-extra"}


def test_a_name_on_the_screen_is_not_the_look_alike(world: KeylessWorld) -> None:
    """What is not plainly visible in a file's name is written as an escape."""
    write("weights\u202enib.bin")(world)
    ran = verify_cli(world)
    assert (ran.code, "[file-extra]" in ran.err) == (11, True)
    assert "\u202e" not in ran.err
    assert "202e" in ran.err.lower()


# ── one thing's signature on another ────────────────────


def put_pair(source: str, target: Callable[[KeylessWorld], Path]) -> Change:
    """BOM and bundle of a linked BOM, both genuine, where another's belong."""

    def change(world: KeylessWorld) -> None:
        for name in (BOM_NAME, BUNDLE_NAME):
            shutil.copy(world.upstream(source, name), target(world) / name)

    return change


def put_bundle(source: str, target: Callable[[KeylessWorld], Path]) -> Change:
    return lambda w: shutil.copy(w.upstream(source), target(w))


def files_of_base(world: KeylessWorld) -> None:
    """The base, under the name and with the signature of the model."""
    for name in ("weights.bin", "config/config.json"):
        shutil.copy(world.root / "base" / name, world.model / name)


def base_of(graph: Graph, name: str = "acme/models/base") -> Any:
    return next(n for n in graph.nodes.values() if name in n.values("name"))


def linked_as(world: KeylessWorld, name: str) -> str:
    return str(base_of(world.graph(), name).values("upstream-bom")[0])


def link_clean_bom_from_evil_base(world: KeylessWorld) -> None:
    """The release says: made from these other bytes, whose BOM is the clean base's."""
    link = linked_as(world, "acme/models/base")
    (world.root / "evil").mkdir()
    (world.root / "evil/weights.bin").write_text("evil")

    def edit(graph: Graph) -> Graph:
        old = base_of(graph)
        evil = artifact_node(Kind.MODEL, hash_path(world.root / "evil"))
        nodes = [n for n in graph.nodes.values() if n.id != old.id]
        edges = [
            replace(
                e,
                source=evil.id if e.source == old.id else e.source,
                target=evil.id if e.target == old.id else e.target,
            )
            for e in graph.edges
        ]
        grafted = Graph.of([*nodes, replace(evil, facts=old.facts)], edges, graph.root)
        return with_fact(grafted, evil.id, "upstream-bom", link)

    world.rewrite(edit)


def link_grand_as_base(world: KeylessWorld) -> None:
    """The clean BOM of the grandparent is said to be that of the parent."""
    link = linked_as(world, "acme/models/grand")

    def edit(graph: Graph) -> Graph:
        return with_fact(graph, base_of(graph).id, "upstream-bom", link)

    world.rewrite(edit)


def link_with_another_serial(world: KeylessWorld) -> None:
    digest = linked_as(world, "acme/models/base").rpartition("@")[2]
    link = f"urn:cdx:{'0' * 8}-0000-0000-0000-{'0' * 12}/1@{digest}"
    world.rewrite(lambda g: with_fact(g, base_of(g).id, "upstream-bom", link))


def also_called(thing: str, name: str) -> Change:
    """One more name for the model or its base, in the model's BOM."""

    def edit(graph: Graph) -> Graph:
        return with_fact(graph, base_of(graph, thing).id, "name", name)

    return lambda world: world.rewrite(edit)


def subject_says(**members: Any) -> Change:
    return lambda w: w.sign_statement(lambda d: d["subject"][1].update(members))


def digest_of_base(world: KeylessWorld) -> None:
    digest = hash_path(world.root / "base").digest.value
    subject_says(digest={"sha256": digest})(world)


GRAFTS: dict[str, tuple[Change, str]] = {
    "bom-and-bundle-of-the-base-on-the-model": (
        put_pair("base", lambda w: w.model),
        "digest-mismatch",
    ),
    "bundle-of-the-base-on-the-model": (
        put_bundle("base", lambda w: w.bundle),
        "bom-digest-mismatch",
    ),
    "bundle-of-the-base-on-its-own-base": (
        put_bundle("base", lambda w: w.upstream("grand")),
        "bom-digest-mismatch",
    ),
    "bundle-of-the-model-on-the-base": (
        lambda w: shutil.copy(w.bundle, w.upstream("base")),
        "bom-digest-mismatch",
    ),
    "files-of-the-base-with-the-models-signature": (files_of_base, "digest-mismatch"),
    "statement-for-the-bytes-of-the-base": (digest_of_base, "subject-mismatch"),
    "statement-under-another-name": (
        subject_says(name="acme/models/base"),
        "subject-mismatch",
    ),
    "model-has-a-second-name": (
        also_called(MODEL, "acme/production/reader"),
        "namespace-not-allowed",
    ),
    "base-has-another-name-below": (
        also_called("acme/models/base", "acme/production/base"),
        "namespace-not-allowed",
    ),
    "clean-bom-linked-from-evil-bytes": (
        link_clean_bom_from_evil_base,
        "upstream-root-mismatch",
    ),
    "bom-of-the-grandparent-linked-from-the-parent": (
        link_grand_as_base,
        "upstream-root-mismatch",
    ),
    "right-bytes-under-another-serial": (
        link_with_another_serial,
        "upstream-root-mismatch",
    ),
}


@pytest.mark.parametrize(("change", "reason"), GRAFTS.values(), ids=GRAFTS)
def test_grafts(world: KeylessWorld, change: Change, reason: str) -> None:
    change(world)
    error = refused(world)
    assert (error.reason, error.exit_code) == (reason, 11)


def test_another_clean_pair_in_the_place_of_the_middle(world: KeylessWorld) -> None:
    """Genuine, but not what is linked: as if there were none, and not taken for it."""
    put_pair("grand", lambda w: w.evidence / "base")(world)
    assert len(world.verify().evidence.unresolved) == 1
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (3, "upstream-bom-missing")


def call_model(name: str) -> Change:
    """Another name for the model, in its BOM and its statement, by the release job."""

    def edit(graph: Graph) -> Graph:
        root = graph.nodes[str(graph.root)]
        facts = tuple(f for f in root.facts if f.field != "name")
        rest = [n for n in graph.nodes.values() if n.id != root.id]
        bare = Graph.of([*rest, replace(root, facts=facts)], graph.edges, root.id)
        return with_fact(bare, root.id, "name", name)

    return lambda world: world.rewrite(edit)


NAMES = {
    "another-namespace": "acme/production/reader",
    "another-owner": "acme-evil/models/reader",
    "prefix": "acme/models-evil/reader",
    "deeper": "acme/models/x/reader",
    "climbing": "acme/models/..",
    "case": "acme/Models/reader",
    "case-of-the-owner": "Acme/models/reader",
    "cyrillic-a": "\u0430cme/models/reader",
    "cyrillic-o": "acme/m\u043edels/reader",
    "fullwidth": "\uff41cme/models/reader",
    "zero-width": "acme/models\u200b/reader",
    "bidi": "acme/models/\u202ereader",
    "url-encoded": "acme%2fmodels/reader",
    "backslash": "acme\\models\\reader",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_that_is_not_the_signers(world: KeylessWorld, name: str) -> None:
    call_model(name)(world)
    assert refused(world).reason == "namespace-not-allowed"


def test_a_look_alike_inside_the_namespace_is_not_the_artifacts_name(
    world: KeylessWorld,
) -> None:
    """The release may name it so; its pipeline may not, and signed another name.

    So no tier goes by it, and the record of the pipeline does not count for it.
    """
    call_model("acme/models/re\u0430der")(world)
    assert world.verify().name is None
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (3, "step-record-untrusted")


# ── a chain of three, broken above ────────────────────

LEVELS = ("base", "grand")
Break = Callable[[KeylessWorld, str], object]


def change_bom(world: KeylessWorld, level: str) -> None:
    path = world.upstream(level, BOM_NAME)
    path.write_bytes(path.read_bytes() + b"\n")


def change_payload(world: KeylessWorld, level: str) -> None:
    path = world.upstream(level)
    document = json.loads(path.read_bytes())
    other = json.loads(world.bundle.read_bytes())
    document["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"]
    path.write_bytes(to_json(document))


def unsign(world: KeylessWorld, level: str) -> None:
    world.upstream(level).unlink()


def truncate(world: KeylessWorld, level: str) -> None:
    world.upstream(level).write_bytes(world.upstream(level).read_bytes()[:500])


def signed_as(role: str, **how: Any) -> Break:
    def change(world: KeylessWorld, level: str) -> None:
        world.resign(world.upstream(level), level if role == "own" else role, **how)

    return change


def signed_with_a_key(world: KeylessWorld, level: str) -> None:
    payload = parse_bundle(world.upstream(level).read_bytes(), "").payload
    world.upstream(level).write_bytes(to_json(make_bundle(payload, key(level))))


def signed_elsewhere(world: KeylessWorld, level: str) -> None:
    """Somebody runs a Sigstore, which says whatever they like of anybody."""
    with LocalSigstore() as theirs:
        world.__class__(world.root, theirs).resign(world.upstream(level), level)


def valid(**window: str) -> Break:
    return lambda world, level: world.edit_signer(level, lambda e: e.update(window))


def no_longer_listed(world: KeylessWorld, level: str) -> None:
    def edit(document: dict[str, Any]) -> None:
        kept = [e for e in document["signers"] if e["role"] != level]
        document["signers"] = kept

    world.edit_yaml("signers.yaml", edit)


#: what is done to the BOM above, or its signer → reason
BROKEN: dict[str, tuple[Break, str]] = {
    "changed": (change_bom, "bom-digest-mismatch"),
    "payload-changed": (change_payload, "signature-invalid"),
    "unsigned": (unsign, "signature-absent"),
    "bundle-cut-off": (truncate, "bundle-malformed"),
    "signed-by-a-stranger": (signed_as("stranger"), "identity-not-allowed"),
    "signed-by-who-signs-records": (signed_as("pipeline"), "predicate-not-allowed"),
    "signed-by-an-auditor": (signed_as("auditor"), "predicate-not-allowed"),
    "signed-by-another-team": (signed_as("lab"), "namespace-not-allowed"),
    "signed-from-a-branch": (
        signed_as("own", ref="refs/heads/dev"),
        "identity-not-allowed",
    ),
    "signed-on-somebodys-machine": (
        signed_as("own", claims={"runner_environment": "self-hosted"}),
        "runner-not-allowed",
    ),
    "signed-with-a-key": (signed_with_a_key, "signer-not-allowed"),
    "signed-by-another-sigstore": (signed_elsewhere, "wrong-trust-root"),
    "signer-expired": (valid(valid_until="2020-01-01"), "signer-expired"),
    "signer-not-yet-valid": (valid(valid_from="2999-01-01"), "signer-expired"),
    "signer-gone": (no_longer_listed, "identity-not-allowed"),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("change", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_link_of_the_chain_does_not_hold(
    world: KeylessWorld, change: Break, reason: str, level: str
) -> None:
    change(world, level)
    error = refused(world)
    assert (error.reason, error.exit_code) == (reason, 11)
    assert f"evidence/{level}/aibom." in str(error.where)


@pytest.mark.parametrize("name", ["changed", "signer-expired", "signed-by-a-stranger"])
def test_the_command_line_names_the_middle(world: KeylessWorld, name: str) -> None:
    change, reason = BROKEN[name]
    change(world, "base")
    ran = verify_cli(world)
    assert (ran.code, ran.out) == (11, "")
    assert f"[{reason}]" in ran.err
    assert "evidence/base/aibom." in ran.err
    decided = gate_cli(world)
    assert decided.code == 11
    assert "evidence/base/aibom." in decided.out
    assert "Traceback" not in ran.err + decided.err


def test_the_middle_is_missing(world: KeylessWorld) -> None:
    shutil.rmtree(world.evidence / "base")
    ran, decided = verify_cli(world), gate_cli(world)
    assert (ran.code, decided.code) == (3, 3)
    assert "INCOMPLETE: 1 linked BOMs missing" in ran.out
    verdict = world.gate()
    assert (verdict.exit_code, verdict.reason) == (3, "upstream-bom-missing")


def test_the_middle_and_its_record_are_missing(world: KeylessWorld) -> None:
    """The leaf's BOM has copied all of it; copied is not vouched for."""
    shutil.rmtree(world.evidence / "base")
    shutil.rmtree(world.evidence / "records/base")
    assert verify_cli(world).code == 3
    assert world.gate().exit_code == 3


def test_the_middle_was_changed_and_signed_again(world: KeylessWorld) -> None:
    """Another BOM than the one that is linked, by whom it belongs to: not that one."""
    folder = world.root / "base"
    document = json.loads((folder / BOM_NAME).read_bytes())
    document["metadata"]["timestamp"] = "2026-01-01T00:00:00Z"
    (folder / BOM_NAME).write_bytes(to_json(document))
    sign_artifact(folder, world.signing("base"))
    for name in (BOM_NAME, BUNDLE_NAME):
        shutil.copy(folder / name, world.upstream("base", name))
    assert len(world.verify().evidence.unresolved) == 1
    assert (world.gate().exit_code, verify_cli(world).code) == (3, 3)


def test_depth_0_says_that_nobody_looked(world: KeylessWorld) -> None:
    shutil.rmtree(world.evidence / "base")
    assert "NOT verified" in world.verify(depth=0).ancestors


# ── records of the chain ────────────────────


@pytest.mark.parametrize("role", ["data", "grand", "base", "pipeline"])
@pytest.mark.parametrize("signer", ["stranger", "release", "lab"])
def test_a_record_signed_by_whom_the_output_is_not_of(
    world: KeylessWorld, role: str, signer: str
) -> None:
    (path,) = (world.evidence / "records" / role).iterdir()
    world.resign(path, signer)
    verdict = world.gate()
    assert verdict.exit_code == 3
    assert "step-record-untrusted" in {r.reason for r in verdict.blocking}


@pytest.mark.parametrize("role", ["data", "grand", "base", "pipeline"])
def test_a_record_that_is_missing(world: KeylessWorld, role: str) -> None:
    shutil.rmtree(world.evidence / "records" / role)
    verdict = world.gate()
    assert verdict.exit_code == 3
    assert "step-record-absent" in {r.reason for r in verdict.blocking}


def test_a_record_that_was_changed_ends_the_run(world: KeylessWorld) -> None:
    (path,) = (world.evidence / "records/base").iterdir()
    document = json.loads(path.read_bytes())
    (other,) = (world.evidence / "records/grand").iterdir()
    held = json.loads(other.read_bytes())
    document["dsseEnvelope"]["payload"] = held["dsseEnvelope"]["payload"]
    path.write_bytes(to_json(document))
    error = refused(world)
    assert (error.reason, error.exit_code) == ("signature-invalid", 11)
    assert "records/base" in str(error.where)
