"""Subword units for an open vocabulary: words in sentencepiece's pieces, spelt in a lexicon, and words again.

A piece that begins a word begins with the mark U+2581, so that pieces put together are words again whatever the
recognizer makes of them (Kudo and Richardson, "SentencePiece", EMNLP 2018).
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
"""What a sentencepiece model has besides characters: the unknown one and the mark."""


class SubwordModel:
    """Splits words into pieces; each is a piece of the model's, or a character that it does not have.

    Args:
        path: a sentencepiece model, such as :func:`train_subwords` writes.
        whole: words that are never split and stay as they are, such as ``[noise]``.

    Raises:
        DependencyError: sentencepiece is not installed.
        FormatError: the file is no model.
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
        """Every unit that words can be made of: the model's pieces, and each character with and without the mark."""
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
        """The pieces of the words; :class:`DataError` for a word that has the mark itself."""
        return [piece for word in words for piece in self._split(word)]

    def _split(self, word: str) -> tuple[str, ...]:
        if word in self.whole:
            return (word,)
        if word not in self._cache:
            if WORD_MARK in word or word.split() != [word]:
                raise DataError(f"the word {word!r} cannot be split: it has white space or the mark {WORD_MARK}")
            pieces = self._processor.encode(word, out_type=str)
            if pieces[0] == WORD_MARK:  # the mark goes to the first letter, so that every piece can be spoken
                pieces = [WORD_MARK + pieces[1][0], *pieces[1][1:], *pieces[2:]]
            self._cache[word] = tuple(pieces)
        return self._cache[word]

    def join(self, pieces: Iterable[str]) -> list[str]:
        """The words of pieces; see :class:`~blasr.lexicon.word_pieces.WordJoiner`."""
        return WordJoiner(self.whole).join(pieces)

    def lexicon(self) -> list[Pronunciation]:
        """Graphemic pronunciations of all :attr:`pieces` but the whole words: see :func:`spell`."""
        return [Pronunciation(piece, spell(piece)) for piece in self.pieces if piece not in self.whole]


def spell(piece: str) -> tuple[str, ...]:
    """The letters, combining marks and digits of a piece, lower case, as its phones; others where it has none."""
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
    """Train a model of about ``size`` pieces (fewer where the text has no more) and write it.

    Letters are left as they are: no normalization, and every character of the text is a piece.

    Raises:
        DependencyError: sentencepiece is not installed.
        DataError: the text has no words to split, or the size does not hold its characters.
    """
    kept_whole = frozenset(whole)
    words = [" ".join(word for word in sentence if word not in kept_whole) for sentence in sentences]
    words = [line for line in words if line]
    if not words:
        raise DataError("the text has no words to make subwords of")
    characters = set().union(*words) - {" "}
    if size < (least := len(characters) + _OTHER_UNITS):
        raise DataError(
            f"no subwords could be made: {size} pieces cannot hold the text's {len(characters)} characters",
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
                f"no subwords could be made: {error}", fix="choose another number of pieces, or give more text"
            ) from None
    return SubwordModel(out, kept_whole)


def _sentencepiece() -> Any:
    try:
        import sentencepiece
    except ImportError:
        raise DependencyError("subwords need sentencepiece", fix="pip install 'blasr[subwords]'") from None
    return sentencepiece
