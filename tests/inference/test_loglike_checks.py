"""What decoders refuse: other shapes, values that are not finite, parts with different numbers of pdfs."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import DataError, MismatchError
from blasr.inference.loglike_checks import check_matrix, check_num_pdfs


def test_numbers_of_pdfs_must_agree() -> None:
    assert check_num_pdfs({"a": 5, "b": 5}, "") == 5
    with pytest.raises(MismatchError, match=r"144 in final\.mdl, 90 in priors\.vec"):
        check_num_pdfs({"final.mdl": 144, "priors.vec": 90}, "train again")


@pytest.mark.parametrize("shape", [(4, 2), (5, 3), (4,)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(MismatchError, match=r"utterance u: .* expected \(4 frames, 3 pdfs\)"):
        check_matrix(np.zeros(shape, np.float32), 4, 3, "u")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted(value: float) -> None:
    matrix = np.zeros((4, 3), np.float32)
    check_matrix(matrix, 4, 3)
    matrix[1, 2] = matrix[3, 0] = value
    with pytest.raises(DataError, match="2 of 12 log-likelihoods are not finite"):
        check_matrix(matrix, 4, 3)
