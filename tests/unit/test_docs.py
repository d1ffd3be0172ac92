"""The documentation is true: links, commands, files, code and names in it exist.

Commands are parsed as the command line would parse them, and not run. YAML and JSON of
ours are read by the readers that a gate uses; Python is compiled and its imports
looked up. A word in backticks that looks like a name of ours must be one.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from reason_codes import reason_codes

from aibom.attest.signers import read_signers
from aibom.audits.report import read_report
from aibom.cli import cli
from aibom.errors import AibomError
from aibom.operations.policies.folder import load_folder, lock_folder
from aibom.operations.ptest.document import check_ptest
from aibom.policy.data import (
    read_accepted_roots,
    read_advisories,
    read_trusted_sources,
)
from aibom.policy.document import read_policy
from aibom.policy.suppliers import read_suppliers
from aibom.policy.waivers import read_waivers
from aibom.reading import parse_yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in sorted((ROOT / "README.md", ROOT / "SECURITY.md", *DOCS.rglob("*.md")))
}
READERS: dict[str, Callable[[Any, str], object]] = {
    "aibom/policy/v1": read_policy,
    "aibom/signers/v1": read_signers,
    "aibom/trusted-sources/v1": read_trusted_sources,
    "aibom/accepted-roots/v1": read_accepted_roots,
    "aibom/advisories/v1": read_advisories,
    "aibom/suppliers/v1": read_suppliers,
    "aibom/waivers/v1": read_waivers,
    "aibom/ptest/v1": check_ptest,
    "aibom/audit-report/v1": read_report,
}
GROUPS = (
    *("policy", "party", "audit", "trust-root", "signers", "manifest"),
    *("dossier", "supplier", "evidence"),
)
#: A file whose example shows digests as ``…``; its form is told by the loader's tests.
ABRIDGED = {"aibom/policy-lock/v1"}


@dataclass(frozen=True)
class Block:
    """A fenced block: where it starts, the word behind the fence, and the text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """Every fenced block of a page."""
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(page, line, match[1], match[2])


BLOCKS = [block for page, text in PAGES.items() for block in blocks_of(page, text)]


def written_in(*languages: str) -> Any:
    """A parametrisation over every block in one of these languages."""
    found = [block for block in BLOCKS if block.language in languages]
    return pytest.mark.parametrize("block", found, ids=str)


def prose_of(text: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


# ── links ────────────────────


def anchors_of(text: str) -> set[str]:
    """The anchors that a page's headings get on the web."""
    titles = re.findall(r"^#+ (.+)$", prose_of(text), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in kept}


def broken_links(page: str, text: str) -> list[str]:
    """Relative links of a page that lead to no file, or to no heading in it."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose_of(text)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        there = target.exists() and target.is_relative_to(ROOT)
        if there and anchor:
            there = anchor in anchors_of(target.read_text("utf-8"))
        if not there:
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    assert broken_links(page, PAGES[page]) == []


def test_every_page_can_be_reached_from_the_index():
    reached, pending = set(), ["docs/README.md"]
    while pending:
        page = pending.pop()
        if page in reached or page not in PAGES:
            continue
        reached.add(page)
        for link in re.findall(r"\]\(([^)#\s]+)", prose_of(PAGES[page])):
            target = ((ROOT / page).parent / link).resolve()
            if target.is_relative_to(ROOT):
                pending.append(str(target.relative_to(ROOT)))
    assert [p for p in PAGES if p.startswith("docs/") and p not in reached] == []


# ── commands ────────────────────


def commands_in(text: str) -> Iterator[list[str]]:
    """The words of every ``aibom`` command in shell text, without redirections."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        command: list[str] = []
        for word in [*words, ";"]:
            if word in (";", "&&", "||", "|", ">", "2>"):
                if command[:1] == ["aibom"]:
                    yield command[1:]
                command = []
            else:
                command.append(word)


def parse_command(words: list[str]) -> click.Context:
    """Parse a command as the command line does, and run nothing.

    Raises :class:`click.ClickException`, or an error of ours from an option's reader.
    """
    command, path = cli, "aibom"
    while isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        name, found, words = command.resolve_command(context, words)
        assert found is not None, name
        command, path = found, f"{path} {name}"
    return command.make_context(path, list(words))


@written_in("sh")
def test_commands_exist_with_these_options(block):
    for words in commands_in(block.text):
        parse_command(words)


def test_commands_are_found_in_shell_text():
    text = (
        "aibom keygen a && aibom keygen b  # both\n"
        "make test\n$ aibom sign D \\\n  --key 'a b' > out\n"
    )
    assert list(commands_in(text)) == [
        ["keygen", "a"],
        ["keygen", "b"],
        ["sign", "D", "--key", "a b"],
    ]


@pytest.mark.parametrize(
    "command",
    [
        "gat model",
        "gate model --polcy p",
        "gate",
        "keygen a --type rsa",
        "policy lok p",
    ],
)
def test_a_wrong_command_would_be_found(command):
    with pytest.raises(click.ClickException):
        parse_command(command.split())


def test_every_command_stands_in_a_how_to():
    shown = {
        " ".join(words[: 2 if words[0] in GROUPS else 1])
        for block in BLOCKS
        if block.language == "sh" and block.page.startswith("docs/how-to/")
        for words in commands_in(block.text)
    }
    missing = []
    for name in cli.list_commands(click.Context(cli)):
        command = cli.get_command(click.Context(cli), name)
        below = command.commands if isinstance(command, click.Group) else {"": None}
        missing += [n for b in below if (n := f"{name} {b}".strip()) not in shown]
    assert missing == []


# ── files ────────────────────


@written_in("yaml")
def test_yaml_is_read_by_the_reader_of_its_kind(block):
    value = parse_yaml(block.text.encode(), str(block))
    assert READERS[value["apiVersion"]](value, str(block))


@written_in("json")
def test_json_is_read_by_the_reader_of_its_kind(block):
    value = json.loads(block.text)
    if value["apiVersion"] not in ABRIDGED:
        assert READERS[value["apiVersion"]](value, str(block))


def test_the_folder_in_the_page_on_files_can_be_locked_and_loaded(tmp_path):
    names = re.findall(r"^### (\S+\.yaml)$", PAGES["docs/files.md"], re.MULTILINE)
    texts = [
        b.text for b in BLOCKS if (b.page, b.language) == ("docs/files.md", "yaml")
    ]
    for name, text in zip(names, texts, strict=True):
        (tmp_path / name).write_text(text, "utf-8")
    locked = lock_folder(tmp_path)
    folder = load_folder(tmp_path, require_lock=True)
    assert folder.digest == locked.digest
    assert set(folder.policy.data) | {"policy.yaml"} == set(names)
    assert [signer.signer.role for signer in folder.signers] == [
        "release",
        "pipeline",
        "data",
        "auditor",
    ]


def test_the_lock_in_the_page_on_files_has_the_members_of_a_real_one(tmp_path):
    (shown,) = (
        json.loads(b.text)
        for b in BLOCKS
        if b.page == "docs/files.md" and "policy-lock" in b.text
    )
    (tmp_path / "policy.yaml").write_text(
        "apiVersion: aibom/policy/v1\nname: a\nversion: '1'\nrules:\n"
        "  - {id: a, check: bytes-match}\n"
    )
    lock_folder(tmp_path)
    assert shown.keys() == json.loads((tmp_path / "policy.lock").read_text()).keys()


def test_a_wrong_example_would_be_found():
    value = parse_yaml(b"apiVersion: aibom/policy/v1\nname: a\nrule: []", "x")
    with pytest.raises(AibomError):
        READERS["aibom/policy/v1"](value, "x")


# ── Python ────────────────────


def missing_imports(source: str) -> list[str]:
    """Names that Python source imports from us, and that are not there."""
    missing = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aibom"):
            module = importlib.import_module(str(node.module))
            missing += [a.name for a in node.names if not hasattr(module, a.name)]
    return missing


@written_in("python")
def test_python_imports_what_exists(block):
    assert missing_imports(block.text) == []


@pytest.mark.parametrize("page", PAGES)
def test_dotted_names_exist(page):
    for dotted in set(re.findall(r"`(aibom\.[\w.]+[a-zA-Z])", PAGES[page])):
        if dotted.endswith((".json", ".cdx", ".sigstore", ".lock")):
            continue
        head, _, tail = dotted.rpartition(".")
        try:
            importlib.import_module(dotted)
        except ModuleNotFoundError:
            assert hasattr(importlib.import_module(head), tail), dotted


@pytest.mark.parametrize("page", PAGES)
def test_paths_of_the_repository_exist(page):
    tops = r"aibom|tests|schemas|policies|examples|benchmarks|\.ci"
    if not page.startswith("docs/catalogers/"):  # there, of other projects
        tops += "|docs"
    for path in re.findall(rf"`((?:{tops})/[\w./-]+)`", PAGES[page]):
        if not re.search(r"your[_-]|/v\d+$", path):  # to be written; an API version
            assert (ROOT / path).exists(), path


# ── words ────────────────────


def known_words() -> set[str]:
    """Every word that the program gives a meaning: texts in code, schemas and packs."""
    words = set(reason_codes(ROOT / "aibom").codes)
    for path in (ROOT / "aibom").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
    for path in (*ROOT.glob("schemas/*.json"), *ROOT.glob("policies/*.yaml")):
        words |= set(_texts(yaml.safe_load(path.read_text("utf-8"))))
    return words


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    for item in value if isinstance(value, list) else ():
        yield from _texts(item)
    if isinstance(value, str):
        yield value


WORDS = known_words()
#: Names in backticks that belong to the examples, to tests, or to other programs.
OTHERS = {
    *("heavy-imports", "standard-library-only", "prints-or-exits", "policy-is-pure"),
    *("too-long", "poisoned-labels", "labels-inconsistent", "docs-check"),
    *("schema-one-of", "jsonschema-rs", "cyclonedx-python-lib", "huggingface-hub"),
    *("model-signing", "aibom-lock", "pinned-only"),
}


@pytest.mark.parametrize("page", PAGES)
def test_kebab_words_are_words_of_the_program(page):
    words = re.findall(r"`([a-z]+(?:-[a-z]+)+)`", prose_of(PAGES[page]))
    assert sorted({word for word in words if word not in WORDS | OTHERS}) == []


def test_a_misspelt_reason_code_would_be_found():
    assert "audit-missing" in WORDS
    assert "audit-mising" not in WORDS


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_machine(page):
    assert re.findall(r"/(?:home|tmp|work|root|Users)/\w+", PAGES[page]) == []
