"""Questions answered: every way is tried, the best of what is said counts.

A part of the product has the status of the best thing said of it, unless two sources
disagree; a question has that of its weakest part. So nothing looks better for the one
dataset that is well documented, and nothing worse for a second, weaker source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, replace
from fnmatch import fnmatchcase

from aibom.lineage.closure import ClosureState
from aibom.report.diligence.areas import strengthening
from aibom.report.diligence.catalogue import Question, Way
from aibom.report.diligence.facts import entry_of
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import (
    Answer,
    Entry,
    RuleNote,
    Status,
    combined,
)
from aibom.report.diligence.proofs import PROOFS
from aibom.report.diligence.ways import WAYS, WayOf, may_tell
from aibom.verdict import Result
from aibom.verdict import Status as Outcome

__all__ = ["answer", "bearing_on", "strengthening"]

_SHOWN = 3
_PER_THING = 2
_OUR_WORDS = frozenset({"made", "every", "signed", "open", "nothing", "declared"})
_HEX = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b")
_NOUNS = {
    "artifact": ("the product", "the product"),
    "dataset": ("dataset", "datasets"),
    "model": ("base model", "base models"),
    "entity": ("part", "parts"),
}
#: What there is still something to ask about.
_ASK_AGAIN = frozenset({Status.CONFLICTING, Status.MISSING, Status.STATED})
_BEST_FIRST = (
    Status.CONFLICTING,
    Status.PROVED,
    Status.SIGNED,
    Status.STATED,
    Status.MISSING,
    Status.NOT_APPLICABLE,
)
_MISSING = Status.MISSING
#: In place of a fail for which the reader has an exception in force.
_EXCEPTED = "fail, excepted"
#: Notes of one rule beside one answer; all of them stand in the verdict.
_MOST_RULES = 20


def answer(material: Material, question: Question) -> Answer:
    """Everything that is said to one question, what it is worth, what to ask."""
    nodes = material.about(question.about)
    tells = [
        (PROOFS.get(way.kind) or WAYS[way.kind], way)
        for way in question.ways
        if may_tell(material, way)
    ]
    found: dict[str, Sequence[Entry]] = dict.fromkeys(nodes, ())
    if tells or question.conflicts or material.supplied:
        found = {name: _entries(material, question, tells, name) for name in nodes}
    worths = {name: _worth(one) if one else _MISSING for name, one in found.items()}
    if question.need == "any":
        said = {name: entries for name, entries in found.items() if entries}
        entries = [entry for one in said.values() for entry in one]
        statuses = [worths[name] for name in said]
    else:
        said = found
        entries = []
        for name, one in found.items():
            entries += one or [_nothing(material, name)]
        statuses = list(worths.values())
    whole = () if material.root in nodes else _whole(material, question)
    entries += whole
    alone = bool(whole) and not said
    if whole and (alone or _worth(whole) is Status.CONFLICTING):
        statuses.append(_worth(whole))
    if not statuses:
        statuses = [_nobody(material, question)]
    status = combined(statuses)
    results = list(bearing_on(material, question))
    rules = tuple(_rules(results))
    failing = {r.node: r.label for r in results if _is_wrong(r)}
    counts = Counter(worths.values())
    given = sum(count for worth, count in counts.items() if worth.is_answer)
    given += alone and _worth(whole).is_answer
    return Answer(
        id=question.id,
        section=question.section,
        question=question.asks,
        status=status,
        answer=_sentence(material, question, status, entries, given, nodes),
        entries=tuple(entries),
        given=given,
        total=len(nodes) or int(alone),
        rules=rules,
        request=question.request if failing or status in _ASK_AGAIN else "",
        wrong=tuple(failing.values()),
    )


def _nobody(material: Material, question: Question) -> Status:
    """The status of a question about things of which none is named.

    A product whose lineage is closed has none; else nobody can tell.
    """
    closed = material.closure.get(material.root)
    is_closed = closed is not None and closed.state is not ClosureState.OPEN
    if question.about == "model" and is_closed:
        return Status.NOT_APPLICABLE
    return Status.MISSING


def _entries(
    material: Material,
    question: Question,
    tells: Sequence[tuple[WayOf, Way]],
    name: str,
) -> list[Entry]:
    """What is said of one thing: each text once, with the best status it has."""
    best: dict[str, Entry] = {}
    for tell, way in tells:
        for entry in tell(material, name, way):
            known = best.get(entry.text)
            if known is None or _rank(entry) < _rank(known):
                best[entry.text] = entry
    if question.conflicts:
        best.update(_conflicts(material, question, name))
    supplied = material.supplied.get((question.id, name), ())
    computed = bool(best and supplied) and all(
        way.kind == "proof" for way in question.ways
    )
    for entry in supplied:
        if computed and entry.status.is_answer:
            # What this run computes is shown beside a word, and not raised by it.
            entry = replace(entry, status=Status.MISSING)
        known = best.get(entry.text)
        if known is None or _rank(entry) < _rank(known):
            best[entry.text] = entry
    if len(best) < 2:
        return list(best.values())
    return sorted(best.values(), key=_rank)


def _whole(material: Material, question: Question) -> tuple[Entry, ...]:
    """What a supplier answered about the product, to a question about its parts."""
    return material.supplied.get((question.id, material.root), ())


def _rank(entry: Entry) -> int:
    return _BEST_FIRST.index(entry.status)


def _conflicts(
    material: Material, question: Question, name: str
) -> Iterator[tuple[str, Entry]]:
    """Fails of checks that compare one source with another."""
    for check in question.conflicts:
        for result in material.results.get((check, name), ()):
            if result.status is Outcome.FAIL:
                text = result.actual or result.reason
                yield (
                    text,
                    entry_of(
                        material.node(name),
                        Status.CONFLICTING,
                        text,
                        basis=f"rule {result.rule}: {result.reason}",
                    ),
                )


def _nothing(material: Material, name: str) -> Entry:
    return material.blanks[name]


def _worth(entries: Sequence[Entry]) -> Status:
    """What is known of one thing: the best that is said, if nobody disagrees."""
    if len(entries) < 2:
        return entries[0].status if entries else Status.MISSING
    found = {entry.status for entry in entries}
    return next((s for s in _BEST_FIRST if s in found), Status.MISSING)


# ── the sentence ──


def _sentence(
    material: Material,
    question: Question,
    status: Status,
    entries: Sequence[Entry],
    given: int,
    nodes: Sequence[str],
) -> str:
    total = len(nodes)
    one, many = _NOUNS[question.about]
    if status is Status.NOT_APPLICABLE:
        return f"Its closed lineage has no {one}."
    if total == 0 and not entries:
        return f"No {one} is named."
    if status is Status.CONFLICTING:
        first = next(e for e in entries if e.status is Status.CONFLICTING)
        return f"Sources disagree about {first.name}: {_short(first.text)}."
    if given == 0:
        return _unsaid(material, question, entries, nodes)
    if question.about == "artifact":
        texts = [e.text for e in entries if e.status.is_answer]
        return _capital(_ended(_listed(texts)))
    told = _listed(_per_thing(entries))
    if question.need == "any" or given >= total:
        return _ended(told)
    head = f"For {given:,} of {total:,} {many}: "
    return f"{head}{_ended(told)}{_left_out(entries)}"


def _ended(text: str) -> str:
    """A sentence; an ellipsis ends one as well."""
    return text if text.endswith("…") else f"{text}."


def _capital(text: str) -> str:
    """With a capital letter where the first word is ours; names stay as they are."""
    if text.partition(" ")[0] not in _OUR_WORDS:
        return text
    return f"{text[0].upper()}{text[1:]}"


def _unsaid(
    material: Material,
    question: Question,
    entries: Sequence[Entry],
    nodes: Sequence[str],
) -> str:
    declared = [entry.text for entry in entries if entry.text]
    if declared:
        return _capital(_ended(_short(declared[0])))
    if question.about == "artifact":
        return "Nothing is said."
    names = list(dict.fromkeys(material.labels[n] for n in nodes))
    return f"Nothing is said about {_ended(_listed(names))}"


def _per_thing(entries: Sequence[Entry]) -> list[str]:
    """The best that is said of each thing, after its name."""
    said: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.status.is_answer:
            said.setdefault(entry.node, []).append(entry)
    return [f"{one[0].name}: {_best(one)}" for one in said.values()]


def _best(entries: Sequence[Entry]) -> str:
    texts = [entry.text for entry in entries]
    left = len(texts) - _PER_THING
    more = f", and {left:,} more" if left > 0 else ""
    return f"{', '.join(texts[:_PER_THING])}{more}"


def _listed(texts: Sequence[str]) -> str:
    shown = "; ".join(_short(text.rstrip(".")) for text in texts[:_SHOWN])
    left = len(texts) - _SHOWN
    return f"{shown}; and {left:,} more" if left > 0 else shown


def _short(text: str) -> str:
    """For a sentence: digests, commits and pseudonyms by their first digits."""
    return _HEX.sub(r"\1…", text)


def _left_out(entries: Sequence[Entry]) -> str:
    without = list(dict.fromkeys(e.name for e in entries if e.status is Status.MISSING))
    return f" Not for {_ended(_listed(without))}" if without else ""


# ── what rules found ──


def bearing_on(material: Material, question: Question) -> Iterator[Result]:
    """What rules found that bears on a question."""
    checks = [one for one in question.checks if one in material.checked]
    checks += [one for one in question.conflicts if one in material.checked]
    nodes = material.about(question.about) if checks else ()
    for check in checks:
        for name in nodes:
            for result in material.results.get((check, name), ()):
                if _bears_on(material, question, result):
                    yield result


def _is_wrong(result: Result) -> bool:
    return result.status is Outcome.FAIL and not result.exception


def _rules(results: Sequence[Result]) -> list[RuleNote]:
    """What rules found, the worst first, each answer of a rule once.

    No rule takes the room of another, however many things fail it.
    """
    alike: dict[RuleNote, list[str]] = {}
    found: dict[str, set[RuleNote]] = {}
    for result in results:
        if result.status is Outcome.FAIL:
            found.setdefault(result.rule, set()).add(_failing(result))
        else:
            status, blocks = result.status.value, result.blocks
            note = RuleNote(result.rule, status, result.reason, blocks=blocks)
            alike.setdefault(note, []).append(result.label)
    for one, labels in alike.items():
        found.setdefault(one.rule, set()).add(replace(one, about=_names(labels)))
    shown = [note for notes in found.values() for note in _ranked(notes)[:_MOST_RULES]]
    return _ranked(shown)


def _ranked(notes: Iterable[RuleNote]) -> list[RuleNote]:
    order = [Outcome.FAIL, Outcome.ERROR, Outcome.UNKNOWN, Outcome.PASS]
    order += [Outcome.NOT_APPLICABLE]
    ranks = {status.value: index for index, status in enumerate(order)}
    ranks[_EXCEPTED] = ranks[Outcome.UNKNOWN.value]
    return sorted(
        notes, key=lambda note: (ranks[note.status], not note.blocks, astuple(note))
    )


def _bears_on(material: Material, question: Question, result: Result) -> bool:
    """Whether a rule about one type of audit asks what the question asks."""
    wanted = material.audit_types.get(result.rule)
    ways = [word for way in question.ways if way.kind == "audits" for word in way.words]
    if wanted is None or not ways:
        return True
    return any(fnmatchcase(one, word) for one in wanted for word in ways)


def _failing(result: Result) -> RuleNote:
    """What is wrong, with the part and the numbers; less where it is excepted."""
    if result.exception:
        return RuleNote(result.rule, _EXCEPTED, result.reason, result.label)
    return RuleNote(
        result.rule,
        result.status.value,
        result.reason,
        result.label,
        result.actual,
        result.expected,
        result.blocks,
        result.node,
    )


def _names(labels: Sequence[str]) -> str:
    """Several parts of which a rule says the same."""
    names = list(dict.fromkeys(labels))
    left = len(names) - _SHOWN
    more = f" and {left:,} more" if left > 0 else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
