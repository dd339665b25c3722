"""The files of Kaldi's ``local/score.sh``, from Kaldi's own lattices, equal to Kaldi's own results."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.errors import DataError
from blasr.io.symbols import SymbolTable
from blasr.lattices.compact_lattice_io import read_compact_lattices
from blasr.lattices.config import PathWeights
from blasr.lattices.kaldi_scoring import setting_name, write_kaldi_scoring


def test_names() -> None:
    assert setting_name(PathWeights(7.0, 0.0), "_") == "7_0.0"
    assert setting_name(PathWeights(12.5, 0.5), ".") == "12.5.0.5"
    assert setting_name(PathWeights(10.0, 0.25), "_") == "10_0.25"


def test_equals_kaldis_results(golden: Path, tmp_path: Path) -> None:
    connected = golden / "fsdd_tri1" / "connected"
    lattices = (connected / "lat.ark").read_bytes()
    with gzip.open(tmp_path / "lat.1.gz", "wb") as stream:
        stream.write(lattices)
    words = golden / "fsdd_tri1" / "lang" / "words.txt"
    command = ["score", "text", "--ref", str(connected / "text"), "--lattices", str(tmp_path), "--words", str(words)]
    grid = ["--lm-weights", "10,20", "--word-ins-penalties", "0,2.0", "--kaldi-dir", str(tmp_path)]
    assert main([*command, *grid]) == 0
    for weight, penalty in ((10, 0), (10, 2), (20, 0), (20, 2)):
        expected = (connected / f"wer_lmwt{weight}_wip{penalty}").read_text()
        assert (tmp_path / f"wer_{weight}_{penalty}.0").read_text() == expected
        paths = (connected / f"best_path_lmwt{weight}_wip{penalty}.txt").read_text().replace(" \n", "\n")
        assert (tmp_path / "scoring" / f"{weight}.{penalty}.0.txt").read_text() == paths
        ids = (tmp_path / "scoring" / f"{weight}.{penalty}.0.tra").read_text().splitlines()
        table = SymbolTable.read(words)
        spelt = [
            " ".join([line.split()[0], *(table.symbol_of(int(word)) for word in line.split()[1:])]) for line in ids
        ]
        assert spelt == paths.splitlines()
    assert (tmp_path / "scoring" / "test_filt.txt").read_text().split() == (connected / "text").read_text().split()


def test_an_utterance_twice(golden: Path, tmp_path: Path) -> None:
    folder = golden / "fsdd_tri1"
    shutil.copyfile(folder / "connected" / "text", tmp_path / "text")
    words = SymbolTable.read(folder / "lang" / "words.txt")
    command = ["decode", "--graph", str(folder), "--model", str(folder / "final.mdl"), "--words"]
    loglikes = f"ark:{folder / 'connected' / 'loglikes.ark'}"
    assert main([*command, str(folder / "lang" / "words.txt"), "--loglikes", loglikes, "--out", str(tmp_path)]) == 0
    utterance, compact = next(iter(read_compact_lattices(tmp_path / "lat.ark")))
    first = utterance, compact.to_lattice()
    with pytest.raises(DataError, match="appears twice"):
        write_kaldi_scoring(tmp_path, [first, first], words, {first[0]: ["ONE"]}, [PathWeights(10.0, 0.0)])
