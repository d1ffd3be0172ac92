"""What changed between two policies, and which way each change goes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from policy_builders import COMMIT, digest
from worlds import key

from aibom.errors import PolicyInvalid
from aibom.operations.policies.change import Change, Way
from aibom.operations.policies.diff import policy_changes
from aibom.operations.policies.folder import lock_folder
from aibom.operations.ptest.tested import load_tested

LOOSER, STRICTER, UNCLEAR, SAME = Way.LOOSER, Way.STRICTER, Way.UNCLEAR, Way.SAME
AUDIT = {
    "type": "label-consistency",
    "metric": "overlap-disagreement",
    "at_most": 0.1,
    "minimum_sample": 30,
    "auditor_roles": ["auditor", "lab"],
}
OTHER_KEY = key("risk").public.pem
KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=\n"
    "-----END PUBLIC KEY-----\n"
)
DECIDED = {"reason": "ours", "approved_by": "Ada", "expires": "2027-01-01"}
WAIVER = {
    "id": "E-1",
    "rule": "lineage-open",
    "subject": str(digest("a")),
    "reason_code": "root-not-accepted",
    "reason": "next week",
    "ticket": "RISK-1",
    "requested_by": "org:Acme product",
    "approved_by": "org:Acme risk",
    "approved_on": "2026-11-20",
    "expires": "2026-12-18",
}
ADVISORY = {
    "id": "A-1",
    "summary": "flipped",
    "published": "2026-11-01",
    "affects": {"digests": [str(digest("bad"))]},
}
SUPPLIER = {
    "supplier": "org:Labels",
    "status": "approved",
    "owner": "org:Acme",
    "agreement": "Contract 1",
    "reviewed_on": "2026-06-01",
    "approved_by": "Ada",
    "expires": "2027-01-01",
}
TIERS = [
    {"match": {"name": "acme/lab-*"}, "tier": "low"},
    {"match": {"name": "acme/*"}, "tier": "medium"},
]
FOLDER: dict[str, dict[str, Any]] = {
    "policy.yaml": {
        "apiVersion": "aibom/policy/v1",
        "name": "own",
        "version": "1",
        "data": [
            *("trusted-sources.yaml", "signers.yaml", "accepted-roots.yaml"),
            *("advisories.yaml", "suppliers.yaml", "waivers.yaml"),
        ],
        "tiers": TIERS,
        "exceptions": {
            "roles": ["risk", "board"],
            "max_days": {"high": 30, "medium": 60, "low": 90},
        },
        "rules": [
            {
                "id": "lineage-open",
                "check": "lineage-closed",
                "mode": {"high": "deny", "medium": "warn", "low": "off"},
                "severity": {"high": "high"},
                "effective_on": "2026-06-01",
                "why": "Because.",
            },
            {
                "id": "labels-unaudited",
                "check": "required-audit",
                "select": {"kind": "dataset", "scope": "artifact-and-ancestors"},
                "settings": AUDIT,
            },
            {"id": "never", "check": "lineage-closed", "mode": "off"},
        ],
    },
    "trusted-sources.yaml": {
        "apiVersion": "aibom/trusted-sources/v1",
        "lists": {
            "approved": [
                {
                    "match": {"type": "huggingface", "namespace": "acme"},
                    "trust": "trusted",
                    **DECIDED,
                },
                {
                    "match": {"type": "huggingface", "namespace": "evil"},
                    "trust": "blocked",
                    **DECIDED,
                },
            ]
        },
    },
    "signers.yaml": {
        "apiVersion": "aibom/signers/v1",
        "signers": [
            {
                "name": "acme release",
                "role": "release",
                "public_key": KEY,
                "predicates": ["bom"],
                "namespaces": ["acme/**"],
            }
        ],
    },
    "accepted-roots.yaml": {
        "apiVersion": "aibom/accepted-roots/v1",
        "roots": [{"digest": str(digest("base")), **DECIDED}],
    },
    "advisories.yaml": {
        "apiVersion": "aibom/advisories/v1",
        "sequence": 5,
        "expires": "2027-01-01",
        "advisories": [ADVISORY],
    },
    "suppliers.yaml": {
        "apiVersion": "aibom/suppliers/v1",
        "own": ["org:Acme"],
        "suppliers": [SUPPLIER],
    },
    "waivers.yaml": {"apiVersion": "aibom/waivers/v1", "waivers": [WAIVER]},
}
Files = dict[str, dict[str, Any]]


def written(folder: Path, files: Files) -> Path:
    folder.mkdir()
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value))
    return folder


def changes(tmp_path: Path, edit: Callable[[Files], Any]) -> tuple[Change, ...]:
    """What an edit changes."""
    files = copy.deepcopy(FOLDER)
    edit(files)
    old = load_tested(written(tmp_path / "old", FOLDER))
    new = load_tested(written(tmp_path / "new", files))
    return policy_changes(old, new)


def rule(number: int = 0, **values: Any) -> Callable[[Files], None]:
    return lambda f: f["policy.yaml"]["rules"][number].update(values)


def policy(**values: Any) -> Callable[[Files], None]:
    return lambda f: f["policy.yaml"].update(values)


def audit(**values: Any) -> Callable[[Files], None]:
    return lambda f: f["policy.yaml"]["rules"][1]["settings"].update(values)


def entry(name: str, part: str, number: int = 0, **values: Any) -> Any:
    return lambda f: f[name][part][number].update(values)


def source(number: int, **values: Any) -> Callable[[Files], None]:
    lists = "lists"
    return lambda f: f["trusted-sources.yaml"][lists]["approved"][number].update(values)


def added(name: str, part: str, value: Any) -> Callable[[Files], None]:
    return lambda f: f[name][part].append(value)


def emptied(name: str, part: str) -> Callable[[Files], None]:
    return lambda f: f[name][part].clear()


def exceptions(**values: Any) -> Callable[[Files], None]:
    return lambda f: f["policy.yaml"]["exceptions"].update(values)


def no_exceptions(files: Files) -> None:
    del files["policy.yaml"]["exceptions"]


def without_rule(number: int) -> Callable[[Files], None]:
    return lambda f: f["policy.yaml"]["rules"].pop(number)


def without_file(name: str) -> Callable[[Files], None]:
    return lambda f: f["policy.yaml"]["data"].remove(name)


def more_sources(files: Files) -> None:
    match = {"type": "huggingface", "namespace": "other", "revision": COMMIT}
    one = {"match": match, "trust": "trusted", **DECIDED}
    files["trusted-sources.yaml"]["lists"]["approved"].append(one)


MODES = {"high": "deny", "medium": "warn", "low": "off"}
NEW_RULE = {"id": "more", "check": "lineage-closed"}
LATER = "2028-01-01"
#: edit → (about, what, which way), of the one change that it makes
ONE: dict[str, tuple[Callable[[Files], Any], tuple[str, str, Way]]] = {
    "mode up": (
        rule(mode={**MODES, "low": "warn"}),
        ("rule lineage-open", "mode, tier low", STRICTER),
    ),
    "mode down": (
        rule(mode={**MODES, "high": "warn"}),
        ("rule lineage-open", "mode, tier high", LOOSER),
    ),
    "severity down": (
        rule(severity={"high": "low"}),
        ("rule lineage-open", "severity, tier high", LOOSER),
    ),
    "severity up": (
        rule(severity={"high": "critical"}),
        ("rule lineage-open", "severity, tier high", STRICTER),
    ),
    "less assurance": (
        rule(minimum_assurance="claimed"),
        ("rule lineage-open", "minimum_assurance", LOOSER),
    ),
    "more assurance": (
        rule(minimum_assurance="verified"),
        ("rule lineage-open", "minimum_assurance", STRICTER),
    ),
    "takes no exception": (
        rule(exceptable=False),
        ("rule lineage-open", "exceptable", STRICTER),
    ),
    "begins later": (
        rule(effective_on=LATER),
        ("rule lineage-open", "effective_on", LOOSER),
    ),
    "begins earlier": (
        rule(effective_on="2026-01-01"),
        ("rule lineage-open", "effective_on", STRICTER),
    ),
    "begins only now": (
        rule(1, effective_on=LATER),
        ("rule labels-unaudited", "effective_on", LOOSER),
    ),
    "began always": (
        lambda f: f["policy.yaml"]["rules"][0].pop("effective_on"),
        ("rule lineage-open", "effective_on", STRICTER),
    ),
    "selects less": (
        rule(1, select={"kind": "dataset", "scope": "artifact"}),
        ("rule labels-unaudited", "select", LOOSER),
    ),
    "selects more": (
        rule(
            1,
            select={"kind": ["dataset", "model"], "scope": "artifact-and-ancestors"},
        ),
        ("rule labels-unaudited", "select", UNCLEAR),
    ),
    "another check": (
        rule(2, check="tainted-ancestor"),
        ("rule never", "check", UNCLEAR),
    ),
    "a higher bound": (
        audit(at_most=0.2),
        ("rule labels-unaudited", "settings: at_most", LOOSER),
    ),
    "a lower bound": (
        audit(at_most=0.05),
        ("rule labels-unaudited", "settings: at_most", STRICTER),
    ),
    "more samples": (
        audit(minimum_sample=60),
        ("rule labels-unaudited", "settings: minimum_sample", STRICTER),
    ),
    "an age where there was none": (
        audit(max_age="90d"),
        ("rule labels-unaudited", "settings: max_age", STRICTER),
    ),
    "fewer auditors": (
        audit(auditor_roles=["auditor"]),
        ("rule labels-unaudited", "settings: auditor_roles", STRICTER),
    ),
    "more auditors": (
        audit(auditor_roles=["auditor", "lab", "intern"]),
        ("rule labels-unaudited", "settings: auditor_roles", LOOSER),
    ),
    "other auditors": (
        audit(auditor_roles=["auditor", "intern"]),
        ("rule labels-unaudited", "settings: auditor_roles", UNCLEAR),
    ),
    "another metric": (
        audit(metric="error-rate"),
        ("rule labels-unaudited", "settings: metric", UNCLEAR),
    ),
    "words": (rule(why="For this."), ("rule lineage-open", "why", SAME)),
    "rule added": (
        added("policy.yaml", "rules", NEW_RULE),
        ("rule more", "added", STRICTER),
    ),
    "rule added, off": (
        added("policy.yaml", "rules", {**NEW_RULE, "mode": "off"}),
        ("rule more", "added", SAME),
    ),
    "rule removed": (without_rule(0), ("rule lineage-open", "removed", LOOSER)),
    "rule removed that was off": (without_rule(2), ("rule never", "removed", SAME)),
    "version": (policy(version="2"), ("policy", "version", SAME)),
    "no tiers": (policy(tiers=[]), ("policy", "tiers", STRICTER)),
    "tiers: lower": (
        policy(tiers=[TIERS[0], {**TIERS[1], "tier": "low"}]),
        ("policy", "tiers", LOOSER),
    ),
    "tiers: higher": (
        policy(tiers=[{**TIERS[0], "tier": "medium"}, TIERS[1]]),
        ("policy", "tiers", STRICTER),
    ),
    "tiers: one higher, one lower": (
        policy(
            tiers=[{**TIERS[0], "tier": "medium"}, {**TIERS[1], "tier": "low"}],
        ),
        ("policy", "tiers", LOOSER),
    ),
    "tiers: another order": (
        policy(tiers=[TIERS[1], TIERS[0]]),
        ("policy", "tiers", UNCLEAR),
    ),
    "exceptions: none": (no_exceptions, ("policy", "exceptions", STRICTER)),
    "exceptions: another role": (
        exceptions(roles=["risk", "board", "intern"]),
        ("policy", "exceptions: roles", LOOSER),
    ),
    "exceptions: fewer roles": (
        exceptions(roles=["board"]),
        ("policy", "exceptions: roles", STRICTER),
    ),
    "exceptions: longer": (
        exceptions(max_days={"high": 31, "medium": 60, "low": 90}),
        ("policy", "exceptions: max_days, tier high", LOOSER),
    ),
    "root accepted": (
        added("accepted-roots.yaml", "roots", {"digest": str(digest("x")), **DECIDED}),
        (f"accepted-roots.yaml: {digest('x')}", "added", LOOSER),
    ),
    "root not accepted": (
        emptied("accepted-roots.yaml", "roots"),
        (f"accepted-roots.yaml: {digest('base')}", "removed", STRICTER),
    ),
    "root for longer": (
        entry("accepted-roots.yaml", "roots", expires=LATER),
        (f"accepted-roots.yaml: {digest('base')}", "expires", LOOSER),
    ),
    "root for another reason": (
        entry("accepted-roots.yaml", "roots", reason="read"),
        (f"accepted-roots.yaml: {digest('base')}", "decision", SAME),
    ),
    "root is data": (
        entry("accepted-roots.yaml", "roots", kind="dataset"),
        (f"accepted-roots.yaml: {digest('base')}", "kind", LOOSER),
    ),
    "root is a model": (
        entry("accepted-roots.yaml", "roots", kind="model"),
        (f"accepted-roots.yaml: {digest('base')}", "kind", UNCLEAR),
    ),
    "supplier added": (
        added("suppliers.yaml", "suppliers", {**SUPPLIER, "supplier": "org:X"}),
        ("suppliers.yaml: org:X", "added", LOOSER),
    ),
    "suspended supplier added": (
        added(
            "suppliers.yaml",
            "suppliers",
            {**SUPPLIER, "supplier": "org:X", "status": "suspended"},
        ),
        ("suppliers.yaml: org:X", "added", STRICTER),
    ),
    "supplier gone": (
        emptied("suppliers.yaml", "suppliers"),
        ("suppliers.yaml: org:Labels", "removed", STRICTER),
    ),
    "supplier suspended": (
        entry("suppliers.yaml", "suppliers", status="suspended"),
        ("suppliers.yaml: org:Labels", "status", STRICTER),
    ),
    "supplier for longer": (
        entry("suppliers.yaml", "suppliers", expires=LATER),
        ("suppliers.yaml: org:Labels", "expires", LOOSER),
    ),
    "supplier reviewed": (
        entry("suppliers.yaml", "suppliers", reviewed_on="2026-11-01"),
        ("suppliers.yaml: org:Labels", "reviewed_on", LOOSER),
    ),
    "supplier with another agreement": (
        entry("suppliers.yaml", "suppliers", agreement="Contract 2"),
        ("suppliers.yaml: org:Labels", "agreement", SAME),
    ),
    "supplier for other things": (
        entry("suppliers.yaml", "suppliers", serves=["model"]),
        ("suppliers.yaml: org:Labels", "serves", UNCLEAR),
    ),
    "own organisation gone": (
        emptied("suppliers.yaml", "own"),
        ("suppliers.yaml: own org:Acme", "removed", STRICTER),
    ),
    "advisory added": (
        added("advisories.yaml", "advisories", {**ADVISORY, "id": "A-2"}),
        ("advisories.yaml: A-2", "added", STRICTER),
    ),
    "advisory gone": (
        emptied("advisories.yaml", "advisories"),
        ("advisories.yaml: A-1", "removed", LOOSER),
    ),
    "advisory changed": (
        entry("advisories.yaml", "advisories", affects={"revisions": [COMMIT]}),
        ("advisories.yaml: A-1", "changed", UNCLEAR),
    ),
    "advisories rolled back": (
        lambda f: f["advisories.yaml"].update(sequence=4),
        ("advisories.yaml", "sequence", LOOSER),
    ),
    "advisories for longer": (
        lambda f: f["advisories.yaml"].update(expires=LATER),
        ("advisories.yaml", "expires", LOOSER),
    ),
    "newer advisories": (
        lambda f: f["advisories.yaml"].update(sequence=6, expires=LATER),
        ("advisories.yaml", "expires", SAME),
    ),
    "no advisories": (
        without_file("advisories.yaml"),
        ("advisories.yaml", "removed", LOOSER),
    ),
    "signer added": (
        added(
            "signers.yaml",
            "signers",
            {
                **FOLDER["signers.yaml"]["signers"][0],
                "name": "b",
                "public_key": OTHER_KEY,
            },
        ),
        ("signers.yaml: b", "added", LOOSER),
    ),
    "signer gone": (
        emptied("signers.yaml", "signers"),
        ("signers.yaml: acme release", "removed", STRICTER),
    ),
    "signer changed": (
        entry("signers.yaml", "signers", namespaces=["acme/a"]),
        ("signers.yaml: acme release", "changed", UNCLEAR),
    ),
    "source trusted": (
        more_sources,
        (
            f"trusted-sources.yaml: approved: huggingface other {COMMIT}",
            "added",
            LOOSER,
        ),
    ),
    "source not blocked": (
        source(1, trust="trusted"),
        ("trusted-sources.yaml: approved: huggingface evil", "trust", LOOSER),
    ),
    "source blocked": (
        source(0, trust="blocked"),
        ("trusted-sources.yaml: approved: huggingface acme", "trust", STRICTER),
    ),
    "source trusted for longer": (
        source(0, expires=LATER),
        ("trusted-sources.yaml: approved: huggingface acme", "expires", LOOSER),
    ),
    "source blocked for longer": (
        source(1, expires=LATER),
        ("trusted-sources.yaml: approved: huggingface evil", "expires", STRICTER),
    ),
    "block removed": (
        lambda f: f["trusted-sources.yaml"]["lists"]["approved"].pop(1),
        ("trusted-sources.yaml: approved: huggingface evil", "removed", LOOSER),
    ),
    "source approved by another": (
        source(0, approved_by="Bob"),
        ("trusted-sources.yaml: approved: huggingface acme", "approved_by", SAME),
    ),
    "source of another owner": (
        source(0, owner="org:Acme"),
        ("trusted-sources.yaml: approved: huggingface acme", "owner", UNCLEAR),
    ),
    "waiver added": (
        added("waivers.yaml", "waivers", {**WAIVER, "id": "E-2", "term": "x"}),
        ("waivers.yaml: E-2", "added", LOOSER),
    ),
    "waiver gone": (
        emptied("waivers.yaml", "waivers"),
        ("waivers.yaml: E-1", "removed", STRICTER),
    ),
    "waiver for longer": (
        entry("waivers.yaml", "waivers", expires="2026-12-19"),
        ("waivers.yaml: E-1", "expires", LOOSER),
    ),
    "waiver for another thing": (
        entry("waivers.yaml", "waivers", subject=str(digest("b"))),
        ("waivers.yaml: E-1", "changed", UNCLEAR),
    ),
}


@pytest.mark.parametrize("name", ONE)
def test_one_change(tmp_path: Path, name: str) -> None:
    edit, expected = ONE[name]
    (change,) = changes(tmp_path, edit)
    assert (change.about, change.what, change.way) == expected


@pytest.mark.parametrize(
    "name", [n for n, (_, told) in ONE.items() if told[2] is STRICTER]
)
def test_what_is_stricter_needs_eyes_when_it_is_taken_back(
    tmp_path: Path, name: str
) -> None:
    files = copy.deepcopy(FOLDER)
    ONE[name][0](files)
    new = load_tested(written(tmp_path / "new", files))
    old = load_tested(written(tmp_path / "old", FOLDER))
    assert any(change.way.needs_eyes for change in policy_changes(new, old))


def test_the_same_twice_is_no_change(tmp_path: Path) -> None:
    assert changes(tmp_path, lambda f: f["policy.yaml"]["data"].reverse()) == ()


def test_packs_are_compared_rule_by_rule() -> None:
    small, large = (
        load_tested(f"builtin:{name}@1") for name in ("baseline", "tier-high")
    )
    assert not any(c.way.needs_eyes for c in policy_changes(small, large))
    looser = {c.about for c in policy_changes(large, small) if c.way is LOOSER}
    assert "rule labels-unaudited" in looser


def test_a_lock_that_takes_older_advisories_is_looser(tmp_path: Path) -> None:
    old, new = (written(tmp_path / name, FOLDER) for name in ("old", "new"))
    lock_folder(old)
    files = copy.deepcopy(FOLDER["advisories.yaml"])
    (new / "advisories.yaml").write_text(json.dumps({**files, "sequence": 4}))
    lock_folder(new)
    found = policy_changes(load_tested(old), load_tested(new))
    assert [c.what for c in found] == ["sequence", "lowest sequence"]
    assert {c.way for c in found} == {LOOSER}


def test_what_cannot_be_loaded_is_not_compared(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        load_tested(tmp_path)
    assert caught.value.reason == "policy-unreadable"
    with pytest.raises(PolicyInvalid) as caught:
        load_tested("builtin:basline@1")
    assert caught.value.reason == "pack-missing"
