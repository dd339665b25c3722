"""The features of a whole corpus in a temporary file, read again and again while a model trains."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blasr.data.data_dir import Utterance
from blasr.features.deltas import add_deltas
from blasr.features.extraction import FeatureExtractor
from blasr.features.fbank import TooShortError
from blasr.progress import track
from blasr.tally import Tally
from blasr.units import FloatArray

DELTA_ORDER = 2
"""Deltas and delta-deltas beside the static features, as steps/train_mono.sh."""

TOO_SHORT = "too short for one frame"


def gmm_features(extractor: FeatureExtractor, utterance: Utterance) -> FloatArray:
    """What the GMMs see of an utterance: normalised MFCCs with deltas, ``(T, 3 D)``."""
    static = extractor.features(utterance)
    return np.asarray(add_deltas(static, DELTA_ORDER, extractor.config.delta_window).numpy(), dtype=np.float32)


class FeatureStore:
    """Utterances and their features, which stay on disk until asked for.

    Args:
        utterances: those that have features, in order.
        offsets: ``(U + 1,)``, where each utterance's frames begin.
        frames: the memory-mapped ``(sum of T, 3 D)``.
    """

    def __init__(self, utterances: Sequence[Utterance], offsets: NDArray[np.int64], frames: FloatArray) -> None:
        self.utterances = utterances
        self.offsets = offsets
        self.frames = frames

    def __len__(self) -> int:
        return len(self.utterances)

    @property
    def num_frames(self) -> int:
        """All frames."""
        return int(self.offsets[-1])

    def features(self, index: int) -> FloatArray:
        """The features ``(T, 3 D)`` of one utterance, by its number."""
        return self.frames[self.offsets[index] : self.offsets[index + 1]]

    def batches(self, max_frames: int) -> list[range]:
        """The utterances in order, cut into runs of at most ``max_frames`` frames, or of one utterance."""
        cuts = [0]
        for index in range(1, len(self) + 1):
            if self.offsets[index] - self.offsets[cuts[-1]] > max_frames and index - 1 > cuts[-1]:
                cuts.append(index - 1)
        return [range(begin, end) for begin, end in zip(cuts, [*cuts[1:], len(self)], strict=True) if end > begin]


@contextmanager
def stored_features(
    extractor: FeatureExtractor, utterances: Iterable[Utterance], folder: Path, tally: Tally
) -> Iterator[FeatureStore]:
    """Compute the features once, into a temporary folder inside ``folder`` that is removed in the end.

    The file takes 156 bytes a frame with the usual 39 coefficients, 56 MB an hour of speech.

    Args:
        tally: learns which utterances are too short for one frame.

    Raises:
        DataError: audio that is missing, truncated or of another sample rate.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".features-", dir=folder))
    try:
        kept: list[Utterance] = []
        lengths: list[int] = []
        listed = list(utterances)
        with (scratch / "frames").open("wb") as stream:
            for utterance in track(listed, "features", total=len(listed)):
                try:
                    features = gmm_features(extractor, utterance)
                except TooShortError:
                    tally.drop(utterance.id, TOO_SHORT)
                    continue
                stream.write(features.tobytes())
                kept.append(utterance)
                lengths.append(len(features))
        width = (DELTA_ORDER + 1) * extractor.dim
        offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        shape = (int(offsets[-1]), width)
        frames: FloatArray = (
            np.memmap(scratch / "frames", dtype=np.float32, mode="r", shape=shape)
            if shape[0]
            else np.zeros(shape, dtype=np.float32)
        )
        yield FeatureStore(kept, offsets, frames)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
