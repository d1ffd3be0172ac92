"""Who a token speaks for, and how Fulcio writes that into a certificate.

One pair of functions for each kind of identity: the claims that the provider puts into
its tokens, and the :class:`Principal` that Fulcio makes of them. The mapping is that of
Fulcio's ``docs/oid-info.md``: arcs 1 to 6 hold raw text, 8 and above a DER UTF8String.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from aibom.testing.sigstore import der

__all__ = [
    "GITHUB_ISSUER",
    "GITLAB_ISSUER",
    "Claims",
    "Principal",
    "email_claims",
    "email_principal",
    "github_claims",
    "github_principal",
    "gitlab_claims",
    "gitlab_principal",
]

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
GITLAB_ISSUER = "https://gitlab.com"

_GITHUB = "https://github.com"
_FULCIO_ARC = "1.3.6.1.4.1.57264.1"
_LAST_RAW_ARC = 6

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Principal:
    """What a certificate says of its subject: the name, and Fulcio's arcs with text."""

    name: x509.GeneralName
    arcs: Mapping[int, str]

    def extensions(self) -> list[x509.UnrecognizedExtension]:
        """Fulcio's extensions, in the order of their arcs."""
        return [
            x509.UnrecognizedExtension(
                x509.ObjectIdentifier(f"{_FULCIO_ARC}.{arc}"),
                text.encode() if arc <= _LAST_RAW_ARC else der.utf8(text),
            )
            for arc, text in sorted(self.arcs.items())
        ]


def email_claims(email: str) -> Claims:
    """What an e-mail provider says of someone who has proved to read that mailbox."""
    return {"sub": email, "email": email, "email_verified": True}


def email_principal(claims: Claims) -> Principal:
    """An e-mail identity; raises ``ValueError`` where it was not verified."""
    if claims.get("email_verified") is not True:
        raise ValueError("email_verified claim was false")
    return Principal(x509.RFC822Name(_text(claims, "email")), _issuer(claims))


def github_claims(repository: str, ref: str, workflow: str) -> Claims:
    """What GitHub Actions says of a job; ``workflow`` is a file's name.

    Commits and ids are made from the names, so that the same job has the same claims.
    """
    owner = repository.partition("/")[0]
    workflow_ref = f"{repository}/.github/workflows/{workflow}@{ref}"
    commit = hashlib.sha1(workflow_ref.encode(), usedforsecurity=False).hexdigest()
    return {
        "sub": f"repo:{repository}:ref:{ref}",
        "repository": repository,
        "repository_id": _number(repository),
        "repository_owner": owner,
        "repository_owner_id": _number(owner),
        "repository_visibility": "public",
        "ref": ref,
        "ref_type": "tag" if ref.startswith("refs/tags/") else "branch",
        "sha": commit,
        "workflow": workflow.rpartition(".")[0] or workflow,
        "workflow_ref": workflow_ref,
        "workflow_sha": commit,
        "job_workflow_ref": workflow_ref,
        "job_workflow_sha": commit,
        "event_name": "push",
        "runner_environment": "github-hosted",
        "run_id": _number(commit),
        "run_attempt": "1",
    }


def github_principal(claims: Claims) -> Principal:
    """A GitHub Actions job: named by its workflow, described by all arcs up to 22."""
    text = _Texts(claims)
    repository = f"{_GITHUB}/{text['repository']}"
    signer = f"{_GITHUB}/{text['job_workflow_ref']}"
    run = f"actions/runs/{text['run_id']}/attempts/{text['run_attempt']}"
    arcs = {
        2: text["event_name"],
        3: text["sha"],
        4: text["workflow"],
        5: text["repository"],
        6: text["ref"],
        9: signer,
        10: text["job_workflow_sha"],
        11: text["runner_environment"],
        12: repository,
        13: text["sha"],
        14: text["ref"],
        15: text["repository_id"],
        16: f"{_GITHUB}/{text['repository_owner']}",
        17: text["repository_owner_id"],
        18: f"{_GITHUB}/{text['workflow_ref']}",
        19: text["workflow_sha"],
        20: text["event_name"],
        21: f"{repository}/{run}",
        22: text["repository_visibility"],
    }
    return Principal(x509.UniformResourceIdentifier(signer), _issuer(claims) | arcs)


def gitlab_claims(project: str, ref: str, config: str) -> Claims:
    """What GitLab says of a job on branch ``ref``; ``config`` is the CI file's path."""
    namespace = project.rpartition("/")[0]
    uri = f"gitlab.com/{project}//{config}@refs/heads/{ref}"
    commit = hashlib.sha1(uri.encode(), usedforsecurity=False).hexdigest()
    return {
        "sub": f"project_path:{project}:ref_type:branch:ref:{ref}",
        "project_path": project,
        "project_id": _number(project),
        "project_visibility": "public",
        "namespace_path": namespace,
        "namespace_id": _number(namespace),
        "ref": ref,
        "ref_type": "branch",
        "sha": commit,
        "ci_config_ref_uri": uri,
        "ci_config_sha": commit,
        "pipeline_source": "push",
        "pipeline_id": _number(commit),
        "job_id": _number(uri),
        "runner_environment": "gitlab-hosted",
        "runner_id": 1,
    }


def gitlab_principal(claims: Claims) -> Principal:
    """A GitLab job: named by its CI file, described by arcs 9 to 22."""
    text = _Texts(claims)
    kind = {"branch": "heads", "tag": "tags"}.get(text["ref_type"])
    if kind is None:
        raise ValueError(f"unexpected ref_type: {text['ref_type']}")
    project = f"{GITLAB_ISSUER}/{text['project_path']}"
    config = f"https://{text['ci_config_ref_uri']}"
    arcs = {
        9: config,
        10: text["ci_config_sha"],
        11: text["runner_environment"],
        12: project,
        13: text["sha"],
        14: f"refs/{kind}/{text['ref']}",
        15: text["project_id"],
        16: f"{GITLAB_ISSUER}/{text['namespace_path']}",
        17: text["namespace_id"],
        18: config,
        19: text["ci_config_sha"],
        20: text["pipeline_source"],
        21: f"{project}/-/jobs/{text['job_id']}",
        22: text["project_visibility"],
    }
    return Principal(x509.UniformResourceIdentifier(config), _issuer(claims) | arcs)


class _Texts:
    """Claims that have to be there and to be text."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    def __getitem__(self, name: str) -> str:
        return _text(self._claims, name)


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"missing {name} claim in ID token")
    return value


def _issuer(claims: Claims) -> dict[int, str]:
    issuer = _text(claims, "iss")
    return {1: issuer, 8: issuer}


def _number(name: str) -> str:
    """A stable stand-in for an id that a provider's database would give."""
    return str(int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big"))
