"""Values that a schema accepts and that cannot be right: digests, purls, times, places.

Each check looks at one object. None of them needs a clock: whether evidence has expired
by now is a question for a policy. Nothing is looked up: a purl is only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from aibom.bom.problem import Problem, shorten
from aibom.bom.walk import Site

__all__ = ["HEX_DIGITS", "VALUE_KEYS", "value_problems"]

#: Hex digits of a digest, by CycloneDX algorithm. BLAKE3 may be longer: its output has
#: no fixed length, and 256 bits are its default and its strength.
HEX_DIGITS: Mapping[str, frozenset[int]] = {
    "MD5": frozenset({32}),
    "SHA-1": frozenset({40}),
    "SHA-256": frozenset({64}),
    "SHA-384": frozenset({96}),
    "SHA-512": frozenset({128}),
    "SHA3-256": frozenset({64}),
    "SHA3-384": frozenset({96}),
    "SHA3-512": frozenset({128}),
    "BLAKE2b-256": frozenset({64}),
    "BLAKE2b-384": frozenset({96}),
    "BLAKE2b-512": frozenset({128}),
    "BLAKE3": frozenset({64, 96, 128}),
    "Streebog-256": frozenset({64}),
    "Streebog-512": frozenset({128}),
}

#: Pairs of members of one object of which the second cannot be the earlier one.
_EARLIER_LATER = (
    ("timeStart", "timeEnd"),
    ("created", "expires"),
    ("lastRenewal", "expiration"),
    ("notValidBefore", "notValidAfter"),
    ("firstIssued", "lastUpdated"),
    ("filingDate", "grantDate"),
)

_COMPONENT_OWNERS = frozenset(
    {"component", "components", "ancestors", "descendants", "variants"}
)
#: Members that only one type of component may have, with that type and the reason.
_BELONGS_TO = (
    ("modelCard", "machine-learning-model", "model-card-misplaced"),
    ("data", "data", "component-data-misplaced"),
)
_NOT_HEX = re.compile("[^0-9a-fA-F]")
_PURL_HEAD = re.compile("pkg:/*[A-Za-z._-][A-Za-z0-9._-]*/")

#: An object without any of these has nothing that is checked here.
VALUE_KEYS = frozenset(
    {"alg", "purl", "modelCard", "data", *(later for _, later in _EARLIER_LATER)}
)


def value_problems(site: Site) -> Iterator[Problem]:
    """The problems of one object.

    Reasons: ``digest-length``, ``digest-not-hex``, ``purl-malformed``, ``time-order``,
    ``model-card-misplaced``, ``component-data-misplaced``. Never raises, whatever the
    types: what is no text where one is expected is left to the schema.
    """
    members = site.members
    if "alg" in members:
        yield from _digest(site)
    if "purl" in members:
        yield from _purl(site)
    if site.owner in _COMPONENT_OWNERS:
        yield from _misplaced(site)
    for earlier, later in _EARLIER_LATER:
        if later in members:
            yield from _time_order(site, earlier, later)


def _digest(site: Site) -> Iterator[Problem]:
    algorithm, content = site.members["alg"], site.members.get("content")
    if not isinstance(algorithm, str) or not isinstance(content, str):
        return
    lengths = HEX_DIGITS.get(algorithm)
    if not lengths:
        return
    if len(content) not in lengths:
        message = (
            f"{algorithm} has {min(lengths)} hex digits, this has {len(content):,}"
        )
        yield Problem("references", "digest-length", site.pointer("content"), message)
    if _NOT_HEX.search(content):
        message = f"{shorten(content, 140)!r} is not written in hex digits"
        yield Problem("references", "digest-not-hex", site.pointer("content"), message)


def _purl(site: Site) -> Iterator[Problem]:
    purl = site.members["purl"]
    wrong = _wrong_with_purl(purl) if isinstance(purl, str) else None
    if wrong is not None:
        yield Problem(
            "references",
            "purl-malformed",
            site.pointer("purl"),
            f"{shorten(purl, 120)!r} is not a package URL: {shorten(wrong, 160)}",
            "pkg:<type>/<namespace>/<name>@<version>",
        )


def _wrong_with_purl(purl: str) -> str | None:
    from packageurl import PackageURL

    # Older versions of the library let any type pass.
    if not _PURL_HEAD.match(purl):
        return "it does not start with pkg: and a type"
    try:
        PackageURL.from_string(purl)
    except ValueError as error:
        return str(error)
    return None


def _misplaced(site: Site) -> Iterator[Problem]:
    kind = site.members.get("type")
    for key, right, reason in _BELONGS_TO:
        if key in site.members and kind != right and isinstance(kind, str):
            message = f"a component of type {shorten(kind, 40)!r} has no {key}"
            hint = f"only a component of type {right!r} may have it"
            yield Problem("references", reason, site.pointer(key), message, hint)


def _time_order(site: Site, earlier: str, later: str) -> Iterator[Problem]:
    start, end = _time(site.members.get(earlier)), _time(site.members.get(later))
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return
    if end < start:
        message = (
            f"{later} ({end.isoformat()}) is before {earlier} ({start.isoformat()})"
        )
        yield Problem("references", "time-order", site.pointer(later), message)


def _time(value: Any) -> datetime | None:
    """A date, or a date and time; ``None`` for the rest, a leap second included."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        return None
