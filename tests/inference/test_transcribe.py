"""The transcriber itself: long files, muted lines, threads."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.inference.bundle import Bundle
from blasr.inference.config import SegmentationConfig, TranscriptionConfig
from blasr.inference.transcribe import Transcriber
from blasr.pipeline.bundle import make_bundle
from blasr.pipeline.experiment import Experiment
from blasr.scoring.edit_distance import align_words
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture


@pytest.fixture(scope="module")
def bundle(system: System, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    out = tmp_path_factory.mktemp("bundles") / "bundle"
    make_bundle(Experiment.load(system.experiment), system.graph, out)
    return Bundle.read(out)


def words_of(transcriber: Transcriber, path: Path) -> list[str]:
    return [word.text for side in transcriber.transcribe(path).sides for word in side.words]


def test_threads_change_nothing(bundle: Bundle, tmp_path: Path) -> None:
    paths = [write_audio(tmp_path / f"{seed}.wav", babble(9, seed)) for seed in range(3)]
    lengths = SegmentationConfig(4, 2, 0.5)
    alone, three = (
        list(Transcriber(bundle, TranscriptionConfig(workers=workers, segmentation=lengths)).files(paths))
        for workers in (1, 3)
    )
    assert alone == three
    assert [path for path, _ in alone] == paths


def test_the_cuts_of_a_long_file_lose_no_word(bundle: Bundle, tmp_path: Path) -> None:
    """Between clear pauses a segment has the same words as the whole recording, apart from effects of the grammar."""
    parts = [babble(3, seed) for seed in range(6)]
    pause = (1e-3 * np.random.default_rng(0).standard_normal(8000)).astype(np.float32)
    path = write_audio(tmp_path / "long.wav", np.concatenate([sound for part in parts for sound in (pause, part)]))
    whole = words_of(Transcriber(bundle, TranscriptionConfig(segmentation=SegmentationConfig(60, 60, 1))), path)
    cut = words_of(Transcriber(bundle, TranscriptionConfig(segmentation=SegmentationConfig(6, 3, 1))), path)
    assert len(whole) > 20
    assert cut == whole


def test_a_muted_line_does_not_spoil_the_statistics(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Digital zeros are not speech: a file keeps its words when they follow, which it would not otherwise."""
    speech = babble(6, 3)
    alone = write_audio(tmp_path / "alone.wav", speech)
    muted = write_audio(tmp_path / "muted.wav", np.concatenate([speech, np.zeros(40_000, np.float32)]))
    transcriber = Transcriber(bundle)

    def words_before(path: Path) -> list[str]:
        return [word.text for word in transcriber.transcribe(path).sides[0].words if word.end_seconds < 5.5]

    expected, found = words_before(alone), words_before(muted)
    assert len(expected) > 8
    errors = align_words(expected, found).counts.errors
    monkeypatch.setattr("blasr.inference.transcribe._sounding_frames", lambda features: features)
    assert errors <= 2 < align_words(expected, words_before(muted)).counts.errors


def test_a_silent_file_is_accepted(bundle: Bundle, tmp_path: Path) -> None:
    silent = write_audio(tmp_path / "silent.wav", np.zeros(8000, np.float32))
    (side,) = Transcriber(bundle).transcribe(silent).sides
    assert side.label == "1"


def test_an_unreadable_file_raises_an_error(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such audio file"):
        Transcriber(bundle).transcribe(tmp_path / "absent.wav")


def test_phones_cover_the_file_and_words_consist_of_them(bundle: Bundle, tmp_path: Path) -> None:
    """Also across the cuts of a long file: no phone twice, and each word begins and ends with a phone."""
    path = write_audio(tmp_path / "a.wav", babble(14, 5))
    lengths = SegmentationConfig(5, 3, 1)
    (side,) = Transcriber(bundle, TranscriptionConfig(pictures=True, segmentation=lengths)).transcribe(path).sides
    assert len(side.segments) > 2
    assert side.log_mel is not None and len(side.log_mel) == 1398
    phones = side.phones
    assert phones[0].start_seconds == 0 and phones[-1].end_seconds == pytest.approx(13.98)
    assert all(a.end_seconds <= b.start_seconds + 0.11 for a, b in pairwise(phones)), "at most one of a cut overlaps"
    names = {"TEA": "ti", "TWO": "tu", "EAT": "it", "OAT": "ot"}
    spelled = 0
    for word in side.words:
        middle = (word.start_seconds, word.end_seconds)
        inside = [p for p in phones if middle[0] - 1e-6 <= p.start_seconds and p.end_seconds <= middle[1] + 1e-6]
        spelled += "".join(phone.name[0] for phone in inside) == names[word.text]
    assert spelled >= len(side.words) - len(side.segments)


def test_pictures_change_no_word(bundle: Bundle, tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", babble(9, 5))
    plain, shown = (
        Transcriber(bundle, TranscriptionConfig(pictures=pictures)).transcribe(path).sides[0]
        for pictures in (False, True)
    )
    assert plain.words == shown.words
    assert plain.phones == () and plain.log_mel is None
