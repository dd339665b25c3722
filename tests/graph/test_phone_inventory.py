from __future__ import annotations

from typing import Any

import pytest

from blasr.errors import DataError
from blasr.graph.config import LangConfig
from blasr.graph.lexicon_fst import WHOLE_WORD, Place
from blasr.graph.phone_inventory import PhoneInventory, mark_positions
from blasr.lexicon.pronunciations import Pronunciation

LEXICON = [Pronunciation("<UNK>", ("SPN",)), Pronunciation("TEA", ("t", "i"), line=2)]


def inventory() -> PhoneInventory:
    return PhoneInventory.of_lexicon(LEXICON, LangConfig(["SIL", "SPN"], "<UNK>"))


def test_by_default_the_other_phones_of_the_lexicon_are_nonsilence_phones() -> None:
    assert inventory() == PhoneInventory((("SIL",), ("SPN",)), (("i",), ("t",)), "SIL")


def test_positions() -> None:
    marked = inventory().position_dependent()
    assert marked.silence_groups[0] == ("SIL", "SIL_B", "SIL_E", "SIL_I", "SIL_S")
    assert marked.nonsilence == ["i_B", "i_E", "i_I", "i_S", "t_B", "t_E", "t_I", "t_S"]
    assert marked.expand(["SPN", "t"]) == ["SPN", "SPN_B", "SPN_E", "SPN_I", "SPN_S", "t_B", "t_E", "t_I", "t_S"]
    assert marked.position_questions()[:2] == [["i_B", "t_B"], ["i_E", "t_E"]]
    assert marked.position_questions()[4:6] == [["SIL", "SPN"], ["SIL_B", "SPN_B"]]
    assert inventory().expand(["t"]) == ["t"]
    assert inventory().position_questions() == []


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (WHOLE_WORD, ["t_B i_E"]),
        (Place(begins=False), ["t_I i_E"]),
        (Place(begins=True, continues=True), ["t_B i_E", "t_B i_I"]),
        (Place(begins=False, ends=False, continues=True), ["t_I i_I"]),
    ],
)
def test_positions_of_a_pronunciation(place: Place, expected: list[str]) -> None:
    assert [" ".join(entry.phones) for entry, _ in mark_positions(LEXICON[1], place)] == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nonsilence_phones": [["t"]]}, "^lexicon.txt:2: the phone 'i' of 'TEA' is not among the phones given"),
        ({"nonsilence_phones": [["t", "i"], ["SIL"]]}, "'SIL' is listed twice"),
        ({"optional_silence": "sil"}, r"'sil' is not a silence phone \(SIL, SPN\)"),
        ({"silence_phones": ["SIL", "SPN", "t", "i"]}, "every phone of the lexicon is a silence phone"),
    ],
)
def test_phones_that_contradict_the_lexicon_are_refused(options: dict[str, Any], message: str) -> None:
    config = LangConfig(**{"silence_phones": ["SIL", "SPN"], "oov": "<UNK>", **options})
    with pytest.raises(DataError, match=message):
        PhoneInventory.of_lexicon(LEXICON, config, "lexicon.txt")


@pytest.mark.parametrize("phone", ["#1", "<eps>"])
def test_reserved_phones_are_refused(phone: str) -> None:
    with pytest.raises(DataError, match=f"'{phone}' is reserved"):
        PhoneInventory.of_lexicon(LEXICON, LangConfig(["SIL", "SPN", phone], "<UNK>"))
