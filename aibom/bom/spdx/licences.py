"""Licences: what was stated as an SPDX expression, and no assertion for the rest.

``hasDeclaredLicense`` takes the licence where a source states one, and one only, that
is an expression over the SPDX list. Any other text stays in the package's extension:
SPDX wants the licence's own text for what is not on the list, and a name is none.
``hasConcludedLicense`` is always the licence of no assertion: aibom concludes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from aibom.bom.losses import Loss, LossKind
from aibom.bom.spdx.names import NO_ASSERTION_LICENSE, TYPES, Ids, element
from aibom.lineage.nodes import Kind, Node, State

__all__ = ["Licences", "declared_licence"]

_MAX_EXPRESSION = 500
_EXPRESSION = re.compile(r"[A-Za-z0-9.+()\- ]+")


def declared_licence(node: Node) -> str | None:
    """The one licence that is stated, in SPDX's own spelling; None for all else."""
    text = node.value("licence")
    if text is None or node.state("licence") is not State.KNOWN:
        return None
    return _in_spdx(text)


@cache
def _in_spdx(text: str) -> str | None:
    """The expression, normalised; None for what is none. Reading one takes a while."""
    if len(text) > _MAX_EXPRESSION or not _EXPRESSION.fullmatch(text):
        return None
    from license_expression import (  # type: ignore[import-untyped]
        ExpressionError,
    )

    try:
        parsed = _licensing().parse(text, validate=True, strict=True)
    except (ExpressionError, ValueError, LookupError, TypeError, RecursionError):
        # The parser stumbles over some texts that are no expression, such as "( )".
        return None
    return None if parsed is None else str(parsed)


@cache
def _licensing() -> Any:
    """The SPDX list of licences, read once."""
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


class Licences:
    """The licence relationships of one document, each expression an element once."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.losses: list[Loss] = []
        self._written: set[str] = set()

    def of(self, node: Node) -> Iterator[dict[str, Any]]:
        """The relationships of a package, and the expression where it is a new one."""
        if node.kind in (Kind.STEP, Kind.PARTY):
            return
        stated = declared_licence(node)
        target = NO_ASSERTION_LICENSE
        if stated is not None:
            target = self.ids.hashed("licence", stated)
            if stated not in self._written:
                self._written.add(stated)
                yield _expression(target, stated)
        if node.kind in TYPES or stated is not None:
            yield self._relation(node, "hasDeclaredLicense", target)
        if node.kind in TYPES:
            yield self._relation(node, "hasConcludedLicense", NO_ASSERTION_LICENSE)
            self._no_assertion(node, declared=stated is not None)

    def _no_assertion(self, node: Node, *, declared: bool) -> None:
        fields = ["hasConcludedLicense"]
        if not declared:
            fields.append("hasDeclaredLicense")
        detail = "SPDX demands it; written as NoAssertionLicense"
        for field in fields:
            loss = Loss(LossKind.MANDATORY_UNKNOWN, field, node.id, detail)
            self.losses.append(loss)

    def _relation(self, node: Node, kind: str, target: str) -> dict[str, Any]:
        return element(
            "Relationship",
            self.ids.hashed("relationship", node.id, kind),
            relationshipType=kind,
            to=[target],
            **{"from": self.ids.of(node.id)},
        )


def _expression(iri: str, text: str) -> dict[str, Any]:
    return element(
        "simplelicensing_LicenseExpression",
        iri,
        simplelicensing_licenseExpression=text,
    )
