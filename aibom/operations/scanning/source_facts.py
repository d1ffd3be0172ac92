"""What a source says of an artifact, as facts of the artifact's node.

All of it is the source's word, with origin ``hub``, ``cache``, ``folder`` or
``objects`` and whether the source was asked now (``mode``). Nothing here says that
anything is safe: that scanners of a hub flagged a file is a fact, that they flagged
none is not.

==================  ==============================================================
``source``          package URL at the commit; two where it was moved to another name
``revision``        the commit
``location``        where there is no package URL: the address, without what signs in
``committed``       the date of the commit, which whoever made it chose: no date of
                    publication, and so nothing that ``source-age`` goes by
``fetched``         (by ``aibom fetch`` alone) when the bytes were asked for
``repository-id``   given to the repository when it was made, and never to another
``owner``           the account; no party that answers for it (``ownership`` asks for
                    that), nor what a list of trusted sources records as ``owner``
``owner-type``      ``organisation`` or ``user``
``owner-id``        given to the account when it was made, and never to another
``owner-created``   when the account was made
``gated``           how access is restricted
``scanner-flagged`` ``PATH: LEVEL`` of each file; declared unknown where the source
                    says that its scanners have not finished, or does not say
==================  ==============================================================

A fact that the source does not tell is left out; that it should have, is for who called
it (:attr:`~aibom.sources.remote.Resolved.unsure`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from aibom.lineage.nodes import Fact, Node, Origin, merge_facts
from aibom.sources.remote import Resolved, ScanStatus

__all__ = [
    "is_registry",
    "shown",
    "source_node",
    "source_origin",
    "source_urls",
]

#: The registry that package URLs of the type ``huggingface`` stand for.
_REGISTRY = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
#: Flagged files that are named; more are counted.
_MOST_FLAGGED = 100


def source_node(node: Node, resolved: Resolved) -> Node:
    """The node with what the source says of it beside what it said already.

    Id and kind stay. Raises nothing.
    """
    origins = frozenset({source_origin(resolved)})
    facts = merge_facts(Fact(name, said, origins) for name, said in _said(resolved))
    return node.merged(Node(facts, origins, id=node.id, kind=node.kind))


def shown(resolved: Resolved) -> str:
    """What was found, in a form to print and keep: a URL may hold what signs in."""
    reference = resolved.reference
    if reference.scheme == "url":
        return _address(reference.name)
    return str(resolved.pinned)


def source_origin(resolved: Resolved) -> Origin:
    """Who says it: the source, and whether it was asked now."""
    cataloger = {"folder": "folder", "url": "objects"}.get(
        resolved.reference.scheme, "hub" if resolved.mode == "online" else "cache"
    )
    return Origin(cataloger, mode=resolved.mode)


def source_urls(resolved: Resolved) -> tuple[str, ...]:
    """The package URLs of what was found: under its own name, and as it was asked for.

    They differ where a repository was moved; whoever trusts one name has then not said
    that they trust the other. What another host than the public registry answered has
    its address in ``repository_url``: a mirror is not the registry.
    """
    reference = resolved.reference
    if reference.scheme != "hf":
        return ()
    names = sorted({resolved.name, reference.name})
    found = (replace(reference, name=name).source(resolved.commit) for name in names)
    return tuple(_at(url, resolved.where) for url in found if url is not None)


def _at(url: str, where: str) -> str:
    from packageurl import PackageURL

    address = _without_user(where)
    if address is None or is_registry(address):
        return url
    purl = PackageURL.from_string(url)
    return purl._replace(qualifiers={"repository_url": address}).to_string()


def is_registry(address: str) -> bool:
    """Whether an address is that of the public hub.

    Over TLS, at its own port and root: anything else is somebody's proxy.
    """
    parts = urlsplit(address)
    at_home = parts.port in (None, 443) and parts.path in ("", "/")
    return parts.scheme == "https" and parts.hostname in _REGISTRY and at_home


def _without_user(where: str) -> str | None:
    """An http or https address without user, password and query; None for no such."""
    try:
        parts = urlsplit(where)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return urlunsplit(
        (parts.scheme, _host(parts.netloc), parts.path.rstrip("/"), "", "")
    )


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2].lower()


def _said(resolved: Resolved) -> Iterator[tuple[str, str | None]]:
    for url in source_urls(resolved):
        yield "source", url
    if resolved.reference.scheme == "url":
        yield "location", _address(resolved.reference.name)
    stated = {
        "revision": resolved.commit,
        "committed": resolved.committed,
        "repository-id": resolved.repository,
        "gated": resolved.gated,
    }
    if resolved.owner is not None:
        stated |= {
            "owner": resolved.owner.name,
            "owner-type": resolved.owner.kind,
            "owner-id": resolved.owner.id,
            "owner-created": resolved.owner.created,
        }
    yield from ((name, said) for name, said in stated.items() if said)
    if resolved.reference.scheme == "hf":
        yield from _flagged(resolved.scan)


def _flagged(scan: ScanStatus | None) -> Iterator[tuple[str, str | None]]:
    """What is flagged; unknown where nobody looked yet, and nothing where it is not."""
    flagged = sorted(set(scan.flagged)) if scan else []
    if flagged:
        told = [f"{path}: {level}" for path, level in flagged[:_MOST_FLAGGED]]
        more = len(flagged) - _MOST_FLAGGED
        yield "scanner-flagged", ", ".join([*told, *([f"{more} more"] * (more > 0))])
    elif scan is None or not scan.done:
        yield "scanner-flagged", None


def _address(url: str) -> str:
    """A URL without user, password, query and fragment: they may let somebody in."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
