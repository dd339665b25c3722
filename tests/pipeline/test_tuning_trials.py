"""Trials on disk, and the choice among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blasr.lattices.config import PathWeights
from blasr.pipeline.tuning_trials import Trial, best_of, read_trial
from blasr.scoring import ErrorCounts

GRID = [PathWeights(weight, penalty) for weight in (7.0, 8.0, 9.0) for penalty in (0.0, 1.0)]


def trial(checkpoint: str, prior_scale: float, errors: dict[tuple[float, float], int], other: int = 9) -> Trial:
    """A trial with the errors of some settings; all others have ``other`` errors."""
    counts = {
        setting: ErrorCounts(50, errors.get((setting.lm_weight, setting.word_insertion_penalty), other))
        for setting in GRID
    }
    return Trial(checkpoint, prior_scale, counts)


def test_the_fewest_errors() -> None:
    trials = [trial("epoch1", 0.8, {(7.0, 0.0): 4}), trial("epoch2", 0.8, {(9.0, 1.0): 3})]
    assert best_of(trials) == (trials[1], PathWeights(9.0, 1.0))
    assert trials[0].best() == PathWeights(7.0, 0.0) and trials[0].fewest == 4


def test_the_widest_plateau_and_its_middle() -> None:
    trials = [
        trial("epoch1", 0.6, {(7.0, 0.0): 3}),
        trial("epoch2", 0.6, {(7.0, 0.0): 3}),
        trial("epoch2", 0.8, {(7.0, 0.0): 3, (8.0, 0.0): 3, (9.0, 0.0): 3}),
        trial("epoch2", 1.0, {(9.0, 0.0): 3}),
    ]
    assert best_of(trials) == (trials[2], PathWeights(8.0, 0.0))


def test_the_middle_of_equal_checkpoints() -> None:
    trials = [trial(f"epoch{number}", 1.0, {(8.0, 0.0): 2}) for number in range(1, 6)]
    assert best_of(trials)[0].checkpoint == "epoch3"


def test_a_trial_is_read_only_if_nothing_has_changed(tmp_path: Path) -> None:
    inputs = {"graph": {"sha256": "1"}, "search": {"beam": 13.0}}
    written = trial("epoch7", 0.8, {(7.0, 0.0): 4})
    assert read_trial(tmp_path, "epoch7", 0.8, inputs, GRID) is None
    written.write(tmp_path, inputs)
    assert read_trial(tmp_path, "epoch7", 0.8, inputs, GRID) == written
    fewer = read_trial(tmp_path, "epoch7", 0.8, inputs, GRID[:2])
    assert fewer is not None and list(fewer.counts) == GRID[:2]
    assert read_trial(tmp_path, "epoch7", 0.6, inputs, GRID) is None
    assert read_trial(tmp_path, "epoch7", 0.8, {**inputs, "search": {"beam": 10.0}}, GRID) is None
    assert read_trial(tmp_path, "epoch7", 0.8, inputs, [*GRID, PathWeights(20.0)]) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"inputs": {}, "prior_scale": 0.8, "results": [{"words": 1}]}'])
def test_a_damaged_trial_is_repeated(tmp_path: Path, content: str) -> None:
    path = trial("epoch7", 0.8, {}).path(tmp_path)
    path.write_text(content)
    assert read_trial(tmp_path, "epoch7", 0.8, {}, GRID) is None
    assert path.name == "epoch7_prior0.8.json"


def test_the_file_is_json(tmp_path: Path) -> None:
    written = trial("average3-6", 0.8, {(7.0, 0.0): 4})
    written.write(tmp_path, {"graph": "x"})
    values = json.loads(written.path(tmp_path).read_text(encoding="utf-8"))
    assert values["results"][0] == {
        "lm_weight": 7.0,
        "word_insertion_penalty": 0.0,
        "correct": 50,
        "substitutions": 4,
        "deletions": 0,
        "insertions": 0,
    }
