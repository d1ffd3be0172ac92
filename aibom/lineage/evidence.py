"""What was checked in this run, as values that policy can be evaluated on.

An :class:`Evidence` is one statement that was read, with what the signature check
found. It is believed only about its *own* nodes: the subjects it names, and, for a step
record, the step itself. Everything else it mentions is hearsay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from aibom.digest import Digest
from aibom.lineage.graph import Graph
from aibom.verdict import Tier

__all__ = [
    "Approval",
    "Audit",
    "CodeRequest",
    "Evidence",
    "EvidenceSet",
    "Measurement",
    "RemoteCode",
    "Signer",
    "UpstreamVerdict",
]

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Signer:
    """An allowed signer, as the verifier's ``signers.yaml`` knows it.

    ``party`` is the person or organisation behind the key, in the form of party ids.
    """

    name: str
    role: str
    party: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Measurement:
    """One number of an audit: a metric on a slice, over ``samples`` items.

    ``count`` is the raw count where the report gives one; then ``value`` is
    count/samples, recomputed when it is read. ``slice`` maps names such as ``labeler``
    or ``class``.
    """

    metric: str
    value: float
    samples: int
    count: int | None = None
    slice: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Audit:
    """An examination bound to digests: what was measured, with what, and when.

    It holds no verdict of its own: whether the numbers are good enough is the policy's
    question, answered with the policy's threshold.
    """

    type: str
    examined_on: datetime
    tool: str
    measurements: tuple[Measurement, ...]
    report_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's yes to exactly these bytes, until a day, on a ticket.

    ``tier`` is the strictest tier that it is for; ``why`` is for people. Whether it has
    expired or was withdrawn, and whose yes counts, is the policy's question.
    """

    tier: Tier
    expires: datetime
    approved_at: datetime
    ticket: str
    why: str | None = None


@dataclass(frozen=True, slots=True)
class UpstreamVerdict:
    """What a verifier decided about a digest, as its signed summary says.

    ``passed`` is False for every decision but ``allowed``; ``reason`` is the code of
    the decision. ``advisories_sequence`` is None where none were used. Whether all this
    is good enough, or recent enough, is the policy's question.
    """

    verifier_id: str
    passed: bool
    reason: str
    tier: Tier
    report_only: bool
    policy_digest: str
    verified_at: datetime
    effective_time: datetime
    expires: datetime | None = None
    advisories_sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One statement: its identity, its subjects, and who stands behind it.

    ``signer`` is set only when the signature verified under a key of an allowed signer,
    for this predicate type, for every subject's namespace, at the effective time.
    Otherwise it is None and ``refusal`` holds the reason code; such a statement is
    worth ``claimed``. ``graph`` and ``own`` are set for statements that describe
    lineage, ``audit`` for audits, ``verdict`` for verification summaries, ``approval``
    for approvals.
    """

    id: str
    predicate_type: str
    subjects: tuple[tuple[str, Digest], ...]
    location: str
    signer: Signer | None = None
    refusal: str | None = None
    graph: Graph | None = field(default=None, repr=False)
    own: frozenset[str] = frozenset()
    audit: Audit | None = None
    verdict: UpstreamVerdict | None = None
    approval: Approval | None = None

    @property
    def trusted(self) -> bool:
        """Whether an allowed signer stands behind it."""
        return self.signer is not None

    @property
    def digests(self) -> frozenset[Digest]:
        """The digests it names as subjects."""
        return frozenset(digest for _, digest in self.subjects)


@dataclass(frozen=True, slots=True, order=True)
class CodeRequest:
    """What one file of the artifact asks a loader to run, under which ``key``.

    ``module`` is the file of Python source that is asked for, without its folder; empty
    where that cannot be told. ``repository`` is set when it is to be fetched from there
    and is not among these bytes.
    """

    path: str
    key: str
    module: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class RemoteCode:
    """What the artifact's configuration asks loaders to run, as this run read it.

    ``unclear`` holds, by path, why it cannot be told of a file what it asks for.
    """

    requests: tuple[CodeRequest, ...] = ()
    unclear: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class EvidenceSet:
    """All evidence of one run, indexed; plus which digests were recomputed from bytes.

    ``recomputed`` is empty in a dry run. ``bytes_checked`` says whether artifact bytes
    were looked at at all.
    ``unresolved`` are nodes that link a BOM of their own which was not found.
    ``formats`` is what each file of the artifact was told to be by its bytes, by path;
    empty where they were not looked at. ``remote_code`` is what its configuration asks
    loaders to run; None where nobody looked.
    """

    items: tuple[Evidence, ...] = ()
    recomputed: frozenset[Digest] = frozenset()
    bytes_checked: bool = False
    unresolved: frozenset[str] = frozenset()
    formats: Mapping[str, str] = field(default_factory=dict, hash=False)
    remote_code: RemoteCode | None = None
    _by_digest: Mapping[Digest, tuple[Evidence, ...]] = field(
        init=False, repr=False, compare=False
    )
    _by_own: Mapping[str, tuple[Evidence, ...]] = field(
        init=False, repr=False, compare=False
    )
    _owning: Mapping[str, tuple[Evidence, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.items, key=lambda item: (item.id, item.location)))
        object.__setattr__(self, "items", ordered)
        object.__setattr__(
            self,
            "_by_digest",
            _index((d, item) for item in ordered for d in item.digests),
        )
        object.__setattr__(
            self,
            "_by_own",
            _index((name, item) for item in ordered for name in item.own),
        )
        object.__setattr__(
            self,
            "_owning",
            _index((n, item) for item in ordered if item.trusted for n in item.own),
        )

    def about(self, digest: Digest | None) -> tuple[Evidence, ...]:
        """The statements that name exactly this digest as a subject."""
        return self._by_digest.get(digest, ()) if digest is not None else ()

    def owning(self, node: str) -> tuple[Evidence, ...]:
        """The *trusted* statements that are about this node as their own."""
        return self._owning.get(node, ())

    def records_of(self, step: str) -> tuple[Evidence, ...]:
        """Every statement, trusted or not, that is the record of this step."""
        return self._by_own.get(step, ())


def _index(pairs: Iterable[tuple[K, Evidence]]) -> dict[K, tuple[Evidence, ...]]:
    index: dict[K, list[Evidence]] = {}
    for key, item in pairs:
        index.setdefault(key, []).append(item)
    return {key: tuple(found) for key, found in index.items()}
