"""Making and reading OMS statements: what is listed, in which order; refusals."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import write_tree
from hypothesis import given
from hypothesis import strategies as st
from oms_vectors import (
    MODEL,
    VERSIONS,
    hex_of,
    predicate_of,
    root_of,
    statement_of,
    vector,
)

from aibom.attest.oms import LEFT_OUT, emit
from aibom.attest.oms_manifest import GIT_PATHS, OMS_V1, read
from aibom.digest import Content, Digest, File, hash_path, manifest_digest
from aibom.errors import AibomError, InputError, UsageError
from aibom.statement import Resource, Statement


def content_of(files: dict[str, str]) -> Content:
    """What ``hash_path`` would say of these files."""
    listed = tuple(
        File(path, len(text), Digest("file", hex_of(text)))
        for path, text in sorted(files.items())
    )
    pairs = [(file.path, file.digest.value) for file in listed]
    return Content(manifest_digest(pairs), listed, ())


def names_in(statement: Statement) -> list[str]:
    return [entry["name"] for entry in statement.predicate["resources"]]


# ── making ────────────────────


def test_a_statement_has_what_the_specification_names_and_nothing_else():
    statement = emit(content_of({"w": "1"}), "m", ["model.sig"])
    assert [subject.to_document() for subject in statement.subjects] == [
        {"name": "m", "digest": {"sha256": root_of([hex_of("1")])}}
    ]
    assert statement.predicate_type == OMS_V1
    assert statement.predicate == {
        "serialization": {
            "method": "files",
            "hash_type": "sha256",
            "allow_symlinks": False,
            "ignore_paths": sorted({*LEFT_OUT, "model.sig"}),
        },
        "resources": [{"name": "w", "algorithm": "sha256", "digest": hex_of("1")}],
    }


def test_resources_stand_in_order_of_code_points():
    files = ["A", "a/z", "a-b", "a.b", "é", "\ufffd", "🙂"]
    statement = emit(content_of(dict.fromkeys(files, "x")), "m")
    assert names_in(statement) == ["A", "a-b", "a.b", "a/z", "é", "\ufffd", "🙂"]


def test_a_single_file_is_named_as_the_reference_tool_names_it():
    statement = emit(hash_path(MODEL / "weights.bin"), "weights.bin")
    assert names_in(statement) == ["."]
    assert statement.predicate["serialization"]["ignore_paths"] == []
    assert read(statement, "x").files.keys() == {"."}


#: name → files beside `w`, paths to ignore, and what of those files is signed
LEFT_OUT_CASES: dict[str, tuple[list[str], list[str], list[str]]] = {
    "ignored-by-oms": ([".github/ci.yml"], [], []),
    "git-as-a-file": ([".git"], [], []),
    "same-names-deeper": ([f"a/{n}" for n in LEFT_OUT], [], ["all"]),
    "names-that-only-begin-so": ([".github2", ".gitignore.txt"], [], ["all"]),
    "signature": (["model.sig"], ["model.sig"], []),
    "folder": (["logs/1", "logs/2"], ["logs/"], []),
    "exact-no-wildcard": (["a.log"], ["*.log"], ["all"]),
    "nothing-to-ignore": (["a"], [], ["all"]),
}


@pytest.mark.parametrize(
    ("extra", "ignore", "signed"), LEFT_OUT_CASES.values(), ids=LEFT_OUT_CASES
)
def test_what_is_left_out_is_named(extra, ignore, signed):
    statement = emit(content_of(dict.fromkeys(["w", *extra], "x")), "m", ignore)
    expected = {"w", *(extra if signed else ())}
    assert set(names_in(statement)) == expected
    named = set(statement.predicate["serialization"]["ignore_paths"])
    assert named == LEFT_OUT | {path.rstrip("/") for path in ignore}


def test_our_side_cars_and_caches_do_not_change_what_is_signed(tmp_path: Path):
    plain = emit(hash_path(write_tree(tmp_path / "m", {"w": "1"})), "m")
    extra = {
        "aibom.cdx.json": "{}",
        "aibom.sigstore.json": "{}",
        ".cache/huggingface/download/w.metadata": "x",
        ".git/HEAD": "x",
        ".gitignore": "x",
        "registered_model_meta": "x",
    }
    later = emit(hash_path(write_tree(tmp_path / "m", extra)), "m")
    assert later.payload == plain.payload


@pytest.mark.parametrize("path", ["", "/", "/etc", "../x", "a/../b", "./a", "a\\b"])
def test_a_path_to_ignore_must_be_one_of_the_folder(path):
    with pytest.raises(UsageError) as caught:
        emit(content_of({"w": "1"}), "m", [path])
    assert caught.value.reason == "path-unusable"


def test_nothing_left_to_sign_is_refused():
    with pytest.raises(InputError) as caught:
        emit(content_of({"w": "1"}), "m", ["w"])
    assert caught.value.reason == "folder-empty"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\nb"])
def test_the_name_is_a_base_name(name):
    with pytest.raises(ValueError, match="base name"):
        emit(content_of({"w": "1"}), name)


PARTS = st.text("aé0-.🙂 ", min_size=1, max_size=3).filter(
    lambda name: name.strip() and name not in (".", "..")
)


@given(st.dictionaries(PARTS, st.text(max_size=5), min_size=1))
def test_what_is_made_is_read_back(files: dict[str, str]):
    statement = emit(content_of(files), "m")
    manifest = read(Statement.parse(statement.payload, "x"), "x")
    assert {path: parts[0].digest for path, parts in manifest.files.items()} == {
        path: hex_of(text) for path, text in files.items()
    }
    assert manifest.ignore_paths == LEFT_OUT


# ── reading what the reference tool wrote ────────────────────


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "shard_size", "parts"), [("key", None, 6), ("shards", 16, 8)]
)
def test_statements_of_every_version_are_read(version, name, shard_size, parts):
    bundle = vector(version, name)
    manifest = read(Statement.parse(bundle.payload, "x"), "x")
    assert (manifest.name, manifest.hash_type) == ("model", "sha256")
    assert manifest.shard_size == shard_size
    assert sum(map(len, manifest.files.values())) == parts
    assert set(manifest.files) == {
        str(path.relative_to(MODEL)) for path in MODEL.rglob("*") if path.is_file()
    }


def test_the_reference_tool_lists_in_another_order_and_so_has_another_root():
    theirs = Statement.parse(vector("1.1.1", "key").payload, "x")
    ours = emit(hash_path(MODEL), "model")
    assert names_in(theirs)[:3] == ["a/z.txt", "a-b.txt", "a.b.txt"]
    assert names_in(ours)[:3] == ["a-b.txt", "a.b.txt", "a/z.txt"]
    assert read(theirs, "x").root != read(ours, "x").root
    assert read(theirs, "x").files == read(ours, "x").files


@pytest.mark.parametrize("version", VERSIONS)
def test_ignored_paths_are_those_of_git_unless_written_down(version):
    payload = vector(version, "ignoring").payload
    written = {"config.json"} if version == "1.1.1" else set()
    assert read(Statement.parse(payload, "x"), "x").ignore_paths == GIT_PATHS | written


@pytest.mark.parametrize(("listed", "read_as"), [(["logs/"], {"logs"}), ([], set())])
def test_a_list_of_ignored_paths_is_taken_as_it_is(listed, read_as):
    predicate = predicate_of({"w": "1"}, ignore_paths=listed)
    assert read(statement_of(predicate), "x").ignore_paths == read_as


# ── refusing ────────────────────


def form(**members: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the serialization; None removes a member."""

    def change(predicate: dict[str, Any]) -> None:
        for key, value in members.items():
            predicate["serialization"][key] = value
            if value is None:
                del predicate["serialization"][key]

    return change


def entry(**members: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the first resource; None removes a member."""

    def change(predicate: dict[str, Any]) -> None:
        for key, value in members.items():
            predicate["resources"][0][key] = value
            if value is None:
                del predicate["resources"][0][key]

    return change


def shards(*names: str, size: float = 4) -> Callable[[dict[str, Any]], None]:
    """Shards of these names in place of the files."""

    def change(predicate: dict[str, Any]) -> None:
        predicate["serialization"] |= {"method": "shards", "shard_size": size}
        predicate["resources"] = [
            {"name": name, "algorithm": "sha256", "digest": hex_of(name)}
            for name in names
        ]

    return change


#: name → change of a good predicate over `a` and `b`, and the reason for refusing it
REFUSED: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "blake3": (form(hash_type="blake3"), "oms-hash-unsupported"),
    "md5": (form(hash_type="md5"), "oms-hash-unsupported"),
    "other-method": (form(method="tensors"), "oms-method-unsupported"),
    "no-method": (form(method=None), "oms-malformed"),
    "method-no-text": (form(method=1), "oms-malformed"),
    "no-hash": (form(hash_type=None), "oms-malformed"),
    "links-no-flag": (form(allow_symlinks="false"), "oms-malformed"),
    "ignore-no-list": (form(ignore_paths="a"), "oms-malformed"),
    "ignore-number": (form(ignore_paths=[1]), "oms-malformed"),
    "unknown-in-form": (form(hashtype="sha256"), "oms-malformed"),
    "shard-size-of-files": (form(shard_size=4), "oms-malformed"),
    "unknown-member": (lambda p: p.update(aibom=1), "oms-malformed"),
    "no-form": (lambda p: p.pop("serialization"), "oms-malformed"),
    "form-no-object": (lambda p: p.update(serialization=[]), "oms-malformed"),
    "resource-no-object": (lambda p: p["resources"].append(1), "oms-malformed"),
    "no-name": (entry(name=None), "oms-malformed"),
    "unknown-in-resource": (entry(size=1), "oms-malformed"),
    "other-algorithm": (entry(algorithm="blake2b"), "oms-malformed"),
    "shard-algorithm": (entry(algorithm="sha256-sharded-4"), "oms-malformed"),
    "short-digest": (entry(digest="ab" * 16), "oms-malformed"),
    "upper-case": (entry(digest="AB" * 32), "oms-malformed"),
    "digest-number": (entry(digest=1), "oms-malformed"),
    "no-resources": (lambda p: p["resources"].clear(), "manifest-empty"),
    "listed-twice": (entry(name="b"), "path-duplicate"),
    "absolute": (entry(name="/etc/passwd"), "path-unusable"),
    "upwards": (entry(name="../w"), "path-unusable"),
    "dotted": (entry(name="./a"), "path-unusable"),
    "double-slash": (entry(name="x//y"), "path-unusable"),
    "backslash": (entry(name="x\\y"), "path-unusable"),
    "newline": (entry(name="x\ny"), "path-unusable"),
    "nul": (entry(name="x\0y"), "path-unusable"),
    "single-among-others": (entry(name="."), "path-unusable"),
    "no-shard-size": (form(method="shards"), "oms-malformed"),
    "shard-size-zero": (shards("a:0:4", size=0), "oms-malformed"),
    "shard-size-broken": (shards("a:0:4", size=3.5), "oms-malformed"),
    "shard-size-flag": (shards("a:0:1", size=True), "oms-malformed"),
    "shard-unnamed": (shards("a"), "oms-malformed"),
    "shard-negative": (shards("a:-4:0"), "oms-malformed"),
    "shard-zero-padded": (shards("a:0:04"), "oms-malformed"),
    "shard-endless": (shards(f"a:0:{'9' * 5000}"), "oms-malformed"),
    "shard-gap": (shards("a:0:4", "a:5:6"), "oms-malformed"),
    "shard-overlap": (shards("a:0:4", "a:3:6"), "oms-malformed"),
    "shard-late-start": (shards("a:4:6"), "oms-malformed"),
    "shard-too-long": (shards("a:0:5"), "oms-malformed"),
    "shard-short-in-the-middle": (shards("a:0:3", "a:3:7"), "oms-malformed"),
    "shard-backwards": (shards("a:0:4", "a:4:4"), "oms-malformed"),
    "shard-twice": (shards("a:0:4", "a:0:4"), "path-duplicate"),
    "shard-upwards": (shards("../a:0:4"), "path-unusable"),
}


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_as_the_specification_says_is_refused(change, reason):
    predicate = copy.deepcopy(predicate_of({"a": "1", "b": "2"}))
    change(predicate)
    listed = [e.get("digest") for e in predicate["resources"] if isinstance(e, dict)]
    try:
        root = root_of(listed)
    except (TypeError, ValueError):
        root = "ab" * 32
    subject = Resource(name="m", digest={"sha256": root})
    with pytest.raises(AibomError) as caught:
        read(Statement.build([subject], OMS_V1, predicate), "x")
    assert caught.value.reason == reason
    assert caught.value.exit_code == 12


def test_shards_are_read_in_any_order_and_with_a_colon_in_the_path():
    predicate = predicate_of({"a": "1"})
    shards("a:b:4:6", "a:b:0:4", "c:0:1")(predicate)
    files = read(statement_of(predicate), "x").files
    assert {path: [p.start for p in parts] for path, parts in files.items()} == {
        "a:b": [0, 4],
        "c": [0],
    }


@pytest.mark.parametrize("root", [root_of([hex_of("2"), hex_of("1")]), "ab" * 32])
def test_a_root_in_another_order_or_of_something_else_is_refused(root):
    with pytest.raises(AibomError) as caught:
        read(statement_of(predicate_of({"a": "1", "b": "2"}), root), "x")
    assert caught.value.reason == "oms-root-mismatch"
    assert caught.value.exit_code == 11


def test_a_root_must_be_a_sha256():
    predicate = predicate_of({"a": "1"})
    subject = Resource(name="m", digest={"sha512": "ab" * 64})
    with pytest.raises(AibomError) as caught:
        read(Statement.build([subject], OMS_V1, predicate), "x")
    assert caught.value.reason == "oms-root-mismatch"


def test_there_is_one_subject():
    statement = statement_of(predicate_of({"a": "1"}))
    subjects = [*statement.subjects, *statement.subjects]
    two = Statement.build(subjects, OMS_V1, statement.predicate)
    with pytest.raises(AibomError) as caught:
        read(two, "x")
    assert caught.value.reason == "oms-malformed"


@pytest.mark.parametrize(
    ("predicate_type", "reason", "code"),
    [
        ("https://model_signing/Digests/v0.1", "oms-version-unsupported", 12),
        ("https://model_signing/signature/v2.0", "predicate-not-allowed", 11),
        ("https://slsa.dev/provenance/v1", "predicate-not-allowed", 11),
    ],
)
def test_other_statements_are_told_apart(predicate_type, reason, code):
    statement = statement_of(predicate_of({"a": "1"}))
    other = Statement.build(statement.subjects, predicate_type, statement.predicate)
    with pytest.raises(AibomError) as caught:
        read(other, "x")
    assert (caught.value.reason, caught.value.exit_code) == (reason, code)


def test_a_refusal_of_very_many_problems_stays_short():
    predicate = predicate_of({str(number): "1" for number in range(500)})
    for resource in predicate["resources"]:
        resource["digest"] = "no"
    subject = Resource(name="m", digest={"sha256": "ab" * 32})
    with pytest.raises(AibomError) as caught:
        read(Statement.build([subject], OMS_V1, predicate), "x")
    assert len(caught.value.message) < 5000
