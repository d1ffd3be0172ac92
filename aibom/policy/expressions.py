"""Expressions in CEL, one per rule, evaluated per node with Google's cel-cpp.

The engine is ``cel-expr-python`` (the extra ``expressions``). It bounds work by
construction: loops turn 9999 times at most, recursion ends at 32, and ``matches`` is
RE2. An expression is parsed and type-checked when the policy is loaded, in an
environment where nodes are a type of their own; it runs in a second one where they are
ids, because the engine takes no values of such types from Python.

Beside the standard functions there are the methods of
:mod:`aibom.policy.expression_methods` on nodes, and the variables ``node``,
``artifact`` and ``now``. CEL extensions are not loaded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aibom.errors import PolicyInvalid
from aibom.policy.context import Context
from aibom.policy.expression_methods import METHODS, Asked, Asking, lineage_gap
from aibom.policy.expression_review import (
    check_size,
    explain,
    find_problems,
    find_warnings,
    patterns,
)
from aibom.policy.expression_tree import Call, read_tree

__all__ = ["Answer", "Program", "compile_expression"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an expression said of one node.

    ``holds`` is None when it broke, with ``over_budget`` and ``detail`` to tell how.
    ``weakest`` is the least assured of all that was ``asked``; ``open_at`` a node whose
    lineage was asked for and is open.
    """

    holds: bool | None
    detail: str = ""
    over_budget: bool = False
    asked: tuple[Asked, ...] = ()
    weakest: Asked | None = None
    open_at: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """An expression that was checked; ``warnings`` are for whoever wrote it."""

    text: str
    warnings: tuple[str, ...]
    _run: Callable[[dict[str, Any]], Any]
    _at: threading.local

    def evaluate(self, context: Context, node: str) -> Answer:
        """Ask it of one node. Never raises for what a document or expression holds."""
        if getattr(self._at, "context", None) is not context:
            self._at.context, self._at.edges = context, {}
        asking = Asking(context, self._at.edges)
        values = {"node": node, "artifact": context.root, "now": context.now}
        self._at.asking = asking
        try:
            found = self._run(values)
        except RuntimeError as error:
            # How cel-cpp ends an evaluation as a whole: its budget of iterations.
            over = "budget exceeded" in str(error)
            return Answer(None, str(error), over)
        finally:
            self._at.asking = None
        if asking.at_work:
            detail = f"{asking.at_work}(): it breaks, or asks for too much"
            return Answer(None, detail, asking.over_budget)
        if found.type().name() != "BOOL":
            return Answer(None, f"{found.type().name()}: {found.value()}")
        return Answer(
            bool(found.value()),
            asked=tuple(asking.asked.values()),
            weakest=asking.weakest(),
            open_at=lineage_gap(asking),
        )


def compile_expression(text: str) -> Program:
    """Parse and type-check an expression.

    Raises ValueError for one that is not understood, is not a truth value, is too long
    or too deep, or looks at nothing of a node; and
    :class:`~aibom.errors.PolicyInvalid` (``extra-missing``) without the engine.
    """
    check_size(text)
    cel = _engine()
    node = cel.Type.AbstractType("node")
    try:
        checked = _environment(cel, node, None).compile(text)
    except RuntimeError as error:
        raise ValueError(explain(text, str(error))) from None
    if checked.return_type() != cel.Type.BOOL:
        kind = checked.return_type().name().lower()
        raise ValueError(f"the expression gives a {kind}; it must be true or false")
    tree = read_tree(checked.serialize())
    problems = [*find_problems(tree), *_bad_patterns(cel, tree)]
    if problems:
        raise ValueError("; ".join(problems))
    at = threading.local()
    environment = _environment(cel, cel.Type.STRING, at)
    program = environment.compile(text)

    def run(values: dict[str, Any]) -> Any:
        return program.eval(environment.Activation(values))

    return Program(text, find_warnings(tree), run, at)


def _engine() -> Any:
    try:
        from cel_expr_python import cel  # type: ignore[import-untyped]
    except ImportError:
        raise PolicyInvalid(
            "a rule with an expression needs the package cel-expr-python",
            reason="extra-missing",
            hint="pip install 'aibom[expressions]'",
        ) from None
    return cel


def _bad_patterns(cel: Any, tree: Call) -> list[str]:
    """Patterns of ``matches`` that RE2 does not take: they would always break."""
    environment = cel.NewEnv(variables={"pattern": cel.Type.STRING})
    tried = environment.compile("''.matches(pattern)")
    return [
        f"{pattern!r}: {found.value()}"
        for pattern in patterns(tree)
        if (found := tried.eval(data={"pattern": pattern})).type() == cel.Type.ERROR
    ]


def _environment(cel: Any, node: Any, at: threading.local | None) -> Any:
    """An environment in which nodes have this type; without ``at`` only to check."""
    kinds = {
        "node": node,
        "nodes": cel.Type.List(node),
        "text": cel.Type.STRING,
        "texts": cel.Type.List(cel.Type.STRING),
        "truth": cel.Type.BOOL,
    }
    functions = []
    for name, method in METHODS.items():
        overload = cel.Overload(
            f"node_{name}",
            return_type=kinds[method.gives],
            parameters=[node, *(kinds[word] for word in method.takes)],
            is_member=True,
            impl=_caller(name, at),
        )
        functions.append(cel.FunctionDecl(name, [overload]))
    variables = {"node": node, "artifact": node, "now": cel.Type.TIMESTAMP}
    return cel.NewEnv(variables=variables, functions=functions)


def _caller(name: str, at: threading.local | None) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        asking: Asking = getattr(at, "asking")  # noqa: B009
        return asking.call(name, arguments)

    return call
