"""What a policy test can say of a lineage, beyond steps: each kind of evidence."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from policy_builders import ANNE, BERT, CARL

from aibom.errors import UsageError
from aibom.operations.ptest.lineages import MAX_THINGS
from aibom.operations.ptest.policy_test import Report, run_ptests
from aibom.resources import read_schema

CODE = f"sha256:{'c' * 64}"
POLICY_DIGEST = f"sha256:{'d' * 64}"
RULES = [
    {
        "id": "unapproved",
        "check": "approvals",
        "select": {"scope": "artifact"},
        "settings": {
            "minimum": 1,
            "approvers": [ANNE, BERT],
            "named_in": [],
            "signer_roles": ["risk"],
        },
    },
    {
        "id": "not-passed-upstream",
        "check": "upstream-verdict",
        "select": {"scope": "artifact"},
        "settings": {
            "verifiers": ["https://hub.example/gate"],
            "max_age": "90d",
            "policies": [POLICY_DIGEST],
        },
    },
    {
        "id": "unsafe-format",
        "check": "format-allowed",
        "select": {"scope": "artifact"},
        "settings": {"allow": ["safetensors", "json", "python"]},
    },
    {
        "id": "runs-code",
        "check": "remote-code",
        "select": {"scope": "artifact"},
        "settings": {"approved": [CODE]},
    },
    {
        "id": "unhashed",
        "check": "bytes-match",
        "select": {"scope": "artifact"},
    },
    {
        "id": "supplier-unknown",
        "check": "supplier-record",
        "select": {"scope": "artifact"},
        "settings": {"max_age": "365d"},
    },
]
NONE: dict[str, Any] = {
    "advisories": {"sequence": 3, "expires": "2027-01-01", "advisories": []},
    "suppliers": {"own": ["org:Acme"], "suppliers": []},
}
CLEAN: dict[str, Any] = {
    "root": "model",
    "nodes": {
        "model": {
            "kind": "model",
            "files": {"config.json": f"sha256:{'a' * 64}", "code.py": CODE},
        }
    },
    "steps": {
        "train": {
            "kind": "train",
            "output": "model",
            "by": {"operator": CARL},
            "signer": "pipeline",
        }
    },
    "verdicts": {
        "hub": {
            "about": "model",
            "verifier": "https://hub.example/gate",
            "policy_digest": POLICY_DIGEST,
            "verified_at": "2026-11-01",
            "advisories": 3,
            "signer": "hub",
        }
    },
    "approvals": {
        "yes": {
            "about": "model",
            "approved_at": "2026-11-01",
            "expires": "2027-01-01",
            "ticket": "RISK-1",
            "signer": "anne",
        }
    },
    "hashed": ["model"],
    "formats": {"config.json": "json", "code.py": "python"},
    "remote_code": {"requests": [{"path": "config.json", "module": "code.py"}]},
}
SIGNERS = {
    "pipeline": {"role": "pipeline", "party": CARL},
    "hub": {"role": "hub", "party": "org:Hub"},
    "anne": {"role": "risk", "party": ANNE},
    "carl": {"role": "risk", "party": CARL},
}
ALL = [rule["id"] for rule in RULES if rule["id"] != "supplier-unknown"]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs one case on a policy with a rule for each kind of evidence."""
    folder = tmp_path / "policy"
    folder.mkdir()
    head = {"apiVersion": "aibom/policy/v1", "name": "own", "version": "1"}
    data = ["advisories.yaml", "suppliers.yaml"]
    (folder / "policy.yaml").write_text(
        json.dumps({**head, "data": data, "rules": RULES})
    )
    for name, value in NONE.items():
        text = json.dumps({"apiVersion": f"aibom/{name}/v1", **value})
        (folder / f"{name}.yaml").write_text(text)

    def run_one(changes: dict[str, Any], valid: bool = True) -> Report:
        more = {key: changes.pop(key) for key in ("data", "without") if key in changes}
        expect = changes.pop("expect", {"passes": ALL[:1]})
        case = {
            "name": "it",
            "lineage": {"like": "clean", **changes},
            "expect": expect,
            **more,
        }
        document = {
            "apiVersion": "aibom/ptest/v1",
            "policy": "policy",
            "time": "2026-11-21T12:00:00Z",
            "signers": SIGNERS,
            "data": NONE,
            "lineages": {"clean": CLEAN},
            "cases": [case],
        }
        schema = Draft202012Validator(read_schema("ptest-1.json"))
        assert schema.is_valid(document) is valid
        path = tmp_path / "a.ptest.yaml"
        path.write_text(json.dumps(document))
        return run_ptests([path])

    return run_one


def finding(rule: str, status: str, reason: str, **more: Any) -> dict[str, Any]:
    """Changes, and the one finding that they make."""
    wanted = {"rule": rule, "status": status, "reason": reason, "path": ["model"]}
    path = more.pop("path", None)
    wanted |= {"path": path} if path else {}
    return {"expect": {"rules": [wanted]}, **more}


def verdict(**more: Any) -> dict[str, Any]:
    return {"verdicts": {"hub": more}}


def approval(**more: Any) -> dict[str, Any]:
    return {"approvals": {"yes": more}}


def supplied(**more: Any) -> dict[str, Any]:
    """By an organisation whose record is this, in which nothing is wrong as it is."""
    record = {
        "supplier": "org:Labels Inc",
        "status": "approved",
        "owner": "org:Acme",
        "agreement": "17",
        "reviewed_on": "2026-05-01",
        "approved_by": "Ada",
        "expires": "2027-01-01",
        **more,
    }
    return {
        "steps": {"train": {"by": {"supplier": "org:Labels Inc"}}},
        "data": {"suppliers": {"suppliers": [record]}},
        "path": ["model", "train", "Labels Inc"],
    }


WITHDRAWN = {
    "advisories": {
        "advisories": [
            {
                "id": "A-1",
                "summary": "said too early",
                "published": "2026-11-10",
                "affects": {"approvals": ["@yes"]},
            }
        ]
    }
}
UPSTREAM, APPROVED = "not-passed-upstream", "unapproved"
HOLD: dict[str, dict[str, Any]] = {
    "everything passes": {"expect": {"passes": ALL, "decision": "allowed"}},
    "a verdict that denies": finding(
        UPSTREAM, "fail", "verdict-not-passed", **verdict(passed=False)
    ),
    "a verdict for a laxer tier": finding(
        UPSTREAM, "unknown", "verdict-tier-too-low", **verdict(tier="low")
    ),
    "a verdict that let everything through": finding(
        UPSTREAM, "unknown", "verdict-report-only", **verdict(report_only=True)
    ),
    "a verdict by another policy": finding(
        UPSTREAM,
        "unknown",
        "verdict-other-policy",
        **verdict(policy_digest=f"sha256:{'e' * 64}"),
    ),
    "a verdict as of long ago": finding(
        UPSTREAM, "unknown", "verdict-too-old", **verdict(effective_time="2026-01-01")
    ),
    "a verdict that has ended": finding(
        UPSTREAM, "unknown", "verdict-expired", **verdict(expires="2026-11-20")
    ),
    "a verdict with older advisories": finding(
        UPSTREAM, "unknown", "verdict-before-advisory", **verdict(advisories=2)
    ),
    "a verdict of nobody who is allowed": finding(
        UPSTREAM,
        "unknown",
        "verdict-other-verifier",
        without=["verdicts/hub/signer"],
    ),
    "a verdict about something else": finding(
        UPSTREAM,
        "unknown",
        "verdict-missing",
        nodes={"other": {"kind": "model"}},
        **verdict(about="other"),
    ),
    "an approval that has ended": finding(
        APPROVED, "unknown", "approval-expired", **approval(expires="2026-11-20")
    ),
    "an approval for a laxer tier": finding(
        APPROVED, "unknown", "approval-tier-too-low", **approval(tier="low")
    ),
    "an approval by whoever made it": finding(
        APPROVED, "unknown", "approvals-too-few", **approval(signer="carl")
    ),
    "an approval that was withdrawn": finding(
        APPROVED, "fail", "approval-revoked", data=WITHDRAWN
    ),
    "a format that is not allowed": finding(
        "unsafe-format",
        "fail",
        "format-not-allowed",
        formats={"config.json": "pickle"},
    ),
    "code that is not approved": finding(
        "runs-code",
        "fail",
        "remote-code",
        nodes={"model": {"files": {"code.py": f"sha256:{'b' * 64}"}}},
    ),
    "code of another repository": finding(
        "runs-code",
        "fail",
        "remote-code-elsewhere",
        remote_code={"requests": [{"path": "config.json", "repository": "a/b"}]},
    ),
    "a configuration that is not clear": finding(
        "runs-code",
        "unknown",
        "configuration-unclear",
        remote_code={"unclear": {"config.json": "twice"}},
    ),
    "nobody looked for code": finding(
        "runs-code", "unknown", "code-not-read", without=["remote_code"]
    ),
    "formats alone say that bytes were looked at": finding(
        "unhashed", "unknown", "bytes-not-hashed", without=["hashed", "remote_code"]
    ),
    "no bytes were looked at": {
        "without": ["hashed", "formats", "remote_code"],
        "expect": {
            "rules": [
                {"rule": "unhashed", "status": "not-applicable"},
                {"rule": "runs-code", "status": "not-applicable"},
            ]
        },
    },
    "a supplier on record": supplied() | {"expect": {"passes": ["supplier-unknown"]}},
    "a supplier without a record": finding(
        "supplier-unknown",
        "unknown",
        "supplier-record-missing",
        **supplied(supplier="org:Others"),
    ),
    "a supplier who is suspended": finding(
        "supplier-unknown",
        "fail",
        "supplier-suspended",
        **supplied(status="suspended"),
    ),
}


@pytest.mark.parametrize("name", HOLD)
def test_what_can_be_said(run: Any, name: str) -> None:
    changes = copy.deepcopy(HOLD[name])
    changes.pop("path", None)
    (outcome,) = run(changes).cases
    assert outcome.differences == ()


#: Changes that are refused, what is told, and whether the schema refuses them too.
REFUSED: dict[str, tuple[dict[str, Any], str, bool]] = {
    "a misspelt key of a verdict": (
        verdict(verifed_at="2026-11-01"),
        "lineage.verdicts.hub: unknown key 'verifed_at'; did you mean 'verified_at'?",
        True,
    ),
    "a verdict without a time": (
        {"verdicts": {"other": {"about": "model", "verifier": "x"}}},
        "verdicts.other.verified_at: is missing",
        False,
    ),
    "a time without a zone": (
        verdict(verified_at="2026-11-01T08:00:00"),
        "verified_at: the time has no zone",
        True,
    ),
    "a tier that is none": (
        verdict(tier="hihg"),
        "tier: 'hihg' is not one of: high, medium, low",
        True,
    ),
    "a word for true": (
        verdict(passed="yes"),
        "passed: must be true or false, not a text",
        True,
    ),
    "a digest that is none": (
        verdict(policy_digest="sha256:12"),
        "policy_digest: is not sha256: and 64 lower-case hex digits",
        True,
    ),
    "a sequence below one": (
        verdict(advisories=0),
        "advisories: must be 1 or more",
        True,
    ),
    "a list of verdicts": (
        {"verdicts": [1]},
        "lineage.verdicts: must be a mapping, not a list",
        True,
    ),
    "an approval that ends before it begins": (
        approval(expires="2026-10-01"),
        "approvals.yes.expires: is not after approved_at",
        False,
    ),
    "an approval called like a node": (
        {"approvals": {"model": {}}},
        "approvals.model: a node or a step has this id as well",
        False,
    ),
    "an approval by nobody known": (
        approval(signer="ann"),
        "no signer 'ann'; did you mean 'anne'?",
        False,
    ),
    "a misspelt approval in data": (
        {"data": {"advisories": {"advisories": [{"id": "@yse"}]}}},
        "nothing with a digest is called 'yse'; did you mean 'yes'?",
        False,
    ),
    "a verdict as a bare statement": (
        {"statements": {"x": {"about": "model", "predicate": "verdict"}}},
        "predicate: describe it under verdicts",
        False,
    ),
    "an audit as a bare statement": (
        {
            "statements": {
                "x": {"about": "model", "predicate": "https://w3id.org/aibom/audit/v1"}
            }
        },
        "predicate: describe it under audits",
        False,
    ),
    "a format of a file that is not there": (
        {"formats": {"confg.json": "json"}},
        "'confg.json' is not among the files of the artifact; did you mean 'config.js",
        False,
    ),
    "a misspelt format": (
        {"formats": {"config.json": "jsn"}},
        "unknown format 'jsn'; did you mean 'json'?",
        False,
    ),
    "code asked for by a file that is not there": (
        {"remote_code": {"requests": [{"path": "x.json"}]}},
        "requests[0].path: 'x.json' is not among the files",
        False,
    ),
    "a misspelt key of remote_code": (
        {"remote_code": {"request": []}},
        "unknown key 'request'; did you mean 'requests'?",
        True,
    ),
    "remote_code as a word": (
        {"remote_code": "none"},
        "remote_code: must be a mapping, not a text",
        True,
    ),
    "a file's digest that is none": (
        {"nodes": {"model": {"files": {"code.py": "abc"}}}},
        "files.code.py: 'abc' is not",
        True,
    ),
    "a file with the digest of a folder": (
        {"nodes": {"model": {"files": {"code.py": f"tree:sha256:{'a' * 64}"}}}},
        "files.code.py:",
        True,
    ),
    "a supplier that is malformed": (
        supplied(status="aproved") | {"path": None},
        "status: 'aproved' is not one of",
        False,
    ),
    "data that are a list": (
        {"data": {"suppliers": []}},
        "data.suppliers: must be a mapping, or the path of a file",
        True,
    ),
    "data of signers": (
        {"data": {"signers": {}}},
        "data: unknown key 'signers'; did you mean 'suppliers'?",
        True,
    ),
    "a rule that passes and is none": (
        {"expect": {"passes": ["unaproved"]}},
        "no rule 'unaproved'; did you mean 'unapproved'?",
        False,
    ),
    "rules that pass as a text": (
        {"expect": {"passes": "unapproved"}},
        "expect.passes: must be a list, not a text",
        True,
    ),
    "like something that is no name": (
        {"like": 3},
        "lineage: must be a mapping, or the name of a lineage",
        True,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(run: Any, name: str) -> None:
    changes, told, by_schema = copy.deepcopy(REFUSED[name])
    changes = {key: value for key, value in changes.items() if value is not None}
    with pytest.raises(UsageError) as caught:
        run(changes, valid=not by_schema)
    assert caught.value.reason == "ptest-invalid"
    assert told in caught.value.message


# ── lineages like others ──────────────


def lineages(tmp_path: Path, *cases: Any, **named: Any) -> Path:
    expect = {"rules": [{"rule": "unhashed", "status": "not-applicable"}]}
    listed = [
        {"name": str(n), "lineage": one, "expect": expect}
        for n, one in enumerate(cases)
    ]
    head = {"apiVersion": "aibom/ptest/v1", "time": "2026-11-21"}
    path = tmp_path / "b.ptest.yaml"
    document = {**head, "policy": "policy", "lineages": named, "cases": listed}
    path.write_text(json.dumps(document))
    return path


ONE = {"root": "m", "nodes": {"m": {"kind": "model"}}}
UNLIKE = {
    "one that comes later": (
        {"a": {"like": "b"}, "b": ONE},
        ["b"],
        "lineages.a: no lineage 'b'",
    ),
    "itself": ({"a": {"like": "a"}}, ["a"], "lineages.a: no lineage 'a'"),
    "one that is broken": (
        {"a": {**ONE, "root": "x"}, "b": {"like": "a"}},
        ["b"],
        "lineages.a.root: no node 'x'",
    ),
    "a lineage that is a text": ({"a": "b"}, ["a"], "lineages.a: must be a mapping"),
    "nothing": ({"a": {**ONE, "like": None}}, ["a"], "lineages.a: must be a mapping"),
}


@pytest.mark.parametrize("name", UNLIKE)
def test_what_a_lineage_cannot_be_like(run: Any, tmp_path: Path, name: str) -> None:
    named, cases, told = UNLIKE[name]
    with pytest.raises(UsageError) as caught:
        run_ptests([lineages(tmp_path, *cases, **named)])
    assert caught.value.message.count("\n") == 0, "told once"
    assert told in caught.value.message


def test_a_change_does_not_change_what_it_is_like(run: Any, tmp_path: Path) -> None:
    cases = [{"like": "b", "nodes": {"n": {"kind": "model"}}}, "b", "a"]
    path = lineages(tmp_path, *cases, a=ONE, b={"like": "a", "root": "m"})
    report = run_ptests([path])
    assert [case.differences for case in report.cases] == [(), (), ()]


def test_a_short_file_cannot_describe_without_end(run: Any, tmp_path: Path) -> None:
    """A bomb of lineages that are like each other, as there are no aliases."""
    nodes = {f"n{n}": {"kind": "model"} for n in range(MAX_THINGS // 100)}
    named = {"a": {"root": "n0", "nodes": nodes}, "b": {"like": "a"}}
    with pytest.raises(UsageError, match="describes more than") as caught:
        run_ptests([lineages(tmp_path, *["b"] * 150, **named)])
    assert caught.value.reason == "ptest-invalid"
