"""``blasr align plot`` and ``blasr align export`` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.io.nist.ctm import read_ctm


@pytest.fixture
def inputs(golden: Path, fsdd_dir: Path, tmp_path: Path) -> list[str]:
    """Two of Kaldi's alignments, and their audio."""
    data = tmp_path / "data"
    data.mkdir()
    rows = [("george-3-10", "THREE", "3_george_10"), ("george-7-11", "SEVEN", "7_george_11")]
    (data / "wav.scp").write_text("".join(f"{name} {fsdd_dir}/{file}.wav\n" for name, _, file in rows))
    (data / "utt2spk").write_text("".join(f"{name} george\n" for name, _, _ in rows))
    (data / "text").write_text("".join(f"{name} {word}\n" for name, word, _ in rows))
    return ["--gmm", str(golden / "fsdd_tri1"), "--data", str(data), "--lang", str(golden / "fsdd_tri1" / "lang")]


def test_a_picture(inputs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "three.png"
    assert main(["align", "plot", *inputs, "--utterance", "george-3-10", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"written: {out}\n"
    assert out.read_bytes().startswith(b"\x89PNG")
    for words, status, message in (
        (["--utterance", "absent", "--out", str(out)], 1, "missing, first absent"),
        (["--utterance", "george-3-10", "--out", str(tmp_path / "a.svg")], 2, "ends in .png"),
    ):
        assert main(["align", "plot", *inputs, *words]) == status
        assert message in capsys.readouterr().err


def test_times(inputs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "times"
    assert main(["align", "export", *inputs, "--textgrids", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "align export: 2 utterances in -> 2 kept" in printed and f"{out}/words.ctm: 2 words" in printed
    assert [row.word for row in read_ctm(out / "words.ctm")] == ["THREE", "SEVEN"]
    assert {path.name for path in out.iterdir()} == {
        "words.ctm", "phones.ctm", "george-3-10.TextGrid", "george-7-11.TextGrid"
    }  # fmt: skip


def test_options_of_the_alignment_are_required_only_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    for words, message in (
        (["align"], "the following arguments are required: --data, --lang, --out"),
        (["align", "plot"], "the following arguments are required: --gmm, --data, --lang, --utterance, --out"),
        (["align", "--dta", "x"], "unrecognized option --dta; did you mean --data?"),
        (["align", "plot", "--utternce", "x"], "did you mean --utterance?"),
        (["align", "plt", "--data", "x", "--lang", "y", "--out", "z"], "plt"),
    ):
        with pytest.raises(SystemExit):
            main(words)
        assert message in capsys.readouterr().err
