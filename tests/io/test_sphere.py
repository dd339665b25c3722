"""SPHERE headers: fields, sizes, and the compression that libsndfile does not decode."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.errors import DataError, FormatError
from blasr.io.audio import AudioSelection, audio_info, read_audio, read_segment
from blasr.io.sphere import SphereHeader
from tests.io.sphere_files import sphere_bytes


def write(path: Path, coding: str, samples: int = 100) -> Path:
    lines = ["conversation_id -s4 2001", "channel_count -i 2", f"sample_count -i {samples}", "sample_rate -i 8000"]
    lines += ["sample_n_bytes -i 1", f"sample_coding -s{len(coding)} {coding}", "end_head", "later -i 1"]
    path.write_bytes(("NIST_1A\n   1024\n" + "\n".join(lines)).encode().ljust(1024) + bytes(200))
    return path


def test_the_fields_of_a_header(tmp_path: Path) -> None:
    header = SphereHeader.read(write(tmp_path / "a.sph", "ulaw"))
    assert header.num_bytes == 1024
    assert header.fields["conversation_id"] == "2001"
    assert "later" not in header.fields
    assert header.audio_bytes == 200
    assert header.compression is None
    assert len(read_audio(tmp_path / "a.sph", channel=1)[0]) == 100


def test_a_header_written_by_libsndfile(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.sph", np.zeros((300, 2)), 8000, format="NIST", subtype="PCM_16")
    header = SphereHeader.read(tmp_path / "a.sph")
    assert header.audio_bytes == 1200
    assert header.compression is None


def test_compressed_audio_names_the_program_that_expands_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.sph", "ulaw,embedded-shorten-v2.00")
    header = SphereHeader.read(path)
    assert (header.compression, header.audio_bytes) == ("shorten", None)
    with pytest.raises(
        DataError, match=r"(?s)a\.sph: is SPHERE compressed with shorten.*sph2pipe -f sph.*--allow-pipes"
    ):
        read_audio(path, channel=0)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("sample_rate", "0", "has a damaged header: sample_rate is 0, expected 1 to 1000000"),
        ("sample_rate", "8000.5", r"sample_rate is 8000\.5"),
        ("channel_count", "0", "channel_count is 0, expected 1 to 1024"),
        ("channel_count", "\u00b2", "channel_count is \u00b2"),
        ("sample_n_bytes", "9" * 5000, "sample_n_bytes is 9"),
    ],
)
def test_fields_that_cannot_be_right(tmp_path: Path, field: str, value: str, message: str) -> None:
    path = write(tmp_path / "a.sph", "ulaw")
    header = re.sub(f"{field} -i [0-9]+".encode(), f"{field} -i {value}".encode("latin-1"), path.read_bytes()[:-200])
    path.write_bytes(header.rstrip(b"\0").replace(b"   1024", b"   8192").ljust(8192, b"\0") + bytes(200))
    with pytest.raises(DataError, match=message):
        read_audio(path, channel=0)


def test_a_missing_rate_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.sph", "ulaw")
    path.write_bytes(path.read_bytes().replace(b"sample_rate", b"simple_rate"))
    with pytest.raises(DataError, match="sample_rate is nothing, expected 1 to 1000000"):
        read_audio(path, channel=0)


@pytest.mark.parametrize("content", [b"", b"RIFF....", b"NIST_1A\n", b"NIST_1A\n  many\n", b"NIST_1A\n99999999\n"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.sph").write_bytes(content)
    with pytest.raises(FormatError, match=r"a\.sph: is not a NIST SPHERE file"):
        SphereHeader.read(tmp_path / "a.sph")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        SphereHeader.read(tmp_path / "a.sph")


CALL = np.random.default_rng(0).normal(0, 3000, (400, 2)).astype(np.int16)


@pytest.mark.parametrize(
    ("coding", "subtype", "order"),
    [
        ("ulaw", "ULAW", "1"),
        ("mu-law", "ULAW", None),
        ("mulaw", "ULAW", "1"),
        (None, "ULAW", "1"),
        ("alaw", "ALAW", "1"),
        ("a-law", "ALAW", "1"),
        ("pcm", "PCM_16", "01"),
        ("pcm", "PCM_16", "10"),
        ("pcm-2", "PCM_16", "10"),
        (None, "PCM_16", "01"),
        ("pcm", "PCM_24", "210"),
        ("pcm", "PCM_32", "0123"),
    ],
)
def test_both_sides_of_a_call_in_every_coding(
    tmp_path: Path, coding: str | None, subtype: str, order: str | None
) -> None:
    (tmp_path / "call.sph").write_bytes(sphere_bytes(CALL, subtype, coding=coding, order=order) + bytes(512))
    soundfile.write(tmp_path / "call.wav", CALL, 8000, subtype=subtype)
    expected, _ = soundfile.read(tmp_path / "call.wav", dtype="float32")
    info = audio_info(tmp_path / "call.sph", verify=True)
    assert (info.num_samples, info.num_channels, info.sample_rate) == (400, 2, 8000)  # without the bytes after them
    for side in (0, 1):
        samples, _ = read_audio(tmp_path / "call.sph", channel=side)
        assert np.array_equal(samples, expected[:, side] * 32768)
    part, _, _ = read_segment(tmp_path / "call.sph", AudioSelection(0.01, 0.02, channel=1))
    assert np.array_equal(part, expected[80:160, 1] * 32768)


def test_a_header_of_two_blocks(tmp_path: Path) -> None:
    (tmp_path / "a.sph").write_bytes(sphere_bytes(CALL, "PCM_16", order="10", coding="pcm", header_bytes=2048))
    assert np.array_equal(read_audio(tmp_path / "a.sph", channel=0)[0], CALL[:, 0])


@pytest.mark.parametrize(
    ("coding", "order", "message"),
    [
        ("celp", "01", r"samples of 2 byte\(s\) in the coding 'celp', expected mu-law, A-law or PCM"),
        ("ulaw", "01", r"samples of 2 byte\(s\) in the coding 'ulaw'"),
        ("pcm", "11", "sample_byte_format is 11, expected 01 or 10"),
        ("pcm", None, "sample_byte_format is nothing, expected 01 or 10"),
    ],
)
def test_an_unknown_coding_is_refused(tmp_path: Path, coding: str, order: str | None, message: str) -> None:
    (tmp_path / "a.sph").write_bytes(sphere_bytes(CALL, "PCM_16", coding=coding, order=order))
    with pytest.raises(DataError, match=message):
        read_audio(tmp_path / "a.sph", channel=0)
