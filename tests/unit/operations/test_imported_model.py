"""A public model as it is passes model-import and no tier: how-to/choose-a-pack.md."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import pytest
from worlds import COMMIT, EXPIRES, NOW, World, key, make_world, signing, step_options

from aibom.digest import hash_path
from aibom.operations.assemble import assemble
from aibom.operations.sign import sign_artifact
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
    world = make_world(tmp_path_factory.mktemp("imported") / "world")
    shutil.rmtree(world.model)
    shutil.rmtree(world.evidence)
    download = world.root / "download"
    download.mkdir()
    header = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  '
    weights = len(header).to_bytes(8, "little") + header + bytes(8)
    (download / "model.safetensors").write_bytes(weights)
    (download / "config.json").write_text('{"model_type": "bert"}\n')
    (download / "README.md").write_text("Tiny.\n")
    options = step_options(world, "evidence/records", "lab")
    options["clock"] = lambda: (NOW - timedelta(hours=1)).timestamp()
    with record("collect", **options) as step:
        step.input("base-model", download, source=SOURCE, name="tiny-org/tiny")
        step.output(world.model, name="acme/imported/tiny", kind="model")
        world.model.mkdir()
        for name in ("model.safetensors", "config.json"):
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


def gated(world, *packs):
    extends = [f"builtin:{name}@1" for name in packs]
    world.edit_yaml("policy.yaml", lambda file: file.update(extends=extends))
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


STOPPED = {
    "an unknown publisher": (
        without_publisher,
        {
            ("import-source-untrusted", "source-not-trusted"),
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
            *("canaries-untested", "source-not-settled"),
            *("release-and-pipeline-one-hand", "data-unscanned"),
            *("change-unreviewed", "labels-reviewed-by-labeler"),
        },
        {
            *("backdoor-untested", "model-unvalidated", "canaries-untested"),
            *("source-not-settled", "release-and-pipeline-one-hand"),
        },
    ),
    "tier-high": (
        {"lineage-open", "model-untested", "labelers-unknown", "labels-unaudited"},
        {"model-untested"},
    ),
}


@pytest.mark.parametrize("pack", TIERS)
def test_what_each_tier_still_needs(imported, pack):
    open_ones, decided = TIERS[pack]
    assert {r.rule for r in gated(imported, pack).blocking} == open_ones
    root = {"digest": str(hash_path(imported.root / "download").digest), **DECIDED}
    imported.edit_yaml("accepted-roots.yaml", lambda file: file.update(roots=[root]))
    assert {r.rule for r in gated(imported, pack).blocking} == decided


def test_the_page_names_what_blocks(checkout):
    page = (checkout / "docs/how-to/choose-a-pack.md").read_text()
    rows = {
        line.split("|")[1].strip(" `"): line
        for line in page.partition("## What it needs")[2].splitlines()
        if line.startswith("| `")
    }
    assert rows.keys() == TIERS.keys()
    own = {"lineage-open", "backdoor-untested", "model-unvalidated"}
    for pack, (open_ones, _) in TIERS.items():
        missing = {name for name in open_ones - own if f"`{name}`" not in rows[pack]}
        assert not missing, json.dumps(sorted(missing))
