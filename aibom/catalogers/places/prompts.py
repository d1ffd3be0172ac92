"""Prompt files: what a system is told before anybody asks it anything.

A prompt is a guideline that the system needs to run, by its bytes: another system
prompt is another behaviour. What a prompt says is not looked at; of ``.prompty`` and
``.prompt`` the front matter is read.

Sources: Prompty specification (``model``, ``inputs``, ``authors``); Dotprompt
reference, front matter (``model``, ``input.schema``).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from aibom.catalogers.binary import TEXT_FINDINGS, say_person
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.data_file import is_whole_place
from aibom.catalogers.documents import text_of
from aibom.catalogers.front_matter import FRONT_MATTER_FINDINGS, read_front_matter
from aibom.catalogers.label_texts import clean
from aibom.catalogers.notes import SUBJECT, Notes, pointer
from aibom.catalogers.tools import text_at
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_FRONTED = (".prompty", ".prompt")
_SYSTEM = ("system_prompt", "system-prompt")
_ENDINGS = (".md", ".txt", ".yaml", ".yml", ".json")
_MORE = (".j2", ".jinja", ".jinja2", ".mustache", ".hbs", ".xml")
_TEXTS = ("text", "json", "unknown", "script")
#: Beside prompts, but told to people.
_ABOUT = ("readme", "license", "licence", "changelog", "contributing", "notice")
_MAX_TEXT = 500
_MAX_ITEMS = 100
_HEAD = 64


def _wants(path: str, form: str) -> bool:
    where = PurePosixPath(path.lower())
    if form not in _TEXTS or where.stem in _ABOUT:
        return False
    if where.suffix in _FRONTED:
        return True
    if where.stem in _SYSTEM:
        return where.suffix in (*_ENDINGS, *_MORE)
    return where.parent.name == "prompts" and where.suffix in _ENDINGS


def _read(notes: Notes) -> None:
    if not _is_of_model(notes):
        notes.subject_is(Kind.SYSTEM)
    values = _front(notes)
    facts = _facts(notes, values)
    if is_whole_place(notes):  # the file is the subject: no guideline beside it
        prompt = SUBJECT
        for field, value in facts.items():
            notes.say(field, value)
    else:
        prompt = notes.file_entity(Kind.GUIDELINE, facts=facts)
        notes.edge(SUBJECT, Relation.REQUIRES, prompt, "prompt")
    _model(notes, values.get("model"))
    _authors(notes, prompt, values)


def _is_of_model(notes: Notes) -> bool:
    """Whether a model lies beside it, which then is what needs the prompt.

    Weights need no look: their bytes say more than any name (:meth:`subject_is`).
    """
    top = f"{notes.folder}/" if notes.folder else ""
    beside = ("adapter_config.json", "config.json")
    return any(notes.place.has(top + name) for name in beside)


def _front(notes: Notes) -> dict[str, Any]:
    """The front matter; nothing where the format has none, or the file."""
    if not notes.path.lower().endswith(_FRONTED):
        return {}
    with notes.place.open(notes.path) as stream:
        head = stream.read(_HEAD).removeprefix(b"\xef\xbb\xbf")
    if not head.lstrip().startswith(b"---"):
        return {}
    front = read_front_matter(notes)
    return dict(front.values) if front is not None else {}


def _facts(notes: Notes, values: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, field in (("name", "title"), ("description", "description")):
        if text := text_at(values, key):
            found[field] = text[:_MAX_TEXT]
    if version := text_of(values.get("version")):
        found["version"] = clean(version)[:_MAX_TEXT]
    if inputs := _inputs(notes, values):
        found["inputs"] = inputs
    return found


def _inputs(notes: Notes, values: dict[str, Any]) -> str | None:
    """The names of what is filled in: who fills them in speaks to the model, too."""
    names: set[str] = set()
    declared = values.get("inputs")
    at = pointer("inputs")
    if isinstance(declared, list):
        names = {text_at(item, "name") or "" for item in declared}
    elif isinstance(declared, dict):
        names = {clean(name) for name in declared}
    elif declared is not None:
        notes.skip("prompt-malformed", at, "no inputs")
    elif isinstance(values.get("input"), dict):
        at = pointer("input", "schema")
        schema = values["input"].get("schema")
        if isinstance(schema, dict):
            # ``name?, a description`` is the name, optional.
            names = {clean(name.split("(")[0]).rstrip("?") for name in schema}
    names = {name[:_MAX_TEXT] for name in names if name}
    if len(names) > _MAX_ITEMS:
        notes.skip("prompt-too-long", at, f"{len(names):,} inputs")
    return ", ".join(sorted(names)[:_MAX_ITEMS]) or None


def _model(notes: Notes, model: Any) -> None:
    """The model that the prompt is for; services name theirs in ways of their own."""
    if model is None:
        return
    at, name = pointer("model"), None
    facts: dict[str, str] = {}
    if isinstance(model, str):
        name = clean(model)
    elif isinstance(model, dict):
        settings = model.get("configuration")
        name = text_at(model, "id") or text_at(
            settings, "model", "name", "azure_deployment"
        )
        if provider := text_at(model, "provider") or text_at(settings, "type"):
            facts["provider"] = provider[:_MAX_TEXT]
    if not name or "${" in name or (name[0], name[-1]) == ("<", ">"):
        notes.odd("prompt-model-not-named", at)
        return
    identity = {"name": name[:_MAX_TEXT], **facts}
    target = notes.entity(Kind.MODEL, identity, at)
    notes.edge(SUBJECT, Relation.REQUIRES, target, "model", at)


def _authors(notes: Notes, prompt: str, values: dict[str, Any]) -> None:
    """Prompty's authors, as pseudonyms."""
    authors = values.get("authors")
    if authors is None:
        return
    listed = authors if isinstance(authors, list) else [authors]
    if len(listed) > _MAX_ITEMS:
        notes.skip("prompt-too-long", "/authors", f"{len(listed):,} authors")
    for index, author in enumerate(listed[:_MAX_ITEMS]):
        at = pointer("authors", index)
        name = text_of(author)
        if name is None or not name.strip():
            notes.skip("prompt-malformed", at, "no name")
        elif (party := say_person(notes, name, at)) is not None:
            notes.edge(prompt, Relation.ATTRIBUTED_TO, party, "writer", at)


CATALOGER = Cataloger(
    id="prompts",
    title="Prompt files (.prompty, .prompt, system_prompt.*, prompts/)",
    wants=_wants,
    read=_read,
    supplies=(
        "each prompt by its bytes, as something that the system needs",
        "of Prompty and Dotprompt: title, inputs, the model it is for, and its authors "
        "as pseudonyms",
    ),
    cannot=(
        "find prompts that stand in code, or that are fetched",
        "tell what a prompt makes a model do, or whether it is used",
    ),
    findings={
        **FRONT_MATTER_FINDINGS,
        **TEXT_FINDINGS,
        "prompt-malformed": "not what the format has there; that part is not known",
        "prompt-model-not-named": "the model is left open, or filled in when it runs",
        "prompt-too-long": "more than is read; the rest is not known",
    },
)
