"""LM weight and word insertion penalty: all their settings on a tuning set, and one for every other set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from blasr.errors import DataError
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.lattice import Lattice
from blasr.lexicon.word_pieces import WHOLE_WORDS_ONLY, WordJoiner
from blasr.scoring.text import Score, score_text


def sweep(
    lattices: Iterable[tuple[str, Lattice]],
    words: SymbolTable,
    references: Mapping[str, Sequence[str]],
    settings: Sequence[PathWeights],
    joiner: WordJoiner = WHOLE_WORDS_ONLY,
) -> dict[PathWeights, Score]:
    """The score of the best paths at each setting; lattices are read once and one at a time.

    Words are put together from pieces by ``joiner``; the insertion penalty then is of pieces.

    Raises:
        DataError: an utterance stands twice or has no reference, or a word-id is not in ``words``.
    """
    hypotheses: dict[PathWeights, dict[str, list[str]]] = {setting: {} for setting in settings}
    seen: set[str] = set()
    for utterance, lattice in lattices:
        if utterance in seen:
            raise DataError("stands twice among the lattices", utterance=utterance)
        seen.add(utterance)
        for setting in settings:
            path = lattice.best_path(setting.scales)
            hypotheses[setting][utterance] = joiner.join(map(words.symbol_of, path.words.tolist()))
    return {setting: score_text(references, hypotheses[setting]) for setting in settings}


def best_setting(scores: Mapping[PathWeights, Score]) -> PathWeights:
    """The setting of fewest errors; of several, the one nearest to the middle of them all.

    Kaldi's ``best_wer.sh`` takes the first of them, which on an easy tuning set is the edge of a plateau.
    """
    fewest = min(score.total.errors for score in scores.values())
    weights = sorted({setting.lm_weight for setting in scores})
    penalties = sorted({setting.word_insertion_penalty for setting in scores})

    def place(setting: PathWeights) -> tuple[float, float]:
        """Steps in the grid, as shares of its sides."""
        return (
            weights.index(setting.lm_weight) / len(weights),
            penalties.index(setting.word_insertion_penalty) / len(penalties),
        )

    best = [setting for setting, score in scores.items() if score.total.errors == fewest]
    middle = fmean(place(setting)[0] for setting in best), fmean(place(setting)[1] for setting in best)

    def distance(setting: PathWeights) -> tuple[float, float, float]:
        weight, penalty = place(setting)
        apart = (weight - middle[0]) ** 2 + (penalty - middle[1]) ** 2
        return round(apart, 9), setting.word_insertion_penalty, setting.lm_weight

    return min(best, key=distance)
