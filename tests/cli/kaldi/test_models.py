"""Tools on models and trees against the outputs of Kaldi's own tools, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.kaldi.conftest import kaldi


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
