"""Prompts are guidelines by their bytes, which a system needs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.prompts import CATALOGER
from aibom.lineage.nodes import Kind
from tests.catalog_hostile import mutated, read_bytes
from tests.catalog_world import pseudonym, read

#: path → whether it is a prompt
PATHS = {
    "a.prompty": True,
    "deep/er/a.prompt": True,
    "system_prompt.txt": True,
    "SYSTEM_PROMPT.txt": True,
    "agent/system-prompt.md": True,
    "system_prompt.j2": True,
    "prompts/a.md": True,
    "prompts/a.txt": True,
    "prompts/a.yaml": True,
    "prompts/a.yml": True,
    "x/prompts/a.json": True,
    "prompts/README.md": False,
    "prompts/LICENSE.txt": False,
    "prompts/deeper/a.md": False,
    "prompts/a.csv": False,
    "system_prompt.py": False,
    "a.md": False,
}


@pytest.mark.parametrize(("path", "is_one"), PATHS.items(), ids=PATHS)
def test_which_files_are_prompts(path: str, is_one: bool, tmp_path: Path) -> None:
    text = "{}" if path.endswith("json") else "You are kind."
    done = read(CATALOGER, tmp_path, {path: text, "other": "x"})
    name = f"guideline:file:{hashlib.sha256(text.encode()).hexdigest()}"
    assert set(done.nodes) == ({name} if is_one else set())
    if is_one:
        shown = path.rpartition("/")[2]
        assert done.edges == {("subject", "requires", shown, "prompt")}
        assert done.kinds == {("system", False)}


def test_a_prompt_beside_a_model_is_the_models(tmp_path: Path) -> None:
    files = {"SYSTEM_PROMPT.txt": "You are kind.", "adapter_config.json": "{}"}
    done = read(CATALOGER, tmp_path, files)
    assert done.edges == {("subject", "requires", "SYSTEM_PROMPT.txt", "prompt")}
    assert done.kinds == set()


PROMPTY = """---
name: Basic
description: A chat.
version: 1.10
authors:
  - Ada Example
model:
  api: chat
  configuration:
    type: azure_openai
    azure_deployment: gpt-35-turbo
    azure_endpoint: ${env:ENDPOINT}
inputs:
  question:
    type: string
  context:
    type: string
sample:
  question: hunter2
---
system:
You are kind.
"""


def front(text: str) -> str:
    return f"---\n{text}\n---\nsystem:\n"


def test_prompty(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.prompty": PROMPTY, "other": ""})
    prompts = [n for n in done.nodes.values() if n.kind == Kind.GUIDELINE]
    assert {f.field: f.value for n in prompts for f in n.facts} == {
        "name": "a.prompty",
        "title": "Basic",
        "description": "A chat.",
        "version": "1.10",
        "inputs": "context, question",
    }
    party = f"party:{pseudonym('Ada Example')}"
    assert party in done.nodes
    assert ("subject", "requires", "gpt-35-turbo", "model") in done.edges
    assert done.found == set()
    assert "Ada" not in repr(done.nodes)
    assert "hunter2" not in repr(done.nodes)


#: name → front matter, model, inputs, findings
FRONT: dict[str, tuple[str, str | None, str | None, set[Any]]] = {
    "dotprompt": (
        "model: googleai/gemini-1.5-flash\ninput:\n  schema:\n    name: string\n"
        "    language?: string\n    tags(array, the tags): string",
        "googleai/gemini-1.5-flash",
        "language, name, tags",
        set(),
    ),
    "prompty 2": (
        "model:\n  id: gpt-4o\n  provider: openai\ninputs:\n  - name: q",
        "gpt-4o",
        "q",
        set(),
    ),
    "a model filled in later": (
        "model:\n  configuration:\n    azure_deployment: ${env:NAME}",
        None,
        None,
        {("prompt-model-not-named", "/model")},
    ),
    "a model to be chosen": (
        "model:\n  configuration:\n    azure_deployment: <your-deployment>",
        None,
        None,
        {("prompt-model-not-named", "/model")},
    ),
    "a model in a list": (
        "model: [a]",
        None,
        None,
        {("prompt-model-not-named", "/model")},
    ),
    "inputs that are none": (
        "inputs: 3",
        None,
        None,
        {("prompt-malformed", "/inputs")},
    ),
    "many inputs": (
        "inputs:\n" + "\n".join(f"  a{n}: x" for n in range(101)),
        None,
        ", ".join(sorted(f"a{n}" for n in range(101))[:100]),
        {("prompt-too-long", "/inputs")},
    ),
    "many authors": (
        "authors: [" + ", ".join(f"a{n}" for n in range(101)) + "]",
        None,
        None,
        {("prompt-too-long", "/authors")},
    ),
    "authors that are none": (
        "authors: [[]]",
        None,
        None,
        {("prompt-malformed", "/authors/0")},
    ),
    "an alias": ("a: &a x\nb: *a", None, None, {("yaml-alias", "")}),
}


@pytest.mark.parametrize(
    ("text", "model", "inputs", "found"), FRONT.values(), ids=FRONT
)
def test_front_matter(
    text: str, model: str | None, inputs: str | None, found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {"a.prompt": front(text), "other": ""})
    codes = {(c, p) for c, p in done.found if c != "yaml-alias"}
    assert codes == {(c, p) for c, p in found if c != "yaml-alias"}
    assert done.codes == {code for code, _ in found}
    models = [n.value("name") for n in done.nodes.values() if n.kind == Kind.MODEL]
    assert models == ([model] if model else [])
    prompts = [n for n in done.nodes.values() if n.kind == Kind.GUIDELINE]
    assert [n.value("inputs") for n in prompts] == [inputs]


def test_without_a_key_nobody_is_named(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.prompty": PROMPTY, "o": ""}, key=False)
    assert done.found == {("person-not-named", "/authors/0")}
    assert "Ada" not in repr(done.nodes)


def test_a_prompt_alone_is_the_subject(tmp_path: Path) -> None:
    from aibom.catalogers.notes import Notes
    from aibom.catalogers.place import Place

    (tmp_path / "a.prompty").write_text(PROMPTY)
    place = Place.of(tmp_path / "a.prompty")
    notes = Notes("prompts", place, "a.prompty")
    CATALOGER.read(notes)
    assert {fact.field for fact in notes.facts} >= {"title", "inputs"}
    assert {node.kind for node in notes.nodes} == {Kind.MODEL}


@given(mutated(PROMPTY.encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "a.prompty", data)
