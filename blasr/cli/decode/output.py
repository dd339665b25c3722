"""What ``blasr decode`` writes: lattices, best paths, words with their times, and an account of it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from blasr.decoding.decode_table import DecodedUtterance
from blasr.hmm.transition_model import TransitionModel
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.nist.ctm import CtmWord
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import CostScales, DeterminizationConfig
from blasr.lattices.lattice_table import AnyLattice
from blasr.lattices.timed_words import timed_words, word_confidences
from blasr.lattices.word_times import AlignLexicon, WordTime
from blasr.lexicon.word_pieces import WordJoiner
from blasr.tally import Tally


@dataclass
class DecodeOutput:
    """Writes what was decoded, and counts."""

    words: SymbolTable
    joiner: WordJoiner
    transition_model: TransitionModel
    lexicon: AlignLexicon | None
    determinization: DeterminizationConfig
    frame_shift: float
    determinize: bool
    confidences: bool
    lattices: TableWriter[AnyLattice]
    best_paths: TextIO
    ctm: TextIO
    log: TextIO
    frames: int = 0
    cost: float = 0.0
    partial: list[str] = field(default_factory=list)
    timed_by_arcs: list[str] = field(default_factory=list)
    narrowed: list[str] = field(default_factory=list)

    def write(self, decoded: DecodedUtterance) -> None:
        """Append one utterance to all outputs, or only to the log why it has no lattice."""
        utterance, lattice = decoded.utterance, decoded.lattice
        if lattice is None:
            self.log.write(f"Not decoded: utterance {utterance}, {decoded.reason}.\n")
            return
        scale = self.determinization.acoustic_scale
        path = lattice.best_path(CostScales(acoustic_scale=scale))
        words = [self.words.symbol_of(word) for word in path.words.tolist()]
        cost = path.graph_cost + scale * path.acoustic_cost
        compact = None
        if decoded.determinized is not None:
            compact, beam = decoded.determinized
            if beam < self.determinization.beam:
                self.narrowed.append(utterance)
        self.lattices.write(utterance, lattice if compact is None or not self.determinize else compact)
        self.best_paths.write(" ".join([utterance, *self.joiner.join(words)]) + "\n")
        times, by_phones = timed_words(path, self.transition_model, self.lexicon, partial=not lattice.reached_final)
        if not by_phones:
            self.timed_by_arcs.append(utterance)
        confidences: Sequence[float | None] = [None] * len(times)
        if self.confidences and compact is not None:
            confidences = word_confidences(path, times, compact, CostScales(acoustic_scale=scale))
        rows = [
            CtmWord(utterance, "1", *self._seconds(time), self.words.symbol_of(time.word), confidence)
            for time, confidence in zip(times, confidences, strict=True)
        ]
        self.ctm.writelines(f"{row}\n" for row in self.joiner.join_ctm(rows))
        self.log.write(
            f"Log-like per frame for utterance {utterance} is {-cost / lattice.num_frames:.6g} over "
            f"{lattice.num_frames} frames.{'' if lattice.reached_final else ' Partial: no final state was reached.'}\n"
        )
        self.frames += lattice.num_frames
        self.cost += cost
        if not lattice.reached_final:
            self.partial.append(utterance)

    def _seconds(self, time: WordTime) -> tuple[float, float]:
        """Start and duration."""
        return time.start_frame * self.frame_shift, time.num_frames * self.frame_shift

    def summary(self, tally: Tally, seconds: float, threads: int, times_from: str) -> list[str]:
        """What to tell in the end; ``times_from`` says where the words' times are from."""
        lines = [f"{tally.summary()}, {len(self.partial)} partial"]
        if self.partial:
            lines[0] += f" (no final state was reached, first {self.partial[0]})"
        if self.narrowed:
            lines.append(
                f"{len(self.narrowed)} lattices are of a narrower beam, since their determinisation took "
                f"{self.determinization.max_memory / 1e6:g} MB, first {self.narrowed[0]}"
            )
        lines.append(f"word times: {times_from}")
        if self.lexicon is not None and self.timed_by_arcs:
            lines.append(
                f"word times: of {len(self.timed_by_arcs)} utterances from the arcs, since the lexicon does not "
                f"explain their phones, first {self.timed_by_arcs[0]}"
            )
        audio = self.frames * self.frame_shift
        lines.append(f"Overall log-likelihood per frame is {-self.cost / self.frames:.6g} over {self.frames} frames.")
        lines.append(
            f"{seconds:.1f} s for {audio:.1f} s of audio with {threads} thread(s): "
            f"{self.frames / seconds:.0f} frames/s, real-time factor {seconds / audio:.4f}"
        )
        return lines
