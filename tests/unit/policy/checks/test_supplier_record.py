"""supplier-record: whom it comes from is on record, reviewed, and not suspended."""

from __future__ import annotations

import pytest
from policy_builders import (
    ACME,
    ANNE,
    COMMIT,
    NOW,
    Case,
    policy_of,
    verify,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.evidence import Signer
from aibom.lineage.nodes import Relation
from aibom.statement import OMS_V1

LABELS = "org:Labels Ltd"
LISTED = {"supplier": LABELS}
OURS = ("acme", "release", "org:Acme")
HUB = {"type": "huggingface", "namespace": "acme"}
HUB_RECORD = {"supplier": "org:Acme Hub", "matches": [HUB]}
SUSPENDED = {"supplier": "org:Bad", "status": "suspended"}
TODAY = NOW.isoformat()


def labelled(*parties, role="labeler", records=(LISTED,), own=(), **details):
    """Data that a step labelled, with records of suppliers."""

    def arrange(world):
        pool, data = world.data("pool"), world.data()
        by = [(role, party) for party in parties]
        world.step("label", data, {"items": pool}, by=by, **details)
        world.supply(*records, own=own)
        return data

    return arrange


def record(**changes):
    return labelled(LABELS, records=[{**LISTED, **changes}])


def taken(source=ACME, records=(HUB_RECORD,), signed=True, party=None):
    """Data that were taken from elsewhere, and whose BOM says so."""

    def arrange(world):
        data = world.data(source=source) if source else world.data()
        if party:
            node = world.build.party(party)
            world.build.edge(data, Relation.ATTRIBUTED_TO, node, "supplier")
        if signed:
            world.bom(data, Signer("importer", "data", ANNE))
        world.supply(*records)
        return data

    return arrange


def source_record(**changes):
    return taken(records=[{**HUB_RECORD, **changes}])


def signed_by(signer, made=None, root=None, **own):
    """Data of which only the signature says whose they are, and perhaps a step."""

    def arrange(world):
        data = world.data()
        if made is not None:
            world.step("label", data, {"items": world.data("pool")}, [], **made)
        if root:
            world.accept(root)
        world.bom(data, signer)
        world.supply(LISTED, **own)
        return data

    return arrange


def claimed_and_signed(world):
    """A source that nobody vouches for, beside the signature of whoever took it in."""
    data = world.data("plain")
    world.build.edge(
        data, Relation.ATTRIBUTED_TO, world.build.party(LABELS), "supplier"
    )
    world.say(OMS_V1, data, Signer(*OURS))
    world.supply(LISTED, own=["org:Acme"])
    return data


def weights_signed_by(party, **own):
    def arrange(world):
        node = world.model()
        world.say(OMS_V1, node, Signer("publisher", "base", party))
        world.supply(LISTED, **own)
        return node

    return arrange


def accepted(world):
    data = world.data("raw")
    world.accept("raw")
    world.supply()
    return data


def no_file(world):
    data = labelled(LABELS)(world)
    world.suppliers = None
    return data


def case(arrange, status, reason, minimum="attested", **settings):
    return Case(arrange, status, reason, {"max_age": "365d", **settings}, minimum)


def good(arrange, **settings):
    return case(arrange, "pass", "suppliers-on-record", **settings)


def fail(reason, arrange, **settings):
    return case(arrange, "fail", reason, **settings)


def doubt(reason, arrange, **settings):
    return case(arrange, "unknown", reason, **settings)


CASES = {
    "labeler on record": good(labelled(LABELS)),
    "source on record": good(taken()),
    "source and organisation on record": good(
        taken(records=(HUB_RECORD, LISTED), party=LABELS)
    ),
    "people need none": good(labelled(LABELS, ANNE)),
    "auditors need none": good(
        lambda world: _also(world, labelled(LABELS), "org:Audit", "auditor")
    ),
    "own organisation": good(labelled("org:Acme", own=["org:Acme"])),
    "own organisation, and a supplier": good(
        labelled("org:Acme", LABELS, own=["org:Acme"])
    ),
    "signed by a supplier": good(signed_by(Signer("labels", "data", LABELS))),
    "made by a step, and signed by oneself": good(
        signed_by(Signer(*OURS), made={}, own=["org:Acme"])
    ),
    "weights signed by a supplier": good(weights_signed_by(LABELS)),
    "only in a role that is not asked": good(
        labelled(LABELS, records=[LISTED], role="labeler"), roles=["labeler"]
    ),
    "for this role": good(record(serves=["labeler"])),
    "for this kind": good(record(serves=["dataset"])),
    "expires tomorrow": good(record(expires="2026-11-22")),
    "reviewed today": good(record(reviewed_on=TODAY)),
    "claimed, when that will do": good(taken(signed=False), minimum="claimed"),
    "another record of the source has expired": good(
        taken(
            records=(
                {**HUB_RECORD, "expires": "2026-01-01"},
                {"supplier": "org:Mirror", "matches": [HUB]},
            )
        )
    ),
    "suspended": fail("supplier-suspended", record(status="suspended")),
    "suspended, spelt in another way": fail(
        "supplier-suspended",
        labelled(
            "org:LABELS  ltd",
            records=[
                {**LISTED, "status": "suspended"},
                {"supplier": "org:LABELS  ltd"},
            ],
        ),
    ),
    "suspended, long ago": fail(
        "supplier-suspended", record(status="suspended", expires="2020-01-01")
    ),
    "one of two suspended": fail(
        "supplier-suspended",
        labelled(LABELS, "org:Bad", records=[LISTED, SUSPENDED]),
    ),
    "suspended source, in capitals": fail(
        "supplier-suspended",
        taken(
            f"pkg:generic/ACME/reviews@{COMMIT}",
            records=[
                {
                    "supplier": "org:Bad",
                    "status": "suspended",
                    "matches": [{"type": "generic", "namespace": "acme"}],
                }
            ],
        ),
    ),
    "suspended source that another has a record for": fail(
        "supplier-suspended",
        taken(records=(HUB_RECORD, {**HUB_RECORD, **SUSPENDED, "supplier": "org:Bad"})),
    ),
    "suspended, only claimed": fail(
        "supplier-suspended",
        taken(None, records=[SUSPENDED], signed=False, party="org:Bad"),
    ),
    "expired": fail("supplier-record-expired", record(expires="2026-11-01")),
    "expired this moment": fail("supplier-record-expired", record(expires=TODAY)),
    "expired today": fail("supplier-record-expired", record(expires="2026-11-21")),
    "expired source": fail(
        "supplier-record-expired", source_record(expires="2026-11-01")
    ),
    "for other things": fail("supplier-out-of-scope", record(serves=["model"])),
    "for another role": fail("supplier-out-of-scope", record(serves=["collector"])),
    "no record": doubt("supplier-record-missing", labelled(LABELS, records=())),
    "no file": doubt("supplier-record-missing", no_file),
    "one of two without": doubt(
        "supplier-record-missing", labelled(LABELS, "org:Other")
    ),
    "look-alike": doubt("supplier-record-missing", labelled("org:Labels Ltd.")),
    "in capitals": doubt("supplier-record-missing", labelled("org:LABELS LTD")),
    "in letters of another script": doubt(
        "supplier-record-missing", labelled("org:L\u0430bels Ltd")
    ),
    "own, nearly": doubt(
        "supplier-record-missing", labelled("org:acme", own=["org:Acme"])
    ),
    "in a role that nobody knows": doubt(
        "supplier-record-missing", labelled("org:Other", role="vendor")
    ),
    "source of a look-alike": doubt(
        "supplier-record-missing", taken(f"pkg:huggingface/acme-evil/r@{COMMIT}")
    ),
    "source elsewhere": doubt(
        "supplier-record-missing", taken(f"{ACME}?repository_url=https://evil.example")
    ),
    "no package URL": doubt("supplier-record-missing", taken("https://acme.example")),
    "signed by somebody without": doubt(
        "supplier-record-missing", signed_by(Signer("x", "data", "org:Other"))
    ),
    "source on record, organisation not": doubt(
        "supplier-record-missing", taken(party="org:Other")
    ),
    "review too old": doubt(
        "supplier-review-too-old", record(reviewed_on="2025-11-20")
    ),
    "review too old for this rule": doubt(
        "supplier-review-too-old", record(), max_age="30d"
    ),
    "review in the future": doubt(
        "supplier-review-in-future", record(reviewed_on="2026-11-22")
    ),
    "nobody named": doubt("supplier-not-named", taken(None)),
    "signed by oneself": doubt(
        "supplier-not-named", signed_by(Signer(*OURS), own=["org:Acme"])
    ),
    "weights signed by oneself": doubt(
        "supplier-not-named", weights_signed_by("org:Acme", own=["org:Acme"])
    ),
    "signed by oneself, and a step that nobody signed": doubt(
        "supplier-not-named",
        signed_by(Signer(*OURS), made={"signer": None}, own=["org:Acme"]),
    ),
    "a supplier that is claimed, signed by oneself": doubt(
        "assurance-too-low", claimed_and_signed
    ),
    "step that nobody signed": doubt("supplier-not-named", labelled(ANNE, signer=None)),
    "claimed": doubt("assurance-too-low", taken(signed=False)),
    "own, claimed": doubt(
        "assurance-too-low", labelled("org:Acme", own=["org:Acme"], recorded=False)
    ),
    "made by people of one's own": case(
        labelled(ANNE), "not-applicable", "generated-by-a-step"
    ),
    "not in the roles that are asked": case(
        labelled("org:Other"), "not-applicable", "generated-by-a-step", roles=["writer"]
    ),
    "accepted root, signed by oneself": case(
        signed_by(Signer(*OURS), root="reviews", own=["org:Acme"]),
        "not-applicable",
        "accepted-root",
    ),
    "accepted root": case(accepted, "not-applicable", "accepted-root"),
}


def _also(world, arrange, party, role):
    node = arrange(world)
    world.build.edge(node, Relation.ATTRIBUTED_TO, world.build.party(party), role)
    return node


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("supplier-record", case)


def test_the_path_leads_to_the_supplier():
    found = CASES["one of two suspended"].answer("supplier-record")
    assert [hop.node for hop in found.path][-1] == "party:org:Bad"


def test_an_exception_for_one_supplier_is_not_one_for_another():
    terms = {
        doubt("", labelled(LABELS, *more)).answer("supplier-record").term
        for more in (("org:A",), ("org:B",), ("org:A", "org:B"))
    }
    assert len(terms) == 3


def test_the_age_of_reviews_has_no_silent_default():
    with pytest.raises(PolicyInvalid, match="max_age"):
        policy_of({"id": "r", "check": "supplier-record", "settings": {}})
