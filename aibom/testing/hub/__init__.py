r"""A Hugging Face Hub on loopback that the real client uses as it is.

:class:`LocalHub` is one process-local server of models and datasets that a test makes
up. The unmodified ``huggingface_hub`` asks, lists and downloads from it::

    from huggingface_hub import HfApi
    from aibom.testing.hub import Fault, LocalHub

    with LocalHub() as hub:
        base = hub.model("acme/base")
        sha = base.commit({"README.md": "---\nlicense: mit\n---\n", "w.bin": b"0"})
        assert HfApi(endpoint=hub.url).model_info("acme/base").sha == sha
        hub.fail(Fault.tampered())

A client that takes its address from the environment needs ``HF_ENDPOINT`` before it is
imported, so a process of its own.

How one request travels through the modules::

    transport ── Request ──> faults    is something planned for it
                     └─────> api       which answer belongs to the address
                               ├─ state       whose it is, and who may read it
                               ├─ info        of a repository, of an owner
                               ├─ listing     trees, paths, refs, commits
                               └─ files       whole, in part, from the second port
    repository ──> git ──> content     what a test wrote down, named as git names it

What it is not: nothing can be uploaded, there is no search, no git, no xet, no Spaces
and no discussions; nobody checks cards; an anonymous reader of a gated file is answered
403, where the real hub says 401 with the same code.
"""

from __future__ import annotations

from aibom.testing.hub.content import Content, Sparse
from aibom.testing.hub.faults import Fault
from aibom.testing.hub.repository import Owner, Repository
from aibom.testing.hub.server import LocalHub

__all__ = ["Content", "Fault", "LocalHub", "Owner", "Repository", "Sparse"]
