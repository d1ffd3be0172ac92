"""What a command starts, and when that may be something else tomorrow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers.launching import launch

SHA = "a" * 64
COMMIT = "b" * 40
FETCH = "pkg:npm/mcp-fetch@1.2.3"
PY = "pkg:pypi/mcp-server-git@0.6.2"

#: name → the command line, pinned, source, image
CASES: dict[str, tuple[str, bool | None, str | None, str | None]] = {
    "npx, exact": ("npx -y mcp-fetch@1.2.3 --port 1", True, FETCH, None),
    "npx, a scope": (
        "npx @acme/tool@1.0.0-rc.1",
        True,
        "pkg:npm/%40acme/tool@1.0.0-rc.1",
        None,
    ),
    "npx, latest": ("npx -y mcp-fetch@latest", False, "pkg:npm/mcp-fetch", None),
    "npx, no version": ("npx -y mcp-fetch", False, "pkg:npm/mcp-fetch", None),
    "npx, a range": ("npx mcp-fetch@1.2", False, "pkg:npm/mcp-fetch", None),
    "npx, another range": ("npx mcp-fetch@^1.2.3", False, "pkg:npm/mcp-fetch", None),
    "npx, a wildcard": ("npx mcp-fetch@1.2.x", False, "pkg:npm/mcp-fetch", None),
    "npx, by option": ("npx -p mcp-fetch@1.2.3 fetch", True, FETCH, None),
    "npx, by option with =": ("npx --package=mcp-fetch@1.2.3 f", True, FETCH, None),
    "npx, two packages": ("npx -p mcp-fetch@1.2.3 -p other x", False, FETCH, None),
    "npx, an unknown option": ("npx --odd mcp-fetch@1.2.3 evil", False, None, None),
    "npx, a command text": ("npx -c evil", False, None, None),
    "npx, nothing": ("npx -y", False, None, None),
    "npx, behind --": ("npx -- mcp-fetch@1.2.3", True, FETCH, None),
    "npx, a commit": (f"npx github:acme/x#{COMMIT}", True, None, None),
    "npx, a branch": ("npx github:acme/x#main", False, None, None),
    "npx, a tag that looks like a commit": (
        f"npx mcp-fetch@{COMMIT}",
        False,
        "pkg:npm/mcp-fetch",
        None,
    ),
    "npx, a folder": ("npx ./tool", None, None, None),
    "npx of Windows": ("C:\\node\\NPX.cmd -y mcp-fetch@1.2.3", True, FETCH, None),
    "npx behind cmd": ("cmd /c npx mcp-fetch", False, "pkg:npm/mcp-fetch", None),
    "npx behind env": ("env A=b npx mcp-fetch@1.2.3", True, FETCH, None),
    "a text behind env": ("env -S npx mcp-fetch@1.2.3", False, None, None),
    "npm exec": ("npm exec mcp-fetch@1.2.3", True, FETCH, None),
    "pnpm dlx": ("pnpm dlx mcp-fetch@1.2.3", True, FETCH, None),
    "bunx": ("bunx mcp-fetch", False, "pkg:npm/mcp-fetch", None),
    "uvx": ("uvx mcp-server-git", False, "pkg:pypi/mcp-server-git", None),
    "uvx, exact": ("uvx mcp-server-git==0.6.2", True, PY, None),
    "uvx, exact with @": ("uvx MCP_Server.git@0.6.2", True, PY, None),
    "uvx, latest": (
        "uvx mcp-server-git@latest",
        False,
        "pkg:pypi/mcp-server-git",
        None,
    ),
    "uvx, at least": ("uvx mcp-server-git>=0.6.2", False, None, None),
    "uvx, a wildcard": (
        "uvx mcp-server-git==0.6.*",
        False,
        "pkg:pypi/mcp-server-git",
        None,
    ),
    "uvx --from": ("uvx --from mcp-server-git==0.6.2 serve", True, PY, None),
    "uvx --from and --with": (
        "uvx --with evil --from mcp-server-git==0.6.2 serve",
        False,
        PY,
        None,
    ),
    "uvx, a commit": (f"uvx --from git+https://h/x@{COMMIT} x", True, None, None),
    "uvx, a branch": ("uvx --from git+https://u:pw@h/x@main x", False, None, None),
    "uv tool run": ("uv tool run mcp-server-git==0.6.2", True, PY, None),
    "uv run": ("uv run --directory /x server.py", None, None, None),
    "uv run --with": ("uv run --with mcp server.py", False, None, None),
    "uv run, an address": ("uv run https://h/x.py", False, None, None),
    "uv run, an unknown option": ("uv run --odd x", False, None, None),
    "pipx run": ("pipx run --spec mcp-server-git==0.6.2 x", True, PY, None),
    "docker": ("docker run -i --rm -e KEY acme/t:1", False, None, "acme/t:1"),
    "docker, a digest": (
        f"docker run -i acme/t@sha256:{SHA}",
        True,
        None,
        f"acme/t@sha256:{SHA}",
    ),
    "docker, half a digest": (
        "docker run acme/t@sha256:ab",
        False,
        None,
        "acme/t@sha256:ab",
    ),
    "docker, an unknown option": ("docker run --odd x y", False, None, None),
    "podman": ("podman run acme/t", False, None, "acme/t"),
    "go run": (
        "go run example.org/x@v1.2.3",
        True,
        "pkg:golang/example.org/x@v1.2.3",
        None,
    ),
    "go run, latest": (
        "go run example.org/x@latest",
        False,
        "pkg:golang/example.org/x",
        None,
    ),
    "go run, what lies there": ("go run .", None, None, None),
    "deno run": ("deno run -A npm:mcp-fetch@1.2.3", True, FETCH, None),
    "deno run, an address": ("deno run https://h/x.ts", False, None, None),
    "deno run, an unknown option": ("deno run --odd npm:a@1.2.3", False, None, None),
    "a shell": ("bash -lc x", False, None, None),
    "a script of a shell": ("bash server.sh", None, None, None),
    "a program": ("node server.js", None, None, None),
    "nothing": ("cmd /c", False, None, None),
}


@pytest.mark.parametrize(
    ("line", "pinned", "source", "image"), CASES.values(), ids=CASES
)
def test_what_is_started(
    line: str, pinned: bool | None, source: str | None, image: str | None
) -> None:
    words = line.split(" ")
    done = launch(words[0], words[1:])
    assert (done.pinned, done.source, done.image) == (pinned, source, image)
    assert bool(done.told) == (pinned is False)
    assert "pw" not in done.told


LONG = {
    "a version of many parts": "1" + "a-" * 90,
    "a version of many numbers": "1" + ".1" * 90 + "x",
    "a scope of many": "@" * 190,
    "a long commit": "git+" + "@" * 100_000,
}


@pytest.mark.parametrize("spec", LONG.values(), ids=LONG)
@pytest.mark.parametrize("form", ["uvx a=={}", "npx a@{}", "npx {}", "uvx {}"])
def test_long_specs_end(form: str, spec: str) -> None:
    words = form.format(spec).split(" ")
    assert launch(words[0], words[1:]).pinned is False


def test_a_whole_line_as_the_command_is_read_as_one() -> None:
    assert launch("npx -y mcp-fetch", []).pinned is False
    assert launch("/opt/my tools/npx", []).command == "npx"


def test_folders_of_a_command_are_not_told() -> None:
    assert launch("/home/ada/bin/server", []).command == "server"


WORDS = st.sampled_from(
    [*("npx", "uvx", "docker", "run", "-y", "--from", "-p", "x@1.2.3", "==", "@", "--")]
)


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=6))
def test_no_text_raises(command: str, arguments: list[str]) -> None:
    launch(command, arguments)


@given(WORDS, st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=8))
def test_no_words_raise(command: str, arguments: list[str]) -> None:
    done = launch(command, arguments)
    assert done.pinned is not True or "1.2.3" in f"{arguments}"
