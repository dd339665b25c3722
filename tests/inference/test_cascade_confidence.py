"""Confidences are from 0 to 1, and parts cover an utterance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.inference.cascade_confidence import frame_confidences, part_bounds, part_confidences
from blasr.inference.config import CascadeConfig


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), dtype=np.float32)


@pytest.mark.parametrize("kind", ["max_posterior", "entropy"])
@given(seed=st.integers(0, 1000), scale=st.sampled_from([0.0, 0.1, 3.0, 1e4]))
def test_confidences_are_from_0_to_1(kind: str, seed: int, scale: float) -> None:
    rows = log_softmax(scale * np.random.default_rng(seed).standard_normal((5, 9)))
    found = frame_confidences(rows, kind)  # type: ignore[arg-type]
    assert found.shape == (5,) and (found >= 0).all() and (found <= 1).all()


def test_known_confidences() -> None:
    rows = np.log(np.array([[0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 1e-30, 1e-30], [1.0, 1e-30, 1e-30, 1e-30]], "f4"))
    np.testing.assert_allclose(frame_confidences(rows, "max_posterior"), [0.25, 0.5, 1.0], atol=1e-6)
    np.testing.assert_allclose(frame_confidences(rows, "entropy"), [0.0, 0.5, 1.0], atol=1e-6)


@given(num_frames=st.integers(1, 400), chunk=st.integers(1, 60), unit=st.sampled_from(["window", "chunk", "utterance"]))
def test_parts_cover_an_utterance(num_frames: int, chunk: int, unit: str) -> None:
    bounds = part_bounds(num_frames, CascadeConfig(unit=unit, chunk_frames=chunk))  # type: ignore[arg-type]
    assert bounds[0] == 0 and bounds[-1] == num_frames and (np.diff(bounds) > 0).all()
    expected = {"window": num_frames, "chunk": max(1, int(num_frames / chunk + 0.5)), "utterance": 1}
    assert len(bounds) - 1 == expected[unit]


def test_a_part_has_the_mean_of_its_frames() -> None:
    found = part_confidences(np.array([0.1, 0.3, 1.0, 1.0, 0.4]), np.array([0, 2, 4, 5]))
    np.testing.assert_allclose(found, [0.2, 1.0, 0.4])
