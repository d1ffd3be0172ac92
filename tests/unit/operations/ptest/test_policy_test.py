"""Policy tests: what they can describe, what they tell, and what is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from policy_builders import ANNE, BERT, COMMIT
from worlds import World

from aibom.errors import AibomError, PolicyInvalid, UsageError
from aibom.operations.ptest.document import check_ptest
from aibom.operations.ptest.find import find_ptests
from aibom.operations.ptest.policy_test import Report, run_ptests
from aibom.resources import read_schema

SOURCE = f"pkg:huggingface/acme/corpus@{COMMIT}"
DECIDED = {"reason": "ours", "approved_by": "Ada", "expires": "2027-01-01"}
ADVISORIES = {
    "apiVersion": "aibom/advisories/v1",
    "sequence": 1,
    "expires": "2027-01-01",
    "advisories": [],
}
DATA = {
    "trusted-sources": {
        "apiVersion": "aibom/trusted-sources/v1",
        "lists": {
            "approved": [
                {
                    "match": {"type": "huggingface", "namespace": "acme"},
                    "trust": "trusted",
                    **DECIDED,
                }
            ]
        },
    },
    "accepted-roots": {
        "apiVersion": "aibom/accepted-roots/v1",
        "roots": [{"digest": "@corpus", **DECIDED}],
    },
    "advisories": ADVISORIES,
}
CLEAN = {
    "root": "model",
    "nodes": {
        "model": {"kind": "model", "files": ["weights.safetensors"]},
        "corpus": {"kind": "dataset", "facts": {"name": ["corpus", "acme/corpus"]}},
    },
    "steps": {
        "train": {
            "kind": "train",
            "uses": {"training-data": {"node": "corpus", "facts": {"source": SOURCE}}},
            "output": "model",
            "signer": "pipeline",
        }
    },
    "statements": {"bom": {"about": "model", "predicate": "bom", "signer": "release"}},
    "hashed": ["model"],
}
PASSES = [
    {"rule": rule, "status": "pass"}
    for rule in (
        *("bytes-changed", "bom-signer-wrong", "lineage-open"),
        *("revision-unpinned", "source-untrusted", "ancestor-tainted"),
    )
]


def document(*cases: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {
        "apiVersion": "aibom/ptest/v1",
        "policy": "builtin:baseline@1",
        "time": "2026-11-21T12:00:00Z",
        "signers": {
            "release": {"role": "release", "party": "org:Acme release"},
            "pipeline": {"role": "pipeline"},
        },
        "data": copy.deepcopy(DATA),
        "lineages": {
            "clean": copy.deepcopy(CLEAN),
            "unrecorded": {"like": "clean", "steps": {"train": {"recorded": False}}},
        },
        "cases": list(cases),
        **top,
    }


def case(rules: Any = (), name: str = "it", **more: Any) -> dict[str, Any]:
    """A case on the clean lineage; ``rules`` are what is expected."""
    listed = [rules] if isinstance(rules, dict) else list(rules)
    expect = {"rules": listed} if listed else {}
    expect.update(more.pop("expect", {}))
    return {"name": name, "lineage": "clean", "expect": expect, **more}


def run(tmp_path: Path, value: dict[str, Any], policy: Path | None = None) -> Report:
    Draft202012Validator(read_schema("ptest-1.json")).validate(value)
    path = tmp_path / "a.ptest.yaml"
    path.write_text(json.dumps(value))
    return run_ptests([path], policy)


def advised(**affects: Any) -> dict[str, Any]:
    item = {"id": "A-1", "summary": "flipped", "published": "2026-11-01"}
    listed = [{**item, "affects": affects}]
    return {"advisories": {**ADVISORIES, "advisories": listed}}


def wants(rule: str, status: str, reason: str | None = None, **more: Any) -> Any:
    return {
        "rule": rule,
        "status": status,
        **({"reason": reason} if reason else {}),
        **more,
    }


ADVISORY = {"id": "A-1", "summary": "flipped", "published": "2026-11-01"}
BY_DIGEST = {"digests": ["@corpus"]}
#: Cases that are as expected.
HOLD: dict[str, dict[str, Any]] = {
    "everything passes": case(PASSES, expect={"decision": "allowed", "exit_code": 0}),
    "one node, by the id of the test": case(
        wants("revision-unpinned", "pass", "pinned", node="corpus")
    ),
    "the path, by labels": case(
        wants("source-untrusted", "pass", node="corpus", path=["model", "train"])
        | {"path": ["model", "train", "acme/corpus"]}
    ),
    "nobody signed the record": case(
        wants("lineage-open", "unknown", "step-record-untrusted", blocks=True),
        without=["steps/train/signer"],
        expect={"decision": "undecided", "exit_code": 3},
    ),
    "there is no record": case(
        wants("lineage-open", "unknown", "step-record-absent"),
        lineage={"like": "clean", "steps": {"train": {"recorded": False}}},
    ),
    "in tier low it only warns": case(
        wants("lineage-open", "unknown", "step-record-absent", blocks=False),
        lineage={"like": "clean", "steps": {"train": {"recorded": False}}},
        tier="low",
    ),
    "the BOM is signed in another role": case(
        wants("bom-signer-wrong", "fail", "signer-role-not-allowed"),
        lineage={"like": "clean", "statements": {"bom": {"signer": "pipeline"}}},
    ),
    "no bytes were looked at": case(
        wants("bytes-changed", "not-applicable", "bytes-not-read"), without=["hashed"]
    ),
    "an advisory by the digest of a node": case(
        wants("ancestor-tainted", "fail", "tainted-ancestor", term="A-1"),
        data=advised(digests=["@corpus"]),
        expect={"exit_code": 10, "reason": "tainted-ancestor"},
    ),
    "an advisory by the record of a step": case(
        wants("ancestor-tainted", "fail", "tainted-ancestor"),
        data=advised(steps=["@train"]),
    ),
    "a lineage of its own": case(
        wants("lineage-open", "unknown", "root-not-accepted"),
        lineage={"root": "m", "nodes": {"m": {"kind": "model"}}},
        data={"accepted-roots": {**DATA["accepted-roots"], "roots": []}},
    ),
    "another time": case(
        wants("lineage-open", "unknown", "accepted-root-expired"), time="2027-02-01"
    ),
    "in short": case(expect={"passes": ["lineage-open", "bytes-changed"]}),
    "data joined to those of the file": case(
        wants("ancestor-tainted", "fail", "tainted-ancestor"),
        data={"advisories": {"advisories": [ADVISORY | {"affects": BY_DIGEST}]}},
    ),
    "a lineage like another of the file": case(
        wants("lineage-open", "unknown", "step-record-absent"), lineage="unrecorded"
    ),
    "nothing is said, not even a name": case(
        wants("lineage-open", "pass", "steps-recorded", node="corpus"),
        lineage={"like": "clean", "nodes": {"corpus": {"facts": {"name": []}}}},
        expect={"rules": [wants("source-untrusted", "pass", node="corpus")]},
    ),
}


@pytest.mark.parametrize("name", HOLD)
def test_what_holds(tmp_path: Path, name: str) -> None:
    (outcome,) = run(tmp_path, document(HOLD[name])).cases
    assert outcome.differences == ()
    assert outcome.declared


#: Cases that differ: what is told of it (about, expected, found).
DIFFER: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "it passes": (
        case(wants("lineage-open", "unknown", "root-not-accepted")),
        (
            "lineage-open",
            "unknown [root-not-accepted]",
            "pass [steps-recorded] on model by model: steps-recorded",
        ),
    ),
    "for another reason": (
        case(
            wants("lineage-open", "unknown", "root-not-accepted"),
            without=["steps/train/signer"],
        ),
        (
            "lineage-open",
            "unknown [root-not-accepted]",
            "unknown [step-record-untrusted] on model by model > train: "
            "train: signer-not-allowed",
        ),
    ),
    "one node passes, and the rule does not": (
        case(
            wants("revision-unpinned", "pass"),
            lineage={
                "like": "clean",
                "steps": {"train": {"uses": {"training-data": ["corpus", "unpinned"]}}},
                "nodes": {"unpinned": {"kind": "dataset"}},
            },
        ),
        ("revision-unpinned", "pass", "unknown [source-missing] on"),
    ),
    "not asked of this node": (
        case(wants("bom-signer-wrong", "pass", node="corpus")),
        ("bom-signer-wrong on corpus", "pass", "it is asked of model only"),
    ),
    "by another path": (
        case(wants("source-untrusted", "pass", node="corpus", path=["model"])),
        ("source-untrusted on corpus", "pass by model", "> train >"),
    ),
    "the decision": (
        case(expect={"decision": "denied"}),
        ("decision", "denied", "allowed"),
    ),
    "the exit code": (case(expect={"exit_code": 3}), ("exit code", "3", "0")),
    "the reason": (case(expect={"reason": "a-b"}), ("reason", "a-b", "allowed")),
    "another term": (
        case(
            wants("ancestor-tainted", "fail", "tainted-ancestor", term="A-2"),
            data=advised(digests=["@corpus"]),
        ),
        ("ancestor-tainted", "fail [tainted-ancestor] term A-2", "term A-1"),
    ),
    "an exception that is not there": (
        case(
            wants("lineage-open", "unknown", "step-record-untrusted", exception="E-1"),
            without=["steps/train/signer"],
        ),
        ("lineage-open", "exception E-1", "exception none"),
    ),
}


@pytest.mark.parametrize("name", DIFFER)
def test_what_differs(tmp_path: Path, name: str) -> None:
    asked, (about, expected, found) = DIFFER[name]
    report = run(tmp_path, document(asked))
    (difference,) = report.cases[0].differences
    assert difference.about == about
    assert expected in difference.expected
    assert found in difference.found
    assert not report.as_expected


def edit(**changes: Any) -> dict[str, Any]:
    return case(PASSES[:1], lineage={"like": "clean", **changes})


#: Documents that cannot be run, and what is told.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "expects nothing": (document(case()), "expects nothing, and so could not fail"),
    "an empty list of rules": (
        document(case(expect={"rules": []})),
        "expects nothing, and so could not fail",
    ),
    "no case": (document(), "holds no case"),
    "a finding without a reason": (
        document(case(wants("lineage-open", "fail"))),
        "reason: is missing: say for which reason",
    ),
    "an unknown rule": (
        document(case(wants("lineage-opened", "pass"))),
        "no rule 'lineage-opened'; did you mean 'lineage-open'?",
    ),
    "a misspelt key": (
        document({**case(PASSES), "lineages": "clean"}),
        "unknown key 'lineages'; did you mean 'lineage'?",
    ),
    "a misspelt node": (
        document(case(wants("source-untrusted", "pass", node="corpse"))),
        "no node 'corpse'; did you mean 'corpus'?",
    ),
    "a misspelt signer": (
        document(edit(statements={"bom": {"signer": "relase"}})),
        "no signer 'relase'; did you mean 'release'?",
    ),
    "waivers of somebody unknown": (
        document(case(PASSES, data={"waivers_signed_by": "relase"})),
        "no signer 'relase'; did you mean 'release'?",
    ),
    "a misspelt lineage": (
        document(case(PASSES, lineage="cleam")),
        "no lineage 'cleam'; did you mean 'clean'?",
    ),
    "taken out, and not there": (
        document(case(PASSES, without=["steps/tran"])),
        "'steps/tran' is not in the lineage; did you mean 'train'?",
    ),
    "a mark that leads nowhere": (
        document(case(PASSES, data=advised(digests=["@corpse"]))),
        "nothing with a digest is called 'corpse'; did you mean 'corpus'?",
    ),
    "both a BOM and a lineage": (
        document({**case(PASSES), "bom": "a.ptest.yaml"}),
        "name either a bom or a lineage",
    ),
    "neither": (
        document({"name": "it", "expect": {"rules": PASSES}}),
        "name either a bom or a lineage",
    ),
    "a BOM that is not there": (
        document({"name": "it", "bom": "b.json", "expect": {"rules": PASSES}}),
        "b.json is not a file",
    ),
    "no time anywhere": (
        document(case(PASSES), time=None),
        "time: not a date",
    ),
    "two cases of one name": (document(case(PASSES), case(PASSES)), "are called 'it'"),
    "a policy without a name": (
        document(case(PASSES), policy=""),
        "policy: is empty",
    ),
    "a number as a fact": (
        document(edit(nodes={"corpus": {"facts": {"rows": 3}}})),
        "must be a text (numbers in quotes), or null",
    ),
    "a fact that cannot be one": (
        document(edit(nodes={"corpus": {"facts": {"Not A Fact": "x"}}})),
        "is not a field name",
    ),
    "an undigested twin": (
        document(edit(nodes={"twin": {"kind": "model", "digest": "sha256:12"}})),
        "is not a SHA-256 in 64 lower-case hex digits",
    ),
    "one digest, two kinds": (
        document(
            edit(
                nodes={
                    "a": {"kind": "model", "digest": f"sha256:{'0' * 64}"},
                    "b": {"kind": "dataset", "digest": f"sha256:{'0' * 64}"},
                }
            )
        ),
        "0000",
    ),
    "a party that is none": (
        document(edit(steps={"train": {"by": {"operator": "Anne"}}})),
        "'Anne' is not a party",
    ),
    "a number without a count": (
        document(
            edit(
                audits={
                    "a": {
                        "about": "model",
                        "type": "t",
                        "examined_on": "2026-11-01",
                        "measurements": [{"metric": "m", "samples": 3}],
                    }
                }
            )
        ),
        "give either value or count",
    ),
    "data that is malformed": (
        document(case(PASSES, data={"advisories": {**ADVISORIES, "sequence": 0}})),
        "sequence: must be 1 or more",
    ),
    "data that a rule needs": (
        document(case(PASSES), data={"advisories": ADVISORIES}),
        "the rule 'source-untrusted' needs trusted-sources.yaml in data",
    ),
    "evidence for a lineage": (
        document({**case(PASSES), "evidence": ["a.ptest.yaml"]}),
        "belongs to a bom",
    ),
    "a policy that is not there as well": (
        document(case(PASSES), case(name="none"), policy="nowhere"),
        "nowhere: is not a folder",
    ),
    "another version": (
        document(case(PASSES), apiVersion="aibom/ptest/v2"),
        "is not 'aibom/ptest/v1'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(tmp_path: Path, name: str) -> None:
    value, told = REFUSED[name]
    path = tmp_path / "a.ptest.yaml"
    path.write_text(json.dumps(value))
    with pytest.raises(UsageError) as caught:
        run_ptests([path])
    assert caught.value.reason == "ptest-invalid"
    assert told in caught.value.message


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.ptest.yaml").write_text(json.dumps(document(case(), case(name=""))))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/b.ptest.yaml").write_text("on: x")
    (tmp_path / "deep/c.ptest.yaml").write_text("[1]")
    with pytest.raises(UsageError) as caught:
        run_ptests([tmp_path])
    for text in (
        "a.ptest.yaml.cases[0].expect: expects nothing",
        "a.ptest.yaml.cases[1].name: is empty",
        "b.ptest.yaml: line 1: a key must be a text",
        "c.ptest.yaml: must be a mapping, not a list",
    ):
        assert text in caught.value.message


def test_a_file_that_names_no_policy_needs_one(tmp_path: Path) -> None:
    value = document(case(PASSES))
    del value["policy"]
    with pytest.raises(UsageError, match="names no policy, and there is no --policy"):
        run(tmp_path, value)
    assert run(tmp_path, value, Path("builtin:baseline@1")).as_expected


def test_a_pack_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        run(tmp_path, document(case(PASSES), policy="builtin:basline@1"))
    assert caught.value.reason == "pack-missing"
    assert "builtin:baseline@1" in caught.value.message


@pytest.mark.parametrize("name", ["empty", "nothing"])
def test_no_test_at_all_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        find_ptests([tmp_path / name])
    assert caught.value.reason == "ptest-none"


def test_only_cases_that_hold_cover_a_rule(tmp_path: Path) -> None:
    wrong = wants("lineage-open", "unknown", "no-such-reason")
    tainted = wants("ancestor-tainted", "fail", "tainted-ancestor")
    report = run(
        tmp_path,
        document(
            case(PASSES),
            case(wrong, name="wrong"),
            case(tainted, name="tainted", data=advised(digests=["@corpus"])),
        ),
    )
    missing = {one.rule: one.missing for one in report.uncovered}
    assert missing["lineage-open"] == ("finding",)
    assert "ancestor-tainted" not in missing


def test_an_audit_and_who_made_it(tmp_path: Path) -> None:
    """On a folder of one's own, whose rule asks for labelers and their audit."""
    verifier = tmp_path / "verifier"
    verifier.mkdir()
    rule = {
        "id": "labels-unaudited",
        "check": "required-audit",
        "select": {"kind": "dataset", "scope": "artifact"},
        "settings": {
            "type": "label-consistency",
            "metric": "overlap-disagreement",
            "at_most": 0.1,
            "minimum_sample": 30,
            "auditor_roles": ["auditor"],
            "cover": "labeler",
        },
    }
    head = {"apiVersion": "aibom/policy/v1", "name": "own", "version": "1"}
    (verifier / "policy.yaml").write_text(json.dumps({**head, "rules": [rule]}))

    def number(party: str, count: int) -> dict[str, Any]:
        numbers = {"metric": "overlap-disagreement", "count": count, "samples": 100}
        return {**numbers, "slice": {"labeler": party}}

    labels = {
        "root": "labels",
        "nodes": {"labels": {"kind": "dataset"}, "items": {"kind": "dataset"}},
        "steps": {
            "label": {
                "kind": "label",
                "uses": {"items": "items"},
                "output": "labels",
                "by": {"labeler": [ANNE, BERT]},
                "signer": "pipeline",
            }
        },
        "audits": {
            "overlap": {
                "about": "labels",
                "type": "label-consistency",
                "examined_on": "2026-11-20",
                "signer": "auditor",
                "measurements": [number(ANNE, 3), number(BERT, 40)],
            }
        },
    }
    signers = {
        "pipeline": {"role": "pipeline", "party": "software:builder"},
        "auditor": {"role": "auditor", "party": "org:Auditors"},
    }
    fails = wants("labels-unaudited", "fail", "audit-failed")
    value = document(
        case(fails, lineage=labels),
        case(
            wants("labels-unaudited", "unknown", "audit-missing"),
            name="missing",
            lineage=labels,
            without=["audits/overlap"],
        ),
        policy="verifier",
        signers=signers,
        lineages={},
        data={},
    )
    report = run(tmp_path, value)
    assert [case.differences for case in report.cases] == [(), ()]


def on_bom(world: World, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": "the world",
        "bom": "../model/aibom.cdx.json",
        "evidence": ["../evidence"],
        "expect": {"rules": list(rules), **more.pop("expect", {})},
        **more,
    }


def world_file(world: World, *cases: dict[str, Any]) -> Report:
    folder = world.root / "tests"
    folder.mkdir()
    path = folder / "world.ptest.yaml"
    head = {"apiVersion": "aibom/ptest/v1", "policy": "../verifier"}
    path.write_text(
        json.dumps({**head, "time": "2026-11-21T12:00:00Z", "cases": list(cases)})
    )
    return run_ptests([folder], within=(world.root,))


def test_a_bom_with_evidence_and_the_folders_data(world: World) -> None:
    labels = wants("labels-unaudited", "pass", node="acme/data/labels")
    (outcome,) = world_file(
        world, on_bom(world, labels, expect={"decision": "undecided"})
    ).cases
    assert (outcome.differences, outcome.declared) == ((), False)


def test_a_bom_with_other_advisories(world: World) -> None:
    hit = wants("ancestor-tainted", "fail", "tainted-ancestor")
    source = {"type": "generic", "namespace": "acme", "name": "corpus"}
    data = advised(sources=[source])
    (outcome,) = world_file(world, on_bom(world, hit, data=data)).cases
    assert outcome.differences == ()


def break_bom(world: World) -> None:
    world.bom.write_text("{}")


def break_record(world: World) -> None:
    path = world.record_of("fine-tune")
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("change", [break_bom, break_record])
def test_documents_that_do_not_hold(
    world: World, change: Callable[[World], None]
) -> None:
    change(world)
    closed = wants("lineage-open", "pass")
    (outcome,) = world_file(world, on_bom(world, closed)).cases
    (difference,) = outcome.differences
    assert difference.found.startswith("not evaluated: ")


def test_a_case_can_expect_that_verification_fails(world: World) -> None:
    break_record(world)
    expect = {"decision": "not-verified", "exit_code": 11}
    (outcome,) = world_file(world, on_bom(world, expect=expect) | {}).cases
    assert outcome.differences == ()


WAIVER = {
    "id": "E-1",
    "rule": "labels-unaudited",
    "reason_code": "audit-missing",
    "reason": "next week",
    "ticket": "RISK-1",
    "requested_by": "org:Acme product",
    "approved_by": "org:Acme risk",
    "approved_on": "2026-11-20",
    "expires": "2026-12-18",
}


@pytest.mark.parametrize(
    ("role", "exception"), [("risk", "E-1"), ("pipeline", ""), (None, "")]
)
def test_waivers_of_a_case_are_signed_by_who_is_declared(
    tmp_path: Path, role: str | None, exception: str
) -> None:
    verifier = tmp_path / "verifier"
    verifier.mkdir()
    policy = {
        "apiVersion": "aibom/policy/v1",
        "name": "own",
        "version": "1",
        "exceptions": {
            "roles": ["risk-owner"],
            "max_days": {"high": 30, "medium": 30, "low": 30},
        },
        "rules": [
            {"id": "labels-unaudited", "check": "lineage-closed"},
        ],
    }
    (verifier / "policy.yaml").write_text(json.dumps(policy))
    entry = {
        **WAIVER,
        "subject": "@m",
        "reason_code": "root-not-accepted",
        "term": "root-not-accepted:@m",
    }
    data: dict[str, Any] = {
        "waivers": {"apiVersion": "aibom/waivers/v1", "waivers": [entry]}
    }
    if role:
        data["waivers_signed_by"] = role
    lineage = {"root": "m", "nodes": {"m": {"kind": "model"}}}
    blocks = not exception
    wanted = wants("labels-unaudited", "unknown", "root-not-accepted", blocks=blocks)
    value = document(
        case(wanted, lineage=lineage, data=data),
        policy="verifier",
        data={},
        lineages={},
        signers={
            "risk": {"role": "risk-owner", "party": "org:Acme risk"},
            "pipeline": {"role": "pipeline", "party": "software:builder"},
        },
    )
    (outcome,) = run(tmp_path, value).cases
    assert outcome.differences == ()


def test_a_parsed_document_is_checked_without_running_it() -> None:
    found = check_ptest(document(case(PASSES), case(PASSES, name="b")), "x.yaml")
    assert [one.name for one in found.cases] == ["it", "b"]
    with pytest.raises(UsageError, match="expects nothing") as caught:
        check_ptest(document(case()), "x.yaml")
    assert caught.value.reason == "ptest-invalid"


#: Documents that the schema refuses as the reader does.
BY_SCHEMA = (
    *("expects nothing", "an empty list of rules", "no case", "a misspelt key"),
    *("a finding without a reason", "both a BOM and a lineage", "neither"),
    *("a number without a count", "a party that is none", "another version"),
)


@pytest.mark.parametrize("name", BY_SCHEMA)
def test_the_schema_refuses_it_as_well(name: str) -> None:
    validator = Draft202012Validator(read_schema("ptest-1.json"))
    assert not validator.is_valid(REFUSED[name][0])


HOSTILE: dict[str, tuple[bytes, str]] = {
    "not UTF-8": (b"\xff\xfe", "not UTF-8"),
    "deep": (b"[" * 100_000, "nested deeper than 40 levels"),
    "deep, and closed": (b"[" * 50 + b"]" * 50, "nested deeper than 40 levels"),
    "alias": (b"a: &a [x]\nb: *a", "aliases are not read"),
    "bomb of aliases": (
        b"a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nd: [*c, *c, *c]",
        "aliases are not read",
    ),
    "merge key": (b"a: &a {b: 1}\nc: {<<: *a}", "not read"),
    "tag": (b"a: !!python/object:os.system {}", "tags are not read"),
    "a key twice": (b"cases: []\ncases: []", "the key 'cases' stands twice"),
    "a key twice, below": (
        b"lineages:\n  a: {root: m, root: n}\n",
        "the key 'root' stands twice",
    ),
    "two documents": (b"a: 1\n---\nb: 2", "not YAML"),
    "a key that is a list": (b"[a, b]: c", "a key must be a text"),
    "nothing": (b"", "must be a mapping, not nothing"),
    "a text": (b"cases", "must be a mapping, not a text"),
    "cases that are a mapping": (b"cases: {a: b}", "cases: must be a list"),
    "cases that are texts": (b"cases: [a]", "cases[0]: must be a mapping"),
    "lineages that are a list": (b"lineages: [a]", "lineages: must be a mapping"),
    "signers that are texts": (b"signers: {a: b}", "signers.a: must be a mapping"),
    "nodes that are texts": (
        b"lineages: {a: {root: m, nodes: {m: x}}}",
        "nodes.m: must be a mapping, not a text",
    ),
    "a time that is a number": (b"time: 20261121", "time: not a date"),
    "large": (b"# " + b"x" * 5_000_000, "over the limit"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(tmp_path: Path, name: str) -> None:
    content, told = HOSTILE[name]
    path = tmp_path / "a.ptest.yaml"
    path.write_bytes(content)
    with pytest.raises(AibomError) as caught:
        run_ptests([path])
    assert caught.value.reason == "ptest-invalid"
    assert told in caught.value.message


# ── what a file names has to lie in what is tested ──────────────


SECRET = "hunter2"
OUTSIDE: dict[str, tuple[dict[str, Any], str]] = {
    "data above": ({"data": {"advisories": "../secret"}}, "leads out of what is tes"),
    "data of a case": (
        {"cases": [case(PASSES, data={"waivers": "../secret"})]},
        "leads out of what is tested",
    ),
    "data, absolute": ({"data": {"advisories": "/etc/passwd"}}, "is not relative to"),
    "data through a link": ({"data": {"advisories": "link"}}, "leads out of what is"),
    "data through a link to a folder": (
        {"data": {"advisories": "up/secret"}},
        "leads out of what is tested",
    ),
    "data in a loop of links": ({"data": {"advisories": "loop"}}, ".advisories: "),
    "data with a NUL": ({"data": {"advisories": "a\0b"}}, "is no path"),
    "data in a folder": ({"data": {"advisories": "."}}, "data.advisories: "),
    "a BOM above": (
        {"cases": [{"name": "a", "bom": "../secret", "expect": {"exit_code": 0}}]},
        "cases[0].bom: ",
    ),
    "evidence above": (
        {
            "cases": [
                {
                    "name": "a",
                    "bom": "a.ptest.yaml",
                    "evidence": [".."],
                    "expect": {"exit_code": 0},
                }
            ]
        },
        "cases[0].evidence: ",
    ),
    "a policy above": ({"policy": "../policy"}, "policy: "),
    "a policy, absolute": ({"policy": "/etc"}, "/etc is not relative to this file"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_outside_is_read(tmp_path: Path, name: str) -> None:
    more, told = OUTSIDE[name]
    (tmp_path / "secret").write_text(f"{SECRET}: [")
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "link").symlink_to("../secret")
    (folder / "up").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    path = folder / "a.ptest.yaml"
    path.write_text(json.dumps({**document(case(PASSES)), **more}))
    with pytest.raises(UsageError) as caught:
        run_ptests([path])
    assert caught.value.reason == "ptest-invalid"
    assert told in caught.value.message
    assert SECRET not in caught.value.message


def test_a_folder_above_is_read_where_it_is_what_is_tested(tmp_path: Path) -> None:
    (tmp_path / "advisories.yaml").write_text(json.dumps(ADVISORIES))
    folder = tmp_path / "tests"
    folder.mkdir()
    more = {"data": {**DATA, "advisories": "../advisories.yaml"}}
    path = folder / "a.ptest.yaml"
    path.write_text(json.dumps({**document(case(PASSES)), **more}))
    assert run_ptests([tmp_path]).as_expected
    assert run_ptests([path], within=(tmp_path,)).as_expected
    with pytest.raises(UsageError, match="leads out of what is tested"):
        run_ptests([path])


def test_a_pack_by_name_is_its_own_tests() -> None:
    (one,) = find_ptests([Path("builtin:baseline@1")])
    assert (one.policy, one.path.name) == ("builtin:baseline@1", "baseline.ptest.yaml")
    with pytest.raises(PolicyInvalid, match="did you mean 'builtin:baseline@1'"):
        find_ptests([Path("builtin:basline@1")])


def test_tests_that_packs_share_run_once_on_one_policy() -> None:
    names = [Path("builtin:tier-low@1"), Path("builtin:baseline@1")]
    on_each = run_ptests(names)
    on_one = run_ptests(names, Path("builtin:tier-low@1"))
    files = [case.file for case in on_one.cases]
    assert len(set(files)) == 2
    assert len(on_each.cases) > len(on_one.cases)
    assert on_one.uncovered == ()


def test_uncovered_rules_name_the_pack_that_brings_them(tmp_path: Path) -> None:
    verifier = tmp_path / "verifier"
    verifier.mkdir()
    head = {"apiVersion": "aibom/policy/v1", "name": "own", "version": "1"}
    names = ("trusted-sources", "accepted-roots", "advisories")
    policy = {
        **head,
        "extends": ["builtin:baseline@1"],
        "data": [f"{name}.yaml" for name in (*names, "signers")],
        "rules": [{"id": "own-rule", "check": "lineage-closed"}],
    }
    (verifier / "policy.yaml").write_text(json.dumps(policy))
    signers = {"apiVersion": "aibom/signers/v1", "signers": []}
    (verifier / "signers.yaml").write_text(json.dumps(signers))
    empty = {**DATA, "accepted-roots": {**DATA["accepted-roots"], "roots": []}}
    for name in names:
        (verifier / f"{name}.yaml").write_text(json.dumps(empty[name]))
    value = document(case({"rule": "own-rule", "status": "pass"}), policy="verifier")
    found = {one.rule: one for one in run(tmp_path, value).uncovered}
    assert (found["own-rule"].missing, found["own-rule"].origin) == (("finding",), "")
    assert found["lineage-open"].missing == ("pass", "finding")
    assert found["lineage-open"].origin == "builtin:baseline@1"


def test_data_are_needed_for_rules_that_are_asked_about(tmp_path: Path) -> None:
    """What a rule says of which nothing is expected counts only for the decision."""
    asked = case(wants("bytes-changed", "pass"))
    assert run(tmp_path, document(asked, data={})).as_expected
    decided = case(wants("bytes-changed", "pass"), expect={"decision": "allowed"})
    with pytest.raises(UsageError, match=r"needs trusted-sources\.yaml in data"):
        run(tmp_path, document(decided, data={}))
