"""URLs as sources: real file systems of fsspec, and one that does not play fair."""

from __future__ import annotations

import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import known_implementations
from fsspec.spec import AbstractFileSystem

from aibom.errors import AibomError
from aibom.sources import objects
from aibom.sources.objects import ObjectSource
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile
from aibom.sources.store_errors import without_secrets

FILES = {"config.json": b"{}", "sub/weights.bin": b"w" * 3_000_000}


def refusal(call) -> AibomError:
    with pytest.raises(AibomError) as caught:
        call()
    return caught.value


def url(text: str) -> Reference:
    return Reference("url", text)


@pytest.fixture(params=["file", "memory"])
def folder(request, tmp_path):
    """The URL of a folder in a file system that fsspec brings."""
    if request.param == "file":
        place = f"file://{tmp_path}/kept"
        (tmp_path / "kept/sub").mkdir(parents=True)
    else:
        place = f"memory://{tmp_path.name}/kept"
    files, root = fsspec.core.url_to_fs(place)
    for path, content in FILES.items():
        files.pipe_file(f"{root}/{path}", content)
    yield place
    files.rm(root, recursive=True)


def test_a_folder_behind_a_url_is_listed(folder):
    for given in (folder, folder + "/"):
        found = ObjectSource().resolve(url(given))
        assert found.files == (
            RemoteFile("config.json", 2),
            RemoteFile("sub/weights.bin", 3_000_000),
        )
        assert (found.mode, found.commit) == ("offline", None)
        assert found.where == found.name == folder
        assert any("no revisions" in text for text in found.unsure)


def test_every_file_is_read_and_copied(folder, tmp_path):
    source = ObjectSource()
    found = source.resolve(url(folder))
    told: list[int] = []
    for file in found.files:
        to = tmp_path / "to" / file.path
        source.download(found, file, to, tmp_path / "scratch", told.append)
        assert to.read_bytes() == FILES[file.path]
        assert source.read(found, file, 3_000_000) == FILES[file.path]
    assert sum(told) == 3_000_002
    assert list((tmp_path / "scratch").iterdir()) == []


def test_several_threads_use_one_source(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "x").write_bytes(FILES["sub/weights.bin"])
    source = ObjectSource()
    found = source.resolve(url(f"file://{kept}"))

    def copy(number: int) -> bytes:
        to = tmp_path / f"to{number}"
        source.download(found, found.files[0], to, tmp_path / "scratch")
        return to.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(copy, range(16))) == {FILES["sub/weights.bin"]}


def test_another_object_reads_what_one_resolved(folder):
    found = ObjectSource().resolve(url(folder))
    assert ObjectSource().read(found, found.files[0], 10) == b"{}"


def test_a_file_that_was_replaced_since_the_listing_is_refused(folder, tmp_path):
    source = ObjectSource()
    found = source.resolve(url(folder))
    files, root = fsspec.core.url_to_fs(folder)
    files.rm_file(f"{root}/config.json")
    files.pipe_file(f"{root}/config.json", b"[]")
    error = refusal(lambda: source.read(found, found.files[0], 10))
    assert error.reason == "source-digest-mismatch"
    files.rm_file(f"{root}/config.json")
    error = refusal(lambda: source.read(found, found.files[0], 10))
    assert error.reason == "source-file-absent"


def test_a_new_listing_sees_what_is_new(folder):
    source = ObjectSource()
    source.resolve(url(folder))
    files, root = fsspec.core.url_to_fs(folder)
    files.pipe_file(f"{root}/late.txt", b"late")
    found = source.resolve(url(folder))
    assert RemoteFile("late.txt", 4) in found.files


def test_what_is_no_folder_with_files_is_refused(folder):
    cases = {
        f"{folder}/no": "source-missing-or-private",
        f"{folder}/config.json": "path-missing",
    }
    for place, reason in cases.items():
        error = refusal(lambda place=place: ObjectSource().resolve(url(place)))
        assert (error.reason, error.where) == (reason, place)


def test_limits_and_claims_of_the_caller_hold(folder):
    source = ObjectSource()
    found = source.resolve(url(folder))
    error = refusal(lambda: source.read(found, found.files[1], 100))
    assert error.reason == "source-too-large"
    other = RemoteFile("config.json", 2, "0" * 64)
    error = refusal(lambda: source.read(found, other, 100))
    assert error.reason == "source-digest-mismatch"
    error = refusal(lambda: source.read(found, RemoteFile("../kept/config.json"), 9))
    assert error.reason == "source-path-refused"


def test_a_link_on_this_disk_is_not_followed(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/x").symlink_to("/etc/hostname")
    error = refusal(lambda: ObjectSource().resolve(url(f"file://{tmp_path}/kept")))
    assert error.reason == "source-path-refused"
    assert "link" in error.message


def test_a_folder_that_may_not_be_listed_is_an_error_and_not_left_out(scripted):
    error = refusal(lambda: scripted({"": ["d:sub", "f:a"], "sub": PermissionError()}))
    assert error.reason == "source-unauthorized"


REFERENCES = {
    "unknown scheme": "nothing-like-it://bucket/x",
    "chained": "zip://x::file:///tmp/x.zip",
    "a whole store": "memory://",
}


@pytest.mark.parametrize("text", REFERENCES.values(), ids=REFERENCES)
def test_what_names_no_folder_in_a_store_is_a_wrong_call(text):
    error = refusal(lambda: ObjectSource().resolve(url(text)))
    assert (error.reason, error.exit_code) == ("reference-malformed", 2)


def test_a_reference_of_another_kind_is_a_wrong_call():
    error = refusal(lambda: ObjectSource().resolve(Reference("folder", "x")))
    assert error.reason == "reference-malformed"


MISSING = {
    "its own": ("no_such_package_s3.core.FileSystem", "pip install no_such_package_s3"),
    "an extra": ("fsspec.no_such_module.FileSystem", "pip install 'fsspec[absent]'"),
}


@pytest.mark.parametrize(("place", "hint"), MISSING.values(), ids=MISSING)
def test_a_package_that_is_not_installed_is_named(monkeypatch, place, hint):
    monkeypatch.setitem(known_implementations, "absent", {"class": place, "err": "?"})
    error = refusal(lambda: ObjectSource().resolve(url("absent://bucket/prefix")))
    assert (error.reason, error.hint) == ("extra-missing", hint)


SHOWN = {
    "plain": ("s3://bucket/a/b", "s3://bucket/a/b"),
    "slash at the end": ("s3://bucket/a/", "s3://bucket/a"),
    "whole store": ("memory://", "memory://"),
    "this disk": ("file:///a/b", "file:///a/b"),
    "user and password": ("ftp://u:SECRET@host/a", "ftp://host/a"),
    "a slash in the password": ("s3://key:SEC/RET@bucket/a", "s3://bucket/a"),
    "an at in the password": ("s3://key:SEC@RET@bucket/a", "s3://bucket/a"),
    "token": ("https://SECRET@host/a", "https://host/a"),
    "signature": ("https://host/a?X-Signature=SECRET&b", "https://host/a"),
    "fragment": ("https://host/a#SECRET", "https://host/a"),
    "at in a path": ("https://host:8080/@scope/a", "https://host:8080/@scope/a"),
}


@pytest.mark.parametrize(("text", "shown"), SHOWN.values(), ids=SHOWN)
def test_a_url_is_shown_without_secrets(text, shown):
    assert without_secrets(text) == shown


class Scripted(AbstractFileSystem):
    """Answers what a test says: by path, a listing, or an error to raise."""

    protocol = "scripted"
    cachable = False
    listings: dict = {}  # noqa: RUF012  set for each test
    infos: list = []  # noqa: RUF012
    content: list = []  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path).partition("?")[0]

    def ls(self, path, detail=True, **kwargs):
        told = type(self).listings.get(path.removeprefix("root").strip("/"), [])
        if callable(told):
            told = told()
        if isinstance(told, BaseException):
            raise told
        return [_entry(each) for each in told]

    def info(self, path, **kwargs):
        infos = type(self).infos
        told = infos.pop(0) if len(infos) > 1 else infos[0]
        if isinstance(told, BaseException):
            raise told
        return {"name": path, "type": "file", **told} if type(told) is dict else told

    def _open(self, path, mode="rb", **kwargs):
        return _Handle(type(self).content)


def _entry(told):
    if not isinstance(told, str) or told[1:2] != ":":
        return told
    kind = {"f": "file", "d": "directory", "o": "other"}[told[0]]
    name = told[2:]
    path = name if name.startswith(("/", "root/", "other")) else f"root/{name}"
    return {"name": path, "type": kind, "size": 4 if kind == "file" else 0}


class _Handle:
    def __init__(self, content):
        if isinstance(content, BaseException):
            raise content
        self._blocks = iter(content)

    def read(self, count):
        block = next(self._blocks, b"")
        if isinstance(block, BaseException):
            raise block
        return block

    def close(self):
        raise OSError("SECRET: closing fails, too")


@pytest.fixture
def scripted(monkeypatch):
    """Resolve with a scripted listing; the class can be told more."""
    monkeypatch.setattr(Scripted, "listings", {})
    monkeypatch.setattr(Scripted, "infos", [{"size": 4}])
    monkeypatch.setattr(Scripted, "content", [b"ab", b"cd"])
    # The package's name for its registry is that of the module, too.
    registry = sys.modules["fsspec.registry"]._registry
    monkeypatch.setitem(registry, "scripted", Scripted)
    monkeypatch.setitem(registry, "https", Scripted)

    def resolve(listings, source=None):
        Scripted.listings = listings
        return (source or ObjectSource()).resolve(url("scripted://root?SECRET"))

    return resolve


def _deep():
    names = itertools.count()
    return lambda: [f"d:{next(names)}", f"f:f{next(names)}"]


LISTINGS = {
    "up": (["f:../x"], "source-path-refused"),
    "up below": (["f:a/../../x"], "source-path-refused"),
    "a folder up": (["d:.."], "source-path-refused"),
    "itself": (["d:."], "source-path-refused"),
    "absolute": (["f:/etc/passwd"], "source-path-refused"),
    "elsewhere": (["f:other/x"], "source-path-refused"),
    "a name that begins the same": (["f:/root-of-others/x"], "source-path-refused"),
    "a link": (
        [{"name": "root/x", "type": "file", "islink": True}],
        "source-path-refused",
    ),
    "type of a link": ([{"name": "root/x", "type": "link"}], "source-path-refused"),
    "something else": (["o:x"], "source-path-refused"),
    "listed twice": (["f:x", "f:x"], "source-path-refused"),
    "differs by case": (["f:x", "f:X"], "source-path-refused"),
    "git": (["d:.git", "f:x"], "source-path-refused"),
    "backslash": (["f:a\\b"], "source-path-refused"),
    "control": (["f:a\nb"], "source-path-refused"),
    "file and folder": (["f:a", "f:a/b"], "source-path-refused"),
    "a file that ends in a slash": (["f:a/"], "source-path-refused"),
    "is a file": ([{"name": "root", "type": "file", "size": 1}], "path-missing"),
    "nothing": ([], "source-missing-or-private"),
    "only a folder": (["d:sub"], "source-missing-or-private"),
    "no name": ([{"type": "file"}], "source-answer-malformed"),
    "name in bytes": ([{"name": b"root/x", "type": "file"}], "source-answer-malformed"),
    "no type": ([{"name": "root/x"}], "source-answer-malformed"),
    "names only": (["root/x"], "source-answer-malformed"),
    "size in words": (
        [{"name": "root/x", "type": "file", "size": "4"}],
        "source-answer-malformed",
    ),
    "size below zero": (
        [{"name": "root/x", "type": "file", "size": -4}],
        "source-answer-malformed",
    ),
    "not there": (FileNotFoundError("SECRET"), "source-missing-or-private"),
    "not allowed": (PermissionError("SECRET"), "source-unauthorized"),
    "no connection": (ConnectionError("SECRET"), "source-unreachable"),
    "time is up": (TimeoutError("SECRET"), "source-unreachable"),
    "value error": (ValueError("SECRET"), "source-unreachable"),
    "key error": (KeyError("SECRET"), "source-unreachable"),
    "recursion": (RecursionError("SECRET"), "source-unreachable"),
    "leaves": (SystemExit("SECRET"), "source-unreachable"),
    "lacks a package later": (ImportError("SECRET"), "extra-missing"),
}


@pytest.mark.parametrize(("listing", "reason"), LISTINGS.values(), ids=LISTINGS)
def test_a_listing_that_cannot_be_used_is_refused(scripted, listing, reason):
    error = refusal(lambda: scripted({"": listing}))
    assert error.reason == reason
    assert error.where == "scripted://root"
    assert "SECRET" not in f"{error} {error.hint} {error.__cause__}"
    assert error.__suppress_context__ or error.__context__ is None


def test_a_listing_that_does_not_end_is_left(scripted, monkeypatch):
    monkeypatch.setattr(objects, "MAX_FILES", 20)
    error = refusal(lambda: scripted({"": [f"f:{number}" for number in range(21)]}))
    assert error.reason == "source-too-large"
    deep = _deep()
    everywhere = {str(number): deep for number in range(100)}
    error = refusal(lambda: scripted({"": deep, **everywhere}))
    assert error.reason == "source-too-large"


def test_folders_that_list_themselves_and_markers_are_no_files(scripted):
    found = scripted(
        {
            "": ["d:", {"name": "root/", "type": "file", "size": 0}, "d:sub/", "f:x"],
            "sub": [
                "d:sub",
                {"name": "root/sub/", "type": "file", "size": 0},
                "f:sub/y",
            ],
        }
    )
    assert found.files == (RemoteFile("sub/y", 4), RemoteFile("x", 4))
    assert found.mode == "online"
    assert found.name == found.where == "scripted://root"


READING = {
    "well": ({}, None),
    "same version": ({"infos": [{"size": 4, "ETag": "a"}]}, None),
    "size not told again": ({"infos": [{"size": None}]}, None),
    "another size": ({"infos": [{"size": 5}]}, "source-digest-mismatch"),
    "another version meanwhile": (
        {"infos": [{"size": 4, "ETag": "a"}, {"size": 4, "ETag": "b"}]},
        "source-digest-mismatch",
    ),
    "another time meanwhile": (
        {"infos": [{"size": 4, "mtime": 1.0}, {"size": 4, "mtime": 2.0}]},
        "source-digest-mismatch",
    ),
    "gone meanwhile": (
        {"infos": [{"size": 4}, FileNotFoundError("SECRET")]},
        "source-file-absent",
    ),
    "fewer bytes": ({"content": [b"abc"]}, "source-truncated"),
    "no bytes": ({"content": []}, "source-truncated"),
    "more bytes": ({"content": [b"ab", b"cd", b"e"]}, "source-digest-mismatch"),
    "endless": ({"content": itertools.repeat(b"abc")}, "source-digest-mismatch"),
    "text": ({"content": ["abcd"]}, "source-answer-malformed"),
    "nothing at all": ({"content": [None]}, "source-answer-malformed"),
    "breaks": ({"content": [b"ab", OSError("SECRET")]}, "source-unreachable"),
    "an odd error": ({"content": [b"ab", KeyError("SECRET")]}, "source-unreachable"),
    "not opened": ({"content": PermissionError("SECRET")}, "source-unauthorized"),
    "is a folder": ({"content": IsADirectoryError("SECRET")}, "source-file-absent"),
    "was a folder": (
        {"infos": [{"size": 4, "type": "directory"}]},
        "source-file-absent",
    ),
    "not told of": ({"infos": [None]}, "source-answer-malformed"),
}


LATER = datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC)
TIME = datetime(2026, 1, 1, 0, 0, 0, 900_000, tzinfo=UTC)
SINCE = {
    "same tag, other quotes": ({"ETag": '"a"'}, {"ETag": "a"}, True),
    "weak tag": ({"etag": 'W/"a"'}, {"etag": "a"}, True),
    "another tag": ({"ETag": '"a"'}, {"ETag": '"b"'}, False),
    "another generation": ({"generation": 1}, {"generation": 2}, False),
    "time in whole seconds": (
        {"LastModified": TIME},
        {"LastModified": TIME.replace(microsecond=0)},
        True,
    ),
    "another time": ({"LastModified": TIME}, {"LastModified": LATER}, False),
    "time in other words": ({"updated": TIME}, {"updated": "2026-01-01"}, True),
    "told of one only": ({"ETag": "a"}, {"mtime": 1.0}, True),
    "better than the time": (
        {"ETag": "a", "created": TIME},
        {"ETag": "a", "created": LATER},
        True,
    ),
    "nothing but the time": ({"created": TIME}, {"created": LATER}, False),
}


@pytest.mark.parametrize(("listed", "now", "same"), SINCE.values(), ids=SINCE)
def test_what_a_store_lists_and_says_of_one_file_is_compared(
    scripted, listed, now, same
):
    source = ObjectSource()
    file = {"name": "root/x", "type": "file", "size": 4}
    found = scripted({"": [file | listed]}, source)
    Scripted.infos = [{"size": 4} | now]
    if same:
        assert source.read(found, found.files[0], 9) == b"abcd"
        return
    error = refusal(lambda: source.read(found, found.files[0], 9))
    assert error.reason == "source-digest-mismatch"


@pytest.mark.parametrize("by", ["read", "download"])
@pytest.mark.parametrize(("script", "reason"), READING.values(), ids=READING)
def test_what_arrives_is_what_was_listed(scripted, tmp_path, script, reason, by):
    source = ObjectSource()
    found = scripted({"": ["f:x"]}, source)
    for name, value in script.items():
        copied = list(value) if isinstance(value, list) else value
        setattr(Scripted, name, copied)
    to = tmp_path / "to"

    def call() -> bytes:
        if by == "read":
            return source.read(found, found.files[0], 100)
        source.download(found, found.files[0], to, tmp_path / "scratch")
        return to.read_bytes()

    if reason is None:
        assert call() == b"abcd"
        return
    error = refusal(call)
    assert (error.reason, error.where) == (reason, "scripted://root/x")
    assert "SECRET" not in f"{error} {error.hint} {error.__cause__}"
    assert not to.exists()


def test_a_size_that_the_listing_does_not_tell_is_asked_for(scripted):
    source = ObjectSource()
    found = scripted({"": [{"name": "root/x", "type": "file", "size": None}]}, source)
    assert found.size is None
    assert source.read(found, found.files[0], 100) == b"abcd"
    Scripted.content = [b"abc"]
    error = refusal(lambda: source.read(found, found.files[0], 100))
    assert error.reason == "source-truncated"
    Scripted.infos, Scripted.content = [{"size": None}], [b"abc"]
    assert source.read(found, found.files[0], 100) == b"abc"


def test_a_store_that_does_not_answer_is_left(scripted):
    hold = threading.Event()

    def hang():
        hold.wait()
        return []

    try:
        error = refusal(lambda: scripted({"": hang}, ObjectSource(timeout=0.5)))
    finally:
        hold.set()
    assert error.reason == "source-unreachable"
    assert "0.5 seconds" in error.message


def test_a_web_page_is_no_listing_and_its_links_elsewhere_are_no_files(
    scripted, monkeypatch
):
    monkeypatch.setattr(Scripted, "protocol", ("http", "https"))
    monkeypatch.setattr(
        Scripted, "_strip_protocol", classmethod(lambda cls, path: path)
    )
    page = [
        {"name": "https://host/d/?C=N;O=D", "type": "file", "size": None},
        {"name": "https://host/", "type": "directory", "size": None},
    ]
    Scripted.listings = {"https://host/d": page}
    where = url("https://host/d")
    error = refusal(lambda: ObjectSource().resolve(where))
    assert error.reason == "source-answer-malformed"
    assert "no listing" in error.message
    page.append({"name": "https://host/d/x", "type": "file", "size": None})
    found = ObjectSource().resolve(where)
    assert found.files == (RemoteFile("x"),)
    assert any("web page" in text for text in found.unsure)


def test_what_was_cached_by_somebody_else_does_not_answer(tmp_path):
    """A listing that another user of fsspec in this process remembers is not used."""
    kept = MemoryFileSystem()
    kept.pipe_file(f"/{tmp_path.name}/x", b"1")
    kept.dircache[f"/{tmp_path.name}"] = []
    found = ObjectSource().resolve(url(f"memory://{tmp_path.name}"))
    assert found.files == (RemoteFile("x", 1),)
    kept.rm(f"/{tmp_path.name}", recursive=True)
