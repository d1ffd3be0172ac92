from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.errors import UsageError
from aibom.recording.redact import REDACTED, Redactor, is_secret_name

SECRET = "hunter2-Zx9"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

KNOWN = {
    "hugging-face": "hf_AbCdEfGhIjKlMnOpQrStUv",
    "hugging-face-short": "hf_abc12345",
    "github-classic": "ghp_0123456789abcdef",
    "github-oauth": "gho_0123456789abcdef",
    "github-fine-grained": "github_pat_11ABCDEFG_0123456789",
    "gitlab": "glpat-0123456789_-abcd",
    "openai": "sk-proj-0123456789abcdef",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "slack": "xoxb-0123456789-abc",
    "jwt": JWT,
    "pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nabc\n-----END RSA PRIVATE KEY-----",
    "pem-cut-off": "-----BEGIN PRIVATE KEY-----\nMIIB",
}

NAMED = {
    "option": ["--token", SECRET],
    "option-single-dash": ["-token", SECRET],
    "option-with-prefix": ["--hf-token", SECRET],
    "option-equals": [f"--api-key={SECRET}"],
    "option-with-space-in-value": ["--password", f"two words {SECRET}"],
    "option-value-looks-like-a-number": ["--passwd", "-" + SECRET],
    "assignment": [f"HF_TOKEN={SECRET}"],
    "assignment-with-spaces": [f"DB_PASSWORD=a b {SECRET}"],
    "hydra": [f"+model.private_key={SECRET}"],
    "shell": [f"export AWS_SECRET_ACCESS_KEY={SECRET}; python train.py"],
    "shell-option": [f"curl --auth {SECRET} host"],
    "shell-quoted": [f"PASSWORD='a {SECRET}' python"],
    "shell-open-quote": [f'PASSWORD="a {SECRET}'],
    "shell-comma": [f"run PASSWORD=a,{SECRET} x"],
    "json": [f'{{"api_key": "{SECRET}", "lr": 1}}'],
    "json-escaped": [f'{{"password": "a\\"{SECRET}"}}'],
    "json-list": [f'["--token", "{SECRET}"]'],
    "python": [f"import os; os.environ['HF_TOKEN'] = '{SECRET}'"],
    "python-default": [f'os.environ.setdefault("HF_TOKEN","{SECRET}")'],
    "python-keyword": [f"login(token='{SECRET}')"],
    "docker": ["docker", "run", f"-eHF_TOKEN={SECRET}"],
    "yaml": [f"credential: {SECRET}"],
    "header-bearer": [f"Authorization: Bearer {SECRET}"],
    "header-other": [f"X-Auth-Key: {SECRET}"],
    "header-cookie": [f"Cookie: a=b; id={SECRET}"],
    "header-scheme": [f'-H "authorization: Negotiate {SECRET}"'],
    "bearer-alone": [f"Bearer {SECRET}"],
    "basic": ["Basic dXNlcjpodW50ZXIyLVp4OQ=="],
    "basic-without-padding": ["Basic dXNlcjpodW50ZXIyLVp4OQ"],
    "url-user": [f"https://user:{SECRET}@host/x"],
    "url-user-with-at": [f"https://user:a@{SECRET}@host/x"],
    "url-token-only": [f"https://{SECRET}@host/x"],
    "url-query": [f"https://host/x?a=1&access_key={SECRET}&b=2"],
    "url-signature": [f"https://host/x?X-Amz-Signature={SECRET}"],
    "url-in-purl": [f"pkg:g/a@1?repository_url=https%3A%2F%2Fu%3A{SECRET}%40host"],
}


@pytest.mark.parametrize("secret", KNOWN.values(), ids=KNOWN)
@pytest.mark.parametrize("around", ["{}", "a {} b", "x={}", "'{}'", "https://h/{}/y"])
def test_text_in_the_form_of_a_credential_goes(secret: str, around: str) -> None:
    redacted = Redactor().text(around.format(secret))
    assert secret not in redacted
    assert REDACTED in redacted
    assert "MIIB" not in redacted


@pytest.mark.parametrize("argv", NAMED.values(), ids=NAMED)
def test_a_value_goes_when_its_name_says_secret(argv: list[str]) -> None:
    redacted = Redactor().arguments(["python", *argv, "--epochs", "3"])
    assert SECRET not in " ".join(redacted)
    assert "dXNlcjpo" not in " ".join(redacted)
    assert redacted[0] == "python"
    assert redacted[-2:] == ["--epochs", "3"]
    assert len(redacted) == len(argv) + 3


@pytest.mark.parametrize(
    "argv",
    [
        ["python", "train.py", "--tokenizer", "acme/base", "--max-tokens", "512"],
        ["--max_new_tokens=64", "pad_token_id=0", "--author", "--lr=2e-5"],
        ["a basic training of hf_transfer", "https://host:8080/x@4f0c", "sk-learn"],
        ["data/a=b,c", "", "--", "git@host:org/repo", "Bearer of news"],
        ["token", "secret.txt"],
    ],
)
def test_ordinary_arguments_stay(argv: list[str]) -> None:
    assert Redactor().arguments(argv) == argv


def test_an_option_behind_a_flag_that_says_secret_stays() -> None:
    argv = ["--use-auth-token", "--epochs", "3"]
    assert Redactor().arguments(argv) == argv


def test_the_rest_of_an_argument_stays() -> None:
    text = Redactor().text(f"https://u:{SECRET}@host/data?rev=1")
    assert text == f"https://{REDACTED}@host/data?rev=1"


@pytest.mark.parametrize(
    "text",
    ["{}", "x{}y", "{}{}", "--lr={}", "/data/{}/x", "{}@host", '{{"k": "{}"}}'],
)
def test_a_named_secret_goes_wherever_it_stands(text: str) -> None:
    redactor = Redactor.of([SECRET], {})
    assert SECRET not in redactor.text(text.format(SECRET, SECRET))


def test_a_named_secret_goes_url_encoded_and_json_escaped() -> None:
    redactor = Redactor.of(['p/ä "w', "env:PIN"], {"PIN": "a+b c"})
    text = redactor.text(r'x?k=p%2F%C3%A4%20%22w&l=a%2Bb+c {"k": "p/\u00e4 \"w"}')
    assert text == f'x?k={REDACTED}&l={REDACTED} {{"k": "{REDACTED}"}}'


def test_a_secret_that_was_read_with_its_newline_goes_without() -> None:
    redactor = Redactor.of(["env:PIN"], {"PIN": f"{SECRET}\n"})
    assert redactor.text(f"run {SECRET} now") == f"run {REDACTED} now"


def test_overlapping_secrets_leave_no_remainder() -> None:
    redactor = Redactor.of(["abcd", "cdefgh", "abcd-long"], {})
    assert redactor.text("1 abcdefgh 2") == f"1 {REDACTED} 2"
    assert redactor.text("abcd-long") == REDACTED


def test_a_secret_in_the_environment_goes_unasked() -> None:
    environ = {"HF_TOKEN": "plain-words-here", "API_KEY": "short", "USER": "annabelle"}
    redactor = Redactor.of([], environ)
    assert redactor.text("plain-words-here short annabelle") == (
        f"{REDACTED} short annabelle"
    )


def test_values_go_by_name() -> None:
    assert Redactor().value("HF_TOKEN", "x") == REDACTED
    assert Redactor().value("RANK", "0") == "0"


@pytest.mark.parametrize(
    ("item", "reason"),
    [("env:NOT_SET", "secret-unset"), ("", "secret-empty"), ("env:E", "secret-empty")],
)
def test_a_secret_that_is_none_is_refused(item: str, reason: str) -> None:
    with pytest.raises(UsageError) as refused:
        Redactor.of([item], {"E": ""})
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("hfToken", True),
        ("X_PRIVATE_KEY", True),
        ("OAUTH", True),
        ("Authorization", True),
        ("tokenizer", False),
        ("TOKENIZERS_PARALLELISM", False),
        ("author", False),
        ("design", False),
    ],
)
def test_secret_names(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


def test_text_that_is_not_unicode_becomes_unicode() -> None:
    text = Redactor().text(b"a\xff".decode("utf-8", "surrogateescape"))
    assert text == "a\\udcff"


@pytest.mark.parametrize(
    "unit",
    ["token", "sk-", "eyJ", "a", "://", "--token ", "auth'", "%3A%2F%2F", "-", "hf_"],
)
def test_a_huge_argument_takes_no_quadratic_time(unit: str) -> None:
    before = time.process_time()
    Redactor.of([SECRET], {}).arguments([unit * (128 * 1024 // len(unit))])
    assert time.process_time() - before < 5


@given(
    st.lists(st.text(min_size=4, max_size=12), min_size=1, max_size=4),
    st.lists(st.text(max_size=20), max_size=4),
)
def test_no_named_secret_survives(secrets: list[str], parts: list[str]) -> None:
    text = "".join(part + secret for part, secret in zip(parts, secrets, strict=False))
    redacted = Redactor.of(secrets, {}).text(text)
    for secret in secrets:
        assert secret not in redacted.replace(REDACTED, "\0")
