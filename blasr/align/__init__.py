"""Alignments without Kaldi: GMM flat start, tree building, forced alignment with any log-likelihoods."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
