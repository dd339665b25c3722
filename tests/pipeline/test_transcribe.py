"""Names of files, and the counts of a report. ``tests/cli/test_transcribe.py`` transcribes."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from blasr.errors import ConfigError, DataError
from blasr.inference.transcribe import TranscriptionEvent
from blasr.inference.transcript import TranscribedSegment, TranscribedSide, TranscribedWord, Transcript
from blasr.pipeline.transcribe import TranscriptionReport, name_files
from blasr.tally import Tally


def test_names_must_differ() -> None:
    assert name_files([Path("a/one.wav"), Path("b/two words.mp3")]) == {
        Path("a/one.wav"): "one",
        Path("b/two words.mp3"): "two_words",
    }
    with pytest.raises(ConfigError, match=r"a/one\.wav and b/one\.mp3 are both called one"):
        name_files([Path("a/one.wav"), Path("b/one.mp3")])
    with pytest.raises(ConfigError, match=r"a/one\.wav is given twice"):
        name_files([Path("a/one.wav"), Path("a/one.wav")])


def test_the_report_counts_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    good, bad, worse = Path("good.wav"), Path("bad.wav"), Path("worse.wav")
    segment = TranscribedSegment("1", 0.0, 2.0, (TranscribedWord("TEA", 0.5, 0.2),), "without a final state")
    transcript = Transcript(good, "good", 2.0, 16000, 8000, (TranscribedSide("1", (segment,)),))
    report = TranscriptionReport(name_files([good, bad, worse]), True, Tally("transcribe", 1.0, "files"))
    events: list[TranscriptionEvent] = [
        (good, segment),
        (good, transcript),
        (bad, DataError("is truncated: 3 of 4 bytes", path=bad)),
        (worse, DataError("is truncated (1 byte)", path=worse)),
    ]
    results = list(report.results(iter(events)))
    assert results[0] is transcript and len(results) == 3
    assert "good 1 0.00-2.00 TEA" in caplog.messages
    assert list(report.lines(1.0)) == [
        "1 file(s) of 16000 Hz were resampled to 8000 Hz",
        "1 of 1 segments ended without a final state",
        "1.0 s for 2.0 s of audio in 1 segments: real-time factor 0.5000",
        "transcribe: 3 files in -> 1 kept -> 2 dropped (2 is truncated, first bad.wav)",
    ]
