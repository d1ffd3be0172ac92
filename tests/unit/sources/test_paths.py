"""Which listings of files may become a folder here: by case, and by what disks say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.errors import InputError, VerificationFailed
from aibom.listing import list_files
from aibom.sources import paths
from aibom.sources.paths import require_safe_paths
from aibom.sources.remote import RemoteFile

REFUSED = {
    "absolute": (["/etc/passwd"], "absolute"),
    "two slashes": (["//x"], "absolute"),
    "up": (["../x"], "'..'"),
    "up within": (["a/../../x"], "'..'"),
    "up at the end": (["a/.."], "'..'"),
    "here": (["./x"], "'.'"),
    "empty": ([""], "''"),
    "empty segment": (["a//x"], "''"),
    "a folder": (["a/"], "''"),
    "up with an invisible mark": ([".\u200d./x"], "segment"),
    "nothing but an invisible mark": (["a/\u200b"], "segment"),
    "backslash": (["a\\..\\x"], "backslash"),
    "NUL": (["a\0b"], "control"),
    "newline": (["a\nb"], "control"),
    "carriage return": (["a\rb"], "control"),
    "escape": (["\x1b[2Ja"], "control"),
    "delete": (["a\x7f"], "control"),
    "C1": (["a\x9bb"], "control"),
    "line separator": (["a\u2028b"], "control"),
    "surrogate": (["a\udc80"], "UTF-8"),
    "long segment": (["a" * 256], "255"),
    "long segment in UTF-8": (["é" * 128], "255"),
    "long path": (["/".join(["a" * 100] * 41)], "4096"),
    "twice": (["a", "b", "a"], "twice"),
    "file and folder": (["a", "a/b"], "a file and a folder"),
    "folder and file": (["a/b/c", "a/b"], "a file and a folder"),
    "case": (["README.md", "readme.md"], "one name"),
    "case of folders": (["A/x", "a/y"], "one name"),
    "case of a file and a folder": (["A", "a/y"], "one name"),
    "case beyond ASCII": (["stra\u00dfe", "STRASSE"], "one name"),
    "normalisation": (["caf\u00e9", "cafe\u0301"], "one name"),
    "an invisible mark": (["model.bin", "mod\u200bel.bin"], "one name"),
    "git": ([".git/hooks/post-checkout"], "git"),
    "git, spelt otherwise": ([".GIT/config"], "git"),
    "git with an invisible mark": ([".g\u200cit/config"], "git"),
    "git below": (["data/.git/config"], "git"),
    "git as a file": ([".git"], "git"),
    "cache of the hub": ([".cache/huggingface/x"], "clients keep"),
    "cache": ([".cache/x"], "clients keep"),
    "cache as a file": ([".Cache"], "clients keep"),
    "side-car, spelt otherwise": (["AIBOM.cdx.json"], "cannot be told"),
    "side-car as a folder": (["aibom.cdx.json/x"], "no part of the artifact"),
    "signature, spelt otherwise": (["Model.sig"], "cannot be told"),
}

ALLOWED = {
    "nothing": [],
    "usual": [".gitattributes", "README.md", "a/b.bin", "config.json"],
    "housekeeping": [
        ".gitignore",
        "aibom.cdx.json",
        "aibom.sigstore.json",
        "model.sig",
        "registered_model_meta",
    ],
    "other hidden ones": [".github/x.yml", ".gitmodules", "a/.cache/x"],
    "odd but plain": ["...", "a b", "a:b", "a..b", "é/日本", "👩\u200d💻"],
    "same name elsewhere": ["a/x", "b/X", "x/a"],
    "as long as it may be": ["a" * 255, "/".join(["b" * 127] * 32)],
}


@pytest.mark.parametrize(("listed", "why"), REFUSED.values(), ids=REFUSED)
def test_a_listing_with_such_a_path_is_refused_whole(listed, why):
    files = [RemoteFile("good.txt"), *map(RemoteFile, listed)]
    with pytest.raises(VerificationFailed) as caught:
        require_safe_paths(files, "hf:acme/model")
    error = caught.value
    assert error.reason == "source-path-refused"
    assert error.where == "hf:acme/model"
    assert why in error.message
    assert repr(listed[-1])[:200].strip("'\"") in error.message


@pytest.mark.parametrize("listed", ALLOWED.values(), ids=ALLOWED)
def test_other_paths_are_allowed(listed):
    found = require_safe_paths(map(RemoteFile, listed), "here")
    assert [file.path for file in found] == sorted(listed, key=str.encode)


def test_files_are_kept_as_they_were_told_in_order_of_utf_8():
    files = [
        RemoteFile("\U00010000", 1),
        RemoteFile("\uffee", 2, "ab"),
        RemoteFile("a"),
    ]
    assert require_safe_paths(files, "here") == (files[2], files[1], files[0])


def test_more_files_than_anybody_publishes_are_not_read(monkeypatch):
    monkeypatch.setattr(paths, "MAX_FILES", 3)
    asked = []

    def endless():
        while True:
            asked.append(len(asked))
            yield RemoteFile(f"f{len(asked)}")

    with pytest.raises(InputError) as caught:
        require_safe_paths(endless(), "here")
    assert (caught.value.reason, len(asked)) == ("source-too-large", 4)


def test_few_files_in_very_many_folders_are_not_read(monkeypatch):
    monkeypatch.setattr(paths, "MAX_FILES", 3)
    with pytest.raises(InputError) as caught:
        require_safe_paths([RemoteFile("a/b/x"), RemoteFile("c/d/x")], "here")
    assert caught.value.reason == "source-too-large"


NAMES = st.one_of(
    st.text(max_size=8),
    st.text("aAeEéß\u0301\u200d.", max_size=4),
    st.sampled_from([".git", "..", ".", "a", "b", "model.sig"]),
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@settings(max_examples=120, deadline=None)
@given(st.lists(PATHS, max_size=6))
def test_what_is_accepted_and_written_lists_back_exactly(tmp_path_factory, listed):
    try:
        files = require_safe_paths(map(RemoteFile, listed), "here")
    except VerificationFailed:
        files = ()
    folder = tmp_path_factory.mktemp("written")
    for file in files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.path)
    found = list_files(folder)
    back = sorted([*(entry.path for entry in found.entries), *found.housekeeping])
    assert back == [file.path for file in files]
    assert all((folder / path).read_text() == path for path in back)


@settings(max_examples=120, deadline=None)
@given(PATHS)
def test_no_accepted_path_leaves_the_folder(path):
    try:
        require_safe_paths([RemoteFile(path)], "here")
    except VerificationFailed:
        return
    root = Path("/root-of-it")
    assert os.path.normpath(root / path) == f"{root}/{path}"
