"""What a policy test expects, and how an answer differs from it.

An expectation without a ``node`` is about the rule as a whole, that is about its worst
result: ``pass`` says that no node has a finding and at least one passes. What is left
out is not compared, except that whoever expects a finding has to say which: a rule can
fail for a reason that nobody meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aibom.reading import Reader, suggest
from aibom.verdict import Decision, Result, Status

__all__ = [
    "Answer",
    "Expectation",
    "ExpectedRule",
    "Unlike",
    "differences",
    "read_expectation",
]

_WORST_FIRST = (
    Status.FAIL,
    Status.ERROR,
    Status.UNKNOWN,
    Status.PASS,
    Status.NOT_APPLICABLE,
)
_FINDINGS = (Status.FAIL, Status.ERROR, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ExpectedRule:
    """What is expected of one rule, on one node or as a whole. None: not compared.

    ``on`` is what the test calls the node; ``node`` is its id where the test describes
    the lineage, else the same name, label or id again.
    """

    rule: str
    status: Status
    code: str | None
    on: str | None
    term: str | None
    path: tuple[str, ...] | None
    blocks: bool | None
    exception: str | None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of a case; at least one part of it is set."""

    rules: tuple[ExpectedRule, ...]
    decision: Decision | None
    code: str | None
    exit_code: int | None

    @property
    def on_the_whole(self) -> bool:
        """Whether something is expected on which every rule has a say."""
        return (self.decision, self.code, self.exit_code) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a case came to. ``called`` has every name of each node."""

    decision: Decision
    reason: str
    exit_code: int
    results: tuple[Result, ...]
    called: Mapping[str, frozenset[str]]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Unlike:
    """One thing that is not as expected; ``about`` is a rule, or ``decision``."""

    about: str
    expected: str
    found: str


def read_expectation(
    case: Reader, nodes: Mapping[str, str] | None
) -> Expectation | None:
    """Read a case's ``expect``; problems go to the reader.

    ``nodes`` are the ids of a lineage that the test describes; None where a BOM is
    read, whose names are not known yet.
    """
    before = len(case.problems)
    entry = case.reader("expect")
    rules = [_rule(one, nodes) for one in entry.readers("rules", ())]
    rules += [_passing(rule) for rule in entry.texts("passes", ()) or ()]
    decision = entry.choice("decision", list(Decision), None)
    reason, code = entry.text("reason", None), entry.integer("exit_code", None)
    entry.close()
    if case.has("expect") and not rules and (decision, reason, code) == (None,) * 3:
        entry.problem("expects nothing, and so could not fail")
    if len(case.problems) > before:
        return None
    found = tuple(rule for rule in rules if rule is not None)
    return Expectation(found, Decision(decision) if decision else None, reason, code)


def _passing(rule: str) -> ExpectedRule:
    """The short form for a rule that passes as a whole."""
    return ExpectedRule(rule, Status.PASS, *(None,) * 6)


def _rule(entry: Reader, nodes: Mapping[str, str] | None) -> ExpectedRule | None:
    rule, word = entry.text("rule"), entry.choice("status", list(Status))
    reason, on = entry.text("reason", None), entry.text("node", None)
    term, path = entry.text("term", None), entry.texts("path", None)
    blocks, exception = entry.flag("blocks", None), entry.text("exception", None)
    entry.close()
    if word in _FINDINGS and reason is None and not entry.has("reason"):
        entry.problem("is missing: say for which reason", "reason")
    node = on
    if nodes is not None and on is not None:
        if on not in nodes:
            entry.problem(f"no node {on!r}{suggest(on, nodes)}", "node")
        node = nodes.get(on)
    if rule is None or word is None:
        return None
    wanted = (reason, on, term, path, blocks, exception)
    return ExpectedRule(rule, Status(word), *wanted, node=node)


def differences(expected: Expectation, answer: Answer) -> tuple[Unlike, ...]:
    """Everything that is not as expected, rules first."""
    found = [_rule_difference(rule, answer) for rule in expected.rules]
    pairs = (
        ("decision", expected.decision, answer.decision),
        ("reason", expected.code, answer.reason),
        ("exit code", expected.exit_code, answer.exit_code),
    )
    told = answer.message and f" ({answer.message})"
    found += [
        Unlike(about, str(wanted), f"{got}{told}")
        for about, wanted, got in pairs
        if wanted is not None and wanted != got
    ]
    return tuple(one for one in found if one is not None)


def _rule_difference(wanted: ExpectedRule, answer: Answer) -> Unlike | None:
    """None when one of the results that count is as expected."""
    results = [result for result in answer.results if result.rule == wanted.rule]
    if not results:
        why = f"not evaluated: {answer.reason} {answer.message}".strip()
        return _unlike(wanted, why if not answer.results else "the rule is off")
    if wanted.node is not None:
        named = [r for r in results if wanted.node in answer.called.get(r.node, ())]
        if not named:
            known = ", ".join(sorted({result.label for result in results}))
            return _unlike(wanted, f"it is asked of {known} only")
        if len({result.node for result in named}) > 1:
            return _unlike(wanted, "several nodes are called so; use a node id")
        results = named
    counting = _worst(results)
    if any(_fits(wanted, result) for result in counting):
        return None
    return _unlike(wanted, _told(wanted, counting[0]))


def _worst(results: Iterable[Result]) -> list[Result]:
    listed = list(results)
    worst = min((r.status for r in listed), key=_WORST_FIRST.index)
    return [result for result in listed if result.status is worst]


def _fits(wanted: ExpectedRule, result: Result) -> bool:
    pairs = (
        (wanted.status, result.status),
        (wanted.code, result.reason),
        (wanted.term, result.term),
        (wanted.path, _labels(result)),
        (wanted.blocks, result.blocks),
        (wanted.exception, result.exception),
    )
    return all(one is None or one == other for one, other in pairs)


def _labels(result: Result) -> tuple[str, ...]:
    return tuple(hop.label for hop in result.path)


def _unlike(wanted: ExpectedRule, found: str) -> Unlike:
    parts = [wanted.status.value]
    parts += [f"[{wanted.code}]"] if wanted.code else []
    if wanted.term is not None:
        parts.append(f"term {wanted.term}")
    if wanted.path is not None:
        parts.append(f"by {' > '.join(wanted.path)}")
    if wanted.blocks is not None:
        parts.append("blocks" if wanted.blocks else "does not block")
    if wanted.exception is not None:
        parts.append(f"exception {wanted.exception}")
    about = f"{wanted.rule} on {wanted.on}" if wanted.on else wanted.rule
    return Unlike(about, " ".join(parts), found)


def _told(wanted: ExpectedRule, result: Result) -> str:
    """What was found and where; the rest as far as something of it was expected."""
    parts = [result.status.value, f"[{result.reason}]", f"on {result.label}"]
    if wanted.term is not None:
        parts.append(f"term {result.term or 'none'}")
    parts.append(f"by {' > '.join(_labels(result))}")
    if wanted.blocks is not None:
        parts.append("blocks" if result.blocks else "does not block")
    if wanted.exception is not None:
        parts.append(f"exception {result.exception or 'none'}")
    told = " ".join(parts)
    return f"{told}: {result.actual}" if result.actual else told
