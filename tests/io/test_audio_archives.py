"""Recordings in Kaldi's archives of waves and in shards."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.errors import BlasrError, DataError
from blasr.io.audio import AudioSelection, audio_info, read_segment
from blasr.io.audio_archives import ShardWriter
from tests.io.sphere_files import sphere_bytes
from tests.io.wav_files import RAMP, wav_bytes

NAMES = ("a.wav", "b.flac", "c.sph", "an utterance with a name of more than one hundred characters " * 3 + ".wav")


def audio(name: str) -> bytes:
    if name.endswith(".sph"):
        return sphere_bytes(np.stack([RAMP, RAMP[::-1]], axis=1), "PCM_16", coding="pcm", order="10")
    stream = io.BytesIO()
    soundfile.write(stream, RAMP, 8000, format=name.rsplit(".", 1)[1])
    return stream.getvalue()


@pytest.fixture
def shard(tmp_path: Path) -> tuple[Path, dict[str, int]]:
    path = tmp_path / "audio.tar"
    with path.open("wb") as stream:
        writer = ShardWriter(stream)
        offsets = {name: writer.add(name, len(audio(name)), io.BytesIO(audio(name))) for name in NAMES}
        writer.close()
    return path, offsets


def test_every_format_is_read_in_place(shard: tuple[Path, dict[str, int]]) -> None:
    path, offsets = shard
    with tarfile.open(path) as tar:  # any program reads the shard
        assert {member.name: member.offset_data for member in tar} == offsets
    for name, offset in offsets.items():
        channel = 0 if name.endswith(".sph") else None
        assert audio_info(f"{path}:{offset}").num_samples == len(RAMP)
        samples, rate, _ = read_segment(f"{path}:{offset}", AudioSelection(0.25, 0.5, channel=channel))
        assert rate == 8000
        assert np.array_equal(samples, RAMP[2000:4000])


def test_equal_recordings_give_equal_bytes(shard: tuple[Path, dict[str, int]]) -> None:
    stream = io.BytesIO()
    writer = ShardWriter(stream)
    for name in NAMES:
        writer.add(name, len(audio(name)), io.BytesIO(audio(name)))
    writer.close()
    assert stream.getvalue() == shard[0].read_bytes()


@pytest.mark.parametrize("shift", [-512, 1, 512])
def test_an_offset_that_points_to_nothing(shard: tuple[Path, dict[str, int]], shift: int) -> None:
    path, offsets = shard
    offset = offsets["b.flac"] + shift
    with pytest.raises(DataError, match=rf"audio\.tar: utterance u1: has no recording at byte {offset}\n.*pack"):
        read_segment(f"{path}:{offset}", AudioSelection(), utterance="u1")


def test_an_offset_beyond_the_end(shard: tuple[Path, dict[str, int]]) -> None:
    size = shard[0].stat().st_size
    with pytest.raises(DataError, match=rf"it has {size} bytes, a recording was expected at {size + 512}"):
        audio_info(f"{shard[0]}:{size + 512}")


@pytest.mark.parametrize("left", [100, 0])
def test_a_shard_that_is_cut_short(shard: tuple[Path, dict[str, int]], left: int) -> None:
    path, offsets = shard
    path.write_bytes(path.read_bytes()[: offsets["b.flac"] + left])
    assert audio_info(f"{path}:{offsets['a.wav']}").num_samples == len(RAMP)
    with pytest.raises(DataError, match=r"cut short.*\n.*copy the shard again") as caught:
        read_segment(f"{path}:{offsets['b.flac']}", AudioSelection())
    assert "shard" in caught.value.reason


def test_the_shard_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"audio\.tar:512: no such audio file"):
        audio_info(f"{tmp_path}/audio.tar:512")


def test_an_archive_of_waves(tmp_path: Path) -> None:
    (tmp_path / "a.ark").write_bytes(b"u1 " + wav_bytes() + b"u2 " + wav_bytes(declared=0xFFFFFFFF, riff=0))
    second = 3 + len(wav_bytes()) + 3
    for offset in (3, second):
        assert np.array_equal(read_segment(f"{tmp_path}/a.ark:{offset}", AudioSelection(0.5, 1))[0], RAMP[4000:])
    with pytest.raises(BlasrError, match="expected a wave file"):
        audio_info(f"{tmp_path}/a.ark:{second + 1}")
    (tmp_path / "a.ark").write_bytes((b"u1 " + wav_bytes())[:-10])
    with pytest.raises(BlasrError, match="truncated"):
        audio_info(f"{tmp_path}/a.ark:3")
