"""Scoring time-marked words against an STM reference: what is compared, and how both sides are made comparable."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from blasr.errors import ConfigError, FormatError
from blasr.io.nist.ctm import CtmAlternatives, CtmWord, read_ctm_items
from blasr.io.nist.glm import read_glm
from blasr.io.nist.stm import Stm, markup_problem, read_stm
from blasr.scoring.hub5 import Hub5Score, score_segments
from blasr.scoring.hypothesis import Normalize
from blasr.scoring.normalization import Normalizer
from blasr.scoring.sctk import score_with_sctk
from blasr.scoring.segments import side_of
from blasr.scoring.utterance_places import UtterancePlace, place_in_recordings, read_utterance_places

Block = tuple[tuple[CtmWord, ...], ...]
"""Alternatives: rows of words; one row was spoken. A plain word is one row with one word."""


@dataclass(frozen=True, slots=True)
class StmScorer:
    """An STM reference and everything that decides how a hypothesis is compared with it.

    Attributes:
        path: the STM file.
        stm: its segments, with the labels that :meth:`read` adds.
        glm: NIST's rules for spellings, if any; the two normalizers apply them.
        normalize_reference: makes the spelling of a transcript comparable.
        normalize_hypothesis: makes the spelling of a hypothesis word comparable.
        group_names: the labels that were added.
        places: where utterances are, if hypotheses name utterances instead of recordings.
        dropped_words: hypothesis words that do not count, in lower case.
    """

    path: Path
    stm: Stm
    glm: Path | None = None
    normalize_reference: Normalize = str
    normalize_hypothesis: Normalize = str
    group_names: tuple[str, ...] = ()
    places: Mapping[str, UtterancePlace] | None = field(default=None, repr=False)
    dropped_words: frozenset[str] = frozenset()

    @classmethod
    def read(
        cls,
        path: Path,
        *,
        glm: Path | None = None,
        groups: Sequence[tuple[str, str]] = (),
        data_dir: Path | None = None,
        dropped_words: Collection[str] = (),
    ) -> Self:
        """Read the reference and the rules.

        Args:
            path: the STM file.
            glm: NIST's rules for spellings, applied to both sides.
            groups: labels to add, and the beginning of the names of the recordings that get them.
            data_dir: a Kaldi data directory, if hypotheses name its utterances instead of recordings.
            dropped_words: hypothesis words that do not count, in any case.

        Raises:
            ConfigError: a group has no usable name, or no recording begins with its prefix.
            FormatError: a file cannot be read or is not in its format.
        """
        stm = add_groups(read_stm(path), groups)
        normalizers: tuple[Normalize, Normalize] = (str, str)
        if glm is not None:
            normalizers = read_normalizer(glm, "stm", "ref"), read_normalizer(glm, "ctm", "hyp")
        return cls(
            path,
            stm,
            glm,
            *normalizers,
            group_names=tuple(name for name, _ in groups),
            places=None if data_dir is None else read_utterance_places(data_dir),
            dropped_words=frozenset(word.lower() for word in dropped_words),
        )

    @property
    def label_names(self) -> list[str]:
        """The labels that the STM file defines, then those that were added."""
        return [*(label.id for label in self.stm.labels), *self.group_names]

    def read_hypotheses(self, path: Path) -> list[Block]:
        """Return the words of a CTM file; see :meth:`hypotheses`."""
        return self.hypotheses(read_ctm_items(path), source=path)

    def hypotheses(self, items: Iterable[CtmWord | CtmAlternatives], *, source: Path) -> list[Block]:
        """Return the words that count, in the recordings where they were spoken.

        Args:
            items: words and alternatives.
            source: the file that they come from, for errors.

        Raises:
            FormatError: with file and line. An utterance has no place, a recording or a channel is not in the
                reference, or a bracket of a word has no pair.
        """
        known = {side_of(segment.recording, segment.channel) for segment in self.stm.segments}
        if self.places is not None:
            items = place_in_recordings(items, self.places, source=source)
        blocks: list[Block] = []
        for item in items:
            if side_of(item.recording, item.channel) not in known:
                raise self._unknown_side(item, source)
            rows = item.options if isinstance(item, CtmAlternatives) else ((item,),)
            block = tuple(tuple(word for word in row if word.word.lower() not in self.dropped_words) for row in rows)
            for word in (word for row in block for word in row):
                if problem := markup_problem(word.word):
                    raise FormatError(f"the word {word.word} {problem}", path=source, line=word.line or None)
            if any(block):
                blocks.append(block)
        return blocks

    def score(self, hypotheses: Sequence[Block], *, with_sctk: bool = False) -> Hub5Score:
        """Score a hypothesis.

        Args:
            hypotheses: what :meth:`hypotheses` returned.
            with_sctk: let NIST's programs count instead of :func:`~blasr.scoring.hub5.score_segments`.

        Raises:
            DataError, DependencyError: see the two functions that score.
        """
        if with_sctk:
            return score_with_sctk(self.stm.segments, hypotheses, self.glm, self.normalize_hypothesis)
        return score_segments(self.stm.segments, hypotheses, self.normalize_reference, self.normalize_hypothesis)

    def _unknown_side(self, item: CtmWord | CtmAlternatives, source: Path) -> FormatError:
        channels = {
            segment.channel for segment in self.stm.segments if segment.recording.lower() == item.recording.lower()
        }
        message = f"recording {item.recording}, channel {item.channel} is in no segment of {self.path}"
        fix = "give the hypothesis of the set that the STM file transcribes, or say with --data where utterances are"
        if channels:
            fix = f"the channels there are {', '.join(sorted(channels))}"
        return FormatError(message, path=source, line=item.line or None, fix=fix)


def read_normalizer(glm: Path, kind: str, purpose: str) -> Normalize:
    """Return the function that applies a GLM file's rules to one line of text.

    Args:
        glm: NIST's rules.
        kind: ``stm`` or ``ctm``, the format of the text.
        purpose: ``ref`` or ``hyp``, which side of the comparison it is.

    Raises:
        FormatError: the file cannot be read or is not a GLM file.
    """
    rules = read_glm(glm, kind, purpose)
    return Normalizer(rules.rules, case_sensitive=rules.case_sensitive, copy_unmatched=rules.copy_unmatched).text


def add_groups(stm: Stm, groups: Sequence[tuple[str, str]]) -> Stm:
    """Return the segments with more labels: each group's name for the recordings that begin with its prefix.

    Raises:
        ConfigError: a name is empty or cannot be a label, or no recording begins with a prefix.
    """
    for name, prefix in groups:
        if not name or not prefix or re.search(r"[\s,<>]", name):
            message = f"found the group {name}={prefix}, expected a label and the beginning of recordings' names"
            raise ConfigError(message, fix="write it as in SWB=sw_")
        if not any(segment.recording.startswith(prefix) for segment in stm.segments):
            raise ConfigError(f"the group {name}={prefix}: no recording begins with {prefix}")
    segments = []
    for segment in stm.segments:
        added = (name for name, prefix in groups if segment.recording.startswith(prefix))
        segments.append(dataclasses.replace(segment, labels=tuple(dict.fromkeys((*segment.labels, *added)))))
    return dataclasses.replace(stm, segments=tuple(segments))
