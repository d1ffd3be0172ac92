"""Explain a verdict from its JSON alone: a line per result, or results in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aibom.errors import DocumentInvalid, UsageError
from aibom.report.text import WIDTH, Paint, escape, plain, row, wrap
from aibom.verdict import API_VERSION

__all__ = ["explain"]

_LONG = 2000


def explain(
    document: Any,
    where: str,
    rule: str | None = None,
    node: str | None = None,
    paint: Paint = plain,
    width: int = WIDTH,
) -> str:
    """Text for a verdict document, narrowed to a rule, and to a node by id or label.

    ``where`` names the document in errors. Nothing is evaluated again, and nothing says
    that the document is genuine. Raises :class:`~aibom.errors.DocumentInvalid`
    (``not-a-verdict``) for what is not one, and :class:`~aibom.errors.UsageError`
    (``nothing-to-explain``) when nothing matches.
    """
    if not isinstance(document, dict) or document.get("apiVersion") != API_VERSION:
        raise DocumentInvalid(
            f"is not a verdict ({API_VERSION})",
            reason="not-a-verdict",
            where=where,
            hint="make one: aibom gate DIR --policy POLICY --output json=verdict.json",
        )
    try:
        return _explain(document, rule, node, paint, width)
    except KeyError as error:
        raise _malformed(f"misses {error.args[0]!r}", where) from error
    except (TypeError, AttributeError) as error:
        raise _malformed(f"a value has another type: {error}", where) from error


def _malformed(message: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(
        f"is not a whole verdict: {message}", reason="not-a-verdict", where=where
    )


def _explain(
    document: Mapping[str, Any],
    rule: str | None,
    node: str | None,
    paint: Paint,
    width: int,
) -> str:
    results = document["results"]
    chosen = [
        result
        for result in results
        if (rule is None or result["rule"] == rule)
        and (node is None or node in (result["node"], result["label"]))
    ]
    if not chosen and (rule or node):
        known = sorted({escape(result["rule"]) for result in results})
        raise UsageError(
            "no result matches",
            reason="nothing-to-explain",
            where=" ".join(filter(None, (rule, node))),
            hint=f"rules in this verdict: {', '.join(known) or 'none'}",
        )
    lines = _decision(document, paint, width)
    for result in chosen:
        if rule is None:
            lines.append(_line(result, paint))
        else:
            lines += ["", *_whole(result, paint, width)]
    return "\n".join(lines) + "\n"


def _decision(document: Mapping[str, Any], paint: Paint, width: int) -> list[str]:
    name = escape(document["artifact"]["name"]) or "the artifact"
    word = paint("bold", escape(document["decision"]))
    marks = "".join(
        f", {text}"
        for key, text in (("dryRun", "dry run"), ("reportOnly", "report only"))
        if document[key]
    )
    lines = [
        f"{name}: {word} ({escape(document['reason'])}), "
        f"tier {escape(document['tier'])}{marks}"
    ]
    stopped = document["verification"]
    if stopped["message"]:
        lines += row("stopped", escape(stopped["reason"]), width, 2)
        lines += row("where", escape(stopped["where"]), width, 2)
        lines += row("found", escape(stopped["message"], _LONG), width, 2)
    return lines


def _line(result: Mapping[str, Any], paint: Paint) -> str:
    status = paint(
        "bad" if result["blocks"] else "dim", f"{escape(result['status']):<14}"
    )
    return f"  {status} {escape(result['rule']):<24} {escape(result['label'])}"


def _whole(result: Mapping[str, Any], paint: Paint, width: int) -> list[str]:
    style = "bad" if result["blocks"] else "bold"
    setting = (
        f"{escape(result['check'])}, mode {escape(result['mode'])}, "
        f"severity {escape(result['severity'])}"
    )
    lines = [
        f"{paint(style, escape(result['rule']))}: {escape(result['status'])} "
        f"({escape(result['reason'])})",
        *row("check", setting, width, 2),
        *row("about", f"{escape(result['label'])}", width, 2),
        *row("", escape(result["node"]), width, 2),
    ]
    for key in ("expected", "actual", "assurance", "basis", "why", "remedy"):
        if result[key]:
            lines += row(key, escape(result[key], _LONG), width, 2)
    if len(result["path"]) > 1:
        lines.append("  path, from the artifact upwards:")
        lines += _path(result["path"], result.get("hopsLeftOut", 0), width)
    for name in result["evidence"]:
        lines += row("evidence", escape(name), width, 2)
    for framework, ids in result["maps"].items():
        lines += row("supports", escape(f"{framework}: {', '.join(ids)}"), width, 2)
    return lines


def _path(hops: list[Mapping[str, Any]], left_out: int, width: int) -> list[str]:
    """A line per hop; what the verdict leaves out stands after the first half."""
    lines: list[str] = []
    for number, hop in enumerate(hops):
        if left_out and number == len(hops) // 2:
            told = f"… {escape(str(left_out))} hops are left out …"
            lines += wrap(told, width, "      ", 6)
        lines += _hop(number, hop, width)
    return lines


def _hop(number: int, hop: Mapping[str, Any], width: int) -> list[str]:
    via = f"{hop['via']} " if hop["via"] else ""
    role = f"as {hop['role']} " if hop["role"] else ""
    lead = f"    {'  ' * min(number, 20)}{'└ ' if number else ''}"
    text = f"{via}{role}{hop['kind']} {hop['label']}"
    return wrap(f"{escape(text)} {escape(hop['node'])}", width, lead, len(lead) + 2)
