"""Small CycloneDX documents with the parts that AI-BOMs use, and ways to break them.

``bom("1.6")`` is valid at every level; a mutant is that document with one member
changed.
"""

from __future__ import annotations

import copy
from typing import Any

#: As a value for :func:`changed`: take the member out.
ABSENT = object()

SERIAL = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
LINK = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1"

MODEL = {
    "type": "machine-learning-model",
    "bom-ref": "model",
    "name": "acme/classifier",
    "version": "7",
    "purl": "pkg:huggingface/acme/classifier@0123456789abcdef0123456789abcdef01234567",
    "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
    "licenses": [{"license": {"id": "Apache-2.0", "bom-ref": "licence"}}],
    "externalReferences": [
        {"type": "website", "url": "https://example.com/ä"},
        {"type": "bom", "url": LINK},
    ],
    "modelCard": {
        "bom-ref": "card",
        "modelParameters": {
            "task": "classification",
            "datasets": [{"ref": "dataset"}, {"ref": f"{LINK}#upstream"}],
        },
        "quantitativeAnalysis": {
            "performanceMetrics": [{"type": "accuracy", "value": "0.91"}]
        },
    },
    "pedigree": {
        "ancestors": [{"type": "machine-learning-model", "name": "acme/base"}]
    },
}

DATASET = {
    "type": "data",
    "bom-ref": "dataset",
    "name": "acme/reviews",
    "data": [
        {
            "bom-ref": "reviews",
            "type": "dataset",
            "contents": {"url": "https://example.com/reviews"},
            "governance": {
                "stewards": [{"contact": {"bom-ref": "labeler", "name": "p-17"}}],
                "owners": [{"organization": {"bom-ref": "acme", "name": "Acme"}}],
            },
        }
    ],
}

WORKFLOW = {
    "bom-ref": "training",
    "uid": "training-1",
    "taskTypes": ["build"],
    "timeStart": "2026-11-01T10:00:00Z",
    "timeEnd": "2026-11-01T12:00:00+01:00",
    "inputs": [
        {"resource": {"ref": "dataset"}, "source": {"ref": "feedback"}},
        {"parameters": [{"name": "epochs", "value": "3"}]},
    ],
    "outputs": [{"type": "artifact", "resource": {"ref": "model"}}],
    "resourceReferences": [{"ref": "dataset"}],
    "tasks": [
        {"bom-ref": "fit", "uid": "fit-1", "taskTypes": ["build"]},
        {"bom-ref": "score", "uid": "score-1", "taskTypes": ["test"]},
    ],
    "taskDependencies": [{"ref": "score", "dependsOn": ["fit"]}],
}

COMMON = {
    "bomFormat": "CycloneDX",
    "serialNumber": SERIAL,
    "version": 1,
    "metadata": {
        "timestamp": "2026-11-20T08:00:00+00:00",
        "component": {"type": "application", "bom-ref": "app", "name": "app"},
        "authors": [{"name": "A. Author", "email": "author@example.com"}],
    },
    "components": [MODEL, DATASET],
    "services": [{"bom-ref": "feedback", "name": "feedback"}],
    "dependencies": [
        {"ref": "app", "dependsOn": ["model", "feedback"]},
        {"ref": "model"},
    ],
    "compositions": [
        {
            "bom-ref": "gaps",
            "aggregate": "incomplete",
            "assemblies": ["model"],
            "dependencies": ["app"],
            "vulnerabilities": ["weakness"],
        }
    ],
    "annotations": [
        {
            "bom-ref": "remark",
            "subjects": ["dataset"],
            "annotator": {"individual": {"name": "p-3"}},
            "timestamp": "2026-11-20T08:00:00Z",
            "text": "sampled by hand",
        }
    ],
    "vulnerabilities": [
        {
            "bom-ref": "weakness",
            "id": "ADV-1",
            "analysis": {
                "firstIssued": "2026-11-01T00:00:00Z",
                "lastUpdated": "2026-11-02T00:00:00Z",
            },
            "affects": [{"ref": "model"}],
        }
    ],
    "formulation": [{"bom-ref": "formula", "workflows": [WORKFLOW]}],
}

#: Members that came with 1.6.
DECLARATIONS = {
    "assessors": [{"bom-ref": "assessor", "thirdParty": True}],
    "attestations": [
        {
            "assessor": "assessor",
            "map": [
                {
                    "requirement": "must",
                    "claims": ["claim"],
                    "counterClaims": ["claim"],
                    "conformance": {"score": 0.5, "mitigationStrategies": ["proof"]},
                }
            ],
        }
    ],
    "claims": [
        {
            "bom-ref": "claim",
            "target": "acme-inc",
            "evidence": ["proof"],
            "counterEvidence": ["proof"],
            "mitigationStrategies": ["proof"],
        }
    ],
    "evidence": [
        {
            "bom-ref": "proof",
            "created": "2026-01-01T00:00:00Z",
            "expires": "2027-01-01T00:00:00Z",
        }
    ],
    "targets": {"organizations": [{"bom-ref": "acme-inc", "name": "Acme Inc"}]},
}
STANDARD = {
    "bom-ref": "standard",
    "requirements": [
        {"bom-ref": "must", "identifier": "1"},
        {"bom-ref": "must-too", "identifier": "1.1", "parent": "must"},
    ],
    "levels": [{"bom-ref": "level", "identifier": "L1", "requirements": ["must"]}],
}

#: A member that came with 1.7.
CITATION = {
    "bom-ref": "citation",
    "pointers": ["/components/0/name"],
    "timestamp": "2026-11-20T08:00:00Z",
    "attributedTo": "acme",
    "process": "training",
}


def bom(version: str = "1.6") -> dict[str, Any]:
    """A new document of ``version`` (1.5, 1.6 or 1.7), with no problem at any level."""
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "specVersion": version,
        **copy.deepcopy(COMMON),
    }
    if version >= "1.6":
        document["declarations"] = copy.deepcopy(DECLARATIONS)
        document["definitions"] = {"standards": [copy.deepcopy(STANDARD)]}
    if version >= "1.7":
        document["citations"] = [copy.deepcopy(CITATION)]
    return document


def changed(document: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """``document`` with the member at a pointer set, appended (``-``) or taken out."""
    *parents, last = pointer.removeprefix("/").split("/")
    owner: Any = document
    for step in parents:
        owner = owner[int(step) if isinstance(owner, list) else step]
    if isinstance(owner, list):
        index = len(owner) if last == "-" else int(last)
        owner[index : index + 1] = [value]
    elif value is ABSENT:
        del owner[last]
    else:
        owner[last] = value
    return document
