"""Where artifacts are kept, and how their bytes get here.

A source answers two questions about a reference, and decides nothing: which revision
with which files does it mean *now* (:class:`~aibom.sources.remote.Resolved`), and what
are the bytes of one of these files. What a source says of digests is its claim, until
the bytes were hashed here.

- :mod:`.hub`: the Hugging Face Hub, asked through huggingface_hub
- :mod:`.cache`: the cache that huggingface_hub keeps on this disk, without network
- :mod:`.folder`: a folder, such as a mirror that is mounted
- :mod:`.objects`: a URL of an object store, read through fsspec

OCI registries are not supported.
"""

from __future__ import annotations

__all__: list[str] = []
