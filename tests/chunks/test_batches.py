"""Batches: every frame once, with its own context, the same in every process."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.augmentation.config import AugmentationConfig, CodecConfig, NoiseConfig, ReverberationConfig
from blasr.chunks import (
    ChunkBatch,
    ChunkBatches,
    ChunkConfig,
    ProcessShare,
    Sampling,
    balancing_weights,
)
from blasr.errors import DataError
from blasr.features.deltas import stack_deltas
from blasr.features.extraction import pad_context
from blasr.units import IGNORE_INDEX
from tests.chunks.corpus import corpus, write_corpus

LENGTHS = [3, 40, 17, 55, 1, 29, 120, 8]


def labels_of(batches: list[ChunkBatch]) -> Counter[int]:
    return Counter(int(label) for batch in batches for label in batch.targets.flatten() if label != IGNORE_INDEX)


@pytest.mark.parametrize("chunk_frames", [1, 10, 1000])
@pytest.mark.parametrize("world_size", [1, 2])
@pytest.mark.parametrize("join", [0.0, 0.6])
def test_every_frame_once_over_all_ranks(tmp_path: Path, chunk_frames: int, world_size: int, join: float) -> None:
    loader, utterances, _ = corpus(tmp_path, LENGTHS)
    config = ChunkConfig(chunk_frames=chunk_frames, batch_frames=64, pool_frames=100, num_workers=0)
    seen: Counter[int] = Counter()
    counts = []
    for rank in range(world_size):
        source = ChunkBatches(
            loader, utterances, config, Sampling(join_probability=join), share=ProcessShare(rank, world_size)
        )
        batches = list(source.batches(1))
        counts.append(len(batches))
        assert len(batches) == source.num_batches(1)
        assert all(batch.inputs.shape[0] == batch.targets.shape[0] == len(batch.names) for batch in batches)
        assert all(batch.inputs.shape[3] == batch.targets.shape[1] + 48 for batch in batches)
        seen += labels_of(batches)
    assert len(set(counts)) == 1
    assert seen == Counter(1000 * index + frame for index, length in enumerate(LENGTHS) for frame in range(length))


@pytest.mark.parametrize("chunk_frames", [1, 16])
def test_every_frame_has_its_own_context(tmp_path: Path, chunk_frames: int) -> None:
    loader, utterances, extractor = corpus(tmp_path, LENGTHS)
    padded = [pad_context(stack_deltas(extractor.features(utterance))) for utterance in extractor.data_dir.utterances]
    config = ChunkConfig(chunk_frames=chunk_frames, batch_frames=50, num_workers=0)
    for batch in ChunkBatches(loader, utterances, config).batches(3):
        for inputs, targets, name in zip(batch.inputs, batch.targets, batch.names, strict=True):
            known = targets[targets != IGNORE_INDEX]
            index, start = divmod(int(known[0]), 1000)
            assert name == f"u{index:02d}"
            assert torch.equal(known, torch.arange(len(known)) + 1000 * index + start)
            expected = padded[index][:, :, start : start + len(known) + 48]
            assert torch.equal(inputs[:, :, : expected.shape[2]], expected)
            assert torch.equal(
                inputs[:, :, expected.shape[2] :], expected[:, :, -1:].expand_as(inputs[:, :, expected.shape[2] :])
            )


def test_workers_and_starting_points_change_nothing(tmp_path: Path) -> None:
    noise = NoiseConfig(list=write_corpus(tmp_path / "noise", [50]).path / "wav.scp", probability=0.5)
    rows = (noise, ReverberationConfig(probability=0.5), CodecConfig(probability=0.5))
    augmentation = AugmentationConfig(speeds=(0.9, 1.1), gain_db=3.0, time_masks=1, frequency_masks=1, transforms=rows)
    loader, utterances, _ = corpus(tmp_path, LENGTHS, augmentation)

    def batches(workers: int, first: int = 0) -> list[ChunkBatch]:
        config = ChunkConfig(chunk_frames=20, batch_frames=40, pool_frames=60, num_workers=workers)
        return list(ChunkBatches(loader, utterances, config, Sampling(join_probability=0.5)).batches(2, first))

    alone, helped = batches(0), batches(2)
    assert len(alone) > 4
    for first in (0, 1, 3, len(alone)):
        part = batches(0, first)
        assert len(part) == len(alone) - first
        for one, other in zip(part, alone[first:], strict=True):
            assert torch.equal(one.inputs, other.inputs) and torch.equal(one.targets, other.targets)
    for one, other in zip(alone, helped, strict=True):
        assert torch.equal(one.inputs, other.inputs) and one.names == other.names


def test_epochs_differ_and_held_out_data_keeps_its_order(tmp_path: Path) -> None:
    loader, utterances, _ = corpus(tmp_path, LENGTHS)
    config = ChunkConfig(chunk_frames=20, batch_frames=40, num_workers=0)
    shuffled = ChunkBatches(loader, utterances, config)
    assert [batch.names for batch in shuffled.batches(1)] != [batch.names for batch in shuffled.batches(2)]
    still = ChunkBatches(loader, utterances, config, Sampling(shuffle=False))
    assert [batch.names for batch in still.batches(1)] == [batch.names for batch in still.batches(2)]


def test_batches_have_the_frames_asked_for(tmp_path: Path) -> None:
    loader, utterances, _ = corpus(tmp_path, [100] * 10)
    config = ChunkConfig(chunk_frames=1, batch_frames=50, num_workers=0)
    assert [len(batch.names) for batch in ChunkBatches(loader, utterances, config).batches(1)] == [50] * 20


def test_labels_of_another_length_are_dropped_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loader, utterances, _ = corpus(tmp_path, LENGTHS, spoil=(3,))
    config = ChunkConfig(chunk_frames=20, batch_frames=100, num_workers=0)
    with caplog.at_level("INFO"):
        seen = labels_of(list(ChunkBatches(loader, utterances, config, max_loss=0.2).batches(1)))
    assert not any(3000 <= label < 4000 for label in seen)
    assert (
        "8 utterances in -> 7 kept -> 1 dropped (1 with another number of frames than the alignment, first u03)"
        in caplog.text
    )
    with pytest.raises(DataError, match=r"1 dropped .* above the allowed 5\.0% of 8 utterances"):
        list(ChunkBatches(loader, utterances, config).batches(1))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_missing_recording_is_dropped_and_named(
    tmp_path: Path, workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    loader, utterances, _ = corpus(tmp_path, LENGTHS)
    (tmp_path / "data" / "u05.wav").unlink()
    config = ChunkConfig(chunk_frames=20, batch_frames=100, num_workers=workers)
    with caplog.at_level("WARNING"):
        seen = labels_of(list(ChunkBatches(loader, utterances, config, max_loss=0.2).batches(1)))
    assert seen and not any(5000 <= label < 6000 for label in seen)
    assert f"chunks: dropped u05: {tmp_path / 'data' / 'u05.wav'}: no such audio file" in caplog.text
    with pytest.raises(DataError, match=r"1 no such audio file, first u05.* above the allowed 5\.0% of 8") as caught:
        list(ChunkBatches(loader, utterances, config).batches(1))
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("bad", [0, 7])
def test_a_pool_of_bad_utterances_does_not_stop_the_others(tmp_path: Path, bad: int) -> None:
    loader, utterances, _ = corpus(tmp_path, LENGTHS)
    (tmp_path / "data" / f"u{bad:02d}.wav").unlink()
    config = ChunkConfig(chunk_frames=20, batch_frames=100, num_workers=0, pool_frames=100)
    source = ChunkBatches(loader, utterances, config, Sampling(shuffle=False), max_loss=0.2)
    batches = list(source.batches(1))
    assert len(batches) == source.num_batches(1)
    assert sum(labels_of(batches).values()) == sum(LENGTHS) - LENGTHS[bad]
    list(source.batches(1, len(batches) - 1))  # a resumed epoch has the loss of a whole one


def test_a_pool_that_lost_utterances_still_has_its_batches(tmp_path: Path) -> None:
    loader, utterances, _ = corpus(tmp_path, [60, 60, 50, 50], spoil=(0, 1, 2))
    config = ChunkConfig(chunk_frames=60, batch_frames=50, num_workers=0)
    source = ChunkBatches(loader, utterances, config, max_loss=0.8)
    batches = list(source.batches(1))
    assert len(batches) == source.num_batches(1) == 4
    assert labels_of(batches) == Counter(range(3000, 3050))


def test_balanced_windows_follow_the_power_of_the_frequency(tmp_path: Path) -> None:
    loader, utterances, _ = corpus(tmp_path, [400] * 10)
    counts = np.zeros(10_000)  # every frame is a pdf of its own: pretend that those of even utterances are frequent
    for index in range(10):
        counts[1000 * index : 1000 * index + 400] = 10_000 if index % 2 == 0 else 100
    config = ChunkConfig(chunk_frames=1, batch_frames=100, num_workers=0, balance_gamma=0.5)
    sampling = Sampling(pdf_weights=balancing_weights(counts, 0.5))
    seen = labels_of(list(ChunkBatches(loader, utterances, config, sampling).batches(1)))
    rare = sum(count for label, count in seen.items() if label // 1000 % 2)
    assert sum(seen.values()) == 4000
    assert rare / 4000 == pytest.approx(10 / 11, abs=0.02)  # 100 ** -0.5 against 10,000 ** -0.5


def test_no_weights_where_nothing_is_balanced() -> None:
    counts = np.array([0, 1, 100])
    assert balancing_weights(counts, 1.0) is None
    weights = balancing_weights(counts, 0.5)
    assert weights is not None and weights.tolist() == [1.0, 1.0, 0.1]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_noise_that_vanishes_stops_the_training(tmp_path: Path, workers: int) -> None:
    """The utterance is not to blame, so it is not dropped; the error names the noise."""
    noises = write_corpus(tmp_path / "noise", [50])
    rows = (NoiseConfig(list=noises.path / "wav.scp"),)
    loader, utterances, _ = corpus(tmp_path, LENGTHS, AugmentationConfig(transforms=rows))
    (noises.path / "u00.wav").unlink()
    config = ChunkConfig(chunk_frames=20, batch_frames=100, num_workers=workers)
    with pytest.raises(DataError, match=r"noise/u00\.wav: no such audio file"):
        list(ChunkBatches(loader, utterances, config, max_loss=0.9).batches(1))
