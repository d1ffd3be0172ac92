"""The report format that acme's tools share: counts, never rates.

A measurement is ``count`` out of ``samples``, both whole numbers, for the whole or for
one ``slice``; whoever reads the report divides. A threshold and a judgement are not in
it: those belong to whoever relies on the report.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acme_files import new_file

__all__ = ["Measurement", "write_report"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """``count`` of ``samples`` (at least 1); an empty ``slice`` means all of them."""

    metric: str
    count: int
    samples: int
    slice: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the measurement as the report spells it."""
        value: dict[str, object] = {
            "metric": self.metric,
            "count": self.count,
            "samples": self.samples,
        }
        return value | ({"slice": dict(self.slice)} if self.slice else {})


def write_report(
    path: Path, kind: str, tool: str, measurements: Sequence[Measurement]
) -> None:
    """Write an ``aibom/audit-report/v1`` file; raises ``TrainerError`` if it exists."""
    report = {
        "apiVersion": "aibom/audit-report/v1",
        "type": kind,
        "tool": {"name": tool, "version": "1.0.0"},
        "measurements": [measurement.as_json() for measurement in measurements],
    }
    new_file(path, json.dumps(report, indent=2) + "\n")
