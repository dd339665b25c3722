"""The names of shapes, units and counting bases in the docstrings of blasr, and the constants that go with them.

Shapes
    ``B`` utterances or chunks in a batch, ``C`` channels, ``F`` mel bins, ``T`` frames, ``N`` samples.
    A network input is ``(B, C=3, F, T)``: log-mel, delta, delta-delta. A feature matrix on disk is Kaldi's
    ``(T, F)``. The vision models read ``(B, C, H, W)``; in ``nn``, frequency is H and time is W.

Units
    Names of times end in their unit: ``_ms``, ``_seconds``, ``_samples``, ``_frames``. Waveforms are in the
    range of 16-bit integers, as in Kaldi. Logarithms are natural; costs are negated log probabilities.

Bases
    pdf-ids count from 0. Transition-ids, transition-states, phones and words count from 1; 0 is epsilon.
    HMM states and pdf-classes count from 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    IntArray = NDArray[np.int32]
    AnyArray = NDArray[Any]

EPSILON: Final = 0
"""The symbol id of epsilon in every symbol table."""

WINDOW_FRAMES: Final = 49
"""Frames that the acoustic models see for one output frame (Table 11 of the paper)."""

CONTEXT_FRAMES: Final = (WINDOW_FRAMES - 1) // 2
"""Frames of context on each side of an output frame: T frames in give T - 48 frames out."""

IGNORE_INDEX: Final = -100
"""The target of an output without a label; losses and counts ignore it."""


def __getattr__(name: str) -> Any:
    """Define the array types when they are first used, so that the constants can be imported without numpy."""
    if name not in ("FloatArray", "IntArray", "AnyArray"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import numpy as np
    from numpy.typing import NDArray

    globals().update(FloatArray=NDArray[np.float32], IntArray=NDArray[np.int32], AnyArray=NDArray[Any])
    return globals()[name]
