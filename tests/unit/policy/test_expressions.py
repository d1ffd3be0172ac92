"""Expressions at load: what is not understood, or can only be a mistake, is refused."""

from __future__ import annotations

import re
import sys
import threading

import pytest
from cel_expr_python import cel
from policy_builders import World, policy_of

from aibom.errors import PolicyInvalid
from aibom.policy.expression_methods import METHODS, SPENDING_LIMIT
from aibom.policy.expression_places import Under
from aibom.policy.expression_review import MAX_DEPTH, MAX_LENGTH
from aibom.policy.expression_tree import calls, names, read_tree
from aibom.policy.expressions import compile_expression

REFUSED = {
    "field without brackets": ('node.kind == "a"', "write .kind() with brackets"),
    "misspelt field": ('node.kid == "a"', "did you mean 'kind'?"),
    "misspelt method": ('node.fact("x") == []', "did you mean 'facts'?"),
    "misspelt method of an ancestor": (
        'node.ancestors().all(a, a.knd() == "x")',
        "did you mean 'kind'?",
    ),
    "misspelt range of a loop": (
        'node.license().exists(l, l == "mit")',
        "did you mean 'licence'?",
    ),
    "misspelt variable": ('nod.kind() == "a"', "did you mean 'node'?"),
    "unknown function": ("node.system() == 1", "known: "),
    "misspelt fact": ('node.facts("license") == []', "did you mean 'licence'?"),
    "misspelt fact, of assurance": (
        'node.assurance("sorce") == "attested"',
        "did you mean 'source'?",
    ),
    "no name of a fact": ('node.facts("Licence") == []', "is not the name of a fact"),
    "digest as a fact": ('node.facts("digest") == []', "write .digest()"),
    "misspelt role": ('node.parties("labeller") == []', "did you mean 'labeler'?"),
    "no source": ('node.has_source("acme")', "is not a source"),
    "qualified source": (
        'node.has_source("pkg:oci/a?repository_url=x")',
        "is not a source",
    ),
    "no source in a list": ('node.only_sources(["pkg:oci/a", "x"])', "is not a source"),
    "no sources at all": ("node.only_sources([])", "a list of texts that is written"),
    "sources of the document": (
        "node.only_sources(node.sources())",
        "a list of texts that is written out",
    ),
    "source of the document in a list": (
        "node.only_sources([node.id()])",
        "a list of texts that is written out",
    ),
    "fact named by the document": (
        "node.facts(node.id()) == []",
        "takes a text that is written out",
    ),
    "pattern of the document": (
        "node.id().matches(node.kind())",
        "takes a text that is written out",
    ),
    "bad pattern": ('node.id().matches("(")', "missing ): ("),
    "types": ("node.kind() == 1", "applied to '(string, int)'"),
    "node as text": ('node == "x"', "applied to '(node, string)'"),
    "arguments": ('node.facts("a", "b") == []', "node.facts(text) is what one can ask"),
    "method of a text": ('"x".kind() == "a"', "no matching overload"),
    "hidden type": ('dyn(node) == "x"', "dyn() hides"),
    "joined texts": ('node.id() + "a" == "b"', "not joined with +"),
    "joined lists": ("node.names() + node.names() == []", "not joined with +"),
    "no truth value": (
        "node.names()",
        "gives a list<string>; it must be true or false",
    ),
    "perhaps no truth value": ("[true, node.names()][0]", "it must be true or false"),
    "constant": ("true", "looks at nothing"),
    "only time": ('now > timestamp("2026-01-01T00:00:00Z")', "looks at nothing"),
    "only its own loop": ("[1].all(node, node > 0)", "a loop hides 'node'"),
    "asked of nothing": ("kind() == 'a'", "node.kind() is what one can ask"),
    "syntax": ('node.kind() = "a"', "line 1, column 13"),
    "comment": ("// node", "not understood"),
    "extension": ("cel.bind(a, node, a == node)", "not understood"),
    "null character": ("node == node\x00 && false", "control character"),
    "surrogate": ("node.id() == '\ud800'", "half a character"),
    "one character too long": (
        f"node == node{' ' * (MAX_LENGTH - 11)}",
        "2,001 characters, at most 2,000",
    ),
    "one bracket too deep": (
        "(" * (MAX_DEPTH + 1) + "node == node" + ")" * (MAX_DEPTH + 1),
        "deeper than 16",
    ),
    "deep without brackets": ("node == node ? true : " * 40 + "true", "recursion"),
    "deep in selections": ("node" + ".a" * 900, "recursion"),
    "only brackets": ("([{" * 600, "deeper than 16"),
}


@pytest.mark.parametrize(("text", "told"), REFUSED.values(), ids=REFUSED)
def test_refused_at_load(text, told):
    with pytest.raises(ValueError, match=re.escape(told)) as error:
        compile_expression(text)
    assert "\n" not in str(error.value)
    assert "*error*" not in str(error.value)


ACCEPTED = {
    "longest": f"node == node{' ' * (MAX_LENGTH - 12)}",
    "deepest": "(" * MAX_DEPTH + "node == node" + ")" * MAX_DEPTH,
    "brackets in texts": 'node.id() == "((((((((((((((((((" || node == artifact',
    "many conjunctions": "true && " * 200 + "node == node",
    "many negations": "!" * 1900 + "(node == node)",
    "another's fact": 'node.facts("acme-review-board") == []',
    "a parameter": 'node.facts("parameter.license") == []',
    "collected": "node.names().map(n, n.size()).exists_one(s, s + 1 == 2)",
    "mapping": "{node.id(): node.names()}.size() == 1",
    "comment behind": "node == node // always",
    "several lines": "node ==\n  node",
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(text):
    assert compile_expression(text).text == text


WARNED = {
    "optional facts": ('"a" in node.licence() || node == artifact', "may be missing"),
    "index": ('node.names()[0] == "a" || node == artifact', "swallow errors"),
    "index below": (
        'node == node && (node == artifact || node.names()[0] == "a")',
        "swallow errors",
    ),
    "index in exists": ("node.names().exists(n, n == node.names()[1])", "swallow"),
    "division": ("node == artifact || 1 / size(node.id()) == 1", "swallow errors"),
}


@pytest.mark.parametrize(("text", "told"), WARNED.values(), ids=WARNED)
def test_warned(text, told):
    assert any(told in warning for warning in compile_expression(text).warnings)


def test_nothing_to_warn_of():
    text = 'node == artifact || node.kind() == "model"'
    assert compile_expression(text).warnings == ()
    assert compile_expression("node.names().all(n, n.size() > 1)").warnings == ()


def rule(**settings):
    return {"id": "ours", "check": "expression", "settings": settings}


def test_problems_are_those_of_the_policy():
    with pytest.raises(PolicyInvalid) as error:
        policy_of(
            rule(expression="node.kid() == 1"),
            {**rule(expression='node.facts("license") == []'), "id": "other"},
            {**rule(expression="node == node", unknown_if_missing=["Name"]), "id": "c"},
        )
    assert error.value.reason == "policy-invalid"
    for told in ("rules[0].settings", "'kind'", "rules[1]", "'licence'", "'Name'"):
        assert told in error.value.message


def test_warnings_are_those_of_the_policy():
    (warning,) = policy_of(rule(expression=WARNED["division"][0])).warnings
    assert warning.startswith("rule ours: ||")


def test_without_the_extra_the_policy_does_not_load(monkeypatch):
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    with pytest.raises(PolicyInvalid) as error:
        policy_of(rule(expression="node == node"))
    assert error.value.reason == "extra-missing"
    assert error.value.where == "policy.yaml.rules[0].settings"
    assert error.value.hint == "pip install 'aibom[expressions]'"


# ── the limits of the engine ────────────────────


def looped(count, text):
    world = World()
    world.root = model = world.model()
    step = world.step("train", model)
    for number in range(count):
        world.build.used(step, world.data(f"d{number}"), "training-data")
    return compile_expression(text).evaluate(world.context(), model)


@pytest.mark.parametrize(
    ("count", "over"), [(98, False), (110, True), (9_900, False), (10_000, True)]
)
def test_loops_turn_less_than_ten_thousand_times(count, over):
    nested = "node.ancestors().all(a, artifact.ancestors().all(b, b == b))"
    flat = "node.ancestors().all(a, a == a)"
    answer = looped(count, nested if count < 200 else flat)
    assert answer.over_budget is over
    assert (answer.holds is None) is over


def test_answers_are_counted_too():
    text = "node.ancestors().all(a, size(artifact.ancestors()) > 0) || node == node"
    within, beyond = looped(130, text), looped(150, text)
    assert within.holds is True
    assert beyond.over_budget
    assert 130**2 < SPENDING_LIMIT < 150**2


def test_the_engine_cuts_texts_at_a_null_character():
    """Why answers are cleaned. If this fails, the engine was mended: rejoice."""
    environment = cel.NewEnv(variables={"text": cel.Type.STRING})
    found = environment.compile("text == 'mit'").eval(data={"text": "mit\0evil"})
    assert found.value() is True


def test_the_engine_ends_an_overrun_whatever_stands_beside_it():
    environment = cel.NewEnv(variables={"l": cel.Type.List(cel.Type.INT)})
    program = environment.compile("l.all(a, l.all(b, true)) || true")
    with pytest.raises(RuntimeError, match="budget exceeded"):
        program.eval(data={"l": list(range(101))})


def test_programs_run_in_several_threads():
    worlds = [World() for _ in range(4)]
    program = compile_expression('node.names().all(n, n == "d")')
    answers = {}

    def ask(number, world):
        world.root = world.data("d" if number % 2 else "e")
        context = world.context()
        for _ in range(50):
            answers.setdefault(number, set()).add(
                program.evaluate(context, world.root).holds
            )

    threads = [threading.Thread(target=ask, args=pair) for pair in enumerate(worlds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {0: {False}, 1: {True}, 2: {False}, 3: {True}}


def test_the_same_question_has_the_same_answer():
    text = 'node.names().all(n, n == "d")'
    world = World()
    world.root = world.data("d")
    program, context = compile_expression(text), world.context()
    first = program.evaluate(context, world.root)
    assert program.evaluate(context, world.root) == first
    assert first.weakest.field == "name"


# ── the tree ────────────────────


def tree_of(text):
    variables = {"a": cel.Type.STRING, "l": cel.Type.List(cel.Type.STRING)}
    return read_tree(cel.NewEnv(variables=variables).compile(text).serialize())


def test_tree():
    tree = tree_of('a == "x" || {"k": l.exists(i, i.startsWith("é"))}["k"] && 1 == 2')
    functions = [call.function for call in calls(tree)]
    assert tree.function == "_||_"
    assert {"_&&_", "_[_]", "startsWith", "text:x", "text:k", "text:é"} < set(functions)
    assert names(tree) == {"a", "l", "i", "@result"}
    assert tree_of("a + a == a").arguments[0].overloads == {"add_string"}


CUT = {
    "nothing": b"",
    "no expression": b"\x12\x00",
    "ends early": b"\x12\x7fabc",
    "endless number": b"\x80" * 20,
    "groups": b"\x0b",
    "text": b"node == node",
}


@pytest.mark.parametrize("data", CUT.values(), ids=CUT)
def test_what_is_no_tree_is_refused(data):
    with pytest.raises(ValueError, match="no serialized expression"):
        read_tree(data)


# ── methods and places ────────────────────


def test_every_method_is_told_in_the_docs_of_the_check():
    from aibom.policy.checks import expression

    for name in METHODS:
        assert f"`.{name}(" in " ".join(expression.__doc__.split()), name


PLACES = {
    "namespace": ("pkg:oci/acme", "pkg:oci/acme/x@1", True),
    "longer namespace": ("pkg:github/acme", "pkg:github/acme-evil/x", False),
    "deeper": ("pkg:golang/a/b", "pkg:golang/a/b/c/d", True),
    "the thing itself": ("pkg:pypi/Foo_bar", "pkg:pypi/foo-bar@1", True),
    "slash behind": ("pkg:huggingface/acme/", "pkg:huggingface/acme/x", True),
    "another type": ("pkg:oci/acme", "pkg:docker/acme/x", False),
    "type alone": ("pkg:oci", "pkg:oci/acme", True),
    "revision": ("pkg:oci/acme/x@1", "pkg:oci/acme/x@1", True),
    "another revision": ("pkg:oci/acme/x@1", "pkg:oci/acme/x@12", False),
    "elsewhere": ("pkg:oci/acme", "pkg:oci/acme/x?repository_url=evil", False),
    "no source": ("pkg:oci/acme", "acme", False),
    "capitals": ("pkg:huggingface/acme", "pkg:huggingface/ACME/x", False),
}


@pytest.mark.parametrize(("place", "source", "held"), PLACES.values(), ids=PLACES)
def test_places(place, source, held):
    assert Under.parse(place).holds(source) is held
