"""Lang directories: phones, words, topology and lexicon, as Kaldi's ``utils/prepare_lang.sh`` writes them."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Final, Self

from blasr.errors import DataError, FormatError
from blasr.graph.lang_files import PhoneInventory, lang_texts
from blasr.graph.lexicon_fst import (
    WHOLE_WORD,
    OptionalSilence,
    add_backoff_loops,
    add_disambiguation_symbols,
    lexicon_fst,
    place_of,
)
from blasr.graph.silence_lexicon import SentenceSilence, silence_lexicon_fst
from blasr.hmm.topology import Topology, make_topology
from blasr.io.atomic import atomic_dir
from blasr.io.fst import Fst, read_fst, write_fst
from blasr.io.symbols import SymbolTable
from blasr.lexicon.pronunciations import Pronunciation, read_lexicon
from blasr.lexicon.word_pieces import WHOLE_WORDS

BACKOFF: Final = "#0"
"""The word and phone on the backoff arcs of a grammar."""
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
_WORD_BOUNDARY_FILES: Final = ("phones/word_boundary.txt", "phones/word_boundary.int")
_STALE_FILES: Final = (*_WORD_BOUNDARY_FILES, WHOLE_WORDS, "G.fst")
"""What belongs to the phones and words of the lang directory that is replaced."""


@dataclass(frozen=True)
class Lang:
    """A lang directory.

    Attributes:
        path: the directory.
        phones: ids of phones (from 1) and, after them, disambiguation symbols.
        words: ids of words (from 1), ``#0``, and where present ``<s>`` and ``</s>``.
        topology: the HMM of every phone.
        oov: the word that stands for words outside the lexicon.
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
        """Read and check a lang directory, whoever made it; the transducers are read when first asked for.

        Raises:
            DataError: naming every file that is missing, or lists of phones, ``topo`` and ``phones.txt`` that
                contradict each other.
            FormatError: a file that is not what its name says.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise DataError("there is no such lang directory", path=path, fix="make one with `blasr lang`")
        missing = [name for name in REQUIRED_FILES if not (folder / name).is_file()]
        if missing:
            raise DataError(
                f"the lang directory lacks {', '.join(missing)}", path=path, fix="make it again with `blasr lang`"
            )
        lang = cls(
            path=folder,
            phones=SymbolTable.read(folder / "phones.txt"),
            words=SymbolTable.read(folder / "words.txt"),
            topology=Topology.read(folder / "topo"),
            oov=(folder / "oov.txt").read_text(encoding="utf-8").strip(),
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
            raise DataError(f"phone {odd} is in {where}", path=self.path, fix="make it again with `blasr lang`")
        known = {number for _, number in self.phones.items()}
        unknown = sorted((listed | set(self.disambig_phones)) - known)
        if unknown:
            raise DataError(f"phone {unknown[0]} is not in phones.txt", path=self.path / "phones.txt")
        if self.oov not in self.words:
            raise DataError(f"the word {self.oov!r} is not in words.txt", path=self.path / "oov.txt")
        if BACKOFF not in self.words or BACKOFF not in self.phones:
            raise DataError(f"phones.txt or words.txt lacks {BACKOFF}", path=self.path)

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
                    fix="make the lang directory again with `blasr lang`",
                )
        return fst


def make_lang(
    lexicon: Sequence[Pronunciation] | str | PathLike[str],
    out_dir: str | PathLike[str],
    *,
    silence_phones: Sequence[str],
    oov: str,
    optional_silence: str = "SIL",
    silence_probability: float = 0.5,
    position_dependent: bool = False,
    nonsilence_phones: Sequence[Sequence[str]] | None = None,
    extra_questions: Sequence[Sequence[str]] | None = None,
    num_silence_states: int = 5,
    num_nonsilence_states: int = 3,
    whole_words: Collection[str] | None = None,
    sentence_silence: SentenceSilence | None = None,
) -> Lang:
    """Write a lang directory.

    One that is there already is replaced, its ``G.fst`` included; files of other names in it are kept.

    Args:
        lexicon: pronunciations, or the ``lexicon.txt`` or ``lexiconp.txt`` that has them.
        out_dir: the directory.
        silence_phones: phones of silence and noise.
        oov: the word of the lexicon that stands for unknown words.
        optional_silence: the silence phone that may stand between words.
        silence_probability: of that silence, from 0 (none) to below 1.
        position_dependent: mark phones by their place in the word: ``_B``, ``_I``, ``_E``, ``_S``.
        nonsilence_phones: the other phones, variants of one (stress, tone) together; by default all others that the
            lexicon has, each alone and sorted. Given, they also tell misspelt phones of the lexicon.
        extra_questions: phones that may be asked for together; by default the silence and the other phones.
        num_silence_states, num_nonsilence_states: emitting HMM states.
        whole_words: where the lexicon has pieces of words (:mod:`blasr.lexicon.word_pieces`), its entries that are
            whole words; silence then stands only between words, and positions are positions in words.
        sentence_silence: where pronunciations have silence probabilities of their own (``lexiconp_silprob.txt``), what
            goes with them; ``silence_probability`` is of no use then.

    Raises:
        DataError: naming the lexicon's line: a phone that is not listed, or see :func:`read_lexicon`; an OOV word or
            optional silence that is not there; an ``out_dir`` that holds other things.
    """
    source: str | PathLike[str] | None = None
    if isinstance(lexicon, (str, PathLike)):
        source, entries = lexicon, read_lexicon(lexicon)
    else:
        entries = list(lexicon)
    inventory = PhoneInventory.of_lexicon(entries, silence_phones, nonsilence_phones, optional_silence, source)
    if all(entry.word != oov for entry in entries):
        raise DataError(
            f"the word for unknown words, {oov!r}, is not in the lexicon",
            path=source,
            fix=f"add a line such as '{oov} {silence_phones[-1]}' to the lexicon, or name another word",
        )
    if sentence_silence is not None and whole_words is not None:
        raise DataError("silence probabilities of words cannot be those of pieces of words", path=source)
    if not 0.0 <= silence_probability < 1.0:
        raise DataError(f"expected a silence probability from 0 to below 1, found {silence_probability}")
    places = [WHOLE_WORD if whole_words is None else place_of(entry.word, whole_words) for entry in entries]
    if position_dependent:
        marked_entries = [
            variant
            for entry, place in zip(entries, places, strict=True)
            for variant in inventory.mark_positions(entry, place)
        ]
        inventory = inventory.position_dependent()
        entries, places = [entry for entry, _ in marked_entries], [place for _, place in marked_entries]
    distinct, num_disambig = add_disambiguation_symbols(entries)
    disambig = [f"#{number}" for number in range(num_disambig + 2)]  # #0 for the grammar, the last for the silence
    phones = SymbolTable.from_symbols([*inventory.silence, *inventory.nonsilence, *disambig])
    vocabulary = sorted({entry.word for entry in entries}, key=str.encode)
    words = SymbolTable.from_symbols([*vocabulary, BACKOFF, "<s>", "</s>"])

    def lexicon_transducer(entries: Sequence[Pronunciation], disambiguation: str | None) -> Fst:
        if sentence_silence is not None:
            return silence_lexicon_fst(entries, phones, words, sentence_silence, optional_silence, disambiguation)
        silence = OptionalSilence(optional_silence, silence_probability, disambiguation)
        return lexicon_fst(entries, phones, words, silence if silence_probability else None, places)

    distinct_fst = lexicon_transducer(distinct, disambig[-1])
    topology = make_topology(
        [phones.id_of(phone) for phone in inventory.nonsilence],
        [phones.id_of(phone) for phone in inventory.silence],
        speech_states=num_nonsilence_states,
        silence_states=num_silence_states,
    )
    with _replaced_dir(Path(out_dir)) as folder:
        texts = lang_texts(inventory, entries, phones, words, disambig, oov, extra_questions)
        if whole_words is not None:  # without word boundaries: Kaldi would take those of words for those of pieces
            texts = {name: text for name, text in texts.items() if name not in _WORD_BOUNDARY_FILES}
            texts[WHOLE_WORDS] = "".join(f"{word}\n" for word in vocabulary if word in whole_words)
        for name, text in texts.items():
            target = folder / name
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        phones.write(folder / "phones.txt")
        words.write(folder / "words.txt")
        topology.write(folder / "topo")
        write_fst(lexicon_transducer(entries, None), folder / "L.fst")
        write_fst(
            add_backoff_loops(distinct_fst, phones.id_of(BACKOFF), words.id_of(BACKOFF)), folder / "L_disambig.fst"
        )
    return Lang.read(out_dir)


@contextmanager
def _replaced_dir(out: Path) -> Iterator[Path]:
    """A folder to fill that replaces the lang directory ``out``, whose files of other origin it has already."""
    if out.is_dir() and any(out.iterdir()) and not (out / "phones.txt").is_file():
        raise DataError(
            "is a folder that holds other things than a lang directory", path=out, fix="name a folder of its own"
        )
    with atomic_dir(out) as folder:
        if out.is_dir():
            shutil.copytree(out, folder, dirs_exist_ok=True)
            for name in _STALE_FILES:
                (folder / name).unlink(missing_ok=True)
        yield folder


def _read_ids(path: Path) -> tuple[int, ...]:
    fields = path.read_text(encoding="utf-8").split()
    wrong = next((field for field in fields if not (field.isascii() and field.isdigit())), None)
    if wrong is not None:
        raise FormatError(f"expected one number per line, found {wrong!r}", path=path)
    return tuple(int(field) for field in fields)
