"""Check of transcripts before alignment: every word must be in the lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError, FormatError
from blasr.graph.lang import Lang
from blasr.io.text_lines import read_fields


def checked_utterances(data: DataDir, lang: Lang, *, map_oov: bool = False) -> list[Utterance]:
    """Check that every utterance has a transcript and that its words are in the lexicon.

    Args:
        data: the data directory.
        lang: the lang directory with the lexicon.
        map_oov: replace unknown words by the OOV word of the lang directory.

    Returns:
        The utterances, with unknown words replaced if ``map_oov`` is set.

    Raises:
        DataError: there are no utterances, one has no transcript, or a word is unknown. In the last case the error
            names the first unknown word and its line, and says how many others there are.
    """
    if not data.utterances:
        raise DataError("has no utterances", path=data.path, fix="check the directory with `blasr data check`")
    for utterance in data.utterances:
        if utterance.words is None:
            raise DataError(
                "has no transcript", path=data.path / "text", utterance=utterance.id, fix="add its line to text"
            )
    lexicon = set(lang.spoken_words)
    unknown = [
        (utterance, word) for utterance in data.utterances for word in utterance.words or () if word not in lexicon
    ]
    if not unknown:
        return list(data.utterances)
    if not map_oov:
        _raise_unknown(data, lang, unknown)
    return [
        replace(utterance, words=tuple(word if word in lexicon else lang.oov for word in utterance.words or ()))
        for utterance in data.utterances
    ]


def _raise_unknown(data: DataDir, lang: Lang, unknown: Sequence[tuple[Utterance, str]]) -> NoReturn:
    utterance, word = unknown[0]
    path = data.path / "text"
    others = len({word for _, word in unknown}) - 1
    more = f" (and {others} other unknown word(s), {len(unknown)} occurrences in total)" if others else ""
    raise DataError(
        f"the word {word!r} is not in the lexicon of {lang.path}{more}",
        path=path,
        line=_line_of(path, utterance.id),
        utterance=utterance.id,
        fix=f"add it to the lexicon and make the lang directory again, or set map_oov to align it as {lang.oov!r}",
    )


def _line_of(path: Path, utterance: str) -> int | None:
    """The line of an utterance in ``text``; None if the file cannot be read again."""
    try:
        return next((number for number, fields in read_fields(path) if fields[0] == utterance), None)
    except FormatError:
        return None
