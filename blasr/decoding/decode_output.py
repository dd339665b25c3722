"""The output files of decoding: lattices, best paths, words with their times, and a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from blasr.decoding.decode_table import DecodedUtterance
from blasr.io.kaldi.table_writer import TableWriter
from blasr.lattices.config import CostScales, DeterminizationConfig, describe_narrowed
from blasr.lattices.lattice_table import AnyLattice
from blasr.lattices.timed_words import PathFormatter, word_confidences
from blasr.tally import Tally


@dataclass(frozen=True, eq=False, kw_only=True)
class DecodeFiles:
    """Open files: an archive of lattices, best paths (utterance-id and words), a CTM, and the log."""

    lattices: TableWriter[AnyLattice]
    best_paths: TextIO
    ctm: TextIO
    log: TextIO


@dataclass(kw_only=True)
class DecodeOutput:
    """Writes decoded utterances and counts them.

    Attributes:
        files: where to write.
        formatter: spells and times the words.
        determinization: how lattices were determinized; its acoustic scale also selects the best path.
        determinized: whether to write the determinized lattices rather than those of the search.
        confidences: whether the CTM gets a confidence for each word.
        frames: frames decoded so far.
        cost: sum of the scaled costs of all best paths so far.
        partial: utterances whose search reached no final state.
        timed_by_arcs: utterances with phones that the lexicon does not explain.
        narrowed: utterances with a narrower lattice beam, since determinization ran out of memory, and these beams.
    """

    files: DecodeFiles
    formatter: PathFormatter
    determinization: DeterminizationConfig
    determinized: bool = True
    confidences: bool = False
    frames: int = 0
    cost: float = 0.0
    partial: list[str] = field(default_factory=list)
    timed_by_arcs: list[str] = field(default_factory=list)
    narrowed: dict[str, float] = field(default_factory=dict)

    def write(self, decoded: DecodedUtterance) -> None:
        """Append one utterance to all files; if it has no lattice, write only the reason to the log."""
        utterance, lattice = decoded.utterance, decoded.lattice
        if lattice is None:
            reason = decoded.reason if decoded.error is None else decoded.error.message
            self.files.log.write(f"Not decoded: utterance {utterance}, {reason}.\n")
            return
        scales = CostScales(acoustic_scale=self.determinization.acoustic_scale)
        path = lattice.best_path(scales)
        compact = None
        if decoded.determinized is not None:
            compact, beam = decoded.determinized
            if beam < self.determinization.beam:
                self.narrowed[utterance] = beam
                self.files.log.write(
                    f"Determinization of utterance {utterance} took {self.determinization.max_memory / 1e6:g} MB: "
                    f"its lattice has a beam of {beam:.4g} instead of {self.determinization.beam:g}.\n"
                )
        self.files.lattices.write(utterance, lattice if compact is None or not self.determinized else compact)
        self.files.best_paths.write(" ".join([utterance, *self.formatter.text(path.words.tolist())]) + "\n")
        times, by_phones = self.formatter.times(path, partial=not lattice.reached_final)
        if not by_phones:
            self.timed_by_arcs.append(utterance)
        confidences: Sequence[float | None] | None = None
        if self.confidences and compact is not None:
            confidences = word_confidences(path, times, compact, scales)
        self.files.ctm.writelines(f"{row}\n" for row in self.formatter.ctm(utterance, times, confidences))
        cost = scales.cost(path.graph_cost, path.acoustic_cost)
        self.files.log.write(
            f"Log-like per frame for utterance {utterance} is {-cost / lattice.num_frames:.6g} over "
            f"{lattice.num_frames} frames.{'' if lattice.reached_final else ' Partial: no final state was reached.'}\n"
        )
        self.frames += lattice.num_frames
        self.cost += cost
        if not lattice.reached_final:
            self.partial.append(utterance)

    def narrowed_warning(self) -> str | None:
        """Return how many lattices have a narrower beam than requested; None if all have the requested beam."""
        return describe_narrowed(self.narrowed, self.determinization)

    def summary(self, tally: Tally, seconds: float, threads: int, times_from: str) -> list[str]:
        """Return the lines of the final report.

        Args:
            tally: counts of utterances with and without a result.
            seconds: how long the decoding took.
            threads: how many threads decoded.
            times_from: the source of the words' times.
        """
        lines = [f"{tally.summary()}, {len(self.partial)} partial"]
        if self.partial:
            lines[0] += f" (no final state was reached, first {self.partial[0]})"
        lines.append(f"word times: {times_from}")
        if self.formatter.lexicon is not None and self.timed_by_arcs:
            lines.append(
                f"word times: {len(self.timed_by_arcs)} utterances have the times of the arcs, since the lexicon does "
                f"not explain their phones, first {self.timed_by_arcs[0]}"
            )
        audio = self.frames * self.formatter.frame_shift
        lines.append(f"Overall log-likelihood per frame is {-self.cost / self.frames:.6g} over {self.frames} frames.")
        lines.append(
            f"{seconds:.1f} s for {audio:.1f} s of audio with {threads} thread(s): "
            f"{self.frames / seconds:.0f} frames/s, real-time factor {seconds / audio:.4f}"
        )
        return lines
