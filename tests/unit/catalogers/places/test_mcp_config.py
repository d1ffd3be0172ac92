"""Agents' tool servers: what starts, from where, and never a secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.mcp_config import CATALOGER
from aibom.catalogers.tools import MAX_TOOLS, value_sha256
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import Read, read

SECRET = "hunter2-secret"
STDIO = {
    "type": "stdio",
    "command": "npx",
    "args": ["-y", "@acme/files@1.0.2", f"--key={SECRET}"],
    "env": {"API_KEY": SECRET, "HOME": "/home/ada"},
}
HTTP = {
    "type": "http",
    "url": f"https://user:{SECRET}@mcp.example.com/mcp?key={SECRET}#x",
    "headers": {"Authorization": f"Bearer {SECRET}"},
}
CLAUDE = {"mcpServers": {"files": STDIO, "remote": HTTP}}


def services(done: Read) -> dict[str, dict[str, str | None]]:
    return {
        node.label: {fact.field: fact.value for fact in node.facts}
        for node in done.nodes.values()
        if node.kind == "service"
    }


@pytest.mark.parametrize(
    ("path", "document"),
    {
        "claude_desktop_config.json": CLAUDE,
        ".mcp.json": CLAUDE,
        "mcp.json": CLAUDE,
        ".vscode/mcp.json": {"servers": CLAUDE["mcpServers"], "inputs": []},
    }.items(),
)
def test_as_clients_write_it(path: str, document: Any, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {path: json.dumps(document)})
    assert services(done) == {
        "files": {
            "name": "files",
            "command": "npx",
            "source": "pkg:npm/%40acme/files@1.0.2",
            "version": "1.0.2",
            "arguments.sha256": value_sha256(STDIO["args"]),
            "transport": "stdio",
            "environment": "API_KEY, HOME",
        },
        "remote": {
            "name": "remote",
            "location": "https://mcp.example.com/mcp",
            "transport": "http",
            "headers": "Authorization",
        },
    }
    edges = {(source, relation, role) for source, relation, _, role in done.edges}
    assert edges == {("subject", "requires", "tool")}
    assert len(done.edges) == 2
    assert done.kinds == {("system", False)}
    assert done.codes == {"tool-address-credentials"}
    assert SECRET not in repr([done.nodes, done.notes[0].findings, done.notes[0].edges])


AT = "/mcpServers/a"
#: name → server, findings
ODD: dict[str, tuple[Any, set[Any]]] = {
    "not pinned": ({"command": "uvx", "args": ["x"]}, {("tool-not-pinned", AT)}),
    "an image by its tag": (
        {"command": "docker", "args": ["run", "-i", "x:1"]},
        {("tool-not-pinned", AT)},
    ),
    "a program of the place": ({"command": "node", "args": ["a.js"]}, set()),
    "neither": ({}, {("tool-malformed", AT)}),
    "no object": ([], {("tool-malformed", AT)}),
    "no command": ({"command": 1}, {("tool-malformed", f"{AT}/command")}),
    "no arguments": (
        {"command": "npx", "args": "x"},
        {("tool-malformed", f"{AT}/args")},
    ),
    "a file for an address": (
        {"url": "file:///etc/passwd"},
        {("tool-address-malformed", f"{AT}/url")},
    ),
    "no address": ({"url": 3}, {("tool-address-malformed", f"{AT}/url")}),
    "a broken address": (
        {"url": "http://[x"},
        {("tool-address-malformed", f"{AT}/url")},
    ),
    "a token in the path": (
        {"url": "https://h/s/ZTk0N2M5YjEtNTQ0ZC00/mcp"},
        {("tool-address-credentials", f"{AT}/url")},
    ),
    "variables": ({"url": "https://${HOST}/mcp"}, set()),
    "names that are none": (
        {"command": "x", "env": {"A B": "1", "GOOD": "2"}},
        {("tool-malformed", f"{AT}/env")},
    ),
    "no environment": (
        {"command": "x", "env": "A=1"},
        {("tool-malformed", f"{AT}/env")},
    ),
    "a large environment": (
        {"command": "x", "env": {f"A{n}": "" for n in range(101)}},
        {("tools-too-many", f"{AT}/env")},
    ),
}


@pytest.mark.parametrize(("server", "found"), ODD.values(), ids=ODD)
def test_what_is_odd(server: Any, found: set[Any], tmp_path: Path) -> None:
    text = json.dumps({"mcpServers": {"a": server}})
    assert read(CATALOGER, tmp_path, {"mcp.json": text}).found == found


#: name → document, findings
NONE: dict[str, tuple[Any, set[Any]]] = {
    "another mcp.json": ({"a": 1}, {("tool-malformed", "")}),
    "a list": ([], {("tool-malformed", "")}),
    "no servers": ({"mcpServers": {}}, set()),
    "servers in a list": ({"servers": []}, {("tool-malformed", "/servers")}),
    "too many": (
        {"servers": {f"s{n}": {"command": "x"} for n in range(MAX_TOOLS + 1)}},
        {("tools-too-many", "/servers")},
    ),
    "a name of blanks": (
        {"servers": {" ": {"command": "x"}}},
        {("tool-malformed", "/servers/ ")},
    ),
}


@pytest.mark.parametrize(("document", "found"), NONE.values(), ids=NONE)
def test_documents(document: Any, found: set[Any], tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"mcp.json": json.dumps(document)})
    assert done.found == found
    assert len(done.nodes) <= MAX_TOOLS


def test_another_description_is_another_fact_of_the_same_service(
    tmp_path: Path,
) -> None:
    def told(text: str, folder: str) -> tuple[set[str], str | None]:
        server = {"url": "https://h/mcp", "description": text}
        text = json.dumps({"mcpServers": {"a": server}})
        done = read(CATALOGER, tmp_path / folder, {"mcp.json": text})
        (node,) = done.nodes.values()
        return set(done.nodes), node.value("description.sha256")

    one, other = told("Sends a mail.", "1"), told("Sends a mail, and a copy.", "2")
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_wrong_types_everywhere() -> None:
    for data in wrong_types(CLAUDE):
        read_bytes(CATALOGER, "mcp.json", data)


@given(mutated(json.dumps(CLAUDE).encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "mcp.json", data)
