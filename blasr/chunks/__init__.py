"""From utterances and alignments to batches of chunks: labels, cutting, shuffling, augmentation, workers.

:func:`index_labels` reads the pdf-ids of an alignment directory, an :class:`ExampleLoader` joins them with features,
and :class:`ChunkBatches` gives the batches of every epoch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
