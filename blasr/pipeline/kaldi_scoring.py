"""The files that Kaldi's ``local/score.sh`` leaves in a decoding directory, where ``best_wer.sh`` looks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.lattice import Lattice
from blasr.lexicon.word_pieces import WHOLE_WORDS_ONLY, WordJoiner
from blasr.scoring.text import Score, score_text


def setting_name(setting: PathWeights, separator: str) -> str:
    """How Kaldi's file names tell a setting: ``7.0.5`` or ``7_0.5`` for LM weight 7 and penalty 0.5."""
    penalty = setting.word_insertion_penalty
    told = f"{penalty:.1f}" if penalty == round(penalty, 1) else f"{penalty:g}"
    return f"{setting.lm_weight:g}{separator}{told}"


def write_kaldi_scoring(
    folder: Path,
    lattices: Iterable[tuple[str, Lattice]],
    words: SymbolTable,
    references: Mapping[str, Sequence[str]],
    settings: Sequence[PathWeights],
    joiner: WordJoiner = WHOLE_WORDS_ONLY,
) -> dict[PathWeights, Score]:
    """Find the best paths at each setting, score them, and write all into ``folder``.

    ``wer_7_0.5`` has what ``compute-wer`` prints, ``scoring/7.0.5.tra`` the word-ids of the best paths,
    ``scoring/7.0.5.txt`` the words, ``scoring/test_filt.txt`` the references. An utterance without a lattice counts as
    deleted, and ``[PARTIAL]`` stands in its file.

    Args:
        folder: the decoding directory.
        lattices: read once, one at a time.
        words: spell the word-ids.
        references: words by utterance-id.
        settings: LM weights and word insertion penalties.
        joiner: puts words together, where word-ids are of pieces.

    Raises:
        DataError: an utterance stands twice or has no reference, or a word-id is not in ``words``.
    """
    word_ids: dict[PathWeights, dict[str, list[int]]] = {setting: {} for setting in settings}
    seen: set[str] = set()
    for utterance, lattice in lattices:
        if utterance in seen:
            raise DataError("stands twice among the lattices", path=folder, utterance=utterance)
        seen.add(utterance)
        for setting in settings:
            path = lattice.best_path(setting.scales)
            word_ids[setting][utterance] = path.words.tolist()
    _write_text(folder / "scoring" / "test_filt.txt", references)
    scores = {}
    for setting, paths in word_ids.items():
        hypotheses = {name: joiner.join(map(words.symbol_of, path)) for name, path in paths.items()}
        scores[setting] = score_text(references, hypotheses)
        name = setting_name(setting, ".")
        _write_text(folder / "scoring" / f"{name}.tra", {key: list(map(str, path)) for key, path in paths.items()})
        _write_text(folder / "scoring" / f"{name}.txt", hypotheses)
        with atomic_open(folder / f"wer_{setting_name(setting, '_')}", "w") as stream:
            stream.write(scores[setting].kaldi_report())
    return scores


def _write_text(path: Path, rows: Mapping[str, Sequence[str]]) -> None:
    with atomic_open(path, "w") as stream:
        stream.writelines(" ".join([utterance, *row]) + "\n" for utterance, row in rows.items())
