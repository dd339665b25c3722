"""Pictures of the audio of a data directory."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from blasr.data.survey_picture import PANELS, draw_survey, plot_survey, survey_page
from blasr.errors import ConfigError
from tests.data.test_survey import small_survey

pytest.importorskip("matplotlib")


def test_a_page_has_every_panel_with_its_numbers_as_text(tmp_path: Path) -> None:
    page = survey_page(small_survey(tmp_path / "<d>"))
    svgs = ["<svg" + part.partition("</svg>")[0] + "</svg>" for part in page.split("<svg")[1:]]
    labels = [ET.fromstring(svg).attrib["aria-label"] for svg in svgs]
    assert [label.partition(":")[0] for label in labels] == [panel.title for panel in PANELS]
    assert "1 clipped utterances (33.3%)" in labels[3]
    assert labels[5].endswith("orange: 1 recordings differ from most")
    assert "<d>" not in page and "3 utterances; 2 speakers" in page
    assert "Most clipped" in page and "<td>a-2</td>" in page


def test_texts_do_not_overlap(tmp_path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = draw_survey(small_survey(tmp_path))
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    figure.draw(renderer)
    texts = [*figure.texts]
    for axes in figure.axes:
        texts += [axes._left_title, *axes.texts, axes.xaxis.label, axes.yaxis.label]  # type: ignore[attr-defined]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts if text.get_text()]
    assert [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if a.overlaps(b)] == []


def test_the_name_decides_the_kind(tmp_path: Path) -> None:
    survey = small_survey(tmp_path)
    plot_survey(survey, tmp_path / "a.png")
    plot_survey(survey, tmp_path / "a.html")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(ConfigError, match=r"ends in \.png or \.html"):
        plot_survey(survey, tmp_path / "a.svg")
