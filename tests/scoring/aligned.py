"""Aligned utterances for tests."""

from __future__ import annotations

from blasr.scoring.aligned_utterance import AlignedUtterance


def utterance(text: str, speaker: str = "ann", name: str = "u1") -> AlignedUtterance:
    """Return the utterance of pairs such as ``a:a b:x c:- -:d``, reference word first."""
    pairs = tuple(tuple(None if word == "-" else word for word in pair.split(":")) for pair in text.split())
    aligned = tuple((first, second) for first, second in pairs)
    return AlignedUtterance(name, speaker, aligned, tuple(first == second for first, second in aligned))
