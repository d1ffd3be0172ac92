"""MCP registry: ``server.json``, by which a tool server is published.

It names packages (with a version, and for some a SHA-256), and addresses at which the
server runs. The description is kept as a SHA-256, since agents act by it: another one
under the same version is another tool.

Source: modelcontextprotocol/registry ``docs/reference/server-json`` (schemas 2025-07-09
to 2025-10-17; the older ones write ``registry_type`` for ``registryType``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json
from aibom.catalogers.launching import package_source
from aibom.catalogers.notes import Notes
from aibom.catalogers.tools import (
    MAX_TOOLS,
    TOOL_FINDINGS,
    add_tool,
    names_in,
    say_address,
    text_at,
    value_sha256,
)
from aibom.digest import Digest
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_HEAD = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_IMAGE_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}\Z")
_MAX_TEXT = 200
#: The purl type of a registry; what is in none of them is pinned by its SHA-256.
_PURLS = {"npm": "npm", "pypi": "pypi", "nuget": "nuget"}


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] == "server.json" and form == "json"


def _read(notes: Notes) -> None:
    with notes.place.open(notes.path) as stream:
        head = stream.read(_HEAD)
    if b'"packages"' not in head and b'"remotes"' not in head:
        return  # many things are called server.json
    document = read_json(notes)
    name = text_at(document, "name")
    if document is UNREAD or name is None or "/" not in name:
        return
    notes.subject_is(Kind.SYSTEM)
    shared = {
        "name": name,
        **({"version": version} if (version := _version(document)) else {}),
    }
    facts: dict[str, str | None] = {}
    if isinstance(document.get("description"), str):
        facts["description.sha256"] = value_sha256(document["description"])
    facts["repository"] = _repository(notes, document)
    for package, at in _listed(notes, document, "packages"):
        _package(notes, package, at, shared, facts)
    for remote, at in _listed(notes, document, "remotes"):
        _remote(notes, remote, at, shared, facts)


def _version(document: Any) -> str | None:
    version = text_at(document, "version")
    return version[:_MAX_TEXT] if version else None


def _repository(notes: Notes, document: Any) -> str | None:
    repository = document.get("repository")
    if not isinstance(repository, dict) or not repository.get("url"):
        return None
    return say_address(notes, repository["url"], "/repository/url")


def _listed(
    notes: Notes, document: dict[str, Any], key: str
) -> Iterator[tuple[dict[str, Any], str]]:
    listed = document.get(key)
    if listed is None:
        return
    if not isinstance(listed, list):
        notes.skip("tool-malformed", f"/{key}", "not a list")
        return
    if len(listed) > MAX_TOOLS:
        notes.skip("tools-too-many", f"/{key}", f"{len(listed):,}")
    for index, item in enumerate(listed[:MAX_TOOLS]):
        if isinstance(item, dict):
            yield item, f"/{key}/{index}"
        else:
            notes.skip("tool-malformed", f"/{key}/{index}", "not an object")


def _package(
    notes: Notes,
    package: dict[str, Any],
    at: str,
    shared: dict[str, str],
    facts: dict[str, str | None],
) -> None:
    registry = text_at(package, "registryType", "registry_type")
    identifier = text_at(package, "identifier")
    if registry is None or identifier is None or len(identifier) > _MAX_TEXT:
        notes.skip("tool-malformed", at, "no registryType, or no identifier")
        return
    digest = text_at(package, "fileSha256", "file_sha256")
    if digest is not None and not _SHA256.fullmatch(digest):
        notes.odd("tool-malformed", f"{at}/fileSha256", "not a SHA-256")
        digest = None
    identity = {**shared, "registry": registry[:50]}
    pinned = digest is not None
    if registry in _PURLS:
        version = text_at(package, "version")
        source, exact = package_source(_PURLS[registry], identifier, version)
        pinned = pinned or exact is not None
        identity |= {"source": source} if source else {"package": identifier}
        identity |= {"package-version": version[:_MAX_TEXT]} if version else {}
    elif registry == "oci":
        pinned = pinned or _IMAGE_DIGEST.search(identifier) is not None
        identity["image"] = identifier
    elif "://" in identifier:
        if location := say_address(notes, identifier, f"{at}/identifier"):
            identity["location"] = location
    else:
        identity["package"] = identifier
    if not pinned:
        notes.odd("tool-not-pinned", at)
    variables = package.get("environmentVariables")
    told = {"environment": names_in(notes, variables, f"{at}/environmentVariables")}
    told["transport"] = text_at(package.get("transport"), "type")
    name = add_tool(notes, at, identity, {**facts, **told})
    if digest is not None:
        code = notes.entity(Kind.CODE, Digest("file", digest), f"{at}/fileSha256")
        notes.edge(name, Relation.REQUIRES, code, "package", f"{at}/fileSha256")


def _remote(
    notes: Notes,
    remote: dict[str, Any],
    at: str,
    shared: dict[str, str],
    facts: dict[str, str | None],
) -> None:
    location = say_address(notes, remote.get("url"), f"{at}/url")
    identity = {**shared, "location": location} if location else shared
    told = {"headers": names_in(notes, remote.get("headers"), f"{at}/headers")}
    told["transport"] = text_at(remote, "type", "transport_type")
    add_tool(notes, at, identity, {**facts, **told})


CATALOGER = Cataloger(
    id="mcp-server",
    title="MCP registry entry (server.json)",
    wants=_wants,
    read=_read,
    supplies=(
        "each package and address of a tool server, with its version",
        "the SHA-256 of a package where the file states it, and of the description",
        "packages without an exact version, a digest or a SHA-256",
    ),
    cannot=(
        "tell whether this is the server that lies here, or one that is called",
        "compare with what the registry has",
    ),
    findings={**DOCUMENT_FINDINGS, **TOOL_FINDINGS},
)
