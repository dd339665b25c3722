"""Where the inputs of a decoding are found, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blasr.errors import ConfigError, MismatchError
from blasr.pipeline.decode_inputs import DecodeInputs, DecodePaths


@pytest.fixture
def tri1(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def test_the_folder_and_the_file_give_the_same(tri1: Path) -> None:
    by_folder, by_file = (
        DecodeInputs.read(DecodePaths(graph, lang=tri1 / "lang"), tri1 / "final.mdl")
        for graph in (tri1, tri1 / "HCLG.fst")
    )
    assert by_folder.graph_path == by_file.graph_path == tri1 / "HCLG.fst"
    assert dict(by_folder.words.items()) == dict(by_file.words.items())
    assert by_folder.lexicon is not None and "align_lexicon.int" in by_folder.times_from
    assert by_folder.lm_difference is None


def test_words_and_lexicon_have_defaults(tri1: Path, tmp_path: Path) -> None:
    shutil.copyfile(tri1 / "HCLG.fst", tmp_path / "HCLG.fst")
    with pytest.raises(ConfigError, match=r"there is no .*words\.txt to spell the words with"):
        DecodeInputs.read(DecodePaths(tmp_path), tri1 / "final.mdl")
    shutil.copyfile(tri1 / "lang" / "words.txt", tmp_path / "words.txt")
    inputs = DecodeInputs.read(DecodePaths(tmp_path), tri1 / "final.mdl")
    assert inputs.lexicon is None and "rough: give --lang" in inputs.times_from
    without_lexicon = DecodeInputs.read(DecodePaths(tmp_path, lang=tmp_path), tri1 / "final.mdl")
    assert "rough: there is no" in without_lexicon.times_from


def test_one_language_model_is_not_enough(tri1: Path) -> None:
    with pytest.raises(ConfigError, match="--old-lm and --new-lm go together"):
        DecodePaths(tri1, old_lm=tri1 / "lang" / "G.fst")


def test_parts_of_other_systems_are_refused(tri1: Path, tmp_path: Path) -> None:
    shutil.copyfile(tri1 / "HCLG.fst", tmp_path / "HCLG.fst")
    (tmp_path / "words.txt").write_text("<eps> 0\nONE 1\n")
    with pytest.raises(MismatchError, match="the largest output label is"):
        DecodeInputs.read(DecodePaths(tmp_path), tri1 / "final.mdl")
