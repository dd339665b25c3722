"""The words of a lattice as a bundle spells, times and weighs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blasr.inference.bundle import Bundle
from blasr.inference.transcript import TranscribedPhone, TranscribedWord
from blasr.lattices.config import DeterminizationConfig
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.lattice import BestPath, Lattice
from blasr.lattices.nbest import n_best
from blasr.lattices.timed_words import PathFormatter, word_confidences
from blasr.lattices.word_times import phone_times


@dataclass(frozen=True, slots=True)
class Alternative:
    """A word sequence, and its probability among those that were asked for."""

    words: tuple[TranscribedWord, ...]
    probability: float

    @property
    def text(self) -> str:
        """The words."""
        return " ".join(word.text for word in self.words)


class LatticeWords:
    """Turns lattices and paths into words with times in seconds.

    Args:
        bundle: the words, the pronunciations that give them their times, and the weights of the best path.
        confidences: whether to compute how probable each word is.
    """

    def __init__(self, bundle: Bundle, *, confidences: bool = True) -> None:
        settings = bundle.config
        self._bundle, self._with_confidences = bundle, confidences
        self._determinization = DeterminizationConfig(settings.decoder.lattice_beam, settings.decoder.acoustic_scale)
        self._scales = settings.setting.scales
        self._shift = settings.features.frame_shift_samples / settings.features.sample_rate
        self._formatter = PathFormatter(
            words=bundle.words,
            joiner=bundle.joiner,
            frame_shift=self._shift,
            transition_model=bundle.transition_model,
            lexicon=bundle.lexicon,
        )

    def best_path(self, lattice: Lattice) -> BestPath:
        """Return the path with the best weighted cost.

        Raises:
            DataError: no path leads to a final state.
        """
        return lattice.best_path(self._scales)

    def of_lattice(
        self, lattice: Lattice, path: BestPath, *, first_frame: int = 0, channel: str = "1"
    ) -> tuple[TranscribedWord, ...]:
        """Return the words of the best path of a lattice that begins at a frame of the recording."""
        times, _ = self._formatter.times(path, partial=not lattice.reached_final)
        confidences: Sequence[float | None] | None = None
        if self._with_confidences and times:
            compact, _ = determinize_lattice(lattice, self._determinization, self._bundle.transition_model)
            confidences = word_confidences(path, times, compact, self._scales)
        rows = self._formatter.ctm("", times, confidences, channel=channel, first_frame=first_frame)
        return tuple(TranscribedWord(row.word, row.start_seconds, row.duration_seconds, row.confidence) for row in rows)

    def alternatives(
        self, lattice: Lattice, number: int, *, first_frame: int = 0, channel: str = "1"
    ) -> tuple[Alternative, ...]:
        """Return up to ``number`` word sequences of a lattice, the best first; their probabilities sum to 1."""
        compact, _ = determinize_lattice(lattice, self._determinization, self._bundle.transition_model)
        paths = n_best(compact, number, self._scales)
        penalty = self._scales.word_insertion_penalty
        costs = np.array(
            [self._scales.cost(path.graph_cost, path.acoustic_cost) + penalty * len(path.words) for path in paths]
        )
        probabilities = np.exp(costs.min() - costs)
        probabilities /= probabilities.sum()
        found = []
        for path, probability in zip(paths, probabilities.tolist(), strict=True):
            times, _ = self._formatter.times(path, partial=not lattice.reached_final)
            rows = self._formatter.ctm("", times, channel=channel, first_frame=first_frame)
            words = tuple(TranscribedWord(row.word, row.start_seconds, row.duration_seconds) for row in rows)
            found.append(Alternative(words, probability))
        return tuple(found)

    def text(self, path: BestPath) -> str:
        """Return the words of a path, without times."""
        return " ".join(self._formatter.text(path.words.tolist()))

    def phones(self, path: BestPath, first_frame: int = 0) -> tuple[TranscribedPhone, ...]:
        """Return the phones of a path that begins at a frame of the recording."""
        name, shift = self._bundle.phones.symbol_of, self._shift
        return tuple(
            TranscribedPhone(name(phone), (first_frame + start) * shift, (first_frame + end) * shift)
            for phone, start, end in phone_times(path.transition_ids, self._bundle.transition_model)
        )
