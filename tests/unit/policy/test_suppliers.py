"""suppliers.yaml: read in full or refused, and compared with what documents name."""

from __future__ import annotations

import pytest
from policy_builders import ACME, ANNE, COMMIT

from aibom.errors import PolicyInvalid
from aibom.policy.sources import parse_source
from aibom.policy.suppliers import Suppliers, read_suppliers
from aibom.reading import parse_yaml
from aibom.resources import policy_path

RECORD = {
    "supplier": "org:Labels Ltd",
    "matches": [{"type": "huggingface", "namespace": "acme"}],
    "status": "approved",
    "serves": ["dataset", "labeler"],
    "owner": ANNE,
    "agreement": "Contract 1",
    "reviewed_on": "2026-06-01",
    "approved_by": "Ada",
    "expires": "2027-01-01",
}


def suppliers(*more, **changes):
    records = [{**RECORD, **changes}, *more]
    return {"apiVersion": "aibom/suppliers/v1", "suppliers": records}


def test_all_of_it_is_read():
    found = read_suppliers({**suppliers(), "own": ["org:Acme"]}, "suppliers.yaml")
    (record,) = found.records
    assert (record.supplier, record.owner, record.status) == (
        "org:Labels Ltd",
        ANNE,
        "approved",
    )
    assert (record.agreement, record.approved_by) == ("Contract 1", "Ada")
    assert (record.reviewed_on.isoformat(), record.expires.isoformat()) == (
        "2026-06-01T00:00:00+00:00",
        "2027-01-01T00:00:00+00:00",
    )
    assert record.serves == ("dataset", "labeler")
    assert found.own == {"org:Acme"}


def test_the_template_is_read_and_records_nobody():
    path = policy_path("templates/suppliers.yaml")
    document = parse_yaml(path.read_bytes(), path.name)
    assert read_suppliers(document, path.name) == Suppliers()


def test_the_example_in_the_template_is_read():
    """What stands behind ``#`` under the first line, without that sign."""
    text = policy_path("templates/suppliers.yaml").read_text()
    lines = [line[2:] for line in text.splitlines() if line.startswith("#   ")]
    head = "apiVersion: aibom/suppliers/v1\nsuppliers:\n"
    document = parse_yaml((head + "\n".join(lines)).encode(), "template")
    (record,) = read_suppliers(document, "template").records
    assert record.status == "approved"


INVALID = {
    "no mapping": ([], "must be a mapping"),
    "another file": (
        {**suppliers(), "apiVersion": "aibom/trusted-sources/v1"},
        "is 'aibom/trusted-sources/v1', not 'aibom/suppliers/v1'",
    ),
    "two records of one": (suppliers(RECORD), "'org:Labels Ltd' has two records"),
    "oneself": (
        {**suppliers(), "own": ["org:Labels Ltd"]},
        "'org:Labels Ltd' is its own supplier",
    ),
    "own person": ({**suppliers(), "own": [ANNE]}, "is not an organisation"),
    "person": (suppliers(supplier=ANNE), "is not an organisation"),
    "no party": (suppliers(supplier="Labels"), "is not a party"),
    "owner is no party": (suppliers(owner="Ada"), "is not a party"),
    "nobody inside": (suppliers(owner=None), "owner: must be a text"),
    "no agreement": (suppliers(agreement=""), "agreement: is empty"),
    "pending": (suppliers(status="pending"), "is not one of: approved, suspended"),
    "nobody approved": (suppliers(approved_by=None), "approved_by: must be a text"),
    "never expires": (suppliers(expires=None), "expires: not a date"),
    "never reviewed": (suppliers(reviewed_on=None), "reviewed_on: not a date"),
    "serves nothing": (suppliers(serves=[]), "leave it out to mean anything"),
    "misspelt role": (suppliers(serves=["labeller"]), "did you mean 'labeler'?"),
    "misspelt key": (suppliers(aggreement="x"), "did you mean 'agreement'?"),
    "prefix": (suppliers(matches=["pkg:pypi/x"]), "must be a mapping"),
    "pattern": (
        suppliers(matches=[{"type": "pypi", "name": "x*"}]),
        "patterns are not read",
    ),
}


@pytest.mark.parametrize(("document", "told"), INVALID.values(), ids=INVALID)
def test_what_is_not_understood_is_refused(document, told):
    with pytest.raises(PolicyInvalid) as caught:
        read_suppliers(document, "suppliers.yaml")
    assert caught.value.reason == "policy-invalid"
    assert told in caught.value.message


#: party → whether it is that supplier, whether it may be
PARTIES = {
    "org:Labels Ltd": (True, True),
    "org:labels  LTD": (False, True),
    "org:\uff2cabels Ltd": (False, True),
    "org:Labels Ltd.": (False, False),
    "org:L\u0430bels Ltd": (False, False),
    "software:Labels Ltd": (False, False),
    "no party": (False, False),
    ANNE: (False, False),
}


@pytest.mark.parametrize(("party", "answers"), PARTIES.items(), ids=PARTIES)
def test_parties(party, answers):
    (record,) = read_suppliers(suppliers(), "suppliers.yaml").records
    assert (record.is_for(party), record.may_be_for(party)) == answers


SOURCES = {
    ACME: (True, True),
    f"pkg:huggingface/ACME/reviews@{COMMIT}": (False, True),
    f"pkg:huggingface/acme-evil/reviews@{COMMIT}": (False, False),
    f"pkg:generic/acme/reviews@{COMMIT}": (False, False),
    f"{ACME}?repository_url=https://evil.example": (False, True),
    "https://acme.example": (False, False),
}


@pytest.mark.parametrize(("source", "answers"), SOURCES.items(), ids=SOURCES)
def test_sources(source, answers):
    (record,) = read_suppliers(suppliers(), "suppliers.yaml").records
    parsed = parse_source(source)
    assert (record.is_source(parsed), record.may_be_source(parsed)) == answers
