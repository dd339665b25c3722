"""Tools on tables against the outputs of Kaldi's own tools, byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.io import read_matrices
from blasr.io.kaldi.holders import INT, INT_VECTOR, POSTERIOR
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_table
from tests.cli.kaldi.conftest import kaldi


@pytest.mark.parametrize("method", range(1, 8))
def test_copy_feats_compressed(golden: Path, tmp_path: Path, method: int) -> None:
    source, wanted = golden / "features" / "fbank64.ark", golden / "features" / f"fbank64_cm{method}.ark"
    method_option = f"--compression-method={method}"
    kaldi("copy-feats", "--compress=true", method_option, f"ark:{source}", f"ark:{tmp_path}/cm.ark")
    assert (tmp_path / "cm.ark").read_bytes() == wanted.read_bytes()


def test_copy_feats(golden: Path, tmp_path: Path) -> None:
    source = golden / "features" / "fbank64.ark"
    kaldi("copy-feats", f"--write-num-frames=ark,t:{tmp_path}/n", f"ark:{source}", f"ark,scp:{tmp_path}/a,{tmp_path}/s")
    assert (tmp_path / "a").read_bytes() == source.read_bytes()
    kaldi("copy-feats", f"scp:{tmp_path}/s", f"ark,t:{tmp_path}/text")
    assert (tmp_path / "text").read_bytes() == (golden / "features" / "fbank64.txt").read_bytes()
    lengths = {key: len(matrix) for key, matrix in read_matrices(source)}
    assert dict(read_table(tmp_path / "n", INT)) == lengths
    kaldi("feat-to-len", f"scp:{tmp_path}/s", f"ark,t:{tmp_path}/len")
    assert (tmp_path / "len").read_bytes() == (tmp_path / "n").read_bytes()


def test_feat_to_dim_and_len(golden: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    source = f"ark:{golden}/features/fbank64_deltas.ark"
    kaldi("feat-to-dim", source, tmp_path / "dim")
    kaldi("feat-to-len", source, tmp_path / "len")
    kaldi("feat-to-len", source)
    assert (tmp_path / "dim").read_text() == "192\n"
    assert capsysbinary.readouterr().out == (tmp_path / "len").read_bytes()


def test_copying_files_and_other_tables(tmp_path: Path) -> None:
    with TableWriter(f"ark:{tmp_path}/i", INT_VECTOR) as writer:
        writer.write("a", np.array([3, 1]))
    kaldi("ali-to-post", f"ark:{tmp_path}/i", f"ark:{tmp_path}/post")
    kaldi("copy-post", f"ark:{tmp_path}/post", f"ark,t:{tmp_path}/post.txt")
    kaldi("copy-int-vector", f"ark:{tmp_path}/i", f"ark,t:{tmp_path}/i.txt")
    assert (tmp_path / "post.txt").read_text() == "a [ 3 1 ] [ 1 1 ] \n"
    assert (tmp_path / "i.txt").read_text() == "a 3 1 \n"
    assert list(dict(read_table(tmp_path / "post", POSTERIOR))["a"]) == [[(3, 1.0)], [(1, 1.0)]]
    (tmp_path / "m").write_text(" [\n  1 2\n  3 4 ]\n")
    kaldi("copy-matrix", tmp_path / "m", tmp_path / "m.bin")
    kaldi("copy-matrix", "--binary=false", tmp_path / "m.bin", tmp_path / "again")
    assert (tmp_path / "again").read_text() == " [\n  1 2 \n  3 4 ]\n"
    assert main(["kaldi", "copy-matrix", str(tmp_path / "m"), f"ark:{tmp_path}/x"]) == 2
