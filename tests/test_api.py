"""``import blasr``: instant, and the two examples of its documentation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import blasr
from blasr.data.data_dir import DataDir
from blasr.inference.config import ScoringConfig
from blasr.inference.transcript_formats import to_text
from blasr.pipeline.bundle import make_bundle
from blasr.pipeline.experiment import Experiment
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture


def test_importing_loads_nothing() -> None:
    script = "import blasr, sys; print(sorted({'torch', 'numpy', 'numba', 'soundfile'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
    assert {"load_bundle", "load_experiment"} <= set(dir(blasr))
    with pytest.raises(AttributeError):
        blasr.no_such_name  # noqa: B018


def test_the_example_of_the_documentation(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run the code of the docstring in a folder with its files."""
    make_bundle(Experiment.load(system.experiment), system.graph, tmp_path / "bundle")
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "bl_resnet22_a2b3").symlink_to(system.experiment)
    write_audio(tmp_path / "interview.wav", babble(3, 1))
    (tmp_path / "interview.mp3").symlink_to(tmp_path / "interview.wav")  # libsndfile looks at the content
    monkeypatch.chdir(tmp_path)
    assert blasr.__doc__ is not None
    _, _, code = blasr.__doc__.partition("::\n\n")
    names: dict[str, object] = {}
    exec("\n".join(line.removeprefix("    ") for line in code.splitlines()), names)
    transcript, matrix = names["transcript"], names["log_likelihoods"]
    assert isinstance(transcript, blasr.inference.Transcript)
    assert capsys.readouterr().out == f"{transcript.text}\n" and transcript.text
    assert to_text(transcript) == f"interview {transcript.text}\n"
    assert isinstance(matrix, np.ndarray)
    assert matrix.shape == (298, Experiment.load(system.experiment).num_pdfs)  # 3 s, snip_edges


def test_a_file_and_its_utterance_have_the_same_scores(system: System, tmp_path: Path) -> None:
    """With one utterance of a speaker, both are normalized by the same statistics."""
    audio = write_audio(tmp_path / "one.wav", babble(2, 0))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "wav.scp").write_text(f"one {audio}\n")
    (tmp_path / "data" / "utt2spk").write_text("one one\n")
    data = DataDir.read(tmp_path / "data")
    scorer = blasr.load_experiment(system.experiment, config=ScoringConfig(prior_scale=0.0))
    posteriors = scorer.log_likelihoods(scorer.inputs_of_file(audio))
    np.testing.assert_array_equal(scorer.for_data(data)(data.utterances[0]), posteriors)
    np.testing.assert_array_equal(scorer.log_posteriors(scorer.inputs_of_file(audio)), posteriors)
    np.testing.assert_allclose(np.exp(posteriors).sum(axis=1), 1, atol=1e-4)
