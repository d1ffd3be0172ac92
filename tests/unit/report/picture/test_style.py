"""Contrasts, computed as WCAG 2.2 says."""

from __future__ import annotations

import pytest

from aibom.report.picture.style import PALETTES, css


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


#: Texts need 4.5 to 1 (1.4.3), lines and shapes 3 to 1 (1.4.11).
PAIRS = {
    **{
        f"{t} on {b}": (t, b, 4.5)
        for t in ("text", "muted")
        for b in ("back", "fill", "step", "root")
    },
    "number on badge": ("onpath", "path", 4.5),
    **{
        f"{line} on {b}": (line, b, 3.0)
        for line in ("line", "path", "mark")
        for b in ("back", "fill", "step", "root")
    },
}


def test_the_yardstick():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("upper", "lower", "least"), PAIRS.values(), ids=PAIRS)
def test_contrast(upper, lower, least, scheme):
    assert contrast(PALETTES[upper][scheme], PALETTES[lower][scheme]) >= least


def test_the_style_sheet_touches_nothing_else():
    for rule in css("svg.one").split("}"):
        selector = rule.rpartition("{")[0].strip()
        if selector and not selector.startswith("@media"):
            for part in selector.split(","):
                assert part.strip().startswith("svg.one")
    assert "url(" not in css()
    assert "@import" not in css()
