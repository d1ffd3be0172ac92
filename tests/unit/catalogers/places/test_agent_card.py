"""Cards of agents and plugins: who they are, where, and what others act by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.agent_card import CATALOGER
from aibom.catalogers.tools import value_sha256
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import read

SKILLS = [{"id": "route", "name": "Route", "description": "Finds a way.", "tags": []}]
V0 = {
    "protocolVersion": "0.3.0",
    "name": "Geo",
    "description": "Plans routes.",
    "url": "https://geo.example.com/a2a/v1",
    "preferredTransport": "JSONRPC",
    "additionalInterfaces": [
        {"url": "https://geo.example.com/a2a/v1", "transport": "JSONRPC"},
        {"url": "https://geo.example.com/a2a/grpc", "transport": "GRPC"},
    ],
    "provider": {"organization": "Acme Geo", "url": "https://example.com"},
    "version": "1.2.0",
    "securitySchemes": {"google": {"type": "openIdConnect"}},
    "skills": SKILLS,
    "signatures": [{"protected": "e30", "signature": "x"}],
}
V1 = {
    "name": "Geo",
    "description": "Plans routes.",
    "version": "1.2.0",
    "supportedInterfaces": [
        {
            "url": "https://geo.example.com/a2a/v1",
            "protocolBinding": "JSONRPC",
            "protocolVersion": "1.0",
        }
    ],
    "skills": SKILLS,
}
PLUGIN = {
    "schema_version": "v1",
    "name_for_human": "To-do list",
    "name_for_model": "todo",
    "description_for_human": "Your list.",
    "description_for_model": "Manages a to-do list.",
    "auth": {"type": "none"},
    "api": {"type": "openapi", "url": "https://todo.example.com/openapi.yaml"},
    "contact_email": "ada@example.com",
}
COMMON = {
    "name": "Geo",
    "version": "1.2.0",
    "description.sha256": value_sha256("Plans routes."),
    "skills": "1",
    "skills.sha256": value_sha256(SKILLS),
}
#: name → path, document, facts
CARDS: dict[str, tuple[str, Any, set[tuple[str, str]]]] = {
    "A2A 0.3": (
        ".well-known/agent-card.json",
        V0,
        {
            *COMMON.items(),
            ("location", "https://geo.example.com/a2a/v1"),
            ("location", "https://geo.example.com/a2a/grpc"),
            ("transport", "GRPC, JSONRPC"),
            ("protocol-version", "0.3.0"),
            ("authentication", "openIdConnect"),
            ("signatures", "1"),
        },
    ),
    "A2A 1.0": (
        "agent-card.json",
        V1,
        {
            *COMMON.items(),
            ("location", "https://geo.example.com/a2a/v1"),
            ("transport", "JSONRPC"),
        },
    ),
    "where it was before": (
        ".well-known/agent.json",
        V1,
        {
            *COMMON.items(),
            ("location", "https://geo.example.com/a2a/v1"),
            ("transport", "JSONRPC"),
        },
    ),
    "a plugin": (
        ".well-known/ai-plugin.json",
        PLUGIN,
        {
            ("name", "todo"),
            ("location", "https://todo.example.com/openapi.yaml"),
            ("transport", "openapi"),
            ("authentication", "none"),
            ("description.sha256", value_sha256("Manages a to-do list.")),
        },
    ),
}


@pytest.mark.parametrize(("path", "document", "facts"), CARDS.values(), ids=CARDS)
def test_cards(
    path: str, document: Any, facts: set[tuple[str, str]], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {path: json.dumps(document)})
    told = {
        (fact.field, fact.value)
        for notes in done.notes
        for node in notes.nodes
        if node.kind == "service"
        for fact in node.facts
    }
    assert told == facts
    assert done.found == set()
    assert ("subject", "requires", "Geo", "tool") in done.edges or path.endswith(
        "ai-plugin.json"
    )
    assert "ada@example.com" not in repr(done.nodes)


def test_who_provides_it(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"agent-card.json": json.dumps(V0)})
    assert ("Geo", "attributed-to", "Acme Geo", "publisher") in done.edges


#: name → file, document, findings
ODD: dict[str, tuple[str, Any, set[Any]]] = {
    "no name": ("agent-card.json", {"url": "https://h"}, {("tool-malformed", "")}),
    "no object": ("agent-card.json", [], {("tool-malformed", "")}),
    "no address": ("agent-card.json", {"name": "a"}, {("tool-malformed", "")}),
    "no interfaces": (
        "agent-card.json",
        {"name": "a", "url": "https://h", "supportedInterfaces": {}},
        {("tool-malformed", "/supportedInterfaces")},
    ),
    "too many interfaces": (
        "agent-card.json",
        {"name": "a", "supportedInterfaces": [{"url": "https://h"}] * 21},
        {("tools-too-many", "/supportedInterfaces")},
    ),
    "an address that is none": (
        "agent-card.json",
        {"name": "a", "url": "javascript:x"},
        {("tool-address-malformed", "/url")},
    ),
    "a password": (
        "agent-card.json",
        {"name": "a", "url": "https://a:b@h/"},
        {("tool-address-credentials", "/url")},
    ),
    "a plugin without an address": (
        "ai-plugin.json",
        {"name_for_model": "a"},
        {("tool-malformed", "/api")},
    ),
}


@pytest.mark.parametrize(("path", "document", "found"), ODD.values(), ids=ODD)
def test_what_is_odd(path: str, document: Any, found: set[Any], tmp_path: Path) -> None:
    assert read(CATALOGER, tmp_path, {path: json.dumps(document)}).found == found


def test_an_agent_json_elsewhere_is_something_else(tmp_path: Path) -> None:
    assert read(CATALOGER, tmp_path, {"agent.json": "{}"}).notes == ()


@pytest.mark.parametrize(
    ("path", "document"),
    {"agent-card.json": V0, "ai-plugin.json": PLUGIN}.items(),
)
def test_wrong_types_everywhere(path: str, document: Any) -> None:
    for data in wrong_types(document):
        read_bytes(CATALOGER, path, data)


@given(mutated(json.dumps(V0).encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "agent-card.json", data)
