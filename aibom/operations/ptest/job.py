"""One case of a policy test on one policy, and what it comes to.

A dry run: neither artifact bytes nor a lock is looked at, and no verdict comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aibom.errors import AibomError, PolicyInvalid, UsageError, VerificationFailed
from aibom.lineage.evidence import Signer
from aibom.operations.policies.exceptions import excepted
from aibom.operations.ptest.document import Case
from aibom.operations.ptest.expect import Answer
from aibom.operations.ptest.tested import Tested
from aibom.operations.verify import verify_document
from aibom.policy.context import Context
from aibom.policy.data import (
    read_accepted_roots,
    read_advisories,
    read_trusted_sources,
)
from aibom.policy.engine import assign_tier, decide, evaluate, rules_in_force
from aibom.policy.exceptions import Subject, apply, digests_of, judge
from aibom.policy.suppliers import read_suppliers
from aibom.policy.waivers import ExceptionEntry, Waivers, read_waivers
from aibom.reading import suggest
from aibom.verdict import Decision, Result, Tier

__all__ = ["Job", "answer", "make_job"]


@dataclass(frozen=True, slots=True)
class Job:
    """One case and what it is tested on, with the case's own data put in."""

    reference: str
    file: str
    case: Case
    tested: Tested
    waivers: tuple[ExceptionEntry, ...] | None


def make_job(
    reference: str, file: str, case: Case, tested: Tested, problems: list[str]
) -> Job:
    """The case on the policy; what does not fit together is a problem."""
    known = [rule.id for rule in tested.policy.rules]
    for wanted in case.expect.rules:
        if wanted.rule not in known:
            told = f"no rule {wanted.rule!r}{suggest(wanted.rule, known)}"
            problems.append(f"{case.where}: {told}")
    read = _read_data(case, problems)
    problems += _missing_data(case, tested, read)
    waivers = read.pop("waivers", None)
    parts = {"trusted-sources": "sources", "accepted-roots": "roots"}
    changed = {parts.get(name, name): value for name, value in read.items()}
    own = replace(tested, data=replace(tested.data, **changed))
    return Job(reference, file, case, own, waivers)


def _read_data(case: Case, problems: list[str]) -> dict[str, Any]:
    readers: Mapping[str, Any] = {
        "trusted-sources": read_trusted_sources,
        "accepted-roots": read_accepted_roots,
        "advisories": read_advisories,
        "suppliers": read_suppliers,
        "waivers": read_waivers,
    }
    read: dict[str, Any] = {}
    for name, (value, where) in case.data.replaced.items():
        try:
            read[name] = readers[name](value, where)
        except AibomError as error:
            problems.append(str(error))
    return read


def _missing_data(case: Case, tested: Tested, read: Mapping[str, Any]) -> Iterable[str]:
    """Data that a rule needs, and that a gate would insist on.

    What a rule says of which nothing is expected counts only for the decision.
    """
    there = {f"{name}.yaml" for name in (*read, *case.data.replaced)}
    if tested.folder is not None:
        there.update(tested.policy.data)
    asked = {wanted.rule for wanted in case.expect.rules}
    for rule in tested.policy.rules:
        if rule.id not in asked and not case.expect.on_the_whole:
            continue
        for name in rule.check.needs:
            if name not in there and name != "signers.yaml":
                yield f"{case.where}: the rule {rule.id!r} needs {name} in data"


def answer(job: Job) -> Answer:
    """Evaluate a case as ``aibom check`` would, on what it describes or names.

    Raises :class:`~aibom.errors.PolicyInvalid` and :class:`~aibom.errors.UsageError`;
    a document that does not verify is an answer.
    """
    case, tested = job.case, job.tested
    if case.world is not None:
        graph, root = case.world.graph, case.world.root
        evidence, name = case.world.evidence, None
    else:
        try:
            verified = verify_document(
                case.bom or Path(), tested.signers, case.evidence, case.time
            )
        except (PolicyInvalid, UsageError):
            raise
        except AibomError as error:
            return _not_evaluated(error)
        graph, root = verified.graph, verified.root
        evidence, name = verified.evidence, verified.name
    # A test may ask about any tier: nothing is let through by its answer.
    tier = case.tier or assign_tier(tested.policy, name, None)
    context = Context(graph, root, evidence, tested.data, case.time)
    results = _results(job, context, tier)
    in_force = len(rules_in_force(tested.policy, tier))
    called = {
        node.id: frozenset({node.id, node.label, *node.values("name")})
        for node in graph.nodes.values()
    }
    decision, reason, code = decide(results, in_force)
    return Answer(decision, reason, code, results, called)


def _results(job: Job, context: Context, tier: Tier) -> tuple[Result, ...]:
    """What the rules say, with the exceptions of the case, or else of the folder."""
    policy = job.tested.policy
    results = evaluate(context, policy, tier)
    if job.waivers is None:
        if job.tested.folder is None:
            return results
        return excepted(job.tested.folder, context, results, tier)[0]
    exceptable = {rule.id: rule.exceptable for rule in rules_in_force(policy, tier)}
    subject = Subject(context, results, exceptable, tier, policy.exceptions)
    notes = judge(_signed(job.waivers, job.case.data.waivers_signed_by), subject)
    return apply(results, notes, digests_of(context))


def _signed(entries: tuple[ExceptionEntry, ...], signer: Signer | None) -> Waivers:
    """Waivers as if this signer, who may speak of every name, had signed them."""
    if signer is None:
        return Waivers(entries)
    return Waivers(entries, signer.role, signer.party, ("**",))


def _not_evaluated(error: AibomError) -> Answer:
    failed = isinstance(error, VerificationFailed)
    decision = Decision.NOT_VERIFIED if failed else Decision.ERROR
    return Answer(decision, error.reason, error.exit_code, (), {}, str(error))
