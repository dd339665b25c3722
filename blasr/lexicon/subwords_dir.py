"""A folder of subwords: ``subwords.model`` (sentencepiece), ``lexiconp.txt`` and ``whole_words.txt``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final, Literal, Self

from blasr.errors import DataError
from blasr.io.atomic import atomic_dir
from blasr.lexicon.letter_phones import LetterPhones, pronounce_pieces
from blasr.lexicon.pronunciations import Pronunciation, read_lexicon
from blasr.lexicon.subwords import SubwordModel, train_subwords
from blasr.lexicon.word_pieces import WHOLE_WORDS, WORD_MARK, WordJoiner

MODEL: Final = "subwords.model"
LEXICON: Final = "lexiconp.txt"
"""The pronunciations of the pieces, with probabilities."""
UNKNOWN: Final = Pronunciation("<unk>", ("SPN",))
"""The word for what the pieces cannot spell, with its phone."""


@dataclass(frozen=True)
class SubwordsDir:
    """The content of the folder, without the model.

    Attributes:
        path: the folder.
        lexicon: the pronunciations of the pieces and of the words that are never split.
        whole: the words that are never split.
    """

    path: Path
    lexicon: tuple[Pronunciation, ...]
    whole: frozenset[str]

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """Read the folder, without the model.

        Raises:
            DataError: the folder lacks a file, or the lexicon is wrong.
            FormatError: a file cannot be read.
        """
        folder = Path(path)
        missing = [name for name in (MODEL, LEXICON, WHOLE_WORDS) if not (folder / name).is_file()]
        if missing:
            raise DataError(
                f"the folder of subwords lacks {', '.join(missing)}", path=path, fix="run `blasr subwords train`"
            )
        whole = WordJoiner.beside(folder / LEXICON).whole or frozenset()
        return cls(folder, tuple(read_lexicon(folder / LEXICON)), whole)

    def model(self) -> SubwordModel:
        """Return the model, which splits words; raise :class:`FormatError` if its file is damaged."""
        return SubwordModel(self.path / MODEL, self.whole)

    def covers(self, dictionary: Iterable[Pronunciation]) -> Iterator[bool]:
        """Yield, for each pronunciation, whether it can be joined from pronunciations of the word's pieces."""
        phones_of: dict[str, list[tuple[str, ...]]] = {}
        for entry in self.lexicon:
            phones_of.setdefault(entry.word, []).append(entry.phones)
        model = self.model()
        for entry in dictionary:
            reached = {0}  # possible numbers of phones so far
            for piece in model.split([entry.word]):
                reached = {
                    start + len(phones)
                    for start in reached
                    for phones in phones_of.get(piece, [])
                    if entry.phones[start : start + len(phones)] == phones
                }
            yield len(entry.phones) in reached

    @property
    def pieces(self) -> frozenset[str]:
        """The pieces that have a pronunciation."""
        return frozenset(entry.word for entry in self.lexicon) - self.whole


def make_subwords_dir(
    sentences: Iterable[Sequence[str]],
    size: int,
    out: str | PathLike[str],
    *,
    method: Literal["unigram", "bpe"] = "unigram",
    whole: Sequence[Pronunciation] = (UNKNOWN,),
    dictionary: Sequence[Pronunciation] = (),
) -> SubwordsDir:
    """Train subwords on a text and write the folder.

    Pieces are pronounced as they are spelled, or as the dictionary pronounces their letters.

    Args:
        sentences: the text.
        size: the number of pieces.
        out: the folder; an older folder of subwords is replaced.
        method: how sentencepiece chooses the pieces.
        whole: words that are never split, for example the unknown word and noises, and their pronunciations.
        dictionary: pronunciations of words; if there are any, pieces are pronounced as their letters are in these
            words, and pieces with other letters are left out of the lexicon.

    Raises:
        DependencyError: sentencepiece is not installed.
        DataError: see :func:`~blasr.lexicon.subwords.train_subwords`; or ``out`` is a folder with other content.
    """
    target = Path(out)
    if target.is_dir() and any(target.iterdir()) and not (target / MODEL).is_file():
        raise DataError("is a folder with content other than subwords", path=out, fix="choose a new folder")
    whole_words = dict.fromkeys(entry.word for entry in whole)
    with atomic_dir(target) as folder:
        model = train_subwords(sentences, size, folder / MODEL, method=method, whole=whole_words)
        split_words = [entry for entry in dictionary if entry.word not in whole_words]
        entries = [*whole, *(_pronounced(model, split_words) if split_words else model.lexicon())]
        (folder / LEXICON).write_text(
            "".join(f"{entry.word} {entry.probability:.4g} {' '.join(entry.phones)}\n" for entry in entries),
            encoding="utf-8",
        )
        (folder / WHOLE_WORDS).write_text("".join(f"{word}\n" for word in whole_words), encoding="utf-8")
    return SubwordsDir.read(target)


def _pronounced(model: SubwordModel, dictionary: Sequence[Pronunciation]) -> Iterator[Pronunciation]:
    """The pieces with the phones that their letters have in a dictionary, most frequent pronunciations first."""
    letters = LetterPhones(dictionary)
    found = pronounce_pieces(((model.split([entry.word]), entry) for entry in dictionary), letters)
    for piece in model.pieces:
        if piece in model.whole:
            continue
        guess = letters.guess(piece.removeprefix(WORD_MARK))
        pronunciations = found.get(piece) or ({guess: 1.0} if guess else {})
        for phones, probability in sorted(pronunciations.items(), key=lambda item: (-item[1], item[0])):
            yield Pronunciation(piece, phones, probability)
