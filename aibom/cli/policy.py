"""``aibom policy``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import EXISTING

__all__ = ["command"]


@click.group("policy")
def command() -> None:
    """The verifier's folder: lint it, lock it, list what there is to extend."""


@command.command("lint")
@click.argument("folder", metavar="DIR", type=EXISTING)
def lint(folder: Path) -> None:
    """Load DIR as a gate would and list what is wrong. Exit 2 when something is."""
    from aibom.operations.folder import load_folder
    from aibom.report.text import escape

    loaded = load_folder(folder, require_lock=False)
    policy = loaded.policy
    click.echo(f"{escape(policy.name)} {escape(policy.version)}: {len(policy.rules)} rules")
    for rule in policy.rules:
        modes = " ".join(f"{tier.value}={mode.value}" for tier, mode in rule.mode.items())
        click.echo(f"  {rule.id:<28} {rule.check.id:<18} {modes}  ({rule.origin})")
    if not loaded.locked:
        click.echo(f"aibom: not locked: aibom policy lock {folder}", err=True)


@command.command("lock")
@click.argument("folder", metavar="DIR", type=EXISTING)
def lock(folder: Path) -> None:
    """Pin every file of DIR in DIR/policy.lock, after you reviewed them.

    Advisories are pinned by the lowest sequence accepted, so that newer ones need no lock.
    """
    from aibom.operations.folder import lock_folder

    click.echo(lock_folder(folder).digest)


@command.command("list")
def list_packs() -> None:
    """List the packs that a policy can extend, and the checks its rules can use."""
    from aibom.operations.folder import builtin_packs
    from aibom.policy.checks import CHECKS

    for pack in builtin_packs():
        click.echo(f"builtin:{pack.name}@{pack.version}  {len(pack.rules)} rules")
    for name in CHECKS:
        click.echo(f"check {name:<18} {_summary(name)}")


def _summary(name: str) -> str:
    """The first line of a check's documentation."""
    import importlib

    module = importlib.import_module(f"aibom.policy.checks.{name.replace('-', '_')}")
    return (module.__doc__ or "").split("\n", 1)[0]
