"""The setting that ``blasr tune`` freezes: checkpoint, prior scale, LM weight and word insertion penalty.

It is a JSON file, by default ``setting.json`` in the experiment directory. The files of ``blasr score --freeze`` have
an LM weight and a penalty only.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from blasr.errors import FormatError, MismatchError
from blasr.io.atomic import atomic_open
from blasr.lattices.config import PathWeights
from blasr.lattices.weights_file import read_path_weights

logger = logging.getLogger(__name__)

SETTING_FILE: Final = "setting.json"
"""The name of the setting in an experiment directory."""


@dataclass(frozen=True)
class TunedSetting:
    """A setting, as the JSON file has it.

    Attributes:
        path_weights: the LM weight and the word insertion penalty.
        checkpoint: the weights of the network: final, epochN or averageM-N; None if they were not tuned.
        prior_scale: the weight of the log priors; None if it was not tuned.
        weights_sha256: the SHA-256 of the file with the weights.
    """

    path_weights: PathWeights
    checkpoint: str | None = None
    prior_scale: float | None = None
    weights_sha256: str | None = None

    @classmethod
    def read(cls, path: Path) -> TunedSetting:
        """Read a setting.

        Raises:
            FormatError: the file cannot be read, or has a value of a wrong type.
        """
        path_weights = read_path_weights(path)
        values = json.loads(path.read_text(encoding="utf-8"))
        checkpoint, prior_scale = values.get("checkpoint"), values.get("prior_scale")
        if not isinstance(checkpoint, str | None) or not isinstance(prior_scale, int | float | None):
            message = f"found checkpoint {checkpoint!r} and prior_scale {prior_scale!r}, expected a name and a number"
            raise FormatError(message, path=path, fix="write it again with blasr tune")
        weights = values.get("weights")
        digest = weights.get("sha256") if isinstance(weights, Mapping) else None
        return cls(path_weights, checkpoint, None if prior_scale is None else float(prior_scale), digest)

    def write(self, path: Path, weights: Path, tuned_on: Mapping[str, Any]) -> None:
        """Write the setting.

        Args:
            path: the JSON file.
            weights: the file with the weights.
            tuned_on: what it was tuned on, and the errors there.
        """
        values = {
            "lm_weight": self.path_weights.lm_weight,
            "word_insertion_penalty": self.path_weights.word_insertion_penalty,
            "checkpoint": self.checkpoint,
            "prior_scale": self.prior_scale,
            "weights": {"file": str(weights), "sha256": self.weights_sha256},
            "tuned_on": dict(tuned_on),
        }
        with atomic_open(path, "w") as file:
            file.write(json.dumps(values, indent=2) + "\n")


@dataclass(frozen=True)
class NetworkChoice:
    """The weights and the prior scale that a command uses."""

    checkpoint: str
    prior_scale: float

    @classmethod
    def resolve(
        cls,
        experiment: Path,
        checkpoint: str | None = None,
        prior_scale: float | None = None,
        setting: Path | None = None,
    ) -> NetworkChoice:
        """Return what was given; what was not given is that of the tuned setting, or else "final" and 1.

        Args:
            experiment: an experiment directory.
            checkpoint: the name of the weights, if given.
            prior_scale: the weight of the log priors, if given.
            setting: a setting; by default ``setting.json`` in the experiment directory, if it exists.

        Raises:
            FormatError: the setting cannot be read.
            MismatchError: the weights have changed since the setting was tuned.
        """
        path = setting or experiment / SETTING_FILE
        if (checkpoint is not None and prior_scale is not None) or (setting is None and not path.is_file()):
            return cls("final" if checkpoint is None else checkpoint, 1.0 if prior_scale is None else prior_scale)
        tuned = TunedSetting.read(path)
        taken = []
        if checkpoint is None and tuned.checkpoint is not None:
            checkpoint = tuned.checkpoint
            _check_weights(experiment, tuned, path)
            taken.append(f"checkpoint {checkpoint}")
        if prior_scale is None and tuned.prior_scale is not None:
            prior_scale = tuned.prior_scale
            taken.append(f"prior scale {prior_scale:g}")
        if taken:
            logger.info("%s, from %s", " and ".join(taken), path)
        return cls.resolve(experiment, checkpoint or "final", 1.0 if prior_scale is None else prior_scale)


def _check_weights(experiment: Path, tuned: TunedSetting, path: Path) -> None:
    from blasr.pipeline.experiment import checkpoint_path

    weights = checkpoint_path(experiment, str(tuned.checkpoint))
    if tuned.weights_sha256 is None:
        return
    with weights.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() == tuned.weights_sha256:
            return
    raise MismatchError(
        f"was tuned on other weights than those in {weights} now",
        path=path,
        fix="tune again (blasr tune), or name the weights with --checkpoint",
    )
