"""Where tokens and trust configs come from, and what happens where nobody answers."""

from __future__ import annotations

import gc
import io
import json
import threading
import urllib.request
import webbrowser

import pytest

from aibom.attest.keyless_source import (
    ambient_token,
    browser_token,
    public_trust_config,
    read_trust_config,
)
from aibom.attest.keyless_token import check_token
from aibom.errors import AibomError, InputError
from aibom.testing.sigstore import LocalSigstore

#: A bound that no machine reaches; what is tested is that there is one.
FOREVER = 60.0

#: sigstore-python leaves sockets of a login open; `collected` has them end here.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def collected():
    yield
    gc.collect()


@pytest.fixture
def sigstore():
    with LocalSigstore(user="anne@acme.example") as served:
        yield served


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A home that is not there; the tests' own network guard refuses the rest."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    return tmp_path


# ── trust configs ────────────────────


def test_the_public_instance_is_known_without_asking_anybody(nowhere):
    from sigstore.models import ClientTrustConfig

    config = ClientTrustConfig.from_json(public_trust_config())
    assert config.signing_config.get_oidc_url() == "https://oauth2.sigstore.dev/auth"
    assert config.signing_config.get_fulcio().url.startswith("https://fulcio.")
    assert config.signing_config.get_tlogs()
    assert config.trusted_root.get_fulcio_certs()
    assert list(nowhere.iterdir()) == []


def test_what_we_make_is_what_we_take(sigstore):
    for text in (public_trust_config(), sigstore.trust_config()):
        assert read_trust_config(text.encode(), "c.json") == text


NO_CONFIGS = {
    "nothing": b"",
    "no JSON": b"sigstore",
    "no object": b"[]",
    "another document": b'{"mediaType": "application/json"}',
    "no UTF-8": '{"mediaType": "ü"}'.encode("utf-16"),
    "a key twice": b'{"mediaType": 1, "mediaType": 2}',
    "too deep": b"[" * 5000,
}


@pytest.mark.parametrize("data", NO_CONFIGS.values(), ids=NO_CONFIGS)
def test_what_is_no_trust_config(data):
    with pytest.raises(InputError) as refused:
        read_trust_config(data, "c.json")
    assert refused.value.reason == "trust-config-invalid"
    assert refused.value.where == "c.json"
    assert "--sigstore public" in refused.value.hint


@pytest.mark.parametrize("part", ["signingConfig", "trustedRoot"])
def test_half_a_trust_config(sigstore, part):
    document = json.loads(sigstore.trust_config())
    del document[part]
    with pytest.raises(InputError) as refused:
        read_trust_config(json.dumps(document).encode(), "c.json")
    assert refused.value.reason == "trust-config-invalid"


# ── the token of a job ────────────────────


def test_outside_of_a_job_there_is_none():
    assert ambient_token() is None


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_a_job_has_one(sigstore, monkeypatch, kind):
    environment = getattr(sigstore, f"{kind}_environment")()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    from datetime import UTC, datetime

    claims = check_token(ambient_token(), datetime.now(UTC))
    assert kind in claims.issuer


#: name → what the job's environment lacks or has
JOBS = {
    "may not": {"GITHUB_ACTIONS": "true"},
    "no such server": {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/token?x=1",
    },
    "GitLab without": {"GITLAB_CI": "true"},
}


@pytest.mark.parametrize("environment", JOBS.values(), ids=JOBS)
def test_a_job_that_may_not_have_one(monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as refused:
        ambient_token()
    assert refused.value.reason == "token-unavailable"
    assert "secret" not in str(refused.value)
    assert "id-token: write" in refused.value.hint


def test_a_job_whose_server_refuses(sigstore, monkeypatch):
    for name, value in sigstore.github_environment().items():
        monkeypatch.setenv(name, value)
    sigstore.fail("GET", "status", status=403, times=None)
    with pytest.raises(InputError) as refused:
        ambient_token()
    assert refused.value.reason == "token-unavailable"


# ── the token of a person ────────────────────


def browser(answer):
    """A browser that is there, and does with an address what ``answer`` does."""

    def open_(url: str) -> bool:
        threading.Thread(target=answer, args=(url,), daemon=True).start()
        return True

    return open_


def follow(url: str) -> None:
    with urllib.request.urlopen(url) as page:
        page.read()


def test_a_person_logs_in(sigstore, monkeypatch, capsys):
    monkeypatch.setattr(webbrowser, "open", browser(follow))
    from datetime import UTC, datetime

    token = browser_token(sigstore.trust_config(), FOREVER)
    assert check_token(token, datetime.now(UTC)).issuer == sigstore.url
    out, err = capsys.readouterr()
    assert out == ""
    assert "browser" in err
    assert token not in err


def causes(error):
    """What an error was raised from, and what that was raised from."""
    while error is not None:
        yield f"{type(error).__name__}: {error}"
        error = error.__cause__ or error.__context__


def test_a_person_who_does_not_come_is_not_waited_for_for_ever(sigstore, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", browser(lambda _: None))
    threads = threading.active_count()
    with pytest.raises(InputError) as refused:
        browser_token(sigstore.trust_config(), 3.0)
    assert refused.value.reason == "token-unavailable"
    assert "TimeoutError: no answer within 3 seconds" in causes(refused.value)
    # Its own small server is gone too, or the program would not end.
    assert threading.active_count() <= threads + 1


def test_nothing_rings_later(sigstore, monkeypatch):
    import signal

    monkeypatch.setattr(webbrowser, "open", browser(follow))
    before = signal.getsignal(signal.SIGALRM)
    browser_token(sigstore.trust_config(), FOREVER)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_from_another_thread_too(sigstore, monkeypatch):
    """Where there are no alarms, a person is waited for all the same."""
    monkeypatch.setattr(webbrowser, "open", browser(follow))
    found = []
    worker = threading.Thread(
        target=lambda: found.append(browser_token(sigstore.trust_config(), FOREVER))
    )
    worker.start()
    worker.join()
    assert len(found) == 1


def test_no_browser_and_nobody_to_type_a_code(sigstore, monkeypatch, capsys):
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(InputError) as refused:
        browser_token(sigstore.trust_config(), FOREVER)
    assert refused.value.reason == "token-unavailable"
    out, err = capsys.readouterr()
    # stdout is data; a question in it would be lost, or worse, read.
    assert out == ""
    assert "Go to the following link" in err


#: name → how the answers of the issuer go wrong
ISSUERS = {
    "nobody is there": ("openid-configuration", "drop", {}),
    "in trouble": ("openid-configuration", "status", {}),
    "a page": ("openid-configuration", "html", {}),
    "half an answer": ("openid-configuration", "truncated", {}),
    "no token": ("token", "status", {"status": 400}),
    "a page for a token": ("token", "html", {}),
}


@pytest.mark.parametrize(("what", "kind", "how"), ISSUERS.values(), ids=ISSUERS)
def test_an_issuer_that_does_not_behave(sigstore, monkeypatch, what, kind, how):
    monkeypatch.setattr(webbrowser, "open", browser(follow))
    sigstore.fail(what, kind, times=None, **how)
    with pytest.raises(InputError) as refused:
        browser_token(sigstore.trust_config(), FOREVER)
    assert refused.value.reason == "token-unavailable"
    assert sigstore.url in refused.value.message


@pytest.mark.parametrize("what", ["openid-configuration", "token"])
def test_an_issuer_that_hangs(sigstore, monkeypatch, what):
    monkeypatch.setattr(webbrowser, "open", browser(follow))
    sigstore.fail(what, "hang", times=None)
    with pytest.raises(InputError) as refused:
        browser_token(sigstore.trust_config(), 2.0)
    assert refused.value.reason == "token-unavailable"
    # Our own bound rang, and not that of sigstore-python, after 30 seconds of silence.
    assert "TimeoutError: no answer within 2 seconds" in causes(refused.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nothing", "file:///etc/passwd"])
def test_an_issuer_that_is_none(sigstore, url):
    document = json.loads(sigstore.trust_config())
    for one in document["signingConfig"]["oidcUrls"]:
        one["url"] = url
    with pytest.raises(AibomError) as refused:
        browser_token(json.dumps(document), FOREVER)
    assert refused.value.reason == "token-unavailable"


CONFIGS = {
    "no config": lambda _: "{}",
    "nobody to log in with": lambda document: json.dumps(
        {
            **document,
            "signingConfig": {**document["signingConfig"], "oidcUrls": []},
        }
    ),
}


@pytest.mark.parametrize("edit", CONFIGS.values(), ids=CONFIGS)
def test_a_config_nobody_can_log_in_with(sigstore, edit):
    with pytest.raises(InputError) as refused:
        browser_token(edit(json.loads(sigstore.trust_config())), FOREVER)
    assert refused.value.reason == "trust-config-invalid"
