"""CVAT: an assignee is no annotator, and XML that could blow up is not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.cvat import CATALOGER
from tests.catalog_hostile import mutated, read_bytes
from tests.catalog_world import pseudonym, read
from tests.label_world import counts_of, step_of

META = """<meta><task><id>1</id><name>Streets</name>
<created>2024-01-01 10:00:00.5+02:00</created><updated>2024-01-02T10:00:00Z</updated>
<labels><label><name>car</name></label></labels>
<segments><segment><id>1</id></segment></segments>
<owner><username>boss</username><email>boss@example.com</email></owner>
<assignee><username>ann</username></assignee></task></meta>"""
IMAGES = """<image id="0" name="a.jpg"><box label="car" source="manual" xtl="1">
<attribute name="colour">red</attribute></box><polygon label="tree" source="auto"/>
<tag label="night" source="semi-auto"/></image>"""
VIDEO = """<track id="0" label="car" source="manual"><box frame="0"/><box frame="1"/>
</track><tag label="rain" frame="0"/>"""


def document(inner: str) -> str:
    return (
        f'<?xml version="1.0"?><annotations><version>1.1</version>{inner}</annotations>'
    )


def test_images(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"annotations.xml": document(META + IMAGES)})
    assert step_of(done) == {
        "step": "label",
        "name": "Streets",
        "created": "2024-01-01T08:00:00Z",
        "updated": "2024-01-02T10:00:00Z",
        "annotations": "3",
        "annotations-unattributed": "3",
        "annotations-manual": "1",
        "annotations-auto": "1",
        "annotations-semi-auto": "1",
        "annotations.car": "1",
        "annotations.tree": "1",
        "annotations.night": "1",
        "labelers": "0",
    }
    assert counts_of(done) == {
        f"party:{pseudonym('ann')}": {"stated-as": "assignee"},
        f"party:{pseudonym('boss')}": {"stated-as": "owner"},
    }
    roles = {role for _, relation, _, role in done.edges if relation == "performed-by"}
    assert roles == {"labeler", "owner"}
    assert done.codes == {"labeler-not-recorded", "model-unnamed"}


def test_a_track_is_one_annotation(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.xml": document(VIDEO)})
    facts = step_of(done)
    assert (facts["annotations"], facts["annotations.car"]) == ("2", "1")


def people(count: int) -> str:
    one = "<task><assignee><username>p{}</username></assignee></task>"
    return f"<meta>{''.join(one.format(n) for n in range(count))}</meta>"


#: name → document, findings
ODD: dict[str, tuple[str, set[str]]] = {
    "a DTD": (
        "<!DOCTYPE annotations [<!ENTITY a 'b'>]><annotations>&a;</annotations>",
        {"xml-dtd"},
    ),
    "an unknown entity": (document("&a;"), {"xml-malformed", "labels-empty"}),
    "cut off": (document(IMAGES)[:-20], {"xml-malformed", "model-unnamed"}),
    "another root": ("<a><annotations/></a>", {"cvat-malformed"}),
    "nested too deep": (document("<a>" * 40), {"document-too-deep", "labels-empty"}),
    "a huge attribute": (
        document(f'<image name="{"x" * 2_000_000}"/>'),
        {"document-too-large", "labels-empty"},
    ),
    "a huge text": (document(f"<meta>{'x' * 2_000_000}</meta>"), {"labels-empty"}),
    "too many people": (document(people(102)), {"labelers-too-many", "labels-empty"}),
    "a date that is none": (
        document("<meta><task><created>soon</created></task></meta>"),
        {"date-unclear", "labels-empty"},
    ),
    "a strange encoding": (
        '<?xml version="1.0" encoding="x"?><annotations/>',
        {"xml-malformed"},
    ),
}


@pytest.mark.parametrize(("text", "found"), ODD.values(), ids=ODD)
def test_what_is_odd(text: str, found: set[str], tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.xml": text})
    assert done.codes - {"labeler-not-recorded"} == found


def test_without_a_key_nobody_is_named(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.xml": document(META + VIDEO)}, key=False)
    assert done.unread == {"labelers-not-named"}
    assert counts_of(done) == {}


@pytest.mark.parametrize("text", ["", "<annotation/>", "<svg/>", "annotations"])
def test_other_xml_is_left_alone(text: str, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.xml": text})
    assert (done.nodes, done.found) == ({}, set())


@given(mutated(document(META + IMAGES + VIDEO).encode()))
def test_hostile_bytes_never_raise(data: Any) -> None:
    read_bytes(CATALOGER, "a.xml", data)
