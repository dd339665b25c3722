"""Pictures, TextGrid files and CTM rows of alignments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blasr.align.alignment_output import draw_alignment, phone_rows, word_rows, write_aligned_textgrid
from blasr.align.alignment_times import AlignedSpeech, AlignmentTimer
from blasr.data.data_dir import Utterance
from blasr.errors import DataError
from blasr.features.config import MfccConfig
from blasr.inference.transcript import TranscribedPhone, TranscribedWord
from tests.align.conftest import ToneCorpus, make_tone_corpus
from tests.io.test_textgrid import intervals

SPEECH = AlignedSpeech(
    Utterance("u/1", "s", "call", channel=1, start_seconds=10.0),
    0.5,
    (TranscribedPhone("SIL", 0.0, 0.1), TranscribedPhone("A_B", 0.1, 0.2), TranscribedPhone("B_E", 0.2, 0.5)),
    (TranscribedWord("AB", 0.1, 0.4),),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> ToneCorpus:
    return make_tone_corpus(tmp_path_factory.mktemp("tones"), 2)


def test_rows_have_the_times_of_the_recording(corpus: ToneCorpus) -> None:
    assert [str(row) for row in word_rows(SPEECH, corpus.data)] == ["call 2 10.100 0.400 AB"]
    data = replace(corpus.data, reco2file_and_channel={"call": ("sw02001", "B")})
    assert [str(row) for row in phone_rows(SPEECH, data)] == [
        "sw02001 B 10.000 0.100 SIL",
        "sw02001 B 10.100 0.100 A_B",
        "sw02001 B 10.200 0.300 B_E",
    ]


def test_a_textgrid_has_words_above_phones(tmp_path: Path) -> None:
    path = write_aligned_textgrid(SPEECH, tmp_path)
    assert path == tmp_path / "u_1.TextGrid"
    words, phones = intervals(path)
    assert words == [(0, 0.1, ""), (0.1, 0.5, "AB")]
    assert [name for _, _, name in phones] == ["SIL", "A_B", "B_E"]


def test_a_picture(corpus: ToneCorpus, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    timer = AlignmentTimer.__new__(AlignmentTimer)  # only its features and its folder are used
    timer.folder, timer.features = tmp_path / "tri", MfccConfig()
    utterance = corpus.data.utterances[0]
    speech = replace(SPEECH, utterance=utterance)
    assert draw_alignment(speech, timer, corpus.data, tmp_path / "a.b.png") == [tmp_path / "a.b.png"]
    assert (tmp_path / "a.b.png").read_bytes().startswith(b"\x89PNG")
    faster = replace(SPEECH, utterance=replace(utterance, speed=1.1))
    with pytest.raises(DataError, match=r"1\.1 times as fast as its recording"):
        draw_alignment(faster, timer, corpus.data, tmp_path / "c.png")
