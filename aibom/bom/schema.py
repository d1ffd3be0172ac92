"""Level ``schema``: does a document say what CycloneDX 1.5, 1.6 or 1.7 lets it say?

jsonschema-rs decides, because it is linear where the usual validator is quadratic:
arrays of objects with ``uniqueItems`` make that one a denial of service on a supplier's
BOM. Nothing is fetched: the schemas are those that cyclonedx-python-lib ships, read as
files, without importing the library. They are patched copies that no longer tie
``$schema`` and ``specVersion`` to the version, so those are checked here.

A document that is invalid is explained: up to 50 problems, and for a failing ``oneOf``
or ``anyOf`` the nearest form (:mod:`aibom.bom.explain`). What no schema can say
(references, digests, times) is :mod:`aibom.bom.references`.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aibom.bom.problem import Problem, more_problems, shorten
from aibom.errors import AibomError

if TYPE_CHECKING:
    import jsonschema_rs

__all__ = ["MAX_PROBLEMS", "SPEC_VERSIONS", "load_schemas", "schema_problems"]

SPEC_VERSIONS = ("1.5", "1.6", "1.7")

MAX_PROBLEMS = 50

_BASE = "http://cyclonedx.org/schema/"
_HELPERS = ("spdx", "jsf-0.82", "cryptography-defs")

#: Problems beyond those shown that are still looked for, to say how many there are.
_MOST_COUNTED = 1_000


def schema_problems(document: dict[str, Any]) -> tuple[Problem, ...]:
    """The problems of a parsed document against the schema of its own ``specVersion``.

    Empty means valid: unknown keys, formats (dates with a zone, IRIs, e-mail addresses)
    and SPDX ids are checked. At most 50 problems, in the order of their pointers, and
    then one with the reason ``problems-not-shown``. A document that is not CycloneDX,
    or of a version other than 1.5, 1.6 and 1.7, is that one problem.

    The document must come from :func:`aibom.bom.parse.parse`, which bounds its size and
    depth. Raises :class:`~aibom.errors.AibomError` (``schema-missing``) where the
    installed cyclonedx-python-lib has no such schema.
    """
    refusal = _not_for_us(document)
    if refusal is not None:
        return (refusal,)
    version: str = document["specVersion"]
    own = _schema_url_problems(document, version)
    validator = _validator(version)
    if validator.is_valid(document):
        return own
    return _listed(validator, document, version, own)


def load_schemas(version: str) -> dict[str, dict[str, Any]]:
    """The CycloneDX JSON schema of ``version`` and its helpers, by URL.

    The first is the schema itself. They are the files of the installed
    cyclonedx-python-lib. Raises :class:`~aibom.errors.AibomError` (``schema-missing``).
    """
    folder = _schema_folder()
    names = [f"bom-{version}", *_HELPERS]
    try:
        return {
            f"{_BASE}{name}.SNAPSHOT.schema.json": json.loads(
                (folder / f"{name}.SNAPSHOT.schema.json").read_bytes()
            )
            for name in names
        }
    except FileNotFoundError as error:
        raise _schema_missing(f"no schema {Path(error.filename).name}") from error


def _schema_folder() -> Path:
    # Looking a top-level package up does not import it; a sub-package would.
    spec = importlib.util.find_spec("cyclonedx")
    if spec is None or not spec.submodule_search_locations:
        raise _schema_missing("cyclonedx-python-lib is not installed")
    return Path(spec.submodule_search_locations[0], "schema", "_res")


def _schema_missing(message: str) -> AibomError:
    return AibomError(
        message,
        reason="schema-missing",
        hint="install a supported version of cyclonedx-python-lib",
    )


@cache
def _validator(version: str) -> jsonschema_rs.Draft7Validator:
    import jsonschema_rs

    schemas = load_schemas(version)
    schema, *_ = schemas.values()
    return jsonschema_rs.Draft7Validator(
        schema,
        registry=jsonschema_rs.Registry(list(schemas.items())[1:]),
        validate_formats=True,
        # Error texts quote this and not the value, which may be the whole document.
        mask="the value",
    )


def _not_for_us(document: dict[str, Any]) -> Problem | None:
    found = document.get("bomFormat")
    if found != "CycloneDX":
        stated = "absent" if found is None else shorten(repr(found), 60)
        return Problem(
            "schema",
            "bom-format-wrong",
            "/bomFormat" if "bomFormat" in document else "",
            f"not a CycloneDX document: bomFormat is {stated}",
        )
    version = document.get("specVersion")
    if version in SPEC_VERSIONS:
        return None
    stated = "absent" if version is None else shorten(repr(version), 60)
    return Problem(
        "schema",
        "spec-version-unsupported",
        "/specVersion" if "specVersion" in document else "",
        f"specVersion is {stated}",
        f"versions read here: {', '.join(SPEC_VERSIONS)}",
    )


def _schema_url_problems(document: dict[str, Any], version: str) -> tuple[Problem, ...]:
    url = f"cyclonedx.org/schema/bom-{version}.schema.json"
    if document.get("$schema", f"http://{url}") in (f"http://{url}", f"https://{url}"):
        return ()
    found = shorten(repr(document["$schema"]), 120)
    message = f"$schema is {found} in a document of specVersion {version}"
    hint = f"leave it out, or write http://{url}"
    return (Problem("schema", "schema-url-mismatch", "/$schema", message, hint),)


def _listed(
    validator: jsonschema_rs.Draft7Validator,
    document: dict[str, Any],
    version: str,
    own: tuple[Problem, ...],
) -> tuple[Problem, ...]:
    from aibom.bom.explain import Explainer, errors_of

    errors = errors_of(validator, document)
    explainer = Explainer(document, lambda: load_schemas(version))
    found = [
        explainer.problem(error) for error in islice(errors, MAX_PROBLEMS - len(own))
    ]
    in_order = sorted({*own, *found}, key=attrgetter("pointer", "message"))
    beyond = sum(1 for _ in islice(errors, _MOST_COUNTED))
    if beyond:
        at_least = "at least " if beyond == _MOST_COUNTED else ""
        in_order.append(more_problems("schema", f"{at_least}{beyond:,} more problems"))
    return tuple(in_order)
