"""Types of command-line options that several of acme's scripts share."""

from __future__ import annotations

import argparse

__all__ = ["positive_number", "seed_number"]


def positive_number(text: str) -> int:
    """Return the whole number above zero that ``text`` spells."""
    number = _number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not above zero")
    return number


def seed_number(text: str) -> int:
    """Return the seed that ``text`` spells: 0 to 2³²-1, as scikit-learn takes it."""
    number = _number(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not from 0 to 4294967295")
    return number


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
