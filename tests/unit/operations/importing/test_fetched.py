"""``aibom.fetched``: the path in a with block, only if the policy said yes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fetch_world import FILES, FetchWorld, make_fetch_world

import aibom
from aibom.digest import hash_path
from aibom.errors import AibomError, Denied
from aibom.operations.importing.artifact_lock import ArtifactLock, render
from aibom.operations.importing.lock_reading import take
from aibom.sources.reference import Reference
from aibom.testing.hub import LocalHub


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FetchWorld]:
    with LocalHub() as hub:
        yield make_fetch_world(tmp_path, hub)


def options(world: FetchWorld, **more):
    usual = {"policy": world.verifier, "endpoint": world.hub.url}
    return {**usual, "key": world.folder / "keys" / "import.key", **more}


def test_without_a_place_it_is_gone_at_the_end(world):
    with aibom.fetched(world.reference, **options(world)) as path:
        assert (path / "config.json").read_bytes() == FILES["config.json"]
        assert world.gate(path).exit_code == 0
    assert not path.exists()
    assert not path.parent.exists()


def test_with_a_place_it_stays(world):
    with aibom.fetched(world.reference, **options(world, to=world.target)) as path:
        digest = hash_path(path).digest
    with aibom.fetched(world.reference, **options(world, to=world.target)) as again:
        assert hash_path(again).digest == digest
    assert world.there() == ["fine", "fine.fetched.json", "fine.verdict.json"]


def test_the_key_may_be_a_signer(world):
    signer = world.signer("import")
    with aibom.fetched(world.reference, **options(world, key=signer)) as path:
        assert world.gate(path).exit_code == 0


def test_what_is_locked_is_fetched_by_its_branch(world):
    reference = Reference.parse("hf:acme/fine")
    lock = world.folder / "aibom.lock"
    source = world.source()
    entry = take(source, source.resolve(reference))
    lock.write_bytes(render(ArtifactLock({str(reference): entry})))
    world.publish({"config.json": b"{}"})
    with aibom.fetched(str(reference), **options(world, lock=lock)) as path:
        assert (path / "config.json").read_bytes() == FILES["config.json"]


def no(world):
    world.policy("license", "format", more="")
    return {"reference": world.publish({"README.md": b"---\nlicense: gpl-3.0\n---\n"})}


def no_bytes(world):
    return {"reference": world.publish({"config.json": b"\x80\x04."})}


def not_in_the_lock(world):
    path = world.folder / "aibom.lock"
    path.write_text('{"apiVersion": "aibom/artifact-lock/v1", "artifacts": {}}')
    return {"lock": path}


#: name → what is asked for in the world, the reason, the exit code
REFUSED = {
    "denied": (no, "licence-not-allowed", 10),
    "denied-by-its-bytes": (no_bytes, "format-not-allowed", 10),
    "floating": (lambda w: {"reference": "hf:acme/fine"}, "revision-floating", 2),
    "nobody-signs": (lambda w: {"key": None}, "signature-absent", 11),
    "no-lock": (lambda w: {"lock": w.folder / "none.lock"}, "not-locked", 2),
    "not-in-the-lock": (not_in_the_lock, "not-locked", 2),
    "no-such-thing": (
        lambda w: {"reference": f"hf:acme/other@{w.commit}"},
        "source-missing-or-private",
        1,
    ),
}


@pytest.mark.parametrize(("ask", "reason", "code"), REFUSED.values(), ids=REFUSED)
def test_the_block_is_not_entered(world, ask, reason, code):
    asked = {"reference": world.reference, **ask(world)}
    with (
        pytest.raises(AibomError) as caught,
        aibom.fetched(asked.pop("reference"), **options(world, **asked)),
    ):
        pytest.fail("entered")
    assert (caught.value.reason, caught.value.exit_code) == (reason, code)
    assert caught.value.hint
    assert world.there() == []


def test_the_verdict_is_in_the_error(world):
    with (
        pytest.raises(Denied) as caught,
        aibom.fetched(no(world)["reference"], **options(world)),
    ):
        pytest.fail("entered")
    assert [result.rule for result in caught.value.verdict.blocking] == ["bad-terms"]


def test_an_error_in_the_block_goes_through_and_leaves_nothing(world):
    with (
        pytest.raises(KeyError),
        aibom.fetched(world.reference, **options(world)) as path,
    ):
        raise KeyError("mine")
    assert not os.path.lexists(path)
