"""Text for language models: sentences of words, one a line, read as they are needed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from blasr.errors import FormatError


def iterate_sentences(path: str | PathLike[str], *, utterance_ids: bool = False) -> Iterator[list[str]]:
    """The sentences of a text, plain or .gz; empty lines are left out.

    Args:
        path: the text.
        utterance_ids: whether every line begins with an utterance-id, as in Kaldi's ``text``.

    Raises:
        FormatError: the file cannot be read, or a line is not UTF-8.
    """
    source = Path(path)
    number = 0
    try:
        with gzip.open(source) if source.suffix == ".gz" else source.open("rb") as stream:
            for line in stream:
                number += 1
                if words := line.decode().split():
                    yield words[1:] if utterance_ids else words
    except UnicodeDecodeError:
        raise FormatError("not UTF-8", path=path, line=number, fix="convert the file to UTF-8") from None
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"the text cannot be read: {reason}", path=path, fix="check the path") from None
