"""The garbage collector, paused where it can only cost.

A parsed document has no cycles, and neither has what a walk over it makes; but each new
array or object brings the next collection closer, and each collection looks at all of
them again. On a large BOM that is most of the time, and more than linear.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused"]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Switch the collector of this process off, and back to what it was at the end.

    For work that makes no cycles. Those of other threads are not collected meanwhile.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
