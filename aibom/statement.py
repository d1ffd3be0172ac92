"""in-toto Statements as frozen values, and the one way we turn them into bytes.

Follows in-toto attestation Statement v1 and ResourceDescriptor v1. A statement that we
write is JSON with sorted keys and no white space, so that the same statement is always
the same bytes; a statement that we read keeps its bytes, and its identity is the
SHA-256 of those (:attr:`Statement.payload_digest`).

This module does not sign, does not check a signature, and does not say whether a
statement is true. It imports the standard library only, so that :mod:`aibom.recording`
can live in any training environment.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aibom.digest import Digest
from aibom.errors import DocumentInvalid

__all__ = [
    "ANSWERS_V1",
    "APPROVAL_V1",
    "AUDIT_V1",
    "BASE_URI",
    "CYCLONEDX_BOM",
    "DOCUMENT_V1",
    "FORM",
    "MAX_DEPTH",
    "MAX_STATEMENT_BYTES",
    "OMS_V1",
    "PAYLOAD_TYPE",
    "PROVENANCE_V1",
    "REFERENCE_V01",
    "STATEMENT_V1",
    "STEP_BUILD_TYPE",
    "SUMMARY_V1",
    "WAIVERS_V1",
    "Resource",
    "Statement",
    "parse_json",
    "to_json",
]

#: Base of our schema ids and predicate types, named here and nowhere else.
BASE_URI = "https://w3id.org/aibom/"
STATEMENT_V1 = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PROVENANCE_V1 = "https://slsa.dev/provenance/v1"
REFERENCE_V01 = "https://in-toto.io/attestation/reference/v0.1"
AUDIT_V1 = BASE_URI + "audit/v1"
#: Somebody's yes to exact bytes, with an end.
APPROVAL_V1 = BASE_URI + "approval/v1"
#: What a supplier answered, and a document that somebody sent: claims, for reports.
ANSWERS_V1 = BASE_URI + "supplier-answers/v1"
DOCUMENT_V1 = BASE_URI + "document/v1"
#: The BOM itself as predicate, for those who want it in the log (in-toto, unversioned).
CYCLONEDX_BOM = "https://cyclonedx.org/bom"
#: A verifier's exceptions: the subject is the file, the predicate is empty.
WAIVERS_V1 = BASE_URI + "waivers/v1"
#: A SLSA Verification Summary: somebody's verdict about an artifact.
SUMMARY_V1 = "https://slsa.dev/verification_summary/v1"
#: OpenSSF Model Signing.
OMS_V1 = "https://model_signing/signature/v1.0"
STEP_BUILD_TYPE = BASE_URI + "step/v1"

#: A statement names digests, not contents; one beyond this is refused unread.
MAX_STATEMENT_BYTES = 16 * 1024 * 1024

#: Levels of arrays and objects; far below where a recursive reader runs out of stack.
MAX_DEPTH = 200

#: The annotation that says what a ``sha256`` is the digest of: ``tree`` for a folder.
FORM = "aibom:form"

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def to_json(document: Any) -> bytes:
    """Deterministic JSON: sorted keys, no white space, UTF-8 as it is."""
    return json.dumps(
        document,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode("utf-8")


def parse_json(data: bytes, where: str, *, limit: int = MAX_STATEMENT_BYTES) -> Any:
    """Parse a small JSON document, refusing what two readers could read differently.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``document-too-large`` beyond
    ``limit`` bytes, ``document-too-deep`` beyond :data:`MAX_DEPTH` levels,
    ``duplicate-key``, and ``document-unreadable`` for what is not JSON in UTF-8: NaN,
    numbers beyond a double and lone surrogates included.
    """
    if len(data) > limit:
        raise DocumentInvalid(
            f"{len(data):,} bytes, over the limit of {limit:,}",
            reason="document-too-large",
            where=where,
        )
    try:
        return _parsed(data)
    except _Refused as refused:
        raise DocumentInvalid(
            str(refused), reason=refused.reason, where=where
        ) from None
    except ValueError as error:
        raise DocumentInvalid(
            f"not JSON: {error}",
            reason="document-unreadable",
            where=where,
            hint="name the JSON file that is meant; if it is this one, get it again",
        ) from None


def _parsed(data: bytes) -> Any:
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except RecursionError:
        raise _too_deep() from None
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        level = [value for item in level for value in _nested_in(item)]
        if not level:
            break
    else:
        raise _too_deep()
    if _SURROGATE.search(data):
        to_json(document)  # only a lone one cannot be written
    return document


def _nested_in(value: Any) -> list[Any]:
    """The arrays and objects that are members of a value."""
    if not isinstance(value, (dict, list)):
        return []
    members = value.values() if isinstance(value, dict) else value
    return [member for member in members if isinstance(member, (dict, list))]


class _Refused(ValueError):
    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(
                    f"the key {key!r} stands twice in one object", "duplicate-key"
                )
            seen.add(key)
    return result


def _too_deep() -> _Refused:
    return _Refused(f"nested deeper than {MAX_DEPTH} levels", "document-too-deep")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused(f"{text[:40]} is beyond a double", "document-unreadable")
    return value


def _no_constant(text: str) -> Any:
    raise _Refused(f"{text} is not a JSON number", "document-unreadable")


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing named in a statement, as subject or input: ResourceDescriptor v1.

    ``digest`` maps algorithm to lower-case hex. ``annotations`` are ours, prefixed
    ``aibom:``; ``aibom:form`` is ``tree`` where ``sha256`` is that of a folder's
    manifest.
    """

    name: str | None = None
    digest: Mapping[str, str] = field(default_factory=dict)
    uri: str | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> Digest | None:
        """The content digest: ``dirHash`` or annotated ``sha256`` is that of a tree."""
        tree = self.digest.get("dirHash") or self.digest.get("dirHash1")
        if tree:
            return Digest("tree", tree)
        value = self.digest.get("sha256")
        if not value:
            return None
        return Digest("tree" if self.annotations.get(FORM) == "tree" else "file", value)

    def to_document(self) -> dict[str, Any]:
        """The JSON form, with absent members left out."""
        document: dict[str, Any] = {}
        if self.name is not None:
            document["name"] = self.name
        if self.uri is not None:
            document["uri"] = self.uri
        if self.digest:
            document["digest"] = dict(self.digest)
        if self.annotations:
            document["annotations"] = dict(self.annotations)
        return document

    @classmethod
    def from_document(cls, document: Any, where: str) -> Resource:
        """Read a ResourceDescriptor; raises ``DocumentInvalid`` for a wrong shape."""
        mapping = _mapping(document, where)
        digest = _mapping(mapping.get("digest", {}), f"{where}/digest")
        for algorithm, value in digest.items():
            if not isinstance(value, str):
                raise DocumentInvalid(
                    "a digest is a text", where=f"{where}/digest/{algorithm}"
                )
            if algorithm in ("sha256", "dirHash", "dirHash1"):
                Digest("file", value, where=where)
        for key in ("name", "uri"):
            if not isinstance(mapping.get(key, ""), str):
                raise DocumentInvalid("must be a text", where=f"{where}/{key}")
        return cls(
            name=mapping.get("name"),
            uri=mapping.get("uri"),
            digest=dict(digest),
            annotations=dict(
                _mapping(mapping.get("annotations", {}), f"{where}/annotations")
            ),
        )

    @classmethod
    def subject(cls, name: str, digest: Digest, **annotations: Any) -> Resource:
        """A subject: ``sha256`` and our form, as Sigstore refuses ``dirHash`` here."""
        notes = dict(annotations)
        if digest.form == "tree":
            notes[FORM] = "tree"
        return cls(name=name, digest={"sha256": digest.value}, annotations=notes)

    @classmethod
    def dependency(
        cls,
        name: str | None,
        digest: Digest,
        uri: str | None = None,
        **annotations: Any,
    ) -> Resource:
        """An input of a step: ``dirHash`` for a folder, ``sha256`` for a file."""
        algorithm = "dirHash" if digest.form == "tree" else "sha256"
        return cls(
            name=name,
            uri=uri,
            digest={algorithm: digest.value},
            annotations=annotations,
        )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DocumentInvalid("must be an object", where=where)
    return value


@dataclass(frozen=True, slots=True)
class Statement:
    """An in-toto Statement v1: subjects, a predicate type, and what is said of them.

    ``payload`` holds the exact bytes a signature covers. Build one with :meth:`build`,
    read one with :meth:`parse`; both guarantee that ``payload`` says what the fields
    say.
    """

    subjects: tuple[Resource, ...]
    predicate_type: str
    predicate: Mapping[str, Any]
    payload: bytes = field(repr=False)

    @property
    def payload_digest(self) -> str:
        """SHA-256 of the payload, lower-case hex; the identity of a step record."""
        return hashlib.sha256(self.payload).hexdigest()

    @classmethod
    def build(
        cls,
        subjects: Iterable[Resource],
        predicate_type: str,
        predicate: Mapping[str, Any],
    ) -> Statement:
        """Make a statement and its bytes; needs at least one subject."""
        listed = tuple(subjects)
        if not listed:
            raise ValueError("a statement needs a subject")
        document = {
            "_type": STATEMENT_V1,
            "subject": [subject.to_document() for subject in listed],
            "predicateType": predicate_type,
            "predicate": dict(predicate),
        }
        return cls(listed, predicate_type, dict(predicate), to_json(document))

    @classmethod
    def parse(cls, payload: bytes, where: str) -> Statement:
        """Read the bytes of a statement, keeping them.

        Raises :class:`~aibom.errors.DocumentInvalid` when the bytes are not a Statement
        v1 with at least one subject, each with a digest that could be one: a reason of
        :func:`parse_json`, ``statement-type-unsupported``, ``subject-missing``,
        ``subject-undigested``, ``digest-malformed`` or ``document-invalid``.
        """
        document = _mapping(parse_json(payload, where), where)
        if document.get("_type") != STATEMENT_V1:
            raise DocumentInvalid(
                f"_type is {document.get('_type')!r}, not {STATEMENT_V1}",
                reason="statement-type-unsupported",
                where=where,
            )
        listed = document.get("subject")
        if not isinstance(listed, list) or not listed:
            raise DocumentInvalid("no subject", reason="subject-missing", where=where)
        subjects = tuple(
            Resource.from_document(item, f"{where}#/subject/{index}")
            for index, item in enumerate(listed)
        )
        if not all(subject.digest for subject in subjects):
            raise DocumentInvalid(
                "a subject has no digest", reason="subject-undigested", where=where
            )
        predicate_type = document.get("predicateType")
        if not isinstance(predicate_type, str) or not predicate_type:
            raise DocumentInvalid("no predicateType", where=where)
        predicate = document.get("predicate", {})
        return cls(
            subjects,
            predicate_type,
            dict(_mapping(predicate, f"{where}#/predicate")),
            payload,
        )
