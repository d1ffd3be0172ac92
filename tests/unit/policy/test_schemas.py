"""Schemas and readers agree, document by document, on what may be written."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from jsonschema import Draft202012Validator
from policy_builders import ANNE, COMMIT, NOW, digest, sha

from aibom.attest.signers import read_signers
from aibom.errors import AibomError
from aibom.lineage.nodes import ENTITY_KINDS
from aibom.policy.checks import CHECKS
from aibom.policy.data import (
    read_accepted_roots,
    read_advisories,
    read_trusted_sources,
)
from aibom.policy.document import DATA_FILES, SCOPES, read_policy
from aibom.policy.suppliers import SERVES, read_suppliers
from aibom.reading import parse_yaml
from aibom.resources import policy_path, read_schema
from aibom.statement import BASE_URI
from aibom.verdict import (
    Decision,
    Inputs,
    Mode,
    PathHop,
    Result,
    Severity,
    Status,
    Tier,
    Verdict,
    Verification,
)

READERS = {
    "policy": read_policy,
    "signers": read_signers,
    "trusted-sources": read_trusted_sources,
    "accepted-roots": read_accepted_roots,
    "advisories": read_advisories,
    "suppliers": read_suppliers,
}
SCHEMAS = {name: read_schema(f"{name}-1.json") for name in (*READERS, "verdict")}
PEM = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=
-----END PUBLIC KEY-----
"""

RULE = {"id": "lineage-open", "check": "lineage-closed"}
POLICY = {
    "apiVersion": "aibom/policy/v1",
    "name": "acme",
    "version": "1",
    "rules": [RULE],
}
SIGNER = {
    "name": "acme-release",
    "role": "release",
    "public_key": PEM,
    "predicates": ["bom"],
    "namespaces": ["acme/**"],
}
SIGNERS = {"apiVersion": "aibom/signers/v1", "signers": [SIGNER]}
DECIDED = {"reason": "ours", "approved_by": "Ada", "expires": "2027-01-01"}
ENTRY = {"match": {"type": "huggingface"}, "trust": "trusted", **DECIDED}
SOURCES = {"apiVersion": "aibom/trusted-sources/v1", "lists": {"approved": [ENTRY]}}
ROOT = {"digest": str(digest("base")), **DECIDED}
ROOTS = {"apiVersion": "aibom/accepted-roots/v1", "roots": [ROOT]}
ADVISORY = {
    "id": "A-1",
    "summary": "flipped",
    "published": "2026-11-01",
    "affects": {"parties": [ANNE]},
}
ADVISORIES = {
    "apiVersion": "aibom/advisories/v1",
    "sequence": 1,
    "expires": "2027-01-01T00:00:00Z",
    "advisories": [ADVISORY],
}
SUPPLIER = {
    "supplier": "org:Labels",
    "status": "approved",
    "owner": ANNE,
    "agreement": "Contract 1",
    "reviewed_on": "2026-11-01",
    "approved_by": "Ada",
    "expires": "2027-01-01",
}
SUPPLIERS = {"apiVersion": "aibom/suppliers/v1", "suppliers": [SUPPLIER]}


def policy(**changes):
    return "policy", {**POLICY, **changes}


def rule(**changes):
    return policy(rules=[{**RULE, **changes}])


def signer(**changes):
    return "signers", {**SIGNERS, "signers": [{**SIGNER, **changes}]}


def entry(**changes):
    return "trusted-sources", {**SOURCES, "lists": {"a": [{**ENTRY, **changes}]}}


def root(**changes):
    return "accepted-roots", {**ROOTS, "roots": [{**ROOT, **changes}]}


def supplier(**changes):
    return "suppliers", {**SUPPLIERS, "suppliers": [{**SUPPLIER, **changes}]}


def advisory(**changes):
    return "advisories", {**ADVISORIES, "advisories": [{**ADVISORY, **changes}]}


def affects(**targets):
    return advisory(affects=targets)


def less(pair, key):
    kind, document = pair
    return kind, {name: value for name, value in document.items() if name != key}


VALID = {
    "policy": policy(),
    "policy: all of it": policy(
        extends=["builtin:baseline@1"],
        data=list(DATA_FILES),
        tiers=[{"match": {"name": "acme/lab-*"}, "tier": "low"}],
        rules=[
            {
                **RULE,
                "select": {"kind": ["model", "dataset"], "scope": "artifact"},
                "settings": {"inputs_known": "observed"},
                "minimum_assurance": "claimed",
                "severity": {"high": "critical"},
                "mode": {"low": "off"},
                "why": "Because.",
                "remedy": "Do.",
                "maps": {"owasp-llm": ["LLM04:2025"]},
            }
        ],
    ),
    "policy: only packs": less(policy(extends=["builtin:baseline@1"]), "rules"),
    "policy: packs and no rule": policy(extends=["builtin:baseline@1"], rules=[]),
    "policy: one word for all tiers": rule(severity="low", mode="warn"),
    "policy: kind as a word": rule(select={"kind": "model"}),
    "signers": signer(),
    "signers: all of it": signer(
        party=ANNE,
        predicates=["bom", "step-record", "audit", "approval"],
        valid_from="2026-01-01",
        valid_until="2027-01-01T00:00:00+01:00",
    ),
    "signers: nobody": ("signers", {**SIGNERS, "signers": []}),
    "sources": entry(),
    "sources: all of it": entry(
        trust="blocked",
        match={
            "type": "oci",
            "namespace": "acme",
            "name": "x",
            "revision": COMMIT,
            "repository_url": "registry.example/acme?x",
        },
    ),
    "sources: no list": ("trusted-sources", {**SOURCES, "lists": {}}),
    "sources: empty list": ("trusted-sources", {**SOURCES, "lists": {"a": []}}),
    "roots": root(),
    "roots: file, named": root(digest=f"sha256:{sha('a')}", name="base"),
    "roots: what it is": root(kind="dataset"),
    "suppliers": supplier(),
    "suppliers: none": ("suppliers", {**SUPPLIERS, "suppliers": []}),
    "suppliers: own": ("suppliers", {**SUPPLIERS, "own": ["org:Acme", "org:A B"]}),
    "suppliers: all of it": supplier(
        status="suspended",
        matches=[{"type": "huggingface", "namespace": "x"}, {"type": "pypi"}],
        serves=["dataset", "labeler"],
        owner="org:Acme",
        reviewed_on="2026-11-01T08:00:00Z",
    ),
    "roots: none": ("accepted-roots", {**ROOTS, "roots": []}),
    "advisories": advisory(),
    "advisories: all of it": advisory(
        since="2026-03-01",
        until="2026-03-01",
        affects={
            "digests": [str(digest("a"))],
            "revisions": [COMMIT],
            "sources": [{"type": "huggingface", "namespace": "acme"}],
            "parties": [ANNE, "org:acme", "software:llm@2"],
            "steps": [sha("a"), f"undigested:{sha('a')}"],
            "approvals": [f"sha256:{sha('a')}"],
        },
    ),
    "advisories: only an approval": affects(approvals=[f"sha256:{sha('a')}"]),
    "advisories: none": ("advisories", {**ADVISORIES, "advisories": []}),
}
INVALID = {
    "policy: empty": ("policy", None),
    "policy: list": ("policy", [RULE]),
    "policy: no rule, no pack": policy(rules=[]),
    "policy: no apiVersion": less(policy(), "apiVersion"),
    "policy: later version": policy(apiVersion="aibom/policy/v2"),
    "policy: version as number": policy(version=1),
    "policy: blank name": policy(name=" "),
    "policy: misspelt key": policy(rule=[]),
    "policy: unknown data": policy(data=["signer.yaml"]),
    "policy: data as text": policy(data="signers.yaml"),
    "policy: pack by path": policy(extends=["./baseline.yaml"]),
    "policy: tier without name": policy(tiers=[{"match": {}, "tier": "low"}]),
    "policy: unknown tier": policy(tiers=[{"match": {"name": "a"}, "tier": "none"}]),
    "policy: rule without check": policy(rules=[{"id": "a"}]),
    "policy: rule id": rule(id="Lineage"),
    "policy: unknown check": rule(check="lineage-close"),
    "policy: misspelt key of a rule": rule(severty="low"),
    "policy: scope": rule(select={"scope": "all"}),
    "policy: kind": rule(select={"kind": "step"}),
    "policy: no kind": rule(select={"kind": []}),
    "policy: settings as list": rule(settings=[]),
    "policy: assurance": rule(minimum_assurance="unknown"),
    "policy: severity": rule(severity="severe"),
    "policy: mode off as false": rule(mode=False),
    "policy: mode of an unknown tier": rule(mode={"hgih": "deny"}),
    "policy: empty why": rule(why=""),
    "policy: maps as text": rule(maps={"owasp-llm": "LLM04"}),
    "signers: no list": less(signer(), "signers"),
    "signers: no key": signer(public_key=None),
    "signers: not a key": signer(public_key="ssh-ed25519 AAAA"),
    "signers: no role": signer(role=""),
    "signers: party by name": signer(party="Anne"),
    "signers: says nothing": signer(predicates=[]),
    "signers: unknown predicate": signer(predicates=["boms"]),
    "signers: no namespace": signer(namespaces=[]),
    "signers: no zone": signer(valid_from="2026-01-01T00:00:00"),
    "signers: misspelt key": signer(valid_untill="2027-01-01"),
    "sources: no lists": less(("trusted-sources", SOURCES), "lists"),
    "sources: list of texts": ("trusted-sources", {**SOURCES, "lists": {"a": ["x"]}}),
    "sources: no type": entry(match={"namespace": "acme"}),
    "sources: type in capitals": entry(match={"type": "HuggingFace"}),
    "sources: pattern": entry(match={"type": "huggingface", "namespace": "acme*"}),
    "sources: trust": entry(trust="maybe"),
    "sources: never expires": entry(expires="never"),
    "sources: misspelt key": entry(aproved_by="Ada"),
    "roots: bare hex": root(digest=sha("a")),
    "roots: capitals": root(digest=f"sha256:{sha('a').upper()}"),
    "roots: no reason": root(reason=""),
    "roots: no such kind": root(kind="data"),
    "suppliers: another file": ("suppliers", ROOTS),
    "suppliers: no list": less(("suppliers", SUPPLIERS), "suppliers"),
    "suppliers: unknown key": supplier(note="x"),
    "suppliers: unknown key at the top": ("suppliers", {**SUPPLIERS, "lists": []}),
    "suppliers: a person": supplier(supplier=ANNE),
    "suppliers: software": supplier(supplier="software:bot"),
    "suppliers: no party": supplier(supplier="Labels"),
    "suppliers: nobody inside": supplier(owner="Ada"),
    "suppliers: half approved": supplier(status="pending"),
    "suppliers: no agreement": supplier(agreement=" "),
    "suppliers: never reviewed": supplier(reviewed_on=""),
    "suppliers: never expires": supplier(expires="never"),
    "suppliers: serves nothing": supplier(serves=[]),
    "suppliers: serves what nobody knows": supplier(serves=["labeller"]),
    "suppliers: one match": supplier(matches={"type": "pypi"}),
    "suppliers: pattern": supplier(matches=[{"type": "pypi", "name": "x*"}]),
    "suppliers: prefix": supplier(matches=["pkg:pypi/x"]),
    "suppliers: own is a person": ("suppliers", {**SUPPLIERS, "own": [ANNE]}),
    "suppliers: own is a text": ("suppliers", {**SUPPLIERS, "own": "org:Acme"}),
    "roots: misspelt key": root(expire="2027-01-01"),
    "advisories: sequence 0": ("advisories", {**ADVISORIES, "sequence": 0}),
    "advisories: no expiry": less(("advisories", ADVISORIES), "expires"),
    "advisories: no target": affects(),
    "advisories: empty targets": affects(digests=[], parties=[]),
    "advisories: misspelt target": affects(digest=[str(digest("a"))]),
    "advisories: party by name": affects(parties=["Anne"]),
    "advisories: step by node id": affects(steps=[f"step:{sha('a')}"]),
    "advisories: no approval": affects(approvals=[]),
    "advisories: approval without a form": affects(approvals=[sha("a")]),
    "advisories: approval as a tree": affects(approvals=[f"tree-sha256:{sha('a')}"]),
    "advisories: approval in capitals": affects(
        approvals=[f"sha256:{sha('a').upper()}"]
    ),
    "advisories: pattern": affects(sources=[{"type": "huggingface", "name": "a?"}]),
    "advisories: published": advisory(published="yesterday"),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_a_schema_under_its_name(name):
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"{BASE_URI}schemas/{name}-1.json"


@pytest.mark.parametrize(("kind", "document"), VALID.values(), ids=VALID)
def test_valid_for_both(kind, document):
    READERS[kind](document, "file.yaml")
    assert list(Draft202012Validator(SCHEMAS[kind]).iter_errors(document)) == []


@pytest.mark.parametrize(("kind", "document"), INVALID.values(), ids=INVALID)
def test_invalid_for_both(kind, document):
    with pytest.raises(AibomError):
        READERS[kind](document, "file.yaml")
    assert not Draft202012Validator(SCHEMAS[kind]).is_valid(document)


def test_settings_are_the_readers_business():
    kind, document = rule(settings={"inputs_knwon": "x"})
    assert Draft202012Validator(SCHEMAS[kind]).is_valid(document)
    with pytest.raises(AibomError):
        READERS[kind](document, "file.yaml")


def test_schema_lists_what_there_is():
    defs = SCHEMAS["policy"]["$defs"]
    properties = defs["rule"]["properties"]
    assert set(properties["check"]["enum"]) == set(CHECKS)
    assert set(properties["select"]["properties"]["scope"]["enum"]) == set(SCOPES)
    assert set(defs["kind"]["enum"]) == {kind.value for kind in ENTITY_KINDS}
    files = SCHEMAS["policy"]["properties"]["data"]["items"]["enum"]
    assert files == list(DATA_FILES)
    record = SCHEMAS["suppliers"]["$defs"]["supplier"]["properties"]
    assert record["serves"]["items"]["enum"] == list(SERVES)
    accepted = SCHEMAS["accepted-roots"]["$defs"]["root"]["properties"]
    assert set(accepted["kind"]["enum"]) == {kind.value for kind in ENTITY_KINDS}


def as_json(value):
    """YAML's dates as a schema sees them."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(type(value))


@pytest.mark.parametrize("name", ["baseline", "tier-high"])
def test_packs_keep_the_schema(name):
    document = parse_yaml(policy_path(f"{name}.yaml").read_bytes(), name)
    document = json.loads(json.dumps(document, default=as_json))
    Draft202012Validator(SCHEMAS["policy"]).validate(document)


def verdict(**changes):
    found = Result(
        rule="lineage-open",
        check="lineage-closed",
        node="model:tree:" + sha("a"),
        label="a",
        status=Status.FAIL,
        reason="audit-failed",
        mode=Mode.DENY,
        severity=Severity.HIGH,
        assurance="attested",
        path=(PathHop("a", "a", "model"), PathHop("b", "b", "step", "generated")),
        evidence=("evidence/a.sigstore.json",),
        maps={"eu-ai-act": ("10(3)",)},
    )
    fields = {
        "artifact": str(digest("a")),
        "artifact_name": "a",
        "decision": Decision.DENIED,
        "reason": "audit-failed",
        "exit_code": 10,
        "tier": Tier.HIGH,
        "effective_time": NOW.isoformat(),
        "verification": Verification("verified"),
        "inputs": Inputs(boms=(("aibom.cdx.json", "sha256:" + sha("a")),)),
        "results": (found,),
        **changes,
    }
    return json.loads(json.dumps(Verdict(**fields).to_document()))


def differing(*path, to):
    """A verdict with one member changed; ``...`` for `to` removes it."""
    document = verdict()
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    if to is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return document


VERDICTS = {
    "denied": verdict(),
    "allowed": verdict(decision=Decision.ALLOWED, exit_code=0, results=()),
    "dry run": verdict(dry_run=True, verification=Verification("not-done", "dry-run")),
    "not verified": verdict(
        decision=Decision.NOT_VERIFIED,
        exit_code=11,
        results=(),
        verification=Verification("failed", "digest-mismatch", "m", "w", "h", ""),
    ),
    "advisories": verdict(inputs=Inputs(advisories_sequence=4)),
}
BROKEN = {
    "another version": differing("apiVersion", to="aibom/verdict/v2"),
    "no decision": differing("decision", to=...),
    "unknown decision": differing("decision", to="maybe"),
    "unknown member": differing("allowed", to=True),
    "allowed though something blocks": differing("decision", to="allowed"),
    "no digest": differing("artifact", to={"name": "a"}),
    "exit code as text": differing("exitCode", to="10"),
    "result without blocks": differing("results", 0, "blocks", to=...),
    "unknown status": differing("results", 0, "status", to="waived"),
    "pair of three": differing("inputs", "boms", to=[["a", "b", "c"]]),
    "no path": differing("results", 0, "path", to=[]),
}


@pytest.mark.parametrize("document", VERDICTS.values(), ids=VERDICTS)
def test_verdicts_keep_their_schema(document):
    Draft202012Validator(SCHEMAS["verdict"]).validate(document)


@pytest.mark.parametrize("document", BROKEN.values(), ids=BROKEN)
def test_what_is_no_verdict_is_refused(document):
    assert not Draft202012Validator(SCHEMAS["verdict"]).is_valid(document)
