"""Finnish numerals, and the correct words inside and outside the training text."""

from __future__ import annotations

from recipes.open_vocabulary.absent_words import count_correct
from recipes.open_vocabulary.numerals import numeral


def test_numerals() -> None:
    assert [numeral(number) for number in (0, 1, 10, 11, 19, 20, 21, 100, 101, 110, 200, 247, 999)] == [
        "nolla",
        "yksi",
        "kymmenen",
        "yksitoista",
        "yhdeksäntoista",
        "kaksikymmentä",
        "kaksikymmentäyksi",
        "sata",
        "satayksi",
        "satakymmenen",
        "kaksisataa",
        "kaksisataaneljäkymmentäseitsemän",
        "yhdeksänsataayhdeksänkymmentäyhdeksän",
    ]
    assert len({numeral(number) for number in range(1000)}) == 1000


def test_correct_words_are_counted_inside_and_outside_the_training_text() -> None:
    references = {"u1": ["a", "b", "c"], "u2": ["b"], "u3": ["d", "a"]}
    hypotheses = {"u1": ["a", "x", "c", "y"], "u2": ["b"]}
    counts = count_correct(references, hypotheses, {"a", "b"})
    assert counts == {(True, True): 2, (True, False): 2, (False, True): 1, (False, False): 1}
