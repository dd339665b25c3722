"""Pictures of lattices: what they show, and where."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest

from blasr.errors import DataError
from blasr.lattices.config import CostScales
from blasr.lattices.lattice_picture import EPSILON_WORD, PicturedLattice, lattice_svg, picture_of
from tests.lattices.compact_lattices import CompactArc, make_compact

SVG = "{http://www.w3.org/2000/svg}"
SCALES = CostScales(1.0, 1.0)
WORDS = {1: "one", 2: "two", 3: "three", 4: "<four & more>"}
ARCS: list[CompactArc] = [
    (0, 1, 1, 0.0, 1.0, [7] * 10),
    (0, 1, 2, 0.0, 2.0, [7] * 10),
    (1, 3, 4, 0.5, 0.5, [7] * 20),
    (1, 2, 3, 3.0, 1.0, [7] * 5),
    (2, 3, 0, 0.0, 0.0, [7] * 15),
]


def picture(**options: float) -> PicturedLattice:
    lattice = make_compact(ARCS, {3: 0.0}, 4)
    return picture_of("u<1>", lattice, WORDS.__getitem__, SCALES, **options)  # type: ignore[arg-type]


def test_posteriors_best_path_and_times() -> None:
    found = picture()
    by_word = {arc.word: arc for arc in found.arcs}
    assert [arc.word for arc in found.arcs if arc.is_best] == ["one", "<four & more>"]
    assert found.best_words == "one <four & more>"
    assert by_word["one"].posterior == pytest.approx(1 / (1 + math.exp(-1)))
    assert by_word["<four & more>"].posterior == pytest.approx(1 / (1 + math.exp(-3)))
    assert by_word[EPSILON_WORD].posterior == pytest.approx(by_word["three"].posterior)
    assert found.seconds == pytest.approx({0: 0.0, 1: 0.1, 2: 0.15, 3: 0.3})
    assert found.best_states == (0, 1, 3) and found.ends == frozenset({3})


def test_pruning_leaves_out_what_costs_more() -> None:
    found = picture(prune=1.5)
    assert {arc.word for arc in found.arcs} == {"one", "two", "<four & more>"}
    assert (len(found.seconds), found.total_states) == (3, 4)
    assert "3 of 4 states, 3 of 5 arcs" in lattice_svg(found)


def test_too_many_states_are_refused() -> None:
    with pytest.raises(DataError, match=r"has 4 states, a picture shows at most 3\n  fix: .*--prune 4,"):
        picture(max_states=3)
    with pytest.raises(DataError, match="--prune 5"):
        picture(max_states=3, prune=10)


def boxes(root: ET.Element) -> list[tuple[float, float, float, float]]:
    found = []
    for group in root.iter(f"{SVG}g"):
        for rect in group.iter(f"{SVG}rect"):
            x, y, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
        for circle in group.iter(f"{SVG}circle"):
            x, y, radius = (float(circle.attrib[name]) for name in ("cx", "cy", "r"))
            found.append((x - radius, y - radius, x + radius, y + radius))
    return found


def test_nothing_overlaps_and_the_best_path_is_straight() -> None:
    root = ET.fromstring(lattice_svg(picture()))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    found = sorted(set(boxes(root)))
    inner = [box for box in found if not any(box != other and _inside(box, other) for other in found)]
    assert len(inner) == 4 + 5
    for number, one in enumerate(inner):
        assert 0 <= one[0] < one[2] <= width and 0 <= one[1] < one[3] <= height
        for other in inner[number + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    texts = {text.text: text.attrib for text in root.iter(f"{SVG}text")}
    assert texts["one"]["y"] == texts["<four & more>"]["y"]


def _inside(box: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return other[0] <= box[0] and other[1] <= box[1] and box[2] <= other[2] and box[3] <= other[3]


def test_the_picture_has_an_alternative_text_and_tooltips() -> None:
    root = ET.fromstring(lattice_svg(picture()))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == "Lattice of u<1>. Best path: one <four & more>"
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert "one: 0.00 to 0.10 s, probability 0.731, graph cost 0.00, acoustic cost 1.00" in titles


def test_a_lattice_of_one_state() -> None:
    lattice = make_compact([], {0: 0.0}, 1)
    found = picture_of("u", lattice, WORDS.__getitem__, SCALES)
    assert (found.best_words, found.arcs) == ("", ())
    assert ET.fromstring(lattice_svg(found)).tag == f"{SVG}svg"
