from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError, DependencyError
from blasr.io.audio import (
    AudioInfo,
    AudioSelection,
    audio_info,
    read_audio,
    read_channels,
    read_segment,
)
from blasr.units import AnyArray
from tests.io.wav_files import wav_bytes

RAMP = np.arange(-4000, 4000, dtype=np.int16)  # one second at 8 kHz, all samples different


def write(path: Path, samples: AnyArray = RAMP, rate: int = 8000, **options: str) -> Path:
    soundfile.write(path, samples, rate, **options)
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {"subtype": "PCM_16"}),
        ("a.wav", {"subtype": "PCM_24"}),
        ("a.wav", {"subtype": "FLOAT"}),
        ("a.wav", {"format": "WAVEX", "subtype": "PCM_16"}),
        ("a.flac", {}),
        ("a.sph", {"format": "NIST", "subtype": "PCM_16"}),
        ("a.aiff", {}),
    ],
)
def test_samples_are_16_bit_integers(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    path = write(tmp_path / name, RAMP / 32768, 8000, **options)
    samples, rate = read_audio(path, sample_rate=8000)
    assert rate == 8000
    assert samples.dtype == np.float32
    assert np.array_equal(samples, RAMP)
    assert audio_info(path, verify=True) == AudioInfo(8000, 8000, 1)
    assert np.array_equal(read_segment(path, AudioSelection(0.25, 0.5))[0], RAMP[2000:4000])


def mu_law(code: int) -> int:
    """ITU-T G.711: the sample, in 16-bit range, of a byte of mu-law."""
    code = ~code & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << (code >> 4 & 7)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def a_law(code: int) -> int:
    """ITU-T G.711: the sample, in 16-bit range, of a byte of A-law."""
    code ^= 0x55
    exponent, magnitude = code >> 4 & 7, (code & 0x0F) << 4
    magnitude = magnitude + 8 if exponent == 0 else (magnitude + 0x108) << (exponent - 1)
    return magnitude if code & 0x80 else -magnitude


@pytest.mark.parametrize(("code", "coding", "law"), [(7, "ulaw", mu_law), (6, "alaw", a_law)])
def test_every_code_of_telephone_audio(tmp_path: Path, code: int, coding: str, law: Callable[[int], int]) -> None:
    codes = bytes(range(256))
    both = bytes(byte for pair in zip(codes, reversed(codes), strict=True) for byte in pair)
    (tmp_path / "a.wav").write_bytes(wav_bytes(both, code=code, bits=8, channels=2))
    fields = "channel_count -i 2\nsample_count -i 256\nsample_rate -i 8000\nsample_n_bytes -i 1\n"
    header = f"NIST_1A\n   1024\n{fields}sample_coding -s4 {coding}\nend_head\n"
    (tmp_path / "a.sph").write_bytes(header.encode().ljust(1024) + both)
    expected = [law(byte) for byte in codes]
    for name in ("a.wav", "a.sph"):
        assert read_audio(tmp_path / name, channel=0)[0].tolist() == expected
        assert read_audio(tmp_path / name, channel=1)[0].tolist() == expected[::-1]


def test_real_speech(fsdd_dir: Path) -> None:
    path = fsdd_dir / "0_george_2.wav"
    samples, _ = read_audio(path)
    assert np.array_equal(samples, soundfile.read(path, dtype="int16")[0])


@pytest.fixture(scope="module")
def ramp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("audio") / "ramp.wav")


@given(st.floats(0, 0.9), st.floats(0.01, 0.6))
@settings(deadline=None)
def test_a_segment_is_a_part_of_the_whole(ramp: Path, start: float, length: float) -> None:
    samples, _, _ = read_segment(ramp, AudioSelection(start, start + length))
    assert np.array_equal(samples, RAMP[int(start * 8000) : int((start + length) * 8000)])


def test_a_segment_may_lack_an_end_or_a_start(ramp: Path) -> None:
    assert np.array_equal(read_segment(ramp, AudioSelection(0.5))[0], RAMP[4000:])
    assert np.array_equal(read_segment(ramp, AudioSelection(None, 0.5))[0], RAMP[:4000])
    assert np.array_equal(read_segment(ramp, AudioSelection(0.5, 1.49))[0], RAMP[4000:])  # at most 0.5 s after the end


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (0.5, 1.6, "the segment from 0.500 to 1.600 s is outside the recording, which lasts 1.000 s"),
        (1.0, 1.1, "the segment from 1.000 to 1.100 s is outside the recording"),
        (-0.1, 0.5, "is outside the recording"),
        (0.5, 0.5, "the segment from 0.500 to 0.500 s has no samples"),
    ],
)
def test_segments_outside_are_refused(ramp: Path, start: float, end: float, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_segment(ramp, AudioSelection(start, end), utterance="u1")
    assert f"{ramp}: utterance u1: " in str(caught.value)
    assert message in str(caught.value)


def test_channels(tmp_path: Path) -> None:
    path = write(tmp_path / "two.wav", np.stack([RAMP, -RAMP], axis=1))
    mono = write(tmp_path / "one.wav")
    assert np.array_equal(read_audio(path, channel=0)[0], RAMP)
    assert np.array_equal(read_audio(path, channel=1)[0], -RAMP)
    assert np.array_equal(read_audio(mono, channel=0)[0], RAMP)
    assert np.array_equal(read_segment(mono, AudioSelection(channel=1, mono_has_any_channel=True))[0], RAMP)
    assert np.array_equal(read_segment(path, AudioSelection(channel=1, mono_has_any_channel=True))[0], -RAMP)
    with pytest.raises(DataError, match="has 2 channels, and none is chosen"):
        read_audio(path)
    with pytest.raises(DataError, match=r"has 2 channels, counted from 0, so there is no channel 2"):
        read_audio(path, channel=2)
    with pytest.raises(DataError, match=r"has one channel, which is number 0, so there is no channel 1"):
        read_audio(mono, channel=1)


def test_an_unexpected_sample_rate_is_refused(ramp: Path) -> None:
    with pytest.raises(DataError, match="found a sample rate of 8000 Hz, expected 16000 Hz") as caught:
        read_audio(ramp, sample_rate=16000)
    assert caught.value.path == ramp
    assert "features.sample_rate=8000" in str(caught.value.fix)


@pytest.mark.parametrize(
    ("name", "keep", "message"),
    [
        ("a.wav", 12044, "is truncated: found 12000 bytes of audio, the header declares 16000"),
        ("a.wav", 44, "is truncated: found 0 bytes of audio, the header declares 16000"),
        ("a.wav", 30, "is truncated: the 30 bytes end before the audio begins"),
        ("a.wav", 0, "is empty (0 bytes)"),
        ("a.sph", 5024, "is truncated: found 4000 bytes of audio, the header declares 16000"),
        ("a.flac", 6000, "is truncated or corrupt"),
        ("a.aiff", 9000, "is truncated: found"),
        ("a.w64", 9000, "is truncated: found 9000 bytes"),
    ],
)
def test_truncated_files_are_refused(tmp_path: Path, name: str, keep: int, message: str) -> None:
    path = tmp_path / name
    noise = np.random.default_rng(0).integers(-9000, 9000, 8000).astype(np.int16)
    write(path, noise, format={"sph": "NIST"}.get(path.suffix[1:], path.suffix[1:].upper()))
    whole = path.read_bytes()
    assert audio_info(path, verify=True).num_samples == 8000
    path.write_bytes(whole[:keep])
    for attempt in (lambda: read_audio(path), lambda: audio_info(path, verify=True)):
        with pytest.raises(DataError) as caught:
            attempt()
        assert message in str(caught.value)
        assert str(path) in str(caught.value)
        assert caught.value.fix


def test_a_truncated_wav_with_chunks_before_its_audio(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    data = path.read_bytes()
    extra = b"LIST" + struct.pack("<I", 5) + b"INFOx" + b"\0"  # odd sizes are padded
    path.write_bytes(data[:36] + extra + data[36:])
    assert np.array_equal(read_audio(path)[0], RAMP)
    path.write_bytes((data[:36] + extra + data[36:])[:-2])
    with pytest.raises(DataError, match="found 15998 bytes of audio, the header declares 16000"):
        read_audio(path)


@pytest.mark.parametrize("size", [0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_streamed_wav_lasts_until_its_end(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "a.wav")
    data = path.read_bytes()
    path.write_bytes(data[:4] + struct.pack("<I", size) + data[8:40] + struct.pack("<I", size) + data[44:])
    assert np.array_equal(read_audio(path)[0], RAMP)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_not_finite_are_refused(tmp_path: Path, value: float, subtype: str) -> None:
    samples = RAMP / 32768
    samples[2000:2010] = value
    path = write(tmp_path / "a.wav", samples, subtype=subtype)
    message = "has samples that are not finite: 10 are NaN or infinite, the first at 0.250 s"
    for attempt in (
        lambda: read_audio(path),
        lambda: audio_info(path, verify=True),
        lambda: read_channels(path),
        lambda: read_segment(path, AudioSelection(0.2, 0.3)),
    ):
        with pytest.raises(DataError, match=message):
            attempt()
    assert len(read_segment(path, AudioSelection(0.5, 1.0))[0]) == 4000
    assert audio_info(path).num_samples == 8000  # the header alone


def test_samples_whose_power_overflows_are_refused(tmp_path: Path) -> None:
    samples = RAMP / 32768
    samples[4000] = -3e38
    path = write(tmp_path / "a.wav", samples, subtype="FLOAT")
    message = r"has samples that are too large: 1 are above 1e\+06 times full scale, the first at 0\.500 s"
    for attempt in (lambda: read_audio(path), lambda: audio_info(path, verify=True), lambda: read_channels(path)):
        with pytest.raises(DataError, match=message):
            attempt()


def test_all_channels_are_read_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "two.wav", np.stack([RAMP, -RAMP], axis=1))
    samples, rate, channels = read_channels(path)
    assert np.array_equal(samples, np.stack([RAMP, -RAMP])) and (rate, channels) == (8000, 2)
    samples, _, channels = read_channels(path, 1)
    assert np.array_equal(samples, -RAMP[np.newaxis]) and channels == 2
    with pytest.raises(DataError, match=r"has 2 channels, counted from 0, so there is no channel 2"):
        read_channels(path, 2)


def test_damage_in_the_middle_of_a_compressed_file_is_found(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(-9000, 9000, 80000).astype(np.int16)
    path = write(tmp_path / "a.flac", noise)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = bytes(4000)
    path.write_bytes(data)
    with pytest.raises(DataError, match="is truncated"):
        audio_info(path, verify=True)


def test_other_files_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "none.wav", RAMP[:0])
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(DataError, match=r"none\.wav: has no samples"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(DataError, match=r"text\.wav: is not a readable audio file"):
        read_audio(tmp_path / "text.wav")
    with pytest.raises(DataError, match="no such audio file"):
        read_audio(tmp_path / "absent.wav")
    with pytest.raises(DataError, match="is a folder"):
        read_audio(tmp_path)


def test_commands_run_only_if_allowed(tmp_path: Path) -> None:
    path = write(tmp_path / "a b.wav")
    command = f"cat '{path}' | cat |"
    with pytest.raises(DataError, match="is a command, and commands are not allowed"):
        read_segment(command, AudioSelection(), utterance="u1")
    samples, _, _ = read_segment(command, AudioSelection(0.25, 0.5), allow_pipes=True)
    assert np.array_equal(samples, RAMP[2000:4000])
    assert audio_info(command, allow_pipes=True).num_samples == 8000
    with pytest.raises(DataError, match=r"utterance u1: 'cat' of 'cat nothing-there \|' failed with status 1"):
        read_segment("cat nothing-there |", AudioSelection(), utterance="u1", allow_pipes=True)
    with pytest.raises(DependencyError, match="cannot run 'no-such-program'"):
        read_segment("no-such-program x |", AudioSelection(), allow_pipes=True)


def test_a_margin_surrounds_the_segment(ramp: Path) -> None:
    samples, _, own = read_segment(ramp, AudioSelection(0.25, 0.5), margin_samples=100)
    assert np.array_equal(samples, RAMP[1900:4100])
    assert np.array_equal(samples[own], RAMP[2000:4000])
    samples, _, own = read_segment(ramp, AudioSelection(0, 0.5), margin_samples=5000)
    assert (len(samples), own) == (8000, slice(0, 4000))


def test_times_count_at_the_speed_of_the_entry(ramp: Path) -> None:
    entry = f"sox -t wav {ramp} -t wav - speed 2 |"
    assert audio_info(entry).num_samples == 4000
    assert np.array_equal(read_segment(entry, AudioSelection(0.125, 0.25))[0], RAMP[2000:4000])
