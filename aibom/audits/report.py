"""Audit reports: what an examining tool measured (``schemas/audit-report-1.json``).

::

    {"apiVersion": "aibom/audit-report/v1", "type": "label-consistency",
     "tool": {"name": "label_statistics", "version": "1"},
     "measurements": [
       {"metric": "disagreement", "count": 41, "samples": 41,
        "slice": {"labeler": "person:…", "class": "3"}}]}

Where a raw ``count`` is given, the value is count/samples and is computed here,
whatever the report says; where it is not, ``value`` stands for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aibom.errors import DocumentInvalid
from aibom.lineage.evidence import Measurement
from aibom.reading import Reader

__all__ = ["AuditReport", "measurement_document", "read_measurements", "read_report"]

API_VERSION = "aibom/audit-report/v1"
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class AuditReport:
    """A report as it was read."""

    type: str
    tool_name: str
    tool_version: str
    measurements: tuple[Measurement, ...]


def read_report(value: Any, where: str) -> AuditReport:
    """Read a parsed report; raises ``DocumentInvalid`` with every problem."""
    top = Reader(value, where)
    if top.text("apiVersion") not in (None, API_VERSION):
        top.problem(f"is not {API_VERSION!r}", "apiVersion")
    tool = top.reader("tool")
    report = (top.text("type"), tool.text("name"), tool.text("version"))
    tool.close()
    measurements = read_measurements(top)
    top.finish(DocumentInvalid, "report-invalid")
    return AuditReport(*report, measurements)


def read_measurements(top: Reader) -> tuple[Measurement, ...]:
    """Read ``measurements``, in an order of their own; problems go to the reader."""
    found = tuple(_measurement(entry) for entry in top.readers("measurements"))
    if not found:
        top.problem(
            "holds none: an audit without numbers shows nothing", "measurements"
        )
    return tuple(sorted((item for item in found if item is not None), key=_order))


def _order(item: Measurement) -> tuple[Any, ...]:
    count = -1 if item.count is None else item.count
    return (item.metric, item.value, item.samples, count, item.slice)


def _measurement(entry: Reader) -> Measurement | None:
    before = len(entry.problems)
    metric, samples = entry.text("metric"), entry.integer("samples")
    count, value = entry.integer("count", None), _value(entry)
    slices: tuple[tuple[str, str], ...] = ()
    if entry.has("slice"):
        reader = entry.reader("slice")
        keys = sorted(reader.keys())
        slices = tuple((key, str(reader.text(key))) for key in keys)
    entry.close()
    if len(entry.problems) > before:
        return None
    if samples < 0 or (samples == 0 and count is not None):
        entry.problem("must be more than 0", "samples")
    elif count is not None and not 0 <= count <= samples:
        entry.problem("is not between 0 and samples", "count")
    elif count is None and value is None:
        entry.problem("needs a count, or a value that is a number")
    elif (
        count is not None
        and value is not None
        and (abs(value - count / samples) > _TOLERANCE)
    ):
        entry.problem(f"is not {count}/{samples}", "value")
    if len(entry.problems) > before:
        return None
    number = value if count is None else count / samples
    return Measurement(metric, number, samples, count, slices)


def _value(entry: Reader) -> Any:
    """A number as a float; JSON has integers that are larger than any."""
    value = entry.number("value", None)
    try:
        return None if value is None else float(value)
    except OverflowError:
        entry.problem("is beyond a double", "value")
        return None


def measurement_document(measured: Measurement) -> dict[str, Any]:
    """A measurement as JSON-ready values; the raw count where there is one."""
    document: dict[str, Any] = {"metric": measured.metric, "samples": measured.samples}
    if measured.count is None:
        document["value"] = measured.value
    else:
        document["count"] = measured.count
    if measured.slice:
        document["slice"] = dict(measured.slice)
    return document
