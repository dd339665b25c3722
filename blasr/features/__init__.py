"""Speech features: log-mel and MFCC like Kaldi's, deltas, normalization, extraction on the fly."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
