"""``aibom policy``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import PATH, now, painter, parse_when, terminal_width, warn
from aibom.cli.group import Group
from aibom.cli.policy_diff import command as diff_command
from aibom.cli.policy_test import command as test_command

__all__ = ["command"]


@click.group("policy", cls=Group)
def command() -> None:
    """The verifier's folder: start, lint, show, test, compare and lock it."""


command.add_command(test_command)
command.add_command(diff_command)


@command.command("init")
@click.argument("folder", metavar="DIR", type=PATH)
@click.option(
    "--pack",
    default="baseline",
    show_default=True,
    metavar="PACK",
    help="Pack to extend (aibom policy list).",
)
@click.option("--name", metavar="NAME", help="Of the policy.  [default: that of DIR]")
def init(folder: Path, pack: str, name: str | None) -> None:
    """Write a folder to start from into DIR: complete, valid, and allowing nothing.

    No file that is there is overwritten. What to fill in stands in each file.
    """
    from aibom.operations.policies.init import fresh_until, init_folder

    when = now()
    for path in init_folder(folder, pack, name or folder.resolve().name, when):
        click.echo(str(path))
    warn(
        f"advisories.yaml is believed until {fresh_until(when)}: keep it current, or "
        "gates stop allowing"
    )
    warn(f"next: fill in the files, then: aibom policy lint {folder}")


@command.command("show")
@click.argument("folder", metavar="DIR", type=PATH)
@click.option(
    "--tier",
    type=click.Choice(["high", "medium", "low"]),
    default="high",
    show_default=True,
    help="Tier to show the rules for.",
)
@click.option(
    "--effective-time",
    metavar="TIME",
    help="Show them as of this time.  [default: now]",
)
def show(folder: Path, tier: str, effective_time: str | None) -> None:
    """Show the rules of DIR as they are in force: packs, tightenings and days included.

    What stands here is what a gate evaluates, with where each rule comes from.
    """
    from aibom.operations.policies.folder import lint_folder
    from aibom.operations.policies.show import effective_policy
    from aibom.report.policy_text import draw_policy
    from aibom.verdict import Tier

    loaded, _ = lint_folder(folder)
    when = parse_when(effective_time) or now()
    shown = effective_policy(loaded.policy, Tier(tier), when)
    click.echo(draw_policy(shown, painter(), terminal_width()), nl=False)


@command.command("lint")
@click.argument("folder", metavar="DIR", type=PATH)
def lint(folder: Path) -> None:
    """Load DIR as a gate would and list its rules. Exit 2 when it cannot be used.

    A lock that is older than a file is told of, and a gate takes no such folder.
    """
    from aibom.operations.policies.folder import lint_folder
    from aibom.report.text import escape

    loaded, changes = lint_folder(folder)
    policy = loaded.policy
    name = f"{escape(policy.name)} {escape(policy.version)}"
    click.echo(f"{name}: {len(policy.rules)} rules")
    for rule in policy.rules:
        modes = " ".join(
            f"{tier.value}={mode.value}" for tier, mode in rule.mode.items()
        )
        told = f"{rule.id:<28} {rule.check.id:<18} {modes}  ({escape(rule.origin)})"
        click.echo(f"  {told}")
    for name in changes:
        warn(f"the {name} changed since the lock: aibom policy lock {folder}")
    for text in loaded.warnings:
        warn(text)
    if not loaded.locked:
        warn(f"not locked, and no gate takes it: aibom policy lock {folder}")


@command.command("lock")
@click.argument("folder", metavar="DIR", type=PATH)
def lock(folder: Path) -> None:
    """Pin every file of DIR in DIR/policy.lock, after you reviewed them.

    Prints the digest for `aibom gate --policy-digest`. Advisories are pinned by the
    lowest sequence accepted, so that newer ones need no new lock.
    """
    from aibom.operations.policies.folder import lock_folder

    click.echo(lock_folder(folder).digest)


@command.command("list")
def list_packs() -> None:
    """List the packs that a policy can extend, and the checks its rules can use."""
    from aibom.operations.policies.folder import builtin_packs
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


@command.command("draft")
@click.argument("boms", metavar="BOM|DIR...", type=PATH, nargs=-1, required=True)
def draft_policy(boms: tuple[Path, ...]) -> None:
    """Propose sources and roots to accept, and signers to add, for these BOMs.

    Everything is read off documents, which are claims. So each entry is left without
    `reason`, `approved_by` and `expires`, and no folder can be loaded with it until
    somebody has decided.
    """
    from aibom.operations.policies.draft import draft

    click.echo(draft(boms).text(), nl=False)
