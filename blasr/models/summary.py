"""What a variant consists of and costs: layers, output sizes, parameters, MACs, receptive field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from blasr.models.acoustic import NUM_MEL_BINS, NUM_PLANES
from blasr.models.config import AcousticModelConfig
from blasr.models.factory import build_acoustic_model
from blasr.models.paper import PAPER_NUM_PDFS
from blasr.models.variants import StageSpec, stage_specs
from blasr.nn import LayerCount, count_layers, module_outputs
from blasr.units import WINDOW_FRAMES


@dataclass(frozen=True)
class AcousticPartSummary:
    """One row of Table 11.

    Attributes:
        name: ``stem``, ``stage1``, ``transition1``, ..., ``head``, ``output``.
        structure: its convolutions, in the paper's notation; ``s2`` is a stride of 2 in frequency.
        frames_in: T at its start.
        output: (C, F, T) at its end.
        receptive_field: input frames that one frame of its output depends on.
    """

    name: str
    structure: str
    frames_in: int
    output: tuple[int, int, int]
    params: int
    macs: int
    receptive_field: int


@dataclass(frozen=True)
class AcousticSummary:
    """A variant's parts and layers, for an input of 3 x 64 x ``frames``."""

    name: str
    width: float
    num_pdfs: int
    frames: int
    parts: tuple[AcousticPartSummary, ...]
    layers: tuple[LayerCount, ...]

    @property
    def params(self) -> int:
        """Trainable parameters."""
        return sum(layer.params for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions for ``frames`` input frames."""
        return sum(layer.macs for layer in self.layers)

    @property
    def receptive_field(self) -> int:
        """Input frames that one output frame depends on."""
        return self.parts[-1].receptive_field


def summarize(
    name: str, *, num_pdfs: int = PAPER_NUM_PDFS, width: float = 1.0, frames: int = WINDOW_FRAMES
) -> AcousticSummary:
    """Count a variant without allocating its weights.

    Args:
        num_pdfs: outputs, the tree's number of pdfs.
        frames: T of the input that MACs and output sizes are told for; 49 is the paper's window.

    Raises:
        ConfigError: for an unknown name, a width that is not above 0, or no pdfs.
        DataError: for fewer than 49 frames.
    """
    with torch.device("meta"):
        model = build_acoustic_model(name, num_pdfs=num_pdfs, width=width)
    shape = (NUM_PLANES, NUM_MEL_BINS, frames)
    layers = tuple(count_layers(model, shape))
    structures = dict(_structures(stage_specs(AcousticModelConfig(name, width).variant, width), num_pdfs))
    parts: list[AcousticPartSummary] = []
    frames_in = frames
    names = {module: module_name for module_name, module in model.named_modules()}
    for part, output in module_outputs(model, shape, model.parts):
        inside = names[model.parts[part]]
        own = [layer for layer in layers if layer.name == inside or layer.name.startswith(f"{inside}.")]
        channels, bins, frames_out = output
        parts.append(
            AcousticPartSummary(
                name=part,
                structure=structures[part],
                frames_in=frames_in,
                output=(channels, bins, frames_out),
                params=sum(layer.params for layer in own),
                macs=sum(layer.macs for layer in own),
                receptive_field=frames - frames_out + 1,  # no stride in time
            )
        )
        frames_in = frames_out
    return AcousticSummary(name, width, num_pdfs, frames, tuple(parts), layers)


def _structures(specs: tuple[StageSpec, ...], num_pdfs: int) -> Iterator[tuple[str, str]]:
    """Name and structure of each part."""
    yield "stem", f"5x5, {specs[0].channels}, s2"
    for number, spec in enumerate(specs, 1):
        yield f"stage{number}", str(spec)
        if spec.transition:
            yield f"transition{number}", f"3x3, {spec.channels}, s2"
    yield "head", f"4x1, {specs[-1].channels}"
    yield "output", f"1x1, {num_pdfs}"
