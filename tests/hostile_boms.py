"""A BOM of ten thousand tricks, as somebody might send who wants to be believed."""

from __future__ import annotations

from typing import Any

from hostile_verdicts import NASTY

LONG = "long-name-" * 1_000


def _is_read(text: str) -> bool:
    """Lone surrogates are refused when JSON is read, and nothing is no name."""
    return bool(text.strip()) and not any("\ud800" <= c <= "\udfff" for c in text)


TEXTS = tuple(text for text in (*NASTY, LONG) if _is_read(text))


def hostile_bom() -> dict[str, Any]:
    """Every trick as the name of a dataset, a model, a licence, a contact, a purl."""
    datasets = [
        {
            "type": "data",
            "bom-ref": f"data-{number}",
            "name": text,
            "description": text,
            "licenses": [{"license": {"name": text}}],
            "supplier": {"name": text},
            "purl": f"pkg:generic/{number}",
            "externalReferences": [
                {"type": "distribution", "url": f"https://x/{text}"}
            ],
        }
        for number, text in enumerate(TEXTS)
    ]
    main = {
        "type": "machine-learning-model",
        "bom-ref": "main",
        "name": TEXTS[0] + "<script>document.title='pwned'</script>",
        "version": "1\u202e2",
        "supplier": {"name": "</style><script>alert(1)</script>", "contact": []},
        "pedigree": {
            "ancestors": [
                {"type": "machine-learning-model", "name": text} for text in TEXTS
            ]
        },
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": main,
            "tools": [{"name": "<img src=x onerror=alert(1)>"}],
        },
        "components": datasets,
        "dependencies": [
            {"ref": "main", "dependsOn": [one["bom-ref"] for one in datasets]}
        ],
        "externalReferences": [
            {"type": "security-contact", "url": "javascript:alert(1)"},
            {"type": "advisories", "url": "https://evil.example/\"onclick='x'"},
        ],
    }
