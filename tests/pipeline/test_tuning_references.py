"""References of a tuning: transcripts and NIST's segments count the same errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.data.data_dir import DataDir
from blasr.errors import DataError
from blasr.io.symbols import SymbolTable
from blasr.lattices.lattice import BestPath
from blasr.lattices.timed_words import PathFormatter
from blasr.pipeline.tuning_references import SegmentReference, TranscriptReference, TuningReference

WORDS = ("<eps>", "TEA", "TWO", "EAT", "[NOISE]")


def best_path(*words: int) -> BestPath:
    """A path with a word every ten frames."""
    frames = np.arange(len(words), dtype=np.int32) * 10
    transition_ids = np.ones(10 * len(words), np.int32)
    return BestPath(np.array(words, np.int32), frames, transition_ids, 0.0, 0.0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / f"{name}.wav").touch()
    (tmp_path / "wav.scp").write_text(f"a {tmp_path}/a.wav\nb {tmp_path}/b.wav\n")
    (tmp_path / "utt2spk").write_text("a a\nb b\n")
    (tmp_path / "text").write_text("a TEA TWO\nb EAT\n")
    (tmp_path / "segments").write_text("a a 0.0 5.0\nb b 0.0 5.0\n")
    (tmp_path / "reco2file_and_channel").write_text("a a A\nb b A\n")
    (tmp_path / "stm").write_text("a A a 0.0 5.0 tea two\nb A b 0.0 5.0 eat\n")
    (tmp_path / "words.txt").write_text("".join(f"{word} {number}\n" for number, word in enumerate(WORDS)))
    return tmp_path


def errors(reference: TuningReference, data: Path, paths: dict[str, BestPath]) -> tuple[int, int, int]:
    formatter = PathFormatter(words=SymbolTable.read(data / "words.txt"))
    reference.check(DataDir.read(data))
    words = {utterance: reference.words(utterance, path, formatter) for utterance, path in paths.items()}
    counts = reference.score(words)
    return counts.substitutions, counts.deletions, counts.insertions


def test_both_count_the_same(data: Path) -> None:
    paths = {"a": best_path(1, 3), "b": best_path(3, 3)}
    text = TranscriptReference.read(data / "text")
    segments = SegmentReference.read(data / "stm", data, None, ())
    assert errors(text, data, paths) == errors(segments, data, paths) == (1, 0, 1)
    noisy = {"a": best_path(1, 4, 2)}
    assert errors(text, data, noisy) == (0, 1, 1)
    without_noise = SegmentReference.read(data / "stm", data, None, ["[noise]"])
    assert errors(without_noise, data, noisy) == (0, 1, 0)


def test_the_description_names_what_counts(data: Path) -> None:
    before = TranscriptReference.read(data / "text").description
    (data / "text").write_text("a TEA\nb EAT\n")
    assert TranscriptReference.read(data / "text").description != before
    segments = SegmentReference.read(data / "stm", data, None, ["<UNK>"])
    assert segments.description["drop"] == ["<unk>"] and segments.description["glm"] is None


def test_an_utterance_without_a_reference_is_refused(data: Path) -> None:
    (data / "text").write_text("a TEA\n")
    with pytest.raises(DataError, match="1 of 2 hypotheses have no reference"):
        TranscriptReference.read(data / "text").check(DataDir.read(data))
