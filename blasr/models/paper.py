"""Table 3 of the paper as published, for comparison with our own counts. Light: imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class PublishedAcousticFigures:
    """One published row.

    Attributes:
        gmacs: 10^9 multiply-accumulates on one 49-frame window; the paper says FLOPs.
        params_1e7: 10^7 parameters; the paper's column header says 10^6.
        wer_avg, wer_swb, wer_ch: word error rates in %: average of Hub5'00, Switchboard part, CallHome part.
    """

    gmacs: float
    params_1e7: float
    wer_avg: float
    wer_swb: float
    wer_ch: float


PAPER_NUM_PDFS: Final = 32000
"""Tied states of the published models."""

TABLE3: Final = {
    "resnet22": PublishedAcousticFigures(1.11, 3.02, 14.67, 11.15, 18.17),
    "bl_resnet22_a4b1": PublishedAcousticFigures(0.68, 3.15, 14.72, 11.24, 18.18),
    "bl_resnet22_a4b2": PublishedAcousticFigures(0.66, 3.11, 14.47, 10.95, 17.95),
    "bl_resnet22_a4b3": PublishedAcousticFigures(0.65, 3.10, 14.66, 11.25, 18.05),
    "bl_resnet22_a2b3": PublishedAcousticFigures(0.77, 3.07, 14.46, 11.10, 17.80),
    "bl_resnet22_a4b1_cat": PublishedAcousticFigures(0.70, 3.18, 14.67, 11.31, 18.00),
    "bl_pyr_resnet22_a4b1": PublishedAcousticFigures(0.98, 3.32, 14.50, 11.05, 17.92),
}
"""Table 3 of the paper, by variant."""
