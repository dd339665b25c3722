"""An experiment directory: what a training run writes, and how to load it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from blasr.config import load_config, write_yaml
from blasr.errors import ConfigError, DataError
from blasr.features.cmvn import CmvnStats
from blasr.features.config import FeatureConfig
from blasr.features.online_cmvn import GLOBAL_CMVN, read_global_cmvn
from blasr.inference.acoustic_scorer import AcousticScorer
from blasr.inference.config import ScoringConfig
from blasr.inference.exported import exported_model, read_export_manifest
from blasr.inference.network import load_network
from blasr.inference.priors import Priors
from blasr.io.atomic import atomic_open
from blasr.models import AcousticModelConfig
from blasr.training import save_weights


@dataclass(frozen=True)
class ModelDescription:
    """The content of ``final.yaml``: everything that is needed to build the network and its input again."""

    model: AcousticModelConfig
    num_pdfs: int
    features: FeatureConfig
    origin: str


@dataclass(frozen=True)
class Experiment:
    """A trained acoustic model.

    Attributes:
        directory: the experiment directory.
        description: the description of the network and its input.
        model: the network with its weights, in evaluation mode, on the CPU.
        priors: the priors of its pdfs.
        weights: the file of the weights.
        origin: the epochs that the weights come from.
        global_stats: statistics of the training data, if the features are normalized online.
    """

    directory: Path
    description: ModelDescription
    model: nn.Module
    priors: Priors
    weights: Path
    origin: str
    global_stats: CmvnStats | None = None

    @classmethod
    def load(cls, directory: Path, checkpoint: str = "final") -> Experiment:
        """Load a trained experiment, or a cascade of two.

        Args:
            directory: that ``blasr train``, ``blasr export`` or ``blasr cascade tune`` wrote.
            checkpoint: "final", "epochN" for the weights after epoch N, or "averageM-N" for an average that
                ``blasr tune`` computed.

        Raises:
            DataError: the training has not finished, there is no such checkpoint, or the features are normalized
                online and there are no global statistics.
            MismatchError: weights and description do not fit together.
        """
        if (directory / "cascade.yaml").is_file():
            from blasr.pipeline.cascade.experiment import CascadeExperiment

            return CascadeExperiment.load(directory, checkpoint)
        return cls.load_single(directory, checkpoint)

    @staticmethod
    def load_single(directory: Path, checkpoint: str = "final") -> Experiment:
        """Load one network, as :meth:`load`, even if the directory is that of a cascade."""
        path = directory / "final.yaml"
        if not path.is_file():
            raise _not_an_experiment(directory)
        if exported_model(directory) is not None:
            read_export_manifest(directory)
        description = load_config(ModelDescription, path)
        weights = checkpoint_path(directory, checkpoint)
        model, metadata = load_network(description.model, description.num_pdfs, weights)
        origin = metadata.get("origin", f"epoch {metadata.get('epoch', '?')}")
        features, stats = description.features, None
        if features.cmvn == "online":
            stats = read_global_cmvn(directory / GLOBAL_CMVN, features.num_mel_bins)
        return Experiment(directory, description, model, Priors.read(directory), weights, origin, stats)

    @property
    def num_pdfs(self) -> int:
        """Outputs of the network."""
        return self.description.num_pdfs

    @property
    def final_mdl(self) -> Path:
        """The transition model of the training labels."""
        return self.directory / "final.mdl"

    @property
    def record(self) -> Mapping[str, Any]:
        """What log-likelihoods depend on besides the weights and the priors, for manifests; nothing here."""
        return {}

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file with the weights."""
        with self.weights.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def scorer(self, config: ScoringConfig | None = None) -> AcousticScorer:
        """Return a scorer that computes log-likelihoods with this network."""
        return AcousticScorer(self.model, self.description.features, self.priors, config, self.global_stats)


def _not_an_experiment(directory: Path) -> DataError:
    """Return why a folder without ``final.yaml`` cannot be loaded."""
    if not directory.is_dir():
        found = "is not a folder" if directory.exists() else "no such folder"
        return DataError(found, path=directory, fix="name the directory of a trained network with --experiment")
    if (directory / "config.yaml").is_file() or (directory / "checkpoints").is_dir():
        message = "is not a finished experiment: final.yaml is absent"
        return DataError(message, path=directory, fix="run `blasr train` to its end")
    if (directory / "bundle.yaml").is_file():
        return DataError("is a bundle, not an experiment", path=directory, fix="name it with --bundle")
    if (directory / "final.mdl").is_file():
        message = "is a folder of GMMs or alignments (it has final.mdl and no final.yaml), not a trained network"
        return DataError(message, path=directory, fix=f"name it with --gmm {directory}, or train a network first")
    message = "is not an experiment: final.yaml is absent"
    return DataError(message, path=directory, fix="name the directory that `blasr train` wrote")


def load_experiment(
    directory: str | Path, *, checkpoint: str = "final", config: ScoringConfig | None = None
) -> AcousticScorer:
    """Return a scorer of a trained network: log-likelihoods or posteriors of audio files, samples or utterances.

    Args:
        directory: that ``blasr train`` wrote.
        checkpoint: "final", or "epochN" for the weights after epoch N.
        config: prior scale and device.

    Raises:
        DataError, MismatchError: as :meth:`Experiment.load`.
    """
    return Experiment.load(Path(directory), checkpoint).scorer(config)


def checkpoint_path(directory: Path, checkpoint: str, *, must_exist: bool = True) -> Path:
    """Return the path of the weights called "final", "epochN" or "averageM-N"; an exported model is "final".

    Raises:
        ConfigError: there is no such name.
        DataError: the weights of an epoch or an average are absent, unless ``must_exist`` is false.
    """
    exported = exported_model(directory)
    if exported is not None and checkpoint != "final":
        raise ConfigError(f"an exported network has no checkpoint {checkpoint!r}", path=directory, fix="give final")
    if checkpoint == "final":
        return exported or directory / "final.safetensors"
    match = re.fullmatch(r"(epoch)0*(\d+)|(average)0*(\d+)-0*(\d+)", checkpoint)
    if match is None:
        fix = "give final, epochN such as epoch12, or averageM-N such as average9-12"
        raise ConfigError(f"checkpoint {checkpoint!r} is unknown", fix=fix)
    name = f"epoch{int(match[2]):02d}" if match[1] else f"average{int(match[4]):02d}-{int(match[5]):02d}"
    path = directory / "checkpoints" / f"{name}.safetensors"
    if must_exist and not path.is_file():
        found = sorted(item.stem for kind in ("epoch*", "average*") for item in path.parent.glob(f"{kind}.safetensors"))
        advice = f"compute the average with blasr tune --checkpoints {checkpoint}" if match[3] else None
        raise DataError(f"is absent; there are {', '.join(found) or 'none'}", path=path, fix=advice)
    return path


def write_final(directory: Path, description: ModelDescription, weights: Mapping[str, Tensor], priors: Priors) -> None:
    """Write ``final.safetensors``, ``priors.*`` and last ``final.yaml``."""
    priors.write(directory)
    save_weights(directory / "final.safetensors", weights, {"origin": description.origin})
    write_description(directory, description, description.origin)


def write_description(directory: Path, description: ModelDescription, origin: str) -> None:
    """Write ``final.yaml`` of weights that come from the epochs ``origin``."""
    with atomic_open(directory / "final.yaml", "w") as file:
        file.write(write_yaml(replace(description, origin=origin)))
