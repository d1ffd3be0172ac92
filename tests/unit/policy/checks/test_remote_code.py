"""remote-code: what loading would run, by what was read from the bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from policy_builders import Case, policy_of, sha, verify

from aibom.digest import Digest
from aibom.errors import PolicyInvalid
from aibom.lineage.evidence import CodeRequest, RemoteCode
from aibom.lineage.nodes import Kind
from aibom.policy.checks.format_allowed import FORMATS
from aibom.policy.checks.remote_code import PROGRAMS

PLAIN = {"config.json": "json", "w.safetensors": "safetensors"}
PYTHON = {**PLAIN, "modeling.py": "python"}
#: The world makes the digests of files from their paths.
MODELING, OTHER = (str(Digest("file", sha(name))) for name in ("modeling.py", "x.py"))
NOTHING = RemoteCode()


def asks(*references, path="config.json", repository="", unclear=None):
    requests = (
        CodeRequest(path, "auto_map", module, repository) for module in references
    )
    return RemoteCode(tuple(requests), unclear or {})


ASKS = asks("modeling.py")
ELSEWHERE = asks("modeling.py", repository="evil/code")


def reading(world, formats, code):
    made = world.context

    def context():
        whole = made()
        seen = replace(whole.evidence, formats=formats, remote_code=code)
        return replace(whole, evidence=seen)

    world.context = context


def holding(code, formats=None, files=None, bytes_checked=True):
    """A model with these files, as this run read them."""
    formats = PLAIN if formats is None else formats

    def arrange(world):
        listed = sorted(formats if files is None else files)
        model = world.entity(Kind.MODEL, "sentiment", listed)
        world.bytes_checked = bytes_checked
        reading(world, formats, code)
        return model

    return arrange


def single_file(name, told):
    """An artifact that is one file: nothing lists it."""

    def arrange(world):
        model = world.build.entity(Kind.MODEL, Digest("file", sha(name)), name="one")
        reading(world, {name: told}, NOTHING)
        return model

    return arrange


def base_model(world):
    base = world.model("base")
    world.root = world.entity(Kind.MODEL, "sentiment", PLAIN)
    world.step("fine-tune", world.root, {"base-model": base})
    reading(world, PLAIN, ELSEWHERE)
    return base


def case(arrange, status, reason, *approved):
    return Case(arrange, status, reason, {"approved": list(approved)})


def bad(reason, code, formats=None, *approved):
    return case(holding(code, formats), "fail", reason, *approved)


CASES = {
    "asks for nothing": case(holding(NOTHING), "pass", "no-remote-code"),
    "verified, when asked": Case(
        holding(NOTHING), "pass", "no-remote-code", {}, "verified"
    ),
    "weights under a name that Python reads, too": case(
        holding(NOTHING, {**PLAIN, "w.pth": "pytorch-zip"}), "pass", "no-remote-code"
    ),
    "one file": case(single_file("w.gguf", "gguf"), "pass", "no-remote-code"),
    "asks, approved": case(holding(ASKS, PYTHON), "pass", "code-approved", MODELING),
    "asks from a folder, approved": case(
        holding(asks("modeling.py", path="sub/config.json"), PYTHON),
        "pass",
        "code-approved",
        MODELING,
    ),
    "lies beside, approved": case(
        holding(NOTHING, PYTHON), "pass", "code-approved", MODELING
    ),
    "asks": bad("remote-code", ASKS, PYTHON),
    "asks, another approved": bad("remote-code", ASKS, PYTHON, OTHER),
    "asks for what is not there": bad("remote-code", ASKS, PLAIN, MODELING),
    "asks for two, one approved": bad(
        "remote-code", asks("modeling.py", "x.py"), PYTHON, MODELING
    ),
    "two of one name, one approved": bad(
        "remote-code",
        asks("modeling.py", path="sub/config.json"),
        {**PYTHON, "sub/modeling.py": "python"},
        MODELING,
    ),
    "asks, not saying for what": bad("remote-code", asks(""), PYTHON, MODELING),
    "asks of another repository": bad("remote-code-elsewhere", ELSEWHERE),
    "of another repository, with the file here": bad(
        "remote-code-elsewhere", ELSEWHERE, PYTHON, MODELING
    ),
    "asks, and something is unclear": bad(
        "remote-code", asks("modeling.py", unclear={"other.json": "not JSON"}), PYTHON
    ),
    "python beside": bad("program-not-approved", NOTHING, PYTHON),
    "python beside, another approved": bad(
        "program-not-approved", ASKS, {**PYTHON, "x.py": "python"}, MODELING
    ),
    "python by its name alone": bad(
        "program-not-approved", NOTHING, {**PLAIN, "handler.PY": "unknown"}
    ),
    "library by its name alone": bad(
        "program-not-approved", NOTHING, {**PLAIN, "op.so.1": "unknown"}
    ),
    "python is all there is": case(
        single_file("m.py", "python"), "fail", "program-not-approved"
    ),
    **{
        f"{told} beside": bad("program-not-approved", NOTHING, {**PLAIN, "tool": told})
        for told in sorted(PROGRAMS)
    },
    "unclear": case(
        holding(asks(unclear={"config.json": "the key 'a' stands twice"})),
        "unknown",
        "configuration-unclear",
    ),
    "unclear, all code approved": case(
        holding(asks("modeling.py", unclear={"a.json": "not JSON"}), PYTHON),
        "unknown",
        "configuration-unclear",
        MODELING,
    ),
    "nobody looked": case(holding(None), "unknown", "code-not-read"),
    "formats not told": case(
        holding(NOTHING, {"config.json": "json"}, PLAIN), "unknown", "code-not-read"
    ),
    "no file at all": case(holding(NOTHING, {}), "unknown", "code-not-read"),
    "dry run": case(
        holding(ELSEWHERE, bytes_checked=False), "not-applicable", "bytes-not-read"
    ),
    "ancestor": case(base_model, "not-applicable", "not-the-artifact"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("remote-code", case)


def test_programs_are_formats_that_can_be_told():
    assert set(FORMATS) >= PROGRAMS


REFUSED = {
    "no digest": "modeling.py",
    "bare hex": sha("x"),
    "of a folder": f"tree-sha256:{sha('x')}",
    "too short": "sha256:abc",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_only_digests_of_files_can_be_approved(text):
    rule = {"id": "r", "check": "remote-code", "settings": {"approved": [text]}}
    with pytest.raises(PolicyInvalid) as caught:
        policy_of(rule)
    assert text in caught.value.message


def test_many_requests_are_told_in_few_words():
    found = asks(*(f"m{number:03}.py" for number in range(500)))
    result = bad("", found).answer("remote-code")
    assert result.actual.endswith("; 497 more")
    assert len(result.actual) < 300


ADVICE = {
    "remote-code-elsewhere": "Take that code into the artifact",
    "program-not-approved": "Leave these files out",
    "configuration-unclear": "written in one plain way",
    "code-not-read": "Nothing says that it asks for code",
}


@pytest.mark.parametrize(("reason", "advice"), ADVICE.items(), ids=ADVICE)
def test_the_next_step_is_for_the_reason(reason, advice):
    case = next(case for case in CASES.values() if case.reason == reason)
    assert advice in verify("remote-code", case).remedy
