"""``blasr explain``: causes of errors by reference, lattices and forced paths."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.io.kaldi.table_writer import TableWriter
from blasr.lattices.lattice_io import LATTICE
from tests.lattices.state_lattices import lattice_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "words.txt").write_text("<eps> 0\nyes 1\nno 2\nmaybe 3\n")
    (tmp_path / "text").write_text("a-1 yes no\nb-1 no\nb-2 xylo\n")
    (tmp_path / "utt2spk").write_text("a-1 a\nb-1 b\nb-2 b\n")
    with TableWriter(tmp_path / "lat.ark", LATTICE) as writer:
        # yes maybe is cheaper than yes no, which the acoustics like better
        writer.write("a-1", lattice_of([(0, 1, 1, 0, 0), (1, 2, 3, 1, 20), (1, 2, 2, 9, 10)], 3))
        writer.write("b-1", lattice_of([(0, 1, 1, 0, 0)], 2))
        writer.write("b-2", lattice_of([(0, 1, 1, 0, 0)], 2))
    return tmp_path


def explain(folder: Path, *arguments: str) -> int:
    return main(["explain", *(argument.format(folder) for argument in arguments)])


LATTICES = ("text", "--ref", "{}/text", "--lattices", "{}/lat.ark", "--words", "{}/words.txt")


def test_search_models_and_vocabulary_are_distinguished(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = ("--html", "{}/page.html", "--json", "{}/out.json")
    assert explain(folder, *LATTICES, "--utt2spk", "{}/utt2spk", *outputs) == 0
    report = json.loads((folder / "out.json").read_text())
    assert report["causes"] == {"vocabulary": 1, "search": 1, "language model": 1}
    assert (report["words"]["no"], report["speakers"]["b"]["wer"]) == (
        {"correct": 0, "sub": 2, "del": 0, "ins": 0},
        100,
    )
    printed = capsys.readouterr().out
    assert "%WER 75.00 [ 3 / 4" in printed and "oracle of the lattices: 2 errors in 4 words, 50.00%" in printed
    assert (folder / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_a_forced_search_shows_whether_the_search_missed_it(folder: Path) -> None:
    for cost, cause in ((-5.0, "search"), (5.0, "acoustic model")):
        with TableWriter(folder / "forced.ark", LATTICE) as writer:
            writer.write("b-1", lattice_of([(0, 1, 2, 0, 10 * cost)], 2))
        assert explain(folder, *LATTICES, "--forced", "{}/forced.ark", "--json", "{}/out.json") == 0
        assert json.loads((folder / "out.json").read_text())["causes"][cause] == 1


def test_texts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hyp").write_text("a-1 yesno\nb-2 yes\n")
    assert explain(folder, "text", "--ref", "{}/text", "--hyp", "{}/hyp", "--json", "{}/out.json") == 0
    report = json.loads((folder / "out.json").read_text())
    assert report["causes"] == {"normalization": 2, "not determined": 2}
    assert "1 of 3 references have no hypothesis, counted as deleted, first b-1" in capsys.readouterr().out


def test_segments(folder: Path) -> None:
    (folder / "ref.stm").write_text("r A ann 0 1 YES (uh) no\n")
    (folder / "hyp.ctm").write_text("r A 0.1 0.2 yes\nr A 0.4 0.2 maybe\n")
    arguments = (
        "stm",
        "--ref",
        "{}/ref.stm",
        "--hyp",
        "{}/hyp.ctm",
        "--words",
        "{}/words.txt",
        "--json",
        "{}/out.json",
    )
    assert explain(folder, *arguments) == 0
    report = json.loads((folder / "out.json").read_text())
    assert (report["causes"], report["speakers"]["ann"]["words"]) == ({"not determined": 1}, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["text", "--ref", "{}/text", "--ctm", "{}/hyp"], "unrecognized option --ctm"),
        (["text", "--ref", "{}/text", "--lattices", "{}/lat.ark"], "--words"),
        (["text", "--ref", "{}/text", "--hyp", "{}/text", "--setting", "{}/s"], "go with --lattices"),
        (["text", "--ref", "{}/text", "--hyp", "{}/other"], "utterance c-1: 1 of 1 hypotheses have no reference"),
        ([*LATTICES, "--lm-weight", "0"], "--lm-weight: expected a number above 0"),
        ([*LATTICES, "--utt2spk", "{}/other"], "utterance a-1: has a reference but no speaker"),
        ([*LATTICES, "--forced", "{}/lat.ark"], "the forced path differs from the reference"),
    ],
)
def test_mistakes_are_one_message(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (folder / "other").write_text("c-1 yes\n")
    with contextlib.suppress(SystemExit):
        assert explain(folder, *arguments) > 0
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_the_page_has_confusions_and_confidences(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "lexicon").write_text("yes Y EH S\nno N OW\nmaybe M EY B IY\n")
    outputs = ("--lexicon", "{}/lexicon", "--html", "{}/page.html", "--json", "{}/out.json")
    assert explain(folder, *LATTICES, *outputs) == 0
    printed = capsys.readouterr().out
    assert "1 runs of errors have words without a pronunciation" in printed
    assert "confidences of 4 words" in printed
    page = (folder / "page.html").read_text()
    assert '<th scope="row">OW</th>' in page and "<figure" in page
    assert json.loads((folder / "out.json").read_text())["confidences"]["words"] == 4


def test_confidences_of_a_ctm(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hyp").write_text("a-1 yes maybe\nb-1 no\nb-2 yes\n")
    (folder / "ctm").write_text("a-1 1 0.5 0.2 maybe 0.6\na-1 1 0.1 0.2 yes 0.9\nb-1 1 0 1 no 0.8\nb-2 1 0 1 yes 0.3\n")
    words = ("text", "--ref", "{}/text", "--hyp", "{}/hyp", "--confidences", "{}/ctm", "--json", "{}/out.json")
    assert explain(folder, *words) == 0
    bins = json.loads((folder / "out.json").read_text())["confidences"]["bins"]
    assert [(part["low"], part["right"]) for part in bins] == [(0.3, 0), (0.6, 0), (0.8, 1), (0.9, 1)]
    capsys.readouterr()
    for ctm, message in (("a-1 1 0.1 0.2 yes", "has no confidence"), ("a-1 1 0 1 yes 0.9", "expected one for each of")):
        (folder / "ctm").write_text(f"{ctm}\n")
        assert explain(folder, *words) == 1
        assert message in capsys.readouterr().err
    assert explain(folder, *LATTICES, "--confidences", "{}/ctm") == 2
    assert "lattices have their own" in capsys.readouterr().err
