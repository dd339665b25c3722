"""Count the correct words that occur in the training text, and those that do not, at the frozen setting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from blasr.io.symbols import SymbolTable
from blasr.lattices.lattice_table import read_state_lattices
from blasr.lattices.weights_file import read_path_weights
from blasr.lexicon.word_pieces import WordJoiner
from blasr.scoring.edit_distance import align_words
from blasr.scoring.transcripts import read_transcripts
from recipes.common.command import run_step, step_parser

Text = Mapping[str, Sequence[str]]


def count_correct(references: Text, hypotheses: Text, known: Collection[str]) -> Counter[tuple[bool, bool]]:
    """Count the words of the references by whether they are in ``known`` and whether they were recognized."""
    counts: Counter[tuple[bool, bool]] = Counter()
    for utterance, reference in references.items():
        for wanted, found in align_words(reference, hypotheses.get(utterance, [])).pairs:
            if wanted is not None:
                counts[wanted in known, wanted == found] += 1
    return counts


def best_paths(folder: Path, words_path: Path) -> Text:
    """Return the words of the lattices in ``folder``, at the setting in ``setting.json`` of its parent folder."""
    setting = read_path_weights(folder.parent / "setting.json")
    words, joiner = SymbolTable.read(words_path), WordJoiner.beside(words_path)
    found = {}
    for utterance, lattice in read_state_lattices(folder):
        path = lattice.best_path(setting.scales)
        found[utterance] = joiner.join(map(words.symbol_of, path.words.tolist()))
    return found


def report(train: Path, ref: Path, system: Sequence[tuple[str, str, str]]) -> None:
    """Print one line for each kind of word and each system (its name, lattices and words.txt)."""
    known = {word for words in read_transcripts(train).values() for word in words}
    references = read_transcripts(ref)
    for name, folder, words_path in system:
        counts = count_correct(references, best_paths(Path(folder), Path(words_path)), known)
        for is_known, label in ((True, "in the training text"), (False, "not in the training text")):
            correct, number = counts[is_known, True], counts[is_known, True] + counts[is_known, False]
            print(f"{name}: words {label}: {correct} of {number} correct, {100 * correct / max(number, 1):.1f}%")


def main() -> None:
    parser = step_parser("recipes.open_vocabulary.absent_words", __doc__)
    parser.add_argument("--train", type=Path, required=True, metavar="TEXT", help="the transcripts of the training set")
    parser.add_argument("--ref", type=Path, required=True, metavar="TEXT", help="the references")
    parser.add_argument(
        "--system",
        nargs=3,
        action="append",
        required=True,
        metavar=("NAME", "LATTICES", "WORDS"),
        help="a system's name, folder of lattices and words.txt; may be repeated",
    )
    run_step(parser, report)


if __name__ == "__main__":
    main()
