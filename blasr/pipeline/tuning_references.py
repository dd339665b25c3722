"""What hypotheses are compared with while a system is tuned: transcripts, or NIST's reference segments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from blasr.data.data_dir import DataDir
from blasr.inference.manifest import file_entry
from blasr.lattices.lattice import BestPath
from blasr.lattices.timed_words import PathFormatter
from blasr.scoring import ErrorCounts, Hub5Score, StmScorer, read_transcripts, score_text
from blasr.scoring.transcripts import check_references


class TuningReference(Protocol):
    """Counts the errors of best paths."""

    @property
    def description(self) -> Mapping[str, Any]:
        """The files that the counts depend on, for JSON."""
        ...

    def check(self, data_dir: DataDir) -> None:
        """Refuse a data directory of other utterances before anything is decoded.

        Raises:
            DataError: an utterance has no reference.
        """
        ...

    def words(self, utterance: str, path: BestPath, formatter: PathFormatter) -> list[Any]:
        """Return the words of a best path, as :meth:`score` expects them."""
        ...

    def score(self, hypotheses: Mapping[str, list[Any]]) -> ErrorCounts:
        """Return the errors; the words of an utterance without a hypothesis count as deleted."""
        ...

    def segments(self, hypotheses: Mapping[str, list[Any]]) -> list[ErrorCounts]:
        """Return the errors of every utterance or segment of the reference, in the same order for all hypotheses."""
        ...


@dataclass(frozen=True, eq=False)
class TranscriptReference:
    """The words of every utterance, as ``blasr score text`` compares them.

    Attributes:
        path: a file with lines of an utterance-id and words.
        references: its content.
    """

    path: Path
    references: Mapping[str, list[str]]

    @classmethod
    def read(cls, path: Path) -> TranscriptReference:
        """Read the transcripts.

        Raises:
            FormatError: the file cannot be read.
        """
        return cls(path, read_transcripts(path))

    @property
    def description(self) -> Mapping[str, Any]:
        """As :class:`TuningReference`."""
        return {"text": file_entry(self.path)}

    def check(self, data_dir: DataDir) -> None:
        """As :class:`TuningReference`."""
        check_references(self.references, {utterance.id for utterance in data_dir.utterances})

    def words(self, utterance: str, path: BestPath, formatter: PathFormatter) -> list[str]:
        """As :class:`TuningReference`."""
        return formatter.text(path.words.tolist())

    def score(self, hypotheses: Mapping[str, list[Any]]) -> ErrorCounts:
        """As :class:`TuningReference`."""
        return score_text(self.references, hypotheses).total

    def segments(self, hypotheses: Mapping[str, list[Any]]) -> list[ErrorCounts]:
        """As :class:`TuningReference`."""
        return list(score_text(self.references, hypotheses).utterances.values())


@dataclass(frozen=True, eq=False)
class SegmentReference:
    """NIST's reference segments, as ``blasr score stm`` compares them.

    Attributes:
        scorer: the segments and the rules of comparison.
        path: the STM file.
        glm: NIST's rules for spellings, if any.
    """

    scorer: StmScorer
    path: Path
    glm: Path | None = None

    @classmethod
    def read(cls, path: Path, data_dir: Path, glm: Path | None, dropped_words: Collection[str]) -> SegmentReference:
        """Read the segments and the rules.

        Args:
            path: the STM file.
            data_dir: the data directory that is decoded; it places utterances in recordings.
            glm: NIST's rules for spellings.
            dropped_words: hypothesis words that do not count.

        Raises:
            FormatError: a file cannot be read.
        """
        return cls(StmScorer.read(path, glm=glm, data_dir=data_dir, dropped_words=dropped_words), path, glm)

    @property
    def description(self) -> Mapping[str, Any]:
        """As :class:`TuningReference`."""
        glm = None if self.glm is None else file_entry(self.glm)
        return {"stm": file_entry(self.path), "glm": glm, "drop": sorted(self.scorer.dropped_words)}

    def check(self, data_dir: DataDir) -> None:
        """As :class:`TuningReference`; the hypotheses name the places that are compared."""

    def words(self, utterance: str, path: BestPath, formatter: PathFormatter) -> list[Any]:
        """As :class:`TuningReference`."""
        return formatter.ctm(utterance, formatter.times(path)[0])

    def score(self, hypotheses: Mapping[str, list[Any]]) -> ErrorCounts:
        """As :class:`TuningReference`."""
        return self._score(hypotheses).total

    def segments(self, hypotheses: Mapping[str, list[Any]]) -> list[ErrorCounts]:
        """As :class:`TuningReference`."""
        return [scored.counts for scored in self._score(hypotheses).segments]

    def _score(self, hypotheses: Mapping[str, list[Any]]) -> Hub5Score:
        rows = chain.from_iterable(hypotheses.values())
        return self.scorer.score(self.scorer.hypotheses(rows, source=self.path))
