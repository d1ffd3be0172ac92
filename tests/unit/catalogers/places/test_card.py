"""Cards: what each key says, of which type, and which kind of card it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.card_values import MAX_ITEMS, MAX_TEXT
from aibom.catalogers.places.card import CATALOGER
from aibom.lineage.nodes import Kind
from tests.catalog_world import Read, read

BERT = "pkg:huggingface/google-bert/bert-base-uncased"
IMDB = "pkg:huggingface/datasets/stanfordnlp/imdb"
BASE = ("subject", "derived-from", BERT, "base-model")
DATA = ("subject", "derived-from", IMDB, "training-data")
BASE_SAID = ("base-model", "google-bert/bert-base-uncased", "/base_model")
MODEL = {("model", False)}
DATASET = {("dataset", False)}


def card(front: str, folder: Path) -> Read:
    """The card with this front matter, read."""
    return read(CATALOGER, folder, {"README.md": f"---\n{front}\n---\n\n# Hello\n"})


#: name → front matter, kinds, said, edges, findings
CASES: dict[str, tuple[str, set[Any], set[Any], set[Any], set[Any]]] = {
    "a fine-tune": (
        "base_model: google-bert/bert-base-uncased\nbase_model_relation: finetune\n"
        "datasets: [stanfordnlp/imdb]\nlibrary_name: transformers\n"
        "pipeline_tag: text-classification\nlicense: apache-2.0\nlanguage: [no, en]\n"
        "metrics: accuracy\ntags: [b, a, b]\nmodel_name: my-bert\n"
        "new_version: acme/my-bert-2",
        MODEL,
        {
            BASE_SAID,
            ("library", "transformers", "/library_name"),
            ("task", "text-classification", "/pipeline_tag"),
            ("licence", "apache-2.0", "/license"),
            ("language", "en, no", "/language"),
            ("metrics", "accuracy", "/metrics"),
            ("tags", "a, b", "/tags"),
            ("name", "my-bert", "/model_name"),
            ("new-version", "acme/my-bert-2", "/new_version"),
        },
        {BASE, DATA},
        {("value-unquoted", "/language/0")},
    ),
    "two bases": (
        "base_model: [acme/b, acme/a]\nbase_model_relation: merge",
        MODEL,
        {("base-model", "acme/a, acme/b", "")},
        {
            ("subject", "derived-from", f"pkg:huggingface/acme/{n}", "base-model")
            for n in "ab"
        },
        set(),
    ),
    "an unknown relation": (
        "base_model: google-bert/bert-base-uncased\nbase_model_relation: friend",
        MODEL,
        {BASE_SAID},
        {BASE},
        {("relation-unknown", "/base_model_relation")},
    ),
    "a relation and no base": (
        "base_model_relation: merge",
        MODEL,
        set(),
        set(),
        {("relation-without-base", "/base_model_relation")},
    ),
    "a base that is a mapping": (
        "base_model: {name: acme/a}",
        MODEL,
        set(),
        set(),
        {("value-malformed", "/base_model")},
    ),
    "a base that is a number": (
        "base_model: 1234",
        MODEL,
        {("base-model", "1234", "/base_model")},
        {("subject", "derived-from", "pkg:huggingface/1234", "base-model")},
        {("value-unquoted", "/base_model")},
    ),
    "a base on the training host": (
        "base_model: /home/me/llama",
        MODEL,
        set(),
        {("subject", "derived-from", "/home/me/llama", "base-model")},
        {("reference-local-path", "/base_model")},
    ),
    "a base that is an address": (
        "base_model: https://huggingface.co/acme/a",
        MODEL,
        set(),
        {("subject", "derived-from", "https://huggingface.co/acme/a", "base-model")},
        {("reference-malformed", "/base_model")},
    ),
    "data in one text": (
        "datasets: stanfordnlp/imdb",
        MODEL,
        set(),
        {DATA},
        set(),
    ),
    "no value": (
        "base_model:\ndatasets: []\nlicense: ''",
        MODEL,
        set(),
        set(),
        {
            ("value-missing", "/base_model"),
            ("value-missing", "/datasets"),
            ("value-missing", "/license"),
        },
    ),
    "one licence in a list": (
        "license: [mit]",
        set(),
        {("licence", "mit", "/license/0")},
        set(),
        set(),
    ),
    "several licences": (
        "license: [mit, apache-2.0]",
        set(),
        {("licence", "apache-2.0, mit", "/license")},
        set(),
        {("several-licences", "/license")},
    ),
    "an unknown licence": (
        "license: unknown",
        set(),
        {("licence", None, "/license")},
        set(),
        set(),
    ),
    "another licence": (
        "license: other\nlicense_name: acme-1\nlicense_link: LICENSE",
        set(),
        {
            ("licence", "other", "/license"),
            ("licence-name", "acme-1", "/license_name"),
            ("licence-link", "LICENSE", "/license_link"),
        },
        set(),
        set(),
    ),
    "of neither kind": (
        "language: eo",
        set(),
        {("language", "eo", "/language")},
        set(),
        set(),
    ),
    "of both kinds": (
        "library_name: peft\ntask_ids: [a]",
        set(),
        {("library", "peft", "/library_name"), ("task-ids", "a", "/task_ids")},
        set(),
        {("card-of-both-kinds", "")},
    ),
    "of a Space": (
        "sdk: gradio\nlicense: mit",
        set(),
        set(),
        set(),
        {("card-of-a-space", "")},
    ),
    "keys that nothing is made of": (
        "widget: [{text: hi}]\nthumbnail: x.png",
        set(),
        set(),
        set(),
        {("keys-not-read", "")},
    ),
    "too many tags": (
        f"tags: [{', '.join(['t'] * (MAX_ITEMS + 1))}]",
        set(),
        {("tags", "t", "/tags")},
        set(),
        {("list-too-long", "/tags")},
    ),
    "a name too long": (
        f"model_name: {'x' * (MAX_TEXT + 1)}",
        MODEL,
        set(),
        set(),
        {("value-too-long", "/model_name")},
    ),
    "a dataset": (
        "license: [cc-by-4.0]\ntask_categories: [text-classification]\n"
        "task_ids: [sentiment]\nsize_categories: n<1K\nmultilinguality: monolingual\n"
        "language_creators: [found]\nannotations_creators: [expert-generated, "
        "crowdsourced]\nsource_datasets: [original, extended|stanfordnlp/imdb]\n"
        "pretty_name: Reviews",
        DATASET,
        {
            ("licence", "cc-by-4.0", "/license/0"),
            ("task", "text-classification", "/task_categories"),
            ("task-ids", "sentiment", "/task_ids"),
            ("size-category", "n<1K", "/size_categories"),
            ("multilinguality", "monolingual", "/multilinguality"),
            ("language-creators", "found", "/language_creators"),
            (
                "annotations-creators",
                "crowdsourced, expert-generated",
                "/annotations_creators",
            ),
            (
                "source-datasets",
                "extended|stanfordnlp/imdb, original",
                "/source_datasets",
            ),
            ("name", "Reviews", "/pretty_name"),
        },
        {("subject", "derived-from", IMDB, "source-data")},
        {("annotators-by-kind-only", "/annotations_creators")},
    ),
    "data that nobody annotated": (
        "annotations_creators: no-annotation",
        DATASET,
        {("annotations-creators", "no-annotation", "/annotations_creators")},
        set(),
        set(),
    ),
    "data that extends other data": (
        "source_datasets: [extended, extended|other-x]",
        DATASET,
        {("source-datasets", "extended, extended|other-x", "/source_datasets")},
        set(),
        {("source-not-named", f"/source_datasets/{i}") for i in (0, 1)},
    ),
    "splits and configurations": (
        "dataset_info:\n- config_name: en\n  download_size: 9\n  dataset_size: 30\n"
        "  features: [{name: text, dtype: string}, {name: label}]\n"
        "  splits: [{name: train, num_bytes: 20, num_examples: 5}]\n"
        "  builder_name: json\n"
        "configs:\n- config_name: en\n  default: true\n"
        "  data_files: [{split: train, path: data/*.jsonl}]",
        DATASET,
        {
            ("download-bytes.en", "9", "/dataset_info/0/download_size"),
            ("dataset-bytes.en", "30", "/dataset_info/0/dataset_size"),
            ("columns.en", '["text", "label"]', "/dataset_info/0/features"),
            ("examples.en/train", "5", "/dataset_info/0/splits/0/num_examples"),
            ("bytes.en/train", "20", "/dataset_info/0/splits/0/num_bytes"),
            (
                "data-files.en",
                '[{"path": "data/*.jsonl", "split": "train"}]',
                "/configs/0/data_files",
            ),
        },
        set(),
        {("keys-not-read", "/dataset_info/0"), ("keys-not-read", "/configs/0")},
    ),
    "one configuration without a list": (
        "dataset_info: {splits: [{name: train, num_examples: 5}]}",
        DATASET,
        {("examples.default/train", "5", "/dataset_info/splits/0/num_examples")},
        set(),
        set(),
    ),
    "data files too long": (
        f"configs: [{{data_files: {'x' * MAX_TEXT}}}]",
        DATASET,
        set(),
        set(),
        {("value-too-long", "/configs/0/data_files")},
    ),
}


@pytest.mark.parametrize(
    ("front", "kinds", "said", "edges", "found"), CASES.values(), ids=CASES
)
def test_what_is_read(
    front: str,
    kinds: set[Any],
    said: set[Any],
    edges: set[Any],
    found: set[Any],
    tmp_path: Path,
) -> None:
    done = card(front, tmp_path)
    assert (done.kinds, done.said, done.found) == (kinds, said, found)
    assert done.edges == edges


#: the card's word → ours
RELATIONS = {
    "finetune": "fine-tune",
    "adapter": "adapter",
    "merge": "merge",
    "quantized": "quantized",
    "distill": "distilled",
}


@pytest.mark.parametrize(("theirs", "ours"), RELATIONS.items(), ids=RELATIONS)
def test_the_relation_is_on_the_edge(theirs: str, ours: str, tmp_path: Path) -> None:
    done = card(f"base_model: acme/a\nbase_model_relation: {theirs}", tmp_path)
    edges = [edge for notes in done.notes for edge in notes.edges]
    derived = [edge for edge in edges if edge.relation.value == "derived-from"]
    assert [edge.values("relation") for edge in derived] == [(ours,)]
    assert len(edges) == (2 if theirs == "adapter" else 1)


RESULT = """model-index:
- name: my-bert
  results:
  - task: {type: text-classification, name: Sentiment}
    dataset: {type: stanfordnlp/imdb, name: IMDb, config: plain, split: test,
      revision: e6281661ce1c48d982bc483cf8a173c1bbeb5d31}
    metrics:
    - {type: accuracy, value: 0.910, name: Accuracy, verified: true, verifyToken: x}
    - {type: f1, value: 0.9}
    - {type: f1, value: 0.8, name: macro}
    source: {url: https://example.org/board}"""


def test_a_result_is_an_evaluation_with_a_report(tmp_path: Path) -> None:
    done = card(RESULT, tmp_path)
    pinned = f"{IMDB}@e6281661ce1c48d982bc483cf8a173c1bbeb5d31"
    steps = [node for node in done.nodes.values() if node.kind is Kind.STEP]
    reports = [node for node in done.nodes.values() if node.kind is Kind.REPORT]
    assert [(step.value("step"), step.value("task")) for step in steps] == [
        ("evaluate", "text-classification")
    ]
    (report,) = reports
    assert {fact.field: fact.value for fact in report.facts} == {
        "at": "/model-index/0/results/0",
        "file": report.value("file"),
        "label": "results on stanfordnlp/imdb",
        "metric.accuracy": "0.910",
        "metric-name.accuracy": "Accuracy",
        "metric-said-verified.accuracy": "true",
        "metric.f1": "0.9",
        "metric.f1 2": "0.8",
        "metric-name.f1 2": "macro",
    }
    assert {edge[1:] for edge in done.edges} == {
        ("used", "subject", "model"),
        ("used", pinned, "evaluation-data"),
        ("generated", report.label, ""),
    }
    assert done.kinds == MODEL
    assert done.said == {("name", "my-bert", "/model-index/0/name")}
    assert done.codes == set()


#: name → model-index, findings
RESULTS: dict[str, tuple[str, set[tuple[str, str]]]] = {
    "no list": ("{}", {("value-malformed", "/model-index")}),
    "no mapping in it": ("[a]", {("value-malformed", "/model-index/0")}),
    "two models": (
        "[{name: a}, {name: b}]",
        {("results-of-several-models", "/model-index")},
    ),
    "no dataset": (
        "[{name: a, results: [{metrics: [{type: f1, value: 1}]}]}]",
        {("result-incomplete", "/model-index/0/results/0")},
    ),
    "no metric": (
        "[{name: a, results: [{dataset: {type: d}}]}]",
        {("result-incomplete", "/model-index/0/results/0")},
    ),
    "a metric that is a mapping": (
        "[{results: [{dataset: {type: d}, metrics: [{type: f1, value: {}}]}]}]",
        {
            ("value-malformed", "/model-index/0/results/0/metrics/0/value"),
            ("result-incomplete", "/model-index/0/results/0/metrics/0"),
            ("result-incomplete", "/model-index/0/results/0"),
        },
    ),
}


@pytest.mark.parametrize(("index", "found"), RESULTS.values(), ids=RESULTS)
def test_results_that_are_not_whole(
    index: str, found: set[tuple[str, str]], tmp_path: Path
) -> None:
    assert card(f"model-index: {index}", tmp_path).found == found


def test_only_a_readme_is_a_card(tmp_path: Path) -> None:
    files = {"readme.txt": "---\nlicense: mit\n---\n", "a/README.md": "# Hello\n"}
    done = read(CATALOGER, tmp_path, files)
    assert [notes.path for notes in done.notes] == ["a/README.md"]


_KEYS = st.sampled_from(
    sorted(
        {
            *("base_model", "base_model_relation", "datasets", "license", "language"),
            *("library_name", "model-index", "model_name", "pipeline_tag", "tags"),
            *("dataset_info", "configs", "source_datasets", "annotations_creators"),
            *("name", "results", "dataset", "metrics", "type", "value", "splits"),
            *("config_name", "features", "data_files", "sdk", "~/", "\n", ""),
        }
    )
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(front=st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=8))
def test_no_type_breaks_it(
    front: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    done = card(json.dumps(front), tmp_path_factory.mktemp("card"))
    assert done.said or done.edges or done.found or done.kinds
