"""The built-in packs: they load, lock and combine, and claim nothing they may not."""

from __future__ import annotations

import itertools
import json

import pytest
from jsonschema import Draft202012Validator
from worlds import make_world

from aibom.operations.policies.folder import builtin_packs, load_folder
from aibom.policy.document import Policy, combine, read_policy
from aibom.policy.frameworks import read_framework, unmapped
from aibom.reading import parse_yaml
from aibom.resources import policy_path, read_schema, resource_dir
from aibom.verdict import Decision, Mode, Status, Tier

FOLDER = resource_dir("policies")
NAMES = (
    "baseline",
    "dataset-delivery",
    "model-import",
    "supplier",
    "tier-high",
    "tier-low",
    "tier-medium",
)


def load(name):
    path = policy_path(f"{name}.yaml")
    return read_policy(parse_yaml(path.read_bytes(), path.name), path.name, path.name)


PACKS = {f"builtin:{name}@1": load(name) for name in NAMES}
RULES = {rule.id: rule for pack in PACKS.values() for rule in pack.rules}
FRAMEWORKS = {
    path.stem: read_framework(parse_yaml(path.read_bytes(), path.name), path.name)
    for path in sorted((FOLDER / "frameworks").glob("*.yaml"))
}

EXTENDS = {
    "baseline": (),
    "dataset-delivery": (),
    "model-import": (),
    "supplier": (),
    "tier-high": ("baseline", "tier-low", "tier-medium"),
    "tier-low": ("baseline",),
    "tier-medium": ("baseline", "tier-low"),
}

#: Rules that deny in no tier, and why that is so stands in their packs.
ONLY_WARN = {
    *("import-not-settled", "import-licence-unclear", "import-lineage-open"),
    *("delivery-source-untrusted", "delivery-licence-unclear", "licence-unfit"),
    *("worse-than-previous", "lineage-ends-at-model"),
    *(rule.id for rule in PACKS["builtin:supplier@1"].rules),
}


def test_every_file_is_a_pack_and_is_called_what_it_is():
    assert tuple(sorted(path.stem for path in FOLDER.glob("*.yaml"))) == NAMES
    assert [(p.name, p.version) for p in PACKS.values()] == [(n, "1") for n in NAMES]
    assert tuple(pack.name for pack in builtin_packs()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_pack_keeps_the_schema(name):
    document = parse_yaml(policy_path(f"{name}.yaml").read_bytes(), name)
    schema = Draft202012Validator(read_schema("policy-1.json"))
    schema.validate(json.loads(json.dumps(document)))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_pack_stands_on(name):
    combined = combine(PACKS[f"builtin:{name}@1"], PACKS)
    assert combined.packs == tuple(f"builtin:{other}@1" for other in EXTENDS[name])


def test_what_tier_high_asks_besides_what_tier_medium_asks():
    high, medium = (
        combine(PACKS[f"builtin:tier-{name}@1"], PACKS).rules
        for name in ("high", "medium")
    )
    assert [rule.id for rule in high if rule not in medium] == [
        "labelers-unknown",
        "labels-unaudited",
        "model-untested",
        "ancestor-unowned",
        "supplier-not-on-record",
        "lineage-ends-at-model",
    ]


#: Packs of which each must ask all that the one before it asks.
STRICTER = ("baseline", "tier-low", "tier-medium", "tier-high")


def asks_as_much(rule, other):
    """Whether a rule asks the same as another one, at least as hard in every tier."""
    order = list(Mode)
    return (
        (rule.check.id, rule.settings) == (other.check.id, other.settings)
        and rule.select == other.select
        and rule.minimum_assurance >= other.minimum_assurance
        and all(
            order.index(rule.mode[tier]) >= order.index(other.mode[tier])
            for tier in Tier
        )
        and (other.exceptable or not rule.exceptable)
    )


@pytest.mark.parametrize(
    ("lower", "higher"), list(itertools.pairwise(STRICTER)), ids=STRICTER[1:]
)
def test_a_tier_asks_all_that_the_tier_below_asks(lower, higher):
    weaker, stricter = (
        combine(PACKS[f"builtin:{name}@1"], PACKS).rules for name in (lower, higher)
    )
    missing = [
        rule.id
        for rule in weaker
        if not any(asks_as_much(other, rule) for other in stricter)
    ]
    assert missing == []
    assert len(stricter) > len(weaker)


def test_all_packs_can_be_extended_together():
    assert sum(len(pack.rules) for pack in PACKS.values()) == len(RULES)
    all_of_them = Policy("all", "1", (), extends=tuple(PACKS))
    assert {rule.id for rule in combine(all_of_them, PACKS).rules} == set(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_says_why_and_what_to_do(rule):
    assert rule.why.endswith(".")
    assert rule.remedy.endswith(".")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_maps_name_only_what_the_framework_data_hold(rule):
    assert rule.maps
    assert unmapped([rule], FRAMEWORKS.values()) == ()


def test_the_framework_data_hold_nothing_that_no_rule_refers_to():
    used = {
        (name, id)
        for rule in RULES.values()
        for name, ids in rule.maps.items()
        for id in ids
    }
    held = {(f.id, id) for f in FRAMEWORKS.values() for id in f.controls}
    assert held == used


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_tier_is_stricter_than_a_higher_one(rule):
    order = list(Mode)
    modes = [order.index(rule.mode[tier]) for tier in Tier]
    assert modes == sorted(modes)
    assert (rule.mode[Tier.HIGH] is not Mode.DENY) == (rule.id in ONLY_WARN)


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_a_pack_lists_the_data_its_rules_need(pack):
    needed = {name for rule in pack.rules for name in rule.check.needs}
    assert needed <= set(pack.data)


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: path.stem
)
def test_nothing_says_that_anything_complies(path):
    text = path.read_text().replace('never "complies with"', "").lower()
    assert "compl" not in text.replace("complete", "").replace("standardcompliance", "")
    assert "conform" not in text


# ── on the small world ────────────────────


#: Of packs that block the small world as it is: the rules that do.
BLOCKING = {
    "baseline": set(),
    "dataset-delivery": {"delivery-unsigned"},
    "model-import": {"import-publisher-changed"},
    "supplier": set(),
    "tier-low": {"backdoor-untested"},
    "tier-medium": {
        *("backdoor-untested", "canaries-untested", "change-untested"),
        *("change-unreviewed", "data-unscanned", "owner-unknown"),
        *("publisher-changed", "source-not-settled"),
    },
}
BLOCKING["tier-high"] = BLOCKING["tier-medium"] | {
    *("ancestor-unowned", "supplier-not-on-record"),
}


@pytest.fixture(scope="module")
def small_world(tmp_path_factory):
    world = make_world(tmp_path_factory.mktemp("packs") / "world")
    suppliers = {"apiVersion": "aibom/suppliers/v1", "suppliers": []}
    (world.verifier / "suppliers.yaml").write_text(json.dumps(suppliers))

    def only_packs(policy):
        policy["data"].append("suppliers.yaml")
        policy["rules"] = []

    world.edit_yaml("policy.yaml", only_packs)
    return world


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_locks_and_its_rules_answer_on_the_small_world(small_world, name):
    pack = f"builtin:{name}@1"
    small_world.edit_yaml("policy.yaml", lambda file: file.update(extends=[pack]))
    folder = load_folder(small_world.verifier, require_lock=True)
    assert folder.locked
    assert folder.lock.packs.keys() == {pack, *combine(PACKS[pack], PACKS).packs}
    verdict = small_world.gate()
    assert {result.rule for result in verdict.results} == {
        rule.id for rule in folder.policy.rules
    }
    assert Status.ERROR not in {result.status for result in verdict.results}
    assert {result.rule for result in verdict.blocking} == BLOCKING[name]
    assert (verdict.decision is Decision.ALLOWED) == (not BLOCKING[name])


@pytest.mark.parametrize("name", ["tier-high", "tier-low", "tier-medium"])
def test_experiments_of_the_small_world_are_allowed_in_the_low_tier(
    small_world, name, tmp_path
):
    world = small_world.copy(tmp_path / "world")
    tiers = [{"match": {"name": "acme/**"}, "tier": "low"}]
    extends = [f"builtin:{name}@1"]
    world.edit_yaml(
        "policy.yaml", lambda file: file.update(extends=extends, tiers=tiers)
    )
    assert world.gate().decision is Decision.ALLOWED
