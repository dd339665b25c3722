"""Decoding while log-likelihoods arrive: the words so far, and at the end the lattice of the utterance."""

from __future__ import annotations

import math

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import DataError
from blasr.lattices.lattice import BestPath, Lattice
from blasr.units import FloatArray


class StreamingDecoder:
    """Decodes one utterance in chunks of any length; the words and the lattice are those of ``decoder.decode``.

    Words are committed by partial traceback: when the best paths to all active tokens go through one token, nothing
    before it can change. This is checked at every pruning, every ``prune_interval`` frames. The delay depends on the
    beams, since any active token may still become the best. Words are stable much sooner, when the better tokens agree
    on them; stable words rarely change.

    Args:
        decoder: the graph and the beams; any number of streams may share it.
        settle_beam: words are stable when all tokens within this beam of the best agree on them; by default the
            lattice beam.
        utterance: the utterance-id, for errors.
    """

    def __init__(
        self, decoder: LatticeDecoder, *, settle_beam: float | None = None, utterance: str | None = None
    ) -> None:
        self._decoder, self._utterance = decoder, utterance
        self._search = decoder.start()
        self._settle_beam = float(decoder.config.lattice_beam if settle_beam is None else settle_beam)
        self._committed: tuple[int, ...] = ()
        self._committed_frames = 0
        self._committed_position = 0
        self._stable: tuple[int, ...] = ()
        self._stable_frames = 0

    @property
    def num_frames(self) -> int:
        """Frames searched so far."""
        return self._search.num_frames

    @property
    def committed(self) -> tuple[int, ...]:
        """The word-ids that cannot change any more."""
        return self._committed

    @property
    def committed_frames(self) -> int:
        """The number of frames on the part of the path that cannot change any more."""
        return self._committed_frames

    @property
    def stable(self) -> tuple[int, ...]:
        """The word-ids that all tokens within the settle beam agree on, beginning with the committed ones."""
        return self._stable

    @property
    def stable_frames(self) -> int:
        """The number of frames that the tokens within the settle beam agree on."""
        return self._stable_frames

    @property
    def final_relative_cost(self) -> float:
        """How much worse the best path that may end here is than the best path so far; inf if none may end."""
        return self._search.final_relative_cost

    def accept(self, loglikes: FloatArray) -> tuple[int, ...]:
        """Search the next ``(T, num_pdfs)`` unscaled log-likelihoods; return the words that were committed.

        Raises:
            MismatchError: the number of columns is not the number of pdfs.
            DataError: a row holds NaN or infinity.
        """
        matrix = self._decoder.checked(loglikes, first_frame=self.num_frames, utterance=self._utterance)
        before = len(self._committed)
        for _ in self._search.append(matrix):
            if self._search.prune_if_due():
                self._commit()
            self._search.advance()
        return self._committed[before:]

    def partial(self) -> tuple[int, ...]:
        """Return the words of the best path so far, which may end anywhere in the graph; committed words come first."""
        path = self.best_path()
        return self.committed if path is None else tuple(path.words.tolist())

    def best_path(self) -> BestPath | None:
        """Return the best path so far, which may end anywhere; None before the first frame and after a dead end."""
        if not self.num_frames or not self._search.alive:
            return None
        self._search.trace()
        return self._search.traceback.best_path(self._decoder.config.acoustic_scale)

    def finish(self) -> Lattice:
        """End the utterance and return its lattice, the same as that of :meth:`LatticeDecoder.decode` for all frames.

        Raises:
            DataError: there was no frame.
        """
        if not self.num_frames:
            raise DataError("has no frames", utterance=self._utterance, fix="leave it out")
        return self._search.finish()

    def _commit(self) -> None:
        """Partial traceback: commit up to the last token that the best paths to all active tokens have in common.

        The path to that token stays the same, so that only the words after it are read the next time.
        """
        self._search.trace()
        path = self._search.traceback
        common, settled = self._search.common(math.inf), self._search.common(self._settle_beam)
        self._committed += path.words(self._committed_position, common)
        self._committed_position, self._committed_frames = common, path.frame(common)
        self._stable = self._committed + path.words(common, settled)
        self._stable_frames = path.frame(settled)
