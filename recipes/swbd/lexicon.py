"""The lexicon: words of the training texts, with pronunciations from ``sw-ms98-dict.text`` or derived from them.

The lexicon has the most frequent words that have a pronunciation, those of Switchboard first. Words that are not in
the dictionary are spelled out (``c._n._n.``), joined from their parts (``forty-five``, ``tom_cruise``) or inflected
(``neighbor's``). More dictionaries in CMU's format can be given; their phones are renamed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from blasr.cli.options import add_option
from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.tally import Tally
from recipes.common.command import run_step, step_parser
from recipes.swbd.discs import MS98, find_file
from recipes.swbd.transcripts import read_lines
from recipes.swbd.words import LETTERS, NOISES, find_acronyms, ms98_word

Pronunciations = dict[str, set[str]]
_VOICELESS, _SIBILANT = {"p", "t", "k", "f", "th"}, {"s", "z", "sh", "zh", "ch", "jh"}


def read_ms98_lexicon(path: Path) -> list[tuple[str, str]]:
    """Return the words, spelled as by :func:`recipes.swbd.words.ms98_word`, and their phones.

    Raises:
        DataError: more than one line in a hundred is not a word with phones; the error has the first of them.
    """
    tally = Tally("dictionary", 0.01, unit="lines")
    found = []
    for number, line in enumerate(read_lines(path), start=1):
        fields = line.lower().split()
        if not fields or fields[0].startswith("#") or fields[0] == "[silence]" or fields[1:] == ["sil"]:
            continue
        if len(fields) < 2 or not all(phone.isalpha() for phone in fields[1:]):
            tally.drop(f"{path}:{number} {line[:40]!r}", "that are not a word with phones")
            continue
        tally.keep()
        word = ms98_word(fields[0])
        if word not in NOISES:
            found.append((word, " ".join(fields[1:])))
    if tally.dropped:
        print(tally.summary())
    tally.check()
    return found


def read_cmu_lexicon(path: Path) -> Iterator[tuple[str, str]]:
    """Yield words and phones, without stress, of a dictionary in CMU's format: ``TOMATO(1)  T AH0 M AA1 T OW2``.

    The unstressed vowel AH0 of CMU becomes ``ax``, as in sw-ms98-dict.

    Raises:
        FormatError: a line is broken; the error has its number.
    """
    for number, line in enumerate(read_lines(path), start=1):
        fields = line.split("#")[0].lower().split() if not line.startswith(";;;") else []
        if not fields:
            continue
        if len(fields) < 2 or not all(re.fullmatch(r"[a-z]{1,2}[0-2]?", phone) for phone in fields[1:]):
            raise FormatError(f"found {line[:60]!r}, expected a word and its phones", path=path, line=number)
        phones = ["ax" if phone == "ah0" else phone.rstrip("012") for phone in fields[1:]]
        yield re.sub(r"\(\d+\)$", "", fields[0]), " ".join(phones)


def derived_pronunciations(word: str, known: Mapping[str, set[str]]) -> set[str]:
    """Derive the pronunciations of a word from those of known words; return an empty set if that is not possible."""
    acronym = re.fullmatch(r"([a-z](?:\._[a-z])*\.)('?s)?", word)
    if acronym is not None:
        base = {" ".join(LETTERS[letter] for letter in acronym[1] if letter.isalpha())}
        return {_plural(phones) for phones in base} if acronym[2] else base
    if word.endswith("'s") and word[:-2] in known:
        return {_plural(phones) for phones in known[word[:-2]]}
    if word.endswith("s'") and word[:-1] in known:
        return known[word[:-1]]
    parts = [part for part in re.split(r"[-_]", word) if part]
    if len(parts) > 1 and not word.startswith("-") and not word.endswith("-") and all(part in known for part in parts):
        return {" ".join(min(known[part]) for part in parts)}
    return set()


def choose_words(
    counts: Sequence[Counter[str]], pronunciations: Callable[[str], set[str]], size: int, tally: Tally
) -> Pronunciations:
    """Choose at most ``size`` words: those of the first text by frequency, then those of the other texts.

    Args:
        counts: the frequencies of the words of each text.
        pronunciations: returns the pronunciations of a word.
        size: the size of the lexicon.
        tally: counts the words, and the reasons why others were dropped.
    """
    chosen: Pronunciations = {}
    seen = set(NOISES)
    for count in counts:
        for word, _ in sorted(count.items(), key=lambda item: (-item[1], item[0])):
            if word in seen:
                continue
            seen.add(word)
            found = pronunciations(word)
            if not found:
                tally.drop(word, "without pronunciation" if not _partial(word) else "partly spoken")
            elif len(chosen) >= size:
                tally.drop(word, f"beyond the {size} to keep")
            else:
                tally.keep()
                chosen[word] = found
    return chosen


def read_dictionaries(ms98: Path, extra: Sequence[Path]) -> Pronunciations:
    """Return the pronunciations of ``sw-ms98-dict.text``, and of the other dictionaries for words that it lacks.

    Raises:
        DataError: there is no ``sw-ms98-dict.text`` below ``ms98``, or it is broken.
        FormatError: another dictionary is broken, or has a phone that ``sw-ms98-dict.text`` does not have.
    """
    known: Pronunciations = {}
    dictionary = read_ms98_lexicon(find_file(MS98, [ms98], "sw-ms98-dict.text"))
    acronyms = find_acronyms(dictionary)
    for word, phones in dictionary:
        known.setdefault(acronyms.get(word, word), set()).add(phones)
    phone_set = phones_of(known)
    for path in extra:
        for word, phones in read_cmu_lexicon(path):
            unknown = set(phones.split()) - phone_set
            if unknown:
                message = f"{word} has the phones {', '.join(sorted(unknown))}, which are not in sw-ms98-dict.text"
                raise FormatError(message, path=path)
            if word not in known:
                known[word] = {phones}
    return known


def phones_of(known: Pronunciations) -> set[str]:
    """Return all phones of the pronunciations."""
    return {phone for row in known.values() for phones in row for phone in phones.split()}


def build(ms98: Path, extra_lexicon: Sequence[Path], text: Sequence[Path], size: int, out: Path) -> None:
    """Write the lexicon and print its size.

    Args:
        ms98: the folder of ``sw-ms98-dict.text``.
        extra_lexicon: more dictionaries, in CMU's format.
        text: Kaldi ``text`` files, the most important one first.
        size: maximum number of words.
        out: the lexicon.

    Raises:
        DataError: a dictionary or text is missing or empty.
        FormatError: a line is broken.
    """
    known = read_dictionaries(ms98, extra_lexicon)
    counts = [count_words(path) for path in text]
    tally = Tally("lexicon", 1, unit="words")
    chosen = choose_words(counts, lambda word: known.get(word) or derived_pronunciations(word, known), size, tally)
    lines = [f"{word} {phones}\n" for word, phones in NOISES.items()]
    lines += [f"{word} {phones}\n" for word in sorted(chosen) for phones in sorted(chosen[word])]
    with atomic_open(out, "w") as stream:
        stream.writelines(lines)
    print(tally.summary())
    total = sum(count.total() for count in counts)
    covered = sum(number for count in counts for word, number in count.items() if word in chosen or word in NOISES)
    derived = sum(1 for word in chosen if word not in known)
    print(
        f"{out}: {len(chosen)} words ({derived} derived from others) and {len(NOISES)} noises, {len(lines)} "
        f"pronunciations, {len(phones_of(known))} phones; {covered / total:.2%} of the {total} words of the texts"
    )


def count_words(path: Path) -> Counter[str]:
    """Count the words of a Kaldi ``text``.

    Raises:
        DataError: it has no words.
    """
    counts = Counter(word for line in read_lines(path) for word in line.split()[1:])
    if not counts:
        raise DataError("has no words", path=path, fix="prepare the data first")
    return counts


def _partial(word: str) -> bool:
    return word.startswith("-") or word.endswith("-")


def _plural(phones: str) -> str:
    last = phones.rpartition(" ")[2]
    return f"{phones} {'ax z' if last in _SIBILANT else 's' if last in _VOICELESS else 'z'}"


def main() -> None:
    parser = step_parser("recipes.swbd.lexicon", __doc__)
    parser.add_argument("--ms98", type=Path, required=True, metavar="DIR", help="swb_ms98_transcriptions")
    help_text = "more dictionaries, in CMU's format"
    parser.add_argument("--extra-lexicon", type=Path, nargs="*", default=[], metavar="FILE", help=help_text)
    help_text = "Kaldi text files, the most important one first"
    parser.add_argument("--text", type=Path, nargs="+", required=True, metavar="FILE", help=help_text)
    parser.add_argument(
        "--size", type=int, default=30500, metavar="N", help="maximum number of words (default: %(default)s)"
    )
    add_option(parser, "--out", required=True, note="lexicon.txt")
    run_step(parser, build)


if __name__ == "__main__":
    main()
