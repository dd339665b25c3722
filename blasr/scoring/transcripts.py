"""Kaldi's ``text`` and ``utt2spk``: the words and the speaker of every utterance, as scoring needs them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from os import PathLike
from pathlib import Path

from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.io.symbols import RESERVED_FIX, describe_reserved, is_reserved
from blasr.io.text_lines import read_lines


def read_transcripts(path: str | PathLike[str]) -> dict[str, list[str]]:
    """Return the words of every utterance of a file with lines ``utterance-id word word ...``, in its order.

    Raises:
        FormatError: the file cannot be read, a line is empty, an utterance appears twice, or a word is reserved, such
            as ``<eps>``.
    """
    transcripts: dict[str, list[str]] = {}
    for number, line in read_lines(path):
        fields = line.split()
        if not fields:
            raise FormatError("the line is empty, expected an utterance-id and words", path=path, line=number)
        if fields[0] in transcripts:
            raise FormatError(
                "appears twice", path=path, line=number, utterance=fields[0], fix="remove one of the lines"
            )
        if ("<" in line or "#" in line) and (word := next(filter(is_reserved, fields[1:]), None)):
            raise FormatError(describe_reserved(word), path=path, line=number, utterance=fields[0], fix=RESERVED_FIX)
        transcripts[fields[0]] = fields[1:]
    return transcripts


def write_transcripts(path: Path, transcripts: Mapping[str, Sequence[str]]) -> None:
    """Write lines ``utterance-id word word ...``, as :func:`read_transcripts` reads them."""
    with atomic_open(path, "w") as stream:
        stream.writelines(" ".join([utterance, *words]) + "\n" for utterance, words in transcripts.items())


def read_speakers(path: str | PathLike[str]) -> dict[str, str]:
    """Return the speaker of every utterance of an ``utt2spk`` file.

    Raises:
        FormatError: the file cannot be read, an utterance appears twice, or it does not have exactly one speaker.
    """
    speakers = {}
    for utterance, fields in read_transcripts(path).items():
        if len(fields) != 1:
            raise FormatError(f"has {len(fields)} speakers, expected one", path=path, utterance=utterance)
        speakers[utterance] = fields[0]
    return speakers


def check_references(references: Collection[str], hypotheses: Collection[str]) -> None:
    """Raise :class:`DataError` if an utterance of the hypotheses is not among the references."""
    unknown = [utterance for utterance in hypotheses if utterance not in references]
    if unknown:
        raise DataError(
            f"{len(unknown)} of {len(hypotheses)} hypotheses have no reference",
            utterance=unknown[0],
            fix="give the transcripts of the set that was decoded",
        )
