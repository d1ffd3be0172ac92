"""Count how often each labeler stands against the others, class by class.

Only the overlap is looked at: the items that every labeler has labelled. The class of
such an item is its consensus, what more than half of the labelers say. Among three,
whoever disagrees with the consensus disagrees with both others, so nobody is measured
against the own vote; and an item on which a liar splits the two others still counts for
everyone, which it would not if each were compared with what all others agree on. Items
without a consensus are counted apart.

The labels alone are read: no truth, no model, no image.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from acme_files import CLASSES, TrainerError, run
from acme_reports import Measurement, write_report
from acme_votes import Votes, consensus, read_votes


def main() -> None:
    """Read the options and write the report."""
    options = _options()
    measurements = measure(read_votes(options.labels))
    write_report(options.out, "label-consistency", "acme-label-stats", measurements)
    print(f"{len(measurements)} measurements")


def measure(votes: Votes) -> list[Measurement]:
    """Count disagreements in the overlap: per labeler, then per labeler and class.

    A cell without items has no measurement. Raises ``TrainerError`` if fewer than
    three people label, or they share no item on which most of them agree.
    """
    labelers = sorted({labeler for given in votes.values() for labeler in given})
    if len(labelers) < 3:
        raise TrainerError(f"{len(labelers)} labelers; three are needed to compare")
    overlap = [given for given in votes.values() if len(given) == len(labelers)]
    verdicts = [(given, consensus(given)) for given in overlap]
    agreed = [(given, label) for given, label in verdicts if label is not None]
    if not agreed:
        raise TrainerError("the labelers share no item that most of them agree on")
    split = len(overlap) - len(agreed)
    measurements = [Measurement("overlap-without-consensus", split, len(overlap))]
    for labeler in labelers:
        against = [(given[labeler] != label, label) for given, label in agreed]
        measurements += _of_labeler(labeler, against)
    return measurements


def _of_labeler(labeler: str, against: list[tuple[bool, int]]) -> list[Measurement]:
    metric = "overlap-disagreement"
    count = sum(differs for differs, _ in against)
    measurements = [Measurement(metric, count, len(against), {"labeler": labeler})]
    for label in range(CLASSES):
        cell = [differs for differs, consensual in against if consensual == label]
        where = {"labeler": labeler, "class": str(label)}
        if cell:
            measurements.append(Measurement(metric, sum(cell), len(cell), where))
    return measurements


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--labels", type=Path, required=True, help="labelled folder of label.py")
    add("--out", type=Path, required=True, help="report file to write (JSON)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(main))
