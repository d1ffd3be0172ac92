"""Audits: examinations of data or models, by a named party, bound to digests.

:mod:`.report` reads the measurements that an examining tool wrote, and
:mod:`.predicate` turns them into a statement (``https://w3id.org/aibom/audit/v1``) and
back. An audit carries numbers and no verdict: good enough is what the policy says.
"""
