"""A policy as it is in force, for people to read."""

from __future__ import annotations

from dataclasses import dataclass

from aibom.report.text import WIDTH, Paint, escape, plain, row

__all__ = ["ShownPolicy", "ShownRule", "draw_policy"]


@dataclass(frozen=True, slots=True)
class ShownRule:
    """One rule in one tier, in words."""

    id: str
    check: str
    mode: str
    severity: str
    selects: str
    settings: tuple[tuple[str, str], ...]
    minimum_assurance: str
    exceptable: bool
    origin: str
    begins: str = ""


@dataclass(frozen=True, slots=True)
class ShownPolicy:
    """A policy in one tier, at one time."""

    name: str
    version: str
    tier: str
    time: str
    packs: tuple[str, ...]
    exceptions: str
    rules: tuple[ShownRule, ...]


def draw_policy(shown: ShownPolicy, paint: Paint = plain, width: int = WIDTH) -> str:
    """The policy as text; rules that are off are listed last, in one line."""
    lines = [
        f"{paint('bold', escape(shown.name))} {escape(shown.version)} · "
        f"tier {shown.tier} · at {shown.time}",
        *row("extends", ", ".join(shown.packs) or "nothing", width, 0),
        *row("excepts", shown.exceptions, width, 0),
    ]
    for rule in shown.rules:
        if rule.mode != "off":
            lines += ["", *_rule(rule, paint, width)]
    off = [rule.id for rule in shown.rules if rule.mode == "off"]
    if off:
        lines += ["", *row("off", ", ".join(off), width, 0)]
    return "\n".join(lines) + "\n"


def _rule(rule: ShownRule, paint: Paint, width: int) -> list[str]:
    style = "bad" if rule.mode == "deny" else "warn"
    head = f"{paint(style, rule.mode)} {paint('bold', rule.id)} ({rule.severity})"
    lines = [head, *row("check", f"{rule.check}, on {rule.selects}", width)]
    for name, value in rule.settings:
        lines += row("", f"{name}: {escape(value)}", width)
    lines += row("needs", f"{rule.minimum_assurance} or better", width)
    if not rule.exceptable:
        lines += row("excepts", "never", width)
    if rule.begins:
        lines += row("from", f"{rule.begins} it denies; until then it warns", width)
    return [*lines, *row("origin", escape(rule.origin), width)]
