"""The log-likelihoods that ``blasr decode`` decodes, by its options: an archive, or audio and a network."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.errors import ConfigError
from blasr.inference.config import Precision

if TYPE_CHECKING:
    from blasr.pipeline.loglike_sources import LoglikeSource

FRAME_SHIFT_SECONDS = 0.01


@dataclass(frozen=True)
class NetworkOptions:
    """The options of ``--data``, with their defaults."""

    experiment: Path | None = None
    checkpoint: str | None = None
    prior_scale: float | None = None
    setting: Path | None = None
    device: str = "auto"
    precision: Precision = "float32"
    allow_pipes: bool = False


NETWORK_OPTIONS = tuple(asdict(NetworkOptions()))
"""Their names."""


def archive_source(
    loglikes: str, model: Path | None, frame_shift: float | None, network: NetworkOptions
) -> LoglikeSource:
    """Return the log-likelihoods of an archive or a script.

    Raises:
        ConfigError: an option of a network is given, or no model.
    """
    from blasr.pipeline.loglike_sources import ArchiveSource

    defaults = asdict(NetworkOptions())
    for name, value in asdict(network).items():
        if value != defaults[name]:
            raise ConfigError(
                f"--{name.replace('_', '-')} is for a network that computes log-likelihoods, but --loglikes already "
                "contains them",
                fix="give --data instead of --loglikes, or leave it out",
            )
    if model is None:
        raise ConfigError("--loglikes needs the final.mdl that defines the pdfs", fix="name it with --model")
    return ArchiveSource(loglikes, model, frame_shift or FRAME_SHIFT_SECONDS)


def network_source(data: Path, model: Path | None, frame_shift: float | None, network: NetworkOptions) -> LoglikeSource:
    """Return the log-likelihoods that a trained network computes from a data directory.

    Raises:
        ConfigError: no experiment is given.
        BlasrError: the experiment or the data directory cannot be read.
    """
    if network.experiment is None:
        raise ConfigError("--data is audio, which needs a network", fix="name a trained one with --experiment")
    from blasr.data.data_dir import DataDir
    from blasr.inference.config import ScoringConfig
    from blasr.pipeline.experiment import Experiment
    from blasr.pipeline.network_source import NetworkSource
    from blasr.pipeline.tuned_setting import NetworkChoice

    choice = NetworkChoice.resolve(network.experiment, network.checkpoint, network.prior_scale, network.setting)
    return NetworkSource.read(
        Experiment.load(network.experiment, choice.checkpoint),
        DataDir.read(data, allow_pipes=network.allow_pipes),
        model=model,
        frame_shift=frame_shift,
        config=ScoringConfig(choice.prior_scale, network.device, precision=network.precision),
    )
