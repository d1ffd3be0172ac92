"""Explain a verdict from its JSON alone: a line per result, or results in full."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from aibom.errors import DocumentInvalid, UsageError
from aibom.report.parts import WORDS
from aibom.report.text import WIDTH, Paint, escape, plain, row, wrap
from aibom.verdict import API_VERSION

__all__ = ["explain"]

_LONG = 2000
#: Nodes that an error names.
_SHOWN = 5
_WORDS = MappingProxyType({decision.value: word for decision, word in WORDS.items()})
_DIGESTS = MappingProxyType({"file": "sha256", "tree": "tree-sha256"})


def explain(
    document: Any,
    where: str,
    rule: str | None = None,
    node: str | None = None,
    paint: Paint = plain,
    width: int = WIDTH,
) -> str:
    """Text for a verdict document, narrowed to a rule, and to a node.

    ``rule`` is its id, or the reason code of a result. ``node`` is an id or a label, or
    the beginning of an id or digest, as a gate prints it, if there is one such node.
    ``where`` names the document in errors. Nothing is evaluated again, and nothing says
    that the document is genuine. Raises :class:`~aibom.errors.DocumentInvalid`
    (``not-a-verdict``) for what is not one, and :class:`~aibom.errors.UsageError` when
    nothing matches (``nothing-to-explain``), or several nodes do (``node-ambiguous``).
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
        f"is not a whole verdict: {message}",
        reason="not-a-verdict",
        where=where,
        hint="write it again: aibom gate DIR --policy POLICY --output json=FILE",
    )


def _explain(
    document: Mapping[str, Any],
    rule: str | None,
    node: str | None,
    paint: Paint,
    width: int,
) -> str:
    results = document["results"]
    asked = [r for r in results if rule is None or rule in (r["rule"], r["reason"])]
    chosen = asked if node is None else _about(asked, node)
    if not chosen and (rule or node):
        known = sorted({escape(result["rule"]) for result in results})
        raise UsageError(
            "no result matches",
            reason="nothing-to-explain",
            where=" ".join(filter(None, (rule, node))),
            hint=f"rules in this verdict: {', '.join(known) or 'none'}; a reason code, "
            "and the beginning of a node's id or digest, will do as well",
        )
    lines = _decision(document, paint, width)
    for result in chosen:
        if rule is None:
            lines.append(_line(result, paint))
        else:
            lines += ["", *_whole(result, paint, width)]
    return "\n".join(lines) + "\n"


def _about(results: list[Any], node: str) -> list[Any]:
    """The results about a node: exactly that, else the one that begins so."""
    exact = [r for r in results if node in (r["node"], r["label"])]
    start = node.removesuffix("…")
    if exact or not start:
        return exact
    found = [r for r in results if any(f.startswith(start) for f in _forms(r["node"]))]
    nodes = sorted({result["node"] for result in found})
    if len(nodes) > 1:
        shown = [escape(name) for name in nodes[:_SHOWN]]
        more = [f"and {len(nodes) - _SHOWN} more"] if len(nodes) > _SHOWN else []
        raise UsageError(
            f"{len(nodes)} nodes begin so",
            reason="node-ambiguous",
            where=node,
            hint=f"write more of one: {', '.join([*shown, *more])}",
        )
    return found


def _forms(node: str) -> tuple[str, ...]:
    """How a node is written: its id, that without its kind, and as a digest."""
    head, _, value = node.rpartition(":")
    form = _DIGESTS.get(head.rpartition(":")[2], "")
    return (node, node.partition(":")[2], value, f"{form}:{value}" if form else node)


def _decision(document: Mapping[str, Any], paint: Paint, width: int) -> list[str]:
    name = escape(document["artifact"]["name"]) or "the artifact"
    decision = document["decision"]
    word = paint("bold", _WORDS.get(decision) or escape(decision))
    marks = "".join(
        f", {text}"
        for key, text in (("dryRun", "dry run"), ("reportOnly", "report only"))
        if document[key]
    )
    lines = [
        f"{word}  {name} ({escape(document['reason'])}), "
        f"tier {escape(document['tier'])}{marks}"
    ]
    stopped = document["verification"]
    if stopped["message"]:
        lines += row("stopped", escape(stopped["reason"]), width, 2)
        lines += row("where", escape(stopped["where"]), width, 2)
        lines += row("found", escape(stopped["message"], _LONG), width, 2)
        if stopped["hint"]:
            lines += row("do", escape(stopped["hint"], _LONG), width, 2)
        lines += row("so", "no rule was evaluated", width, 2)
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
    for name, key in (("found", "actual"), ("expected", "expected"), ("why", "why")):
        lines += _row(name, result[key], width)
    if len(result["path"]) > 1:
        lines.append("  path, from the artifact upwards:")
        lines += _path(result["path"], result.get("hopsLeftOut", 0), width)
    basis, worth = result["basis"], result["assurance"]
    lines += _row("proof", f"{worth}: {basis}" if basis else worth, width)
    lines += _row("do", result["remedy"], width)
    for name in result["evidence"]:
        lines += row("evidence", escape(name), width, 2)
    for framework, ids in result["maps"].items():
        lines += row("supports", escape(f"{framework}: {', '.join(ids)}"), width, 2)
    return lines


def _row(name: str, text: str, width: int) -> list[str]:
    return row(name, escape(text, _LONG), width, 2) if text else []


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
