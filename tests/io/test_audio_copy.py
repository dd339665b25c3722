"""The bytes of one recording: a file as it is, one channel of a call, a command's output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.errors import DataError
from blasr.io.audio_copy import read_stored
from blasr.io.recording_entry import RecordingEntry
from tests.io.sphere_files import sphere_bytes
from tests.io.wav_files import RAMP, wav_bytes


def stored(entry: str, *, allow_pipes: bool = False) -> tuple[bytes, str]:
    audio = read_stored(RecordingEntry.parse(entry), allow_pipes=allow_pipes)
    with audio.stream:
        data = audio.stream.read()
    assert len(data) == audio.num_bytes
    return data, audio.suffix


def test_a_file_stays_as_it_is(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", RAMP, 8000)
    assert stored(f"{tmp_path}/a.flac") == ((tmp_path / "a.flac").read_bytes(), ".flac")
    assert stored(f"sox -t wav {tmp_path}/a.flac -t wav - speed 0.9 |")[0] == (tmp_path / "a.flac").read_bytes()


def test_a_wave_in_an_archive(tmp_path: Path) -> None:
    (tmp_path / "a.ark").write_bytes(b"u1 " + wav_bytes() + b"u2 " + wav_bytes(RAMP[::-1].tobytes()))
    assert stored(f"{tmp_path}/a.ark:3") == (wav_bytes(), ".wav")


def test_one_channel_of_a_call(tmp_path: Path) -> None:
    for subtype, kind in (("PCM_16", "PCM_16"), ("PCM_24", "FLOAT")):
        call = np.stack([RAMP, RAMP[::-1]], axis=1)
        order = "01" if subtype == "PCM_16" else "012"
        data = bytearray(sphere_bytes(call, subtype, coding="pcm", order=order))
        if subtype == "PCM_24":
            data[1024 + 3] = 1  # a bit that 16-bit integers lack
        (tmp_path / "a.sph").write_bytes(data)
        wave, suffix = stored(f"sph2pipe -f wav -p -c 2 {tmp_path}/a.sph |")
        (tmp_path / "b.wav").write_bytes(wave)
        assert (soundfile.info(tmp_path / "b.wav").subtype, suffix) == (kind, ".wav")
        samples = soundfile.read(tmp_path / "b.wav", dtype="float64")[0] * 32768
        assert samples[0] == RAMP[-1] + (1 / 256 if subtype == "PCM_24" else 0)
        assert np.array_equal(samples[1:], RAMP[::-1][1:])


def test_a_command_runs_only_if_allowed(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes())
    assert stored(f"cat {tmp_path}/a.wav |", allow_pipes=True) == (wav_bytes(), ".wav")
    with pytest.raises(DataError, match="commands are not allowed"):
        stored(f"cat {tmp_path}/a.wav |")


def test_truncated_audio_is_not_stored(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes()[:-100])
    with pytest.raises(DataError, match="is truncated"):
        stored(f"{tmp_path}/a.wav")
