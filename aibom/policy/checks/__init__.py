"""The checks a policy can ask for: one file each, in this explicit list.

A check's file name, with ``-`` for ``_``, is its id, its page in ``docs/checks/``, and
what a rule writes under ``check:``. To add one, see ``docs/contributing.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aibom.policy.checks import (
    bytes_match,
    labelers_known,
    lineage_closed,
    pinned_revision,
    required_audit,
    signed_by,
    tainted_ancestor,
    trusted_source,
)
from aibom.policy.context import Check

__all__ = ["CHECKS"]

_ALL = (
    bytes_match.CHECK,
    labelers_known.CHECK,
    lineage_closed.CHECK,
    pinned_revision.CHECK,
    required_audit.CHECK,
    signed_by.CHECK,
    tainted_ancestor.CHECK,
    trusted_source.CHECK,
)

#: Every check by id.
CHECKS: Mapping[str, Check] = MappingProxyType({check.id: check for check in _ALL})
