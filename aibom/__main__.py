"""``python -m aibom``: the command line, also where another package owns the script."""

from __future__ import annotations

from aibom.cli import main

if __name__ == "__main__":
    main()
