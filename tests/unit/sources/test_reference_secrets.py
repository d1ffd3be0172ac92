"""What signs in is no part of a reference: those are kept, compared and shown."""

from __future__ import annotations

import pytest

from aibom.errors import UsageError
from aibom.sources.reference import Reference

SECRET = "sEkReT"
#: name → a URL with something in it that lets somebody in
CLOSED = {
    "password": f"https://anne:{SECRET}@hub.example/x",
    "user": f"https://{SECRET}@hub.example/x",
    "user-of-a-bucket": f"s3://{SECRET}@bucket/prefix",
    "signed-query": f"https://store.example/x?sig={SECRET}",
    "query-of-nothing-but-a-root": f"https://store.example?{SECRET}",
    "fragment": f"https://store.example/x#{SECRET}",
    "upper-case": f"HTTPS://anne:{SECRET}@hub.example/x",
}


@pytest.mark.parametrize("url", CLOSED.values(), ids=CLOSED)
def test_a_url_with_what_signs_in_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Reference.parse(url)
    error = caught.value
    assert error.reason == "reference-malformed"
    told = "".join(map(str, (error, error.message, error.where, error.hint)))
    assert SECRET not in told
    assert "fsspec" in str(error.hint)


#: What is no URL, but was meant to be one.
NEARLY = {
    "chained": f"simplecache::https://anne:{SECRET}@hub.example/x",
    "space": f"https://anne:{SECRET} {SECRET}@hub.example/x",
    "nothing": "https://",
}


@pytest.mark.parametrize("text", NEARLY.values(), ids=NEARLY)
def test_what_only_looks_like_a_url_is_no_folder(text: str) -> None:
    """Or it would be repeated as a path that is missing."""
    with pytest.raises(UsageError) as caught:
        Reference.parse(text)
    error = caught.value
    assert error.reason == "reference-malformed"
    assert SECRET not in f"{error} {error.message} {error.where} {error.hint}"


#: Signs that mean something else where they stand.
OPEN = {
    "path-with-an-at": "https://hub.example/@acme/x",
    "bucket": "s3://bucket/prefix",
    "port": "http://127.0.0.1:9/x",
    "hub-revision": "hf:acme/base@main",
    "folder": "mirror@home/what?/#1",
    "folder-with-colons": "a:b//c",
}


@pytest.mark.parametrize("text", OPEN.values(), ids=OPEN)
def test_others_are_as_they_were_written(text: str) -> None:
    assert str(Reference.parse(text)) == text


@pytest.mark.parametrize("text", ["oci:a/b", "oci://ghcr.io/a/b", "docker://a/b"])
def test_registries_of_containers_are_not_supported(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Reference.parse(text)
    assert caught.value.reason == "reference-malformed"
