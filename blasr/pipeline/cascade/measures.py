"""What the loss of a speech cascade is measured by: word errors of its decoding, or frames unlike the big model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from blasr.data.data_dir import DataDir
from blasr.decoding.decode_table import decode_utterance
from blasr.inference.acoustic_scorer import Posteriors
from blasr.lattices.config import PathWeights
from blasr.lattices.timed_words import PathFormatter
from blasr.pipeline.loglike_sources import Search
from blasr.pipeline.tuning_references import TuningReference
from blasr.scoring import ErrorCounts
from blasr.units import FloatArray


class CascadeMeasure(Protocol):
    """Counts the errors of posteriors."""

    @property
    def name(self) -> str:
        """What is measured."""
        ...

    def outcome(self, utterance: str, posteriors: Posteriors, big_rows: FloatArray) -> Any:
        """Return what one utterance contributes.

        Args:
            utterance: the utterance-id.
            posteriors: those of the cascade.
            big_rows: the log-posteriors ``(T, num_pdfs)`` of the big model.
        """
        ...

    def counts(self, outcomes: Mapping[str, Any]) -> Sequence[ErrorCounts]:
        """Return the errors of every utterance or segment."""
        ...


@dataclass(frozen=True, eq=False)
class BestPathErrors:
    """The word errors of the best path at one setting.

    Attributes:
        search: the decoder.
        reference: the transcripts, or NIST's segments.
        formatter: turns best paths into words.
        path_weights: LM weight and word insertion penalty.
        prior_scale: the weight of the log priors.
    """

    search: Search
    reference: TuningReference
    formatter: PathFormatter
    path_weights: PathWeights
    prior_scale: float
    name: str = "WER"

    def outcome(self, utterance: str, posteriors: Posteriors, big_rows: FloatArray) -> list[Any]:
        """Return the words, none if no path reaches the last frame."""
        matrix = posteriors.log_likelihoods(self.prior_scale)
        lattice = decode_utterance(self.search.decoder, utterance, matrix, None).lattice
        if lattice is None:
            return []
        return self.reference.words(utterance, lattice.best_path(self.path_weights.scales), self.formatter)

    def counts(self, outcomes: Mapping[str, Any]) -> Sequence[ErrorCounts]:
        """As :class:`CascadeMeasure`."""
        return self.reference.segments(dict(outcomes))


@dataclass(frozen=True)
class FrameDisagreements:
    """The frames whose likeliest pdf differs from the big model's, as substitutions; it needs no transcripts.

    Attributes:
        data_dir: the utterances.
    """

    data_dir: DataDir
    name: str = "frame disagreement"

    def outcome(self, utterance: str, posteriors: Posteriors, big_rows: FloatArray) -> ErrorCounts:
        """Return the numbers of equal and different frames."""
        different = int(np.count_nonzero(posteriors.log_posteriors.argmax(axis=1) != big_rows.argmax(axis=1)))
        return ErrorCounts(len(big_rows) - different, different)

    def counts(self, outcomes: Mapping[str, Any]) -> Sequence[ErrorCounts]:
        """As :class:`CascadeMeasure`."""
        return [outcomes[utterance.id] for utterance in self.data_dir.utterances if utterance.id in outcomes]
