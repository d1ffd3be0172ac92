"""Model namespace reuse at the import: the name is the old one, the account is not.

What happened: in September 2025 Unit 42 (Palo Alto Networks) showed that names of
deleted or transferred Hugging Face accounts can be registered again, and that catalogs
of large clouds resolved models by `Author/Name` alone. Source: Unit 42, "Model
Namespace Reuse", September 2025.

Rules: `aibom-lock` (fetch) stands for `aibom fetch --locked` itself, which refuses
with `source-owner-changed` before anything is downloaded: the lock holds the ids that
the hub gave to account and repository when they were made, and those are never given
again. Without a lock, `import-publisher-changed` (publisher-namespace) of
`builtin:model-import@1` blocks with `owner-changed`, once somebody has written down
that the name changed hands.

**Limits**: ids are the word of the hub; a mirror that lies about them is met by the
digests in the lock, and only by those. Without a lock and without an entry in the list,
a new owner who publishes the old commit again is let through, with the bytes that were
asked for. A new owner is not known to be bad. What was deleted is not brought back:
keep a copy.
"""

from __future__ import annotations

import pytest
from import_world import reason_of
from incidents.through_fetch import CLEAN, Fetched, Refusal

OTHER = {**CLEAN, "config.json": b'{"model_type": "gpt2"}\n'}


def locked(change):
    """Locked, then changed, then fetched by the lock."""

    def arrange(one):
        reference = one.publish()
        assert one.call("lock", reference).code == 0
        change(one)
        return (reference, "--locked")

    return arrange


def nothing(one):
    """The account is the one it was, and has published more."""
    one.publish(OTHER)


def account_again(one):
    one.hub.owner("acme").recreate()


def repository_again(one):
    """The same commit, in a repository that was made anew."""
    one.hub.delete("model", "acme/reader")
    one.publish()


def everything_again(one):
    account_again(one)
    repository_again(one)


def nobody(one):
    """Whoever has it now keeps quiet about who they are."""
    one.hub.forget_owner("acme")


def refused(change):
    return Refusal(
        id="aibom-lock",
        bad=locked(change),
        clean=locked(nothing),
        reason="source-owner-changed",
    )


def approved(**entry):
    def arrange(one):
        one.entry.update(entry)
        return (one.publish(),)

    return arrange


SCENARIOS = {
    "the account was made again": refused(account_again),
    "the repository was made again": refused(repository_again),
    "both were": refused(everything_again),
    "nobody says whose it is": refused(nobody),
    "somebody wrote it into the list": Fetched(
        rule="import-publisher-changed",
        bad=approved(owner="org:Somebody", owner_changed="2026-05-01"),
        clean=approved(),
        reason="owner-changed",
        bytes_asked=True,
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_fetch_stops_it_and_lets_its_twin_through(scenario, importing):
    scenario.verify(importing)


def test_a_deleted_commit_is_missing_and_not_replaced(importing):
    with importing() as one:
        words = locked(lambda one: one.hub.delete("model", "acme/reader"))(one)
        one.publish(OTHER)
        ran = one.fetch(*words)
        assert (ran.code, reason_of(ran)) == (1, "source-revision-missing")
        assert one.world.there() == []


def test_locking_again_does_not_take_the_new_owner_over(importing):
    with importing() as one:
        reference, _ = locked(everything_again)(one)
        before = (one.world.folder / "aibom.lock").read_bytes()
        ran = one.call("lock", "--update")
        assert (ran.code, reason_of(ran)) == (11, "source-owner-changed")
        assert (one.world.folder / "aibom.lock").read_bytes() == before
        accepted = one.call("lock", "--update", "--accept-owner", reference)
        assert accepted.code == 0
        assert one.fetch(reference, "--locked").code == 0


def test_a_name_without_a_commit_is_not_fetched(importing):
    with importing() as one:
        one.publish()
        ran = one.fetch("hf:acme/reader")
        assert (ran.code, reason_of(ran)) == (2, "revision-floating")
        assert one.world.there() == []
