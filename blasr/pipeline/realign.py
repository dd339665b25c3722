"""Forced alignment of a data directory with a trained network."""

from __future__ import annotations

import logging
from pathlib import Path

from blasr.align.config import RealignConfig
from blasr.align.realign import realign
from blasr.data.data_dir import DataDir
from blasr.errors import ConfigError
from blasr.graph.lang import Lang
from blasr.inference.config import ScoringConfig
from blasr.pipeline.experiment import Experiment
from blasr.tally import Tally
from blasr.threads import one_torch_thread

logger = logging.getLogger(__name__)


def realign_with_network(
    experiment: Experiment,
    data: DataDir,
    lang: Lang,
    out: Path,
    *,
    gmm: Path | None = None,
    config: RealignConfig | None = None,
    scoring: ScoringConfig | None = None,
) -> Tally:
    """Align every utterance with the log-likelihoods of a network, as :func:`blasr.align.realign.realign`.

    Args:
        experiment: the trained network.
        data: utterances with transcripts.
        lang: the lang directory.
        out: the alignment directory to write.
        gmm: a folder with the tree and the ``final.mdl`` of the alignment; by default those of the experiment.
        config: beams, scales and workers.
        scoring: prior scale and device.

    Raises:
        ConfigError: ``gmm`` is not given and the experiment has no tree.
        DataError, MismatchError: as :func:`blasr.align.realign.realign`.
    """
    if gmm is None and not (experiment.directory / "tree").exists():
        raise ConfigError(
            f"{experiment.directory} has no tree", fix="name the alignment directory of its training with --gmm"
        )
    scoring = scoring or ScoringConfig()
    logger.info("aligning with %s, prior scale %g", experiment.directory, scoring.prior_scale)
    with one_torch_thread():
        score = experiment.scorer(scoring).for_data(data)
        return realign(data, lang, gmm or experiment.directory, score, out, config)
