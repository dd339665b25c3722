from __future__ import annotations

from pathlib import Path

from blasr.graph.missing_words import list_missing_words


def test_ten_words_are_named_and_all_are_written(tmp_path: Path) -> None:
    words = [f"W{number:02d}" for number in range(12)]
    assert list_missing_words(words[:2]) == "W00, W01"
    assert list_missing_words(words).endswith("W08, W09, ...")
    path = tmp_path / "missing.txt"
    assert list_missing_words(words, path).endswith(f"W09, ... (all in {path})")
    assert path.read_text().split() == words
