"""What an acoustic model consists of and costs: layers, output sizes, parameters, MACs, receptive field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from blasr.models.acoustic import NUM_PLANES
from blasr.models.config import NUM_MEL_BINS, AcousticModelConfig
from blasr.models.factory import build_acoustic_model, build_configured_model
from blasr.models.paper import PAPER_NUM_PDFS
from blasr.models.variants import StageSpec, stage_specs
from blasr.nn import FileSize, ModelSummary, compare_file_sizes, summarize_parts
from blasr.units import WINDOW_FRAMES


@dataclass(frozen=True)
class AcousticSummary(ModelSummary):
    """The parts (the rows of Table 11) and the layers of an acoustic model, for an input of 3 x 64 x ``frames``."""

    name: str
    width: float
    num_pdfs: int
    frames: int

    @property
    def frame_counts(self) -> tuple[int, ...]:
        """T before the first part, and after every part."""
        return (self.frames, *(part.output[2] for part in self.parts))

    @property
    def receptive_fields(self) -> tuple[int, ...]:
        """For each part, the number of input frames that one frame of its output depends on."""
        return tuple(self.frames - after + 1 for after in self.frame_counts[1:])  # no stride in time

    @property
    def receptive_field(self) -> int:
        """The number of input frames that one output frame depends on."""
        return self.receptive_fields[-1]


def summarize(
    name: str, *, num_pdfs: int = PAPER_NUM_PDFS, width: float = 1.0, frames: int = WINDOW_FRAMES
) -> AcousticSummary:
    """Count a variant without allocating its weights.

    Args:
        name: a variant, such as ``bl_resnet22_a2b3``.
        num_pdfs: outputs, the tree's number of pdfs.
        width: multiplies the channel counts.
        frames: T of the input for which MACs and output sizes are counted; 49 is the paper's window.

    Raises:
        ConfigError: the name is unknown, the width is not above 0, or there are no pdfs.
        DataError: there are fewer than 49 frames.
    """
    with torch.device("meta"):
        model = build_acoustic_model(name, num_pdfs=num_pdfs, width=width)
    structures = dict(_structures(stage_specs(AcousticModelConfig(name, width).variant, width), num_pdfs))
    counted = summarize_parts(model, model.parts, structures, (NUM_PLANES, NUM_MEL_BINS, frames))
    return AcousticSummary(counted.parts, counted.layers, name, width, num_pdfs, frames)


def weight_sizes(
    name: str, *, num_pdfs: int = PAPER_NUM_PDFS, width: float = 1.0, keep: Sequence[str] | None = None
) -> dict[str, FileSize]:
    """Return the size of a variant's weights in float, as patterns, and as patterns with 8-bit 1x1 convolutions.

    Args:
        name, num_pdfs, width: see :func:`summarize`; for a variant with patterns, its network in float is compared.
        keep: what stays in float; by default what the variant keeps.

    Raises:
        ConfigError: see :func:`summarize` and :func:`blasr.nn.binarize`.
    """
    config = AcousticModelConfig(name, width)
    kept = config.patterns.keep if keep is None and config.patterns is not None else keep or ()
    with torch.device("meta"):
        return compare_file_sizes(lambda: build_configured_model(config.in_float, num_pdfs), kept)


def _structures(specs: tuple[StageSpec, ...], num_pdfs: int) -> Iterator[tuple[str, str]]:
    """Yield name and structure of each part; ``s2`` is a stride of 2 in frequency."""
    yield "stem", f"5x5, {specs[0].channels}, s2"
    for number, spec in enumerate(specs, 1):
        yield f"stage{number}", str(spec)
        if spec.transition:
            yield f"transition{number}", f"3x3, {spec.channels}, s2"
    yield "head", f"4x1, {specs[-1].channels}"
    yield "output", f"1x1, {num_pdfs}"
