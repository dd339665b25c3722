"""``blasr vision`` through the program's own entry point."""

from __future__ import annotations

import pytest

from blasr.cli.main import main
from blasr.vision.paper import TABLES


def test_paper_has_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vision", "summary", "--paper"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = {line[1]: line for line in lines if line and line[0].isdecimal()}
    assert list(rows) == [row.name for row in TABLES]
    assert rows["bl_resnet50_a2b4"] == [
        "1", "bl_resnet50_a2b4", "26694568", "2856058880", "26.69", "26.69", "2.86", "2.85", "+0.21", "22.69", "-",
    ]  # fmt: skip
    assert rows["bl_resnet101_a2b4@256"][-1] == "162"


def test_one_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vision", "summary", "bl_resnet50_a2b4@256", "--num-classes", "10"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "bl_resnet50_a2b4: 10 classes, images of 256 x 256"
    assert any(
        line.startswith("stage1 256 x 64 x 64") and "big: block 64 -> 256, s2, then block 64 -> 256" in line
        for line in lines
    )
    assert any(line.startswith("stages.stage1.branches.little.0.conv.conv Conv2d 3x3 32 x 64 x 64") for line in lines)
    assert "parameters: 24666058" in lines  # 26694568 less 990 classes of 2048 weights and a bias


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["summary", "bl_resnet50_a2b8"], "did you mean bl_resnet50_a2b"),
        (["summary"], "give a NAME, or --paper"),
        (["summary", "resnet50", "--paper"], "give --paper alone"),
        (["summary", "resnet50", "--width", "-1"], "expected a number above 0"),
    ],
)
def test_mistakes(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vision", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err and captured.err.startswith("blasr vision: error: ")


def test_an_image_that_is_too_small(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vision", "summary", "resnet50", "--image-size", "16"]) == 1
    assert "expected at least 32 x 32" in capsys.readouterr().err
