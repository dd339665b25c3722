"""The errors that a user can cause. Each says where it happened, what was found, what was expected and how to fix it.

The command line prints a :class:`BlasrError` as one message and exits with its ``exit_code``. Any other
exception is a defect of blasr and keeps its traceback.
"""

from __future__ import annotations

import copy
import os
import re
from typing import Final, Self


class BlasrError(Exception):
    """A mistake in the user's input, reported in one message.

    Args:
        message: what was found and what was expected.
        path: the file or folder where the mistake is.
        line: the line in that file, counted from 1.
        utterance: the id of the utterance concerned.
        fix: what to do next, as an imperative sentence.
        reason: the message without numbers and names, so that equal mistakes are counted together; by default the
            beginning of the message.
    """

    exit_code = 1
    usual_reason = ""  # a subclass that always has the same reason gives it here

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        line: int | None = None,
        utterance: str | None = None,
        fix: str | None = None,
        reason: str | None = None,
    ) -> None:
        self.message = message
        beginning = re.split(r"[:(,;0-9]", message, maxsplit=1)[0].strip()
        self.reason = reason or self.usual_reason or beginning or "unusable"
        self.path = path
        self.line = line
        self.utterance = utterance
        self.fix = fix
        super().__init__(str(self))

    def at(
        self,
        *,
        path: str | os.PathLike[str] | None = None,
        line: int | None = None,
        utterance: str | None = None,
        fix: str | None = None,
    ) -> Self:
        """Return a copy of the error in which missing fields are filled; known fields are never overwritten.

        A caller that knows more about the place adds it with ``raise error.at(path=..., utterance=...) from None``.
        ``line`` belongs to ``path``; it is ignored if the error already names another file.
        """
        same_file = path is None or self.path is None or os.fspath(path) == os.fspath(self.path)
        error = copy.copy(self)
        error.path = path if self.path is None else self.path
        error.line = line if self.line is None and same_file else self.line
        error.utterance = utterance if self.utterance is None else self.utterance
        error.fix = fix if self.fix is None else self.fix
        error.args = (str(error),)
        return error

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
    """A file that does not follow its format: truncated, corrupt or of another kind."""


class MismatchError(BlasrError):
    """Two files that do not belong together, for example a model and a tree with different numbers of pdfs."""


class TrainingError(BlasrError):
    """A training run that cannot continue, for example because its loss is not a number."""


class StopRequestedError(BlasrError):
    """A signal has ended a training run after it was saved. The exit status is 128 and the number of the signal."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


class DependencyError(BlasrError):
    """An optional package or program that is needed but not installed."""


UTTERANCE_ERRORS: Final = (DataError, FormatError, DependencyError)
"""What may be wrong with the audio or the scores of one utterance. A stage drops it, counts it and continues."""
