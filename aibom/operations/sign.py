"""Sign: bind a BOM to the bytes it describes, or put a signature on a step record.

``sign_artifact`` hashes the folder again first: what is signed is what is there now,
and a BOM that describes other bytes is refused.
"""

from __future__ import annotations

import os
from pathlib import Path

from aibom.attest.bom_statement import bom_statement
from aibom.attest.bundle import make_bundle
from aibom.attest.keys import PrivateKey, generate, load_private
from aibom.bom.parse import read_bytes
from aibom.digest import BOM_NAME, BUNDLE_NAME, Content, Progress, hash_path
from aibom.errors import InputError, UsageError
from aibom.lineage.nodes import Node
from aibom.operations.files import read_small, write_atomic
from aibom.operations.records import BUNDLE_END, STATEMENT_END
from aibom.operations.validate import load_bom
from aibom.statement import Statement, to_json

__all__ = [
    "key_pair_paths",
    "load_key",
    "make_key_pair",
    "sign_artifact",
    "sign_record",
]


def key_pair_paths(name: Path) -> tuple[Path, Path]:
    """``NAME.key`` and ``NAME.pub``; neither may be there yet (``file-exists``)."""
    private, public = Path(f"{name}.key"), Path(f"{name}.pub")
    for path in (private, public):
        if os.path.lexists(path):
            raise InputError(
                "is already there; a key is never overwritten",
                reason="file-exists",
                where=str(path),
            )
    return private, public


def make_key_pair(name: Path, kind: str, password: bytes | None) -> tuple[Path, Path]:
    """Write ``NAME.key`` (mode 600) and ``NAME.pub``; neither is ever overwritten.

    The folder they lie in is made (mode 700) if it is missing.
    """
    private, public = key_pair_paths(name)
    secret, shown = generate(kind, password)
    try:
        name.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot be made: {error.strerror}",
            reason="file-not-written",
            where=str(name.parent),
        ) from error
    write_atomic(private, secret, mode=0o600, replace=False)
    write_atomic(public, shown, replace=False)
    return private, public


def load_key(path: Path, password: bytes | None) -> PrivateKey:
    """Load a private key from a file."""
    return load_private(read_small(path), password, str(path))


def sign_artifact(
    folder: Path, key: PrivateKey, progress: Progress | None = None
) -> Path:
    """Sign ``folder/aibom.cdx.json``; returns the ``folder/aibom.sigstore.json`` made.

    Raises :class:`~aibom.errors.InputError` ``digest-mismatch`` when the BOM describes
    other bytes than those in the folder.
    """
    path = folder / BOM_NAME
    bom = load_bom(read_bytes(path), str(path))
    content = hash_path(folder, progress=progress)
    root = bom.graph.nodes[str(bom.graph.root)]
    _require_same(root, content, path)
    statement = bom_statement(bom.digest, root, content)
    bundle = folder / BUNDLE_NAME
    write_atomic(bundle, to_json(make_bundle(statement.payload, key)))
    return bundle


def _require_same(root: Node, content: Content, path: Path) -> None:
    if root.digest != content.digest:
        raise InputError(
            f"the BOM describes {root.digest}, but the folder is {content.digest}",
            reason="digest-mismatch",
            where=str(path),
            hint="assemble the BOM again; if you did not change the folder, who did?",
        )
    if not root.values("name"):
        raise InputError(
            "the BOM's artifact has no name, so no namespace could allow its signer",
            reason="name-missing",
            where=str(path),
            hint="record the step with --output DIR,name=NAMESPACE/NAME",
        )


def sign_record(path: Path, key: PrivateKey) -> Path:
    """Sign an unsigned step record or audit (``….statement.json``) beside it.

    Writes ``….sigstore.json`` over exactly the same payload and removes the unsigned
    file, so that one record stays one file.
    """
    if not path.name.endswith(STATEMENT_END):
        raise UsageError(
            f"is not an unsigned statement (…{STATEMENT_END}), nor a folder with a BOM",
            reason="not-signable",
            where=str(path),
        )
    payload = read_small(path)
    Statement.parse(payload, str(path))
    bundle = path.with_name(path.name.removesuffix(STATEMENT_END) + BUNDLE_END)
    write_atomic(bundle, to_json(make_bundle(payload, key)), replace=False)
    path.unlink()
    return bundle
