from __future__ import annotations

from pathlib import Path

import pytest

from aibom.errors import UsageError
from aibom.recording.reference import (
    InputRef,
    OutputRef,
    PartyRef,
    agreed_revision,
    source_revision,
)

PURL = "pkg:huggingface/acme/base@4f0c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data=d.csv", InputRef("data", Path("d.csv"))),
        (f"data=d,source={PURL}", InputRef("data", Path("d"), source=PURL)),
        (
            f"data=d,name=N,kind=dataset,source={PURL}",
            InputRef("data", Path("d"), PURL, "N", "dataset"),
        ),
        ("data=a,b.csv", InputRef("data", Path("a,b.csv"))),
        ("data=a=b", InputRef("data", Path("a=b"))),
        (
            "data=d,source=pkg:generic/x@1?checksum=sha1:ab,sha256=cd,name=N",
            InputRef(
                "data",
                Path("d"),
                "pkg:generic/x@1?checksum=sha1:ab,sha256=cd",
                "N",
            ),
        ),
    ],
    ids=["path", "source", "all", "comma", "equals", "purl-with-commas"],
)
def test_inputs(text: str, expected: InputRef, tmp_path: Path) -> None:
    assert InputRef.parse(text) == expected


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "name", ["d,name=x", "d,nmae=x", "d,source=hf", "hf:a", "a=b,c"]
)
def test_a_path_that_exists_is_a_path_whatever_it_looks_like(name: str) -> None:
    Path(name).write_text("bytes")
    assert InputRef.parse(f"data={name}") == InputRef("data", Path(name))
    assert InputRef.parse(f"data={name},name=N") == InputRef(
        "data", Path(name), name="N"
    )
    assert OutputRef.parse(name) == OutputRef(Path(name))


def test_outputs_and_parties() -> None:
    assert OutputRef.parse("out,name=M,kind=model") == OutputRef(
        Path("out"), "M", "model"
    )
    assert PartyRef.parse("labeler=org:A=B") == PartyRef("labeler", "org:A=B")


@pytest.mark.parametrize(
    "path",
    [
        "hf:acme/base@4f0c",
        "hf:datasets/acme/d",
        "dvc:train",
        "mlflow:models/x",
        "sha256:" + "a" * 64,
        PURL,
        "https://example.com/x",
        "s3://bucket/x",
        f"hf:acme/base,source={PURL}",
    ],
)
def test_a_reference_elsewhere_must_be_fetched_first(path: str) -> None:
    with pytest.raises(UsageError) as refused:
        InputRef.parse(f"base-model={path}")
    assert refused.value.reason == "reference-not-local"
    assert "fetch it first" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("d.csv", "reference-malformed"),
        ("=d.csv", "reference-malformed"),
        ("data=", "reference-malformed"),
        ("data=,name=x", "reference-malformed"),
        ("data=d,name=", "reference-malformed"),
        ("data=d,name=a,name=b", "reference-malformed"),
        ("data=d,sorce=x", "reference-option-unknown"),
        (f"data=d,source={PURL},nmae=x", "reference-option-unknown"),
        ("data=d,name=a,knd=b", "reference-option-unknown"),
        ("data=d,source=acme/base@1", "source-not-purl"),
        ("data=d,source=pkg:huggingface", "source-not-purl"),
        ("data=d,source=pkg:a/b c", "source-not-purl"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as refused:
        InputRef.parse(text)
    assert refused.value.reason == reason
    assert refused.value.hint


def test_an_output_comes_from_the_step_and_from_nowhere_else() -> None:
    with pytest.raises(UsageError, match="unknown option 'source'"):
        OutputRef.parse(f"out,source={PURL}")


@pytest.mark.parametrize(
    ("source", "revision"),
    [
        ("pkg:huggingface/acme/base@4f0c", "4f0c"),
        ("pkg:huggingface/acme/base@4f0c?x=a@b#c@d", "4f0c"),
        ("pkg:huggingface/acme/base", None),
        ("pkg:huggingface/acme/base@", None),
        ("pkg:npm/%40scope/name@1.0", "1.0"),
        ("pkg:npm/@scope/name", None),
        ("pkg:generic/a@refs%2Fpr%2F1", "refs/pr/1"),
    ],
)
def test_the_revision_is_what_the_purl_says(source: str, revision: str | None) -> None:
    assert source_revision(source) == revision


def test_a_revision_beside_the_source_must_agree() -> None:
    assert agreed_revision(PURL, "4f0c") == "4f0c"
    assert agreed_revision(None, "abc") == "abc"
    assert agreed_revision(None, None) is None
    with pytest.raises(UsageError) as refused:
        agreed_revision(PURL, "main")
    assert refused.value.reason == "revision-contradicts-source"
