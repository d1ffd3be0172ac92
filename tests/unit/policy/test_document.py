"""policy.yaml: whatever is not understood is refused, with all problems at once."""

from __future__ import annotations

import pytest
from policy_builders import policy_of

from aibom.errors import PolicyInvalid
from aibom.lineage.assurance import Level
from aibom.lineage.nodes import ENTITY_KINDS, Kind
from aibom.policy.document import combine, read_policy
from aibom.reading import parse_yaml
from aibom.verdict import Mode, Severity, Tier

HEAD = {"apiVersion": "aibom/policy/v1", "name": "acme", "version": "1"}
RULE = {"id": "lineage-open", "check": "lineage-closed"}
PACK = "builtin:baseline@1"


def of(**changes):
    return {**HEAD, "rules": [RULE], **changes}


def ruled(**changes):
    return of(rules=[{**RULE, **changes}])


def without(key):
    return {name: value for name, value in of().items() if name != key}


INVALID = {
    "no mapping": ([RULE], "must be a mapping, not a list"),
    "no apiVersion": (without("apiVersion"), "policy.yaml.apiVersion: is missing"),
    "another apiVersion": (
        of(apiVersion="aibom/policy/v2"),
        "is not 'aibom/policy/v1'",
    ),
    "no name": (without("name"), "name: is missing"),
    "blank name": (of(name=" "), "name: is empty"),
    "version as number": (of(version=1), "version: must be a text"),
    "misspelt key": (of(rule=[]), "unknown key 'rule'; did you mean 'rules'?"),
    "mapping for rules": (of(rules={"a": RULE}), "rules: must be a list"),
    "text for data": (of(data="signers.yaml"), "data: must be a list, not a text"),
    "unknown data file": (
        of(data=["signer.yaml"]),
        "unknown data file 'signer.yaml'; did you mean 'signers.yaml'?",
    ),
    "path for a data file": (of(data=["../signers.yaml"]), "unknown data file"),
    "pack without version": (of(extends=["builtin:baseline"]), "is not a pack"),
    "pack by path": (of(extends=["./baseline.yaml"]), "is not a pack"),
    "no rule id": (of(rules=[{"check": "lineage-closed"}]), "rules[0].id: is missing"),
    "rule id with capitals": (ruled(id="LineageOpen"), "is not a rule id"),
    "rule id with newline": (ruled(id="lineage-open\n"), "is not a rule id"),
    "no check": (of(rules=[{"id": "a"}]), "rules[0].check: is missing"),
    "unknown check": (
        ruled(check="lineage-close"),
        "unknown check 'lineage-close'; did you mean 'lineage-closed'?",
    ),
    "misspelt key of a rule": (
        ruled(severty="high"),
        "unknown key 'severty'; did you mean 'severity'?",
    ),
    "misspelt setting": (
        ruled(settings={"inputs-known": "observed"}),
        "settings: unknown key 'inputs-known'; did you mean 'inputs_known'?",
    ),
    "unknown scope": (ruled(select={"scope": "all"}), "'all' is not one of"),
    "unknown kind": (
        ruled(select={"kind": "datset"}),
        "unknown kind 'datset'; did you mean 'dataset'?",
    ),
    "kind the check has no use for": (
        ruled(check="labelers-known", select={"kind": "model"}),
        "unknown kind 'model'",
    ),
    "no kind": (ruled(select={"kind": []}), "names no kind"),
    "misspelt key of select": (
        ruled(select={"kinds": ["model"]}),
        "did you mean 'kind'",
    ),
    "unknown severity": (ruled(severity="severe"), "'severe' is not one of"),
    "unknown mode": (ruled(mode="block"), "'block' is not one of"),
    "mode off as YAML has it": (ruled(mode=False), 'write "off"'),
    "mode off in a tier": (ruled(mode={"low": False}), "mode.low: YAML reads off as"),
    "unknown tier": (
        ruled(mode={"hgih": "deny"}),
        "unknown key 'hgih'; did you mean 'high'?",
    ),
    "milder in a higher tier": (
        ruled(mode={"high": "warn"}),
        "rules[0].mode: warn in tier high is milder than deny in tier medium",
    ),
    "off in a tier, on below it": (
        ruled(mode={"high": "deny", "medium": "off", "low": "report-only"}),
        "off in tier medium is milder than report-only in tier low",
    ),
    "an exception may last longer in a higher tier": (
        of(exceptions={"roles": ["a"], "max_days": {"high": 9, "medium": 8, "low": 9}}),
        "lasts longer in a higher tier than in a lower one",
    ),
    "list of modes": (ruled(mode=["deny"]), "mode: must be a mapping, not a list"),
    "assurance that is no minimum": (
        ruled(minimum_assurance="missing"),
        "'missing' is not one of",
    ),
    "empty why": (ruled(why=""), "why: is empty"),
    "text for maps": (ruled(maps={"owasp-llm": "LLM04"}), "maps.owasp-llm: must be a"),
    "tier without match": (of(tiers=[{"tier": "low"}]), "tiers[0].match: is missing"),
    "tier of no name": (of(tiers=[{"match": {}, "tier": "low"}]), "match.name: is"),
    "tier by digest": (
        of(tiers=[{"match": {"name": "a", "digest": "b"}, "tier": "low"}]),
        "unknown key 'digest'",
    ),
    "unknown tier to give": (
        of(tiers=[{"match": {"name": "a"}, "tier": "lowest"}]),
        "'lowest' is not one of",
    ),
}


@pytest.mark.parametrize(("document", "told"), INVALID.values(), ids=INVALID)
def test_refused(document, told):
    with pytest.raises(PolicyInvalid) as caught:
        read_policy(document, "policy.yaml")
    assert told in caught.value.message
    assert caught.value.reason == "policy-invalid"


EMPTY = {
    "empty file": None,
    "no rules": HEAD,
    "empty rules": {**HEAD, "rules": []},
    "extends nothing": {**HEAD, "extends": []},
}


@pytest.mark.parametrize("document", EMPTY.values(), ids=EMPTY)
def test_a_policy_that_checks_nothing_is_refused(document):
    with pytest.raises(PolicyInvalid) as caught:
        read_policy(document, "policy.yaml")
    assert caught.value.reason == "policy-empty"
    assert caught.value.exit_code == 2


def test_every_problem_is_told_at_once():
    wrong = of(nam="x", rules=[{"id": "A", "check": "b", "mode": "c"}])
    with pytest.raises(PolicyInvalid) as caught:
        read_policy(wrong, "policy.yaml")
    assert len(caught.value.message.split("\n")) == 4


def test_defaults_are_the_strict_ones():
    (rule,) = policy_of(RULE).rules
    assert set(rule.mode.values()) == {Mode.DENY}
    assert set(rule.severity.values()) == {Severity.HIGH}
    assert rule.minimum_assurance is Level.ATTESTED
    assert (rule.select.scope, rule.select.kinds) == ("artifact", ENTITY_KINDS)


def test_a_tier_left_out_denies():
    (rule,) = policy_of({**RULE, "mode": {"low": "warn"}}).rules
    assert dict(rule.mode) == {
        Tier.HIGH: Mode.DENY,
        Tier.MEDIUM: Mode.DENY,
        Tier.LOW: Mode.WARN,
    }


@pytest.mark.parametrize("kind", ["dataset", ["dataset"]], ids=["text", "list"])
def test_kinds_are_a_word_or_a_list(kind):
    (rule,) = policy_of({**RULE, "select": {"kind": kind}}).rules
    assert rule.select.kinds == {Kind.DATASET}


def test_off_must_be_quoted_in_yaml():
    text = b'apiVersion: aibom/policy/v1\nname: a\nversion: "1"\nrules:\n'
    rule = b"- {id: a, check: lineage-closed, mode: %s}\n"
    with pytest.raises(PolicyInvalid, match="quotation marks"):
        read_policy(parse_yaml(text + rule % b"off", "p"), "p")
    (found,) = read_policy(parse_yaml(text + rule % b'"off"', "p"), "p").rules
    assert found.mode[Tier.HIGH] is Mode.OFF


def pack(*ids, extends=()):
    rules = [{**RULE, "id": name} for name in ids]
    document = {**HEAD, "rules": rules, "extends": list(extends)}
    return read_policy(document, "pack.yaml", "pack.yaml")


def test_rules_of_packs_stand_before_the_policys_own():
    packs = {PACK: pack("b"), "builtin:top@1": pack("a", extends=[PACK])}
    policy = policy_of({**RULE, "id": "c"}, extends=["builtin:top@1", PACK])
    combined = combine(policy, packs)
    assert [rule.id for rule in combined.rules] == ["b", "a", "c"]
    assert combined.packs == (PACK, "builtin:top@1")
    assert [rule.origin for rule in combined.rules][-1] == "policy.yaml"


REFUSED = {
    "twice in one file": (policy_of(RULE, RULE), {}, "rule-duplicate"),
    "replaces a pack's": (
        policy_of({**RULE, "mode": "warn"}, extends=[PACK]),
        {PACK: pack("lineage-open")},
        "rule-duplicate",
    ),
    "unknown pack": (policy_of(RULE, extends=[PACK]), {}, "pack-unknown"),
    "unknown pack of a pack": (
        policy_of(RULE, extends=[PACK]),
        {PACK: pack("a", extends=["builtin:gone@1"])},
        "pack-unknown",
    ),
    "pack extends itself": (
        policy_of(RULE, extends=[PACK]),
        {PACK: pack("a", extends=[PACK])},
        "pack-cycle",
    ),
    "packs extend each other": (
        policy_of(RULE, extends=[PACK]),
        {
            PACK: pack("a", extends=["builtin:b@1"]),
            "builtin:b@1": pack("b", extends=[PACK]),
        },
        "pack-cycle",
    ),
}


@pytest.mark.parametrize(("policy", "packs", "reason"), REFUSED.values(), ids=REFUSED)
def test_combination_refused(policy, packs, reason):
    with pytest.raises(PolicyInvalid) as caught:
        combine(policy, packs)
    assert caught.value.reason == reason
