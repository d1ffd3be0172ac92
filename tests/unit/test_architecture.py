"""The floors of the design, held over the sources; and proof that each rule can fail.

The rules themselves are in ``tests/source_rules.py``. A new top-level module of
``aibom`` fails here until it is given a floor there.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from source_rules import RULES, Module, modules_of, normalised, undeclared

ROOT = Path(__file__).resolve().parents[2]
MODULES = modules_of(ROOT / "aibom")


def declared_distributions() -> frozenset[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    every = [*project["dependencies"], *(r for extra in extras for r in extra)]
    return frozenset(normalised(requirement) for requirement in every)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_module_keeps_the_rule(rule, name):
    assert rule(MODULES[name]) == []


@pytest.mark.parametrize("name", MODULES)
def test_every_third_party_import_is_declared(name):
    assert undeclared(MODULES[name], declared_distributions()) == []


DOC = '"""Story."""\n'
LONG = "".join(f"    x = {n}\n" for n in range(50))

#: rule → named cases of (module, source, what must be found)
PLANTED = {
    "floors": {
        "stage-into-stage": (
            "aibom.bom.a",
            "from aibom.attest import x",
            "aibom.attest",
        ),
        "from-the-package": ("aibom.bom.a", "from aibom import policy", "aibom.policy"),
        "by-plain-import": (
            "aibom.report.a",
            "import aibom.policy.x",
            "aibom.policy.x",
        ),
        "inside-a-function": (
            "aibom.bom.a",
            "def f():\n    from aibom.cli import main",
            "aibom.cli",
        ),
        "for-types-only": (
            "aibom.policy.a",
            "if TYPE_CHECKING:\n    from aibom.attest import x",
            "aibom.attest",
        ),
        "ground-up": ("aibom.digest", "import aibom.lineage", "aibom.lineage"),
        "lineage-up": ("aibom.lineage.a", "import aibom.bom", "aibom.bom"),
        "stage-up": ("aibom.policy.a", "import aibom.operations", "aibom.operations"),
        "operations-up": ("aibom.operations.a", "import aibom.cli", "aibom.cli"),
        "cli-into-testing": ("aibom.cli.a", "import aibom.testing", "aibom.testing"),
        "lazy-name": ("aibom.bom.a", "from aibom import record", "aibom.record"),
        "relative": ("aibom.bom.a", "from . import b", "relative"),
        "no-floor": ("aibom.misc", "", "no floor"),
        "unknown-part": ("aibom.cli.a", "import aibom.misc", "aibom.misc"),
    },
    "heavy-imports": {
        "top": ("aibom.bom.a", "import networkx as nx", "networkx"),
        "from": ("aibom.bom.a", "from cyclonedx.model import bom", "cyclonedx"),
        "in-try": ("aibom.bom.a", "try:\n    import yaml\nfinally:\n    pass", "yaml"),
        "in-class": ("aibom.bom.a", "class A:\n    import jsonschema", "jsonschema"),
        "else-branch": (
            "aibom.bom.a",
            "if TYPE_CHECKING:\n    pass\nelse:\n    import rfc8785",
            "rfc8785",
        ),
        "plugin": ("aibom.testing.plugin", "import cryptography", "cryptography"),
        "like-sigstore": ("aibom.testing.sigstores", "import requests", "requests"),
    },
    "standard-library-only": {
        "top": ("aibom.statement", "import attrs", "attrs"),
        "inside": ("aibom.recording.a", "def f():\n    import yaml", "yaml"),
    },
    "prints-or-exits": {
        "print": ("aibom.operations.a", "print(1)", "print"),
        "sys-exit": ("aibom.bom.a", "import sys\nsys.exit(1)", "sys.exit"),
        "stdout": ("aibom.report.a", "import sys\nsys.stdout.write('')", "sys.stdout"),
        "stderr": ("aibom.report.a", "from sys import stderr", "sys.stderr"),
        "raise": ("aibom.attest.a", "raise SystemExit(1)", "SystemExit"),
        "hard-exit": ("aibom.attest.a", "import os\nos._exit(0)", "os._exit"),
        "click": ("aibom.report.a", "import click", "click"),
    },
    "policy-is-pure": {
        "os": ("aibom.policy.a", "import os.path", "os.path"),
        "socket": ("aibom.policy.checks.a", "from socket import socket", "socket"),
        "path": ("aibom.policy.a", "from pathlib import Path", "pathlib.Path"),
        "pathlib": ("aibom.policy.a", "import pathlib", "pathlib"),
        "open": ("aibom.policy.a", "open('x')", "open"),
        "given-path": ("aibom.policy.a", "def f(p): return p.read_text()", "read_text"),
        "clock": ("aibom.policy.a", "x = datetime.now(UTC)", "now"),
        "time": ("aibom.policy.a", "from time import time", "time"),
        "fetch": ("aibom.policy.a", "from urllib import request", "urllib.request"),
        "resources": ("aibom.policy.a", "import aibom.resources", "aibom.resources"),
        "inside": ("aibom.policy.a", "def f():\n    import subprocess", "subprocess"),
    },
    "too-long": {
        "function": ("aibom.bom.a", f"def f():\n{LONG}", "f has 51 lines"),
        "method": (
            "aibom.bom.a",
            "class A:\n  async def f():\n" + LONG,
            "f has 51 lines",
        ),
        "module": ("aibom.bom.a", "x = 1\n" * 501, "501 lines"),
    },
    "says-what-to-do": {
        "raised": ("aibom.bom.a", "raise InputError('m', where='w')", "1: InputError"),
        "made-by-a-helper": (
            "aibom.cli.a",
            "def f():\n    return UsageError('m')",
            "2: UsageError",
        ),
        "none": ("aibom.policy.a", "raise PolicyInvalid('m', hint=None)", "PolicyI"),
        "empty": ("aibom.attest.a", "VerificationFailed('m', hint='')", "Verificati"),
        "by-its-module": (
            "aibom.bom.a",
            "raise aibom.errors.InputError('m')",
            "InputError",
        ),
        "hidden-keywords": ("aibom.bom.a", "InputError('m', **rest)", "InputError"),
    },
    "undocumented": {
        "module": ("aibom.bom.a", "x = 1", "1: the module"),
        "function": ("aibom.bom.a", DOC + "def f(): ...", "2: f"),
        "class": ("aibom.bom.a", DOC + "class A: ...", "2: A"),
        "method": ("aibom.bom.a", DOC + "class A:\n  '''A.'''\n  def m(s): ...", "m"),
        "coroutine": ("aibom.bom.a", DOC + "async def f(): ...", "2: f"),
    },
}

#: the same, but these keep the rule
KEPT = {
    "floors": {
        "down": ("aibom.cli.a", "from aibom.operations import x\nimport aibom.lineage"),
        "ground-is-flat": ("aibom.statement", "from aibom.digest import Digest"),
        "own-part": ("aibom.bom.a", "from aibom.bom.b import x"),
        "version": ("aibom.bom.a", "from aibom import __version__"),
        "others": ("aibom.bom.a", "import json, networkx"),
    },
    "heavy-imports": {
        "in-function": ("aibom.bom.a", "def f():\n    import networkx"),
        "for-types": ("aibom.bom.a", "if TYPE_CHECKING:\n    import networkx"),
        "light": ("aibom.cli.a", "import click, json"),
        "made-of-keys": ("aibom.testing.sigstore.ca", "import cryptography"),
    },
    "standard-library-only": {
        "ours": (
            "aibom.recording.a",
            "import json\nfrom aibom.errors import InputError",
        ),
        "elsewhere": ("aibom.bom.a", "import attrs"),
    },
    "prints-or-exits": {
        "cli": ("aibom.cli.a", "import click, sys\nprint(1)\nsys.exit(sys.stdout)"),
        "catching": ("aibom.recording.a", "try: f()\nexcept SystemExit: raise"),
        "own-method": ("aibom.report.a", "page.print()"),
    },
    "policy-is-pure": {
        "pure-paths": ("aibom.policy.a", "from pathlib import PurePosixPath"),
        "given-time": ("aibom.policy.a", "from datetime import datetime, timedelta"),
        "urls": ("aibom.policy.a", "from urllib.parse import urlsplit"),
        "elsewhere": ("aibom.operations.a", "import os\nopen('x')"),
        "patterns": ("aibom.policy.a", "import re\nX = re.compile('x')"),
    },
    "too-long": {"just": ("aibom.bom.a", "x = 1\n" * 500)},
    "says-what-to-do": {
        "text": ("aibom.bom.a", "raise InputError('m', hint='read it again')"),
        "chosen": ("aibom.bom.a", "InputError('m', hint='a' if x else f'{b}')"),
        "handed-on": ("aibom.bom.a", "raise InputError('m', hint=error.hint) from x"),
        "of-click": ("aibom.cli.a", "raise click.UsageError('m')"),
        "for-tests": ("aibom.testing.a", "raise UsageError('m')"),
        "documents": ("aibom.bom.a", "raise DocumentInvalid('m')"),
        "caught": ("aibom.bom.a", "try: f()\nexcept InputError: raise"),
    },
    "undocumented": {
        "private": ("aibom.bom.a", DOC + "def _f(): ...\nclass _A:\n  def m(s): ..."),
        "magic": ("aibom.bom.a", DOC + "class A:\n  '''A.'''\n  def __len__(s): ..."),
        "nested": ("aibom.bom.a", DOC + "def f():\n  '''F.'''\n  def g(): ..."),
        "overload": ("aibom.bom.a", DOC + "@overload\ndef f(): ..."),
    },
}


def rows(table):
    return [
        pytest.param(rule, *case, id=f"{rule}-{name}")
        for rule, cases in table.items()
        for name, case in cases.items()
    ]


@pytest.mark.parametrize(("rule", "name", "source", "found"), rows(PLANTED))
def test_a_planted_violation_is_caught(rule, name, source, found):
    problems = RULES[rule](Module.of(name, source))
    assert any(found in problem for problem in problems), problems


@pytest.mark.parametrize(("rule", "name", "source"), rows(KEPT))
def test_honest_code_is_let_through(rule, name, source):
    assert RULES[rule](Module.of(name, source)) == []


def test_every_rule_is_tried_both_ways():
    assert set(PLANTED) == set(KEPT) == set(RULES)


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("import json", []),
        ("import aibom.errors", []),
        ("import yaml, sklearn.svm", []),
        ("def f():\n    import torch", ["2: torch is not declared in pyproject.toml"]),
        ("from attr import s", ["1: attr is not declared in pyproject.toml"]),
    ],
)
def test_undeclared_imports(source, problems):
    module = Module.of("aibom.bom.a", source)
    assert undeclared(module, declared_distributions()) == problems


def test_modules_are_found_and_named(tmp_path):
    for file in ("aibom/__init__.py", "aibom/bom/__init__.py", "aibom/bom/a.py"):
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("from aibom.bom import a\n")
    found = modules_of(tmp_path / "aibom")
    assert list(found) == ["aibom", "aibom.bom", "aibom.bom.a"]
    assert found["aibom.bom"].part == "bom"


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("PyYAML>=6", "pyyaml"),
        ("jsonschema-rs", "jsonschema-rs"),
        ("a_b.c[x]", "a-b-c"),
    ],
)
def test_requirement_names(requirement, name):
    assert normalised(requirement) == name
