"""``blasr lattice`` on Kaldi's lattices of the golden strings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.io.fst import read_fst, write_fst
from blasr.io.nist.ctm import read_ctm
from blasr.lattices.compact_lattice_io import read_compact_lattices


@pytest.fixture
def tri1(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def lattice(action: str, tri1: Path, *arguments: str | Path) -> int:
    words = [] if action == "determinize" else ["--words", str(tri1 / "lang" / "words.txt")]
    lattices = ["--lattices", str(tri1 / "connected" / "lat.ark")]
    return main(["lattice", action, *lattices, *map(str, arguments), *words])


def lines_of(path: Path) -> list[str]:
    return [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]


def test_best_paths_and_lists(tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Best paths as ``lattice-best-path``'s at LM weight 20; the lists begin with them."""
    best, nbest, costs = tmp_path / "best.txt", tmp_path / "nbest.txt", tmp_path / "costs.txt"
    assert lattice("1best", tri1, "--out", best, "--lm-weight", "20", "--word-ins-penalty", "2") == 0
    assert lines_of(best) == lines_of(tri1 / "connected" / "best_path_lmwt20_wip2.txt")
    assert "lattice 1best: 36 utterances in -> 36 kept -> 0 dropped" in capsys.readouterr().out
    weights = ["--lm-weight", "20", "--word-ins-penalty", "2"]
    assert lattice("nbest", tri1, "--out", nbest, "--n", "3", *weights, "--costs", costs) == 0
    rows = [line.split() for line in lines_of(nbest)]
    firsts = [" ".join([name.removesuffix("-1"), *words]) for name, *words in rows if name.endswith("-1")]
    assert firsts == lines_of(best)
    assert [line.split()[0] for line in lines_of(costs)] == [row[0] for row in rows]


def test_determinizing_a_determinized_lattice_changes_nothing(tri1: Path, tmp_path: Path) -> None:
    out = tmp_path / "lat.gz"
    assert lattice("determinize", tri1, "--out", out, "--beam", "200") == 0
    kaldi = dict(read_compact_lattices(tri1 / "connected" / "lat.ark"))
    for utterance, found in read_compact_lattices(out):
        assert (found.num_states, found.num_arcs) == (kaldi[utterance].num_states, kaldi[utterance].num_arcs)


def test_rescoring_with_costlier_words(tri1: Path, tmp_path: Path) -> None:
    """Every word costs 2 more in the new G: the best paths at the search's scale are those with the penalty 2."""
    grammar = read_fst(tri1 / "lang" / "G.fst")
    write_fst(replace(grammar, weight=grammar.weight + np.float32(2)), tmp_path / "new.fst")
    out, best = tmp_path / "lat.ark", tmp_path / "best.txt"
    models: list[str | Path] = ["--old-lm", tri1 / "lang" / "G.fst", "--new-lm", tmp_path / "new.fst"]
    assert lattice("rescore", tri1, "--out", out, *models) == 0
    words = ["--words", str(tri1 / "lang" / "words.txt")]
    assert main(["lattice", "1best", "--lattices", str(out), "--out", str(best), *words]) == 0
    assert lines_of(best) == lines_of(tri1 / "connected" / "best_path_lmwt10_wip2.txt")


def test_confidences_and_times(tri1: Path, tmp_path: Path) -> None:
    """The best path's words have Kaldi's times with a lexicon; confidences are from 0 to 1."""
    lang: list[str | Path] = ["--lang", tri1 / "lang", "--model", tri1 / "final.mdl"]
    assert lattice("mbr", tri1, "--out", tmp_path / "ctm", "--best-path", *lang) == 0
    words, kaldi = list(read_ctm(tmp_path / "ctm")), list(read_ctm(tri1 / "connected" / "1best.ctm"))
    assert [str(word).rsplit(" ", 1)[0] for word in words] == [str(word) for word in kaldi]
    assert all(word.confidence is not None and 0 < word.confidence <= 1 for word in words)
    assert lattice("mbr", tri1, "--out", tmp_path / "ctm", "--lm-weight", "20") == 0
    assert len(list(read_ctm(tmp_path / "ctm"))) <= len(words)


def test_oracle(tri1: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lattice("oracle", tri1, "--ref", tri1 / "connected" / "text") == 0
    assert "/ 183, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("action", "arguments", "message"),
    [
        ("1best", ["--lm-weight", "0"], "--lm-weight: expected a number above 0, found '0'"),
        ("nbest", ["--n", "0"], "--n: expected 1 or more, found '0'"),
        ("mbr", ["--lang", "{}/lang"], "give --model final.mdl"),
        ("determinize", ["--beam", "-1"], "--beam: expected a number above 0, found '-1'"),
    ],
)
def test_values_that_are_refused(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str, arguments: list[str], message: str
) -> None:
    try:
        status = lattice(action, tri1, "--out", tmp_path / "out", *(argument.format(tri1) for argument in arguments))
    except SystemExit as stop:
        status = int(stop.code or 0)
    assert status == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_picture(tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (first, _), *_ = read_compact_lattices(tri1 / "connected" / "lat.ark")
    out = tmp_path / "lattice.svg"
    assert lattice("plot", tri1, "--utterance", first, "--prune", "6", "--out", out) == 0
    printed = capsys.readouterr().out
    assert "best path: " in printed
    assert printed.strip().partition("best path: ")[2] in out.read_text(encoding="utf-8")
    mistakes: list[tuple[list[str | Path], int, str]] = [
        (["--utterance", f"{first}x", "--out", out], 1, f"did you mean {first}?"),
        (["--utterance", first, "--out", tmp_path / "a.png"], 2, "ends in .svg"),
        (["--utterance", first, "--max-states", "2", "--out", out], 1, "a picture shows at most 2"),
    ]
    for words, status, message in mistakes:
        assert lattice("plot", tri1, *words) == status
        assert message in capsys.readouterr().err
