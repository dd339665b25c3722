"""How utterances are cut into chunks and mixed into batches. Light: imports neither torch nor numpy."""

from __future__ import annotations

from dataclasses import dataclass

from blasr.config import check_minimum, check_share
from blasr.errors import ConfigError


@dataclass(frozen=True)
class ChunkConfig:
    """Cutting and batching.

    Args:
        chunk_frames: the largest number of output frames in a chunk; 1 gives the paper's windows of 49 frames. An
            utterance is cut into as few chunks as possible; their lengths differ by at most one frame.
        batch_frames: output frames of a batch, all processes together (the paper: 2 x 256).
        pool_frames: number of frames that each process shuffles together; utterances are shuffled over the corpus.
        num_workers: processes that prepare features, and that index the labels at the first start; 0 prepares features
            between the steps. Results do not depend on it.
        cache_mb: memory for the features of earlier epochs, for a small corpus and ``num_workers`` 0.
        balance_gamma: below 1, windows are drawn with replacement so that a pdf of frequency f occurs in proportion
            to f ** balance_gamma (Sercu & Goel 2016 use 0.8, and a prior scale below it); needs ``chunk_frames`` 1.

    Raises:
        ConfigError: a value is out of range, or two values contradict each other.
    """

    chunk_frames: int = 1
    batch_frames: int = 512
    pool_frames: int = 50_000
    num_workers: int = 2
    cache_mb: int = 0
    balance_gamma: float = 1.0

    def __post_init__(self) -> None:
        check_minimum(self, chunk_frames=1, batch_frames=1, pool_frames=1, num_workers=0, cache_mb=0)
        check_share(self, "balance_gamma")
        if self.balance_gamma < 1 and self.chunk_frames > 1:
            raise ConfigError(f"balance_gamma draws single frames: chunk_frames is {self.chunk_frames}, expected 1")
