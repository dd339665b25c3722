"""``blasr summary`` through the program's own entry point."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.models import TABLE3, summarize, weight_sizes


def test_table3_has_every_name_and_exact_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "--table3"]) == 0
    rows = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines() if line}
    for name in TABLE3:
        summary = summarize(name)
        assert rows[name][1:3] == [str(summary.params), str(summary.macs)]
    ours = rows["bl_resnet22_a2b3"]
    assert ours == ["bl_resnet22_a2b3", "30729568", "768276480", "3.07", "0.77", "14.46", "11.10", "17.80"]


def test_one_variant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "bl_resnet22_a2b3"]) == 0
    text = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for column in (
        "stem 64 x 32 x T 49 -> 45",
        "stage1 64 x 32 x T 45 -> 35",
        "transition1 64 x 16 x T 35 -> 33",
        "stage2 128 x 16 x T 33 -> 23",
        "transition2 128 x 8 x T 23 -> 21",
        "stage3 256 x 8 x T 21 -> 11",
        "transition3 256 x 4 x T 11 -> 9",
        "stage4 512 x 4 x T 9 -> 1",
    ):
        assert any(line.startswith(column) for line in lines), column
    assert "parameters: 30729568" in lines
    assert any(line.startswith("MACs: 768276480 ") for line in lines)
    assert any(line.startswith("receptive field: 49 frames") for line in lines)
    assert any(
        line.startswith("stages.stage1.branches.little.0.convs.1.conv Conv2d 3x3 32 x 32 x 41") for line in lines
    )


def test_columns_add_up_to_the_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "bl_pyr_resnet22_a4b1", "--num-pdfs", "120", "--width", "0.25"]) == 0
    text = capsys.readouterr().out
    summary = summarize("bl_pyr_resnet22_a4b1", num_pdfs=120, width=0.25)
    assert sum(part.params for part in summary.parts) == summary.params
    assert sum(part.macs for part in summary.parts) == summary.macs
    assert f" {summary.params}\n" in text and f" {summary.macs} " in text
    assert "120 pdfs" in text and "width 0.25" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bl_resnet22_a2b4"], "did you mean bl_resnet22_a2b3?"),
        ([], "give a NAME, or --table3"),
        (["resnet22", "--table3"], "give --table3 alone"),
        (["--table3", "--width", "0.5"], "give --table3 alone"),
        (["--table3", "--size"], "give --table3 alone"),
        (["resnet22", "--keep", "stem"], "--keep is for --size"),
        (["resnet22", "--size", "--keep", "stam"], "the network has no part 'stam'"),
    ],
)
def test_mistakes(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err and captured.err.startswith("blasr summary: error: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet22", "--width", "0"], "--width: expected a number above 0, found '0'"),
        (["resnet22", "--num-pdfs", "0"], "--num-pdfs: expected 1 or more, found '0'"),
        (["resnet22", "--widht", "1"], "unrecognized option --widht; did you mean --width?"),
    ],
)
def test_wrong_options(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["summary", *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["bl_resnet22"], ["--table3", "resnet22"], ["--widht", "1"]])
def test_help_and_mistakes_need_no_torch(arguments: list[str]) -> None:
    code = f"""
import sys
from blasr.cli.main import main
try:
    status = main(["summary", *{arguments}])
except SystemExit as stop:
    status = stop.code
assert status == {0 if "--help" in arguments else 2}
assert not {{"torch", "numpy"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_pipe_loses_nothing() -> None:
    """Neither a narrow terminal nor a pipe shortens a line."""
    run = subprocess.run(
        [sys.executable, "-m", "blasr.cli", "summary", "--table3"],
        env={**os.environ, "COLUMNS": "20", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=True,
    )
    for name in TABLE3:
        assert name in run.stdout and str(summarize(name).macs) in run.stdout
    assert "…" not in run.stdout


def test_sizes_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["summary", "bl_resnet22_a2b3", "--width", "0.25", "--num-pdfs", "464", "--size"]
    assert main([*arguments, "--keep", "stem"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:4]]
    sizes = weight_sizes("bl_resnet22_a2b3_b", num_pdfs=464, width=0.25)
    for row, size in zip(rows, sizes.values(), strict=True):
        assert row[-1] == str(size.data + size.header) and row[-4] == str(size.data)
    assert rows[1][-3] == "87.7%"
    assert sizes["patterns"].kernels * 8 < sizes["float"].kernels / 4 * 1.05 + 4 * 8 * 5 * 5 * 3 * 16
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[-1] != rows[1][-1]  # the stem is binarized too


def test_a_variant_with_patterns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "bl_resnet22_a2b3_bq", "--width", "0.1", "--num-pdfs", "20"]) == 0
    text = capsys.readouterr().out
    assert "PatternConv2d 3x3" in text and "Int8Conv2d 1x1" in text and "8-bit weights are fixed" in text


def test_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "a.svg"
    assert main(["summary", "bl_resnet22_a2b3", "--num-pdfs", "9000", "--plot", str(out)]) == 0
    assert "written" in capsys.readouterr().out and ">9,000<" in out.read_text(encoding="utf-8")
    for words, message in (
        (["bl_resnet22_a2b3", "--plot", "a.pdf"], "ends in .svg or .png"),
        (["bl_resnet22_a2b3", "--plot", "a.svg", "--size"], "exclude each other"),
        (["--table3", "--plot", "a.svg"], "give --table3 alone"),
    ):
        assert main(["summary", *words]) == 2
        assert message in capsys.readouterr().err
