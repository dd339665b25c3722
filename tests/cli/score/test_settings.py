from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.parser import CommandParser
from blasr.cli.score.settings import add_settings, edge_notes, print_choice, setting_grid
from blasr.lattices.config import PathWeights


def test_the_grid_has_every_pair() -> None:
    assert setting_grid((7.0, 8.0), (0.0, 0.5)) == [
        PathWeights(7.0, 0.0),
        PathWeights(7.0, 0.5),
        PathWeights(8.0, 0.0),
        PathWeights(8.0, 0.5),
    ]


def test_a_setting_is_frozen_or_used_but_not_both(capsys: pytest.CaptureFixture[str]) -> None:
    parser = CommandParser(prog="tool")
    add_settings(parser)
    assert parser.parse_args([]).lm_weights == tuple(map(float, range(7, 21)))
    with pytest.raises(SystemExit):
        parser.parse_args(["--freeze", "a", "--setting", "b"])
    assert "not allowed with" in capsys.readouterr().err


def test_the_choice_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    best, frozen = (PathWeights(12, 0.5), 3.25), (PathWeights(10, 0), 4.0)
    print_choice(best, None, None)
    print_choice(best, frozen, Path("setting.json"))
    assert capsys.readouterr().out.splitlines() == [
        "best: LM weight 12, word insertion penalty 0.5: WER 3.25 (tuned on this set)",
        "frozen: LM weight 10, word insertion penalty 0, from setting.json: WER 4.00",
        "oracle: LM weight 12, word insertion penalty 0.5, the best on this set: WER 3.25",
    ]


def test_values_on_the_edge_of_the_sweep_are_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    grid = setting_grid((7.0, 8.0, 9.0), (0.0, 0.5, 1.0))
    assert edge_notes(PathWeights(8, 0.5), grid) == []
    assert edge_notes(PathWeights(9, 0.5), grid) == [
        "the best LM weight, 9, is the largest that was tried: try larger ones with --lm-weights"
    ]
    assert edge_notes(PathWeights(7, 0.0), grid) == [
        "the best LM weight, 7, is the smallest that was tried: try smaller ones with --lm-weights",
        "the best word insertion penalty, 0, is the smallest that was tried: try smaller ones with "
        "--word-ins-penalties",
    ]
    assert edge_notes(PathWeights(7, 0.0), [PathWeights(7, 0.0)]) == []
    print_choice((PathWeights(9, 0.5), 1.0), None, None, grid)
    assert "is the largest that was tried" in capsys.readouterr().out
