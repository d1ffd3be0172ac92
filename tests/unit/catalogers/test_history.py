"""What git says of a dataset's changes: claimed, complete, and by pseudonym."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aibom.catalogers.artifact import artifact_node
from aibom.catalogers.history import MAX_COMMITS, History, read_history
from aibom.digest import hash_path
from aibom.lineage.graph import Graph, find_cycles
from aibom.lineage.nodes import Kind, Relation
from tests.catalog_world import pseudonym, put

ADA, BOB = "ada@acme.example", "bob@acme.example"


class Repository:
    """A git repository with one dataset, made by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        folder.mkdir()
        self.git("init", "-q", "-b", "main", ".")
        self.count = 0

    def git(self, *arguments: str, **environment: str) -> str:
        """Run git as somebody whose settings are not those of this machine."""
        done = subprocess.run(
            ["git", "-c", "commit.gpgsign=false", *arguments],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "GIT_CONFIG_NOSYSTEM": "1",
                **environment,
            },
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, files: dict[str, str], message: str, author: str = ADA) -> str:
        """Write files of the dataset, and commit all there is."""
        put(self.data, files)
        self.count += 1
        name, when = author.split("@")[0], f"2026-01-01T00:00:{self.count:02}Z"
        people = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", author), ("DATE", when))
        }
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, **people)
        return self.git("rev-parse", "HEAD")

    def read(self, path: Path | None = None, *, key: bool = True) -> History:
        """The history of the dataset as it is now."""
        place = path or self.data
        node = artifact_node(Kind.DATASET, hash_path(place))
        return read_history(place, node, pseudonym if key else None)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository."""
    return Repository(tmp_path / "r")


def revisions(history: History) -> list[tuple[str, str | None]]:
    """(later … earlier, reason) along ``revision-of``, by short digests."""
    return [
        (f"{e.source[-6:]} of {e.target[-6:]}", e.value("reason"))
        for e in history.edges
        if e.relation is Relation.REVISION_OF
    ]


def people(history: History) -> set[tuple[str, str, str]]:
    """(digest, role, party)."""
    return {
        (e.source[-6:], e.role, e.target.removeprefix("party:"))
        for e in history.edges
        if e.relation is Relation.ATTRIBUTED_TO
    }


def codes(history: History) -> list[str]:
    """The codes of what was found odd."""
    return [finding.code for finding in history.findings]


def test_each_commit_is_a_revision_with_its_people_and_reason(
    repository: Repository,
) -> None:
    repository.commit({"a": "1"}, "First version")
    one = hash_path(repository.data).digest.value[-6:]
    repository.commit({"b/c": "2"}, "Add May\n\nReviewed-by: Bob B <bob@acme.example>")
    two = hash_path(repository.data).digest.value[-6:]
    found = repository.read()
    assert revisions(found) == [(f"{two} of {one}", "Add May")]
    assert people(found) == {
        (one, "writer", pseudonym(ADA)),
        (two, "writer", pseudonym(ADA)),
        (two, "reviewer", pseudonym(BOB)),
    }
    assert codes(found) == []


def test_a_single_file_has_the_history_of_that_file(repository: Repository) -> None:
    repository.commit({"a": "1", "b": "1"}, "First")
    repository.commit({"b": "2"}, "Only b")
    repository.commit({"a": "2"}, "Only a", BOB)
    found = repository.read(repository.data / "a")
    assert [reason for _, reason in revisions(found)] == ["Only a"]
    assert {party for _, _, party in people(found)} == {pseudonym(ADA), pseudonym(BOB)}


def test_what_is_not_committed_has_no_author(repository: Repository) -> None:
    repository.commit({"a": "1"}, "First")
    put(repository.data, {"a": "changed"})
    found = repository.read()
    assert codes(found) == ["history-uncommitted"]
    assert [reason for _, reason in revisions(found)] == [None]
    now = hash_path(repository.data).digest.value[-6:]
    assert now not in {digest for digest, _, _ in people(found)}


def test_bytes_that_come_back_make_no_circle(repository: Repository) -> None:
    for text in ("1", "2", "1", "3", "2", "1"):
        repository.commit({"a": text}, f"now {text}")
    found = repository.read()
    node = artifact_node(Kind.DATASET, hash_path(repository.data))
    graph = Graph.of([*found.nodes, node], found.edges, node.id)
    assert find_cycles(graph) == ()
    assert len(graph.upstream(node.id).reached) == 3  # two other contents, one person


def test_without_a_key_nobody_is_named(repository: Repository) -> None:
    repository.commit({"a": "1"}, "First")
    found = repository.read(key=False)
    assert codes(found) == ["persons-not-named"]
    assert people(found) == set()
    assert ADA not in repr(found)


def test_a_commit_with_a_signature_is_told_and_not_believed(
    repository: Repository,
) -> None:
    repository.commit({"a": "1"}, "First")
    repository.commit({"a": "2"}, "Second")
    raw = repository.git("cat-file", "commit", "HEAD")
    head, _, body = raw.partition("\n\n")
    fake = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n\n{body}\n"
    (repository.folder / "raw").write_text(fake)
    commit = repository.git("hash-object", "-t", "commit", "-w", "raw")
    repository.git("update-ref", "refs/heads/main", commit)
    edge = next(e for e in repository.read().edges if e.value("reason") == "Second")
    assert edge.value("commit-signature") == "present"


def _link(repository: Repository) -> None:
    (repository.data / "a").unlink()
    (repository.data / "a").symlink_to("b")


def _pointer(repository: Repository) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64
    put(repository.data, {"a": f"{text}\nsize 9\n"})


@pytest.mark.parametrize("change", [_link, _pointer], ids=["a link", "an LFS pointer"])
def test_a_revision_that_has_no_digest_is_told(
    change: Callable[[Repository], None], repository: Repository
) -> None:
    repository.commit({"a": "1", "b": "1"}, "First")
    change(repository)
    commit = repository.commit({}, "Odd")
    (repository.data / "a").unlink()
    repository.commit({"a": "3"}, "Right again")
    found = repository.read()
    assert [(f.code, f.pointer) for f in found.findings] == [
        ("revision-unreadable", f"commit:{commit}")
    ]
    assert len(revisions(found)) == 2


def test_housekeeping_is_no_part_of_a_revision(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.data = repository.folder
    repository.commit({"a": "1", ".gitignore": "x"}, "First")
    assert codes(repository.read()) == []


def test_no_repository_and_no_commit(tmp_path: Path, repository: Repository) -> None:
    put(tmp_path / "plain", {"a": "1"})
    assert codes(repository.read(tmp_path / "plain")) == ["history-missing"]
    put(repository.data, {"a": "1"})
    assert codes(repository.read()) == ["history-none"]


def test_old_changes_are_left_out_and_that_is_told(repository: Repository) -> None:
    stream = ["blob\nmark :1\ndata 1\nx"]
    for n in range(MAX_COMMITS + 2):
        stream.append(
            f"commit refs/heads/main\nmark :{n + 2}\n"
            f"committer Ada <{ADA}> {1_767_225_600 + n} +0000\ndata 2\nno\n"
            + (f"from :{n + 1}\n" if n else "")
            + f"M 100644 inline data/a\ndata {len(str(n))}\n{n}\n"
        )
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=repository.folder,
        input="\n".join(stream).encode(),
        check=True,
    )
    repository.git("reset", "-q", "--hard", "main")
    found = repository.read()
    assert codes(found) == ["history-cut"]
    assert len(revisions(found)) == MAX_COMMITS - 1


def test_nothing_that_a_repository_names_is_run(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a": "1"}, "First")
    trap = tmp_path / "ran"
    script = put(tmp_path, {"trap.sh": f"#!/bin/sh\ntouch {trap}\n"}) / "trap.sh"
    script.chmod(0o755)
    for setting in ("core.fsmonitor", "diff.external", "gpg.program", "core.pager"):
        repository.git("config", setting, str(script))
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "filter.x.clean", str(script))
    repository.git("config", "filter.x.smudge", str(script))
    put(repository.folder, {".gitattributes": "* filter=x diff=x\n"})
    repository.git("config", "diff.x.textconv", str(script))
    repository.read()
    assert not trap.exists()


def test_text_that_is_none_is_marked(repository: Repository) -> None:
    repository.commit({"a": "1"}, "First")
    put(repository.data, {"a": "2"})
    repository.git("add", "-A")
    (repository.folder / "message").write_bytes(b"bad \xff bytes")
    repository.git(
        *("-c", "user.name=A", "-c", "user.email=a@b.example"),
        *("-c", "i18n.commitEncoding=utf-8", "commit", "-q", "-F", "message"),
    )
    reasons = [reason for _, reason in revisions(repository.read())]
    assert len(reasons) == 1
    assert (reasons[0] or "").encode("utf-8")


#: message → the reason that is told, and the reviewers
MESSAGES = {
    "one line": ("Add May", "Add May", 0),
    "a second line is not part of it": ("Add May\nand June", "Add May", 0),
    "only trailers": (
        "Signed-off-by: Jane Doe <jane@acme.example>\n"
        "Reviewed-by: Joe <joe@acme.example>",
        None,
        0,  # git takes the first paragraph for a title, whatever stands in it
    ),
    "addresses in the line": (
        "Ask jane@acme.example, or Joe <joe@acme.example>",
        "Ask (address), or Joe (address)",
        0,
    ),
    "two reviewers": (
        "Add\n\nReviewed-by: A <a@b.example>\nReviewed-by: C <c@b.example>",
        "Add",
        2,
    ),
}


@pytest.mark.parametrize("key", [True, False], ids=["key", "no key"])
@pytest.mark.parametrize(
    ("message", "reason", "reviewers"), MESSAGES.values(), ids=MESSAGES
)
def test_a_reason_names_nobody_by_address(
    message: str, reason: str | None, reviewers: int, key: bool, repository: Repository
) -> None:
    repository.commit({"a": "1"}, "First")
    repository.commit({"a": "2"}, message)
    found = repository.read(key=key)
    assert [why for _, why in revisions(found)] == [reason]
    named = [role for _, role, _ in people(found) if role == "reviewer"]
    assert len(named) == (reviewers if key else 0)
    assert "@acme.example" not in repr(found)


def test_a_file_that_names_another_repository_is_not_followed(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a": "1"}, "A secret of somebody else")
    host = put(tmp_path / "host", {"data/a": "1"})
    (host / ".git").write_text(f"gitdir: {repository.folder}/.git\n")
    found = repository.read(host / "data")
    assert codes(found) == ["history-elsewhere"]
    assert found.edges == ()


def test_a_worktree_and_a_submodule_have_their_own_history(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a": "1"}, "First")
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other")
    assert codes(repository.read(tmp_path / "tree" / "data")) == []
    outer = Repository(tmp_path / "outer")
    outer.git(
        *("-c", "protocol.file.allow=always", "submodule", "--quiet", "add"),
        *(str(repository.folder), "sub"),
    )
    assert codes(repository.read(outer.folder / "sub" / "data")) == []
