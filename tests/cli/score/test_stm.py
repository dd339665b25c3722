"""``blasr score stm``."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from blasr.cli.main import main
from blasr.scoring.sctk import find_sctk
from tests.cli.score.conftest import CTM


@pytest.fixture
def folder(conversation: Path) -> Path:
    return conversation


def score(folder: Path, *arguments: str) -> int:
    return main(
        ["score", "stm", "--ref", str(folder / "ref.stm"), *(argument.format(folder) for argument in arguments)]
    )


def scored(folder: Path, *arguments: str) -> dict[str, Any]:
    assert score(folder, *arguments, "--json", "{}.json") == 0  # beside the folder, which is also --data
    report: dict[str, Any] = json.loads(Path(f"{folder}.json").read_text())
    return report


NUMBERS = ("segments", "words", "correct", "substitutions", "deletions", "insertions")


@pytest.mark.parametrize("scorer", ["own", "sctk", "auto"])
def test_counts_under_each_label(folder: Path, capsys: pytest.CaptureFixture[str], scorer: str) -> None:
    if scorer == "sctk" and find_sctk() is None:
        pytest.skip("NIST's SCTK is not installed (apt-get install sctk)")
    report = scored(folder, "--hyp", "{}/hyp.ctm", "--glm", "{}/rules.glm", "--scorer", scorer)
    found = {label: tuple(report[label][name] for name in NUMBERS) for label in ("SWB", "CH", "all")}
    assert found == {"SWB": (2, 7, 6, 1, 0, 0), "CH": (2, 3, 1, 0, 2, 0), "all": (4, 10, 7, 1, 2, 0)}
    assert all(isinstance(number, int) for numbers in found.values() for number in numbers)
    assert report["speakers"]["sw_1_B"]["substitutions"] == report["sides"]["sw_1 B"]["substitutions"] == 1
    low, high = report["all"]["wer_95"]
    assert low <= report["all"]["wer"] == 30 <= high
    printed = capsys.readouterr().out
    assert "1 segments without hypothesis, their words counted as deleted, first en_1 A 1" in printed
    assert "1 segments ignored" in printed


def test_without_a_glm_nothing_is_filtered(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = scored(folder, "--hyp", "{}/hyp.ctm", "--scorer", "own", "--speakers")
    assert report["CH"]["substitutions"] == 1 and report["CH"]["deletions"] == 3
    printed = capsys.readouterr().out
    assert "no GLM" in printed and "speaker" in printed


def test_groups_by_the_names_of_recordings(folder: Path) -> None:
    report = scored(folder, "--hyp", "{}/hyp.ctm", "--scorer", "own", "--group", "Switch=sw_")
    assert report["Switch"] == report["SWB"]


def test_utterances_are_placed_in_their_recordings(folder: Path) -> None:
    (folder / "segments").write_text("u1 r1 0.5 1.0\nu2 r2 0.0 2.0\n")
    (folder / "reco2file_and_channel").write_text("r1 en_1 A\nr2 sw_1 B\n")
    (folder / "hyp.ctm").write_text("u1 1 0.1 0.1 all\nu1 1 0.2 0.1 right\nu1 1 0.6 0.2 d\nu2 1 1.0 0.5 b\n")
    report = scored(folder, "--hyp", "{}/hyp.ctm", "--data", "{}", "--scorer", "own", "--max-loss", "0.3")
    assert (report["CH"]["correct"], report["SWB"]["correct"]) == (3, 2)  # (uh) is right without a word
    (folder / "hyp.ctm").write_text("u3 1 0.1 0.1 all\n")
    assert score(folder, "--hyp", "{}/hyp.ctm", "--data", "{}") == 1


def test_the_frozen_setting_and_the_oracle(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for weight, text in (("10", CTM), ("12", CTM.replace(" x\n", " b\n")), ("14", CTM.replace(" b\n", " z\n"))):
        path = folder / f"score_{weight}_0.5" / "hyp.ctm"
        path.parent.mkdir()
        path.write_text(text)
        files.append(str(path))
    scored(folder, "--hyp", *files, "--glm", "{}/rules.glm", "--scorer", "own", "--freeze", "{}/best.json")
    assert "best: LM weight 12, word insertion penalty 0.5: WER 20.00" in capsys.readouterr().out
    frozen = json.loads((folder / "best.json").read_text())
    assert (frozen["lm_weight"], frozen["word_insertion_penalty"]) == (12, 0.5)
    (folder / "old.json").write_text('{"lm_weight": 10, "word_insertion_penalty": 0.5}')
    report = scored(folder, "--hyp", *files, "--glm", "{}/rules.glm", "--scorer", "own", "--setting", "{}/old.json")
    assert (report["all"]["wer"], report["oracle"]["wer"], report["setting"]["lm_weight"]) == (30, 20, 10)
    assert "oracle: LM weight 12" in capsys.readouterr().out


def test_lattices_at_one_setting_and_dropped_words(folder: Path, golden: Path) -> None:
    """Kaldi's lattices of connected digits as a conversation: each string is a segment of its speaker's side."""
    connected = golden / "fsdd_tri1" / "connected"
    texts = [line.split() for line in (connected / "text").read_text().splitlines()]
    (folder / "ref.stm").write_text(
        "".join(f"{u.split('-')[0]} A {u} {n * 20} {n * 20 + 20} {' '.join(w)}\n" for n, (u, *w) in enumerate(texts))
    )
    (folder / "segments").write_text(
        "".join(f"{u} {u.split('-')[0]} {n * 20} {n * 20 + 20}\n" for n, (u, *_) in enumerate(texts))
    )
    (folder / "setting.json").write_text('{"lm_weight": 20, "word_insertion_penalty": 2}')
    lang = golden / "fsdd_tri1" / "lang"
    arguments = ["--lattices", str(connected / "lat.ark"), "--words", str(lang / "words.txt"), "--data", "{}"]
    arguments += ["--lang", str(lang), "--model", str(golden / "fsdd_tri1" / "final.mdl"), "--scorer", "own"]
    arguments += ["--lm-weights", "10,20", "--word-ins-penalties", "2", "--setting", "{}/setting.json"]
    report = scored(folder, *arguments)
    assert {name: report["all"][name] for name in ("words", "insertions", "deletions", "substitutions")} == {
        "words": 183,
        "insertions": 11,
        "deletions": 4,
        "substitutions": 8,
    }  # those of Kaldi's wer_lmwt20_wip2
    without = scored(folder, *arguments, "--drop", "two,nothing")
    assert without["all"]["deletions"] > 4 and without["all"]["insertions"] < 11


def test_too_many_sides_without_hypothesis_fail(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hyp.ctm").write_text("sw_1 A 0.1 0.2 it\n")
    assert score(folder, "--hyp", "{}/hyp.ctm", "--scorer", "own") == 1
    assert "3 on sides without a hypothesis, counted as deleted, first en_1 A" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hyp", "{}/unknown.ctm"], "unknown.ctm:1: recording sw_9, channel A is in no segment"),
        (["--hyp", "{}/channel.ctm"], "channel.ctm:1: recording sw_1, channel 1 is in no segment"),
        (["--hyp", "{}/channel.ctm"], "the channels there are A, B"),
        (["--hyp", "{}/bracket.ctm"], "bracket.ctm:1: the word (uh has an unpaired bracket"),
        (["--hyp", "{}/text"], "text:1: found 4 fields, expected recording, channel, start, duration, word and confid"),
        (
            ["--hyp", "{}/long"],
            "long:1: the start is 'no', expected a number of at least 0\n  fix: give a CTM file",
        ),
        (["--hyp", "{}/hyp.ctm", "--ref", "{}/text"], "text:1: found 4 fields, expected recording, channel, speaker"),
        (["--hyp", "{}/hyp.ctm", "--ref", "{}/long"], "long:1: the start is 'yes', expected a number of at least 0"),
        (["--hyp", "{}/hyp.ctm", "--ref", "{}/long"], "fix: give an STM file; references without times, such as Kaldi"),
        (["--hyp", "{}/hyp.ctm", "--glm", "{}/broken.glm"], "broken.glm:2: the rule has no =>"),
        (["--hyp", "{}/hyp.ctm", "--glm", "{}/none.glm"], "none.glm: cannot be read"),
        (["--hyp", "{}/hyp.ctm", "{}/hyp.ctm"], "does not give the setting"),
        (["--hyp", "{}/hyp.ctm", "--group", "X"], "--group: expected NAME=PREFIX"),
        (["--hyp", "{}/hyp.ctm", "--group", "X=fe_"], "no recording begins with fe_"),
        (["--hyp", "{}/hyp.ctm", "--bootstrap", "0"], "--bootstrap: expected 1 or more"),
    ],
)
def test_mistakes_are_one_message(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (folder / "unknown.ctm").write_text("sw_9 A 0 1 a\n")
    (folder / "channel.ctm").write_text("sw_1 1 0 1 a\n")
    (folder / "bracket.ctm").write_text("sw_1 A 0 1 (uh\n")
    (folder / "text").write_text("sw_1 yes it is\n")
    (folder / "long").write_text("sw_1 yes no yes no\n")
    (folder / "broken.glm").write_text(";; rules\n[A] [B]\n")
    with contextlib.suppress(SystemExit):
        assert score(folder, *arguments) > 0
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
