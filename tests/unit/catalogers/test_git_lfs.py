"""Pointers say which bytes are elsewhere; a place with one has no digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers.git_lfs import FORMAT, Pointer, parse_pointer
from aibom.catalogers.place import Place
from aibom.digest import hash_path
from aibom.errors import InputError
from tests.catalog_world import put

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 12345\n"
EXTENDED = POINTER.replace(
    "oid ", f"ext-0-foo sha256:{'b' * 64}\next-1-bar sha256:{'c' * 64}\noid ", 1
)

GOOD = {
    "as git-lfs writes it": POINTER,
    "with extensions": EXTENDED,
    "without the last newline": POINTER[:-1],
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_pointers(text: str) -> None:
    assert parse_pointer(text.encode()) == Pointer(OID, 12345)


BAD = {
    "empty": "",
    "only a version": POINTER.splitlines()[0] + "\n",
    "no size": POINTER.replace("size 12345\n", ""),
    "a size that is none": POINTER.replace("12345", "-1"),
    "a size of many digits": POINTER.replace("12345", "1" * 40),
    "a size with zeros": POINTER.replace("12345", "012"),
    "capitals": POINTER.replace(OID, OID.upper()),
    "a short digest": POINTER.replace(OID, OID[:-1]),
    "another algorithm": POINTER.replace("sha256", "md5"),
    "another version": POINTER.replace("v1", "v2"),
    "version last": "\n".join(POINTER.splitlines()[::-1]),
    "size twice": POINTER + "size 1\n",
    "another key": POINTER + "extra 1\n",
    "a line without value": POINTER + "extra\n",
    "carriage returns": POINTER.replace("\n", "\r\n"),
    "an empty line": POINTER + "\n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_malformed_pointers(text: str) -> None:
    found = parse_pointer(text.encode())
    assert (found.sha256, found.size) == (None, None)
    assert found.defect


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert parse_pointer(data).defect
    assert parse_pointer(POINTER.encode()[:-2] + b"\xff" + data).defect


FILES = {"a/w.safetensors": POINTER, "a/config.json": "{}", "b/x.txt": "x", "y": "y"}


def test_a_place_with_a_pointer_is_not_whole(tmp_path: Path) -> None:
    place = Place.of(put(tmp_path, FILES), pointers=True)
    assert place.names == ("a/config.json", "b/x.txt", "y")
    assert dict(place.pointers) == {"a/w.safetensors": Pointer(OID, 12345)}
    assert place.formats["a/w.safetensors"] == FORMAT
    assert not place.has("a/w.safetensors")
    assert [place.is_whole(folder) for folder in ("", "a", "b")] == [False, False, True]
    for asked in (lambda: place.content, lambda: place.folder("a")):
        with pytest.raises(InputError) as caught:
            asked()
        assert caught.value.reason == "git-lfs-pointer"
    assert place.folder("b").digest == hash_path(tmp_path / "b").digest
    assert [file.path for file in place.files_under("a")] == ["config.json"]
    place.require_unchanged()


def test_a_place_without_one_is_as_ever(tmp_path: Path) -> None:
    put(tmp_path, {"a/x": "x", "y": "y"})
    place = Place.of(tmp_path, pointers=True)
    assert place == Place.of(tmp_path)
    assert place.content == hash_path(tmp_path)
    assert place.is_whole()


def test_pointers_are_refused_unless_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Place.of(put(tmp_path, FILES))
    assert caught.value.reason == "git-lfs-pointer"


def test_a_single_pointer(tmp_path: Path) -> None:
    put(tmp_path, FILES)
    place = Place.of(tmp_path / "a/w.safetensors", pointers=True)
    assert place.names == ()
    assert set(place.pointers) == {"w.safetensors"}
    assert not place.is_whole()


def test_what_the_digest_would_be(tmp_path: Path) -> None:
    weights = b"weights"
    oid = hashlib.sha256(weights).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 7\n"
    before = put(tmp_path / "before", {**FILES, "a/w.safetensors": pointer})
    after = put(tmp_path / "after", {**FILES, "a/w.safetensors": weights})
    for below in ("", "a", "b"):
        expected = hash_path(after / below).digest
        assert Place.of(before, pointers=True).claimed_digest(below) == expected
        assert Place.of(after).claimed_digest(below) == expected
    file = "a/w.safetensors"
    single = Place.of(before / file, pointers=True)
    assert single.claimed_digest() == hash_path(after / file).digest


def test_a_malformed_pointer_claims_no_digest(tmp_path: Path) -> None:
    put(tmp_path, {**FILES, "a/w.safetensors": POINTER.splitlines()[0] + "\n"})
    place = Place.of(tmp_path, pointers=True)
    assert [place.claimed_digest(f) is None for f in ("", "a", "b")] == [
        True,
        True,
        False,
    ]
    assert (
        Place.of(tmp_path / "a/w.safetensors", pointers=True).claimed_digest() is None
    )
