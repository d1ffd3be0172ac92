"""Names of certificates, and how long a trust root is relied on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from certificates import root

from aibom.attest.authority import ByCertificate, NamedTrustRoot, name_kind
from aibom.attest.chain import CertificateRoots
from aibom.attest.keyless_root import TrustRoot

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAYS = timedelta(days=180)
ROOTS = CertificateRoots.parse(root().pem, "ca.pem")

#: name → when it was compared, for how long that counts, whether it is stale now
AGES: dict[str, tuple[datetime | None, timedelta | None, bool]] = {
    "never-compared": (None, None, False),
    "compared-and-no-limit": (NOW - 10 * DAYS, None, False),
    "limit-and-never-compared": (None, DAYS, False),
    "fresh": (NOW, DAYS, False),
    "to-the-second": (NOW - DAYS, DAYS, False),
    "a-second-later": (NOW - DAYS - SECOND, DAYS, True),
    "compared-in-the-future": (NOW + DAYS, DAYS, False),
}


@pytest.mark.parametrize(("checked", "age", "stale"), AGES.values(), ids=AGES)
def test_until_when_a_trust_root_is_relied_on(
    checked: datetime | None, age: timedelta | None, stale: bool
) -> None:
    named = NamedTrustRoot(
        "public", TrustRoot.embedded(), embedded=True, checked_on=checked, max_age=age
    )
    assert named.is_stale(NOW) == stale


KINDS = {
    "https://acme.example/x": "uri",
    "spiffe://acme.example/ns/prod": "uri",
    "spiffe://acme@example": "uri",
    "anne@acme.example": "email",
    "*@acme.example": "email",
    "build.acme.example": "dns",
    "": "dns",
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items(), ids=KINDS)
def test_kind_of_a_name(name: str, kind: str) -> None:
    assert name_kind(name) == kind


ANNE = ("email", "anne@acme.example")
SERVICE = ("uri", "spiffe://acme.example/ns/prod/sa/trainer")
HOST = ("dns", "build.acme.example")

#: name → what the entry names, the certificate's names, whether they are the same
NAMES: dict[str, tuple[str, tuple[tuple[str, str], ...], bool]] = {
    "exact": (ANNE[1], (ANNE,), True),
    "uri": (SERVICE[1], (SERVICE,), True),
    "host": (HOST[1], (HOST,), True),
    "one-of-several": (HOST[1], (ANNE, SERVICE, HOST), True),
    "none": (ANNE[1], (), False),
    "another": (ANNE[1], (HOST, ("email", "bert@acme.example")), False),
    "other-case": (ANNE[1], (("email", "Anne@acme.example"),), False),
    "email-as-uri": (ANNE[1], (("uri", ANNE[1]),), False),
    "email-as-host": (ANNE[1], (("dns", ANNE[1]),), False),
    "host-as-uri": (HOST[1], (("uri", HOST[1]),), False),
    "uri-as-host": (SERVICE[1], (("dns", SERVICE[1]),), False),
    "pattern": ("*@acme.example", (ANNE,), True),
    "pattern-of-another-domain": ("*@acme.example", (("email", "a@evil.ex"),), False),
    "pattern-does-not-cross-the-at": (
        "*@acme.example",
        (("email", "a@evil@acme.example"),),
        False,
    ),
    "pattern-in-one-segment": ("spiffe://acme.example/ns/prod/sa/*", (SERVICE,), True),
    "pattern-does-not-cross-segments": ("spiffe://acme.example/*", (SERVICE,), False),
    "pattern-is-anchored": (
        "spiffe://acme.example/ns/*",
        (("uri", "spiffe://acme.example/ns/prod/x"),),
        False,
    ),
    "pattern-of-everybody-is-of-one-kind": ("*", (ANNE, SERVICE), False),
    "pattern-in-the-certificate": (HOST[1], (("dns", "*.acme.example"),), False),
    "line-break": (HOST[1], (("dns", HOST[1] + "\n"),), False),
    "pattern-and-line-break": ("*", (("dns", "build\n"),), False),
}


@pytest.mark.parametrize(("name", "held", "same"), NAMES.values(), ids=NAMES)
def test_names_of_a_certificate(
    name: str, held: tuple[tuple[str, str], ...], same: bool
) -> None:
    assert ByCertificate(ROOTS, name).names_one_of(held) == same
