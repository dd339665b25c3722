"""Everything that a training run on images depends on. Light: imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from blasr.config import check_minimum
from blasr.errors import ConfigError
from blasr.nn.binarize_config import PatternStageConfig
from blasr.pipeline.pattern_config import network_config
from blasr.training.config import ScheduleConfig, TrainingConfig
from blasr.vision.config import ImageConfig, ImageModelConfig


@dataclass(frozen=True)
class ImageDataConfig:
    """Where the images are.

    Args:
        train: a folder with one subfolder for each class; for a torchvision data set, the folder of its files.
        valid: the same with held-out images. A torchvision data set does not need it: its test part is in ``train``.
        dataset: "folder", or the name of a torchvision data set such as CIFAR10.
        batch_size: images of a batch, all processes together.
        num_workers: processes that load images; 0 loads them in the training process.

    Raises:
        ConfigError: a number is out of range.
    """

    train: Path = Path("data/imagenet/train")
    valid: Path | None = Path("data/imagenet/val")
    dataset: str = "folder"
    batch_size: int = 256
    num_workers: int = 8

    def __post_init__(self) -> None:
        check_minimum(self, batch_size=1, num_workers=0)


def paper_training() -> TrainingConfig:
    """Return the training of the paper's appendix A.1, with the learning rate of the authors' release."""
    return TrainingConfig(
        epochs=110,
        learning_rate=0.1,
        weight_decay=1e-4,
        gradient_clipping=0.0,
        schedule=ScheduleConfig(kind="cosine"),
        select="last",
    )


@dataclass(frozen=True)
class VisionRunConfig:
    """A training run on images; the dataclass of each section documents its keys.

    Args:
        experiment: the directory that receives everything.
        model: which image model.
        released: a file of the authors' release, for the initial weights.
        initialize_from: an experiment, for the initial weights; those of other shapes are left out.
        binarize: makes binary patterns of the network of ``initialize_from`` or ``released``: a second stage.

    Raises:
        ConfigError: the criterion is one of speech, there are two sources of weights, or patterns lack one.
    """

    experiment: Path
    model: ImageModelConfig
    data: ImageDataConfig = field(default_factory=ImageDataConfig)
    images: ImageConfig = field(default_factory=ImageConfig)
    training: TrainingConfig = field(default_factory=paper_training)
    released: Path | None = None
    initialize_from: Path | None = None
    binarize: PatternStageConfig | None = None

    @property
    def network(self) -> ImageModelConfig:
        """The network that is trained: ``model``, with the patterns of ``binarize``."""
        return network_config(self.model, self.binarize, self.initialize_from or self.released)

    def __post_init__(self) -> None:
        network_config(self.model, self.binarize, self.initialize_from or self.released)
        if self.released is not None and self.initialize_from is not None:
            raise ConfigError("both released and initialize_from are given", fix="keep the one to start from")
        if self.training.criterion != "cross_entropy":
            raise ConfigError(f"training.criterion is {self.training.criterion}, which is for speech only")
