"""The built-in packs: they load, they combine, and they map to nothing unverified."""

from __future__ import annotations

import pytest

from aibom.policy.document import combine, read_policy
from aibom.reading import parse_yaml
from aibom.resources import policy_path
from aibom.verdict import Mode, Tier

NAMES = ("baseline", "tier-high")

#: Ids that were read in the frameworks' own files; see the policy's design notes.
VERIFIED = {
    "mitre-atlas": {
        *(f"AML.M00{number:02}" for number in (3, 5, 7, 8, 11, 13, 14, 16, 19, 23)),
        *("AML.M0024", "AML.M0025", "AML.T0010.001", "AML.T0010.002", "AML.T0010.003"),
        *("AML.T0018.000", "AML.T0018.002", "AML.T0019", "AML.T0020", "AML.T0011.000"),
        *("AML.T0058", "AML.T0059", "AML.T0070", "AML.T0109"),
    },
    "owasp-llm": {"LLM03:2025", "LLM04:2025"},
    "eu-ai-act": {
        *("10(2)(b)", "10(2)(c)", "10(2)(f)", "10(2)(g)", "10(2)(h)", "10(3)", "15(5)"),
        *("17(1)(f)", "17(1)(k)", "25(4)", "Annex IV 2(a)", "Annex IV 2(d)"),
    },
}


def load(name):
    path = policy_path(f"{name}.yaml")
    return read_policy(parse_yaml(path.read_bytes(), path.name), path.name, path.name)


PACKS = {f"builtin:{name}@1": load(name) for name in NAMES}
RULES = {rule.id: rule for pack in PACKS.values() for rule in pack.rules}


def test_they_are_what_their_files_are_called():
    assert [(p.name, p.version) for p in PACKS.values()] == [(n, "1") for n in NAMES]


def test_tier_high_stands_on_baseline():
    combined = combine(PACKS["builtin:tier-high@1"], PACKS)
    assert combined.packs == ("builtin:baseline@1",)
    assert [rule.id for rule in combined.rules] == [
        "bytes-changed",
        "bom-signer-wrong",
        "lineage-open",
        "revision-unpinned",
        "source-untrusted",
        "ancestor-tainted",
        "labelers-unknown",
        "labels-unaudited",
        "model-untested",
    ]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_says_why_and_what_to_do(rule):
    assert rule.why.endswith(".")
    assert rule.remedy.endswith(".")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_maps_name_only_what_was_verified(rule):
    assert rule.maps
    for framework, ids in rule.maps.items():
        assert set(ids) <= VERIFIED[framework]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_highest_tier_denies_and_no_tier_is_stricter_than_it(rule):
    order = list(Mode)
    assert rule.mode[Tier.HIGH] is Mode.DENY
    modes = [order.index(rule.mode[tier]) for tier in Tier]
    assert modes == sorted(modes)


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_a_pack_lists_the_data_its_rules_need(pack):
    needed = {name for rule in pack.rules for name in rule.check.needs}
    assert needed <= set(pack.data)
