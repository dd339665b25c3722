"""Are the words to be aligned in the lexicon? Told before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError
from blasr.graph.lang import Lang


def checked_utterances(data: DataDir, lang: Lang, *, map_oov: bool = False) -> list[Utterance]:
    """The utterances of a data directory, every word of their transcripts in the lexicon.

    Args:
        map_oov: replace unknown words by the lang directory's OOV word.

    Raises:
        DataError: there are no utterances, one has no transcript, or a word is unknown; for words the first one is
            told with its line, and how many others there are.
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
        _refuse(data, lang, unknown)
    return [
        replace(utterance, words=tuple(word if word in lexicon else lang.oov for word in utterance.words or ()))
        for utterance in data.utterances
    ]


def _refuse(data: DataDir, lang: Lang, unknown: Sequence[tuple[Utterance, str]]) -> None:
    utterance, word = unknown[0]
    path = data.path / "text"
    different = len({word for _, word in unknown}) - 1
    more = f" (and {different} other unknown word(s), in {len(unknown)} places in all)" if different else ""
    raise DataError(
        f"the word {word!r} is not in the lexicon of {lang.path}{more}",
        path=path,
        line=_line_of(data, utterance.id),
        utterance=utterance.id,
        fix=f"add it to the lexicon and make the lang directory again, or set map_oov to align it as {lang.oov!r}",
    )


def _line_of(data: DataDir, utterance: str) -> int | None:
    try:
        with (data.path / "text").open(encoding="utf-8") as stream:
            return next(
                (number for number, line in enumerate(stream, 1) if line.split(None, 1)[:1] == [utterance]), None
            )
    except OSError:
        return None
