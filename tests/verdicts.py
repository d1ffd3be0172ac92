"""One verdict that tests change with ``dataclasses.replace``."""

from __future__ import annotations

from aibom.verdict import (
    Decision,
    Inputs,
    Mode,
    PathHop,
    Result,
    Severity,
    Status,
    Tier,
    Verdict,
    Verification,
)

LABELS = "dataset:tree:" + "a" * 64
FINDING = Result(
    rule="labels-unaudited",
    check="required-audit",
    node=LABELS,
    label="acme/labels",
    status=Status.FAIL,
    reason="audit-failed",
    mode=Mode.DENY,
    severity=Severity.CRITICAL,
    expected="an audit by the auditor: disagreement at most 0.2",
    actual="disagreement 1 (labeler person:acme) on 41/41",
    assurance="attested",
    basis="signed by the auditor",
    path=(
        PathHop("model:tree:" + "b" * 64, "acme/model", "model"),
        PathHop("step:" + "c" * 64, "train", "step", "generated"),
        PathHop(LABELS, "acme/labels", "dataset", "used", "training-data"),
        PathHop("party:person:acme", "person:acme", "party", "performed-by", "labeler"),
    ),
    evidence=("evidence/audit.sigstore.json",),
    why="One labeler hides in averages.",
    remedy="Look at the labeler (`aibom explain`).",
    maps={"owasp-llm": ("LLM04:2025",)},
)
VERDICT = Verdict(
    artifact="tree-sha256:" + "b" * 64,
    artifact_name="acme/model",
    decision=Decision.DENIED,
    reason="audit-failed",
    exit_code=10,
    tier=Tier.HIGH,
    effective_time="2026-11-21T12:00:00Z",
    verification=Verification("verified", signer="acme release"),
    inputs=Inputs(policy="acme", policy_version="1"),
)
