"""Rows are cut between words, and a picture shows the words, phones and times of its transcript where they belong."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from blasr.errors import DependencyError
from blasr.features.config import FeatureConfig
from blasr.features.fbank import LogMel
from blasr.inference.transcript import (
    TranscribedPhone,
    TranscribedSegment,
    TranscribedSide,
    TranscribedWord,
    Transcript,
)
from blasr.inference.transcript_pictures import ROW_SECONDS, ROWS, PictureRow, draw_picture, row_edges, write_pictures

FEATURES = FeatureConfig()
WORDS = (TranscribedWord("FOUR", 0.5, 0.5, 0.99), TranscribedWord("FIVE", 1.0, 0.4, 0.3))
PHONES = (
    TranscribedPhone("SIL", 0.0, 0.5),
    TranscribedPhone("F_B", 0.5, 0.6),
    TranscribedPhone("AO_I", 0.6, 0.9),
    TranscribedPhone("R_E", 0.9, 1.0),
    TranscribedPhone("F_B", 1.0, 1.1),
    TranscribedPhone("AY_I", 1.1, 1.25),
    TranscribedPhone("V_E", 1.25, 1.4),
    TranscribedPhone("SIL", 1.4, 2.0),
)


def side_of(seconds: float, label: str = "1", tone_bin: int = 20) -> TranscribedSide:
    """Words and phones at its beginning, and features with one loud bin."""
    log_mel = np.zeros((round(100 * seconds), 64), np.float32)
    log_mel[:, tone_bin] = 10.0
    return TranscribedSide(label, (TranscribedSegment(label, 0.0, seconds, WORDS, "", PHONES),), log_mel)


def transcript_of(*sides: TranscribedSide) -> Transcript:
    seconds = max(len(side.log_mel) / 100 for side in sides if side.log_mel is not None)
    return Transcript(Path("a.wav"), "a", seconds, 8000, 8000, sides)


@given(
    seconds=st.floats(0.05, 60),
    lengths=st.lists(st.tuples(st.floats(0.05, 1.0), st.floats(0.0, 0.5)), max_size=60),
)
def test_rows_cover_the_side_and_are_not_too_long(seconds: float, lengths: list[tuple[float, float]]) -> None:
    words, time = [], 0.0
    for pause, length in lengths:
        words.append(TranscribedWord("w", time + pause, length))
        time += pause + length
    edges = row_edges(seconds, [word for word in words if word.end_seconds <= seconds])
    assert (edges[0], edges[-1]) == (0.0, seconds)
    assert all(0 < end - start <= ROW_SECONDS + 1e-6 for start, end in pairwise(edges))
    assert len(edges) - 1 == max(1, int(np.ceil(seconds / ROW_SECONDS - 1e-6)))


def test_rows_are_cut_between_words() -> None:
    words = [TranscribedWord("w", 0.1 + 0.7 * number, 0.5) for number in range(10)]
    edges = row_edges(7.2, words)
    assert len(edges) == 3
    assert not any(word.start_seconds < edges[1] < word.end_seconds for word in words)
    assert abs(edges[1] - 3.6) <= 0.35


def test_everything_is_drawn_at_its_time() -> None:
    side = side_of(2.0)
    figure = draw_picture("a", "subtitle", [PictureRow(side, 0.0, 2.0, 2.0)], FEATURES)
    spectrogram, phones, words = figure.axes
    assert {axes.get_xlim() for axes in figure.axes} == {(0.0, 2.0)}
    drawn = {text.get_text(): text.get_position()[0] for text in words.texts}
    assert drawn["FOUR"] == pytest.approx(0.75)
    assert drawn["FIVE"] == pytest.approx(1.2)
    assert "0.50\N{EN DASH}1.00  p 0.99" in drawn
    names = [(text.get_text(), round(float(text.get_position()[0]), 3)) for text in phones.texts]
    assert names == [
        ("SIL", 0.25),
        ("F", 0.55),
        ("AO", 0.75),
        ("R", 0.95),
        ("F", 1.05),
        ("AY", 1.175),
        ("V", 1.325),
        ("SIL", 1.7),
    ]
    assert {line.get_xdata()[0] for line in spectrogram.lines} == {0.5, 1.0, 1.4}  # type: ignore[index]
    colors = [patch.get_facecolor() for patch in words.patches]
    assert colors[0] != colors[1], "a word that is not probable has another color"


def test_the_axis_of_frequency_is_that_of_the_filters() -> None:
    """1000 Hz is marked at the filter that a tone of 1000 Hz excites most."""
    tone = torch.sin(2 * np.pi * 1000 * torch.arange(8000) / 8000) * 8000
    loudest = int(LogMel(FEATURES)(tone).mean(dim=0).argmax())
    figure = draw_picture("a", "", [PictureRow(side_of(2.0), 0.0, 2.0)], FEATURES)
    axes = figure.axes[0]
    marks = {text.get_text(): place for text, place in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)}
    assert abs(marks["1000"] - (loudest + 0.5)) <= 1
    assert "4000" not in marks, "above the highest filter"


def test_a_row_shows_its_part_only() -> None:
    figure = draw_picture("a", "", [PictureRow(side_of(2.0), 1.0, 2.0, 2.0)], FEATURES)
    assert figure.axes[2].texts[0].get_text() == "FIVE"
    assert figure.axes[0].images[0].get_array().shape == (64, 100)  # type: ignore[union-attr]
    assert figure.axes[0].get_position().width == pytest.approx(draw_width() / 2)


def draw_width() -> float:
    figure = draw_picture("a", "", [PictureRow(side_of(2.0), 0.0, 2.0, 2.0)], FEATURES)
    return float(figure.axes[0].get_position().width)


def test_pictures_of_a_long_file_and_of_two_sides(tmp_path: Path) -> None:
    (one,) = write_pictures(transcript_of(side_of(2.0, "A"), side_of(2.0, "B", 50)), FEATURES, tmp_path)
    assert one == tmp_path / "a.png"
    with Image.open(one) as image:
        assert image.format == "PNG" and image.width > 1000
        taller = image.height
    seconds = ROWS * ROW_SECONDS + 1
    pages = write_pictures(transcript_of(side_of(seconds)), FEATURES, tmp_path / "new")
    assert [page.name for page in pages] == ["a.1.png", "a.2.png"]
    with Image.open(pages[0]) as first, Image.open(pages[1]) as second:
        assert first.height > taller > second.height


def test_a_file_without_words_has_a_picture(tmp_path: Path) -> None:
    log_mel = np.full((3, 64), -15.9, np.float32)
    side = TranscribedSide("1", (TranscribedSegment("1", 0.0, 0.03, ()),), log_mel)
    (path,) = write_pictures(Transcript(Path("a.wav"), "a", 0.05, 8000, 8000, (side,)), FEATURES, tmp_path)
    assert path.stat().st_size > 1000


def test_a_transcript_without_features_is_refused(tmp_path: Path) -> None:
    side = TranscribedSide("1", ())
    with pytest.raises(ValueError, match="pictures=True"):
        write_pictures(Transcript(Path("a.wav"), "a", 1.0, 8000, 8000, (side,)), FEATURES, tmp_path)


def test_missing_matplotlib_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DependencyError, match=r"pip install 'blasr\[pictures\]'"):
        write_pictures(transcript_of(side_of(1.0)), FEATURES, tmp_path)
