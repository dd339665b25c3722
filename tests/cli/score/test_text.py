"""``blasr score text``."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.io.kaldi.table_writer import TableWriter
from blasr.lattices.lattice import Lattice
from blasr.lattices.lattice_io import LATTICE

WORDS = "<eps> 0\nyes 1\nno 2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two utterances; the best paths of their lattices are ``yes no`` at low LM weights and ``yes`` at high ones."""
    (tmp_path / "words.txt").write_text(WORDS)
    (tmp_path / "text").write_text("a-1 yes\nb-1 yes no\n")
    (tmp_path / "utt2spk").write_text("a-1 a\nb-1 b\n")
    (tmp_path / "decode").mkdir()
    with TableWriter(tmp_path / "decode" / "lat.ark", LATTICE) as writer:
        for utterance in ("a-1", "b-1"):
            writer.write(utterance, one_or_two_words(at=10.0 if utterance == "a-1" else 15.0))
    return tmp_path


def one_or_two_words(at: float) -> Lattice:
    """Return a lattice of ``yes`` and ``yes no``, which have the same cost at the LM weight ``at``."""
    return Lattice(
        offsets=np.array([0, 1, 3, 3], np.int64),
        ilabel=np.array([1, 2, 2], np.int32),
        olabel=np.array([1, 0, 2], np.int32),
        nextstate=np.array([1, 2, 2], np.int32),
        graph_cost=np.array([0, 0, 10], np.float32),
        acoustic_cost=np.array([0, 10 * at, 0], np.float32),
        final_graph_cost=np.array([np.inf, np.inf, 0], np.float32),
        final_acoustic_cost=np.array([np.inf, np.inf, 0], np.float32),
        state_times=np.array([0, 1, 2], np.int32),
    )


def score(folder: Path, *arguments: str | Path) -> int:
    return main(["score", "text", "--ref", str(folder / "text"), *map(str, arguments)])


def test_prints_what_kaldi_prints(golden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    connected = golden / "fsdd_tri1" / "connected"
    assert score(connected, "--hyp", connected / "best_path_lmwt20_wip2.txt", "--utt2spk", connected / "utt2spk") == 0
    printed = capsys.readouterr().out
    assert printed.startswith((connected / "wer_lmwt20_wip2").read_text())
    rows = [line.split() for line in printed.splitlines()]
    assert ["speaker", "WER", "ins", "del", "sub", "words"] in rows
    speakers = rows[rows.index(["speaker", "WER", "ins", "del", "sub", "words"]) + 1 : -1]
    assert [row[0] for row in speakers] == ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
    assert [sum(int(row[column]) for row in speakers) for column in (2, 3, 4, 5)] == [11, 4, 8, 183]


def test_freezes_on_one_set_and_scores_another(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lattices: list[str | Path] = ["--lattices", folder / "decode", "--words", folder / "words.txt"]
    assert (
        score(folder, *lattices, "--lm-weights", "7-20", "--word-ins-penalties", "0", "--freeze", folder / "s.json")
        == 0
    )
    printed = capsys.readouterr().out
    assert "best: LM weight 12, word insertion penalty 0: WER 0.00" in printed  # the middle of 11 to 14
    rows = {line.split()[0]: line.split()[2:7] for line in printed.splitlines() if re.match(r"\d+ +0 ", line)}
    assert rows["9"] == ["33.33", "1", "0", "0", "3"]
    assert rows["12"] == ["0.00", "0", "0", "0", "3"]
    assert rows["20"] == ["33.33", "0", "1", "0", "3"]
    frozen = json.loads((folder / "s.json").read_text())
    assert (frozen["lm_weight"], frozen["word_insertion_penalty"]) == (12, 0)

    (folder / "text").write_text("a-1 yes no\nb-1 yes no\n")  # as another set would be
    arguments: list[str | Path] = ["--lm-weights", "8,9", "--setting", folder / "s.json", "--json", folder / "out.json"]
    assert score(folder, *lattices, *arguments, "--hyp-out", folder / "hyp.txt") == 0
    assert (folder / "hyp.txt").read_text() == "a-1 yes\nb-1 yes no\n"  # those of the frozen setting
    printed = capsys.readouterr().out
    assert "frozen: LM weight 12, word insertion penalty 0, from" in printed and "WER 25.00" in printed
    assert re.search(r"oracle: LM weight [89], .*: WER 0.00", printed)
    assert "%WER 25.00 [ 1 / 4, 0 ins, 1 del, 0 sub ]" in printed
    report = json.loads((folder / "out.json").read_text())
    assert (report["wer"], report["oracle"]["wer"], report["setting"]["lm_weight"]) == (25.0, 0.0, 12)


def test_hypotheses_are_written_from_lattices_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score(folder, "--hyp", folder / "text", "--hyp-out", folder / "hyp.txt") == 2
    assert "--hyp-out choose among the paths of lattices" in capsys.readouterr().err


def test_a_penalty_removes_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lattices: list[str | Path] = ["--lattices", folder / "decode" / "lat.ark", "--words", folder / "words.txt"]
    assert score(folder, *lattices, "--lm-weights", "5", "--word-ins-penalties", "0,-1.5,50") == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    deletions = {row[1]: row[4] for row in rows if row[0] == "5"}
    assert deletions == {"0": "0", "-1.5": "0", "50": "1"}


def test_missing_hypotheses_count_as_deleted_up_to_a_limit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hyp").write_text("a-1 yes\n")
    assert score(folder, "--hyp", folder / "hyp") == 1
    captured = capsys.readouterr()
    assert "%WER 66.67 [ 2 / 3, 0 ins, 2 del, 0 sub ] [PARTIAL]" in captured.out
    assert "1 without hypothesis, counted as deleted, first b-1" in captured.err
    assert score(folder, "--hyp", folder / "hyp", "--max-loss", "0.5") == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hyp", "{}/none"], "none: cannot be read"),
        (["--hyp", "{}/unknown"], "utterance c-1: 1 of 1 hypotheses have no reference"),
        (["--hyp", "{}/twice"], "twice:2: utterance a-1: appears twice"),
        (["--hyp", "{}/gap"], "gap:2: the line is empty"),
        (["--hyp", "{}/text", "--freeze", "{}/s.json"], "give --lattices"),
        (["--lattices", "{}/decode"], "--words"),
        (["--lattices", "{}", "--words", "{}/words.txt"], "neither lat.ark nor lat.1.gz"),
        (["--lattices", "{}/decode", "--lm-weights", "9-7"], "--lm-weights: expected numbers above 0"),
        (["--lattices", "{}/decode", "--lm-weights", "0,1"], "found '0,1'"),
        (["--lattices", "{}/decode", "--word-ins-penalties", "a"], "--word-ins-penalties: expected numbers"),
        (["--hyp", "{}/text", "--glm", "{}/glm"], "unrecognized option --glm"),
        (["--lattices", "{}/decode", "--words", "{}/words.txt", "--setting", "{}/text"], "not a frozen setting"),
        (["--hyp", "{}/text", "--utt2spk", "{}/text"], "has 2 speakers"),
    ],
)
def test_mistakes_are_one_message(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (folder / "unknown").write_text("c-1 yes\n")
    (folder / "twice").write_text("a-1 yes\na-1 no\n")
    (folder / "gap").write_text("a-1 yes\n\nb-1 no\n")
    with contextlib.suppress(SystemExit):
        assert score(folder, *(argument.format(folder) for argument in arguments)) > 0
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
