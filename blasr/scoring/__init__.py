"""Word error rates: alignments with sclite's costs, STM references, confidence intervals, comparisons, causes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
