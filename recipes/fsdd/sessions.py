"""The training utterances divided into sessions: each is a speaker of its own for the normalization of features.

Single digits have no pauses, joined strings have very quiet ones. With both in one speaker's statistics, the standard
deviation of a training speaker's features is up to twice that of a test speaker with single digits only, and the test's
features have another scale than the training's. A session therefore consists of one kind of utterance. Its few
utterances also show the network how statistics vary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from recipes.common.data import Item
from recipes.common.waveforms import read_wav, write_wav
from recipes.fsdd.conditions import Condition

SESSION_SIZES = {"isolated": 60, "joined": 6}
"""Utterances in a session of single digits and of joined strings."""

CLEAN_SHARE = 0.3
"""The share of each speaker's sessions of a kind, at least one, that are not changed by a condition."""


@dataclass(frozen=True)
class Session:
    """A part of a speaker's utterances of one kind.

    Attributes:
        name: ``SPEAKER-KIND-NUMBER``, the speaker-id.
        items: its utterances; the ids begin with the name.
        clean: whether it is used without a simulated condition.
        seed: of the condition.
    """

    name: str
    items: tuple[Item, ...]
    clean: bool
    seed: tuple[int, ...]

    def recorded(self, folder: Path, rate: int) -> Iterator[Item]:
        """Yield the items as recorded under the session's condition, after writing their wav files into ``folder``."""
        if self.clean:
            yield from self.items
            return
        generator = np.random.default_rng(self.seed)
        audio = [read_wav(item.wav, rate) for item in self.items]
        speech = np.concatenate(audio).astype(np.float64)
        condition = Condition.draw(float(np.sqrt(np.mean(speech**2))), generator)
        for item, samples in zip(self.items, audio, strict=True):
            wav = write_wav(folder / f"{item.id}.wav", condition.apply(samples, rate, generator), rate)
            yield item._replace(wav=wav)


def divide(kind: str, items: Iterable[Item], seed: int) -> Iterator[Session]:
    """Yield the sessions of every speaker; every item is in one of them.

    Args:
        kind: a key of ``SESSION_SIZES``.
        items: utterances of any speakers.
        seed: the sessions of a speaker depend only on it, the kind and that speaker's items.
    """
    by_speaker = groupby(sorted(items, key=lambda item: (item.speaker, item.id)), key=lambda item: item.speaker)
    for speaker, group in by_speaker:
        own = tuple(group)
        start = (seed, *f"{kind} sessions {speaker}".encode())
        count = max(1, round(len(own) / SESSION_SIZES[kind]))
        clean = max(1, round(CLEAN_SHARE * count))
        order = np.random.default_rng(start).permutation(len(own))
        for number, places in enumerate(np.array_split(order, count)):
            name = f"{speaker}-{kind}-{number:02d}"
            members = tuple(_moved(own[place], name) for place in sorted(places.tolist()))
            yield Session(name, members, number < clean, (*start, number))


def _moved(item: Item, session: str) -> Item:
    return item._replace(id=f"{session}-{item.id.removeprefix(f'{item.speaker}-')}", speaker=session)


def items_of(sessions: Sequence[Session]) -> list[Item]:
    """Return the utterances of all sessions, unchanged."""
    return [item for session in sessions for item in session.items]
