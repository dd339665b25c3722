"""The bytes of one recording, to be stored elsewhere."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import soundfile

from blasr.errors import BlasrError
from blasr.io.audio import AudioSelection, audio_info, read_segment
from blasr.io.audio_archives import recording_at
from blasr.io.audio_source import command_output
from blasr.io.kaldi.specifiers import ScriptEntry
from blasr.io.recording_entry import RecordingEntry


@dataclass(frozen=True)
class StoredAudio:
    """A recording as a file: its bytes, their number, and the suffix of its format."""

    stream: BinaryIO
    num_bytes: int
    suffix: str


def read_stored(entry: RecordingEntry, *, allow_pipes: bool = False) -> StoredAudio:
    """Return what an entry of ``wav.scp`` names, without its change of speed.

    A file, and a recording in an archive, stay as they are. Of a command, its output is stored. One channel of a file
    (``sph2pipe -c``) becomes a wave file of 16-bit integers, or of floats if the samples have more digits.

    Raises:
        BlasrError: the audio cannot be read, is truncated, or is empty.
    """
    at_usual_speed = entry.at_usual_speed()
    info = audio_info(at_usual_speed, allow_pipes=allow_pipes)
    if entry.channel is not None:
        samples, _, _ = read_segment(at_usual_speed, AudioSelection(), allow_pipes=allow_pipes)
        wave = io.BytesIO()
        if (samples == np.rint(samples)).all():
            soundfile.write(wave, samples.astype(np.int16), info.sample_rate, format="WAV", subtype="PCM_16")
        else:
            soundfile.write(wave, samples / np.float32(32768), info.sample_rate, format="WAV", subtype="FLOAT")
        return _in_memory(wave.getvalue(), ".wav")
    if entry.is_command:
        return _in_memory(command_output(entry.source), ".wav")
    try:
        target = ScriptEntry.parse(entry.source)
        if target.offset:
            stream = cast(BinaryIO, recording_at(Path(target.file), target.offset))
            return StoredAudio(stream, stream.seek(0, os.SEEK_END) - stream.seek(0), ".wav")
        path = Path(entry.source)
        stream = path.open("rb")
        return StoredAudio(stream, os.fstat(stream.fileno()).st_size, path.suffix)
    except BlasrError as error:
        raise error.at(path=entry.source) from None


def _in_memory(data: bytes, suffix: str) -> StoredAudio:
    return StoredAudio(io.BytesIO(data), len(data), suffix)
