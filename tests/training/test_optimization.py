from __future__ import annotations

import pytest
from torch import nn

from blasr.errors import ConfigError
from blasr.training.config import TrainingConfig
from blasr.training.distributed import DistributedContext
from blasr.training.losses import CrossEntropy
from blasr.training.optimization import Optimization


def test_channels_last_is_refused_on_the_cpu() -> None:
    """PyTorch 2.11 frees memory twice in the backward pass of narrow channels-last convolutions."""
    with pytest.raises(ConfigError, match="channels_last"):
        Optimization(nn.Conv2d(3, 4, 3), CrossEntropy(), TrainingConfig(channels_last=True), DistributedContext())
