"""format-allowed: what bytes were told to be, never what files are called."""

from __future__ import annotations

from dataclasses import replace

import pytest
from policy_builders import Case, policy_of, verify

from aibom.catalogers.formats import FORMATS as TOLD
from aibom.errors import PolicyInvalid
from aibom.lineage.nodes import Kind
from aibom.policy.checks.format_allowed import AMBIGUOUS, FORMATS

SAFE = {"allow": ["safetensors", "json", "text"]}
GOOD = {"model.safetensors": "safetensors", "config.json": "json"}


def reading(world, formats):
    """Let the run have read these formats."""
    made = world.context

    def context():
        whole = made()
        return replace(whole, evidence=replace(whole.evidence, formats=formats))

    world.context = context


def holding(formats, files=None, bytes_checked=True):
    """A model with these files, whose formats were read."""

    def arrange(world):
        listed = sorted(formats if files is None else files)
        model = world.entity(Kind.MODEL, "sentiment", listed)
        world.bytes_checked = bytes_checked
        reading(world, formats)
        return model

    return arrange


def base_model(world):
    base = world.model("base")
    world.root = world.model()
    world.step("fine-tune", world.root, {"base-model": base})
    reading(world, {"model.bin": "pickle"})
    return base


def case(arrange, status, reason, **settings):
    return Case(arrange, status, reason, {**SAFE, **settings})


def bad(reason, allow=SAFE["allow"], **more):
    formats = {**GOOD, **{name.replace("_", "."): told for name, told in more.items()}}
    return case(holding(formats), "fail", reason, allow=allow)


CASES = {
    "all listed": case(holding(GOOD), "pass", "formats-allowed"),
    "single file": case(
        holding({"w.safetensors": "safetensors"}, ()), "pass", "formats-allowed"
    ),
    "verified, when asked": Case(
        holding(GOOD), "pass", "formats-allowed", SAFE, "verified"
    ),
    "unknown, when listed": case(
        holding({"a": "unknown"}), "pass", "formats-allowed", allow=["unknown"]
    ),
    "two formats": bad("format-ambiguous", w_safetensors="ambiguous"),
    "two formats, and a pickle": bad(
        "format-ambiguous", a_bin="pickle", w_safetensors="ambiguous"
    ),
    "two formats, everything listed": bad(
        "format-ambiguous", list(FORMATS), w_bin="ambiguous"
    ),
    "pickle": bad("format-not-allowed", w_bin="pickle"),
    "pickle by another name": bad("format-not-allowed", w_safetensors="pickle"),
    "program": bad("format-not-allowed", helper="elf"),
    "python": bad("format-not-allowed", modeling_py="python"),
    "no format that is known": bad("format-not-allowed", blob="unknown"),
    "a format that nobody told of": bad("format-not-allowed", blob="later"),
    "bad, and others not read": case(
        holding({"w.bin": "pickle"}, GOOD), "fail", "format-not-allowed"
    ),
    "nothing read": case(holding({}, GOOD), "unknown", "formats-not-read"),
    "no file at all": case(holding({}), "unknown", "formats-not-read"),
    "one not read": case(
        holding({"config.json": "json"}, GOOD), "unknown", "formats-not-read"
    ),
    "dry run": case(
        holding({"w.bin": "pickle"}, bytes_checked=False),
        "not-applicable",
        "bytes-not-read",
    ),
    "ancestor": case(base_model, "not-applicable", "not-the-artifact"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("format-allowed", case)


def test_what_may_be_listed_is_what_can_be_told():
    assert set(FORMATS) | {AMBIGUOUS} == TOLD


@pytest.mark.parametrize("name", ["ambiguous", "safetensor", "*"])
def test_only_known_formats_may_be_listed(name):
    rule = {"id": "rule", "check": "format-allowed", "settings": {"allow": [name]}}
    with pytest.raises(PolicyInvalid, match="unknown"):
        policy_of(rule)


def test_an_empty_list_is_refused():
    rule = {"id": "rule", "check": "format-allowed", "settings": {"allow": []}}
    with pytest.raises(PolicyInvalid, match="is an empty list"):
        policy_of(rule)


def test_many_files_are_told_in_few_words():
    formats = {f"{number:03}.bin": "pickle" for number in range(500)}
    result = case(holding(formats), "fail", "").answer("format-allowed")
    assert result.actual == (
        "000.bin is a pickle; 001.bin is a pickle; 002.bin is a pickle; 497 more"
    )


NAMED = {
    "model.bin": ("pickle", "model.bin is a pickle"),
    "tokenizer.safetensors": (
        "pickle",
        "tokenizer.safetensors is a pickle, under the name of another format",
    ),
    "a/MODEL.SafeTensors": (
        "pytorch-zip",
        "a/MODEL.SafeTensors is pytorch-zip, under the name of another format",
    ),
    "json/weights": ("elf", "json/weights is elf"),
    "notes.txt": ("python", "notes.txt is python, under the name of another format"),
    "w.safetensors": ("unknown", "w.safetensors is of no known format"),
    "w.onnx": ("ambiguous", "w.onnx is of two formats at once"),
    "w.gguf": ("gguf", "w.gguf is gguf"),
}


@pytest.mark.parametrize(("name", "told"), NAMED.items(), ids=NAMED)
def test_a_file_under_the_name_of_another_format_is_said_to_be_so(name, told):
    result = case(holding({name: told[0]}), "fail", "", allow=["empty"])
    assert result.answer("format-allowed").actual == told[1]


def test_code_is_not_to_be_converted():
    """A pack's remedy is for weights: of code it would mislead."""
    usual = case(holding({"w.bin": "pickle"}), "fail", "")
    mixed = case(holding({"w.bin": "pickle", "m.py": "python"}), "fail", "")
    code = case(holding({"m.py": "python"}), "fail", "")
    both = case(holding({"w.bin": "ambiguous"}), "fail", "")
    assert "onvert weights" in usual.answer("format-allowed").remedy
    assert code.answer("format-allowed").remedy.startswith("Leave out m.py: code is")
    assert "not converted. Take w.bin in" in mixed.answer("format-allowed").remedy
    assert "two would load different" in both.answer("format-allowed").remedy
