"""Summaries of image models: the parts add up, and sizes follow the image."""

from __future__ import annotations

import pytest

from blasr.errors import ConfigError, DataError
from blasr.vision import create_model, summarize


def test_parts_and_layers_add_up_to_the_model() -> None:
    summary = summarize("bl_resnet50_a2b4", num_classes=10, width=0.25)
    model = create_model("bl_resnet50_a2b4", 10, width=0.25)
    expected = sum(parameter.numel() for parameter in model.parameters())
    assert sum(part.params for part in summary.parts) == summary.params == expected
    assert sum(part.macs for part in summary.parts) == summary.macs
    assert summary.parts[-1].name == "classifier" and summary.parts[-1].output == (10,)


def test_outputs_follow_the_image() -> None:
    parts = {part.name: part.output for part in summarize("resnet50", image_size=64, width=0.25).parts}
    assert parts["stem"] == (16, 32, 32) and parts["stage4"] == (512, 2, 2)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown vision model"):
        summarize("resnet51")
    with pytest.raises(DataError, match="expected at least 32 x 32"):
        summarize("resnet50", image_size=16)
