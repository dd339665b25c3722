"""One spelling for the words of Switchboard, Fisher and their lexicon: lower case, noises in brackets, ``i._b._m.``.

The rules are those of Kaldi's ``swbd1_map_words.pl``, ``fisher_data_prep.sh`` and ``format_acronyms_dict.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

LAUGHTER, NOISE, VOCALIZED_NOISE, UNKNOWN = "[laughter]", "[noise]", "[vocalized-noise]", "<unk>"
NOISES = {NOISE: "nsn", LAUGHTER: "lau", VOCALIZED_NOISE: "spn", UNKNOWN: "spn"}
"""The words that are no speech, or unknown, with their phones."""

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
"""The letters' names in the phones of ``sw-ms98-dict.text``."""

_FISHER_NOISES = {"[laugh]": LAUGHTER} | dict.fromkeys(
    ("[sigh]", "[cough]", "[mn]", "[breath]", "[lipsmack]", "[sneeze]", "[noise]"), NOISE
)
_ASIDE = re.compile(r"<[be]_aside>")
_ACRONYM = re.compile(r"([a-z])((?:\._[a-z])+)\.('?s)?")

# In this order: laughed words, mispronounced words and the unspoken parts of words.
_MS98_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^(-?)\[laughter-(.+)\](-?)$", r"\1\2\3"),  # [laughter-story] is said with a laugh
        (r"^\[(.+)/.+\](-?)$", r"\1\2"),  # [it'n/isn't]: what was said, what was meant
        (r"^-?\[[^][]+\](.+)$", r"-\1"),  # -[an]y
        (r"^(.+)\[[^][]+\]-?$", r"\1-"),  # ab[solute]-
        (r"^([^][]+)\[.+\]$", r"\1"),  # ex[specially]-/especially], a slip of the transcribers
        (r"^\{(.+)\}$", r"\1"),  # {yuppiedom} is no word of a dictionary
        (r"([a-z])\[[^][]+\]([a-z])", r"\1-\2"),  # ammu[n]it-
        (r"_\d", ""),  # a_1 is another pronunciation of a
    )
)


def ms98_word(word: str) -> str:
    """A word of the ISIP transcripts or of ``sw-ms98-dict.text``."""
    word = word.lower()
    if word in NOISES:
        return word
    for pattern, replacement in _MS98_RULES:
        word = pattern.sub(replacement, word)
    return word


def ms98_words(text: str, acronyms: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a transcript, without silence and the marks of asides; ``acronyms`` as :func:`find_acronyms`."""
    words = _ASIDE.sub(" ", text.lower()).split()
    mapped = (ms98_word(word) for word in words if word != "[silence]")
    return tuple(acronyms.get(word, word) for word in mapped)


def fisher_words(text: str) -> tuple[str, ...] | None:
    """The words of a Fisher transcript; None where the transcriber marked a part as uncertain, ``((...))``."""
    if "((" in text or "))" in text:
        return None
    return tuple(_FISHER_NOISES.get(word, word) for word in text.lower().split())


def find_acronyms(pronunciations: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Words of a lexicon that are spelled out, and their spelling in Fisher: ``ibm`` is ``i._b._m.``.

    Args:
        pronunciations: words and their phones; a word counts if one of its pronunciations is its letters' names.
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
    """How references write an acronym: ``u._c._l._a.`` is ``u c l a``, with ``'s`` at its end; None for other words."""
    match = _ACRONYM.fullmatch(word)
    if match is None:
        return None
    return match[1] + match[2].replace("._", " ") + ("'s" if match[3] else "")
