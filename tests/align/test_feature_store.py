from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from blasr.align.feature_store import FeatureStore, gmm_features, stored_features
from blasr.data.data_dir import DataDir
from blasr.errors import DataError
from blasr.features.config import MfccConfig
from blasr.features.extraction import FeatureExtractor
from blasr.features.speaker_stats_collection import collect_speaker_stats
from blasr.tally import Tally


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    """Utterances of one second, half a second and 10 ms, which is too short."""
    folder = tmp_path / "data"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name, samples in (("a", 8000), ("b", 4000), ("c", 80)):
        soundfile.write(folder / f"{name}.wav", random.normal(0, 0.1, samples), 8000, subtype="PCM_16")
    (folder / "wav.scp").write_text("".join(f"{name} {folder / name}.wav\n" for name in "abc"))
    (folder / "utt2spk").write_text("".join(f"{name} s\n" for name in "abc"))
    (folder / "text").write_text("".join(f"{name} WORD\n" for name in "abc"))
    return DataDir.read(folder, need_text=True)


def test_features_are_read_from_disk_and_the_folder_is_removed(data: DataDir, tmp_path: Path) -> None:
    extractor = FeatureExtractor(MfccConfig(), data, collect_speaker_stats(MfccConfig(), data))
    tally = Tally("align")
    with stored_features(extractor, data.utterances, tmp_path / "out", tally) as store:
        assert [utterance.id for utterance in store.utterances] == ["a", "b"]
        assert store.num_frames == 98 + 48
        for index, utterance in enumerate(store.utterances):
            assert_allclose(store.features(index), gmm_features(extractor, utterance))
        assert store.features(0).shape == (98, 39)
    assert list((tmp_path / "out").iterdir()) == []
    assert tally.dropped == {"too short for one frame": 1}
    assert tally.examples == {"too short for one frame": "c"}


def test_the_folder_is_removed_after_an_error(data: DataDir, tmp_path: Path) -> None:
    extractor = FeatureExtractor(MfccConfig(cmvn="none"), data)
    with (
        pytest.raises(DataError, match="later"),
        stored_features(extractor, data.utterances, tmp_path / "out", Tally("align")),
    ):
        raise DataError("later")
    assert list((tmp_path / "out").iterdir()) == []


def test_missing_and_damaged_audio_is_dropped_and_named(
    data: DataDir, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (data.path / "a.wav").write_bytes((data.path / "a.wav").read_bytes()[:-100])
    (data.path / "b.wav").unlink()
    extractor, tally = FeatureExtractor(MfccConfig(cmvn="none"), data), Tally("align")
    with stored_features(extractor, data.utterances, tmp_path / "out", tally) as store:
        assert not {"a", "b"} & {utterance.id for utterance in store.utterances}
    assert tally.examples.items() >= {("is truncated", "a"), ("no such audio file", "b")}
    assert f"align: dropped b: {data.path / 'b.wav'}: no such audio file" in caplog.text


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 120))
def test_every_utterance_is_in_one_batch(lengths: list[int], most: int) -> None:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    store = FeatureStore([], offsets, np.zeros((int(offsets[-1]), 1), dtype=np.float32))
    store.utterances = [None] * len(lengths)  # type: ignore[list-item]
    batches = store.batches(most)
    assert [index for batch in batches for index in batch] == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or sum(lengths[index] for index in batch) <= most
