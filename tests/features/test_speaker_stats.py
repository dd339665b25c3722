"""Statistics of speakers and of their perturbed voices."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from blasr.errors import DataError
from blasr.features.cmvn import CmvnStats
from blasr.features.perturbation import UNCHANGED, Perturbation
from blasr.features.speaker_stats import SpeakerStats, Voice


def test_statistics_of_a_file_are_of_unperturbed_speakers() -> None:
    stats = CmvnStats.of(torch.randn(5, 3, generator=torch.Generator().manual_seed(1)))
    given = SpeakerStats.of_speakers({"ann": stats})
    assert given.of("ann").matrix.tolist() == stats.matrix.tolist()
    with pytest.raises(DataError, match=r"speaker ann under Perturbation\(speed=0\.9"):
        given.of("ann", Perturbation(0.9))


def test_a_count_of_zero_means_no_statistics() -> None:
    matrices = np.zeros((2, 2, 2, 4))
    matrices[1, :, 0, -1] = 5
    stats = SpeakerStats(["ann", "bob"], (UNCHANGED, Perturbation(0.9)), matrices)
    assert stats.voices() == [Voice("bob"), Voice("bob", Perturbation(0.9))]
    assert (stats.dim, stats.find("ann"), SpeakerStats().dim) == (3, None, None)
