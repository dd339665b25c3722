"""Network input and labels of one utterance, or of several joined utterances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from blasr.augmentation import Augmenter, Changes
from blasr.chunks.augmentation import first_frame_center, random_state, resample_labels
from blasr.chunks.labels import PdfLabels
from blasr.data import Utterance
from blasr.errors import BlasrError
from blasr.features import FeatureExtractor, Perturbation, inputs_with_context
from blasr.units import FloatArray, IntArray

_MOST_ROUNDED_FRAMES = 3
"""After a change of speed, rounding may change the length of an utterance by this number of frames."""

FramesInContext = tuple[Tensor, slice]
"""Static features ``(N, F)`` of an utterance and the audio around it, and the utterance's own frames in them."""


class LengthError(BlasrError):
    """The audio and the alignment of an utterance have different numbers of frames."""


@dataclass(frozen=True)
class Example:
    """Network input and labels of one utterance, or of several joined utterances.

    Args:
        name: utterance-ids, joined by "+".
        inputs: ``(3, F, T + 48)``, with context on both sides.
        pdf_ids: ``(T,)``, from 0.
    """

    name: str
    inputs: FloatArray
    pdf_ids: IntArray


class ExampleLoader:
    """Makes examples from audio and labels; the same arguments give the same bits in any process.

    Args:
        extractor: computes normalized static features.
        utterances: by utterance-id.
        labels: pdf-ids by utterance-id.
        augmenter: None leaves the utterances unchanged.
        seed: seed of the augmentation.
        cache_bytes: memory for the static features of utterances loaded before.
    """

    def __init__(
        self,
        extractor: FeatureExtractor,
        utterances: Mapping[str, Utterance],
        labels: PdfLabels,
        *,
        augmenter: Augmenter | None = None,
        seed: int = 0,
        cache_bytes: int = 0,
    ) -> None:
        self._extractor = extractor
        self._utterances = utterances
        self._labels = labels
        self._augmenter = augmenter
        self._seed = seed
        self._cache: dict[tuple[str, Perturbation], FramesInContext] = {}
        self._cache_left = cache_bytes

    @property
    def num_bins(self) -> int:
        """Mel bins of an example, F."""
        return self._extractor.dim

    def load(self, group: Sequence[str], epoch: int) -> Example:
        """Return the example of the utterances in ``group``, joined in this order and augmented for ``epoch``.

        Raises:
            TooShortError: an utterance is shorter than one frame.
            LengthError: features and labels of an utterance have different numbers of frames.
            DataError: audio cannot be read.
        """
        random = random_state(self._seed, epoch, group[0])
        generator = torch.Generator().manual_seed(int(random.integers(2**31)))
        changes = self._augmenter.draw(random) if self._augmenter is not None else Changes()
        parts = [self._features(name, changes, generator) for name in group]
        pdf_ids = np.concatenate(
            [
                self._resampled_labels(name, core.stop - core.start, round(changes.speed, 2))
                for name, (_, core) in zip(group, parts, strict=True)
            ]
        )
        (first, first_core), (last, last_core) = parts[0], parts[-1]
        before, after = first[: first_core.start], last[last_core.stop :]
        features = torch.cat([before, *(frames[core] for frames, core in parts), after])
        core = slice(len(before), len(before) + len(pdf_ids))
        inputs = inputs_with_context(features, core, self._extractor.config.delta_window, changes.mask_inputs)
        return Example("+".join(group), inputs.numpy(), pdf_ids)

    def _resampled_labels(self, name: str, num_frames: int, speed: float) -> IntArray:
        """Return the labels ``(num_frames,)`` of an utterance at ``speed``."""
        labels = self._labels[name]
        if speed != 1.0 and abs(num_frames - len(labels) / speed) <= _MOST_ROUNDED_FRAMES:
            first_center = first_frame_center(self._extractor.config)
            labels = resample_labels(labels, num_frames, speed, first_center=first_center)
        if num_frames != len(labels):
            raise LengthError(
                f"has {num_frames} frames of features, but {len(labels)} frames of labels",
                utterance=name,
                reason="with another number of frames than the alignment",
            )
        return labels

    def _features(self, name: str, changes: Changes, generator: torch.Generator) -> FramesInContext:
        perturbation = Perturbation(changes.speed, changes.vtln_warp, changes.gain_db)
        if changes.waveform:
            return self._extractor.features_with_context(
                self._utterances[name], perturbation, generator, changes.change_waveform
            )
        key = (name, perturbation)
        if key in self._cache:
            return self._cache[key]
        features, core = self._extractor.features_with_context(self._utterances[name], perturbation, generator)
        size = features.numel() * features.element_size()
        if size <= self._cache_left and not self._extractor.config.dither:
            self._cache[key] = features, core
            self._cache_left -= size
        return features, core
