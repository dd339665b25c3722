"""The features of a corpus in a temporary file, which training reads many times."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from blasr.data.data_dir import Utterance
from blasr.errors import UTTERANCE_ERRORS
from blasr.features.deltas import add_deltas
from blasr.features.extraction import FeatureExtractor
from blasr.io.atomic import writing
from blasr.progress import track
from blasr.tally import Tally
from blasr.units import FloatArray

DELTA_ORDER: Final = 2
"""The features have deltas and delta-deltas, as in steps/train_mono.sh."""


def gmm_features(extractor: FeatureExtractor, utterance: Utterance) -> FloatArray:
    """The features of the GMMs: normalized MFCCs with deltas, ``(T, 3 D)``."""
    static = extractor.features(utterance)
    return np.asarray(add_deltas(static, DELTA_ORDER, extractor.config.delta_window).numpy(), dtype=np.float32)


class FeatureStore:
    """Utterances and their features, which are read from disk when needed.

    Args:
        utterances: the utterances that have features, in order.
        offsets: ``(U + 1,)``; utterance u has the frames ``offsets[u]`` to ``offsets[u + 1] - 1``.
        frames: all frames ``(sum of T, 3 D)``, memory-mapped.
    """

    def __init__(self, utterances: Sequence[Utterance], offsets: NDArray[np.int64], frames: FloatArray) -> None:
        self.utterances = utterances
        self.offsets = offsets
        self.frames = frames

    def __len__(self) -> int:
        return len(self.utterances)

    @property
    def num_frames(self) -> int:
        """Number of frames of all utterances."""
        return int(self.offsets[-1])

    def features(self, index: int) -> FloatArray:
        """The features ``(T, 3 D)`` of the utterance with this index."""
        return self.frames[self.offsets[index] : self.offsets[index + 1]]

    def batches(self, max_frames: int) -> list[range]:
        """Ranges of utterances, in order, with at most ``max_frames`` frames each or one longer utterance."""
        cuts = [0]
        for index in range(1, len(self) + 1):
            if self.offsets[index] - self.offsets[cuts[-1]] > max_frames and index - 1 > cuts[-1]:
                cuts.append(index - 1)
        return [range(begin, end) for begin, end in zip(cuts, [*cuts[1:], len(self)], strict=True) if end > begin]


@contextmanager
def stored_features(
    extractor: FeatureExtractor, utterances: Iterable[Utterance], folder: Path, tally: Tally
) -> Iterator[FeatureStore]:
    """Compute features into a temporary folder inside ``folder``, which is removed at the end.

    With 39 coefficients the file takes 156 bytes per frame, or 56 MB per hour of speech.

    Args:
        extractor: extracts the MFCCs.
        utterances: the utterances.
        folder: a folder on a disk with enough space.
        tally: receives the utterances whose audio cannot be used: missing, truncated, too short for one frame.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".features-", dir=folder))
    try:
        kept: list[Utterance] = []
        lengths: list[int] = []
        listed = list(utterances)
        with writing(folder, scratch), (scratch / "frames").open("wb") as stream:
            for utterance in track(listed, "features", total=len(listed)):
                try:
                    features = gmm_features(extractor, utterance)
                except UTTERANCE_ERRORS as error:
                    tally.drop_error(utterance.id, error)
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
