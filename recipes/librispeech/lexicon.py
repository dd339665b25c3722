"""The lexicon: the words of the texts, pronounced as in cmudict; the pronunciations of other words are guessed.

Stress is removed from the phones. Words are in capitals, as in LibriSpeech's transcripts. For the open vocabulary,
four more files are written: the frequent words, which are not split into pieces; a dictionary from which the pieces
learn their phones; all words of cmudict as a text; and the same text after the other texts.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from blasr.cli.options import add_option
from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.io.text_lines import read_fields
from blasr.lexicon import Pronunciation, guess_pronunciations, train_g2p
from recipes.common.command import run_step, step_parser

UNKNOWN = "<UNK>"
DICTIONARY = "cmudict.dict"
DICTIONARY_SAMPLE = 10_000  # more words change the phones of pieces little, and take long to align
FREQUENT = 3
"""Words that occur as often are not split into pieces."""
WORDS_PER_LINE = 10


def read_cmudict(path: Path) -> dict[str, list[tuple[str, ...]]]:
    """Return the pronunciations of every word, without stress; ``path`` is cmudict.dict or its folder.

    Raises:
        FormatError: the file is missing, or a line is not ``word PHONE PHONE...``.
    """
    file = path / DICTIONARY if path.is_dir() else path
    found: dict[str, list[tuple[str, ...]]] = {}
    for number, fields in read_fields(file, fix="give cmudict.dict or its folder with --cmudict"):
        if fields[0].startswith(";;;"):
            continue
        word, *phones = fields[: fields.index("#")] if "#" in fields else fields
        if not phones or not all(re.fullmatch(r"[A-Z]+[0-2]?", phone) for phone in phones):
            raise FormatError(f"found {' '.join(fields)!r}, expected a word and its phones", path=file, line=number)
        pronunciations = found.setdefault(re.sub(r"\(\d+\)$", "", word).upper(), [])
        plain = tuple(phone.rstrip("012") for phone in phones)
        if plain not in pronunciations:
            pronunciations.append(plain)
    return found


def sentences(text: Iterable[Path], lm_text: Iterable[Path]) -> Iterator[str]:
    """Yield the lines of texts with utterance-ids, which are removed, and of texts without.

    Raises:
        FormatError: a text cannot be read.
    """
    for path in text:
        yield from (" ".join(words) for _, (_, *words) in read_fields(path))
    for path in lm_text:
        yield from (" ".join(words) for _, words in read_fields(path))


def count_words(text: Iterable[Path], lm_text: Iterable[Path]) -> Counter[str]:
    """Count the words of texts with utterance-ids, and of texts without.

    Raises:
        DataError: they have no words.
        FormatError: a text cannot be read.
    """
    counts = Counter(word for line in sentences(text, lm_text) for word in line.split())
    if not counts:
        raise DataError("the texts have no words", fix="prepare the data first")
    return counts


def choose_words(counts: Counter[str], always: Collection[str], size: int) -> list[str]:
    """Return the words of ``always``, then the most frequent others, at most ``size``; sorted."""
    others = sorted((word for word in counts if word not in always), key=lambda word: (-counts[word], word))
    return sorted([*always, *others[: max(size - len(always), 0)]])


def guess(words: Sequence[str], cmudict: dict[str, list[tuple[str, ...]]], model: Path) -> dict[str, tuple[str, ...]]:
    """Return guessed pronunciations of words; the model is trained on cmudict if its file does not exist.

    Raises:
        DependencyError: phonetisaurus is not installed.
        DataError: a word has letters that cmudict does not have.
    """
    if not words:
        return {}
    if not model.exists():
        train_g2p((Pronunciation(word, phones) for word, row in cmudict.items() for phones in row), model)
    guessed = guess_pronunciations(words, model)
    silent = [word for word in words if word not in guessed]
    if silent:
        message = f"{len(silent)} words have letters that the dictionary does not have: {' '.join(silent[:10])}"
        raise DataError(message, fix="remove them from the text, or add them to the dictionary")
    return guessed


def lines_of_words(words: Iterable[str], seed: int) -> list[str]:
    """Return the words in random order, some on each line, so that a language model sees no order of words in them."""
    shuffled = sorted(words)
    random.Random(seed).shuffle(shuffled)
    return [" ".join(shuffled[start : start + WORDS_PER_LINE]) for start in range(0, len(shuffled), WORDS_PER_LINE)]


def build(cmudict: Path, text: Sequence[Path], lm_text: Sequence[Path], size: int, seed: int, out: Path) -> None:
    """Write ``lexicon.txt``, and the guessed words in ``guessed.txt``.

    The files of the open vocabulary are ``whole_words.txt``, ``dictionary.txt``, ``dictionary_words.txt`` and
    ``all_text.txt``.

    Args:
        cmudict: cmudict.dict or its folder.
        text: Kaldi ``text`` files; all their words are in the lexicon.
        lm_text: texts without utterance-ids.
        size: the maximum number of words.
        seed: chooses the words of ``dictionary.txt`` and the order of ``dictionary_words.txt``.
        out: the folder that receives the files.

    Raises:
        DataError: the texts have no words, or a word cannot be pronounced.
        DependencyError: phonetisaurus is not installed, and cmudict lacks a word.
        FormatError: a file cannot be read.
    """
    known = read_cmudict(cmudict)
    counts = count_words(text, lm_text)
    words = choose_words(counts, set(count_words(text, ())), size)
    missing = [word for word in words if word not in known]
    guessed = guess(missing, known, out / "g2p.fst")
    rows = [(word, phones) for word in words for phones in known.get(word) or [guessed[word]]]
    frequent = [row for row in rows if counts[row[0]] >= FREQUENT]
    sample = random.Random(seed).sample(sorted(known), min(DICTIONARY_SAMPLE, len(known)))
    word_lines = lines_of_words(known, seed)
    contents = {
        "lexicon.txt": [f"{UNKNOWN} SPN", *map(_line, rows)],
        "guessed.txt": map(_line, guessed.items()),
        "dictionary.txt": [_line((word, phones)) for word in sorted(sample) for phones in known[word]],
        "dictionary_words.txt": word_lines,
        "all_text.txt": chain(sentences(text, lm_text), word_lines),
        "whole_words.txt": [f"{UNKNOWN} SPN", *map(_line, frequent)],
    }
    for name, lines in contents.items():
        with atomic_open(out / name, "w") as stream:
            stream.writelines(f"{line}\n" for line in lines)
    covered = sum(counts[word] for word in words)
    print(
        f"{out / 'lexicon.txt'}: {len(words)} words, {len(rows)} pronunciations, {len(guessed)} of them guessed; "
        f"{covered} of the {counts.total()} words of the texts ({covered / counts.total():.2%})"
    )


def _line(row: tuple[str, Sequence[str]]) -> str:
    return f"{row[0]} {' '.join(row[1])}"


def main() -> None:
    parser = step_parser("recipes.librispeech.lexicon", __doc__)
    parser.add_argument("--cmudict", type=Path, required=True, metavar="PATH", help="cmudict.dict or its folder")
    parser.add_argument("--text", type=Path, nargs="+", required=True, metavar="FILE", help="Kaldi text files")
    help_text = "more texts, one sentence a line, without utterance-ids"
    parser.add_argument("--lm-text", type=Path, nargs="*", default=[], metavar="FILE", help=help_text)
    help_text = "maximum number of words (default: %(default)s)"
    parser.add_argument("--size", type=int, default=200_000, metavar="N", help=help_text)
    add_option(parser, "--seed", note="for the open vocabulary's files")
    add_option(parser, "--out", required=True, note="the folder that receives lexicon.txt")
    run_step(parser, build)


if __name__ == "__main__":
    main()
