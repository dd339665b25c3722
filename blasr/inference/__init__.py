"""From a trained network and audio to log-likelihoods and words: scorer, priors, archives, bundles, transcripts."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
