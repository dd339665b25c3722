"""``blasr kaldi`` against the outputs of Kaldi's own tools, byte for byte."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.io import read_matrices
from blasr.io.kaldi.holders import INT, INT_PAIRS, INT_VECTOR, POSTERIOR
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_table


@pytest.fixture
def tri(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def kaldi(*words: str | Path) -> None:
    assert main(["kaldi", *map(str, words)]) == 0


def test_ali_to_pdf(tri: Path, tmp_path: Path) -> None:
    kaldi("ali-to-pdf", tri / "final.mdl", f"ark:gunzip -c {tri}/ali.1.gz|", f"ark,t:|gzip -c > {tmp_path}/pdf.gz")
    expected = gzip.decompress((tri / "ali.1.pdf.txt.gz").read_bytes())
    assert gzip.decompress((tmp_path / "pdf.gz").read_bytes()) == expected


def test_ali_to_phones(tri: Path, tmp_path: Path) -> None:
    model, alignments = tri / "final.mdl", f"ark:gunzip -c {tri}/ali.1.gz|"
    kaldi("ali-to-phones", "--per-frame", model, alignments, f"ark,t:{tmp_path}/frames")
    expected = gzip.decompress((tri / "ali.1.phones.txt.gz").read_bytes())
    assert (tmp_path / "frames").read_bytes() == expected
    kaldi("ali-to-phones", model, alignments, f"ark:{tmp_path}/phones")
    kaldi("ali-to-phones", "--write-lengths=true", model, alignments, f"ark:{tmp_path}/lengths")
    kaldi("ali-to-phones", "--ctm-output", model, alignments, tmp_path / "ctm")
    phones, pairs = (dict(read_table(tmp_path / n, h)) for n, h in (("phones", INT_VECTOR), ("lengths", INT_PAIRS)))
    ctm = (tmp_path / "ctm").read_text().splitlines()
    for line in expected.decode().splitlines():
        utterance, *frames = line.split()
        assert np.repeat(pairs[utterance][:, 0], pairs[utterance][:, 1]).tolist() == list(map(int, frames))
        assert phones[utterance].tolist() == pairs[utterance][:, 0].tolist()
    assert ctm[0].split()[:3] == ["george-0-05", "1", "0.00"]
    assert len(ctm) == sum(map(len, phones.values()))


def test_analyze_counts(tri: Path, tmp_path: Path) -> None:
    kaldi("ali-to-pdf", tri / "final.mdl", f"ark:gunzip -c {tri}/ali.?.gz|", f"ark:{tmp_path}/pdf")
    kaldi("analyze-counts", "--binary=false", f"ark:{tmp_path}/pdf", tmp_path / "counts")
    assert (tmp_path / "counts").read_bytes() == (tri / "pdf_counts.txt").read_bytes()
    kaldi("analyze-counts", "--normalize", "--counts-dim=150", f"ark:{tmp_path}/pdf", tmp_path / "shares")
    assert main(["kaldi", "analyze-counts", "--counts-dim=3", f"ark:{tmp_path}/pdf", str(tmp_path / "x")]) == 1


def test_show_transitions(tri: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    kaldi("show-transitions", tri / "lang" / "phones.txt", tri / "final.mdl", tri / "final.occs")
    assert capsysbinary.readouterr().out == (tri / "show_transitions.txt").read_bytes()


def test_infos(tri: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    kaldi("tree-info", tri / "tree")
    assert capsysbinary.readouterr().out == (tri / "tree_info.txt").read_bytes()
    kaldi("am-info", tri / "final.mdl")
    assert capsysbinary.readouterr().out == (tri / "am_info.txt").read_bytes()
    kaldi("gmm-info", tri / "final.mdl")
    assert b"feature dimension 39\n" in capsysbinary.readouterr().out


def test_copying_models(tri: Path, tmp_path: Path) -> None:
    """To text and back gives Kaldi's bytes for the tree; seven digits of text for the Gaussians."""
    kaldi("copy-tree", "--binary=false", tri / "tree", tmp_path / "tree.txt")
    kaldi("copy-tree", tmp_path / "tree.txt", tmp_path / "tree")
    assert (tmp_path / "tree.txt").read_bytes() == (tri / "tree.txt").read_bytes()
    assert (tmp_path / "tree").read_bytes() == (tri / "tree").read_bytes()
    kaldi("gmm-copy", tri / "final.mdl", tmp_path / "final.mdl")
    assert (tmp_path / "final.mdl").read_bytes() == (tri / "final.mdl").read_bytes()
    kaldi("copy-transition-model", "--binary=false", tri / "final.mdl", tmp_path / "trans.txt")
    assert (tmp_path / "trans.txt").read_bytes() == (tri / "final_transition_model.txt").read_bytes()


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


def test_commands_need_to_be_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "i").write_text("a 3 1\n")
    words = ["copy-int-vector", f"ark:head -c 99 {tmp_path}/i |", f"ark,t:{tmp_path}/copy"]
    assert main(["kaldi", *words]) == 1
    assert "--allow-pipes" in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()
    kaldi("copy-int-vector", "--allow-pipes", *words[1:])
    assert (tmp_path / "copy").read_text() == "a 3 1 \n"
    kaldi("copy-int-vector", "--allow-pipes", f"ark:{tmp_path}/copy", f"ark,t:| tee {tmp_path}/tee")
    assert (tmp_path / "tee").read_text() == "a 3 1 \n"
