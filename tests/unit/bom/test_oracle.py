"""A second opinion: the strict validator of cyclonedx-python-lib, by subprocess.

It runs in an environment of its own (``.venv-oracle``), because it makes every import
of jsonschema slow. One process judges all documents.
"""

from __future__ import annotations

import copy
import json
import subprocess

import pytest
from bom_graphs import (
    BASE,
    LABELS,
    RAW,
    SMALL,
    TOOL,
    TRAINING,
    element,
    everything,
    written,
)

from aibom.bom.encode import SPEC_VERSIONS
from aibom.bom.schema import schema_problems

JUDGE = """
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
judges = {
    "1.6": JsonStrictValidator(SchemaVersion.V1_6),
    "1.7": JsonStrictValidator(SchemaVersion.V1_7),
}
documents = json.load(sys.stdin)
json.dump(
    {
        name: judges[text["specVersion"]].validate_str(json.dumps(text)) is None
        for name, text in documents.items()
    },
    sys.stdout,
)
"""


def main(document):
    return document["metadata"]["component"]


def training(document):
    return element(document, TRAINING.id)


#: name → a change after which the schema may or may not be kept; nobody says which
MUTANTS = {
    "unknown-key": lambda d: d.update(aibom={}),
    "unknown-key-of-a-component": lambda d: main(d).update(colour="red"),
    "unknown-key-of-an-input": lambda d: training(d)["inputs"][0].update(role="x"),
    "name-absent": lambda d: main(d).pop("name"),
    "name-empty": lambda d: main(d).update(name=""),
    "component-twice": lambda d: d["components"].append(d["components"][0]),
    "type-unknown": lambda d: main(d).update(type="model"),
    "bom-ref-empty": lambda d: main(d).update({"bom-ref": ""}),
    "version-zero": lambda d: d.update(version=0),
    "version-too-long": lambda d: main(d).update(version="1" * 1025),
    "serial-number-in-words": lambda d: d.update(serialNumber="urn:uuid:x"),
    "hash-of-no-length": lambda d: element(d, LABELS.id)["hashes"][0].update(
        content="abc"
    ),
    "hash-of-an-unknown-algorithm": lambda d: element(d, LABELS.id)["hashes"][0].update(
        alg="tree"
    ),
    "purl-in-words": lambda d: element(d, BASE.id).update(purl="not a purl"),
    "url-no-iri": lambda d: element(d, BASE.id)["externalReferences"][0].update(
        url="http://["
    ),
    "licence-id-unknown": lambda d: element(d, BASE.id).update(
        licenses=[{"license": {"id": "Apache2"}}]
    ),
    "licence-expression-beside-a-licence": lambda d: element(d, BASE.id).update(
        licenses=[{"license": {"name": "x"}}, {"expression": "MIT"}]
    ),
    "task-type-train": lambda d: training(d).update(taskTypes=["train"]),
    "task-types-empty": lambda d: training(d).update(taskTypes=[]),
    "input-of-two-forms": lambda d: training(d)["inputs"][-1].update(parameters=[]),
    "input-twice": lambda d: training(d)["inputs"].append(training(d)["inputs"][0]),
    "output-without-a-type": lambda d: training(d)["outputs"][0].pop("type"),
    "time-without-a-zone": lambda d: training(d).update(
        timeStart="2026-01-31T08:00:00"
    ),
    "time-that-is-none": lambda d: training(d).update(timeEnd="2026-02-30T08:00:00Z"),
    "timestamp": lambda d: d["metadata"].update(timestamp="2026-11-20T08:00:00Z"),
    "data-type-unknown": lambda d: element(d, RAW.id)["data"][0].update(type="labels"),
    "service-with-a-purl": lambda d: element(d, TOOL.id).update(purl="pkg:npm/x"),
    "property-as-a-number": lambda d: main(d)["properties"][0].update(value=1),
    "dependency-without-ref": lambda d: d["dependencies"][0].pop("ref"),
    "aggregate-unknown-word": lambda d: d["compositions"][0].update(aggregate="some"),
    "ancestor-as-a-reference": lambda d: main(d)["pedigree"].update(
        ancestors=[{"ref": BASE.id}]
    ),
    "dataset-without-a-form": lambda d: main(d)["modelCard"]["modelParameters"].update(
        datasets=[{"name": "x"}]
    ),
}


@pytest.fixture(scope="module")
def documents():
    found = {
        f"{name} {version}": written(graph, version)
        for name, graph in SMALL.items()
        for version in SPEC_VERSIONS
    }
    for version in SPEC_VERSIONS:
        whole = written(everything(), version)
        for name, change in MUTANTS.items():
            mutant = copy.deepcopy(whole)
            change(mutant)
            assert mutant != whole
            found[f"{name} {version}"] = mutant
    return found


@pytest.fixture(scope="module")
def opinions(documents, oracle_python):
    done = subprocess.run(
        [str(oracle_python), "-c", JUDGE],
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("version", SPEC_VERSIONS)
@pytest.mark.parametrize("name", SMALL)
def test_what_we_write_is_valid_for_the_library(opinions, name, version):
    assert opinions[f"{name} {version}"]


@pytest.mark.parametrize("version", SPEC_VERSIONS)
@pytest.mark.parametrize("name", MUTANTS)
def test_verdict_is_the_same(documents, opinions, name, version):
    key = f"{name} {version}"
    assert (schema_problems(documents[key]) == ()) == opinions[key]


def test_mutants_are_of_both_sorts(opinions):
    judged = {opinions[f"{name} 1.6"] for name in MUTANTS}
    assert judged == {True, False}
