"""How utterances are cut into chunks and mixed into batches, and how they are varied."""

from __future__ import annotations

from dataclasses import dataclass

from blasr.errors import ConfigError


@dataclass(frozen=True)
class ChunkConfig:
    """Cutting and batching.

    Args:
        chunk_frames: the most output frames of a chunk; 1 gives the paper's windows of 49 frames. An utterance is
            cut into the fewest chunks, of lengths that differ by one frame at most.
        batch_frames: output frames of a batch, all processes together (the paper: 2 x 256).
        pool_frames: frames that each process shuffles among each other; utterances are shuffled over the corpus.
        num_workers: processes that prepare features; 0 does it between the steps. Results do not depend on it.
        cache_mb: memory for features of utterances seen before, for a small corpus and ``num_workers`` 0.
        balance_gamma: below 1, windows are drawn with replacement so that a pdf of frequency f is seen in proportion
            to f ** balance_gamma (Sercu & Goel 2016 use 0.8, and a prior scale below it); needs ``chunk_frames`` 1.
    """

    chunk_frames: int = 1
    batch_frames: int = 512
    pool_frames: int = 50_000
    num_workers: int = 2
    cache_mb: int = 0
    balance_gamma: float = 1.0

    def __post_init__(self) -> None:
        for name, least in (
            ("chunk_frames", 1),
            ("batch_frames", 1),
            ("pool_frames", 1),
            ("num_workers", 0),
            ("cache_mb", 0),
        ):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected {least} or more")
        if not 0 <= self.balance_gamma <= 1:
            raise ConfigError(f"balance_gamma is {self.balance_gamma}, expected from 0 to 1")
        if self.balance_gamma < 1 and self.chunk_frames > 1:
            raise ConfigError(f"balance_gamma draws single frames, but chunk_frames is {self.chunk_frames}, expected 1")


@dataclass(frozen=True)
class AugmentationConfig:
    """How training utterances are varied in every epoch; by default not at all.

    Every utterance draws anew in every epoch, from a random state of (seed, epoch, utterance-id) only.

    Args:
        speeds: speed factors to draw from; 1.1 is faster and higher. Labels follow to the new frames.
        vtln_warps: vocal tract length warps to draw from.
        gain_db: gains are drawn evenly from minus to plus so many dB.
        frequency_masks: SpecAugment masks over mel bins.
        frequency_mask_bins: the widest such mask.
        time_masks: SpecAugment masks over time.
        time_mask_frames: the longest such mask.
        join_probability: how likely an utterance is followed, in one string, by another of its speaker. Each keeps
            its own labels and silence; with ``cmvn: utterance`` each is also normalised alone.
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
            if not getattr(self, name) or not all(0.5 <= value <= 2 for value in getattr(self, name)):
                raise ConfigError(f"{name} is {list(getattr(self, name))}, expected values from 0.5 to 2")
        for name in ("gain_db", "frequency_masks", "frequency_mask_bins", "time_masks", "time_mask_frames"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected 0 or more")
        if not 0 <= self.join_probability < 1:
            raise ConfigError(f"join_probability is {self.join_probability}, expected from 0 to below 1")
