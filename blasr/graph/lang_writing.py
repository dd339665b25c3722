"""Making lang directories, as Kaldi's ``utils/prepare_lang.sh`` does."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

from blasr.errors import ConfigError, DataError
from blasr.graph.config import DEFAULT_SILENCE_PROBABILITY, LangConfig
from blasr.graph.lang import BACKOFF, Lang
from blasr.graph.lang_files import LangSymbols, lang_texts
from blasr.graph.lexicon_fst import (
    WHOLE_WORD,
    OptionalSilence,
    Place,
    add_backoff_loops,
    add_disambiguation_symbols,
    lexicon_fst,
    place_of,
)
from blasr.graph.phone_inventory import PhoneInventory, mark_positions
from blasr.graph.silence_lexicon import SentenceSilence, silence_lexicon_fst
from blasr.hmm.topology import Topology, make_topology
from blasr.io.atomic import atomic_dir
from blasr.io.fst import Fst, write_fst
from blasr.io.symbols import SymbolTable
from blasr.lexicon.pronunciations import Pronunciation, read_lexicon
from blasr.lexicon.word_pieces import WHOLE_WORDS

_WORD_BOUNDARY_FILES: Final = ("phones/word_boundary.txt", "phones/word_boundary.int")
_STALE_FILES: Final = (*_WORD_BOUNDARY_FILES, WHOLE_WORDS, "G.fst")
"""Files that belong to the phones and words of the lang directory that is replaced."""


def make_lang(
    lexicon: Sequence[Pronunciation] | str | PathLike[str],
    out_dir: str | PathLike[str],
    config: LangConfig,
    *,
    whole_words: Collection[str] | None = None,
    sentence_silence: SentenceSilence | None = None,
) -> Lang:
    """Write a lang directory.

    An existing lang directory is replaced, including its ``G.fst``. Files with other names in it are kept.

    Args:
        lexicon: pronunciations, or the path of their ``lexicon.txt``, ``lexiconp.txt`` or ``lexiconp_silprob.txt``.
        out_dir: the directory to write.
        config: phones and HMMs.
        whole_words: if the lexicon contains pieces of words (:mod:`blasr.lexicon.word_pieces`), the entries that are
            whole words. Silence then occurs only between words, and phone positions are positions in words.
        sentence_silence: silence at the beginning and the end of sentences, if the lexicon has silence
            probabilities for each pronunciation; by default the ``silprob.txt`` beside a ``lexiconp_silprob.txt``.

    Returns:
        The new lang directory.

    Raises:
        ConfigError: ``config.silence_probability`` is set and the lexicon has silence probabilities.
        DataError: a phone of the lexicon is not listed (the error names the line); see also :func:`read_lexicon`; the
            lexicon lacks the OOV word, the optional silence is not a silence phone, or ``out_dir`` holds other files.
        FormatError: a file cannot be read.
    """
    source = Path(lexicon) if isinstance(lexicon, (str, PathLike)) else None
    if source is not None and sentence_silence is None:
        sentence_silence = SentenceSilence.beside(source)
    if sentence_silence is not None and config.silence_probability is not None:
        raise ConfigError(
            f"{source or 'the lexicon'} already has probabilities of silence", fix="leave --silence-probability out"
        )
    entries = read_lexicon(lexicon) if isinstance(lexicon, (str, PathLike)) else list(lexicon)
    inventory = PhoneInventory.of_lexicon(entries, config, source)
    if all(entry.word != config.oov for entry in entries):
        raise DataError(
            f"the word for unknown words, {config.oov!r}, is not in the lexicon",
            path=source,
            fix=f"add a line such as '{config.oov} {config.silence_phones[-1]}' to the lexicon, or choose another word",
        )
    if sentence_silence is not None and whole_words is not None:
        raise DataError("silence probabilities of words cannot be used with pieces of words", path=source)
    plan = _plan(entries, inventory, config, whole_words, sentence_silence)
    texts = lang_texts(plan.symbols, plan.entries, config.extra_questions)
    if whole_words is not None:  # Kaldi would treat the boundaries of pieces as word boundaries
        texts = {name: text for name, text in texts.items() if name not in _WORD_BOUNDARY_FILES}
        vocabulary = sorted({entry.word for entry in entries if entry.word in whole_words}, key=str.encode)
        texts[WHOLE_WORDS] = "".join(f"{word}\n" for word in vocabulary)
    _write(Path(out_dir), plan, _topology(plan.symbols, config), texts)
    return Lang.read(out_dir)


@dataclass(frozen=True)
class _LangPlan:
    """Everything that determines the two lexicon transducers.

    Attributes:
        symbols: phones and words.
        entries: the pronunciations, with phone positions if wanted.
        distinct: the entries with disambiguation symbols.
        places: the place in the word of every entry.
        silence: probability of the optional silence, 0 for none; unused if ``sentence_silence`` is set.
        sentence_silence: see :func:`make_lang`.
    """

    symbols: LangSymbols
    entries: Sequence[Pronunciation]
    distinct: Sequence[Pronunciation]
    places: Sequence[Place]
    silence: float
    sentence_silence: SentenceSilence | None

    def lexicon_fst(self) -> Fst:
        """L, for training graphs."""
        return self._transducer(self.entries, None)

    def lexicon_disambig_fst(self) -> Fst:
        """L_disambig, with disambiguation symbols and the loops of ``#0``, for decoding graphs."""
        fst = self._transducer(self.distinct, self.symbols.disambig[-1])
        return add_backoff_loops(fst, self.symbols.phones.id_of(BACKOFF), self.symbols.words.id_of(BACKOFF))

    def _transducer(self, entries: Sequence[Pronunciation], disambiguation: str | None) -> Fst:
        phones, words, phone = self.symbols.phones, self.symbols.words, self.symbols.inventory.optional_silence
        if self.sentence_silence is not None:
            return silence_lexicon_fst(entries, phones, words, self.sentence_silence, phone, disambiguation)
        silence = OptionalSilence(phone, self.silence, disambiguation) if self.silence else None
        return lexicon_fst(entries, phones, words, silence, self.places)


def _plan(
    entries: Sequence[Pronunciation],
    inventory: PhoneInventory,
    config: LangConfig,
    whole_words: Collection[str] | None,
    sentence_silence: SentenceSilence | None,
) -> _LangPlan:
    """Mark positions, add disambiguation symbols, and number phones and words."""
    vocabulary = sorted({entry.word for entry in entries}, key=str.encode)
    places = [WHOLE_WORD if whole_words is None else place_of(entry.word, whole_words) for entry in entries]
    if config.position_dependent:
        marked = [variant for pair in zip(entries, places, strict=True) for variant in mark_positions(*pair)]
        inventory = inventory.position_dependent()
        entries, places = [entry for entry, _ in marked], [place for _, place in marked]
    distinct, num_disambig = add_disambiguation_symbols(entries)
    disambig = tuple(f"#{number}" for number in range(num_disambig + 2))
    symbols = LangSymbols(
        inventory,
        disambig,
        SymbolTable.from_symbols([*inventory.silence, *inventory.nonsilence, *disambig]),
        SymbolTable.from_symbols([*vocabulary, BACKOFF, "<s>", "</s>"]),
        config.oov,
    )
    probability = config.silence_probability
    silence = DEFAULT_SILENCE_PROBABILITY if probability is None else probability
    return _LangPlan(symbols, entries, distinct, places, silence, sentence_silence)


def _topology(symbols: LangSymbols, config: LangConfig) -> Topology:
    return make_topology(
        [symbols.phones.id_of(phone) for phone in symbols.inventory.nonsilence],
        [symbols.phones.id_of(phone) for phone in symbols.inventory.silence],
        speech_states=config.num_nonsilence_states,
        silence_states=config.num_silence_states,
    )


def _write(out: Path, plan: _LangPlan, topology: Topology, texts: dict[str, str]) -> None:
    disambig_fst = plan.lexicon_disambig_fst()
    with _replaced_dir(out) as folder:
        for name, text in texts.items():
            target = folder / name
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        plan.symbols.phones.write(folder / "phones.txt")
        plan.symbols.words.write(folder / "words.txt")
        topology.write(folder / "topo")
        write_fst(plan.lexicon_fst(), folder / "L.fst")
        write_fst(disambig_fst, folder / "L_disambig.fst")


@contextmanager
def _replaced_dir(out: Path) -> Iterator[Path]:
    """A folder that replaces the lang directory ``out`` on success; it already holds the files to keep."""
    if out.is_dir() and any(out.iterdir()) and not (out / "phones.txt").is_file():
        raise DataError(
            "the folder holds files, but is not a lang directory",
            path=out,
            fix="choose an empty or a new folder",
        )
    with atomic_dir(out) as folder:
        if out.is_dir():
            shutil.copytree(out, folder, dirs_exist_ok=True)
            for name in _STALE_FILES:
                (folder / name).unlink(missing_ok=True)
        yield folder
