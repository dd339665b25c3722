"""Headers of wave files: streams of unknown length, and what libsndfile would refuse without a reason."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import DataError
from blasr.io.wav_header import WavHeader, read_wav_header
from tests.io.wav_files import RAMP, wav_bytes

LIST = b"LIST" + struct.pack("<I", 4) + b"INFO"


def header(data: bytes) -> WavHeader | None:
    return read_wav_header(io.BytesIO(data), len(data))


def test_a_plain_file() -> None:
    assert header(wav_bytes()) == WavHeader(44, 16000, False)
    assert header(wav_bytes(tail=LIST)) == WavHeader(44, 16000, False)
    assert header(wav_bytes(tail=b"no chunk at all")) == WavHeader(44, 16000, False)
    assert header(wav_bytes(order=">")) == WavHeader(44, 16000, False, True)


@pytest.mark.parametrize("riff", [0, 36, 0xFFFFFFFF, None])
@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFDB, 0x7FFFFFFF, 0x80000000, 0xFFFFFFDB, 0xFFFFFFFF])
def test_a_stream_lasts_to_the_end_of_the_file(riff: int | None, size: int) -> None:
    found = header(wav_bytes(declared=size, riff=riff))
    assert found == WavHeader(44, 16000, True)
    assert found is not None and found.size_field == (40, struct.pack("<I", 16000))


@pytest.mark.parametrize("tail", [b"", LIST, LIST + LIST])
def test_an_empty_recording_is_no_stream(tail: bytes) -> None:
    assert header(wav_bytes(b"", tail=tail)) == WavHeader(44, 0, False)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"fLaC" + bytes(40), b"RIFF" + bytes(4) + b"AVI " + bytes(40)])
def test_other_files_are_left_to_libsndfile(data: bytes) -> None:
    assert header(data) is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (wav_bytes(rate=0), "it declares a sample rate of 0 Hz, expected 1 to 1000000 Hz"),
        (wav_bytes(rate=0xFFFFFFFF), "it declares a sample rate of 4294967295 Hz"),
        (wav_bytes(channels=0), "it declares 0 channels, expected 1 to 1024"),
        (wav_bytes(channels=65535), "it declares 65535 channels"),
        (wav_bytes(bits=0), "it declares 0 bits per sample, expected 8, 16, 24 or 32"),
        (wav_bytes(bits=64), "it declares 64 bits per sample"),
        (wav_bytes(code=3, bits=16), "it declares 16 bits per sample, expected 32 or 64"),
        (wav_bytes(code=0), "has audio in the encoding 0x0000, which libsndfile does not decode"),
        (wav_bytes(code=0x161), r"has audio in the encoding Windows Media Audio \(0x0161\)"),
        (wav_bytes(tail=b"data" + struct.pack("<I", 4) + bytes(4)), "has 2 data chunks"),
        (wav_bytes(tail=LIST + b"data" + bytes(4)), "has 2 data chunks, expected one"),
        (wav_bytes(declared=16001), "is truncated: found 16000 bytes of audio, the header declares 16001"),
        (wav_bytes()[:36], "is truncated: the 36 bytes end before the audio begins"),
        (wav_bytes()[:30], "is truncated: the 30 bytes end before the audio begins"),
        (wav_bytes()[:12] + wav_bytes()[36:], "has no fmt chunk before its audio"),
        (wav_bytes().replace(b"fmt " + struct.pack("<I", 16), b"fmt " + struct.pack("<I", 8)), "fmt chunk has 8 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_damaged_headers_are_described(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        header(data)
    assert caught.value.fix


@given(st.binary(max_size=60), st.integers(0, 44))
def test_any_bytes_end_in_a_header_or_a_data_error(noise: bytes, place: int) -> None:
    data = bytearray(wav_bytes(RAMP[:10].tobytes()))
    data[place : place + len(noise)] = noise
    try:
        found = header(bytes(data))
    except DataError:
        return
    assert found is None or found.audio_start + found.audio_bytes <= len(data)
