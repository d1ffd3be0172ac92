"""Who and what made a Croissant dataset: agents, activities and sources (PROV-O).

A person gets a pseudonym. An agent that is said to be neither a person, an
organisation nor software is not named at all: its name may be a person's.

Source: Croissant 1.1, "Provenance Representation"; W3C PROV-O. Found in the wild and
read as well: ``prov:isAssociatedWith``, ``usage``, references to agents by their id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aibom.catalogers.croissant_terms import Terms, each, text_at
from aibom.catalogers.label_texts import utc_text
from aibom.catalogers.notes import SUBJECT, Notes, pointer
from aibom.lineage.hub_names import hub_source, is_hub_name
from aibom.lineage.nodes import Kind, Relation

__all__ = ["PROV_FINDINGS", "Provenance"]

PROV_FINDINGS: Mapping[str, str] = {
    "activity-malformed": "an activity that is no object; it is not known",
    "agent-not-named": "somebody took part who is not said to be a person, an "
    "organisation or software, or has no name; it is left out, because the name may be "
    "a person's",
    "persons-not-named": "persons are named, but cannot be here: set "
    "AIBOM_PSEUDONYM_KEY, and they get pseudonyms",
    "source-malformed": "a source without a name or an address; it is not known",
}

_HUB = re.compile(
    r"https?://huggingface\.co/datasets/(?P<name>[^/?#]+(?:/(?!tree/)[^/?#]+)?)"
    r"(?:/tree/(?P<revision>[^/?#]+))?/?"
)
_PERSONS = frozenset({"sc:Person", "prov:Person", "foaf:Person"})
_ORGANISATIONS = frozenset({"sc:Organization", "prov:Organization"})
_SOFTWARE = frozenset({"prov:SoftwareAgent", "sc:SoftwareApplication"})
_AGENTS = ("prov:wasAssociatedWith", "prov:isAssociatedWith")
#: What an activity calls itself, and the step that this is.
_STEPS = {
    "annotation": "label",
    "collection": "collect",
    "data annotation": "label",
    "data collection": "collect",
    "deduplication": "deduplicate",
    "filtering": "filter",
    "labeling": "label",
    "labelling": "label",
}
_ROLES = {"collect": "collector", "label": "labeler"}
_MAX_NAME = 200
_MAX_TEXT = 4000


class Provenance:
    """Reads the provenance of one document."""

    def __init__(self, notes: Notes, terms: Terms, document: dict[str, Any]) -> None:
        self._notes = notes
        self._terms = terms
        self._known: dict[str, dict[str, Any]] = {}
        top = terms.read(document, lambda _: None)
        for term in (*_AGENTS, "prov:wasAttributedTo"):
            for agent, _ in each(top.get(term, ("", None))[1], ""):
                if isinstance(agent, dict) and isinstance(agent.get("@id"), str):
                    self._known.setdefault(agent["@id"], agent)

    def read(self, value: Mapping[str, Any], at: str, target: str = SUBJECT) -> None:
        """What an object says of where the target comes from."""
        found = self._terms.read(value, lambda _: None)
        for term, (key, inner) in found.items():
            here = at + pointer(key)
            if term == "prov:wasDerivedFrom":
                for one, place in each(inner, here):
                    self.source(one, place, target)
            elif term == "prov:wasGeneratedBy":
                for one, place in each(inner, here):
                    self._activity(one, place, target)
            elif term in (*_AGENTS, "prov:wasAttributedTo"):
                for one, place in each(inner, here):
                    self.attribute(one, place, "participant", target)

    def source(self, value: Any, at: str, target: str = SUBJECT) -> str | None:
        """A dataset that the target is derived from; its id."""
        name = self._source(value, at)
        if name is not None:
            relation = Relation.DERIVED_FROM
            self._notes.edge(target, relation, name, "source-data", at)
        return name

    def _source(self, value: Any, at: str) -> str | None:
        text = text_at(value, "prov:locatedAt", "prov:atLocation", "url", "@id", "name")
        if text is None:
            self._notes.odd("source-malformed", at)
            return None
        hub = _HUB.fullmatch(text)
        if hub and is_hub_name(hub["name"]):
            revision = unquote(hub["revision"]) if hub["revision"] else None
            # What names.refer_to_dataset makes of it, which joins the two.
            address = hub_source(hub["name"], revision, dataset=True)
            identity = {"source": address, "name": hub["name"]}
            identity |= {"revision": revision} if revision else {}
            return self._notes.entity(Kind.DATASET, identity, at)
        field = "source" if "://" in text else "stated-as"
        return self._notes.entity(Kind.DATASET, {field: text[:_MAX_TEXT]}, at)

    def attribute(self, value: Any, at: str, role: str, target: str = SUBJECT) -> None:
        """The target is attributed to an agent."""
        party = self.party(value, at)
        if party is not None:
            self._notes.edge(target, Relation.ATTRIBUTED_TO, party, role, at)

    def party(self, value: Any, at: str) -> str | None:
        """The agent's id; None, with a finding, where it is not named here."""
        if isinstance(value, dict) and set(value) == {"@id"}:
            value = value["@id"]
        if isinstance(value, str):
            value = self._known.get(value)
        types = self._terms.types(value)
        name = text_at(value, "prov:label", "name", "sc:name", "foaf:name")
        name = " ".join((name or "").split())[:_MAX_NAME].strip()
        if name and types & _PERSONS:
            person = self._notes.person(name, at)
            if person is None:
                self._notes.skip("persons-not-named", at)
            return person
        if name and types & _ORGANISATIONS:
            return self._notes.party(f"org:{name}", at)
        if name and types & _SOFTWARE:
            return self._notes.party(f"software:{name}", at)
        self._notes.skip("agent-not-named", at, ", ".join(sorted(types)))
        return None

    def _activity(self, value: Any, at: str, target: str) -> None:
        if not isinstance(value, dict):
            self._notes.odd("activity-malformed", at)
            return
        found = self._terms.read(value, lambda _: None)
        kind = self._kind(value, found)
        facts: dict[str, str | None] = {}
        for term, field in (
            *(("prov:label", "name"), ("sc:description", "description")),
            *(("prov:startedAtTime", "started"), ("prov:endedAtTime", "finished")),
        ):
            text = text_at(found.get(term, ("", None))[1], "@value")
            is_time = field in ("started", "finished")
            told = utc_text(text) if is_time and text else text
            if told:
                facts[field] = told[:_MAX_TEXT]
        step = self._notes.step(kind, {}, at, facts)
        self._notes.edge(step, Relation.GENERATED, target, "", at)
        for term in ("prov:used", "sc:usage"):
            key, used = found.get(term, ("", None))
            for one, place in each(used, at + pointer(key)):
                if (name := self._source(one, place)) is not None:
                    self._notes.edge(step, Relation.USED, name, "source-data", place)
        for term in _AGENTS:
            key, agents = found.get(term, ("", None))
            for one, place in each(agents, at + pointer(key)):
                if (party := self.party(one, place)) is not None:
                    role = _ROLES.get(kind, "participant")
                    self._notes.edge(step, Relation.PERFORMED_BY, party, role, place)

    def _kind(self, value: dict[str, Any], found: Mapping[str, Any]) -> str:
        """The step that an activity says it is by one of a few exact words."""
        stated = [value.get("type"), found.get("prov:type", ("", None))[1]]
        stated += [found.get("prov:label", ("", None))[1], *self._terms.types(value)]
        for text in stated:
            if isinstance(text, str):
                word = text.rpartition(":")[2].rpartition("#")[2].strip().lower()
                if word in _STEPS:
                    return _STEPS[word]
        return "activity"
