"""Checks of log-likelihoods before a decoder reads them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from blasr.errors import DataError, MismatchError
from blasr.units import FloatArray


def check_num_pdfs(found: Mapping[str, int], fix: str) -> int:
    """Return the number of pdfs on which all parts agree.

    Args:
        found: each part (a file, "the network's output layer") and its number of pdfs.
        fix: what to do about a difference.

    Raises:
        MismatchError: the numbers differ; the error names every part and its number.
    """
    numbers = set(found.values())
    if len(numbers) != 1:
        listed = ", ".join(f"{number} in {name}" for name, number in found.items())
        raise MismatchError(f"numbers of pdfs differ: {listed}", fix=fix)
    return numbers.pop()


def check_matrix(matrix: FloatArray, num_frames: int, num_pdfs: int, utterance: str | None = None) -> None:
    """Refuse log-likelihoods that a decoder cannot use.

    Raises:
        MismatchError: the shape is not ``(num_frames, num_pdfs)``.
        DataError: some values are not finite.
    """
    if matrix.shape != (num_frames, num_pdfs):
        raise MismatchError(
            f"the log-likelihoods are {matrix.shape}, expected ({num_frames} frames, {num_pdfs} pdfs)",
            utterance=utterance,
        )
    if not np.isfinite(matrix).all():
        bad = int(np.count_nonzero(~np.isfinite(matrix)))
        raise DataError(
            f"{bad} of {matrix.size} log-likelihoods are not finite",
            utterance=utterance,
            fix="check that the training did not diverge: its losses are in metrics.jsonl",
            reason="with log-likelihoods that are not finite",
        )
