"""How utterances are cut into chunks, mixed into batches and perturbed. Light: imports neither torch nor numpy."""

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
        num_workers: processes that prepare features; 0 prepares them between the steps. Results do not depend on it.
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


@dataclass(frozen=True)
class AugmentationConfig:
    """How training utterances are perturbed in every epoch; by default not at all.

    Every utterance is perturbed differently in every epoch. The seed, epoch and utterance-id alone determine how.

    Args:
        speeds: speed factors to draw from; 1.1 is faster and higher. Labels are moved to the new frames.
        vtln_warps: vocal tract length warps to draw from.
        gain_db: gains are drawn uniformly from minus to plus this number of dB.
        frequency_masks: number of SpecAugment masks over mel bins.
        frequency_mask_bins: the largest width of such a mask, in bins.
        time_masks: number of SpecAugment masks over time.
        time_mask_frames: the largest length of such a mask, in frames.
        join_probability: the probability that an utterance is joined to the next one of its speaker. Each keeps its
            own labels and silence; with ``cmvn: utterance`` each is also normalized alone.

    Raises:
        ConfigError: a value is out of range.
    """

    speeds: tuple[float, ...] = (1.0,)
    vtln_warps: tuple[float, ...] = (1.0,)
    gain_db: float = 0.0
    frequency_masks: int = 0
    frequency_mask_bins: int = 8
    time_masks: int = 0
    time_mask_frames: int = 10
    join_probability: float = 0.0

    def __post_init__(self) -> None:
        for name in ("speeds", "vtln_warps"):
            values = getattr(self, name)
            if not values or not all(0.5 <= value <= 2 for value in values):
                raise ConfigError(f"{name} is {list(values)}, expected values from 0.5 to 2")
        check_minimum(self, gain_db=0, frequency_masks=0, frequency_mask_bins=0, time_masks=0, time_mask_frames=0)
        check_share(self, "join_probability", below_one=True)
