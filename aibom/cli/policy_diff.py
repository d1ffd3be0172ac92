"""``aibom policy diff``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import PATH, painter

__all__ = ["command"]

_NEEDS_EYES = 3
_WORSE = 10


@click.command("diff")
@click.argument("old", metavar="OLD", type=PATH)
@click.argument("new", metavar="NEW", type=PATH)
@click.option(
    "--verdicts",
    is_flag=True,
    help="Compare two verdicts (JSON) instead: findings new, gone and changed.",
)
def command(old: Path, new: Path, verdicts: bool) -> int:
    """Compare two policies, and say of each change whether it is stricter or looser.

    OLD and NEW are verifier's folders, or builtin:PACK@N. Exit 0 when nothing got
    looser, 3 when something did or cannot be compared. With --verdicts exit 10 when a
    finding blocks that did not block before, else 0.
    """
    return _verdicts(old, new) if verdicts else _policies(old, new)


def _policies(old: Path, new: Path) -> int:
    from aibom.operations.policies.change import Way
    from aibom.operations.policies.diff import policy_changes
    from aibom.operations.ptest.tested import load_tested
    from aibom.report.text import escape

    changes = policy_changes(load_tested(old), load_tested(new))
    styles = {Way.LOOSER: "bad", Way.UNCLEAR: "warn", Way.STRICTER: "good"}
    paint = painter()
    for one in changes:
        way = paint(styles.get(one.way, "dim"), f"{one.way:<18}")
        click.echo(f"{way} {escape(one.about)}: {escape(one.what)}")
        if one.old or one.new:
            told = (
                f"{escape(one.old or 'not there')} → {escape(one.new or 'not there')}"
            )
            click.echo(f"{'':<18}   {told}")
    count = sum(one.way.needs_eyes for one in changes)
    click.echo(f"{len(changes)} changes, {count} looser or not to be compared")
    return _NEEDS_EYES if count else 0


def _verdicts(old: Path, new: Path) -> int:
    from aibom.operations.policies.against import read_old_verdict
    from aibom.operations.verdicts.diff import verdict_changes
    from aibom.report.text import escape

    changes = verdict_changes(read_old_verdict(old), read_old_verdict(new))
    paint = painter()
    for one in changes:
        style = "bad" if one.worse else "dim"
        what = paint(style, f"{one.what:<8}")
        click.echo(f"{what} {escape(one.rule)} on {escape(one.label)}")
        for name, text in (("was", one.old), ("is", one.new)):
            if text:
                click.echo(f"           {name:<4} {escape(text)}")
    worse = sum(one.worse for one in changes)
    click.echo(f"{len(changes)} findings differ, {worse} that now block")
    return _WORSE if worse else 0
