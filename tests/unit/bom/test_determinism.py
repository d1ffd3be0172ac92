"""Same lineage, same bytes: in any process, at any place, in any order."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bom_graphs import MODEL, SMALL, around, everything
from builders import a_node, facts

from aibom.bom.encode import SPEC_VERSIONS, encode, to_bytes
from aibom.digest import File
from aibom.lineage.nodes import Kind, Node

TESTS = Path(__file__).resolve().parents[2]

WRITE = """
import sys
sys.path[:0] = sys.argv[1:]
from bom_graphs import everything
from aibom.bom.encode import encode, to_bytes
sys.stdout.buffer.write(to_bytes(encode(everything())))
"""

SURROUNDINGS = {
    "hash-seed-0": {"PYTHONHASHSEED": "0"},
    "hash-seed-1": {"PYTHONHASHSEED": "1"},
    "hash-seed-2": {"PYTHONHASHSEED": "2"},
    "zone-east": {"TZ": "Asia/Kathmandu"},
    "zone-west": {"TZ": "America/St_Johns"},
    "locale": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
}


@pytest.mark.parametrize("surroundings", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_other_process_writes_the_same_bytes(surroundings, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(TESTS), str(TESTS.parent)],
        env={**os.environ, **surroundings},
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert hashlib.sha256(done.stdout).hexdigest() == digest(encode(everything()))


def digest(document):
    return hashlib.sha256(to_bytes(document)).hexdigest()


def serial(graph, **options):
    return encode(graph, **options)["serialNumber"]


def test_bytes_are_utf8_lines_with_one_newline_at_the_end():
    data = to_bytes(encode(everything()))
    assert data.endswith(b"}\n")
    assert not data.endswith(b"\n\n")
    assert "\u2028".encode() in data
    assert b"\r" not in data


def test_serial_number_is_a_urn_of_the_content():
    one, other = serial(everything()), serial(everything())
    assert one == other
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one)


def test_every_graph_has_a_serial_number_of_its_own():
    assert len({serial(graph) for graph in SMALL.values()}) == len(SMALL)


def described(**values):
    return Node(facts(values), MODEL.origins, id=MODEL.id, kind=MODEL.kind)


def resized():
    files = (File(MODEL.files[0].path, 1, MODEL.files[0].digest), *MODEL.files[1:])
    return Node(MODEL.facts, MODEL.origins, id=MODEL.id, kind=MODEL.kind, files=files)


CHANGES = {
    "name": around(described(name="other")),
    "no-name": around(described()),
    "unknown-name": around(described(name=None)),
    "fact": around(described(name="acme/lab-7", x="")),
    "size-of-a-file": around(resized()),
    "another-node": around(MODEL, more=(a_node(Kind.CODE, "x"),)),
}


@pytest.mark.parametrize("graph", CHANGES.values(), ids=CHANGES)
def test_changed_content_has_another_serial_number(graph):
    assert serial(graph) != serial(around(MODEL))


def test_time_is_content_and_is_only_there_when_given():
    graph = around(MODEL)
    time = "2026-11-20T08:00:00Z"
    dated = encode(graph, timestamp=time)
    assert "timestamp" not in encode(graph)["metadata"]
    assert dated["metadata"]["timestamp"] == time
    assert dated["serialNumber"] != serial(graph)
    assert dated["serialNumber"] == serial(graph, timestamp=time)


def test_only_a_document_without_a_time_is_called_reproducible():
    mark = {"name": "cdx:reproducible", "value": "true"}
    graph = around(MODEL)
    assert mark in encode(graph)["metadata"]["properties"]
    dated = encode(graph, timestamp="2026-11-20T08:00:00Z")
    assert mark not in dated["metadata"]["properties"]


def test_two_versions_are_two_documents():
    serials = {serial(everything(), spec_version=version) for version in SPEC_VERSIONS}
    assert len(serials) == len(SPEC_VERSIONS)


def test_files_given_out_of_order_are_written_in_order():
    shuffled = Node(
        MODEL.facts,
        MODEL.origins,
        id=MODEL.id,
        kind=MODEL.kind,
        files=MODEL.files[::-1],
    )
    assert digest(encode(around(shuffled))) == digest(encode(around(MODEL)))
