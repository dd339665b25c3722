"""The file of frozen weights: read as written, and refused where it has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.lattices.config import PathWeights
from blasr.lattices.weights_file import read_path_weights


def test_other_keys_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "setting.json"
    path.write_text('{"lm_weight": 12, "word_insertion_penalty": -0.5, "tuned_on": {"text": "dev"}}')
    assert read_path_weights(path) == PathWeights(12.0, -0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"lm_weight": 12}', "is not a frozen setting"),
        ("12", "is not a frozen setting"),
        ("{", "is not a frozen setting"),
        ('{"lm_weight": 0, "word_insertion_penalty": 0}', "expected a weight above 0"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "setting.json"
    path.write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        read_path_weights(path)
    assert caught.value.path == path
    with pytest.raises(FormatError, match="is not a frozen setting"):
        read_path_weights(tmp_path / "absent.json")
