"""Log-likelihoods that a network computes while its utterances are decoded; they are never written."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blasr.data.data_dir import DataDir, Utterance
from blasr.decoding.decode_table import DecodedUtterance, decode_utterance
from blasr.errors import UTTERANCE_ERRORS
from blasr.inference.config import ScoringConfig
from blasr.pipeline.data_scorers import DataScorer, network_scorer
from blasr.pipeline.decode_inputs import DecodeInputs
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.loglike_sources import DecodeRun, Search
from blasr.threads import one_torch_thread, ordered_map

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class NetworkSource:
    """A data directory and the network that scores it; see :class:`blasr.pipeline.loglike_sources.LoglikeSource`."""

    name: str
    description: str
    model: Path
    frame_shift: float
    scorer: DataScorer

    @classmethod
    def read(
        cls,
        experiment: Experiment,
        data_dir: DataDir,
        *,
        model: Path | None = None,
        frame_shift: float | None = None,
        config: ScoringConfig | None = None,
    ) -> NetworkSource:
        """Compare network, model and data, and collect the statistics of the speakers.

        Args:
            experiment: the trained network.
            data_dir: the utterances.
            model: the ``final.mdl`` of the graph; by default the one of the training labels.
            frame_shift: seconds from row to row; by default that of the features.
            config: prior scale and device.

        Raises:
            MismatchError, DataError: as :func:`blasr.pipeline.data_scorers.network_scorer`.
        """
        config = config or ScoringConfig()
        scorer = network_scorer(experiment, data_dir, config, model)
        features = experiment.description.features
        shift = frame_shift or features.frame_shift_samples / features.sample_rate
        weights = f"{experiment.weights} ({experiment.origin}, SHA-256 {experiment.fingerprint()[:12]})"
        description = f"data {data_dir.path}, network {weights}, prior scale {config.prior_scale:g}"
        return cls(str(data_dir.path), description, model or experiment.final_mdl, shift, scorer)

    def open(self, inputs: DecodeInputs) -> DecodeRun:
        """Return the function that scores and decodes; network and model were compared already."""

        def run(search: Search, workers: int) -> Iterator[DecodedUtterance]:
            def decode(utterance: Utterance) -> DecodedUtterance:
                try:
                    matrix = self.scorer.score(utterance)
                except UTTERANCE_ERRORS as error:
                    return DecodedUtterance.failed(utterance.id, error)
                return decode_utterance(search.decoder, utterance.id, matrix, search.determinize)

            with one_torch_thread():
                yield from ordered_map(decode, self.scorer.data_dir.utterances, workers)
            if usage := self.scorer.describe_usage():
                logger.info("%s", usage)

        return run
