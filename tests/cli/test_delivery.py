"""Data on its way: signed by who has it, gated by who trains on it."""

from __future__ import annotations

import json
import shutil
import sys

import pytest
from cli_world import snapshot

from aibom.digest import hash_path

NAME = "acme/data/tiny"
AS_DATA = ("--name", NAME, "--kind", "dataset", "--key", "release.key")
SIGNERS = ("--signers", "verifier/signers.yaml")
MAKE = "import pathlib; pathlib.Path('made').write_text('x')"
STEP = ("run", "--step", "train", "--output", "made,name=acme/models/made")
GATE = ("--gate", "verifier")
COMMAND = ("--", sys.executable, "-c", MAKE)


@pytest.fixture
def labels(world):
    """A single file to deliver."""
    path = world.folder / "labels.jsonl"
    path.write_text('{"label": 1}\n')
    return path


# ── sign ────────────────────


def test_a_folder_is_signed_by_name(here):
    assert here("sign", "data", *AS_DATA).out == "data/aibom.sigstore.json\n"
    ran = here("verify", "data", *SIGNERS)
    assert ran.code == 0
    assert ran.out.startswith(f"verified  {NAME}  tree-sha256:")


def test_a_file_is_signed_beside_it(here, labels):
    ran = here("sign", "labels.jsonl", *AS_DATA)
    assert ran.out == "labels.jsonl.aibom.sigstore.json\n"
    assert labels.with_name("labels.jsonl.aibom.cdx.json").exists()
    ran = here("verify", "labels.jsonl", *SIGNERS)
    assert ran.code == 0
    assert ran.out.startswith(f"verified  {NAME}  sha256:")


@pytest.mark.parametrize(
    ("path", "written"),
    [("data", "data/model.sig"), ("labels.jsonl", "labels.jsonl.model.sig")],
    ids=["folder", "file"],
)
def test_oms_writes_a_second_signature(here, labels, path, written):
    ran = here("sign", path, *AS_DATA, "--oms")
    assert ran.code == 0
    assert ran.out.splitlines()[1] == written
    assert here("verify", path, "--public-key", "release.pub").code == 0


REFUSED = {
    "name without kind": (("--name", NAME), 2, "usage"),
    "kind without name": (("--kind", "dataset"), 2, "usage"),
    "unknown kind": (("--name", NAME, "--kind", "guideline"), 2, "usage"),
    "no namespace": (
        ("--name", "tiny", "--kind", "dataset"),
        2,
        "name-without-namespace",
    ),
    "no BOM": ((), 1, "bom-missing"),
}


@pytest.mark.parametrize(("words", "code", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_signed_leaves_nothing(here, world, labels, words, code, reason):
    before = snapshot(world.folder)
    ran = here("sign", "labels.jsonl", "--key", "release.key", *words)
    assert (ran.code, ran.out) == (code, "")
    assert f"[{reason}]" in ran.err
    assert snapshot(world.folder) == before


@pytest.mark.parametrize(
    "words", [("--name", NAME), ("--kind", "dataset")], ids=" ".join
)
def test_the_right_call_is_shown(here, labels, words):
    ran = here("sign", "labels.jsonl", "--key", "release.key", *words)
    assert ran.err.endswith("  for example: --name acme/models/reviews --kind model\n")


def test_a_lineage_is_not_lost(here, world):
    before = snapshot(world.folder)
    words = ("--name", "acme/models/tiny", "--kind", "model", "--key", "release.key")
    ran = here("sign", "model", *words)
    assert ran.code == 1
    assert "[bom-has-lineage]" in ran.err
    assert snapshot(world.folder) == before


def test_a_log_down_leaves_nothing(here, world, labels):
    before = snapshot(world.folder)
    stamp = ("--timestamp-url", "http://127.0.0.1:9/", "--timeout", "5")
    ran = here("sign", "labels.jsonl", *AS_DATA, *stamp)
    assert ran.code == 1
    assert snapshot(world.folder) == before


def test_data_that_changed_is_signed_again_by_name(here, labels):
    here("sign", "labels.jsonl", *AS_DATA)
    labels.write_text("a new revision\n")
    ran = here("sign", "labels.jsonl", "--key", "release.key")
    assert ran.code == 1
    assert "[digest-mismatch]" in ran.err
    assert here("sign", "labels.jsonl", *AS_DATA).code == 0
    assert here("verify", "labels.jsonl", *SIGNERS).code == 0


# ── verify and gate ────────────────────


def accept(world, path):
    """Where it comes from is decided: nobody recorded a step for it."""
    roots = {
        "apiVersion": "aibom/accepted-roots/v1",
        "roots": [
            {
                "digest": str(hash_path(path).digest),
                "reason": "known",
                "approved_by": "Ada",
                "expires": "2999-01-01",
            }
        ],
    }
    world.write_policy("accepted-roots.yaml", json.dumps(roots))


def test_the_gate_takes_a_file(here, world, labels):
    here("sign", "labels.jsonl", *AS_DATA)
    assert here("gate", "labels.jsonl", "--policy", "verifier").code == 3
    accept(world, labels)
    assert here("gate", "labels.jsonl", "--policy", "verifier").code == 0
    labels.write_text("poison\n")
    ran = here("gate", "labels.jsonl", "--policy", "verifier")
    assert ran.code == 11
    assert "digest-mismatch" in ran.out + ran.err


def test_a_file_s_bom_is_linked_and_lies_in_evidence(here, world, labels):
    here("sign", "labels.jsonl", *AS_DATA)
    given = ("--input", f"training-data=labels.jsonl,name={NAME}")
    signed = ("--key", "pipeline.key", "--steps", "evidence")
    assert here(*STEP, *given, *signed, *COMMAND).code == 0
    (world.folder / "made").rename(world.folder / "weights")
    given = ("--input", "base-model=weights,name=acme/models/made")
    fold = "import pathlib; p = pathlib.Path('out'); p.mkdir(); (p/'w').write_text('y')"
    words = ("run", "--step", "fine-tune", "--output", "out,name=acme/models/out")
    ran = here(*words, *given, *signed, "--", sys.executable, "-c", fold)
    assert ran.code == 0, ran.err
    bom = "labels.jsonl.aibom.cdx.json"
    joined = ("assemble", "out", "--steps", "evidence", "--with", bom)
    assert here(*joined).code == 0
    here("sign", "out", "--key", "release.key")
    ran = here("verify", "out", *SIGNERS, "--evidence", "evidence")
    assert ran.code == 3
    for name in (bom, "labels.jsonl.aibom.sigstore.json"):
        shutil.copy(world.folder / name, world.folder / "evidence")
    ran = here("verify", "out", *SIGNERS, "--evidence", "evidence")
    assert ran.code == 0, ran.err
    assert f"{NAME}, signed by acme release" in ran.out


# ── run --gate ────────────────────


@pytest.fixture
def signed(here, world, labels):
    """The data and the labels, signed, and accepted as they are."""
    for path in ("labels.jsonl", "data"):
        assert here("sign", path, *AS_DATA).code == 0
    accept(world, world.folder / "data")
    return world


def steps(world):
    return sorted((world.folder / ".aibom").rglob("steps/*"))


def test_a_gated_step_runs_and_is_recorded(here, signed):
    ran = here(*STEP, *GATE, "--input", "training-data=data", *COMMAND)
    assert (ran.code, ran.out) == (0, "")
    assert "gate: data: allowed" in ran.err
    (record,) = steps(signed)
    digest = hash_path(signed.folder / "data").digest
    assert digest.value in record.read_text()


def change(world):
    (world.folder / "data/a.txt").write_text("poison\n")


def unsign(world):
    (world.folder / "data/aibom.sigstore.json").unlink()


def stranger(world):
    world.done("keygen", "stranger", "--no-password")
    world.done("sign", "data", "--key", "stranger.key")


def advise(world):
    told = {
        "apiVersion": "aibom/advisories/v1",
        "sequence": 2,
        "expires": "2999-01-01",
        "advisories": [
            {
                "id": "A-1",
                "summary": "poisoned",
                "published": "2026-11-01",
                "affects": {"digests": [str(hash_path(world.folder / "data").digest)]},
            }
        ],
    }
    world.write_policy("advisories.yaml", json.dumps(told))


NOT_ALLOWED = {
    "changed": (change, "digest-mismatch"),
    "unsigned": (unsign, "signature-absent"),
    "by a stranger": (stranger, "signer-not-allowed"),
    "in an advisory": (advise, "known-bad-ancestor"),
}


@pytest.mark.parametrize(("apply", "said"), NOT_ALLOWED.values(), ids=NOT_ALLOWED)
def test_no_step_starts_on_what_is_not_allowed(here, signed, apply, said):
    apply(signed)
    ran = here(*STEP, *GATE, "--input", "training-data=data", *COMMAND)
    assert ran.code == 125
    assert not (signed.folder / "made").exists()
    assert steps(signed) == []
    assert said in ran.err
    assert "data: the policy does not allow this input" in ran.err
    assert "[input-not-allowed]" in ran.err
    hint = ran.err.splitlines()[-1].partition("aibom gate ")[2].split()
    assert here("gate", *hint).code in (10, 11)


def test_no_step_starts_on_another_delivery(here, signed):
    given = ("--input", "training-data=data,name=acme/data/ordered")
    ran = here(*STEP, *GATE, *given, *COMMAND)
    assert ran.code == 125
    assert "[input-name-differs]" in ran.err
    assert not (signed.folder / "made").exists()
    assert steps(signed) == []


POLICY = {
    "not locked": (lambda folder: (folder / "policy.lock").unlink(), "not-locked"),
    "changed since": (
        lambda folder: (folder / "policy.yaml").write_text("{}"),
        "policy-",
    ),
    "not there": (shutil.rmtree, "verifier"),
}


@pytest.mark.parametrize(("apply", "said"), POLICY.values(), ids=POLICY)
@pytest.mark.parametrize("given", [("--input", "training-data=data"), ()])
def test_no_step_starts_without_a_policy(here, signed, apply, said, given):
    apply(signed.verifier)
    ran = here(*STEP, *GATE, *given, *COMMAND)
    assert ran.code == 125
    assert said in ran.err
    assert not (signed.folder / "made").exists()
    assert steps(signed) == []


def test_what_is_not_gated_is_told(here, signed):
    (signed.folder / "rules.md").write_text("Be fair.\n")
    given = ("--input", "guideline=rules.md", "--input", "training-data=data")
    ran = here(*STEP, *GATE, *given, *COMMAND)
    assert ran.code == 0
    assert "gate: rules.md: code and guidelines are pinned, not gated" in ran.err


def test_evidence_needs_a_gate(here, signed):
    given = ("--input", "training-data=data", "--evidence", "evidence")
    ran = here(*STEP, *given, *COMMAND)
    assert ran.code == 125
    assert "--evidence: evidence is for a gate, and there is none [usage]" in ran.err
    assert not (signed.folder / "made").exists()
