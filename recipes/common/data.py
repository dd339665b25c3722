"""Kaldi data directories from lists of whole-file utterances."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError


class Item(NamedTuple):
    """An utterance that fills a wav file; its recording-id is the utterance-id."""

    id: str
    speaker: str
    words: tuple[str, ...]
    wav: Path


def write_data_dir(path: Path, items: Iterable[Item]) -> None:
    """Write ``wav.scp``, ``text``, ``utt2spk`` and ``spk2utt`` with absolute paths, and print their size.

    Raises:
        DataError: there are no items.
    """
    items = sorted(items)
    if not items:
        fix = "check that the corpus has the layout that the recipe expects"
        raise DataError("no utterances to write", path=path, fix=fix)
    utterances = tuple(Utterance(item.id, item.speaker, item.id, words=item.words) for item in items)
    DataDir(path, utterances, {item.id: str(item.wav.resolve()) for item in items}).write(path)
    words, speakers = sum(len(item.words) for item in items), len({item.speaker for item in items})
    print(f"{path}: {len(items)} utterances, {words} words, {speakers} speaker(s)")
