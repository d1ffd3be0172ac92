"""What the hub lists: trees, paths, refs and commits, in pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlencode

from aibom.testing.hub.git import Commit
from aibom.testing.hub.info import lfs_of
from aibom.testing.hub.repository import Repository
from aibom.testing.hub.state import State
from aibom.testing.hub.wire import Request, Response, as_json, refusal

__all__ = ["commits", "paths_info", "refs", "tree"]

#: The real hub's page when each entry is expanded.
_EXPANDED_PAGE = 50


def tree(
    state: State, found: Repository, commit: Commit, folder: str, request: Request
) -> Response:
    """What is in a folder, or with ``recursive`` below it; folders first."""
    folder = folder.strip("/")
    if folder not in commit.folders:
        raise refusal(
            404,
            f"{folder} does not exist on that revision",
            "EntryNotFound",
            {"X-Repo-Commit": commit.sha},
        )
    below = f"{folder}/" if folder else ""
    deep = request.flag("recursive")

    def wanted(path: str) -> bool:
        rest = path[len(below) :]
        return path.startswith(below) and bool(path) and (deep or "/" not in rest)

    paths = [path for path in sorted(commit.folders) if path and wanted(path)]
    rows = [_folder(commit, path) for path in paths if path != folder]
    expand = request.flag("expand")
    listed = [path for path in sorted(commit.files) if wanted(path)]
    entries = [*rows, *({"path": path} for path in listed)]
    size = min(state.page_size, _EXPANDED_PAGE) if expand else state.page_size
    page, headers = _page(state, entries, size, request)
    full = [
        row if "type" in row else _file(found, commit, row["path"], expand)
        for row in page
    ]
    return as_json(full, headers=headers)


def paths_info(found: Repository, commit: Commit, request: Request) -> Response:
    """Files and folders by their paths, unknown ones left out; form or JSON."""
    paths, expand = _asked(request)
    rows = []
    for path in paths:
        if path in commit.files:
            rows.append(_file(found, commit, path, expand))
        elif path in commit.folders and path:
            rows.append(_folder(commit, path))
    return as_json(rows)


def refs(found: Repository, request: Request) -> Response:
    """Branches, converts, tags; pull requests when asked for."""
    answer: dict[str, list[dict[str, str]]] = {
        "branches": [],
        "converts": [],
        "tags": [
            _ref(name, f"refs/tags/{name}", sha) for name, sha in found.tagged().items()
        ],
    }
    pulls = []
    for name, sha in found.branches().items():
        if name.startswith("refs/pr/"):
            pulls.append(_ref(name.removeprefix("refs/pr/"), name, sha))
        elif name.startswith("refs/convert/"):
            short = name.removeprefix("refs/convert/")
            answer["converts"].append(_ref(short, name, sha))
        else:
            answer["branches"].append(_ref(name, f"refs/heads/{name}", sha))
    if request.flag("include_prs"):
        answer["pullRequests"] = pulls
    return as_json(answer)


def commits(
    state: State, found: Repository, commit: Commit, request: Request
) -> Response:
    """A commit and all before it, newest first."""
    history = list(found.history(commit.sha))
    page, headers = _page(state, history, state.page_size, request)
    rows = [
        {
            "id": one.sha,
            "title": one.title,
            "message": one.message.partition("\n")[2].strip(),
            "authors": [{"user": one.author, "avatar": ""}],
            "date": one.date,
        }
        for one in page
    ]
    return as_json(rows, headers={**headers, "X-Total-Count": str(len(history))})


def _ref(name: str, ref: str, sha: str) -> dict[str, str]:
    return {"name": name, "ref": ref, "targetCommit": sha}


def _folder(commit: Commit, path: str) -> dict[str, Any]:
    return {"type": "directory", "oid": commit.folders[path], "size": 0, "path": path}


def _file(found: Repository, commit: Commit, path: str, expand: bool) -> dict[str, Any]:
    entry = commit.files[path]
    row: dict[str, Any] = {
        "type": "file",
        "oid": entry.oid,
        "size": entry.blob.size,
        "path": path,
    }
    lfs = lfs_of(entry)
    if lfs is not None:
        row["lfs"] = lfs
        if found.xet:
            row["xetHash"] = entry.blob.sha256
    if expand:
        last = _last_change(found, commit, path)
        row["lastCommit"] = {"id": last.sha, "title": last.title, "date": last.date}
        if found.security is not None:
            row["securityFileStatus"] = _security(found.security, path)
    return row


def _security(security: Any, path: str) -> dict[str, Any]:
    level = "safe" if security.get("scansDone") else "unscanned"
    for issue in security.get("filesWithIssues") or []:
        if issue.get("path") == path:
            level = str(issue.get("level"))
    return {
        "status": level,
        "avScan": {"status": level, "virusFound": level == "unsafe"},
        "pickleImportScan": None,
    }


def _last_change(found: Repository, commit: Commit, path: str) -> Commit:
    history = list(found.history(commit.sha))
    for one, before in pairwise(history):
        old = before.files.get(path)
        if old is None or old.oid != one.files[path].oid:
            return one
    return history[-1]


def _asked(request: Request) -> tuple[list[str], bool]:
    kind = request.headers.get("content-type", "")
    try:
        if kind.startswith("application/json"):
            body = json.loads(request.body)
            paths, expand = body["paths"], bool(body.get("expand"))
        else:
            form = parse_qs(request.body.decode(), keep_blank_values=True)
            paths = form.get("paths", [])
            expand = form.get("expand", [""])[-1].lower() in ("true", "1")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise refusal(400, f"Invalid body: {error}") from error
    return ([paths] if isinstance(paths, str) else [str(one) for one in paths]), expand


def _page(
    state: State, rows: Sequence[Any], size: int, request: Request
) -> tuple[Sequence[Any], dict[str, str]]:
    """One page, and the header that names the next."""
    query = {name: values[-1] for name, values in request.query.items()}
    try:
        start = int(query.get("cursor", "0"))
        size = min(size, int(query.get("limit", size)))
    except ValueError as error:
        raise refusal(400, f"Invalid cursor or limit: {error}") from error
    if start < 0 or size < 1:
        raise refusal(400, "Invalid cursor or limit")
    end = start + size
    headers = {}
    if end < len(rows):
        more = urlencode({**query, "cursor": end})
        headers["Link"] = f'<{state.url}{request.path}?{more}>; rel="next"'
    return rows[start:end], headers
