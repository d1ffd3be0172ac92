"""The lineage as a picture within the report, and what is known of each thing in it."""

from __future__ import annotations

from dataclasses import dataclass

from aibom.lineage.closure import ClosureState
from aibom.report.diligence.material import Material
from aibom.report.picture.blocking import alarms_of_results, paths_of_results
from aibom.report.picture.details import details_of
from aibom.report.picture.make import pictures_of
from aibom.report.picture.pages import draw_every
from aibom.report.picture.units import levels_of

__all__ = ["Drawing", "draw_lineage"]

#: Things whose facts are listed in the page; the BOM itself has those of all.
_MOST_DETAILS = 300


@dataclass(frozen=True, slots=True)
class Drawing:
    """``<svg>`` elements, and HTML with one place for each thing it links to.

    The elements are drawings of one picture: for a wide screen, for a phone, and for
    paper in as many parts as it needs pages. Their style shows the one that fits.

    Both are safe to put into a page: what documents say was escaped when drawn. Where
    there are too many things for such a list, ``details`` is empty and nothing links.
    """

    svg: str = ""
    details: str = ""


def draw_lineage(material: Material) -> Drawing:
    """The picture, with paths that block, and where lineage ends by decision."""
    accepted = {
        name
        for name, state in material.closure.items()
        if state.state is ClosureState.ACCEPTED
    }
    picture, smaller = pictures_of(
        material.graph,
        levels=levels_of(material.graph, material.evidence),
        paths=paths_of_results(material.verdict.results),
        accepted=accepted,
        alarms=alarms_of_results(material.verdict.results),
    )
    listed = len(material.graph.nodes) <= _MOST_DETAILS
    svg = draw_every(picture, smaller, links=listed)
    if not listed:
        return Drawing(svg)
    told = details_of(picture, material.graph, material.evidence, smaller)
    return Drawing(svg, told)
