from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.errors import BlasrError, DataError, FormatError
from blasr.io.audio import audio_info, read_audio
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_table, read_value
from blasr.io.kaldi.waves import WAVE_FILE, read_wave_file

RAMP = np.arange(-4, 6, dtype=np.int16)
MONO, STEREO = RAMP[:, None], np.stack([RAMP, RAMP * 3276], axis=1)


def wave_file(samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]], rate: int) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, format="WAV")
    return stream.getvalue()


FILES = {"a": wave_file(MONO, 8000), "b": wave_file(STEREO, 16000)}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with TableWriter(f"ark,scp:{tmp_path}/wav.ark,{tmp_path}/wav.scp", WAVE_FILE) as writer:
        for key, data in FILES.items():
            writer.write(key, data)
    return tmp_path


@pytest.mark.parametrize("specifier", ["ark:wav.ark", "scp:wav.scp"])
def test_files_of_an_archive_are_unchanged(archive: Path, specifier: str) -> None:
    kind, name = specifier.split(":")
    assert dict(read_table(f"{kind}:{archive / name}", WAVE_FILE)) == FILES


def test_kaldis_code_reads_the_archive(archive: Path) -> None:
    native = pytest.importorskip("kaldi_native_io")
    with native.SequentialWaveReader(f"ark:{archive}/wav.ark") as reader:
        found = {key: np.array(wave.data) for key, wave in reader}
    np.testing.assert_array_equal(found["a"], MONO.T)
    np.testing.assert_array_equal(found["b"], STEREO.T)


def test_a_recording_is_read_up_to_its_declared_end(fsdd_dir: Path) -> None:
    recording = next(iter(sorted(fsdd_dir.rglob("*.wav"))))
    data = read_value(str(recording), WAVE_FILE)
    assert data == recording.read_bytes()[: len(data)]
    assert len(data) == 8 + struct.unpack("<I", data[4:8])[0]


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0xFFFFFFFF])
def test_a_streamed_file_lasts_until_the_end(size: int) -> None:
    data = FILES["a"][:4] + struct.pack("<I", size) + FILES["a"][8:] + b"more"
    assert read_wave_file(BinaryReader(io.BytesIO(data), "it", len(data))) == data


def test_entries_of_wav_scp_may_point_into_an_archive(archive: Path) -> None:
    entries = dict(line.split() for line in (archive / "wav.scp").read_text().splitlines())
    samples, rate = read_audio(entries["b"], channel=1)
    np.testing.assert_array_equal(samples, STEREO[:, 1])
    assert rate == 16000
    assert audio_info(entries["a"]).num_samples == 10
    with pytest.raises(BlasrError, match="RIFF"):
        audio_info(f"{archive}/wav.ark:5")


def test_other_and_truncated_files_are_refused(archive: Path) -> None:
    data = (archive / "wav.ark").read_bytes()
    for length in range(3, 70):
        (archive / "cut.ark").write_bytes(data[:length])
        if length != len("a ") + len(FILES["a"]):
            with pytest.raises(FormatError):
                list(read_table(f"ark:{archive}/cut.ark", WAVE_FILE))
    with pytest.raises(FormatError, match="declares 3 bytes"):
        read_wave_file(BinaryReader(io.BytesIO(b"RIFF\3\0\0\0WAVE"), "it", 12))


def test_a_wave_has_no_text_form(archive: Path) -> None:
    with pytest.raises(DataError, match="no text form"), TableWriter(f"ark,t:{archive}/t.ark", WAVE_FILE) as writer:
        writer.write("a", FILES["a"])
