"""Live recognition against the transcription of files: the same words, however the audio is cut."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.decoding.endpoint import EndpointRule
from blasr.errors import ConfigError, DataError
from blasr.features import CmvnStats, FeatureConfig, LogMel
from blasr.features.online_cmvn import GLOBAL_CMVN, write_global_cmvn
from blasr.features.streaming import FixedCmvn
from blasr.inference.bundle import Bundle
from blasr.inference.config import SegmentationConfig, TranscriptionConfig
from blasr.inference.live import LiveConfig, LiveRecognizer, LiveUtterance
from blasr.inference.transcribe import Transcriber
from blasr.inference.transcript import TranscribedWord
from blasr.pipeline.bundle import make_bundle
from blasr.pipeline.experiment import Experiment
from blasr.units import FloatArray
from tests.pipeline.systems import babble, write_audio, write_system


def times(words: Iterable[TranscribedWord]) -> list[tuple[str, float, float]]:
    """Words and times, without the confidences, which are equal to rounding."""
    return [(word.text, round(word.start_seconds, 6), round(word.duration_seconds, 6)) for word in words]


NO_ENDPOINTS = LiveConfig(endpoints=())


def global_stats() -> CmvnStats:
    return CmvnStats.of(LogMel(FeatureConfig())(torch.from_numpy(babble(20, 9) * 32768)))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """With running statistics, so that files and streams have the same features."""
    folder = tmp_path_factory.mktemp("system")
    system = write_system(folder, FeatureConfig(norm_vars=True, cmvn="online"))
    write_global_cmvn(system.experiment / GLOBAL_CMVN, global_stats())
    make_bundle(Experiment.load(system.experiment), system.graph, folder / "bundle")
    return Bundle.read(folder / "bundle")


def test_the_network_runs_on_the_device_that_was_asked_for(bundle: Bundle) -> None:
    """Streams send their inputs there; the device "meta" takes the place of a GPU, and computes nothing."""
    assert isinstance(bundle.model, torch.nn.Module)
    other = replace(bundle, model=deepcopy(bundle.model))
    LiveRecognizer(other, LiveConfig(device="meta"))
    assert isinstance(other.model, torch.nn.Module)
    assert {parameter.device.type for parameter in other.model.parameters()} == {"meta"}


def recognized(recognizer: LiveRecognizer, samples: FloatArray, seed: int, rate: int = 8000) -> list[LiveUtterance]:
    """The utterances of a stream that is cut at random."""
    random = np.random.default_rng(seed)
    session = recognizer.open(sample_rate=rate)
    utterances, begin = [], 0
    while begin < len(samples):
        end = begin + int(random.integers(1, 6000))
        utterances += session.accept(samples[begin:end])
        begin = end
    return utterances + session.finish()


def test_the_words_and_times_of_a_file(bundle: Bundle, tmp_path: Path) -> None:
    samples = np.round(babble(7, 3) * 32767).astype(np.float32)
    path = write_audio(tmp_path / "a.wav", (samples / 32768).astype(np.float32))
    config = TranscriptionConfig(segmentation=SegmentationConfig(60, 60, 1))
    (side,) = Transcriber(bundle, config).transcribe(path).sides
    (utterance,) = recognized(LiveRecognizer(bundle, NO_ENDPOINTS), samples, 1)
    assert times(utterance.words) == times(side.words) and len(utterance.words) > 8
    found, expected = ([word.confidence or 0 for word in words] for words in (utterance.words, side.words))
    # rounding moves arcs over the edge of the lattice beam, which changes a few confidences
    assert np.abs(np.array(found) - expected).mean() < 0.05
    assert utterance.start_seconds == 0 and utterance.end_seconds == pytest.approx(6.98)


def test_endpoints_do_not_depend_on_the_pieces(bundle: Bundle) -> None:
    """This graph has no long silence, so a length ends the utterances; the next begins where one ends."""
    recognizer = LiveRecognizer(bundle, LiveConfig(endpoints=(EndpointRule(False, 0.0, float("inf"), 2.0),)))
    samples = (babble(7, 4) * 32767).astype(np.float32)
    first, second = (recognized(recognizer, samples, seed) for seed in (1, 2))
    assert [times(utterance.words) for utterance in first] == [times(utterance.words) for utterance in second]
    assert [utterance.end_seconds for utterance in first] == pytest.approx([2.0, 4.0, 6.0, 6.98])
    for before, after in pairwise(first):
        assert before.end_seconds == after.start_seconds
        assert before.words[-1].end_seconds <= after.words[0].start_seconds


def test_partial_results_grow_into_the_final_one(bundle: Bundle) -> None:
    session = LiveRecognizer(bundle, NO_ENDPOINTS).open()
    samples = (babble(6, 5) * 32767).astype(np.float32)
    partial = []
    for begin in range(0, len(samples), 2000):
        session.accept(samples[begin : begin + 2000])
        partial.append(session.partial().split())
        assert session.partial().split() == partial[-1]
    (final,) = session.finish()
    assert partial[0] == [] and len(partial[-1]) >= len(final.words) - 4
    assert session.seconds == pytest.approx(6.0)


def test_reset_ends_an_utterance_and_times_go_on(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """With statistics that do not run, the second utterance is as it is alone."""
    recognizer = LiveRecognizer(bundle, NO_ENDPOINTS)
    monkeypatch.setattr(recognizer, "normalizer", lambda: FixedCmvn(global_stats(), norm_vars=True))
    first, second = ((babble(seconds, seed) * 32767).astype(np.float32) for seconds, seed in ((3, 1), (4, 2)))
    session = recognizer.open()
    assert session.reset() == LiveUtterance(0.0, 0.0, ())
    session.accept(first)
    one = session.reset()
    session.accept(second)
    (two,) = session.finish()
    alone = [recognized(recognizer, samples, 1)[0] for samples in (first, second)]
    assert times(one.words) == times(alone[0].words)
    assert two.text == alone[1].text
    assert [word.start_seconds - 3 for word in two.words] == pytest.approx([w.start_seconds for w in alone[1].words])


def test_alternatives(bundle: Bundle) -> None:
    session = LiveRecognizer(bundle, NO_ENDPOINTS).open(max_alternatives=4)
    session.accept((babble(2, 6) * 32767).astype(np.float32))
    (utterance,) = session.finish()
    texts = [other.text for other in utterance.alternatives]
    assert texts[0] == utterance.text and len(set(texts)) == len(texts) == 4
    probabilities = [other.probability for other in utterance.alternatives]
    assert sum(probabilities) == pytest.approx(1) and probabilities == sorted(probabilities, reverse=True)


def test_another_sample_rate(bundle: Bundle) -> None:
    samples = np.repeat((babble(3, 7) * 32767).astype(np.float32), 2)
    (utterance,) = recognized(LiveRecognizer(bundle, NO_ENDPOINTS), samples, 3, rate=16000)
    assert utterance.words and utterance.end_seconds == pytest.approx(2.98)
    with pytest.raises(DataError, match="cannot resample"):
        LiveRecognizer(bundle).open(sample_rate=44_099)


def test_nothing_and_almost_nothing(bundle: Bundle) -> None:
    recognizer = LiveRecognizer(bundle)
    assert recognized(recognizer, np.zeros(0, np.float32), 1) == [LiveUtterance(0.0, 0.0, ())]
    assert recognized(recognizer, np.zeros(100, np.float32), 1)[0].text == ""
    with pytest.raises(ConfigError, match="check_seconds"):
        LiveConfig(check_seconds=0)


def test_a_network_that_was_trained_with_whole_speakers(bundle: Bundle, tmp_path: Path) -> None:
    """Its running statistics begin with those of the training data, which the bundle must have."""
    system = write_system(tmp_path, FeatureConfig(norm_vars=True))
    experiment = Experiment.load(system.experiment)
    make_bundle(experiment, system.graph, tmp_path / "without")
    with pytest.raises(DataError, match="no global statistics"):
        LiveRecognizer(Bundle.read(tmp_path / "without"))
    write_global_cmvn(tmp_path / "stats", global_stats())
    make_bundle(experiment, system.graph, tmp_path / "with", global_cmvn=tmp_path / "stats")
    samples = (babble(4, 8) * 32767).astype(np.float32)
    found, expected = (
        recognized(LiveRecognizer(parts, NO_ENDPOINTS), samples, 1)
        for parts in (Bundle.read(tmp_path / "with"), bundle)
    )
    assert times(found[0].words) == times(expected[0].words) and found[0].words
