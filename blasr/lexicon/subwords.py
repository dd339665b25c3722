"""Subword units for an open vocabulary: sentencepiece splits words into pieces, and a lexicon spells the pieces.

The first piece of a word begins with the mark U+2581, so any sequence of pieces can be joined to words
(Kudo and Richardson, "SentencePiece", EMNLP 2018).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal

from blasr.errors import DataError, DependencyError, FormatError
from blasr.io.atomic import atomic_path
from blasr.lexicon.pronunciations import Pronunciation
from blasr.lexicon.word_pieces import WORD_MARK, WordJoiner

_OTHER_UNITS: Final = 2
"""The pieces of every sentencepiece model that are not characters of the text: the unknown piece and the mark."""


class SubwordModel:
    """Splits words into pieces: pieces of the model, and single characters that the model lacks.

    Args:
        path: a sentencepiece model, for example from :func:`train_subwords`.
        whole: words that are never split, for example ``[noise]``.

    Raises:
        DependencyError: sentencepiece is not installed.
        FormatError: the file is not a sentencepiece model.
    """

    def __init__(self, path: str | PathLike[str], whole: Iterable[str] = ()) -> None:
        self.whole = frozenset(whole)
        self._cache: dict[str, tuple[str, ...]] = {}
        try:
            self._processor = _sentencepiece().SentencePieceProcessor(model_file=str(path))
        except (OSError, RuntimeError) as error:
            raise FormatError(f"not a sentencepiece model: {error}", path=path) from None

    @property
    def pieces(self) -> tuple[str, ...]:
        """Every unit that words can consist of: the model's pieces, and each character with and without the mark."""
        processor = self._processor
        found = [
            processor.id_to_piece(number)
            for number in range(processor.get_piece_size())
            if not (processor.is_control(number) or processor.is_unknown(number))
        ]
        letters = sorted({letter for piece in found for letter in piece} - {WORD_MARK})
        units = dict.fromkeys([*found, *letters, *(WORD_MARK + letter for letter in letters), *sorted(self.whole)])
        return tuple(unit for unit in units if unit != WORD_MARK)

    def split(self, words: Sequence[str]) -> list[str]:
        """Return the pieces of the words; raise :class:`DataError` if a word contains the mark or white space."""
        return [piece for word in words for piece in self._split(word)]

    def _split(self, word: str) -> tuple[str, ...]:
        if word in self.whole:
            return (word,)
        if word not in self._cache:
            if WORD_MARK in word or word.split() != [word]:
                raise DataError(
                    f"the word {word!r} cannot be split: it contains white space or the mark {WORD_MARK}, or is empty"
                )
            pieces = self._processor.encode(word, out_type=str)
            if pieces[0] == WORD_MARK:  # join the mark to the first letter, so that every piece has a pronunciation
                pieces = [WORD_MARK + pieces[1][0], *pieces[1][1:], *pieces[2:]]
            self._cache[word] = tuple(pieces)
        return self._cache[word]

    def join(self, pieces: Iterable[str]) -> list[str]:
        """Return the words of the pieces; see :class:`~blasr.lexicon.word_pieces.WordJoiner`."""
        return WordJoiner(self.whole).join(pieces)

    def lexicon(self) -> list[Pronunciation]:
        """Return graphemic pronunciations of all :attr:`pieces` except the whole words; see :func:`spell`."""
        return [Pronunciation(piece, spell(piece)) for piece in self.pieces if piece not in self.whole]


def spell(piece: str) -> tuple[str, ...]:
    """Return the letters, combining marks and digits of a piece in lower case, which are its phones.

    A piece without any of these has its other characters as phones.
    """
    symbols = piece.removeprefix(WORD_MARK).lower()
    spoken = tuple(symbol for symbol in symbols if unicodedata.category(symbol)[0] in "LMN")
    return spoken or tuple(symbols)


def train_subwords(
    sentences: Iterable[Sequence[str]],
    size: int,
    out: str | PathLike[str],
    *,
    method: Literal["unigram", "bpe"] = "unigram",
    whole: Iterable[str] = (),
) -> SubwordModel:
    """Train a model of about ``size`` pieces, or fewer if the text has no more, and write it.

    Text is not normalized, and every character of the text is a piece.

    Raises:
        DependencyError: sentencepiece is not installed.
        DataError: the text has no words to split, or more characters than ``size`` allows.
    """
    kept_whole = frozenset(whole)
    words = [" ".join(word for word in sentence if word not in kept_whole) for sentence in sentences]
    words = [line for line in words if line]
    if not words:
        raise DataError("the text has no words to train subwords on")
    characters = set().union(*words) - {" "}
    if size < (least := len(characters) + _OTHER_UNITS):
        raise DataError(
            f"{size} pieces are too few for the text's {len(characters)} characters",
            fix=f"choose {least} pieces or more",
        )
    trainer = _sentencepiece().SentencePieceTrainer
    with atomic_path(out) as temporary, Path(temporary).open("wb") as stream:
        try:
            trainer.train(
                sentence_iterator=iter(words),
                model_writer=stream,
                vocab_size=size,
                model_type=method,
                character_coverage=1.0,
                normalization_rule_name="identity",
                hard_vocab_limit=False,
                num_threads=1,
                minloglevel=2,
                bos_id=-1,
                eos_id=-1,
            )
        except RuntimeError as error:
            raise DataError(
                f"sentencepiece cannot train a model: {error}", fix="choose another number of pieces, or give more text"
            ) from None
    return SubwordModel(out, kept_whole)


def _sentencepiece() -> Any:
    try:
        import sentencepiece
    except ImportError:
        raise DependencyError("subwords need sentencepiece", fix="pip install 'blasr[subwords]'") from None
    return sentencepiece
