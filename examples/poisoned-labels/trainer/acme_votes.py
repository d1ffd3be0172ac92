"""Who said what about which item, and what the labelers agree on.

``labels.csv`` of a labelled folder has one line per vote (``item,label,labeler``). Most
items have one vote; those of the overlap have one from every labeler.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from acme_files import Images, TrainerError, label_of, read_rows, write_rows

__all__ = ["Votes", "consensus", "read_votes", "write_votes"]

Votes = Mapping[str, Mapping[str, int]]
"""Label by labeler by item."""

_COLUMNS = ("item", "label", "labeler")


def consensus(votes: Mapping[str, int]) -> int | None:
    """Return the label that more than half of the labelers gave, or ``None``."""
    label, count = Counter(votes.values()).most_common(1)[0]
    return label if 2 * count > len(votes) else None


def read_votes(folder: Path) -> Votes:
    """Read ``labels.csv`` of a labelled folder, in the order of the file.

    Raises ``TrainerError`` if it is malformed, or a labeler votes twice on an item.
    """
    path = folder / "labels.csv"
    votes: dict[str, dict[str, int]] = {}
    for line, (item, label, labeler) in enumerate(read_rows(path, _COLUMNS), start=2):
        given = votes.setdefault(item, {})
        if labeler in given:
            raise TrainerError(f"{path}:{line}: {labeler} labelled {item} twice")
        given[labeler] = label_of(label, path, line)
    return votes


def write_votes(folder: Path, images: Images, votes: Votes) -> None:
    """Write ``labels.csv`` into ``folder``, in the order of ``images``."""
    write_rows(folder / "labels.csv", _COLUMNS, _lines(images, votes))


def _lines(images: Images, votes: Votes) -> Iterable[tuple[str, int, str]]:
    for item in images.ids:
        for labeler, label in votes[item].items():
            yield item, label, labeler
