"""What all pictures share."""

from __future__ import annotations

import sys
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from blasr import pictures
from blasr.errors import DependencyError
from blasr.pictures import require_matplotlib, svg_element

TO_LMS = ((0.31399, 0.63951, 0.04649), (0.15537, 0.75789, 0.08670), (0.01775, 0.10944, 0.87257))
TO_RGB = ((5.47221, -4.64196, 0.16963), (-1.12524, 2.29317, -0.16789), (0.02980, -0.19318, 1.16364))
WITHOUT_GREEN = ((1.0, 0.0, 0.0), (0.9513092, 0.0, 0.04866992), (0.0, 0.0, 1.0))
"""Deuteranopia, the most frequent color blindness (Viénot, Brettel & Mollon 1999), in linear light."""


def linear(color: str) -> list[float]:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def transformed(matrix: tuple[tuple[float, ...], ...], values: list[float]) -> list[float]:
    return [sum(weight * value for weight, value in zip(row, values, strict=True)) for row in matrix]


def seen_without_green(color: str) -> list[float]:
    return transformed(TO_RGB, transformed(WITHOUT_GREEN, transformed(TO_LMS, linear(color))))


def luminance(color: str) -> float:
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear(color), strict=True))


def test_color_blind_people_distinguish_the_colors() -> None:
    colors = (pictures.BLUE, pictures.ORANGE, pictures.GREEN, pictures.AMBER, pictures.SKY)
    for one, other in combinations(colors, 2):
        pairs = zip(seen_without_green(one), seen_without_green(other), strict=True)
        assert sum((a - b) ** 2 for a, b in pairs) ** 0.5 > 0.07, (one, other)


@pytest.mark.parametrize("color", [pictures.INK, pictures.GRAY])
def test_text_has_contrast_on_white(color: str) -> None:
    assert 1.05 / (luminance(color) + 0.05) >= 4.5  # WCAG 2, level AA


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DependencyError, match="pictures need matplotlib\n  fix: pip install"):
        require_matplotlib()


def test_an_svg_has_an_alternative_text_and_the_same_bytes_each_time() -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    def drawn() -> str:
        figure = Figure(figsize=(2, 1))
        figure.add_axes((0, 0, 1, 1)).plot([0, 1], [0, 1])
        return svg_element(figure, 'Loss of "a" & <b>', "one")

    root = ET.fromstring(drawn())
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == 'Loss of "a" & <b>'
    assert drawn() == drawn()
