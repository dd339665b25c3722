"""Configuration of lang directories and decoding graphs; importing it loads no numerical library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from blasr.errors import ConfigError

PhoneGroups = tuple[tuple[str, ...], ...]
MissingWords = Literal["error", "drop", "oov"]
"""What to do with words outside the lexicon: refuse them, leave them out, or replace them by the OOV word."""

DEFAULT_SILENCE_PROBABILITY: Final = 0.5


@dataclass(frozen=True)
class LangConfig:
    """The phones and HMMs of a lang directory (options of Kaldi's ``utils/prepare_lang.sh``).

    Args:
        silence_phones: phones of silence and noise.
        oov: the word of the lexicon that replaces unknown words.
        optional_silence: the silence phone that may occur between words.
        silence_probability: probability of that silence, from 0 (never) to below 1; None for 0.5. Must be None if the
            lexicon has silence probabilities for each pronunciation.
        position_dependent: mark phones by their position in the word: ``_B``, ``_I``, ``_E``, ``_S``.
        nonsilence_phones: the other phones, each group holding the variants (stress, tone) of one phone. By default
            all other phones of the lexicon, sorted, one per group. If given, a phone of the lexicon that is not listed
            is an error.
        extra_questions: groups of phones for the tree to ask about; by default the silence phones and the others.
        num_silence_states: emitting HMM states of a silence phone.
        num_nonsilence_states: emitting HMM states of any other phone.

    Raises:
        ConfigError: a value is out of range.
    """

    silence_phones: Sequence[str]
    oov: str
    optional_silence: str = "SIL"
    silence_probability: float | None = None
    position_dependent: bool = False
    nonsilence_phones: Sequence[Sequence[str]] | None = None
    extra_questions: Sequence[Sequence[str]] | None = None
    num_silence_states: int = 5
    num_nonsilence_states: int = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "silence_phones", tuple(self.silence_phones))
        for name in ("nonsilence_phones", "extra_questions"):
            groups = getattr(self, name)
            object.__setattr__(self, name, None if groups is None else tuple(tuple(group) for group in groups))
        if self.silence_probability is not None and not 0.0 <= self.silence_probability < 1.0:
            raise ConfigError(f"expected a silence probability from 0 to below 1, found {self.silence_probability}")
        if self.num_silence_states < 1 or self.num_nonsilence_states < 1:
            raise ConfigError(
                f"expected at least one HMM state per phone, found {self.num_silence_states} for silence phones and "
                f"{self.num_nonsilence_states} for the others"
            )
