"""The files that Kaldi's ``local/score.sh`` writes to a decoding directory, where ``best_wer.sh`` looks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.lattice import Lattice
from blasr.lattices.sweep import sweep_word_ids
from blasr.lattices.timed_words import PathFormatter
from blasr.lexicon.word_pieces import WHOLE_WORDS_ONLY, WordJoiner
from blasr.scoring.text import Score, score_text
from blasr.scoring.transcripts import write_transcripts


def setting_name(setting: PathWeights, separator: str) -> str:
    """Return a setting as in Kaldi's file names: ``7.0.5`` or ``7_0.5`` for LM weight 7 and penalty 0.5."""
    value = setting.word_insertion_penalty
    penalty = f"{value:.1f}" if value == round(value, 1) else f"{value:g}"
    return f"{setting.lm_weight:g}{separator}{penalty}"


def write_kaldi_scoring(
    folder: Path,
    lattices: Iterable[tuple[str, Lattice]],
    words: SymbolTable,
    references: Mapping[str, Sequence[str]],
    settings: Sequence[PathWeights],
    joiner: WordJoiner = WHOLE_WORDS_ONLY,
) -> dict[PathWeights, Score]:
    """Find the best paths at each setting, score them, and write everything into ``folder``.

    ``wer_7_0.5`` holds what ``compute-wer`` prints, ``scoring/7.0.5.tra`` the word-ids of the best paths,
    ``scoring/7.0.5.txt`` the words, ``scoring/test_filt.txt`` the references. The words of an utterance without a
    lattice count as deleted, and the ``wer_...`` file then says ``[PARTIAL]``.

    Args:
        folder: the decoding directory.
        lattices: read once, one at a time.
        words: spells the word-ids.
        references: words by utterance-id.
        settings: LM weights and word insertion penalties.
        joiner: joins pieces to words if the word-ids are those of pieces.

    Returns:
        The score at each setting.

    Raises:
        DataError: an utterance appears twice or has no reference, or a word-id is not in ``words``.
    """
    formatter = PathFormatter(words=words, joiner=joiner)
    try:
        word_ids = sweep_word_ids(lattices, settings)
    except DataError as error:
        raise error.at(path=folder) from None
    write_transcripts(folder / "scoring" / "test_filt.txt", references)
    scores = {}
    for setting, paths in word_ids.items():
        hypotheses = {utterance: formatter.text(ids) for utterance, ids in paths.items()}
        scores[setting] = score_text(references, hypotheses)
        name = setting_name(setting, ".")
        write_transcripts(folder / "scoring" / f"{name}.tra", {key: list(map(str, ids)) for key, ids in paths.items()})
        write_transcripts(folder / "scoring" / f"{name}.txt", hypotheses)
        with atomic_open(folder / f"wer_{setting_name(setting, '_')}", "w") as stream:
            stream.write(scores[setting].kaldi_report())
    return scores
