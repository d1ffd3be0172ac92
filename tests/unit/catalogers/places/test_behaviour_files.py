"""Files that change what a model does are facts by digest; copies can contradict."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aibom.catalogers.places.behaviour_files import CATALOGER
from tests.catalog_world import read


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


FIELDS = {
    "tokenizer.json": "tokenizer.sha256",
    "tokenizer.model": "tokenizer-model.sha256",
    "sentencepiece.bpe.model": "tokenizer-sentencepiece.sha256",
    "spiece.model": "tokenizer-spiece.sha256",
    "tekken.json": "tokenizer-tekken.sha256",
    "vocab.json": "vocabulary.sha256",
    "vocab.txt": "vocabulary-text.sha256",
    "merges.txt": "merges.sha256",
    "added_tokens.json": "added-tokens.sha256",
    "special_tokens_map.json": "special-tokens.sha256",
    "tokenizer_config.json": "tokenizer-config.sha256",
    "generation_config.json": "generation-config.sha256",
    "preprocessor_config.json": "preprocessor-config.sha256",
    "processor_config.json": "processor-config.sha256",
    "chat_template.jinja": "chat-template.sha256",
    "additional_chat_templates/tool_use.jinja": "chat-template.sha256.tool_use",
}


@pytest.mark.parametrize(("name", "field"), FIELDS.items(), ids=FIELDS)
def test_each_file(name: str, field: str, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {f"m/{name}": "{}"})
    assert done.said == {(field, sha("{}"), "")}
    assert done.kinds <= {("model", False)}
    assert not done.codes


T = "chat-template.sha256"
TEMPLATES: dict[str, tuple[Any, set[tuple[str, str, str]], set[tuple[str, str]]]] = {
    "one": ("{{x}}", {(T, sha("{{x}}"), "/chat_template")}, set()),
    "null": (None, set(), set()),
    "several": (
        [{"name": "default", "template": "a"}, {"name": "rag", "template": "b"}],
        {
            (T, sha("a"), "/chat_template/0"),
            (f"{T}.rag", sha("b"), "/chat_template/1"),
        },
        set(),
    ),
    "by name": (
        {"default": "a", "rag": "b"},
        {
            (T, sha("a"), "/chat_template/default"),
            (f"{T}.rag", sha("b"), "/chat_template/rag"),
        },
        set(),
    ),
    "a name of control characters": (
        [{"name": "a\x00", "template": "b"}],
        {(f"{T}.a%00", sha("b"), "/chat_template/0")},
        set(),
    ),
    "no names": (
        [{"template": "a"}, "b", {"name": 1, "template": "x"}],
        set(),
        {("behaviour-malformed", f"/chat_template/{n}") for n in range(3)},
    ),
    "a number": (7, set(), {("behaviour-malformed", "/chat_template")}),
    "many": (
        [{"name": str(n), "template": "a"} for n in range(101)],
        {(f"{T}.{n}", sha("a"), f"/chat_template/{n}") for n in range(100)},
        {("behaviour-malformed", "/chat_template")},
    ),
}


@pytest.mark.parametrize("name", ["tokenizer_config.json", "chat_template.json"])
@pytest.mark.parametrize(("value", "said", "found"), TEMPLATES.values(), ids=TEMPLATES)
def test_templates_within(
    name: str, value: Any, said: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {name: json.dumps({"chat_template": value})})
    assert {fact for fact in done.said if fact[0].startswith(T)} == said
    assert done.found == found


def test_two_copies_that_differ_are_one_field(tmp_path: Path) -> None:
    files = {
        "tokenizer_config.json": json.dumps({"chat_template": "a"}),
        "chat_template.jinja": "b",
    }
    done = read(CATALOGER, tmp_path, files)
    assert {value for field, value, _ in done.said if field == T} == {
        sha("a"),
        sha("b"),
    }


@pytest.mark.parametrize("text", ["[]", "1", '"x"'])
def test_a_configuration_that_is_none(text: str, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"tokenizer_config.json": text})
    assert done.unread == {"behaviour-malformed"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    done = read(
        CATALOGER, tmp_path_factory.mktemp("b"), {"tokenizer_config.json": data}
    )
    assert done.said
