"""Agents and plugins by their public cards: A2A agent cards and ``ai-plugin.json``.

An agent that reads such a card acts by its descriptions, so they are kept as SHA-256:
another text under the same version is another tool. Signatures of a card are counted,
not checked.

Sources: A2A specification 0.2 to 1.0, ``AgentCard`` (``/.well-known/agent-card.json``,
before 0.3 ``/.well-known/agent.json``); OpenAI plugin manifest v1.
"""

from __future__ import annotations

from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json
from aibom.catalogers.notes import Notes
from aibom.catalogers.tools import (
    TOOL_FINDINGS,
    add_tool,
    say_address,
    text_at,
    value_sha256,
)
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_PLUGIN = "ai-plugin.json"
_MAX_TEXT = 200
_MAX_ADDRESSES = 20
_INTERFACES = ("supportedInterfaces", "additionalInterfaces")


def _wants(path: str, form: str) -> bool:
    folder, _, name = path.rpartition("/")
    known = folder.rpartition("/")[2] == ".well-known" and name == "agent.json"
    return known or name in ("agent-card.json", _PLUGIN)


def _read(notes: Notes) -> None:
    document = read_json(notes)
    if document is UNREAD:
        return
    is_plugin = notes.path.rpartition("/")[2] == _PLUGIN
    name = text_at(document, "name_for_model" if is_plugin else "name")
    if name is None:
        notes.skip("tool-malformed", "", "no name")
        return
    if is_plugin:
        _plugin(notes, name, document)
    else:
        _card(notes, name, document)


def _plugin(notes: Notes, name: str, document: dict[str, Any]) -> None:
    api, auth = document.get("api"), document.get("auth")
    identity = {"name": name}
    if isinstance(api, dict) and "url" in api:
        if location := say_address(notes, api["url"], "/api/url"):
            identity["location"] = location
    else:
        notes.skip("tool-malformed", "/api", "no address")
    transport = text_at(api, "type")
    facts = {
        "transport": transport[:50] if transport else None,
        "authentication": text_at(auth, "type"),
        "description.sha256": _hashed(document.get("description_for_model")),
    }
    add_tool(notes, "", identity, facts)


def _card(notes: Notes, name: str, document: dict[str, Any]) -> None:
    locations, transports = _addresses(notes, document)
    identity = {"name": name[:_MAX_TEXT]}
    if locations:
        identity["location"] = locations[0]
    if version := text_at(document, "version"):
        identity["version"] = version[:_MAX_TEXT]
    skills = document.get("skills")
    protocol = text_at(document, "protocolVersion")
    schemes, signatures = document.get("securitySchemes"), document.get("signatures")
    facts = {
        "transport": ", ".join(sorted(transports)) or None,
        "protocol-version": protocol[:50] if protocol else None,
        "description.sha256": _hashed(document.get("description")),
        "skills": str(len(skills)) if isinstance(skills, list) else None,
        "skills.sha256": _hashed(skills),
        "authentication": _types(schemes),
        "signatures": str(len(signatures)) if isinstance(signatures, list) else None,
    }
    tool = add_tool(notes, "", identity, facts)
    for location in locations[1:]:
        notes.entity(Kind.SERVICE, identity, "", {"location": location})
    _provider(notes, tool, document.get("provider"))


def _hashed(value: Any) -> str | None:
    return None if value is None else value_sha256(value)


def _types(schemes: Any) -> str | None:
    """The kinds of authentication that are offered; no secrets stand in a card."""
    values = schemes.values() if isinstance(schemes, dict) else ()
    types = {(text_at(value, "type") or "")[:50] for value in values}
    return ", ".join(sorted(types - {""})[:_MAX_ADDRESSES]) or None


def _addresses(notes: Notes, document: dict[str, Any]) -> tuple[list[str], set[str]]:
    """All addresses, the preferred one first, and by which protocols."""
    found: list[str] = []
    transports = {text_at(document, "preferredTransport")}
    if "url" in document:
        found.append(say_address(notes, document["url"], "/url") or "")
    for key in _INTERFACES:
        listed = document.get(key)
        if listed is None:
            continue
        if not isinstance(listed, list):
            notes.skip("tool-malformed", f"/{key}", "not a list")
            continue
        if len(listed) > _MAX_ADDRESSES:
            notes.skip("tools-too-many", f"/{key}", f"{len(listed):,}")
        for index, item in enumerate(listed[:_MAX_ADDRESSES]):
            at = f"/{key}/{index}"
            url = item.get("url") if isinstance(item, dict) else None
            found.append(say_address(notes, url, f"{at}/url") or "")
            transports.add(text_at(item, "protocolBinding", "transport"))
    if not found:
        notes.skip("tool-malformed", "", "no address")
    unique = [url for url in dict.fromkeys(found) if url]
    return unique, {transport[:50] for transport in transports if transport}


def _provider(notes: Notes, tool: str, provider: Any) -> None:
    name = text_at(provider, "organization")
    if name is not None:
        party = notes.party(f"org:{name[:_MAX_TEXT].strip()}", "/provider/organization")
        notes.edge(
            tool, Relation.ATTRIBUTED_TO, party, "publisher", "/provider/organization"
        )


CATALOGER = Cataloger(
    id="agent-card",
    title="Agent cards (A2A) and plugin manifests",
    wants=_wants,
    read=_read,
    supplies=(
        "name, version, addresses and protocols of an agent, and who provides it",
        "the SHA-256 of its description and of its skills, by which others act",
    ),
    cannot=(
        "tell whether the card is of the system that lies here, or of one it calls",
        "check the signatures of a card",
    ),
    findings={**DOCUMENT_FINDINGS, **TOOL_FINDINGS},
)
