"""What need not be looked at: exactly what a look would not find."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aibom.operations.reporting.coverage import (
    load_profile,
    profile_ids,
    read_subject,
)
from aibom.report.completeness.coverage import coverage, tally
from aibom.report.completeness.found import Found, Place
from aibom.report.completeness.present import may_find, present
from aibom.report.completeness.probes import look

NOW = datetime(2026, 11, 21, tzinfo=UTC)
REPORTS = Path(__file__).resolve().parents[3] / "golden" / "reports"
DOCUMENTS = sorted(REPORTS.glob("*.cdx.json"))
PROFILES = profile_ids()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_not_looked_at_would_not_be_found(path, profile):
    subject = read_subject(path, NOW).subject
    for node in (None, *subject.graph.nodes.values()):
        place = Place.of(subject, node)
        has = present(place)
        for element in load_profile(profile).elements:
            for probe in element.where:
                if not may_find(probe, has):
                    assert look(place, probe) == Found(), (str(probe), node)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_tally_is_that_of_the_answers(path, profile):
    subject = read_subject(path, NOW).subject
    whole = coverage(load_profile(profile), subject)
    found = tally(load_profile(profile), subject)
    assert found.applicable == whole.applicable
    assert found.answered == whole.answered.part
    assert found.by_bytes == whole.by_bytes
    assert found.by_signature == whole.by_signature


def test_something_is_left_out_at_all():
    """Else this whole module would be for nothing."""
    subject = read_subject(REPORTS / "poor.cdx.json", NOW).subject
    place = Place.of(subject, subject.root)
    probes = [p for e in load_profile("g7-2026").elements for p in e.where]
    assert any(not may_find(probe, present(place)) for probe in probes)
