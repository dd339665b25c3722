"""The times of phones and words, against the phones that Kaldi found for its own alignments."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from blasr.align.alignment_times import AlignmentTimer, read_aligned_speech
from blasr.data.data_dir import DataDir
from blasr.errors import DataError
from blasr.graph.lang import Lang
from blasr.io.kaldi.alignments import read_alignments
from blasr.tally import Tally


@pytest.fixture
def timer(golden: Path) -> AlignmentTimer:
    return AlignmentTimer(golden / "fsdd_tri1", Lang.read(golden / "fsdd_tri1" / "lang"))


@pytest.fixture
def data(golden: Path, tmp_path: Path) -> DataDir:
    """The golden utterances, without audio; the word is the digit in the name."""
    names = [name for name, _ in read_alignments(golden / "fsdd_tri1")]
    words = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
    for name, row in (("wav.scp", "{0} {0}.wav"), ("utt2spk", "{0} {1}"), ("text", "{0} {2}")):
        lines = [row.format(utt, utt.split("-")[0], words[int(utt.split("-")[1])]) for utt in sorted(names)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    return DataDir.read(tmp_path, need_text=True)


def test_phones_are_kaldis(golden: Path, timer: AlignmentTimer, data: DataDir) -> None:
    with gzip.open(golden / "fsdd_tri1" / "ali.1.phones.txt.gz", "rt") as file:
        expected = {line.split()[0]: line.split()[1:] for line in file}
    tally = Tally("test", 0.0)
    found = {aligned.utterance.id: aligned for aligned in read_aligned_speech(timer, data, tally, only=set(expected))}
    assert found.keys() == expected.keys()
    for name, frames in expected.items():
        phones = [(phone.name, round((phone.end_seconds - phone.start_seconds) * 100)) for phone in found[name].phones]
        ids = [str(timer.lang.phones.id_of(phone)) for phone, count in phones for _ in range(count)]
        assert ids == frames
        assert found[name].seconds == pytest.approx(len(frames) / 100)


def test_words_have_the_times_of_their_phones(timer: AlignmentTimer, data: DataDir) -> None:
    name = data.utterances[0].id
    (found,) = read_aligned_speech(timer, data, Tally("test", 0.0), only=[name])
    (word,) = found.words
    assert (word.text,) == data.utterances[0].words
    spoken = [phone for phone in found.phones if not phone.name.startswith("SIL")]
    assert (word.start_seconds, word.end_seconds) == pytest.approx((spoken[0].start_seconds, spoken[-1].end_seconds))


def test_another_transcript_is_counted(timer: AlignmentTimer, data: DataDir) -> None:
    text = data.path / "text"
    lines = text.read_text().splitlines()
    other = "ONE" if not lines[0].endswith("ONE") else "TWO"
    text.write_text("\n".join([f"{lines[0].split()[0]} {other}", *lines[1:]]) + "\n")
    changed = DataDir.read(data.path, need_text=True)
    tally = Tally("test", 0.5)
    assert len(list(read_aligned_speech(timer, changed, tally, only=[item.id for item in changed.utterances[:3]]))) == 2
    assert "the phones of the alignment are not those of the transcript" in tally.summary()


def test_an_utterance_without_an_alignment(timer: AlignmentTimer, data: DataDir) -> None:
    for name in ("wav.scp", "utt2spk", "text"):
        path = data.path / name
        path.write_text(path.read_text() + {"wav.scp": "zz zz.wav\n", "utt2spk": "zz z\n", "text": "zz ONE\n"}[name])
    changed = DataDir.read(data.path, need_text=True)
    with pytest.raises(DataError, match="without an alignment"):
        list(read_aligned_speech(timer, changed, Tally("test", 0.0), only=["zz"]))
    with pytest.raises(DataError, match="missing, first absent"):
        list(read_aligned_speech(timer, changed, Tally("test", 0.0), only=["absent"]))
