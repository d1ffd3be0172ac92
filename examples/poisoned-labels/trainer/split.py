"""Split the public digits into a base set, a pool to be labelled, and a holdout.

The three parts share no item. Base and holdout hold the same number of every class and
come with their true labels; the pool is all the rest, and its labels are left out: that
is what acme's labelers are paid for.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from acme_files import (
    CLASSES,
    Digits,
    TrainerError,
    new_folder,
    read_digits,
    run,
    write_images,
    write_labels,
)
from acme_options import positive_number, seed_number
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def main() -> None:
    """Read the options and write the three folders."""
    options = _options()
    outputs = {"base": options.out_base, "holdout": options.out_holdout}
    outputs["pool"] = options.out_pool
    _demand_apart(list(outputs.values()))
    digits = read_digits(options.digits)
    sizes = {"base": options.base_per_class, "holdout": options.holdout_per_class}
    parts = split(digits.truth, sizes, options.seed)
    with ExitStack() as stack:
        folders = {
            name: stack.enter_context(new_folder(path))
            for name, path in outputs.items()
        }
        for name, rows in parts.items():
            _write(folders[name], digits, rows, with_labels=name != "pool")
    print(", ".join(f"{name}: {len(rows)} items" for name, rows in parts.items()))


def split(truth: Rows, per_class: dict[str, int], seed: int) -> dict[str, Rows]:
    """Draw ``per_class[name]`` items of every class per name; ``pool`` is the rest.

    Rows come back sorted. Raises ``TrainerError`` if a class has too few items to
    leave one for the pool.
    """
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[Rows]] = {name: [] for name in (*per_class, "pool")}
    cuts = np.cumsum(list(per_class.values()))
    for label in range(CLASSES):
        rows = rng.permutation(np.flatnonzero(truth == label))
        if len(rows) <= cuts[-1]:
            raise TrainerError(
                f"class {label} has {len(rows)} items, but {cuts[-1]} are asked for and"
                " the pool needs some; lower --base-per-class or --holdout-per-class"
            )
        for name, chunk in zip(drawn, np.split(rows, cuts), strict=True):
            drawn[name].append(chunk)
    return {name: np.sort(np.concatenate(chunks)) for name, chunks in drawn.items()}


def _write(folder: Path, digits: Digits, rows: Rows, *, with_labels: bool) -> None:
    images = digits.images.take(rows)
    write_images(folder, images)
    if with_labels:
        write_labels(folder, images.ids, digits.truth[rows])


def _demand_apart(paths: list[Path]) -> None:
    whole = [Path(os.path.abspath(path)) for path in paths]
    for index, path in enumerate(whole):
        for other in whole[:index] + whole[index + 1 :]:
            if path.is_relative_to(other):
                raise TrainerError(f"{path}: the outputs must be three folders apart")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--digits", type=Path, required=True, help="scikit-learn's digits.csv.gz")
    add("--out-base", type=Path, required=True, help="folder for the base set")
    add("--out-pool", type=Path, required=True, help="folder for the unlabelled pool")
    add("--out-holdout", type=Path, required=True, help="folder for the holdout")
    add("--base-per-class", type=positive_number, default=20, help="(default 20)")
    add("--holdout-per-class", type=positive_number, default=54, help="(default 54)")
    add("--seed", type=seed_number, default=0, help="for the random draw (default 0)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
