"""What the audio of a data directory is like: durations, levels, clipping, background, sample rates."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import UTTERANCE_ERRORS
from blasr.io.audio import audio_info
from blasr.progress import track
from blasr.tally import Tally
from blasr.units import FloatArray, IntArray

FULL_SCALE: Final = 32768.0
FRAME_SECONDS: Final = 0.025
SILENT_DB: Final = -96.0
"""The level of digital silence, below that of 16-bit audio's last bit."""
BACKGROUND_PERCENTILE: Final = 10
CLIPPED_RUN: Final = 3
"""This many samples one after the other at the highest or lowest value of an utterance are clipped."""
CLIPPED_LEAST_DB: Final = -20.0
"""Utterances with a lower peak are not clipped."""


@dataclass(frozen=True, eq=False)
class AudioSurvey:
    """Measurements of N utterances. Levels are in dB relative to full scale.

    Attributes:
        path: the data directory.
        total: how many utterances the directory has.
        names: utterance-ids.
        speakers: the speaker of each.
        seconds: durations ``(N,)``.
        level_db: root mean squares ``(N,)``.
        peak_db: largest magnitudes ``(N,)``.
        background_db: the level below which a tenth of the 25 ms frames lies ``(N,)``.
        clipped: clipped samples ``(N,)``.
        num_words: words of the transcript ``(N,)``; None without transcripts.
        formats: for a sample rate in Hz and a number of channels, the number of recordings.
    """

    path: Path
    total: int
    names: tuple[str, ...]
    speakers: tuple[str, ...]
    seconds: FloatArray
    level_db: FloatArray
    peak_db: FloatArray
    background_db: FloatArray
    clipped: IntArray
    num_words: IntArray | None
    formats: Counter[tuple[int, int]]

    def __len__(self) -> int:
        return len(self.names)

    def seconds_by_speaker(self) -> dict[str, float]:
        """Return the seconds of each speaker, the longest first."""
        found: Counter[str] = Counter()
        for speaker, seconds in zip(self.speakers, self.seconds.tolist(), strict=True):
            found[speaker] += seconds
        return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def survey_audio(
    data: DataDir, *, num_utterances: int | None = None, max_loss: float = 0.05
) -> tuple[AudioSurvey, Tally]:
    """Read and measure utterances.

    Args:
        data: the data directory.
        num_utterances: how many to measure, spread evenly; None for all.
        max_loss: the largest share of utterances that may be unreadable.

    Raises:
        DataError: too many utterances cannot be read.
    """
    chosen = data.utterances
    if num_utterances is not None and num_utterances < len(chosen):
        places = np.linspace(0, len(chosen) - 1, num_utterances).round().astype(int)
        chosen = [chosen[place] for place in places.tolist()]
    tally = Tally("data plot", max_loss)
    formats: dict[str, tuple[int, int]] = {}
    kept: list[Utterance] = []
    rows: list[tuple[float, float, float, float, int]] = []
    for utterance in track(chosen, "utterances", len(chosen)):
        try:
            samples, rate = data.read_audio(utterance)
            if utterance.recording not in formats:
                info = audio_info(data.recordings[utterance.recording], allow_pipes=data.allow_pipes)
                formats[utterance.recording] = (info.sample_rate, info.num_channels)
        except UTTERANCE_ERRORS as error:
            tally.drop_error(utterance.id, error)
            tally.check_early(len(chosen))
            continue
        tally.keep()
        kept.append(utterance)
        rows.append((len(samples) / rate / utterance.speed, *levels(samples, rate), clipped_samples(samples)))
    tally.check()
    columns = np.array(rows, np.float64).reshape(-1, 5).T
    seconds, level_db, peak_db, background_db = columns[:4].astype(np.float32)
    words = [None if utterance.words is None else len(utterance.words) for utterance in kept]
    survey = AudioSurvey(
        data.path,
        len(data),
        tuple(utterance.id for utterance in kept),
        tuple(utterance.speaker for utterance in kept),
        seconds,
        level_db,
        peak_db,
        background_db,
        columns[4].astype(np.int32),
        np.array(words, np.int32) if kept and None not in words else None,
        Counter(formats.values()),
    )
    return survey, tally


def levels(samples: FloatArray, rate: int) -> tuple[float, float, float]:
    """Return the level, the peak and the background of samples in 16-bit range, in dB relative to full scale."""
    if not len(samples):
        return SILENT_DB, SILENT_DB, SILENT_DB
    length = max(round(FRAME_SECONDS * rate), 1)
    whole = samples[: len(samples) // length * length] if len(samples) >= length else samples
    frames = np.square(whole.astype(np.float64)).reshape(-1, min(length, len(samples))).mean(axis=1)
    power = float(np.square(samples.astype(np.float64)).mean())
    peak = float(np.abs(samples).max())
    return (
        _decibels(math.sqrt(power)),
        _decibels(peak),
        _decibels(math.sqrt(float(np.percentile(frames, BACKGROUND_PERCENTILE)))),
    )


def _decibels(amplitude: float) -> float:
    return max(SILENT_DB, 20 * math.log10(amplitude / FULL_SCALE)) if amplitude > 0 else SILENT_DB


def clipped_samples(samples: FloatArray) -> int:
    """Return the number of samples in runs of three or more at the highest or the lowest value.

    This finds a signal that was clipped at any level, also one that was attenuated or coded afterwards.
    """
    if not len(samples) or _decibels(float(np.abs(samples).max())) < CLIPPED_LEAST_DB:
        return 0
    total = 0
    for value in {float(samples.max()), float(samples.min())}:
        at_limit = np.concatenate(([False], samples == value, [False]))
        edges = np.flatnonzero(at_limit[1:] != at_limit[:-1])
        runs = edges[1::2] - edges[::2]
        total += int(runs[runs >= CLIPPED_RUN].sum())
    return total
