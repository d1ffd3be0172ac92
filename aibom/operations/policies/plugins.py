"""An organisation's own checks: entry points that a policy names, and no others.

A distribution offers a check in the group ``aibom.checks``, under the check's id::

    [project.entry-points."aibom.checks"]
    contract-signed = "acme_aibom.contract_signed:CHECK"

and a policy uses it by naming both, ``plugins: [acme-aibom:contract-signed]``. What is
installed but not named is not imported: a package in the environment must not be able
to change what a gate does. A plugin is code that runs inside the gate with all its
rights; nothing here confines it. So the lock pins its files, and with a lock they are
compared before anything of the plugin is imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aibom.errors import PolicyInvalid
from aibom.lineage.nodes import ENTITY_KINDS
from aibom.policy.checks import CHECKS
from aibom.policy.context import Check
from aibom.policy.document import DATA_FILES
from aibom.reading import suggest

if TYPE_CHECKING:
    from importlib import metadata

__all__ = [
    "GROUP",
    "Plugin",
    "extra_checks",
    "load_plugins",
    "named_plugins",
    "require_pinned",
]

GROUP = "aibom.checks"


@dataclass(frozen=True, slots=True)
class Plugin:
    """One check that was loaded, and the distribution it came from.

    ``digest`` covers the Python files of the distribution as they lie on disk, by path;
    of one that is installed as a link to a checkout there are none to cover.
    """

    name: str
    check: Check
    version: str
    digest: str

    @property
    def pin(self) -> tuple[str, str]:
        """What the lock says of it: a key and the digest."""
        return _pin_key(self.name), self.digest


def named_plugins(policy: Any) -> tuple[str, ...]:
    """What a parsed, unread policy names under ``plugins`` in the form that is right.

    The rest is for :func:`~aibom.policy.document.read_policy` to complain of.
    """
    named = policy.get("plugins") if isinstance(policy, dict) else None
    if not isinstance(named, (list, tuple)):
        return ()
    return tuple(
        dict.fromkeys(n for n in named if isinstance(n, str) and all(_split(n)))
    )


def load_plugins(
    policy: Any, where: str, pinned: Mapping[str, str] | None = None
) -> tuple[Plugin, ...]:
    """Load the plugins that a parsed policy names; imports their modules.

    ``pinned`` are the files of the lock, where there is one: a plugin that is not among
    them, or has changed, is not imported, so that nobody's code runs because somebody
    wrote its name into a policy.

    Raises :class:`~aibom.errors.PolicyInvalid`: ``plugin-missing`` when no installed
    distribution of that name offers the check, ``plugin-collision`` when the id is that
    of a check of ours or of another plugin, ``policy-lock-mismatch`` when it is not
    what was locked, ``plugin-broken`` when it cannot be imported or is no check.
    """
    found: dict[str, Plugin] = {}
    for name in named_plugins(policy):
        _, check = _split(name)
        if check in CHECKS or check in found:
            raise PolicyInvalid(
                f"there is a check {check!r} already; plugins replace none",
                reason="plugin-collision",
                where=f"{where}.plugins",
                hint="rename the entry point and the check of the plugin",
            )
        found[check] = _load(name, f"{where}.plugins", pinned)
    return tuple(found.values())


def require_pinned(policy: Any, where: str, pinned: Mapping[str, str]) -> None:
    """Refuse plugins that are not as they were locked; imports nothing.

    Raises :class:`~aibom.errors.PolicyInvalid`: ``plugin-missing``,
    ``policy-lock-mismatch``, ``plugin-broken`` for one whose files cannot be read.
    """
    for name in named_plugins(policy):
        _, _, digest = _found(name, f"{where}.plugins")
        _require_same(name, digest, f"{where}.plugins", pinned)


def extra_checks(plugins: tuple[Plugin, ...]) -> Mapping[str, Check]:
    """The checks by id, as ``read_policy(extra_checks=…)`` takes them."""
    return {plugin.check.id: plugin.check for plugin in plugins}


def _split(name: str) -> tuple[str, str]:
    distribution, _, check = name.partition(":")
    return distribution, check


def _pin_key(name: str) -> str:
    return f"plugin {name}"


def _load(name: str, where: str, pinned: Mapping[str, str] | None) -> Plugin:
    entry, version, digest = _found(name, where)
    if pinned is not None:
        _require_same(name, digest, where, pinned)
    try:
        check = entry.load()
    # The plug-in boundary; a module that exits must not end the gate with its code.
    except (Exception, SystemExit) as error:
        told = f"{type(error).__name__}: {error}"
        raise _plugin_broken(name, where, told) from error
    problem = _why_unusable(check, entry.name)
    if problem:
        raise _plugin_broken(name, where, problem)
    return Plugin(name, check, version, digest)


def _found(name: str, where: str) -> tuple[metadata.EntryPoint, str, str]:
    """The entry point, and version and digest of its distribution; imports nothing."""
    entry = _entry_point(name, where)
    distribution = entry.dist
    if distribution is None:  # what the entry point was found by
        raise _plugin_broken(name, where, "it belongs to no distribution")
    try:
        return entry, distribution.version, _digest(distribution)
    except OSError as error:
        raise _plugin_broken(name, where, str(error)) from error


def _require_same(
    name: str, digest: str, where: str, pinned: Mapping[str, str]
) -> None:
    if pinned.get(_pin_key(name)) != digest:
        raise PolicyInvalid(
            f"the plugin {name!r} is not what was locked; it was not imported",
            reason="policy-lock-mismatch",
            where=where,
            hint="review the plugin, then lock the folder again",
        )


def _plugin_broken(name: str, where: str, problem: str) -> PolicyInvalid:
    return PolicyInvalid(
        f"the plugin {name!r} cannot be used: {problem}",
        reason="plugin-broken",
        where=where,
        hint="mend the plugin; a policy does not load without a check that it names",
    )


def _entry_point(name: str, where: str) -> metadata.EntryPoint:
    from importlib.metadata import entry_points

    distribution, check = _split(name)
    offered = {
        f"{_normalised(entry.dist.name)}:{entry.name}": entry
        for entry in entry_points(group=GROUP)
        if entry.dist is not None
    }
    entry = offered.get(f"{_normalised(distribution)}:{check}")
    if entry is None:
        raise PolicyInvalid(
            f"no installed package offers the check {name!r}{suggest(name, offered)}",
            reason="plugin-missing",
            where=where,
            hint=f"pip install {distribution}, if that is the package you reviewed",
        )
    return entry


def _normalised(distribution: str) -> str:
    """The name of a distribution as all spellings of it compare (PEP 503)."""
    words = distribution.replace("_", "-").replace(".", "-").split("-")
    return "-".join(word for word in words if word).lower()


def _why_unusable(check: Any, name: str) -> str | None:
    """Why this is no check that can be used, if it is none."""
    if not isinstance(check, Check):
        return f"it is of type {type(check).__name__}, not aibom.policy.context.Check"
    if check.id != name:
        return f"its id is {check.id!r}, its entry point {name!r}"
    return _wrong_part(check.settings, check.evaluate, check.kinds, check.needs)


def _wrong_part(settings: Any, evaluate: Any, kinds: Any, needs: Any) -> str | None:
    if not isinstance(settings, type) or not is_dataclass(settings):
        return "its settings are no dataclass"
    if not callable(evaluate):
        return "its evaluate cannot be called"
    if not isinstance(kinds, frozenset) or not kinds or not kinds <= ENTITY_KINDS:
        return "its kinds are not a frozenset of kinds of entities"
    if not isinstance(needs, tuple) or not set(needs) <= set(DATA_FILES):
        return f"its needs are not among {', '.join(DATA_FILES)}"
    return None


def _digest(distribution: metadata.Distribution) -> str:
    """One SHA-256 of the distribution's Python files, by their path in it."""
    total = hashlib.sha256()
    for file in sorted(distribution.files or (), key=str):
        if file.suffix in (".py", ".so", ".pyd"):
            content = hashlib.sha256(Path(str(file.locate())).read_bytes()).hexdigest()
            total.update(f"{file.as_posix()}\0{content}\n".encode())
    return f"sha256:{total.hexdigest()}"
