"""Where bytes were taken from: package URLs, and patterns that are compared with them.

Sources are compared field by field after parsing a package URL, never as string
prefixes (``acme`` must not match ``acme-evil``). What allows is compared strictly, what
forbids is compared loosely: a look-alike must not become trusted, and a block must not
be escaped by writing a letter large.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aibom.reading import Reader

__all__ = ["Source", "SourceMatch", "parse_source", "read_match"]

#: Qualifiers of a package URL by which the bytes come from somewhere else.
_LOCATIONS = ("repository_url", "download_url", "vcs_url")
_PATTERN = re.compile(r"[*?\[]")
_TYPE = re.compile(r"[a-z][a-z0-9.-]*")


@dataclass(frozen=True, slots=True)
class Source:
    """A package URL, parsed: where bytes were taken from, at which revision.

    ``locations`` are the addresses by which qualifiers lead away from the registry
    that the type stands for, such as ``?repository_url=``.
    """

    text: str
    type: str
    namespace: str
    name: str
    revision: str | None
    locations: frozenset[str] = frozenset()


def parse_source(text: str) -> Source | None:
    """Parse a package URL; None when it is not one (so it matches nothing)."""
    from packageurl import PackageURL

    try:
        purl = PackageURL.from_string(text)
    except ValueError:
        return None
    return Source(
        text,
        purl.type,
        purl.namespace or "",
        purl.name,
        purl.version,
        frozenset(purl.qualifiers[key] for key in _LOCATIONS if key in purl.qualifiers),
    )


@dataclass(frozen=True, slots=True)
class SourceMatch:
    """A pattern over parsed fields.

    A field left out matches anything, with two exceptions: ``type`` may not be left
    out, and without ``repository_url`` only the type's own registry is matched.
    """

    type: str
    namespace: str | None
    name: str | None
    revision: str | None
    repository_url: str | None = None

    def matches(self, source: Source) -> bool:
        """Whether every field that is given equals the source's: for what allows."""
        wanted_at = {self.repository_url} if self.repository_url else frozenset()
        # Exactly: a mirror is not the public registry, in neither direction.
        return source.locations == wanted_at and all(
            wanted is None or wanted == found for wanted, found in self._pairs(source)
        )

    def may_mean(self, source: Source) -> bool:
        """Whether the source may be meant: for what forbids.

        Case does not count, nor does a slash at the end of an address.
        """
        if self.repository_url:
            found = {_loosely(location) for location in source.locations}
            if _loosely(self.repository_url) not in found:
                return False
        return all(
            wanted is None or wanted.casefold() == (found or "").casefold()
            for wanted, found in self._pairs(source)
        )

    def _pairs(self, source: Source) -> tuple[tuple[str | None, str | None], ...]:
        return (
            (self.type, source.type),
            (self.namespace, source.namespace),
            (self.name, source.name),
            (self.revision, source.revision),
        )


def _loosely(address: str) -> str:
    return address.casefold().rstrip("/")


def read_match(reader: Reader) -> SourceMatch:
    """Read a pattern; problems go to the reader."""
    keys = ("type", "namespace", "name", "revision", "repository_url")
    fields = {
        key: reader.text(key, *((None,) if key != "type" else ())) for key in keys
    }
    reader.close()
    for key, value in fields.items():
        if value is not None and key != "repository_url" and _PATTERN.search(value):
            reader.problem(
                "patterns are not read; leave the field out to match anything", key
            )
    return _normalised(reader, fields)


def _normalised(reader: Reader, fields: Mapping[str, Any]) -> SourceMatch:
    """The pattern as a parsed source would read, or it would silently match nothing."""
    from packageurl import PackageURL

    match = SourceMatch(**fields)
    kind = fields["type"]
    if kind is None:
        return match
    if not _TYPE.fullmatch(kind):
        reader.problem(f"{kind!r} is not a purl type (lower-case)", "type")
        return match
    try:
        purl = PackageURL(kind, match.namespace, match.name or "any")
    except ValueError as error:
        reader.problem(f"no package URL could match: {error}")
        return match
    return replace(
        match,
        namespace=purl.namespace if match.namespace else None,
        name=purl.name if match.name else None,
    )
