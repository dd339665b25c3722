"""Batches of labelled images: the same epoch gives the same batches, bit for bit, whoever loads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from blasr.errors import ConfigError, DataError
from blasr.vision.images import LabeledImages

Transform = Callable[[Image.Image, np.random.Generator], Tensor]
Example = tuple[Tensor, int, str]
"""An image (3, H, W), its class from 0, and its name."""


@dataclass(frozen=True)
class ImageBatch:
    """``inputs`` (B, 3, H, W), ``targets`` (B) of classes from 0, and what the images are called."""

    inputs: Tensor
    targets: Tensor
    names: tuple[str, ...]

    def pin_memory(self) -> ImageBatch:
        """The same in memory that a GPU copies from without waiting."""
        return ImageBatch(self.inputs.pin_memory(), self.targets.pin_memory(), self.names)


class ImageBatches:
    """Batches of one process, of every epoch.

    Args:
        images: all of them, whatever the process.
        transform: of an image and a random generator that depends on nothing but seed, epoch and image.
        batch_size: images of a batch, all processes together.
        training: shuffle anew in each epoch, and leave out the last images that do not fill a batch.
        rank, world_size: this process among all; each has its share of every batch.
        num_workers: processes that load images; 0 loads them in this one.

    Raises:
        ConfigError: a batch that the processes cannot share evenly, or that is larger than the data; fewer than 0
            workers.
    """

    def __init__(
        self,
        images: LabeledImages,
        transform: Transform,
        batch_size: int,
        *,
        training: bool = False,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        num_workers: int = 0,
    ) -> None:
        if batch_size < 1 or num_workers < 0:
            raise ConfigError(f"batches of {batch_size} images, {num_workers} workers: expected at least 1 and 0")
        if batch_size % world_size:
            raise ConfigError(f"{world_size} processes cannot share batches of {batch_size} images evenly")
        if training and batch_size > len(images):
            raise ConfigError(f"batches of {batch_size} images, found {len(images)} images", fix="lower batch_size")
        self.images = images
        self._transform = transform
        self._batch_size = batch_size
        self._training = training
        self._seed = seed
        self._rank = rank
        self._world_size = world_size
        self._num_workers = num_workers

    def num_batches(self, epoch: int) -> int:
        """How many batches every epoch has, the same number in every process."""
        whole, rest = divmod(len(self.images), self._batch_size)
        return whole + (1 if rest and not self._training else 0)

    def batches(self, epoch: int, first: int = 0) -> Iterator[ImageBatch]:
        """The batches of ``epoch`` (from 1) from number ``first`` (from 0) on.

        Raises:
            DataError: an image that cannot be read.
        """
        order = np.arange(len(self.images))
        if self._training:
            order = np.random.default_rng((self._seed, epoch)).permutation(order)
        starts = range(first * self._batch_size, self.num_batches(epoch) * self._batch_size, self._batch_size)
        shares = [order[start : start + self._batch_size][self._rank :: self._world_size].tolist() for start in starts]
        loader = DataLoader(
            _Examples(self.images, self._transform, self._seed, epoch),
            batch_sampler=[share for share in shares if share],
            num_workers=self._num_workers,
            collate_fn=_collate,
            pin_memory=torch.cuda.is_available(),
        )
        for batch in loader:
            if isinstance(batch, DataError):
                raise batch
            yield batch


class _Examples(Dataset[Example | DataError]):
    """One epoch's images as the network reads them.

    What is wrong with an image is handed on, not raised: from a worker it would come as a text with a traceback.
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
