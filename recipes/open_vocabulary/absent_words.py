"""How many of the words that training never had were recognized, and how many of the others, at the frozen setting."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from blasr.cli.score.report import read_text
from blasr.io.symbols import SymbolTable
from blasr.lattices.lattice_table import read_state_lattices
from blasr.lattices.weights_file import read_path_weights
from blasr.lexicon.word_pieces import WordJoiner
from blasr.scoring.edit_distance import align_words
from recipes.common.command import run_command

Text = Mapping[str, Sequence[str]]


def recognized(references: Text, hypotheses: Text, known: Collection[str]) -> Counter[tuple[bool, bool]]:
    """How many words of the references there are, by whether they are known and whether they are correct."""
    counts: Counter[tuple[bool, bool]] = Counter()
    for utterance, reference in references.items():
        for wanted, found in align_words(reference, hypotheses.get(utterance, [])).pairs:
            if wanted is not None:
                counts[wanted in known, wanted == found] += 1
    return counts


def best_paths(folder: Path, words_path: Path) -> Text:
    """The words of the lattices in ``folder`` at the setting frozen beside it."""
    setting = read_path_weights(folder.parent / "setting.json")
    words, joiner = SymbolTable.read(words_path), WordJoiner.beside(words_path)
    found = {}
    for utterance, lattice in read_state_lattices(folder):
        path = lattice.best_path(setting.scales)
        found[utterance] = joiner.join(map(words.symbol_of, path.words.tolist()))
    return found


def report(args: argparse.Namespace) -> None:
    """Print one line for each kind of word and system."""
    known = {word for words in read_text(args.train).values() for word in words}
    references = read_text(args.text)
    for name, folder, words_path in args.system:
        counts = recognized(references, best_paths(Path(folder), Path(words_path)), known)
        for is_known, label in ((True, "in the training text"), (False, "absent from it")):
            correct, number = counts[is_known, True], counts[is_known, True] + counts[is_known, False]
            print(f"{name}: words {label}: {correct} of {number} correct, {100 * correct / max(number, 1):.1f}%")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="recipes.open_vocabulary.absent_words", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("train", type=Path, help="the transcripts of training")
    parser.add_argument("text", type=Path, help="the references")
    parser.add_argument("--system", nargs=3, action="append", required=True, metavar=("NAME", "LATTICES", "WORDS"))
    run_command(parser, report)


if __name__ == "__main__":
    main()
