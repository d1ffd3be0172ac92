"""Explain a verdict: from its JSON alone, one line per result, or one result in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aibom.errors import DocumentInvalid, UsageError
from aibom.report.text import Paint, escape, plain
from aibom.verdict import API_VERSION

__all__ = ["explain"]


def explain(
    document: Any, rule: str | None = None, node: str | None = None, paint: Paint = plain
) -> str:
    """Text for a verdict document, narrowed to a rule, and to a node by id or label.

    Raises :class:`~aibom.errors.DocumentInvalid` for what is not a verdict, and
    :class:`~aibom.errors.UsageError` when nothing in it matches.
    """
    if not isinstance(document, dict) or document.get("apiVersion") != API_VERSION:
        raise DocumentInvalid(f"is not a verdict ({API_VERSION})", reason="not-a-verdict")
    try:
        return _explain(document, rule, node, paint)
    except (KeyError, TypeError, AttributeError) as error:
        raise DocumentInvalid(
            f"is not a whole verdict: {error}", reason="not-a-verdict"
        ) from error


def _explain(
    document: Mapping[str, Any], rule: str | None, node: str | None, paint: Paint
) -> str:
    results = document["results"]
    chosen = [
        result
        for result in results
        if (rule is None or result["rule"] == rule)
        and (node is None or node in (result["node"], result["label"]))
    ]
    if not chosen and results and (rule or node):
        known = sorted({result["rule"] for result in results})
        raise UsageError(
            "no result matches",
            reason="nothing-to-explain",
            where=" ".join(filter(None, (rule, node))),
            hint=f"rules in this verdict: {', '.join(known)}",
        )
    lines = [_decision(document, paint)]
    check = document["verification"]
    if check["message"]:
        lines.append(f"{check['reason']}: {escape(check['where'])}: {escape(check['message'])}")
    if rule is None:
        lines += [_line(result, paint) for result in chosen]
    for result in chosen if rule is not None else ():
        lines += ["", *_whole(result, paint)]
    return "\n".join(lines) + "\n"


def _decision(document: Mapping[str, Any], paint: Paint) -> str:
    name = escape(document["artifact"]["name"]) or "the artifact"
    word = paint("bold", str(document["decision"]))
    return f"{name}: {word} ({escape(document['reason'])}), tier {escape(document['tier'])}"


def _line(result: Mapping[str, Any], paint: Paint) -> str:
    style = "bad" if result["blocks"] else "dim"
    status = paint(style, f"{result['status']:<14}")
    return f"  {status} {escape(result['rule']):<24} {escape(result['label'])}"


def _whole(result: Mapping[str, Any], paint: Paint) -> list[str]:
    style = "bad" if result["blocks"] else "bold"
    lines = [
        f"{paint(style, escape(result['rule']))}: {escape(result['status'])} "
        f"({escape(result['reason'])})",
        f"  check      {escape(result['check'])}, mode {escape(result['mode'])}, "
        f"severity {escape(result['severity'])}",
        f"  about      {escape(result['label'])}",
        f"             {escape(result['node'])}",
    ]
    for key in ("expected", "actual", "assurance", "basis", "why", "remedy"):
        if result[key]:
            lines.append(f"  {key:<10} {escape(result[key], 2000)}")
    if len(result["path"]) > 1:
        lines.append("  path, from the artifact upwards:")
        lines += [_hop(number, hop) for number, hop in enumerate(result["path"])]
    lines += [f"  evidence   {escape(name)}" for name in result["evidence"]]
    lines += [
        f"  supports   {escape(framework)}: {escape(', '.join(ids))}"
        for framework, ids in result["maps"].items()
    ]
    return lines


def _hop(number: int, hop: Mapping[str, Any]) -> str:
    via = f"{hop['via']} " if hop["via"] else ""
    role = f"as {hop['role']} " if hop["role"] else ""
    text = f"{via}{role}{hop['kind']} {hop['label']}"
    return f"    {'  ' * min(number, 20)}{'└ ' if number else ''}{escape(text)}  {escape(hop['node'])}"
