"""Two-channel telephone conversations between voices of eSpeak NG: the turns, their times, and the audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recipes.common.waveforms import Samples
from recipes.demo.espeak import Line, render
from recipes.demo.synthesize import PITCH, PITCH_RANGE, RATE, WORDS_PER_MINUTE, telephone
from recipes.swbd.rehearsal.sentences import backchannel, sentence, spelling

GAP_SECONDS = (0.3, 1.0)
BACKCHANNEL_SHARE = 0.4
LINE_NOISE = 3  # the largest amplitude where nobody speaks, in steps of 16-bit samples


@dataclass(frozen=True)
class Plan:
    """A planned conversation: its name, the voices of sides A and B, and the turns (side 0 or 1, words) in order."""

    name: str
    voices: tuple[str, str]
    turns: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True)
class SpokenTurn:
    """A turn on side ``A`` or ``B``: its times, and its words as named in :mod:`sentences`."""

    side: str
    start_seconds: float
    end_seconds: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class Conversation:
    """A conversation: its name, its voices, the 16-bit samples ``(N, 2)`` of both sides, and its turns."""

    name: str
    voices: tuple[str, str]
    samples: NDArray[np.int16]
    turns: tuple[SpokenTurn, ...]

    @property
    def seconds(self) -> float:
        """The length of the conversation."""
        return len(self.samples) / RATE


def plan(name: str, voices: tuple[str, str], num_turns: int, seed: int) -> Plan:
    """Plan ``num_turns`` turns of each side in alternation. The listener responds to some of them."""
    generator = np.random.default_rng([seed, *name.encode()])
    turns: list[tuple[int, tuple[str, ...]]] = []
    for number in range(2 * num_turns):
        turns.append((number % 2, sentence(generator)))
        if generator.random() < BACKCHANNEL_SHARE:
            turns.append((1 - number % 2, backchannel(generator)))
    return Plan(name, voices, tuple(turns))


def speak(plans: Sequence[Plan], seed: int, nj: int) -> list[Conversation]:
    """Return the conversations with their audio. Each voice speaks all of its turns in one process.

    Raises:
        DependencyError: the synthesizer is not installed.
    """
    lines: dict[str, list[Line]] = {}
    for item in plans:
        generator = np.random.default_rng([seed, *b"style", *item.name.encode()])
        for side, words in item.turns:
            rate, pitch, pitch_range = (
                int(generator.integers(*span)) for span in (WORDS_PER_MINUTE, PITCH, PITCH_RANGE)
            )
            text = " ".join(spelling(word).said for word in words)
            lines.setdefault(f"en-us+{item.voices[side]}", []).append(Line(text, rate, pitch, pitch_range))
    spoken = {voice.partition("+")[2]: iter(speeches) for voice, speeches in render(lines, nj)}
    conversations = []
    for item in plans:
        generator = np.random.default_rng([seed, *b"line", *item.name.encode()])
        audio = [(side, telephone(next(spoken[item.voices[side]]), generator)) for side, _ in item.turns]
        conversations.append(place(item, audio, generator))
    return conversations


def place(item: Plan, audio: Sequence[tuple[int, Samples]], generator: np.random.Generator) -> Conversation:
    """Place the turns in time. Turns of one side do not overlap; a response of the listener starts within a turn."""
    free = [0, 0]
    placed: list[tuple[int, int, Samples]] = []
    latest = 0
    for number, (side, samples) in enumerate(audio):
        gap = round(RATE * generator.uniform(*GAP_SECONDS))
        interrupts = number > 0 and len(item.turns[number][1]) <= 2 and placed[-1][0] != side
        start = placed[-1][1] + len(placed[-1][2]) // 2 if interrupts else latest + gap
        start = max(start, free[side] + gap)
        placed.append((side, start, samples))
        free[side] = start + len(samples)
        latest = max(latest, free[side])
    whole = generator.integers(-LINE_NOISE, LINE_NOISE + 1, (latest + RATE, 2)).astype(np.int16)
    turns = []
    for (side, start, samples), (_, words) in zip(placed, item.turns, strict=True):
        whole[start : start + len(samples), side] = samples
        turns.append(SpokenTurn("AB"[side], start / RATE, (start + len(samples)) / RATE, words))
    return Conversation(item.name, item.voices, whole, tuple(sorted(turns, key=lambda turn: turn.start_seconds)))


def pair_voices(names: Sequence[str], voices: Sequence[str], num_turns: int, seed: int) -> list[Plan]:
    """Plan conversations in which the voices take part in turn."""
    ring: Mapping[int, str] = dict(enumerate(voices))
    return [
        plan(name, (ring[2 * i % len(ring)], ring[(2 * i + 1) % len(ring)]), num_turns, seed)
        for i, name in enumerate(names)
    ]
