"""From utterances and alignments to batches of chunks: labels, cutting, shuffling, augmentation, workers."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
