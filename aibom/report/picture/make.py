"""Make a picture of a graph: choose what is drawn, and find the words for it."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aibom.lineage.graph import Graph
from aibom.report.picture.folding import fold
from aibom.report.picture.labels import apart
from aibom.report.picture.model import (
    LEVEL_WORDS,
    LEVELS,
    SEVERAL,
    STATED_RELATION,
    Party,
    Picture,
    PictureEdge,
    PictureNode,
    worst,
)
from aibom.report.picture.names import short_party
from aibom.report.picture.telling import KINDS, NUMBERED, counted, description_of
from aibom.report.picture.units import (
    Beside,
    Flow,
    Levels,
    Unit,
    Units,
    levels_of,
    units_of,
)
from aibom.report.text import escape

__all__ = ["BUDGET", "FEWER", "picture_of", "pictures_of"]

#: Drawn things that are still read without effort.
BUDGET = 80
#: The same for a phone or a sheet of paper.
FEWER = 36
#: Words for what failed at several things that are drawn as one.
_WORDS = 3
#: Parties beside one thing; further ones are counted.
_PARTIES = 3


@dataclass(frozen=True, slots=True)
class _Making:
    graph: Graph
    units: Units
    levels: Levels
    marks: Mapping[str, tuple[str, ...]]
    highlighted: frozenset[str]
    roles: Mapping[str, tuple[str, ...]]
    alarms: Mapping[str, tuple[str, ...]]


def picture_of(
    graph: Graph,
    *,
    levels: Levels | None = None,
    paths: Sequence[Sequence[str]] = (),
    accepted: Collection[str] = (),
    highlight: Collection[str] = (),
    alarms: Mapping[str, Sequence[str]] | None = None,
    title: str = "",
    budget: int = BUDGET,
) -> Picture:
    """The picture of a whole graph, folded to about ``budget`` drawn things.

    ``levels`` say what each node and edge is worth (:func:`levels_of`; without them, as
    if no evidence was checked). ``paths`` are ids from the artifact to what blocks it;
    what the graph does not have is passed over. At ``accepted`` lineage ends by
    decision. ``alarms`` are words for what failed, by node. Equal arguments give equal
    pictures, whatever their order was; nothing is verified here.
    """
    return pictures_of(
        graph,
        (budget,),
        levels=levels,
        paths=paths,
        accepted=accepted,
        highlight=highlight,
        alarms=alarms,
        title=title,
    )[0]


def pictures_of(
    graph: Graph,
    budgets: Sequence[int] = (BUDGET, FEWER),
    *,
    levels: Levels | None = None,
    paths: Sequence[Sequence[str]] = (),
    accepted: Collection[str] = (),
    highlight: Collection[str] = (),
    alarms: Mapping[str, Sequence[str]] | None = None,
    title: str = "",
) -> tuple[Picture, ...]:
    """The same for each of several budgets, at little more than the cost of one."""
    given = levels or levels_of(graph)
    known = tuple(
        dict.fromkeys(
            tuple(name for name in path if name in graph.nodes)
            for path in sorted(paths, key=lambda path: (len(path), tuple(path)))
        )
    )
    units = units_of(graph, given, known, frozenset(accepted))
    making = _Making(
        graph,
        units,
        given,
        _marks(known),
        frozenset(highlight),
        _roles(units),
        {name: tuple(words) for name, words in (alarms or {}).items()},
    )
    title = escape(title, 200) if title else _title(graph)
    drawn: dict[int, Picture] = {}
    found: list[Picture] = []
    for owners in fold(units, _important(making, known), budgets):
        # Where nothing is folded, budgets make no difference.
        if id(owners) not in drawn:
            drawn[id(owners)] = _picture(making, known, owners, title)
        found.append(drawn[id(owners)])
    return tuple(found)


def _picture(
    making: _Making,
    known: tuple[tuple[str, ...], ...],
    owners: Mapping[str, str],
    title: str,
) -> Picture:
    graph, units = making.graph, making.units
    nodes = _nodes(making, owners)
    return Picture(
        title,
        description_of(graph, making.levels, nodes, known, units, making.alarms),
        nodes,
        _edges(units, owners),
        {node.id: node.members for node in nodes if node.folded},
        known[:NUMBERED],
        graph.root,
    )


def _roles(units: Units) -> Mapping[str, tuple[str, ...]]:
    roles: dict[str, set[str]] = defaultdict(set)
    for flow in units.flows:
        roles[flow.upper].add(flow.role)
    return {name: tuple(sorted(found - {""})) for name, found in roles.items()}


def _title(graph: Graph) -> str:
    if graph.root is None:
        return "Lineage"
    return f"Lineage of {apart(escape(graph.nodes[graph.root].label, 120))}"


def _marks(paths: Sequence[Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    """Numbers along each path, 1 at the artifact; letters where there are several."""
    found: dict[str, list[str]] = defaultdict(list)
    for index, path in enumerate(paths[:NUMBERED]):
        letter = chr(ord("A") + index) if len(paths) > 1 else ""
        for number, name in enumerate(dict.fromkeys(path), 1):
            found[name].append(f"{letter}{number}")
    return {name: tuple(marks) for name, marks in found.items()}


def _important(making: _Making, paths: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What should not be folded, the most important first; of a path both ends."""
    graph, units = making.graph, making.units
    wanted = [graph.root] if graph.root else []
    wanted += sorted(making.highlighted)
    beside = _beside(units)
    for path in paths:
        shown = deque(unit for name in path for unit in beside.get(name, (name,))[:1])
        while shown:
            wanted.append(shown.popleft())
            if shown:
                wanted.append(shown.pop())
    failed = (beside.get(name, (name,))[0] for name in sorted(making.alarms))
    wanted += failed
    wanted += sorted(n for n in units.on_path if n.startswith(f"{STATED_RELATION}:"))
    torn = (name for name, unit in units.by_id.items() if unit.level == "contradicted")
    wanted += sorted(torn)
    return tuple(dict.fromkeys(name for name in wanted if name in units.by_id))


def _beside(units: Units) -> Mapping[str, tuple[str, ...]]:
    """For each party that is no unit, where it stands; on a path first."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, told in sorted(units.parties.items()):
        for beside in told:
            found[beside.party].append(name)
    return {
        party: tuple(sorted(names, key=lambda name: (name not in units.on_path, name)))
        for party, names in found.items()
    }


def _nodes(making: _Making, owners: Mapping[str, str]) -> tuple[PictureNode, ...]:
    grouped: dict[str, list[Unit]] = defaultdict(list)
    for name in sorted(owners):
        grouped[owners[name]].append(making.units.by_id[name])
    return tuple(_node(making, name, grouped[name]) for name in sorted(grouped))


def _node(making: _Making, name: str, units: Sequence[Unit]) -> PictureNode:
    members = tuple(member for unit in units for member in unit.members)
    kinds = {unit.kind for unit in units}
    ends = [unit.ends for unit in units if unit.ends]
    single = len(units) == 1
    return PictureNode(
        name,
        kinds.pop() if len(kinds) == 1 else SEVERAL,
        _label(making, units),
        _words_of_one(making, units[0]) if single else _words_of_many(making, units),
        worst(tuple(unit.level for unit in units)),
        _few_marks([m for one in members for m in making.marks.get(one, ())]),
        ends[0] if len(ends) == len(units) and len(set(ends)) == 1 else "",
        making.graph.root in members,
        not making.highlighted.isdisjoint(members),
        any(unit.id in making.units.on_path for unit in units),
        members,
        _parties(making, [unit.id for unit in units]),
        _alarms(making, members),
    )


def _alarms(making: _Making, members: Sequence[str]) -> tuple[str, ...]:
    """Words for what failed; of several things together, each word with a count."""
    if len(members) == 1:
        return making.alarms.get(members[0], ())
    told = Counter(
        word for name in members for word in dict.fromkeys(making.alarms.get(name, ()))
    )
    few = sorted(told.items())[:_WORDS]
    left = len(told) - len(few)
    words = [f"{word} (at {count:,})" for word, count in few]
    return (*words, f"{left:,} other findings") if left else tuple(words)


def _few_marks(marks: Sequence[str]) -> tuple[str, ...]:
    ordered = sorted(set(marks), key=lambda mark: (mark[:1].isalpha(), len(mark), mark))
    return tuple(ordered if len(ordered) <= 3 else [ordered[0], "…", ordered[-1]])


def _label(making: _Making, units: Sequence[Unit]) -> str:
    first = units[0]
    if len(units) == 1:
        if first.kind == STATED_RELATION:
            return first.word
        return first.word or _name(making, first.id)
    if len({unit.kind for unit in units}) > 1:
        kinds = Counter(unit.kind for unit in units if unit.members)
        return ", ".join(counted(kind, kinds[kind]) for kind in sorted(kinds))
    words = {unit.word for unit in units}
    if first.kind == "step" and len(words) == 1 and first.word:
        return f"{len(units):,} \u00d7 {first.word}"
    return counted(first.kind, len(units))


def _name(making: _Making, name: str) -> str:
    return short_party(name, making.graph.nodes[name].label)


def _words_of_one(making: _Making, unit: Unit) -> tuple[str, ...]:
    level = LEVEL_WORDS[unit.level]
    if unit.kind == STATED_RELATION:
        return (level,)
    words = [f"{KINDS[unit.kind][0]} · {level}"]
    roles = making.roles.get(unit.id, ())
    if unit.kind != "step" and roles and roles != (unit.kind,):
        words.append(f"as {', '.join(roles)}")
    return tuple(words)


def _words_of_many(making: _Making, units: Sequence[Unit]) -> tuple[str, ...]:
    levels = Counter(unit.level for unit in units)
    told = (f"{levels[name]:,} {LEVEL_WORDS[name]}" for name in LEVELS if levels[name])
    words = [", ".join(told)]
    ends = sum(unit.ends == "open" for unit in units)
    if 0 < ends < len(units):
        words.append(f"{ends:,} with nothing known beyond")
    roles = sorted({role for unit in units for role in making.roles.get(unit.id, ())})
    if roles and units[0].kind not in ("step", STATED_RELATION):
        words.append(f"as {', '.join(roles)}")
    return tuple(words)


def _parties(making: _Making, names: Iterable[str]) -> tuple[Party, ...]:
    """The parties beside a node, those on a path first; too many become one."""
    found: dict[str, list[Beside]] = defaultdict(list)
    for name in names:
        for beside in making.units.parties.get(name, ()):
            found[beside.party].append(beside)
    shown = sorted(
        (_party(making, party, told) for party, told in found.items()),
        key=lambda party: (
            *(not party.on_path, not party.alarms),
            *(party.label, party.id),
        ),
    )
    if len(shown) <= _PARTIES:
        return tuple(shown)
    rest = shown[_PARTIES - 1 :]
    roles = Counter(role for party in rest for role in party.role.split(", "))
    members = tuple(sorted(member for party in rest for member in party.members))
    more = Party(
        "more",
        f"{len(rest):,} more parties",
        ", ".join(f"{roles[role]:,} {role}" for role in sorted(roles) if role),
        worst(tuple(party.level for party in rest)),
        _few_marks([mark for party in rest for mark in party.marks]),
        members,
        any(party.on_path for party in rest),
        _alarms(making, members),
    )
    return (*shown[: _PARTIES - 1], more)


def _party(making: _Making, name: str, told: Sequence[Beside]) -> Party:
    own = making.levels.nodes.get(name, "claimed")
    stated = tuple(beside.level for beside in told)
    level = "contradicted" if own == "contradicted" else worst(stated)
    roles = ", ".join(sorted({beside.role for beside in told if beside.role}))
    label = _name(making, name)
    # The same party stands in many places; the path leads to it in one.
    on_path = any(beside.on_path for beside in told)
    marks = making.marks.get(name, ()) if on_path else ()
    alarms = making.alarms.get(name, ())
    return Party(name, label, roles, level, marks, (name,), on_path, alarms)


def _edges(units: Units, owners: Mapping[str, str]) -> tuple[PictureEdge, ...]:
    grouped: dict[tuple[str, str], list[Flow]] = defaultdict(list)
    for flow in units.flows:
        ends = (owners[flow.upper], owners[flow.lower])
        if ends[0] != ends[1]:
            grouped[ends].append(flow)
    return tuple(
        PictureEdge(
            upper,
            lower,
            worst(tuple(flow.level for flow in flows)),
            any(flow.on_path for flow in flows),
            not lower.startswith(f"{STATED_RELATION}:"),
            len(flows),
            _told(flows),
        )
        for (upper, lower), flows in sorted(grouped.items())
    )


def _told(flows: Sequence[Flow]) -> str:
    roles = ", ".join(sorted({flow.role for flow in flows if flow.role}))
    levels = Counter(flow.level for flow in flows)
    words = ", ".join(LEVEL_WORDS[name] for name in LEVELS if levels[name])
    many = f"{len(flows):,} edges" if len(flows) > 1 else ""
    return " · ".join(part for part in (many, roles, words) if part)
