"""Which source a reference is answered by."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aibom.errors import InputError
from aibom.sources.opening import open_source
from aibom.sources.reference import Reference
from aibom.testing.hub import LocalHub

OPENED = {
    "hub": ("hf:acme/base", False, "HubSource"),
    "dataset": ("hf:datasets/acme/base@v1", False, "HubSource"),
    "hub-offline": ("hf:acme/base", True, "CachedHub"),
    "folder": ("./model", False, "FolderSource"),
    "folder-offline": ("./model", True, "FolderSource"),
    "url": ("memory://bucket/model", False, "ObjectSource"),
}


@pytest.mark.parametrize(("text", "offline", "kind"), OPENED.values(), ids=OPENED)
def test_sources(text: str, offline: bool, kind: str) -> None:
    source = open_source(Reference.parse(text), offline=offline, token="")

    assert type(source).__name__ == kind


def test_a_url_has_no_cache() -> None:
    with pytest.raises(InputError) as caught:
        open_source(Reference.parse("s3://bucket/model"), offline=True)

    assert caught.value.reason == "source-not-cached"


def test_endpoint_and_token_reach_the_hub() -> None:
    with LocalHub() as hub:
        hub.tokens.add("hf_token")
        commit = hub.model("acme/base").commit({"config.json": b"{}"})
        reference = Reference.parse("hf:acme/base")

        source = open_source(reference, endpoint=hub.url, token="hf_token")
        resolved = source.resolve(reference)

        assert (resolved.commit, resolved.mode) == (commit, "online")
        assert {h.get("authorization") for _, _, h in hub.requests} == {
            "Bearer hf_token"
        }


PROGRAM = """
from aibom.errors import AibomError
from aibom.sources.opening import open_source
from aibom.sources.reference import Reference
reference = Reference.parse("hf:acme/base")
source = open_source(reference)
print(type(source).__name__)
try:
    print(source.resolve(reference).commit)
except AibomError as error:
    print(error.reason)
"""
CONFIGURE = """
import huggingface_hub
if hasattr(huggingface_hub, "set_client_factory"):
    from huggingface_hub.utils import httpx
    huggingface_hub.set_client_factory(lambda: httpx.Client(headers={"x-ours": "yes"}))
else:
    import requests
    def session():
        made = requests.Session()
        made.headers["x-ours"] = "yes"
        return made
    huggingface_hub.configure_http_backend(session)
"""


def run(program: str = PROGRAM, **environment: str) -> list[str]:
    """Start the client anew: it reads its settings when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | environment,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_the_client_set_to_offline_is_offline(tmp_path: Path) -> None:
    said = run(HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path))

    assert said == ["CachedHub", "source-not-cached"]


def test_the_settings_of_users_hold_and_nothing_is_printed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hf_of_a_file\n")
    with LocalHub() as hub:
        hub.tokens.add("hf_of_a_file")
        commit = hub.model("acme/base").commit({"config.json": b"{}"})

        said = run(HF_ENDPOINT=hub.url, HF_HOME=str(tmp_path))

        assert said == ["HubSource", commit]
        assert {h.get("authorization") for _, _, h in hub.requests} == {
            "Bearer hf_of_a_file"
        }


def test_the_session_is_the_one_that_users_configured(tmp_path: Path) -> None:
    with LocalHub() as hub:
        hub.model("acme/base").commit({"config.json": b"{}"})

        run(CONFIGURE + PROGRAM, HF_ENDPOINT=hub.url, HF_HOME=str(tmp_path))

        assert {h.get("x-ours") for _, _, h in hub.requests} == {"yes"}


def test_failures_print_nothing_either(tmp_path: Path) -> None:
    with LocalHub() as hub:
        said = run(HF_ENDPOINT=hub.url, HF_HOME=str(tmp_path), HF_TOKEN="hf_wrong")

    assert said == ["HubSource", "source-unauthorized"]
