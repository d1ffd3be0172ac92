"""Train acme's base digit reader on a small, fully labelled set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from acme_files import new_folder, read_images, read_labels, run
from acme_model import Training, fit, save_model
from acme_options import positive_number, seed_number


def main() -> None:
    """Read the options and write the model folder."""
    options = _options()
    training = Training("train", options.seed, options.epochs, learning_rate=0.001)
    images = read_images(options.data)
    labels = read_labels(options.data, images)
    with new_folder(options.out) as folder:
        save_model(folder, fit(images.pixels, labels, training), training)
    print(f"trained on {len(images.ids)} items")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, required=True, help="base folder of split.py")
    add("--out", type=Path, required=True, help="folder for the model")
    add("--epochs", type=positive_number, default=100, help="(default 100)")
    add("--seed", type=seed_number, default=0, help="for start and order (default 0)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
