"""Wrong calls are refused before the work starts, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aibom.errors import InputError, UsageError

if TYPE_CHECKING:
    from unit.recording.conftest import Project

    from aibom.recording import Step

SOURCE = "pkg:huggingface/acme/base@4f0c?x=1"


def same_parameter_twice(step: Step) -> None:
    step.parameter("x", 1)
    step.parameter("x", 1)


REFUSED_AT_ONCE: dict[str, tuple[str, Callable[[Step], None]]] = {
    "role": ("role-unknown", lambda step: step.input("bsae-model", "base")),
    "kind": ("kind-unknown", lambda step: step.input("data", "base", kind="modle")),
    "source": (
        "source-not-purl",
        lambda step: step.input("data", "base", source="acme/base@1"),
    ),
    "revision": (
        "revision-contradicts-source",
        lambda step: step.input("data", "base", source=SOURCE, revision="main"),
    ),
    "input-missing": ("path-missing", lambda step: step.input("data", "nowhere")),
    "party": (
        "party-not-pseudonymous",
        lambda step: step.party("labeler", "Ann Smith"),
    ),
    "parameter-list": (
        "parameter-not-scalar",
        lambda step: step.parameter("x", [1]),  # type: ignore[arg-type]
    ),
    "parameter-nan": (
        "parameter-not-scalar",
        lambda step: step.parameter("x", float("nan")),
    ),
    "parameter-none": (
        "parameter-not-scalar",
        lambda step: step.parameter("x", None),  # type: ignore[arg-type]
    ),
    "parameter-empty-name": ("parameter-unnamed", lambda step: step.parameter(" ", 1)),
    "parameter-hidden-name": (
        "parameter-unnamed",
        lambda step: step.parameter("lr\u202e", 1),
    ),
    "parameter-twice": ("parameter-twice", same_parameter_twice),
    "steps-in-output": ("records-inside-artifact", lambda step: step.output(".")),
    "steps-in-input": (
        "records-inside-artifact",
        lambda step: step.input("data", "."),
    ),
    "output-in-failed": (
        "records-inside-artifact",
        lambda step: step.output(".aibom/failed/x"),
    ),
}


@pytest.mark.parametrize(
    ("reason", "body"), REFUSED_AT_ONCE.values(), ids=REFUSED_AT_ONCE
)
def test_a_wrong_call_is_refused_before_the_work(
    project: Project, reason: str, body: Callable[[Step], None]
) -> None:
    worked: list[Step] = []

    def whole(step: Step) -> None:
        step.output("out")
        body(step)
        worked.append(step)

    with pytest.raises((UsageError, InputError)) as refused:
        project.run(whole)
    assert refused.value.reason == reason
    assert worked == []
    assert project.has_nothing
    assert len(project.failures()) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("in", "base"), ("out", "base")),
        (("in", "base"), ("out", "base/new")),
        (("out", "base"), ("in", "base/weights.bin")),
        (("in", "base"), ("out", "x/../base")),
        (("in", "base"), ("out", "alias/new")),
        (("out", "alias"), ("in", "base")),
    ],
)
def test_an_output_never_lies_inside_an_input(
    project: Project, first: tuple[str, str], second: tuple[str, str]
) -> None:
    Path("alias").symlink_to("base")

    def body(step: Step) -> None:
        for way, path in (first, second):
            if way == "in":
                step.input("base-model", path)
            else:
                step.output(path)

    with pytest.raises(UsageError) as refused:
        project.run(body)
    assert refused.value.reason == "output-inside-input"
    assert project.has_nothing


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (lambda step: (step.output("o"), step.output("./o")), "output-twice"),
        (lambda step: (step.output("a/o"), step.output("b/o")), "output-twice"),
        (
            lambda step: (step.input("data", "base"), step.input("data", "base/")),
            "input-twice",
        ),
    ],
    ids=["same-path", "same-name", "same-input"],
)
def test_declared_twice(
    project: Project, body: Callable[[Step], object], reason: str
) -> None:
    with pytest.raises(UsageError) as refused:
        project.run(body)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"kind": "finetune"}, "step-unknown"),
        ({"recheck": "fulll"}, "recheck-unknown"),
        ({"builder": "our builder"}, "builder-not-uri"),
        ({"secrets": ["env:NOT_SET"]}, "secret-unset"),
    ],
)
def test_wrong_options_never_reach_the_body(
    project: Project, options: dict[str, Any], reason: str
) -> None:
    entered: list[Step] = []
    with pytest.raises(UsageError) as refused:
        project.run(entered.append, **options)
    assert refused.value.reason == reason
    assert entered == []


def test_a_step_that_ended_takes_nothing_more(project: Project) -> None:
    step = project.run(project.makes("out"))
    lates: tuple[Callable[[], None], ...] = (
        lambda: step.input("base-model", "base"),
        lambda: step.output("more"),
        lambda: step.party("labeler", "org:A"),
        lambda: step.parameter("x", 1),
        lambda: step.command(["x"]),
    )
    for late in lates:
        with pytest.raises(UsageError, match="has ended"):
            late()
