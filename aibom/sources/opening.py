"""Which source answers for a reference."""

from __future__ import annotations

import os

from aibom.errors import InputError
from aibom.lineage.hub_names import is_hub_name
from aibom.sources.reference import Reference
from aibom.sources.remote import Source

__all__ = ["open_source"]


def open_source(
    reference: Reference,
    *,
    offline: bool = False,
    endpoint: str | None = None,
    token: str | None = None,
) -> Source:
    """The source that knows a reference; nothing is asked yet, or has to be closed.

    ``offline``: only what lies on this disk may answer. That is also so where the
    client is set to it (``HF_HUB_OFFLINE``); what the source resolves then has the mode
    ``offline``. ``endpoint`` and ``token`` are of the hub, and default to what
    huggingface_hub is set to; they are not used for anything else.

    Raises ``source-not-cached`` for a URL when offline, since nothing is kept of those,
    and what the sources themselves raise for what they are given.
    """
    if reference.scheme == "folder":
        from aibom.sources.folder import FolderSource

        _require_there(reference)
        return FolderSource()
    if reference.scheme == "url":
        return _objects(reference, offline)
    if offline or _client_is_offline():
        from aibom.sources.cache import CachedHub

        return CachedHub()
    from aibom.sources.hub import HubSource

    return HubSource(endpoint=endpoint, token=token)


def _require_there(reference: Reference) -> None:
    """Refuse a missing folder whose name could be that of a repository."""
    name = reference.name
    if "/" in name and is_hub_name(name) and not os.path.lexists(name):
        raise InputError(
            "no such folder",
            reason="path-missing",
            where=name,
            hint=f"did you mean hf:{name}?",
        )


def _objects(reference: Reference, offline: bool) -> Source:
    if offline:
        raise InputError(
            "asked offline, and nothing is kept on this disk of what lies at a URL",
            reason="source-not-cached",
            where=str(reference),
            hint="fetch it online, and name the folder",
        )
    from aibom.sources.objects import ObjectSource

    return ObjectSource()


def _client_is_offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)
