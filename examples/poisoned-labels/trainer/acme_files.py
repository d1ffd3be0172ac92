"""The folders and text files that acme's training scripts hand to one another.

A folder holds ``items.csv`` (``item,p0,…,p63``: one 8 by 8 image per line, grey
values 0 to 16) and, where somebody knows them, ``labels.csv``. Everything is written
with fixed column order and line ends, so the same rows are the same bytes. An output
appears under its name only when it is complete, and nothing that is already there is
overwritten.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLASSES",
    "PIXELS",
    "PIXEL_MAX",
    "Digits",
    "Images",
    "TrainerError",
    "label_of",
    "new_file",
    "new_folder",
    "read_digits",
    "read_images",
    "read_labels",
    "read_rows",
    "run",
    "write_images",
    "write_labels",
    "write_rows",
]

CLASSES = 10
PIXELS = 64
PIXEL_MAX = 16
_ITEM_COLUMNS = ("item", *(f"p{index}" for index in range(PIXELS)))
_LABEL_COLUMNS = ("item", "label")


class TrainerError(Exception):
    """A script cannot do its job; the message says what, where and what to do."""


@dataclass(frozen=True, slots=True)
class Images:
    """Images by item id; ``pixels`` is ``(len(ids), 64)``, grey values 0 to 16."""

    ids: tuple[str, ...]
    pixels: NDArray[np.uint8]

    def take(self, rows: NDArray[np.int64]) -> Images:
        """Return the images at ``rows``, in that order."""
        return Images(tuple(self.ids[row] for row in rows), self.pixels[rows])


@dataclass(frozen=True, slots=True)
class Digits:
    """The whole public digits file: images and their true classes, row by row."""

    images: Images
    truth: NDArray[np.int64]


def run(main: Callable[[], None]) -> int:
    """Call ``main``; return 0, or 1 after printing an expected error to stderr.

    Anything else is a bug in the script and keeps its traceback.
    """
    try:
        main()
    except (TrainerError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a folder to fill; it becomes ``path`` when the block ends well.

    On any error ``path`` stays as it was. Raises ``TrainerError`` if ``path`` is
    anything but absent or an empty folder.
    """
    path = Path(os.path.abspath(path))
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise TrainerError(f"{path}: is not a folder; name a new one")
    if path.exists() and any(path.iterdir()):
        raise TrainerError(f"{path}: is not empty; name a new folder, or remove it")
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        yield partial
        if path.exists():
            path.rmdir()
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def new_file(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in one go; raises ``TrainerError`` if it exists."""
    if path.exists() or path.is_symlink():
        raise TrainerError(f"{path}: exists already; name a new file, or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


def read_digits(path: Path) -> Digits:
    """Read the digits file that scikit-learn ships (``digits.csv.gz``).

    A line is 64 grey values and the true class; line ``n`` becomes item
    ``digit-000n``, counted from 0. Raises ``TrainerError`` for any other content.
    """
    try:
        table = np.loadtxt(path, delimiter=",", ndmin=2)
    except (ValueError, EOFError, OSError, zlib.error) as error:
        raise TrainerError(f"{path}: cannot be read as digits: {error}") from error
    if table.shape[0] == 0 or table.shape[1] != PIXELS + 1:
        raise TrainerError(
            f"{path}: has {table.shape[1]} columns and {table.shape[0]} lines, but a"
            f" digits file has {PIXELS + 1} columns; give scikit-learn's digits.csv.gz"
        )
    limits = np.array([PIXEL_MAX] * PIXELS + [CLASSES - 1])
    # Written so that nan is refused too: every comparison with it is false.
    whole = (table >= 0) & (table <= limits) & (table == np.floor(table))
    if not whole.all():
        line = int(np.argwhere(~whole)[0][0]) + 1
        raise TrainerError(f"{path}:{line}: a value is out of range or not whole")
    ids = tuple(f"digit-{row:04d}" for row in range(len(table)))
    pixels = table[:, :PIXELS].astype(np.uint8)
    return Digits(Images(ids, pixels), table[:, PIXELS].astype(np.int64))


def read_rows(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """Read a CSV file whose header is exactly ``columns``; return the other lines.

    Raises ``TrainerError`` for another header, a ragged line, no line at all, or text
    that is not UTF-8 CSV.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream, strict=True)) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise TrainerError(f"{path}: is not a CSV file: {error}") from error
    if header != list(columns):
        raise TrainerError(f"{path}: the first line must be {','.join(columns[:3])}…")
    for line, row in enumerate(rows, start=2):
        if len(row) != len(columns):
            raise TrainerError(
                f"{path}:{line}: has {len(row)} fields instead of {len(columns)}"
            )
    if not rows:
        raise TrainerError(f"{path}: holds no items")
    return rows


def write_rows(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write a CSV file with ``columns`` as its header; same rows, same bytes."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def read_images(folder: Path) -> Images:
    """Read ``items.csv`` of ``folder``; raises ``TrainerError`` if it is malformed."""
    path = folder / "items.csv"
    rows = read_rows(path, _ITEM_COLUMNS)
    pixels = np.empty((len(rows), PIXELS), dtype=np.uint8)
    for index, row in enumerate(rows):
        values = [_whole(text, PIXEL_MAX, path, index + 2) for text in row[1:]]
        pixels[index] = values
    return Images(_distinct([row[0] for row in rows], path), pixels)


def write_images(folder: Path, images: Images) -> None:
    """Write ``items.csv`` into ``folder``."""
    rows = zip(images.ids, images.pixels.tolist(), strict=True)
    columns = _ITEM_COLUMNS
    write_rows(folder / "items.csv", columns, ([item, *grey] for item, grey in rows))


def read_labels(folder: Path, images: Images) -> NDArray[np.int64]:
    """Read the one label of each of ``images`` from ``labels.csv``, in their order.

    Raises ``TrainerError`` unless the file labels exactly these items, each once.
    """
    path = folder / "labels.csv"
    rows = read_rows(path, _LABEL_COLUMNS)
    ids = _distinct([row[0] for row in rows], path)
    if set(ids) != set(images.ids):
        raise TrainerError(f"{path}: its items are not those of items.csv beside it")
    lines = enumerate(rows, start=2)
    labels = {row[0]: label_of(row[1], path, line) for line, row in lines}
    return np.array([labels[item] for item in images.ids], dtype=np.int64)


def write_labels(folder: Path, ids: Sequence[str], labels: NDArray[np.int64]) -> None:
    """Write ``labels.csv`` with one label per item into ``folder``."""
    rows = zip(ids, labels.tolist(), strict=True)
    write_rows(folder / "labels.csv", _LABEL_COLUMNS, rows)


def label_of(text: str, path: Path, line: int) -> int:
    """Return the class that ``text`` names; raises ``TrainerError`` for no class."""
    return _whole(text, CLASSES - 1, path, line)


def _whole(text: str, limit: int, path: Path, line: int) -> int:
    # `int` alone would also take "+3", " 3", "1_0" and digits of other scripts.
    if not re.fullmatch("[0-9]{1,2}", text) or int(text) > limit:
        raise TrainerError(f"{path}:{line}: {text!r} is not a number from 0 to {limit}")
    return int(text)


def _distinct(ids: list[str], path: Path) -> tuple[str, ...]:
    if len(set(ids)) != len(ids):
        twice = Counter(ids).most_common(1)[0][0]
        raise TrainerError(f"{path}: item {twice!r} appears more than once")
    return tuple(ids)
