"""A sound file for every cataloger, and how files are spoiled.

A cataloger without a sample here fails ``tests/hostile/test_hostile_places.py``: what
is registered is attacked.
"""

from __future__ import annotations

import io
import json
import pickle
import sqlite3
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.catalog_hostile import wrong_types

__all__ = ["SAMPLES", "Batch", "batches"]

_SHA, _RUN = "ab" * 32, "8a3fe1ab2c1d4e5f8a3fe1ab2c1d4e5f"


def zipped(members: Mapping[str, bytes], *, deflate: bool = False) -> bytes:
    """A zip with these members, the same each time."""
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def _prefixed(data: bytes) -> bytes:
    return struct.pack("<Q", len(data)) + data


def _gguf() -> bytes:
    pairs = {
        "general.architecture": "llama",
        "general.name": "Tiny",
        "general.base_model.count": "1",
        "general.base_model.0.repo_url": "https://huggingface.co/acme/base",
        "general.author": "Ada",
        "tokenizer.chat_template": "{{ x }}",
    }
    data = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs))
    for key, value in pairs.items():
        data += _prefixed(key.encode()) + struct.pack("<I", 8)
        data += _prefixed(value.encode())
    shape = struct.pack("<IQQ", 2, 4, 4) + struct.pack("<IQ", 0, 0)
    return data + _prefixed(b"w") + shape


def _safetensors() -> bytes:
    tensor = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    header = {"__metadata__": {"format": "pt", "modelspec.author": "Ada"}, "a": tensor}
    return _prefixed(json.dumps(header).encode()) + bytes(24)


def _onnx() -> bytes:
    graph = b"\x0a\x0a\x22\x02Op\x3a\x04acme\x12\x01g"
    return b"\x08\x08\x12\x07pytorch\x1a\x032.4\x3a" + bytes([len(graph)]) + graph


def _parquet() -> bytes:
    def text(value: bytes) -> bytes:
        return b"\x18" + bytes([len(value)]) + value

    footer = b"\x29\x1c\x48\x01a\x00\x16\x0e\x29\x1c"
    footer += text(b"note") + text(b"hello") + b"\x00" + text(b"me") + b"\x00"
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _sqlite() -> bytes:
    with sqlite3.connect(":memory:") as base:
        base.executescript(
            "create table collections (id text, name text, dimension integer, "
            "config_json_str text);"
            "insert into collections values ('a', 'docs', 3, '{}');"
            "create table segments (id text, collection text);"
            "insert into segments values ('s', 'a');"
            "create table embeddings (id integer, segment_id text, created_at text);"
            "insert into embeddings values (1, 's', '2024-01-01 00:00:00');"
            "create table embedding_metadata (id integer, key text, string_value text);"
            "insert into embedding_metadata values (1, 'source', 'a.txt');"
        )
        return base.serialize()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


_CHOICE = {"type": "choices", "from_name": "m", "value": {"choices": ["good"]}}
_TASK = {
    "id": 1,
    "data": {"text": "fine"},
    "annotations": [
        {"id": 1, "completed_by": {"email": "a@example.com"}, "result": [_CHOICE]}
    ],
    "predictions": [{"model_version": "bert-v2", "result": [_CHOICE]}],
}
_ARGILLA = {
    "id": "1",
    "fields": {"text": "a"},
    "metadata": {},
    "suggestions": {"mood": {"value": "good", "score": 0.9, "agent": "gpt-x"}},
    "responses": {"mood": [{"value": "good", "user_id": "u1"}]},
    "status": "completed",
}
_PRODIGY = {
    "text": "a",
    "_input_hash": 1,
    "_task_hash": 2,
    "_annotator_id": "news-eva",
    "_timestamp": 1615980000,
    "label": "SPORT",
    "answer": "accept",
}
_CROISSANT = {
    "@context": {
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
    },
    "@type": "Dataset",
    "conformsTo": "http://mlcommons.org/croissant/1.1",
    "name": "reviews",
    "license": ["https://example.com/l"],
    "creator": [{"@type": "Person", "name": "Ada"}],
    "distribution": [
        {
            "@type": "cr:FileObject",
            "@id": "a.csv",
            "contentUrl": "a.csv",
            "sha256": _SHA,
        }
    ],
    "prov:wasDerivedFrom": [{"@id": "https://example.com/d"}],
}
_PROVENANCE = {
    "source": {"title": "Reviews", "issuer": [{"name": "Acme"}], "id": "uuid-1"},
    "provenance": {
        "source": "https://example.com/m.json",
        "origin-geography": [{"country": "FR"}],
        "date": "2024-01-01",
    },
    "use": {"license": ["https://example.com/l"], "intended-purpose": []},
}
_INFOS = {
    "en": {
        "description": "Reviews.",
        "license": "mit",
        "splits": {"train": {"num_examples": 7}},
        "download_checksums": {"https://example.com/a": {"checksum": _SHA}},
    }
}
_EVENT = {
    "eventTime": "2024-01-01T00:00:00Z",
    "eventType": "COMPLETE",
    "producer": "https://example.com/p",
    "run": {"runId": "0176a8c2-fe01-7439-87e6-56a1a1b4029f", "facets": {}},
    "job": {"namespace": "acme", "name": "train"},
    "inputs": [{"namespace": "s3://acme", "name": "raw"}],
    "outputs": [{"namespace": "s3://acme", "name": "clean"}],
}
_MERGE = b"merge_method: ties\nbase_model: acme/base\nmodels:\n- model: acme/a@v1\n"
_CARD = (
    b"---\nlicense: mit\nlanguage: [en, no]\nbase_model: acme/base\ndatasets:\n- glue\n"
    b"model-index:\n- name: m\n  results:\n  - task: {type: t}\n    dataset: {type: d, "
    b"name: D}\n    metrics: [{type: f1, value: 0.9}]\n---\n# A model\n"
)
_LOCK = f"""\
schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps: [{{path: data, hash: md5, md5: {_RUN}.dir, nfiles: 2}}]
    params: {{params.yaml: {{seed: 7}}}}
    outs: [{{path: model.bin, hash: md5, md5: {_RUN}, size: 3}}]
""".encode()
_MLMODEL = f"""\
flavors:
  transformers: {{source_model_name: acme/base, source_model_revision: {"c" * 40}}}
run_id: {_RUN}
utc_time_created: '2026-05-01 12:00:00.1'
""".encode()
_META = f"""\
experiment_id: '1'
run_id: {_RUN}
run_name: brave-fox
start_time: 1714564800000
status: 3
user_id: jane
""".encode()
_MANIFEST = {
    "apiVersion": "aibom/manifest/v1",
    "format": "jsonl",
    "digest": f"sha256:{_SHA}",
    "count": 1,
    "root": _SHA,
    "pageRecords": 1024,
    "pages": [{"offset": 0, "hash": _SHA}],
}
_STATE = {
    "global_step": 10,
    "epoch": 1.0,
    "max_steps": 10,
    "train_batch_size": 8,
    "log_history": [{"loss": 0.1}],
}
_AXOLOTL = b"base_model: acme/base\nnum_epochs: 3\ndatasets: [{path: acme/data}]\n"
_FACTORY = b"model_name_or_path: acme/base\nstage: sft\ndataset: mine\n"
_CVAT = (
    b'<?xml version="1.0"?><annotations><version>1.1</version><meta>'
    b"<task><name>S</name><owner><username>boss</username></owner></task></meta>"
    b'<image id="0"><box label="car" source="manual"/></image></annotations>'
)
_DOCSTORE = {
    "docstore/data": {"n": {"__data__": {"metadata": {"file_name": "a.txt"}}}},
    "docstore/ref_doc_info": {"d": {"metadata": {"file_path": "/home/a/a.txt"}}},
}
_HAYSTACK = {
    "type": "haystack.document_stores.in_memory.document_store.InMemoryDocumentStore",
    "init_parameters": {},
    "documents": [{"meta": {"source": "a.txt"}, "content": "x"}],
}
_SERVERS = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "a@1.0.0"]}}}
_SERVER = {
    "name": "io.example/files",
    "version": "1.0.0",
    "description": "Files.",
    "packages": [{"registryType": "npm", "identifier": "a", "version": "1.0.0"}],
}
_AGENT = {
    "name": "Helper",
    "description": "Helps.",
    "url": "https://example.com/a2a",
    "version": "1",
    "skills": [{"id": "s", "name": "S", "description": "x"}],
}
_LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{_SHA}\nsize 12\n"
_FAISS = struct.pack("<4siqqqBi", b"IxFI", 8, 2, 1 << 20, 1 << 20, 1, 1) + bytes(64)
_TORCH = {"archive/data.pkl": pickle.dumps({"a": [1.0]}, 2), "archive/version": b"3\n"}
_KERAS = {
    "metadata.json": _json({"keras_version": "3.4.1"}),
    "config.json": _json({"class_name": "Lambda", "module": "keras.layers"}),
    "model.weights.h5": b"h5",
}

#: Cataloger's id → path and bytes of a file of which it says something.
SAMPLES: Mapping[str, tuple[str, bytes]] = {
    "adapter-config": (
        "adapter_config.json",
        _json({"base_model_name_or_path": "acme/base", "revision": "v1", "r": 8}),
    ),
    "agent-card": ("agent-card.json", _json(_AGENT)),
    "argilla": ("records.json", _json([_ARGILLA])),
    "axolotl": ("ft.yml", _AXOLOTL),
    "behaviour-files": (
        "tokenizer_config.json",
        _json({"chat_template": [{"name": "rag", "template": "x"}]}),
    ),
    "bom-inside": ("bom.json", _json({"bomFormat": "CycloneDX", "specVersion": "1.6"})),
    "card": ("README.md", _CARD),
    "chroma": ("chroma.sqlite3", _sqlite()),
    "croissant": ("croissant.json", _json(_CROISSANT)),
    "cvat": ("annotations.xml", _CVAT),
    "data-files": ("data/train-00000-of-00002.csv", b"a,b\n1,2\n"),
    "data-provenance": ("provenance.json", _json(_PROVENANCE)),
    "dataset-infos": ("dataset_infos.json", _json(_INFOS)),
    "dvc": ("dvc.lock", _LOCK),
    "executable-files": ("run.sh", b"#!/bin/sh\necho hello\n"),
    "gguf": ("m.gguf", _gguf()),
    "git-lfs": ("weights.safetensors", _LFS.encode()),
    "haystack-store": ("store.json", _json(_HAYSTACK)),
    "keras": ("m.keras", zipped(_KERAS)),
    "label-studio": ("export.json", _json([_TASK])),
    "label-table": ("labels.csv", b"text,label,annotator\na,pos,Ada\nb,neg,Eva\n"),
    "llama-factory": ("sft.yaml", _FACTORY),
    "llama-index": ("docstore.json", _json(_DOCSTORE)),
    "mcp-config": ("mcp.json", _json(_SERVERS)),
    "mcp-server": ("server.json", _json(_SERVER)),
    "mergekit": ("mergekit_config.yml", _MERGE),
    "mlflow-model": ("MLmodel", _MLMODEL),
    "mlflow-run": (f"mlruns/1/{_RUN}/meta.yaml", _META),
    "onnx": ("m.onnx", _onnx()),
    "openlineage": ("events.json", _json(_EVENT)),
    "parquet": ("d.parquet", _parquet()),
    "pickle-files": ("pytorch_model.bin", zipped(_TORCH)),
    "prodigy": ("annotations.jsonl", _json(_PRODIGY)),
    "prompts": ("prompts/system.prompty", b"---\nname: p\nauthors: [Ada]\n---\nBe."),
    "record-manifest": ("d.jsonl.manifest.json", _json(_MANIFEST)),
    "remote-code-requests": (
        "processor_config.json",
        _json({"auto_map": {"AutoModel": "acme/code--modeling.C"}}),
    ),
    "safetensors": ("model.safetensors", _safetensors()),
    "sentence-transformers": (
        "modules.json",
        _json([{"idx": 0, "name": "0", "path": "", "type": "a.Transformer"}]),
    ),
    "trainer-state": ("trainer_state.json", _json(_STATE)),
    "transformers-config": (
        "config.json",
        _json({"model_type": "bert", "architectures": ["B"], "_name_or_path": "a/b"}),
    ),
    "vector-index": ("index.faiss", _FAISS),
    "weight-index": (
        "model.safetensors.index.json",
        _json({"metadata": {"total_size": 1}, "weight_map": {"a": "b.safetensors"}}),
    ),
}

#: What is put into the middle of a file.
_PIECES = (
    *(b"", b"\0" * 8, b"\xff" * 8, struct.pack("<Q", 1 << 60), struct.pack(">I", 1)),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\r\n",
        b"\r",
        b"\x85",
        b"\x1b[2J",
    ),
    *(b'"', b"'", b"[" * 200, b"{" * 200, b'{"a":' * 100, b"(" * 200, b"- " * 200),
    *(b"&a [*a]", b"<<: *a", b"!!python/object/apply:os.system [id]", b"? [a]: b\n"),
    *(b"1e999", b"NaN", b"-" * 50, b"0x10", b"null", b"\\ud800", b"---\n", b"...\n"),
    *(b"../../etc/passwd", b"/etc/passwd", b"C:\\a", b"a//b", b"%00", b"\n: #"),
    *(b"x" * 5000, b"9" * 5000, "\u0663\u202e\u2028".encode(), "no: \u00e9".encode()),
    *(b'<!DOCTYPE x [<!ENTITY a "&a;">]>', b"<a>" * 100, b"]]>", b"&#0;"),
    *(b"PK\x05\x06" + bytes(18), b"\x80\x04\x95" + b"\xff" * 8, b"cos\nsystem\n."),
)
_ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp037", "utf-7")


def _documents(sample: bytes) -> list[bytes]:
    """The same document with wrong types in it, where it is JSON or YAML."""
    try:
        value = yaml.safe_load(sample.decode())
    except (yaml.YAMLError, ValueError):
        return []
    return list(wrong_types(value)) if isinstance(value, (dict, list)) else []


def _edited(sample: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for part, length, piece in edits:
        start = len(sample) * part // 1000
        sample = sample[:start] + piece + sample[start + length :]
    return sample


def _encoded(sample: bytes, encoding: str) -> bytes:
    return sample.decode("latin-1").encode(encoding, "replace")


def _spoiled(sample: bytes) -> st.SearchStrategy[bytes]:
    piece = st.one_of(st.sampled_from(_PIECES), st.binary(max_size=8))
    edit = st.tuples(st.integers(0, 1000), st.integers(0, 40), piece)
    wrong = _documents(sample)
    ways: list[st.SearchStrategy[bytes]] = [
        st.lists(edit, min_size=1, max_size=3).map(lambda e: _edited(sample, e)),
        st.integers(0, len(sample)).map(lambda end: sample[:end]),
        st.sampled_from(_ENCODINGS).map(lambda e: _encoded(sample, e)),
        st.integers(2, 300).map(lambda times: sample * times),
        st.just(sample),
    ]
    return st.one_of(*ways, *([st.sampled_from(wrong)] * 2 if wrong else []))


@dataclass(frozen=True, repr=False)
class Batch:
    """Hostile files, path and bytes each; too long to be shown."""

    files: tuple[tuple[str, bytes], ...]


def batches(size: int) -> st.SearchStrategy[Batch]:
    """Hostile files, of every cataloger; some of them under another's name."""
    paths = sorted({path for path, _ in SAMPLES.values()})
    own = st.sampled_from(sorted(SAMPLES)).flatmap(
        lambda name: st.tuples(
            st.just(SAMPLES[name][0]) | st.sampled_from(paths),
            _STRATEGIES[name],
        )
    )
    files = st.lists(own, min_size=size, max_size=size)
    return files.map(lambda found: Batch(tuple(found)))


_STRATEGIES = {name: _spoiled(data) for name, (_, data) in SAMPLES.items()}
