"""The structure of the acoustic models, read from their modules."""

from __future__ import annotations

import pytest

from blasr.errors import ConfigError
from blasr.models.architecture import read_architecture
from blasr.models.summary import summarize
from blasr.models.variants import VARIANTS
from blasr.units import WINDOW_FRAMES


def test_branches_strides_and_crops_are_those_of_the_paper() -> None:
    """Table 11: the big branch at half resolution, the little one with half the channels, cropped by 3 on each side."""
    found = read_architecture("bl_resnet22_a2b3", num_pdfs=9000)
    stage = [box for box in found.boxes if box.name.startswith("stages.stage1")]
    assert [(box.role, box.text, box.shape) for box in stage] == [
        ("big", "2\u00b73\u00d73", (64, 16, 41)),
        ("big", "2\u00b73\u00d73", (64, 16, 37)),
        ("big", "3\u00d73", (64, 16, 35)),
        ("match", "\u00d72 up", (64, 32, 35)),
        ("little", "2\u00b73\u00d73", (32, 32, 41)),
        ("match", "1\u00d71", (64, 32, 41)),
        ("merge", "+", (64, 32, 35)),
    ]
    assert [box.cropped for box in stage] == [0, 0, 0, 0, 0, 6, 0]
    assert stage[-1].inputs == (stage[3].name, stage[5].name)
    assert found.boxes[-1].shape == (9000, 1, 1)
    assert found.lanes == 2


def test_concatenation_and_four_branches() -> None:
    found = read_architecture("bl_resnet22_a4b1_cat")
    assert {box.text for box in found.boxes if box.role == "merge"} == {"concat, 1\u00d71"}
    found = read_architecture("bl_pyr_resnet22_a4b1")
    firsts = [box for box in found.boxes if box.name.startswith("stages.stage1") and box.name.endswith(".0")]
    assert [(box.role, box.lane, box.shape[:2]) for box in firsts] == [
        ("big", 0, (256, 4)),
        ("middle", 1, (64, 8)),
        ("middle", 2, (16, 16)),
        ("little", 3, (4, 32)),
    ]
    matched = {box.lane: box.text for box in found.boxes if box.name.startswith("stages.stage1.projections")}
    assert matched == {0: "\u00d78 up, 1\u00d71", 1: "\u00d74 up", 2: "\u00d72 up, 1\u00d71", 3: "1\u00d71"}


def test_patterns_are_marked() -> None:
    found = read_architecture("sep_resnet22_b", width=0.125)
    texts = {box.text for box in found.boxes if box.name.startswith("stages")}
    assert texts == {"2\u00b7(3\u00d73\u00b1+1\u00d71)"}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_connected_and_agrees_with_its_summary(name: str) -> None:
    found, summary = read_architecture(name, width=0.25), summarize(name, width=0.25)
    names = [box.name for box in found.boxes]
    assert len(set(names)) == len(names)
    for number, box in enumerate(found.boxes[1:], start=1):
        assert box.inputs and set(box.inputs) <= set(names[:number])
        assert all(found.box(source).column < box.column for source in box.inputs)
    used = {source for box in found.boxes for source in box.inputs}
    assert used == set(names[:-1])
    assert found.boxes[-1].shape[2] == 1 and found.boxes[0].shape[2] == WINDOW_FRAMES
    assert [part.name for part in summary.parts] == list(found.parts)
    assert found.params == summary.params
    places = [(box.column, box.lane, box.lanes) for box in found.boxes]
    assert len(set(places)) == len(places)


def test_an_unknown_name() -> None:
    with pytest.raises(ConfigError, match="did you mean resnet22"):
        read_architecture("resnet2")
