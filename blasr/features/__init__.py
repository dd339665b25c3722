"""Speech features: log-mel and MFCC bit-close to Kaldi's, deltas, normalisation, extraction on the fly."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
