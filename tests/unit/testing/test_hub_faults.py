"""What the real client does when the loopback hub lies, breaks, or is slow.

The table of trust findings shows what a gate cannot leave to the client. Where the
newest and the oldest supported client differ, ``NEWER`` says so.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RevisionNotFoundError,
)

from aibom.errors import UsageError
from aibom.testing.hub import Fault, LocalHub

#: 2.4, and not 0.34.
NEWER = hasattr(HfApi, "resolve_revision")
WEIGHTS = b"weights, all of them" * 100
ID = "acme/base"


class World:
    """A hub whose model has an old and a new commit; ``main`` is the new one."""

    def __init__(self, hub, folder):
        self.hub = hub
        self.folder = folder
        self.api = HfApi(endpoint=hub.url, token=False)
        self.model = hub.model(ID)
        files = {"config.json": b"{}", "w.bin": WEIGHTS}
        self.old = self.model.commit(files, lfs={"w.bin"})
        self.new = self.model.commit({"config.json": b"[]"})

    def download(self, path="w.bin", **options):
        options = {"cache_dir": self.folder, "token": False, **options}
        return Path(hf_hub_download(ID, path, endpoint=self.hub.url, **options))

    def asked(self):
        return [f"{method} {path}" for method, path, _ in self.hub.requests]


@pytest.fixture
def world(tmp_path):
    with LocalHub() as hub:
        yield World(hub, tmp_path / "cache")


@pytest.fixture
def impatient(monkeypatch):
    """A client that waits between tries would only make the test slow."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def raw(url, headers=None):
    request = urllib.request.Request(url, headers=headers or {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, dict(answer.headers), answer.read()


# ── what the client trusts ────────────────────


def warm_cache(status):
    def finding(w):
        w.model.ref("main", w.old)
        before = w.download("config.json")
        w.model.ref("main", w.new)
        w.hub.fail(Fault.error("^HEAD ", status))
        assert w.download("config.json") == before
        assert before.read_bytes() == b"{}"

    return finding


def stale_resolve(w):
    w.download("config.json")
    newest = w.model.commit({"x": b"x"})
    w.hub.fail(Fault.error("GET /api/", 503))
    found = w.api.resolve_revision(ID, revision="main", cache_dir=w.folder)
    assert newest != found.resolved == w.new


def made_up_commit(w):
    if NEWER:
        found = w.api.resolve_revision(ID, revision="0" * 40)
        assert found.resolved == "0" * 40
        assert w.asked() == []
    for ask in (w.api.model_info, lambda _, revision: w.download(revision=revision)):
        with pytest.raises((RevisionNotFoundError, LocalEntryNotFoundError)):
            ask(ID, revision="0" * 40)


def lying_commit(w):
    w.hub.fail(Fault.lying_commit(w.old))
    assert w.api.model_info(ID, revision=w.new).sha == w.old
    path = w.download("config.json", revision=w.new)
    assert path.parent.name == w.old
    assert path.read_bytes() == b"[]"


def swapped(w):
    w.hub.fail(Fault.swapped(w.old, pattern="/resolve/"))
    path = w.download("config.json", revision=w.new)
    assert path.parent.name == w.new
    assert path.read_bytes() == b"{}"


def tampered(w):
    w.hub.fail(Fault.tampered())
    path = w.download()
    found = path.read_bytes()
    assert path.resolve().name == hashlib.sha256(WEIGHTS).hexdigest()
    different = [at for at in range(len(WEIGHTS)) if found[at] != WEIGHTS[at]]
    assert (len(found), len(different)) == (len(WEIGHTS), 1)
    if NEWER:
        w.hub.recover()
        folder = snapshot_download(
            ID, endpoint=w.hub.url, cache_dir=w.folder, token=False
        )
        assert Path(folder) == path.parent
        checked = w.api.verify_repo_checksums(ID, cache_dir=w.folder)
        assert [one["path"] for one in checked.mismatches] == ["w.bin"]


def gated_by_surprise(w):
    w.model.gated = "manual"
    assert w.api.model_info(ID).gated == "manual"
    with pytest.raises(GatedRepoError):
        w.download()


def moved_between(w):
    w.model.ref("main", w.old)
    w.hub.fail(Fault.moving("/api/models/", lambda: w.model.ref("main", w.new), skip=1))
    first, second = w.api.model_info(ID).sha, w.api.model_info(ID).sha
    assert (first, second) == (w.old, w.new)
    assert w.api.model_info(ID, revision=first).sha == w.old


def escaping_path(w):
    w.model.commit({"../../evil.txt": b"evil"})
    with pytest.raises(ValueError, match=r"evil|invalid|Invalid|\.\."):
        snapshot_download(ID, endpoint=w.hub.url, cache_dir=w.folder, token=False)
    assert not list(w.folder.parent.rglob("evil.txt"))


def changed_owner(w):
    url = f"{w.hub.url}/api/organizations/acme/overview"
    before = json.loads(raw(url)[2])
    w.hub.fail(Fault.changed_owner("a" * 24, fullname="Not Acme"))
    after = json.loads(raw(url)[2])
    assert after == {**before, "_id": "a" * 24, "fullname": "Not Acme"}


def extra_file(w):
    extra = {"rfilename": "extra.py"}
    w.hub.fail(
        Fault(
            "/api/models/",
            edit=lambda value: {**value, "siblings": [*value["siblings"], extra]},
        )
    )
    found = [one.rfilename for one in w.api.model_info(ID).siblings]
    assert found == ["config.json", "w.bin", "extra.py"]


FINDINGS = {
    "cache-is-used-on-500": warm_cache(500),
    "cache-is-used-on-401": warm_cache(401),
    "a-stale-commit-is-resolved": stale_resolve,
    "a-made-up-commit-is-resolved-not-served": made_up_commit,
    "a-lying-commit-is-believed": lying_commit,
    "the-content-of-another-commit-is-believed": swapped,
    "tampering-is-not-seen-while-downloading": tampered,
    "gated-has-information-but-no-files": gated_by_surprise,
    "a-ref-moves-between-two-calls": moved_between,
    "a-path-that-leaves-is-refused": escaping_path,
    "an-owner-changes": changed_owner,
    "a-list-says-more-than-there-is": extra_file,
}


#: About a call that 0.34 does not have.
OF_THE_NEWER = {"a-stale-commit-is-resolved"}


@pytest.mark.parametrize(
    "name", sorted(set(FINDINGS) - (set() if NEWER else OF_THE_NEWER))
)
def test_what_the_client_trusts(world, impatient, name):
    FINDINGS[name](world)


# ── what goes wrong on the way ────────────────────

#: name → fault, and what ``model_info`` raises: names, since the clients' differ
INFO_ERRORS = {
    "500": (Fault.error("/api/"), {"HfHubHTTPError"}),
    "429": (Fault.rate_limited("/api/"), {"HfHubHTTPError"}),
    "404": (Fault.error("/api/", 404), {"HfHubHTTPError"}),
    "dropped": (
        Fault.dropped("/api/"),
        {"RemoteProtocolError", "ReadError", "ConnectionError"},
    ),
    "html": (Fault.html("/api/"), {"JSONDecodeError"}),
    "html-error": (Fault.html("/api/", status=502), {"HfHubHTTPError"}),
    "truncated": (
        Fault.truncated("/api/", after=10),
        {"RemoteProtocolError", "ChunkedEncodingError"},
    ),
    "nothing-after-headers": (
        Fault.truncated("/api/"),
        {"RemoteProtocolError", "ChunkedEncodingError"},
    ),
    "slow": (Fault.slow("/api/", 60), {"ReadTimeout"}),
    "gated": (Fault.gated("/api/"), {"GatedRepoError"}),
    "other-json": (Fault("/api/", body={"a": 1}), {"KeyError"}),
    "not-json": (
        Fault("/api/", body=b"\xff\x00"),
        {"UnicodeDecodeError", "JSONDecodeError"},
    ),
    "text-with-status": (Fault("/api/", status=503, body="busy"), {"HfHubHTTPError"}),
    "headers": (
        Fault("/api/", status=404, headers={"X-Error-Code": "RevisionNotFound"}),
        {"RevisionNotFoundError"},
    ),
}


@pytest.mark.parametrize("name", INFO_ERRORS)
def test_information_that_does_not_come(world, name):
    fault, names = INFO_ERRORS[name]
    world.hub.fail(fault)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - told by its name
        world.api.model_info(ID, timeout=1)
    assert type(caught.value).__name__ in names
    world.hub.recover()
    assert world.api.model_info(ID, timeout=20).sha == world.new


def test_a_refusal_for_being_too_often_says_when_to_come_back(world):
    world.hub.fail(Fault.rate_limited("/api/", retry_after=7))
    with pytest.raises(HfHubHTTPError) as caught:
        world.api.model_info(ID)
    assert caught.value.response.headers["Retry-After"] == "7"
    assert world.api.model_info(ID).sha == world.new


def test_pages_are_asked_for_again(world, impatient):
    """Both clients come back for a later page, which they never do for information.

    For the first page only the newer one does.
    """
    world.hub.page_size = 1
    world.hub.fail(Fault.rate_limited("/tree/.*cursor=", times=2))
    assert len(list(world.api.list_repo_tree(ID))) == 2
    assert len([one for one in world.asked() if "/tree/" in one]) == 4


def test_a_file_that_breaks_off_is_asked_for_again_or_given_up(world, impatient):
    world.hub.fail(Fault.truncated("GET .*/resolve/", after=100, times=1))
    if not NEWER:
        with pytest.raises(Exception, match="IncompleteRead"):
            world.download()
    assert world.download().read_bytes() == WEIGHTS
    assert len([one for one in world.asked() if one.startswith("GET ")]) == 2


def test_a_file_that_always_breaks_off_never_arrives(world, impatient):
    world.hub.fail(Fault.truncated("GET .*/resolve/"))
    with pytest.raises(Exception, match=r"IncompleteRead|without sending complete"):
        world.download()
    assert not [path for path in world.folder.rglob("w.bin") if path.exists()]


@pytest.mark.parametrize("tamper", [False, True])
def test_files_in_lfs_come_from_the_second_port(world, tamper):
    world.hub.tokens.add("hf_good")
    world.hub.fail(Fault("/resolve/", redirect=True, tamper=tamper))
    path = world.download(token="hf_good")
    assert (path.read_bytes() == WEIGHTS) is not tamper
    assert path.parent.name == world.new
    sent = {p: h for method, p, h in world.hub.requests if method == "GET"}
    ((place, headers),) = sent.items()
    assert place.startswith("/lfs/")
    assert headers["host"] == world.hub.lfs_url.removeprefix("http://")
    assert "authorization" not in headers
    # What git holds itself comes from the hub, as before.
    url = f"{world.hub.url}/{ID}/resolve/main/config.json"
    assert raw(url)[1]["X-Repo-Commit"] == world.new


def test_the_second_port_gives_out_nothing_that_was_not_linked(world):
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    for path in (f"/lfs/{digest}", "/api/models/acme/base"):
        with pytest.raises(urllib.error.HTTPError, match="403") as caught:
            raw(world.hub.lfs_url + path)
        caught.value.close()


def test_parts_come_from_the_second_port_too(world):
    world.hub.fail(Fault.redirected())
    url = f"{world.hub.url}/{ID}/resolve/main/w.bin"
    status, headers, body = raw(url, {"Range": "bytes=3-7"})
    assert (status, body) == (206, WEIGHTS[3:8])
    assert headers["Content-Range"] == f"bytes 3-7/{len(WEIGHTS)}"


def test_parts_are_tampered_with_where_the_whole_is(world):
    world.hub.fail(Fault.tampered())
    url = f"{world.hub.url}/{ID}/resolve/main/w.bin"
    whole = raw(url)[2]
    middle = len(WEIGHTS) // 2
    for start, stop in ((0, 10), (middle, middle + 1), (middle - 5, middle + 5)):
        part = raw(url, {"Range": f"bytes={start}-{stop - 1}"})[2]
        assert part == whole[start:stop]
    assert whole[middle] != WEIGHTS[middle]


# ── planning ────────────────────


def statuses(w, count):
    found = []
    for _ in range(count):
        try:
            found.append(raw(f"{w.hub.url}/api/models/{ID}")[0])
        except urllib.error.HTTPError as error:
            with error:
                found.append(error.code)
    return found


#: name → faults, and the answers in order
PLANS = {
    "nothing": ([], [200, 200, 200, 200]),
    "lasting": ([Fault("GET", status=500)], [500] * 4),
    "twice": ([Fault("GET", status=500, times=2)], [500, 500, 200, 200]),
    "later": ([Fault("GET", status=500, skip=1, times=1)], [200, 500, 200, 200]),
    "in-turn": (
        [Fault("GET", status=500, times=1), Fault("GET", status=429, times=2)],
        [500, 429, 429, 200],
    ),
    "skipping-lets-others-go-first": (
        [Fault("GET", status=500, skip=1, times=1), Fault("GET", status=429, times=1)],
        [429, 500, 200, 200],
    ),
    "elsewhere": ([Fault("^POST", status=500)], [200] * 4),
    "by-query": ([Fault(r"\?blobs=", status=500)], [200] * 4),
}


@pytest.mark.parametrize("name", PLANS)
def test_faults_happen_as_planned(world, name):
    faults, expected = PLANS[name]
    world.hub.fail(*faults)
    assert statuses(world, 4) == expected
    world.hub.fail(Fault("GET", status=418))
    world.hub.recover()
    assert statuses(world, 1) == [200]


#: name → arguments, reason
REFUSED = {
    "pattern": ({"pattern": "("}, "fault-pattern"),
    "never": ({"pattern": "x", "times": 0}, "fault-times"),
    "skip": ({"pattern": "x", "skip": -1}, "fault-times"),
    "too-long": ({"pattern": "x", "delay": 61}, "fault-delay"),
    "backwards": ({"pattern": "x", "delay": -1}, "fault-delay"),
    "cut": ({"pattern": "x", "truncate": -1}, "fault-truncate"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_fault_that_does_nothing_is_refused(name):
    arguments, reason = REFUSED[name]
    with pytest.raises(UsageError) as caught:
        Fault(**arguments)
    assert caught.value.reason == reason


@pytest.mark.parametrize("end", ["recover", "stop"])
def test_nobody_waits_longer_than_the_hub(end):
    """The delay is a minute; what counts is that all ends because of us."""
    with LocalHub() as hub:
        hub.fail(Fault("GET", delay=60))
        asking = threading.Thread(target=_ask, args=(hub.url,), daemon=True)
        asking.start()
        while not hub.requests:
            time.sleep(0.01)
        # Leaving waits for what is being answered, so somebody else leaves.
        leave = (
            hub.recover if end == "recover" else lambda: hub.__exit__(None, None, None)
        )
        leaving = threading.Thread(target=leave, daemon=True)
        leaving.start()
        for one in (leaving, asking):
            one.join(30)
        assert not leaving.is_alive()
        assert not asking.is_alive()


def _ask(url):
    try:
        raw(url)
    except OSError:
        return


def test_a_client_that_goes_away_does_no_harm(world):
    import socket

    host, _, port = world.hub.url.removeprefix("http://").partition(":")
    for said in (b"", b"GET /api", b"GET / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"):
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(said)
    assert statuses(world, 1) == [200]
