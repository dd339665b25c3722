"""Alignments to look at: pictures of spectrograms with phones and words, Praat's TextGrid files, and CTM files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from blasr.align.alignment_times import AlignedSpeech, AlignmentTimer
from blasr.data.data_dir import DataDir
from blasr.errors import DataError
from blasr.features.config import FeatureConfig
from blasr.features.fbank import LogMel
from blasr.inference.transcript import TranscribedSegment, TranscribedSide, Transcript
from blasr.inference.transcript_pictures import write_picture
from blasr.io.nist.ctm import CtmWord
from blasr.io.textgrid import write_textgrid

SIDE: Final = "1"


def draw_alignment(aligned: AlignedSpeech, timer: AlignmentTimer, data: DataDir, path: Path) -> list[Path]:
    """Write the spectrogram of an utterance with its phones and words as PNG.

    Args:
        aligned: the times.
        timer: knows the frames of the alignment.
        data: the data directory, with the audio.
        path: the picture. A long utterance gets ``NAME.1.png``, ``NAME.2.png``, ...

    Returns:
        The paths that were written.

    Raises:
        DependencyError: matplotlib is not installed.
        DataError: the audio cannot be read, or has another speed than the recording.
    """
    utterance = aligned.utterance
    if utterance.speed != 1:
        message = f"is spoken {utterance.speed:g} times as fast as its recording, expected the recording's own speed"
        raise DataError(message, utterance=utterance.id, fix="draw the utterance that it was made of")
    samples, rate = data.read_audio(utterance)
    frames = timer.features
    features = FeatureConfig(
        sample_rate=rate,
        frame_length_ms=frames.frame_length_ms,
        frame_shift_ms=frames.frame_shift_ms,
        snip_edges=frames.snip_edges,
    )
    log_mel = LogMel(features)(torch.from_numpy(samples)).numpy()
    segment = TranscribedSegment(SIDE, 0.0, aligned.seconds, aligned.words, phones=aligned.phones)
    side = TranscribedSide(SIDE, (segment,), log_mel)
    transcript = Transcript(path, utterance.id, len(samples) / rate, rate, rate, (side,))
    subtitle = (
        f"{len(samples) / rate:.2f} s, speaker {utterance.speaker}; log-mel spectrogram, phones and words as aligned "
        f"in {timer.folder}; under each word: its times in seconds"
    )
    return write_picture(transcript, features, path, subtitle)


def write_aligned_textgrid(aligned: AlignedSpeech, folder: Path) -> Path:
    """Write ``UTTERANCE.TextGrid`` with the tiers ``words`` and ``phones``, timed from the utterance's beginning."""
    path = folder / f"{aligned.utterance.id.replace('/', '_')}.TextGrid"
    words = [(word.start_seconds, word.end_seconds, word.text) for word in aligned.words]
    phones = [(phone.start_seconds, phone.end_seconds, phone.name) for phone in aligned.phones]
    write_textgrid(path, aligned.seconds, {"words": words, "phones": phones})
    return path


def word_rows(aligned: AlignedSpeech, data: DataDir) -> Iterator[CtmWord]:
    """Yield the CTM rows of the words, with times and names of the recording, as ``steps/get_train_ctm.sh`` does."""
    for word in aligned.words:
        yield _in_recording(CtmWord("", "", word.start_seconds, word.duration_seconds, word.text), aligned, data)


def phone_rows(aligned: AlignedSpeech, data: DataDir) -> Iterator[CtmWord]:
    """Yield the CTM rows of the phones, also of silence (``ali-to-phones --ctm-output``)."""
    for phone in aligned.phones:
        seconds = phone.end_seconds - phone.start_seconds
        yield _in_recording(CtmWord("", "", phone.start_seconds, seconds, phone.name), aligned, data)


def _in_recording(row: CtmWord, aligned: AlignedSpeech, data: DataDir) -> CtmWord:
    utterance = aligned.utterance
    side = "1" if utterance.channel is None else str(utterance.channel + 1)
    recording, channel = data.reco2file_and_channel.get(utterance.recording, (utterance.recording, side))
    start = (utterance.start_seconds or 0.0) + row.start_seconds
    return replace(row, recording=recording, channel=channel, start_seconds=start)
