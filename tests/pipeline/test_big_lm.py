"""``blasr decode --old-lm --new-lm`` on the golden strings."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.graph.grammar import arpa_to_fst
from blasr.io.fst import read_fst, write_fst
from blasr.io.symbols import SymbolTable
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.lattice_table import read_any_lattices
from blasr.lattices.nbest import n_best
from blasr.lattices.rescoring import GrammarCosts, rescore

ARPA = """\\data\\
ngram 1={count}
ngram 2=2

\\1-grams:
-1.0 </s>
-99 <s> -0.5
{unigrams}

\\2-grams:
-0.2 <s> {first}
-0.1 {first} {second}

\\end\\
"""


@pytest.fixture
def tri1(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def digits(tri1: Path) -> list[str]:
    words = SymbolTable.read(tri1 / "lang" / "words.txt")
    return [words.symbol_of(int(number)) for number in np.unique(read_fst(tri1 / "lang" / "G.fst").ilabel)]


def write_bigrams(path: Path, words: list[str]) -> Path:
    unigrams = "\n".join(f"-1.0 {word} -0.3" for word in words)
    text = ARPA.format(count=len(words) + 2, unigrams=unigrams, first=words[0], second=words[1])
    path.write_text(text, encoding="utf-8")
    return path


def decode(tri1: Path, out: Path, *more: object) -> int:
    arguments = ["--graph", tri1, "--model", tri1 / "final.mdl", "--lang", tri1 / "lang", "--out", out]
    loglikes = f"ark:{tri1 / 'connected' / 'loglikes.ark'}"
    return main(["decode", *map(str, (*arguments, "--loglikes", loglikes, *more))])


def test_costs_are_those_of_rescored_lattices(tri1: Path, tmp_path: Path) -> None:
    """The best path costs no more than that of the digit loop's lattice rescored with the same model, and the costs
    of its words are equal where both have the same."""
    arpa = write_bigrams(tmp_path / "lm.arpa", digits(tri1))
    loop = tri1 / "lang" / "G.fst"
    assert decode(tri1, tmp_path / "big", "--old-lm", loop, "--new-lm", arpa, "--nj", 2) == 0
    assert decode(tri1, tmp_path / "small", "--lattice-beam", 8) == 0
    words = SymbolTable.read(tri1 / "lang" / "words.txt")
    old, new = GrammarCosts(read_fst(loop)), GrammarCosts(arpa_to_fst(arpa, words), words.id_of("#0"))
    small = dict(read_any_lattices(tmp_path / "small" / "lat.ark"))
    same = 0
    for utterance, lattice in read_any_lattices(tmp_path / "big" / "lat.ark"):
        assert isinstance(lattice, CompactLattice)
        other = small[utterance]
        assert isinstance(other, CompactLattice)
        found, expected = cheapest(lattice), cheapest(rescore(other, old, new, utterance=utterance))
        assert found[0] <= expected[0] + 0.01
        if found[1] == expected[1]:
            assert found[0] == pytest.approx(expected[0], abs=0.05)
            same += 1
    assert same >= 30


def cheapest(lattice: CompactLattice) -> tuple[float, list[int]]:
    path = n_best(lattice, 1)[0]
    return path.graph_cost + 0.1 * path.acoustic_cost, path.words.tolist()


def test_words_that_the_new_model_lacks_are_named(tri1: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    words = digits(tri1)
    arpa = write_bigrams(tmp_path / "lm.arpa", words[2:])
    assert decode(tri1, tmp_path / "out", "--old-lm", tri1 / "lang" / "G.fst", "--new-lm", arpa) == 0
    assert f"lacks 2 words ({words[0]}, {words[1]}), which the graph has" in caplog.text
    found = set((tmp_path / "out" / "best_path.txt").read_text(encoding="utf-8").split())
    assert words[2] in found and not found & set(words[:2])


def test_mistakes_are_one_message(tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, loop = digits(tri1), tri1 / "lang" / "G.fst"
    full = write_bigrams(tmp_path / "full.arpa", words)
    part = write_bigrams(tmp_path / "part.arpa", words[1:])
    strange = tmp_path / "strange.fst"
    grammar = read_fst(loop)
    grammar.ilabel[:] += 1000
    write_fst(grammar, strange)
    double = tmp_path / "double.fst"
    grammar.ilabel[:] = grammar.ilabel[0] - 1000
    write_fst(grammar, double)
    for options, message in (
        (("--new-lm", full), "--old-lm and --new-lm go together"),
        (("--old-lm", part, "--new-lm", full), rf"part.arpa: lacks 1 words \({words[0]}\), which the graph has"),
        (
            ("--old-lm", loop, "--new-lm", strange),
            r"strange.fst: the largest word-id is 10\d\d, that of .*words.txt",
        ),
        (("--old-lm", loop, "--new-lm", double), "double.fst: the grammar's state 0 has two arcs with the word-id"),
        (("--old-lm", loop, "--new-lm", tmp_path / "none.arpa"), "none.arpa"),
    ):
        assert decode(tri1, tmp_path / "out", *options) > 0
        error = capsys.readouterr().err
        assert re.search(message, error)
        assert "Traceback" not in error
        assert not (tmp_path / "out").exists()
