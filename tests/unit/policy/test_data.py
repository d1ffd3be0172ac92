"""The verifier's data: refused rather than half understood."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_builders import ANNE, BERT, CARL, COMMIT, STRANGER, digest, sha

from aibom.digest import Digest
from aibom.errors import PolicyInvalid
from aibom.policy.data import (
    SourceMatch,
    parse_source,
    read_accepted_roots,
    read_advisories,
    read_trusted_sources,
)

HUB = {"type": "huggingface", "namespace": "acme"}
ENTRY = {
    "match": HUB,
    "trust": "trusted",
    "reason": "ours",
    "approved_by": "Ada",
    "expires": "2027-01-01",
}
ROOT = {
    "digest": str(digest("base")),
    "reason": "public",
    "approved_by": "Ada",
    "expires": "2027-01-01",
}
ADVISORY = {
    "id": "A-1",
    "summary": "labels flipped",
    "published": "2026-11-01",
    "affects": {"parties": [ANNE]},
}


def sources(**changes):
    lists = {"approved": [{**ENTRY, **changes}]}
    return {"apiVersion": "aibom/trusted-sources/v1", "lists": lists}


def matching(**match):
    return sources(match=match)


def roots(*more, **changes):
    listed = [{**ROOT, **changes}, *more]
    return {"apiVersion": "aibom/accepted-roots/v1", "roots": listed}


def advisories(*more, **changes):
    return {
        "apiVersion": "aibom/advisories/v1",
        "sequence": 1,
        "expires": "2027-01-01",
        "advisories": [{**ADVISORY, **changes}, *more],
    }


def affecting(**affects):
    return advisories(affects=affects)


READERS = {
    "sources": read_trusted_sources,
    "roots": read_accepted_roots,
    "advisories": read_advisories,
}
INVALID = {
    "sources: no list": ("sources", [], "must be a mapping"),
    "sources: another file": ("sources", roots(), "'aibom/accepted-roots/v1', not"),
    "sources: no trust": ("sources", sources(trust=None), "trust: must be a text"),
    "sources: half trusted": ("sources", sources(trust="maybe"), "is not one of"),
    "sources: no expiry": ("sources", sources(expires=None), "expires: not a date"),
    "sources: no zone": (
        "sources",
        sources(expires="2027-01-01T00:00:00"),
        "the time has no zone",
    ),
    "sources: never": ("sources", sources(expires="never"), "expires: "),
    "sources: empty reason": ("sources", sources(reason=" "), "reason: is empty"),
    "sources: misspelt": (
        "sources",
        sources(expire="2027-01-01"),
        "unknown key 'expire'; did you mean 'expires'?",
    ),
    "match: no type": ("sources", matching(namespace="acme"), "type: is missing"),
    "match: type in capitals": (
        "sources",
        matching(type="HuggingFace"),
        "is not a purl type",
    ),
    "match: any type": ("sources", matching(type="*"), "patterns are not read"),
    "match: pattern": (
        "sources",
        matching(type="huggingface", namespace="acme*"),
        "namespace: patterns are not read",
    ),
    "match: pattern of revisions": (
        "sources",
        matching(type="pypi", name="x", revision="1.?"),
        "revision: patterns are not read",
    ),
    "match: url": ("sources", matching(**HUB, url="x"), "unknown key 'url'"),
    "roots: bare hex": ("roots", roots(digest=sha("base")), "is not sha256:<hex>"),
    "roots: short": ("roots", roots(digest="sha256:abc"), "64 lower-case hex"),
    "roots: capitals": (
        "roots",
        roots(digest=f"sha256:{sha('base').upper()}"),
        "64 lower-case hex",
    ),
    "roots: another form": (
        "roots",
        roots(digest=f"md5:{sha('base')}"),
        "is not sha256:<hex>",
    ),
    "roots: twice": ("roots", roots(ROOT), "the same digest is accepted twice"),
    "roots: nobody approved": ("roots", roots(approved_by=""), "approved_by: is empty"),
    "advisories: sequence 0": (
        "advisories",
        {**advisories(), "sequence": 0},
        "sequence: must be 1 or more",
    ),
    "advisories: sequence as text": (
        "advisories",
        {**advisories(), "sequence": "1"},
        "sequence: must be a whole number",
    ),
    "advisories: an id twice": (
        "advisories",
        advisories(ADVISORY),
        "'A-1' stands twice",
    ),
    "advisories: no target": ("advisories", affecting(), "names nothing"),
    "advisories: empty target": ("advisories", affecting(digests=[]), "names nothing"),
    "advisories: misspelt target": (
        "advisories",
        affecting(digest=[ROOT["digest"]]),
        "unknown key 'digest'; did you mean 'digests'?",
    ),
    "advisories: bare hex": ("advisories", affecting(digests=[sha("a")]), "digests: "),
    "advisories: name of a person": (
        "advisories",
        affecting(parties=["Anne"]),
        "'Anne' is not a party",
    ),
    "advisories: node id of a party": (
        "advisories",
        affecting(parties=[f"party:{ANNE}"]),
        "is not a party",
    ),
    "advisories: node id of a step": (
        "advisories",
        affecting(steps=[f"step:{sha('a')}"]),
        "steps: 'step:",
    ),
    "advisories: source pattern": (
        "advisories",
        affecting(sources=[{"type": "huggingface", "name": "*"}]),
        "patterns are not read",
    ),
    "advisories: window the wrong way": (
        "advisories",
        advisories(since="2026-03-02", until="2026-03-01"),
        "until: is not after since",
    ),
    "advisories: bad window": (
        "advisories",
        advisories(since="spring"),
        "since: ",
    ),
}


@pytest.mark.parametrize(("kind", "document", "told"), INVALID.values(), ids=INVALID)
def test_refused(kind, document, told):
    with pytest.raises(PolicyInvalid) as caught:
        READERS[kind](document, "file.yaml")
    assert told in caught.value.message


def test_both_forms_of_digest_are_roots():
    file = {**ROOT, "digest": f"sha256:{sha('base')}"}
    found = read_accepted_roots(roots(file), "roots")
    assert sorted(str(key) for key in found) == sorted([ROOT["digest"], file["digest"]])


UNTIL = {
    "a date is its whole day": ("2026-03-10", "2026-03-10T23:59:59.999999+00:00"),
    "a time is that moment": ("2026-03-10T08:00:00Z", "2026-03-10T08:00:00+00:00"),
    "a day in YAML": (datetime(2026, 3, 10).date(), "2026-03-10T23:59:59.999999+00:00"),
    "a time in YAML": (datetime(2026, 3, 10, tzinfo=UTC), "2026-03-10T00:00:00+00:00"),
}


@pytest.mark.parametrize(("written", "moment"), UNTIL.values(), ids=UNTIL)
def test_end_of_a_window(written, moment):
    (item,) = read_advisories(advisories(until=written), "a").items
    assert item.until.isoformat() == moment


def test_a_pattern_is_written_as_sources_are_parsed():
    entries = read_trusted_sources(matching(type="github", namespace="Acme"), "s")
    assert entries["approved"][0].match.namespace == "acme"


def test_what_is_no_package_url_is_no_source():
    assert parse_source("https://acme.example/data.zip") is None
    assert parse_source("pkg:") is None


words = st.text("abcAB-%/.?@#", min_size=1, max_size=8)


@given(words, words)
def test_what_is_allowed_could_also_be_forbidden(namespace, text):
    """Whatever the strict comparison lets through, the loose one must catch."""
    source = parse_source(f"pkg:huggingface/{text}/x@{COMMIT}")
    match = SourceMatch("huggingface", namespace, None, None)
    if source is not None and match.matches(source):
        assert match.may_mean(source)
        assert source.namespace == namespace


HUB_URL = "https://hub.evil.example/models"
#: written in the list, written at the source → is it that, may it be that
ADDRESSES = {
    "as it is written": (HUB_URL, HUB_URL, True, True),
    "host in capitals": (HUB_URL, "https://HUB.evil.example/models", False, True),
    "path in capitals": (HUB_URL, "https://hub.evil.example/Models", False, True),
    "slash at the end": (HUB_URL, f"{HUB_URL}/", False, True),
    "slashes at the end": (HUB_URL, f"{HUB_URL}//", False, True),
    "slash in the list": (f"{HUB_URL}/", HUB_URL, False, True),
    "capitals in the list": (HUB_URL.upper(), HUB_URL, False, True),
    "longer host": (HUB_URL, "https://hub.evil.example.org/models", False, False),
    "further down": (HUB_URL, f"{HUB_URL}/more", False, False),
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
@pytest.mark.parametrize("key", ["repository_url", "download_url"])
def test_an_address_is_forbidden_however_it_is_written(key, address):
    listed, written, is_it, may_be = address
    source = parse_source(f"pkg:huggingface/acme/x@{COMMIT}?{key}={written}")
    match = SourceMatch("huggingface", "acme", None, None, listed)
    assert (match.matches(source), match.may_mean(source)) == (is_it, may_be)


def test_a_mirror_that_is_allowed_does_not_allow_the_public_registry():
    public = parse_source(f"pkg:huggingface/acme/x@{COMMIT}")
    mirror = SourceMatch("huggingface", "acme", None, None, HUB_URL)
    assert (mirror.matches(public), mirror.may_mean(public)) == (False, False)
    anywhere = SourceMatch("huggingface", "acme", None, None)
    there = parse_source(f"pkg:huggingface/acme/x@{COMMIT}?repository_url={HUB_URL}")
    assert (anywhere.matches(public), anywhere.matches(there)) == (True, False)


# ── looking advisories up ──────────────


LISTED = advisories(
    {**ADVISORY, "id": "A-2", "affects": {"revisions": [COMMIT, sha("x")]}},
    {**ADVISORY, "id": "A-3", "affects": {"steps": [sha("x")], "sources": [HUB]}},
    {**ADVISORY, "id": "A-4", "affects": {"digests": [ROOT["digest"]]}},
    {**ADVISORY, "id": "A-5", "affects": {"digests": [ROOT["digest"]], "sources": []}},
    {**ADVISORY, "id": "A-6", "affects": {"approvals": [f"sha256:{sha('y')}"]}},
)
LOOKUPS = {
    "nothing": ([], []),
    "not named": ([("digest", digest("other")), ("revision", "main")], []),
    "a digest two name": ([("digest", digest("base"))], [3, 4]),
    "a revision": ([("revision", COMMIT)], [1]),
    "a step": ([("step", sha("x"))], [2]),
    "a revision that reads like a step": ([("revision", sha("x"))], [1]),
    "an approval": ([("approval", f"sha256:{sha('y')}")], [5]),
    "an approval is no file": ([("digest", Digest("file", sha("y")))], []),
    "in the order of the file, not of the question": (
        [("digest", digest("base")), ("step", sha("x"))],
        [2, 3, 4],
    ),
}


@pytest.mark.parametrize(("targets", "places"), LOOKUPS.values(), ids=LOOKUPS)
def test_all_that_name_exactly(targets, places):
    assert read_advisories(LISTED, "a").naming(targets) == places


def test_which_have_to_be_compared_one_by_one():
    assert read_advisories(LISTED, "a").by_source == (2,)


PARTIES = advisories(
    {**ADVISORY, "id": "A-2", "affects": {"parties": ["software:llm", STRANGER]}},
    {**ADVISORY, "id": "A-3", "affects": {"parties": ["software:LLM@2", BERT]}},
    {**ADVISORY, "id": "A-4", "affects": {"parties": ["org:Acme", "org:ACME"]}},
)
NAMED_PARTIES = {
    "a person": (BERT, [2]),
    "a person nobody names": (CARL, []),
    "an organisation, spelt in two ways": ("org:acme", [3]),
    "the version named, and any": ("software:llm@2", [1, 2]),
    "another version": ("software:llm@3", [1]),
    "no version": ("software:llm", [1, 2]),
}


@pytest.mark.parametrize(("party", "places"), NAMED_PARTIES.values(), ids=NAMED_PARTIES)
def test_all_that_may_name_a_party(party, places):
    assert read_advisories(PARTIES, "a").naming_party(party) == places


def test_one_named_person_of_each_registrar():
    assert read_advisories(PARTIES, "a").people == (ANNE, STRANGER)


NAMED_FILES = {
    "a folder": ([ROOT["digest"]], False),
    "a file": ([f"sha256:{sha('base')}"], True),
    "both": ([ROOT["digest"], f"sha256:{sha('base')}"], True),
}


@pytest.mark.parametrize(("digests", "told"), NAMED_FILES.values(), ids=NAMED_FILES)
def test_whether_single_files_are_named(digests, told):
    assert read_advisories(affecting(digests=digests), "a").name_files is told
    assert read_advisories(advisories(), "a").name_files is False


def test_an_approval_is_no_single_file():
    approval = affecting(approvals=[f"sha256:{sha('base')}"])
    assert read_advisories(approval, "a").name_files is False
