"""Finnish numerals, and which of the words that training never had were recognized."""

from __future__ import annotations

from recipes.open_vocabulary.absent_words import recognized
from recipes.open_vocabulary.numerals import numeral


def test_numerals_as_finns_write_them() -> None:
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


def test_words_are_counted_by_whether_training_had_them() -> None:
    references = {"u1": ["a", "b", "c"], "u2": ["b"], "u3": ["d", "a"]}
    hypotheses = {"u1": ["a", "x", "c", "y"], "u2": ["b"]}
    counts = recognized(references, hypotheses, {"a", "b"})
    assert counts == {(True, True): 2, (True, False): 2, (False, True): 1, (False, False): 1}
