"""Products of a sparse matrix in compressed rows with a vector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blasr.jit import jit
from blasr.units import AnyArray


@jit
def multiply(offsets: AnyArray, targets: AnyArray, values: AnyArray, vector: AnyArray) -> NDArray[np.float64]:
    """Return for each row the sum of its values times the vector's elements at their columns."""
    result = np.zeros(len(offsets) - 1)
    for row in range(len(result)):
        total = 0.0
        for arc in range(offsets[row], offsets[row + 1]):
            total += values[arc] * vector[targets[arc]]
        result[row] = total
    return result


@jit
def multiply_transposed(
    offsets: AnyArray, targets: AnyArray, values: AnyArray, vector: AnyArray
) -> NDArray[np.float64]:
    """Return the product of the transposed (square) matrix with the vector."""
    result = np.zeros(len(vector))
    for row in range(len(vector)):
        factor = vector[row]
        if factor != 0.0:
            for arc in range(offsets[row], offsets[row + 1]):
                result[targets[arc]] += values[arc] * factor
    return result
