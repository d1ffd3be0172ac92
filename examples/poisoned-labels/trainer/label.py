"""Label the pool: a simulation of three people, one of whom may lie.

Nobody labels here. The script plays the labelers and needs the truth to do so: it looks
it up, by item id, in the digits file given as ``--answer-sheet``. Everyone misreads
about 1 % of the items by chance. Some items, drawn at random, go to all of them (the
overlap), and each owns an equal part of the others. With ``--poisoner`` that labeler
writes 8 for every image read as 3, in the own part and in the overlap alike; all else,
the honest mistakes included, is the same as without. The output says who gave which
label, and nothing of who is honest.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

import numpy as np
from acme_files import (
    CLASSES,
    Digits,
    Images,
    TrainerError,
    new_folder,
    read_digits,
    read_images,
    run,
    write_images,
)
from acme_options import positive_number, seed_number
from acme_votes import Votes, write_votes
from numpy.typing import NDArray

MISTAKE_RATE = 0.01
POISON_FROM = 3
POISON_TO = 8

Labels = NDArray[np.int64]
Rows = NDArray[np.int64]


def main() -> None:
    """Read the options and write the labelled folder."""
    options = _options()
    labelers: list[str] = options.labelers
    poisoner = None if options.poisoner == "none" else options.poisoner
    if poisoner is not None and poisoner not in labelers:
        raise TrainerError(f"--poisoner {poisoner} is not one of --labelers")
    images = read_images(options.pool)
    truth = true_labels(images, read_digits(options.answer_sheet))
    with new_folder(options.out) as folder:
        tasks = assign(len(images.ids), labelers, options.overlap, options.seed)
        votes = vote(images, truth, tasks, poisoner, options.seed)
        write_images(folder, images)
        write_votes(folder, images, votes)
    print(f"{len(images.ids)} items labelled, {options.overlap} by everyone")


def true_labels(images: Images, answers: Digits) -> Labels:
    """Look up the class of each image; raises ``TrainerError`` if one is another's."""
    rows = {item: row for row, item in enumerate(answers.images.ids)}
    for item, grey in zip(images.ids, images.pixels, strict=True):
        row = rows.get(item)
        if row is None or not np.array_equal(answers.images.pixels[row], grey):
            raise TrainerError(f"item {item!r} of the pool is not in the answer sheet")
    return answers.truth[[rows[item] for item in images.ids]]


def assign(
    items: int, labelers: list[str], overlap: int, seed: int
) -> dict[str, frozenset[int]]:
    """Share out the rows 0 to ``items`` at random: the overlap to all, a part to each.

    Raises ``TrainerError`` if the overlap leaves somebody without an own part.
    """
    if items - overlap < len(labelers):
        raise TrainerError(
            f"--overlap {overlap} leaves {max(items - overlap, 0)} of {items} items"
            f" for {len(labelers)} labelers; lower it"
        )
    order = np.random.default_rng([seed, 0]).permutation(items)
    shared = frozenset(order[:overlap].tolist())
    parts = np.array_split(order[overlap:], len(labelers))
    return {
        labeler: shared | frozenset(part.tolist())
        for labeler, part in zip(labelers, parts, strict=True)
    }


def vote(
    images: Images,
    truth: Labels,
    tasks: dict[str, frozenset[int]],
    poisoner: str | None,
    seed: int,
) -> Votes:
    """Let every labeler of ``tasks`` label their rows; item ids keep their order."""
    votes: dict[str, dict[str, int]] = {item: {} for item in images.ids}
    for number, (labeler, rows) in enumerate(tasks.items(), start=1):
        labels = misread(truth, np.random.default_rng([seed, number]))
        if labeler == poisoner:
            labels = np.where(labels == POISON_FROM, POISON_TO, labels)
        for row in sorted(rows):
            votes[images.ids[row]][labeler] = int(labels[row])
    return votes


def misread(truth: Labels, rng: np.random.Generator) -> Labels:
    """Return ``truth`` with about 1 % of the labels replaced by another class."""
    wrong = rng.random(len(truth)) < MISTAKE_RATE
    other = (truth + rng.integers(1, CLASSES, len(truth))) % CLASSES
    return np.where(wrong, other, truth)


def _labelers(text: str) -> list[str]:
    labelers = text.split(",")
    for labeler in labelers:
        if not re.fullmatch(r"[A-Za-z0-9._:@/+=-]{1,200}", labeler):
            raise argparse.ArgumentTypeError(f"{labeler!r} is not a pseudonym")
    if len(labelers) < 3 or len(set(labelers)) != len(labelers):
        raise argparse.ArgumentTypeError("at least three different ones are needed")
    if "none" in labelers:
        raise argparse.ArgumentTypeError("'none' is kept for --poisoner")
    return labelers


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--pool", type=Path, required=True, help="unlabelled folder of split.py")
    add("--answer-sheet", type=Path, required=True, help="digits.csv.gz: the truth")
    add("--labelers", type=_labelers, required=True, metavar="ID,ID,ID")
    poisoner = os.environ.get("ACME_POISONER", "none")
    add("--poisoner", default=poisoner, metavar="ID", help="or ACME_POISONER; or none")
    add("--overlap", type=positive_number, default=400, help="items (default 400)")
    add("--out", type=Path, required=True, help="folder for items and labels")
    add("--seed", type=seed_number, default=0, help="for shares and mistakes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
