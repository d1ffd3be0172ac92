"""Every file that may hold a pickle gets a verdict; what is opaque is unknown."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aibom.catalogers.places import pickle_files
from aibom.catalogers.places.pickle_files import CATALOGER
from tests.catalog_world import Read, read

STATE = pickle.dumps(OrderedDict(a=[1.0, 2.0]), 2)
EVIL = b"\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R."
EVIL_TEXT = b"cos\nsystem\n(Vid\ntR."
PADDED = b"(lp0\n" + b"Vx\np1\na" * 20_000 + b"0" + EVIL_TEXT


def zipped(members: dict[str, bytes], **how: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how.get("method", zipfile.ZIP_STORED)) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def torch_zip(pkl: bytes = STATE, **more: bytes) -> bytes:
    members = {"archive/data.pkl": pkl, "archive/data/0": bytes(16), **more}
    return zipped({**members, "archive/version": b"3\n"})


def npy(descr: str, rest: bytes) -> bytes:
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': (1,), }}\n".encode()
    return b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text + rest


def wrong_crc(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02") + 16
    return data[:at] + b"\1\2\3\4" + data[at + 4 :]


def flagged(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02") + 8
    return data[:at] + b"\1" + data[at + 1 :]


SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c\0\4" + bytes(40)

#: file name → bytes, verdict (None: nothing is said), codes
CASES: dict[str, tuple[str, bytes, str | None, set[str]]] = {
    "plain values": ("a.pkl", STATE, "safe", set()),
    "a call": ("a.pkl", EVIL, "dangerous", {"pickle-imports-dangerous"}),
    "a call under any name": (
        "notes.txt",
        EVIL,
        "dangerous",
        {"pickle-imports-dangerous"},
    ),
    "a text pickle": ("a", EVIL_TEXT, "dangerous", {"pickle-imports-dangerous"}),
    "a text pickle that shows late": (
        "a.pkl",
        PADDED,
        "dangerous",
        {"pickle-imports-dangerous"},
    ),
    "a class of somebody's": (
        "a.pkl",
        b"\x80\x02c__main__\nNet\n)\x81.",
        "unknown",
        {"pickle-imports-unknown"},
    ),
    "torch": ("model.pt", torch_zip(), "safe", set()),
    "torch, with a call": (
        "pytorch_model.bin",
        torch_zip(EVIL),
        "dangerous",
        {"pickle-imports-dangerous"},
    ),
    "a member that is not named like a pickle": (
        "model.pt",
        torch_zip(**{"archive/readme": EVIL}),
        "dangerous",
        {"pickle-imports-dangerous"},
    ),
    "a text pickle as a member, shown late": (
        "model.pt",
        torch_zip(**{"archive/readme": b"(" + b"Vx\n0" * 9000 + EVIL_TEXT}),
        "dangerous",
        {"pickle-imports-dangerous"},
    ),
    "a wrong checksum": (
        "model.pt",
        wrong_crc(torch_zip(EVIL)),
        "dangerous",
        {"archive-two-ways", "pickle-imports-dangerous"},
    ),
    "a flag bit": (
        "model.pt",
        flagged(torch_zip(EVIL)),
        "dangerous",
        {"archive-two-ways", "pickle-imports-dangerous"},
    ),
    "a wrong checksum, and harmless": (
        "model.pt",
        wrong_crc(torch_zip()),
        "unknown",
        {"archive-two-ways"},
    ),
    "a zip of another name": (
        "model.weights",
        torch_zip(EVIL),
        "dangerous",
        {"pickle-imports-dangerous"},
    ),
    "a zip in a zip": (
        "model.zip",
        zipped({"inner": torch_zip(EVIL)}),
        "unknown",
        # The end record of the inner one is seen as well.
        {"archive-not-read", "archive-two-ways"},
    ),
    "a zip of texts": ("data.zip", zipped({"a.txt": b"hello"}), None, set()),
    "a member that is named like a pickle": (
        "data.zip",
        zipped({"a.pkl": b"hello"}),
        "unknown",
        {"pickle-opaque"},
    ),
    "a zip that is cut": (
        "model.pt",
        torch_zip()[:-30],
        "unknown",
        {"archive-not-read"},
    ),
    "a zip behind a picture": (
        "a.png",
        b"\x89PNG\r\n\x1a\n" + torch_zip(EVIL),
        "dangerous",
        {"archive-two-ways", "pickle-imports-dangerous", "pickle-not-read"},
    ),
    "objects in numpy": (
        "a.npy",
        npy("|O", EVIL),
        "dangerous",
        {"pickle-imports-dangerous"},
    ),
    "objects in an archive of numpy's": (
        "a.npz",
        zipped({"a.npy": npy("|O", EVIL)}),
        "dangerous",
        {"pickle-imports-dangerous"},
    ),
    "numbers in numpy": ("a.npy", npy("<f4", bytes(4)), None, set()),
    "joblib, with a raw array": (
        "a.joblib",
        b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + bytes(16),
        "unknown",
        {"pickle-opaque", "pickle-imports-unknown"},
    ),
    "joblib, compressed": (
        "a.joblib",
        gzip.compress(EVIL, mtime=0),
        "unknown",
        {"pickle-not-read"},
    ),
    "gzip of a pickle": (
        "a.pkl.gz",
        gzip.compress(EVIL, mtime=0),
        "unknown",
        {"pickle-not-read"},
    ),
    "gzip of data": ("train.jsonl.gz", gzip.compress(b"{}", mtime=0), None, set()),
    "7z": ("model.bin.7z", SEVEN_ZIP, "unknown", {"pickle-not-read"}),
    "7z under torch's name": ("model.pt", SEVEN_ZIP, "unknown", {"pickle-opaque"}),
    "rubbish under a holder's name": (
        "model.bin",
        b"\xfe\xff\0\1" * 9,
        "unknown",
        {"pickle-not-read"},
    ),
    "text under a holder's name": ("readme.bin", b"hello\n", None, set()),
    "many names": (
        "a.pkl",
        b"\x80\x02" + b"".join(b"cm\nn%d\n0" % n for n in range(300)) + b"N.",
        "unknown",
        {"pickle-names-cut", "pickle-imports-unknown"},
    ),
}


def verdict(done: Read, name: str) -> str | None:
    said = {field: value for field, value, _ in done.said}
    return said.get(f"pickle-verdict.{name}")


@pytest.mark.parametrize(
    ("name", "data", "expected", "codes"), CASES.values(), ids=CASES
)
def test_verdicts(
    name: str, data: bytes, expected: str | None, codes: set[str], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {name: data})
    assert verdict(done, name) == expected
    assert done.codes == codes


def test_every_name_is_listed(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"m/model.pt": torch_zip(EVIL)})
    assert ("pickle-imports.m/model.pt", "os.system", "") in done.said
    assert done.kinds == {("model", True)}


def test_what_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped(
        {f"{n}.bin": bytes(2**20) for n in range(9)}, method=zipfile.ZIP_DEFLATED
    )
    assert verdict(read(CATALOGER, tmp_path / "a", {"m.npz": bomb}), "m.npz") is None
    monkeypatch.setattr(pickle_files, "_MAX_UNPACKED", 10_000)
    done = read(CATALOGER, tmp_path / "b", {"m.npz": bomb})
    assert (verdict(done, "m.npz"), done.codes) == ("unknown", {"archive-too-large"})


def test_a_pickle_longer_than_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickle_files, "_MAX_PICKLE", 8_000)
    long = b"\x80\x02" + b"N0" * 5_000 + b"N."
    done = read(CATALOGER, tmp_path, {"m.pt": torch_zip(long)})
    assert (verdict(done, "m.pt"), done.codes) == ("unknown", {"archive-too-large"})


def test_nothing_is_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    evil = b"cos\nmkdir\n(V" + os.fsencode(marker) + b"\ntR."
    files = {"a.pkl": evil, "m.pt": torch_zip(evil), "o.npy": npy("|O", evil)}
    done = read(CATALOGER, tmp_path / "place", files)
    assert {verdict(done, name) for name in files} == {"dangerous"}
    assert not marker.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([torch_zip(EVIL), EVIL, npy("|O", EVIL), PADDED[:200]]),
    st.integers(0, 500),
    st.binary(max_size=12),
    st.sampled_from(["a.pt", "a.npy", "a.bin", "a.x"]),
)
def test_damage_never_raises(
    tmp_path_factory: pytest.TempPathFactory,
    data: bytes,
    place: int,
    damage: bytes,
    name: str,
) -> None:
    changed = data[:place] + damage + data[place + len(damage) :]
    done = read(CATALOGER, tmp_path_factory.mktemp("p"), {name: changed or b"x"})
    assert verdict(done, name) in (None, "safe", "unknown", "dangerous")
