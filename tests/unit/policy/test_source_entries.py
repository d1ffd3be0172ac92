"""Entries of trusted-sources.yaml: what the reader and the schema both want."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator
from policy_builders import ANNE, COMMIT

from aibom.errors import PolicyInvalid
from aibom.policy.data import read_trusted_sources
from aibom.resources import read_schema

HUB = {"type": "huggingface", "namespace": "acme"}
SCHEMA = read_schema("trusted-sources-1.json")


def document(**changes):
    entry = {
        "match": HUB,
        "trust": "trusted",
        "reason": "ours",
        "approved_by": "Ada",
        "expires": "2027-01-01",
        **changes,
    }
    return {"apiVersion": "aibom/trusted-sources/v1", "lists": {"a": [entry]}}


VALID = {
    "nothing recorded": {},
    "approved on": {"approved_on": "2026-01-01"},
    "published": {"match": {**HUB, "revision": COMMIT}, "published": "2026-01-01"},
    "owner": {"owner": "org:Acme"},
    "owner of a name": {"match": {"type": "pypi", "name": "x"}, "owner": ANNE},
    "owner, dated": {
        "owner": "org:Acme",
        "owner_since": "2020-01-01",
        "owner_changed": "2026-01-01T00:00:00Z",
    },
}
INVALID = {
    "published of what": ({"published": "2026-01-01"}, "date of one revision"),
    "published when": (
        {"match": {**HUB, "revision": COMMIT}, "published": "lately"},
        "published: ",
    ),
    "approved when": ({"approved_on": "2026-01-01T00:00:00"}, "has no zone"),
    "approved, no date": ({"approved_on": None}, "approved_on: "),
    "owner of a whole hub": (
        {"match": {"type": "huggingface"}, "owner": "org:Acme"},
        "owns a namespace or a name",
    ),
    "owner by bare name": ({"owner": "Acme"}, "is not a party"),
    "owner is nothing": ({"owner": None}, "owner: "),
    "since of nobody": ({"owner_since": "2026-01-01"}, "without an owner"),
    "changed from nobody": ({"owner_changed": "2026-01-01"}, "without an owner"),
    "changed when": ({"owner": "org:Acme", "owner_changed": "x"}, "owner_changed: "),
    "misspelt": ({"owner_sinse": "2026-01-01"}, "did you mean 'owner_since'"),
}


@pytest.mark.parametrize("changes", VALID.values(), ids=VALID)
def test_valid_for_both(changes):
    read_trusted_sources(document(**changes), "s")
    assert list(Draft202012Validator(SCHEMA).iter_errors(document(**changes))) == []


@pytest.mark.parametrize(("changes", "told"), INVALID.values(), ids=INVALID)
def test_invalid_for_both(changes, told):
    with pytest.raises(PolicyInvalid) as caught:
        read_trusted_sources(document(**changes), "s")
    assert told in caught.value.message
    assert not Draft202012Validator(SCHEMA).is_valid(document(**changes))


def test_dates_of_ownership_are_those_that_are_given():
    given = document(**VALID["owner, dated"])
    (entry,) = read_trusted_sources(given, "s")["a"]
    first, second = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2026))
    assert entry.owner_dates == (first, second)
    (plain,) = read_trusted_sources(document(), "s")["a"]
    assert plain.owner_dates == ()
