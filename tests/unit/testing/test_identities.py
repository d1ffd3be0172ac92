"""What Fulcio writes of each identity, and how clients find their tokens."""

from __future__ import annotations

import threading
import webbrowser
from datetime import timedelta

import jwt
import pytest
import requests
from cryptography import x509
from sigstore.oidc import IdentityError, Issuer, detect_credential
from sigstore.verify import policy as sigstore_policy
from sigstore_clients import (
    ALICE,
    GITHUB_JOB,
    GITLAB_JOB,
    IDENTITIES,
    alice,
    sign,
    verify,
)

from aibom.testing.sigstore import GITHUB_ISSUER, GITLAB_ISSUER

ARC = "1.3.6.1.4.1.57264.1."
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CALLER = "https://github.com/acme/trainer/.github/workflows/train.yml@refs/heads/main"
BUILDER = "acme/builders/.github/workflows/build.yml@refs/tags/v1"


def arcs(certificate):
    """Fulcio's arc → text, decoded as docs/oid-info.md of Fulcio has it."""
    found = {}
    for extension in certificate.extensions:
        dotted = extension.oid.dotted_string
        if dotted.startswith(ARC):
            arc, value = int(dotted.removeprefix(ARC)), extension.value.value
            if arc >= 8:
                assert (value[0], value[1]) == (0x0C, len(value) - 2)
                value = value[2:]
            found[arc] = value.decode()
    return found


def names(certificate):
    extension = certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert extension.critical
    return [name.value for name in extension.value]


GITHUB_ARCS = {
    1: GITHUB_ISSUER,
    2: "workflow_dispatch",
    3: COMMIT,
    4: "train",
    5: "acme/trainer",
    6: "refs/heads/main",
    8: GITHUB_ISSUER,
    9: f"https://github.com/{BUILDER}",
    10: "f" * 40,
    11: "self-hosted",
    12: "https://github.com/acme/trainer",
    13: COMMIT,
    14: "refs/heads/main",
    15: "42",
    16: "https://github.com/acme",
    17: "7",
    18: CALLER,
    19: COMMIT,
    20: "workflow_dispatch",
    21: "https://github.com/acme/trainer/actions/runs/99/attempts/2",
    22: "private",
}
GITHUB_CLAIMS = {
    "event_name": "workflow_dispatch",
    "sha": COMMIT,
    "workflow_sha": COMMIT,
    "job_workflow_ref": BUILDER,
    "job_workflow_sha": "f" * 40,
    "runner_environment": "self-hosted",
    "repository_id": "42",
    "repository_owner_id": "7",
    "run_id": "99",
    "run_attempt": "2",
    "repository_visibility": "private",
}

GITLAB_ARCS = {
    1: GITLAB_ISSUER,
    8: GITLAB_ISSUER,
    9: GITLAB_JOB,
    10: COMMIT,
    11: "gitlab-hosted",
    12: "https://gitlab.com/acme/trainer",
    13: COMMIT,
    14: "refs/heads/main",
    15: "42",
    16: "https://gitlab.com/acme",
    17: "7",
    18: GITLAB_JOB,
    19: COMMIT,
    20: "push",
    21: "https://gitlab.com/acme/trainer/-/jobs/99",
    22: "public",
}
GITLAB_CLAIMS = {
    "sha": COMMIT,
    "ci_config_sha": COMMIT,
    "project_id": "42",
    "namespace_id": "7",
    "job_id": "99",
}


def test_the_certificate_of_a_github_job(local_sigstore):
    token = local_sigstore.github_token(claims=GITHUB_CLAIMS)
    certificate = sign(local_sigstore, token=token).signing_certificate
    assert names(certificate) == [f"https://github.com/{BUILDER}"]
    assert arcs(certificate) == GITHUB_ARCS


def test_the_certificate_of_a_gitlab_job(local_sigstore):
    token = local_sigstore.gitlab_token(claims=GITLAB_CLAIMS)
    certificate = sign(local_sigstore, token=token).signing_certificate
    assert names(certificate) == [GITLAB_JOB]
    assert arcs(certificate) == GITLAB_ARCS


def test_the_certificate_of_a_tag(local_sigstore):
    token = local_sigstore.gitlab_token(claims={"ref": "v1", "ref_type": "tag"})
    certificate = sign(local_sigstore, token=token).signing_certificate
    assert arcs(certificate)[14] == "refs/tags/v1"


def test_the_certificate_of_a_person(local_sigstore):
    certificate = sign(local_sigstore).signing_certificate
    assert names(certificate) == [ALICE]
    assert arcs(certificate) == {1: local_sigstore.url, 8: local_sigstore.url}


@pytest.mark.parametrize("identity", IDENTITIES)
def test_the_profile_of_every_leaf(local_sigstore, identity):
    token, _ = IDENTITIES[identity]
    certificate = sign(local_sigstore, token=token(local_sigstore)).signing_certificate
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    promises = certificate.extensions.get_extension_for_class(
        x509.PrecertificateSignedCertificateTimestamps
    )
    assert life == timedelta(minutes=10)
    assert list(certificate.subject) == []
    assert (usage.critical, usage.value.digital_signature) == (True, True)
    assert list(purposes.value) == [x509.ExtendedKeyUsageOID.CODE_SIGNING]
    assert len(list(promises.value)) == 1


#: sigstore-python's own policies read the same arcs.
POLICIES = [
    sigstore_policy.GitHubWorkflowTrigger("workflow_dispatch"),
    sigstore_policy.GitHubWorkflowSHA(COMMIT),
    sigstore_policy.GitHubWorkflowName("train"),
    sigstore_policy.GitHubWorkflowRepository("acme/trainer"),
    sigstore_policy.GitHubWorkflowRef("refs/heads/main"),
    sigstore_policy.OIDCIssuerV2(GITHUB_ISSUER),
    sigstore_policy.OIDCBuildSignerURI(f"https://github.com/{BUILDER}"),
    sigstore_policy.OIDCRunnerEnvironment("self-hosted"),
    sigstore_policy.OIDCSourceRepositoryURI("https://github.com/acme/trainer"),
    sigstore_policy.OIDCSourceRepositoryRef("refs/heads/main"),
    sigstore_policy.OIDCBuildConfigURI(CALLER),
    sigstore_policy.OIDCSourceRepositoryVisibility("private"),
]


def test_sigstores_policies_agree(local_sigstore):
    token = local_sigstore.github_token(claims=GITHUB_CLAIMS)
    bundle = sign(local_sigstore, token=token)
    verify(local_sigstore, bundle, sigstore_policy.AllOf(POLICIES))


def test_a_github_job_finds_its_token(local_sigstore, monkeypatch):
    job = local_sigstore.github_token(repository="acme/other", workflow="x.yaml")
    for name, value in local_sigstore.github_environment(job).items():
        monkeypatch.setenv(name, value)
    bundle = sign(local_sigstore, token=detect_credential())
    signer = "https://github.com/acme/other/.github/workflows/x.yaml@refs/heads/main"
    policy = sigstore_policy.Identity(identity=signer, issuer=GITHUB_ISSUER)
    verify(local_sigstore, bundle, policy)


def test_a_github_job_asks_for_its_audience(local_sigstore, monkeypatch):
    for name, value in local_sigstore.github_environment().items():
        monkeypatch.setenv(name, value)
    elsewhere = detect_credential("elsewhere")
    with pytest.raises(IdentityError):
        sign(local_sigstore, token=elsewhere)


def test_a_github_job_that_asks_for_no_audience(local_sigstore):
    job = local_sigstore.github_environment()
    bearer = {"Authorization": f"bearer {job['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    url = job["ACTIONS_ID_TOKEN_REQUEST_URL"]
    token = requests.get(url, headers=bearer, timeout=60).json()["value"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == "https://github.com/acme"


def test_a_github_job_with_a_wrong_secret(local_sigstore, monkeypatch):
    for name, value in local_sigstore.github_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "guessed")
    with pytest.raises(IdentityError, match="code=401"):
        detect_credential()


def test_a_github_job_without_permission(local_sigstore, monkeypatch):
    for name, value in local_sigstore.github_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    with pytest.raises(IdentityError, match="permissions"):
        detect_credential()


def test_a_gitlab_job_finds_its_token(local_sigstore, monkeypatch):
    for name, value in local_sigstore.gitlab_environment().items():
        monkeypatch.setenv(name, value)
    bundle = sign(local_sigstore, token=detect_credential())
    policy = sigstore_policy.Identity(identity=GITLAB_JOB, issuer=GITLAB_ISSUER)
    verify(local_sigstore, bundle, policy)


def test_the_same_job_has_the_same_claims(local_sigstore):
    first, second = (
        arcs(
            sign(
                local_sigstore, token=local_sigstore.github_token()
            ).signing_certificate
        )
        for _ in range(2)
    )
    assert first == second
    assert first[9] == GITHUB_JOB


class Browser:
    """Follows redirects, in a thread of its own, as a browser does."""

    def __init__(self):
        self.threads = []

    def open(self, url):
        thread = threading.Thread(
            target=requests.get, args=(url,), kwargs={"timeout": 9}
        )
        self.threads.append(thread)
        thread.start()
        return True


# sigstore-python leaves the socket open on which it waits for the browser.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_person_logs_in_through_a_browser(local_sigstore, monkeypatch):
    browser = Browser()
    monkeypatch.setattr(webbrowser, "open", browser.open)
    token = Issuer(local_sigstore.url).identity_token()
    for thread in browser.threads:
        thread.join(60)
    assert token.identity == "user@example.org"
    bundle = sign(local_sigstore, token=str(token))
    policy = sigstore_policy.Identity(
        identity="user@example.org", issuer=local_sigstore.url
    )
    verify(local_sigstore, bundle, policy)
    with pytest.raises(Exception, match="SANs"):
        verify(local_sigstore, bundle, alice(local_sigstore))
