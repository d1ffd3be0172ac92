"""substitution: one name at one version is one thing, whoever mentions it."""

from __future__ import annotations

import pytest
from policy_builders import COMMIT, PIPELINE, Case, again, digest, sha, verify

from aibom.digest import Digest, File
from aibom.lineage.build import GraphBuilder
from aibom.lineage.nodes import Kind, Origin, Relation
from aibom.statement import AUDIT_V1, PROVENANCE_V1

BASE = f"pkg:huggingface/acme/base@{COMMIT}"
OTHER = f"pkg:huggingface/acme/base@{COMMIT[::-1]}"


def thing(world, seed, form="tree", files=None, kind=Kind.MODEL, **facts):
    """An entity that bears no name of its own, unless one is given."""
    listed = tuple(
        File(path, 1, Digest("file", sha(text)))
        for path, text in sorted((files or {}).items())
    )
    return world.build.entity(kind, Digest(form, sha(seed)), listed, **facts)


def used_twice(one, other, **how):
    """A model made of two; ``how`` is of both, each dictionary of one."""

    def arrange(world):
        model = world.model()
        first = thing(world, **{"seed": "one", **how, **one})
        second = thing(world, **{"seed": "two", **how, **other})
        uses = {"base-model": first, "adapter": second}
        world.step("merge", model, uses)
        return model

    return arrange


def named(first, second, version="1", other="1", fact="revision"):
    return used_twice({"name": first, fact: version}, {"name": second, fact: other})


def sourced(first=BASE, second=BASE, **how):
    return used_twice({"source": first}, {"source": second}, **how)


def files(one, other, form="tree", **second):
    return used_twice(
        {"files": one}, {"files": other, "form": form, **second}, source=BASE
    )


def on_edges(
    first, second, name=None, in_bom=True, signer=PIPELINE, predicate=PROVENANCE_V1
):
    """Two steps took, each as its record says, other bytes from these sources."""

    def arrange(world):
        base, model = thing(world, "one"), world.model()
        world.step("fine-tune", model, {"base-model": base}, source=first)
        other, tuned = thing(world, "two"), world.model("tuned")
        record = GraphBuilder(Origin("step-record"))
        for build in (world.build, record) if in_bom else (record,):
            step = build.step(sha("second"), "fine-tune")
            again(build, other)
            again(build, tuned)
            build.used(step, other, "base-model", {"source": second, "name": name})
            build.edge(step, Relation.GENERATED, tuned)
        own = frozenset({step, tuned})
        world.say(predicate, tuned, signer, record.graph(), own)
        return model

    return arrange


def elsewhere(world):
    """What the artifact does not come from may be mentioned twice."""
    thing(world, "one", source=BASE)
    thing(world, "two", source=BASE)
    return world.model()


def of_the_artifact(world):
    model = world.model(source=BASE)
    thing(world, "two", source=BASE)
    return model


def two_sources(world):
    """One thing that was taken from two places."""
    base, model = thing(world, "one", source=BASE), world.model()
    world.build.entity(Kind.MODEL, digest("one"), source=OTHER)
    world.step("fine-tune", model, {"base-model": base})
    return model


def undigested(world):
    model, base = world.model(), thing(world, "one", source=BASE)
    service = world.build.entity(Kind.SERVICE, None, source=BASE)
    world.step("distill", model, {"teacher": service, "base-model": base})
    return model


def doubt_and_certainty(world):
    model = undigested(world)
    thing(world, "two", source=BASE)
    return model


def made_under_one_name(world):
    """Two steps made one version of one name."""
    model, one = world.model(), thing(world, "one", revision="1")
    two = thing(world, "two", revision="1")
    for nth, made in enumerate((one, two), 1):
        step = world.step("train", made, nth=nth, recorded=False)
        world.build.edge(step, Relation.GENERATED, made, "out", {"name": "acme/base"})
    world.step("fine-tune", model, {"base-model": one})
    return model


def hostile_sources(world):
    sources = ("pkg:", "pkg:huggingface", "not a purl", "pkg:x/%00@%ff", "a" * 10_000)
    for number, source in enumerate(sources):
        thing(world, f"t{number}", source=source)
        thing(world, f"u{number}", source=source)
    return used_twice({"source": sources[0]}, {"source": sources[0]})(world)


def passing(arrange):
    return Case(arrange, "pass", "nothing-substituted")


def failing(arrange):
    return Case(arrange, "fail", "substituted")


def unknown(reason, arrange):
    return Case(arrange, "unknown", reason)


AB, AC = {"a": "1", "b": "2"}, {"a": "1", "c": "3"}
CASES = {
    "nothing is said": passing(used_twice({}, {})),
    "two packages": passing(sourced(second="pkg:huggingface/acme/base2@" + COMMIT)),
    "two revisions": passing(sourced(second=OTHER)),
    "two types": passing(sourced(second=BASE.replace("huggingface", "github"))),
    "two places": passing(sourced(second=f"{BASE}?repository_url=https://x.example")),
    "two paths": passing(sourced(f"{BASE}#a.bin", f"{BASE}#b.bin", form="file")),
    "no revision": passing(sourced(*2 * ["pkg:huggingface/acme/base"])),
    "one thing, two places": passing(two_sources),
    "the same bytes": passing(sourced(seed="one")),
    "elsewhere": passing(elsewhere),
    "two names": passing(named("acme/base", "labs/base")),
    "two versions": passing(named("acme/base", "acme/base", other="2")),
    "base names": passing(named("base", "base")),
    "a file of the folder": passing(files({"a": "two"}, None, form="file")),
    "a stranger's record": passing(on_edges(BASE, BASE, in_bom=False, signer=None)),
    "not a step record": passing(
        on_edges(BASE, BASE, in_bom=False, predicate=AUDIT_V1)
    ),
    "hostile sources": passing(hostile_sources),
    "one package": failing(sourced()),
    "one package in other letters": failing(
        sourced(second=BASE.replace("acme", "ACME"))
    ),
    "one package, written otherwise": failing(
        sourced(second=BASE.replace("acme", "%61cme"))
    ),
    "one package elsewhere": failing(
        sourced(*2 * [f"{BASE}?repository_url=https://x.example"])
    ),
    "one branch": failing(sourced(*2 * ["pkg:huggingface/acme/base@main"])),
    "one path": failing(sourced(*2 * [f"{BASE}#a.bin"], form="file")),
    "one path, other names": failing(
        used_twice({"name": "a"}, {"name": "b"}, form="file", source=f"{BASE}#a.bin")
    ),
    "two steps took it": failing(on_edges(BASE, BASE)),
    "two steps took it, the BOM leaves one out": failing(
        on_edges(BASE, BASE, in_bom=False)
    ),
    "a claim is enough": failing(on_edges(BASE, BASE, signer=None)),
    "the artifact itself": failing(of_the_artifact),
    "one name and revision": failing(named("acme/base", "acme/base")),
    "one name and version": failing(named("acme/base", "acme/base", fact="version")),
    "one name in other letters": failing(named("acme/base", "Acme/\uff42ase")),
    "two steps made it": failing(made_under_one_name),
    "two kinds": failing(
        used_twice({"kind": Kind.DATASET}, {}, name="acme/base", revision="1")
    ),
    "folders that differ in a file": failing(files(AB, {**AC, "b": "9"})),
    "folders, one not listed": failing(files(AB, None)),
    "files of one name": failing(
        used_twice({}, {}, form="file", source=BASE, name="a")
    ),
    "files of which one has no name": failing(
        used_twice({"name": "a"}, {}, form="file", source=BASE)
    ),
    "a file that differs in the folder": failing(
        files(AB, None, form="file", name="b")
    ),
    "certain beside a doubt": failing(doubt_and_certainty),
    "two selections": unknown("parts-not-comparable", files(AB, AC)),
    "files of two names": unknown(
        "parts-not-comparable",
        used_twice({"name": "a"}, {"name": "b"}, form="file", source=BASE),
    ),
    "a file beside a folder": unknown(
        "parts-not-comparable", files(None, None, form="file", name="a")
    ),
    "a file that the folder does not have": unknown(
        "parts-not-comparable", files(AB, None, form="file", name="x")
    ),
    "no digest": unknown("digest-missing", undigested),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("substitution", case)


def test_the_path_leads_to_the_one_and_the_other_is_named():
    name = "two steps took it, the BOM leaves one out"
    result = verify("substitution", CASES[name])
    assert [hop.kind for hop in result.path] == ["model", "step", "model"]
    one, two = sha("one")[:12], sha("two")[:12]
    assert result.path[-1].node.startswith(f"model:tree:{one}")
    assert result.actual == (
        f"{BASE} is model:tree:{one} (model:tree:{one}), "
        f"and model:tree:{two} (model:tree:{two})"
    )
