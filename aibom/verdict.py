"""Results, findings and the verdict: what a gate decided, as frozen values.

A :class:`Result` is one (rule, node). A *finding* is a result that is not a pass. The
:class:`Verdict` holds every result, what was evaluated (digests of policy, data, BOMs
and evidence), and the decision. It is a pure value: the same input and effective time
give the same bytes. Deciding is ``aibom.policy.engine``'s job; drawing it is
``aibom.report``'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar, overload

__all__ = [
    "API_VERSION",
    "Decision",
    "ExceptionNote",
    "Inputs",
    "Mode",
    "PathHop",
    "Result",
    "Retold",
    "Severity",
    "Status",
    "Tier",
    "Verdict",
    "Verification",
]

T = TypeVar("T")

API_VERSION = "aibom/verdict/v1"

#: A longer path is written with its middle left out: each hop of a long chain has a
#: path of its own, and all of them together would be the square of the chain.
MAX_HOPS = 100


class Status(StrEnum):
    """``fail`` is known to be wrong; ``unknown`` cannot be told; ``error`` broke."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    ERROR = "error"
    NOT_APPLICABLE = "not-applicable"


_RANK = {Status.FAIL: 0, Status.ERROR: 1, Status.UNKNOWN: 2}


class Mode(StrEnum):
    """What a finding of a rule does in a tier."""

    DENY = "deny"
    WARN = "warn"
    REPORT_ONLY = "report-only"
    OFF = "off"


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Tier(StrEnum):
    """Assurance tiers, strictest first; never an AI Act class."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Decision(StrEnum):
    """What the verdict says; only ``allowed`` lets an artifact through."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNDECIDED = "undecided"
    NOT_VERIFIED = "not-verified"
    ERROR = "error"


class Retold(Sequence[T]):
    """A sequence that is told again by whoever knows it, each time it is read.

    Ten thousand paths along one chain then take the room of one. ``tell`` gives the
    same ``length`` items each time. Equal to, and hashed and pickled as, the tuple of
    its items.
    """

    __slots__ = ("_length", "_tell")

    def __init__(self, length: int, tell: Callable[[], Iterable[T]]) -> None:
        self._length = length
        self._tell = tell

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return iter(self._tell())

    def __reversed__(self) -> Iterator[T]:
        return reversed(tuple(self))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (tuple, Retold)):
            return NotImplemented
        return len(self) == len(other) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __reduce__(self) -> tuple[type[tuple[T, ...]], tuple[tuple[T, ...]]]:
        return tuple, (tuple(self),)


def _plain(value: Any) -> Any:
    """Values as a JSON reader gives them: objects, lists, texts."""
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, Retold)):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, StrEnum) else value


@dataclass(frozen=True, slots=True)
class PathHop:
    """One node on a lineage path; ``via`` is how it was reached from the one before."""

    node: str
    label: str
    kind: str
    via: str = ""
    role: str = ""


def _ends(path: Sequence[PathHop]) -> tuple[PathHop, ...]:
    """As many hops of a long path as are written, half of them from each end."""
    hops, half = tuple(path), MAX_HOPS // 2
    return (*hops[:half], *hops[-half:])


@dataclass(frozen=True, slots=True)
class ExceptionNote:
    """An exception (risk acceptance) and what it is worth in this evaluation.

    ``state`` is active, expiring, pending, expired, orphan or invalid; only the first
    two change anything. ``why`` says what makes it invalid.
    """

    id: str
    state: str
    why: str
    rule: str
    subject: str
    reason_code: str
    term: str
    reason: str
    ticket: str
    requested_by: str
    approved_by: str
    expires: str


@dataclass(frozen=True, slots=True)
class Result:
    """What one rule says of one node.

    ``path`` leads from the artifact to what the finding is about (often the node,
    sometimes beyond it: to a labeler, to an advisory's target). ``evidence`` names
    files. ``term`` says what exactly was found where one node can have several findings
    of a rule (which advisories). ``exception`` is the id of an exception in force: the
    finding stays, and does not block. ``known`` says that an old verdict which the
    caller compares with (``--against``) has it already; then it does not block either.
    """

    rule: str
    check: str
    node: str
    label: str
    status: Status
    reason: str
    mode: Mode
    severity: Severity
    expected: str = ""
    actual: str = ""
    assurance: str = ""
    basis: str = ""
    path: Sequence[PathHop] = ()
    evidence: tuple[str, ...] = ()
    why: str = ""
    remedy: str = ""
    maps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    term: str = ""
    exception: str = ""
    known: bool = False

    @property
    def blocks(self) -> bool:
        """Whether this result alone keeps the artifact from being deployed."""
        if self.exception or self.known:
            return False
        return self.mode is Mode.DENY and self.status in (
            Status.FAIL,
            Status.UNKNOWN,
            Status.ERROR,
        )

    @property
    def is_finding(self) -> bool:
        """Whether it is anything but a pass or not applicable."""
        return self.status in (Status.FAIL, Status.UNKNOWN, Status.ERROR)

    @property
    def fingerprint(self) -> str:
        """Stable over runs: SHA-256 of rule and node."""
        text = f"{self.rule}|{self.node}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def to_document(self) -> dict[str, Any]:
        """The result as JSON-ready values; the middle of a long path is left out."""
        left_out = max(0, len(self.path) - MAX_HOPS)
        shown = replace(self, path=_ends(self.path)) if left_out else self
        document = _plain(shown)
        if left_out:
            document["hopsLeftOut"] = left_out
        return {**document, "fingerprint": self.fingerprint, "blocks": self.blocks}


@dataclass(frozen=True, slots=True)
class Verification:
    """How far verification came: ``state`` is verified, failed or not-done.

    ``signer`` vouches for the artifact, ``upstream`` says who does for its ancestors.
    ``name`` is the one name that everybody has for the artifact, empty for none.
    ``steps_recorded`` of the ``steps`` have a trusted record that agrees with the BOM;
    ``accepted_roots`` are labels of where lineage ends by decision.
    """

    state: str
    reason: str = ""
    message: str = ""
    where: str = ""
    hint: str = ""
    ancestors: str = "verified"
    signer: str = ""
    upstream: tuple[str, ...] = ()
    steps: int = 0
    steps_recorded: int = 0
    lineage_closed: bool = False
    accepted_roots: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that was evaluated, by digest."""

    policy: str = ""
    policy_version: str = ""
    policy_digest: str = ""
    locked: bool = False
    data: tuple[tuple[str, str], ...] = ()
    advisories_sequence: int | None = None
    boms: tuple[tuple[str, str], ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()
    housekeeping: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """All results of one evaluation and the decision.

    ``dry_run`` (``aibom check``) and ``report_only`` verdicts are marked as such; no
    gate accepts them.
    """

    artifact: str
    artifact_name: str
    decision: Decision
    reason: str
    exit_code: int
    tier: Tier
    effective_time: str
    verification: Verification
    inputs: Inputs
    results: tuple[Result, ...] = ()
    dry_run: bool = False
    report_only: bool = False
    overrides: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tool: str = ""
    exceptions: tuple[ExceptionNote, ...] = ()

    @property
    def findings(self) -> tuple[Result, ...]:
        """The results that are not a pass, blocking ones first."""
        return tuple(
            sorted(
                (result for result in self.results if result.is_finding),
                key=lambda r: (not r.blocks, _RANK[r.status], r.rule, r.node),
            )
        )

    @property
    def blocking(self) -> tuple[Result, ...]:
        """The findings that block."""
        return tuple(result for result in self.findings if result.blocks)

    def to_document(self) -> dict[str, Any]:
        """The verdict in the form of ``schemas/verdict-1.json``."""
        return {
            "apiVersion": API_VERSION,
            "tool": self.tool,
            "artifact": {"digest": self.artifact, "name": self.artifact_name},
            "decision": self.decision.value,
            "reason": self.reason,
            "exitCode": self.exit_code,
            "dryRun": self.dry_run,
            "reportOnly": self.report_only,
            "tier": self.tier.value,
            "effectiveTime": self.effective_time,
            "overrides": list(self.overrides),
            "warnings": list(self.warnings),
            "verification": _plain(self.verification),
            "inputs": _plain(self.inputs),
            "exceptions": _plain(self.exceptions),
            "results": [result.to_document() for result in self.results],
        }
