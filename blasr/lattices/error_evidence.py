"""Evidence for the causes of errors: how much of the references lattices contain, and at what cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from blasr.errors import DataError
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import DeterminizationConfig, PathWeights
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.lattice import BestPath, Lattice
from blasr.lattices.minimum_bayes_risk import minimum_bayes_risk
from blasr.lattices.nearest_path import lattice_evidence
from blasr.scoring.causes import LatticeEvidence


@dataclass(slots=True)
class ErrorEvidence:
    """What the lattices of a set show about its errors.

    Attributes:
        hypotheses: the words of the best paths, by utterance-id.
        evidence: the lattice's evidence, for each utterance that has a reference and a path.
        oracle_errors: the errors of the paths nearest to the references.
        reference_words: the words of these references.
        confidences: the posteriors of the words of the best paths, by utterance-id, if they were wanted.
    """

    hypotheses: dict[str, list[str]] = field(default_factory=dict)
    evidence: dict[str, LatticeEvidence] = field(default_factory=dict)
    oracle_errors: int = 0
    reference_words: int = 0
    confidences: dict[str, list[float]] = field(default_factory=dict)


def collect_evidence(
    lattices: Iterable[tuple[str, Lattice]],
    words: SymbolTable,
    references: Mapping[str, Sequence[str]],
    weights: PathWeights,
    forced: Iterable[tuple[str, Lattice]] = (),
    *,
    confidences: bool = False,
) -> ErrorEvidence:
    """Compare the best path of every lattice with the path that is nearest to the reference.

    Args:
        lattices: read once and one at a time.
        words: spells the word-ids.
        references: words by utterance-id.
        weights: the LM weight and the penalty of the best paths.
        forced: lattices of searches restricted to the reference; they show whether the models would have preferred it.
        confidences: whether to compute the posterior of each word of the best paths, from determinized lattices.

    Raises:
        DataError: a forced path differs from the reference, or a lattice has no path to a final state.
    """
    forced_paths: dict[str, BestPath] = {name: lattice.best_path(weights.scales) for name, lattice in forced}
    found = ErrorEvidence()
    for utterance, lattice in lattices:
        path = lattice.best_path(weights.scales)
        found.hypotheses[utterance] = [words.symbol_of(word) for word in path.words.tolist()]
        if confidences:
            config = DeterminizationConfig(acoustic_scale=weights.scales.acoustic_scale)
            compact, _ = determinize_lattice(lattice, config)
            judged = minimum_bayes_risk(compact, weights.scales, words=path.words.tolist(), utterance=utterance)
            found.confidences[utterance] = [word.confidence for word in judged.words]
        if utterance not in references:
            continue
        reference = [words.id_of(word) if word in words else -1 for word in references[utterance]]
        forced_path = forced_paths.get(utterance)
        if forced_path is not None and forced_path.words.tolist() != reference:
            raise DataError("the forced path differs from the reference", utterance=utterance)
        evidence = lattice_evidence(lattice, path, reference, weights.lm_weight, forced_path)
        if evidence is not None:
            found.evidence[utterance] = evidence
            found.oracle_errors += evidence.oracle_errors
            found.reference_words += len(reference)
    return found
