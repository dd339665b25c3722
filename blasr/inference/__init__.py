"""From a trained network to log-likelihoods: priors, dense posteriors, archives for decoders."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
