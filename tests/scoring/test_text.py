"""The score of a set, against reports of Kaldi's compute-wer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import DataError
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.text import score_text

REFERENCES = {"ann-1": ["A", "B", "C"], "ann-2": ["A"], "bob-1": ["B", "B"]}


def read_text(path: Path) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in path.read_text(encoding="utf-8").splitlines()}


@pytest.mark.parametrize("setting", ["lmwt10_wip0", "lmwt10_wip2", "lmwt20_wip0", "lmwt20_wip2"])
def test_the_report_equals_kaldis(golden: Path, setting: str) -> None:
    """The bytes are equal, since on these strings unit costs and sclite's costs give the same counts."""
    connected = golden / "fsdd_tri1" / "connected"
    score = score_text(read_text(connected / "text"), read_text(connected / f"best_path_{setting}.txt"))
    assert score.kaldi_report() == (connected / f"wer_{setting}").read_text(encoding="utf-8")


def test_words_of_a_missing_hypothesis_are_deletions() -> None:
    score = score_text(REFERENCES, {"ann-1": ["A", "B", "C"], "bob-1": ["B"]})
    assert score.missing == ("ann-2",)
    assert score.total == ErrorCounts(correct=4, deletions=2)
    assert score.kaldi_report() == (
        "%WER 33.33 [ 2 / 6, 0 ins, 2 del, 0 sub ] [PARTIAL]\n"
        "%SER 66.67 [ 2 / 3 ]\n"
        "Scored 3 sentences, 1 not present in hyp.\n"
    )


def test_a_missing_hypothesis_of_an_empty_reference_is_a_wrong_sentence() -> None:
    score = score_text({**REFERENCES, "bob-2": []}, REFERENCES)
    assert (score.total.errors, score.wrong_sentences, score.missing) == (0, 1, ("bob-2",))


def test_a_hypothesis_without_reference_is_refused() -> None:
    with pytest.raises(DataError, match="utterance cat-1: 1 of 2 hypotheses have no reference"):
        score_text(REFERENCES, {"cat-1": ["A"], "ann-2": ["A"]})


@pytest.mark.parametrize("references", [{}, {"ann-1": []}])
def test_nothing_to_score_is_refused(references: dict[str, list[str]]) -> None:
    with pytest.raises(DataError, match="no reference has a word"):
        score_text(references, {})


def test_speakers_are_pooled_over_words() -> None:
    score = score_text(REFERENCES, {"ann-1": ["A", "B"], "ann-2": ["A"], "bob-1": ["B", "C"]})
    speakers = score.per_speaker({"ann-1": "ann", "ann-2": "ann", "bob-1": "bob"})
    assert speakers == {"ann": ErrorCounts(correct=3, deletions=1), "bob": ErrorCounts(correct=1, substitutions=1)}
    with pytest.raises(DataError, match=r"bob-1.*no speaker"):
        score.per_speaker({"ann-1": "ann", "ann-2": "ann"})


texts = st.dictionaries(st.sampled_from(["u1", "u2", "u3"]), st.lists(st.sampled_from("AB"), min_size=1, max_size=4))


@given(texts.filter(bool), texts)
def test_every_reference_word_is_accounted_for(references: dict[str, list[str]], others: dict[str, list[str]]) -> None:
    hypotheses = {utterance: words for utterance, words in others.items() if utterance in references}
    score = score_text(references, hypotheses)
    assert score.total.reference_words == sum(map(len, references.values()))
    assert set(score.utterances) == set(references)
    assert (
        sum(score.per_speaker({utterance: utterance for utterance in references}).values(), ErrorCounts())
        == score.total
    )
