"""The sentences of the demo: telephone digits and commands, drawn from a small grammar."""

from __future__ import annotations

import numpy as np

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
COMMANDS = (
    "answer",
    "call doctor",
    "call home",
    "call office",
    "cancel",
    "delete messages",
    "hang up",
    "help",
    "mute",
    "next",
    "no",
    "play messages",
    "redial",
    "repeat",
    "stop",
    "volume down",
    "volume up",
    "yes",
)
NUMBER_LENGTHS = (3, 7)


def sentence(generator: np.random.Generator) -> tuple[str, ...]:
    """Draw a sentence: a number (2 times in 6), ``dial`` and a number (1 in 6), or a command (3 in 6)."""
    kind = int(generator.integers(6))
    if kind >= 3:
        return tuple(COMMANDS[int(generator.integers(len(COMMANDS)))].split())
    length = int(generator.integers(NUMBER_LENGTHS[0], NUMBER_LENGTHS[1] + 1))
    number = tuple(DIGITS[i] for i in generator.integers(0, len(DIGITS), length))
    return ("dial", *number) if kind == 2 else number
