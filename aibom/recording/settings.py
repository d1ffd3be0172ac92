"""How steps are recorded: where to, how strictly, signed by whom.

:class:`RecordOptions` is what a caller may write, :class:`Settings` what a step works
with: checked, with paths made absolute and secrets looked up, once, when the step
starts.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypedDict

from aibom.digest import Progress
from aibom.errors import RecordingFailed, UsageError
from aibom.recording.content import Approve, absolute
from aibom.recording.predicate import LOCAL_BUILDER
from aibom.recording.redact import Redactor
from aibom.statement import Statement, to_json

__all__ = ["DEFAULT_ALLOW_LIST", "RecordOptions", "Settings", "Signer"]

#: Given the payload of a statement, returns a Sigstore bundle over it, as a document.
Signer = Callable[[bytes], Mapping[str, Any]]

#: Variables that change what a run computes and tell nothing of who runs it, or where.
DEFAULT_ALLOW_LIST = (
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_DEVICE_ORDER",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_VISIBLE_DEVICES",
    "HF_DATASETS_OFFLINE",
    "HF_HUB_OFFLINE",
    "LOCAL_RANK",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
    "PYTORCH_CUDA_ALLOC_CONF",
    "RANK",
    "SOURCE_DATE_EPOCH",
    "TF_CUDNN_DETERMINISTIC",
    "TF_DETERMINISTIC_OPS",
    "TOKENIZERS_PARALLELISM",
    "TRANSFORMERS_OFFLINE",
    "WORLD_SIZE",
)

_RECHECKS = ("stat", "full")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


class RecordOptions(TypedDict, total=False):
    """The options of :func:`aibom.record`; all may be left out.

    - ``steps``: folder of the records (``.aibom/steps``)
    - ``recheck``: ``stat`` (default) re-reads inputs that look touched, ``full`` all
    - ``signer``: makes a Sigstore bundle of the payload; without one it is left
      unsigned
    - ``approve``: asked about every input when it is hashed; raises to refuse it
    - ``secrets``: values that must not be written, or ``env:NAME``
    - ``environment``: names of the variables to record, if set
    - ``code``: a folder whose git commit is recorded (``.``), or ``None`` for none
    - ``builder``: URI of who runs the step, if it is a builder that others know
    - ``clock``: Unix seconds (``time.time``)
    - ``on_warning``: called with each warning (``warnings.warn``)
    - ``progress``: called while bytes are hashed, as :func:`aibom.digest.hash_path`
      does
    """

    steps: str | os.PathLike[str]
    recheck: str
    signer: Signer | None
    approve: Approve | None
    secrets: Iterable[str]
    environment: Iterable[str]
    code: str | os.PathLike[str] | None
    builder: str | None
    clock: Callable[[], float]
    on_warning: Callable[[str], object]
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class Settings:
    """Options that were checked; made by :meth:`of`."""

    steps: Path
    recheck: str
    signer: Signer | None
    approve: Approve | None
    redactor: Redactor
    environment: Mapping[str, str]
    code: Path | None
    builder: str
    clock: Callable[[], float]
    on_warning: Callable[[str], object]
    progress: Progress | None

    @classmethod
    def of(cls, options: RecordOptions) -> Self:
        """Check ``options`` and fill in what is left out; reads the environment.

        Raises :class:`~aibom.errors.UsageError`: ``recheck-unknown``,
        ``builder-not-uri``, ``secret-unset``, ``secret-empty``.
        """
        recheck = options.get("recheck", "stat")
        if recheck not in _RECHECKS:
            raise UsageError(
                f"unknown recheck {recheck!r}",
                reason="recheck-unknown",
                hint="use stat, or full to read every input twice",
            )
        builder = options.get("builder") or LOCAL_BUILDER
        if not _URI.fullmatch(builder):
            raise UsageError(
                f"the builder {builder!r} is not a URI",
                reason="builder-not-uri",
                hint="give one that those who verify know, for example https://…",
            )
        names = _listed(options.get("environment", DEFAULT_ALLOW_LIST))
        code = options.get("code", ".")
        return cls(
            steps=absolute(options.get("steps", ".aibom/steps")),
            recheck=recheck,
            signer=options.get("signer"),
            approve=options.get("approve"),
            redactor=Redactor.of(_listed(options.get("secrets", ())), os.environ),
            environment={
                name: os.environ[name] for name in names if name in os.environ
            },
            code=None if code is None else absolute(code),
            builder=builder,
            clock=options.get("clock", time.time),
            on_warning=options.get("on_warning", _warn),
            progress=options.get("progress"),
        )

    def seal(self, statement: Statement) -> tuple[str, bytes]:
        """Name and bytes of the record: a bundle, or the payload without a signer.

        What the signer raises goes through. Raises
        :class:`~aibom.errors.RecordingFailed` (``signer-failed``) for an answer that is
        no bundle over this payload; the signature itself is not checked.
        """
        if self.signer is None:
            return f"{statement.payload_digest}.statement.json", statement.payload
        bundle = self.signer(statement.payload)
        if not _is_over(bundle, statement.payload):
            raise RecordingFailed(
                "the signer did not return a Sigstore bundle over this record",
                reason="signer-failed",
                hint="a signer returns a bundle document with a dsseEnvelope",
            )
        return f"{statement.payload_digest}.sigstore.json", to_json(bundle)


def _is_over(bundle: Mapping[str, Any], payload: bytes) -> bool:
    try:
        return (
            base64.b64decode(bundle["dsseEnvelope"]["payload"], validate=True)
            == payload
        )
    except (KeyError, TypeError, binascii.Error):
        return False


def _listed(given: Iterable[str]) -> tuple[str, ...]:
    """One text is one item, and not a sequence of letters."""
    return (given,) if isinstance(given, str) else tuple(given)


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=2)
