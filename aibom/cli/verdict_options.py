"""Options of ``aibom verify --verdict``: what a consumer asks of a signed verdict."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aibom.cli.common import PATH
from aibom.cli.option_groups import option_group
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.operations.verdicts.verdicts import Demand

__all__ = ["VerdictOptions", "parse_age", "verdict_options"]

_AGE = re.compile(r"([1-9][0-9]{0,4})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}

_OPTIONS = (
    click.option(
        "--verdict",
        type=PATH,
        metavar="FILE",
        help="Rely on this signed verdict (aibom gate --attest) about the same bytes.",
    ),
    click.option(
        "--policy-digest",
        metavar="DIGEST",
        help="With --verdict: the policy that must have allowed it.",
    ),
    click.option(
        "--require-tier",
        type=click.Choice(["high", "medium", "low"]),
        help="With --verdict: the least strict tier that will do.  [default: high]",
    ),
    click.option(
        "--max-age",
        metavar="AGE",
        help="With --verdict: how old it may be, as 7d or 12h.  [default: 7d]",
    ),
    click.option(
        "--advisories",
        type=PATH,
        metavar="FILE",
        help="With --verdict: it must rest on these advisories, or newer ones.",
    ),
    click.option(
        "--allow-past",
        is_flag=True,
        help="With --verdict: let --effective-time be in the past.",
    ),
    click.option(
        "--as",
        "used_as",
        metavar="NAME",
        help="With --verdict: what the artifact is about to be used as.",
    ),
)


def parse_age(text: str, option: str = "--max-age") -> timedelta:
    """A length of time: ``7d``, ``12h``, ``30m``; ``UsageError`` otherwise."""
    match = _AGE.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{text!r} is not a length of time",
            reason="time-malformed",
            where=option,
            hint="for example 7d, 12h or 30m",
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


@dataclass(frozen=True, slots=True)
class VerdictOptions:
    """What was asked for on the command line."""

    verdict: Path | None
    policy_digest: str | None
    require_tier: str | None
    max_age: str | None
    advisories: Path | None
    used_as: str | None
    allow_past: bool

    def require_consistent(self, evidence: tuple[Path, ...], depth: int | None) -> None:
        """Refuse options of the one way together with those of the other."""
        ours = {
            "--policy-digest": self.policy_digest,
            "--require-tier": self.require_tier,
            "--max-age": self.max_age,
            "--advisories": self.advisories,
            "--as": self.used_as,
        }
        if self.verdict is None:
            strays = [option for option, value in ours.items() if value is not None]
            strays += ["--allow-past"] * self.allow_past
            text = "belongs to --verdict"
            hint = "add --verdict FILE, or leave it out"
        else:
            strays = ["--evidence"] * bool(evidence) + ["--depth"] * (depth is not None)
            text = "does not go with --verdict, which stands in for all evidence"
            hint = "leave it out, or leave out --verdict to have the lineage verified"
        if strays:
            raise UsageError(text, reason="usage", where=strays[0], hint=hint)
        if self.verdict is not None and self.policy_digest is None:
            raise UsageError(
                "a verdict is worth what its policy is, and none is named",
                reason="policy-digest-missing",
                where="--policy-digest",
                hint="its digest stands in policy.lock (aibom policy lock prints it)",
            )

    @property
    def required_file(self) -> Path:
        """The verdict; only where :attr:`verdict` is set."""
        if self.verdict is None:
            raise AssertionError("asked without a verdict")
        return self.verdict

    def demand(self) -> Demand:
        """What the verdict must answer."""
        from aibom.operations.verdicts.files import newest_sequence
        from aibom.operations.verdicts.verdicts import Demand
        from aibom.verdict import Tier

        newest = None if self.advisories is None else newest_sequence(self.advisories)
        return Demand(
            str(self.policy_digest),
            Tier(self.require_tier or "high"),
            parse_age(self.max_age or "7d"),
            newest,
            self.used_as,
        )


def verdict_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options, handed to the command as one value called ``verdict``."""
    return option_group("verdict", VerdictOptions, _OPTIONS)(command)
