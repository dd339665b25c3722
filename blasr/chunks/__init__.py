"""From utterances and alignments to batches of chunks: labels, cutting, shuffling, augmentation, workers."""

from blasr.chunks.batches import IGNORE_INDEX, ChunkBatch, ChunkBatches
from blasr.chunks.config import AugmentationConfig, ChunkConfig
from blasr.chunks.examples import Example, ExampleLoader
from blasr.chunks.labels import PdfLabels, index_labels
from blasr.chunks.plan import Entry

__all__ = [
    "IGNORE_INDEX",
    "AugmentationConfig",
    "ChunkBatch",
    "ChunkBatches",
    "ChunkConfig",
    "Entry",
    "Example",
    "ExampleLoader",
    "PdfLabels",
    "index_labels",
]
