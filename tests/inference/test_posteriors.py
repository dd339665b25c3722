"""Posteriors: as many rows as frames, the same however an utterance is cut or batched."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from blasr.features.extraction import pad_context
from blasr.inference import LogLikelihoods, PosteriorComputer
from blasr.models import AcousticModel, build_acoustic_model

TOLERANCE = 2e-5
"""Float rounding of sums in another order."""


@pytest.fixture(scope="module")
def model() -> AcousticModel:
    torch.manual_seed(0)
    model = build_acoustic_model("bl_resnet22_a2b3", num_pdfs=7, width=0.1)
    model.train()
    with torch.no_grad():
        for _ in range(20):  # batch norm statistics as after training
            model(torch.randn(4, 3, 64, 80))
    return model.eval()


@pytest.mark.parametrize("num_frames", [1, 2, 50, 131])
def test_frames_predicted_are_frames_given(model: AcousticModel, num_frames: int) -> None:
    posteriors = PosteriorComputer(model).log_posteriors(torch.randn(3, 64, num_frames))
    assert posteriors.shape == (num_frames, 7)
    assert posteriors.dtype == np.float32
    np.testing.assert_allclose(np.exp(posteriors).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("piece_frames", [1, 30, 99, 100, 101])
def test_pieces_change_nothing(model: AcousticModel, piece_frames: int) -> None:
    planes = torch.randn(3, 64, 200 if piece_frames > 1 else 5)
    whole = PosteriorComputer(model).log_posteriors(planes)
    pieces = PosteriorComputer(model, piece_frames=piece_frames).log_posteriors(planes)
    np.testing.assert_allclose(pieces, whole, atol=TOLERANCE)


def test_a_frame_is_its_window(model: AcousticModel) -> None:
    planes = torch.randn(3, 64, 20)
    dense = PosteriorComputer(model).log_posteriors(planes)
    padded = pad_context(planes)
    for frame in (0, 7, 19):
        with torch.inference_mode():
            logits = model(padded[None, :, :, frame : frame + 49])
        np.testing.assert_allclose(dense[frame], logits[0, :, 0].log_softmax(0).numpy(), atol=TOLERANCE)


def test_a_batch_is_its_utterances(model: AcousticModel) -> None:
    utterances = [torch.randn(3, 64, length) for length in (30, 1, 77)]
    computer = PosteriorComputer(model)
    for together, planes in zip(computer.batch_log_posteriors(utterances), utterances, strict=True):
        np.testing.assert_allclose(together, computer.log_posteriors(planes), atol=TOLERANCE)


def test_priors_are_taken_off() -> None:
    log_posteriors = np.log(np.array([[0.9, 0.1]], np.float32))
    log_priors = np.log(np.array([0.5, 0.5]))
    result = LogLikelihoods(log_priors, prior_scale=0.7)(log_posteriors)
    np.testing.assert_allclose(result, log_posteriors - 0.7 * np.log(0.5), rtol=1e-6)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(LogLikelihoods(log_priors, prior_scale=0.0)(log_posteriors), log_posteriors)
