"""Count how many images of the holdout a model reads right, overall and per class.

The averages hide a targeted attack; the classes show it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from acme_files import CLASSES, read_images, read_labels, run
from acme_model import load_model, predict
from acme_reports import Measurement, write_report
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def main() -> None:
    """Read the options and write the report."""
    options = _options()
    weights = load_model(options.model)
    images = read_images(options.holdout)
    truth = read_labels(options.holdout, images)
    measurements = measure(predict(weights, images.pixels), truth)
    write_report(options.out, "holdout-test", "acme-evaluate", measurements)
    total = measurements[0]
    print(f"{total.count} of {total.samples} read right")


def measure(predicted: Labels, truth: Labels) -> list[Measurement]:
    """Count the hits: all of them first, then class by class.

    A class that the holdout does not hold has no measurement.
    """
    right = predicted == truth
    measurements = [Measurement("accuracy", int(right.sum()), len(truth))]
    for label in range(CLASSES):
        here = truth == label
        count, samples = int((right & here).sum()), int(here.sum())
        if samples:
            where = {"class": str(label)}
            measurements.append(Measurement("class-accuracy", count, samples, where))
    return measurements


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--model", type=Path, required=True, help="model folder")
    add("--holdout", type=Path, required=True, help="holdout folder of split.py")
    add("--out", type=Path, required=True, help="report file to write (JSON)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
