"""Best paths of lattices at several LM weights and word insertion penalties, and the best of these settings.

Settings are tried on a tuning set; one of them is then frozen for every other set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from blasr.errors import DataError
from blasr.io.nist.ctm import CtmWord
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.lattice import BestPath, Lattice
from blasr.lattices.timed_words import PathFormatter
from blasr.lexicon.word_pieces import WHOLE_WORDS_ONLY, WordJoiner
from blasr.scoring.text import Score, score_text


def sweep_paths(
    lattices: Iterable[tuple[str, Lattice]], settings: Sequence[PathWeights]
) -> Iterator[tuple[str, dict[PathWeights, BestPath]]]:
    """Yield every utterance with its best path at each setting; lattices are read once and one at a time.

    Raises:
        DataError: an utterance appears twice, or a lattice has no path to a final state.
    """
    seen: set[str] = set()
    for utterance, lattice in lattices:
        if utterance in seen:
            raise DataError("appears twice among the lattices", utterance=utterance)
        seen.add(utterance)
        yield utterance, {setting: lattice.best_path(setting.scales) for setting in settings}


def sweep_word_ids(
    lattices: Iterable[tuple[str, Lattice]], settings: Sequence[PathWeights]
) -> dict[PathWeights, dict[str, list[int]]]:
    """Return, for each setting, the word-ids of every utterance's best path.

    Raises:
        DataError: as :func:`sweep_paths`.
    """
    word_ids: dict[PathWeights, dict[str, list[int]]] = {setting: {} for setting in settings}
    for utterance, paths in sweep_paths(lattices, settings):
        for setting, path in paths.items():
            word_ids[setting][utterance] = path.words.tolist()
    return word_ids


def sweep(
    lattices: Iterable[tuple[str, Lattice]],
    words: SymbolTable,
    references: Mapping[str, Sequence[str]],
    settings: Sequence[PathWeights],
    joiner: WordJoiner = WHOLE_WORDS_ONLY,
) -> dict[PathWeights, Score]:
    """Return the score of the best paths at each setting.

    ``joiner`` joins pieces to words; the insertion penalty then applies to every piece.

    Raises:
        DataError: an utterance appears twice or has no reference, or a word-id is not in ``words``.
    """
    formatter = PathFormatter(words=words, joiner=joiner)
    return {
        setting: score_text(references, {utterance: formatter.text(ids) for utterance, ids in paths.items()})
        for setting, paths in sweep_word_ids(lattices, settings).items()
    }


def best_texts(
    lattices: Iterable[tuple[str, Lattice]],
    words: SymbolTable,
    setting: PathWeights,
    joiner: WordJoiner = WHOLE_WORDS_ONLY,
) -> dict[str, list[str]]:
    """Return the words of every utterance's best path at one setting.

    Raises:
        DataError: an utterance appears twice, or a word-id is not in ``words``.
    """
    formatter = PathFormatter(words=words, joiner=joiner)
    paths = sweep_word_ids(lattices, [setting])[setting]
    return {utterance: formatter.text(ids) for utterance, ids in paths.items()}


def sweep_ctm(
    lattices: Iterable[tuple[str, Lattice]], formatter: PathFormatter, settings: Sequence[PathWeights]
) -> dict[PathWeights, list[CtmWord]]:
    """Return, for each setting, the CTM rows of the best paths of all utterances, in the order of the lattices.

    Raises:
        DataError: as :func:`sweep_paths`.
    """
    rows: dict[PathWeights, list[CtmWord]] = {setting: [] for setting in settings}
    for utterance, paths in sweep_paths(lattices, settings):
        known: dict[bytes, list[CtmWord]] = {}  # many settings have the same best path
        for setting, path in paths.items():
            key = path.transition_ids.tobytes() + path.words.tobytes()
            if key not in known:
                known[key] = formatter.ctm(utterance, formatter.times(path)[0])
            rows[setting] += known[key]
    return rows


def best_setting(scores: Mapping[PathWeights, Score]) -> PathWeights:
    """Return the setting with the fewest errors; among several, the one nearest to the middle of them all.

    Kaldi's ``best_wer.sh`` takes the first of them, which is the edge of a plateau on an easy tuning set.
    """
    fewest = min(score.total.errors for score in scores.values())
    best = [setting for setting, score in scores.items() if score.total.errors == fewest]
    points = [(setting.word_insertion_penalty, setting.lm_weight) for setting in best]
    axes = [setting.word_insertion_penalty for setting in scores], [setting.lm_weight for setting in scores]
    return best[middle_point(points, axes)]


def middle_point(points: Sequence[tuple[float, ...]], axes: Sequence[Iterable[float]]) -> int:
    """Return the number of the point nearest to the mean of several points of a grid; of equals, the smallest point.

    Args:
        points: the points, each with one value for each axis.
        axes: all values of each axis. A value's position is its rank as a share of their number, so that unequal steps
            count alike.
    """
    ranks = [{value: rank for rank, value in enumerate(sorted(set(values)))} for values in axes]
    positions = [tuple(rank[value] / len(rank) for value, rank in zip(point, ranks, strict=True)) for point in points]
    middle = [fmean(values) for values in zip(*positions, strict=True)]

    def distance(index: int) -> tuple[float, tuple[float, ...]]:
        squared = sum((value - mean) ** 2 for value, mean in zip(positions[index], middle, strict=True))
        return round(squared, 9), points[index]

    return min(range(len(points)), key=distance)
