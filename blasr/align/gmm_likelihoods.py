"""Log-likelihoods of trained GMMs, for decoding and realignment as with a network."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from blasr.align.feature_store import gmm_features
from blasr.config import load_config, write_yaml
from blasr.data.data_dir import Utterance
from blasr.errors import MismatchError
from blasr.features.config import MfccConfig
from blasr.features.extraction import FeatureExtractor
from blasr.hmm.gmm import AmDiagGmm
from blasr.hmm.model_file import read_model
from blasr.io.atomic import atomic_open
from blasr.units import FloatArray

FEATURE_FILE = "mfcc.yaml"
"""The file in a model's folder with the configuration of its features."""

NETWORK_FILE = "final.yaml"
"""The file that describes the network of an experiment."""


def write_feature_config(model_dir: Path, config: MfccConfig) -> None:
    """Write the configuration of a model's features into its folder."""
    with atomic_open(model_dir / FEATURE_FILE, "w") as stream:
        stream.write(write_yaml(config))


def read_feature_config(model_dir: Path) -> MfccConfig:
    """Read the configuration of the features that a model of ``blasr align`` was trained on.

    Raises:
        ConfigError: the file is not a configuration of features.
        MismatchError: the file is missing.
    """
    if not (model_dir / FEATURE_FILE).is_file():
        raise MismatchError(
            f"has GMMs without the configuration of their features ({FEATURE_FILE}), as GMMs of Kaldi do",
            path=model_dir,
            fix="name a folder that `blasr align` wrote",
        )
    return load_config(MfccConfig, model_dir / FEATURE_FILE)


def read_gmms(model_dir: Path) -> AmDiagGmm:
    """Read the GMMs of ``model_dir/final.mdl``.

    Raises:
        FormatError: the file is missing, truncated or not a model.
        MismatchError: it has a transition model only, or the folder belongs to a network.
    """
    if (model_dir / NETWORK_FILE).is_file():
        raise MismatchError(
            f"is the experiment of a network (it has {NETWORK_FILE}), not a folder of GMMs",
            path=model_dir,
            fix=f"name it with --experiment {model_dir}, or name a folder that `blasr align` wrote with --gmm",
        )
    path = model_dir / "final.mdl"
    _, gmms = read_model(path)
    if gmms is None:
        raise MismatchError("has no Gaussian mixtures", path=path, fix="name a folder that `blasr align` wrote")
    return gmms


def gmm_log_likelihoods(model_dir: Path, extractor: FeatureExtractor, utterance: Utterance) -> FloatArray:
    """Return the unscaled log-likelihoods ``(T, num_pdfs)`` of an utterance under ``model_dir/final.mdl``.

    Args:
        model_dir: the folder of the model.
        extractor: extracts MFCCs with the configuration of :func:`read_feature_config`.
        utterance: the utterance.

    Raises:
        MismatchError: the features do not have the dimension of the model.
    """
    changed = (model_dir / "final.mdl").stat().st_mtime_ns if (model_dir / "final.mdl").exists() else 0
    gmms = _cached_gmms(model_dir, changed)
    return np.asarray(gmms.log_likelihoods(gmm_features(extractor, utterance)), dtype=np.float32)


@lru_cache(maxsize=2)
def _cached_gmms(model_dir: Path, changed: int) -> AmDiagGmm:
    """The model of a folder, read again if the time of its last change (in nanoseconds) is different."""
    return read_gmms(model_dir)
