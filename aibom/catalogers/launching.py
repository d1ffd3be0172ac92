"""What a command would start, and whether it is the same tomorrow; nothing is started.

Package runners fetch what they run. They are told by the name of the command, and
their arguments are read no further than they are known: behind an option that is not
known, nobody can tell what is an argument of what, so nothing counts as pinned.

Sources: npm ``npx``, ``npm exec``; pnpm ``dlx``; yarn ``dlx``; bun ``bunx``; uv
``uvx``, ``uv tool run``, ``uv run``; pipx ``run``; docker and podman ``run``;
``go run``; ``deno run``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aibom.catalogers.label_texts import clean

__all__ = ["Launch", "launch", "package_source"]

_MAX_TEXT = 200
#: One version and no other, by purl type: ``1.2`` is one for pip, and a range for npm.
_EXACT = {
    "npm": re.compile(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?"),
    "nuget": re.compile(r"\d+(?:\.\d+){1,3}(?:-[0-9A-Za-z.-]+)?"),
    "golang": re.compile(r"v\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?"),
    "pypi": re.compile(
        r"\d+(?:\.\d+)*(?:[._-]?(?:a|b|c|rc|alpha|beta|pre|post|dev)\.?\d*){0,3}"
        r"(?:\+[0-9A-Za-z.]+)?"
    ),
}
_COMMIT = re.compile(
    r"(?:git[+:@]|git(?:hub|lab):|https?://).*[#@][0-9a-f]{40}(?:#[^@]*)?"
)
_IMAGE_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
_NPM = re.compile(r"(?:@(?P<scope>[\w.~-]+)/)?(?P<name>[\w.~-]+)(?:@(?P<version>.+))?")
_PYPI = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?(?:(?:===?|@)(?P<version>.+))?"
)
_SHELLS = frozenset(
    {"ash", "bash", "cmd", "dash", "fish", "powershell", "pwsh", "sh", "zsh"}
)

_FLAGS = {
    "npm": {"-y", "--yes", "-q", "--quiet", "--silent", "--ignore-scripts", "--bun"}
    | {"--prefer-offline", "--prefer-online", "--offline"},
    "pypi": {"-q", "--quiet", "--isolated", "--refresh", "--no-cache", "--offline"}
    | {"--no-config", "--native-tls", "-n", "--frozen", "--locked", "--no-sync"},
    "docker": {"-i", "-t", "-it", "-ti", "-d", "--rm", "--init", "--read-only", "-P"}
    | {"--interactive", "--tty", "--detach", "--privileged", "--no-healthcheck"},
}
_VALUED = {
    "npm": {"--registry", "--cache", "--prefix", "--userconfig"},
    "pypi": {"-p", "--python", "--index-url", "--index", "-i", "--directory", "-m"}
    | {"--project", "--extra", "--group", "--with-requirements"},
    "docker": {"-e", "--env", "-v", "--volume", "--mount", "-p", "--publish", "--name"}
    | {"--network", "--net", "-w", "--workdir", "-u", "--user", "--env-file"}
    | {"--entrypoint", "--pull", "--platform", "-l", "--label", "-m", "--memory"}
    | {"--cpus", "--add-host", "--device", "--gpus", "--cap-add", "--cap-drop"}
    | {"--security-opt", "--shm-size", "--tmpfs", "-h", "--hostname", "--restart"},
}
#: Options whose value is what is fetched, beside or in place of the first argument.
_SPECS = {
    "npm": {"-p", "--package"},
    "pypi": {"--from", "--spec", "--with"},
    "docker": frozenset[str](),
}
#: Of these, the ones behind which the first argument is a command of the package.
_REPLACING = {"-p", "--package", "--from", "--spec"}


@dataclass(frozen=True, slots=True)
class Launch:
    """What a command starts.

    ``pinned`` is None where nothing is fetched as far as is known, so that there is
    nothing to pin. ``source`` is a purl, without a version where none is exact;
    ``image`` a container image as it is written; ``told`` what is not pinned, in short.
    """

    command: str
    pinned: bool | None = None
    source: str | None = None
    version: str | None = None
    image: str | None = None
    told: str = ""


def launch(command: str, arguments: Sequence[str]) -> Launch:
    """What a command with these arguments would start."""
    words = command.split()
    if not arguments and len(words) > 1 and _runner(_base(words[0]), words[1:])[0]:
        command, arguments = words[0], words[1:]
    name, rest = _unwrapped(_base(command), list(arguments))
    shown = clean(name)[:_MAX_TEXT] or "?"
    kind, rest = _runner(name, rest)
    if kind == "text":
        return Launch(shown, pinned=False, told="whatever is made of a text")
    if kind == "docker":
        return _image(shown, rest)
    if kind in ("npm", "pypi", "uv-run"):
        return _packages(shown, kind, rest)
    if kind in ("go", "deno"):
        return _address_run(shown, kind, rest)
    return Launch(shown)


def _unwrapped(name: str, rest: list[str]) -> tuple[str, list[str]]:
    """The command behind ``cmd /c`` and ``env A=b``, as long as that is plain."""
    if name == "cmd" and len(rest) > 1 and rest[0].lower() in ("/c", "/k"):
        return _base(rest[1]), rest[2:]
    while name == "env" and rest and "=" in rest[0] and not rest[0].startswith("-"):
        rest = rest[1:]
    if name == "env" and rest and not rest[0].startswith("-"):
        return _base(rest[0]), rest[1:]
    return name, rest


def _base(command: str) -> str:
    """The name of a command, without its folders, which may name who runs it."""
    name = re.split(r"[/\\]", command.strip())[-1].lower()
    for suffix in (".exe", ".cmd", ".bat", ".ps1"):
        name = name.removesuffix(suffix)
    return name


def _runner(name: str, rest: list[str]) -> tuple[str, list[str]]:
    """The kind of runner, and the arguments that are left for it."""
    if name in ("npx", "pnpx", "bunx"):
        return "npm", rest
    if name == "uvx":
        return "pypi", rest
    if name in _SHELLS and rest and (rest[0][:1] == "-" or rest[0][:2] == "/c"):
        return "text", rest  # without an option, a script that lies there
    if name == "env" and rest:
        return "text", rest
    words = {
        ("npm", "exec"): "npm",
        ("npm", "x"): "npm",
        ("pnpm", "dlx"): "npm",
        ("yarn", "dlx"): "npm",
        ("bun", "x"): "npm",
        ("pipx", "run"): "pypi",
        ("uv", "run"): "uv-run",
        ("docker", "run"): "docker",
        ("podman", "run"): "docker",
        ("go", "run"): "go",
        ("deno", "run"): "deno",
    }
    if kind := words.get((name, rest[0] if rest else "")):
        return kind, rest[1:]
    if name == "uv" and rest[:2] == ["tool", "run"]:
        return "pypi", rest[2:]
    return "", rest


@dataclass(frozen=True, slots=True)
class _Parsed:
    """What stands in arguments: what is fetched by option, and the first argument."""

    specs: tuple[str, ...]
    replaced: str | None
    first: str | None
    clear: bool


def _parsed(kind: str, rest: Sequence[str]) -> _Parsed:
    specs: list[str] = []
    replaced: str | None = None
    index = 0
    while index < len(rest):
        option, equals, value = rest[index].partition("=")
        index += 1
        if option == "--":
            break
        if not option.startswith("-"):
            return _Parsed(tuple(specs), replaced, rest[index - 1], True)
        if option in _SPECS[kind] or option in _VALUED[kind]:
            if not equals:
                value = rest[index] if index < len(rest) else ""
                index += 1
            if option in _SPECS[kind]:
                specs.append(value)
                if replaced is None and option in _REPLACING:
                    replaced = value
        elif option not in _FLAGS[kind] and not equals:
            return _Parsed(tuple(specs), replaced, None, False)
    first = rest[index] if index < len(rest) else None
    return _Parsed(tuple(specs), replaced, first, True)


def _packages(command: str, kind: str, rest: Sequence[str]) -> Launch:
    form = "npm" if kind == "npm" else "pypi"
    parsed = _parsed(form, rest)
    specs = list(parsed.specs)
    main = parsed.replaced
    # What ``uv run`` runs lies there, unless it has an address.
    if main is None and parsed.first and (kind != "uv-run" or "://" in parsed.first):
        specs.append(parsed.first)
        main = parsed.first
    if kind == "uv-run" and parsed.clear and not specs:
        return Launch(command)
    if not parsed.clear or not specs:
        return Launch(command, pinned=False, told="arguments that are not understood")
    if all(_is_path(spec) for spec in specs):
        return Launch(command)
    read = {spec: package_source(form, *_split(form, spec)) for spec in specs}
    loose = [
        spec
        for spec, (_, version) in read.items()
        if version is None and not _is_path(spec) and not _COMMIT.fullmatch(spec)
    ]
    source, version = read[main] if main is not None else (None, None)
    told = ", ".join(_short(spec) for spec in loose[:5])
    return Launch(command, not loose, source, version, None, told)


def _is_path(spec: str) -> bool:
    return spec.startswith((".", "/", "~", "file:")) or "\\" in spec


def _short(spec: str) -> str:
    """A spec as it may be shown: an address could hold a password."""
    return "an address" if "://" in spec else clean(spec)[:_MAX_TEXT]


def _split(kind: str, spec: str) -> tuple[str, str | None]:
    """The name and version in a spec; an empty name where it has another form."""
    found = (_NPM if kind == "npm" else _PYPI).fullmatch(spec.strip())
    if found is None or len(spec) > _MAX_TEXT:
        return "", None
    scope = f"@{found['scope']}/" if kind == "npm" and found["scope"] else ""
    return scope + found["name"], found["version"]


def package_source(
    kind: str, name: str, version: str | None
) -> tuple[str | None, str | None]:
    """The purl of a package, and its version where that is exact.

    ``kind`` is npm, nuget, golang or pypi. A range, a tag like ``latest``, or nothing
    is not exact.
    """
    from packageurl import PackageURL

    exact = version if version and _EXACT[kind].fullmatch(version) else None
    namespace, _, last = name.rpartition("/")
    if kind == "pypi":
        last = re.sub(r"[-_.]+", "-", last).lower()
    try:
        source = PackageURL(kind, namespace or None, last, exact).to_string()
    except ValueError:
        return None, None
    return source, exact


def _image(command: str, rest: Sequence[str]) -> Launch:
    parsed = _parsed("docker", rest)
    image = parsed.first
    if not parsed.clear or not image or clean(image) != image:
        return Launch(command, pinned=False, told="arguments that are not understood")
    pinned = _IMAGE_DIGEST.fullmatch(image) is not None
    told = "" if pinned else image[:_MAX_TEXT]
    return Launch(command, pinned, image=image[:_MAX_TEXT], told=told)


def _address_run(command: str, kind: str, rest: Sequence[str]) -> Launch:
    """``go run`` and ``deno run``: the first argument names what is fetched."""
    options = list(rest)
    while options and options[0].startswith("-"):
        if kind == "go" or not options[0].startswith(("-A", "--allow", "--no-")):
            return Launch(command, pinned=False, told="arguments not understood")
        options = options[1:]
    target = options[0] if options else ""
    if _is_path(target) or not (":" in target or (kind == "go" and "@" in target)):
        return Launch(command)
    form = "golang" if kind == "go" else "npm"
    name, _, version = target.removeprefix("npm:").rpartition("@")
    if kind == "deno" and (not target.startswith("npm:") or not name):
        return Launch(command, pinned=False, told=_short(target))
    source, exact = package_source(form, name, version)
    told = "" if exact else _short(target)
    return Launch(command, exact is not None, source, exact, None, told)
