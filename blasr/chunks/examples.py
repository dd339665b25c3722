"""One utterance, or a string of several, as network input and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from blasr.chunks.augmentation import Augmentation, draw_augmentation, mask_inputs, random_state, resample_labels
from blasr.chunks.config import AugmentationConfig
from blasr.chunks.labels import PdfLabels
from blasr.data.data_dir import Utterance
from blasr.errors import BlasrError
from blasr.features.extraction import FeatureExtractor, inputs_with_context
from blasr.features.perturbation import Perturbation
from blasr.units import FloatArray, IntArray

Part = tuple[Tensor, slice]
"""Static features of an utterance and of what is known around it, and where its own are."""


@dataclass(frozen=True)
class Example:
    """Network input and labels of one utterance, or of several that follow one another.

    Args:
        name: utterance-ids, joined by "+".
        inputs: ``(3, F, T + 48)``, with context beyond both ends.
        pdf_ids: ``(T,)``, from 0.
    """

    name: str
    inputs: FloatArray
    pdf_ids: IntArray


class ExampleLoader:
    """Makes examples from audio and labels; the same arguments give the same bits in any process.

    Args:
        extractor: of static, normalised features.
        utterances: by utterance-id.
        labels: pdf-ids.
        augmentation: None leaves utterances as they are.
        seed: of the augmentation.
        cache_bytes: memory for static features of utterances seen before.
    """

    def __init__(
        self,
        extractor: FeatureExtractor,
        utterances: Mapping[str, Utterance],
        labels: PdfLabels,
        *,
        augmentation: AugmentationConfig | None = None,
        seed: int = 0,
        cache_bytes: int = 0,
    ) -> None:
        self._extractor = extractor
        self._utterances = utterances
        self._labels = labels
        self._augmentation = augmentation
        self._seed = seed
        self._cache: dict[tuple[str, Perturbation], Part] = {}
        self._cache_left = cache_bytes

    @property
    def num_bins(self) -> int:
        """Mel bins of an example."""
        return self._extractor.dim

    def load(self, group: Sequence[str], epoch: int) -> Example:
        """The utterances of ``group`` as one string, as they are to be in ``epoch``.

        Raises:
            TooShortError: an utterance does not last one frame.
            LengthError: an utterance's frames are not those of its labels.
            DataError: audio cannot be read.
        """
        random = random_state(self._seed, epoch, group[0])
        generator = torch.Generator().manual_seed(int(random.integers(2**31)))
        drawn = draw_augmentation(self._augmentation, random) if self._augmentation is not None else Augmentation()
        parts = [self._labeled(name, drawn.perturbation, generator) for name in group]
        pdf_ids = np.concatenate([labels for _, labels in parts])
        (first, first_own), (last, last_own) = parts[0][0], parts[-1][0]
        around = (first[: first_own.start], last[last_own.stop :])
        features = torch.cat([around[0], *(features[own] for (features, own), _ in parts), around[1]])
        own = slice(len(around[0]), len(around[0]) + len(pdf_ids))
        mask = None
        if self._augmentation is not None and drawn.mask_seed is not None:
            mask = partial(mask_inputs, config=self._augmentation, seed=drawn.mask_seed)
        inputs = inputs_with_context(features, own, self._extractor.config.delta_window, mask)
        return Example("+".join(group), inputs.numpy(), pdf_ids)

    def _labeled(self, name: str, perturbation: Perturbation, generator: torch.Generator) -> tuple[Part, IntArray]:
        part, labels = self._features(name, perturbation, generator), self._labels[name]
        num_frames = part[1].stop - part[1].start
        if perturbation.speed != 1.0:
            config = self._extractor.config
            half_frame = config.frame_length_samples / (2 * config.frame_shift_samples) if config.snip_edges else 0.5
            expected = len(labels) / perturbation.speed
            if abs(num_frames - expected) <= 3:
                labels = resample_labels(labels, num_frames, perturbation.speed, half_frame=half_frame)
        if num_frames != len(labels):
            raise LengthError(
                f"has {num_frames} frames of features, but {len(labels)} frames of labels", utterance=name
            )
        return part, labels

    def _features(self, name: str, perturbation: Perturbation, generator: torch.Generator) -> Part:
        key = (name, perturbation)
        if key in self._cache:
            return self._cache[key]
        features, own = self._extractor.features_with_context(self._utterances[name], perturbation, generator)
        size = features.numel() * features.element_size()
        if size <= self._cache_left and not self._extractor.config.dither:
            self._cache[key] = features, own
            self._cache_left -= size
        return features, own


class LengthError(BlasrError):
    """An utterance whose audio and alignment have different numbers of frames."""
