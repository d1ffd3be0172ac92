"""Sign: bind a BOM to the bytes it describes, or put a signature on a step record.

``sign_artifact`` hashes the bytes again first: what is signed is what is there now, and
a BOM that describes other bytes is refused. One pass over the bytes serves the BOM's
check, our statement and an OpenSSF model signature. Whatever fails, no signature is
left that was not there before.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from aibom.attest.bom_statement import bom_statement
from aibom.attest.keys import PrivateKey, generate, load_private
from aibom.attest.oms import emit
from aibom.attest.oms_bundle import require_oms_key
from aibom.attest.oms_manifest import is_plain_path
from aibom.attest.signing import CertificateSigner, KeySigner, StatementSigner
from aibom.bom.parse import read_bytes
from aibom.digest import Content, Progress, hash_path
from aibom.errors import InputError, UsageError
from aibom.lineage.nodes import Kind, Node
from aibom.listing import refused
from aibom.operations.describe import describe, require_describable
from aibom.operations.files import read_small, write_atomic
from aibom.operations.place import Place
from aibom.operations.records import BUNDLE_END, STATEMENT_END
from aibom.operations.validate import BomFile, load_bom
from aibom.statement import Statement, parse_json, to_json

__all__ = [
    "Description",
    "is_record",
    "key_pair_paths",
    "load_key",
    "make_key_pair",
    "sign_artifact",
    "sign_record",
]


@dataclass(frozen=True, slots=True)
class Description:
    """What the owner of the bytes calls them, where there is no BOM that says so."""

    name: str
    kind: Kind


def key_pair_paths(name: Path) -> tuple[Path, Path]:
    """``NAME.key`` and ``NAME.pub``; neither may be there yet (``file-exists``)."""
    private, public = Path(f"{name}.key"), Path(f"{name}.pub")
    for path in (private, public):
        if os.path.lexists(path):
            raise InputError(
                "is already there; a key is never overwritten",
                reason="file-exists",
                where=str(path),
                hint="give the new pair a name of its own",
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
            hint="name a folder where you may write",
        ) from error
    write_atomic(private, secret, mode=0o600, replace=False)
    write_atomic(public, shown, replace=False)
    return private, public


def load_key(path: Path, password: bytes | None) -> PrivateKey:
    """Load a private key from a file."""
    return load_private(read_small(path), password, str(path))


def sign_artifact(
    path: Path,
    signer: StatementSigner,
    progress: Progress | None = None,
    *,
    described: Description | None = None,
    inline: bool = False,
    oms: bool = False,
    content: Content | None = None,
) -> tuple[Path, ...]:
    """Sign the BOM of a folder or file; returns the signatures that were written.

    ``described`` has a BOM written that says no more than that, with the signatures and
    not before. ``inline`` puts the BOM into the statement, and so into a log; ``oms``
    also writes an OpenSSF model signature. ``content`` is what was hashed there a
    moment ago, if it was. Raises :class:`~aibom.errors.InputError`:
    ``digest-mismatch`` when the BOM describes other bytes than are there; with ``oms``,
    ``key-type-unsupported`` for a key that OMS does not know and ``name-unusable`` for
    a folder that it cannot name; and what the signer raises.
    """
    place = Place.of(path)
    if oms:
        _require_oms(path, signer)
    if described is not None:
        require_describable(place, described.name, described.kind)
    given = None if described is not None else _read_bom(place)
    signer.prepare()
    if content is None:
        content = hash_path(path, progress=progress)
    files = []
    if described is not None:
        given = describe(place, content, described.name, described.kind)
        files.append((place.bom, given))
    bom = load_bom(given or b"", str(place.bom))
    statement = _bom_statement(bom, given or b"", content, inline=inline)
    statements = [(place.bundle, statement)]
    if oms:
        statements.append((place.oms, emit(content, path.resolve().name)))
    # All are signed before any is written: half of them would be worse than none.
    signed = [(where, to_json(signer.sign(one.payload))) for where, one in statements]
    for where, written in (*files, *signed):
        write_atomic(where, written)
    return tuple(where for where, _ in signed)


def _require_oms(path: Path, signer: StatementSigner) -> None:
    """Refuse what would end as a signature that no OMS verifier takes."""
    name = path.resolve().name
    if not is_plain_path(name):
        raise refused("name-unusable", str(path), repr(name))
    if isinstance(signer, (KeySigner, CertificateSigner)):
        require_oms_key(signer.key.public, "--oms")


def _bom_statement(
    bom: BomFile, data: bytes, content: Content, *, inline: bool
) -> Statement:
    root = bom.graph.nodes[str(bom.graph.root)]
    _require_same(root, content, bom.where)
    # Parsed the way statements are, since that is how it will be compared.
    document = parse_json(data, bom.where, limit=len(data)) if inline else None
    return bom_statement(bom.digest, root, content, document)


def _read_bom(place: Place) -> bytes:
    try:
        return read_bytes(place.bom)
    except InputError as error:
        if error.reason != "path-missing":
            raise
        raise InputError(
            "there is no BOM to sign",
            reason="bom-missing",
            where=str(place.bom),
            hint="aibom assemble makes that of a recorded step; for data that is "
            "delivered as it is: aibom sign … --name NAMESPACE/NAME --kind dataset",
        ) from error


def _require_same(root: Node, content: Content, where: str) -> None:
    if root.digest != content.digest:
        raise InputError(
            f"the BOM describes {root.digest}, but what is there is {content.digest}",
            reason="digest-mismatch",
            where=where,
            hint="assemble the BOM again; if you did not change the folder, who did?",
        )
    if not root.values("name"):
        raise InputError(
            "the BOM's artifact has no name, so no namespace could allow its signer",
            reason="name-missing",
            where=where,
            hint="record the step with --output DIR,name=NAMESPACE/NAME",
        )


def is_record(path: Path) -> bool:
    """Whether a path is that of an unsigned step record or audit, by its name."""
    return path.name.endswith(STATEMENT_END) and not path.is_dir()


def sign_record(path: Path, signer: StatementSigner) -> Path:
    """Sign an unsigned step record or audit (``….statement.json``) beside it.

    Writes ``….sigstore.json`` over exactly the same payload and removes the unsigned
    file, so that one record stays one file.
    """
    if not is_record(path):
        raise UsageError(
            f"is not an unsigned statement (…{STATEMENT_END}), nor a folder with a BOM",
            reason="not-signable",
            where=str(path),
            hint="to sign its bytes: --name acme/models/reviews --kind model",
        )
    signer.prepare()
    payload = read_small(path)
    Statement.parse(payload, str(path))
    bundle = path.with_name(path.name.removesuffix(STATEMENT_END) + BUNDLE_END)
    write_atomic(bundle, to_json(signer.sign(payload)), replace=False)
    path.unlink()
    return bundle
