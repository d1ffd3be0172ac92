"""Configuration that makes loaders run Python: ``auto_map`` and its like.

What is asked for is found as the policy check ``remote-code`` finds it
(:mod:`aibom.catalogers.remote_code`). A module that lies here is code by its bytes; one
of another repository is named, and nothing of it is known.

Source: huggingface/transformers ``dynamic_module_utils.py``; diffusers
``model_index.json``; sentence-transformers ``modules.json``.
"""

from __future__ import annotations

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.catalogers.remote_code import search_requests
from aibom.digest import Digest, File
from aibom.lineage.evidence import CodeRequest
from aibom.lineage.hub_names import hub_source, is_hub_name
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_MAX_REQUESTS = 200
_ROLE = "remote-code"


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith(".json")


def _read(notes: Notes) -> None:
    place = notes.place
    digest = Digest("file", place.sha256(notes.path))
    with place.open(notes.path) as stream:
        file = File(notes.path, place.size(notes.path), digest)
        found = search_requests(stream, file)
    if found.unclear:
        notes.skip("remote-code-unclear", "", found.unclear)
    requests = sorted(set(found.requests))
    for request in requests[:_MAX_REQUESTS]:
        _request(notes, request)
    if len(requests) > _MAX_REQUESTS:
        notes.skip("remote-code-cut", "", f"{len(requests):,} requests")


def _request(notes: Notes, request: CodeRequest) -> None:
    at = f"key:{request.key}"
    if request.repository:
        notes.odd(
            "remote-code-elsewhere", at, f"{request.repository}, {request.module}"
        )
        _elsewhere(notes, request, at)
    elif request.module:
        folder = f"{notes.folder}/" if notes.folder else ""
        path = f"{folder}{request.module}"
        if not notes.place.has(path):
            notes.odd("remote-code-missing", at, request.module)
            return
        notes.odd("remote-code", at, request.module)
        code = notes.file_entity(Kind.CODE, path, at)
        notes.edge(SUBJECT, Relation.REQUIRES, code, _ROLE, at)
    elif request.key == "trust_remote_code":
        notes.odd("remote-code-trusted", at)
    else:
        notes.skip("remote-code-unclear", at, "a reference to no module")


def _elsewhere(notes: Notes, request: CodeRequest, at: str) -> None:
    name = request.repository[:200]
    identity = {"name": name}
    if is_hub_name(name):
        identity["source"] = hub_source(name)
    code = notes.entity(Kind.CODE, identity, at)
    facts = {"module": request.module[:200]} if request.module else {}
    notes.edge(SUBJECT, Relation.REQUIRES, code, _ROLE, at, facts)


CATALOGER = Cataloger(
    id="remote-code-requests",
    title="Configuration that runs code (auto_map)",
    wants=_wants,
    read=_read,
    supplies=(
        "the modules that loading the model would import: by digest if they lie here, "
        "else the repository that is named",
    ),
    cannot=(
        "tell which revision of another repository would be loaded",
        "find requests in files other than JSON",
    ),
    findings={
        "remote-code": "loading the model imports this Python file",
        "remote-code-elsewhere": "loading the model imports Python of another "
        "repository, whatever it holds by then",
        "remote-code-missing": "a module is asked for that is not here",
        "remote-code-trusted": "a configuration says to trust remote code",
        "remote-code-unclear": "what it asks for cannot be told",
        "remote-code-cut": "more requests than are kept",
    },
)
