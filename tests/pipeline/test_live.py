"""A stream from a file or the standard input, as lines."""

from __future__ import annotations

import io
import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from blasr.errors import DataError, FormatError
from blasr.features import CmvnStats, FeatureConfig, LogMel
from blasr.features.online_cmvn import write_global_cmvn
from blasr.inference.bundle import Bundle
from blasr.inference.live import LiveConfig, LiveRecognizer, LiveUtterance
from blasr.pipeline.bundle import make_bundle
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.live import LivePartial, recognize_stream, result_lines
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture

SAMPLES = babble(5, 2)


@pytest.fixture(scope="module")
def recognizer(system: System, tmp_path_factory: pytest.TempPathFactory) -> LiveRecognizer:
    folder = tmp_path_factory.mktemp("bundles")
    write_global_cmvn(folder / "stats", CmvnStats.of(LogMel(FeatureConfig())(torch.from_numpy(SAMPLES * 32768))))
    make_bundle(Experiment.load(system.experiment), system.graph, folder / "bundle", global_cmvn=folder / "stats")
    return LiveRecognizer(Bundle.read(folder / "bundle"), LiveConfig(endpoints=()))


def test_a_wave_file_and_raw_pcm(recognizer: LiveRecognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_audio(tmp_path / "a.wav", SAMPLES)
    results = list(recognize_stream(recognizer, path))
    final = results[-1]
    assert isinstance(final, LiveUtterance) and final.words
    partial = [result.text for result in results[:-1] if isinstance(result, LivePartial)]
    assert len(partial) == len(results) - 1 > 5
    assert all(before != after for before, after in pairwise(partial)), "only changes are told"
    pcm = path.read_bytes()[44:]  # without the header
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pcm)))
    (*_, of_pcm) = recognize_stream(recognizer, Path("-"))
    assert isinstance(of_pcm, LiveUtterance) and of_pcm.text == final.text


def test_lines(recognizer: LiveRecognizer, tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", SAMPLES)
    lines = list(result_lines(recognize_stream(recognizer, path), "json"))
    assert [final for final, _ in lines] == [False] * (len(lines) - 1) + [True]
    assert all(set(json.loads(line)) == {"partial"} for _, line in lines[:-1])
    assert set(json.loads(lines[-1][1])) == {"result", "text"}
    (*_, (_, text)) = result_lines(recognize_stream(recognizer, path), "text")
    assert text == json.loads(lines[-1][1])["text"]
    silence: list[LivePartial | LiveUtterance] = [LiveUtterance(0, 1, ()), LivePartial("a")]
    assert list(result_lines(iter(silence), "text")) == [(False, "a")]


def test_a_wave_file_of_another_rate_than_was_said(recognizer: LiveRecognizer, tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", SAMPLES)
    with pytest.raises(DataError, match=r"a.wav: is a wave file of 8000 Hz, but its rate was said to be 16000 Hz"):
        next(recognize_stream(recognizer, path, sample_rate=16000))
    assert next(recognize_stream(recognizer, path, sample_rate=8000))


def test_what_cannot_be_read(recognizer: LiveRecognizer, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello, world")
    for name, error, message in (
        ("missing", DataError, "No such file"),
        ("empty", DataError, "is empty"),
        ("text", FormatError, "is not audio"),
    ):
        with pytest.raises(error, match=message) as found:
            list(recognize_stream(recognizer, tmp_path / name))
        assert name in str(found.value)
