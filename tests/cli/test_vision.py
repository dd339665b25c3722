"""``blasr vision`` through the program's own entry point."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from blasr.cli.main import main
from blasr.vision import VARIANTS
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
    assert rows["shufflenet_v2_x1_0"][6:8] == ["0.145", "0.146"]


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
        (["summary", "bl_resnet50_a2b4", "--alpha", "3"], "alpha 3 does not divide the 64 channels"),
        (["summary", "bl_resnet50_a2b4", "--alpha", "0"], "found alpha 0"),
        (["summary", "bl_resnet50_a2b4", "--image-size", "225"], "choose 224 or 256"),
        (["summary", "bl_resnet50_a2b4@250"], "choose 224 or 256"),
        (["summary", "resnet50", "--image-size", "16"], "choose 32 or 64"),
        (["summary", "resnet50@large"], "give resnet50@256"),
        (["list", "vgg"], "no model's name contains 'vgg'"),
        (["evaluate", "--released", "x.pth", "--data", "x"], "give --name, such as bl_resnet50_a2b4"),
        (["evaluate", "--experiment", "x", "--name", "resnet50", "--data", "x"], "leave out --name"),
        (["evaluate", "--experiment", "x", "--data", "x", "--sizes", "50"], "choose 32 or 64"),
    ],
)
def test_mistakes(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vision", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err and captured.err.startswith("blasr vision: error: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["summary", "resnet50", "--width", "-1"], "--width: expected a number above 0, found '-1'"),
        (["evaluate", "--experiment", "x", "--size", "224", "--data", "x"], "did you mean --sizes?"),
        (["evaluate", "--data", "x"], "one of the arguments --experiment --released is required"),
    ],
)
def test_wrong_options(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["vision", *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["evaluate", "--help"],
        ["list", "resnext"],
        ["summary", "vgg"],
        ["train", "conf/vision/bl_resnet50_a2b4.yaml", "--set", "data.bach_size=3"],
    ],
)
def test_help_names_and_mistakes_need_no_torch(arguments: list[str]) -> None:
    code = f"""
import sys
from blasr.cli.main import main
try:
    status = main(["vision", *{arguments}])
except SystemExit as stop:
    status = stop.code
assert status == {2 if arguments[0] in ("summary", "train") else 0}
assert not {{"torch", "numpy"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_unknown_names_get_the_nearest_and_not_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vision", "summary", "bl_resnet50a2b4"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[1].startswith("  fix: did you mean bl_resnet50_a2b4 or ") and max(map(len, lines)) < 120


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    branched = [f"bl_seresnext50_32x4d_{sizes}" for sizes in ("a2b2", "a2b4", "a4b2", "a4b4")]
    assert main(["vision", "list", "seresnext50_32"]) == 0
    assert capsys.readouterr().out.split() == ["seresnext50_32x4d", *branched]
    assert main(["vision", "list"]) == 0
    assert capsys.readouterr().out.split() == list(VARIANTS)


def test_alpha_and_beta_replace_those_of_the_variant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vision", "summary", "bl_resnet50_a2b4", "--alpha", "4", "--beta", "2"]) == 0
    own = capsys.readouterr().out.splitlines()
    assert main(["vision", "summary", "bl_resnet50_a4b2"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == own[1:]


@pytest.mark.parametrize("action", ["", "list", "summary", "train", "evaluate"])
def test_help_has_examples(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["vision", *([action] if action else []), "--help"])
    assert stop.value.code == 0
    assert re.search(rf"examples?:\n  blasr vision {action}", capsys.readouterr().out)
