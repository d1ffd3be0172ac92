"""Framework maps: dated data, read strictly; their schema and reader agree."""

from __future__ import annotations

from datetime import date

import pytest
from jsonschema import Draft202012Validator

from aibom.errors import PolicyInvalid
from aibom.operations.policies.folder import builtin_packs
from aibom.policy.document import read_policy
from aibom.policy.frameworks import LegalStatus, read_framework, unmapped
from aibom.reading import parse_yaml
from aibom.resources import read_schema, resource_dir

FILES = sorted((resource_dir("policies") / "frameworks").glob("*.yaml"))
SCHEMA = Draft202012Validator(read_schema("framework-1.json"))
APPLIES = {"to": "Annex III", "from": "2027-12-02", "confirmed": False}
GUIDE = {
    "apiVersion": "aibom/framework/v1",
    "id": "acme-guide",
    "title": "A guide",
    "edition": "1",
    "dated": "2026-11",
    "publisher": "Acme",
    "url": "https://acme.example/guide",
    "status": "guidance",
    "status_note": "Binds nobody.",
    "as_of": "2026-11-20",
    "read_in": "primary",
    "controls": {"A.1": "First"},
}
LAW = {**GUIDE, "status": "regulation", "applies": [APPLIES]}


def parsed(path):
    return parse_yaml(path.read_bytes(), path.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_a_framework_and_is_called_what_it_is(path):
    assert SCHEMA.is_valid(parsed(path))
    framework = read_framework(parsed(path), path.name)
    assert framework.id == path.stem
    assert framework.dated <= framework.as_of.isoformat()
    assert all(framework.controls.values())


def test_frameworks_are_no_packs():
    assert {pack.name for pack in builtin_packs()}.isdisjoint(p.stem for p in FILES)


def test_what_is_read():
    law = read_framework(LAW, "law.yaml")
    assert (law.id, law.edition, law.dated) == ("acme-guide", "1", "2026-11")
    assert law.status is LegalStatus.REGULATION
    assert law.as_of == date(2026, 11, 20)
    assert law.controls == {"A.1": "First"}
    (application,) = law.applies
    assert application.since == date(2027, 12, 2)
    assert not application.confirmed


def without(key):
    return {name: value for name, value in GUIDE.items() if name != key}


def with_application(**changes):
    return {**LAW, "applies": [{**APPLIES, **changes}]}


GOOD = {
    "guidance": GUIDE,
    "a regulation": LAW,
    "a standard of a year": {**GUIDE, "status": "standard", "dated": "2026"},
    "of a day": {**GUIDE, "dated": "2026-11-20"},
    "an empty list": {**GUIDE, "applies": []},
}
#: With the words that the problem is told in.
BAD = {
    "nothing": (None, "must be a mapping"),
    "another version": ({**GUIDE, "apiVersion": "aibom/framework/v2"}, "v1"),
    "a key nobody knows": ({**GUIDE, "complies": True}, "unknown key 'complies'"),
    "an id with a space": ({**GUIDE, "id": "acme guide"}, "kebab-case"),
    "an empty title": ({**GUIDE, "title": " "}, "is empty"),
    "a year of two digits": ({**GUIDE, "dated": "26"}, "a year, a month or a day"),
    "digits of others": (
        {**GUIDE, "dated": "\uff12\uff10\uff12\uff16"},
        "a year, a month or a day",
    ),
    "an address without tls": ({**GUIDE, "url": "http://acme.example"}, "https"),
    "an address as script": ({**GUIDE, "url": "javascript:alert(1)"}, "https"),
    "a status nobody knows": ({**GUIDE, "status": "law"}, "is not one of"),
    "a day that is a number": ({**GUIDE, "as_of": 20261120}, "must be a text"),
    "a day and a time": ({**GUIDE, "as_of": "2026-11-20T00:00:00Z"}, "a day such as"),
    "read nowhere": ({**GUIDE, "read_in": "memory"}, "is not one of"),
    "no control": ({**GUIDE, "controls": {}}, "names no control"),
    "controls as a list": ({**GUIDE, "controls": ["A.1"]}, "must be a mapping"),
    "a control without title": ({**GUIDE, "controls": {"A.1": ""}}, "is empty"),
    "a control without id": ({**GUIDE, "controls": {" ": "x"}}, "id that is empty"),
    "a law that applies to nothing": ({**LAW, "applies": []}, "for regulations"),
    "guidance that applies": ({**GUIDE, "applies": [APPLIES]}, "for regulations"),
    "no day of application": (with_application(**{"from": "soon"}), "a day such as"),
    "perhaps confirmed": (with_application(confirmed="no"), "true or false"),
    "more of an application": (with_application(until="2028-01-01"), "unknown key"),
    **{f"no {key}": (without(key), "is missing") for key in GUIDE},
}
#: What a schema cannot say, or cannot say to every validator.
ONLY_READER = {
    "an id with a line": ({**GUIDE, "id": "acme\n"}, "kebab-case"),
    "no such day": ({**GUIDE, "as_of": "2026-02-30"}, "no day of the calendar"),
    "no such month": ({**GUIDE, "dated": "2026-13"}, "a year, a month or a day"),
    "no such day of a month": ({**GUIDE, "dated": "2026-02-30"}, "a year, a month"),
}


@pytest.mark.parametrize("value", GOOD.values(), ids=GOOD)
def test_both_take(value):
    assert SCHEMA.is_valid(value)
    assert read_framework(value, "x.yaml").title == "A guide"


def refused(value):
    with pytest.raises(PolicyInvalid) as caught:
        read_framework(value, "x.yaml")
    assert caught.value.reason == "policy-invalid"
    return caught.value.message


@pytest.mark.parametrize(("value", "words"), BAD.values(), ids=BAD)
def test_both_refuse(value, words):
    assert not SCHEMA.is_valid(value)
    assert words in refused(value)


@pytest.mark.parametrize(("value", "words"), ONLY_READER.values(), ids=ONLY_READER)
def test_the_reader_refuses_more(value, words):
    assert words in refused(value)


def test_every_problem_is_told_at_once():
    message = refused({**GUIDE, "id": "A", "url": "x", "status": "law"})
    assert len(message.splitlines()) == 3


RULES = read_policy(
    {
        "apiVersion": "aibom/policy/v1",
        "name": "test",
        "version": "1",
        "rules": [
            {
                "id": "one",
                "check": "bytes-match",
                "maps": {"acme-guide": ["A.1", "A.2"], "other": ["A.1"]},
            },
            {"id": "unmapped", "check": "lineage-closed"},
        ],
    },
    "policy.yaml",
).rules


def test_what_no_framework_holds_is_told():
    framework = read_framework(GUIDE, "guide.yaml")
    assert unmapped(RULES, [framework]) == ("one: acme-guide A.2", "one: other A.1")
    assert unmapped(RULES[1:], []) == ()
