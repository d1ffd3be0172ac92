"""The checks a policy can ask for: one file each, in this explicit list.

A check's file name, with ``-`` for ``_``, is its id, its page in ``docs/checks/``, and
what a rule writes under ``check:``. To add one, see ``docs/contributing.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aibom.policy.checks import (
    aggregation,
    approvals,
    bytes_match,
    change_history,
    corpus_source,
    expression,
    field_required,
    format_allowed,
    labelers_known,
    license,
    lineage_closed,
    metric_threshold,
    monitoring_fresh,
    pinned_revision,
    provenance_builder,
    publisher_namespace,
    required_audit,
    retraining_control,
    rollback_target,
    separation_of_duty,
    signed_by,
    source_age,
    step_match,
    substitution,
    tainted_ancestor,
    test_after_change,
    trust_separation,
    trusted_source,
    upstream_verdict,
)
from aibom.policy.context import Check

__all__ = ["CHECKS"]

_ALL = (
    aggregation.CHECK,
    approvals.CHECK,
    bytes_match.CHECK,
    change_history.CHECK,
    corpus_source.CHECK,
    expression.CHECK,
    field_required.CHECK,
    format_allowed.CHECK,
    labelers_known.CHECK,
    license.CHECK,
    lineage_closed.CHECK,
    metric_threshold.CHECK,
    monitoring_fresh.CHECK,
    pinned_revision.CHECK,
    provenance_builder.CHECK,
    publisher_namespace.CHECK,
    required_audit.CHECK,
    retraining_control.CHECK,
    rollback_target.CHECK,
    separation_of_duty.CHECK,
    signed_by.CHECK,
    source_age.CHECK,
    step_match.CHECK,
    substitution.CHECK,
    tainted_ancestor.CHECK,
    test_after_change.CHECK,
    trust_separation.CHECK,
    trusted_source.CHECK,
    upstream_verdict.CHECK,
)

#: Every check by id.
CHECKS: Mapping[str, Check] = MappingProxyType({check.id: check for check in _ALL})
