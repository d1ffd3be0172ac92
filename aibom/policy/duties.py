"""Who had which part in making a node, or in vouching for it; and whether two are one.

A *duty* is either a role that a step, or the node, names parties in (``labeler``), or a
kind of statement that somebody signs (``bom-signer``). Signers count only where their
statement is trusted; parties count as they are named, with what that is worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from aibom.errors import UsageError
from aibom.lineage.assurance import Assurance, Level, edge_assurance
from aibom.lineage.carry import CARRYING_ROLES, EXEMPT_ROLES
from aibom.lineage.evidence import Evidence
from aibom.lineage.graph import Hop
from aibom.lineage.identity import may_be_same_party
from aibom.lineage.nodes import Relation
from aibom.policy.context import Context
from aibom.policy.measuring import hops_to_makers
from aibom.statement import AUDIT_V1, OMS_V1, PROVENANCE_V1, REFERENCE_V01

__all__ = [
    "DUTIES",
    "PARTY_DUTIES",
    "Holder",
    "holders",
    "may_be_one",
    "unrecorded_step",
]

_RECORD = "step-record-signer"
_SIGNING = MappingProxyType(
    {
        "audit-signer": AUDIT_V1,
        "bom-signer": REFERENCE_V01,
        "model-signer": OMS_V1,
        _RECORD: PROVENANCE_V1,
    }
)

#: Roles in which steps and entities name parties.
PARTY_DUTIES = tuple(sorted(CARRYING_ROLES | EXEMPT_ROLES))

#: Every duty that a rule may name.
DUTIES = (*_SIGNING, *PARTY_DUTIES)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has a duty about a node, which is ``about``.

    ``signer`` is the name in ``signers.yaml`` where the duty is to sign; ``party`` is
    None where that file does not say who stands behind it. ``hops`` lead to the party,
    or to the step whose record it signed, from ``about`` on, as far as the graph goes.
    """

    about: str
    duty: str
    party: str | None
    signer: str
    hops: tuple[Hop, ...]
    worth: Assurance
    location: str = ""

    @property
    def named(self) -> str:
        """The holder in words."""
        return f"{self.duty} {self.signer or self.party}"


def holders(context: Context, name: str, duties: Iterable[str]) -> Iterator[Holder]:
    """Everybody who has one of these duties about this very node, in a fixed order."""
    for duty in duties:
        if duty in _SIGNING:
            yield from _signers(context, name, duty)
            continue
        for party, way in hops_to_makers(context, name, (duty,)):
            levels = [edge_assurance(hop.edge, context.evidence) for hop in way]
            worth = min(levels, key=lambda level: level.level)
            yield Holder(name, duty, party, "", way, worth)


def _signers(context: Context, name: str, duty: str) -> Iterator[Holder]:
    for item, hops in _statements(context, name, duty):
        if item.signer is not None and item.predicate_type == _SIGNING[duty]:
            worth = Assurance(Level.ATTESTED, f"signed by {item.signer.name}")
            signer = item.signer
            yield Holder(
                name, duty, signer.party, signer.name, hops, worth, item.location
            )


def _statements(
    context: Context, name: str, duty: str
) -> Iterator[tuple[Evidence, tuple[Hop, ...]]]:
    evidence = context.evidence
    if duty == "bom-signer":
        yield from ((item, ()) for item in evidence.owning(name))
    elif duty != _RECORD:
        yield from ((item, ()) for item in evidence.about(context.node(name).digest))
    else:
        for hop in _generating(context, name):
            worth = edge_assurance(hop.edge, evidence).level
            if worth >= Level.ATTESTED:
                yield from ((item, (hop,)) for item in evidence.owning(hop.to))


def _generating(context: Context, name: str) -> Iterator[Hop]:
    return (h for h in context.graph.up(name) if h.edge.relation is Relation.GENERATED)


def unrecorded_step(
    context: Context, name: str, duties: Iterable[str]
) -> tuple[Hop, ...]:
    """The hop to a step said to have made the node that no trusted record vouches for.

    Empty when there is none, or nobody asks who signed the records. Such a step may
    have been recorded by anybody.
    """
    if _RECORD not in duties:
        return ()
    for hop in _generating(context, name):
        if edge_assurance(hop.edge, context.evidence).level < Level.ATTESTED:
            return (hop,)
    return ()


def may_be_one(one: Holder, other: Holder) -> bool | None:
    """Whether two holders may be the same party; None when it cannot be told.

    One key is one signer, whoever stands behind it. A party that is written in no form
    that can be compared is nobody in particular.
    """
    if one.signer and one.signer == other.signer:
        return True
    if one.party is None or other.party is None:
        return None
    try:
        return may_be_same_party(one.party, other.party)
    except UsageError:
        return None
