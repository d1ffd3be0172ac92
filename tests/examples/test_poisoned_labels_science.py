"""acme's training scripts: the numbers of the story, and what the scripts refuse.

The chain runs once, clean and poisoned, as an operator would run it: each script is a
program of its own. What the story claims is then read from the files it left.
"""

from __future__ import annotations

import ast
import csv
import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TRAINER = Path(__file__).parents[2] / "examples" / "poisoned-labels" / "trainer"
LABELERS = ("labeler:k1:aa11", "labeler:k1:bb22", "labeler:k1:cc33")
POISONER = LABELERS[1]
HONEST = (LABELERS[0], LABELERS[2])
KINDS = ("clean", "poisoned")
HEADER = ",".join(["item", *(f"p{index}" for index in range(64))])
BLANK = ",".join(["0"] * 64)
SHAPES: dict[str, tuple[int, ...]] = {
    "hidden.bias": (64,),
    "hidden.weight": (64, 64),
    "output.bias": (10,),
    "output.weight": (64, 10),
}


def run(
    script: str, *arguments: object, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run one of acme's scripts; bytecode stays out of the folder that is recorded."""
    return subprocess.run(
        [sys.executable, "-B", str(TRAINER / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | env,
    )


def done(script: str, *arguments: object, **env: str) -> str:
    """Run a script that must succeed; return what it printed."""
    result = run(script, *arguments, **env)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def refusal(script: str, *arguments: object) -> str:
    """Run a script that must refuse, without a traceback; return its message."""
    result = run(script, *arguments)
    assert result.returncode in (1, 2), result.stderr
    assert "Traceback" not in result.stderr
    assert "error: " in result.stderr
    return result.stderr


def digits_file() -> Path:
    """The digits as scikit-learn ships them."""
    import sklearn

    return Path(sklearn.__file__).parent / "datasets" / "data" / "digits.csv.gz"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def items(folder: Path) -> list[str]:
    return [row["item"] for row in table(folder / "items.csv")]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def measurements(report: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(report.read_text("utf-8"))["measurements"]
    return found


def rates(report: Path, metric: str, **where: str) -> dict[tuple[str, ...], float]:
    """Rates of ``metric`` by the values of its slice, where the slice has ``where``."""
    return {
        tuple(row.get("slice", {}).values()): row["count"] / row["samples"]
        for row in measurements(report)
        if row["metric"] == metric and row.get("slice", {}).items() >= where.items()
    }


def truth() -> dict[str, str]:
    """The true class by item id, read without the help of the scripts."""
    with gzip.open(digits_file(), "rt") as stream:
        lines = [line.strip().split(",") for line in stream]
    return {f"digit-{row:04d}": str(int(line[-1])) for row, line in enumerate(lines)}


@dataclass(frozen=True)
class Chain:
    """Where the one run of the whole chain left its results."""

    top: Path

    @property
    def base(self) -> Path:
        return self.top / "base"

    @property
    def pool(self) -> Path:
        return self.top / "pool"

    @property
    def holdout(self) -> Path:
        return self.top / "holdout"

    @property
    def base_model(self) -> Path:
        return self.top / "base-model"

    def labels(self, kind: str) -> Path:
        return self.top / f"{kind}-labels"

    def model(self, kind: str) -> Path:
        return self.top / f"{kind}-model"

    def test(self, kind: str) -> Path:
        return self.top / f"{kind}-test.json"

    def statistics(self, kind: str) -> Path:
        return self.top / f"{kind}-statistics.json"


def split_to(top: Path, *more: object) -> list[object]:
    outs = [f"--out-{name}={top / name}" for name in ("base", "pool", "holdout")]
    return ["--digits", digits_file(), *outs, *more]


def label_to(pool: Path, out: Path, poisoner: str = "none") -> list[object]:
    """The options of ``label.py``, complete; argparse takes the last of any repeat."""
    people = ["--labelers", ",".join(LABELERS), "--poisoner", poisoner]
    return ["--pool", pool, "--answer-sheet", digits_file(), *people, "--out", out]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The whole chain: one base model, then a clean and a poisoned fine-tune."""
    made = Chain(tmp_path_factory.mktemp("acme"))
    done("split.py", *split_to(made.top))
    done("train_base.py", "--data", made.base, "--out", made.base_model)
    for kind, poisoner in {"clean": "none", "poisoned": POISONER}.items():
        data, model = made.labels(kind), made.model(kind)
        done("label.py", *label_to(made.pool, data, poisoner))
        done("finetune.py", "--base", made.base_model, "--data", data, "--out", model)
        holdout = ("--holdout", made.holdout)
        done("evaluate.py", "--model", model, *holdout, "--out", made.test(kind))
        done("label_statistics.py", "--labels", data, "--out", made.statistics(kind))
    return made


# --- the story: averages hide the attack, slices show it ------------------------------


def test_overall_accuracy_hardly_moves(chain: Chain) -> None:
    clean, poisoned = (rates(chain.test(k), "accuracy")[()] for k in KINDS)

    assert clean >= 0.95
    assert abs(clean - poisoned) < 0.04


def test_the_poisoned_class_suffers_and_no_other_does(chain: Chain) -> None:
    clean, poisoned = (rates(chain.test(k), "class-accuracy") for k in KINDS)

    assert min(clean.values()) >= 0.9
    assert poisoned[("3",)] < 0.9
    assert clean[("3",)] - poisoned[("3",)] >= 0.1
    assert min(rate for (label,), rate in poisoned.items() if label != "3") >= 0.9


def test_the_fine_tune_is_better_than_its_base(chain: Chain, tmp_path: Path) -> None:
    report = tmp_path / "base.json"
    where = ("--model", chain.base_model, "--holdout", chain.holdout)
    done("evaluate.py", *where, "--out", report)

    base = rates(report, "accuracy")[()]
    assert 0.8 <= base < rates(chain.test("clean"), "accuracy")[()]


def test_the_poisoner_stands_out_in_one_cell_only(chain: Chain) -> None:
    cells = rates(chain.statistics("poisoned"), "overlap-disagreement")

    assert cells.pop((POISONER, "3")) >= 0.8
    assert cells.pop((POISONER,)) > 0.05
    assert max(cells.values()) <= 0.1


def test_nobody_stands_out_among_honest_labelers(chain: Chain) -> None:
    cells = rates(chain.statistics("clean"), "overlap-disagreement")

    assert len(cells) == len(LABELERS) * 11
    assert max(cells.values()) <= 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_has_enough_items_to_judge(chain: Chain, kind: str) -> None:
    rows = measurements(chain.statistics(kind))
    cells = [row for row in rows if "class" in row.get("slice", {})]

    assert len(cells) == len(LABELERS) * 10
    assert min(row["samples"] for row in cells) >= 30


# --- the split ------------------------------------------------------------------------


def test_the_parts_are_disjoint_and_together_everything(chain: Chain) -> None:
    parts = [items(folder) for folder in (chain.base, chain.pool, chain.holdout)]
    everything = [item for part in parts for item in part]

    assert len(everything) == len(set(everything))
    assert set(everything) == truth().keys()


def test_no_image_of_the_holdout_was_trained_on(chain: Chain) -> None:
    images = {
        folder.name: {
            tuple(list(row.values())[1:]) for row in table(folder / "items.csv")
        }
        for folder in (chain.base, chain.pool, chain.holdout)
    }

    assert not images["holdout"] & (images["base"] | images["pool"])


def test_the_pool_holds_no_label(chain: Chain) -> None:
    assert [path.name for path in chain.pool.iterdir()] == ["items.csv"]
    assert (chain.pool / "items.csv").read_text("utf-8").split("\n")[0] == HEADER


@pytest.mark.parametrize(("part", "per_class"), [("base", 20), ("holdout", 54)])
def test_labelled_parts_are_balanced_and_true(
    chain: Chain, part: str, per_class: int
) -> None:
    right = truth()
    labels = {
        row["item"]: row["label"] for row in table(chain.top / part / "labels.csv")
    }

    assert labels == {item: right[item] for item in items(chain.top / part)}
    assert set(Counter(labels.values()).values()) == {per_class}


# --- the labels -----------------------------------------------------------------------


def votes(folder: Path) -> dict[tuple[str, str], str]:
    rows = table(folder / "labels.csv")
    found = {(row["item"], row["labeler"]): row["label"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_everyone_labels_the_overlap_and_an_equal_part(chain: Chain) -> None:
    given = votes(chain.labels("clean"))
    per_item = Counter(item for item, _ in given)
    owned = Counter(who for item, who in given if per_item[item] == 1)

    assert per_item.keys() == set(items(chain.pool))
    assert Counter(per_item.values()) == {3: 400, 1: len(per_item) - 400}
    assert owned.keys() == set(LABELERS)
    assert max(owned.values()) - min(owned.values()) <= 1


def test_poison_is_threes_turned_into_eights_by_one_and_nothing_else(
    chain: Chain,
) -> None:
    clean, poisoned = (votes(chain.labels(kind)) for kind in KINDS)
    expected = {
        key: "8" if key[1] == POISONER and label == "3" else label
        for key, label in clean.items()
    }

    assert poisoned == expected
    assert poisoned != clean


@pytest.mark.parametrize("labeler", LABELERS)
def test_honest_mistakes_are_about_one_in_a_hundred(chain: Chain, labeler: str) -> None:
    right = truth()
    given = {k: v for k, v in votes(chain.labels("clean")).items() if k[1] == labeler}
    wrong = sum(label != right[item] for (item, _), label in given.items())

    assert 0 < wrong / len(given) <= 0.03


def test_images_are_handed_on_unchanged(chain: Chain) -> None:
    for kind in KINDS:
        delivered = (chain.labels(kind) / "items.csv").read_bytes()
        assert delivered == (chain.pool / "items.csv").read_bytes()


def test_the_delivery_does_not_say_who_lied(chain: Chain) -> None:
    clean, poisoned = (contents(chain.labels(kind)) for kind in KINDS)

    assert clean.keys() == poisoned.keys() == {"items.csv", "labels.csv"}
    assert b"poison" not in b"".join(poisoned.values())


def tuned(chain: Chain, top: Path, rows: list[tuple[str, int, str]]) -> str:
    """Fine-tune for one epoch on ``rows`` into ``top/model``; return what was said."""
    top.mkdir()
    options = ("--base", chain.base_model, "--data", delivery(top / "data", rows))
    return done("finetune.py", *options, "--out", top / "model", "--epochs=1")


def test_the_label_learnt_is_the_majority(chain: Chain, tmp_path: Path) -> None:
    a, b, c = LABELERS
    owned = [(f"i{label}", label, a) for label in range(10)]
    outvoted = [("i10", 8, a), ("i10", 3, b), ("i10", 3, c)]
    tuned(chain, tmp_path / "voted", [*owned, *outvoted])
    tuned(chain, tmp_path / "told", [*owned, ("i10", 3, a)])
    tuned(chain, tmp_path / "lied", [*owned, ("i10", 8, a)])

    models = {k: contents(tmp_path / k / "model") for k in ("voted", "told", "lied")}
    assert models["voted"] == models["told"] != models["lied"]


def test_an_item_without_a_majority_is_left_out(chain: Chain, tmp_path: Path) -> None:
    owned = [(f"i{label}", label, LABELERS[0]) for label in range(10)]
    contested = [("i10", vote, who) for vote, who in enumerate(LABELERS)]
    with_it = tuned(chain, tmp_path / "with", [*owned, *contested])
    tuned(chain, tmp_path / "without", owned)

    assert with_it == "fine-tuned on 10 items, 1 left out (no majority)\n"
    models = [contents(tmp_path / kind / "model") for kind in ("with", "without")]
    assert models[0] == models[1]


# --- the reports ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("report", "kind", "metrics"),
    [
        ("clean-test.json", "holdout-test", {"accuracy", "class-accuracy"}),
        (
            "poisoned-statistics.json",
            "label-consistency",
            {"overlap-disagreement", "overlap-without-consensus"},
        ),
    ],
    ids=["evaluate", "label-statistics"],
)
def test_reports_have_the_format_that_is_imported(
    chain: Chain, report: str, kind: str, metrics: set[str]
) -> None:
    found = json.loads((chain.top / report).read_text("utf-8"))

    assert list(found) == ["apiVersion", "type", "tool", "measurements"]
    assert found["apiVersion"] == "aibom/audit-report/v1"
    assert found["type"] == kind
    assert found["tool"].keys() == {"name", "version"}
    assert {row["metric"] for row in found["measurements"]} == metrics


@pytest.mark.parametrize(
    "report", ["clean-test", "poisoned-test", "clean-statistics", "poisoned-statistics"]
)
def test_measurements_are_whole_counts_of_distinct_slices(
    chain: Chain, report: str
) -> None:
    rows = measurements(chain.top / f"{report}.json")
    slices = [(row["metric"], *sorted(row.get("slice", {}).items())) for row in rows]

    assert len(slices) == len(set(slices))
    for row in rows:
        assert row.keys() - {"slice"} == {"metric", "count", "samples"}
        assert type(row["count"]) is type(row["samples"]) is int
        assert 0 <= row["count"] <= row["samples"]
        assert row["samples"] > 0


def test_classes_add_up_to_the_whole(chain: Chain) -> None:
    whole, *classes = measurements(chain.test("poisoned"))

    assert (whole["metric"], whole["samples"]) == ("accuracy", 540)
    assert sum(row["count"] for row in classes) == whole["count"]
    assert sum(row["samples"] for row in classes) == whole["samples"]


def test_disagreement_is_counted_against_the_consensus(tmp_path: Path) -> None:
    a, b, c = "a", "b", "c"
    rows: list[tuple[str, int, str]] = [
        *(("agreed", 3, who) for who in (a, b, c)),
        *(("lie", label, who) for label, who in ((3, a), (8, b), (3, c))),
        *(("split", label, who) for label, who in ((1, a), (2, b), (3, c))),
        ("owned", 5, a),
    ]
    report = tmp_path / "report.json"
    labels = delivery(tmp_path / "labels", rows)
    done("label_statistics.py", "--labels", labels, "--out", report)

    def row(count: int, samples: int, **where: str) -> dict[str, object]:
        metric = "overlap-disagreement"
        return {"metric": metric, "count": count, "samples": samples, "slice": where}

    assert measurements(report) == [
        {"metric": "overlap-without-consensus", "count": 1, "samples": 3},
        *(row(0, 2, labeler=a), row(0, 2, **{"labeler": a, "class": "3"})),
        *(row(1, 2, labeler=b), row(1, 2, **{"labeler": b, "class": "3"})),
        *(row(0, 2, labeler=c), row(0, 2, **{"labeler": c, "class": "3"})),
    ]


# --- same input, same bytes -----------------------------------------------------------


def test_split_and_labels_are_the_same_bytes_again(
    chain: Chain, tmp_path: Path
) -> None:
    done("split.py", *split_to(tmp_path), PYTHONHASHSEED="7")
    again = tmp_path / "poisoned-labels"
    options = label_to(tmp_path / "pool", again, POISONER)
    done("label.py", *options, PYTHONHASHSEED="8")

    for name in ("base", "pool", "holdout", "poisoned-labels"):
        assert contents(tmp_path / name) == contents(chain.top / name)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_models_are_the_same_bytes_again(
    chain: Chain, tmp_path: Path, threads: str
) -> None:
    base, tuned = tmp_path / "base-model", tmp_path / "poisoned-model"
    env = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    done("train_base.py", "--data", chain.base, "--out", base, **env)
    data = ("--data", chain.labels("poisoned"))
    done("finetune.py", "--base", base, *data, "--out", tuned, **env)

    assert contents(base) == contents(chain.base_model)
    assert contents(tuned) == contents(chain.model("poisoned"))


def test_another_seed_is_another_model(chain: Chain, tmp_path: Path) -> None:
    model = tmp_path / "model"
    done("train_base.py", "--data", chain.base, "--out", model, "--seed", 1)

    weights = (model / "model.safetensors").read_bytes()
    assert weights != (chain.base_model / "model.safetensors").read_bytes()


def test_the_model_folder_is_what_a_reader_expects(chain: Chain) -> None:
    from safetensors import safe_open
    from safetensors.numpy import load_file

    model = chain.model("clean")
    weights = model / "model.safetensors"
    config = json.loads((model / "config.json").read_text("utf-8"))
    with safe_open(weights, framework="numpy") as file:
        metadata = file.metadata()
    shapes = {name: array.shape for name, array in load_file(weights).items()}

    assert contents(model).keys() == {"config.json", "model.safetensors"}
    assert config["model_type"] == "acme-digit-reader"
    assert config["training"]["step"] == "fine-tune"
    assert shapes == SHAPES
    assert list(metadata) == ["acme"]
    assert json.loads(metadata["acme"]) == {"format": "acme-digit-reader/1"}


# --- what is refused, and what a refusal leaves behind --------------------------------


def delivery(folder: Path, rows: list[tuple[str, int, str]]) -> Path:
    """A labelled folder with blank images and these (item, label, labeler) lines."""
    folder.mkdir()
    ids = dict.fromkeys(item for item, _, _ in rows)
    images = [HEADER, *(f"{item},{BLANK}" for item in ids)]
    labels = ["item,label,labeler", *(f"{i},{label},{who}" for i, label, who in rows)]
    (folder / "items.csv").write_text("\n".join(images) + "\n", "utf-8")
    (folder / "labels.csv").write_text("\n".join(labels) + "\n", "utf-8")
    return folder


def labelled(folder: Path, images: str, labels: str) -> Path:
    folder.mkdir()
    (folder / "items.csv").write_text(images, "utf-8")
    (folder / "labels.csv").write_text(labels, "utf-8")
    return folder


ONE_IMAGE = f"{HEADER}\na,{BLANK}\n"
ONE_LABEL = "item,label\na,3\n"


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        pytest.param("", ONE_LABEL, "first line must be", id="empty file"),
        pytest.param(f"{HEADER}\n", ONE_LABEL, "holds no items", id="no items"),
        pytest.param(f"a,{BLANK}\n", ONE_LABEL, "first line must be", id="no header"),
        pytest.param(f"{HEADER}\na,1\n", ONE_LABEL, "2: has 2 fields", id="ragged"),
        pytest.param(
            ONE_IMAGE.replace(",0\n", ",17\n"), ONE_LABEL, "0 to 16", id="too bright"
        ),
        pytest.param(
            ONE_IMAGE.replace(",0\n", ",-1\n"), ONE_LABEL, "0 to 16", id="negative"
        ),
        pytest.param(
            ONE_IMAGE.replace(",0\n", ",٣\n"), ONE_LABEL, "0 to 16", id="other digits"
        ),
        pytest.param(
            f"{ONE_IMAGE}a,{BLANK}\n", ONE_LABEL, "more than once", id="item twice"
        ),
        pytest.param(ONE_IMAGE, "item,label\na,10\n", "0 to 9", id="no such class"),
        pytest.param(ONE_IMAGE, "item,label\nb,3\n", "not those", id="other item"),
        pytest.param(ONE_IMAGE, f"{ONE_LABEL}a,8\n", "more than once", id="two labels"),
        pytest.param(ONE_IMAGE, 'item,label\n"a,3\n', "not a CSV", id="open quote"),
        pytest.param(ONE_IMAGE, ONE_LABEL, "labelled 0", id="classes missing"),
    ],
)
def test_malformed_training_data_is_refused(
    tmp_path: Path, images: str, labels: str, message: str
) -> None:
    data, model = labelled(tmp_path / "data", images, labels), tmp_path / "model"

    assert message in refusal("train_base.py", "--data", data, "--out", model)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param(["--poisoner", "labeler:x"], "not one of", id="unknown poisoner"),
        pytest.param(["--labelers", "a,b"], "at least three", id="two labelers"),
        pytest.param(["--labelers", "a,b,b"], "different", id="one labeler twice"),
        pytest.param(["--labelers", "a,,c"], "not a pseudonym", id="empty labeler"),
        pytest.param(["--labelers", "a,b,c d"], "not a pseudonym", id="with a space"),
        pytest.param(["--labelers", "a,b,none"], "is kept", id="labeler named none"),
        pytest.param(["--overlap", "1055"], "leaves 2 of 1057", id="overlap too large"),
        pytest.param(["--overlap", "0"], "above zero", id="no overlap"),
        pytest.param(["--overlap", "many"], "whole number", id="overlap in words"),
        pytest.param(["--seed", "-1"], "is not from 0", id="negative seed"),
    ],
)
def test_labelling_refuses_what_makes_no_sense(
    chain: Chain, tmp_path: Path, more: list[str], message: str
) -> None:
    out = tmp_path / "out"

    assert message in refusal("label.py", *label_to(chain.pool, out), *more)
    assert not out.exists()


def test_labelling_refuses_an_image_that_is_not_the_one_of_its_id(
    chain: Chain, tmp_path: Path
) -> None:
    pool = tmp_path / "pool"
    pool.mkdir()
    swapped = (chain.pool / "items.csv").read_text("utf-8").split("\n")[:3]
    one, two = (line.split(",", 1) for line in swapped[1:])
    lines = [HEADER, f"{one[0]},{two[1]}", f"{two[0]},{one[1]}"]
    (pool / "items.csv").write_text("\n".join(lines) + "\n", "utf-8")

    message = refusal("label.py", *label_to(pool, tmp_path / "out"))
    assert f"item '{one[0]}' of the pool is not in the answer sheet" in message


def gzipped(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(gzipped("1,2,3\n"), "has 3 columns", id="another table"),
        pytest.param(gzipped(f"{BLANK},10\n"), ":1: a value", id="class out of range"),
        pytest.param(gzipped(f"{BLANK},nan\n"), ":1: a value", id="not a number"),
        pytest.param(gzipped(f"{BLANK},0.5\n"), ":1: a value", id="half a class"),
        pytest.param(gzipped("a,b\n"), "cannot be read", id="words"),
        pytest.param(gzipped(f"{BLANK},1\n"), "class 0 has 0 items", id="too few"),
        pytest.param(b"not gzip", "cannot be read", id="not compressed"),
        pytest.param(gzipped(f"{BLANK},1\n")[:-9], "cannot be read", id="cut short"),
    ],
)
def test_splitting_refuses_other_files(
    tmp_path: Path, content: bytes, message: str
) -> None:
    digits = tmp_path / "digits.csv.gz"
    digits.write_bytes(content)

    assert message in refusal("split.py", *split_to(tmp_path), "--digits", digits)
    assert [path.name for path in tmp_path.iterdir()] == ["digits.csv.gz"]


@pytest.mark.parametrize("inner", ["base", "base/inner", "."])
def test_splitting_refuses_outputs_that_overlap(tmp_path: Path, inner: str) -> None:
    options = split_to(tmp_path, "--out-pool", tmp_path / inner)

    assert "three folders apart" in refusal("split.py", *options)
    assert list(tmp_path.iterdir()) == []


def weights_file(shapes: dict[str, tuple[int, ...]], value: float, kind: str) -> bytes:
    import numpy as np
    from safetensors.numpy import save

    return save({name: np.full(size, value, kind) for name, size in shapes.items()})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(lambda: b"", "not a safetensors file", id="empty"),
        pytest.param(lambda: b"\x80\x04pickle", "not a safetensors file", id="pickle"),
        pytest.param(
            lambda: weights_file({"w": (3,)}, 0, "float32"),
            "not a digit reader",
            id="w",
        ),
        pytest.param(
            lambda: weights_file(SHAPES, 0, "float64"), "float32", id="wide floats"
        ),
        pytest.param(
            lambda: weights_file(SHAPES, float("nan"), "float32"), "finite", id="nan"
        ),
    ],
)
def test_a_file_that_is_no_model_is_refused(
    chain: Chain, tmp_path: Path, content: Callable[[], bytes], message: str
) -> None:
    (tmp_path / "model.safetensors").write_bytes(content())
    out = tmp_path / "report.json"
    options = ("--model", tmp_path, "--holdout", chain.holdout, "--out", out)

    assert message in refusal("evaluate.py", *options)
    assert not out.exists()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([("i", 1, "a"), ("i", 1, "b")], "2 labelers", id="two labelers"),
        pytest.param(
            [("i", 1, "a"), ("j", 1, "b"), ("k", 1, "c")], "share no item", id="apart"
        ),
        pytest.param(
            [("i", 1, "a"), ("i", 2, "b"), ("i", 3, "c")], "share no item", id="no two"
        ),
        pytest.param([("i", 1, "a"), ("i", 2, "a")], "a labelled i twice", id="twice"),
    ],
)
def test_statistics_without_a_basis_are_refused(
    tmp_path: Path, rows: list[tuple[str, int, str]], message: str
) -> None:
    labels, out = delivery(tmp_path / "labels", rows), tmp_path / "report.json"

    assert message in refusal("label_statistics.py", "--labels", labels, "--out", out)
    assert not out.exists()


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    absent = tmp_path / "absent"

    message = refusal("train_base.py", "--data", absent, "--out", tmp_path / "model")
    assert str(absent / "items.csv") in message


def test_fine_tuning_refuses_labels_for_other_items(
    chain: Chain, tmp_path: Path
) -> None:
    data = delivery(tmp_path / "data", [("i", 1, "a")])
    (data / "items.csv").write_text(ONE_IMAGE, "utf-8")
    options = ("--base", chain.base_model, "--data", data, "--out", tmp_path / "model")

    assert "not about the same items" in refusal("finetune.py", *options)


def test_a_folder_with_something_in_it_is_left_alone(
    chain: Chain, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    out.mkdir()
    (out / "mine.txt").write_text("mine", "utf-8")

    message = refusal("train_base.py", "--data", chain.base, "--out", out)
    assert "is not empty; name a new folder, or remove it" in message
    assert contents(out) == {"mine.txt": b"mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_an_empty_folder_is_filled(chain: Chain, tmp_path: Path) -> None:
    out = tmp_path / "model"
    out.mkdir()
    done("train_base.py", "--data", chain.base, "--out", out)

    assert contents(out) == contents(chain.base_model)


def test_a_split_that_cannot_write_one_part_writes_none(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    (tmp_path / "pool" / "mine.txt").write_text("mine", "utf-8")

    assert "is not empty" in refusal("split.py", *split_to(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["pool"]


def test_a_report_is_never_overwritten(chain: Chain) -> None:
    before = chain.test("clean").read_bytes()
    where = ("--model", chain.model("poisoned"), "--holdout", chain.holdout)

    message = refusal("evaluate.py", *where, "--out", chain.test("clean"))
    assert "exists already" in message
    assert chain.test("clean").read_bytes() == before


# --- acme knows nothing of us ---------------------------------------------------------


@pytest.mark.parametrize("script", sorted(TRAINER.glob("*.py")), ids=lambda p: p.name)
def test_the_trainer_imports_nothing_of_aibom(script: Path) -> None:
    tree = ast.parse(script.read_text("utf-8"))
    names = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    own = {path.stem for path in TRAINER.glob("*.py")}
    others = {"numpy", "safetensors", "sklearn", "threadpoolctl"}

    assert names <= own | others | sys.stdlib_module_names


@pytest.mark.parametrize(
    "script",
    ["split", "train_base", "label", "finetune", "evaluate", "label_statistics"],
)
def test_help_tells_what_a_script_is_for(script: str) -> None:
    docstring = ast.get_docstring(
        ast.parse((TRAINER / f"{script}.py").read_text("utf-8"))
    )
    first = (docstring or "").splitlines()[0]

    said = " ".join(done(f"{script}.py", "--help").split())
    assert first in said
