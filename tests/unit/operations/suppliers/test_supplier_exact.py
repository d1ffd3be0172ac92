"""Exact values: when two mean the same, and what is none."""

from __future__ import annotations

import pytest

from aibom.operations.suppliers.exact import (
    Named,
    hex_ids,
    is_one_organisation,
    is_same,
    named_in,
    wrong_with,
)

A, B, COMMIT = "a" * 64, "b" * 64, "c" * 40
BYTES, PINNED = "model-supply-chain.exact-bytes", "model-supply-chain.pinned"
MODELS, SOURCES = "model-supply-chain.base-models", "data-provenance.sources"
LICENCE, SUPPLIER = "licences.terms", "identity.supplier"

SAME: dict[str, tuple[str, str, str, bool]] = {
    "a digest in capitals": (BYTES, f"SHA256:{A.upper()}", f"sha256:{A}", True),
    "a digest without its prefix": (BYTES, A, f"tree-sha256:{A}", True),
    "of a file and of a folder": (BYTES, f"sha256:{A}", f"tree-sha256:{A}", False),
    "two digests": (BYTES, A, B, False),
    "the beginning of a commit": (PINNED, COMMIT[:7], COMMIT, True),
    "too little of a commit": (PINNED, COMMIT[:6], COMMIT, False),
    "a long id that begins with a commit": (PINNED, COMMIT, COMMIT + "0" * 24, False),
    "a digit more than a commit": (PINNED, COMMIT, COMMIT + "0", False),
    "nearly all of a commit": (PINNED, COMMIT[:39], COMMIT, True),
    "the beginning of a long id": (PINNED, A[:39], A, True),
    "a commit in capitals": (PINNED, COMMIT.upper(), COMMIT, True),
    "a name and a commit": (PINNED, "main", COMMIT, False),
    "a licence in another order": (
        LICENCE,
        "MIT OR (A AND B)",
        "(b AND a) OR mit",
        True,
    ),
    "and is not or": (LICENCE, "MIT OR Zlib", "MIT AND Zlib", False),
    "no expressions": (LICENCE, "Our  Terms!", "our terms!", True),
    "a package url at two revisions": (SOURCES, "pkg:a/b/c@1", "pkg:a/b/c@2", False),
    "one without a revision": (SOURCES, "pkg:a/b/c", "pkg:a/b/c@2", True),
    "from another registry": (
        SOURCES,
        "pkg:a/b/c?repository_url=https://x.example",
        "pkg:a/b/c",
        False,
    ),
    "a look-alike": (SOURCES, "pkg:a/b/c", "pkg:a/b/c-evil", False),
    "an address with a slash": (SOURCES, "https://x.example/d/", "x.example/d", True),
    "an address and a package url": (
        SOURCES,
        "https://x.example/d",
        "pkg:a/b/c",
        False,
    ),
    "a legal form": (SUPPLIER, "Acme GmbH", "org:acme", True),
    "a country": (SUPPLIER, "Acme Inc.", "ACME Germany", True),
    "two organisations": (SUPPLIER, "Acme GmbH", "Emca GmbH", False),
    "nothing but a form": (SUPPLIER, "SE", "AG", False),
    "models in another order": (MODELS, "a/b, c/d", "C/D a/b", True),
    "other models": (MODELS, "a/b", "a/b c/d", False),
    "a text": ("identity.version", " 1.2 B", "1.2  b", True),
}


@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_what_means_the_same(case: tuple[str, str, str, bool]) -> None:
    question, one, other, same = case
    assert is_same(question, one, other) is same
    assert is_same(question, other, one) is same


ONE_ORGANISATION: dict[str, tuple[str, str, bool]] = {
    "letter by letter": ("org:Acme", "org:Acme", True),
    "in capitals": ("org:ACME", "org:Acme", True),
    "a legal form": ("org:Acme", "org:Acme GmbH", True),
    "a legal form with points": ("org:Acme, Inc.", "org:Acme inc", True),
    "two legal forms": ("org:Acme AG", "org:Acme GmbH", False),
    "one word of it": ("org:AI", "org:Meta AI", False),
    "the first word": ("org:Acme", "org:Acme Germany", False),
    "another order": ("org:Data Acme", "org:Acme Data", False),
    "other signs": ("org:X.ai", "org:Xai", False),
    "a form within": ("org:Co Op", "org:Op", False),
    "nothing but a form": ("org:SE", "org:AG", False),
    "no words": ("org:!", "org:?", False),
    "nobody": ("", "org:Acme", False),
}


@pytest.mark.parametrize("case", ONE_ORGANISATION.values(), ids=ONE_ORGANISATION)
def test_who_is_one_organisation(case: tuple[str, str, bool]) -> None:
    one, other, same = case
    assert is_one_organisation(one, other) is same
    assert is_one_organisation(other, one) is same


WRONG: dict[str, tuple[str, str, str | None]] = {
    "a digest": (BYTES, f"sha256:{A}", None),
    "a digest of a folder": (BYTES, f" tree-sha256:{A.upper()} ", None),
    "a digit too few": (BYTES, A[1:], "it has 63"),
    "another letter": (BYTES, f"sha256:{A[1:]}g", "'g' is no hex digit"),
    "words": (BYTES, "see file", "is not a SHA-256 of 64 hex digits"),
    "a commit": (PINNED, COMMIT, None),
    "a long commit": (PINNED, A, None),
    "a short commit": (PINNED, COMMIT[:7], "it has 7"),
    "a branch": (PINNED, "main", "is not a full commit id of 40 or 64 hex digits"),
    "models": (MODELS, f"a/b@main, sha256:{A} c/d", None),
    "a model's digest": (MODELS, "a/b sha256:ab", "'sha256:ab' is not a SHA-256"),
    "whatever else": ("identity.version", "one", None),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_is_no_exact_value(case: tuple[str, str, str | None]) -> None:
    question, text, told = case
    found = wrong_with(question, text)
    assert (found is None) is (told is None)
    assert told is None or told in str(found)


NAMES: dict[str, tuple[str, tuple[Named, ...]]] = {
    "none": (" None ", ()),
    "a name": ("Acme/Base", (Named("Acme/Base", name="acme/base"),)),
    "a revision": ("a/b@main", (Named("a/b@main", name="a/b", revision="main"),)),
    "a scope is no revision": ("@x/b", (Named("@x/b", name="@x/b"),)),
    "a revision with a scope": (
        "@x/b@1",
        (Named("@x/b@1", name="@x/b", revision="1"),),
    ),
    "qualifiers": ("pkg:a/b@1?x=y#z", (Named("pkg:a/b@1?x=y#z", "pkg:a/b", "1"),)),
    "a digest": (f"sha256:{A}", (Named(f"sha256:{A}", digest=f"sha256:{A}"),)),
    "a name with a digest": (
        f"a/b@sha256:{A}",
        (Named(f"a/b@sha256:{A}", "a/b", "", f"sha256:{A}"),),
    ),
}


@pytest.mark.parametrize(("text", "named"), NAMES.values(), ids=NAMES)
def test_what_a_list_names(text: str, named: tuple[Named, ...]) -> None:
    assert named_in(text) == named


def test_whole_ids_in_a_text() -> None:
    text = f"At {COMMIT}, not {A[:50]}; sha256:{B} (again {COMMIT}), x{A}, {A}1."
    assert hex_ids(text) == (COMMIT, f"sha256:{B}")
