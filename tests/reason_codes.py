"""Every reason code that ``aibom/`` can give, read from its syntax trees.

A code is a text in a place that takes one: an argument, field or keyword called
``reason`` or ``refusal``, the class attribute ``default_reason``, what a function
called ``…_refusal`` returns, the keys of a table ``_REFUSALS``, and the text beside a
``Decision``. Variables are followed to the texts they can hold, and a code that is put
together (``f"{what}-twice"``) to the callers that give the word. What cannot be
followed is listed as lost, never passed over, so that no code escapes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TAKERS = ("reason", "refusal")
#: Their field ``reason`` is a sentence that somebody writes in YAML, and no code.
PEOPLES_WORDS = frozenset({"AcceptedRoot", "SourceEntry"})
#: Its answers are tuples with a ``Decision``, which are read where they are made.
DECIDING = "decide"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Found:
    """The codes, each with one place that gives it; and what could not be followed."""

    codes: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def reason_codes(package: Path) -> Found:
    """The codes of every module below ``package``, except the fakes in ``testing/``."""
    paths = {str(path.relative_to(package)): path for path in package.rglob("*.py")}
    return codes_of(
        {
            name: paths[name].read_text("utf-8")
            for name in sorted(paths)
            if not name.startswith("testing/")
        }
    )


def codes_of(sources: Mapping[str, str]) -> Found:
    """The codes of sources, by the name of the file."""
    trees = {name: ast.parse(source) for name, source in sources.items()}
    own = {name: dict(_takers(tree)) for name, tree in trees.items()}
    everywhere = {key: at for takers in own.values() for key, at in takers.items()}
    found = Found()
    for name, tree in trees.items():
        # A module's own function of a name is meant, and not another module's.
        others = {k: at for k, at in everywhere.items() if k not in _defined(tree)}
        module = _Module(name, tree, {**others, **own[name]}, trees, found)
        module.read(tree, None)
    return found


def _defined(tree: ast.Module) -> set[str]:
    return {n.name for n in ast.walk(tree) if isinstance(n, Function | ast.ClassDef)}


def _takers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Functions and dataclasses that take a code, and at which position."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, Function):
            names = _parameters(node)
        elif isinstance(node, ast.ClassDef) and node.name not in PEOPLES_WORDS:
            fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
            names = [_name(item.target) for item in fields]
        for taker in TAKERS:
            if taker in names:
                yield node.name, names.index(taker)


def _parameters(function: Function | None) -> list[str]:
    if function is None:
        return []
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


@dataclass
class _Module:
    name: str
    tree: ast.Module
    takers: Mapping[str, int]
    trees: Mapping[str, ast.Module]
    found: Found

    def read(self, node: ast.AST, inside: Function | None) -> None:
        """Take every code at or below ``node``, which is inside this function."""
        inside = node if isinstance(node, Function) else inside
        for place in self._places(node, inside):
            where = f"{self.name}:{place.lineno}"
            for code in self._texts(place, inside, frozenset()):
                if code is None:
                    self.found.lost.append(f"{where}: {ast.unparse(place)}")
                else:
                    self.found.codes.setdefault(code, where)
        for child in ast.iter_child_nodes(node):
            self.read(child, inside)

    def _places(self, node: ast.AST, inside: Function | None) -> Iterator[ast.expr]:
        """The expressions of this node that stand where a code is taken."""
        if isinstance(node, ast.Call) and _name(node.func) not in PEOPLES_WORDS:
            yield from (k.value for k in node.keywords if k.arg in TAKERS)
            position = self._position(_name(node.func), inside)
            if position is not None:
                yield from node.args[position : position + 1]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            names = {_name(target) for target in _targets(node)}
            if "default_reason" in names:
                yield node.value
            if "_REFUSALS" in names and isinstance(node.value, ast.Dict):
                yield from (key for key in node.value.keys if key is not None)
        elif isinstance(node, Function):
            defaults = zip(node.args.args[::-1], node.args.defaults[::-1], strict=False)
            yield from (value for arg, value in defaults if arg.arg in TAKERS)
        elif isinstance(node, ast.Return) and node.value is not None and inside:
            if inside.name.endswith("_refusal"):
                yield node.value
        elif isinstance(node, ast.Tuple) and _is_decision(node):
            yield node.elts[1]

    def _position(self, called: str, inside: Function | None) -> int | None:
        """At which position this name takes a code; a second name is followed."""
        if called in self.takers:
            return self.takers[called]
        values = _bound(called, inside) if inside else ()
        meant = {_name(part) for value in values for part in ast.walk(value)}
        return next((self.takers[n] for n in sorted(meant) if n in self.takers), None)

    def _texts(
        self, value: ast.expr, inside: Function | None, seen: frozenset[str]
    ) -> Iterator[str | None]:
        """The texts that an expression can be; None where that cannot be told."""
        if isinstance(value, ast.Constant):
            if value.value:
                yield str(value.value)
        elif isinstance(value, ast.IfExp):
            yield from self._texts(value.body, inside, seen)
            yield from self._texts(value.orelse, inside, seen)
        elif isinstance(value, ast.BoolOp):
            for part in value.values:
                yield from self._texts(part, inside, seen)
        elif isinstance(value, ast.JoinedStr):
            yield from self._joined(value, inside)
        elif isinstance(value, ast.Name):
            yield from self._variable(value.id, inside, seen)
        elif isinstance(value, _Looped):
            for item in self._table(value):
                yield from self._texts(item, inside, seen)
        elif not _is_read_elsewhere(value):
            yield None

    def _table(self, looped: _Looped) -> Iterator[ast.expr]:
        """What a loop over a literal, or a constant of the module, gives."""
        tables = [looped.table]
        if isinstance(looped.table, ast.Name):
            tables = list(_bound(looped.table.id, self.tree))
        for table in tables:
            for item in getattr(table, "elts", ()):
                yield item if looped.index is None else item.elts[looped.index]

    def _variable(
        self, name: str, inside: Function | None, seen: frozenset[str]
    ) -> Iterator[str | None]:
        values = [*_bound(name, self.tree), *(_bound(name, inside) if inside else ())]
        parameters = _parameters(inside)
        if inside:
            parameters += [arg.arg for arg in inside.args.kwonlyargs]
        if not values and name not in parameters:
            yield None
        for value in values:  # of a parameter, the callers are asked
            if name not in seen:
                yield from self._texts(value, inside, seen | {name})

    def _joined(
        self, value: ast.JoinedStr, inside: Function | None
    ) -> Iterator[str | None]:
        head, *rest = value.values
        if isinstance(head, ast.Constant):
            yield f"{head.value}…"
            return
        word = _name(head.value) if isinstance(head, ast.FormattedValue) else ""
        tails = [part.value for part in rest if isinstance(part, ast.Constant)]
        if inside is None or word not in _parameters(inside) or len(tails) != len(rest):
            yield None
            return
        position = _parameters(inside).index(word)
        for given in self._given_to(inside.name, position):
            yield given + "".join(map(str, tails))

    def _given_to(self, function: str, position: int) -> set[str]:
        """The texts that callers anywhere give to a function at this position."""
        calls = (
            node
            for tree in self.trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and _name(node.func) == function
        )
        given = [call.args[position] for call in calls if len(call.args) > position]
        return {str(arg.value) for arg in given if isinstance(arg, ast.Constant)}


class _Looped(ast.expr):
    """What a ``for`` binds to one of its variables: an item, or a part of each item."""

    def __init__(self, table: ast.expr, index: int | None) -> None:
        super().__init__()
        self.table = table
        self.index = index


def _is_decision(node: ast.Tuple) -> bool:
    """Whether it is a ``Decision`` with its code beside it."""
    return len(node.elts) > 1 and ast.unparse(node.elts[0]).startswith("Decision.")


def _is_read_elsewhere(value: ast.expr) -> bool:
    """Whether it hands on a code that was read where it was made."""
    if isinstance(value, ast.Call):
        called = _name(value.func)
        return called.endswith("_refusal") or called == DECIDING
    return _name(value) in TAKERS


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    """The names that an assignment binds, taken out of tuples."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [part for target in targets for part in _parts(target)]


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple) else [target]


def _bound(name: str, scope: Function | ast.Module) -> Iterator[ast.expr]:
    """Every expression that this scope binds to a name, by ``=`` or ``for``."""
    inner = scope.body if isinstance(scope, ast.Module) else ast.walk(scope)
    for node in inner:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            if name in map(_name, _targets(node)):
                yield node.value
        elif isinstance(node, ast.For):
            for index, target in enumerate(_parts(node.target)):
                if _name(target) == name:
                    alone = not isinstance(node.target, ast.Tuple)
                    yield _Looped(node.iter, None if alone else index)
