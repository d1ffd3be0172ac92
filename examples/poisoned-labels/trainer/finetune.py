"""Fine-tune acme's digit reader on what the labelers delivered.

The label to learn is what more than half of an item's labelers say: the one label of an
item with one labeler, the majority in the overlap. An item without a majority is left
out, and counted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from acme_files import Images, TrainerError, new_folder, read_images, run
from acme_model import Training, fit, load_model, save_model
from acme_options import positive_number, seed_number
from acme_votes import Votes, consensus, read_votes
from numpy.typing import NDArray


def main() -> None:
    """Read the options and write the model folder."""
    options = _options()
    training = Training("fine-tune", options.seed, options.epochs, learning_rate=0.003)
    start = load_model(options.base)
    images = read_images(options.data)
    agreed, labels = training_set(images, read_votes(options.data))
    with new_folder(options.out) as folder:
        save_model(folder, fit(agreed.pixels, labels, training, start), training)
    left_out = len(images.ids) - len(agreed.ids)
    print(f"fine-tuned on {len(agreed.ids)} items, {left_out} left out (no majority)")


def training_set(images: Images, votes: Votes) -> tuple[Images, NDArray[np.int64]]:
    """Return the images that have a majority label, and those labels.

    Raises ``TrainerError`` unless exactly these images have been labelled.
    """
    if set(votes) != set(images.ids):
        raise TrainerError("labels.csv and items.csv are not about the same items")
    labels = [consensus(votes[item]) for item in images.ids]
    rows = np.array([row for row, label in enumerate(labels) if label is not None])
    agreed = [label for label in labels if label is not None]
    return images.take(rows.astype(np.int64)), np.array(agreed, dtype=np.int64)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--base", type=Path, required=True, help="model folder of train_base.py")
    add("--data", type=Path, required=True, help="labelled folder of label.py")
    add("--out", type=Path, required=True, help="folder for the model")
    add("--epochs", type=positive_number, default=300, help="(default 300)")
    add("--seed", type=seed_number, default=0, help="for the order (default 0)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
