"""Parts of registries that an expression may name: ``pkg:huggingface/acme``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aibom.policy.sources import Source, parse_source

__all__ = ["Under"]

_TYPE_ALONE = re.compile(r"pkg:([a-z][a-z0-9.+-]*)")


@dataclass(frozen=True, slots=True)
class Under:
    """The part of all sources that a package URL leads to, as in ``pkg:oci/acme``."""

    type: str
    segments: tuple[str, ...]
    revision: str | None

    @classmethod
    def parse(cls, text: str) -> Under:
        """Read it; ValueError for what is not ``pkg:TYPE[/SEGMENT…][@REVISION]``."""
        alone = _TYPE_ALONE.fullmatch(text.rstrip("/"))
        if alone:
            return cls(alone[1], (), None)
        source = parse_source(text.rstrip("/"))
        if source is None or "?" in text or "#" in text:
            raise ValueError(f"{text!r} is not a source such as pkg:huggingface/acme")
        return cls(source.type, _segments(source), source.revision)

    def holds(self, text: str) -> bool:
        """Whether a source lies there, compared segment by segment.

        Never as a prefix of the text: ``acme`` does not hold ``acme-evil``. One whose
        qualifiers lead away from the registry lies nowhere.
        """
        source = parse_source(text)
        return (
            source is not None
            and not source.locations
            and source.type == self.type
            and _segments(source)[: len(self.segments)] == self.segments
            and self.revision in (None, source.revision)
        )


def _segments(source: Source) -> tuple[str, ...]:
    return (*filter(None, source.namespace.split("/")), source.name)
