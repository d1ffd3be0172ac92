"""How the Hugging Face Hub names its repositories, and how a package URL does.

A name says which repository is meant. It is no identity: names are moved, and given to
others after an account is deleted.
"""

from __future__ import annotations

import re

__all__ = ["COMMIT", "hub_source", "is_hub_name"]

#: A full git commit id: what pins a revision.
COMMIT = re.compile(r"[0-9a-f]{40}")

# huggingface_hub's rule for repo ids: letters, digits, - _ . with no -- or .., at most
# 96 characters, and one or two parts.
_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")


def is_hub_name(text: str) -> bool:
    """Whether a text can be the id of a repository on the Hugging Face Hub.

    That it can be one does not mean that it is: ``org/name`` may be a folder as well.
    """
    parts = text.split("/")
    return (
        len(parts) <= 2
        and len(text) <= 96
        and "--" not in text
        and ".." not in text
        and all(_PART.fullmatch(part) for part in parts)
    )


def hub_source(name: str, revision: str | None = None, *, dataset: bool = False) -> str:
    """The package URL of a repository on the Hub, at a revision where one is given."""
    from packageurl import PackageURL

    namespace, _, last = (f"datasets/{name}" if dataset else name).rpartition("/")
    return PackageURL(
        "huggingface", namespace or None, last, revision or None
    ).to_string()
