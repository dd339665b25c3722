"""Everything that a training run depends on: one section for every part's own configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from blasr.chunks.config import AugmentationConfig, ChunkConfig
from blasr.errors import ConfigError
from blasr.features.config import FeatureConfig
from blasr.inference.priors import PriorConfig
from blasr.models.acoustic import NUM_MEL_BINS
from blasr.models.config import AcousticModelConfig
from blasr.training.config import TrainingConfig


@dataclass(frozen=True)
class DataConfig:
    """Where the training data is.

    Args:
        train: a Kaldi data directory.
        alignments: an alignment directory of it, with ``final.mdl`` and ``ali.*.gz``.
        valid: a data directory to measure the held-out loss on; by default a part of ``train`` is held out.
        valid_alignments: an alignment directory of ``valid`` with the same ``final.mdl``; by default ``alignments``.
        valid_share: the share of ``train`` that is held out where ``valid`` is not given; 0 for nothing.
        max_loss: the greatest share of utterances that may be dropped.
        allow_pipes: whether commands in ``wav.scp`` may run.
    """

    train: Path = Path("data/train")
    alignments: Path = Path("exp/tri_ali")
    valid: Path | None = None
    valid_alignments: Path | None = None
    valid_share: float = 0.02
    max_loss: float = 0.05
    allow_pipes: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.valid_share < 1:
            raise ConfigError(f"valid_share is {self.valid_share}, expected from 0 to below 1")
        if not 0 <= self.max_loss <= 1:
            raise ConfigError(f"max_loss is {self.max_loss}, expected from 0 to 1")


@dataclass(frozen=True)
class RunConfig:
    """A training run; see the dataclass of each section for its keys.

    Args:
        experiment: the directory that receives everything.
        model: which acoustic model.
        initialize_from: an experiment whose final weights this run starts from, as far as shapes agree.
    """

    experiment: Path
    model: AcousticModelConfig
    data: DataConfig = field(default_factory=DataConfig)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    chunks: ChunkConfig = field(default_factory=ChunkConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    priors: PriorConfig = field(default_factory=PriorConfig)
    initialize_from: Path | None = None

    def __post_init__(self) -> None:
        if self.features.num_mel_bins != NUM_MEL_BINS:
            raise ConfigError(
                f"features.num_mel_bins is {self.features.num_mel_bins}, but the acoustic models read {NUM_MEL_BINS}"
            )
