"""Croissant: by whatever prefixes, with digests that are none, and files compared."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.croissant import CATALOGER
from aibom.lineage.nodes import Relation
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import Read, pseudonym, read

DIGEST = hashlib.sha256(b"abc").hexdigest()
OTHER = "ab" * 32
CONTEXT = {
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
    "recordSet": "cr:recordSet",
    "field": "cr:field",
    "isLiveDataset": "cr:isLiveDataset",
    "md5": "cr:md5",
}
TOP: dict[str, Any] = {
    "@context": CONTEXT,
    "@type": "sc:Dataset",
    "conformsTo": "http://mlcommons.org/croissant/1.1",
}
DOCUMENT: dict[str, Any] = {
    **TOP,
    "name": "reviews",
    "description": "What people think.",
    "license": ["https://b.example/l", {"@type": "CreativeWork", "name": "A"}],
    "version": "1.0.0",
    "url": "https://example.com/reviews",
    "sameAs": "https://example.org/reviews",
    "inLanguage": ["fr", "en"],
    "isLiveDataset": False,
    "dateCreated": "2024-01-01T00:00:00Z",
    "datePublished": "2024-02-01",
    "creator": [
        {"@type": "sc:Person", "name": "Ada"},
        {"@type": "Organization", "name": "Acme"},
    ],
    "publisher": {"@type": "sc:Organization", "name": "Acme Data"},
    "rai:dataCollection": "From the web.",
    "rai:dataAnnotationProtocol": ["Read twice.", "Label once."],
    "distribution": [
        {
            "@type": "cr:FileObject",
            "@id": "a.csv",
            "name": "a.csv",
            "contentUrl": "data/a.csv",
            "contentSize": "3 B",
            "encodingFormat": "text/csv",
            "sha256": DIGEST,
        },
        {"@type": "cr:FileSet", "@id": "set", "includes": "*.csv"},
    ],
    "recordSet": [
        {
            "@type": "cr:RecordSet",
            "field": [
                {
                    "@id": "label",
                    "prov:wasGeneratedBy": {
                        "@type": "prov:Activity",
                        "prov:label": "Labeling",
                        "prov:startedAtTime": "2024-01-01T00:00:00Z",
                        "prov:wasAssociatedWith": {
                            "@type": "prov:SoftwareAgent",
                            "prov:label": "labeler-v1",
                        },
                    },
                }
            ],
        }
    ],
    "prov:wasDerivedFrom": {"@id": "https://huggingface.co/datasets/acme/raw/tree/v1"},
    "prov:wasAttributedTo": {"@id": "we", "@type": "prov:Organization", "name": "We"},
}
HUB = "pkg:huggingface/datasets/acme/raw"


def scan(folder: Path, document: Any, **files: str) -> Read:
    told = {"croissant.json": json.dumps(document), **files}
    return read(CATALOGER, folder, told)


def test_a_document(tmp_path: Path) -> None:
    done = scan(tmp_path, DOCUMENT, **{"data/a.csv": "abc"})
    assert f"party:{pseudonym('Ada')}" in done.nodes
    assert {edge[1:] for edge in done.edges if not edge[2].startswith("person:")} == {
        ("attributed-to", "Acme", "supplier"),
        ("attributed-to", "Acme Data", "publisher"),
        ("attributed-to", "We", "participant"),
        ("derived-from", "a.csv", "data"),
        ("derived-from", f"{HUB}@v1", "source-data"),
        ("derived-from", _guideline(done), "guideline"),
        ("generated", "subject", ""),
        ("performed-by", "labeler-v1", "labeler"),
    }
    assert done.said == {
        ("format-version", "Croissant 1.1", "/conformsTo"),
        ("name", "reviews", "/name"),
        ("description", "What people think.", "/description"),
        ("licence", "A, https://b.example/l", "/license"),
        ("version", "1.0.0", "/version"),
        ("source", "https://example.com/reviews", "/url"),
        ("same-as", "https://example.org/reviews", "/sameAs"),
        ("language", "en, fr", "/inLanguage"),
        ("live", "false", "/isLiveDataset"),
        ("created", "2024-01-01T00:00:00Z", "/dateCreated"),
        ("published", "2024-02-01", "/datePublished"),
        ("rai.dataCollection", "From the web.", "/rai:dataCollection"),
        (
            "rai.dataAnnotationProtocol",
            "Read twice.\nLabel once.",
            "/rai:dataAnnotationProtocol",
        ),
    }
    [step] = [node for node in done.nodes.values() if node.kind == "step"]
    assert (step.value("step"), step.value("started")) == (
        "label",
        "2024-01-01T00:00:00Z",
    )
    assert done.kinds == {("dataset", False)}
    assert done.found == set()


def _guideline(done: Read) -> str:
    [found] = [node for node in done.nodes.values() if node.kind == "guideline"]
    assert found.value("description") == "Read twice.\nLabel once."
    return found.label


#: name → the same two members under other prefixes and aliases
SPELLINGS: dict[str, dict[str, Any]] = {
    "aliases": {"@context": CONTEXT, "name": "a", "license": "mit"},
    "prefixes": {"@context": CONTEXT, "sc:name": "a", "sc:license": "mit"},
    "a prefix of one's own": {
        "@context": {**CONTEXT, "schema": "http://schema.org/"},
        "schema:name": "a",
        "schema:license": "mit",
    },
    "in full": {
        "@context": CONTEXT,
        "http://schema.org/name": "a",
        "https://schema.org/license": "mit",
    },
    "contexts in a list": {
        "@context": ["https://x.example/", {"@vocab": "http://schema.org/"}, CONTEXT],
        "name": "a",
        "license": "mit",
    },
    "an alias that is an object": {
        "@context": {**CONTEXT, "title": {"@id": "sc:name", "@type": "x"}},
        "title": "a",
        "license": "mit",
    },
    "an alias of itself": {
        "@context": {**CONTEXT, "name": "name", "x": "y", "y": "x"},
        "name": "a",
        "license": "mit",
        "x": 1,
    },
}


@pytest.mark.parametrize("members", SPELLINGS.values(), ids=SPELLINGS)
def test_terms_by_any_name(members: dict[str, Any], tmp_path: Path) -> None:
    context = {"@context": members["@context"]}
    version = {"dct:conformsTo": "http://mlcommons.org/croissant/1.0"}
    done = scan(tmp_path, {**context, **version, **members})
    assert {(field, value) for field, value, _ in done.said} == {
        ("format-version", "Croissant 1.0"),
        ("name", "a"),
        ("licence", "mit"),
    }
    assert done.found == set()


#: the licence as stated, and as a fact
LICENCES = {
    "https://choosealicense.com/licenses/cc-by-sa-4.0/": "cc-by-sa-4.0",
    "https://spdx.org/licenses/Apache-2.0.html": "Apache-2.0",
    "https://spdx.org/licenses/MIT": "MIT",
    "https://example.com/licenses/mit/": "https://example.com/licenses/mit/",
    "mit": "mit",
}


@pytest.mark.parametrize(
    ("stated", "fact"), LICENCES.items(), ids=list(LICENCES.values())
)
def test_the_address_of_a_known_licence_is_its_id(
    stated: str, fact: str, tmp_path: Path
) -> None:
    done = scan(tmp_path, {**TOP, "license": stated})
    assert ("licence", fact, "/license") in done.said


def with_file(**members: Any) -> dict[str, Any]:
    return {**TOP, "distribution": [{"@type": "cr:FileObject", **members}]}


def test_a_file_that_differs_is_a_contradiction(tmp_path: Path) -> None:
    document = with_file(contentUrl="a.csv", sha256=OTHER, contentSize="9 B")
    done = scan(tmp_path, document, **{"a.csv": "abc"})
    assert done.found == {
        ("file-differs", "/distribution/0"),
        ("file-size-differs", "/distribution/0"),
    }
    [notes] = done.notes
    assert {node.id for node in notes.nodes} == {f"dataset:file:{DIGEST}"}
    assert {node.value("sha256") for node in notes.nodes} == {DIGEST, OTHER}


#: name → a file's members, its digest, findings
FILES: dict[str, tuple[dict[str, Any], str | None, set[str]]] = {
    "elsewhere, with a digest": (
        {"contentUrl": "https://example.com/a", "sha256": OTHER},
        OTHER,
        set(),
    ),
    "elsewhere, without": ({"contentUrl": "https://example.com/a"}, None, set()),
    "the Hub's address for a digest": (
        {
            "contentUrl": "https://example.com/a",
            "sha256": "https://github.com/mlcommons/croissant/issues/80",
        },
        None,
        {"sha256-malformed"},
    ),
    "a digest that is too short": (
        {"contentUrl": "https://example.com/a", "sha256": OTHER[:-1]},
        None,
        {"sha256-malformed"},
    ),
    "not here": ({"contentUrl": "b.csv", "sha256": OTHER}, OTHER, {"file-missing"}),
    "within an archive": (
        {"contentUrl": "b.csv", "containedIn": {"@id": "zip"}},
        None,
        set(),
    ),
    "above the place": ({"contentUrl": "../a.csv"}, None, set()),
    "at the root": ({"contentUrl": "/etc/passwd"}, None, set()),
    "no address": ({"name": "a"}, None, set()),
}


@pytest.mark.parametrize(("members", "digest", "found"), FILES.values(), ids=FILES)
def test_files(
    members: dict[str, Any], digest: str | None, found: set[str], tmp_path: Path
) -> None:
    done = scan(tmp_path, with_file(**members), **{"a.csv": "abc"})
    [node] = done.nodes.values()
    assert (node.digest.value if node.digest else None, done.codes) == (digest, found)
    assert [edge[1::2] for edge in done.edges] == [("derived-from", "data")]


def test_a_file_whose_pointer_is_here_is_not_compared(tmp_path: Path) -> None:
    text = "version https://git-lfs.github.com/spec/v1\n"
    text += f"oid sha256:{OTHER}\nsize 12345\n"
    document = with_file(contentUrl="a.csv", sha256=OTHER)
    done = scan(tmp_path, document, **{"a.csv": text})
    assert (done.found, list(done.nodes)) == (set(), [f"dataset:file:{OTHER}"])


def test_an_md5_binds_nothing(tmp_path: Path) -> None:
    done = scan(tmp_path, with_file(contentUrl="https://a.example/", md5="9a47"))
    [node] = done.nodes.values()
    assert (node.digest, node.value("weak-digest.md5")) == (None, "9a47")


def test_a_repository_is_a_source(tmp_path: Path) -> None:
    address = "https://huggingface.co/datasets/acme/raw/tree/refs%2Fconvert%2Fparquet"
    document = with_file(contentUrl=address, encodingFormat="git+https")
    done = scan(tmp_path, document)
    [node] = done.nodes.values()
    assert node.value("revision") == "refs/convert/parquet"
    assert [edge[1::2] for edge in done.edges] == [("derived-from", "source-data")]


#: As the Hub's own example for 1.1 has it, by its terms.
SQUAD = {
    **TOP,
    "prov:wasGeneratedBy": {
        "@type": "prov:Activity",
        "@id": "added",
        "type": "prov:Collection",
        "description": "Added questions",
        "usage": {
            "@id": "one",
            "prov:locatedAt": "https://huggingface.co/datasets/acme/raw",
        },
        "prov:isAssociatedWith": "crowd",
    },
    "prov:isAssociatedWith": {
        "@type": "prov:Agent",
        "@id": "crowd",
        "prov:label": "Crowdworkers",
    },
}


def test_an_activity_as_the_example_has_it(tmp_path: Path) -> None:
    done = scan(tmp_path, SQUAD)
    assert done.edges == {
        ("collect", "used", HUB, "source-data"),
        ("collect", "generated", "subject", ""),
    }
    # Nobody says what kind of agent that is, so it may be a person's name.
    assert done.found == {
        ("agent-not-named", "/prov:wasGeneratedBy/prov:isAssociatedWith"),
        ("agent-not-named", "/prov:isAssociatedWith"),
    }
    assert "Crowdworkers" not in repr(done.notes[0].nodes)


def test_a_person_that_an_activity_refers_to(tmp_path: Path) -> None:
    agent = {**SQUAD["prov:isAssociatedWith"], "@type": "prov:Person"}
    done = scan(tmp_path, {**SQUAD, "prov:isAssociatedWith": agent})
    party = f"party:{pseudonym('crowdworkers')}"
    [notes] = done.notes
    assert {
        (edge.relation, edge.role) for edge in notes.edges if edge.target == party
    } == {
        (Relation.PERFORMED_BY, "collector"),
        (Relation.ATTRIBUTED_TO, "participant"),
    }
    assert done.found == set()


def test_without_a_key_persons_are_not_named(tmp_path: Path) -> None:
    text = json.dumps({**TOP, "creator": {"@type": "sc:Person", "name": "Ada"}})
    done = read(CATALOGER, tmp_path, {"croissant.json": text}, key=False)
    assert (done.nodes, done.unread) == ({}, {"persons-not-named"})


def many(count: int, of_type: str) -> list[dict[str, str]]:
    return [{"@type": of_type, "@id": str(n)} for n in range(count)]


#: name → document, findings
ODD: dict[str, tuple[Any, set[str]]] = {
    "not an object": ([], {"croissant-malformed"}),
    "a later version": (
        {**TOP, "conformsTo": "http://mlcommons.org/croissant/9.9"},
        {"croissant-version"},
    ),
    "no version": ({"@context": CONTEXT}, {"croissant-version"}),
    "a name that is none": ({**TOP, "name": []}, {"croissant-malformed"}),
    "a file that is none": ({**TOP, "distribution": ["a"]}, {"croissant-malformed"}),
    "one term twice": ({**TOP, "name": "a", "sc:name": "b"}, {"term-twice"}),
    "a source without a name": (
        {**TOP, "prov:wasDerivedFrom": 1},
        {"source-malformed"},
    ),
    "an activity that is none": (
        {**TOP, "prov:wasGeneratedBy": "x"},
        {"activity-malformed"},
    ),
    "a creator that is only a text": ({**TOP, "creator": "Ada"}, {"agent-not-named"}),
    "too many files": (
        {**TOP, "distribution": many(10_001, "cr:FileSet")},
        {"files-too-many"},
    ),
    "too many fields": (
        {**TOP, "recordSet": {"field": many(10_001, "cr:Field")}},
        {"fields-too-many"},
    ),
}


@pytest.mark.parametrize(("document", "found"), ODD.values(), ids=ODD)
def test_what_is_odd(document: Any, found: set[str], tmp_path: Path) -> None:
    assert scan(tmp_path, document).codes == found


def test_metadata_json_only_where_it_says_croissant(tmp_path: Path) -> None:
    files = {
        "a/metadata.json": json.dumps({**TOP, "name": "reviews"}),
        "b/metadata.json": json.dumps({"name": "a", "license": "mit"}),
        "c/metadata.json": json.dumps({"see": "mlcommons.org/croissant", "name": "x"}),
    }
    done = read(CATALOGER, tmp_path, files)
    names = [
        [f.value for f in notes.facts if f.field == "name"] for notes in done.notes
    ]
    assert names == [["reviews"], [], []]


def test_wrong_types_everywhere() -> None:
    for document in (DOCUMENT, SQUAD):
        for data in wrong_types(document):
            read_bytes(CATALOGER, "croissant.json", data)


@given(mutated(json.dumps(DOCUMENT).encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "croissant.json", data)
