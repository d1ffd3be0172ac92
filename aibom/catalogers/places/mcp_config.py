"""MCP clients' configuration: which tool servers an agent starts, or calls.

``mcpServers`` is the member of ``.mcp.json`` and of most clients, ``servers`` that of
``.vscode/mcp.json``. Each server has an address, or a command with arguments. Of
environment variables and headers only the names are kept.

Source: Visual Studio Code, MCP configuration reference; Claude Code and Claude Desktop
documentation (``.mcp.json``, ``claude_desktop_config.json``).
"""

from __future__ import annotations

from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json, text_of
from aibom.catalogers.label_texts import clean
from aibom.catalogers.launching import launch
from aibom.catalogers.notes import Notes, pointer
from aibom.catalogers.tools import (
    MAX_TOOLS,
    TOOL_FINDINGS,
    add_tool,
    names_in,
    say_address,
    text_at,
    told_launch,
    value_sha256,
)
from aibom.lineage.nodes import Kind

__all__ = ["CATALOGER"]

_NAMES = frozenset(
    {
        *("mcp.json", ".mcp.json", "mcp-config.json", "mcp_config.json"),
        *("claude_desktop_config.json", "cline_mcp_settings.json"),
    }
)
_KEYS = ("mcpServers", "servers")


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] in _NAMES


def _read(notes: Notes) -> None:
    document = read_json(notes)
    if document is UNREAD:
        return
    found = [key for key in _KEYS if key in document] if _is_object(document) else []
    if not found:
        notes.skip("tool-malformed", "", "neither mcpServers nor servers")
        return
    notes.subject_is(Kind.SYSTEM)
    for key in found:
        servers = document[key]
        if not _is_object(servers):
            notes.skip("tool-malformed", pointer(key), "not an object")
            continue
        if len(servers) > MAX_TOOLS:
            notes.skip("tools-too-many", pointer(key), f"{len(servers):,}")
        for name in list(servers)[:MAX_TOOLS]:
            _server(notes, name, servers[name], pointer(key, name))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _server(notes: Notes, name: str, server: Any, at: str) -> None:
    shown = clean(name)
    if not shown or not isinstance(server, dict):
        notes.skip("tool-malformed", at)
        return
    identity = {"name": shown}
    if "url" in server and (url := say_address(notes, server["url"], f"{at}/url")):
        identity["location"] = url
    if "command" in server:
        identity |= _command(notes, server, at)
    if not {"url", "command"} & server.keys():
        notes.skip("tool-malformed", at, "neither url nor command")
    transport = text_at(server, "type")
    if transport is None and "command" in server:
        transport = "stdio"  # what every client takes it for
    facts = {
        "transport": transport[:50] if transport else None,
        "environment": names_in(notes, server.get("env"), f"{at}/env"),
        "headers": names_in(notes, server.get("headers"), f"{at}/headers"),
        "disabled": _flag(server.get("disabled")),
    }
    description = server.get("description")
    if isinstance(description, str):
        facts["description.sha256"] = value_sha256(description)
    add_tool(notes, at, identity, facts)


def _flag(value: Any) -> str | None:
    return text_of(value) if isinstance(value, bool) else None


def _command(notes: Notes, server: dict[str, Any], at: str) -> dict[str, str]:
    command = server["command"]
    arguments = server.get("args", [])
    if not isinstance(command, str) or not command.strip():
        notes.skip("tool-malformed", f"{at}/command", "not a text")
        return {}
    if not isinstance(arguments, list) or not all(
        isinstance(item, str) for item in arguments
    ):
        notes.skip("tool-malformed", f"{at}/args", "not a list of texts")
        return {"command": launch(command, []).command}
    found = told_launch(notes, launch(command, arguments), at)
    return {**found, "arguments.sha256": value_sha256(arguments)}


CATALOGER = Cataloger(
    id="mcp-config",
    title="MCP servers of an agent (mcp.json, .mcp.json, client settings)",
    wants=_wants,
    read=_read,
    supplies=(
        "each tool server, by its address or the package or image that is started",
        "the SHA-256 of its arguments, the names of its environment variables",
        "which of them are fetched in whatever version is there when they start",
    ),
    cannot=(
        "tell which bytes run: a command has no digest, a server elsewhere has none",
        "tell which tools a server offers: it says so when it is asked, which nobody "
        "does here",
    ),
    findings={**DOCUMENT_FINDINGS, **TOOL_FINDINGS},
)
