"""Posteriors: as many rows as frames, the same however an utterance is cut."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from blasr.features.extraction import pad_context
from blasr.inference import PosteriorComputer
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
    posteriors = PosteriorComputer(model).log_posteriors(torch.randn(3, 64, num_frames + 48))
    assert posteriors.shape == (num_frames, 7)
    assert posteriors.dtype == np.float32
    np.testing.assert_allclose(np.exp(posteriors).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("piece_frames", [1, 30, 99, 100, 101])
def test_pieces_change_nothing(model: AcousticModel, piece_frames: int) -> None:
    inputs = torch.randn(3, 64, 48 + (200 if piece_frames > 1 else 5))
    whole = PosteriorComputer(model).log_posteriors(inputs)
    pieces = PosteriorComputer(model, piece_frames=piece_frames).log_posteriors(inputs)
    np.testing.assert_allclose(pieces, whole, atol=TOLERANCE)


def test_a_frame_is_its_window(model: AcousticModel) -> None:
    padded = pad_context(torch.randn(3, 64, 20))
    dense = PosteriorComputer(model).log_posteriors(padded)
    for frame in (0, 7, 19):
        with torch.inference_mode():
            logits = model(padded[None, :, :, frame : frame + 49])
        np.testing.assert_allclose(dense[frame], logits[0, :, 0].log_softmax(0).numpy(), atol=TOLERANCE)
