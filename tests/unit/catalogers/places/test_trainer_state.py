"""trainer_state.json: numbers about a training, and that its inputs are not said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.places.trainer_state import CATALOGER
from tests.catalog_world import read

STEP = ("parameter.global-step", "500", "/global_step")
NO_INPUTS = ("training-without-inputs", "")

#: name → document, said, findings
CASES: dict[str, tuple[Any, set[Any], set[Any]]] = {
    "as the Trainer writes it": (
        {
            "best_global_step": 400,
            "best_metric": 0.91,
            "best_model_checkpoint": "/home/me/out/checkpoint-400",
            "epoch": 3.0,
            "global_step": 500,
            "max_steps": 500,
            "num_input_tokens_seen": 9000,
            "num_train_epochs": 3,
            "train_batch_size": 8,
            "log_history": [{"loss": 0.1, "step": 500}],
        },
        {
            STEP,
            ("parameter.best-step", "400", "/best_global_step"),
            ("metric.best", "0.91", "/best_metric"),
            ("parameter.best-checkpoint", "checkpoint-400", "/best_model_checkpoint"),
            ("parameter.epoch", "3.0", "/epoch"),
            ("parameter.max-steps", "500", "/max_steps"),
            ("parameter.input-tokens-seen", "9000", "/num_input_tokens_seen"),
            ("parameter.train-epochs", "3", "/num_train_epochs"),
            ("parameter.train-batch-size", "8", "/train_batch_size"),
        },
        {NO_INPUTS},
    ),
    "without a best": (
        {"global_step": 500, "best_metric": None, "best_model_checkpoint": None},
        {STEP},
        {NO_INPUTS},
    ),
    "a wrong type": (
        {"global_step": 500, "epoch": []},
        {STEP},
        {NO_INPUTS, ("trainer-state-malformed", "/epoch")},
    ),
    "no number that is one": (
        '{"global_step": 500, "best_metric": NaN}',
        {STEP},
        {NO_INPUTS, ("json-not-a-number", "")},
    ),
    "something else": ({}, set(), {("trainer-state-malformed", "/global_step")}),
    "a list": ([], set(), {("trainer-state-malformed", "")}),
}


@pytest.mark.parametrize(("document", "said", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    document: Any, said: set[Any], found: set[Any], tmp_path: Path
) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    done = read(CATALOGER, tmp_path, {"trainer_state.json": text})
    assert (done.said, done.found) == (said, found)
    assert (done.edges, done.nodes) == (set(), {})


@settings(max_examples=100, deadline=None)
@given(
    document=st.dictionaries(
        st.sampled_from(["global_step", "epoch", "best_model_checkpoint"]),
        st.none() | st.integers() | st.text(max_size=9) | st.lists(st.none()),
    )
)
def test_no_type_breaks_it(
    document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = {"trainer_state.json": json.dumps(document)}
    assert read(CATALOGER, tmp_path_factory.mktemp("state"), files).found
