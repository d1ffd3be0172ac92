"""How other people's files name models and datasets, and what that is worth.

A name is no identity: what is made here has no digest, is worth ``claimed``, and joins
only what is named in exactly the same way. A path on the machine where somebody trained
is no identity either, not even a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from aibom.catalogers.notes import SUBJECT, Notes
from aibom.lineage.hub_names import hub_source, is_hub_name
from aibom.lineage.nodes import Kind, Relation

__all__ = [
    "NAME_FINDINGS",
    "refer_to_dataset",
    "refer_to_model",
    "say_bases",
    "tell_bases",
]

#: What these functions may find; a cataloger that calls them declares it too.
NAME_FINDINGS: Mapping[str, str] = {
    "reference-local-path": "names a path of the machine where it was made, which says "
    "nothing about what lay there",
    "reference-malformed": "names something in a form that no hub has",
}

_LOCAL = re.compile(r"^(?:[./~\\]|[A-Za-z]:[\\/])|\\|/$|^(?:tmp|home|mnt|root)/")
_MAX_NAME = 500


def refer_to_model(
    notes: Notes,
    text: str,
    at: str,
    *,
    revision: str | None = None,
    role: str = "base-model",
    source: str = SUBJECT,
    relation: Relation = Relation.DERIVED_FROM,
    facts: Mapping[str, str | None] | None = None,
) -> str | None:
    """Say that something comes from a model that the file names; returns its id.

    ``facts`` are facts of the edge. ``None`` where the text is empty: nothing is said.
    """
    name = _named(notes, Kind.MODEL, text, revision, at)
    if name is not None:
        notes.edge(source, relation, name, role, at, facts)
    return name


def refer_to_dataset(
    notes: Notes,
    text: str,
    at: str,
    *,
    revision: str | None = None,
    role: str = "training-data",
    source: str = SUBJECT,
    relation: Relation = Relation.DERIVED_FROM,
    facts: Mapping[str, str | None] | None = None,
) -> str | None:
    """The same for a dataset."""
    name = _named(notes, Kind.DATASET, text, revision, at)
    if name is not None:
        notes.edge(source, relation, name, role, at, facts)
    return name


def say_bases(
    notes: Notes,
    bases: Sequence[tuple[str, str | None, str]],
    *,
    how: str | None = None,
    requires: bool = False,
) -> None:
    """State all base models that one file names: (name, revision, pointer) each.

    ``how`` is the relation the file states (``fine-tune``, ``adapter``, ``merge``,
    ``quantized``, ``distilled``). With ``requires``, they are needed at run time too.

    Beside the edges the subject gets one fact ``base-model`` (and
    ``base-model-revision``), so that two files that name different bases contradict
    each other. A local path is no name, and so contradicts nothing.
    """
    facts = {"relation": how} if how else {}
    for text, revision, at in bases:
        name = refer_to_model(notes, text, at, revision=revision, facts=facts)
        if name is not None and requires:
            notes.edge(SUBJECT, Relation.REQUIRES, name, "base", at)
    tell_bases(notes, bases)


def tell_bases(notes: Notes, bases: Sequence[tuple[str, str | None, str]]) -> None:
    """Only the facts of :func:`say_bases`, for who has other edges to say them with."""
    named = sorted({(t.strip(), r, at) for t, r, at in bases if is_hub_name(t.strip())})
    if named and len(named) == len(bases):
        at = named[0][2] if len(named) == 1 else ""
        notes.say("base-model", ", ".join(sorted({n for n, _, _ in named})), at)
        if len(named) == 1 and named[0][1]:
            notes.say("base-model-revision", named[0][1], at)


def _named(
    notes: Notes, kind: Kind, text: str, revision: str | None, at: str
) -> str | None:
    text = text.strip()
    if not text:
        return None
    form: Literal["hub", "local", "odd"] = _form(text)
    if form == "hub":
        identity = {"source": hub_source(text, revision, dataset=kind is Kind.DATASET)}
        identity["name"] = text
        if revision:
            identity["revision"] = revision
        return notes.entity(kind, identity, at)
    local = form == "local"
    notes.odd("reference-local-path" if local else "reference-malformed", at, text)
    # Known to be there, and to be something; which thing, nobody can say from here.
    return notes.entity(kind, {"stated-as": text[:_MAX_NAME]}, at)


def _form(text: str) -> Literal["hub", "local", "odd"]:
    if _LOCAL.search(text):
        return "local"
    if is_hub_name(text):
        return "hub"
    return "local" if text.count("/") > 1 and "://" not in text else "odd"
