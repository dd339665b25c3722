"""Tools on alignments against the outputs of Kaldi's own tools, byte for byte."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from blasr.cli.main import main
from blasr.io.kaldi.holders import INT_PAIRS, INT_VECTOR
from blasr.io.kaldi.tables import read_table
from tests.cli.kaldi.conftest import kaldi


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
