"""MCP registry entries: packages and addresses of a tool server, and their pins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.mcp_server import CATALOGER
from aibom.catalogers.tools import MAX_TOOLS, value_sha256
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import read

SHA = "c" * 64
ENTRY = {
    "$schema": "https://static.example.org/schemas/2025-10-17/server.schema.json",
    "name": "io.github.acme/weather",
    "description": "Tells the weather.",
    "repository": {"url": "https://github.com/acme/weather", "source": "github"},
    "version": "1.0.2",
    "packages": [
        {
            "registryType": "npm",
            "identifier": "@acme/weather",
            "version": "1.0.2",
            "transport": {"type": "stdio"},
            "environmentVariables": [
                {"name": "WEATHER_KEY", "isSecret": True, "value": "hunter2"}
            ],
        }
    ],
    "remotes": [
        {
            "type": "streamable-http",
            "url": "https://weather.example.com/mcp",
            "headers": [{"name": "X-Key", "value": "hunter2"}],
        }
    ],
}


def test_as_it_is_published(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"server.json": json.dumps(ENTRY)})
    shared = {
        "name": "io.github.acme/weather",
        "version": "1.0.2",
        "description.sha256": value_sha256("Tells the weather."),
        "repository": "https://github.com/acme/weather",
    }
    told = [{f.field: f.value for f in node.facts} for node in done.nodes.values()]
    assert told == [
        {
            **shared,
            "registry": "npm",
            "source": "pkg:npm/%40acme/weather@1.0.2",
            "package-version": "1.0.2",
            "environment": "WEATHER_KEY",
            "transport": "stdio",
        },
        {
            **shared,
            "location": "https://weather.example.com/mcp",
            "headers": "X-Key",
            "transport": "streamable-http",
        },
    ]
    assert {edge[3] for edge in done.edges} == {"tool"}
    assert done.found == set()
    assert done.kinds == {("system", False)}
    assert "hunter2" not in repr([done.nodes, done.edges])


AT = "/packages/0"
PIN = {("tool-not-pinned", AT)}
#: name → package, findings
PACKAGES: dict[str, tuple[Any, set[Any]]] = {
    "latest": (
        {"registryType": "npm", "identifier": "a", "version": "latest"},
        PIN,
    ),
    "no version": ({"registryType": "pypi", "identifier": "a"}, PIN),
    "exact": ({"registryType": "pypi", "identifier": "a", "version": "1.0"}, set()),
    "an older schema": (
        {"registry_type": "npm", "identifier": "a", "version": "1.0.0"},
        set(),
    ),
    "an image by its tag": (
        {"registryType": "oci", "identifier": "docker.io/a/b:1"},
        PIN,
    ),
    "an image by its digest": (
        {"registryType": "oci", "identifier": f"docker.io/a/b@sha256:{SHA}"},
        set(),
    ),
    "a bundle": (
        {"registryType": "mcpb", "identifier": "https://h/a.mcpb", "fileSha256": SHA},
        set(),
    ),
    "a bundle without its SHA-256": (
        {"registryType": "mcpb", "identifier": "https://h/a.mcpb"},
        PIN,
    ),
    "a registry that is not known": ({"registryType": "x", "identifier": "a"}, PIN),
    "half a SHA-256": (
        {"registryType": "mcpb", "identifier": "https://h/a", "fileSha256": "ab"},
        {*PIN, ("tool-malformed", f"{AT}/fileSha256")},
    ),
    "no identifier": ({"registryType": "npm"}, {("tool-malformed", AT)}),
    "no object": (3, {("tool-malformed", AT)}),
}


@pytest.mark.parametrize(("package", "found"), PACKAGES.values(), ids=PACKAGES)
def test_packages(package: Any, found: set[Any], tmp_path: Path) -> None:
    text = json.dumps({"name": "a/b", "packages": [package]})
    assert read(CATALOGER, tmp_path, {"server.json": text}).found == found


def test_a_package_with_a_sha256_is_code_by_that_digest(tmp_path: Path) -> None:
    package = {"registryType": "npm", "identifier": "a", "fileSha256": SHA}
    text = json.dumps({"name": "a/b", "packages": [package]})
    done = read(CATALOGER, tmp_path, {"server.json": text})
    assert f"code:file:{SHA}" in done.nodes
    assert {edge[1:2] + edge[3:] for edge in done.edges} == {
        ("requires", "tool"),
        ("requires", "package"),
    }


#: name → document, findings
DOCUMENTS: dict[str, tuple[Any, set[Any]]] = {
    "no list": ({"name": "a/b", "remotes": {}}, {("tool-malformed", "/remotes")}),
    "no address": (
        {"name": "a/b", "remotes": [{"type": "sse"}]},
        {("tool-address-malformed", "/remotes/0/url")},
    ),
    "too many": (
        {"name": "a/b", "remotes": [{"url": "https://h"}] * (MAX_TOOLS + 1)},
        {("tools-too-many", "/remotes")},
    ),
    "another server.json": ({"name": "a", "packages": []}, set()),
    "a list": (["packages"], set()),
    "of something else": ({"port": 80}, set()),
}


@pytest.mark.parametrize(("document", "found"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents(document: Any, found: set[Any], tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"server.json": json.dumps(document)})
    assert done.found == found


def test_wrong_types_everywhere() -> None:
    for data in wrong_types(ENTRY):
        read_bytes(CATALOGER, "server.json", data)


@given(mutated(json.dumps(ENTRY).encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "server.json", data)
