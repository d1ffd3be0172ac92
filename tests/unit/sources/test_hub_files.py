"""Downloads that go on where they were interrupted, and those that must not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from aibom.errors import AibomError, InputError, VerificationFailed
from aibom.sources.hub import HubSource
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile, Resolved
from aibom.testing.hub import Fault, LocalHub

PATH = "model.safetensors"
CONTENT = bytes(range(251)) * 2000
HALF = len(CONTENT) // 2


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.model("acme/base").commit({PATH: CONTENT, "empty": b""}, lfs={PATH})
        yield running


@pytest.fixture
def ask(hub: LocalHub) -> HubSource:
    return HubSource(endpoint=hub.url, token="", sleep=lambda seconds: None)


@pytest.fixture
def resolved(ask: HubSource) -> Resolved:
    return ask.resolve(Reference.parse("hf:acme/base"))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def model_of(resolved: Resolved) -> RemoteFile:
    return next(file for file in resolved.files if file.path == PATH)


def interrupt(hub: LocalHub, ask: HubSource, resolved: Resolved, scratch: Path) -> Path:
    """Leave what a download leaves that gets half of a file, and then nothing."""
    hub.fail(Fault.truncated("/resolve/", HALF, times=1), Fault.dropped("/resolve/"))
    with pytest.raises(InputError) as caught:
        ask.download(resolved, model_of(resolved), scratch.parent / "out", scratch)
    assert caught.value.reason == "source-unreachable"
    hub.recover()
    (part,) = scratch.iterdir()
    assert part.read_bytes() == CONTENT[:HALF]
    return part


def ranges(hub: LocalHub) -> list[str | None]:
    return [h.get("range") for _, path, h in hub.requests if "/resolve/" in path]


@pytest.mark.parametrize("redirected", [False, True])
def test_a_second_run_asks_for_the_rest(
    hub: LocalHub,
    ask: HubSource,
    resolved: Resolved,
    scratch: Path,
    tmp_path: Path,
    redirected: bool,
) -> None:
    interrupt(hub, ask, resolved, scratch)
    before = len(hub.requests)
    if redirected:
        hub.fail(Fault.redirected())
    told: list[int] = []

    again = HubSource(endpoint=hub.url, token="")
    again.download(resolved, model_of(resolved), tmp_path / "out", scratch, told.append)

    assert (tmp_path / "out").read_bytes() == CONTENT
    assert list(scratch.iterdir()) == []
    asked = [h.get("range") for _, _, h in hub.requests[before:]]
    assert asked == [f"bytes={HALF}-"] * (2 if redirected else 1)
    assert sum(told) == len(CONTENT)


def test_a_try_goes_on_where_the_one_before_broke(
    hub: LocalHub, ask: HubSource, resolved: Resolved, scratch: Path, tmp_path: Path
) -> None:
    hub.fail(Fault.truncated("/resolve/", 1000, times=3))
    told: list[int] = []

    ask.download(resolved, model_of(resolved), tmp_path / "out", scratch, told.append)

    assert ranges(hub) == [None, "bytes=1000-", "bytes=2000-", "bytes=3000-"]
    assert (tmp_path / "out").read_bytes() == CONTENT
    assert sum(told) == len(CONTENT)


def test_a_server_without_ranges_gives_all_of_it_again(
    hub: LocalHub, ask: HubSource, resolved: Resolved, scratch: Path, tmp_path: Path
) -> None:
    interrupt(hub, ask, resolved, scratch)
    headers = {"X-Repo-Commit": str(resolved.commit)}
    hub.fail(Fault("/resolve/", status=200, body=CONTENT, headers=headers))
    told: list[int] = []

    ask.download(resolved, model_of(resolved), tmp_path / "out", scratch, told.append)

    assert (tmp_path / "out").read_bytes() == CONTENT
    assert sum(told) == len(CONTENT)


PARTIAL = {
    "another-part": ("bytes 0-10/502000", "source-answer-malformed"),
    "no-part": ("", "source-answer-malformed"),
    "of-another-size": (
        f"bytes {HALF}-{HALF + 9}/{HALF + 10}",
        "source-digest-mismatch",
    ),
}


@pytest.mark.parametrize(("said", "reason"), PARTIAL.values(), ids=PARTIAL)
def test_another_part_than_was_asked_for_is_refused(
    hub: LocalHub,
    ask: HubSource,
    resolved: Resolved,
    scratch: Path,
    tmp_path: Path,
    said: str,
    reason: str,
) -> None:
    part = interrupt(hub, ask, resolved, scratch)
    headers = {"X-Repo-Commit": str(resolved.commit), "Content-Range": said}
    hub.fail(Fault("/resolve/", status=206, body=b"0123456789", headers=headers))

    with pytest.raises(AibomError) as caught:
        ask.download(resolved, model_of(resolved), tmp_path / "out", scratch)

    assert caught.value.reason == reason
    assert not (tmp_path / "out").exists()
    assert part.read_bytes() == CONTENT[:HALF]


def test_a_beginning_that_the_hub_does_not_know_is_thrown_away(
    hub: LocalHub, ask: HubSource, resolved: Resolved, scratch: Path, tmp_path: Path
) -> None:
    interrupt(hub, ask, resolved, scratch)
    headers = {"X-Repo-Commit": str(resolved.commit)}
    hub.fail(Fault("/resolve/", status=416, headers=headers, times=1))

    ask.download(resolved, model_of(resolved), tmp_path / "out", scratch)

    assert ranges(hub)[-2:] == [f"bytes={HALF}-", None]
    assert (tmp_path / "out").read_bytes() == CONTENT


def test_parts_of_another_commit_are_not_gone_on_with(
    hub: LocalHub, ask: HubSource, resolved: Resolved, scratch: Path, tmp_path: Path
) -> None:
    interrupt(hub, ask, resolved, scratch)
    hub.model("acme/base").commit({"config.json": b"{}"})
    newer = ask.resolve(Reference.parse("hf:acme/base"))

    ask.download(newer, model_of(newer), tmp_path / "out", scratch)

    assert ranges(hub)[-1] is None
    assert len(list(scratch.iterdir())) == 1


def _longer(part: Path) -> None:
    part.write_bytes(CONTENT + b"more")


def _link(part: Path) -> None:
    part.unlink()
    (part.parent.parent / "victim").write_bytes(b"victim")
    part.symlink_to(part.parent.parent / "victim")


PLANTED = {"longer": _longer, "link": _link}


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_what_was_planted_is_thrown_away(
    hub: LocalHub,
    ask: HubSource,
    resolved: Resolved,
    scratch: Path,
    tmp_path: Path,
    plant: object,
) -> None:
    part = interrupt(hub, ask, resolved, scratch)
    assert callable(plant)
    plant(part)

    ask.download(resolved, model_of(resolved), tmp_path / "out", scratch)

    assert (tmp_path / "out").read_bytes() == CONTENT
    assert not (tmp_path / "out").is_symlink()
    if (tmp_path / "victim").exists():
        assert (tmp_path / "victim").read_bytes() == b"victim"


def test_the_target_is_replaced_in_one_step(
    hub: LocalHub, ask: HubSource, resolved: Resolved, scratch: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"before")
    hub.fail(Fault.truncated("/resolve/", 10))
    with pytest.raises(InputError) as caught:
        ask.download(resolved, model_of(resolved), out, scratch)
    assert caught.value.reason == "source-truncated"
    assert out.read_bytes() == b"before"
    hub.recover()

    ask.download(resolved, model_of(resolved), out, scratch)

    assert out.read_bytes() == CONTENT


def test_an_empty_file(
    hub: LocalHub, ask: HubSource, resolved: Resolved, scratch: Path, tmp_path: Path
) -> None:
    (empty,) = (file for file in resolved.files if file.path == "empty")

    ask.download(resolved, empty, tmp_path / "out", scratch)

    assert (tmp_path / "out").read_bytes() == b""
    assert ask.read(resolved, empty, 0) == b""


def test_a_disk_that_refuses(
    ask: HubSource, resolved: Resolved, scratch: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    for to, place in ((missing / "out", scratch), (tmp_path / "out", missing)):
        with pytest.raises(InputError) as caught:
            ask.download(resolved, model_of(resolved), to, place)
        assert caught.value.reason == "file-not-written"
        assert "No such file" in caught.value.message


@pytest.mark.parametrize("call", ["read", "download"])
def test_what_no_hub_listed_is_not_asked_for(
    hub: LocalHub,
    ask: HubSource,
    resolved: Resolved,
    scratch: Path,
    tmp_path: Path,
    call: str,
) -> None:
    """A file without size could not be bounded; a place without commit could move."""
    before = len(hub.requests)
    floating = Resolved(resolved.reference, resolved.files, "online", "", "acme/base")
    for given, file in (
        (resolved, RemoteFile(PATH)),
        (floating, model_of(resolved)),
    ):
        act = {
            "read": partial(ask.read, given, file, 10**9),
            "download": partial(ask.download, given, file, tmp_path / "out", scratch),
        }[call]
        with pytest.raises(InputError) as caught:
            act()
        assert caught.value.reason == "source-answer-malformed"

    assert len(hub.requests) == before


def test_permissions_of_what_is_written(
    ask: HubSource, resolved: Resolved, scratch: Path, tmp_path: Path
) -> None:
    ask.download(resolved, model_of(resolved), tmp_path / "out", scratch)

    assert os.stat(tmp_path / "out").st_mode & 0o077 == 0


def test_more_than_is_listed_is_not_begun(
    ask: HubSource, resolved: Resolved, scratch: Path, tmp_path: Path
) -> None:
    with pytest.raises(VerificationFailed) as caught:
        ask.download(resolved, RemoteFile(PATH, 1000), tmp_path / "out", scratch)

    assert caught.value.reason == "source-digest-mismatch"
    assert str(len(CONTENT)) in caught.value.message
    assert list(scratch.iterdir()) == []
