"""Time-marked words against an STM reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import ConfigError, FormatError
from blasr.io.nist.stm import read_stm
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.stm_scorer import StmScorer, add_groups, read_normalizer

STM = """\
;; LABEL "SWB" "Switchboard" ""
sw_1 A sw_1_A 0 1 <O,SWB> its a
sw_1 B sw_1_B 0 2 <O,SWB> a b
en_1 A en_1_A 0 1 <O> all right
"""
GLM = """\
;; rules
* CASE_SENSITIVE = 'F'
[ITS] => [{IT IS / ITS}] / [ ] __ [ ]
"""


@pytest.fixture
def stm(tmp_path: Path) -> Path:
    (tmp_path / "rules.glm").write_text(GLM)
    path = tmp_path / "ref.stm"
    path.write_text(STM)
    return path


def write_ctm(folder: Path, text: str) -> Path:
    (folder / "hyp.ctm").write_text(text)
    return folder / "hyp.ctm"


def test_the_rules_apply_to_both_sides(stm: Path, tmp_path: Path) -> None:
    ctm = write_ctm(tmp_path, "sw_1 A 0.1 0.1 it\nsw_1 A 0.3 0.1 is\nsw_1 A 0.5 0.1 A\n")
    plain, ruled = StmScorer.read(stm), StmScorer.read(stm, glm=tmp_path / "rules.glm")
    first = plain.score(plain.read_hypotheses(ctm)).by_side()["sw_1 A"][0]
    assert first.counts == ErrorCounts(correct=1, substitutions=1, insertions=1)
    first = ruled.score(ruled.read_hypotheses(ctm)).by_side()["sw_1 A"][0]
    assert first.counts == ErrorCounts(correct=3)
    assert read_normalizer(tmp_path / "rules.glm", "ctm", "hyp")("its") == "{IT IS / ITS}"


def test_dropped_words_do_not_count(stm: Path, tmp_path: Path) -> None:
    ctm = write_ctm(tmp_path, "sw_1 B 0.1 0.1 a\nsw_1 B 0.3 0.1 [Noise]\nsw_1 B 0.5 0.1 b\n")
    scorer = StmScorer.read(stm, dropped_words=["[NOISE]"])
    assert [block[0][0].word for block in scorer.read_hypotheses(ctm)] == ["a", "b"]
    assert scorer.score(scorer.read_hypotheses(ctm)).by_side()["sw_1 B"][0].counts == ErrorCounts(correct=2)


def test_alternatives_of_which_nothing_is_left_disappear(stm: Path, tmp_path: Path) -> None:
    text = "sw_1 B * * <ALT_BEGIN>\nsw_1 B 0.1 0.1 uh\nsw_1 B * * <ALT>\nsw_1 B * * <ALT_END>\nsw_1 B 0.5 0.1 b\n"
    scorer = StmScorer.read(stm, dropped_words={"uh"})
    assert [block[0][0].word for block in scorer.read_hypotheses(write_ctm(tmp_path, text))] == ["b"]


def test_utterances_are_put_into_their_recordings(stm: Path, tmp_path: Path) -> None:
    (tmp_path / "segments").write_text("u1 sw_1 0.5 1\n")
    scorer = StmScorer.read(stm, data_dir=tmp_path)
    (block,) = scorer.read_hypotheses(write_ctm(tmp_path, "u1 1 0.25 0.1 a\n"))
    assert (block[0][0].recording, block[0][0].channel, block[0][0].start_seconds) == ("sw_1", "A", 0.75)


def test_groups_add_labels_to_recordings(stm: Path) -> None:
    scorer = StmScorer.read(stm, groups=[("CH", "en_"), ("SWB", "sw_")])
    assert scorer.label_names == ["SWB", "CH", "SWB"]
    assert [segment.labels for segment in scorer.stm.segments] == [("O", "SWB"), ("O", "SWB"), ("O", "CH")]


@pytest.mark.parametrize(
    ("group", "message"),
    [(("", "sw_"), "expected a label"), (("a b", "sw_"), "expected a label"), (("CH", "fe_"), "begins with fe_")],
)
def test_groups_that_cannot_be_labels_are_refused(stm: Path, group: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        add_groups(read_stm(stm), [group])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sw_9 A 0 1 a", "hyp.ctm:1: recording sw_9, channel A is in no segment"),
        ("sw_1 1 0 1 a", "the channels there are A, B"),
        ("sw_1 A 0 1 (uh", r"hyp.ctm:1: the word \(uh has an unpaired bracket"),
    ],
)
def test_words_outside_the_reference_are_refused(stm: Path, tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        StmScorer.read(stm).read_hypotheses(write_ctm(tmp_path, f"{line}\n"))
