"""What a scan found odd, or did not read, as facts: it belongs into the BOM as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aibom.catalogers.findings import Finding
from aibom.lineage.nodes import Fact, Origin

__all__ = ["MAX_FINDINGS", "finding_facts"]

#: More are counted in one fact, ``findings-left-out``.
MAX_FINDINGS = 2_000


def finding_facts(
    findings: Iterable[Finding], sha256: Callable[[str], str]
) -> list[Fact]:
    """One fact for each place: ``odd.PATH#POINTER`` or ``unread.PATH#POINTER``.

    Its value has the codes of what was found there. ``sha256`` gives the digest of a
    file. Control characters are written out: a field's name has none.
    """
    ordered = sorted(findings)
    said: dict[str, tuple[set[str], Origin]] = {}
    for item in ordered[:MAX_FINDINGS]:
        word = "unread" if item.unread else "odd"
        at = f"{item.path}#{item.pointer}" if item.pointer else item.path
        origin = Origin(item.cataloger, sha256(item.path), item.pointer)
        said.setdefault(f"{word}.{_visible(at)}", (set(), origin))[0].add(item.code)
    facts = [
        Fact(field, ", ".join(sorted(codes)), frozenset({origin}))
        for field, (codes, origin) in said.items()
    ]
    if len(ordered) > MAX_FINDINGS:
        more = str(len(ordered) - MAX_FINDINGS)
        origin = Origin(ordered[-1].cataloger, sha256(ordered[-1].path))
        facts.append(Fact("findings-left-out", more, frozenset({origin})))
    return facts


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() or c > "\x7f" else ascii(c)[1:-1] for c in text)
