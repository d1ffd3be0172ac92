"""Every way in which the loopback hub can fail or lie, met by every import command.

Each cell of the table is a fault and a command: how it ends, with which reason, and
what holds for all of them: nothing is half-written, what to do next is said, no
token is in what is printed or written, and the hub is not asked without end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from cli_world import Ran
from fetch_world import FILES, LFS, FetchWorld, make_fetch_world, paths_in
from import_world import TOKEN, Terminal, reason_of

from aibom.sources.paths import MAX_FILES
from aibom.testing.hub import Fault, LocalHub

OTHER = "0123456789abcdef" * 2 + "01234567"
API = "/api/models/"
INFO = r"/api/models/[^?]*/revision/"
TREE = r"/api/models/[^?]*/tree/"
DATES = r"/api/models/[^?]*/commits/"
OWNERS = "/api/(organizations|users)/"
FILE = "/resolve/"
LARGE = r"/resolve/.*safetensors"
SMALL = r"/resolve/[^?]*config\.json"
COMMANDS = ("resolve", "scan", "lock", "lock again", "fetch", "fetch --locked")
#: Tries of one question, and redirects of each.
TRIES, HOPS = 4, 5

End = tuple[int, str]
DONE: End = (0, "")
Make = Callable[[FetchWorld], object]


@dataclass(frozen=True)
class Case:
    """A fault, and how each command ends.

    ``make`` breaks the hub after whatever was there before (a lock, for the commands
    that need one). ``heals``: once the hub is well again, the same command succeeds.
    ``reference`` is asked for instead of the model at its commit. ``says`` is in what
    is printed where the command succeeds.
    """

    make: Make
    ends: Mapping[str, End]
    heals: bool = True
    reference: Callable[[FetchWorld], str] = lambda world: world.reference
    timeout: float = 10.0
    says: Mapping[str, str] | None = None


def plan(*faults: Fault) -> Make:
    return lambda world: world.hub.fail(*faults)


#: What a hub that contradicts itself gets, where no lock says which files there are.
TWO_LISTS: Mapping[str, End] = dict.fromkeys(
    ("lock", "lock again", "fetch"), (1, "source-answer-malformed")
)


def all_end(code: int, reason: str) -> dict[str, End]:
    return dict.fromkeys(COMMANDS, (code, reason))


def reading(code: int, reason: str) -> dict[str, End]:
    """Only `resolve` reads no file."""
    return {**all_end(code, reason), "resolve": DONE}


def fetching(code: int, reason: str) -> dict[str, End]:
    """Only `fetch` reads large files."""
    given = dict.fromkeys(COMMANDS, DONE)
    return {**given, "fetch": (code, reason), "fetch --locked": (code, reason)}


def locked(code: int, reason: str) -> dict[str, End]:
    """Only a lock knows better."""
    given = dict.fromkeys(COMMANDS, DONE)
    return {**given, "lock again": (code, reason), "fetch --locked": (code, reason)}


FINE = dict.fromkeys(COMMANDS, DONE)


def on_model(**values: Any) -> Make:
    def make(world: FetchWorld) -> None:
        for name, value in values.items():
            setattr(world.model, name, value)

    return make


def edited(pattern: str, edit: Callable[[Any], Any]) -> Make:
    return plan(Fault(pattern, edit=edit))


def with_extra(**extra: Any) -> Callable[[Any], Any]:
    """The tree lists a file that the repository does not have."""
    entry = {"type": "file", "path": "extra.json", "oid": "1" * 40, "size": 3, **extra}
    return lambda rows: [*rows, entry]


def many(rows: list[Any]) -> list[Any]:
    entry = {"type": "file", "oid": "1" * 40, "size": 3}
    return [{**entry, "path": f"f{number}.json"} for number in range(MAX_FILES + 1)]


def larger(path: str) -> Callable[[Any], Any]:
    """The tree tells one byte more of a file, wherever its size stands."""

    def edit(rows: list[Any]) -> list[Any]:
        found = json.loads(json.dumps(rows))
        for row in found:
            if row["path"] == path:
                row["size"] += 1
                if "lfs" in row:
                    row["lfs"]["size"] += 1
        return found

    return edit


def published(*paths: str) -> Make:
    """The repository has paths that no folder may get, from its first commit on."""

    def make(world: FetchWorld) -> None:
        world.commit = world.model.commit(dict.fromkeys(paths, b"{}"))

    return make


def sends_to(place: Callable[[FetchWorld], str], pattern: str, status: int) -> Make:
    def make(world: FetchWorld) -> None:
        target = {"Location": place(world)}
        world.hub.fail(Fault(pattern, status=status, headers=target))

    return make


def second_commit(world: FetchWorld) -> str:
    changed = {"config.json": b'{"model_type": "gpt2"}\n'}
    return world.model.commit({**changed, "model.safetensors": b"other"}, lfs=LFS)


def swapped(world: FetchWorld) -> None:
    world.hub.fail(Fault.swapped(second_commit(world)))


def lying_in_branch(world: FetchWorld) -> None:
    world.hub.fail(Fault.lying_commit(OTHER, r"/api/models/acme/fine\?"))


def gone(world: FetchWorld) -> None:
    world.hub.delete("model", "acme/fine")


def made_anew(world: FetchWorld) -> None:
    """The same commits, under the same name, by somebody else."""
    world.hub.delete("model", "acme/fine")
    assert world.model.commit(dict(FILES), lfs=LFS) == world.commit


def other_tokens(world: FetchWorld) -> None:
    world.hub.tokens.clear()
    world.hub.tokens.add("hf_another")


LOOP = '<{}/api/models/acme/fine/tree/x?cursor=1>; rel="next"'


def turning(world: FetchWorld) -> None:
    said = {"Location": "?again", "X-Repo-Commit": world.commit}
    world.hub.fail(Fault(SMALL, status=302, headers=said))


def circle(world: FetchWorld) -> None:
    link = LOOP.format(world.hub.url)
    world.hub.fail(Fault(TREE, headers={"Link": link}))


TRANSIENT: dict[str, Case] = {
    "429 once, Retry-After": Case(plan(Fault.rate_limited(API, 2)), FINE),
    "429 once, for a file": Case(plan(Fault.rate_limited(SMALL, 2)), FINE),
    "429 once, for a large file": Case(plan(Fault.rate_limited(LARGE, 2)), FINE),
    "429 without end": Case(
        plan(Fault.rate_limited(API, 2, None)), all_end(1, "source-rate-limited")
    ),
    "429 without end, for files": Case(
        plan(Fault.rate_limited(FILE, 2, None)), reading(1, "source-rate-limited")
    ),
    "429 without end, for large files": Case(
        plan(Fault.rate_limited(LARGE, 2, None)), fetching(1, "source-rate-limited")
    ),
    "429 for an hour": Case(
        plan(Fault.rate_limited(INFO, 3600, None)), all_end(1, "source-rate-limited")
    ),
    "500 once": Case(plan(Fault.error(API, times=1)), FINE),
    "500 once, for a large file": Case(plan(Fault.error(LARGE, times=1)), FINE),
    "500 without end": Case(plan(Fault.error(API)), all_end(1, "source-unreachable")),
    "500 for the list of files": Case(
        plan(Fault.error(TREE)), all_end(1, "source-unreachable")
    ),
    "500 for small files": Case(
        plan(Fault.error(SMALL)), reading(1, "source-unreachable")
    ),
    "500 for large files": Case(
        plan(Fault.error(LARGE)), fetching(1, "source-unreachable")
    ),
    "500 for the date": Case(plan(Fault.error(DATES)), FINE),
    "a slow answer": Case(plan(Fault.slow(INFO, 60, 1)), FINE, timeout=1),
    "answers too slow": Case(
        plan(Fault.slow(INFO, 60)), all_end(1, "source-unreachable"), timeout=0.2
    ),
    "large files too slow": Case(
        plan(Fault.slow(LARGE, 60, 12)), fetching(1, "source-unreachable"), timeout=1
    ),
    "no answer once": Case(plan(Fault.dropped(API, 1)), FINE),
    "no answer": Case(plan(Fault.dropped(API)), all_end(1, "source-unreachable")),
    "no answer for a file": Case(
        plan(Fault.dropped(SMALL)), reading(1, "source-unreachable")
    ),
    "no answer for large files": Case(
        plan(Fault.dropped(LARGE)), fetching(1, "source-unreachable")
    ),
    "cut off once": Case(plan(Fault.truncated(INFO, 20, 1)), FINE),
    "cut off": Case(plan(Fault.truncated(INFO, 20)), all_end(1, "source-truncated")),
    "a large file cut off once": Case(plan(Fault.truncated(LARGE, 999, 1)), FINE),
    "small files cut off": Case(
        plan(Fault.truncated(SMALL, 3)), reading(1, "source-truncated")
    ),
    "large files cut off": Case(
        plan(Fault.truncated(LARGE, 999)), fetching(1, "source-truncated")
    ),
    "large files cut off at once": Case(
        plan(Fault.truncated(LARGE, 0)), fetching(1, "source-truncated")
    ),
    "a page for people": Case(
        plan(Fault.html(API)), all_end(1, "source-answer-malformed")
    ),
    "a page for people, for small files": Case(
        plan(Fault.html(SMALL)), reading(1, "source-answer-malformed")
    ),
    "a page for people, for large files": Case(
        plan(Fault.html(LARGE)), fetching(1, "source-answer-malformed")
    ),
    "broken JSON": Case(
        plan(Fault(INFO, body='{"id": ')), all_end(1, "source-answer-malformed")
    ),
    "broken JSON for files": Case(
        plan(Fault(TREE, body="[{]")), all_end(1, "source-answer-malformed")
    ),
    "JSON of another kind": Case(
        plan(Fault(INFO, body="[]")), all_end(1, "source-answer-malformed")
    ),
    "JSON with nothing in it": Case(
        plan(Fault(API, body="{}")), all_end(1, "source-answer-malformed")
    ),
    "an unknown status": Case(
        plan(Fault(INFO, status=418)), all_end(1, "source-answer-malformed")
    ),
    "nothing, with 204": Case(
        plan(Fault(INFO, status=204, body="")), all_end(1, "source-answer-malformed")
    ),
    "the API elsewhere": Case(
        sends_to(lambda world: f"{world.hub.lfs_url}/x", API, 302),
        all_end(1, "source-answer-malformed"),
    ),
    "the API elsewhere on the hub": Case(
        sends_to(lambda world: f"{world.hub.url}/login", API, 302),
        all_end(1, "source-answer-malformed"),
    ),
    "a file on another scheme": Case(
        sends_to(lambda _: "file:///etc/passwd", FILE, 302),
        reading(1, "source-answer-malformed"),
    ),
    "a redirect to itself": Case(turning, reading(1, "source-answer-malformed")),
    "a listing without end": Case(edited(TREE, many), all_end(1, "source-too-large")),
    "pages in a circle": Case(circle, all_end(1, "source-answer-malformed")),
}
LIES: dict[str, Case] = {
    "another commit in the JSON": Case(
        plan(Fault.lying_commit(OTHER, API)), all_end(11, "commit-contradicted")
    ),
    "another commit for files": Case(
        plan(Fault.lying_commit(OTHER, FILE)), reading(11, "commit-contradicted")
    ),
    "another commit for large files": Case(
        plan(Fault.lying_commit(OTHER, LARGE)), fetching(11, "commit-contradicted")
    ),
    "another commit in the header of the API": Case(
        plan(Fault(API, headers={"X-Repo-Commit": OTHER})),
        all_end(11, "commit-contradicted"),
    ),
    "files of another commit": Case(swapped, reading(11, "source-digest-mismatch")),
    "one bit of large files": Case(
        plan(Fault.tampered(LARGE)), fetching(11, "source-digest-mismatch")
    ),
    "one bit of small files": Case(
        plan(Fault.tampered(SMALL)), reading(11, "source-digest-mismatch")
    ),
    "one bit, on the second port": Case(
        plan(Fault(LARGE, redirect=True, tamper=True)),
        fetching(11, "source-digest-mismatch"),
    ),
    "another size of a small file": Case(
        edited(TREE, larger("config.json")),
        {**reading(11, "source-digest-mismatch"), **TWO_LISTS},
    ),
    "another size of a large file": Case(
        edited(TREE, larger("model.safetensors")),
        {**fetching(11, "source-digest-mismatch"), **TWO_LISTS},
    ),
    "a small file that is not there": Case(
        edited(TREE, with_extra()),
        {
            **reading(1, "source-file-absent"),
            **TWO_LISTS,
            "fetch --locked": (11, "source-file-extra"),
        },
    ),
    "a large file that is not there": Case(
        edited(
            TREE,
            with_extra(path="x.safetensors", lfs={"oid": "2" * 64, "size": 3}),
        ),
        {**FINE, **TWO_LISTS, "fetch --locked": (11, "source-file-extra")},
        says={"resolve": "two lists of files"},
    ),
    "a file that is not listed": Case(
        edited(TREE, lambda rows: [r for r in rows if r["path"] != "config.json"]),
        {**FINE, **TWO_LISTS, "fetch --locked": (11, "source-file-missing")},
        says={"resolve": "two lists of files"},
    ),
    "another account": Case(
        plan(Fault.changed_owner()), locked(11, "source-owner-changed")
    ),
    "an account of another name": Case(
        plan(Fault.changed_owner(name="mallory")), locked(11, "source-owner-changed")
    ),
    "nobody tells the account": Case(
        plan(Fault.error(OWNERS)), locked(11, "source-owner-changed")
    ),
    "a page for people, for accounts": Case(
        plan(Fault.html(OWNERS)), locked(11, "source-owner-changed")
    ),
}
STATES: dict[str, Case] = {
    "gated": Case(on_model(gated="manual", readers=set()), reading(1, "source-gated")),
    "gated, and a list of readers": Case(on_model(gated="manual"), FINE),
    "gated while it is fetched": Case(
        plan(Fault.gated(LARGE)), fetching(1, "source-gated")
    ),
    "private": Case(
        on_model(private=True, readers=set()), all_end(1, "source-missing-or-private")
    ),
    "disabled": Case(on_model(disabled=True), all_end(1, "source-disabled")),
    "missing": Case(gone, all_end(1, "source-missing-or-private")),
    "made anew": Case(made_anew, locked(11, "source-owner-changed")),
    "renamed": Case(on_model(renamed_to="mallory/fine"), all_end(11, "source-renamed")),
    "no scans": Case(on_model(security=None), FINE),
    "a token that is not valid": Case(other_tokens, all_end(1, "source-unauthorized")),
    "files on the second port": Case(plan(Fault.redirected()), FINE),
    "no account of that name": Case(
        lambda world: world.hub.forget_owner("acme"),
        locked(11, "source-owner-changed"),
    ),
}
#: No lock can be made of these, so the commands that need one are left out.
NEW: dict[str, Case] = {
    f"the path {path!r}": Case(
        published(*path.split("|")), all_end(11, "source-path-refused")
    )
    for path in (
        "../../evil.txt",
        "/etc/evil.txt",
        "a/../../evil.txt",
        "a\\b.txt",
        ".git/config",
        "a//b",
        "README.MD",
        "a\nb",
        "./a",
    )
} | {
    "an unknown commit": Case(
        lambda _: None,
        all_end(1, "source-revision-missing"),
        reference=lambda _: f"hf:acme/fine@{OTHER}",
    ),
    "no such repository": Case(
        lambda _: None,
        all_end(1, "source-missing-or-private"),
        reference=lambda _: f"hf:acme/none@{OTHER}",
    ),
}
FAULTS = {**TRANSIENT, **LIES, **STATES}
CELLS = [
    *((name, command) for name in FAULTS for command in COMMANDS),
    *((name, command) for name in NEW for command in COMMANDS if " " not in command),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FetchWorld]:
    (tmp_path / "world").mkdir()
    with LocalHub() as hub:
        yield make_fetch_world(tmp_path / "world", hub)


@pytest.fixture
def terminal(
    world: FetchWorld,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Terminal:
    return Terminal(world, monkeypatch, capfd)


@pytest.mark.parametrize(
    ("name", "command"), CELLS, ids=[f"{name}: {command}" for name, command in CELLS]
)
def test_a_command_meets_a_fault(terminal: Terminal, name: str, command: str) -> None:
    world, case = terminal.world, {**FAULTS, **NEW}[name]
    if " " in command:
        assert terminal(*terminal.words("lock")).code == 0
    case.make(world)
    words = terminal.words(command, case.reference(world))
    before, asked = terminal.state(), len(world.hub.requests)
    terminal.timeout = case.timeout
    ran = terminal(*words)
    assert (ran.code, reason_of(ran)) == case.ends[command], ran
    require_quiet(terminal, ran)
    require_bounded(terminal, asked)
    if ran.code:
        require_told(ran)
        require_nothing_written(terminal, before, ran)
    else:
        require_written(terminal, command)
        said = (case.says or {}).get(command, "")
        assert said in ran.out + ran.err
    if ran.code and case.heals and name not in STATES and name not in NEW:
        world.hub.recover()
        terminal.timeout = 10
        again = terminal(*words)
        assert again.code == 0, again
        require_written(terminal, command)


def test_every_fault_of_the_hub_is_in_the_table(
    world: FetchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that a fault can be told to do, but to run something (test_two_commits)."""
    planned: list[Fault] = []
    monkeypatch.setattr(world.hub, "fail", lambda *faults: planned.extend(faults))
    for name in sorted({**TRANSIENT, **LIES}):
        {**TRANSIENT, **LIES}[name].make(world)
    STATES["gated while it is fetched"].make(world)
    STATES["files on the second port"].make(world)
    usual = Fault("x")
    used = {
        each.name
        for each in fields(Fault)
        if any(
            getattr(fault, each.name) != getattr(usual, each.name) for fault in planned
        )
    }
    assert used == {each.name for each in fields(Fault)} - {"call", "skip"}


def require_quiet(terminal: Terminal, ran: Ran) -> None:
    """No traceback, no token: not printed, not written, not sent to another port."""
    said = ran.out + ran.err
    assert "Traceback" not in said
    assert TOKEN not in said
    written = [path.read_bytes() for path in files_of(terminal)]
    assert not any(TOKEN.encode() in data for data in written)
    for seen in terminal.world.hub.requests:
        if "/lfs/" in str(seen):
            assert TOKEN not in str(seen)


def files_of(terminal: Terminal) -> list[Path]:
    folders = (terminal.world.folder, terminal.temporary)
    return [p for f in folders for p in f.rglob("*") if p.is_file()]


def require_bounded(terminal: Terminal, before: int) -> None:
    """Each thing is asked for a few times, and nobody would have waited for long."""
    seen = [target for _, target, _ in terminal.world.hub.requests[before:]]
    most = max(map(seen.count, seen), default=0)
    assert most <= TRIES * HOPS, most
    assert all(0 <= wait <= 30 for wait in terminal.waits)


def require_told(ran: Ran) -> None:
    """What is wrong, with what, and what to do next."""
    lines = ran.err.splitlines()
    at = next(i for i, line in enumerate(lines) if f"[{reason_of(ran)}]" in line)
    assert lines[at].startswith("aibom: hf:acme/") or ": " in lines[at][7:], ran
    assert lines[at + 1].startswith("  "), ran
    assert len(lines[at + 1].strip()) > 10, ran


def require_nothing_written(
    terminal: Terminal, before: Mapping[str, str], ran: Ran
) -> None:
    """Only a quarantine may be there that was not, and only for another try."""
    world = terminal.world
    kept = world.quarantine.relative_to(world.folder).as_posix()
    now = terminal.state()
    new = {path for path in now if now[path] != before.get(path)}
    ours = {path for path in new if path == kept or path.startswith(f"{kept}/")}
    assert before.keys() - now.keys() == set()
    assert new - ours == set()
    assert not ours or ran.code == 1
    if ours:
        assert f"{world.quarantine.name}; the same command goes on there" in ran.err
        assert not (ours - {kept}) or (world.quarantine / "state.json").is_file()
    assert ran.out == ""


def require_written(terminal: Terminal, command: str) -> None:
    world = terminal.world
    if command == "scan":
        assert json.loads((world.folder / "out.cdx.json").read_bytes())["metadata"]
    elif command.startswith("lock"):
        assert json.loads((world.folder / "aibom.lock").read_bytes())["artifacts"]
    elif command.startswith("fetch"):
        assert world.gate().exit_code == 0
        for path in set(paths_in(world.target)) & FILES.keys():
            assert (world.target / path).read_bytes() == FILES[path]
        assert not world.quarantine.exists()
    assert not list(terminal.temporary.iterdir())
