from __future__ import annotations

import gc
import json
import os
import sys
import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aibom.bom.parse import MAX_DEPTH, Parsed, parse, read_bytes
from aibom.errors import DocumentInvalid, InputError

WHERE = "supplier/bom.json"


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    """An object with so many levels, itself included."""
    return b'{"a":' + (opening * (levels - 1) + closing * (levels - 1)).encode() + b"}"


#: name → (bytes, reason)
REFUSED = {
    "empty": (b"", "document-unreadable"),
    "not-json": (b"{'a': 1}", "document-unreadable"),
    "truncated": (b'{"a": [1, 2', "document-unreadable"),
    "two-documents": (b"{}{}", "document-unreadable"),
    "array-on-top": (b"[{}]", "document-unreadable"),
    "text-on-top": (b'"CycloneDX"', "document-unreadable"),
    "null-on-top": (b"null", "document-unreadable"),
    "not-utf-8": (b'{"a": "\xff"}', "document-unreadable"),
    "overlong-utf-8": (b'{"a": "\xc0\xaf"}', "document-unreadable"),
    "surrogate-as-utf-8": (b'{"a": "\xed\xa0\x80"}', "document-unreadable"),
    "utf-8-bom": (b"\xef\xbb\xbf{}", "document-unreadable"),
    "utf-16": ('{"a": 1}'.encode("utf-16"), "document-unreadable"),
    "utf-16-without-bom": ('{"a": 1}'.encode("utf-16-le"), "document-unreadable"),
    "utf-32": ('{"a": 1}'.encode("utf-32"), "document-unreadable"),
    "nan": (b'{"a": NaN}', "document-unreadable"),
    "infinity": (b'{"a": Infinity}', "document-unreadable"),
    "minus-infinity": (b'{"a": -Infinity}', "document-unreadable"),
    "float-beyond-a-double": (b'{"a": 1e999}', "document-unreadable"),
    "integer-beyond-conversion": (
        b'{"a": ' + b"9" * 5_000 + b"}",
        "document-unreadable",
    ),
    "lone-high-surrogate": (rb'{"a": "\ud800"}', "document-unreadable"),
    "lone-low-surrogate": (rb'{"a": "x\udc00"}', "document-unreadable"),
    "surrogates-in-wrong-order": (rb'{"a": "\udc00\ud800"}', "document-unreadable"),
    "lone-surrogate-in-a-key": (rb'{"\uD83D": 1}', "document-unreadable"),
    "lone-surrogate-after-a-backslash": (
        rb'{"a": "\\ud83d\udc00"}',
        "document-unreadable",
    ),
    "lone-surrogate-in-a-lost-duplicate": (
        rb'{"a": "\ud800", "a": 1}',
        "document-unreadable",
    ),
    "control-character": (b'{"a": "\x00"}', "document-unreadable"),
    "one-level-too-deep": (nested(MAX_DEPTH + 1), "document-too-deep"),
    "10,000-levels": (nested(10_000), "document-too-deep"),
    "10,000-levels-unclosed": (b'{"a":' + b"[" * 10_000, "document-too-deep"),
    "10,000-levels-of-objects": (nested(10_000, '{"a":', "}"), "document-too-deep"),
    "depth-after-texts-with-quotes": (
        rb'{"\"[\\": "]\\\"", "b": ' + nested(MAX_DEPTH) + b"}",
        "document-too-deep",
    ),
    "depth-after-brackets-in-text": (
        b'{"a": "' + b"]" * 500 + b'", "b": ' + nested(MAX_DEPTH) + b"}",
        "document-too-deep",
    ),
}

ACCEPTED = {
    "empty-object": (b" {} \n", {}),
    "pair-of-surrogates": (rb'{"a": "\ud83d\ude00"}', {"a": "😀"}),
    "backslash-before-u": (rb'{"a": "\\ud800"}', {"a": "\\ud800"}),
    "exactly-the-depth": (nested(MAX_DEPTH), None),
    "many-brackets-in-text": (
        b'{"a": "' + b"[" * 1_000 + b'"}',
        {"a": "[" * 1_000},
    ),
    "many-brackets-after-escapes": (
        b'{"a": "' + rb"\"[\\[" * 500 + b'"}',
        {"a": '"[\\[' * 500},
    ),
    "wide-and-flat": (b'{"a": [' + b"[]," * 5_000 + b"[]]}", {"a": [[]] * 5_001}),
    "large-integer": (b'{"a": 18446744073709551616}', {"a": 2**64}),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED)
def test_bytes_that_are_refused(data, reason):
    with pytest.raises(DocumentInvalid) as refused:
        parse(data, WHERE)
    assert (refused.value.reason, refused.value.where) == (reason, WHERE)


@pytest.mark.parametrize(("data", "document"), ACCEPTED.values(), ids=ACCEPTED)
def test_bytes_that_are_accepted(data, document):
    parsed = parse(data, WHERE)
    assert parsed == Parsed(json.loads(data) if document is None else document)


def test_more_bytes_than_the_limit_are_refused():
    assert parse(b"{}  ", WHERE, limit=4).document == {}
    with pytest.raises(DocumentInvalid) as refused:
        parse(b"{}   ", WHERE, limit=4)
    assert refused.value.reason == "document-too-large"


def test_a_depth_limit_beyond_the_parser_still_ends_in_a_refusal():
    with pytest.raises(DocumentInvalid) as refused:
        parse(nested(200_000), WHERE, max_depth=1_000_000)
    assert refused.value.reason == "document-too-deep"


#: name → (bytes, pointers of the keys that stand twice)
DUPLICATES = {
    "at-the-top": (b'{"a": 1, "a": 2}', ("/a",)),
    "same-value": (b'{"a": 1, "a": 1}', ("/a",)),
    "written-differently": (rb'{"a": 1, "\u0061": 1}', ("/a",)),
    "in-an-array": (b'{"x": [{}, {"a": 1, "a": 2}]}', ("/x/1/a",)),
    "two-objects": (
        b'{"x": {"b": 1, "b": 1}, "a": {"c": 1, "c": 1}}',
        ("/a/c", "/x/b"),
    ),
    "escaped-in-pointers": (b'{"a/b": {"~": 1, "~": 2}}', ("/a~1b/~0",)),
    "within-the-one-that-was-lost": (b'{"a": {"b": 1, "b": 1}, "a": 2}', ("/a",)),
    "empty-key": (b'{"": 1, "": 2}', ("/",)),
}


@pytest.mark.parametrize(("data", "pointers"), DUPLICATES.values(), ids=DUPLICATES)
def test_duplicate_keys_are_reported_by_pointer(data, pointers):
    assert parse(data, WHERE).duplicate_keys == pointers


def test_many_duplicates_in_a_lost_object_do_not_hide_the_loss():
    inner = b"[" + b",".join([b'{"b":1,"b":2}'] * 100) + b"]"
    assert parse(b'{"a": ' + inner + b', "a": 0}', WHERE).duplicate_keys == ("/a",)


def test_at_most_twenty_duplicates_are_reported():
    data = b'{"a": [' + b",".join([b'{"b":1,"b":2}'] * 100) + b"]}"
    assert len(parse(data, WHERE).duplicate_keys) == 20


@pytest.mark.parametrize("data", [b"{}", b"{", nested(10_000), b"[]"])
def test_the_garbage_collector_is_left_as_it_was(data):
    for was_on in (False, True):
        (gc.enable if was_on else gc.disable)()
        try:
            parse(data, WHERE)
        except DocumentInvalid:
            pass
        finally:
            is_on = gc.isenabled()
            gc.enable()
        assert is_on == was_on


@given(
    st.binary() | st.text().map(str.encode) | st.text('[]{}"\\,:u019').map(str.encode)
)
@example(b'{"a":"\\ud800\\')
@example(b'{"a":1' + b"0" * 10_000)
def test_any_bytes_are_parsed_or_refused(data):
    try:
        parsed = parse(data, WHERE)
    except DocumentInvalid as error:
        refused = error.reason
    else:
        refused = None
        assert parsed.document == json.loads(data)
    assert refused in (None, "document-unreadable", "document-too-deep")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON), st.booleans(), st.sampled_from([None, 1]))
def test_documents_come_back_as_they_were_written(document, ascii_only, indent):
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    if "Infinity" not in text:
        assert parse(text.encode(), WHERE) == Parsed(document)


def depth_of(value):
    if not isinstance(value, dict | list):
        return 0
    members = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth_of, members), default=0)


@given(st.dictionaries(st.text('[{"\\}]'), JSON, min_size=1))
def test_the_depth_limit_is_exact(document):
    data = json.dumps(document).encode()
    depth = depth_of(document)
    if "Infinity" not in data.decode():
        assert parse(data, WHERE, max_depth=depth).document == document
        with pytest.raises(DocumentInvalid):
            parse(data, WHERE, max_depth=depth - 1)


def test_read_bytes_of_a_file(tmp_path):
    path = tmp_path / "bom.json"
    path.write_bytes(b"{}\r\n")
    assert read_bytes(path) == read_bytes(str(path)) == b"{}\r\n"


def test_read_bytes_refuses_by_size_before_reading(tmp_path):
    path = tmp_path / "bom.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse: reading it would not end well
    with pytest.raises(DocumentInvalid) as refused:
        read_bytes(path)
    assert refused.value.reason == "document-too-large"
    assert refused.value.where == str(path)


UNREADABLE = {
    "missing": (lambda folder: folder / "none.json", "path-missing"),
    "below-a-file": (lambda folder: folder / "file" / "bom.json", "path-missing"),
    "folder": (lambda folder: folder, "path-unreadable"),
    "pipe-without-a-writer": (lambda folder: folder / "pipe", "path-unreadable"),
    "device": (lambda _: os.devnull, "path-unreadable"),
    "zero-byte-in-the-name": (lambda _: "bom\0.json", "path-unreadable"),
    "loop-of-links": (lambda folder: folder / "loop", "path-unreadable"),
}


@pytest.mark.parametrize(("path_in", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_paths_that_cannot_be_read(path_in, reason, tmp_path):
    (tmp_path / "file").write_bytes(b"{}")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError) as refused:
        read_bytes(path_in(tmp_path))
    assert refused.value.reason == reason


def test_refused_paths_leave_no_file_open(tmp_path):
    before = os.listdir("/dev/fd") if sys.platform != "win32" else []
    for path in (tmp_path, tmp_path / "none", os.devnull):
        with pytest.raises(InputError):
            read_bytes(path)
    assert sys.platform == "win32" or len(os.listdir("/dev/fd")) == len(before)


def test_a_pipe_is_refused_even_when_somebody_writes(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = threading.Thread(target=path.write_bytes, args=(b"{}",))
    writer.start()
    try:
        with pytest.raises(InputError):
            read_bytes(path)
    finally:
        writer.join()
        os.close(reader)
