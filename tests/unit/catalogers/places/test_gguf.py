"""GGUF: every key of the specification that tells where a model comes from."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aibom.catalogers import gguf_header
from aibom.catalogers.places.gguf import CATALOGER
from tests.catalog_world import Read, pseudonym, read

NAME = "m.gguf"
BERT = "pkg:huggingface/google-bert/bert-base-uncased"
SQUAD = "pkg:huggingface/datasets/rajpurkar/squad"


def built(
    keys: dict[str, Any] | list[tuple[str, Any]],
    tensors: list[tuple[str, list[int]]] | None = None,
    *,
    version: int = 3,
    order: str = "<",
) -> bytes:
    length = "I" if version == 1 else "Q"
    pairs = list(keys.items()) if isinstance(keys, dict) else keys
    tensors = tensors or []

    def pack(form: str, *values: Any) -> bytes:
        return struct.pack(order + form, *values)

    def text(value: str) -> bytes:
        data = value.encode()
        return pack(length, len(data)) + data

    def valued(value: Any) -> bytes:
        if isinstance(value, bytes):
            return value  # as it is, with its type
        if isinstance(value, bool):
            return pack("IB", 7, value)
        if isinstance(value, int):
            return pack("II", 4, value)
        if isinstance(value, float):
            return pack("Id", 12, value)
        if isinstance(value, list):
            body = b"".join(text(v) for v in value)
            return pack(f"II{length}", 9, 8, len(value)) + body
        return pack("I", 8) + text(value)

    data = b"GGUF" + pack(f"I{length}{length}", version, len(tensors), len(pairs))
    data += b"".join(text(key) + valued(value) for key, value in pairs)
    for name, shape in tensors:
        dimensions = pack(f"I{len(shape)}{length}", len(shape), *shape)
        data += text(name) + dimensions + pack("IQ", 0, 0)
    return data


def scanned(folder: Path, keys: Any, **how: Any) -> Read:
    return read(CATALOGER, folder, {NAME: built(keys, **how)})


FORMS = {
    "3": {},
    "2": {"version": 2},
    "1": {"version": 1},
    "3, big-endian": {"order": ">"},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_versions_and_byte_orders(form: dict[str, Any], tmp_path: Path) -> None:
    keys = {
        "general.architecture": "llama",
        "tokenizer.ggml.tokens": ["a", "b"] * 700,
        "tokenizer.ggml.scores": struct.pack(
            f"{form.get('order', '<')}II{'I' if form.get('version') == 1 else 'Q'}",
            9,
            6,
            3,
        )
        + bytes(12),
        "x.flag": True,
        "x.float": 1.5,
        "general.license": "mit",
    }
    tensors = [("a", [2, 3]), ("b", [4])]
    done = scanned(tmp_path, keys, tensors=tensors, **form)
    version = f"{form.get('version', 3)}{' big-endian' if 'order' in form else ''}"
    assert done.said == {
        (f"gguf-version.{NAME}", version, ""),
        (f"tensors.{NAME}", "2", ""),
        (f"parameter-count.{NAME}", "10", ""),
        ("gguf-architecture", "llama", "kv:general.architecture"),
        ("licence", "mit", "kv:general.license"),
    }
    assert done.kinds == {("model", True)}
    assert not done.codes


#: key → value, field, text
FACTS: dict[str, tuple[Any, str, str]] = {
    "general.name": ("Reviews", "name", "Reviews"),
    "general.basename": ("reviews", "basename", "reviews"),
    "general.finetune": ("chat", "finetune", "chat"),
    "general.version": ("v1.0", "version", "v1.0"),
    "general.description": ("Text", "description", "Text"),
    "general.organization": ("Acme", "organization", "Acme"),
    "general.license": ("mit", "licence", "mit"),
    "general.license.name": ("MIT", "licence-name", "MIT"),
    "general.license.link": ("https://a/l", "licence-link", "https://a/l"),
    "general.url": ("https://a", "homepage", "https://a"),
    "general.repo_url": ("https://a/r", "repository", "https://a/r"),
    "general.doi": ("10.1/x", "doi", "10.1/x"),
    "general.uuid": ("u", "uuid", "u"),
    "general.source.url": ("https://s", "source-homepage", "https://s"),
    "general.source.repo_url": ("https://s/r", "source-repository", "https://s/r"),
    "general.source.doi": ("10.1/y", "source-doi", "10.1/y"),
    "general.source.uuid": ("v", "source-uuid", "v"),
    "general.file_type": (15, f"file-type.{NAME}", "15 (Q4_K_M)"),
    "general.quantization_version": (2, f"quantization-version.{NAME}", "2"),
    "general.size_label": ("7B", f"size-label.{NAME}", "7B"),
    "general.tags": (["b", "a"], "gguf-tags", "a, b"),
    "general.languages": (["en", "de"], "language", "de, en"),
    "split.no": (0, f"shard.{NAME}", "0"),
    "split.count": (3, f"shards.{NAME}", "3"),
    "split.tensors.count": (9, f"shards-tensors.{NAME}", "9"),
    "tokenizer.chat_template": (
        "{{x}}",
        "chat-template.sha256",
        hashlib.sha256(b"{{x}}").hexdigest(),
    ),
    "tokenizer.chat_template.tool_use": (
        "{{y}}",
        "chat-template.sha256.tool_use",
        hashlib.sha256(b"{{y}}").hexdigest(),
    ),
}


@pytest.mark.parametrize("key", FACTS)
def test_keys(key: str, tmp_path: Path) -> None:
    value, field, expected = FACTS[key]
    done = scanned(tmp_path, {key: value})
    assert (field, expected, f"kv:{key}") in done.said
    assert not done.codes


@pytest.mark.parametrize(
    ("number", "shown"),
    {
        0: "0 (F32)",
        7: "7 (Q8_0)",
        18: "18 (Q6_K)",
        32: "32 (BF16)",
        37: "37 (TQ2_0)",
        5: "5",
        99: "99",
    }.items(),
)
def test_file_types(number: int, shown: str, tmp_path: Path) -> None:
    done = scanned(tmp_path, {"general.file_type": number})
    assert (f"file-type.{NAME}", shown, "kv:general.file_type") in done.said


def test_bases_and_datasets(tmp_path: Path) -> None:
    base, data = "general.base_model", "general.dataset"
    done = scanned(
        tmp_path,
        {
            f"{base}.count": 2,
            f"{base}.0.name": "Bert",
            f"{base}.0.repo_url": "https://huggingface.co/google-bert/bert-base-uncased",
            f"{base}.1.name": "Other",
            f"{base}.1.author": "Ada",
            f"{base}.1.version": "v2",
            f"{base}.1.organization": "Acme",
            f"{base}.1.url": "https://a",
            f"{base}.1.doi": "10.1/x",
            f"{base}.1.uuid": "u",
            f"{data}.count": 1,
            f"{data}.0.name": "Squad",
            f"{data}.0.repo_url": "https://huggingface.co/datasets/rajpurkar/squad",
            "general.datasets": ["acme/old"],
            "general.source.huggingface.repository": "acme/source",
        },
    )
    assert {e for e in done.edges if e[3] != "base-model"} == {
        ("subject", "derived-from", SQUAD, "training-data"),
        (
            "subject",
            "derived-from",
            "pkg:huggingface/datasets/acme/old",
            "training-data",
        ),
        ("subject", "derived-from", "pkg:huggingface/acme/source", "model"),
    }
    named = {node.label: node for node in done.nodes.values()}
    assert {f.field: f.value for f in named["Other"].facts} == {
        "name": "Other",
        "version": "v2",
        "organization": "Acme",
        "url": "https://a",
        "doi": "10.1/x",
        "uuid": "u",
    }
    assert ("subject", "derived-from", BERT, "base-model") in done.edges
    assert not done.codes
    # Only where every base has a name on the Hub is there one fact of them all.
    assert "base-model" not in {field for field, _, _ in done.said}


def test_one_base_is_a_fact_too(tmp_path: Path) -> None:
    url = "https://huggingface.co/google-bert/bert-base-uncased"
    keys = {"general.base_model.count": 1, "general.base_model.0.repo_url": url}
    done = scanned(tmp_path, keys)
    said = ("base-model", "google-bert/bert-base-uncased", "kv:general.base_model")
    assert said in done.said


def test_people_are_pseudonyms(tmp_path: Path) -> None:
    keys = {"general.author": "Ada", "general.quantized_by": "Bob"}
    done = scanned(tmp_path / "key", keys)
    parties = {n.id for n in done.nodes.values() if n.kind.value == "party"}
    assert parties == {f"party:{pseudonym(name)}" for name in ("Ada", "Bob")}
    assert {edge[1] for edge in done.edges} == {
        "attributed-to",
        "generated",
        "performed-by",
    }
    alone = read(CATALOGER, tmp_path / "none", {NAME: built(keys)}, key=False)
    assert alone.unread == {"person-not-named"}
    assert {edge[1] for edge in alone.edges} == {"generated"}


HUGE = struct.pack("<Q", 2**60)
START = b"GGUF" + struct.pack("<I", 3)
ONE = struct.pack("<Q", 1)
KEY = struct.pack("<Q", 1) + b"k"


def kv(kind: int, rest: bytes) -> bytes:
    return START + bytes(8) + ONE + KEY + struct.pack("<I", kind) + rest


DEFECTS = {
    "empty": (b"", "gguf-cut-short"),
    "something else": (b"hello world, hello", "gguf-malformed"),
    "version 4": (b"GGUF\4\0\0\0" + bytes(16), "gguf-version"),
    "2^60 keys": (START + bytes(8) + HUGE, "gguf-too-large"),
    "2^60 tensors": (START + HUGE + bytes(8), "gguf-too-large"),
    "a key of 2^60": (START + bytes(8) + ONE + HUGE, "gguf-cut-short"),
    "a long key": (
        START + bytes(8) + ONE + struct.pack("<Q", 70_000) + bytes(70_000),
        "gguf-malformed",
    ),
    "a text of 2^60": (kv(8, HUGE), "gguf-cut-short"),
    "2^60 numbers": (kv(9, struct.pack("<I", 4) + HUGE), "gguf-cut-short"),
    "2^60 texts": (kv(9, struct.pack("<I", 8) + HUGE), "gguf-too-large"),
    "2^60 arrays": (kv(9, struct.pack("<I", 9) + HUGE), "gguf-too-large"),
    "arrays in arrays in arrays": (
        kv(9, (struct.pack("<I", 9) + ONE) * 9),
        "gguf-malformed",
    ),
    "type 99": (kv(99, b""), "gguf-malformed"),
    "an array of type 99": (kv(9, struct.pack("<I", 99) + ONE), "gguf-malformed"),
    "many dimensions": (
        START + ONE + bytes(8) + KEY + struct.pack("<I", 1000),
        "gguf-malformed",
    ),
    "a tensor after the end": (
        START + ONE + bytes(8) + KEY + struct.pack("<IIQ", 0, 0, 2**40),
        "gguf-cut-short",
    ),
}


@pytest.mark.parametrize(("data", "code"), DEFECTS.values(), ids=DEFECTS)
def test_defects(data: bytes, code: str, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: data})
    assert done.codes == done.unread == {code}


ODD: dict[str, tuple[Any, str]] = {
    "a key twice": ([("general.name", "a"), ("general.name", "b")], "gguf-key-twice"),
    "another count": ({"general.base_model.count": 7}, "gguf-origins-differ"),
    "a count of text": ({"general.dataset.count": "x"}, "gguf-origins-differ"),
    "a base without a name": (
        {"general.base_model.count": 1, "general.base_model.0.description": "x"},
        "gguf-origin-nameless",
    ),
    "a local dataset": ({"general.datasets": ["/mnt/data"]}, "reference-local-path"),
    "an odd dataset": ({"general.datasets": ["a b"]}, "reference-malformed"),
    "a long text": ({"general.name": "x" * 9000}, "text-too-long"),
    "a long template": (
        {"tokenizer.chat_template": "x" * (2 * 2**20)},
        "text-too-long",
    ),
}


@pytest.mark.parametrize(("keys", "code"), ODD.values(), ids=ODD)
def test_oddities(keys: Any, code: str, tmp_path: Path) -> None:
    assert scanned(tmp_path, keys).codes == {code}


#: a value of the wrong type under each key says nothing, and breaks nothing
@pytest.mark.parametrize("value", [7, True, 1.5, "text", ["a"], b"\x09\0\0\0" * 6])
def test_wrong_types_at_every_key(value: Any, tmp_path: Path) -> None:
    keys = [*FACTS, "general.author", "general.quantized_by", "general.datasets"]
    keys += [f"general.{k}.{i}" for k in ("base_model", "dataset") for i in ("0", "x")]
    keys += [f"general.base_model.0.{part}" for part in ("name", "repo_url")]
    for number, key in enumerate(keys):
        done = scanned(tmp_path / str(number), {key: value})
        assert done.said


def test_too_many_members_are_not_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"tokenizer.ggml.tokens": ["a"] * 2000}
    assert not scanned(tmp_path / "a", keys).codes
    monkeypatch.setattr(gguf_header, "MAX_WALKED", 1000)
    assert scanned(tmp_path / "b", keys).codes == {"gguf-too-large"}


SOUND = built({"general.name": "a", "t": ["x", "y"]}, [("w", [2])])


def test_cut_at_every_byte(tmp_path: Path) -> None:
    for cut in range(len(SOUND)):
        done = read(CATALOGER, tmp_path, {NAME: SOUND[:cut]})
        assert done.unread, cut


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(SOUND)), st.binary(max_size=20))
def test_damage_never_raises(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    data = SOUND[:place] + damage + SOUND[place + len(damage) :]
    done = read(CATALOGER, tmp_path_factory.mktemp("g"), {NAME: data})
    assert done.said or done.codes
