"""An experiment directory: what a training run leaves behind, and how to take it up again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from blasr.config import load_config, write_yaml
from blasr.errors import ConfigError, DataError
from blasr.features.config import FeatureConfig
from blasr.inference.priors import Priors
from blasr.io.atomic import atomic_open
from blasr.models import AcousticModel, AcousticModelConfig, build_acoustic_model
from blasr.training import load_module, load_weights, save_weights


@dataclass(frozen=True)
class ModelDescription:
    """What ``final.yaml`` says: all that is needed to build the network and its input again."""

    model: AcousticModelConfig
    num_pdfs: int
    features: FeatureConfig
    origin: str


@dataclass(frozen=True)
class Experiment:
    """A trained acoustic model.

    Args:
        directory: of the experiment.
        description: of the network and its input.
        model: the network with its weights, in evaluation mode, on the CPU.
        priors: of its pdfs.
        weights: the file that the weights are from.
        origin: which epochs they are of.
    """

    directory: Path
    description: ModelDescription
    model: AcousticModel
    priors: Priors
    weights: Path
    origin: str

    @classmethod
    def load(cls, directory: Path, checkpoint: str = "final") -> Experiment:
        """Take up a trained experiment.

        Args:
            directory: that ``blasr train`` wrote.
            checkpoint: "final", or "epochN" for the weights after epoch N.

        Raises:
            DataError: the training has not come to its end, or the checkpoint is not there.
            MismatchError: weights and description do not belong together.
        """
        path = directory / "final.yaml"
        if not path.is_file():
            raise DataError("is absent: this is no finished experiment", path=path, fix="run `blasr train` to its end")
        description = load_config(ModelDescription, path)
        weights_path = _checkpoint_path(directory, checkpoint)
        weights, metadata = load_weights(weights_path)
        model = build_acoustic_model(
            description.model.name, num_pdfs=description.num_pdfs, width=description.model.width
        )
        load_module(model, weights, weights_path)
        origin = metadata.get("origin", f"epoch {metadata.get('epoch', '?')}")
        return cls(directory, description, model.eval(), Priors.read(directory), weights_path, origin)

    @property
    def num_pdfs(self) -> int:
        """Outputs of the network."""
        return self.description.num_pdfs

    @property
    def final_mdl(self) -> Path:
        """The transition model that the training labels are of."""
        return self.directory / "final.mdl"

    def fingerprint(self) -> str:
        """SHA-256 of the file with the weights."""
        with self.weights.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _checkpoint_path(directory: Path, checkpoint: str) -> Path:
    if checkpoint == "final":
        return directory / "final.safetensors"
    match = re.fullmatch(r"epoch0*(\d+)", checkpoint)
    if match is None:
        raise ConfigError(f"checkpoint {checkpoint!r} is unknown", fix="give final, or epochN such as epoch12")
    path = directory / "checkpoints" / f"epoch{int(match[1]):02d}.safetensors"
    if not path.is_file():
        there = sorted(item.stem for item in path.parent.glob("epoch*.safetensors"))
        raise DataError(f"is absent; there are {', '.join(there) or 'none'}", path=path)
    return path


def write_final(directory: Path, description: ModelDescription, weights: Mapping[str, Tensor], priors: Priors) -> None:
    """Write ``final.safetensors``, ``priors.*`` and, when those are there, ``final.yaml``."""
    priors.write(directory)
    save_weights(directory / "final.safetensors", weights, {"origin": description.origin})
    with atomic_open(directory / "final.yaml", "w") as file:
        file.write(write_yaml(description))
