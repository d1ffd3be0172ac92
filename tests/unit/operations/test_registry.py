"""Which addresses are the public hub: entries without ``repository_url`` mean that."""

from __future__ import annotations

import pytest
from hub_world import COMMIT

from aibom.operations.importing.resolve import Resolution
from aibom.operations.scanning.source_facts import is_registry, source_urls
from aibom.sources.reference import Reference
from aibom.sources.remote import Resolved

PLAIN = f"pkg:huggingface/acme/bert@{COMMIT}"

HOME = (
    "https://huggingface.co",
    "https://huggingface.co/",
    "https://huggingface.co:443",
    "https://HuggingFace.co",
    "https://hf.co",
)
#: address → the one that its package URLs name
ELSEWHERE = {
    "http://huggingface.co": "http://huggingface.co",
    "https://huggingface.co:8443": "https://huggingface.co:8443",
    "http://huggingface.co:443": "http://huggingface.co:443",
    "https://huggingface.co/proxy/of/eve": "https://huggingface.co/proxy/of/eve",
    "https://huggingface.co.": "https://huggingface.co.",
    "https://huggingface.co@eve.example": "https://eve.example",
    "https://eve.example/huggingface.co": "https://eve.example/huggingface.co",
}


def at(where: str) -> Resolved:
    reference = Reference.parse(f"hf:acme/bert@{COMMIT}")
    return Resolved(reference, (), "online", where, "acme/bert", COMMIT)


@pytest.mark.parametrize("where", HOME)
def test_the_public_hub(where: str) -> None:
    assert is_registry(where)
    assert source_urls(at(where)) == (PLAIN,)
    line = Resolution(at(where), (), (), ()).fetch_line
    assert "--endpoint" not in line


@pytest.mark.parametrize(("where", "named"), ELSEWHERE.items(), ids=ELSEWHERE)
def test_anything_else_is_somebodys_proxy(where: str, named: str) -> None:
    assert not is_registry(where)
    (url,) = source_urls(at(where))
    assert url == f"{PLAIN}?repository_url={named}"
    line = Resolution(at(where), (), (), ()).fetch_line
    assert f" --endpoint {where} " in line
