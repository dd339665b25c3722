"""Raw PCM and wave files in pipes."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from blasr.errors import DataError, FormatError
from blasr.io.pcm_stream import PcmStream

SAMPLES = np.random.default_rng(1).integers(-3000, 3000, 1001).astype(np.int16)


class OneByteAtATime(io.BytesIO):
    """A pipe that never has more than a byte."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 1))


def wave(samples: np.ndarray, subtype: str = "PCM_16") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 16000, format="WAV", subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize("make", [io.BytesIO, OneByteAtATime])
def test_raw(make: type) -> None:
    stream = PcmStream(make(SAMPLES.tobytes()), 8000)
    pieces = list(stream.pieces(0.01))
    assert [len(piece) for piece in pieces] == [80] * 12 + [41]
    np.testing.assert_array_equal(np.concatenate(pieces), SAMPLES)
    assert pieces[0].dtype == np.float32


def test_the_last_odd_byte_is_no_sample() -> None:
    assert [len(piece) for piece in PcmStream(io.BytesIO(SAMPLES.tobytes()[:-1]), 8000).pieces(1)] == [1000]


@pytest.mark.parametrize("length", [None, 0, 0xFFFFFFFF])
def test_a_wave_file_of_unknown_length(length: int | None) -> None:
    content = wave(SAMPLES)
    if length is not None:
        content = content[:40] + struct.pack("<I", length) + content[44:]
    stream = PcmStream(OneByteAtATime(content), 8000)
    assert stream.sample_rate == 16000
    np.testing.assert_array_equal(np.concatenate(list(stream.pieces(0.1))), SAMPLES)


def test_what_follows_the_audio_of_a_wave_file_is_not_audio() -> None:
    content = wave(SAMPLES) + b"id3 " + struct.pack("<I", 4000) + bytes(range(250)) * 16
    for make in (io.BytesIO, OneByteAtATime):
        pieces = list(PcmStream(make(content), 8000).pieces(0.01))
        np.testing.assert_array_equal(np.concatenate(pieces), SAMPLES)


def test_channels() -> None:
    content = wave(np.stack([SAMPLES, -SAMPLES], axis=1))
    for channel, factor in ((0, 1), (1, -1), (None, 0)):
        stream = PcmStream(io.BytesIO(content), 8000, channel=channel)
        np.testing.assert_array_equal(np.concatenate(list(stream.pieces(0.1))), factor * SAMPLES.astype(np.float32))
    with pytest.raises(DataError, match="no channel 2"):
        PcmStream(io.BytesIO(content), 8000, channel=2)
    with pytest.raises(DataError, match=r"has one channel, which is number 0(.|\n)*leave out the channel"):
        PcmStream(io.BytesIO(wave(SAMPLES)), 8000, channel=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"hello, this is a text\n", "begins with 'hello, this '"),
        (b"fLaC" + bytes(20), "is FLAC"),
        (b"OggS" + bytes(20), "is Ogg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "is a PNG picture"),
        (b"\0\0\0\x20ftypisom" + bytes(20), "is MP4 or M4A"),
        (b"\x1aE\xdf\xa3" + bytes(20), "is Matroska or WebM"),
        (b"RIFF\0\0\0\0AVI " + bytes(20), "is a RIFF file of another kind than WAVE"),
        (wave(SAMPLES)[:30], "truncated"),
        (wave(SAMPLES, "FLOAT"), "encoding 3 with 32 bits"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "no fmt chunk"),
        (b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\xff", "of 4294967295 bytes"),
        (b"RIFF\0\0\0\0WAVEfmt \2\0\0\0ab", "has 2 bytes"),
    ],
)
def test_what_is_not_audio(content: bytes, message: str) -> None:
    with pytest.raises((DataError, FormatError), match=message):
        PcmStream(io.BytesIO(content), 8000)
