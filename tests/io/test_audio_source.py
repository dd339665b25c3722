"""Opening audio: streams of unknown length from every source, and one sentence for what libsndfile refuses."""

from __future__ import annotations

import io
import os
import re
import struct
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.errors import DataError
from blasr.io import audio_source
from blasr.io.audio import AudioSelection, audio_info, read_audio, read_channels, read_segment
from tests.io.wav_files import RAMP, wav_bytes

INTERNALS = re.compile(r"Internal|SF_INFO|psf_|Error in|unspecified|malformed|unimplemented", re.IGNORECASE)


@pytest.fixture
def streamed(tmp_path: Path) -> Path:
    """A wave file as a program wrote it to a pipe."""
    (tmp_path / "a.wav").write_bytes(wav_bytes(declared=0, riff=36))
    return tmp_path / "a.wav"


def test_a_streamed_file_is_read_to_its_end(streamed: Path) -> None:
    assert np.array_equal(read_audio(streamed)[0], RAMP)
    assert np.array_equal(read_segment(streamed, AudioSelection(0.5, 0.75))[0], RAMP[4000:6000])
    assert audio_info(streamed, verify=True).num_samples == 8000


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_the_last_bytes_may_be_less_than_a_sample(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(RAMP.tobytes() + b"x", declared=size, riff=0))
    assert np.array_equal(read_audio(tmp_path / "a.wav")[0], RAMP)


def test_a_streamed_file_in_the_other_byte_order(tmp_path: Path) -> None:
    data = wav_bytes(RAMP.astype(">i2").tobytes(), declared=0, riff=36, order=">")
    (tmp_path / "a.wav").write_bytes(data)
    assert np.array_equal(read_audio(tmp_path / "a.wav")[0], RAMP)


def test_a_streamed_file_from_a_command(streamed: Path) -> None:
    command = f"cat {streamed} |"
    assert audio_info(command, allow_pipes=True).num_samples == 8000
    assert np.array_equal(read_segment(command, AudioSelection(), allow_pipes=True)[0], RAMP)


def test_a_truncated_file_from_a_command(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes()[:9000])
    with pytest.raises(DataError, match="is truncated: found 8956 bytes of audio, the header declares 16000"):
        read_segment(f"cat {tmp_path / 'a.wav'} |", AudioSelection(), allow_pipes=True)


def test_a_streamed_file_from_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(wav_bytes(declared=0, riff=0))))
    audio_source._standard_input.cache_clear()
    samples, rate, channels = read_channels("-")
    assert np.array_equal(samples, RAMP[np.newaxis]) and (rate, channels) == (8000, 1)
    assert np.array_equal(read_audio("-")[0], RAMP)  # it is kept
    audio_source._standard_input.cache_clear()


def test_a_named_pipe_is_read_once(tmp_path: Path, streamed: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(streamed.read_bytes()), daemon=True)
    writer.start()
    assert np.array_equal(read_channels(tmp_path / "pipe")[0][0], RAMP)
    writer.join(5)


def test_the_patched_file_is_the_file_with_other_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    file = audio_source._PatchedFile((tmp_path / "a").open("rb"), 4, b"wxyz")
    for start in range(11):
        for count in range(1, 11):
            file.seek(start)
            assert file.read(count) == b"0123wxyz89"[start : start + count]
    assert file.seek(0, io.SEEK_END) == 10 and file.tell() == 10
    file.close()


def whole(name: str) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, RAMP / 32768, 8000, format={"sph": "NIST"}.get(name, name.upper()))
    return stream.getvalue()


@pytest.mark.parametrize("name", ["flac", "au", "aiff", "sph", "w64", "rf64", "ogg", "caf"])
@pytest.mark.parametrize("keep", [10, 20, 60])
def test_a_file_that_ends_in_its_header_is_one_sentence(tmp_path: Path, name: str, keep: int) -> None:
    path = tmp_path / f"a.{name}"
    path.write_bytes(whole(name)[:keep])
    with pytest.raises(DataError) as caught:
        audio_info(path, verify=True)
    assert not INTERNALS.search(str(caught.value)), str(caught.value)
    assert caught.value.fix


def test_a_rate_of_zero_in_another_format(tmp_path: Path) -> None:
    data = bytearray(whole("au"))
    data[16:20] = bytes(4)
    (tmp_path / "a.au").write_bytes(data)
    with pytest.raises(DataError, match="is not a readable audio file: its header is damaged or incomplete"):
        read_audio(tmp_path / "a.au")


@pytest.mark.parametrize("content", [b"hello", b"<!DOCTYPE html><html></html>", struct.pack("<4i", 1, 2, 3, 4)])
def test_a_file_of_another_kind_shows_its_beginning(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(DataError, match="is not a readable audio file: it begins with b") as caught:
        read_audio(tmp_path / "a.wav")
    assert repr(content[:16]) in str(caught.value)


def test_an_archive_of_waves_is_read_at_its_offset(tmp_path: Path) -> None:
    (tmp_path / "a.ark").write_bytes(b"u1 " + wav_bytes() + b"u2 " + wav_bytes(declared=0xFFFFFFFF, riff=0))
    offset = 3 + len(wav_bytes()) + 3
    assert np.array_equal(read_segment(f"{tmp_path / 'a.ark'}:{offset}", AudioSelection())[0], RAMP)
