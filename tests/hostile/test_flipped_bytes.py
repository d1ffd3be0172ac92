"""One byte changed: in the artifact, in its BOM, in its bundle, in the evidence.

Every byte of the bundles is flipped in some bit, every few of the larger BOM. A flip
in what was signed, or in the bytes it was signed for, is never allowed. A flip in the
wrapping around a signature (a hint, the spare bits of base64) may be; then everything
that was established is what it was before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from worlds import World

from aibom.digest import BOM_NAME, BUNDLE_NAME, hash_path
from aibom.operations.verify import Verified
from aibom.verdict import Verdict

#: Bits of a byte: case of a letter, digit from letter, and out of ASCII.
BITS = (0x01, 0x20, 0x80)


def flips(path: Path, stride: int) -> Iterator[tuple[int, bytes]]:
    """Each position with the bytes of the file, one bit of that byte changed."""
    data = path.read_bytes()
    for place in range(0, len(data), stride):
        changed = bytearray(data)
        changed[place] ^= BITS[(place // stride) % len(BITS)]
        yield place, bytes(changed)


def allowed_flips(world: World, path: Path, stride: int) -> list[tuple[int, Verdict]]:
    """The flips after which the gate does not say 11; the file is put back."""
    original, found = path.read_bytes(), []
    try:
        for place, data in flips(path, stride):
            path.write_bytes(data)
            verdict = world.gate()
            if verdict.exit_code != 11:
                found.append((place, verdict))
    finally:
        path.write_bytes(original)
    return found


def established(verified: Verified) -> tuple[object, ...]:
    """What must be the same: payloads, signers, subjects, bytes."""
    items = [(i.id, i.subjects, i.signer, i.refusal) for i in verified.evidence.items]
    return verified.graph, verified.name, verified.signer, verified.boms, items


def test_any_byte_of_the_artifact(world: World) -> None:
    for file in hash_path(world.model).files:
        assert allowed_flips(world, world.model / file.path, 1) == []


def test_any_name_in_the_artifact(world: World) -> None:
    for file in hash_path(world.model).files:
        path = world.model / file.path
        other = path.with_name(path.name[:-1] + "_")
        path.rename(other)
        assert world.gate().exit_code == 11
        other.rename(path)


@pytest.mark.parametrize("place", ["model", "evidence/base"])
def test_any_byte_of_a_bom(world: World, place: str) -> None:
    path = world.root / place / BOM_NAME
    for _, data in flips(path, 29):
        path.write_bytes(data)
        assert world.gate().reason == "bom-digest-mismatch"


def bundles(world: World) -> list[Path]:
    return [world.bundle, *sorted(world.evidence.rglob("*.sigstore.json"))]


@pytest.mark.parametrize("number", range(7))
def test_any_byte_of_a_bundle(world: World, number: int) -> None:
    path = bundles(world)[number]
    before, original = established(world.verify()), path.read_bytes()
    stride = 2 if path == world.bundle else 5
    for place, data in flips(path, stride):
        path.write_bytes(data)
        verdict = world.gate()
        if verdict.exit_code == 0:
            assert established(world.verify()) == before, place
        else:
            assert verdict.blocking or verdict.reason, place
    path.write_bytes(original)


def test_there_are_as_many_bundles_as_are_flipped(world: World) -> None:
    assert len(bundles(world)) == 7
    assert bundles(world)[0].name == BUNDLE_NAME


def test_any_cut_of_a_bundle(world: World) -> None:
    data = world.bundle.read_bytes()
    for end in range(0, len(data), 40):
        world.bundle.write_bytes(data[:end])
        assert world.gate().exit_code == 11
