"""The priors of a trained network: from its labels, from its averaged posteriors, or uniform."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

import numpy as np
import torch
from torch import nn

from blasr.errors import DataError
from blasr.inference.config import PriorConfig
from blasr.inference.priors import Priors
from blasr.training import Batch, DistributedContext
from blasr.units import IGNORE_INDEX, AnyArray


def estimate_priors(
    counts: AnyArray,
    config: PriorConfig,
    source: str,
    *,
    module: nn.Module,
    batches: Callable[[], Iterable[Batch]],
    distributed: DistributedContext | None = None,
) -> Priors:
    """Return the priors that a configuration asks for, smoothed and floored.

    Args:
        counts: frames of each pdf-id in the training labels, ``(num_pdfs,)``.
        config: their source, smoothing and floor.
        source: the alignments that were counted.
        module: the network, for its posteriors.
        batches: returns training data, for the posteriors.
        distributed: the processes that share the data; all of them must call this.

    Raises:
        DataError: all counts are 0, or there is no training data.
    """
    if config.source == "labels":
        return Priors.from_counts(counts, config, source)
    if config.source == "uniform":
        return Priors.from_counts(counts, config, "uniform", occupancies=np.ones(len(counts)))
    sums, num_frames = sum_posteriors(module, islice(batches(), config.posterior_batches), distributed)
    if not num_frames:
        raise DataError("there is no training data to average posteriors over", path=source)
    occupancies = sums * (np.sum(counts) / num_frames)  # so that smoothing has the same meaning as for counts
    name = f"posteriors averaged over {num_frames} frames of the data aligned in {source}"
    return Priors.from_counts(counts, config, name, occupancies=occupancies)


@torch.inference_mode()
def sum_posteriors(
    module: nn.Module, batches: Iterable[Batch], distributed: DistributedContext | None = None
) -> tuple[AnyArray, int]:
    """Return the sum of the posteriors over the labeled frames of batches, ``(num_pdfs,)``, and their number."""
    distributed = distributed or DistributedContext()
    device = distributed.device
    module.eval()
    total: torch.Tensor | None = None
    for batch in batches:
        posteriors = module(batch.inputs.to(device)).float().softmax(dim=1)  # (B, num_pdfs, T)
        known = (batch.targets.to(device) != IGNORE_INDEX)[:, None]
        counted = torch.cat([(posteriors * known).double().sum(dim=(0, 2)), known.sum().double()[None]])
        total = counted if total is None else total + counted
    if total is None:
        return np.zeros(0), 0
    values = distributed.sum(total).cpu().numpy()
    return values[:-1], int(values[-1])
