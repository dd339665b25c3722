"""Damage valid inputs: truncate them, flip bits, make sizes huge or negative, move pieces."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from random import Random

_NUMBERS = (0, 1, -1, 2, 7, 127, 128, 255, 65535, 65536, (1 << 31) - 1, -(1 << 31), (1 << 30) + 1, 1 << 24)
_LONG_NUMBERS = (-1, 1 << 31, 1 << 32, (1 << 63) - 1, -(1 << 63), 1 << 61)
_FLOATS = (float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 3e38, -3e38, 1e-45)
_TOKENS = (
    *(b" ", b"\n", b"[", b"]", b";", b":", b"<", b">", b"(", b")", b"{", b"}", b",", b"|"),
    *(b"nan", b"inf", b"-1", b"99999999999", b"1e999", b"\xff\xff\xff\x7f", b"\xc3\x28"),
    *(b"\xc2\xa0", b"\xe3\x80\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\t", b"\x0b", b"\x1f\x8b"),
    *(b"#0", b"<eps>", b"<s>", b"</s>", b";;", b"=>", b"/", b"@", b'"', b"0.5"),
    *(b"\0B", b"\4", b"FM ", b"DM ", b"CM ", b"CM2 ", b"CM3 ", b"FV ", b"RIFF"),
)


def mutate(random: Random, seeds: Sequence[bytes]) -> bytes:
    """Return one of the seeds, damaged in one to four places."""
    data = bytearray(seeds[random.randrange(len(seeds))])
    for _ in range(1 + (random.random() < 0.5) + 2 * (random.random() < 0.2)):
        _damage(random, data, seeds)
    return bytes(data)


def _damage(random: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    kind = random.randrange(10)
    place = random.randrange(len(data) + 1)
    if kind == 0:
        del data[place:]
    elif kind == 1 and place < len(data):
        data[place] ^= 1 << random.randrange(8)
    elif kind == 2 and place < len(data):
        data[place] = random.randrange(256)
    elif kind in (3, 4):
        data[place : place + 4] = struct.pack("<i", random.choice(_NUMBERS))
    elif kind == 5:
        data[place : place + 8] = struct.pack("<q", random.choice(_LONG_NUMBERS))
    elif kind == 6:
        data[place : place + 4] = struct.pack("<f", random.choice(_FLOATS))
    elif kind == 7:
        token = random.choice(_TOKENS)
        data[place : place + random.randrange(len(token) + 1)] = token
    elif kind == 8:
        end = min(len(data), place + random.randrange(1, 40))
        if random.random() < 0.5:
            del data[place:end]
        else:
            data[place:place] = data[place:end]
    else:
        other = seeds[random.randrange(len(seeds))]
        data[place:] = other[random.randrange(len(other) + 1) :]
