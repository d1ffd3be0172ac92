"""The bundles that the reference tool made, and small OMS statements of our own.

Where the bundles come from is told in ``data/oms/README.md``.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from aibom.attest.bundle import Bundle, parse_bundle
from aibom.attest.keys import PublicKey, load_public
from aibom.statement import OMS_V1, Resource, Statement

DATA = Path(__file__).resolve().parent / "data" / "oms"
MODEL = DATA / "model"
VERSIONS = ("0.3.1", "1.0.0", "1.0.1", "1.1.1")


def oms_key(name: str = "p256") -> PublicKey:
    """One of the public keys that the bundles were made with."""
    return load_public((DATA / "keys" / f"{name}.pub").read_text(), name)


def vector(version: str, name: str) -> Bundle:
    """A bundle of the reference tool, parsed."""
    path = DATA / version / f"{name}.sig"
    return parse_bundle(path.read_bytes(), path.name)


def copy_of_the_model(folder: Path) -> Path:
    """The model that the bundles sign, in a place where it may be changed."""
    return Path(shutil.copytree(MODEL, folder / "model"))


def hex_of(data: bytes | str, hash_type: str = "sha256") -> str:
    """The hex digest of bytes, or of a text in UTF-8."""
    raw = data.encode() if isinstance(data, str) else data
    return hashlib.new(hash_type, raw).hexdigest()


def root_of(digests: list[str]) -> str:
    """The root digest as the specification says it."""
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()


def predicate_of(files: dict[str, str], **serialization: Any) -> dict[str, Any]:
    """An OMS predicate over names and contents; keywords change the serialization."""
    form = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
    form |= serialization
    hash_type = form["hash_type"]
    return {
        "serialization": form,
        "resources": [
            {"name": name, "algorithm": hash_type, "digest": hex_of(text, hash_type)}
            for name, text in files.items()
        ],
    }


def statement_of(predicate: dict[str, Any], root: str | None = None) -> Statement:
    """A statement over a predicate; without a root, with the right one."""
    listed = [entry["digest"] for entry in predicate["resources"]]
    subject = Resource(name="model", digest={"sha256": root or root_of(listed)})
    return Statement.build([subject], OMS_V1, predicate)
