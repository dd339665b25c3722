"""Tools on lattices against the outputs of Kaldi's own tools, byte for byte."""

from __future__ import annotations

from pathlib import Path

from blasr.io.kaldi.holders import INT_VECTOR
from blasr.io.kaldi.tables import read_table
from tests.cli.kaldi.conftest import kaldi


def test_lattice_copy_and_best_path(tri: Path, tmp_path: Path) -> None:
    lattices = tri / "connected" / "lat.ark"
    kaldi("lattice-copy", f"ark:{lattices}", f"ark,t:{tmp_path}/text")
    assert (tmp_path / "text").read_bytes() == (tri / "connected" / "lat_compact.txt").read_bytes()
    kaldi("lattice-copy", "--write-compact=false", f"ark:{lattices}", f"ark:{tmp_path}/states")
    kaldi("lattice-copy", f"ark:{tmp_path}/states", f"ark:{tmp_path}/compact")
    words = tri / "lang" / "words.txt"
    names = {int(number): word for word, number in (line.split() for line in words.read_text().splitlines())}
    expected = (tri / "connected" / "best_path_lmwt10_wip0.txt").read_text().splitlines()
    for source in (lattices, tmp_path / "states", tmp_path / "compact"):
        kaldi("lattice-best-path", "--acoustic-scale=0.1", f"ark:{source}", f"ark:{tmp_path}/words")
        found = [
            " ".join([key, *(names[word] for word in value.tolist())])
            for key, value in read_table(tmp_path / "words", INT_VECTOR)
        ]
        assert found == [line.strip() for line in expected]
