"""Evaluation results in a model card: ``model-index``.

Each result becomes an evaluation *step* that used the model and a dataset and generated
a *report* with the metrics. What a card calls verified is kept as its word: the token
beside it can be checked by the Hub only.

Source: huggingface_hub ``repocard_data.py`` (``model_index_to_eval_results``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aibom.catalogers.card_values import CardValues
from aibom.catalogers.names import refer_to_dataset
from aibom.catalogers.notes import SUBJECT
from aibom.lineage.nodes import Kind, Relation

__all__ = ["RESULT_FINDINGS", "read_results"]

#: What :func:`read_results` may find; a cataloger that calls it declares it too.
RESULT_FINDINGS: Mapping[str, str] = {
    "results-of-several-models": "evaluation results under more than one model name; "
    "all are read as results of this model",
    "result-incomplete": "an evaluation result without a dataset, or without a metric "
    "that has a type and a value",
}


def read_results(values: CardValues) -> None:
    """Write down every result of ``model-index`` as an evaluation and its report."""
    models = values.mappings_in(values.values, "model-index", "")
    names = {str(model.get("name")) for model, _ in models}
    if len(names) > 1:
        values.notes.odd("results-of-several-models", "/model-index")
    for model, at in models:
        named = values.text_in(model, "name", at)
        if named:
            values.notes.say("name", *named)
        for result, place in values.mappings_in(model, "results", at):
            _result(values, result, place)


def _result(values: CardValues, result: dict[str, Any], at: str) -> None:
    notes = values.notes
    facts: dict[str, str | None] = {}
    task = values.mapping_in(result, "task", at)
    _take(values, task, f"{at}/task", {"type": "task", "name": "task-name"}, facts)
    source = values.mapping_in(result, "source", at)
    _take(values, source, f"{at}/source", {"url": "results-source"}, facts)
    metrics = _metrics(values, result, at)
    dataset = values.mapping_in(result, "dataset", at)
    named = values.text_in(dataset, "type", f"{at}/dataset")
    if not metrics or named is None:
        notes.odd("result-incomplete", at)
        if not metrics:
            return
    step = notes.step("evaluate", {}, at, facts)
    notes.edge(step, Relation.USED, SUBJECT, "model", at)
    if named is not None:
        _dataset(values, dataset, f"{at}/dataset", step, named[0])
    identity = {"file": notes.place.sha256(notes.path), "at": at}
    label = f"results on {named[0]}" if named else "results"
    report = notes.entity(Kind.REPORT, identity, at, {"label": label, **metrics})
    notes.edge(step, Relation.GENERATED, report, "", at)


def _dataset(
    values: CardValues, dataset: dict[str, Any], at: str, step: str, name: str
) -> None:
    facts: dict[str, str | None] = {}
    keys = {"name": "label", "config": "config", "split": "split"}
    _take(values, dataset, at, keys, facts)
    revision = values.text_in(dataset, "revision", at)
    refer_to_dataset(
        values.notes,
        name,
        f"{at}/type",
        revision=revision[0] if revision else None,
        role="evaluation-data",
        source=step,
        relation=Relation.USED,
        facts=facts,
    )


def _metrics(
    values: CardValues, result: dict[str, Any], at: str
) -> dict[str, str | None]:
    """The metrics of one result as facts; of two of one type, both have their names."""
    facts: dict[str, str | None] = {}
    for metric, place in values.mappings_in(result, "metrics", at):
        kind = values.number_in(metric, "type", place)
        value = metric.get("value")
        number = values.number_in(metric, "value", place)
        if kind is None or number is None:
            if value is not None or kind is None:
                values.notes.odd("result-incomplete", place)
            continue
        field = f"metric.{_plain(kind[0])}"
        if field in facts and facts[field] != number[0]:
            field = f"{field} {place.rpartition('/')[2]}"
        facts[field] = number[0]
        name = values.text_in(metric, "name", place)
        if name:
            facts[f"metric-name.{field[7:]}"] = name[0]
        verified = values.number_in(metric, "verified", place)
        if verified:
            facts[f"metric-said-verified.{field[7:]}"] = verified[0]
    return facts


def _take(
    values: CardValues,
    mapping: dict[str, Any],
    at: str,
    keys: Mapping[str, str],
    facts: dict[str, str | None],
) -> None:
    for key, field in keys.items():
        text = values.text_in(mapping, key, at)
        if text:
            facts[field] = text[0]


def _plain(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name)[:200]
