"""Summaries of acoustic models: the parts add up, and sizes follow the input."""

from __future__ import annotations

import pytest

from blasr.errors import ConfigError, DataError
from blasr.models import build_acoustic_model, summarize


def test_parts_and_layers_add_up_to_the_model() -> None:
    summary = summarize("bl_pyr_resnet22_a4b1", num_pdfs=120, width=0.25)
    model = build_acoustic_model("bl_pyr_resnet22_a4b1", num_pdfs=120, width=0.25)
    expected = sum(parameter.numel() for parameter in model.parameters())
    assert sum(part.params for part in summary.parts) == summary.params == expected
    assert sum(part.macs for part in summary.parts) == summary.macs


def test_the_receptive_field_does_not_depend_on_the_input() -> None:
    window, longer = (
        summarize("resnet22", num_pdfs=5, width=0.1),
        summarize("resnet22", num_pdfs=5, width=0.1, frames=99),
    )
    assert window.receptive_fields == longer.receptive_fields and window.receptive_field == 49
    assert window.frame_counts[-1] == 1 and longer.frame_counts[-1] == 51


def test_structures_are_in_the_notation_of_the_paper() -> None:
    parts = {part.name: part.structure for part in summarize("bl_resnet22_a2b3").parts}
    assert parts["stem"] == "5x5, 64, s2"
    assert parts["stage1"] == "big: 3x3, 64, s2, blocks of 2+2+1; little: 3x3, 32, blocks of 2"
    assert parts["transition1"] == "3x3, 64, s2" and parts["output"] == "1x1, 32000"


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown acoustic model"):
        summarize("resnet23")
    with pytest.raises(DataError, match="found 48 frames, expected at least 49"):
        summarize("resnet22", width=0.1, frames=48)
