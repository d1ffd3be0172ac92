"""What our kinds, relations and roles are called in SPDX 3.0.1, and how ids are made.

Pure tables and small values; nothing here knows the bindings. The sources are the
classes and the vocabulary of https://spdx.github.io/spdx-spec/v3.0.1/.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from aibom.lineage.nodes import Kind
from aibom.statement import BASE_URI

__all__ = [
    "CONTEXT",
    "CREATION_INFO",
    "HASHES",
    "NO_ASSERTION",
    "NO_ASSERTION_LICENSE",
    "PURPOSES",
    "SPEC_VERSION",
    "TYPES",
    "Ids",
    "Pairs",
    "element",
    "extension",
    "hash_of",
    "sha256_hash",
]

SPEC_VERSION = "3.0.1"
CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"

#: The blank node of the one CreationInfo that all elements share.
CREATION_INFO = "_:creationinfo"

#: Individuals of the model: "a set of elements of unknown identity or number", and
#: the licence of which nothing is said.
NO_ASSERTION = "NoAssertionElement"
NO_ASSERTION_LICENSE = "expandedlicensing_NoAssertionLicense"

#: Classes by kind; what is not here is a ``software_Package``. SPDX 3.0.1 has neither
#: services nor systems, and whether a system is made with AI is not for us to say.
TYPES = {
    Kind.MODEL: "ai_AIPackage",
    Kind.DATASET: "dataset_DatasetPackage",
}
#: ``primaryPurpose`` by kind. Code has none: a BOM of somebody else calls libraries,
#: frameworks and firmware alike, and all of them are code here.
PURPOSES = {
    Kind.MODEL: "model",
    Kind.DATASET: "data",
    Kind.GUIDELINE: "documentation",
    Kind.REPORT: "evidence",
    Kind.SYSTEM: "application",
}

#: ``HashAlgorithm`` by the names of CycloneDX. It has no Streebog, and ``other`` would
#: be a value that nobody can recompute.
HASHES = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
    "SHA3-256": "sha3_256",
    "SHA3-384": "sha3_384",
    "SHA3-512": "sha3_512",
    "BLAKE2b-256": "blake2b256",
    "BLAKE2b-384": "blake2b384",
    "BLAKE2b-512": "blake2b512",
    "BLAKE3": "blake3",
}

#: Names and values of CycloneDX properties, which SPDX has an extension class for.
Pairs = list[tuple[str, str]]

_SAFE = ":-._~"


class Ids:
    """The IRIs of one document: a namespace of its own, and a fragment for each thing.

    The namespace is a function of ``seed``, so that the same input and time give the
    same ids, and two documents never call two different things by one.
    """

    def __init__(self, seed: str) -> None:
        digest = hashlib.sha256(seed.encode("utf-8")).hexdigest()[:32]
        self.namespace = f"{BASE_URI}spdx/{digest}"

    def of(self, name: str) -> str:
        """The IRI of a node or other thing, whatever characters its name is made of."""
        return f"{self.namespace}#{quote(name, safe=_SAFE)}"

    def hashed(self, kind: str, *parts: str) -> str:
        """The IRI of something that is known by its parts and has no name."""
        text = "\0".join(parts).encode("utf-8")
        return self.of(f"{kind}:{hashlib.sha256(text).hexdigest()[:32]}")


def element(kind: str, iri: str, **members: Any) -> dict[str, Any]:
    """One element with the CreationInfo that all of them share."""
    return {"type": kind, "spdxId": iri, "creationInfo": CREATION_INFO, **members}


def sha256_hash(value: str) -> dict[str, Any]:
    """A ``Hash``, which is what ``verifiedUsing`` takes."""
    return {"type": "Hash", "algorithm": "sha256", "hashValue": value}


def hash_of(algorithm: str, value: str) -> dict[str, Any]:
    """A ``Hash`` of one of :data:`HASHES`."""
    return {"type": "Hash", "algorithm": HASHES[algorithm], "hashValue": value}


def extension(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The member that holds name-value pairs, empty where there are none.

    SPDX has ``CdxPropertiesExtension`` for CycloneDX properties; ours keep the names
    that they have in the BOM profile.
    """
    entries = [
        {
            "type": "extension_CdxPropertyEntry",
            "extension_cdxPropName": name,
            "extension_cdxPropValue": value,
        }
        for name, value in pairs
    ]
    if not entries:
        return {}
    return {
        "extension": [
            {
                "type": "extension_CdxPropertiesExtension",
                "extension_cdxProperty": entries,
            }
        ]
    }
