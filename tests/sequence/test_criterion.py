"""The criteria against the enumeration of all paths; their gradients against finite differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from blasr.errors import ConfigError
from blasr.sequence import SequenceConfig, SequenceCriterion, SequenceGraph
from blasr.sequence.criterion import CriterionKind
from blasr.units import IGNORE_INDEX
from tests.sequence.systems import random_graph, weighted_paths

PRIORS = np.log([0.5, 0.3, 0.2])
TARGETS = torch.tensor([[0, 1, 1, 0, 1], [2, 0, 0, IGNORE_INDEX, IGNORE_INDEX], [IGNORE_INDEX] * 5])
BACKENDS = ("numba", "torch")
ROWS: list[tuple[CriterionKind, dict[str, Any]]] = [
    ("lfmmi", {}),
    ("lfmmi", {"boost": 0.4}),
    ("lfmmi", {"tolerance": 1, "prior_scale": 0.5, "boost": 0.3}),
    ("lfmmi", {"whole_utterances": False}),
    ("smbr", {"tolerance": 1}),
    ("smbr", {"whole_utterances": False}),
]


def random_outputs(seed: int = 0) -> Tensor:
    return torch.randn(3, 3, 5, generator=torch.Generator().manual_seed(seed)) * 2


def criterion(kind: CriterionKind, graph: SequenceGraph, **values: Any) -> SequenceCriterion:
    return SequenceCriterion(kind, graph, PRIORS, SequenceConfig(leak=0.02, acoustic_scale=0.7, **values))


def enumerated(kind: CriterionKind, graph: SequenceGraph, outputs: Tensor, config: SequenceConfig) -> float:
    """The loss of the batch from its definition."""
    total = 0.0
    priors = torch.from_numpy(PRIORS)
    for row, targets in zip(outputs, TARGETS.tolist(), strict=True):
        wanted = [target for target in targets if target != IGNORE_INDEX]
        if not wanted:
            continue
        scores = 0.7 * (torch.log_softmax(row.double(), 0).T - config.prior_scale * priors)
        numerator = denominator = accuracy = 0.0
        for states, weight in weighted_paths(graph, 0.02, len(wanted), whole=config.whole_utterances):
            pdfs = graph.pdf_ids[states].tolist()
            windows = [wanted[max(0, t - config.tolerance) : t + config.tolerance + 1] for t in range(len(wanted))]
            right = sum(pdf in window for pdf, window in zip(pdfs, windows, strict=True))
            likely = weight * math.exp(sum(scores[frame, pdf].item() for frame, pdf in enumerate(pdfs)))
            boosted = likely * math.exp(config.boost * (len(wanted) - right))
            denominator += boosted
            accuracy += boosted * right
            if right == len(wanted):
                numerator += likely
        total += len(wanted) - accuracy / denominator if kind == "smbr" else math.log(denominator / numerator)
    return total


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("kind", "values"), ROWS)
def test_the_loss_is_its_definition(kind: CriterionKind, values: dict[str, Any], backend: Any) -> None:
    graph = random_graph(1)
    loss = criterion(kind, graph, backend=backend, **values)
    found = loss(random_outputs(), TARGETS)
    assert found.item() == pytest.approx(enumerated(kind, graph, random_outputs(), loss._config), abs=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("kind", "values"), ROWS)
def test_the_gradient_is_a_finite_difference(kind: CriterionKind, values: dict[str, Any], backend: Any) -> None:
    loss = criterion(kind, random_graph(2), backend=backend, **values)
    outputs = random_outputs(1).requires_grad_()
    loss(outputs, TARGETS).backward()
    assert outputs.grad is not None
    step = 0.02
    for index in np.ndindex(*outputs.shape):
        differences = []
        for scale in (1.0, 2.0):
            moved = torch.zeros_like(outputs)
            moved[index] = scale * step
            with torch.no_grad():
                higher, lower = loss(outputs + moved, TARGETS), loss(outputs - moved, TARGETS)
            differences.append((higher - lower).item() / (2 * scale * step))
        extrapolated = (4 * differences[0] - differences[1]) / 3  # Richardson; the softmax is in float32
        assert extrapolated == pytest.approx(outputs.grad[index].item(), abs=2e-5)
    assert not outputs.grad[2].any()
    assert not outputs.grad[1, :, 3:].any()


def test_the_loss_of_mmi_is_never_negative_and_falls_towards_0() -> None:
    loss = criterion("lfmmi", random_graph(1))
    certain = torch.full((3, 3, 5), -1000.0).scatter_(1, TARGETS.clamp(min=0)[:, None], 0.0)
    values = [loss(scale * certain, TARGETS).item() for scale in (0.0, 1e-3, 1e-2, 1.0)]
    assert values == sorted(values, reverse=True)
    assert 0 <= values[-1] < 1e-6


def test_a_tolerance_admits_more_paths() -> None:
    graph, outputs = random_graph(1), random_outputs()
    losses = [criterion("lfmmi", graph, tolerance=tolerance)(outputs, TARGETS).item() for tolerance in (0, 1, 2)]
    assert losses[0] > losses[1] >= losses[2] >= 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_frame_whose_pdf_has_no_state_is_free(backend: Any) -> None:
    graph = random_graph(1, num_states=4, num_pdfs=2)
    wider = SequenceGraph(**{**vars(graph), "num_pdfs": 3})
    loss = criterion("lfmmi", wider, backend=backend)
    outputs = random_outputs().requires_grad_()
    found = loss(outputs, TARGETS)
    found.backward()
    assert math.isfinite(found.item())
    assert outputs.grad is not None
    assert bool(outputs.grad.isfinite().all())


def test_a_batch_without_targets_is_0() -> None:
    outputs = random_outputs().requires_grad_()
    loss = criterion("lfmmi", random_graph(1))(outputs, torch.full((3, 5), IGNORE_INDEX))
    loss.backward()
    assert loss.item() == 0
    assert outputs.grad is not None


def test_smbr_has_no_boost() -> None:
    with pytest.raises(ConfigError, match="boost"):
        criterion("smbr", random_graph(1), boost=0.1)
