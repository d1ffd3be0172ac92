"""What the hub says of a repository: the JSON of model and dataset info."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from aibom.testing.hub.content import Blob
from aibom.testing.hub.git import Commit, Entry
from aibom.testing.hub.repository import Owner, Repository
from aibom.testing.hub.state import State
from aibom.testing.hub.wire import Request, Response, as_json, refusal

__all__ = ["lfs_of", "overview", "repository_info", "sibling"]

_MAX_HEADER = 25 * 1024 * 1024
_MAX_COUNT = 1 << 63

#: Keys that are served only when asked for by ``expand``.
_ON_REQUEST = {"model": {"baseModels", "childrenModelCount", "usedStorage"}}
_PLAIN = {
    *("author", "cardData", "createdAt", "disabled", "downloads", "downloadsAllTime"),
    *("gated", "lastModified", "likes", "private", "resourceGroup", "sha", "siblings"),
    *("tags", "trendingScore", "usedStorage", "xetEnabled"),
}
_EXPANDABLE: dict[str, set[str]] = {
    "model": _PLAIN
    | {
        *("baseModels", "childrenModelCount", "config", "evalResults", "gguf"),
        *("inference", "inferenceProviderMapping", "library_name", "mask_token"),
        *("model-index", "pipeline_tag", "safetensors", "securityRepoStatus"),
        *("spaces", "transformersInfo", "widgetData"),
    },
    "dataset": _PLAIN | {"citation", "description", "mainSize", "paperswithcode_id"},
}


def repository_info(
    state: State, found: Repository, commit: Commit | None, request: Request
) -> Response:
    """Everything, or with ``expand`` only what is asked for; the name always."""
    expand = [
        *request.query.get("expand", []),
        *request.query.get("expand[]", []),
    ]
    unknown = sorted(set(expand) - _EXPANDABLE[found.kind])
    if unknown:
        raise refusal(400, f"Invalid option: {', '.join(unknown)}, in expand")
    known = _known(state, found, commit, request, expand)
    if expand:
        kept = {"_id", "id", *expand}
    else:
        kept = set(known) - _ON_REQUEST.get(found.kind, set())
        if not request.flag("securityStatus"):
            kept.discard("securityRepoStatus")
    return as_json({key: value for key, value in known.items() if key in kept})


def _known(
    state: State,
    found: Repository,
    commit: Commit | None,
    request: Request,
    expand: list[str],
) -> dict[str, Any]:
    card = found.card_at(commit)
    blobs = request.flag("blobs")
    files = commit.files if commit else {}
    first = list(found.history(commit.sha))[-1].date if commit else None
    known: dict[str, Any] = {
        "_id": found.id24,
        "id": found.renamed_to or found.id,
        "author": found.owner,
        "sha": commit.sha if commit else None,
        "lastModified": commit.date if commit else None,
        "createdAt": first,
        "private": found.private,
        "disabled": found.disabled,
        "gated": found.gated,
        "downloads": found.downloads,
        "likes": found.likes,
        "tags": _tags(found, card or {}),
        "siblings": [sibling(path, files[path], blobs) for path in sorted(files)],
    }
    if card is not None:
        known["cardData"] = card
    if found.kind == "model":
        known |= _model_keys(state, found, card or {}, files)
    if "usedStorage" in expand:
        known["usedStorage"] = sum(entry.blob.size for entry in files.values())
    return {key: value for key, value in known.items() if value is not None}


def _model_keys(
    state: State,
    found: Repository,
    card: Mapping[str, Any],
    files: Mapping[str, Entry],
) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "modelId": found.renamed_to or found.id,
        "pipeline_tag": card.get("pipeline_tag"),
        "library_name": card.get("library_name"),
        "baseModels": _base_models(state, found, card, files),
        "safetensors": _parameters(files),
        "spaces": [],
    }
    if found.security is not None:
        keys["securityRepoStatus"] = dict(found.security)
    return keys


def sibling(path: str, entry: Entry, blobs: bool) -> dict[str, Any]:
    """One file in the info of a repository."""
    if not blobs:
        return {"rfilename": path}
    known: dict[str, Any] = {
        "rfilename": path,
        "size": entry.blob.size,
        "blobId": entry.oid,
    }
    if entry.pointer is not None:
        known["lfs"] = {
            "sha256": entry.blob.sha256,
            "size": entry.blob.size,
            "pointerSize": entry.pointer.size,
        }
    return known


def lfs_of(entry: Entry) -> dict[str, Any] | None:
    """What a tree says of a file in LFS; its names differ from those in the info."""
    if entry.pointer is None:
        return None
    return {
        "oid": entry.blob.sha256,
        "size": entry.blob.size,
        "pointerSize": entry.pointer.size,
    }


def overview(state: State, name: str, kind: str) -> Response:
    """What the hub says of an owner; nothing under the address of the other kind."""
    owner = state.known_owner(name)
    if owner is None or owner.kind != kind:
        what = "organization" if kind == "org" else "user"
        raise refusal(404, f"This {what} does not exist")
    return as_json(_org(owner) if kind == "org" else _user(owner))


def _org(owner: Owner) -> dict[str, Any]:
    return {
        **_common(owner),
        "name": owner.name,
        "isVerified": owner.verified,
        "numUsers": 1,
    }


def _user(owner: Owner) -> dict[str, Any]:
    return {**_common(owner), "user": owner.name, "isPro": False, "orgs": []}


def _common(owner: Owner) -> dict[str, Any]:
    return {
        "_id": owner.id24,
        "type": owner.kind,
        "fullname": owner.fullname,
        "avatarUrl": f"/avatars/{owner.id24}.svg",
        "createdAt": owner.created,
        "isFollowing": False,
    }


# ── what is worked out ────────────────────


def _texts(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, str)]


def _tags(found: Repository, card: Mapping[str, Any]) -> list[str]:
    tags = _texts(card.get("tags"))
    tags += _texts(card.get("library_name")) + _texts(card.get("pipeline_tag"))
    for prefix, key in (
        ("dataset:", "datasets"),
        ("base_model:", "base_model"),
        ("license:", "license"),
    ):
        tags += [prefix + one for one in _texts(card.get(key))]
    return list(dict.fromkeys([*tags, *found.tags, "region:us"]))


def _base_models(
    state: State,
    found: Repository,
    card: Mapping[str, Any],
    files: Mapping[str, Entry],
) -> Any:
    if found.base_models is not None:
        return found.base_models
    models = []
    for id in _texts(card.get("base_model")):
        base = state.named("model", id)
        if base is not None:
            models.append({"_id": base.id24, "id": base.renamed_to or base.id})
    if not models:
        return None
    relation = card.get("base_model_relation") or _relation(models, files)
    return {"relation": relation, "models": models}


def _relation(models: list[dict[str, str]], files: Mapping[str, Entry]) -> str:
    if "adapter_config.json" in files:
        return "adapter"
    if len(models) > 1:
        return "merge"
    gguf = any(path.endswith(".gguf") for path in files)
    return "quantized" if gguf else "finetune"


def _parameters(files: Mapping[str, Entry]) -> dict[str, Any] | None:
    """How many numbers of each type the headers of safetensors files tell."""
    counts: dict[str, int] = {}
    for path, entry in files.items():
        if path.endswith(".safetensors"):
            for dtype, shape in _tensors(entry.blob):
                counts[dtype] = counts.get(dtype, 0) + math.prod(shape)
    total = sum(counts.values())
    return {"parameters": counts, "total": total} if 0 < total < _MAX_COUNT else None


def _tensors(blob: Blob) -> list[tuple[str, list[int]]]:
    length = int.from_bytes(b"".join(blob.blocks(0, 8)), "little")
    if not 2 <= length <= min(_MAX_HEADER, blob.size - 8):
        return []
    try:
        header = json.loads(b"".join(blob.blocks(8, 8 + length)))
        return [
            (str(one["dtype"]), [int(side) for side in one["shape"]])
            for name, one in header.items()
            if name != "__metadata__"
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []
