from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.errors import BlasrError, DataError, FormatError
from blasr.io.audio import audio_info, read_audio
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_table, read_value
from blasr.io.kaldi.waves import WAVE, WAVE_FILE, Wave


def sounds() -> dict[str, Wave]:
    ramp = np.arange(-4, 6, dtype=np.float32)
    return {"a": Wave(ramp[None], 8000), "b": Wave(np.stack([ramp, ramp * 3276]), 16000)}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with TableWriter(f"ark,scp:{tmp_path}/wav.ark,{tmp_path}/wav.scp", WAVE) as writer:
        for key, wave in sounds().items():
            writer.write(key, wave)
    return tmp_path


@pytest.mark.parametrize("specifier", ["ark:wav.ark", "scp:wav.scp"])
def test_waves_of_an_archive(archive: Path, specifier: str) -> None:
    kind, name = specifier.split(":")
    found = dict(read_table(f"{kind}:{archive / name}", WAVE))
    assert list(found) == ["a", "b"]
    for key, wave in sounds().items():
        np.testing.assert_array_equal(found[key].samples, wave.samples)
        assert found[key].sample_rate == wave.sample_rate


def test_others_read_what_is_written(archive: Path) -> None:
    for key, data in read_table(f"scp:{archive}/wav.scp", WAVE_FILE):
        samples, rate = soundfile.read(io.BytesIO(data), dtype="int16", always_2d=True)
        np.testing.assert_array_equal(samples.T, sounds()[key].samples)
        assert rate == sounds()[key].sample_rate
    native = pytest.importorskip("kaldi_native_io")
    with native.SequentialWaveReader(f"ark:{archive}/wav.ark") as reader:
        for key, wave in reader:
            np.testing.assert_array_equal(np.array(wave.data), sounds()[key].samples)


def test_a_recording_is_copied_as_it_is(fsdd_dir: Path, tmp_path: Path) -> None:
    recording = next(iter(sorted(fsdd_dir.rglob("*.wav"))))
    data = read_value(str(recording), WAVE_FILE)
    assert data == recording.read_bytes()[: len(data)]
    wave = read_value(str(recording), WAVE)
    samples, rate = soundfile.read(recording, dtype="int16", always_2d=True)
    np.testing.assert_array_equal(wave.samples, samples.T)
    assert wave.sample_rate == rate


def test_entries_of_wav_scp_into_an_archive(archive: Path) -> None:
    entries = dict(line.split() for line in (archive / "wav.scp").read_text().splitlines())
    samples, rate = read_audio(entries["b"], channel=1)
    np.testing.assert_array_equal(samples, sounds()["b"].samples[1])
    assert rate == 16000
    assert audio_info(entries["a"]).num_samples == 10
    with pytest.raises(BlasrError, match="RIFF"):
        audio_info(f"{archive}/wav.ark:5")


@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT", "ULAW"])
def test_other_encodings(tmp_path: Path, subtype: str) -> None:
    samples = np.linspace(-0.5, 0.5, 50)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype=subtype)
    wave = read_value(str(tmp_path / "a.wav"), WAVE)
    expected, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    np.testing.assert_array_equal(wave.samples, expected[None] * 32768)


def test_what_is_no_wave(archive: Path) -> None:
    data = (archive / "wav.ark").read_bytes()
    for length in range(3, 70):
        (archive / "cut.ark").write_bytes(data[:length])
        if length != 2 + 44 + 20:
            with pytest.raises(FormatError):
                list(read_table(f"ark:{archive}/cut.ark", WAVE))
    with pytest.raises(DataError, match="no text form"), TableWriter(f"ark,t:{archive}/t.ark", WAVE) as writer:
        writer.write("a", sounds()["a"])
