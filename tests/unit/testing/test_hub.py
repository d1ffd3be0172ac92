"""The loopback hub, asked by the real client: every call it has for reading.

Both the newest and the oldest supported client run this file as it is. What only one
of them has is told in ``CLIENT_LACKS``, and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from huggingface_hub import (
    HfApi,
    ModelCard,
    hf_hub_download,
    scan_cache_dir,
    snapshot_download,
)
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from aibom.errors import UsageError
from aibom.testing.hub import LocalHub, Sparse

ROOT = Path(__file__).resolve().parents[3]

#: Calls that 0.34 does not have; 2.4 has all of them.
NEWER_CALLS = ("resolve_revision", "verify_repo_checksums", "get_organization_overview")
CLIENT_LACKS = {name for name in NEWER_CALLS if not hasattr(HfApi, name)}
if CLIENT_LACKS:
    # There, but it asks the public hub whatever the endpoint of its HfApi is.
    CLIENT_LACKS.add("get_user_overview")

CARD = b"""---
license: mit
base_model: acme/root
datasets: [acme/data]
tags: [demo]
library_name: transformers
pipeline_tag: text-generation
when: 2026-01-02
---
A model.
"""
HEADER = b'{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}'
WEIGHTS = len(HEADER).to_bytes(8, "little") + HEADER + bytes(24)
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
FIRST = {"README.md": CARD, "model.safetensors": WEIGHTS, "sub/deep/a.txt": b"a"}


def git_name(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@pytest.fixture
def hub():
    with LocalHub() as hub:
        yield hub


class World:
    """A hub with a base, a model of two commits, and a dataset; and its client."""

    def __init__(self, hub, folder):
        self.hub = hub
        self.cache = folder / "cache"
        self.api = HfApi(endpoint=hub.url, token=False)
        self.root = hub.model("acme/root")
        self.root.commit({"config.json": b"{}"})
        self.model = hub.model("acme/base")
        self.one = self.model.commit(FIRST, lfs={"model.safetensors"}, message="One")
        self.two = self.model.commit(
            {"new.bin": b"n"},
            removed=["sub/deep/a.txt"],
            message="Two\n\nmore of it",
            date="2026-02-03T04:05:06.000Z",
            author="bob",
        )
        self.model.ref("v1", self.one, tag=True)
        self.model.ref("dev", self.one)
        self.data = hub.dataset("acme/data")
        self.rows = self.data.commit({"train/rows.csv": b"a,b\n"})

    def download(self, path, id="acme/base", **options):
        options = {"cache_dir": self.cache, "endpoint": self.hub.url, **options}
        return Path(
            hf_hub_download(id, path, token=options.pop("token", False), **options)
        )

    def snapshot(self, id="acme/base", **options):
        options = {"cache_dir": self.cache, "endpoint": self.hub.url, **options}
        return Path(snapshot_download(id, token=False, **options))

    def asked(self, start):
        return [f"{m} {p}" for m, p, _ in self.hub.requests if p.startswith(start)]


@pytest.fixture
def world(hub, tmp_path):
    return World(hub, tmp_path)


def raw(url, method="GET", headers=None, body=None):
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


# ── calls ────────────────────


def model_info(w):
    info = w.api.model_info("acme/base")
    assert (info.id, info.author, info.sha) == ("acme/base", "acme", w.two)
    assert (info.gated, info.private, info.disabled) == (False, False, False)
    assert info.card_data.license == "mit"
    assert info.card_data.to_dict()["when"] == "2026-01-02"
    assert info.library_name == "transformers"
    assert info.pipeline_tag == "text-generation"
    assert {"demo", "license:mit", "base_model:acme/root"} <= set(info.tags)
    assert info.safetensors.parameters == {"F32": 6}
    assert info.created_at < info.last_modified
    assert info.security_repo_status is None
    assert [one.size for one in info.siblings] == [None] * 3


def model_info_of_files(w):
    info = w.api.model_info("acme/base", files_metadata=True, securityStatus=True)
    files = {one.rfilename: one for one in info.siblings}
    assert set(files) == {"README.md", "model.safetensors", "new.bin"}
    assert files["README.md"].blob_id == git_name(CARD)
    weights = files["model.safetensors"]
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{SHA256}\nsize {len(WEIGHTS)}\n"
    ).encode()
    assert weights.blob_id == git_name(pointer)
    assert (weights.size, weights.lfs.size) == (len(WEIGHTS),) * 2
    assert (weights.lfs.sha256, weights.lfs.pointer_size) == (SHA256, len(pointer))
    assert info.security_repo_status == {"scansDone": True, "filesWithIssues": []}


def model_info_of_revisions(w):
    for revision in ("v1", "dev", w.one, w.one[:8], "refs/pr/1"):
        w.model.ref("refs/pr/1", w.one)
        assert w.api.model_info("acme/base", revision=revision).sha == w.one


def model_info_expanded(w):
    info = w.api.model_info("acme/base", expand=["baseModels", "sha", "gated"])
    assert info.sha == w.two
    assert info.siblings is None
    bases = getattr(info, "base_models", None) or info.baseModels
    assert bases == {
        "relation": "finetune",
        "models": [{"_id": w.root.id24, "id": "acme/root"}],
    }


def dataset_info(w):
    info = w.api.dataset_info("acme/data", files_metadata=True)
    assert (info.id, info.sha) == ("acme/data", w.rows)
    assert [(one.rfilename, one.size) for one in info.siblings] == [
        ("train/rows.csv", 4)
    ]


def tree(w):
    w.hub.page_size = 2
    entries = list(w.api.list_repo_tree("acme/base", revision="v1", recursive=True))
    assert [one.path for one in entries] == [
        *("sub", "sub/deep", "README.md", "model.safetensors", "sub/deep/a.txt")
    ]
    assert entries[3].lfs.sha256 == SHA256
    assert entries[3].xet_hash is None if hasattr(entries[3], "xet_hash") else True
    assert len(w.asked("/api/models/acme/base/tree/")) == 3


def tree_of_a_folder(w):
    def listed(path, **options):
        found = w.api.list_repo_tree("acme/base", path, revision="v1", **options)
        return [one.path for one in found]

    assert listed("sub") == ["sub/deep"]
    assert listed("sub", recursive=True) == ["sub/deep", "sub/deep/a.txt"]
    with pytest.raises(EntryNotFoundError):
        listed("nowhere")


def tree_expanded(w):
    w.model.security = {
        "scansDone": True,
        "filesWithIssues": [{"path": "new.bin", "level": "unsafe"}],
    }
    found = {
        one.path: (one.last_commit.oid, one.security.status)
        for one in w.api.list_repo_tree("acme/base", expand=True)
    }
    assert found == {
        "README.md": (w.one, "safe"),
        "model.safetensors": (w.one, "safe"),
        "new.bin": (w.two, "unsafe"),
    }


def paths_info(w):
    paths = ["sub", "README.md", "missing"]
    found = w.api.get_paths_info("acme/base", paths, revision="v1", expand=True)
    assert [one.path for one in found] == ["sub", "README.md"]
    assert found[1].last_commit.title == "One"
    url = f"{w.hub.url}/api/models/acme/base/paths-info/v1"
    body = json.dumps({"paths": ["README.md"]}).encode()
    _, _, answer = raw(url, "POST", {"Content-Type": "application/json"}, body)
    assert [one["path"] for one in json.loads(answer)] == ["README.md"]


def refs(w):
    w.model.ref("refs/pr/7", w.one)
    w.model.ref("refs/convert/parquet", w.one)
    found = w.api.list_repo_refs("acme/base", include_pull_requests=True)
    assert {(one.name, one.target_commit) for one in found.branches} == {
        ("main", w.two),
        ("dev", w.one),
    }
    assert [(one.ref, one.target_commit) for one in found.tags] == [
        ("refs/tags/v1", w.one)
    ]
    assert [one.ref for one in found.pull_requests] == ["refs/pr/7"]
    assert [one.name for one in found.converts] == ["parquet"]
    assert w.api.list_repo_refs("acme/base").pull_requests is None


def commits(w):
    w.hub.page_size = 1
    found = w.api.list_repo_commits("acme/base")
    assert [(one.commit_id, one.authors) for one in found] == [
        (w.two, ["bob"]),
        (w.one, ["alice"]),
    ]
    assert (found[0].title, found[0].message) == ("Two", "more of it")
    assert len(w.api.list_repo_commits("acme/base", revision="v1")) == 1


def download(w):
    path = w.download("model.safetensors")
    assert path.read_bytes() == WEIGHTS
    assert path.parent.name == w.two
    assert path.resolve().name == SHA256
    assert w.download("README.md").resolve().name == git_name(CARD)
    rows = w.download("train/rows.csv", "acme/data", repo_type="dataset")
    assert rows.read_bytes() == b"a,b\n"


def snapshot(w):
    folder = w.snapshot(revision="v1")
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert folder.name == w.one
    assert found == FIRST
    (kept,) = scan_cache_dir(w.cache).repos
    assert {one.commit_hash for one in kept.revisions} == {w.one}
    rows = w.snapshot("acme/data", repo_type="dataset")
    assert (rows / "train" / "rows.csv").read_bytes() == b"a,b\n"


def card(w):
    text = w.download("README.md").read_text("utf-8")
    assert ModelCard(text).data.datasets == ["acme/data"]


def safetensors(w):
    found = w.api.get_safetensors_metadata("acme/base")
    assert found.parameter_count == {"F32": 6}
    assert any("range" in headers for _, _, headers in w.hub.requests)


def one_segment(w):
    sha = w.hub.model("gpt2").commit({"config.json": b"{}"})
    info = w.api.model_info("gpt2")
    assert (info.id, info.sha, info.author) == ("gpt2", sha, None)
    assert w.download("config.json", "gpt2").read_bytes() == b"{}"
    assert [one.path for one in w.api.list_repo_tree("gpt2")] == ["config.json"]


def users(w):
    w.hub.owner("alice", "user").fullname = "Alice A."
    found = w.api.get_user_overview("alice")
    assert (found.username, found.fullname) == ("alice", "Alice A.")
    assert found._id == w.hub.owner("alice").id24
    with pytest.raises(HfHubHTTPError, match="404"):
        w.api.get_user_overview("acme")


def organizations(w):
    found = w.api.get_organization_overview("acme")
    assert (found.name, found._id) == ("acme", w.hub.owner("acme").id24)


def resolve_revision(w):
    found = w.api.resolve_revision("acme/base", revision="v1")
    assert found.resolved == w.one


def checksums(w):
    w.snapshot()
    found = w.api.verify_repo_checksums("acme/base", cache_dir=w.cache)
    assert (found.checked_count, found.mismatches) == (3, [])


def whoami(w):
    w.hub.tokens.add("hf_good")
    assert w.api.whoami(token="hf_good")["name"] == "reader"


CALLS = {
    "model_info": model_info,
    "model_info-of-files": model_info_of_files,
    "model_info-of-revisions": model_info_of_revisions,
    "model_info-expanded": model_info_expanded,
    "dataset_info": dataset_info,
    "list_repo_tree": tree,
    "list_repo_tree-of-a-folder": tree_of_a_folder,
    "list_repo_tree-expanded": tree_expanded,
    "get_paths_info": paths_info,
    "list_repo_refs": refs,
    "list_repo_commits": commits,
    "hf_hub_download": download,
    "snapshot_download": snapshot,
    "model-card": card,
    "get_safetensors_metadata": safetensors,
    "one-segment": one_segment,
    "get_user_overview": users,
    "get_organization_overview": organizations,
    "resolve_revision": resolve_revision,
    "verify_repo_checksums": checksums,
    "whoami": whoami,
}


@pytest.mark.parametrize("name", [one for one in CALLS if one not in CLIENT_LACKS])
def test_the_client_calls(world, name):
    CALLS[name](world)


def test_what_the_client_lacks_is_all_or_nothing():
    assert CLIENT_LACKS in (set(), {*NEWER_CALLS, "get_user_overview"})


def test_organizations_are_served_to_whoever_asks(world):
    url = f"{world.hub.url}/api/organizations/acme/overview"
    first = json.loads(raw(url)[2])
    assert (first["name"], first["type"]) == ("acme", "org")
    assert world.hub.owner("acme").recreate().id24 != first["_id"]
    assert json.loads(raw(url)[2])["_id"] == world.hub.owner("acme").id24
    world.hub.owner("acme", "user")
    assert raw(url)[0] == 404
    user = json.loads(raw(url.replace("organizations", "users"))[2])
    assert (user["user"], user["type"]) == ("acme", "user")
    world.hub.forget_owner("acme")
    assert raw(url.replace("organizations", "users"))[0] == 404


# ── refusals ────────────────────


def gated(w):
    w.model.gated = "manual"


def private(w):
    w.model.private = True


def disabled(w):
    w.model.disabled = True


def nothing(w):
    pass


#: name → what is set up, what is asked, the error, status, code and message
REFUSALS = {
    "unknown-repo": (
        nothing,
        lambda w: w.api.model_info("acme/none"),
        (RepositoryNotFoundError, 401, "RepoNotFound"),
    ),
    "unknown-repo-file": (
        nothing,
        lambda w: w.api.get_paths_info("acme/none", ["x"]),
        (RepositoryNotFoundError, 401, "RepoNotFound"),
    ),
    "unknown-repo-with-token": (
        nothing,
        lambda w: w.api.model_info("acme/none", token="hf_good"),
        (RepositoryNotFoundError, 404, "RepoNotFound"),
    ),
    "wrong-kind": (
        nothing,
        lambda w: w.api.dataset_info("acme/base"),
        (RepositoryNotFoundError, 401, "RepoNotFound"),
    ),
    "private": (
        private,
        lambda w: w.api.model_info("acme/base"),
        (RepositoryNotFoundError, 401, "RepoNotFound"),
    ),
    "private-file": (
        private,
        lambda w: w.api.list_repo_refs("acme/base"),
        (RepositoryNotFoundError, 401, "RepoNotFound"),
    ),
    "unknown-revision": (
        nothing,
        lambda w: w.api.model_info("acme/base", revision="v9"),
        (RevisionNotFoundError, 404, "RevisionNotFound"),
    ),
    "unknown-commit": (
        nothing,
        lambda w: w.api.model_info("acme/base", revision="0" * 40),
        (RevisionNotFoundError, 404, "RevisionNotFound"),
    ),
    "revision-that-breaks-headers": (
        nothing,
        lambda w: w.api.model_info("acme/base", revision="é\r\nX-Evil: 1"),
        (RevisionNotFoundError, 404, "RevisionNotFound"),
    ),
    "unknown-file": (
        nothing,
        lambda w: w.download("none.txt"),
        (EntryNotFoundError, 404, "EntryNotFound"),
    ),
    "gated": (
        gated,
        lambda w: w.download("README.md"),
        (GatedRepoError, 403, "GatedRepo"),
    ),
    "disabled": (
        disabled,
        lambda w: w.api.model_info("acme/base"),
        (DisabledRepoError, 403, None),
    ),
    "token-nobody-gave-out": (
        nothing,
        lambda w: w.api.model_info("acme/base", token="hf_bad"),
        (HfHubHTTPError, 401, None),
    ),
    "unknown-expansion": (
        nothing,
        lambda w: w.api.model_info("acme/base", expand=["passwords"]),
        (HfHubHTTPError, 400, None),
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_the_client_understands_a_refusal(world, name):
    prepare, ask, (error, status, code) = REFUSALS[name]
    world.hub.tokens.add("hf_good")
    prepare(world)
    with pytest.raises(error) as caught:
        ask(world)
    answer = caught.value.response
    assert answer.status_code == status
    assert answer.headers.get("X-Error-Code") == code
    assert answer.headers["X-Error-Message"]


def test_a_missing_file_names_the_commit_it_is_missing_from(world):
    status, headers, _ = raw(f"{world.hub.url}/acme/base/resolve/main/none.txt")
    assert (status, headers["X-Repo-Commit"]) == (404, world.two)


def test_a_token_opens_what_is_gated_and_private(world):
    world.hub.tokens.update({"hf_good", "hf_other"})
    world.model.gated = "auto"
    assert world.api.model_info("acme/base").gated == "auto"
    assert list(world.api.list_repo_tree("acme/base"))
    assert world.download("README.md", token="hf_good").read_bytes() == CARD
    world.model.gated, world.model.private = False, True
    assert world.api.model_info("acme/base", token="hf_good").private
    world.model.readers = {"hf_other"}
    assert world.api.model_info("acme/base", token="hf_other").sha == world.two
    with pytest.raises(RepositoryNotFoundError):
        world.api.model_info("acme/base", token="hf_good")


#: names that also stand elsewhere in an address
RENAMED = ("acme/base", "models", "gpt2", "datasets/api")


@pytest.mark.parametrize("old", RENAMED)
@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_a_renamed_repository_is_found_where_it_went(hub, tmp_path, kind, old):
    repository = hub.repository(kind, old)
    sha = repository.commit({"a/b.txt": b"b"})
    before = repository.id24
    repository.renamed_to = "other/name"
    api = HfApi(endpoint=hub.url, token=False)
    info = api.repo_info(old, repo_type=kind, files_metadata=True)
    assert (info.id, info.sha, info._id) == ("other/name", sha, before)
    if "datasets" in old:
        return  # its address for files means something else
    path = hf_hub_download(
        old,
        "a/b.txt",
        repo_type=kind,
        endpoint=hub.url,
        cache_dir=tmp_path,
        token=False,
    )
    assert Path(path).read_bytes() == b"b"


def test_a_redirect_says_where_in_its_own_terms(world):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args):
            return None

    world.model.renamed_to = "other/name"
    world.hub.model("other/name").commit({"x": b"somebody else's"})
    opener = urllib.request.build_opener(Stay)
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(f"{world.hub.url}/api/models/acme/base?blobs=true", timeout=20)
    with caught.value as answer:
        assert answer.code == 307
        assert answer.headers["Location"] == "/api/models/other/name?blobs=true"


def test_a_repository_made_anew_is_another_one(world):
    before, sha = world.model.id24, world.one
    world.hub.delete("model", "acme/base")
    again = world.hub.model("acme/base")
    assert again.id24 != before
    # The same content gives the same commit: history alone does not tell them apart.
    assert again.commit(FIRST, lfs={"model.safetensors"}, message="One") == sha


def test_the_security_status_can_be_absent(world):
    world.model.security = None
    info = world.api.model_info("acme/base", securityStatus=True)
    assert info.security_repo_status is None
    entries = world.api.get_paths_info("acme/base", ["README.md"], expand=True)
    assert entries[0].security is None


def test_what_is_set_is_said(world):
    world.model.downloads, world.model.likes = 7, 3
    world.model.tags.append("endpoints_compatible")
    world.model.base_models = ["acme/root"]
    url = f"{world.hub.url}/api/models/acme/base"
    said = json.loads(raw(url)[2])
    assert (said["downloads"], said["likes"]) == (7, 3)
    assert "endpoints_compatible" in said["tags"]
    assert "baseModels" not in said
    more = json.loads(raw(f"{url}?expand=baseModels&expand=usedStorage")[2])
    assert set(more) == {"_id", "id", "baseModels", "usedStorage"}
    assert more["baseModels"] == ["acme/root"]
    assert more["usedStorage"] == len(CARD) + len(WEIGHTS) + 1
    owner = world.hub.owner("acme")
    owner.fullname, owner.created, owner.verified = "Acme!", "2020-01-01", True
    said = json.loads(raw(f"{world.hub.url}/api/organizations/acme/overview")[2])
    assert (said["fullname"], said["createdAt"], said["isVerified"]) == (
        *("Acme!", "2020-01-01", True),
    )


def test_xet_is_spoken_of_only_when_asked_for(world):
    def hashes():
        answer = raw(f"{world.hub.url}/api/models/acme/base/tree/main")[2]
        return {one["path"]: one.get("xetHash") for one in json.loads(answer)}

    assert set(hashes().values()) == {None}
    world.model.xet = True
    assert [path for path, value in hashes().items() if value] == ["model.safetensors"]


def header_of(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return len(text).to_bytes(8, "little") + text


#: name → what a file called model.safetensors holds
NO_HEADERS = {
    "empty": b"",
    "short": b"\x10\0\0\0\0\0\0\0{}",
    "pointer": b"version https://git-lfs.github.com/spec/v1\n",
    "not-json": header_of(b"{nope"),
    "a-list": header_of([1]),
    "no-shape": header_of({"w": {"dtype": "F32"}}),
    "odd-shape": header_of({"w": {"dtype": "F32", "shape": ["x"]}}),
    "countless": header_of({"w": {"dtype": "F32", "shape": [10**18] * 300}}),
    "deep": header_of(b"[" * 100_000),
}


@pytest.mark.parametrize("name", NO_HEADERS)
def test_parameters_are_not_counted_where_they_cannot_be(hub, name):
    hub.model("acme/base").commit({"model.safetensors": NO_HEADERS[name]})
    status, _, answer = raw(f"{hub.url}/api/models/acme/base")
    assert status == 200
    assert "safetensors" not in json.loads(answer)


def test_many_ask_at_once(world):
    url = f"{world.hub.url}/acme/base/resolve/main/model.safetensors"
    found = []
    asking = [
        threading.Thread(target=lambda: found.append(raw(url)[2])) for _ in range(40)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert found == [WEIGHTS] * 40
    assert len(world.hub.requests) == 40


# ── cards ────────────────────

CARDS = {
    "plain": (b"---\nlicense: mit\n---\n", {"license": "mit"}),
    "byte-order-mark": (b"\xef\xbb\xbf---\nlicense: mit\n---\n", {"license": "mit"}),
    "none": (b"# Title\n", None),
    "never-closed": (b"---\nlicense: mit\n", None),
    "not-yaml": (b"---\n: : [\n---\n", None),
    "a-list": (b"---\n- 1\n---\n", None),
    "unsafe-tag": (b"---\na: !!python/object/apply:os.getpid []\n---\n", None),
    "holds-itself": (b"---\na: &a [*a]\n---\n", None),
    "not-utf-8": (b"---\na: \xff\n---\n", None),
    "bomb": (
        b"---\na0: &a0 [x]\n"
        + b"".join(
            b"a%d: &a%d [%s]\n" % (n, n, b"*a%d, " % (n - 1) * 9) for n in range(1, 9)
        )
        + b"---\n",
        None,
    ),
}


@pytest.mark.parametrize("name", CARDS)
def test_the_card_is_what_the_readme_says(hub, name):
    text, card = CARDS[name]
    repository = hub.model("acme/base")
    repository.commit({"README.md": text})
    assert repository.card == card
    answer = json.loads(raw(f"{hub.url}/api/models/acme/base")[2])
    assert answer.get("cardData") == card


def test_the_card_can_be_set(world):
    world.model.card = {"license": "apache-2.0"}
    assert world.api.model_info("acme/base").card_data.license == "apache-2.0"


#: name → files beside the card, the card's keys, the relation
RELATIONS = {
    "finetune": ({}, "base_model: acme/root", "finetune"),
    "adapter": ({"adapter_config.json": b"{}"}, "base_model: acme/root", "adapter"),
    "quantized": ({"w.gguf": b"GGUF"}, "base_model: acme/root", "quantized"),
    "merge": ({}, "base_model: [acme/root, acme/base]", "merge"),
    "declared": (
        {},
        "base_model: acme/root\nbase_model_relation: quantized",
        "quantized",
    ),
    "unknown-base": ({}, "base_model: nobody/none", None),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_bases_follow_from_the_card(world, name):
    files, card, relation = RELATIONS[name]
    derived = world.hub.model("acme/derived")
    derived.commit({"README.md": f"---\n{card}\n---\n", **files})
    url = f"{world.hub.url}/api/models/acme/derived?expand=baseModels"
    found = json.loads(raw(url)[2]).get("baseModels")
    assert (found and found["relation"]) == relation


# ── commits and contents ────────────────────


def test_commits_have_the_names_that_git_gives(hub, tmp_path):
    """The same tree and commit, made by git itself."""
    files = {"a/b": b"1", "a.txt": b"a", "a-b": b"2", "z/y/x": b"3", "é": b"4"}
    sha = hub.model("acme/base").commit(files, message="One", author="alice")
    for path, data in files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    who = {"NAME": "alice", "EMAIL": "alice@users.noreply.local"}
    who["DATE"] = "2026-01-02T03:04:05+00:00"
    env = {
        **os.environ,
        **{f"GIT_AUTHOR_{key}": value for key, value in who.items()},
        **{f"GIT_COMMITTER_{key}": value for key, value in who.items()},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }

    def git(*command, text=None):
        done = subprocess.run(
            ["git", *command],
            cwd=tmp_path,
            env=env,
            input=text,
            check=True,
            capture_output=True,
            timeout=60,
        )
        return done.stdout.decode().strip()

    git("init", "-q")
    git("add", "-A")
    tree = git("write-tree")
    assert git("commit-tree", tree, text=b"One") == sha


def test_files_and_folders_of_one_name_are_listed_as_they_are(hub):
    """What no file system holds; a hub that lies may well list it."""
    repository = hub.model("acme/evil")
    names = ["a", "a/b", "../up.txt", "/etc/passwd", "/x", "c\\d", "x/../y"]
    repository.commit(dict.fromkeys(names, b"!"))
    url = f"{hub.url}/api/models/acme/evil"
    found = json.loads(raw(url)[2])["siblings"]
    assert sorted(one["rfilename"] for one in found) == sorted(names)
    listed = json.loads(raw(f"{url}/tree/main?recursive=true")[2])
    assert {one["path"] for one in listed if one["type"] == "file"} == set(names)


def test_refs_lead_only_to_commits_there_are(hub):
    with pytest.raises(UsageError) as caught:
        hub.model("acme/base").ref("v1", "0" * 40)
    assert caught.value.reason == "hub-commit-unknown"
    with pytest.raises(UsageError) as caught:
        hub.repository("space", "acme/base")
    assert caught.value.reason == "hub-kind-unknown"


def test_a_new_branch_starts_at_main(world):
    sha = world.model.commit({"b.txt": b"b"}, ref="branch")
    assert world.model.resolve("main").sha == world.two
    assert set(world.model.resolve("branch").files) > {"new.bin", "b.txt"}
    assert [one.sha for one in world.model.history(sha)] == [sha, world.two, world.one]


#: name → header, status, what is sent, its range
RANGES = {
    "none": (None, 200, (0, 3_000_000), None),
    "first": ("bytes=0-9", 206, (0, 10), "bytes 0-9/3000000"),
    "rest": (
        "bytes=2999990-",
        206,
        (2_999_990, 3_000_000),
        "bytes 2999990-2999999/3000000",
    ),
    "last": ("bytes=-5", 206, (2_999_995, 3_000_000), "bytes 2999995-2999999/3000000"),
    "across-blocks": (
        "bytes=65530-1048580",
        206,
        (65_530, 1_048_581),
        "bytes 65530-1048580/3000000",
    ),
    "too-long": (
        "bytes=2999999-9999999",
        206,
        (2_999_999, 3_000_000),
        "bytes 2999999-2999999/3000000",
    ),
    "beyond": ("bytes=3000000-", 416, (0, 0), "bytes */3000000"),
    "several": ("bytes=0-1,5-6", 200, (0, 3_000_000), None),
    "nonsense": ("bytes=-", 200, (0, 3_000_000), None),
}


@pytest.mark.parametrize("where", ["noise", "file"])
@pytest.mark.parametrize("name", RANGES)
def test_parts_of_files(hub, tmp_path, name, where):
    header, status, (start, stop), said = RANGES[name]
    noise = Sparse(3_000_000, seed=7, head=b"head")
    whole = raw_content(noise)
    (tmp_path / "f").write_bytes(whole)
    content = noise if where == "noise" else tmp_path / "f"
    hub.model("acme/base").commit({"w": content}, lfs={"w"})
    headers = {"Range": header} if header else {}
    url = f"{hub.url}/acme/base/resolve/main/w"
    answer = raw(url, headers=headers)
    assert answer[0] == status
    assert answer[1].get("Content-Range") == said
    assert answer[2] == whole[start:stop]
    assert answer[1]["X-Linked-Etag"] == f'"{hashlib.sha256(whole).hexdigest()}"'
    empty = raw(url, "HEAD", headers)
    assert (empty[0], empty[2]) == (status, b"")
    assert empty[1]["Content-Length"] == str(stop - start)


def raw_content(sparse):
    from aibom.testing.hub.content import blob_of

    return b"".join(blob_of(sparse).blocks())


def test_noise_is_the_same_each_time_and_nowhere_twice():
    first = raw_content(Sparse(300_000, 1, head=b"abc"))
    assert first == raw_content(Sparse(300_000, 1, head=b"abc"))
    assert first[:3] == b"abc"
    assert first[3:] == raw_content(Sparse(300_000, 1))[3:]
    assert first != raw_content(Sparse(300_000, 2, head=b"abc"))
    blocks = [first[at : at + 65_536] for at in range(0, 300_000, 65_536)]
    assert len(set(blocks)) == len(blocks)
    assert raw_content(Sparse(2, head=b"abc")) == b"ab"
    assert raw_content(Sparse(0)) == b""


# ── addresses ────────────────────

NOWHERE = {
    "top": ("GET", "/", 404),
    "api": ("GET", "/api", 404),
    "kind": ("GET", "/api/spaces/acme/base", 404),
    "verb": ("GET", "/api/models/acme/base/settings", 404),
    "upload": ("POST", "/api/models/acme/base/commit/main", 405),
    "tree-without-revision": ("GET", "/api/models/acme/base/tree", 404),
    "no-path": ("GET", "/acme/base/resolve/main", 404),
    "page": ("GET", "/acme/base", 404),
    "posted": ("POST", "/acme/base/resolve/main/README.md", 404),
    "cursor": ("GET", "/api/models/acme/base/tree/main?cursor=-1", 400),
    "limit": ("GET", "/api/models/acme/base/commits/main?limit=x", 400),
    "body": ("POST", "/api/models/acme/base/paths-info/main", 200),
    "anonymous": ("GET", "/api/whoami-v2", 401),
    "method": ("DELETE", "/api/models/acme/base", 501),
}


@pytest.mark.parametrize("name", NOWHERE)
def test_addresses_that_lead_nowhere(world, name):
    method, target, status = NOWHERE[name]
    assert raw(world.hub.url + target, method)[0] == status


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"expand":true}'])
def test_bodies_that_are_no_question(world, body):
    url = f"{world.hub.url}/api/models/acme/base/paths-info/main"
    assert raw(url, "POST", {"Content-Type": "application/json"}, body)[0] == 400


def test_a_repository_without_commits_is_known_and_empty(hub):
    hub.model("acme/base")
    api = HfApi(endpoint=hub.url, token=False)
    assert api.model_info("acme/base").sha is None
    with pytest.raises(RevisionNotFoundError):
        list(api.list_repo_tree("acme/base"))


# ── the server itself ────────────────────


def test_nothing_is_left_of_it(tmp_path):
    before = threading.active_count()
    with LocalHub() as hub:
        hub.model("acme/base").commit({"a": b"a"})
        raw(f"{hub.url}/acme/base/resolve/main/a")
        addresses = [hub.url, hub.lfs_url]
    assert threading.active_count() == before
    for address in addresses:
        with pytest.raises(urllib.error.URLError, match="refused"):
            raw(address)


def test_hubs_do_not_know_of_each_other(world):
    with LocalHub() as other:
        assert raw(f"{other.url}/api/models/acme/base")[0] == 401


def test_requests_are_noted_in_order(world):
    world.api.model_info("acme/base", token=False)
    raw(world.hub.url + "/x?y=1", headers={"X-Mark": "m"})
    assert [one[:2] for one in world.hub.requests] == [
        ("GET", "/api/models/acme/base"),
        ("GET", "/x?y=1"),
    ]
    assert world.hub.requests[1][2]["x-mark"] == "m"
    world.hub.requests.clear()
    assert len(world.hub.requests) == 2


BY_ENVIRONMENT = """
import sys
from huggingface_hub import HfApi, ModelCard, snapshot_download
print(HfApi().model_info("acme/base").sha)
print(ModelCard.load("acme/base").data.license)
print(snapshot_download("acme/base", revision="v1"))
"""


def test_a_client_that_takes_the_address_from_its_environment(world, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", BY_ENVIRONMENT],
        env={
            **os.environ,
            "HF_ENDPOINT": world.hub.url,
            "HF_HOME": str(tmp_path / "h"),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    sha, license_name, folder = done.stdout.splitlines()
    assert (sha, license_name) == (world.two, "mit")
    assert Path(folder) == tmp_path / "h/hub/models--acme--base/snapshots" / world.one
    assert (Path(folder) / "model.safetensors").read_bytes() == WEIGHTS
