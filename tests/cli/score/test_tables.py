from __future__ import annotations

import json
from pathlib import Path

from blasr.cli.score.tables import COUNTS, count_report, count_row, setting_report, write_json
from blasr.lattices.config import PathWeights
from blasr.scoring.edit_distance import ErrorCounts

COUNTED = ErrorCounts(correct=5, substitutions=2, deletions=1, insertions=3)


def test_a_row_has_the_columns_of_the_header() -> None:
    row = count_row(["name"], COUNTED)
    assert dict(zip(["", *COUNTS], row, strict=True)) == {
        "": "name",
        "WER": "75.00",
        "ins": "3",
        "del": "1",
        "sub": "2",
        "words": "8",
    }


def test_json_has_the_counts_and_no_rate_without_words(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", count_report(COUNTED) | setting_report(PathWeights(10, 0.5)))
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "wer": 75.0,
        "words": 8,
        "insertions": 3,
        "deletions": 1,
        "substitutions": 2,
        "lm_weight": 10,
        "word_insertion_penalty": 0.5,
    }
    assert count_report(ErrorCounts())["wer"] is None
