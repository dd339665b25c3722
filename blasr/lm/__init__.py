"""N-gram language models: ARPA files, Kneser-Ney and Witten-Bell estimation, interpolation, pruning, perplexity."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
