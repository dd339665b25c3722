"""How sure a model is of an utterance by its lattice: 1 minus the expected errors per word of the best path."""

from __future__ import annotations

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.hmm.transition_model import TransitionModel
from blasr.inference.acoustic_scorer import Posteriors
from blasr.inference.config import LatticeConfidenceConfig
from blasr.io.fst import Fst
from blasr.lattices.config import DeterminizationConfig
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.minimum_bayes_risk import minimum_bayes_risk


class LatticeConfidence:
    """Decodes posteriors and measures the expected number of errors of the best path (Xu et al. 2011).

    Args:
        graph: HCLG.
        transitions: the transition model of the graph.
        config: prior scale, beams, LM weight and penalty.
    """

    def __init__(self, graph: Fst, transitions: TransitionModel, config: LatticeConfidenceConfig) -> None:
        self._transitions, self._config = transitions, config
        self._decoder = LatticeDecoder(graph, transitions.tid_to_pdf, config.decoder)
        self._determinization = DeterminizationConfig(config.decoder.lattice_beam, config.decoder.acoustic_scale)

    def __call__(self, posteriors: Posteriors) -> float:
        """Return the confidence, 0 to 1; 0 if no path reaches the last frame."""
        config, scales = self._config, self._config.setting.scales
        lattice = self._decoder.decode(posteriors.log_likelihoods(config.prior_scale))
        if not lattice.num_states:
            return 0.0
        words = lattice.best_path(scales).words.tolist()
        compact, _ = determinize_lattice(lattice, self._determinization, self._transitions)
        risk = minimum_bayes_risk(compact, scales, words=words).risk
        return min(1.0, max(0.0, 1.0 - risk / max(len(words), 1)))
