"""Words that stand where an answer should: seen in any dress, and nothing else."""

from __future__ import annotations

import pytest

from aibom.report.fillers import Said, text_says

NOTHING = (
    *("", " ", "\n\t", "\u200b", "\u2060\ufeff", "\u2800", "\u3164", "\u00ad", "\0"),
    *(
        "-",
        "--",
        "\u2013",
        "\u2014",
        "...",
        "\u2026",
        "?",
        "???",
        "_",
        "/",
        "'",
        "\U0001f937",
    ),
    *(
        "TBD",
        "tbd.",
        "T.B.D.",
        "t.b.d",
        "<TBD>",
        "**TBD**",
        "`tbd`",
        "[TBD]",
        "{{ tbd }}",
    ),
    *("\uff34\uff22\uff24", "\u2060T\u200bBD", "T\u0336B\u0336D\u0336", "t\u00adbd"),
    *("to be determined", "To-Be-Determined", "to_be_determined", "TO  BE\nDEFINED"),
    *(
        "to be confirmed by the supplier",
        "TODO: describe",
        "TBD (in May)",
        "tbd - later",
    ),
    *("N/A", "n.a.", "NA", "(n/a)", "not applicable", "Not Available.", "not provided"),
    *("none", "None.", "null", "NaN", "nil", "nothing", "undefined", "unspecified"),
    *("see website", "See our website.", "see README", "see model card", "Placeholder"),
    *("xxx", "XXXX", "xxx-xxx-xxx", "x.x.x", "foo", "asdf", "changeme"),
    *("lorem ipsum", "Lorem ipsum dolor sit amet, consectetur", "Lorem ipsum " * 500),
    *("[More Information Needed]", "<your name here>", "[insert a description here]"),
    *(
        "https://example.com",
        "http://www.example.org/a?b=c",
        "example.net",
        "a@example.com",
    ),
    *(
        "mailto:x@example.com",
        "HTTPS://EXAMPLE.COM/",
        "http://localhost:8080/x",
        "https://",
    ),
    *(
        "https://127.0.0.1/",
        "https://your-domain.com/x",
        "https://it.invalid/",
        "http://",
    ),
    *("pkg:generic/tbd", "pkg:huggingface/acme/unknown@1.0", "about:blank"),
    *("keine Angabe", "k.A.", "entf\u00e4llt", "wird noch erg\u00e4nzt", "folgt"),
    *("\u00e0 d\u00e9finir", "sans objet", "por definir", "da definire", "n.v.t."),
    *("\u043d\u0435\u0442 \u0434\u0430\u043d\u043d\u044b\u0445", "\u043d/\u0434"),
    *(
        "\u5f85\u5b9a",
        "\u4e0d\u9002\u7528",
        "\u672a\u5b9a",
        "\uc5c6\uc74c",
        "\u306a\u3057",
    ),
    *("tbd, tbd; tbd", "none / unknown", " " * 10_000, "-" * 10_000, "\u3164" * 10_000),
)
UNKNOWN = (
    *(
        "unknown",
        "Unknown.",
        "(UNKNOWN)",
        "un\u200bknown",
        "NOASSERTION",
        "no assertion",
    ),
    *(
        "not known",
        "undisclosed",
        "Not disclosed",
        "unbekannt",
        "inconnu",
        "desconocido",
    ),
    *("\u043d\u0435\u0438\u0437\u0432\u0435\u0441\u0442\u043d\u043e", "\u672a\u77e5"),
    *("\u4e0d\u660e", "\uc54c \uc218 \uc5c6\uc74c"),
)
SOMETHING = (
    *(
        "0",
        "1",
        "no",
        "x",
        "xx",
        "MIT",
        "Apache-2.0",
        "C",
        "C++",
        "C#",
        "R",
        "\u00e9",
        "3.0",
    ),
    *("n/a since 2020", "of unknown origin", "unknown-corp", "none of your data"),
    *("TBD-Net", "TODO list", "Nano", "Noneal", "Later Labs", "No personal data."),
    *("see model card section 3 for the numbers", "Your data stay here"),
    *(
        "https://acme.example/reader",
        "https://hub.example/x",
        "https://example.com.acme.eu",
    ),
    *(
        "https://notexample.com/",
        "security@acme.eu",
        "myexample.com",
        "see https://example.com",
    ),
    *("pkg:huggingface/acme/reader@1.0", "pkg:npm/empty", "pkg:oci/unknown-pleasures"),
    *(
        "\u65e5\u672c\u8a9e",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "\u0420\u0443\u0441",
    ),
    *(" " * 10_000 + "x", "-" * 300 + "text", "text" + "-" * 10_000, "tbd unless acme"),
)


@pytest.mark.parametrize("text", NOTHING, ids=lambda text: ascii(text[:30]))
def test_fillers_say_nothing(text):
    assert text_says(text) is Said.NOTHING


@pytest.mark.parametrize("text", UNKNOWN, ids=ascii)
def test_unknown_is_said_in_a_word(text):
    assert text_says(text) is Said.UNKNOWN


@pytest.mark.parametrize("text", SOMETHING, ids=lambda text: ascii(text[:30]))
def test_all_else_is_said(text):
    assert text_says(text) is Said.SOMETHING


def test_of_several_values_more_is_better():
    assert Said.NOTHING < Said.UNKNOWN < Said.SOMETHING
