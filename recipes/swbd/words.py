"""One spelling for the words of Switchboard, Fisher and their lexicon: lower case, noises in brackets, ``i._b._m.``.

The rules come from Kaldi's ``swbd1_map_words.pl``, ``fisher_data_prep.sh`` and ``format_acronyms_dict.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

LAUGHTER, NOISE, VOCALIZED_NOISE, UNKNOWN = "[laughter]", "[noise]", "[vocalized-noise]", "<unk>"
NOISES = {NOISE: "nsn", LAUGHTER: "lau", VOCALIZED_NOISE: "spn", UNKNOWN: "spn"}
"""The words for noises and for unknown words, with their phones."""

LETTERS = {
    "a": "ey",
    "b": "b iy",
    "c": "s iy",
    "d": "d iy",
    "e": "iy",
    "f": "eh f",
    "g": "jh iy",
    "h": "ey ch",
    "i": "ay",
    "j": "jh ey",
    "k": "k ey",
    "l": "eh l",
    "m": "eh m",
    "n": "eh n",
    "o": "ow",
    "p": "p iy",
    "q": "k y uw",
    "r": "aa r",
    "s": "eh s",
    "t": "t iy",
    "u": "y uw",
    "v": "v iy",
    "x": "eh k s",
    "y": "w ay",
    "w": "d ah b ax l y uw",
    "z": "z iy",
}
"""The names of the letters, in the phones of ``sw-ms98-dict.text``."""

_FISHER_NOISES = {"[laugh]": LAUGHTER} | dict.fromkeys(
    ("[sigh]", "[cough]", "[mn]", "[breath]", "[lipsmack]", "[sneeze]", "[noise]"), NOISE
)
_ASIDE = re.compile(r"<[be]_aside>")
_ACRONYM = re.compile(r"([a-z])((?:\._[a-z])+)\.('?s)?")

# The rules are applied in this order.
_MS98_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^(-?)\[laughter-(.+)\](-?)$", r"\1\2\3"),  # [laughter-story]: said with a laugh
        (r"^\[(.+)/.+\](-?)$", r"\1\2"),  # [it'n/isn't]: the spoken and the intended word
        (r"^-?\[[^][]+\](.+)$", r"-\1"),  # -[an]y: the part in brackets was not spoken
        (r"^(.+)\[[^][]+\]-?$", r"\1-"),  # ab[solute]-: the same at the end
        (r"^([^][]+)\[.+\]$", r"\1"),  # ex[specially]-/especially]: an error of the transcribers
        (r"^\{(.+)\}$", r"\1"),  # {yuppiedom}: not a word of a dictionary
        (r"([a-z])\[[^][]+\]([a-z])", r"\1-\2"),  # ammu[n]it-
        (r"_\d", ""),  # a_1: another pronunciation of a
    )
)


def ms98_word(word: str) -> str:
    """Return the spelling of a word of the ISIP transcripts or of ``sw-ms98-dict.text``."""
    word = word.lower()
    if word in NOISES:
        return word
    for pattern, replacement in _MS98_RULES:
        word = pattern.sub(replacement, word)
    return word


def ms98_words(text: str, acronyms: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of a transcript, without silence and marks of asides.

    Args:
        text: the transcript.
        acronyms: the spelling of acronyms, from :func:`find_acronyms`.
    """
    words = _ASIDE.sub(" ", text.lower()).split()
    mapped = (ms98_word(word) for word in words if word != "[silence]")
    return tuple(acronyms.get(word, word) for word in mapped)


def fisher_words(text: str) -> tuple[str, ...] | None:
    """Return the words of a Fisher transcript, or None if the transcriber marked a part as uncertain, ``((...))``."""
    if "((" in text or "))" in text:
        return None
    return tuple(_FISHER_NOISES.get(word, word) for word in text.lower().split())


def find_acronyms(pronunciations: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the words of a lexicon that are spoken as letters, and their spelling in Fisher: ``ibm`` is ``i._b._m.``.

    Args:
        pronunciations: words and their phones. A word is spoken as letters if one of its pronunciations consists of
            the names of its letters.
    """
    found = {}
    for word, phones in pronunciations:
        match = re.fullmatch(r"([a-z]{2,}?)('?s)?", word)
        if match is None:
            continue
        letters, suffix = match[1], match[2] or ""
        spelled = " ".join(LETTERS[letter] for letter in letters)
        endings = (" s", " z", " ax z", " ih z", " eh z") if suffix else ("",)
        if any(phones == spelled + ending for ending in endings):
            found[word] = "._".join(letters) + "." + suffix
    return found


def acronym_letters(word: str) -> str | None:
    """Return an acronym as references write it, ``u c l a`` for ``u._c._l._a.``, or None if it is not an acronym."""
    match = _ACRONYM.fullmatch(word)
    if match is None:
        return None
    return match[1] + match[2].replace("._", " ") + ("'s" if match[3] else "")
