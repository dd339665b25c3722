"""Lang directories: phones, words, topology and lexicon, as Kaldi's ``utils/prepare_lang.sh`` writes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Final, Self

import numpy as np

from blasr.errors import DataError, FormatError
from blasr.hmm.topology import Topology
from blasr.io.fst import Fst, read_fst
from blasr.io.symbols import EPSILON_SYMBOL, SymbolTable
from blasr.io.text_lines import read_fields
from blasr.units import EPSILON

BACKOFF: Final = "#0"
"""The word and phone on the backoff arcs of a grammar."""
NO_WORDS: Final = frozenset({EPSILON_SYMBOL, BACKOFF, "<s>", "</s>"})
"""Symbols of ``words.txt`` that are not words."""
REQUIRED_FILES: Final = (
    "phones.txt",
    "words.txt",
    "topo",
    "oov.txt",
    "L.fst",
    "L_disambig.fst",
    "phones/disambig.int",
    "phones/silence.int",
    "phones/nonsilence.int",
    "phones/optional_silence.int",
)
"""The files that every lang directory has."""
_REBUILD: Final = "make the lang directory again with `blasr lang`"


@dataclass(frozen=True)
class Lang:
    """A lang directory.

    Attributes:
        path: the directory.
        phones: ids of phones (from 1) and, after them, of disambiguation symbols.
        words: ids of words (from 1), ``#0`` and, if present, ``<s>`` and ``</s>``.
        topology: the HMM of every phone.
        oov: the word that replaces words outside the lexicon.
        disambig_phones: ids of the disambiguation symbols ``#0``, ``#1``, ...
        silence_phones, nonsilence_phones: ids of the phones.
    """

    path: Path
    phones: SymbolTable
    words: SymbolTable
    topology: Topology
    oov: str
    disambig_phones: tuple[int, ...]
    silence_phones: tuple[int, ...]
    nonsilence_phones: tuple[int, ...]

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """Read and check a lang directory of blasr or Kaldi; the transducers are read on first use.

        Raises:
            DataError: files are missing (all are named), or the lists of phones, ``topo``, ``phones.txt`` and
                ``words.txt`` contradict each other.
            FormatError: a file does not follow its format.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise DataError("there is no such lang directory", path=path, fix="make one with `blasr lang`")
        missing = [name for name in REQUIRED_FILES if not (folder / name).is_file()]
        if missing:
            raise DataError(f"the lang directory lacks {', '.join(missing)}", path=path, fix=_REBUILD)
        lang = cls(
            path=folder,
            phones=SymbolTable.read(folder / "phones.txt"),
            words=SymbolTable.read(folder / "words.txt"),
            topology=Topology.read(folder / "topo"),
            oov=_read_oov(folder / "oov.txt"),
            disambig_phones=_read_ids(folder / "phones/disambig.int"),
            silence_phones=_read_ids(folder / "phones/silence.int"),
            nonsilence_phones=_read_ids(folder / "phones/nonsilence.int"),
        )
        lang._check()
        return lang

    def _check(self) -> None:
        listed = {*self.silence_phones, *self.nonsilence_phones}
        if listed != set(self.topology.phones):
            odd = min(listed ^ set(self.topology.phones))
            where = "phones/*silence.int but not in topo" if odd in listed else "topo but not in phones/*silence.int"
            raise DataError(f"phone {odd} is in {where}", path=self.path, fix=_REBUILD)
        known = {number for _, number in self.phones.items()}
        unknown = sorted((listed | set(self.disambig_phones)) - known)
        if unknown:
            raise DataError(f"phone {unknown[0]} is not in phones.txt", path=self.path / "phones.txt")
        if self.oov not in self.words:
            raise DataError(f"the word {self.oov!r} is not in words.txt", path=self.path / "oov.txt")
        if BACKOFF not in self.words or BACKOFF not in self.phones:
            raise DataError(f"phones.txt or words.txt lacks {BACKOFF}", path=self.path)

    @property
    def vocabulary(self) -> list[str]:
        """The words of ``words.txt``, in its order, without ``<eps>``, ``#0``, ``<s>`` and ``</s>``."""
        return [word for word in self.words if word not in NO_WORDS]

    @cached_property
    def spoken_word_ids(self) -> frozenset[int]:
        """Ids of the words that have a pronunciation in L."""
        return frozenset(np.unique(self.lexicon_fst.olabel).tolist()) - {EPSILON}

    @cached_property
    def spoken_words(self) -> tuple[str, ...]:
        """The words that have a pronunciation in L, in the order of ``words.txt``."""
        return tuple(word for word in self.vocabulary if self.words.id_of(word) in self.spoken_word_ids)

    @cached_property
    def lexicon_fst(self) -> Fst:
        """L, phones to words, for training graphs."""
        return self._read_lexicon("L.fst")

    @cached_property
    def lexicon_disambig_fst(self) -> Fst:
        """L with disambiguation symbols and the loops of ``#0``, for decoding graphs."""
        return self._read_lexicon("L_disambig.fst")

    def _read_lexicon(self, name: str) -> Fst:
        fst = read_fst(self.path / name)
        for labels, symbols in ((fst.ilabel, self.phones), (fst.olabel, self.words)):
            highest = max((number for _, number in symbols.items()), default=0)
            if fst.num_arcs and labels.max() > highest:
                raise FormatError(
                    f"has label {labels.max()}, but {symbols.path} goes up to {highest}",
                    path=self.path / name,
                    fix=_REBUILD,
                )
        return fst


def _read_oov(path: Path) -> str:
    words = [word for _, fields in read_fields(path) for word in fields]
    if len(words) != 1:
        raise DataError(f"expected one word, found {len(words)}", path=path, fix=_REBUILD)
    return words[0]


def _read_ids(path: Path) -> tuple[int, ...]:
    fields = [field for _, line in read_fields(path) for field in line]
    wrong = next((field for field in fields if not (field.isascii() and field.isdigit())), None)
    if wrong is not None:
        raise FormatError(f"expected one number per line, found {wrong!r}", path=path)
    return tuple(int(field) for field in fields)
