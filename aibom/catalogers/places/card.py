"""Model and dataset cards: the front matter of ``README.md``.

Half of all cards have none, and what the rest state is the word of whoever uploaded
them: names without revisions or digests. Nothing is taken from the prose. Which of both
kinds a card is, is told by keys that only one kind has; where there are none, or some
of each, the card does not say.

Sources: the Hub's specifications of metadata (``modelcard.md``, ``datasetcard.md``) and
huggingface_hub ``repocard_data.py``.
"""

from __future__ import annotations

from collections.abc import Set

from aibom.catalogers.card_data import DATA_CARD_FINDINGS, read_dataset_card
from aibom.catalogers.card_results import RESULT_FINDINGS, read_results
from aibom.catalogers.card_values import VALUE_FINDINGS, CardValues, joined
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.front_matter import FRONT_MATTER_FINDINGS, read_front_matter
from aibom.catalogers.names import NAME_FINDINGS, refer_to_dataset, say_bases
from aibom.catalogers.notes import Notes
from aibom.lineage.nodes import Kind

__all__ = ["CATALOGER"]

_MODEL_KEYS = frozenset(
    {
        "base_model",
        "base_model_relation",
        "datasets",
        "library_name",
        "model-index",
        "model_name",
        "new_version",
        "pipeline_tag",
    }
)
_DATASET_KEYS = frozenset(
    {
        "annotations_creators",
        "configs",
        "dataset_info",
        "language_creators",
        "multilinguality",
        "pretty_name",
        "size_categories",
        "source_datasets",
        "task_categories",
        "task_ids",
    }
)
_TEXTS = {
    "library_name": "library",
    "license_link": "licence-link",
    "license_name": "licence-name",
    "model_name": "name",
    "new_version": "new-version",
    "pipeline_tag": "task",
}
_LISTS = {"language": "language", "metrics": "metrics", "tags": "tags"}
_RELATIONS = {
    "adapter": "adapter",
    "distill": "distilled",
    "distilled": "distilled",
    "finetune": "fine-tune",
    "merge": "merge",
    "quantized": "quantized",
}


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] == "README.md"


def _read(notes: Notes) -> None:
    front = read_front_matter(notes)
    if front is None:
        return
    values = CardValues(notes, front)
    if "sdk" in front.values:
        notes.skip("card-of-a-space")
        return
    _kind(notes, front.values.keys())
    for key, field in _TEXTS.items():
        if text := values.text(key):
            notes.say(field, *text)
    for key, field in _LISTS.items():
        if texts := values.texts(key):
            notes.say(field, joined(texts), f"/{key}")
    _licence(values)
    _bases(values)
    for name, at in values.texts("datasets"):
        refer_to_dataset(notes, name, at)
    read_results(values)
    read_dataset_card(values)
    values.leave(front.values, values.read, "")


def _kind(notes: Notes, keys: Set[str]) -> None:
    model, dataset = keys & _MODEL_KEYS, keys & _DATASET_KEYS
    if model and dataset:
        one, other = ", ".join(sorted(model)), ", ".join(sorted(dataset))
        notes.odd("card-of-both-kinds", "", f"model: {one}; dataset: {other}")
    elif model or dataset:
        notes.subject_is(Kind.MODEL if model else Kind.DATASET)


def _licence(values: CardValues) -> None:
    texts = values.texts("license")
    if not texts:
        return
    at = texts[0][1] if len(texts) == 1 else "/license"
    if len(texts) > 1:
        values.notes.odd("several-licences", at, joined(texts))
    stated = joined(texts)
    values.notes.say("licence", None if stated == "unknown" else stated, at)


def _bases(values: CardValues) -> None:
    notes = values.notes
    relation = values.text("base_model_relation")
    how = _RELATIONS.get(relation[0]) if relation else None
    if relation and how is None:
        notes.odd("relation-unknown", relation[1], relation[0])
    bases = values.texts("base_model")
    if relation and not bases:
        notes.odd("relation-without-base", relation[1])
    stated = [(text, None, at) for text, at in bases]
    say_bases(notes, stated, how=how, requires=how == "adapter")


CATALOGER = Cataloger(
    id="card",
    title="Model or dataset card (README.md)",
    wants=_wants,
    read=_read,
    supplies=(
        "of a model: base models and how it relates to them, training datasets, "
        "library, task, evaluation results with their datasets",
        "of a dataset: task, size, splits, columns, source datasets, what kind of "
        "people wrote and annotated it",
        "licence, languages, names, tags",
    ),
    cannot=(
        "tell revisions or digests: cards name things, and names can be moved",
        "tell who labelled: a card says what kind of people, at most",
        "read prose, or check that the Hub verified a result",
    ),
    findings={
        **FRONT_MATTER_FINDINGS,
        **VALUE_FINDINGS,
        **NAME_FINDINGS,
        **RESULT_FINDINGS,
        **DATA_CARD_FINDINGS,
        "card-of-a-space": "the card of a Space (a demonstration); it is not read",
        "card-of-both-kinds": "has keys of model cards and of dataset cards, so that "
        "it does not say which it is",
        "several-licences": "several licences, and not whether one may be chosen or "
        "all apply",
        "relation-unknown": "a relation to the base model in a word that the Hub "
        "does not have",
        "relation-without-base": "a relation to a base model, and no base model",
    },
)
