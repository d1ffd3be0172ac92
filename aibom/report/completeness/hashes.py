"""Digests in ``hashes`` of a document: those that could be the digest of something."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aibom.report.completeness.places import at_path
from aibom.report.completeness.subject import Element

__all__ = ["hashes_of", "is_empty"]

#: CycloneDX 1.7, ``hash-alg`` → digits of a digest, and what computes one here.
_ALGORITHMS: Mapping[str, tuple[int, str]] = {
    "MD5": (32, "md5"),
    "SHA-1": (40, "sha1"),
    "SHA-256": (64, "sha256"),
    "SHA-384": (96, "sha384"),
    "SHA-512": (128, "sha512"),
    "SHA3-256": (64, "sha3_256"),
    "SHA3-384": (96, "sha3_384"),
    "SHA3-512": (128, "sha3_512"),
    "BLAKE2b-256": (64, ""),
    "BLAKE2b-384": (96, ""),
    "BLAKE2b-512": (128, "blake2b"),
    "BLAKE3": (64, ""),
    "Streebog-256": (64, ""),
    "Streebog-512": (128, ""),
}
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


def hashes_of(element: Element, algorithms: set[str] | None) -> Iterator[str]:
    """The digests of an element and of the files in it, in these algorithms or any.

    Left out is what no bytes have made: another length than the algorithm's, one digit
    over and over, and the digest of nothing at all.
    """
    for holder in (element, *at_path(element, "components[]")):
        for item in at_path(holder, "hashes[]"):
            if isinstance(item, dict) and _is_digest(item, algorithms):
                yield item["content"]


def is_empty(value: str, algorithm: str = "sha256") -> bool:
    """Whether it is the digest of no bytes, or one digit over and over."""
    if len(set(value)) < 2:
        return True
    computed = hashlib.new(algorithm, usedforsecurity=False) if algorithm else None
    return computed is not None and computed.hexdigest() == value


def _is_digest(item: dict[str, Any], algorithms: set[str] | None) -> bool:
    name, content = item.get("alg"), item.get("content")
    if not (isinstance(name, str) and isinstance(content, str)):
        return False
    if name not in _ALGORITHMS or (algorithms is not None and name not in algorithms):
        return False
    digits, computed = _ALGORITHMS[name]
    value = content.casefold()
    whole = len(value) == digits and _HEX.fullmatch(value) is not None
    return whole and not is_empty(value, computed)
