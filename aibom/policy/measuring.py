"""Judge the numbers of an audit against bounds that come from the policy.

An audit holds measurements and no verdict. Here a measurement is compared with the
policy's bounds and minimum sample; who measured, and when, is not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aibom.lineage.evidence import Measurement
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Relation
from aibom.policy.context import Context, Outcome, fails, unknown

__all__ = [
    "Bounds",
    "fails_by_numbers",
    "hops_to_makers",
    "lacks_coverage",
    "lacks_numbers",
    "written",
]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a policy asks of one metric; at least one of the two bounds is given."""

    metric: str
    minimum_sample: int
    at_most: float | None
    at_least: float | None

    def require_some(self) -> None:
        """Raise ``ValueError`` where any number would pass, or none could."""
        if self.at_most is None and self.at_least is None:
            raise ValueError("needs at_most or at_least, or any number would pass")
        self.require_possible()

    def require_possible(self) -> None:
        """Raise ``ValueError`` where no number could pass."""
        if (
            self.at_most is not None
            and self.at_least is not None
            and self.at_least > self.at_most
        ):
            raise ValueError("at_least is above at_most: no number could pass")

    def of_metric(self, measurements: Iterable[Measurement]) -> list[Measurement]:
        """The measurements of this metric, in their order."""
        return [item for item in measurements if item.metric == self.metric]

    def excess(self, measured: Measurement) -> float:
        """How far a value is beyond the bounds; 0 or less is within.

        A value that is not a finite number is beyond any bound.
        """
        if not math.isfinite(measured.value):
            return math.inf
        beyond = []
        if self.at_most is not None:
            beyond.append(measured.value - self.at_most)
        if self.at_least is not None:
            beyond.append(self.at_least - measured.value)
        return max(beyond)

    def __str__(self) -> str:
        texts = []
        if self.at_most is not None:
            texts.append(f"{self.metric} at most {self.at_most:g}")
        if self.at_least is not None:
            texts.append(f"{self.metric} at least {self.at_least:g}")
        return f"{' and '.join(texts)} on {self.minimum_sample} samples or more"


def hops_to_makers(
    context: Context, name: str, roles: Iterable[str] | None = None
) -> Iterator[tuple[str, tuple[Hop, ...]]]:
    """Every party that made a node, by party id, with the hops that lead there.

    Parties of the steps that generated it, and parties the node is attributed to; all
    of them, or those in ``roles``.
    """
    for up in context.graph.up(name):
        if up.edge.relation is Relation.ATTRIBUTED_TO:
            ways: list[tuple[Hop, ...]] = [(up,)]
        elif up.edge.relation is Relation.GENERATED:
            edges = context.graph.edges_from(up.to, Relation.PERFORMED_BY)
            ways = [(up, Hop(edge, edge.target)) for edge in edges]
        else:
            continue
        for way in ways:
            if roles is None or way[-1].edge.role in roles:
                yield way[-1].to.removeprefix("party:"), way


def fails_by_numbers(
    context: Context, name: str, bounds: Bounds, measurements: Iterable[Measurement]
) -> Outcome | None:
    """The worst measurement over enough samples that is beyond the bounds, if any.

    Where such a measurement names a party that made the node, that one is told of, and
    the path leads on to the party.
    """
    bad = [
        item
        for item in bounds.of_metric(measurements)
        if item.samples >= bounds.minimum_sample and bounds.excess(item) > 0
    ]
    if not bad:
        return None
    makers = dict(hops_to_makers(context, name))

    def rank(item: Measurement) -> tuple[bool, float, Measurement]:
        return (_party_in(item, makers) is not None, bounds.excess(item), item)

    worst = max(bad, key=rank)
    party = _party_in(worst, makers)
    more = f"; {len(bad) - 1} more" if len(bad) > 1 else ""
    return fails(
        "audit-failed",
        actual=written(context, worst) + more,
        beyond=makers[party] if party else (),
    )


def _party_in(
    measured: Measurement, makers: Mapping[str, tuple[Hop, ...]]
) -> str | None:
    return next((value for _, value in measured.slice if value in makers), None)


def lacks_numbers(
    context: Context, bounds: Bounds, measurements: Iterable[Measurement]
) -> Outcome | None:
    """What keeps the measurements from telling anything, if something does."""
    measured = bounds.of_metric(measurements)
    if not measured:
        return unknown("metric-missing", actual=f"the audit has no {bounds.metric!r}")
    smallest = min(measured, key=lambda item: (item.samples, item))
    if smallest.samples < bounds.minimum_sample:
        return unknown("sample-too-small", actual=written(context, smallest))
    return None


def lacks_coverage(
    context: Context,
    name: str,
    role: str,
    bounds: Bounds,
    measurements: Iterable[Measurement],
) -> Outcome | None:
    """Who in ``role`` has no measurement that is of this party's whole work.

    A slice of the party *and* something else (one class, one day) covers only that.
    """
    slices = {item.slice for item in bounds.of_metric(measurements)}
    makers = dict(hops_to_makers(context, name, (role,)))
    if not makers:
        return unknown("audit-incomplete", actual=f"no {role} is on record to cover")
    for party, hops in sorted(makers.items()):
        if ((role, party),) not in slices:
            label = context.node(hops[-1].to).label
            return unknown(
                "audit-incomplete",
                actual=f"no slice of its own for the {role} {label}",
                beyond=hops,
            )
    return None


def written(context: Context, measured: Measurement) -> str:
    """A measurement in words: metric, value, counts, slice.

    A rate of all is written 1.00, so that nobody takes it for one item.
    """
    value, samples = f"{measured.value:.3g}", f"over {measured.samples:,}"
    if measured.count is not None:
        value = f"{value}.00" if value.isdigit() else value
        samples = f"{measured.count:,} of {measured.samples:,}"
    slices = "".join(f", {key} {_short(context, text)}" for key, text in measured.slice)
    return f"{measured.metric} {value} ({samples}{slices})"


def _short(context: Context, value: str) -> str:
    node = context.graph.nodes.get(f"party:{value}")
    return node.label if node else value
