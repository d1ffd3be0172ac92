"""A public model as it is passes model-import and no tier: how-to/choose-a-pack.md."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import timedelta

import pytest
from worlds import (
    COMMIT,
    EXPIRES,
    NOW,
    World,
    key,
    make_world,
    named,
    signing,
    step_options,
)

from aibom.bom.encode import encode, to_bytes
from aibom.digest import BOM_NAME, BUNDLE_NAME, Digest, hash_path
from aibom.lineage.build import GraphBuilder
from aibom.lineage.nodes import Kind, Origin, Relation
from aibom.operations.assemble import assemble
from aibom.operations.signing.sign import sign_artifact
from aibom.recording import record
from aibom.verdict import Decision

SOURCE = f"pkg:huggingface/tiny-org/tiny@{COMMIT}"
DECIDED = {"reason": "known", "approved_by": "org:Acme", "expires": EXPIRES}
PUBLISHER = {
    "match": {"type": "huggingface", "namespace": "tiny-org"},
    "trust": "trusted",
    "approved_on": "2020-01-01",
    "owner": "org:Tiny Org",
    "owner_since": "2019-03-01",
    **DECIDED,
}
TINY = {
    "supplier": "org:Tiny Org",
    "matches": [{"type": "huggingface", "namespace": "tiny-org"}],
    "status": "approved",
    "owner": "org:Acme purchasing",
    "agreement": "Terms of 2026-01",
    "reviewed_on": "2026-06-01",
    **{key: DECIDED[key] for key in ("approved_by", "expires")},
}
IMPORTER = {
    "name": "acme imports",
    "role": "release",
    "party": "org:Acme imports",
    "predicates": ["bom", "step-record"],
    "namespaces": ["acme/imported/*"],
}


@pytest.fixture(scope="module")
def pristine_import(tmp_path_factory):
    """A download whose weights and configuration were taken over, in a signed step."""
    return imported_as(make_world(tmp_path_factory.mktemp("imported") / "world"))


def imported_as(world, **files):
    """The world, with a download instead of its model; ``files`` are taken over too.

    A dot in a name is written as two underscores.
    """
    config = {"config.json": '{"model_type": "bert"}\n'}
    others = {name.replace("__", "."): text for name, text in files.items()}
    shutil.rmtree(world.model)
    shutil.rmtree(world.evidence)
    download = world.root / "download"
    download.mkdir()
    header = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  '
    weights = len(header).to_bytes(8, "little") + header + bytes(8)
    (download / "model.safetensors").write_bytes(weights)
    for name, text in {**config, **others}.items():
        (download / name).write_text(text)
    (download / "README.md").write_text("Tiny.\n")
    options = step_options(world, "evidence/records", "lab")
    options["clock"] = lambda: (NOW - timedelta(hours=1)).timestamp()
    with record("collect", **options) as step:
        step.input("base-model", download, source=SOURCE, name="tiny-org/tiny")
        step.output(world.model, name="acme/imported/tiny", kind="model")
        world.model.mkdir()
        for name in ("model.safetensors", *sorted({**config, **others})):
            shutil.copy(download / name, world.model)
    assemble(world.model, [world.evidence / "records"])
    sign_artifact(world.model, signing("lab"))
    signer = {**IMPORTER, "public_key": key("lab").public.pem}
    world.edit_yaml("signers.yaml", lambda file: file.update(signers=[signer]))
    lists = {"approved": [PUBLISHER]}
    world.edit_yaml("trusted-sources.yaml", lambda file: file.update(lists=lists))
    return world


@pytest.fixture
def imported(pristine_import, tmp_path) -> World:
    return pristine_import.copy(tmp_path / "world")


def gated(world, *packs, **known):
    extends = [f"builtin:{name}@1" for name in packs]
    suppliers = {"apiVersion": "aibom/suppliers/v1", "suppliers": [], **known}
    (world.verifier / "suppliers.yaml").write_text(json.dumps(suppliers))

    def extend(policy):
        data = sorted({*policy["data"], "suppliers.yaml"})
        policy.update(extends=extends, rules=[], data=data)

    world.edit_yaml("policy.yaml", extend)
    return world.gate()


def rules(results):
    return {(result.rule, result.reason) for result in results}


def test_it_is_allowed_and_what_is_not_known_stays_in_the_verdict(imported):
    verdict = gated(imported, "model-import")
    assert verdict.decision is Decision.ALLOWED
    assert rules(verdict.findings) == {
        ("import-lineage-open", "root-not-accepted"),
        ("import-licence-unclear", "licence-missing"),
        ("import-not-settled", "publication-unknown"),
    }


def without_publisher(world):
    world.edit_yaml("trusted-sources.yaml", lambda f: f["lists"].update(approved=[]))


def sold(world):
    changed = [{**PUBLISHER, "owner_changed": "2021-01-01"}]
    world.edit_yaml(
        "trusted-sources.yaml", lambda f: f["lists"].update(approved=changed)
    )


def advised_against(world):
    advisory = {
        "id": "A-1",
        "summary": "triggers found",
        "published": "2026-11-01",
        "affects": {"digests": [str(hash_path(world.root / "download").digest)]},
    }
    world.edit_yaml(
        "advisories.yaml", lambda f: f.update(sequence=4, advisories=[advisory])
    )


def accepted(world):
    root = {"digest": str(hash_path(world.root / "download").digest), **DECIDED}
    world.edit_yaml("accepted-roots.yaml", lambda file: file.update(roots=[root]))


def with_the_card_of_its_base(world):
    """More evidence: the BOM of the download, whose card names bases of its own."""
    content = hash_path(world.root / "download")
    build = GraphBuilder(Origin("bom"))
    base = build.entity(Kind.MODEL, content.digest, name="tiny-org/tiny")
    far = {"name": "far/away", "source": "pkg:huggingface/far/away"}
    build.edge(base, Relation.DERIVED_FROM, build.entity(Kind.MODEL, None, **far), "")
    said = build.entity(Kind.DATASET, None, name="the web")
    build.edge(base, Relation.DERIVED_FROM, said, "training-data")
    download, above = world.root / "download", world.evidence / "base"
    (download / BOM_NAME).write_bytes(to_bytes(encode(build.graph(base))))
    sign_artifact(download, signing("lab"))
    assemble(world.model, [world.evidence / "records"], boms=[download / BOM_NAME])
    sign_artifact(world.model, signing("lab"))
    above.mkdir()
    for name in (BOM_NAME, BUNDLE_NAME):
        (download / name).rename(above / name)
    names = [*IMPORTER["namespaces"], "tiny-org/*"]
    world.edit_yaml("signers.yaml", lambda f: f["signers"][0].update(namespaces=names))


def test_more_evidence_of_an_accepted_root_takes_no_yes_away(imported):
    accepted(imported)
    assert gated(imported, "baseline").decision is Decision.ALLOWED
    with_the_card_of_its_base(imported)
    verdict = gated(imported, "baseline")
    assert named(imported.graph(), "far/away")
    assert rules(verdict.blocking) == set()
    assert verdict.decision is Decision.ALLOWED


def test_names_above_a_root_that_nobody_accepted_are_asked_about(imported):
    """Lineage is open there anyway; and the finding says what can be done."""
    with_the_card_of_its_base(imported)
    blocking = gated(imported, "baseline").blocking
    assert rules(blocking) >= {
        ("revision-unpinned", "digest-missing"),
        ("source-untrusted", "source-not-trusted"),
    }
    assert "lineage-open" in {result.rule for result in blocking}
    for result in blocking:
        if result.reason in ("digest-missing", "source-not-trusted", "source-missing"):
            assert "accepted-roots.yaml" in result.remedy


def settles(world):
    """What ``import-not-settled`` says by the pack; None where it says nothing."""
    found = [
        r for r in gated(world, "model-import").findings if r.check == "source-age"
    ]
    return found[0] if found else None


DATES = {
    "published": ({"published": NOW - timedelta(days=15)}, True),
    "published-too-late": ({"published": NOW - timedelta(days=2)}, False),
    "looked-at": ({"approved_on": NOW - timedelta(days=15)}, True),
    "looked-at-too-late": ({"approved_on": NOW - timedelta(days=2)}, False),
}


@pytest.mark.parametrize(("dates", "settled"), DATES.values(), ids=DATES)
def test_what_has_not_settled_says_what_it_waits_for(imported, dates, settled):
    """A date of this very commit; one of the namespace, however old, ends nothing."""
    waiting = settles(imported)
    for word in ("`revision`", "14 days", "`published`", "`approved_on`"):
        assert word in waiting.remedy
    match = {**PUBLISHER["match"], "revision": COMMIT}
    told = {key: f"{day:%Y-%m-%d}" for key, day in dates.items()}
    own = {"match": match, "trust": "trusted", **DECIDED, **told}
    imported.edit_yaml(
        "trusted-sources.yaml", lambda f: f["lists"]["approved"].append(own)
    )
    assert (settles(imported) is None) is settled


STOPPED = {
    "an unknown publisher": (
        without_publisher,
        {
            ("import-base-untrusted", "source-not-trusted"),
            ("import-publisher-changed", "owner-not-recorded"),
        },
    ),
    "a namespace that was sold": (
        sold,
        {("import-publisher-changed", "owner-changed")},
    ),
    "an advisory": (
        advised_against,
        {("import-ancestor-tainted", "tainted-ancestor")},
    ),
}


@pytest.mark.parametrize(("change", "found"), STOPPED.values(), ids=STOPPED)
def test_what_stops_it(imported, change, found):
    change(imported)
    assert rules(gated(imported, "model-import").blocking) == found


#: What each tier blocks it with while lineage is open, and with the root accepted.
TIERS = {
    "baseline": ({"lineage-open"}, set()),
    "tier-low": (
        {"lineage-open", "backdoor-untested", "model-unvalidated"},
        {"backdoor-untested", "model-unvalidated"},
    ),
    "tier-medium": (
        {
            *("lineage-open", "backdoor-untested", "model-unvalidated"),
            *("canaries-untested", "source-not-settled", "owner-unknown"),
            *("release-and-pipeline-one-hand", "data-unscanned"),
            *("change-unreviewed", "labels-reviewed-by-labeler", "change-untested"),
        },
        {
            *("backdoor-untested", "model-unvalidated", "canaries-untested"),
            *("source-not-settled", "release-and-pipeline-one-hand"),
            *("owner-unknown", "change-untested"),
        },
    ),
}
TIERS["tier-high"] = tuple(
    found | {"model-untested", "supplier-not-on-record"}
    for found in TIERS["tier-medium"]
)
TIERS["tier-high"][0].update({"labelers-unknown", "labels-unaudited"})
TIERS["tier-high"][0].add("ancestor-unowned")


@pytest.mark.parametrize("pack", TIERS)
def test_what_each_tier_still_needs(imported, pack):
    open_ones, decided = TIERS[pack]
    assert {r.rule for r in gated(imported, pack).blocking} == open_ones
    root = {"digest": str(hash_path(imported.root / "download").digest), **DECIDED}
    imported.edit_yaml("accepted-roots.yaml", lambda file: file.update(roots=[root]))
    assert {r.rule for r in gated(imported, pack).blocking} == decided


def test_the_publisher_on_record(imported):
    own = [IMPORTER["party"]]
    left = gated(imported, "tier-high", suppliers=[TINY], own=own).blocking
    assert {r.rule for r in left} == TIERS["tier-high"][0] - {"supplier-not-on-record"}


MODELING = "class Model: ...\n"
CODE = str(Digest("file", hashlib.sha256(MODELING.encode()).hexdigest()))


def mapped(reference):
    return json.dumps({"auto_map": {"AutoModel": reference}})


#: Taken over with code, or with a word for it: what the pack says.
WITH_CODE = {
    "of another repository": (
        {"config__json": mapped("tiny-org/code--modeling.Model")},
        {("import-runs-code", "remote-code-elsewhere")},
    ),
    "that is not there": (
        {"config__json": mapped("modeling.Model")},
        {("import-runs-code", "remote-code")},
    ),
    "that lies beside": (
        {"config__json": mapped("modeling.Model"), "modeling__py": MODELING},
        {
            ("import-runs-code", "remote-code"),
            ("import-format-unsafe", "format-not-allowed"),
        },
    ),
    "in a file of no name": (
        {"odd__json": '{"x": [{"trust_remote_code": true}]}'},
        {("import-runs-code", "remote-code")},
    ),
    "where a key stands twice": (
        {"config__json": '{"auto_map": {}, "auto_map": {}}'},
        {("import-runs-code", "configuration-unclear")},
    ),
}


@pytest.mark.parametrize(("files", "found"), WITH_CODE.values(), ids=WITH_CODE)
def test_code_is_found_in_the_bytes(tmp_path, files, found):
    world = imported_as(make_world(tmp_path / "world"), **files)
    assert rules(gated(world, "model-import").blocking) == found


def test_code_that_was_read_and_approved_is_allowed_by_a_rule_of_ones_own(tmp_path):
    files = {"config__json": mapped("modeling.Model"), "modeling__py": MODELING}
    world = imported_as(make_world(tmp_path / "world"), **files)
    rule = {"id": "code", "check": "remote-code", "settings": {"approved": [CODE]}}

    def only(policy):
        policy.update(rules=[rule])
        del policy["extends"]

    world.edit_yaml("policy.yaml", only)
    assert rules(world.gate().results) == {("code", "code-approved")}
    assert rules(world.check().results) == {("code", "bytes-not-read")}


def test_the_page_names_what_blocks(checkout):
    page = (checkout / "docs/how-to/choose-a-pack.md").read_text()
    rows = {
        line.split("|")[1].strip(" `"): line
        for line in page.partition("## What it needs")[2].splitlines()
        if line.startswith("| `")
    }
    assert rows.keys() == TIERS.keys()
    told: set[str] = set()
    for pack, (open_ones, _) in TIERS.items():
        told |= {name for name in open_ones if f"`{name}`" in rows[pack]}
        assert open_ones <= told, json.dumps(sorted(open_ones - told))
