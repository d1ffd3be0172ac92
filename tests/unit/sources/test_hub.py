"""The live Hub behind our port, against a hub on loopback, with either client."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from aibom.errors import AibomError, InputError, UsageError, VerificationFailed
from aibom.sources.hub import HubSource
from aibom.sources.reference import Reference
from aibom.sources.remote import Owner, RemoteFile, Resolved, ScanStatus
from aibom.testing.hub import Fault, LocalHub

CARD = b"---\nlicense: mit\n---\n# Base\n"
WEIGHTS = bytes(range(256)) * 2000
FILES = {"README.md": CARD, "config.json": b"{}", "sub dir/w+1#.safetensors": WEIGHTS}
LFS = {"sub dir/w+1#.safetensors"}
NAME = "acme/base"
TOKEN = "hf_" + "secret" * 6
EVERYTHING = "."


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.model(NAME).commit(FILES, lfs=LFS)
        yield running


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def ask(hub: LocalHub, slept: list[float]) -> HubSource:
    return source(hub, slept)


def source(hub: LocalHub, slept: list[float] | None = None, **more: Any) -> HubSource:
    waits = slept if slept is not None else []
    return HubSource(**{"endpoint": hub.url, "token": "", "sleep": waits.append} | more)


def ref(revision: str | None = None, name: str = NAME) -> Reference:
    return Reference("hf", name, revision, "model")


def main_of(hub: LocalHub) -> str:
    return hub.model(NAME).branches()["main"]


def named(resolved: Resolved, path: str) -> RemoteFile:
    return next(file for file in resolved.files if file.path == path)


# ── what is there ────────────────────


def test_resolve_tells_everything(hub: LocalHub, ask: HubSource) -> None:
    repo = hub.model(NAME)

    resolved = ask.resolve(ref())

    assert resolved == Resolved(
        reference=ref(),
        files=tuple(
            RemoteFile(
                path,
                len(content),
                sha256=hashlib.sha256(content).hexdigest() if path in LFS else None,
                git_blob=None if path in LFS else blob_id(content),
            )
            for path, content in sorted(FILES.items())
        ),
        mode="online",
        where=hub.url,
        name=NAME,
        commit=main_of(hub),
        committed="2026-01-02T03:04:05.000Z",
        owner=Owner(
            "acme", "organisation", hub.owner("acme").id24, "2026-01-02T03:04:05.000Z"
        ),
        repository=repo.id24,
        gated=None,
        scan=ScanStatus(True),
    )
    assert resolved.size == sum(map(len, FILES.values()))


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def test_the_commit_that_was_found_is_in_every_later_question(
    hub: LocalHub, ask: HubSource, tmp_path: Path
) -> None:
    resolved = ask.resolve(ref("main"))
    for file in resolved.files:
        ask.download(resolved, file, tmp_path / "out", tmp_path)

    paths = [path for _, path, _ in hub.requests]
    assert paths[0].startswith(f"/api/models/{NAME}/revision/main?")
    asked = [path for path in paths[1:] if "/organizations/" not in path]
    assert len(asked) == 2 + len(FILES)
    assert all(str(resolved.commit) in path for path in asked)


def test_a_branch_that_moves_meanwhile_does_not_mix_two_commits(
    hub: LocalHub, ask: HubSource
) -> None:
    old = main_of(hub)
    repo = hub.model(NAME)
    hub.fail(
        Fault.moving("/tree/", lambda: repo.commit({"config.json": b'{"new": 1}'}))
    )

    resolved = ask.resolve(ref())

    assert resolved.commit == old != main_of(hub)
    assert ask.read(resolved, named(resolved, "config.json"), 100) == b"{}"


def test_revisions(hub: LocalHub, ask: HubSource) -> None:
    old = main_of(hub)
    repo = hub.model(NAME)
    repo.ref("v1.0", old, tag=True)
    repo.ref("feature/x", old)
    new = repo.commit({"config.json": b"[]"}, date="2026-03-04T00:00:00.000Z")

    found = {
        revision: ask.resolve(ref(revision)).commit
        for revision in (None, "main", "v1.0", "feature/x", old, new)
    }

    assert found == {
        None: new,
        "main": new,
        "v1.0": old,
        "feature/x": old,
        old: old,
        new: new,
    }
    assert ask.resolve(ref(new)).committed == "2026-03-04T00:00:00.000Z"
    assert ask.resolve(ref(old)).committed == "2026-01-02T03:04:05.000Z"


MISSING = ("v9", "refs/pr/7", "0" * 40)


@pytest.mark.parametrize("revision", MISSING)
def test_revisions_that_are_not_there(
    hub: LocalHub, ask: HubSource, slept: list[float], revision: str
) -> None:
    with pytest.raises(InputError) as caught:
        ask.resolve(ref(revision))

    assert caught.value.reason == "source-revision-missing"
    assert slept == []


def test_datasets(hub: LocalHub, ask: HubSource) -> None:
    commit = hub.dataset("acme/corpus").commit({"data.csv": b"a,b\n"})

    resolved = ask.resolve(Reference.parse("hf:datasets/acme/corpus"))

    assert resolved.commit == commit
    # The hub has no security status of datasets, so none is missed.
    assert (resolved.scan, resolved.unsure) == (None, ())
    assert ask.read(resolved, resolved.files[0], 100) == b"a,b\n"


def test_many_pages(hub: LocalHub, ask: HubSource) -> None:
    hub.page_size = 7
    hub.model(NAME).commit({f"part-{i:03}.json": b"%d" % i for i in range(50)})

    resolved = ask.resolve(ref())

    assert len(resolved.files) == len(FILES) + 50
    assert resolved.unsure == ()


def test_eight_threads(hub: LocalHub, ask: HubSource, tmp_path: Path) -> None:
    contents = {f"f{i:02}.bin": os.urandom(1000 + i) for i in range(40)}
    hub.model(NAME).commit(contents, lfs=set(contents))
    resolved = ask.resolve(ref())

    def fetch(file: RemoteFile) -> bytes:
        ask.download(resolved, file, tmp_path / file.path.replace("/", "_"), tmp_path)
        return (tmp_path / file.path.replace("/", "_")).read_bytes()

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(fetch, resolved.files))

    every = FILES | contents
    assert got == [every[file.path] for file in resolved.files]


def test_no_cache_of_the_user_is_read_or_written(
    hub: LocalHub, ask: HubSource, tmp_path: Path
) -> None:
    home = Path(os.environ["HOME"])
    resolved = ask.resolve(ref())
    ask.download(resolved, resolved.files[0], tmp_path / "out", tmp_path)

    assert [p for p in home.rglob("*") if "acme" in p.name] == []


# ── every fault of the hub, in each of the three calls ────────────────────


@dataclass(frozen=True)
class Case:
    """What goes wrong once the repository was resolved well, and how calls end then.

    With a reason, or None where it succeeds. ``pinned``: the commit is asked for.
    """

    arrange: Callable[[LocalHub], object]
    resolve: str | None
    read: str | None
    download: str | None
    pinned: bool = False
    timeout: float = 10


def always(fault: Fault) -> Callable[[LocalHub], object]:
    return lambda hub: hub.fail(fault)


def files_say(status: int, **headers: str) -> Callable[[LocalHub], object]:
    """Answer for files with headers, in which ``COMMIT`` is the right one."""

    def arrange(hub: LocalHub) -> None:
        right = main_of(hub)
        said = {
            name.replace("_", "-"): value.replace("COMMIT", right)
            for name, value in headers.items()
        }
        hub.fail(Fault("/resolve/", status=status, body=CARD + b"!", headers=said))

    return arrange


def every(reason: str | None, fault: Fault, **more: Any) -> Case:
    return Case(always(fault), reason, reason, reason, **more)


def _set(**values: Any) -> Callable[[LocalHub], object]:
    def arrange(hub: LocalHub) -> None:
        for name, value in values.items():
            setattr(hub.model(NAME), name, value)

    return arrange


def _swap(hub: LocalHub) -> None:
    repo, main = hub.model(NAME), main_of(hub)
    other = repo.commit({"README.md": CARD.replace(b"mit", b"bsd")}, ref="evil")
    repo.ref("main", main)
    hub.fail(Fault.swapped(other))


def _edit(path: str, change: Callable[[Any], Any]) -> Fault:
    return Fault(path, edit=change)


CASES = {
    "error-500": every("source-unreachable", Fault.error(EVERYTHING)),
    "error-503-once": every(None, Fault.error(EVERYTHING, 503, times=1)),
    "error-408": every("source-unreachable", Fault.error(EVERYTHING, 408)),
    "error-418": every("source-answer-malformed", Fault.error(EVERYTHING, 418)),
    "bare-401": every("source-missing-or-private", Fault.error(EVERYTHING, 401)),
    "bare-403": every("source-unauthorized", Fault.error(EVERYTHING, 403)),
    "bare-404": Case(
        always(Fault.error(EVERYTHING, 404)),
        "source-missing-or-private",
        "source-file-absent",
        "source-file-absent",
    ),
    "legal-451": every("source-disabled", Fault.error(EVERYTHING, 451)),
    "rate-limited": every(
        "source-rate-limited", Fault.rate_limited(EVERYTHING, times=None)
    ),
    "rate-limited-once": every(None, Fault.rate_limited(EVERYTHING)),
    "rate-limited-for-long": every(
        "source-rate-limited", Fault.rate_limited(EVERYTHING, retry_after=3600)
    ),
    "slow": every("source-unreachable", Fault.slow(EVERYTHING, 50), timeout=0.3),
    "dropped": every("source-unreachable", Fault.dropped(EVERYTHING)),
    "dropped-thrice": every(None, Fault.dropped(EVERYTHING, times=3)),
    "truncated": every("source-truncated", Fault.truncated(EVERYTHING, 3)),
    "truncated-once": every(None, Fault.truncated(EVERYTHING, 3, times=1)),
    "html": every("source-answer-malformed", Fault.html(EVERYTHING)),
    "html-502": every("source-unreachable", Fault.html(EVERYTHING, 502)),
    "no-json": Case(
        always(Fault("/api/", body=b'{"sha": ')), "source-answer-malformed", None, None
    ),
    "compressed": every(
        "source-answer-malformed",
        Fault(EVERYTHING, headers={"Content-Encoding": "gzip"}),
    ),
    "login-page-by-redirect": every(
        "source-answer-malformed",
        Fault(EVERYTHING, status=302, headers={"Location": "/login?next=/"}),
    ),
    "redirect-to-a-file-scheme": every(
        "source-answer-malformed",
        Fault(EVERYTHING, status=302, headers={"Location": "file:///etc/passwd"}),
    ),
    "lying-commit": every(
        "commit-contradicted", Fault.lying_commit("b" * 40), pinned=True
    ),
    "lying-commit-of-main": Case(
        always(Fault.lying_commit("b" * 40)),
        "source-revision-missing",
        "commit-contradicted",
        "commit-contradicted",
    ),
    "lying-commit-in-tree": Case(
        always(Fault("/tree/", headers={"X-Repo-Commit": "b" * 40})),
        "commit-contradicted",
        None,
        None,
    ),
    "lying-commit-in-info": Case(
        always(Fault(r"models/acme/base\?", headers={"X-Repo-Commit": "b" * 40})),
        "commit-contradicted",
        None,
        None,
    ),
    "no-commit-told": Case(
        always(Fault("/resolve/", status=200, body=CARD)),
        None,
        "source-answer-malformed",
        "source-answer-malformed",
    ),
    # A download is hashed by its caller; the same size is all that is compared here.
    "swapped": Case(_swap, None, "source-digest-mismatch", None),
    "tampered": Case(always(Fault.tampered()), None, "source-digest-mismatch", None),
    "another-size": Case(
        files_say(200, x_repo_commit="COMMIT"),
        None,
        "source-digest-mismatch",
        "source-digest-mismatch",
    ),
    "another-digest": Case(
        files_say(200, x_repo_commit="COMMIT", x_linked_etag='"' + "0" * 64 + '"'),
        None,
        "source-digest-mismatch",
        "source-digest-mismatch",
    ),
    "gated-fault": Case(always(Fault.gated()), None, "source-gated", "source-gated"),
    "gated": Case(_set(gated="manual"), None, "source-gated", "source-gated"),
    "private": Case(_set(private=True), *("source-missing-or-private",) * 3),
    "deleted": Case(
        lambda hub: hub.delete("model", NAME), *("source-missing-or-private",) * 3
    ),
    "disabled": Case(_set(disabled=True), *("source-disabled",) * 3),
    "disabled-told": Case(
        always(_edit(r"models/acme/base\?", lambda v: v | {"disabled": True})),
        "source-disabled",
        None,
        None,
    ),
    "renamed": Case(_set(renamed_to="evil/base"), *("source-renamed",) * 3),
    "renamed-quietly": Case(
        always(_edit(r"models/acme/base\?", lambda v: v | {"id": "evil/base"})),
        "source-renamed",
        None,
        None,
    ),
    "renamed-in-case": Case(
        always(_edit(r"models/acme/base\?", lambda v: v | {"id": "Acme/base"})),
        "source-renamed",
        None,
        None,
    ),
    "file-gone": Case(
        files_say(404, x_error_code="EntryNotFound", x_repo_commit="COMMIT"),
        None,
        "source-file-absent",
        "source-file-absent",
    ),
    "commit-gone": Case(
        files_say(404, x_error_code="RevisionNotFound"),
        None,
        "source-revision-missing",
        "source-revision-missing",
    ),
    "redirected": Case(always(Fault.redirected()), None, None, None),
    "redirects-without-end": Case(
        files_say(
            302,
            location="/acme/base/resolve/COMMIT/README.md",
            x_repo_commit="COMMIT",
        ),
        None,
        "source-answer-malformed",
        "source-answer-malformed",
    ),
    "a-path-out-of-the-folder": Case(
        always(_edit("/tree/", lambda v: [v[-1] | {"path": "../../evil"}])),
        "source-path-refused",
        None,
        None,
    ),
    "a-submodule": Case(
        always(_edit("/tree/", lambda v: [*v, v[0] | {"type": "submodule"}])),
        "source-path-refused",
        None,
        None,
    ),
    "changed-owner": Case(always(Fault.changed_owner()), None, None, None),
    "nobody-knows-the-owner": Case(
        lambda hub: hub.forget_owner("acme"), None, None, None
    ),
}
EXIT_11 = {
    "source-renamed",
    "source-path-refused",
    "commit-contradicted",
    "source-digest-mismatch",
}


def outcome(act: Callable[[], object]) -> AibomError | None:
    try:
        act()
    except AibomError as error:
        return error
    return None


@pytest.mark.parametrize("call", ["resolve", "read", "download"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_faults(
    hub: LocalHub, slept: list[float], tmp_path: Path, case: Case, call: str
) -> None:
    ask = source(hub, slept, timeout=case.timeout)
    commit = main_of(hub)
    resolved = source(hub).resolve(ref())
    file = named(resolved, "README.md")
    case.arrange(hub)

    error = outcome(
        {
            "resolve": lambda: ask.resolve(ref(commit if case.pinned else None)),
            "read": lambda: ask.read(resolved, file, 1000),
            "download": lambda: ask.download(
                resolved, file, tmp_path / "out", tmp_path
            ),
        }[call]
    )

    expected = getattr(case, call)
    assert (error.reason if error else None) == expected
    assert sum(slept) <= 31
    assert (tmp_path / "out").exists() == (call == "download" and expected is None)
    if error is not None:
        _reads_like_a_good_error(error)


def _reads_like_a_good_error(error: AibomError) -> None:
    expected = VerificationFailed if error.reason in EXIT_11 else InputError
    assert type(error) is expected
    assert error.exit_code == (11 if error.reason in EXIT_11 else 1)
    assert str(error.where).startswith("hf:acme/base")
    assert error.hint
    for text in (error.message, error.hint):
        assert not text.endswith(".")
        assert not re.search(r"httpx|urllib|requests\.|Error\(|127\.0\.0\.1", text)
    assert len(error.message) < 160


# ── waiting ────────────────────


def test_waits_grow(hub: LocalHub, ask: HubSource, slept: list[float]) -> None:
    hub.fail(Fault.error(EVERYTHING))

    with pytest.raises(InputError):
        ask.resolve(ref())

    assert slept == [0.5, 1, 2]
    assert len(hub.requests) == 4


RATES = {
    "retry-after": ({"Retry-After": "7"}, [7], None),
    "retry-after-is-less": ({"Retry-After": "0"}, [0.5], None),
    "used-up": ({"RateLimit": '"api";r=0;t=9'}, [9], None),
    "not-used-up": ({"RateLimit": '"api";r=3;t=9'}, [0.5], None),
    "a-date": ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, [0.5], None),
    "the-longest": ({"Retry-After": "30"}, [30], None),
    "too-long": ({"Retry-After": "31"}, [], "try again in 31 seconds"),
    "absurd": ({"Retry-After": "9" * 50}, [0.5], None),
}


@pytest.mark.parametrize(("headers", "waits", "hint"), RATES.values(), ids=RATES)
@pytest.mark.parametrize("status", [429, 503])
def test_waits_as_long_as_is_asked(
    hub: LocalHub,
    ask: HubSource,
    slept: list[float],
    status: int,
    headers: dict[str, str],
    waits: list[float],
    hint: str | None,
) -> None:
    hub.fail(Fault(EVERYTHING, status=status, headers=headers, times=1))

    error = outcome(lambda: ask.resolve(ref()))

    assert slept == waits
    assert (error is None) == (hint is None)
    if error is not None and hint is not None:
        assert error.reason == "source-rate-limited"
        assert hint in (error.hint or "")


def test_an_answer_that_never_ends(hub: LocalHub) -> None:
    """Each piece of it comes in time; all of it does not."""
    ask = source(hub, clock=itertools.count(step=61).__next__)

    with pytest.raises(InputError) as caught:
        ask.resolve(ref())

    assert caught.value.reason == "source-unreachable"
    assert "too long" in caught.value.message


def test_an_answer_without_bounds(
    hub: LocalHub, ask: HubSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aibom.sources.hub_client.MAX_ANSWER", 100)

    with pytest.raises(InputError) as caught:
        ask.resolve(ref())

    assert caught.value.reason == "source-too-large"


@pytest.mark.parametrize("name", ["MAX_FILES", "_MAX_PAGES"])
def test_a_list_without_bounds(
    hub: LocalHub, ask: HubSource, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(f"aibom.sources.hub.{name}", 2)
    hub.page_size = 1

    with pytest.raises(InputError) as caught:
        ask.resolve(ref())

    assert caught.value.reason == "source-too-large"


def test_nobody_listens() -> None:
    slept: list[float] = []
    with LocalHub() as hub:
        url = hub.url
    ask = HubSource(endpoint=url, token="", sleep=slept.append)

    with pytest.raises(InputError) as caught:
        ask.resolve(ref())

    assert caught.value.reason == "source-unreachable"
    assert "refuses the connection" in caught.value.message
    assert len(slept) == 3


# ── tokens, and where they go ────────────────────


def test_a_token_opens_what_is_gated(hub: LocalHub, tmp_path: Path) -> None:
    hub.tokens.add(TOKEN)
    hub.model(NAME).gated = "manual"
    hub.fail(Fault.redirected())
    ask = source(hub, token=TOKEN)

    resolved = ask.resolve(ref())
    for file in resolved.files:
        ask.download(resolved, file, tmp_path / "out", tmp_path)

    assert resolved.gated == "manual"
    sent = {
        path.startswith("/lfs/"): headers.get("authorization")
        for _, path, headers in hub.requests
    }
    assert sent == {False: f"Bearer {TOKEN}", True: None}


def test_the_token_of_the_environment(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.tokens.add(TOKEN)
    monkeypatch.setenv("HF_TOKEN", TOKEN)

    HubSource(endpoint=hub.url).resolve(ref())

    assert {h.get("authorization") for _, _, h in hub.requests} == {f"Bearer {TOKEN}"}


def test_a_netrc_is_not_read(
    hub: LocalHub, ask: HubSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    ask.resolve(ref())

    assert {h.get("authorization") for _, _, h in hub.requests} == {None}


TOKENS = {
    "refused": ("hf_wrong", "source-unauthorized"),
    "with-a-newline": ("hf_a\r\nX-Evil: 1", "source-unauthorized"),
    "not-ascii": ("hf_ä", "source-unauthorized"),
}


@pytest.mark.parametrize(("token", "reason"), TOKENS.values(), ids=TOKENS)
def test_bad_tokens_are_refused_and_not_shown(
    hub: LocalHub, token: str, reason: str
) -> None:
    error = outcome(lambda: source(hub, token=token).resolve(ref()))

    assert error is not None
    assert (error.reason, error.exit_code) == (reason, 1)
    assert "hf_w" not in f"{error} {error.hint}"
    assert "hf_a" not in f"{error} {error.hint}"


def test_without_access_missing_and_private_are_the_same(hub: LocalHub) -> None:
    hub.tokens.add(TOKEN)
    hub.model(NAME).private = True
    hub.model(NAME).readers = set()

    errors = [
        outcome(partial(source(hub, token=token).resolve, ref(name=name)))
        for token in ("", TOKEN)
        for name in (NAME, "acme/nothing")
    ]

    assert [e and e.reason for e in errors] == ["source-missing-or-private"] * 4
    assert "set a token" in str(errors[0] and errors[0].hint)
    assert "your token" in str(errors[2] and errors[2].hint)


ENDPOINTS = ("", "hub.example.com", "ftp://hub.example.com", "https://me:pw@host")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_endpoints_that_are_none(endpoint: str) -> None:
    with pytest.raises(UsageError) as caught:
        HubSource(endpoint=endpoint, token="")

    assert "pw" not in str(caught.value)


# ── redirects of files ────────────────────


WITHIN = {
    "silent": ({}, None),
    "of-that-commit": ({"X-Repo-Commit": "COMMIT"}, None),
    "of-another": ({"X-Repo-Commit": "b" * 40}, "commit-contradicted"),
}


@pytest.mark.parametrize(("headers", "reason"), WITHIN.values(), ids=WITHIN)
def test_redirects_within_the_hub_are_followed(
    hub: LocalHub, headers: dict[str, str], reason: str | None
) -> None:
    """The real one sends to such a place for files that it keeps in git."""
    hub.tokens.add(TOKEN)
    ask = source(hub, token=TOKEN)
    resolved = ask.resolve(ref())
    commit = str(resolved.commit)
    place = f"/api/resolve-cache/models/acme/base/{commit}/README.md?etag=1"
    first = {"Location": place, "X-Repo-Commit": commit}
    second = {name: v.replace("COMMIT", commit) for name, v in headers.items()}
    hub.fail(Fault("/base/resolve/", status=307, headers=first))
    hub.fail(Fault("/resolve-cache/", body=CARD, headers=second))

    error = outcome(lambda: ask.read(resolved, named(resolved, "README.md"), 1000))

    assert (error.reason if error else None) == reason
    assert hub.requests[-1][2]["authorization"] == f"Bearer {TOKEN}"


def test_another_name_in_a_redirect_is_told(hub: LocalHub, ask: HubSource) -> None:
    resolved = ask.resolve(ref())
    hub.model(NAME).renamed_to = "new-owner/base"

    with pytest.raises(VerificationFailed) as caught:
        ask.read(resolved, resolved.files[0], 1000)

    assert "hf:new-owner/base" in str(caught.value.hint)


def test_a_legacy_name_of_one_part(hub: LocalHub, ask: HubSource) -> None:
    hub.model("gpt0").commit({"config.json": b"{}"})
    resolved = ask.resolve(ref(name="gpt0"))
    assert resolved.owner is None
    assert "which account" in resolved.unsure[0]

    hub.model("gpt0").renamed_to = "community/gpt0"
    for revision in (None, "main", resolved.commit):
        with pytest.raises(VerificationFailed) as caught:
            ask.resolve(ref(revision, name="gpt0"))
        assert caught.value.reason == "source-renamed"
        assert "hf:community/gpt0" in str(caught.value.hint)


# ── what is unsure ────────────────────


def _without(*keys: str) -> Callable[[Any], Any]:
    return lambda value: {k: v for k, v in value.items() if k not in keys}


UNSURE = {
    "no-repository-id": (_edit(r"base\?", _without("_id")), "id of the repository"),
    "no-gate": (_edit(r"base\?", _without("gated")), "restricted"),
    "no-scan": (_edit(r"base\?", _without("securityRepoStatus")), "scans"),
    "no-siblings": (_edit(r"base\?", _without("siblings")), "only one list"),
    "no-author": (_edit(r"base\?", _without("author")), "as its author"),
    "fewer-siblings": (
        _edit(r"base\?", lambda v: v | {"siblings": v["siblings"][1:]}),
        "not the same",
    ),
    "other-sizes": (
        _edit(
            r"base\?",
            lambda v: v | {"siblings": [s | {"size": 1} for s in v["siblings"]]},
        ),
        "differ in sizes",
    ),
    "no-date": (Fault.error("/commits/", 404), "date of the commit"),
    "date-of-another": (
        _edit("/commits/", lambda v: [v[0] | {"id": "c" * 40}]),
        "date of the commit",
    ),
    "no-account-id": (_edit("/overview", _without("_id")), "id of the account"),
    "no-account-age": (_edit("/overview", _without("createdAt")), "since when"),
    "another-account": (
        _edit("/overview", lambda v: v | {"name": "evil"}),
        "another account",
    ),
    "account-unreachable": (Fault.error("/overview"), "could not be asked"),
    "account-moved": (
        Fault("/overview", status=307, headers={"Location": "/api/x"}),
        "could not be asked",
    ),
    "no-such-account": (Fault.error("/overview", 404), "knows no account"),
}


@pytest.mark.parametrize(("fault", "says"), UNSURE.values(), ids=UNSURE)
def test_what_the_hub_does_not_tell_is_told(
    hub: LocalHub, ask: HubSource, fault: Fault, says: str
) -> None:
    hub.fail(fault)

    resolved = ask.resolve(ref())

    assert len(resolved.unsure) == 1
    assert says in resolved.unsure[0]
    assert resolved.commit == main_of(hub)


def test_owners(hub: LocalHub, ask: HubSource) -> None:
    hub.owner("acme", "user")
    user = ask.resolve(ref()).owner
    hub.owner("acme").recreate()
    another = ask.resolve(ref()).owner
    hub.forget_owner("acme")
    nobody = ask.resolve(ref()).owner

    assert user is not None
    assert another is not None
    assert (user.name, user.kind) == ("acme", "user")
    assert user.id != another.id
    assert nobody == Owner("acme")


def test_scans_are_handed_on(hub: LocalHub, ask: HubSource) -> None:
    issue = {"path": "config.json", "level": "unsafe"}
    hub.model(NAME).security = {"scansDone": False, "filesWithIssues": [issue]}

    assert ask.resolve(ref()).scan == ScanStatus(False, (("config.json", "unsafe"),))


# ── reading ────────────────────


def test_read_is_bounded_before_it_asks(hub: LocalHub, ask: HubSource) -> None:
    resolved = ask.resolve(ref())
    file = named(resolved, "README.md")
    before = len(hub.requests)

    assert ask.read(resolved, file, len(CARD)) == CARD
    with pytest.raises(InputError) as caught:
        ask.read(resolved, file, len(CARD) - 1)

    assert caught.value.reason == "source-too-large"
    assert len(hub.requests) == before + 1


def test_read_checks_both_digests(hub: LocalHub, ask: HubSource) -> None:
    resolved = ask.resolve(ref())
    assert ask.read(resolved, named(resolved, next(iter(LFS))), 10**6) == WEIGHTS
    for lie in (
        RemoteFile("README.md", len(CARD), sha256="0" * 64),
        RemoteFile("README.md", len(CARD), git_blob="0" * 40),
    ):
        with pytest.raises(VerificationFailed) as caught:
            ask.read(resolved, lie, 1000)
        assert caught.value.reason == "source-digest-mismatch"


def test_a_digest_that_is_announced_otherwise_is_seen_at_once(
    hub: LocalHub, ask: HubSource, tmp_path: Path
) -> None:
    resolved = ask.resolve(ref())
    file = named(resolved, next(iter(LFS)))
    lie = RemoteFile(file.path, file.size, sha256="0" * 64)

    with pytest.raises(VerificationFailed) as caught:
        ask.download(resolved, lie, tmp_path / "out", tmp_path)

    assert caught.value.reason == "source-digest-mismatch"
    assert list(tmp_path.iterdir()) == []
