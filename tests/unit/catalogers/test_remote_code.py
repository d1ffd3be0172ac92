"""What configuration asks loaders to run is found, or it is said that it is unclear."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers.remote_code import find_requests, read_remote_code
from aibom.digest import hash_path
from aibom.errors import InputError

BOM = b"\xef\xbb\xbf"
HERE = ("auto_map", "modeling.py", "")
THERE = ("auto_map", "modeling.py", "org/repo")
UNSAID = ("auto_map", "", "")
MAPPED = {"auto_map": {"AutoModel": "modeling.Model"}}


def found(data, path="config.json"):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    told = find_requests(data, path)
    return {(r.key, r.module, r.repository) for r in told.requests}, told.unclear


def mapped(value):
    return {"model_type": "x", "auto_map": value}


#: name → document, what it asks for
ASKING = {
    "mapping": (mapped({"AutoModel": "modeling.Model"}), {HERE}),
    "text": (mapped("modeling.Model"), {HERE}),
    "list": (mapped(["modeling.Model", None]), {HERE}),
    "list in a mapping": (mapped({"AutoTokenizer": [None, "modeling.T"]}), {HERE}),
    "mapping in a mapping": (mapped({"a": {"b": ["modeling.T"]}}), {HERE}),
    "two": (
        mapped({"AutoConfig": "conf.C", "AutoModel": "modeling.M"}),
        {HERE, ("auto_map", "conf.py", "")},
    ),
    "in a folder": (
        mapped({"AutoModel": "sub/modeling.Model"}),
        {("auto_map", "sub/modeling.py", "")},
    ),
    "another repository": (mapped({"AutoModel": "org/repo--modeling.M"}), {THERE}),
    "another repository, by one word": (
        mapped({"AutoModel": "gpt--modeling.M"}),
        {("auto_map", "modeling.py", "gpt")},
    ),
    "another repository, in no form": (
        mapped({"AutoModel": "org/repo--"}),
        {("auto_map", "", "org/repo")},
    ),
    "another repository, twice": (
        mapped({"AutoModel": "org/repo--x--modeling.M"}),
        {("auto_map", "x--modeling.py", "org/repo")},
    ),
    "no form at all": (mapped({"AutoModel": "modeling"}), {UNSAID}),
    "out of the folder": (mapped({"AutoModel": "../evil.M"}), {UNSAID}),
    "a path with a class": (mapped({"AutoModel": "a.b.C"}), {UNSAID}),
    "empty": (mapped({"AutoModel": ""}), {UNSAID}),
    "deep in the document": ({"a": [{"text_config": MAPPED}]}, {HERE}),
    "deep in a list": ([[[MAPPED]]], {HERE}),
    "after a byte order mark": (BOM + json.dumps(MAPPED).encode(), {HERE}),
    "in escapes": (
        b'{"\\u0061uto_map": {"AutoModel": "modeling\\u002eM"}}',
        {HERE},
    ),
    "beside numbers that are none": (
        b'{"x": NaN, "y": -Infinity, "auto_map": "modeling.M"}',
        {HERE},
    ),
    "pipelines": (
        {"custom_pipelines": {"mine": {"impl": "modeling.P", "pt": ["AutoModel"]}}},
        {("custom_pipelines", "modeling.py", "")},
    ),
    "pipelines of another repository": (
        {"custom_pipelines": {"mine": {"impl": "org/repo--modeling.P"}}},
        {("custom_pipelines", "modeling.py", "org/repo")},
    ),
    "trust": ({"trust_remote_code": True}, {("trust_remote_code", "", "")}),
    "trust, by a word": ({"trust_remote_code": "yes"}, {("trust_remote_code", "", "")}),
    "trust, by a number": ({"trust_remote_code": 1}, {("trust_remote_code", "", "")}),
    "trust, below": (
        {"kwargs": [{"trust_remote_code": True}]},
        {("trust_remote_code", "", "")},
    ),
    "class of the repository": (
        {"_class_name": ["pipeline", "MyPipeline"]},
        {("_class_name", "pipeline.py", "")},
    ),
    "a kernel of a hub": (
        {"_attn_implementation_internal": "org/kernel"},
        {("_attn_implementation_internal", "", "org/kernel")},
    ),
    "a kernel of a hub, below and by part": (
        {"text_config": {"attn_implementation": {"": "org/k:fn", "vision": "sdpa"}}},
        {("attn_implementation", "", "org/k:fn")},
    ),
    "another repository, with an escaped full stop": (
        b'{"x": "org/repo--modeling\\u002eModel"}',
        {("a value", "modeling.py", "org/repo")},
    ),
    "another key, another repository": (
        {"anything": ["org/repo--modeling.Model"]},
        {("a value", "modeling.py", "org/repo")},
    ),
}


@pytest.mark.parametrize(("document", "asks"), ASKING.values(), ids=ASKING)
def test_it_asks(document, asks):
    assert found(document) == (asks, "")


NOT_ASKING = {
    "nothing": {"model_type": "bert", "architectures": ["BertModel"]},
    "no mapping": mapped(None),
    "empty mapping": mapped({}),
    "empty list": mapped([]),
    "nothing in the mapping": mapped({"AutoModel": None, "AutoTokenizer": [None]}),
    "no pipelines": {"custom_pipelines": {}},
    "no trust": {"trust_remote_code": False},
    "trust 0": {"trust_remote_code": 0},
    "no word on trust": {"trust_remote_code": None},
    "a kernel of the library": {"_attn_implementation": "flash_attention_2"},
    "other configurations that are searched": {
        "configuration_files": ["config.4.0.0.json"]
    },
    "class of the library": {"_class_name": "StableDiffusionPipeline"},
    "a value that is a key": {"text": "auto_map"},
    "a path": {"_name_or_path": "org/repo", "text": "a -- b.c"},
    "paths of files": ["images/a--b.png", "images/a--b.JPG", "a/b--c.Jpeg file"],
    "a list": [1, 2, 3],
    "a text": "auto_map",
    "a number": 5,
    "nothing at all": None,
}


@pytest.mark.parametrize("document", NOT_ASKING.values(), ids=NOT_ASKING)
def test_it_asks_for_nothing(document):
    assert found(document) == (set(), "")


DEEP = b'{"a":' * 200 + b'{"auto_map": "modeling.M"}' + b"}" * 200
#: name → document with one of the words, why it is unclear
UNCLEAR = {
    "stands twice": (
        b'{"auto_map": {"AutoModel": "modeling.M"}, "auto_map": null}',
        "stands twice",
    ),
    "stands twice, nothing at last": (b'{"a": {"auto_map": 1}, "a": {}}', "twice"),
    "stands twice in another way of writing": (
        b'{"auto_map": null, "\\u0061uto_map": "modeling.M"}',
        "stands twice",
    ),
    "any key twice": (b'{"x": 1, "x": 2, "auto_map": null}', "'x' stands twice"),
    "a number": (mapped(5), "is no text"),
    "true": (mapped({"AutoModel": True}), "is no text"),
    "NaN": (b'{"auto_map": NaN}', "is no text"),
    "pipelines that name nothing": ({"custom_pipelines": {"mine": {}}}, "no module"),
    "pipelines as a list": ({"custom_pipelines": ["modeling.P"]}, "no module"),
    "class without a module": ({"_class_name": []}, "is no text"),
    "a configuration by another name": (
        {"configuration_files": ["config.4.0.0.json.txt"]},
        "not searched",
    ),
    "a configuration out of sight": (
        {"configuration_files": [".cache/huggingface/config.4.0.0.json"]},
        "not searched",
    ),
    "configurations that are no list": ({"configuration_files": 5}, "not searched"),
    "deep": (DEEP, "too deep"),
    "very deep": (b"[" * 200_000 + b'"auto_map"', "too deep"),
    "cut off": (b'{"auto_map": {"AutoModel": "mod', "not JSON"),
    "single quotation marks": (b"{'auto_map': 'modeling.M'}", "not JSON"),
    "two documents": (b'{"auto_map": null}{}', "not JSON"),
    "a comment": (b'{"auto_map": null} // x', "not JSON"),
    "not UTF-8": (b'{"auto_map": "\xff"}', "not JSON"),
    "UTF-16": ('{"auto_map": null}'.encode("utf-16"), "not JSON"),
    "many": (mapped([f"m{number}.M" for number in range(2000)]), "more references"),
}


@pytest.mark.parametrize(("document", "why"), UNCLEAR.values(), ids=UNCLEAR)
def test_it_is_unclear(document, why):
    assert why in found(document)[1]


def test_what_stands_twice_is_seen_both_times():
    asks, unclear = found(b'{"auto_map": "modeling.M", "auto_map": null}')
    assert asks == {HERE}
    assert unclear


MODULES = {
    "of the library": ("sentence_transformers.models.Transformer", set()),
    "of the repository": ("modeling.Mine", {("type", "modeling.py", "")}),
    "look-alike of the library": (
        "sentence_transformersx.M",
        {("type", "sentence_transformersx.py", "")},
    ),
    "of another repository": (
        "org/repo--modeling.Model",
        {("type", "modeling.py", "org/repo"), ("a value", "modeling.py", "org/repo")},
    ),
}


@pytest.mark.parametrize(("type_", "asks"), MODULES.values(), ids=MODULES)
def test_modules_json(type_, asks):
    entries = [{"idx": 0, "name": "0", "path": "", "type": type_}]
    assert found(entries, "sub/modules.json") == (asks, "")
    assert found([{"type": type_}])[0] <= {("a value", "modeling.py", "org/repo")}


def test_modules_json_with_a_type_that_is_no_text():
    assert found([{"type": 5}], "modules.json") == (set(), "type holds what is no text")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["auto_map", "impl", "custom_pipelines", "type", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from(["config.json", "modules.json"]))
def test_no_document_breaks_it(document, path):
    find_requests(json.dumps(document).encode(), path)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data):
    find_requests(data, "config.json")


@given(JSON)
def test_what_is_asked_for_is_found_wherever_it_stands(document):
    inner = json.dumps({"y": document, "z": [MAPPED, document]}).encode()
    asks, unclear = found(inner)
    assert HERE in asks or unclear


# ── reading what was hashed ──────────────


def read(folder):
    return read_remote_code(folder, hash_path(folder))


def test_a_folder(tmp_path: Path):
    (tmp_path / "sub" / "deeper").mkdir(parents=True)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "sub" / "deeper" / "TOKENIZER_CONFIG.JSON").write_text(
        json.dumps(MAPPED)
    )
    (tmp_path / "notes.json").write_text("no JSON at all, and not of interest")
    (tmp_path / "broken.json").write_text('{"auto_map": ')
    (tmp_path / "config.txt").write_text(json.dumps(MAPPED))
    code = read(tmp_path)
    assert [(one.path, one.module) for one in code.requests] == [
        ("sub/deeper/TOKENIZER_CONFIG.JSON", "modeling.py")
    ]
    assert code.unclear == {"broken.json": "not JSON in UTF-8"}


def test_the_request_that_matters_is_not_hidden_among_many(tmp_path: Path):
    for number in range(1_005):
        folder = tmp_path / f"{number:04}"
        folder.mkdir()
        (folder / "a.json").write_text(json.dumps(MAPPED))
    (tmp_path / "config.json").write_text('{"auto_map": "evil/repo--modeling.Evil"}')
    code = read(tmp_path)
    assert "evil/repo" in {one.repository for one in code.requests}
    assert any("more than 1,000 requests" in why for why in code.unclear.values())


def test_a_single_file_and_a_link_to_it(tmp_path: Path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(MAPPED))
    (tmp_path / "link.json").symlink_to(path)
    for given_ in (path, tmp_path / "link.json"):
        (one,) = read(given_).requests
        assert one.module == "modeling.py"


#: Sizes that put the word across the border of what is read at once.
BORDERS = [-12, -8, -4, 0, 4]


@pytest.mark.parametrize("shift", BORDERS)
def test_a_word_across_two_reads_is_found(tmp_path: Path, shift):
    pad = " " * (1024 * 1024 + shift - 2)
    (tmp_path / "config.json").write_text("{" + pad + json.dumps(MAPPED)[1:])
    assert read(tmp_path).requests


def test_what_is_large_is_searched_and_not_parsed(tmp_path: Path):
    vocabulary = json.dumps({"vocab": ["token"] * 50})
    (tmp_path / "tokenizer.json").write_text(vocabulary)
    (tmp_path / "hiding.json").write_text(json.dumps({**MAPPED, "v": vocabulary}))
    (tmp_path / "escaped.json").write_text('{"\\u0061": "' + "x" * 200 + '"}')
    (tmp_path / "modules.json").write_text(" " * 200 + "[]")
    (tmp_path / "huge.json").write_text(" " * 2000)
    content = hash_path(tmp_path)
    code = read_remote_code(tmp_path, content, parsed=100, searched=1000)
    assert code.requests == ()
    assert {path: why.partition(", ")[2] for path, why in code.unclear.items()} == {
        "escaped.json": "too large to parse",
        "hiding.json": "too large to parse",
        "huge.json": "too large to search",
        "modules.json": "too large to parse",
    }


#: Words of a file too large to be parsed, and whether they make it unclear.
WORDS = {
    "auto_map": True,
    "custom_pipelines": True,
    "trust_remote_code": True,
    "_class_name": True,
    "\\u0061": True,
    "\\u005f": True,
    "\\u005Fmap": True,
    "\\u002d": True,
    "\0": True,
    "org/repo--modeling.Model": True,
    "org\\/repo--sub\\/modeling.Model": True,
    "automap": False,
    "\\u0120\\u00e9\\u001f": False,
    "see https://acme.example/a--b.html": False,
    "/a--b.html": False,
    "a -- b.c": False,
    "images/a--b.png": False,
}


@pytest.mark.parametrize(("word", "unclear"), WORDS.items(), ids=map(repr, WORDS))
def test_words_of_large_files(tmp_path: Path, word, unclear):
    path = tmp_path / "large.json"
    path.write_text(f'["{"x" * 100}", "{word}"]')
    code = read_remote_code(tmp_path, hash_path(tmp_path), parsed=50)
    assert (code.unclear != {}) == unclear


def swap_for_link(path: Path):
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


def swap_for_pipe(path: Path):
    path.unlink()
    os.mkfifo(path)


SWAPS = {
    "longer": lambda path: path.write_bytes(b"longer than before"),
    "other bytes of one size": lambda path: path.write_bytes(b"[] "),
    "gone": lambda path: path.unlink(),
    "link": swap_for_link,
    "pipe": swap_for_pipe,
}


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_what_is_not_what_was_hashed_is_refused(tmp_path: Path, swap):
    path = tmp_path / "config.json"
    path.write_bytes(b"{ }")
    content = hash_path(tmp_path)
    swap(path)
    with pytest.raises(InputError) as caught:
        read_remote_code(tmp_path, content)
    assert caught.value.reason in ("changed-while-hashing", "path-unreadable")
