from __future__ import annotations

from blasr.cli.columns import columns, numbers_table


def test_integers_are_aligned_to_the_right_and_text_to_the_left() -> None:
    assert columns(("name", "n"), [("a", 1), ("long", 100)]) == "name    n\na       1\nlong  100"


def test_the_first_column_of_numbers_is_a_name() -> None:
    assert numbers_table(("", "WER", ""), [["a", "5.00", "best"], ["bcd", "10.00", ""]]) == (
        "       WER\na     5.00  best\nbcd  10.00"
    )


def test_a_table_without_rows_is_its_header() -> None:
    assert columns(("a", "b"), []) == "a  b"
