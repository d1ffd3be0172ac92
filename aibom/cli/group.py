"""A group of commands that helps whoever misspelt one, or named none."""

from __future__ import annotations

import click

__all__ = ["Group"]


class Group(click.Group):
    """What ``aibom``, ``aibom audit``, ``aibom policy`` and ``aibom party`` are."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help when no command is named, as an error.

        Exit 0 is the only yes of a gate: a script whose command has gone missing
        (``aibom $STEP``) must not get it.
        """
        if not args:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, suggesting the nearest one for a misspelt name."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            from aibom.reading import suggest

            ctx.fail(f"no such command {args[0]!r}{suggest(args[0], known)}")
        return super().resolve_command(ctx, args)
