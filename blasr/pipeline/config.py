"""Everything that a training run depends on: one section for the configuration of each part.

Light: imports neither torch nor numpy, so that a mistake in a configuration is reported at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from blasr.augmentation.config import AugmentationConfig
from blasr.chunks.config import ChunkConfig
from blasr.config import check_share
from blasr.errors import ConfigError
from blasr.features.config import FeatureConfig
from blasr.inference.config import PriorConfig
from blasr.models.config import NUM_MEL_BINS, AcousticModelConfig
from blasr.nn.binarize_config import PatternStageConfig
from blasr.pipeline.pattern_config import network_config
from blasr.sequence.config import SequenceConfig
from blasr.training.config import TrainingConfig


@dataclass(frozen=True)
class DataConfig:
    """Where the training data is.

    Args:
        train: a Kaldi data directory.
        alignments: its alignment directory, with ``final.mdl`` and ``ali.*.gz``.
        valid: a held-out data directory; by default a part of ``train`` is held out.
        valid_alignments: the alignment directory of ``valid``, with the same ``final.mdl``; by default ``alignments``.
        valid_share: the share of ``train`` that is held out if there is no ``valid``; 0 for nothing.
        max_loss: the largest share of utterances that may be dropped.
        allow_pipes: whether commands in ``wav.scp`` may run.

    Raises:
        ConfigError: a share is out of range.
    """

    train: Path = Path("data/train")
    alignments: Path = Path("exp/tri_ali")
    valid: Path | None = None
    valid_alignments: Path | None = None
    valid_share: float = 0.02
    max_loss: float = 0.05
    allow_pipes: bool = False

    def __post_init__(self) -> None:
        check_share(self, "valid_share", below_one=True)
        check_share(self, "max_loss")


@dataclass(frozen=True)
class AudibleConfig:
    """The part of a training's configuration that changes its audio.

    Args:
        features: the features; their sample rate is that of the audio.
        augmentation: the transforms.
        seed: ``training.seed`` of the training.
    """

    features: FeatureConfig = field(default_factory=FeatureConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    seed: int = 0


@dataclass(frozen=True)
class RunConfig:
    """A training run; the dataclass of each section documents its keys.

    Args:
        experiment: the directory that receives everything.
        model: which acoustic model.
        initialize_from: an experiment; this run starts from its final weights, if the shapes agree.
        binarize: makes binary patterns of the network of ``initialize_from``, a second stage of training.

    Raises:
        ConfigError: the features do not fit the acoustic models, or a sequence criterion or patterns lack what they
            need.
    """

    experiment: Path
    model: AcousticModelConfig
    data: DataConfig = field(default_factory=DataConfig)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    chunks: ChunkConfig = field(default_factory=ChunkConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    priors: PriorConfig = field(default_factory=PriorConfig)
    sequence: SequenceConfig = field(default_factory=SequenceConfig)
    initialize_from: Path | None = None
    binarize: PatternStageConfig | None = None

    @property
    def network(self) -> AcousticModelConfig:
        """The network that is trained: ``model``, with the patterns of ``binarize``."""
        return network_config(self.model, self.binarize, self.initialize_from)

    def __post_init__(self) -> None:
        network_config(self.model, self.binarize, self.initialize_from)
        if self.features.num_mel_bins != NUM_MEL_BINS:
            raise ConfigError(
                f"features.num_mel_bins is {self.features.num_mel_bins}, but the acoustic models read {NUM_MEL_BINS}"
            )
        if self.training.criterion == "cross_entropy":
            return
        if self.initialize_from is None:
            raise ConfigError(
                f"training.criterion is {self.training.criterion}, which improves a trained network",
                fix="set initialize_from to an experiment that was trained with cross_entropy",
            )
        if self.sequence.whole_utterances and self.augmentation.join_probability:
            raise ConfigError(
                "augmentation.join_probability joins utterances, but sequence.whole_utterances is true",
                fix="set augmentation.join_probability=0 or sequence.whole_utterances=false",
            )
