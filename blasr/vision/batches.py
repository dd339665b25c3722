"""Batches of labeled images: the same epoch gives the same batches, bit for bit, whichever process loads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from blasr.config import check_minimum
from blasr.errors import ConfigError, DataError
from blasr.interrupts import ignore_first_stop
from blasr.vision.images import LabeledImages

Transform = Callable[[Image.Image, np.random.Generator], Tensor]
Example = tuple[Tensor, int, str]
"""An image ``(3, H, W)``, its class from 0, and its name."""


@dataclass(frozen=True)
class ImageBatch:
    """One batch.

    Args:
        inputs: ``(B, 3, H, W)``.
        targets: classes from 0, ``(B,)``.
        names: names of the images.
    """

    inputs: Tensor
    targets: Tensor
    names: tuple[str, ...]

    def pin_memory(self) -> ImageBatch:
        """Return the batch in page-locked memory, from which a GPU copies without waiting."""
        return ImageBatch(self.inputs.pin_memory(), self.targets.pin_memory(), self.names)


@dataclass(frozen=True)
class ImageBatchConfig:
    """The sizes and the order of batches.

    Args:
        batch_size: images of a batch, all processes together.
        training: whether to shuffle in every epoch, and to leave out the last images if they do not fill a batch.
        seed: seed of the order and of the transform.
        rank, world_size: this process among all; each has its share of every batch.
        num_workers: processes that load images; 0 loads them in this process.

    Raises:
        ConfigError: a number is out of range, or the processes cannot share a batch evenly.
    """

    batch_size: int
    training: bool = False
    seed: int = 0
    rank: int = 0
    world_size: int = 1
    num_workers: int = 0

    def __post_init__(self) -> None:
        check_minimum(self, batch_size=1, num_workers=0)
        if self.batch_size % self.world_size:
            raise ConfigError(f"{self.world_size} processes cannot share batches of {self.batch_size} images evenly")


class ImageBatches:
    """The batches of one process in every epoch.

    Args:
        images: all images, the same in every process.
        transform: a function of an image and a random generator, which depends on seed, epoch and image alone.
        config: sizes and order.

    Raises:
        ConfigError: a training batch is larger than the data.
    """

    def __init__(self, images: LabeledImages, transform: Transform, config: ImageBatchConfig) -> None:
        size = config.batch_size
        if config.training and size > len(images):
            raise ConfigError(f"batches of {size} images, found {len(images)} images", fix="lower batch_size")
        self.images = images
        self._transform = transform
        self._config = config

    def num_batches(self, epoch: int) -> int:
        """Return the number of batches of every epoch, which is the same in every process."""
        whole, rest = divmod(len(self.images), self._config.batch_size)
        return whole + (1 if rest and not self._config.training else 0)

    def batches(self, epoch: int, first: int = 0) -> Iterator[ImageBatch]:
        """Yield the batches of ``epoch`` (from 1), starting with number ``first`` (from 0).

        Raises:
            DataError: an image cannot be read.
        """
        config, size = self._config, self._config.batch_size
        order = np.arange(len(self.images))
        if config.training:
            order = np.random.default_rng((config.seed, epoch)).permutation(order)
        starts = range(first * size, self.num_batches(epoch) * size, size)
        shares = [order[start : start + size][config.rank :: config.world_size].tolist() for start in starts]
        loader = DataLoader(
            _Examples(self.images, self._transform, config.seed, epoch),
            batch_sampler=[share for share in shares if share],
            num_workers=config.num_workers,
            collate_fn=_collate,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=_start_worker,
            generator=torch.Generator(),  # a resumed run must not draw more from the training's own
        )
        for batch in loader:
            if isinstance(batch, DataError):
                raise batch
            yield batch


def _start_worker(number: int) -> None:
    """Let the main process finish its step and save when a batch system stops the job."""
    ignore_first_stop()


class _Examples(Dataset[Example | DataError]):
    """The transformed images of one epoch.

    The error about an image is returned, not raised. A worker would turn it into a text with a traceback.
    """

    def __init__(self, images: LabeledImages, transform: Transform, seed: int, epoch: int) -> None:
        self._images, self._transform, self._seed, self._epoch = images, transform, seed, epoch

    def __getitem__(self, index: int) -> Example | DataError:
        random = np.random.default_rng((self._seed, self._epoch, index))
        try:
            image = self._transform(self._images.image(index), random)
        except DataError as error:
            return error
        return image, self._images.label(index), self._images.name(index)


def _collate(examples: Sequence[Example | DataError]) -> ImageBatch | DataError:
    good: list[Example] = []
    for example in examples:
        if isinstance(example, DataError):
            return example
        good.append(example)
    inputs, targets, names = zip(*good, strict=True)
    return ImageBatch(torch.stack(inputs), torch.tensor(targets), tuple(names))
