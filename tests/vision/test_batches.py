"""Batches of images: the same for every number of processes, and again in every run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blasr.errors import ConfigError, DataError
from blasr.vision import (
    EvaluationTransform,
    ImageBatchConfig,
    ImageBatches,
    ImageConfig,
    ImageFolder,
    TrainingTransform,
)
from tests.vision.imagefolders import write_animals

UNIT = ImageConfig(size=32, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), flip=0.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_animals(tmp_path)


def test_batches_repeat_themselves(folder: Path) -> None:
    batches = ImageBatches(ImageFolder(folder), TrainingTransform(UNIT), ImageBatchConfig(4, training=True, seed=3))
    first, again, other = list(batches.batches(1)), list(batches.batches(1, 1)), list(batches.batches(2))
    assert batches.num_batches(1) == len(first) == 2 and len(again) == 1
    torch.testing.assert_close(first[1].inputs, again[0].inputs, atol=0, rtol=0)
    assert first[1].names == again[0].names
    assert [batch.names for batch in first] != [batch.names for batch in other]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_image_is_reported_from_any_process(folder: Path, workers: int) -> None:
    (folder / "dog" / "3.png").write_bytes(b"torn")
    batches = ImageBatches(ImageFolder(folder), EvaluationTransform(UNIT), ImageBatchConfig(4, num_workers=workers))
    with pytest.raises(DataError) as caught:
        list(batches.batches(1))
    assert str(caught.value.path).endswith("dog/3.png") and caught.value.fix == "replace or remove it"
    assert "Traceback" not in str(caught.value)


def test_batches_out_of_range_are_refused() -> None:
    for batch_size, workers, message in ((0, 0, "batch_size is 0"), (4, -1, "num_workers is -1")):
        with pytest.raises(ConfigError, match=message):
            ImageBatchConfig(batch_size, num_workers=workers)


def test_processes_share_every_batch(folder: Path) -> None:
    images = ImageFolder(folder)
    whole = list(ImageBatches(images, TrainingTransform(UNIT), ImageBatchConfig(4, training=True)).batches(1))
    parts = [
        list(
            ImageBatches(
                images, TrainingTransform(UNIT), ImageBatchConfig(4, training=True, rank=rank, world_size=2)
            ).batches(1)
        )
        for rank in range(2)
    ]
    for batch, *shares in zip(whole, *parts, strict=True):
        assert sorted(batch.names) == sorted(name for share in shares for name in share.names)
    held_out = [
        ImageBatches(images, EvaluationTransform(UNIT), ImageBatchConfig(4, rank=rank, world_size=2)).batches(1)
        for rank in range(2)
    ]
    names = [name for share in held_out for batch in share for name in batch.names]
    assert sorted(names) == sorted(images.name(index) for index in range(10))
    with pytest.raises(ConfigError, match="3 processes cannot share batches of 4"):
        ImageBatchConfig(4, world_size=3)
    with pytest.raises(ConfigError, match="lower batch_size"):
        ImageBatches(images, TrainingTransform(UNIT), ImageBatchConfig(64, training=True))
