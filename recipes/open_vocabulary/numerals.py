"""Finnish numerals, each one compound word, spelled as it sounds: 247 is kaksisataaneljäkymmentäseitsemän."""

from __future__ import annotations

from typing import Final

DIGITS: Final = ("", "yksi", "kaksi", "kolme", "neljä", "viisi", "kuusi", "seitsemän", "kahdeksan", "yhdeksän")


def numeral(number: int) -> str:
    """Return the word for a number from 0 to 999."""
    if number == 0:
        return "nolla"
    hundreds, rest = divmod(number, 100)
    return _hundreds(hundreds) + _below_hundred(rest)


def _hundreds(count: int) -> str:
    return ("", "sata")[count] if count < 2 else f"{DIGITS[count]}sataa"


def _below_hundred(number: int) -> str:
    tens, ones = divmod(number, 10)
    if tens == 0:
        return DIGITS[ones]
    if tens == 1:
        return f"{DIGITS[ones]}toista" if ones else "kymmenen"
    return f"{DIGITS[tens]}kymmentä{DIGITS[ones]}"
