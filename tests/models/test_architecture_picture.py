"""Pictures of the acoustic models."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from blasr.errors import ConfigError
from blasr.models.architecture import read_architecture
from blasr.models.architecture_picture import alternative_text, draw_architecture, write_architecture

pytest.importorskip("matplotlib")


def test_an_svg_has_the_names_as_text_and_a_title(tmp_path: Path) -> None:
    architecture = read_architecture("bl_resnet22_a2b3", num_pdfs=9000)
    write_architecture(architecture, tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    ET.fromstring(text.partition("<svg")[1] + text.partition("<svg")[2])
    for word in ("bl_resnet22_a2b3", "stage3", "stride 2", "9,000", "sees 49", "2\u00b73\u00d73"):
        assert f">{word}<" in text
    assert alternative_text(architecture) in text
    write_architecture(architecture, tmp_path / "b.svg")
    assert (tmp_path / "b.svg").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", ["bl_pyr_resnet22_a4b1", "resnet22"])
def test_texts_do_not_overlap(name: str) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = draw_architecture(read_architecture(name))
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    overlapping = [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if a.overlaps(b)]
    assert overlapping == []
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for _, box in boxes)


def test_a_png_and_other_names(tmp_path: Path) -> None:
    architecture = read_architecture("resnet22", width=0.25)
    write_architecture(architecture, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ConfigError, match=r"ends in \.svg or \.png"):
        write_architecture(architecture, tmp_path / "a.pdf")
