"""`run --gate`: no step starts on an input that the policy does not allow.

What the step would do is to write a marker; where an input is refused, there is none.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from worlds import NOW, key, payload_of, signing

from aibom.digest import hash_path
from aibom.errors import AibomError, PolicyInvalid, RecordingFailed
from aibom.lineage.nodes import Kind
from aibom.operations.policies.folder import lock_folder
from aibom.operations.run import gate_inputs, record_signer
from aibom.operations.signing.sign import Description, sign_artifact
from aibom.recording import InputRef, OutputRef, RunOutcome, run
from aibom.recording.predicate import UsedInput
from aibom.verdict import Decision, Verdict

NAME = "acme/data/reviews"
MAKE = "import pathlib; pathlib.Path('made').write_text('x')"
DATA = "training-data=reviews"


@dataclass
class Shop:
    """A signed folder, a policy that allows it, and whatever the gate tells."""

    root: Path
    told: list[tuple[str, Verdict | None]] = field(default_factory=list)

    @property
    def reviews(self) -> Path:
        return self.root / "reviews"

    @property
    def policy(self) -> Path:
        return self.root / "verifier"

    @property
    def started(self) -> bool:
        """Whether the command ran."""
        return (self.root / "made").exists()

    def records(self) -> list[Path]:
        return list((self.root / ".aibom/steps").rglob("*.json"))

    def run(self, *inputs: str, evidence: tuple[Path, ...] = ()) -> RunOutcome:
        return run(
            [sys.executable, "-c", MAKE],
            kind="train",
            inputs=[InputRef.parse(text) for text in inputs],
            outputs=[OutputRef.parse("made,name=acme/models/made")],
            approve=gate_inputs(self.policy, evidence, NOW, self.tell),
            code=None,
        )

    def tell(self, name: str, verdict: Verdict | None) -> None:
        self.told.append((name, verdict))

    def refused(self, *inputs: str, evidence: tuple[Path, ...] = ()) -> AibomError:
        """The error; nothing was started and nothing recorded."""
        with pytest.raises(AibomError) as caught:
            self.run(*inputs, evidence=evidence)
        assert not self.started
        assert self.records() == []
        return caught.value


def write_policy(folder: Path, *bad: str) -> None:
    """Signed by the supplier, and no advisory names it; locked."""
    rule = {"severity": "high", "mode": "deny", "why": "w", "remedy": "r"}
    told = {"id": "A-1", "summary": "poisoned", "published": "2026-11-01"}
    documents: Mapping[str, Mapping[str, Any]] = {
        "policy.yaml": {
            "apiVersion": "aibom/policy/v1",
            "name": "inputs",
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
        },
        "signers.yaml": {
            "apiVersion": "aibom/signers/v1",
            "signers": [
                {
                    "name": "acme data",
                    "role": "data",
                    "public_key": key("data").public.pem,
                    "predicates": ["bom"],
                    "namespaces": ["acme/data/*"],
                }
            ],
        },
        "advisories.yaml": {
            "apiVersion": "aibom/advisories/v1",
            "sequence": 1,
            "expires": "2999-01-01",
            "advisories": [{**told, "affects": {"digests": list(bad)}}] if bad else [],
        },
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document))
    lock_folder(folder)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    made = Shop(tmp_path)
    for name in ("reviews", "others"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(f"{name}\n")
        sign_as("data", tmp_path / name, f"acme/data/{name}")
    (tmp_path / "labels.jsonl").write_text("{}\n")
    sign_as("data", tmp_path / "labels.jsonl", "acme/data/labels")
    (tmp_path / "guideline.md").write_text("Be fair.\n")
    made.policy.mkdir()
    write_policy(made.policy)
    return made


def sign_as(role: str, path: Path, name: str) -> None:
    sign_artifact(path, signing(role), described=Description(name, Kind.DATASET))


# ── allowed ────────────────────


@pytest.mark.parametrize(
    "given", [DATA, "training-data=labels.jsonl", f"{DATA},name={NAME}"]
)
def test_an_allowed_input_starts_the_step(shop: Shop, given: str) -> None:
    outcome = shop.run(given)
    assert outcome.exit_code == 0
    assert shop.started
    ((_, verdict),) = shop.told
    assert verdict is not None
    assert verdict.decision is Decision.ALLOWED
    assert outcome.record_path is not None
    document = json.loads(outcome.record_path.read_bytes())
    (used,) = document["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert set(used["digest"].values()) == {verdict.artifact.rpartition(":")[2]}


def test_a_signed_record_is_made_of_what_was_gated(shop: Shop) -> None:
    outcome = run(
        [sys.executable, "-c", MAKE],
        kind="train",
        inputs=[InputRef.parse(DATA)],
        outputs=[OutputRef.parse("made,name=acme/models/made")],
        approve=gate_inputs(shop.policy, (), NOW, shop.tell),
        signer=record_signer(signing("release")),
        code=None,
    )
    assert outcome.record_path is not None
    digest = hash_path(shop.reviews).digest.value
    assert digest.encode() in payload_of(outcome.record_path)


def test_code_and_guidelines_are_told_and_not_gated(shop: Shop) -> None:
    outcome = shop.run("guideline=guideline.md", DATA)
    assert outcome.exit_code == 0
    assert [(name, verdict is None) for name, verdict in shop.told] == [
        ("guideline.md", True),
        ("reviews", False),
    ]


def test_what_is_judged_is_what_was_hashed(shop: Shop) -> None:
    # The bytes are gone when the gate is asked: it has no need to read them again.
    content = hash_path(shop.reviews)
    (shop.reviews / "a.txt").unlink()
    approve = gate_inputs(shop.policy, (), NOW, shop.tell)
    used = UsedInput("training-data", "dataset", "reviews", content.digest, None, None)
    approve(shop.reviews, used, content)
    other = hash_path(shop.root / "others")
    with pytest.raises(RecordingFailed) as caught:
        approve(shop.reviews, used, other)
    assert caught.value.reason == "input-not-allowed"
    assert "[digest-mismatch]" in caught.value.message


def test_bytes_are_read_once(shop: Shop) -> None:
    told: list[tuple[int, int]] = []
    run(
        [sys.executable, "-c", MAKE],
        kind="train",
        inputs=[InputRef.parse(DATA)],
        outputs=[OutputRef.parse("made,name=acme/models/made")],
        approve=gate_inputs(shop.policy, (), NOW, shop.tell),
        progress=lambda done, total: told.append((done, total)),
        code=None,
    )
    assert told == [(0, 8), (8, 8), (0, 1), (1, 1)]


# ── refused ────────────────────


def unsign(shop: Shop) -> None:
    (shop.reviews / "aibom.sigstore.json").unlink()


def change(shop: Shop) -> None:
    (shop.reviews / "a.txt").write_text("poison\n")


def add(shop: Shop) -> None:
    (shop.reviews / "b.txt").write_text("poison\n")


def by_a_stranger(shop: Shop) -> None:
    sign_as("stranger", shop.reviews, NAME)


def another_namespace(shop: Shop) -> None:
    sign_as("data", shop.reviews, "acme/models/reviews")


def advise(shop: Shop) -> None:
    write_policy(shop.policy, str(hash_path(shop.reviews).digest))


def expire(shop: Shop) -> None:
    path = shop.policy / "advisories.yaml"
    path.write_text(path.read_text().replace("2999", "2020"))
    lock_folder(shop.policy)


def break_bom(shop: Shop) -> None:
    (shop.reviews / "aibom.cdx.json").write_text("{")


REFUSED: dict[str, tuple[Callable[[Shop], None], str]] = {
    "unsigned": (unsign, "not-verified [signature-absent]"),
    "changed": (change, "not-verified [digest-mismatch]"),
    "one file more": (add, "not-verified [file-extra]"),
    "by a stranger": (by_a_stranger, "not-verified [signer-not-allowed]"),
    "another namespace": (another_namespace, "not-verified [namespace-not-allowed]"),
    "in an advisory": (advise, "denied ["),
    "BOM broken": (break_bom, "[bom-digest-mismatch]"),
}


@pytest.mark.parametrize(("apply", "words"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize(
    "others", [(), ("training-data=labels.jsonl",)], ids=["alone", "second"]
)
def test_an_input_that_is_not_allowed_starts_nothing(
    shop: Shop, apply: Callable[[Shop], None], words: str, others: tuple[str, ...]
) -> None:
    apply(shop)
    error = shop.refused(*others, DATA)
    assert isinstance(error, RecordingFailed)
    assert (error.exit_code, error.reason) == (125, "input-not-allowed")
    assert error.where == str(shop.reviews)
    assert words in error.message
    assert str(error.hint).startswith("see why: aibom gate ")
    name, verdict = shop.told[-1]
    assert name == "reviews"
    assert verdict is not None
    assert verdict.decision is not Decision.ALLOWED


def test_what_cannot_be_told_starts_nothing(shop: Shop) -> None:
    expire(shop)
    error = shop.refused(DATA)
    assert error.reason == "input-not-allowed"
    ((_, verdict),) = shop.told
    assert verdict is not None
    assert verdict.decision is Decision.UNDECIDED


def test_the_hint_can_be_pasted(shop: Shop) -> None:
    (shop.root / "my evidence").mkdir()
    unsign(shop)
    error = shop.refused(DATA, evidence=(shop.root / "my evidence",))
    assert str(error.hint).endswith(f"--evidence '{shop.root}/my evidence'")


SWAPS = {
    "all of it": f"{DATA},name={NAME}",
    "called as another's": f"{DATA},name=other/data/others",
}


@pytest.mark.parametrize("given", SWAPS.values(), ids=SWAPS)
def test_another_delivery_of_the_supplier_is_not_what_was_named(
    shop: Shop, given: str
) -> None:
    shutil.rmtree(shop.reviews)
    shutil.copytree(shop.root / "others", shop.reviews)
    error = shop.refused(given)
    assert isinstance(error, RecordingFailed)
    assert error.reason == "input-name-differs"
    assert "acme/data/others" in error.message


@pytest.mark.parametrize("kind", ["service", "report"])
def test_data_does_not_pass_as_what_no_gate_can_judge(shop: Shop, kind: str) -> None:
    unsign(shop)
    error = shop.refused(f"feed=reviews,kind={kind}")
    assert (error.exit_code, error.reason) == (125, "input-not-allowed")
    assert kind in error.message
    assert shop.told == []


@pytest.mark.parametrize("role", ["feed", "training-data"])
def test_data_in_any_role_is_gated(shop: Shop, role: str) -> None:
    unsign(shop)
    error = shop.refused(f"{role}=reviews,kind=dataset")
    assert "[signature-absent]" in error.message


def test_a_folder_of_code_does_not_excuse_data(shop: Shop) -> None:
    unsign(shop)
    shop.refused("guideline=guideline.md", DATA)
    assert [name for name, _ in shop.told] == ["guideline.md", "reviews"]


# ── the policy itself ────────────────────


def unlock(shop: Shop) -> None:
    (shop.policy / "policy.lock").unlink()


def edit_after_lock(shop: Shop) -> None:
    path = shop.policy / "policy.yaml"
    path.write_text(path.read_text().replace('"deny"', '"warn"'))


def misspell(shop: Shop) -> None:
    path = shop.policy / "policy.yaml"
    path.write_text(path.read_text().replace('"rules"', '"rulez"'))


def remove(shop: Shop) -> None:
    shutil.rmtree(shop.policy)


POLICIES: dict[str, tuple[Callable[[Shop], None], str]] = {
    "not locked": (unlock, "policy-not-locked"),
    "changed since": (edit_after_lock, "policy-lock-mismatch"),
    "invalid": (misspell, "policy-invalid"),
    "not there": (remove, ""),
}


@pytest.mark.parametrize(("apply", "reason"), POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize(
    "inputs",
    [(DATA,), ("guideline=guideline.md",), ()],
    ids=["data", "guideline", "nothing"],
)
def test_a_policy_that_cannot_be_used_starts_nothing(
    shop: Shop, apply: Callable[[Shop], None], reason: str, inputs: tuple[str, ...]
) -> None:
    apply(shop)
    error = shop.refused(*inputs)
    assert isinstance(error, PolicyInvalid)
    assert reason in ("", error.reason)
    assert shop.told == []


def test_a_policy_inside_the_input_starts_nothing(shop: Shop) -> None:
    shop.policy.rename(shop.reviews / "verifier")
    approve = gate_inputs(shop.reviews / "verifier", (), NOW, shop.tell)
    content = hash_path(shop.reviews)
    used = UsedInput("training-data", "dataset", "reviews", content.digest, None, None)
    with pytest.raises(PolicyInvalid) as caught:
        approve(shop.reviews, used, content)
    assert caught.value.reason == "policy-inside-artifact"


def test_evidence_that_is_not_there_starts_nothing(shop: Shop) -> None:
    error = shop.refused(DATA, evidence=(shop.root / "nowhere",))
    assert "[path-missing]" in error.message


@pytest.mark.parametrize("kind", [Kind.MODEL, Kind.SYSTEM])
def test_a_kind_that_contradicts_the_role_is_refused(shop: Shop, kind: Kind) -> None:
    """Rules go by kinds: data that is called a model would be asked nothing."""
    described = Description("acme/data/reviews", kind)
    sign_artifact(shop.reviews, signing("data"), described=described)
    shop.refused(DATA)
    ((_, verdict),) = shop.told
    assert verdict is not None
    assert verdict.verification.reason == "kind-contradicted"
