"""The errors a user can cause, each one saying where, what was found, what was expected and what to do.

The command line prints a :class:`BlasrError` as one message and exits with its ``exit_code``; any other
exception is a defect of blasr and keeps its traceback.
"""

from __future__ import annotations

from os import PathLike


class BlasrError(Exception):
    """A mistake in the user's input, told in one message.

    Args:
        message: what was found and what was expected.
        path: the file or folder at fault.
        line: its line, counted from 1.
        utterance: the utterance-id at fault.
        fix: what to do next, as an imperative sentence.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        path: str | PathLike[str] | None = None,
        line: int | None = None,
        utterance: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.message = message
        self.path = path
        self.line = line
        self.utterance = utterance
        self.fix = fix
        super().__init__(str(self))

    def __str__(self) -> str:
        where = []
        if self.path is not None:
            where.append(f"{self.path}:{self.line}" if self.line is not None else str(self.path))
        if self.utterance is not None:
            where.append(f"utterance {self.utterance}")
        text = ": ".join([*where, self.message])
        return f"{text}\n  fix: {self.fix}" if self.fix else text


class ConfigError(BlasrError):
    """A configuration or command line that cannot be used."""

    exit_code = 2


class DataError(BlasrError):
    """Audio, transcripts, lexicon or alignments that contradict each other or themselves."""


class FormatError(BlasrError):
    """Bytes that are not what their format promises: truncated, corrupt or of another kind."""


class MismatchError(BlasrError):
    """Two files that do not belong together, such as a model and a tree of another size."""


class TrainingError(BlasrError):
    """A training run that cannot go on, such as one whose loss is not a number."""


class DependencyError(BlasrError):
    """An optional package or program that the request needs and the machine lacks."""
