"""The words of minimum Bayes risk decoding as CTM rows with confidences."""

from __future__ import annotations

from collections.abc import Sequence

from blasr.io.nist.ctm import CtmWord
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.minimum_bayes_risk import MinimumBayesRisk, minimum_bayes_risk
from blasr.lattices.nbest import n_best, path_of_words
from blasr.lattices.timed_words import PathFormatter
from blasr.lattices.word_times import WordTime


def mbr_ctm(
    utterance: str,
    lattice: CompactLattice,
    formatter: PathFormatter,
    scales: CostScales | None = None,
    *,
    best_path: bool = False,
) -> tuple[list[CtmWord], float]:
    """Return the CTM rows of the words with the lowest expected number of errors, and that number.

    Words get the times that they have on the best path with these words. If no path of the lattice has them all, they
    get the mean times of their positions.

    Args:
        utterance: the recording's name in the rows.
        lattice: the determinized lattice.
        formatter: spells and times the words; pieces are not joined yet.
        scales: the factors of costs.
        best_path: keep the words of the best path and compute only their confidences.

    Raises:
        DataError: the lattice has a cycle or no path.
    """
    chosen = n_best(lattice, 1, scales, utterance=utterance)[0].words.tolist() if best_path else None
    result = minimum_bayes_risk(lattice, scales, words=chosen, utterance=utterance)
    times = _times(lattice, result, formatter, scales)
    spans: Sequence[tuple[float, float]]
    if times is None:
        spans = [(word.begin_frame, word.end_frame) for word in result.words]
    else:
        spans = [(time.start_frame, time.start_frame + time.num_frames) for time in times]
    shift = formatter.frame_shift
    rows = [
        CtmWord(
            utterance, "1", begin * shift, (end - begin) * shift, formatter.words.symbol_of(word.word), word.confidence
        )
        for word, (begin, end) in zip(result.words, spans, strict=True)
    ]
    return rows, result.risk


def _times(
    lattice: CompactLattice, result: MinimumBayesRisk, formatter: PathFormatter, scales: CostScales | None
) -> list[WordTime] | None:
    """Return the times on the best path with these words; None if there is none, or if its times have other words."""
    chosen = [word.word for word in result.words]
    path = path_of_words(lattice, chosen, scales)
    if path is None:
        return None
    times, _ = formatter.times(path)
    return times if len(times) == len(chosen) else None
