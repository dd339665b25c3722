"""SPHERE headers: fields, sizes, and the compression that libsndfile does not decode."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.errors import DataError, FormatError
from blasr.io.audio import read_audio
from blasr.io.sphere import SphereHeader


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
    with pytest.raises(DataError, match=r"(?s)a\.sph: is SPHERE compressed with shorten.*sph2pipe -f sph"):
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
