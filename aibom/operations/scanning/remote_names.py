"""Which nodes of a lineage name a repository on the hub, and which one.

A name is no identity: these nodes have no digest, and are only named (``source`` is a
package URL of the type ``huggingface``). What has a digest is known by it, and is not
looked for under a name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from aibom.catalogers.findings import Finding
from aibom.errors import UsageError
from aibom.lineage.nodes import Node
from aibom.sources.reference import Reference

__all__ = ["Named", "named_on_hub"]

_HUB = "pkg:huggingface/"


@dataclass(frozen=True, slots=True)
class Named:
    """One reference, and the nodes that stand for it, sorted by id."""

    reference: Reference
    nodes: tuple[Node, ...]

    @property
    def role(self) -> str:
        """What the nodes come from: the commit they name, or what was found now."""
        return "pinned-revision" if self.reference.is_pinned else "found-at-revision"


def named_on_hub(
    nodes: Iterable[Node], known: Collection[str]
) -> tuple[tuple[Named, ...], tuple[Finding, ...]]:
    """What is named, sorted by reference, and package URLs that name nothing.

    Nodes whose id is ``known`` are passed over: they were found, not named. Finding:
    ``reference-malformed``, also for one that names a place on another registry.
    """
    named: dict[Reference, dict[str, Node]] = {}
    findings: dict[Finding, None] = {}
    for node in nodes:
        if node.id in known or node.digest is not None:
            continue
        for source in node.values("source"):
            if not source.startswith(_HUB):
                continue
            try:
                reference = _reference(source, node)
            except (UsageError, ValueError) as error:
                told = Finding(
                    source[:500], "", "reference-malformed", "hub", str(error), True
                )
                findings[told] = None
                continue
            named.setdefault(reference, {})[node.id] = node
    ordered = tuple(
        Named(reference, tuple(named[reference][name] for name in sorted(by_id)))
        for reference, by_id in sorted(named.items(), key=lambda item: str(item[0]))
    )
    return ordered, tuple(findings)


def _reference(source: str, node: Node) -> Reference:
    from packageurl import PackageURL

    purl = PackageURL.from_string(source)
    if purl.qualifiers or purl.subpath:
        raise ValueError("names a place on another registry, or a part of one")
    name = "/".join(part for part in (purl.namespace, purl.name) if part)
    # A package URL has the revision in small letters; a branch has its own.
    revision = node.value("revision") or purl.version
    return Reference.parse(f"hf:{name}" + (f"@{revision}" if revision else ""))
