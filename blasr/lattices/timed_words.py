"""The words of best paths as text and as CTM rows: spelled, joined from pieces, timed, and with confidences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from blasr.errors import ConfigError
from blasr.hmm.transition_model import TransitionModel
from blasr.io.nist.ctm import CtmWord
from blasr.io.symbols import SymbolTable
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.lattice import BestPath
from blasr.lattices.minimum_bayes_risk import minimum_bayes_risk
from blasr.lattices.word_times import AlignLexicon, WordTime, word_times, word_times_from_arcs
from blasr.lexicon.word_pieces import WHOLE_WORDS_ONLY, WordJoiner


def timed_words(
    path: BestPath,
    transition_model: TransitionModel | None,
    lexicon: AlignLexicon | None,
    *,
    partial: bool = False,
) -> tuple[list[WordTime], bool]:
    """Return the times of a path's words, and whether they come from the phones of the words.

    Without a transition model or a lexicon, or if the lexicon cannot explain the path's phones, the times come from
    the arcs with the words' labels and are rough.

    Args:
        path: the best path.
        transition_model: the model of the path's transition-ids.
        lexicon: the pronunciations of the words.
        partial: whether the path reached no final state, so that its last word may be incomplete.
    """
    if transition_model is not None and lexicon is not None:
        times = word_times(path, transition_model, lexicon, partial=partial)
        if times is not None:
            return times, True
    return word_times_from_arcs(path), False


def word_confidences(
    path: BestPath, times: Sequence[WordTime], lattice: CompactLattice, scales: CostScales
) -> list[float | None]:
    """Return the posterior of each word of a path, 0 to 1; None for all if ``times`` has different words.

    Args:
        path: the best path of the lattice.
        times: the times of its words.
        lattice: the determinized lattice.
        scales: the factors of its costs; larger factors give sharper posteriors.
    """
    found = minimum_bayes_risk(lattice, scales, words=path.words.tolist()).words
    return [word.confidence for word in found] if len(found) == len(times) else [None] * len(times)


@dataclass(frozen=True, eq=False, kw_only=True)
class PathFormatter:
    """Turns best paths into words and CTM rows.

    Attributes:
        words: spells the word-ids.
        joiner: joins pieces to words if the word-ids are those of pieces.
        frame_shift: seconds from frame to frame.
        transition_model, lexicon: with both, words get the times of their phones; otherwise those of their arcs.

    Raises:
        ConfigError: the lexicon is given without the transition model.
    """

    words: SymbolTable
    joiner: WordJoiner = field(default=WHOLE_WORDS_ONLY)
    frame_shift: float = 0.01
    transition_model: TransitionModel | None = None
    lexicon: AlignLexicon | None = None

    def __post_init__(self) -> None:
        if self.lexicon is not None and self.transition_model is None:
            raise ConfigError(
                "words are timed by the phones of transition-ids, which needs the model",
                fix="give --model final.mdl too",
            )

    def text(self, word_ids: Sequence[int]) -> list[str]:
        """Return the words of word-ids."""
        return self.joiner.join(map(self.words.symbol_of, word_ids))

    def times(self, path: BestPath, *, partial: bool = False) -> tuple[list[WordTime], bool]:
        """Return :func:`timed_words` of a path."""
        return timed_words(path, self.transition_model, self.lexicon, partial=partial)

    def ctm(
        self,
        utterance: str,
        times: Sequence[WordTime],
        confidences: Sequence[float | None] | None = None,
        *,
        channel: str = "1",
        first_frame: int = 0,
    ) -> list[CtmWord]:
        """Return the CTM rows of timed words.

        Args:
            utterance: the recording's name in the rows.
            times: the words and their times.
            confidences: one for each word, None if unknown; by default all are unknown.
            channel: the channel in the rows.
            first_frame: the frame of the recording at which the times begin.
        """
        rows = [
            CtmWord(
                utterance,
                channel,
                (first_frame + time.start_frame) * self.frame_shift,
                time.num_frames * self.frame_shift,
                self.words.symbol_of(time.word),
                confidence,
            )
            for time, confidence in zip(times, confidences or [None] * len(times), strict=True)
        ]
        return self.joiner.join_ctm(rows)
