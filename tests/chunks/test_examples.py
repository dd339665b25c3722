"""Examples: features and labels of the same frames, joined and augmented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.augmentation import Augmenter
from blasr.augmentation.config import AugmentationConfig, CodecConfig, NoiseConfig, ReverberationConfig
from blasr.chunks.examples import LengthError
from blasr.features import FeatureConfig, FeatureExtractor, Perturbation, collect_speaker_stats, inputs_with_context
from tests.chunks.corpus import corpus, write_corpus


def test_an_example_is_the_network_input_and_the_labels(tmp_path: Path) -> None:
    loader, _, extractor = corpus(tmp_path, [10, 20])
    example = loader.load(["u01"], epoch=1)
    utterance = extractor.data_dir.utterances[1]
    assert torch.equal(torch.from_numpy(example.inputs), extractor.network_input(utterance))
    assert example.inputs.shape == (3, loader.num_bins, 20 + 48)
    assert example.pdf_ids.tolist() == list(range(1000, 1020))


def test_joined_utterances_follow_each_other(tmp_path: Path) -> None:
    loader, _, extractor = corpus(tmp_path, [10, 7, 20])
    example = loader.load(["u02", "u00"], epoch=1)
    assert example.name == "u02+u00"
    assert example.pdf_ids.tolist() == [*range(2000, 2020), *range(10)]
    features = torch.cat([extractor.features(extractor.data_dir.utterances[index]) for index in (2, 0)])
    expected = inputs_with_context(features, slice(0, 30))
    assert torch.equal(torch.from_numpy(example.inputs), expected)


def test_labels_of_another_length_are_refused(tmp_path: Path) -> None:
    loader, _, _ = corpus(tmp_path, [10, 20], spoil=(1,))
    with pytest.raises(LengthError, match="has 20 frames of features, but 15 frames of labels") as caught:
        loader.load(["u00", "u01"], epoch=1)
    assert caught.value.utterance == "u01"


def test_a_faster_utterance_has_fewer_labels_in_the_same_order(tmp_path: Path) -> None:
    loader, _, _ = corpus(tmp_path, [110], AugmentationConfig(speeds=(1.1,)))
    example = loader.load(["u00"], epoch=1)
    assert 98 <= len(example.pdf_ids) <= 100 and example.inputs.shape[2] == len(example.pdf_ids) + 48
    assert np.all(np.diff(example.pdf_ids) >= 1)


def test_epochs_differ_and_repeat(tmp_path: Path) -> None:
    loader, _, _ = corpus(tmp_path, [60], AugmentationConfig(time_masks=1, time_mask_frames=30, frequency_masks=1))
    first, second, again = (loader.load(["u00"], epoch).inputs for epoch in (1, 2, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, second)


def test_noise_rooms_and_codecs_move_no_label(tmp_path: Path) -> None:
    """The features change, the labels do not, and each epoch differs; joined utterances share the room."""
    rows = (
        NoiseConfig(list=write_corpus(tmp_path / "noise", [50]).path / "wav.scp", snr_db=(5.0, 10.0)),
        ReverberationConfig(),
        CodecConfig(codecs=("mu-law", "gsm")),
    )
    loader, _, _ = corpus(tmp_path / "changed", [60, 40, 50], AugmentationConfig(transforms=rows))
    plain, _, _ = corpus(tmp_path / "plain", [60, 40, 50])
    for group in (["u00"], ["u00", "u02"]):
        expected = plain.load(group, 1)
        found, again, later = loader.load(group, 1), loader.load(group, 1), loader.load(group, 2)
        np.testing.assert_array_equal(found.pdf_ids, expected.pdf_ids)
        np.testing.assert_array_equal(found.inputs, again.inputs)
        assert found.inputs.shape == expected.inputs.shape
        assert not np.allclose(found.inputs, expected.inputs, atol=0.1)
        assert not np.allclose(found.inputs, later.inputs, atol=0.1)


def test_a_speaker_in_noise_keeps_a_mean_of_zero(tmp_path: Path) -> None:
    """Statistics follow the noise: the mean of one speaker's only utterance is 0 with noise too."""
    scp = write_corpus(tmp_path / "noise", [50]).path / "wav.scp"
    noise = AugmentationConfig(transforms=(NoiseConfig(list=scp, snr_db=(-10.0, -10.0)),), gain_db=9.0)
    data_dir = write_corpus(tmp_path / "data", [60])
    config = FeatureConfig(norm_vars=True)
    extractor = FeatureExtractor(config, data_dir, collect_speaker_stats(config, data_dir))
    changes = Augmenter(noise, 8000).draw(np.random.default_rng(0))
    perturbation = Perturbation(gain_db=changes.gain_db)
    found, core = extractor.features_with_context(data_dir.utterances[0], perturbation, None, changes.change_waveform)
    assert core == slice(0, 60) and not torch.allclose(found, extractor.features(data_dir.utterances[0]), atol=0.1)
    assert found.mean(dim=0).abs().max() < 1e-3
    assert (found.var(dim=0, correction=0) - 1).abs().max() < 1e-2
