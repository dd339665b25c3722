"""Every panel shows the values of its metric, and names do not overlap."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.pipeline.runs.curve_picture import (
    COLORS,
    PANELS,
    draw_curves,
    panel_svgs,
    spread,
    style_of,
)
from blasr.pipeline.runs.curves import read_curves
from tests.pipeline.runs.small_runs import write_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

pytest.importorskip("matplotlib")


def shown_values(axes: Axes) -> list[float]:
    """The values of the first line."""
    return [float(value) for value in np.asarray(axes.lines[0].get_ydata())]


def test_panels_of_two_runs(tmp_path: Path) -> None:
    runs = read_curves([write_run(tmp_path / "a"), write_run(tmp_path / "b", epochs=3, loss=9.0)])
    figure = draw_curves(runs)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Loss", "Frame accuracy", "Learning rate", "Gradient norm", "Speed", "Waiting for data"
    ]  # fmt: skip
    loss, accuracy, rate, norm, speed, waiting = figure.axes
    assert np.asarray(loss.lines[0].get_xdata()).tolist() == [1, 2]
    assert shown_values(loss) == runs[0].series("epoch", "valid_loss").values.tolist()
    assert loss.get_yscale() == "log" and rate.get_yscale() == "linear"
    assert shown_values(accuracy) == pytest.approx([40, 40])
    assert shown_values(waiting) == pytest.approx([5, 5])
    assert shown_values(speed) == pytest.approx([1040, 1080])
    assert len(norm.lines) == 2
    assert {text.get_text() for text in loss.texts} >= {"a", "b"}
    shown = [text.get_text() for text in figure.texts]
    assert {"Training curves", "a", "b", "held-out loss", "epoch 3"} <= set(shown)


def test_one_run_names_its_lines_and_one_without_held_out_data_too(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / "a"), write_run(tmp_path / "b", held_out=False, unit="images")]
    for folder, names in zip(folders, ({"held out", "training"}, {"training"}), strict=True):
        axes = draw_curves(read_curves([folder])).axes
        assert names <= {text.get_text() for text in axes[0].texts}
    assert axes[1].get_title(loc="left") == "Accuracy"
    assert axes[4].texts[0].get_text().startswith("images per second")


def test_metrics_that_are_absent_or_not_finite(tmp_path: Path) -> None:
    path = write_run(tmp_path / "a") / "metrics.jsonl"
    path.write_text('{"kind": "step", "epoch": 1, "step": 5, "loss": NaN, "accuracy": 0.0}\n')
    axes = draw_curves(read_curves([path.parent]), "step").axes
    assert [text.get_text() for text in axes[3].texts if "not in" in text.get_text()] == ["not in metrics.jsonl"]


def test_svgs_are_xml_with_text(tmp_path: Path) -> None:
    svgs = list(panel_svgs(read_curves([write_run(tmp_path / "<a&b>")])))
    assert len(svgs) == len(PANELS)
    for svg in svgs:
        assert ET.fromstring(svg).tag.endswith("svg")
    assert "Gradient norm" in svgs[3]
    clips = [{part.split('"')[0] for part in svg.split('clipPath id="')[1:]} for svg in svgs]
    assert len(set.union(*clips)) == sum(map(len, clips))


def test_styles_are_all_different() -> None:
    assert len({style_of(number) for number in range(3 * len(COLORS))}) == 3 * len(COLORS)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_names_keep_their_order_and_distance(heights: list[float]) -> None:
    moved = spread(heights, 0.1)
    by_place = [moved[index] for index in sorted(range(len(heights)), key=lambda index: heights[index])]
    assert all(after - before >= 0.1 - 1e-9 for before, after in pairwise(by_place))
    assert sum(moved) == pytest.approx(sum(heights))


def test_names_that_do_not_touch_stay() -> None:
    assert spread([0.9, 0.1, 0.5], 0.1) == [0.9, 0.1, 0.5]
    assert spread([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])
