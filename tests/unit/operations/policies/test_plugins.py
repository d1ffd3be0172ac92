"""Organisation checks by entry point: only what the policy names, and whole or not."""

from __future__ import annotations

import json
import sys

import pytest
from jsonschema import Draft202012Validator
from policy_builders import World

from aibom.errors import PolicyInvalid
from aibom.operations.policies.change import Way
from aibom.operations.policies.diff import policy_changes
from aibom.operations.policies.folder import lock_folder
from aibom.operations.policies.plugins import extra_checks, load_plugins, named_plugins
from aibom.operations.ptest.policy_test import run_ptests
from aibom.operations.ptest.tested import load_tested
from aibom.policy.document import read_policy
from aibom.policy.engine import evaluate
from aibom.resources import read_schema
from aibom.verdict import Status, Tier

GOOD = """
from dataclasses import dataclass, field
from aibom.lineage.nodes import Kind
from aibom.policy.context import Check, fails, passes

@dataclass(frozen=True)
class Settings:
    name: str = field(metadata={"doc": "The name it must have."})

def evaluate(context, node, settings, minimum):
    good = settings.name in node.values("name")
    return passes("named") if good else fails("misnamed")

CHECK = Check("contract-signed", Settings, evaluate, frozenset({Kind.MODEL}))
"""
NAME = "acme-aibom:contract-signed"
POLICY = {
    "apiVersion": "aibom/policy/v1",
    "name": "acme",
    "version": "1",
    "plugins": [NAME],
    "rules": [
        {"id": "ours", "check": "contract-signed", "settings": {"name": "sentiment"}}
    ],
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Lay out an installed distribution; returns the folder it is in."""

    def lay_out(source=GOOD, check="contract-signed", name="Acme.aibom", module="acme"):
        site = tmp_path / name
        information = site / f"{name.replace('.', '_')}-1.2.dist-info"
        information.mkdir(parents=True)
        (site / f"{module}.py").write_text(source, "utf-8")
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n"
        (information / "METADATA").write_text(metadata, "utf-8")
        entry = f"[aibom.checks]\n{check} = {module}:CHECK\n"
        (information / "entry_points.txt").write_text(entry, "utf-8")
        (information / "RECORD").write_text(f"{module}.py,,\n", "utf-8")
        monkeypatch.syspath_prepend(site)
        modules.append(module)
        return site

    modules = []
    yield lay_out
    for module in modules:
        sys.modules.pop(module, None)


def read(document):
    plugins = load_plugins(document, "policy.yaml")
    return read_policy(document, "policy.yaml", extra_checks=extra_checks(plugins))


def test_a_named_plugin_is_a_check_like_others(install):
    install()
    policy = read(POLICY)
    assert policy.plugins == (NAME,)
    world = World()
    world.root = world.model("sentiment")
    (result,) = evaluate(world.context(), policy, Tier.HIGH)
    assert (result.check, result.status) == ("contract-signed", Status.PASS)


def test_its_settings_are_read_like_others(install):
    install()
    rule = {**POLICY["rules"][0], "settings": {"nam": "x"}}
    with pytest.raises(PolicyInvalid, match="did you mean 'name'"):
        read({**POLICY, "rules": [rule]})


def test_what_is_not_named_is_not_imported(install):
    install("raise SystemExit(0)")
    document = {k: v for k, v in POLICY.items() if k != "plugins"}
    with pytest.raises(PolicyInvalid, match="unknown check 'contract-signed'"):
        read(document)
    assert "acme" not in sys.modules


def test_the_digest_is_of_the_files_on_disk(install):
    site = install()
    (first,) = load_plugins(POLICY, "policy.yaml")
    (site / "acme.py").write_text(GOOD + "\n# changed", "utf-8")
    (second,) = load_plugins(POLICY, "policy.yaml")
    assert first.version == second.version == "1.2"
    assert first.digest.startswith("sha256:")
    assert first.digest != second.digest


def test_what_was_locked_is_loaded(install):
    install()
    plugins = load_plugins(POLICY, "policy.yaml")
    pinned = dict(plugin.pin for plugin in plugins)
    assert load_plugins(POLICY, "policy.yaml", pinned) == plugins
    assert list(pinned) == [f"plugin {NAME}"]


UNLOCKED = {
    "never locked": {},
    "another file": {"policy.yaml": "sha256:" + "0" * 64},
    "changed since": {f"plugin {NAME}": "sha256:" + "0" * 64},
}


@pytest.mark.parametrize("pinned", UNLOCKED.values(), ids=UNLOCKED)
def test_what_was_not_locked_is_not_imported(install, pinned):
    install()
    with pytest.raises(PolicyInvalid, match="not what was locked") as error:
        load_plugins(POLICY, "policy.yaml", pinned)
    assert error.value.reason == "policy-lock-mismatch"
    assert "acme" not in sys.modules


def test_two_spellings_of_a_distribution_are_one(install):
    install()
    (plugin,) = load_plugins({"plugins": ["ACME_aibom:contract-signed"]}, "p")
    assert plugin.check.id == "contract-signed"


MISSING = {
    "not installed": "other:contract-signed",
    "another check": "acme-aibom:contract-sigend",
    "distribution of a like name": "acme:contract-signed",
}


@pytest.mark.parametrize("name", MISSING.values(), ids=MISSING)
def test_missing(install, name):
    install()
    with pytest.raises(PolicyInvalid, match="no installed package offers") as error:
        load_plugins({"plugins": [name]}, "policy.yaml")
    assert error.value.reason == "plugin-missing"
    assert error.value.where == "policy.yaml.plugins"
    assert "acme-aibom:contract-signed" in error.value.message
    assert "acme" not in sys.modules


BROKEN = {
    "raises": ("raise ValueError('no')", "ValueError: no"),
    "exits": ("raise SystemExit(0)", "SystemExit: 0"),
    "syntax": ("def", "SyntaxError"),
    "imports what is not there": ("import acme_not_there", "ModuleNotFoundError"),
    "no CHECK": ("", "AttributeError"),
    "no check": ("CHECK = 1", "it is of type int, not"),
    "another id": (GOOD.replace('"contract-', '"kontract-'), "'kontract-signed'"),
    "settings": (GOOD.replace("Settings, eval", "dict, eval"), "no dataclass"),
    "instance for settings": (
        GOOD.replace("Settings, eval", "Settings('a'), eval"),
        "no dataclass",
    ),
    "evaluate": (GOOD.replace("evaluate, f", "None, f"), "cannot be called"),
    "no kinds": (GOOD.replace("{Kind.MODEL}", ""), "its kinds"),
    "kinds as texts": (GOOD.replace("Kind.MODEL}", '"modell"}'), "its kinds"),
    "kind of a step": (GOOD.replace("Kind.MODEL}", "Kind.STEP}"), "its kinds"),
    "needs": (
        GOOD.replace("{Kind.MODEL})", "{Kind.MODEL}), ('/etc/passwd',)"),
        "its needs",
    ),
}


@pytest.mark.parametrize(("source", "told"), BROKEN.values(), ids=BROKEN)
def test_broken(install, source, told):
    install(source)
    with pytest.raises(PolicyInvalid) as error:
        load_plugins(POLICY, "policy.yaml")
    assert error.value.reason == "plugin-broken"
    assert told in error.value.message


def test_a_file_that_is_gone_is_broken(install):
    site = install()
    record = next(site.glob("*.dist-info")) / "RECORD"
    record.write_text("acme.py,,\ngone.py,,\n", "utf-8")
    with pytest.raises(PolicyInvalid) as error:
        load_plugins(POLICY, "policy.yaml")
    assert error.value.reason == "plugin-broken"


def test_no_plugin_replaces_a_check(install):
    install(GOOD.replace("contract-signed", "signed-by"), check="signed-by")
    with pytest.raises(PolicyInvalid, match="already") as error:
        load_plugins({"plugins": ["acme-aibom:signed-by"]}, "policy.yaml")
    assert error.value.reason == "plugin-collision"
    assert "acme" not in sys.modules


def test_no_plugin_replaces_another(install):
    install()
    install(name="other", module="other_acme")
    with pytest.raises(PolicyInvalid, match="already") as error:
        load_plugins({"plugins": [NAME, "other:contract-signed"]}, "policy.yaml")
    assert error.value.reason == "plugin-collision"


def test_one_named_twice_is_loaded_once(install):
    install()
    assert len(load_plugins({"plugins": [NAME, NAME]}, "policy.yaml")) == 1


MALFORMED = {
    "no mapping": [NAME],
    "nothing": None,
    "text": {"plugins": NAME},
    "numbers": {"plugins": [1]},
    "no distribution": {"plugins": [":contract-signed"]},
    "no check": {"plugins": ["acme-aibom"]},
}


@pytest.mark.parametrize("document", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_left_to_the_reader(document):
    assert named_plugins(document) == ()
    assert load_plugins(document, "policy.yaml") == ()


REFUSED = {
    "text": (NAME, "must be a list, not a text"),
    "no check": (["acme-aibom"], "is not DISTRIBUTION:CHECK-ID"),
    "path": (["../acme:contract-signed"], "is not DISTRIBUTION:CHECK-ID"),
    "twice": ([NAME, NAME], "there is a check 'contract-signed' already"),
    "ours": (["acme-aibom:signed-by"], "there is a check 'signed-by' already"),
    "not loaded": (["acme-aibom:other"], "was not loaded"),
}


@pytest.mark.parametrize(("named", "told"), REFUSED.values(), ids=REFUSED)
def test_the_reader_takes_no_more_than_was_loaded_and_named(install, named, told):
    install()
    extra = extra_checks(load_plugins(POLICY, "policy.yaml"))
    with pytest.raises(PolicyInvalid, match=told) as error:
        read_policy({**POLICY, "plugins": named}, "p", extra_checks=extra)
    assert error.value.reason == "policy-invalid"


def test_a_pack_has_no_plugins(install):
    install()
    with pytest.raises(PolicyInvalid, match="was not loaded"):
        read_policy(POLICY, "pack.yaml", "builtin:baseline@1")


SCHEMA = Draft202012Validator(read_schema("policy-1.json"))
OURS = {"id": "closed", "check": "lineage-closed"}
BY_SCHEMA = {
    "a plugin's rule": (POLICY, True),
    "one of ours beside it": ({**POLICY, "rules": [*POLICY["rules"], OURS]}, True),
    "no plugins": ({**POLICY, "plugins": []}, False),
    "a plugin's rule, not named": (
        {name: value for name, value in POLICY.items() if name != "plugins"},
        False,
    ),
    "misspelt key of one of ours": (
        {**POLICY, "rules": [{**OURS, "severty": "low"}]},
        False,
    ),
    "no id": ({**POLICY, "rules": [{"check": "contract-signed"}]}, False),
    "no distribution": ({**POLICY, "plugins": ["contract-signed"]}, False),
    "twice": ({**POLICY, "plugins": [NAME, NAME]}, False),
}


@pytest.mark.parametrize(("document", "valid"), BY_SCHEMA.values(), ids=BY_SCHEMA)
def test_schema(document, valid):
    assert SCHEMA.is_valid(document) is valid


# ── a folder that names plugins, tested and compared ──────────────


@pytest.fixture
def folder(tmp_path):
    """Lays out a verifier's folder, which is locked unless that is told."""

    def lay_out(name="verifier", locked=True, wanted="sentiment"):
        path = tmp_path / name
        path.mkdir()
        rule = {**POLICY["rules"][0], "settings": {"name": wanted}}
        (path / "policy.yaml").write_text(json.dumps({**POLICY, "rules": [rule]}))
        if locked:
            lock_folder(path)
        return path

    return lay_out


def ptest(tmp_path, name="sentiment"):
    found = {"rule": "ours", "status": "fail", "reason": "misnamed", "path": ["x"]}
    lineage = {"root": "m", "nodes": {"m": {"kind": "model"}}}
    document = {
        "apiVersion": "aibom/ptest/v1",
        "policy": "verifier",
        "time": "2026-11-21",
        "cases": [
            {
                "name": "named",
                "lineage": {**lineage, "nodes": {"m": {"facts": {"name": name}}}},
                "expect": {"passes": ["ours"]},
            },
            {
                "name": "misnamed",
                "lineage": {**lineage, "nodes": {"m": {"facts": {"name": "x"}}}},
                "expect": {"rules": [found]},
            },
        ],
    }
    for case in document["cases"]:
        case["lineage"]["nodes"]["m"]["kind"] = "model"
    path = tmp_path / "a.ptest.yaml"
    path.write_text(json.dumps(document))
    return path


def test_a_policy_with_plugins_can_be_tested(install, folder, tmp_path):
    install()
    folder()
    report = run_ptests([ptest(tmp_path)])
    assert report.as_expected
    assert report.uncovered == ()


def test_a_policy_with_plugins_can_be_compared(install, folder):
    install()
    old, new = folder("old"), folder("new", wanted="other")
    (change,) = policy_changes(load_tested(old), load_tested(new))
    assert (change.about, change.what) == ("rule ours", "settings: name")
    # What a setting of somebody else's check means, only a person can tell.
    assert change.way is Way.UNCLEAR


def test_a_policy_that_names_one_more_is_a_change_for_people(install, folder):
    install()
    old = folder("old", locked=False)
    head = {k: v for k, v in POLICY.items() if k not in ("plugins", "rules")}
    plain = {"id": "ours", "check": "lineage-closed"}
    (old / "policy.yaml").write_text(json.dumps({**head, "rules": [plain]}))
    found = policy_changes(load_tested(old), load_tested(folder()))
    assert {(c.about, c.what) for c in found if c.way is Way.UNCLEAR} >= {
        ("policy", "plugins"),
        ("rule ours", "check"),
    }


def test_without_a_lock_none_is_imported(install, folder, tmp_path):
    install()
    path = folder(locked=False)
    for run in (lambda: load_tested(path), lambda: run_ptests([ptest(tmp_path)])):
        with pytest.raises(PolicyInvalid) as error:
            run()
        assert error.value.reason == "policy-not-locked"
    assert "acme" not in sys.modules


def test_one_that_changed_since_the_lock_is_not_imported(install, folder):
    site = install()
    path = folder()
    sys.modules.pop("acme")
    (site / "acme.py").write_text("raise SystemExit(0)", "utf-8")
    with pytest.raises(PolicyInvalid, match="not what was locked") as error:
        load_tested(path)
    assert error.value.reason == "policy-lock-mismatch"
    assert "acme" not in sys.modules


def test_one_that_was_added_since_the_lock_is_not_imported(install, folder):
    install()
    path = folder()
    sys.modules.pop("acme")
    install("raise SystemExit(0)", check="second", name="second", module="second")
    document = json.loads((path / "policy.yaml").read_text())
    document["plugins"] = [NAME, "second:second"]
    (path / "policy.yaml").write_text(json.dumps(document))
    with pytest.raises(PolicyInvalid, match="not what was locked"):
        load_tested(path)
    assert "second" not in sys.modules


def test_other_files_may_have_changed_since_the_lock(install, folder):
    """The rest of a folder is not code, and is being edited."""
    install()
    path = folder()
    document = json.loads((path / "policy.yaml").read_text())
    (path / "policy.yaml").write_text(json.dumps({**document, "version": "2"}))
    assert load_tested(path).policy.version == "2"
