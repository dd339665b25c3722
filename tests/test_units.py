from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from blasr import units


def test_a_window_is_its_output_frame_and_the_context_on_both_sides() -> None:
    assert units.WINDOW_FRAMES == 2 * units.CONTEXT_FRAMES + 1 == 49


def test_constants_are_available_without_numpy() -> None:
    program = "import sys; from blasr.units import CONTEXT_FRAMES, EPSILON; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_array_types_are_those_of_numpy() -> None:
    assert units.FloatArray == NDArray[np.float32]
    assert units.IntArray == NDArray[np.int32]
    with pytest.raises(AttributeError, match="no attribute 'NoArray'"):
        _ = units.NoArray
