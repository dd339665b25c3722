"""Where the inputs of a decoding are found, and what is refused."""

from __future__ import annotations

import re
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


@pytest.fixture
def graph(tri1: Path, tmp_path: Path) -> Path:
    """A graph folder with the words.txt and phones.txt that it was compiled with."""
    folder = tmp_path / "graph"
    folder.mkdir()
    shutil.copyfile(tri1 / "HCLG.fst", folder / "HCLG.fst")
    for name in ("words.txt", "phones.txt"):
        shutil.copyfile(tri1 / "lang" / name, folder / name)
    return folder


@pytest.mark.parametrize("name", ["words.txt", "phones.txt"])
def test_symbols_of_another_lang_are_refused(tri1: Path, graph: Path, tmp_path: Path, name: str) -> None:
    lang = tmp_path / "lang"
    shutil.copytree(tri1 / "lang", lang)
    DecodeInputs.read(DecodePaths(graph, lang=lang), tri1 / "final.mdl")
    lines = (lang / name).read_text().splitlines()
    first, second = lines[1].split()[0], lines[2].split()[0]
    lines[1:3] = [f"{second} 1", f"{first} 2"]
    (lang / name).write_text("\n".join(lines) + "\n")
    expected = rf"{re.escape(first)} is 1 in .*graph/{name} and is 2 in .*lang/{name}\n  fix: give the lang directory"
    with pytest.raises(MismatchError, match=expected):
        DecodeInputs.read(DecodePaths(graph, lang=lang), tri1 / "final.mdl")
    if name == "words.txt":
        with pytest.raises(MismatchError, match=expected):
            DecodeInputs.read(DecodePaths(graph, words=lang / name), tri1 / "final.mdl")


def test_a_symbol_in_one_file_only_is_refused_and_spaces_do_not_matter(tri1: Path, graph: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text((graph / "words.txt").read_text().replace(" ", "\t"))
    DecodeInputs.read(DecodePaths(graph, words=words), tri1 / "final.mdl")
    words.write_text(words.read_text() + "NEW 999\n")
    with pytest.raises(MismatchError, match=r"NEW is 999 in .*and is absent in .*graph/words\.txt"):
        DecodeInputs.read(DecodePaths(graph, words=words), tri1 / "final.mdl")
