"""trusted-source: what allows is compared strictly, what forbids loosely."""

from __future__ import annotations

import pytest
from policy_builders import ACME, COMMIT, RELEASE, Case, verify

from aibom.lineage.nodes import Kind, Relation

STRANGER_HUB = "pkg:huggingface/far/base"
OURS = {"match": {"type": "huggingface", "namespace": "acme"}}


def taken_from(*sources, entries=(OURS,), signer=RELEASE):
    def arrange(world):
        world.trust(*entries)
        for source in sources:
            data = world.data(source=source)
        world.bom(data, signer)
        return data

    return arrange


def made(**how):
    def arrange(world):
        world.trust(OURS)
        data = world.data()
        world.step("collect", data, **how)
        return data

    return arrange


def used_from(source, **how):
    def arrange(world):
        world.trust(OURS)
        data = world.data()
        world.root = world.model()
        step = {"training-data": data}
        world.step("train", world.root, step, source=source, **how)
        return data

    return arrange


def claimed_and_used(world):
    """The data's own BOM is a stranger's; the step that took it is not."""
    used_from(ACME)(world)
    data = world.data(source=ACME)
    world.bom(data, None)
    return data


def entry(trust="trusted", expires="2027-01-01", **match):
    match = {"type": "huggingface", "namespace": "acme", **match}
    return {"match": match, "trust": trust, "expires": expires}


def no_list(world):
    world.trust(OURS, name="approved-2")
    return world.data(source=ACME)


def no_file(world):
    return world.data(source=ACME)


def source(text):
    return taken_from(f"pkg:{text}@{COMMIT}")


def listed(*entries, text="huggingface/acme/reviews"):
    return taken_from(f"pkg:{text}@{COMMIT}", entries=entries)


def case(arrange, status, reason, minimum="attested", **settings):
    return Case(arrange, status, reason, {"list": "approved", **settings}, minimum)


def ignored(arrange):
    return case(arrange, *ONLY_NAMED, named="ignore-above-roots")


def asked(arrange, reason="source-not-trusted", status="fail"):
    return case(arrange, status, reason, named="ignore-above-roots")


ONLY_NAMED = ("not-applicable", "only-named")


def stranger(arrange):
    return case(arrange, "fail", "source-not-trusted")


def named(*, above=None, entries=(OURS,), source=STRANGER_HUB, kind=Kind.MODEL, **how):
    """What a document names: a base of a root that was accepted, or as ``above`` says.

    ``above`` changes the world once all of that is in it.
    """

    def arrange(world):
        world.trust(*entries)
        world.root = world.model()
        root = world.model("root", source=ACME)
        world.step("fine-tune", world.root, {"base-model": root})
        world.accept("root", **how)
        named = world.build.entity(
            kind, None, name="far", **{"source": source} if source else {}
        )
        world.build.edge(root, Relation.DERIVED_FROM, named, "base-model")
        if above:
            above(world, named)
        return named

    return arrange


def beside_as_well(world, named):
    world.build.edge(world.root, Relation.DERIVED_FROM, named, "base-model")


def used_by_a_step(world, named):
    world.step("train", digest_of_root(world), {"base-model": named})


def needed_when_it_runs(world, named):
    world.build.edge(digest_of_root(world), Relation.REQUIRES, named, "adapter")


def digest_of_root(world):
    return world.model("root")


def not_accepted(world, named):
    world.roots.clear()


def has_digest_above_root(world):
    named()(world)
    far = world.model("far-with-bytes", source=STRANGER_HUB)
    world.build.edge(digest_of_root(world), Relation.DERIVED_FROM, far, "base-model")
    return far


def no_list_above_root(world):
    far = named()(world)
    world.trust(OURS, name="approved-2")
    return far


BLOCK = entry("blocked", name="reviews")
CASES = {
    "namespace": case(taken_from(ACME), "pass", "source-trusted"),
    "on the step's edge": case(used_from(ACME), "pass", "source-trusted"),
    "claimed by one, signed by another": case(
        claimed_and_used, "pass", "source-trusted"
    ),
    "percent-encoded": case(source("huggingface/%61cme/x"), "pass", "source-trusted"),
    "exact name": case(listed(entry(name="reviews")), "pass", "source-trusted"),
    "one live entry": case(
        listed(entry(expires="2026-01-01"), entry()), "pass", "source-trusted"
    ),
    "written as people write": case(
        listed({"match": {"type": "pypi", "name": "My_Pkg"}}, text="pypi/my-pkg"),
        "pass",
        "source-trusted",
    ),
    "registry that was approved": case(
        taken_from(
            f"{ACME}?repository_url=hub.acme.example",
            entries=[entry(repository_url="hub.acme.example")],
        ),
        "pass",
        "source-trusted",
    ),
    "claimed is enough": case(
        taken_from(ACME, signer=None), "pass", "source-trusted", "claimed"
    ),
    "longer namespace": stranger(source("huggingface/acme-evil/x")),
    "shorter namespace": stranger(source("huggingface/acm/x")),
    "namespace below": stranger(source("huggingface/acme/evil/x")),
    "encoded slash": stranger(source("huggingface/acme%2Fevil/x")),
    "dots": stranger(source("huggingface/acme/../evil/x")),
    "cyrillic a": stranger(source("huggingface/аcme/x")),  # noqa: RUF001
    "full-width a": stranger(source("huggingface/ａcme/x")),  # noqa: RUF001
    "encoded look-alike": stranger(source("huggingface/%D0%B0cme/x")),
    "zero-width": stranger(source("huggingface/acme%E2%80%8B/x")),
    "case": stranger(source("huggingface/Acme/x")),
    "another type": stranger(source("github/acme/x")),
    "another registry": stranger(taken_from(f"{ACME}?repository_url=evil.example")),
    "another download": stranger(taken_from(f"{ACME}?download_url=evil.example")),
    "approved registry, own download": stranger(
        taken_from(
            f"{ACME}?repository_url=a.example&download_url=evil.example",
            entries=[entry(repository_url="a.example")],
        )
    ),
    "no purl": stranger(taken_from("https://huggingface.co/acme/reviews")),
    "another name": stranger(listed(entry(name="other"))),
    "another revision": stranger(listed(entry(revision="0" * 40))),
    "empty list": stranger(listed()),
    "one of two": stranger(taken_from(ACME, f"pkg:huggingface/evil/x@{COMMIT}")),
    "blocked": case(listed(entry(), BLOCK), "fail", "source-blocked"),
    "blocked, first": case(listed(BLOCK, entry()), "fail", "source-blocked"),
    "block has expired": case(
        listed(entry(), entry("blocked", "2026-01-01")), "fail", "source-blocked"
    ),
    "blocked, other case": case(
        listed(
            {"match": {"type": "huggingface"}}, BLOCK, text="huggingface/ACME/Reviews"
        ),
        "fail",
        "source-blocked",
    ),
    "blocked, other registry": case(
        taken_from(f"{ACME}?repository_url=mirror.example", entries=[BLOCK]),
        "fail",
        "source-blocked",
    ),
    "worst is told": case(
        taken_from(f"pkg:huggingface/aaa/x@{COMMIT}", ACME, entries=[BLOCK]),
        "fail",
        "source-blocked",
    ),
    "expired": case(
        listed(entry(expires="2026-11-21T12:00:00Z")),
        "fail",
        "source-approval-expired",
    ),
    "nothing said": case(made(recorded=False), "unknown", "source-missing"),
    "made, only claimed": case(made(signer=None), "unknown", "source-missing"),
    "stranger says so": case(
        taken_from(ACME, signer=None), "unknown", "assurance-too-low"
    ),
    "unsigned edge": case(
        used_from(ACME, recorded=False), "unknown", "assurance-too-low"
    ),
    "no such list": case(no_list, "unknown", "source-list-missing"),
    "no file": case(no_file, "unknown", "source-list-missing"),
    "named above a root": ignored(named()),
    "named above a root, no source": ignored(named(source=None)),
    "named above a root, expired": ignored(
        named(entries=[entry(expires="2026-01-01")])
    ),
    "named above a root, asked": case(named(), "fail", "source-not-trusted"),
    "named above a root, blocked": asked(
        named(entries=[entry("blocked", namespace="far", name="base")]),
        "source-blocked",
    ),
    "named above an expired root": asked(named(expires="2026-01-01")),
    "named above no root": asked(named(above=not_accepted)),
    "named above a root and beside it": asked(named(above=beside_as_well)),
    "used above a root": asked(named(above=used_by_a_step)),
    "needed above a root": asked(named(above=needed_when_it_runs)),
    "has a digest above a root": asked(has_digest_above_root),
    "named above a root, no list": asked(
        no_list_above_root, "source-list-missing", "unknown"
    ),
    "the artifact itself": case(
        source("huggingface/evil/x"),
        "not-applicable",
        "artifact-not-asked",
        artifact="ignore",
    ),
    "a base of it": case(
        named(above=not_accepted), "fail", "source-not-trusted", artifact="ignore"
    ),
    "made by a step": case(made(), "not-applicable", "generated-by-a-step"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("trusted-source", case)


HUB = "https://hub.acme.example"
ADVICE = {
    "a hub that the entry does not name": (
        taken_from(f"{ACME}?repository_url={HUB}"),
        f"taken from {HUB}",
    ),
    "an entry for a hub, and the public one": (
        taken_from(ACME, entries=[entry(repository_url=HUB)]),
        "an entry without it",
    ),
    "only named": (named(above=not_accepted), "accepted-roots.yaml"),
    "only named, no source": (
        named(above=not_accepted, source=None),
        "accepted-roots.yaml",
    ),
}


@pytest.mark.parametrize(("arrange", "said"), ADVICE.values(), ids=ADVICE)
def test_advice_for_what_the_rule_cannot_know(arrange, said):
    wanted = case(arrange, "fail", "source-not-trusted")
    assert said in wanted.answer("trusted-source").remedy


def test_no_hub_is_proposed_for_a_namespace_nobody_decided_about():
    arrange = taken_from("pkg:huggingface/evil/x?repository_url=https://evil.example")
    found = case(arrange, "fail", "source-not-trusted").answer("trusted-source")
    assert "evil.example" not in found.remedy
