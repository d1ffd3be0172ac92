"""Each rule of each built-in pack: a lineage that passes, and one that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from policy_builders import (
    ACME,
    ANNE,
    AUDITOR,
    BERT,
    COMMIT,
    NOW,
    PIPELINE,
    RELEASE,
    World,
    again,
    digest,
    number,
    sha,
)

from aibom.lineage.build import GraphBuilder
from aibom.lineage.evidence import Signer
from aibom.lineage.nodes import Kind, Origin, Relation
from aibom.operations.folder import builtin_packs
from aibom.policy.document import Policy, Rule
from aibom.policy.engine import evaluate
from aibom.statement import PROVENANCE_V1
from aibom.verdict import Status, Tier

RULES = {rule.id: rule for pack in builtin_packs() for rule in pack.rules}


HUB = {"type": "huggingface", "namespace": "acme"}
DATA = Signer("acme-data", "data", "org:acme data")
DAY = timedelta(days=1)
USED = {"started": "2026-06-20T00:00:00Z", "finished": "2026-06-21T00:00:00Z"}
EARLIER = NOW - 30 * DAY

Arrange = Callable[[World], str]


@dataclass(frozen=True)
class Pair:
    """``good`` passes; of ``bad`` a rule finds something, for this reason."""

    reason: str
    bad: Arrange
    good: Arrange


def hashed(world):
    world.recomputed.add(digest("sentiment"))
    return world.model()


def model(world):
    return world.model()


def bom_by(signer):
    def arrange(world):
        node = world.model()
        world.bom(node, signer)
        return node

    return arrange


def trained(*trusted, source=ACME, accept=False, advise=None, **facts):
    """A model that was trained on data from somewhere."""

    def arrange(world):
        world.trust(*trusted)
        world.advise(**advise or {})
        data = world.data(**facts)
        if accept:
            world.accept("reviews")
        node = world.model()
        inputs = {"training-data": data}
        world.step("train", node, inputs, source=source, **USED)
        return node

    return arrange


def labelled(*parties, numbers=()):
    def arrange(world):
        data = world.data()
        world.step("label", data, by=[("labeler", party) for party in parties])
        if numbers:
            world.audit(data, numbers)
        return data

    return arrange


def audited(type, metric, value, samples=1000):
    def arrange(world):
        node = world.model()
        world.audit(node, [number(value, samples, metric)], type=type)
        return node

    return arrange


def scanned(*numbers):
    def arrange(world):
        data, node = world.data(), world.model()
        world.step("train", node, {"training-data": data})
        world.audit(data, numbers, type="anomaly-scan")
        return node

    return arrange


def of_formats(**formats):
    """The artifact's files, as this run told their formats."""

    def arrange(world):
        told = {name.replace("_", "."): form for name, form in formats.items()}
        made = world.context

        def context():
            whole = made()
            return replace(whole, evidence=replace(whole.evidence, formats=told))

        world.context = context
        return world.entity(Kind.MODEL, "sentiment", sorted(told))

    return arrange


def merged_of(*names):
    """A model merged of others, each with other bytes, at one version."""

    def arrange(world):
        node, roles = world.model(), ("base-model", "adapter")
        uses = {
            role: world.build.entity(
                Kind.MODEL, digest(f"{role} {name}"), name=name, version="1"
            )
            for role, name in zip(roles, names, strict=True)
        }
        world.step("merge", node, uses)
        return node

    return arrange


def named_step(world, kind, made, uses):
    """A step whose signed record says what it called things: pairs of thing, name."""
    record = GraphBuilder(Origin("step-record"))
    payload = sha(f"{kind} {made} {uses}")
    for build in (world.build, record):
        step = build.step(payload, kind, None)
        for (entity, name), role in uses:
            again(build, entity)
            build.used(step, entity, role, {"name": name})
        again(build, made[0])
        build.edge(step, Relation.GENERATED, made[0], facts={"name": made[1]})
    own = frozenset({step, made[0]})
    world.say(PROVENANCE_V1, made[0], PIPELINE, record.graph(), own)


def filtered(used):
    """Data were filtered, and a model trained on those, or on ``other`` data."""

    def arrange(world):
        raw, made, other = (
            world.build.entity(Kind.DATASET, digest(seed))
            for seed in ("raw", "made", "other")
        )
        world.accept("raw")
        data = (made, "acme/reviews")
        named_step(world, "filter", data, [((raw, "acme/raw"), "data")])
        taken = (made if used == "made" else other, "acme/reviews")
        node = world.model()
        named_step(world, "train", (node, "acme/m"), [(taken, "training-data")])
        return node

    return arrange


def next_version(before, now):
    def arrange(world):
        old, node = world.model("sentiment-1"), world.model()
        for one, value in ((old, before), (node, now)):
            found = [
                number(value, 1000, "accuracy"),
                number(value, 1000, "accuracy", **{"class": "spam"}),
            ]
            world.audit(one, found, type="holdout-test", on=NOW - DAY)
        world.build.edge(node, Relation.REVISION_OF, old)
        world.bom(node)
        return node

    return arrange


def tuned(*, tested_on):
    def arrange(world):
        base, node = world.model("base"), world.model()
        ended = {"finished": EARLIER.isoformat()}
        world.step("fine-tune", node, {"base-model": base}, **ended)
        tests = [number(0.0, 1000, "attack-success")]
        world.audit(node, tests, type="backdoor-test", on=tested_on)
        return node

    return arrange


def filtered_by(*by):
    def arrange(world):
        before, data = world.data("before"), world.data()
        world.accept("before")
        reason = {"parameter.reason": "spam removed"}
        world.step("filter", data, {"data": before}, by, **reason)
        return data

    return arrange


def reviewed_by(party):
    def arrange(world):
        labels, data = world.data("labels"), world.data()
        world.step("label", labels, by=[("labeler", ANNE)])
        world.step("review", data, {"data": labels}, by=[("reviewer", party)])
        return data

    return arrange


def released_by(signer):
    def arrange(world):
        node = world.model()
        world.step("train", node)
        world.bom(node, signer)
        return node

    return arrange


def stating(name="sentiment", **facts):
    def arrange(world):
        named = {"name": name} if name else {}
        return world.build.entity(Kind.MODEL, digest("sentiment"), **named, **facts)

    return arrange


def by_number(type, metric, bad, good):
    return Pair("audit-failed", audited(type, metric, bad), audited(type, metric, good))


OWNED = {
    "match": HUB,
    "owner": "org:Acme",
    "owner_since": "2020-01-01",
    "approved_on": "2026-01-01",
}
THIS = {"match": {**HUB, "revision": COMMIT}}

BYTES = Pair("bytes-not-hashed", model, hashed)
LINEAGE = Pair("root-not-accepted", trained(), trained(accept=True))
PINNED = Pair(
    "revision-not-pinned",
    trained(source="pkg:huggingface/acme/reviews@main"),
    trained(),
)
SOURCE = Pair("source-not-trusted", trained(), trained({"match": HUB}))
TAINTED = Pair(
    "tainted-ancestor",
    trained(advise={"digests": [str(digest("reviews"))]}, accept=True),
    trained(advise={"digests": [str(digest("nothing"))]}, accept=True),
)
LABELERS = Pair("labelers-too-few", labelled(), labelled(ANNE))
EACH = (number(0.1, labeler=ANNE), number(0.05, labeler=BERT))
FLIPPED = (number(0.1, labeler=ANNE), number(0.6, labeler=BERT))
LABELS = Pair(
    "audit-failed",
    labelled(ANNE, BERT, numbers=FLIPPED),
    labelled(ANNE, BERT, numbers=EACH),
)
FORMATS = Pair(
    "format-not-allowed",
    of_formats(model_safetensors="pickle", config_json="json"),
    of_formats(model_safetensors="safetensors", config_json="json"),
)
SUBSTITUTED = Pair(
    "substituted", merged_of("acme/base", "acme/base"), merged_of("acme/a", "acme/b")
)
STEPS = Pair("step-mismatch", filtered("other"), filtered("made"))
PUBLISHER = Pair(
    "owner-changed", trained({**OWNED, "owner_changed": "2026-07-01"}), trained(OWNED)
)
SETTLED = Pair(
    "source-too-fresh",
    trained({**THIS, "published": "2026-06-15"}),
    trained({**THIS, "published": "2026-01-01"}),
)
HISTORY = Pair(
    "reviewer-is-author",
    filtered_by(("writer", ANNE), ("reviewer", ANNE)),
    filtered_by(("writer", ANNE), ("reviewer", BERT)),
)
LICENCE = Pair(
    "licence-not-allowed", stating(licence="GPL-3.0-only"), stating(licence="MIT")
)
ANY_LICENCE = Pair("licence-missing", stating(), stating(licence="LicenseRef-acme"))
BACKDOOR = by_number("backdoor-test", "attack-success", 0.3, 0.0)


def signed(wrong, right):
    return Pair("signer-role-not-allowed", bom_by(wrong), bom_by(right))


CASES = {
    "bytes-changed": BYTES,
    "bom-signer-wrong": signed(DATA, RELEASE),
    "lineage-open": LINEAGE,
    "revision-unpinned": PINNED,
    "source-untrusted": SOURCE,
    "ancestor-tainted": TAINTED,
    "delivery-bytes-changed": BYTES,
    "delivery-unsigned": signed(RELEASE, DATA),
    "delivery-advised-against": TAINTED,
    "delivery-substituted": SUBSTITUTED,
    "delivery-format-unsafe": FORMATS,
    "delivery-source-untrusted": SOURCE,
    "delivery-licence-unclear": ANY_LICENCE,
    "import-bytes-changed": BYTES,
    "import-unsigned": signed(DATA, RELEASE),
    "import-revision-unpinned": PINNED,
    "import-source-untrusted": SOURCE,
    "import-publisher-changed": PUBLISHER,
    "import-format-unsafe": FORMATS,
    "import-not-settled": SETTLED,
    "import-licence-unclear": LICENCE,
    "import-ancestor-tainted": TAINTED,
    "import-substituted": SUBSTITUTED,
    "import-lineage-open": LINEAGE,
    "supplier-unsigned": signed(AUDITOR, RELEASE),
    "supplier-lineage-open": LINEAGE,
    "supplier-ancestor-tainted": TAINTED,
    "supplier-substituted": SUBSTITUTED,
    "supplier-steps-do-not-match": STEPS,
    "supplier-revision-unpinned": PINNED,
    "supplier-source-untrusted": SOURCE,
    "supplier-facts-missing": Pair(
        "field-missing", stating(), stating(source=ACME, licence="MIT")
    ),
    "supplier-licence-missing": ANY_LICENCE,
    "supplier-labelers-unknown": LABELERS,
    "supplier-changes-unreviewed": HISTORY,
    "supplier-backdoor-untested": BACKDOOR,
    "supplier-labels-unaudited": LABELS,
    "labelers-unknown": LABELERS,
    "labels-unaudited": LABELS,
    "model-untested": by_number("holdout-test", "accuracy", 0.8, 0.95),
    "format-unsafe": FORMATS,
    "version-substituted": SUBSTITUTED,
    "model-unvalidated": by_number("holdout-test", "accuracy", 0.5, 0.8),
    "backdoor-untested": BACKDOOR,
    "steps-do-not-match": STEPS,
    "data-unscanned": Pair(
        "audit-missing",
        trained(),
        scanned(number(0.01, 1000, "anomaly-rate")),
    ),
    "worse-than-previous": Pair(
        "worse-than-before", next_version(0.95, 0.9), next_version(0.95, 0.94)
    ),
    "canaries-untested": by_number("canary-test", "attack-success", 0.1, 0.0),
    "change-untested": Pair(
        "audit-before-change", tuned(tested_on=EARLIER - DAY), tuned(tested_on=NOW)
    ),
    "publisher-changed": PUBLISHER,
    "source-not-settled": SETTLED,
    "change-unreviewed": HISTORY,
    "labels-reviewed-by-labeler": Pair(
        "same-party", reviewed_by(ANNE), reviewed_by(BERT)
    ),
    "release-and-pipeline-one-hand": Pair(
        "same-party", released_by(PIPELINE), released_by(RELEASE)
    ),
    "facts-missing": Pair("field-missing", stating(None), stating()),
    "licence-unfit": LICENCE,
}


def answers(rule: Rule, arrange: Arrange):
    """What the rule says of all that it selects, in the highest tier."""
    world = World()
    world.root = arrange(world)
    return evaluate(world.context(), Policy("one", "1", (rule,)), Tier.HIGH)


def test_every_rule_of_every_pack_has_its_pair():
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("name", CASES)
def test_a_bad_lineage_is_found(name):
    found = answers(RULES[name], CASES[name].bad)
    reasons = {result.reason for result in found if result.is_finding}
    assert CASES[name].reason in reasons, found


@pytest.mark.parametrize("name", CASES)
def test_a_good_lineage_passes(name):
    found = answers(RULES[name], CASES[name].good)
    statuses = {result.status for result in found}
    assert Status.PASS in statuses
    assert statuses <= {Status.PASS, Status.NOT_APPLICABLE}, found
