"""Which answer belongs to which address."""

from __future__ import annotations

from urllib.parse import unquote

from aibom.testing.hub.files import linked_file, resolved_file
from aibom.testing.hub.info import overview, repository_info
from aibom.testing.hub.listing import commits, paths_info, refs, tree
from aibom.testing.hub.repository import Kind
from aibom.testing.hub.state import State, require_commit
from aibom.testing.hub.wire import Refused, Request, Response, as_json, refusal

__all__ = ["answer", "answer_linked"]

_API_KINDS: dict[str, Kind] = {"models": "model", "datasets": "dataset"}
_OWNERS = {"organizations": "org", "users": "user"}
_VERBS = ("revision", "tree", "paths-info", "refs", "commits")


def answer(state: State, request: Request) -> Response:
    """What the hub says."""
    try:
        state.authenticate(request)
        parts = request.path.strip("/").split("/")
        if parts[0] == "api":
            return _api(state, request, parts[1:])
        return _file(state, request, parts)
    except Refused as refused:
        return refused.response


def answer_linked(state: State, request: Request) -> Response:
    """What the second port says: it knows paths that were given out, and no tokens."""
    linked = state.linked(request.path)
    if linked is None or request.method not in ("GET", "HEAD"):
        return refusal(403, "Access denied").response
    return linked_file(*linked, request)


def _nothing() -> Refused:
    return refusal(404, "Sorry, we can't find the page you are looking for.")


def _api(state: State, request: Request, parts: list[str]) -> Response:
    if parts == ["whoami-v2"]:
        return _whoami(request)
    if len(parts) == 3 and parts[0] in _OWNERS and parts[2] == "overview":
        return overview(state, unquote(parts[1]), _OWNERS[parts[0]])
    if len(parts) < 2 or parts[0] not in _API_KINDS:
        raise _nothing()
    kind = _API_KINDS[parts[0]]
    id, rest = _split(state, kind, parts[1:])
    found = state.visible(kind, id, request)
    verb = rest[0] if rest else "revision"
    if request.method not in (("POST",) if verb == "paths-info" else ("GET", "HEAD")):
        raise refusal(405, "Method not allowed")
    if verb == "refs" and len(rest) == 1:
        return refs(found, request)
    if not rest and found.resolve("main") is None:
        return repository_info(state, found, None, request)
    revision = unquote(rest[1]) if len(rest) > 1 else "main"
    commit = require_commit(found, revision)
    match verb:
        case "revision" if len(rest) in (0, 2):
            return repository_info(state, found, commit, request)
        case "tree" if len(rest) > 1:
            return tree(state, found, commit, unquote("/".join(rest[2:])), request)
        case "paths-info" if len(rest) == 2:
            return paths_info(found, commit, request)
        case "commits" if len(rest) == 2:
            return commits(state, found, commit, request)
        case _:
            raise _nothing()


def _split(state: State, kind: Kind, parts: list[str]) -> tuple[str, list[str]]:
    """The name of a repository, of one part or two, and what follows it."""
    two = len(parts) > 1 and (
        parts[1] not in _VERBS or state.named(kind, "/".join(parts[:2])) is not None
    )
    count = 2 if two else 1
    return unquote("/".join(parts[:count])), parts[count:]


def _whoami(request: Request) -> Response:
    if request.token is None:
        raise refusal(401, "Invalid username or password.")
    return as_json({"type": "user", "name": "reader", "fullname": "Reader", "orgs": []})


def _file(state: State, request: Request, parts: list[str]) -> Response:
    kind: Kind = "model"
    if parts[0] == "datasets":
        kind, parts = "dataset", parts[1:]
    count = next((n for n in (2, 1) if parts[n : n + 1] == ["resolve"]), 0)
    if not count or len(parts) < count + 3 or request.method not in ("GET", "HEAD"):
        raise _nothing()
    id = unquote("/".join(parts[:count]))
    found = state.visible(kind, id, request)
    state.require_files(found, request)
    commit = require_commit(found, unquote(parts[count + 1]))
    path = unquote("/".join(parts[count + 2 :]))
    return resolved_file(found, commit, path, request)
