"""The rules of the architecture, as functions from source text to what breaks them.

Each takes a :class:`Module` and returns problems as ``LINE: text``, empty when the
module keeps the rule. ``unit/test_architecture.py`` runs them over ``aibom/`` and, with
planted violations, over made-up sources: a rule that cannot fail protects nothing.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

STAGES = (
    *("recording", "catalogers", "sources", "bom", "attest", "audits"),
    *("policy", "report"),
)
GROUND = (
    *("errors", "resources", "listing", "digest", "git", "merkle", "reading"),
    *("namespaces", "statement", "verdict"),
)

#: first name below ``aibom`` → floor; a part may import itself and lower floors. One
#: that is not here has no floor yet, which is a problem of its own.
FLOORS = (
    dict.fromkeys(GROUND, 0)
    | {"lineage": 1}
    | dict.fromkeys(STAGES, 2)
    | {"operations": 3}
    | {"cli": 4, "testing": 4}
    | {"": 5, "__main__": 5}
)
#: Parts whose modules may import neighbours on the same floor: ground is flat.
FLAT = frozenset(GROUND)

#: Live in any training environment, so nothing but the standard library.
STDLIB_ONLY = (
    *("recording", "errors", "resources", "listing", "digest", "git"),
    *("merkle", "namespaces"),
    *("statement", "verdict"),
)

HEAVY = frozenset(
    {
        *("sigstore", "huggingface_hub", "requests", "fsspec", "pyarrow"),
        *("jinja2", "openpyxl"),
        *("cyclonedx", "jsonschema", "jsonschema_rs", "packageurl"),
        *("referencing", "rfc8785"),
        *("cryptography", "networkx", "rich", "yaml"),
        *("cel_expr_python", "rfc3161_client", "securesystemslib", "tuf"),
    }
)

#: Loaded only by tests that ask for it, and made of keys and certificates throughout: a
#: late import would delay nothing. The rest of testing/ keeps the rule, the plugin most
#: of all: every pytest in an environment that has aibom imports that.
MAY_LOAD_HEAVY = "aibom.testing.sigstore"

#: What touches the world; policy/ is a function of its arguments.
WORLD_MODULES = frozenset(
    {
        *("os", "sys", "glob", "pathlib", "shutil", "tempfile", "sqlite3"),
        *("aibom.resources", "importlib", "multiprocessing", "subprocess"),
        *("asyncio", "http", "socket", "ssl", "urllib.request"),
        *("random", "secrets", "time"),
    }
)
WORLD_CALLS = frozenset({"open", "input", "eval", "exec", "__import__"})
WORLD_METHODS = frozenset(
    {
        *("open", "read_text", "read_bytes", "write_text", "write_bytes"),
        *("mkdir", "unlink", "iterdir", "rglob"),
        *("now", "utcnow", "today", "uuid1", "uuid4"),
    }
)

#: import name → distribution, where the two differ by more than case, ``-`` and ``_``.
DISTRIBUTIONS = {
    "cel_expr_python": "cel-expr-python",
    "cyclonedx": "cyclonedx-python-lib",
    "jwt": "pyjwt",
    "packageurl": "packageurl-python",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}

#: Errors that a person at a terminal meets: they say what to do next. What breaks a
#: document of somebody else (``DocumentInvalid``) is for whoever made it, and so may
#: say only what and where.
HINTED = frozenset({"InputError", "PolicyInvalid", "UsageError", "VerificationFailed"})

MAX_MODULE_LINES = 500
MAX_FUNCTION_LINES = 50

Function = ast.FunctionDef | ast.AsyncFunctionDef
Rule = Callable[["Module"], list[str]]


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed source file; ``name`` is dotted, packages by their own name."""

    name: str
    source: str
    tree: ast.Module
    known: frozenset[str] = frozenset()

    @classmethod
    def of(cls, name: str, source: str, known: frozenset[str] = frozenset()) -> Module:
        """Parse one source; ``known`` are modules that ``from x import y`` may mean."""
        return cls(name, source, ast.parse(source), known)

    @property
    def part(self) -> str:
        """The first name below ``aibom``, empty for the package itself."""
        return part_of(self.name)


def part_of(name: str) -> str:
    """The first name below ``aibom`` in a dotted name."""
    return name.partition(".")[2].partition(".")[0]


def modules_of(package: Path) -> dict[str, Module]:
    """Every module below a package folder, by dotted name."""
    paths = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    known = frozenset(paths)
    return {
        name: Module.of(name, path.read_text(encoding="utf-8"), known)
        for name, path in paths.items()
    }


# ── imports ────────────────────


@dataclass(frozen=True, slots=True)
class Import:
    """One imported dotted name; ``eager`` when importing the module executes it."""

    name: str
    line: int
    eager: bool

    @property
    def top(self) -> str:
        """The top-level name, which belongs to a distribution."""
        return self.name.partition(".")[0]


def imports(module: Module) -> list[Import]:
    """Every import of a module, wherever it stands, for type checkers only included."""
    return list(_imports(module, module.tree, eager=True))


def _imports(module: Module, node: ast.AST, eager: bool) -> Iterator[Import]:
    if isinstance(node, ast.If) and _is_type_checking(node.test):
        for child in node.body:
            yield from _imports(module, child, eager=False)
        for child in node.orelse:
            yield from _imports(module, child, eager)
        return
    if isinstance(node, Function | ast.Lambda):
        eager = False
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, node.lineno, eager)
    elif isinstance(node, ast.ImportFrom):
        for name in _import_from(module, node):
            yield Import(name, node.lineno, eager)
    for child in ast.iter_child_nodes(node):
        yield from _imports(module, child, eager)


def _import_from(module: Module, node: ast.ImportFrom) -> Iterator[str]:
    base = "." * node.level + (node.module or "")
    for alias in node.names:
        full = f"{base}.{alias.name}"
        # `from aibom import bom` names a part; further down only `known` can tell.
        yield full if base == "aibom" or full in module.known else base


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def breaks_floors(module: Module) -> list[str]:
    """Imports that go up, or sideways from one stage into another."""
    if module.part not in FLOORS:
        return [f"1: {module.name} has no floor: place {module.part!r} in FLOORS"]
    problems = []
    for found in imports(module):
        if found.name.startswith("."):
            problems.append(f"{found.line}: relative import {found.name}")
        elif found.top == "aibom" and not _may_import(module.part, part_of(found.name)):
            problems.append(f"{found.line}: {module.part or 'aibom'} → {found.name}")
    return problems


def _may_import(importer: str, imported: str) -> bool:
    if imported in ("", "__version__"):
        return True
    if imported not in FLOORS:
        return False
    if importer == imported or {importer, imported} <= FLAT:
        return True
    return FLOORS[imported] < FLOORS[importer]


def imports_heavy_eagerly(module: Module) -> list[str]:
    """Heavy packages that importing this module would load."""
    if f"{module.name}.".startswith(f"{MAY_LOAD_HEAVY}."):
        return []
    return [
        f"{found.line}: {found.name} outside a function"
        for found in imports(module)
        if found.eager and found.top in HEAVY
    ]


def imports_beyond_stdlib(module: Module) -> list[str]:
    """Third-party imports in the parts that live in any training environment."""
    if module.part not in STDLIB_ONLY:
        return []
    return [f"{f.line}: {f.name}" for f in imports(module) if is_third_party(f)]


def is_third_party(found: Import) -> bool:
    """Whether an import is neither ours nor of the standard library."""
    return found.top != "aibom" and found.top not in sys.stdlib_module_names


def undeclared(module: Module, declared: frozenset[str]) -> list[str]:
    """Third-party imports whose distribution pyproject.toml does not declare."""
    return [
        f"{found.line}: {found.top} is not declared in pyproject.toml"
        for found in imports(module)
        if is_third_party(found)
        and normalised(DISTRIBUTIONS.get(found.top, found.top)) not in declared
    ]


def normalised(requirement: str) -> str:
    """The normalised name at the head of a requirement (PEP 503)."""
    head = re.match(r"[A-Za-z0-9._-]+", requirement)
    if head is None:
        raise ValueError(f"no requirement: {requirement!r}")
    return re.sub(r"[-_.]+", "-", head[0]).lower()


# ── effects ────────────────────


def prints_or_exits(module: Module) -> list[str]:
    """Output and exits outside cli/: everything else returns values and raises."""
    if module.part in ("cli", "__main__"):
        return []
    problems = [f"{f.line}: {f.name}" for f in imports(module) if f.top == "click"]
    for node in ast.walk(module.tree):
        used = _streams_and_exits(node)
        problems += [f"{getattr(node, 'lineno', 1)}: {name}" for name in sorted(used)]
    return problems


def _streams_and_exits(node: ast.AST) -> set[str]:
    banned = {"sys.exit", "sys.stdout", "sys.stderr", "os._exit"}
    if isinstance(node, ast.Attribute):
        return {ast.unparse(node)} & banned
    if isinstance(node, ast.ImportFrom):
        return {f"{node.module}.{alias.name}" for alias in node.names} & banned
    if isinstance(node, ast.Call):
        return {ast.unparse(node.func)} & {"print", "exit", "quit"}
    if isinstance(node, ast.Raise) and node.exc is not None:
        return {ast.unparse(node.exc).partition("(")[0]} & {"SystemExit"}
    return set()


def touches_the_world(module: Module) -> list[str]:
    """Files, clock, network and randomness in policy/."""
    if module.part != "policy":
        return []
    problems = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            problems += [f"{node.lineno}: {name}" for name in _worldly(module, node)]
        elif isinstance(node, ast.Call):
            name = _called(node.func)
            if name in (
                WORLD_CALLS if isinstance(node.func, ast.Name) else WORLD_METHODS
            ):
                problems.append(f"{node.lineno}: {name}()")
    return problems


def _worldly(module: Module, node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom) and node.module == "pathlib":
        return [f"pathlib.{a.name}" for a in node.names if "Pure" not in a.name]
    names = {found.name for found in _imports(module, node, eager=True)}
    if isinstance(node, ast.ImportFrom):
        names |= {f"{node.module}.{alias.name}" for alias in node.names}
    tops = {name: name.partition(".")[0] for name in names}
    return sorted(n for n in names if {n, tops[n]} & WORLD_MODULES)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


# ── size and words ────────────────────


def says_nothing_to_do(module: Module) -> list[str]:
    """Errors made without ``hint=``; fakes for tests (``testing/``) are left out.

    Whether the text helps cannot be told from here, nor what comes in by a variable.
    """
    if module.part == "testing":
        return []
    return [
        f"{node.lineno}: {_called(node.func)} without hint="
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _is_hinted(node.func) and not _has_hint(node)
    ]


def _is_hinted(function: ast.expr) -> bool:
    # click has a UsageError of its own, to which cli/ adds where to look.
    return _called(function) in HINTED and ast.unparse(function)[:6] != "click."


def _has_hint(call: ast.Call) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
    return any(not isinstance(v, ast.Constant) or v.value for v in given)


def too_long(module: Module) -> list[str]:
    """Modules and functions beyond what one reads in one go, docstrings included."""
    problems = []
    lines = module.source.count("\n")
    if lines > MAX_MODULE_LINES:
        problems.append(f"1: {lines} lines, at most {MAX_MODULE_LINES}")
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                problems.append(f"{node.lineno}: {node.name} has {length} lines")
    return problems


def undocumented(module: Module) -> list[str]:
    """Public names without a docstring; the module itself included."""
    problems = [] if ast.get_docstring(module.tree) else ["1: the module"]
    return problems + list(_undocumented(module.tree.body))


def _undocumented(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not _is_variant(node):
            yield f"{node.lineno}: {node.name}"
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node.body)


def _is_variant(node: Function | ast.ClassDef) -> bool:
    """An overload or a setter: told by the definition it belongs to."""
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    return any(d.endswith(("overload", ".setter", ".deleter")) for d in decorators)


RULES: dict[str, Rule] = {
    "floors": breaks_floors,
    "heavy-imports": imports_heavy_eagerly,
    "standard-library-only": imports_beyond_stdlib,
    "prints-or-exits": prints_or_exits,
    "policy-is-pure": touches_the_world,
    "too-long": too_long,
    "says-what-to-do": says_nothing_to_do,
    "undocumented": undocumented,
}
