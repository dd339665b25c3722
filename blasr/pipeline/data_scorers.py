"""Scorers of a data directory: a trained network, or the GMMs of an alignment directory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from blasr import __version__
from blasr.align.gmm_likelihoods import FEATURE_FILE, gmm_log_likelihoods, read_feature_config, read_gmms
from blasr.data.data_dir import DataDir
from blasr.errors import ConfigError
from blasr.features.cmvn import read_cmvn_stats
from blasr.features.config import FeatureConfig
from blasr.features.extraction import FeatureExtractor
from blasr.features.online_cmvn import GLOBAL_CMVN
from blasr.features.speaker_stats import SpeakerStats
from blasr.features.stored_speaker_stats import load_speaker_stats
from blasr.inference.acoustic_scorer import UtteranceScorer
from blasr.inference.config import ScoringConfig
from blasr.inference.manifest import data_entry, file_entry
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.network_checks import check_network, check_sample_rate


@dataclass(frozen=True)
class DataScorer:
    """Scores the utterances of one data directory.

    Attributes:
        data_dir: the utterances.
        score: returns the log-likelihoods ``(T, num_pdfs)`` of one of them.
        num_pdfs: columns of the log-likelihoods.
        manifest: a record of how the log-likelihoods are computed.
        describe_usage: returns a line about what was computed so far, or nothing.
    """

    data_dir: DataDir
    score: UtteranceScorer
    num_pdfs: int
    manifest: Mapping[str, Any]
    describe_usage: Callable[[], str] = str


def network_scorer(
    experiment: Experiment,
    data_dir: DataDir,
    config: ScoringConfig | None = None,
    model: Path | None = None,
    cmvn: Path | None = None,
) -> DataScorer:
    """Return a scorer that computes ``log p(s|x) - prior_scale * log p(s)`` with a network.

    Args:
        experiment: the trained network.
        data_dir: the utterances; the statistics of its speakers normalize the features.
        config: prior scale and device.
        model: the ``final.mdl`` of the decoder; by default the one of the training labels.
        cmvn: statistics of the speakers, as ``compute-cmvn-stats`` writes them; by default those of the data
            directory's ``cmvn.scp``, or collected from the audio.

    Raises:
        ConfigError: ``cmvn`` is given for features that are not normalized by speaker.
        MismatchError: network, priors, ``final.mdl``, tree and sample rate do not fit together.
        DataError: audio cannot be read.
    """
    config = config or ScoringConfig()
    num_pdfs = check_network(experiment, model, data_dir)
    priors, features = experiment.priors, experiment.description.features
    stats = None
    if cmvn is not None:
        if features.cmvn != "speaker":
            raise ConfigError(f"the features are normalized by {features.cmvn}, not by speaker", fix="leave out --cmvn")
        stats = SpeakerStats.of_speakers(read_cmvn_stats(cmvn))
    stats_file = experiment.directory / GLOBAL_CMVN if features.cmvn == "online" else cmvn
    manifest = {
        "values": "log p(s|x) - prior_scale * log p(s)",
        "blasr": __version__,
        "data": data_entry(data_dir),
        "experiment": str(experiment.directory),
        "weights": {**file_entry(experiment.weights), "of": experiment.origin},
        "model": file_entry(model or experiment.final_mdl),
        **_tree_entry(experiment.directory),
        "priors": {
            "scale": config.prior_scale,
            "source": priors.source,
            "floor": priors.floor,
            "floored": priors.num_floored,
        },
        "cmvn": _cmvn_entry(features) | ({} if stats_file is None else {"stats": file_entry(stats_file)}),
        **experiment.record,
    }
    scorer = experiment.scorer(config)
    return DataScorer(data_dir, scorer.for_data(data_dir, stats), num_pdfs, manifest, scorer.describe_usage)


def gmm_scorer(gmm: Path, data_dir: DataDir) -> DataScorer:
    """Return a scorer that computes ``log p(x|s)`` with Gaussian mixtures; no priors are subtracted.

    Args:
        gmm: a folder that ``blasr align`` wrote, with ``final.mdl`` and the configuration of its features.
        data_dir: the utterances.

    Raises:
        MismatchError: ``final.mdl`` has no GMMs, or the audio has another sample rate.
        DataError: audio cannot be read.
    """
    num_pdfs = read_gmms(gmm).num_pdfs
    features = read_feature_config(gmm)
    check_sample_rate(data_dir, features.sample_rate, str(gmm / FEATURE_FILE))
    extractor = FeatureExtractor(features, data_dir, load_speaker_stats(features, data_dir))
    manifest = {
        "values": "log p(x|s) of the Gaussian mixtures",
        "blasr": __version__,
        "data": data_entry(data_dir),
        "model": file_entry(gmm / "final.mdl"),
        **_tree_entry(gmm),
        "cmvn": _cmvn_entry(features),
    }
    return DataScorer(data_dir, partial(gmm_log_likelihoods, gmm, extractor), num_pdfs, manifest)


def _tree_entry(folder: Path) -> dict[str, dict[str, str]]:
    tree = folder / "tree"
    return {"tree": file_entry(tree)} if tree.is_file() else {}


def _cmvn_entry(features: FeatureConfig) -> dict[str, Any]:
    return {"of": features.cmvn, "variances": features.norm_vars}
