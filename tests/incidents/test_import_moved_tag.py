"""The model behind a tag was replaced: what was looked at is not what is fetched.

What happened: names of versions are moved to other bytes after people came to trust
them. In March 2025 the tags of the GitHub action tj-actions/changed-files were moved to
a commit that printed secrets, for everybody who had named a tag and not a commit. Tags
of a model hub can be moved in the same way. Source: CVE-2025-30066.

Rules: `aibom-lock` (fetch) stands for `aibom fetch --locked` itself: the lock holds a
digest of each file, and other bytes under the locked commit are refused with
`source-digest-mismatch`, files more or fewer with `source-file-extra` and
`source-file-missing`. `pinned-only` (fetch) refuses a tag that is not locked with
`revision-floating`, unless the policy allows names to float.

**Limits**: whether what was locked is good is not asked. A tag that is moved before it
is locked is locked as it is then; `aibom lock --update` shows what differs, and
somebody has to look. Names that the policy lets float are not stopped.
"""

from __future__ import annotations

import pytest
from incidents.through_fetch import CLEAN, Refusal

from aibom.testing.hub import Fault

TAG = "hf:acme/reader@v1"
OTHER = {**CLEAN, "model.safetensors": CLEAN["model.safetensors"][:-1] + b"\1"}


def tagged(one):
    sha = one.publish().rpartition("@")[2]
    one.hub.model("acme/reader").ref("v1", sha, tag=True)


def move(one):
    sha = one.publish(OTHER).rpartition("@")[2]
    one.hub.model("acme/reader").ref("v1", sha, tag=True)


def locked(change):
    def arrange(one):
        tagged(one)
        assert one.call("lock", TAG).code == 0
        change(one)
        return (TAG, "--locked")

    return arrange


def by_tag(one):
    tagged(one)
    move(one)
    return (TAG,)


def by_commit(one):
    return (one.publish(),)


def other_bytes(one):
    """The hub, or who stands between, gives other bytes of the same size."""
    one.hub.fail(Fault.tampered(r"/resolve/[^?]*safetensors"))


def edited_tree(edit):
    return lambda one: one.hub.fail(Fault("/tree/", edit=edit))


def other_digest(rows):
    """The hub lists the digest of the other bytes as well."""
    for row in rows:
        if "lfs" in row:
            row["lfs"]["oid"] = "5" * 64
    return rows


EXTRA = {"type": "file", "path": "more.json", "size": 1, "oid": "1" * 40}


def refused(change, reason):
    return Refusal(
        id="aibom-lock", bad=locked(change), clean=locked(move), reason=reason
    )


SCENARIOS = {
    "other bytes under the commit": refused(other_bytes, "source-digest-mismatch"),
    "other digests under the commit": refused(
        edited_tree(other_digest), "source-digest-mismatch"
    ),
    "a file more under the commit": refused(
        edited_tree(lambda rows: [*rows, EXTRA]), "source-file-extra"
    ),
    "a file fewer under the commit": refused(
        edited_tree(lambda rows: [r for r in rows if r["path"] != "config.json"]),
        "source-file-missing",
    ),
    "a tag that is not locked": Refusal(
        id="pinned-only",
        bad=by_tag,
        clean=by_commit,
        reason="revision-floating",
        code=2,
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_fetch_stops_it_and_lets_its_twin_through(scenario, importing):
    scenario.verify(importing)


def test_what_is_fetched_is_what_was_locked(importing):
    with importing() as one:
        assert one.fetch(*locked(move)(one)).code == 0
        weights = one.world.target / "model.safetensors"
        assert weights.read_bytes() == CLEAN["model.safetensors"]
