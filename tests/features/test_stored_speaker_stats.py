"""Statistics of speakers on disk: Kaldi's form, fingerprints, and the store of a training run."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import kaldiio
import numpy as np
import pytest

from blasr.data.data_dir import DataDir
from blasr.errors import DataError, MismatchError
from blasr.features import stored_speaker_stats
from blasr.features.cmvn import CmvnStats, read_cmvn_stats
from blasr.features.config import CmvnMode, FeatureConfig, MfccConfig
from blasr.features.online_cmvn import read_global_cmvn
from blasr.features.perturbation import UNCHANGED, Perturbation
from blasr.features.speaker_stats_collection import collect_speaker_stats
from blasr.features.stored_speaker_stats import SpeakerStatsStore, load_speaker_stats, write_cmvn


@pytest.fixture
def written(data_dir: DataDir, tmp_path: Path) -> DataDir:
    """The data directory on disk, with its statistics."""
    data_dir.write(tmp_path / "data")
    data = DataDir.read(tmp_path / "data")
    assert write_cmvn(FeatureConfig(), data, data.path, num_jobs=2).kept == 6
    return data


@pytest.fixture
def no_audio(written: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("audio is read")

    monkeypatch.setattr(stored_speaker_stats, "collect_speaker_stats", refuse)
    monkeypatch.setattr(stored_speaker_stats, "iterate_speaker_stats", refuse)


def test_kaldi_reads_what_is_written(written: DataDir) -> None:
    expected = collect_speaker_stats(FeatureConfig(), written)
    found = dict(kaldiio.load_scp_sequential(str(written.path / "cmvn.scp")))
    assert list(found) == ["ann", "bob"]
    for speaker, matrix in found.items():
        assert matrix.dtype == np.float64
        np.testing.assert_array_equal(matrix, expected.of(speaker).matrix)


def test_the_sums_of_all_speakers(written: DataDir) -> None:
    total = CmvnStats.total(read_cmvn_stats(written.path / "cmvn.scp").values())
    found = read_global_cmvn(written.path / "global_cmvn.stats", total.dim)
    np.testing.assert_allclose(found.matrix, total.matrix)


@pytest.mark.usefixtures("no_audio")
def test_they_replace_a_pass_over_the_audio(written: DataDir) -> None:
    stats = load_speaker_stats(FeatureConfig(norm_vars=True, delta_window=3), written)
    assert sorted(stats.speakers()) == ["ann", "bob"]


def test_perturbed_voices_are_added(written: DataDir) -> None:
    voices = [UNCHANGED, Perturbation(0.9)]
    exact = collect_speaker_stats(FeatureConfig(), written, voices)
    np.testing.assert_allclose(load_speaker_stats(FeatureConfig(), written, voices).matrices, exact.matrices, rtol=1e-9)


def test_other_features_are_refused(written: DataDir) -> None:
    with pytest.raises(MismatchError, match=r"other features: low_freq was 20\.0 and is 60\.0") as caught:
        load_speaker_stats(FeatureConfig(low_freq=60.0), written)
    assert "blasr data cmvn" in str(caught.value)


@pytest.mark.parametrize("name", ["wav.scp", "utt2spk", "segments"])
def test_changed_data_is_refused(written: DataDir, name: str) -> None:
    with (written.path / name).open("a") as stream:
        stream.write("zoe-0 zoe\n")
    with pytest.raises(MismatchError, match=f"collected before {name} changed"):
        load_speaker_stats(FeatureConfig(), written)


def test_those_of_another_kind_are_not_used(written: DataDir, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert load_speaker_stats(MfccConfig(), written).dim == 13
    assert "is of log-mel features" in caplog.text


def test_kaldis_own_are_accepted_if_the_dimension_fits(written: DataDir, caplog: pytest.LogCaptureFixture) -> None:
    (written.path / "cmvn.json").unlink()
    assert load_speaker_stats(FeatureConfig(low_freq=60.0), written).dim == 64
    with caplog.at_level(logging.INFO):
        assert load_speaker_stats(MfccConfig(), written).dim == 13
    assert "has 64 coefficients, the features 13" in caplog.text


def test_kaldis_own_must_have_all_speakers(written: DataDir) -> None:
    (written.path / "cmvn.json").unlink()
    script = written.path / "cmvn.scp"
    script.write_text(script.read_text().splitlines()[0] + "\n")
    with pytest.raises(MismatchError, match="lacks 1 of the speakers, first bob"):
        load_speaker_stats(FeatureConfig(), written)


def test_a_copied_script_keeps_the_fingerprint_of_the_features(written: DataDir, tmp_path: Path) -> None:
    written.subset(["bob-0"]).write(tmp_path / "part")
    (tmp_path / "part/cmvn.scp").write_bytes((written.path / "cmvn.scp").read_bytes())
    part = DataDir.read(tmp_path / "part")
    # Kaldi's archives have other names, so this finds the fingerprint beside the archive
    assert load_speaker_stats(FeatureConfig(), part).of("bob").count > 0
    with pytest.raises(MismatchError, match="other features"):
        load_speaker_stats(FeatureConfig(low_freq=60.0), part)


def test_too_many_losses_write_nothing(data_dir: DataDir, tmp_path: Path) -> None:
    Path(data_dir.recordings["ann-0"]).write_bytes(b"not audio")
    with pytest.raises(DataError, match="1 dropped"):
        write_cmvn(FeatureConfig(), data_dir, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_collects_once(data_dir: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_dir.write(tmp_path / "data")
    data = DataDir.read(tmp_path / "data")
    voices = [UNCHANGED, Perturbation(1.1, 0.9)]

    def store(low_freq: float = 20.0, cmvn: CmvnMode = "speaker") -> SpeakerStatsStore:
        config = FeatureConfig(low_freq=low_freq, cmvn=cmvn)
        return SpeakerStatsStore(config, data, voices, tmp_path / "stats")

    first = store().open_or_collect()
    with monkeypatch.context() as patch:
        patch.setattr(stored_speaker_stats, "iterate_speaker_stats", None)
        again, waited = store().open_or_collect(), store().wait()
        plain = SpeakerStatsStore(FeatureConfig(), data, [UNCHANGED], tmp_path / "stats").open_or_collect()
    expected = collect_speaker_stats(FeatureConfig(), data, voices)
    for stats in (first, again, waited, plain):
        assert isinstance(stats.matrices, np.memmap)
        np.testing.assert_array_equal(stats.matrices, expected.matrices)
    assert store(low_freq=60.0).open() is None
    assert store(cmvn="none").wait().voices() == []
    (tmp_path / "stats/manifest.json").write_text(json.dumps({}))
    assert store().open() is None


@pytest.mark.usefixtures("no_audio")
def test_a_run_stores_those_of_the_data_directory(written: DataDir, tmp_path: Path) -> None:
    store = SpeakerStatsStore(FeatureConfig(), written, [UNCHANGED], tmp_path / "stats")
    stats = store.open_or_collect()
    (written.path / "cmvn.scp").unlink()
    assert store.wait().of("ann").matrix.tolist() == stats.of("ann").matrix.tolist()
