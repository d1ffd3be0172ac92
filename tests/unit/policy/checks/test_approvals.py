"""approvals: different people, none of whom made it; in doubt nobody knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from policy_builders import (
    ANNE,
    BERT,
    CARL,
    NOW,
    PIPELINE,
    STRANGER,
    Case,
    digest,
    policy_of,
    sha,
    verify,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.evidence import Approval, Evidence, Signer, UpstreamVerdict
from aibom.lineage.nodes import Kind, Relation
from aibom.statement import APPROVAL_V1, OMS_V1
from aibom.verdict import Tier

DORA = "person:acme-2026:" + "d" * 32
SETTINGS = {"minimum": 2, "approvers": [ANNE, BERT, DORA]}
ONE = {**SETTINGS, "minimum": 1}
SIGNED = {**SETTINGS, "named_in": [], "signer_roles": ["approver"]}
EITHER = {**SETTINGS, "signer_roles": ["approver"]}
TRAINED = {**SETTINGS, "only_steps": ["train"]}


def approved(*by, author=("writer", CARL), kind="train", signer=PIPELINE, **how):
    """A model made by somebody, with those who approved the step."""

    def arrange(world):
        model = world.model()
        named = [("approver", party) for party in by]
        hands = [author] if author else []
        world.step(kind, model, {}, (*hands, *named), signer, **how)
        return model

    return arrange


def key(party, name="key", role="approver"):
    return Signer(name, role, party)


def signed(*signers, base=None, what=None):
    """Approved by what people signed: each a BOM, unless told otherwise."""

    def arrange(world):
        model = (base or approved())(world)
        for signer in signers:
            if what:
                world.say(what, model, signer)
            else:
                world.bom(model, signer)
        return model

    return arrange


def gated(
    passed=True,
    report_only=False,
    tier=Tier.HIGH,
    on=timedelta(),
    asked_for=timedelta(),
    until=None,
):
    """Somebody who may approve signed what a gate said, then, for a while."""

    def arrange(world):
        model = approved()(world)
        verdict = UpstreamVerdict(
            "https://acme.example/gate",
            passed,
            "allowed",
            tier,
            report_only,
            "sha256:" + "1" * 64,
            NOW + on,
            NOW + asked_for,
            None if until is None else NOW + until,
        )
        item = Evidence(
            sha("verdict"),
            "https://slsa.dev/verification_summary/v1",
            (("acme/model", digest("sentiment")),),
            "evidence/verdict.sigstore.json",
            key(ANNE),
            verdict=verdict,
        )
        world.evidence.append(lambda _: item)
        return model

    return arrange


DAY = timedelta(days=1)


def said(
    signer,
    tier="high",
    on=-DAY,
    until=DAY,
    withdrawn=False,
    refused=None,
    of="sentiment",
):
    """One approval, by a signer, a while ago, for a while."""
    name = f"{signer.name} {tier} {on} {until}"
    found = Approval(Tier(tier), NOW + until, NOW + on, "T-1")
    item = Evidence(
        sha(name),
        APPROVAL_V1,
        (("acme/model", digest(of)),),
        f"evidence/{name}.sigstore.json",
        None if refused else signer,
        refused,
        approval=found,
    )
    return item, withdrawn


ANNES, BERTS = key(ANNE, "anne"), key(BERT, "bert")


def agreed(*words, base=None, advisories="2027-01-01"):
    """Approved by statements of their own; those withdrawn stand in an advisory."""

    def arrange(world):
        model = (base or approved())(world)
        for item, _ in words:
            world.evidence.append(lambda _, item=item: item)
        if advisories:
            gone = [f"sha256:{item.id}" for item, withdrawn in words if withdrawn]
            world.advise(advisories, **({"approvals": gone} if gone else {}))
        return model

    return arrange


def child_of_approved(world):
    """A fine-tune of what was approved; of the fine-tune nobody said anything."""
    model = agreed(said(ANNES), said(BERTS))(world)
    child = world.model("child")
    world.step("fine-tune", child, {"base-model": model}, [("writer", CARL)])
    world.root = child
    return child


def audited(world):
    model = approved()(world)
    world.audit(model, signer=key(ANNE))
    return model


def reviewed(*by, signer=PIPELINE, kind="review", same=True):
    """A model that was looked at in a step of its own."""

    def arrange(world):
        model = approved()(world)
        seen = model if same else world.model("other")
        report = world.entity(Kind.REPORT, "report")
        named = [("approver", party) for party in by]
        world.step(kind, report, {"model": seen}, named, signer)
        return model

    return arrange


def attributed(*parties, role="approver"):
    def arrange(world):
        model = approved()(world)
        for party in parties:
            node = world.build.party(party)
            world.build.edge(model, Relation.ATTRIBUTED_TO, node, role)
        world.bom(model)
        return model

    return arrange


def authored_as_well(world):
    """Somebody says that one of the approvers wrote it."""
    model = approved(ANNE, BERT)(world)
    (step,) = world.build.graph().generating_steps(model)
    world.build.performed_by(step, world.build.party(ANNE), "helper")
    return model


def malformed(world):
    model = approved(ANNE, BERT)(world)
    (step,) = world.build.graph().generating_steps(model)
    world.build._add("party:nobody knows", Kind.PARTY, {})
    world.build.performed_by(step, "party:nobody knows", "writer")
    return model


def ancestor(world):
    model, world.root = approved()(world), world.model("child")
    world.step("fine-tune", world.root, {"base-model": model})
    return model


def accepted(world):
    world.accept("sentiment")
    model, world.root = approved()(world), world.model("child")
    world.step("fine-tune", world.root, {"base-model": model})
    return model


def accepted_artifact(world):
    world.accept("sentiment")
    return approved()(world)


def passing(arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "pass", "approved", settings, minimum)


def failing(arrange, settings=SETTINGS):
    return Case(arrange, "fail", "approver-is-author", settings)


def unknown(reason, arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "unknown", reason, settings, minimum)


def few(arrange, settings=SETTINGS):
    return unknown("approvals-too-few", arrange, settings)


def apart(arrange, settings=SETTINGS):
    return unknown("party-not-comparable", arrange, settings)


BY_GATE = {**SIGNED, "minimum": 1}
MIXED = {"minimum": 2, "approvers": [ANNE, STRANGER]}
CASES = {
    "two": passing(approved(ANNE, BERT)),
    "three": passing(approved(ANNE, BERT, DORA), {**SETTINGS, "minimum": 3}),
    "one is enough": passing(approved(ANNE), ONE),
    "by a program": passing(approved(ANNE, BERT, author=("writer", "software:ci"))),
    "who wrote it is not named": passing(approved(ANNE, BERT, author=None)),
    "signed": passing(signed(key(ANNE, "a"), key(BERT, "b")), SIGNED),
    "signed models": passing(
        signed(key(ANNE, "a"), key(BERT, "b"), what=OMS_V1), SIGNED
    ),
    "one named, one signed": passing(signed(key(BERT), base=approved(ANNE)), EITHER),
    "a gate's yes": passing(gated(), BY_GATE),
    "a gate's yes, to the last second": passing(
        gated(until=timedelta(seconds=1)), BY_GATE
    ),
    "a gate's yes for a stricter tier": passing(
        gated(tier=Tier.MEDIUM), {**BY_GATE, "tier": "low"}
    ),
    "a gate's yes, as old as it may be": passing(
        gated(on=-90 * DAY, asked_for=-90 * DAY), {**BY_GATE, "max_age": "90d"}
    ),
    "a gate's yes, of any age": passing(gated(on=-900 * DAY), BY_GATE),
    "reviewed": passing(reviewed(ANNE, BERT)),
    "attributed": passing(attributed(ANNE, BERT)),
    "claimed, where that is enough": passing(
        reviewed(ANNE, BERT, signer=None), SETTINGS, "claimed"
    ),
    "an author among enough others": passing(
        approved(ANNE, BERT, DORA, author=("writer", DORA))
    ),
    "an author by name only, among enough": passing(
        signed(key(BERT), base=approved(ANNE, author=("writer", "software:CI@2"))),
        EITHER,
    ),
    "another registrar's among enough": passing(
        approved(ANNE, BERT, STRANGER),
        {"minimum": 2, "approvers": [ANNE, BERT, STRANGER]},
    ),
    "trained": passing(approved(ANNE, BERT), TRAINED),
    "named by a stranger, and signed": passing(
        signed(key(ANNE), base=reviewed(ANNE, signer=None)), {**EITHER, "minimum": 1}
    ),
    "two signed approvals": passing(agreed(said(ANNES), said(BERTS)), SIGNED),
    "one named, one approval": passing(
        agreed(said(BERTS), base=approved(ANNE)), EITHER
    ),
    "a stricter tier's": passing(
        agreed(said(ANNES), said(BERTS, "medium")), {**SIGNED, "tier": "medium"}
    ),
    "to the last second": passing(
        agreed(said(ANNES, until=timedelta(seconds=1)), said(BERTS)), SIGNED
    ),
    "approved this moment": passing(
        agreed(said(ANNES, on=0 * DAY), said(BERTS)), SIGNED
    ),
    "as old as it may be": passing(
        agreed(said(ANNES, on=-90 * DAY), said(BERTS)), {**SIGNED, "max_age": "90d"}
    ),
    "an old one, renewed": passing(
        agreed(said(ANNES, until=-DAY / 2), said(ANNES), said(BERTS)), SIGNED
    ),
    "one withdrawn, and given again": passing(
        agreed(said(ANNES, on=-2 * DAY, withdrawn=True), said(ANNES), said(BERTS)),
        SIGNED,
    ),
    "another's was withdrawn": passing(
        agreed(said(ANNES), said(BERTS), said(key(DORA, "dora"), withdrawn=True)),
        SIGNED,
    ),
    "one too many has lapsed": passing(
        agreed(said(ANNES), said(BERTS), said(key(DORA, "dora"), "low")), SIGNED
    ),
    "advisories are stale, and no approval is needed": passing(
        agreed(said(ANNES), base=approved(ANNE, BERT), advisories="2026-01-01"),
        EITHER,
    ),
    "no advisories, and no approval is needed": passing(
        agreed(said(ANNES), base=approved(ANNE, BERT), advisories=None), EITHER
    ),
    "approves the own work": failing(approved(ANNE, BERT, author=("writer", ANNE))),
    "alone": failing(approved(ANNE, author=("labeler", ANNE)), ONE),
    "by a new word": failing(approved(ANNE, BERT, author=("helper", BERT))),
    "wrote it, somebody says": failing(authored_as_well),
    "signs the own record": failing(
        signed(key(ANNE, "k"), base=approved(BERT, signer=key(ANNE, "k", "pipeline"))),
        EITHER,
    ),
    "signs with a second key": failing(
        signed(key(ANNE, "a"), base=approved(signer=key(ANNE, "b", "pipeline"))),
        {**SIGNED, "minimum": 1},
    ),
    "approves the own work, a stranger says": failing(
        approved(ANNE, BERT, author=("writer", ANNE), signer=None)
    ),
    "the author's approval": failing(
        agreed(said(ANNES), said(BERTS), base=approved(author=("writer", ANNE))),
        SIGNED,
    ),
    "withdrawn": Case(
        agreed(said(ANNES, withdrawn=True), said(BERTS)),
        "fail",
        "approval-revoked",
        SIGNED,
    ),
    "withdrawn, by advisories that are stale": Case(
        agreed(said(ANNES, withdrawn=True), said(BERTS), advisories="2026-01-01"),
        "fail",
        "approval-revoked",
        SIGNED,
    ),
    "withdrawn, and expired as well": Case(
        agreed(said(ANNES, until=-DAY / 2, withdrawn=True), said(BERTS)),
        "fail",
        "approval-revoked",
        SIGNED,
    ),
    "one withdrawn, one expired": Case(
        agreed(said(ANNES, withdrawn=True), said(BERTS, until=-DAY / 2)),
        "fail",
        "approval-revoked",
        SIGNED,
    ),
    "one withdrawn, which alone would not do": few(
        agreed(said(ANNES, withdrawn=True)), SIGNED
    ),
    "expired": unknown(
        "approval-expired",
        agreed(said(ANNES, until=-DAY / 2), said(BERTS)),
        SIGNED,
    ),
    "expires now": unknown(
        "approval-expired", agreed(said(ANNES, until=0 * DAY), said(BERTS)), SIGNED
    ),
    "older than it may be": unknown(
        "approval-expired",
        agreed(said(ANNES, on=-90 * DAY - DAY / 2), said(BERTS)),
        {**SIGNED, "max_age": "90d"},
    ),
    "for a laxer tier": unknown(
        "approval-tier-too-low", agreed(said(ANNES, "medium"), said(BERTS)), SIGNED
    ),
    "for a laxer tier, asked for medium": unknown(
        "approval-tier-too-low",
        agreed(said(ANNES, "low"), said(BERTS)),
        {**SIGNED, "tier": "medium"},
    ),
    "dated tomorrow": unknown(
        "approval-from-the-future",
        agreed(said(ANNES, on=DAY / 2), said(BERTS)),
        SIGNED,
    ),
    "one expired, one for a laxer tier": unknown(
        "approval-tier-too-low",
        agreed(said(ANNES, until=-DAY / 2), said(BERTS, "low")),
        SIGNED,
    ),
    "no advisories": unknown(
        "advisories-missing",
        agreed(said(ANNES), said(BERTS), advisories=None),
        SIGNED,
    ),
    "stale advisories": unknown(
        "advisories-stale",
        agreed(said(ANNES), said(BERTS), advisories="2026-11-21"),
        SIGNED,
    ),
    "advisories that expire now": unknown(
        "advisories-stale",
        agreed(said(ANNES), said(BERTS), advisories="2026-11-21T12:00:00Z"),
        SIGNED,
    ),
    "expired, and stale advisories": unknown(
        "approval-expired",
        agreed(said(ANNES, until=-DAY / 2), said(BERTS), advisories="2026-01-01"),
        SIGNED,
    ),
    "approvals where no signer is asked": few(agreed(said(ANNES), said(BERTS))),
    "an approval of other bytes": few(
        agreed(said(ANNES, of="other"), said(BERTS)), SIGNED
    ),
    "an approval of what it was made from": few(child_of_approved, SIGNED),
    "an approval that its signer may not make": few(
        agreed(said(ANNES, refused="predicate-not-allowed"), said(BERTS)), SIGNED
    ),
    "an approval in another role": few(
        agreed(said(key(ANNE, "anne", "release")), said(BERTS)), SIGNED
    ),
    "two approvals of one": few(agreed(said(ANNES), said(ANNES, on=-DAY / 2)), SIGNED),
    "an approval by one with two keys": few(
        agreed(said(ANNES), said(key(ANNE, "other"))), SIGNED
    ),
    "approved by somebody who may not": few(
        agreed(said(ANNES), said(key(CARL, "carl")), base=approved(author=None)),
        SIGNED,
    ),
    "nobody": few(approved()),
    "nobody approved an ancestor": few(ancestor),
    "only one": few(approved(ANNE)),
    "one, twice named": few(attributed(ANNE, ANNE)),
    "one, named and signed": few(signed(key(ANNE), base=approved(ANNE)), EITHER),
    "one with two keys": few(signed(key(ANNE, "a"), key(ANNE, "b")), SIGNED),
    "somebody who may not": few(approved(ANNE, CARL, author=("writer", "org:acme"))),
    "somebody else's number": few(approved(ANNE, STRANGER)),
    "in capitals": few(
        approved(ANNE, "org:BERT"), {**SETTINGS, "approvers": [ANNE, "org:bert"]}
    ),
    "an organisation is nobody": few(
        approved(ANNE, "org:acme"), {**SETTINGS, "approvers": [ANNE, "org:acme"]}
    ),
    "a program is nobody": few(
        approved(ANNE, "software:bot"),
        {**SETTINGS, "approvers": [ANNE, "software:bot"]},
    ),
    "an author who would not be enough": few(approved(ANNE, author=("writer", ANNE))),
    "nobody behind the key": few(signed(key(None, "a"), key(BERT, "b")), SIGNED),
    "signed in another role": few(
        signed(key(ANNE, "a"), key(BERT, "b", "release")), SIGNED
    ),
    "signed by strangers": few(signed(None, None), SIGNED),
    "named is not signed": few(approved(ANNE, BERT), SIGNED),
    "an audit approves nothing": few(audited, {**SIGNED, "minimum": 1}),
    "a gate's no": few(gated(False), BY_GATE),
    "a gate that lets all through": few(gated(report_only=True), BY_GATE),
    "a gate's yes that expires now": few(gated(until=timedelta()), BY_GATE),
    "a gate's yes for a laxer tier": few(gated(tier=Tier.MEDIUM), BY_GATE),
    "a gate's yes of long ago": few(
        gated(on=-90 * DAY - timedelta(seconds=1)), {**BY_GATE, "max_age": "90d"}
    ),
    "a gate's yes, asked for long ago": few(
        gated(asked_for=-91 * DAY), {**BY_GATE, "max_age": "90d"}
    ),
    "a gate's yes of tomorrow": few(gated(on=DAY), BY_GATE),
    "a gate's yes, asked for tomorrow": few(gated(asked_for=DAY), BY_GATE),
    "other bytes were reviewed": few(reviewed(ANNE, BERT, same=False)),
    "used is not reviewed": few(reviewed(ANNE, BERT, kind="evaluate")),
    "reviewers do not approve": few(attributed(ANNE, BERT, role="reviewer")),
    "the artifact, though accepted": few(accepted_artifact),
    "under two registrars": apart(approved(ANNE, STRANGER), MIXED),
    "the author is of another registrar": apart(
        approved(ANNE, BERT, author=("writer", STRANGER))
    ),
    "the author is an organisation": apart(
        approved(ANNE, BERT, author=("writer", "org:acme"))
    ),
    "the author is nobody in particular": apart(malformed),
    "nobody behind the record's key": apart(
        approved(ANNE, BERT, signer=key(None, "k", "pipeline"))
    ),
    "no author": unknown("author-missing", lambda world: world.model()),
    "no author in a stranger's record": unknown(
        "author-missing", approved(ANNE, BERT, author=None, signer=None)
    ),
    "a stranger's record": unknown("author-missing", approved(ANNE, BERT, signer=None)),
    "no record, where claims do": unknown(
        "author-missing", approved(ANNE, BERT, recorded=False), SETTINGS, "claimed"
    ),
    "one of two is claimed": unknown(
        "assurance-too-low",
        signed(key(BERT), base=reviewed(ANNE, signer=None)),
        EITHER,
    ),
    "a stranger's review": unknown(
        "assurance-too-low", reviewed(ANNE, BERT, signer=None)
    ),
    "more than a signature": unknown(
        "assurance-too-low", approved(ANNE, BERT), SETTINGS, "verified"
    ),
    "trained, a stranger says": unknown(
        "lineage-open", approved(ANNE, BERT, kind="merge", signer=None), TRAINED
    ),
    "merged": Case(approved(kind="merge"), "not-applicable", "no-such-step", TRAINED),
    "accepted": Case(accepted, "not-applicable", "accepted-root", SETTINGS),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("approvals", case)


def test_the_path_leads_on_to_the_author():
    result = verify("approvals", CASES["approves the own work"])
    assert result.path[-1].node == f"party:{ANNE}"
    assert "aaaaaaaaaaaa…: made it, as writer." in result.actual
    assert "may" not in result.actual


def test_what_was_signed_is_listed():
    assert len(verify("approvals", CASES["signed"]).evidence) == 2


def test_an_approval_that_counts_is_listed():
    found = verify("approvals", CASES["two signed approvals"])
    assert len(found.evidence) == 2
    assert found.actual.startswith(
        "2 of 2 needed. anne: counts (until 2026-11-22). "
        "bert: counts (until 2026-11-22). Not approved by "
    )
    assert found.remedy == ""


def test_an_approval_that_lapsed_is_named():
    found = verify("approvals", CASES["withdrawn"])
    assert found.actual.startswith(
        "1 of 2 needed. bert: counts (until 2026-11-22). "
        'anne: withdrawn 2026-11-01 by A-1 ("labels flipped"). Not approved by '
    )
    assert [path.startswith("evidence/anne ") for path in found.evidence] == [True]
    item, _ = said(ANNES)
    assert found.term == item.id


def test_an_exception_is_not_for_what_is_withdrawn_later():
    both = agreed(said(ANNES, withdrawn=True), said(BERTS, withdrawn=True))
    later = verify("approvals", Case(both, "fail", "approval-revoked", SIGNED))
    before = verify("approvals", CASES["withdrawn"])
    assert set(before.term.split()) < set(later.term.split())


D = "person:acme-2026:dddddddddddd…"
COMMAND = "`aibom approve REF --tier high --expires DATE --ticket ID --key KEY`"
#: case → what is told of the people, and the next step
TOLD = {
    "withdrawn": ("anne: withdrawn 2026-11-01 by A-1", "anne or another approver"),
    "expired": ("anne: expired 2026-11-21.", f"anew by anne: {COMMAND}"),
    "older than it may be": (
        "anne: approved 2026-08-23, more than 90 days ago.",
        "Have it approved anew by anne",
    ),
    "for a laxer tier": (
        "anne: approved for tier medium, not for high.",
        "aibom approve REF --tier high ",
    ),
    "dated tomorrow": ("anne: dated 2026-11-22T00:00:00Z", "whose clock is wrong"),
    "as old as it may be": ("anne: counts (until 2026-11-21).", ""),
    "no advisories": ("anne: counts (until 2026-11-22).", "Put advisories.yaml into"),
    "stale advisories": (
        "expired on 2026-11-21. anne: counts",
        "Get the current advisories.yaml (this one ended 2026-11-21). Nothing is",
    ),
    "an approval of other bytes": (
        f"anne: approved other bytes (tree-sha256:{sha('other')[:12]}…).",
        f"approved by 1 more (anne, {D}): {COMMAND}, into the evidence.",
    ),
    "an approval of what it was made from": (
        "anne: approved other bytes (the ancestor sentiment tree-sha256:",
        "Have exactly these bytes approved by 2 more",
    ),
    "an approval that its signer may not make": (
        "Refused: predicate-not-allowed (evidence/anne",
        "approved by 1 more",
    ),
    "an approval in another role": (
        "anne: approved it as release, not as approver.",
        "approved by 1 more",
    ),
    "approvals where no signer is asked": (
        "anne: approved it as approver, not by being named.",
        "record it (`--by approver=…`, or a `review` step)",
    ),
    "an organisation is nobody": (
        "org:acme: is no person, so nobody in particular.",
        "Nobody is left of `approvers`",
    ),
    "the author's approval": (
        "anne: made it, as writer. bert: counts",
        "Whoever made it does not count. Have exactly these bytes",
    ),
    "signs the own record": ("k: made it, as step-record-signer k.", D),
    "wrote it, somebody says": ("made it, as helper (as claimed).", D),
    "under two registrars": (
        "approvers under different registrars' keys: acme-2026, other-2026",
        "name all approvers under one registrar's key",
    ),
    "the author is an organisation": (
        "bbbbbbbbbbbb…: not to be compared with writer org:acme",
        "Have org:acme recorded as a person under the key acme-2026.",
    ),
    "nobody behind the record's key": (
        "not to be compared with step-record-signer k (no party in signers.yaml)",
        "In signers.yaml, write the person behind k as `party: person:acme-2026:…`",
    ),
    "a stranger's record": ("no allowed signer says", "the signed record of the step"),
}


@pytest.mark.parametrize(("name", "told"), TOLD.items(), ids=TOLD)
def test_it_is_told_who_counts_who_does_not_and_what_to_do(name, told):
    found = verify("approvals", CASES[name])
    assert told[0] in found.actual
    assert told[1] in found.remedy
    assert bool(found.remedy) == (found.status.value != "pass")


def test_an_author_by_a_name_that_may_be_his_is_no_known_author():
    """Where names are compared loosely, it is said that it only may be."""
    known = ("org:Acme", "org:ACME")
    settings = {**ONE, "approvers": [known[0], ANNE, BERT]}
    case = Case(
        approved(known[0], author=("writer", known[1])), "unknown", "", settings
    )
    assert "org:Acme: may have made it, as writer." in case.answer("approvals").actual


def test_many_approvers_are_told_in_few_words():
    people = [f"person:acme-2026:{number:032x}" for number in range(1, 100)]
    settings = {"minimum": 2, "approvers": people}
    found = Case(approved(*people[:1]), "unknown", "", settings).answer("approvals")
    assert "and 93 more." in found.actual
    assert len(found.actual) < 600


WRONG = {
    "no way": ({"named_in": []}, "needs named_in or signer_roles"),
    "too many": ({"minimum": 4}, "more than there are approvers"),
    "a tier that is none": ({"tier": "highest"}, "high, medium, low"),
    "no number of days": ({"max_age": 90}, "90d"),
    "one of them twice": ({"approvers": [ANNE, ANNE]}, "more than there are approvers"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_enough_people_have_to_be_able_to(change, message):
    rule = {"id": "r", "check": "approvals", "settings": {**SETTINGS, **change}}
    with pytest.raises(PolicyInvalid, match=message):
        policy_of(rule)
