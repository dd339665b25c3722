"""The sentences of the rehearsal: small talk from templates, spelled as in the transcripts of each corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SLOTS = {
    "RELATIVE": "sister brother mother father",
    "SPORT": "soccer tennis golf football",
    "FOOD": "pasta chicken fish bread",
    "PLACE": "lake beach mountains park city church",
    "SEASON": "summer winter",
    "DAY": "monday friday sunday",
    "PET": "dog cat bird",
    "NUMBER": "one two three",
    "VEHICLE": "car bus train boat",
    "ADJECTIVE": "good nice big small old",
    "WEATHER": "hot cold nice",
    "PERSON": "we they you i",
}
TEMPLATES = (
    "i usually watch the news on tv at night",
    "we went to the PLACE last SEASON",
    "my RELATIVE works for ibm in texas",
    "do you like to cook FOOD at home",
    "the weather here is really WEATHER in the SEASON",
    "how many children do you have",
    "i have NUMBER boys and a girl",
    "they play SPORT every weekend",
    "it's a ADJECTIVE school",
    "that's really ADJECTIVE",
    "i don't know about that",
    "PERSON drive a ADJECTIVE VEHICLE to work",
    "my RELATIVE had a ADJECTIVE PET",
    "what do you think about SPORT",
    "PERSON like to read a lot",
    "we make FOOD on DAY",
    "the kids go to school on the VEHICLE",
    "PERSON never watch movies on tv",
    "PERSON go to the PLACE every DAY",
    "people in the city are very ADJECTIVE",
    "my family is around here",
    "i'm at work every day",
    "he works at the PLACE and she works at ibm",
    "it's pretty WEATHER in texas",
)
OPENINGS = ("", "", "well", "so", "uh", "um", "yeah", "oh", "i mean", "you know", "okay", "actually")
BACKCHANNELS = ("yeah", "uh-huh", "right", "okay", "oh really", "that's nice", "LAUGH", "LAUGHED", "NOISE")
REPAIRS = (("weather", "PARTIAL"), ("very", "MISPRONOUNCED"))


@dataclass(frozen=True)
class Spelling:
    """The text of a word for the synthesizer, and its spelling in ms98, Fisher and a NIST reference."""

    said: str
    ms98: str
    fisher: str
    stm: str


SPELLINGS = {
    "uh": Spelling("uh", "uh", "uh", "(%HESITATION)"),
    "um": Spelling("um", "um", "um", "(%HESITATION)"),
    "uh-huh": Spelling("uh huh", "uh-huh", "uh-huh", "UH-HUH"),
    "ibm": Spelling("I.B.M.", "ibm", "i._b._m.", "I B M"),
    "tv": Spelling("T.V.", "tv", "t._v.", "T V"),
    "LAUGH": Spelling("ha ha ha", "[laughter]", "[laugh]", ""),
    "NOISE": Spelling("shh", "[noise]", "[breath]", ""),
    "LAUGHED": Spelling("yeah", "[laughter-yeah]", "yeah", "YEAH"),
    "PARTIAL": Spelling("wea", "wea[ther]-", "wea-", "(WEA-)"),
    "MISPRONOUNCED": Spelling("berry", "[bery/very]", "bery", "{ BERY / VERY }"),
}


def spelling(word: str) -> Spelling:
    """Return the spelling of a word or of a name in capitals."""
    return SPELLINGS.get(word) or Spelling(word, word, word, word.upper())


def sentence(generator: np.random.Generator) -> tuple[str, ...]:
    """Draw the words of a turn: an opening or none, one or two sentences, and sometimes a slip of the tongue."""
    words = _draw(generator, OPENINGS).split()
    for _ in range(1 + int(generator.random() < 0.4)):
        template = _draw(generator, TEMPLATES).split()
        words += [_draw(generator, SLOTS[word].split()) if word in SLOTS else word for word in template]
    for word, slip in REPAIRS:
        if word in words and generator.random() < 0.15:
            words.insert(words.index(word), slip)
    return tuple(words)


def backchannel(generator: np.random.Generator) -> tuple[str, ...]:
    """Draw a response of the listener."""
    return tuple(_draw(generator, BACKCHANNELS).split())


def _draw(generator: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(generator.integers(len(choices)))]
