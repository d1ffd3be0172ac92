"""Record manifests and proofs as JSON: ``manifest-1.json``, ``manifest-proof-1.json``.

What is read is hostile until it agrees with itself: the pages give the root, and are as
many as the records need.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from aibom.catalogers.records import FORMATS, PAGE_RECORDS, Manifest, Page
from aibom.digest import Digest
from aibom.errors import DocumentInvalid
from aibom.merkle import MerkleTree, leaf_hash, root_of_proof
from aibom.reading import Reader

__all__ = [
    "Proof",
    "manifest_document",
    "proof_document",
    "read_manifest",
    "read_proof",
]

MANIFEST_API = "aibom/manifest/v1"
PROOF_API = "aibom/manifest-proof/v1"

_HEX = re.compile(r"[0-9a-f]{64}")
#: More siblings than a tree of 2^64 records has.
_MAX_PATH = 64
_WRITTEN = "name what aibom manifest wrote, or write it again: aibom manifest DATA"


@dataclass(frozen=True, slots=True)
class Proof:
    """That one record is at ``index`` among ``count``, under a root.

    ``path`` has the siblings from the record up. It shows nothing of other records but
    hashes, which hide only what cannot be guessed.
    """

    digest: str
    root: str
    count: int
    index: int
    path: tuple[str, ...]

    def holds(self, record: bytes) -> bool:
        """Whether these bytes are the record that is proved."""
        siblings = [bytes.fromhex(text) for text in self.path]
        found = root_of_proof(self.index, self.count, leaf_hash(record), siblings)
        return found is not None and found.hex() == self.root


def manifest_document(manifest: Manifest) -> dict[str, Any]:
    """The manifest as it is written; the same manifest, the same document."""
    document = {
        "apiVersion": MANIFEST_API,
        "format": manifest.format,
        "digest": str(manifest.dataset),
        "records": manifest.count,
        "root": manifest.root,
        "pageRecords": manifest.page_records,
        "pages": [[page.offset, page.hash] for page in manifest.pages],
    }
    return document | ({"header": manifest.header} if manifest.header else {})


def read_manifest(data: bytes, where: str) -> Manifest:
    """Read a manifest.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``manifest-malformed``,
    ``manifest-inconsistent``, ``digest-malformed``.
    """
    top = _top(data, where, MANIFEST_API)
    format_ = top.choice("format", FORMATS)
    digest, root = top.text("digest"), _hex(top, "root")
    count, size = top.integer("records"), top.integer("pageRecords")
    if size != PAGE_RECORDS:
        top.problem(f"must be {PAGE_RECORDS}", "pageRecords")
    header = _hex(top, "header") if top.has("header") else None
    pages = _pages(top)
    top.finish(DocumentInvalid, "manifest-malformed", hint=_WRITTEN)
    parsed = Digest.parse(digest, where)
    manifest = Manifest(format_, parsed.value, count, root, pages, header)
    if parsed != manifest.dataset or not _agrees(manifest):
        raise DocumentInvalid(
            "its pages do not give its root, or are not as many as its records need",
            reason="manifest-inconsistent",
            where=where,
            hint="make it again from the data: aibom manifest DATA",
        )
    return manifest


def proof_document(proof: Proof) -> dict[str, Any]:
    """The proof as it is written."""
    return {
        "apiVersion": PROOF_API,
        "digest": proof.digest,
        "root": proof.root,
        "records": proof.count,
        "index": proof.index,
        "path": list(proof.path),
    }


def read_proof(data: bytes, where: str) -> Proof:
    """Read a proof; whether it holds is :meth:`Proof.holds`.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``manifest-malformed``.
    """
    top = _top(data, where, PROOF_API)
    digest, root = top.text("digest"), _hex(top, "root")
    count, index = top.integer("records"), top.integer("index")
    path = top.texts("path")
    if path is not None and (
        len(path) > _MAX_PATH or not all(_HEX.fullmatch(text) for text in path)
    ):
        top.problem(f"must be at most {_MAX_PATH} SHA-256", "path")
    top.finish(DocumentInvalid, "manifest-malformed", hint=_WRITTEN)
    return Proof(digest, root, count, index, path)


def _top(data: bytes, where: str, version: str) -> Reader:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DocumentInvalid(
            f"not JSON: {error}",
            reason="manifest-malformed",
            where=where,
            hint=_WRITTEN,
        ) from None
    top = Reader(value, where)
    top.choice("apiVersion", (version,))
    return top


def _hex(top: Reader, key: str) -> Any:
    value = top.text(key)
    if isinstance(value, str) and not _HEX.fullmatch(value):
        top.problem("must be a SHA-256 in lower-case hex", key)
    return value


def _pages(top: Reader) -> tuple[Page, ...]:
    listed = top.raw("pages")
    if not isinstance(listed, list):
        top.problem("must be a list", "pages")
        return ()
    found = []
    for number, item in enumerate(listed):
        page = _page(item)
        if page is None:
            top.problem("must be [offset, SHA-256]", f"pages[{number}]")
            break
        found.append(page)
    return tuple(found)


def _page(item: Any) -> Page | None:
    match item:
        case [int(offset), str(value)]:
            is_number = not isinstance(offset, bool) and offset >= 0
            return Page(offset, value) if is_number and _HEX.fullmatch(value) else None
    return None


def _agrees(manifest: Manifest) -> bool:
    tree = MerkleTree()
    for page in manifest.pages:
        tree.append_hash(bytes.fromhex(page.hash))
    offsets = [page.offset for page in manifest.pages]
    return (
        manifest.count > 0
        and len(manifest.pages) == -(-manifest.count // manifest.page_records)
        and offsets == _expected(manifest, offsets)
        and (manifest.header is not None or manifest.format != "parquet")
        and tree.root().hex() == manifest.root
    )


def _expected(manifest: Manifest, offsets: list[int]) -> list[int]:
    """Where the pages begin: rows are counted, and of bytes is known that they grow."""
    if manifest.format in ("files", "parquet"):
        return [number * manifest.page_records for number in range(len(offsets))]
    return sorted(set(offsets))
