"""The sweep of settings over lattices and the choice among them."""

from __future__ import annotations

import pytest

from blasr.errors import DataError
from blasr.lattices.config import PathWeights
from blasr.lattices.sweep import best_setting, sweep
from blasr.scoring.text import Score, score_text
from tests.golden_system import GoldenSystem


def test_kaldis_error_rates_at_the_weight_of_the_search(system: GoldenSystem) -> None:
    """Byte for byte at LM weight 10. At 20, where some best paths differ (test_lattice.py), within two errors."""
    grid = [PathWeights(weight, penalty) for weight in (10, 20) for penalty in (0, 2)]
    scores = sweep(system.lattices.items(), system.words, system.text("text"), grid)
    for setting, score in scores.items():
        name = f"wer_lmwt{setting.lm_weight:g}_wip{setting.word_insertion_penalty:g}"
        report = (system.folder / "connected" / name).read_text(encoding="utf-8")
        if setting.lm_weight == 10:
            assert score.kaldi_report() == report
        else:
            assert abs(score.total.errors - int(report.split()[3])) <= 2


def test_an_utterance_of_no_reference_or_twice_is_refused(system: GoldenSystem) -> None:
    items = list(system.lattices.items())[:2]
    references = {utterance: ["ONE"] for utterance, _ in items}
    with pytest.raises(DataError, match=f"utterance {items[0][0]}: appears twice"):
        sweep([*items, items[0]], system.words, references, [PathWeights(10, 0)])
    del references[items[1][0]]
    with pytest.raises(DataError, match=f"utterance {items[1][0]}: 1 of 2 hypotheses"):
        sweep(items, system.words, references, [PathWeights(10, 0)])


def scores_with(errors: dict[tuple[float, float], int]) -> dict[PathWeights, Score]:
    return {
        PathWeights(*setting): score_text({"u": ["A"] * 10}, {"u": ["B"] * count + ["A"] * (10 - count)})
        for setting, count in errors.items()
    }


def test_the_middle_of_a_plateau_is_chosen() -> None:
    grid = {(float(weight), penalty): 1 for weight in range(7, 21) for penalty in (0.0, 0.5, 1.0)}
    assert best_setting(scores_with(grid)) == PathWeights(13.0, 0.5)
    assert best_setting(scores_with(grid | {(20.0, 1.0): 0})) == PathWeights(20.0, 1.0)
    corner = {key: int(key[0] > 9 or key[1] > 0) for key in grid}
    assert best_setting(scores_with(corner)) == PathWeights(8.0, 0.0)
