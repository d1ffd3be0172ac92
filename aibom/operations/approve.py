"""Approve exact bytes, signed and until a day; and say how to take it back.

An approval is withdrawn in the verifier's ``advisories.yaml``, and not by deleting its
file: a fact against a thing must not be for whoever holds the files to remove.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aibom.attest.approval_statement import (
    MAX_REASON,
    MAX_TICKET,
    approval_id,
    approval_statement,
    read_approval,
)
from aibom.attest.bundle import parse_bundle
from aibom.attest.signing import StatementSigner
from aibom.bom.parse import read_bytes
from aibom.digest import Digest, Progress, hash_path
from aibom.errors import DocumentInvalid, InputError, UsageError
from aibom.lineage.evidence import Approval
from aibom.namespaces import name_matches
from aibom.operations.files import read_small, write_atomic
from aibom.operations.place import Place
from aibom.operations.records import BUNDLE_END
from aibom.operations.signing.signers_edit import as_block
from aibom.operations.validate import load_bom
from aibom.statement import APPROVAL_V1, Statement, to_json

__all__ = ["Approved", "approve", "parse_ref", "revocation"]


@dataclass(frozen=True, slots=True)
class Approved:
    """What was written: the file, and what it is withdrawn by (``sha256:…``)."""

    path: Path
    id: str


def parse_ref(text: str) -> Path | Digest:
    """A digest where it is written as one (``sha256:…``, ``tree-sha256:…``); a path.

    Raises :class:`~aibom.errors.UsageError` (``digest-malformed``) for what begins as a
    digest and is none.
    """
    if not text.startswith(("sha256:", "tree-sha256:")):
        return Path(text)
    try:
        return Digest.parse(text)
    except DocumentInvalid as error:
        raise UsageError(
            error.message,
            reason="digest-malformed",
            hint="a file that is called so is written ./sha256:…",
        ) from None


def approve(
    ref: Path | Digest,
    approval: Approval,
    *,
    signer: StatementSigner,
    output: Path,
    name: str | None = None,
    progress: Progress | None = None,
) -> Approved:
    """Sign an approval of what is there now, or of a digest, into a folder.

    ``name`` is what the lineage calls it; without one, what its BOM says. The file is
    named after its payload, and written whole or not at all. Nobody is asked whether
    the signer may approve: that is for each verifier to say.

    Raises :class:`~aibom.errors.UsageError`: ``approval-unusable`` for one that ends
    before it begins, or without a ticket; ``name-missing``, ``name-without-namespace``;
    :class:`~aibom.errors.InputError`: ``digest-mismatch`` where the BOM describes other
    bytes, and what reading, hashing and the signer raise.
    """
    _require_usable(approval)
    if name is None:
        name, described = _from_bom(ref)
    else:
        described = None
    _require_name(name)
    signer.prepare()
    digest = ref
    if isinstance(digest, Path):
        digest = hash_path(digest, progress=progress).digest
    if described is not None and described != digest:
        raise InputError(
            f"the BOM describes {described}, but what is there is {digest}",
            reason="digest-mismatch",
            where=str(ref),
            hint="find out which of the two you looked at, before you approve it",
        )
    statement = approval_statement(name, digest, approval, secrets.token_hex(16))
    read_approval(statement, "the approval")
    path = output / f"{statement.payload_digest}{BUNDLE_END}"
    signed = to_json(signer.sign(statement.payload))
    output.mkdir(parents=True, exist_ok=True)
    write_atomic(path, signed)
    return Approved(path, approval_id(statement))


def _require_usable(approval: Approval) -> None:
    wrong = None
    if approval.expires <= approval.approved_at:
        when = approval.expires
        wrong = f"it would have ended at {when:%Y-%m-%d %H:%M} UTC", "--expires"
    elif not approval.ticket.strip() or len(approval.ticket) > MAX_TICKET:
        wrong = f"a ticket has 1 to {MAX_TICKET} characters", "--ticket"
    elif approval.why is not None and not (
        approval.why.strip() and len(approval.why) <= MAX_REASON
    ):
        wrong = f"a reason has 1 to {MAX_REASON:,} characters", "--reason"
    if wrong is not None:
        raise UsageError(
            wrong[0],
            reason="approval-unusable",
            where=wrong[1],
            hint="an approval ends on a day to come, and says where it was decided",
        )


def _from_bom(ref: Path | Digest) -> tuple[str, Digest | None]:
    """What the BOM of a thing calls it, and of which bytes it is."""
    if isinstance(ref, Path):
        place = Place.of(ref)
        if place.bom.exists():
            graph = load_bom(read_bytes(place.bom), str(place.bom)).graph
            root = graph.nodes[str(graph.root)]
            names = root.values("name")
            if len(names) == 1:
                return names[0], root.digest
    raise UsageError(
        "nothing says what the lineage calls it",
        reason="name-missing",
        where="--name",
        hint="verifiers allow signers by name: --name NAMESPACE/NAME, as in its BOM",
    )


def _require_name(name: str) -> None:
    if "/" not in name or not name_matches("**", name):
        raise UsageError(
            f"{name!r} is not NAMESPACE/NAME, so no verifier could say whose it is",
            reason="name-without-namespace",
            where="--name",
            hint="for example acme/models/reviews",
        )


def revocation(ref: Path | Digest, *, reason: str, now: datetime) -> str:
    """The entry for ``advisories.yaml`` that withdraws an approval, as YAML.

    ``ref`` is the approval's file, or its id. No signature is checked: whoever is to
    be believed is asked when it counts for something, and this can only take away.
    Raises :class:`~aibom.errors.UsageError` (``not-an-approval``,
    ``approval-unusable``), and what reading it raises.
    """
    if not reason.strip() or len(reason) > MAX_REASON:
        raise UsageError(
            "nobody could tell later why it was withdrawn",
            reason="approval-unusable",
            where="--reason",
            hint=f"1 to {MAX_REASON:,} characters",
        )
    found = _id_of(ref)
    entry: Mapping[str, Any] = {
        "id": f"withdrawn-{found.removeprefix('sha256:')[:16]}",
        "summary": reason,
        "published": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "affects": {"approvals": [found]},
    }
    return as_block(entry, 2)


def _id_of(ref: Path | Digest) -> str:
    if isinstance(ref, Digest) and ref.form == "file":
        return str(ref)
    if isinstance(ref, Path):
        data, where = read_small(ref), str(ref)
        if ref.name.endswith(BUNDLE_END):
            data = parse_bundle(data, where).payload
        statement = Statement.parse(data, where)
        if statement.predicate_type == APPROVAL_V1:
            return approval_id(statement)
    raise UsageError(
        "is no approval",
        reason="not-an-approval",
        where=str(ref),
        hint="name the file that `aibom approve` wrote, or its id, sha256:…",
    )
