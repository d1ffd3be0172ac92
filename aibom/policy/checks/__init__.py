"""The checks a policy can ask for: one file each, in this explicit list.

A check's file name, with ``-`` for ``_``, is its id, its page in ``docs/checks/``, and
what a rule writes under ``check:``. To add one, see ``docs/contributing.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from aibom.policy.context import Check

__all__ = ["CHECKS"]


class _Checks(Mapping[str, Check]):
    """Checks by id, each loaded where it is asked for: a policy uses a few of them."""

    def __init__(self, loaders: Mapping[str, Callable[[], Check]]) -> None:
        self._loaders = dict(loaders)

    def __getitem__(self, name: str) -> Check:
        return self._loaders[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)

    def __contains__(self, name: object) -> bool:
        return name in self._loaders


def _aggregation() -> Check:
    from aibom.policy.checks import aggregation

    return aggregation.CHECK


def _approvals() -> Check:
    from aibom.policy.checks import approvals

    return approvals.CHECK


def _bytes_match() -> Check:
    from aibom.policy.checks import bytes_match

    return bytes_match.CHECK


def _change_history() -> Check:
    from aibom.policy.checks import change_history

    return change_history.CHECK


def _corpus_source() -> Check:
    from aibom.policy.checks import corpus_source

    return corpus_source.CHECK


def _expression() -> Check:
    from aibom.policy.checks import expression

    return expression.CHECK


def _field_required() -> Check:
    from aibom.policy.checks import field_required

    return field_required.CHECK


def _format_allowed() -> Check:
    from aibom.policy.checks import format_allowed

    return format_allowed.CHECK


def _labelers_known() -> Check:
    from aibom.policy.checks import labelers_known

    return labelers_known.CHECK


def _license() -> Check:
    from aibom.policy.checks import license

    return license.CHECK


def _lineage_closed() -> Check:
    from aibom.policy.checks import lineage_closed

    return lineage_closed.CHECK


def _metric_threshold() -> Check:
    from aibom.policy.checks import metric_threshold

    return metric_threshold.CHECK


def _monitoring_fresh() -> Check:
    from aibom.policy.checks import monitoring_fresh

    return monitoring_fresh.CHECK


def _ownership() -> Check:
    from aibom.policy.checks import ownership

    return ownership.CHECK


def _pinned_revision() -> Check:
    from aibom.policy.checks import pinned_revision

    return pinned_revision.CHECK


def _provenance_builder() -> Check:
    from aibom.policy.checks import provenance_builder

    return provenance_builder.CHECK


def _publisher_namespace() -> Check:
    from aibom.policy.checks import publisher_namespace

    return publisher_namespace.CHECK


def _remote_code() -> Check:
    from aibom.policy.checks import remote_code

    return remote_code.CHECK


def _required_audit() -> Check:
    from aibom.policy.checks import required_audit

    return required_audit.CHECK


def _retraining_control() -> Check:
    from aibom.policy.checks import retraining_control

    return retraining_control.CHECK


def _rollback_target() -> Check:
    from aibom.policy.checks import rollback_target

    return rollback_target.CHECK


def _scanner_flagged() -> Check:
    from aibom.policy.checks import scanner_flagged

    return scanner_flagged.CHECK


def _separation_of_duty() -> Check:
    from aibom.policy.checks import separation_of_duty

    return separation_of_duty.CHECK


def _signed_by() -> Check:
    from aibom.policy.checks import signed_by

    return signed_by.CHECK


def _source_age() -> Check:
    from aibom.policy.checks import source_age

    return source_age.CHECK


def _step_match() -> Check:
    from aibom.policy.checks import step_match

    return step_match.CHECK


def _substitution() -> Check:
    from aibom.policy.checks import substitution

    return substitution.CHECK


def _supplier_record() -> Check:
    from aibom.policy.checks import supplier_record

    return supplier_record.CHECK


def _tainted_ancestor() -> Check:
    from aibom.policy.checks import tainted_ancestor

    return tainted_ancestor.CHECK


def _test_after_change() -> Check:
    from aibom.policy.checks import test_after_change

    return test_after_change.CHECK


def _trust_separation() -> Check:
    from aibom.policy.checks import trust_separation

    return trust_separation.CHECK


def _trusted_source() -> Check:
    from aibom.policy.checks import trusted_source

    return trusted_source.CHECK


def _upstream_verdict() -> Check:
    from aibom.policy.checks import upstream_verdict

    return upstream_verdict.CHECK


#: Every check by id.
CHECKS: Mapping[str, Check] = _Checks(
    {
        "aggregation": _aggregation,
        "approvals": _approvals,
        "bytes-match": _bytes_match,
        "change-history": _change_history,
        "corpus-source": _corpus_source,
        "expression": _expression,
        "field-required": _field_required,
        "format-allowed": _format_allowed,
        "labelers-known": _labelers_known,
        "license": _license,
        "lineage-closed": _lineage_closed,
        "metric-threshold": _metric_threshold,
        "monitoring-fresh": _monitoring_fresh,
        "ownership": _ownership,
        "pinned-revision": _pinned_revision,
        "provenance-builder": _provenance_builder,
        "publisher-namespace": _publisher_namespace,
        "remote-code": _remote_code,
        "required-audit": _required_audit,
        "retraining-control": _retraining_control,
        "rollback-target": _rollback_target,
        "scanner-flagged": _scanner_flagged,
        "separation-of-duty": _separation_of_duty,
        "signed-by": _signed_by,
        "source-age": _source_age,
        "step-match": _step_match,
        "substitution": _substitution,
        "supplier-record": _supplier_record,
        "tainted-ancestor": _tainted_ancestor,
        "test-after-change": _test_after_change,
        "trust-separation": _trust_separation,
        "trusted-source": _trusted_source,
        "upstream-verdict": _upstream_verdict,
    }
)
