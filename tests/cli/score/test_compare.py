"""``blasr score compare``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blasr.cli.main import main
from tests.cli.score.conftest import CTM


def compare(folder: Path, *arguments: str) -> int:
    return main(["score", "compare", *(argument.format(folder) for argument in arguments)])


@pytest.mark.parametrize("name", ["ref.stm", "reference"])
def test_systems_with_times(conversation: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (conversation / "ref.stm").rename(conversation / name)
    (conversation / "better.ctm").write_text(CTM.replace(" x\n", " b\n"))
    arguments = ["--ref", f"{{}}/{name}", "{}/hyp.ctm", "{}/better.ctm", "--glm", "{}/rules.glm", "--json", "{}/json"]
    assert compare(conversation, *arguments, *([] if name == "ref.stm" else ["--format", "stm"])) == 0
    report = json.loads((conversation / "json").read_text())
    assert (report["A"]["errors"], report["B"]["errors"], report["matched_pairs"]["segments"]) == (3, 2, 2)
    assert report["bootstrap"]["difference"] == pytest.approx(-10)
    assert "do not differ significantly" in capsys.readouterr().out


def test_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"u{n} a b c d" for n in range(40)]
    (tmp_path / "text").write_text("\n".join(lines) + "\n")
    (tmp_path / "a").write_text("\n".join(line.replace("b", "x" if n % 3 else "b") for n, line in enumerate(lines)))
    assert compare(tmp_path, "--ref", "{}/text", "{}/a", "{}/text") == 0
    assert "matched pairs (MAPSSWE): 26 segments, mean 1.000" in capsys.readouterr().out
    (tmp_path / "a").write_text("other a\n")
    assert compare(tmp_path, "--ref", "{}/text", "{}/a", "{}/text") == 1
    assert "/a: utterance other: 1 of 1 hypotheses have no reference" in capsys.readouterr().err


def test_by_speaker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"u{n} a b c d" for n in range(40)]
    (tmp_path / "text").write_text("\n".join(lines) + "\n")
    (tmp_path / "utt2spk").write_text("".join(f"u{n} s{n // 10}\n" for n in range(40)))
    (tmp_path / "a").write_text("\n".join(line.replace("b", "x" if n < 20 else "b") for n, line in enumerate(lines)))
    arguments = ["--ref", "{}/text", "{}/a", "{}/text", "--by-speaker"]
    assert compare(tmp_path, *arguments, "--utt2spk", "{}/utt2spk") == 0
    expected = "B - A: -12.50 points, 95% interval -25.00 to +0.00 (1000 replicates by speaker)"
    assert expected in capsys.readouterr().out
    assert compare(tmp_path, *arguments) == 2
    assert "--by-speaker needs the speakers of the text" in capsys.readouterr().err


def test_options_of_stm_references_are_refused_with_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "compare", "--ref", "text", "a", "b", "--glm", "g"]) == 2
    assert "--glm, --data and --drop go with an STM reference" in capsys.readouterr().err
