"""The lexicon: words of the training texts with pronunciations of ``sw-ms98-dict.text``, and what can be made of them.

Of the words that have a pronunciation the most frequent are taken, with all of Switchboard's first. Words that the
dictionary lacks are spelled out (``c._n._n.``), joined from their parts (``forty-five``, ``tom_cruise``) or inflected
(``neighbor's``); further dictionaries in CMU's format can be given, whose phones are renamed.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.tally import Tally
from recipes.common.command import run_command
from recipes.swbd.discs import MS98, find_file
from recipes.swbd.words import LETTERS, NOISES, find_acronyms, ms98_word

Pronunciations = dict[str, set[str]]
_VOICELESS, _SIBILANT = {"p", "t", "k", "f", "th"}, {"s", "z", "sh", "zh", "ch", "jh"}


def read_ms98_lexicon(path: Path) -> list[tuple[str, str]]:
    """Words, spelled as :func:`recipes.swbd.words.ms98_word` does, and their phones.

    Raises:
        DataError: more than one line in a hundred is no word with phones; the first of them is named.
    """
    tally = Tally("dictionary", 0.01, unit="lines")
    found = []
    for number, line in enumerate(_lines(path), start=1):
        fields = line.lower().split()
        if not fields or fields[0].startswith("#") or fields[0] == "[silence]" or fields[1:] == ["sil"]:
            continue
        if len(fields) < 2 or not all(phone.isalpha() for phone in fields[1:]):
            tally.drop(f"{path}:{number} {line[:40]!r}", "that are no word with its phones")
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
    """Words and phones of a dictionary like CMU's: ``TOMATO(1)  T AH0 M AA1 T OW2``, stress left out.

    CMU writes the unstressed vowel AH0 where sw-ms98-dict has ``ax``.

    Raises:
        FormatError: with file and line.
    """
    for number, line in enumerate(_lines(path), start=1):
        fields = line.split("#")[0].lower().split() if not line.startswith(";;;") else []
        if not fields:
            continue
        if len(fields) < 2 or not all(re.fullmatch(r"[a-z]{1,2}[0-2]?", phone) for phone in fields[1:]):
            raise FormatError(f"found {line[:60]!r}, expected a word and its phones", path=path, line=number)
        phones = ["ax" if phone == "ah0" else phone.rstrip("012") for phone in fields[1:]]
        yield re.sub(r"\(\d+\)$", "", fields[0]), " ".join(phones)


def made_pronunciations(word: str, known: Mapping[str, set[str]]) -> set[str]:
    """Pronunciations of a word that the dictionaries lack, from those of others; none where that does not do."""
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
    """The lexicon's words: those of the first text by frequency, then those of the others, at most ``size``."""
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


def build(args: argparse.Namespace) -> None:
    """Write ``args.out``.

    Raises:
        DataError: no dictionary or text is there.
        FormatError: a broken line.
    """
    known: Pronunciations = {}
    dictionary = read_ms98_lexicon(find_file(MS98, [args.ms98], "sw-ms98-dict.text"))
    acronyms = find_acronyms(dictionary)
    for word, phones in dictionary:
        known.setdefault(acronyms.get(word, word), set()).add(phones)
    phone_set = {phone for row in known.values() for phones in row for phone in phones.split()}
    for path in args.extra_lexicon:
        for word, phones in read_cmu_lexicon(path):
            strange = set(phones.split()) - phone_set
            if strange:
                message = f"{word} has the phones {', '.join(sorted(strange))}, which sw-ms98-dict.text has not"
                raise FormatError(message, path=path)
            if word not in known:
                known[word] = {phones}
    counts = [count_words(path) for path in args.text]
    tally = Tally("lexicon", 1, unit="words")
    chosen = choose_words(counts, lambda word: known.get(word) or made_pronunciations(word, known), args.size, tally)
    lines = [f"{word} {phones}\n" for word, phones in NOISES.items()]
    lines += [f"{word} {phones}\n" for word in sorted(chosen) for phones in sorted(chosen[word])]
    with atomic_open(args.out, "w") as stream:
        stream.writelines(lines)
    print(tally.summary())
    total = sum(count.total() for count in counts)
    covered = sum(number for count in counts for word, number in count.items() if word in chosen or word in NOISES)
    made = sum(1 for word in chosen if word not in known)
    print(
        f"{args.out}: {len(chosen)} words ({made} made from others) and {len(NOISES)} noises, {len(lines)} "
        f"pronunciations, {len(phone_set)} phones; {covered / total:.2%} of the {total} words of the texts"
    )


def count_words(path: Path) -> Counter[str]:
    """How often each word stands in a Kaldi ``text``.

    Raises:
        DataError: it has no words.
    """
    counts = Counter(word for line in _lines(path) for word in line.split()[1:])
    if not counts:
        raise DataError("has no words", path=path, fix="prepare the data first")
    return counts


def _partial(word: str) -> bool:
    return word.startswith("-") or word.endswith("-")


def _plural(phones: str) -> str:
    last = phones.rpartition(" ")[2]
    return f"{phones} {'ax z' if last in _SIBILANT else 's' if last in _VOICELESS else 'z'}"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path) from None


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.lexicon", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ms98", type=Path, required=True, help="swb_ms98_transcriptions")
    parser.add_argument("--extra-lexicon", type=Path, nargs="*", default=[], help="dictionaries in CMU's format")
    parser.add_argument("--text", type=Path, nargs="+", required=True, help="texts, the most important one first")
    parser.add_argument("--size", type=int, default=30500, help="the most words (default: %(default)s)")
    parser.add_argument("out", type=Path, metavar="OUT", help="lexicon.txt")
    run_command(parser, build)


if __name__ == "__main__":
    main()
