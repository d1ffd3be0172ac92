"""The verifier's folder: every way in which it is refused, and what the lock pins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from worlds import World, signers_document

from aibom.errors import PolicyInvalid
from aibom.operations.policies.folder import (
    builtin_packs,
    load_folder,
    lock_folder,
    require_outside,
)
from aibom.resources import read_schema

Change = Callable[[Path], object]


def write(name: str, text: str) -> Change:
    return lambda folder: (folder / name).write_text(text)


def edit(name: str, **members: Any) -> Change:
    def apply(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **members}))

    return apply


TWO_KEYS = signers_document(["data", "base"])
TWO_KEYS["signers"][1]["public_key"] = TWO_KEYS["signers"][0]["public_key"]
RULE = {"id": "bytes-changed", "check": "bytes-match"}

INVALID: dict[str, tuple[str, Change]] = {
    "no-policy": ("policy-unreadable", lambda f: (f / "policy.yaml").unlink()),
    "policy-is-a-folder": (
        "policy-unreadable",
        lambda f: ((f / "policy.yaml").unlink(), (f / "policy.yaml").mkdir()),
    ),
    "policy-not-yaml": ("policy-unreadable", write("policy.yaml", "a: [")),
    "policy-empty": ("policy-empty", write("policy.yaml", "")),
    "policy-misspelt": ("policy-invalid", edit("policy.yaml", ruels=[])),
    "policy-too-large": ("policy-unreadable", write("policy.yaml", "#" * 2**25 + "#")),
    "duplicate-key": ("duplicate-key", write("policy.yaml", "name: a\nname: b\n")),
    "pack-unknown": ("pack-missing", edit("policy.yaml", extends=["builtin:no@1"])),
    "pack-of-later": (
        "pack-missing",
        edit("policy.yaml", extends=["builtin:baseline@9"]),
    ),
    "rule-of-a-pack-again": ("rule-duplicate", edit("policy.yaml", rules=[RULE])),
    "data-not-listed": ("policy-data-missing", edit("policy.yaml", data=[])),
    "data-unknown": ("policy-invalid", edit("policy.yaml", data=["x.yaml"])),
    "data-not-there": (
        "policy-unreadable",
        lambda f: (f / "accepted-roots.yaml").unlink(),
    ),
    "signers-malformed": ("policy-invalid", edit("signers.yaml", signers=[{}])),
    "one-key-twice": ("policy-invalid", write("signers.yaml", json.dumps(TWO_KEYS))),
    "roots-malformed": ("policy-invalid", edit("accepted-roots.yaml", roots=[{}])),
    "sources-malformed": ("policy-invalid", edit("trusted-sources.yaml", lists=[])),
    "advisories-malformed": ("policy-invalid", edit("advisories.yaml", sequence=0)),
}


@pytest.mark.parametrize(("reason", "change"), INVALID.values(), ids=INVALID)
def test_folder_is_refused(world: World, reason: str, change: Change) -> None:
    (world.verifier / "policy.lock").unlink()
    change(world.verifier)
    for require_lock in (False, True):
        with pytest.raises(PolicyInvalid) as caught:
            load_folder(world.verifier, require_lock=require_lock)
        assert caught.value.reason in (reason, "policy-not-locked")
    with pytest.raises(PolicyInvalid) as caught:
        lock_folder(world.verifier)
    assert caught.value.reason == reason
    assert not (world.verifier / "policy.lock").exists()


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        load_folder(tmp_path / "none", require_lock=False)
    assert caught.value.reason == "policy-unreadable"
    assert caught.value.hint == "aibom policy init DIR writes one to start from"


#: case of INVALID → what the next step is about
NEXT_STEPS = {
    "no-policy": "aibom policy init",
    "data-not-there": "put it there",
    "policy-is-a-folder": "name the file in it",
    "policy-not-yaml": "indents",
    "policy-misspelt": "correct what each line names",
    "pack-unknown": "aibom policy list",
}


@pytest.mark.parametrize("case", NEXT_STEPS)
def test_the_next_step_is_told(world: World, case: str) -> None:
    INVALID[case][1](world.verifier)
    with pytest.raises(PolicyInvalid) as caught:
        load_folder(world.verifier, require_lock=False)
    assert NEXT_STEPS[case] in str(caught.value.hint)


def lock_of(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((world.verifier / "policy.lock").read_text())
    return found


def test_lock_pins_files_packs_and_the_least_sequence(world: World) -> None:
    lock = lock_of(world)
    assert set(lock["packs"]) == {"builtin:baseline@1"}
    assert set(lock["files"]) == {
        "policy.yaml",
        "signers.yaml",
        "accepted-roots.yaml",
        "trusted-sources.yaml",
    }
    assert lock["minimumAdvisorySequence"] == 3
    assert lock["digest"] == load_folder(world.verifier, require_lock=True).digest
    Draft202012Validator(read_schema("policy-lock-1.json")).validate(lock)


LOCKS: dict[str, tuple[dict[str, Any], str]] = {
    "untouched": ({}, ""),
    "other-version": ({"apiVersion": "x"}, "policy-lock-unreadable"),
    "further-member": ({"note": "hello"}, "policy-lock-unreadable"),
    "files-is-a-list": ({"files": []}, "policy-lock-unreadable"),
    "digest-is-no-digest": ({"files": {"policy.yaml": 1}}, "policy-lock-unreadable"),
    "digest-of-others": ({"digest": "sha256:" + "0" * 64}, "policy-lock-unreadable"),
    "sequence-is-true": ({"minimumAdvisorySequence": True}, "policy-lock-unreadable"),
    "sequence-is-0": ({"minimumAdvisorySequence": 0}, "policy-lock-unreadable"),
    "sequence-is-text": ({"minimumAdvisorySequence": "3"}, "policy-lock-unreadable"),
    "sequence-is-later": ({"minimumAdvisorySequence": 4}, "policy-lock-unreadable"),
    # The digest covers the sequence, so lowering one means that the other is wrong.
    "sequence-is-none": ({"minimumAdvisorySequence": None}, "policy-lock-unreadable"),
}
#: What the schema cannot say: that two members agree, or what other files hold.
BEYOND_SCHEMA = {"digest-of-others", "sequence-is-none", "sequence-is-later"}


@pytest.mark.parametrize("case", LOCKS)
def test_lock_is_read_as_the_schema_says(world: World, case: str) -> None:
    members, reason = LOCKS[case]
    document = {**lock_of(world), **members}
    (world.verifier / "policy.lock").write_text(json.dumps(document))
    schema = Draft202012Validator(read_schema("policy-lock-1.json"))
    assert schema.is_valid(document) == (not reason or case in BEYOND_SCHEMA)
    if not reason:
        assert load_folder(world.verifier, require_lock=True).locked
        return
    with pytest.raises(PolicyInvalid) as caught:
        load_folder(world.verifier, require_lock=False)
    assert caught.value.reason == reason


def test_lock_with_a_key_twice_is_refused(world: World) -> None:
    path = world.verifier / "policy.lock"
    path.write_text(path.read_text().replace("{", '{"files": {},', 1))
    with pytest.raises(PolicyInvalid) as caught:
        load_folder(world.verifier, require_lock=True)
    assert caught.value.reason == "policy-lock-unreadable"


@pytest.mark.parametrize(
    "name",
    ["policy.yaml", "signers.yaml", "accepted-roots.yaml", "trusted-sources.yaml"],
)
def test_any_change_of_a_file_shows(world: World, name: str) -> None:
    path = world.verifier / name
    path.write_text(path.read_text() + "\n")
    with pytest.raises(PolicyInvalid) as caught:
        load_folder(world.verifier, require_lock=False)
    assert caught.value.reason == "policy-lock-mismatch"
    assert name in caught.value.message


def test_pack_that_changed_shows(world: World) -> None:
    lock = lock_of(world)
    packs = {**lock["packs"], "builtin:baseline@1": "sha256:" + "0" * 64}
    path = world.verifier / "policy.lock"
    (world.verifier / "policy.lock").unlink()
    fresh = lock_folder(world.verifier)
    edited = type(fresh)(fresh.files, packs, fresh.minimum_sequence)
    path.write_text(json.dumps(edited.document()))
    with pytest.raises(PolicyInvalid) as caught:
        load_folder(world.verifier, require_lock=True)
    assert caught.value.reason == "policy-lock-mismatch"
    assert "builtin:baseline@1" in caught.value.message


def test_lock_never_goes_back_to_older_advisories(world: World) -> None:
    def set_sequence(number: int) -> None:
        world.edit_yaml(
            "advisories.yaml", lambda d: d.update(sequence=number), lock=False
        )

    before = (world.verifier / "policy.lock").read_bytes()
    set_sequence(2)
    with pytest.raises(PolicyInvalid) as caught:
        lock_folder(world.verifier)
    assert caught.value.reason == "advisories-rolled-back"
    assert (world.verifier / "policy.lock").read_bytes() == before
    set_sequence(5)
    lock_folder(world.verifier)
    assert lock_of(world)["minimumAdvisorySequence"] == 5


def test_locking_twice_gives_the_same_bytes(world: World) -> None:
    before = (world.verifier / "policy.lock").read_bytes()
    world.lock()
    assert (world.verifier / "policy.lock").read_bytes() == before


def test_packs_are_listed_by_name() -> None:
    packs = builtin_packs()
    assert [pack.name for pack in packs] == sorted(pack.name for pack in packs)
    assert {"baseline", "tier-high"} <= {pack.name for pack in packs}
    assert all(pack.rules and pack.version for pack in packs)


PLACES = {
    "beside": ("policy", True),
    "the-artifact-itself": ("model", False),
    "inside": ("model/policy", False),
    "dots": ("policy/../model/policy", False),
    "name-with-the-same-beginning": ("model-policy", True),
}


@pytest.mark.parametrize(("place", "outside"), PLACES.values(), ids=PLACES)
def test_policy_lies_outside_the_artifact(
    tmp_path: Path, place: str, outside: bool
) -> None:
    for name in ("policy", "model/policy", "model-policy"):
        (tmp_path / name).mkdir(parents=True)
    if outside:
        require_outside(tmp_path / place, tmp_path / "model")
        return
    with pytest.raises(PolicyInvalid) as caught:
        require_outside(tmp_path / place, tmp_path / "model")
    assert caught.value.reason == "policy-inside-artifact"
