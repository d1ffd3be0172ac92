"""Coverage: states, ratios and what is missing; and that nothing flatters."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest
from builders import QUICK, graphs
from catalog_hostile import wrong_types
from cyclonedx_documents import bom
from hypothesis import given
from hypothesis import strategies as st
from policy_builders import PIPELINE, RELEASE, World, digest

from aibom.bom.foreign import decode_foreign
from aibom.lineage.evidence import Audit, Evidence, EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Relation
from aibom.reading import parse_yaml
from aibom.report.completeness.coverage import Ratio, State, coverage
from aibom.report.completeness.machine import coverage_document
from aibom.report.completeness.profile import (
    WORDS,
    AppliesTo,
    Asked,
    Probe,
    ProbeKind,
    Profile,
    Role,
    Rule,
    Way,
    read_profile,
)
from aibom.report.completeness.subject import Subject
from aibom.report.completeness.text import draw_coverage
from aibom.resources import resource_dir

FILES = sorted((resource_dir("policies") / "profiles").glob("*.yaml"))
PROFILES = tuple(
    read_profile(parse_yaml(p.read_bytes(), p.name), p.name) for p in FILES
)
BY_ID = {profile.id: profile for profile in PROFILES}
#: Two real ones; EVERYTHING below has every kind of probe.
VARIED = tuple(BY_ID[name] for name in ("g7-2026", "aiact-annex-iv-2"))
RANK = {state: -rank for rank, state in enumerate(State)}


def probe(text: str) -> Probe:
    kind, _, argument = text.partition(" ")
    return Probe(ProbeKind(kind), argument)


def asked(*where: str, applies="model", verify=("text",), **more) -> Asked:
    return Asked(
        more.pop("id", "E"),
        "all",
        "Title",
        AppliesTo(applies),
        tuple(map(probe, where)),
        frozenset(map(Way, verify)),
        "What is it?",
        **more,
    )


def a_profile(*elements: Asked, total: int | None = None) -> Profile:
    return Profile(
        "acme-1",
        "A list",
        "1",
        "2026-11",
        "Acme",
        "https://acme.example/",
        Role.COMMUNITY,
        "Binds nobody.",
        "2026-11-20",
        "primary",
        total or len(elements),
        {"all": "All", "none": "None"},
        elements,
    )


def subject(world: World, document=None, **more) -> Subject:
    graph = world.build.graph(world.root or None)
    statements = tuple(make(graph) for make in world.evidence)
    evidence = EvidenceSet(statements, frozenset(world.recomputed))
    return Subject(document or {}, graph, evidence=evidence, **more)


def a_model(**facts) -> World:
    world = World()
    world.root = world.model("reader", **facts)
    return world


def only(element: Asked, about: Subject):
    (answer,) = coverage(a_profile(element), about).answers
    return answer


#: Every question and every form of the vocabulary, asked of every component.
EVERYTHING = a_profile(
    *(
        asked(
            f"{kind} {word}",
            id=f"{kind} {word}",
            applies="component",
            verify=("bytes", "signature"),
        )
        for kind, words in (
            *((kind, sorted(words)) for kind, words in WORDS.items()),
            (ProbeKind.FACT, ("name", "licence", "env.*")),
            (ProbeKind.STEP_FACT, ("started", "parameter.*")),
            (ProbeKind.STEP, ("any", "train", "label")),
            (ProbeKind.PARTY, ("any", "labeler")),
            (ProbeKind.AUDIT, ("any", "backdoor-test")),
            (ProbeKind.REFERENCE, ("website",)),
            (ProbeKind.COMPONENT, ("name", "data[].type")),
            (ProbeKind.PROPERTY, ("cdx:ai-ml:model:modality",)),
        )
        for word in words
    )
)


# ── states ────────────────────


def test_verified_by_bytes():
    world = a_model()
    world.recomputed.add(digest("reader"))
    answer = only(asked("digest content", verify=["bytes"]), subject(world))
    assert (answer.state, answer.by) == (State.VERIFIED, "bytes")


def test_verified_by_signature_only_where_a_signature_is_the_answer():
    world = a_model()
    world.bom(world.root)
    about = subject(world)
    answer = only(asked("evidence owner", verify=["signature"]), about)
    assert (answer.state, answer.by) == (State.VERIFIED, "signature")
    answer = only(asked("evidence owner"), about)
    assert (answer.state, answer.by) == (State.SIGNED_CLAIM, "")


#: where it is asked who made it; the first is a signature of whoever signed for it
MAKER = ("evidence owner", "component supplier.name", "party supplier")


def made_by(supplier: str | None, signer=RELEASE):
    world = a_model()
    world.bom(world.root, signer=signer)
    component = {"bom-ref": world.root, "name": "reader"}
    if supplier is not None:
        component["supplier"] = {"name": supplier}
    document = {"metadata": {"component": component}}
    about = subject(world, document, signer=signer)
    return only(asked(*MAKER, verify=["signature"]), about)


def test_who_made_it_is_verified_only_by_the_signature_of_that_one():
    answer = made_by("Acme")
    assert (answer.state, answer.by) == (State.VERIFIED, "signature")
    assert RELEASE.name in answer.basis
    # The organisation behind this signer is software:builder.
    answer = made_by("Acme", signer=PIPELINE)
    assert (answer.state, answer.by) == (State.SIGNED_CLAIM, "")
    answer = made_by("Famous Lab")
    assert (answer.state, answer.by) == (State.SIGNED_CLAIM, "")


def test_who_signs_for_a_thing_does_not_answer_who_made_it():
    assert made_by(None).state is State.ABSENT


#: authors of the document → its state where acme-release signed it
AUTHORS = {
    "the organisation that signed": ([{"name": "Acme"}], State.VERIFIED),
    "one of them": ([{"name": "Anne"}, {"name": "acme"}], State.VERIFIED),
    "another": ([{"name": "Famous Lab"}], State.SIGNED_CLAIM),
    "nobody": ([], State.SIGNED_CLAIM),
    "a filler": ([{"name": "N/A"}], State.SIGNED_CLAIM),
}


@pytest.mark.parametrize(("authors", "state"), AUTHORS.values(), ids=AUTHORS)
def test_who_made_the_document(authors, state):
    where = ("evidence document-signature", "document metadata.authors[].name")
    element = asked(*where, applies="document", verify=["signature"])
    document = {"metadata": {"authors": authors}}
    about = subject(a_model(), document, signer=RELEASE)
    assert only(element, about).state is state
    alone = asked(where[0], applies="document", verify=["signature"])
    assert only(alone, about).state is State.VERIFIED


def test_a_signed_fact_is_a_signed_claim_whatever_could_be_verified():
    world = a_model(licence="MIT")
    world.bom(world.root)
    answer = only(asked("fact licence", verify=["bytes", "signature"]), subject(world))
    assert (answer.state, answer.by) == (State.SIGNED_CLAIM, "")


#: facts → state
STATED = {
    "claim": ({"licence": "MIT"}, State.CLAIM),
    "unknown": ({"licence": None}, State.UNKNOWN),
    "unknown in a word": ({"licence": "NOASSERTION"}, State.UNKNOWN),
    "absent": ({}, State.ABSENT),
    "filler": ({"licence": "TBD"}, State.ABSENT),
}


@pytest.mark.parametrize(("facts", "state"), STATED.values(), ids=STATED)
def test_states_of_what_is_stated(facts, state):
    answer = only(asked("fact licence"), subject(a_model(**facts)))
    assert answer.state is state
    assert answer.basis


def test_any_takes_the_best_and_all_the_weakest():
    about = subject(a_model(licence="MIT", description=None))
    both = ("fact licence", "fact description")
    assert only(asked(*both), about).state is State.CLAIM
    assert only(asked(*both, rule=Rule.ALL), about).state is State.UNKNOWN


def test_a_conflict_is_told_and_changes_no_state():
    world = a_model(licence="MIT")
    world.bom(world.root)
    before = subject(world)
    other = World()
    other.root = other.model("reader", licence="GPL-3.0")
    other.bom(other.root, signer=PIPELINE)
    graph = other.build.graph(other.root)
    statement = other.evidence[0](graph)
    both = EvidenceSet((*before.evidence.items, replace(statement, id="ff" * 32)))
    answer = only(asked("fact licence"), replace(before, evidence=both))
    assert answer.state is State.SIGNED_CLAIM
    assert "GPL-3.0" in answer.conflict
    found = coverage(a_profile(asked("fact licence")), replace(before, evidence=both))
    assert found.conflicts == (answer,)


# ── of what is asked ────────────────────


def test_one_answer_for_each_node_of_a_kind():
    world = a_model()
    base, data = world.model("base"), world.data("reviews")
    code = world.entity(Kind.CODE, "trainer")
    world.step("train", world.root, {"base-model": base, "data": data, "code": code})
    about = subject(world)

    def nodes(applies: str) -> set[str]:
        found = coverage(a_profile(asked("fact name", applies=applies)), about)
        return {answer.node for answer in found.answers}

    assert nodes("model") == {world.root, base}
    assert nodes("dataset") == {data}
    assert nodes("component") == {world.root, base, data, code}
    assert nodes("subject") == {world.root} == nodes("main-model")


def test_what_only_upstream_boms_name_is_not_asked():
    world = a_model()
    world.model("from elsewhere")
    about = subject(world, listed=frozenset({world.root}))
    assert only(asked("fact name"), about).node == world.root


def test_the_main_models_of_a_system():
    world = World()
    world.root = world.entity(Kind.SYSTEM, "app")
    inside, base = world.model("inside"), world.model("base")
    element = asked("fact name", applies="main-model")
    found = coverage(a_profile(element), subject(world))
    assert {a.node for a in found.answers} == {inside, base}
    world.build.edge(world.root, Relation.REQUIRES, inside, "model")
    assert only(element, subject(world)).node == inside


ROOTS = {
    "model": (Kind.MODEL, {"dataset": State.ABSENT, "model": State.ABSENT}),
    "system": (Kind.SYSTEM, {"dataset": State.ABSENT, "model": State.ABSENT}),
    "dataset": (
        Kind.DATASET,
        {
            "dataset": State.ABSENT,
            "model": State.NOT_APPLICABLE,
            "main-model": State.NOT_APPLICABLE,
        },
    ),
    "none": (None, {"subject": State.ABSENT, "component": State.ABSENT}),
}


@pytest.mark.parametrize(("kind", "states"), ROOTS.values(), ids=ROOTS)
def test_leaving_things_out_does_not_make_them_inapplicable(kind, states):
    world = World()
    if kind is not None:
        world.root = world.entity(kind, "it")
    for applies, state in states.items():
        answer = only(asked("fact licence", applies=applies), subject(world))
        assert answer.state is state
        assert answer.basis


# ── ratios ────────────────────


def measured():
    world = a_model(licence="MIT", description=None)
    world.recomputed.add(digest("reader"))
    world.bom(world.root)
    profile = a_profile(
        asked("digest content", id="1", verify=["bytes"]),
        asked("evidence owner", id="2", verify=["signature"]),
        asked("fact licence", id="3"),
        asked("fact description", id="4"),
        asked("fact task", id="5"),
        asked("none nowhere", id="6"),
        total=8,
    )
    return coverage(profile, subject(world))


def test_two_ratios_and_no_score():
    found = measured()
    assert found.answered == Ratio(4, 6)
    assert found.verified == Ratio(2, 6)
    assert (found.by_bytes, found.by_signature) == (1, 1)
    assert [found.count(state) for state in State] == [2, 1, 0, 1, 2, 0]
    (all_, none) = found.groups()
    assert [count for _, count in all_.counts] == [2, 1, 0, 1, 2, 0]
    assert [count for _, count in none.counts] == [0] * 6
    assert not any(hasattr(found, name) for name in ("score", "percent", "weight"))


def test_what_is_missing_comes_with_a_question():
    task, nowhere = measured().missing()
    assert (task.element.id, task.nodes, task.of, task.carried) == (
        "5",
        ("reader",),
        1,
        True,
    )
    assert task.ask == "What is it?"
    assert (nowhere.element.id, nowhere.carried) == ("6", False)


def test_not_applicable_is_in_no_ratio():
    world = World()
    world.root = world.data("reviews")
    found = coverage(a_profile(asked("fact licence")), subject(world))
    assert (found.answered, found.verified) == (Ratio(0, 0), Ratio(0, 0))
    assert found.missing() == ()


def test_text_says_everything_and_adds_nothing_up():
    text = draw_coverage(measured())
    for told in (
        "answered  4 of 6",
        "verified  2 of 6 (1 by bytes, 1 by signature)",
        "PARTIAL: 6 of 8 known",
        "community: Binds nobody.",
        "2026-11",
        "ask: What is it? (A BOM has no place for it: ask for a document.)",
    ):
        assert told in text
    assert "%" not in text
    brief = draw_coverage(measured(), asks=False)
    assert "ask:" not in brief
    assert "2 elements missing" in brief


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
def test_every_profile_fits_into_80_columns(profile):
    text = draw_coverage(coverage(profile, subject(a_model())), width=80)
    assert max(map(len, text.splitlines())) <= 80


def test_text_fits_its_width_and_shows_hostile_names_as_text():
    world = World()
    for number in range(9):
        world.model(f"\x1b[31m<script>\u202e{number}")
    world.root = world.model("::error:: hi")
    for width in (80, 100):
        text = draw_coverage(coverage(BY_ID["g7-2026"], subject(world)), width=width)
        assert max(map(len, text.splitlines())) <= width
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_json_holds_every_answer_and_no_score():
    found = measured()
    document = coverage_document([found], "ab" * 32, "1.6", valid=True)
    (told,) = document["profiles"]
    assert told["answered"] == {"part": 4, "of": 6}
    assert told["verified"] == {"part": 2, "of": 6, "byBytes": 1, "bySignature": 1}
    assert len(told["answers"]) == 6
    assert told["profile"]["elementsKnown"] == 6
    assert told["profile"]["elementsTotal"] == 8
    assert told["missing"][1]["carried"] is False
    assert json.loads(json.dumps(document)) == document


# ── nothing flatters ────────────────────


def states(about: Subject) -> dict[tuple[str, str, str], int]:
    return {
        (profile.id, answer.element.id, answer.node): RANK[answer.state]
        for profile in (*VARIED, EVERYTHING)
        for answer in coverage(profile, about).answers
    }


def worse_or_same(after: Subject, before: Subject) -> list[object]:
    """The answers that are better after something was taken away; must be none."""
    old = states(before)
    new = states(after)
    assert old.keys() == new.keys()
    return [key for key, rank in new.items() if rank > old[key]]


def statement(graph: Graph, node: str, number: int, kind: str) -> Evidence:
    about = graph.nodes[node].digest
    audit = Audit("backdoor-test", World().now, "tool", ()) if kind == "audit" else None
    return Evidence(
        f"{number:064x}",
        "x",
        (("it", about),) if about else (),
        "evidence",
        None if kind == "stranger" else RELEASE,
        None,
        None if audit else graph,
        frozenset() if audit else frozenset({node}),
        audit,
    )


@st.composite
def subjects(draw):
    """An arbitrary lineage, with evidence about some of it."""
    graph = draw(graphs())
    names = sorted(graph.nodes)
    told = draw(
        st.lists(
            st.tuples(
                st.sampled_from(names), st.sampled_from(("bom", "audit", "stranger"))
            ),
            max_size=6,
        )
    )
    items = tuple(statement(graph, n, i, kind) for i, (n, kind) in enumerate(told))
    digests = [node.digest for node in graph.nodes.values() if node.digest]
    recomputed = draw(st.frozensets(st.sampled_from(digests or [None]), max_size=3))
    evidence = EvidenceSet(items, recomputed - {None})
    signer = draw(st.sampled_from((None, RELEASE)))
    return Subject(bom(), graph, evidence=evidence, signer=signer, valid=True)


@QUICK
@given(subjects(), st.data())
def test_adding_evidence_never_lowers_a_state(about, data):
    items = about.evidence.items
    kept = tuple(item for item in items if data.draw(st.booleans()))
    recomputed = data.draw(st.sampled_from((frozenset(), about.evidence.recomputed)))
    less = replace(about, evidence=EvidenceSet(kept, recomputed), signer=None)
    assert worse_or_same(replace(less, valid=False), about) == []


@QUICK
@given(subjects(), st.data())
def test_taking_facts_away_never_raises_a_state(about, data):
    nodes = []
    for node in about.graph.nodes.values():
        kept = tuple(fact for fact in node.facts if data.draw(st.booleans()))
        nodes.append(replace(node, facts=kept))
    graph = Graph.of(nodes, about.graph.edges, about.graph.root)
    assert worse_or_same(replace(about, graph=graph), about) == []


@QUICK
@given(graphs(), st.randoms(use_true_random=False))
def test_order_never_matters(graph, random):
    nodes, edges = list(graph.nodes.values()), list(graph.edges)
    random.shuffle(nodes)
    random.shuffle(edges)
    again = Graph.of(nodes, edges, graph.root)
    for profile in (*VARIED, EVERYTHING):
        one, other = (coverage(profile, Subject({}, g)) for g in (graph, again))
        assert one == other


def paths(value, path=()):
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        if isinstance(item, (dict, list)):
            yield from paths(item, (*path, key))
        else:
            yield (*path, key)


def without(document, path):
    changed = copy.deepcopy(document)
    inner = changed
    for part in path[:-1]:
        inner = inner[part]
    if isinstance(inner, list):
        # Positions stay, as in a tolerant reading.
        inner[path[-1]] = {}
    else:
        del inner[path[-1]]
    return changed


def test_taking_members_of_the_document_away_never_raises_a_state():
    document = bom()
    graph = decode_foreign(document, "")
    before = Subject(document, graph, signer=RELEASE)
    assert any(states(before).values())
    for path in paths(document):
        after = replace(before, document=without(document, path))
        assert worse_or_same(after, before) == [], path


#: What fills every field of a document and says nothing.
HOLLOW = {
    "blank": " ",
    "nobody sees it": "\u200b\u2060",
    "a filler": "TBD",
    "in other letters": "\uff34\uff22\uff24",
    "a dash": "\u2014",
    "an address of nobody": "https://example.com/",
    "a template": "[More Information Needed]",
    "Latin": "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 9,
    "another language": "wird noch ergänzt",
    "an empty list": [],
    "a reference": {"bom-ref": "x", "type": "dataset", "acknowledgement": "declared"},
}
#: Words of the format itself, which are asked for as such.
ENUMERATED = frozenset(
    {
        *("G7AI-MD-02", "G7AI-MD-03", "G7AI-MD-04", "G7AI-MDL-11"),
        *("G7AI-MDL-07", "G7AI-MDL-08", "G7AI-DP-05"),
    }
)


def hollow(value, filler, key=""):
    """The document with every text replaced, but for what gives it its shape."""
    if isinstance(value, dict):
        return {name: hollow(item, filler, name) for name, item in value.items()}
    if isinstance(value, list):
        return [hollow(item, filler, key) for item in value]
    kept = ("bom-ref", "type", "ref", "alg", "specVersion", "bomFormat")
    return value if key in kept or not isinstance(value, str) else filler


@pytest.mark.parametrize("filler", HOLLOW.values(), ids=HOLLOW)
def test_a_document_that_says_nothing_answers_nothing(filler):
    full = bom()
    document, known = hollow(full, filler), decode_foreign(full, "")
    # Things are there, each by itself and without a fact.
    bare = [replace(node, facts=()) for node in known.nodes.values()]
    graph = Graph.of(bare, (), known.root)
    if isinstance(filler, str):
        graph = decode_foreign(document, "")
    found = coverage(BY_ID["g7-2026"], Subject(document, graph, signer=RELEASE))
    whole = Subject(full, known, signer=RELEASE)
    most = coverage(BY_ID["g7-2026"], whole).answered.part
    answered = [
        (answer.element.id, answer.label, answer.basis)
        for answer in found.answers
        if answer.state not in (State.ABSENT, State.NOT_APPLICABLE)
        and answer.element.id not in ENUMERATED
        and "document-signature" not in {p.argument for p in answer.element.where}
    ]
    assert answered == []
    assert most >= 20


def test_documents_of_any_shape_never_raise():
    document = bom()
    graph = decode_foreign(document, "")
    for text in wrong_types(document):
        changed = json.loads(text)
        if isinstance(changed, dict):
            about = Subject(changed, graph, signer=RELEASE)
            assert coverage(BY_ID["g7-2026"], about).answers


def test_what_a_document_says_of_its_own_worth_counts_for_nothing():
    document = bom()
    graph = decode_foreign(document, "")
    plain = states(Subject(document, graph))
    names = ("aibom:verified", "aibom:assurance", "aibom:level", "aibom:verdict")
    document["metadata"]["properties"] = [
        {"name": name, "value": "verified"} for name in names
    ]
    document["signature"] = {"algorithm": "ES256", "value": "AAAA"}
    changed = states(Subject(document, graph))
    better = {key for key in plain if changed[key] > plain[key]}
    assert {element for _, element, _ in better} <= {"G7AI-MD-05"}
    assert RANK[State.CLAIM] >= max(changed[key] for key in better)


def test_each_dataset_is_asked_each_element_once():
    asked_of: list[int] = []
    for count in (100, 400):
        world = a_model()
        for number in range(count):
            data = world.data(f"d{number}", licence="MIT")
            world.build.edge(world.root, Relation.DERIVED_FROM, data, "training-data")
        found = coverage(BY_ID["g7-2026"], subject(world))
        asked_of.append(found.applicable)
    assert asked_of[1] - asked_of[0] == 300 * 10
