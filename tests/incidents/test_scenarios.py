"""The incidents as a whole: each page row has its module, and a scenario can fail."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import COMMIT

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "incidents.md"
MODULES = {
    path.stem: importlib.import_module(f"incidents.{path.stem}")
    for path in sorted(HERE.glob("test_*.py"))
    if path != Path(__file__).resolve()
}
SCENARIOS = {
    f"{module}: {name}": scenario
    for module, found in MODULES.items()
    for name, scenario in found.SCENARIOS.items()
}
ROW = re.compile(
    r"\| \[(?P<incident>[^]]+)\]\(\.\./tests/incidents/(?P<module>\w+)\.py\) "
    r"\| (?P<rule>[\w-]+) \(`(?P<check>[\w-]+)`\) "
    r"\| (?P<reasons>`[^|]+`) \| (?P<limits>[^|]+) \|"
)


def rows():
    """The table of the page: every line of it but its head must be a row."""
    text = PAGE.read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| [")]
    found = [ROW.fullmatch(line) for line in lines]
    assert None not in found, [
        line for line, row in zip(lines, found, strict=True) if not row
    ]
    return [row.groupdict() for row in found]


def test_the_page_and_the_modules_say_the_same():
    told = {
        (row["module"], row["rule"], row["check"], reason)
        for row in rows()
        for reason in re.findall(r"`([\w-]+)`", row["reasons"])
    }
    shown = {
        (module, scenario.parsed["id"], scenario.parsed["check"], scenario.reason)
        for module, found in MODULES.items()
        for scenario in found.SCENARIOS.values()
    }
    assert told == shown


def test_each_rule_stands_in_one_row_of_its_incident():
    keys = [(row["module"], row["rule"]) for row in rows()]
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_happened_which_rule_and_its_limits(module):
    text = MODULES[module].__doc__
    happened, rules, limits = re.split(r"\n\n(?=Rules?: |\*\*Limits\*\*: )", text)
    assert "What happened: " in happened
    assert re.search(r"\b20[0-9]{2}\b", happened), "a year"
    assert len(limits) > 200
    for scenario in MODULES[module].SCENARIOS.values():
        parsed = scenario.parsed
        for word in (f"`{parsed['id']}`", parsed["check"], f"`{scenario.reason}`"):
            assert word in rules


def test_a_rule_has_one_meaning():
    """The same id is the same check in all scenarios, as it would be in a pack."""
    checks = {(s.parsed["id"], s.parsed["check"]) for s in SCENARIOS.values()}
    assert len(checks) == len({rule for rule, _ in checks})


# ── a scenario can fail ────────────────────


def made_here(world):
    """The base was made here, so that nothing is asked about its namespace."""
    names = importlib.import_module("incidents.test_model_namespace_reuse")
    text, base, model = world.data("text"), world.model("base"), world.model()
    source = f"{names.BASE}@{COMMIT}"
    world.step("train", base, {"corpus": text}, source=source, **names.JUNE)
    world.step("fine-tune", model, {"base-model": base})
    ready(world, model, "text", approved=[names.APPROVED])


ONE = SCENARIOS["test_model_namespace_reuse: the name changed hands in spring"]
WRONG: dict[str, Scenario] = {
    "the clean twin is blocked": replace(ONE, clean=ONE.bad),
    "the bad twin is let through": replace(ONE, bad=ONE.clean),
    "for another reason": replace(ONE, reason="owner-not-recorded"),
    "with another status": replace(ONE, status="unknown"),
    "by another path": replace(ONE, path_labels=("sentiment",)),
    "by more rules than it says": replace(ONE, also=("lineage-open",)),
    "the finding does not say why": replace(
        ONE, rule=re.sub(r"why: .*\n", "", ONE.rule)
    ),
    "the finding does not say what to do": replace(
        ONE, rule=re.sub(r"remedy: .*\n", "", ONE.rule)
    ),
    "the rule does not ask of the clean twin": replace(ONE, clean=made_here),
}


@pytest.mark.parametrize("scenario", WRONG.values(), ids=WRONG)
def test_a_scenario_that_is_not_so_fails(scenario):
    with pytest.raises(AssertionError):
        scenario.verify(judge)
