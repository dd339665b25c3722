"""``blasr decode`` through the program's own entry point, on the golden strings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.io.fst import Fst, read_fst, write_fst
from blasr.io.kaldi import MatrixWriter, read_matrices
from blasr.io.nist.ctm import read_ctm
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.lattice_table import read_any_lattices
from blasr.units import FloatArray


@pytest.fixture
def tri1(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def decode(tri1: Path, out: Path, *flags: str, **options: object) -> int:
    arguments: dict[str, object] = {
        "graph": tri1,
        "model": tri1 / "final.mdl",
        "lang": tri1 / "lang",
        "loglikes": f"ark:{tri1 / 'connected' / 'loglikes.ark'}",
        "out": out,
        **options,
    }
    named = (f"--{key.replace('_', '-')}={value}" for key, value in arguments.items() if value)
    return main(["decode", *named, *flags])


def lines_of(path: Path) -> list[str]:
    return [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]


def test_results_and_report_equal_kaldis(tri1: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert decode(tri1, tmp_path / "out", nj=2) == 0
    connected = tri1 / "connected"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "best_path.txt",
        "ctm",
        "decode.log",
        "lat.ark",
    ]
    assert lines_of(tmp_path / "out" / "best_path.txt") == lines_of(connected / "best_path_lmwt10_wip0.txt")
    assert lines_of(tmp_path / "out" / "ctm") == lines_of(connected / "1best.ctm")
    assert [utterance for utterance, _ in read_any_lattices(tmp_path / "out" / "lat.ark")] == [
        line.split()[0] for line in lines_of(connected / "text")
    ]
    pattern = re.compile(r"Log-like per frame for utterance (\S+) is (\S+) over (\d+) frames\.")
    expected = pattern.findall((connected / "latgen.log").read_text())
    found = pattern.findall((tmp_path / "out" / "decode.log").read_text())
    assert len(found) == 36
    for (utterance, value, frames), (other, kaldi_value, kaldi_frames) in zip(found, expected, strict=True):
        assert (utterance, frames) == (other, kaldi_frames)
        assert float(value) == pytest.approx(float(kaldi_value), abs=1e-3)
    assert "decode: 36 utterances in -> 36 kept -> 0 dropped, 0 partial" in caplog.text
    assert "from the words' phones" in caplog.text
    assert "over 10449 frames" in caplog.text and "real-time factor" in caplog.text


def test_lattices_of_both_kinds_and_confidences(tri1: Path, tmp_path: Path) -> None:
    """By default they have as many states and arcs as those of ``latgen-faster-mapped``."""
    assert decode(tri1, tmp_path / "compact") == 0
    kaldi = dict(read_any_lattices(tri1 / "connected" / "lat.ark"))
    for utterance, lattice in read_any_lattices(tmp_path / "compact" / "lat.ark"):
        assert isinstance(lattice, CompactLattice)
        assert (lattice.num_states, lattice.num_arcs) == (kaldi[utterance].num_states, kaldi[utterance].num_arcs)
    assert decode(tri1, tmp_path / "raw", "--no-determinize", "--confidences") == 0
    assert not any(
        isinstance(lattice, CompactLattice) for _, lattice in read_any_lattices(tmp_path / "raw" / "lat.ark")
    )
    words = list(read_ctm(tmp_path / "raw" / "ctm"))
    assert [str(word).rsplit(" ", 1)[0] for word in words] == lines_of(tri1 / "connected" / "1best.ctm")
    assert all(word.confidence is not None and 0 < word.confidence <= 1 for word in words)


def test_without_a_lang_the_times_come_from_arcs(tri1: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert decode(tri1, tmp_path, lang=None, words=tri1 / "lang" / "words.txt") == 0
    assert "from the arcs with the words' labels (rough: give --lang" in caplog.text
    rough, exact = list(read_ctm(tmp_path / "ctm")), list(read_ctm(tri1 / "connected" / "1best.ctm"))
    assert [(word.recording, word.word) for word in rough] == [(word.recording, word.word) for word in exact]
    starts = np.array([[word.start_seconds for word in words] for words in (rough, exact)])
    assert np.median(np.abs(starts[0] - starts[1])) < 0.1


def write_loglikes(path: Path, matrices: dict[str, FloatArray]) -> Path:
    with MatrixWriter(path) as writer:
        for utterance, matrix in matrices.items():
            writer.write(utterance, matrix)
    return path


def test_a_wrong_number_of_columns_names_all_three_files(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_loglikes(tmp_path / "narrow.ark", {"u1": np.zeros((9, 143), np.float32)})
    assert decode(tri1, tmp_path / "out", loglikes=path) == 1
    error = capsys.readouterr().err
    assert f"{path}: utterance u1: has 143 columns, {tri1 / 'final.mdl'} has 144 pdfs" in error
    assert str(tri1 / "HCLG.fst") in error
    assert not (tmp_path / "out").exists()


def relabeled(graph: Fst, **arrays: object) -> Fst:
    return Fst(**{**vars(graph), **arrays})


@pytest.mark.parametrize(
    ("array", "message"),
    [
        ("ilabel", r"largest input label is 10\d+, .*final.mdl has \d+ transition-ids"),
        ("olabel", r"largest output label is 10\d+, the largest word-id of the symbol table is 14"),
    ],
)
def test_a_graph_of_another_model_or_lang_is_refused(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], array: str, message: str
) -> None:
    graph = read_fst(tri1 / "HCLG.fst")
    labels = getattr(graph, array)
    write_fst(relabeled(graph, **{array: np.where(labels > 0, labels + 10000, 0)}), tmp_path / "HCLG.fst")
    assert decode(tri1, tmp_path / "out", graph=tmp_path / "HCLG.fst") == 1
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_stops_the_decoding_and_leaves_nothing(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], value: float
) -> None:
    matrices = dict(list(read_matrices(tri1 / "connected" / "loglikes.ark"))[:3])
    name = list(matrices)[1]
    matrices[name][7, 3] = value
    assert decode(tri1, tmp_path / "out", loglikes=write_loglikes(tmp_path / "bad.ark", matrices)) == 1
    error = capsys.readouterr().err
    assert f"first {name}" in error and "row 7 (counted from 0)" in error
    assert not (tmp_path / "out").exists()


def test_utterances_without_frames_are_counted_and_limited(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    matrices = dict(list(read_matrices(tri1 / "connected" / "loglikes.ark"))[:3])
    path = write_loglikes(tmp_path / "some.ark", {**matrices, "void": np.zeros((0, 144), np.float32)})
    assert decode(tri1, tmp_path / "out", loglikes=path) == 1
    assert "4 utterances in -> 3 kept -> 1 dropped (1 without frames, first void)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert decode(tri1, tmp_path / "out", loglikes=path, max_loss=0.3) == 0
    assert "3 kept -> 1 dropped" in caplog.text


def test_a_search_that_ends_early_is_reported(tri1: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    matrices = dict(list(read_matrices(tri1 / "connected" / "loglikes.ark"))[:2])
    first = next(iter(matrices))
    matrices[first] = matrices[first][:1]  # no word is said in one frame
    assert decode(tri1, tmp_path / "out", loglikes=write_loglikes(tmp_path / "short.ark", matrices)) == 0
    assert f"1 partial (no final state was reached, first {first})" in caplog.text
    assert f"{first} is" in (log := (tmp_path / "out" / "decode.log").read_text())
    assert log.count("Partial: no final state was reached.") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lang": None}, "there is no .*words.txt"),
        ({"model": "none.mdl"}, "none.mdl"),
        ({"graph": "none.fst"}, "none.fst"),
        ({"loglikes": "none.ark"}, "none.ark"),
        ({"loglikes": "ark:gunzip -c x.gz|"}, "x.gz: cannot be opened"),
    ],
)
def test_mistakes_are_one_message(
    tri1: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: dict[str, object],
    message: str,
) -> None:
    assert decode(tri1, tmp_path / "out", **options) > 0
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert "Traceback" not in error


def test_a_wrong_name_of_the_log_likelihoods_is_answered_with_the_right_one(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tri1 / "connected" / "loglikes.ark"
    assert decode(tri1, tmp_path / "out", loglikes=f"scp:{archive}") == 2
    assert f"is an archive, not a script\n  fix: use --loglikes ark:{archive}" in capsys.readouterr().err
    folder = tmp_path / "dump"
    folder.mkdir()
    assert decode(tri1, tmp_path / "out", loglikes=folder) == 2
    assert "is a directory without loglikes.scp" in capsys.readouterr().err
    (folder / "loglikes.scp").write_text("a x.ark:2\n")
    assert decode(tri1, tmp_path / "out", loglikes=folder) == 2
    assert f"fix: use --loglikes scp:{folder / 'loglikes.scp'}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--nj=-1", "--nj: expected 0 or more, found '-1'"),
        ("--beam=-3", "--beam: expected a number above 0, found '-3'"),
        ("--frame-shift=0", "--frame-shift: expected a number above 0, found '0'"),
        ("--confidence", "did you mean --confidences"),
    ],
)
def test_wrong_options_are_refused_by_the_parser(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, message: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        decode(tri1, tmp_path / "out", option)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_archives_are_decoded_without_torch(tri1: Path, tmp_path: Path) -> None:
    """Neither the parser nor the decoding of an archive imports it."""
    script = (
        "import sys; from blasr.cli.main import main; status = main(sys.argv[1:]); "
        "found = [name for name in ('torch', 'torchaudio', 'kaldifst') if name in sys.modules]; "
        "sys.exit(f'imported {found}' if found else status)"
    )
    loglikes = f"ark:{tri1 / 'connected' / 'loglikes.ark'}"
    arguments = ["--graph", tri1 / "HCLG.fst", "--model", tri1 / "final.mdl", "--words", tri1 / "lang" / "words.txt"]
    command = [sys.executable, "-c", script, "decode", *map(str, arguments), "--loglikes", loglikes]
    result = subprocess.run([*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert len(lines_of(tmp_path / "out" / "best_path.txt")) == 36


@pytest.mark.parametrize("command", ["align", "bundle", "decode", "dump", "transcribe"])
def test_help_imports_nothing_slow(command: str) -> None:
    script = (
        "import sys; from blasr.cli.main import build_parser; build_parser(sys.argv[1]); "
        "sys.exit(str([name for name in ('torch', 'numba', 'kaldifst', 'numpy') if name in sys.modules] or ''))"
    )
    result = subprocess.run([sys.executable, "-c", script, command], capture_output=True, text=True, check=False)
    assert result.stderr.strip() == ""
